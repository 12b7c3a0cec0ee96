-- Any move of a round that carries at most a note.
-- lane: write
-- parameters: id input
select r.*
from app.move_round($1::uuid, $2::jsonb) x,
    lateral app.reply_round(200, x.id) r
where x.id is not null
