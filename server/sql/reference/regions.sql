-- Regions below one (provinces when none is named), for pickers and for checking codes.
-- lane: read
-- parameters: input
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('code', r.code, 'name_zh', r.name_zh,
        'name_en', r.name_en, 'level', r.level, 'is_zone', r.is_zone) order by r.code), '[]'), 'next', null)::text, null, null
from region r
where r.parent is not distinct from $1::jsonb ->> 'parent'
