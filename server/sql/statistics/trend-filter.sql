-- What a trend goes by: the report's filter with its unit of time and its first and last day.
-- lane: read
-- parameters: input
select app.trend_filter($1::jsonb)::text
