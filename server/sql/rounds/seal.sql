-- Seals a round's lists as the canonical bytes of what was read before, and tells the seed.
-- lane: write
-- parameters: id input facts computed digest
select r.*
from app.seal_round($1::uuid, $2::jsonb, $3, $4, $5) x,
    lateral app.reply_round(200, x.id) r
where x.id is not null
