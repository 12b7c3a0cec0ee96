-- A side accepts or declines its place.
-- lane: write
-- parameters: id input
select r.*
from app.answer_place($1::uuid, $2::jsonb) x,
    lateral app.reply_place(x.id) r
where x.id is not null
