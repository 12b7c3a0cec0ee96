-- Keeps a fresh match of a need that is still looking.
-- lane: write
-- parameters: id computed facts digest packages
select r.*
from app.match_again($1::uuid, $3, $2, $4, $5::jsonb) n,
    app.reply(200, $2::jsonb || jsonb_build_object('need_id', n.id), null, null) r
where n.id is not null
