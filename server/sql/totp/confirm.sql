-- Uses up the step of a right code, puts the asker's secret in force and replaces the recovery codes.
-- lane: write
-- parameters: session step code_hashes
select app.totp_confirm($1::uuid, $2::bigint, $3::text[])
