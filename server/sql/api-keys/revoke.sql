-- Ends a key at once.
-- lane: write
-- parameters: id
with ended as (
    update api_key
    set revoked_at = coalesce(revoked_at, now())
    where id = $1::uuid
    returning id, revoked_at
)
select r.*
from ended e,
    app.reply(200, jsonb_build_object('id', e.id, 'revoked_at', e.revoked_at)) r
