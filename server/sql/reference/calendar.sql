-- The days that are not what their weekday says.
-- lane: read
-- parameters: input
select 200, app.calendar_json(($1::jsonb ->> 'year')::int)::text, null, null
