-- Takes a consent back; the institution sees nothing more from the next request on.
-- lane: write
-- parameters: id
with ended as (
    update consent c
    set revoked_at = coalesce(c.revoked_at, now())
    where c.id = $1::uuid
    returning *
)
select r.*
from ended c,
    app.audit(c.province, 'consent', c.id, 'revoke', 'active', 'revoked', null, null, to_jsonb(c)) logged,
    app.reply(200, jsonb_build_object('id', c.id, 'revoked_at', c.revoked_at)) r
