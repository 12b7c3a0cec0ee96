-- The items of the guarantee checklist.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', jsonb_agg(to_jsonb(i) order by i.ordinal), 'next', null)::text, null, null
from guarantee_check_item i
