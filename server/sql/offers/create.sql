-- The maker proposes an offer.
-- lane: write
-- parameters: input computed
select r.*
from app.make_offer($1::jsonb, $2::jsonb) o,
    lateral app.reply_made('offer', o.id) r
