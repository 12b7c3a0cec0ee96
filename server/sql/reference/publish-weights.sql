-- The operator publishes weights, at once or from a day on.
-- lane: write
-- parameters: input
select r.*
from app.plan_weights($1::jsonb) d,
    app.reply(201, d, '/v1/reference/weights') r
