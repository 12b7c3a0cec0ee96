-- Posts a need with its match in one durable transaction.
-- lane: write
-- parameters: input computed facts digest packages
select r.*
from app.make_need($1::jsonb, $3, $2, $4, $5::jsonb, coalesce(($1::jsonb ->> 'submit')::boolean, true)) n,
    lateral app.reply_made('need', n.id) r
