-- A side tells what came of its place by day 7, 30 or 90.
-- lane: write
-- parameters: id input
select r.*
from app.record_follow_up($1::uuid, $2::jsonb) x,
    lateral app.reply_place(x.id) r
where x.id is not null
