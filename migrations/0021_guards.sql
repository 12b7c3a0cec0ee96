-- Who may come in, how often, and with what.

-- Who a token (or an institution's key) is. No row: nobody. Also notes that the session is alive, at most once
-- a minute.
create or replace function app.resolve(p_token_hash text) returns jsonb
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    s session;
    u app_user;
    k api_key;
begin
    select * into s from session where token_hash = p_token_hash and revoked_at is null and expires_at > now()
        and last_seen_at > now() - make_interval(secs => idle_seconds);
    if found then
        if s.last_seen_at < now() - interval '1 minute' then
            update session set last_seen_at = now() where token_hash = p_token_hash;
        end if;
        select * into u from app_user where id = s.user_id and disabled_at is null;
    else
        select * into k from api_key where key_hash = p_token_hash and revoked_at is null and expires_at > now();
        if not found then
            return null;
        end if;
        select * into u from app_user where id = k.user_id and disabled_at is null;
    end if;
    if u.id is null then
        return null;
    end if;
    return jsonb_build_object('user_id', u.id, 'login', u.login, 'side', app.side_of(u.roles, u.institution_id),
        'org_id', coalesce(u.enterprise_id, u.institution_id),
        'roles', array_to_string(u.roles, ','),
        'region', case when u.is_national then '000000' else u.region_code end,
        'session_id', s.id);
end
$$;
