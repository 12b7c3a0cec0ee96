-- An institution says how much it intends to lend.
-- lane: write
-- parameters: id input
select r.*
from app.record_intent($1::uuid, $2::jsonb) x,
    lateral app.reply_place(x.id) r
where x.id is not null
