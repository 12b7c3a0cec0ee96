-- The asker's own live sessions.
-- lane: read
-- parameters: input
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'peer', s.peer,
        'created_at', s.created_at, 'last_seen_at', s.last_seen_at, 'expires_at', s.expires_at)
        order by s.created_at desc), '[]'), 'next', null)::text, null, null
from session s
where s.user_id = app.user_id()
    and s.revoked_at is null
    and s.expires_at > now()
    and $1::jsonb is not null
