-- What every figure of the reports means.
-- lane: read
-- parameters:
select 200, jsonb_build_object('items', jsonb_agg(jsonb_build_object('code', f.report || '.' || f.field, 'report', f.report,
        'field', f.field, 'unit', f.unit, 'list', f.list, 'filter', f.filter, 'adds_up', f.adds_up, 'name_zh', f.name_zh,
        'name_en', f.name_en, 'text_zh', f.text_zh, 'text_en', f.text_en) order by f.report, f.ordinal),
    'next', null)::text, null, null
from figure f
