-- What is needed to check a password. No row: no such user.
-- lane: read
-- parameters: login
select user_id, password_hash, wait_seconds
from app.credential($1)
