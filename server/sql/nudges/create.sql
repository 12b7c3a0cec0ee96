-- Reminds whoever a case waits for.
-- lane: write
-- parameters: input
select r.*
from app.make_nudge($1::jsonb) d,
    app.reply(201, app.nudge_json(d), '/v1/nudges') r
