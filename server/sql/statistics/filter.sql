-- What a report of the asker goes by: read first, so that the report's own statement sees constants.
-- lane: read
-- parameters: input
select app.report_filter($1::jsonb)::text
