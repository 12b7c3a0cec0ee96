-- Takes a programme off line.
-- lane: write
-- parameters: id
with retired as (
    update programme p
    set state = 'offline',
        version = p.version + 1
    where p.id = $1::uuid
        and p.state = 'online'
    returning *
)
select r.*
from retired p,
    app.audit('00', 'programme', p.id, 'retire', 'online', 'offline', null, null, to_jsonb(p)) logged,
    app.reply(200, app.programme_json(p), null, p.version) r
