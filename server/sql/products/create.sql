-- A product in draft.
-- lane: write
-- parameters: input
select r.*
from app.make_product($1::jsonb) p,
    lateral app.reply_made('product', p.id) r
