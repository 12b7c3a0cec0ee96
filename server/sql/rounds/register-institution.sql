-- An institution brings slots and money to a round, or changes what it brings.
-- lane: write
-- parameters: id input
select r.*
from app.register_institution($1::uuid, $2::jsonb) x,
    app.reply(200, to_jsonb(x), null, null) r
where x.round_id is not null
