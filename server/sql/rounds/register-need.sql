-- An enterprise's need takes part in a round.
-- lane: write
-- parameters: id input
select r.*
from app.register_need($1::uuid, $2::jsonb) x,
    app.reply(200, to_jsonb(x) - 'packages', null, null) r
where x.id is not null
