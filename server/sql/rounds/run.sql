-- Keeps what the rule made of a round, with its proof, and makes the places of it.
-- lane: write
-- parameters: id input facts computed digest
select r.*
from app.store_round($1::uuid, $2::jsonb, $3, $4::json, $5) x,
    lateral app.reply_round(200, x.id) r
where x.id is not null
