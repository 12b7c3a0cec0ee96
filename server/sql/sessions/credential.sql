-- What is needed to check a password. No row: no such user.
-- lane: read
-- parameters: login peer device_hash
select user_id, password_hash, knows_address, knows_device, totp_secret
from app.credential($1, $2, $3)
