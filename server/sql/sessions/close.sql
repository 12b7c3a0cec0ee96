-- Ends one of the asker's sessions at once.
-- lane: write
-- parameters: id
with closed as (
    update session
    set revoked_at = now()
    where id = $1::uuid
        and user_id = app.user_id()
        and revoked_at is null
    returning id
)
select 204, '', null, null
from closed
