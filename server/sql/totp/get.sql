-- Whether the asker's one-time codes are in force, and how many recovery codes are left; never the secret.
-- lane: read
-- parameters: input
select 200, (app.totp_own() - 'secret' - 'login')::text, null, null
where $1::jsonb is not null
