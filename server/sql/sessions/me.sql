-- The asking user, with its roles and its organisation, and until when its session lasts: at most, and when it
-- is left idle. A system's key has no session.
-- lane: read
-- parameters: session csrf
select 200, (jsonb_build_object('id', u.id, 'login', u.login, 'name', u.name, 'roles', u.roles,
        'side', app.side_of(u.roles, u.institution_id), 'enterprise_id', u.enterprise_id, 'institution_id', u.institution_id,
        'region_code', case when u.is_national then '000000' else u.region_code end, 'session_id', s.id,
        'expires_at', s.expires_at, 'idle_expires_at', s.last_seen_at + make_interval(secs => s.idle_seconds),
        'idle_seconds', s.idle_seconds, 'has_totp', (app.totp_own() ->> 'is_confirmed')::boolean)
    || case when $2::text is null then '{}' else jsonb_build_object('csrf', $2::text) end)::text, null, null
from app_user u
left join session s on s.id = $1::uuid
where u.id = app.user_id()
