-- Takes a user's one-time codes away, whose device and recovery codes are lost. Operators only.
-- lane: write
-- parameters: id
select r.*
from app.totp_reset($1::uuid) done,
    app.reply(200, jsonb_build_object('id', $1::uuid, 'has_totp', false)) r
where done
