-- Publishes a programme of public aid.
-- lane: write
-- parameters: input
with made as (
    insert into programme (type, name_zh, document, region_code, created_by)
    select i ->> 'type', i ->> 'name_zh', i, i -> 'regions' ->> 0, app.user_id()
    from (select $1::jsonb as i) x
    returning *
)
select r.*
from made p,
    app.audit('00', 'programme', p.id, 'publish', null, p.state, null, null, to_jsonb(p)) logged,
    app.reply(201, app.programme_json(p), '/v1/programmes/' || p.id, p.version) r
