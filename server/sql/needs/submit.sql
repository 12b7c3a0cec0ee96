-- Submits a draft or a returned need, with a fresh match.
-- lane: write
-- parameters: id computed facts digest packages
select r.*
from app.submit_matched($1::uuid, $3, $2, $4, $5::jsonb) n,
    lateral app.reply_moved('need', n.id) r
where n.id is not null
