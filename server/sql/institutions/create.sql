-- Admits an institution to the platform.
-- lane: write
-- parameters: input
with made as (
    insert into institution (kind, name_zh, name_en, region_code, net_assets_fen)
    select i ->> 'kind', i ->> 'name_zh', i ->> 'name_en', coalesce(i ->> 'region_code', '000000'),
        (i ->> 'net_assets_fen')::bigint
    from (select $1::jsonb as i) x
    returning *
)
select r.*
from made i,
    app.audit('00', 'institution', i.id, 'admit', null, i.status, null, null, to_jsonb(i)) logged,
    app.reply(201, app.institution_json(i), '/v1/institutions/' || i.id, i.version) r
