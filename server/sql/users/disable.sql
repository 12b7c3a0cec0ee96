-- Bars a user; its sessions end with the next request.
-- lane: write
-- parameters: id
with barred as (
    update app_user
    set disabled_at = coalesce(disabled_at, now())
    where id = $1::uuid
    returning id, disabled_at
)
select r.*
from barred b,
    app.reply(200, jsonb_build_object('id', b.id, 'disabled_at', b.disabled_at)) r
