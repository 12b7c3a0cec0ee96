-- The reasons a refusal may have, with who repairs what and how.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', jsonb_agg(to_jsonb(r) order by r.code), 'next', null)::text, null, null
from refusal_reason r
