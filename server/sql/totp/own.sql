-- The asker's secret as it is kept, for the server to check a code.
-- lane: read
-- parameters: input
select app.totp_own()::text
where $1::jsonb is not null
