-- Industries below one (sections when none is named).
-- lane: read
-- parameters: input
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('code', i.code, 'letter_code', i.letter_code,
        'name_zh', i.name_zh, 'name_en', i.name_en, 'level', i.level) order by i.code), '[]'), 'next', null)::text, null, null
from industry i
where i.parent is not distinct from $1::jsonb ->> 'parent'
