-- Who may come in, and with what: passwords without a lock that strangers could turn, devices that are known,
-- one-time codes, keys bound to certificates.

-- Logging in --------------------------------------------------------------------------------------------------

-- Wrong passwords are counted by the server, for a login together with an address (server/api/login_guard.c): a lock
-- on the account itself would let anybody lock its owner out, and show that the account exists.
drop function app.login_failed(uuid, int);
drop function app.credential(text);
drop function app.open_session(uuid, text, text, int, int);
alter table app_user drop column failures, drop column locked_until;

-- Browsers that a user has logged in with: what they are trusted with is to be let try at their own pace.
create table login_device (
    user_id uuid not null references app_user (id),
    device_hash text collate "C" not null, -- SHA-256 of the cookie's text, which is nowhere
    seen_at timestamptz not null default now(),
    primary key (user_id, device_hash)
);

-- One-time codes (RFC 6238). The secret is as rq_totp_seal() wrote it; it is in force once it is confirmed.
create table totp (
    user_id uuid primary key references app_user (id),
    secret text not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0, -- each step's code is taken once (section 5.2)
    created_at timestamptz not null default now()
);
create table recovery_code (
    user_id uuid not null references app_user (id),
    code_hash text collate "C" not null,
    used_at timestamptz,
    primary key (user_id, code_hash)
);

-- The server alone deals with these, by the functions below; nobody else sees a row.
do $$
declare
    t text;
begin
    foreach t in array array['login_device', 'totp', 'recovery_code'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('create policy %I on %I using (user_id = app.user_id()) with check (user_id = app.user_id())',
            t || '_own', t);
        execute format('grant select, insert, update, delete on %I to rongqiao_definer', t);
    end loop;
end
$$;

-- What the server needs to check a password: never the row itself. An address is known when the user has logged
-- in from it within thirty days, a device within half a year.
create function app.credential(p_login text, p_peer text, p_device_hash text)
returns table (user_id uuid, password_hash text, knows_address boolean, knows_device boolean, totp_secret text)
language sql security definer set search_path = public, pg_temp as $$
    select u.id, u.password_hash,
        exists (select from session s where s.user_id = u.id and s.peer = p_peer
            and s.created_at > now() - interval '30 days'),
        exists (select from login_device d where d.user_id = u.id and d.device_hash = p_device_hash
            and d.seen_at > now() - interval '180 days'),
        t.secret
    from app_user u
    left join totp t on t.user_id = u.id and t.confirmed_at is not null
    where u.login = p_login and u.disabled_at is null
$$;

-- Uses up a step of the user's one-time codes, or a recovery code; false when it was used before or is none.
create function app.use_second_factor(p_user uuid, p_step bigint, p_recovery_hash text) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_step is not null then
        update totp set last_step = p_step where user_id = p_user and last_step < p_step;
    else
        update recovery_code set used_at = now()
        where user_id = p_user and code_hash = p_recovery_hash and used_at is null;
    end if;
    return found;
end
$$;

-- No row: the second factor was missing, or used before.
create function app.open_session(p_user uuid, p_token_hash text, p_peer text, p_idle_seconds int, p_hours int,
    p_step bigint, p_recovery_hash text, p_device_hash text) returns table (session_id uuid, expires_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from totp t where t.user_id = p_user and t.confirmed_at is not null)
        and not app.use_second_factor(p_user, p_step, p_recovery_hash) then
        return;
    end if;
    if p_device_hash is not null then
        insert into login_device (user_id, device_hash) values (p_user, p_device_hash)
        on conflict (user_id, device_hash) do update set seen_at = now();
        delete from login_device d where d.user_id = p_user and d.device_hash not in (
            select l.device_hash from login_device l where l.user_id = p_user order by l.seen_at desc limit 10);
    end if;
    return query insert into session as s (token_hash, user_id, peer, idle_seconds, expires_at)
        values (p_token_hash, p_user, p_peer, p_idle_seconds, now() + make_interval(hours => p_hours))
        returning s.id, s.expires_at;
end
$$;

-- One-time codes ----------------------------------------------------------------------------------------------

-- The asker's own, as the server needs it to check a code.
create function app.totp_own() returns jsonb
language sql stable security definer set search_path = public, pg_temp as $$
    select jsonb_build_object('login', u.login, 'secret', t.secret, 'is_confirmed', t.confirmed_at is not null,
        'confirmed_at', t.confirmed_at,
        'recovery_codes_left', (select count(*) from recovery_code r where r.user_id = u.id and r.used_at is null))
    from app_user u
    left join totp t on t.user_id = u.id
    where u.id = app.user_id()
$$;

-- A new secret for the asker, in the place of one that was never confirmed.
create function app.totp_begin(p_secret text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into totp (user_id, secret) values (app.user_id(), p_secret)
    on conflict (user_id) do update set secret = p_secret, last_step = 0, created_at = now()
        where totp.confirmed_at is null;
    if not found then
        perform app.refuse(409, 'totp_exists');
    end if;
    perform app.audit('00', 'user', app.user_id(), 'totp_begin', null, null, null, null, null);
end
$$;

-- Puts the asker's secret in force, or gives new recovery codes when it is. Sessions of before knew no second
-- factor, so only the asking one goes on.
create function app.totp_confirm(p_session uuid, p_step bigint, p_code_hashes text[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not app.use_second_factor(app.user_id(), p_step, null) then
        perform app.refuse(422, 'totp_code_used', '{"pointer": "/code"}');
    end if;
    update session set revoked_at = now() where user_id = app.user_id() and id is distinct from p_session
        and revoked_at is null
        and exists (select from totp where user_id = app.user_id() and confirmed_at is null);
    update totp set confirmed_at = coalesce(confirmed_at, now()) where user_id = app.user_id();
    delete from recovery_code where user_id = app.user_id();
    insert into recovery_code (user_id, code_hash) select app.user_id(), unnest(p_code_hashes);
    perform app.audit('00', 'user', app.user_id(), 'totp_confirm', null, null, null, null, null);
end
$$;

-- A user who lost device and recovery codes: the operator has looked into it. The user's sessions end.
create function app.totp_reset(p_user uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if app.side() <> 'operator' or not exists (select from app_user where id = p_user) then
        return false;
    end if;
    delete from recovery_code where user_id = p_user;
    delete from totp where user_id = p_user;
    update session set revoked_at = now() where user_id = p_user and revoked_at is null;
    perform app.audit('00', 'user', p_user, 'totp_reset', null, null, null, null, null);
    return true;
end
$$;

-- Keys bound to certificates (RFC 8705): SHA-256 of the certificate in base64url, several while one is renewed.
alter table api_key add column certificates text[] not null default '{}'
    constraint api_key_certificates check (cardinality(certificates) <= 4
        and array_to_string(certificates, ' ', '?') ~ '^([A-Za-z0-9_-]{43}( |$))*$');

-- Tokens ------------------------------------------------------------------------------------------------------

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
        'session_id', s.id,
        'has_totp', exists (select from totp t where t.user_id = u.id and t.confirmed_at is not null),
        'certificates', array_to_string(k.certificates, ','));
end
$$;

do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'app' and p.prosecdef and p.proowner <> 'rongqiao_definer'::regrole loop
        execute format('alter function %s owner to rongqiao_definer', f);
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to rongqiao_app, rongqiao_definer', f);
    end loop;
end
$$;

-- The server's role makes nothing, not even for a moment.
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
end
$$;
