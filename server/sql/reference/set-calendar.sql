-- The operator announces holidays and make-up days.
-- lane: write
-- parameters: input
select r.*
from app.set_calendar($1::jsonb) changed,
    lateral (select app.calendar_json(null) as d where changed is not null) c,
    app.reply(200, c.d) r
