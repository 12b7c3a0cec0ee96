-- Notes how far the asker has read; never back, never ahead of what there is.
-- lane: write
-- parameters: input
with marked as (
    insert into notification_read as r (user_id, up_to)
    values (app.user_id(), least(($1::jsonb ->> 'up_to')::bigint, app.notification_head()))
    on conflict (user_id) do update set up_to = greatest(r.up_to, excluded.up_to), read_at = now()
    returning up_to
)
select r.*
from marked m,
    app.reply(200, jsonb_build_object('up_to', m.up_to, 'unread', app.unread_notifications(m.up_to))) r
