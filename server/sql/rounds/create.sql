-- Plans a round; the hash of its seed is told at once.
-- lane: write
-- parameters: input
select r.*
from app.plan_round($1::jsonb) x,
    lateral app.reply_round(201, x.id) r
