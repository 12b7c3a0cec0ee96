-- The enterprise applies, a bank claims, or an authority dispatches.
-- lane: write
-- parameters: input
select r.*
from app.make_application($1::jsonb) a,
    lateral app.reply_made('application', a.id) r
