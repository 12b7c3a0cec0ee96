-- Asks a guarantee institution to back an application.
-- lane: write
-- parameters: input
select r.*
from app.make_guarantee_case($1::jsonb) g,
    lateral app.reply_made('guarantee_case', g.id) r
