-- Notifications: who is told when a case moves, in the transaction of the move.
--
-- A reader follows them by one number, so numbers must be given in the order in which they can be seen: an
-- identity is given when a row is written, and a transaction that began before may commit after. So a row has
-- its number (`id`) from app.publish_notifications(), one transaction at a time, after its writer has committed.
-- What is not numbered is not seen. No writer waits for another, and none sends a NOTIFY, whose commits stand
-- in one line: the publisher sends one for all that it numbers.

create table notice (
    kind text not null, -- of case; verification: of an enterprise
    state text not null,
    -- enterprise: its owner; authority: the nearest one; else the institution in that part
    party text not null check (party in ('enterprise', 'institution', 'bank', 'guarantor', 're_guarantor', 'authority')),
    tells_reason boolean not null,
    primary key (kind, state, party)
);
\copy notice (kind, state, party, tells_reason) from 'data/notice.csv'

create sequence notification_id;

create table notification (
    entry bigint generated always as identity primary key, -- in the order of writing
    id bigint, -- in the order of being seen; null: not published yet
    party_kind text not null constraint notification_party_known
        check (party_kind in ('enterprise', 'institution', 'authority', 'user')),
    party_id uuid not null, -- of an authority: app.region_party() of its region
    kind text not null, -- what happened: "offer.accepted"
    subject_kind text not null,
    subject_id uuid not null,
    params jsonb not null default '{}',
    made_by uuid, -- who caused it is not told
    created_at timestamptz not null default now(),
    constraint notification_id_once unique (id)
);
create index notification_party on notification (party_kind, party_id, id) where id is not null;
create index notification_unpublished on notification (entry) where id is null;
create index notification_created on notification (created_at);

-- How far each user has read.
create table notification_read (
    user_id uuid primary key references app_user (id),
    up_to bigint not null,
    read_at timestamptz not null default now()
);

alter table notification enable row level security;
alter table notification force row level security;
alter table notification_read enable row level security;
alter table notification_read force row level security;
grant select on notice to rongqiao_app, rongqiao_definer;
grant select on notification to rongqiao_app;
grant select, insert, update on notification_read to rongqiao_app;
grant select, insert, update, delete on notification, notification_read to rongqiao_definer;
grant usage on sequence notification_id to rongqiao_definer;

-- Parties ------------------------------------------------------------------------------------------------------

-- A region as a party: regions have codes, parties have UUIDs. (server/api/streams.c spells it the same way.)
create function app.region_party(p_code text) returns uuid language sql immutable parallel safe
    return case when p_code ~ '^[0-9]{6}$' then ('00000000-0000-0000-0000-000000' || p_code)::uuid end;

-- The parties that the asker is one of.
create function app.my_parties() returns table (kind text, id uuid) language sql stable parallel safe as $$
    select 'user', app.user_id() where app.user_id() is not null
    union all
    select app.side(), app.org_id() where app.side() in ('enterprise', 'institution') and app.org_id() is not null
    union all
    select 'authority', app.region_party(app.region_low()) where app.side() = 'authority'
$$;

create policy notification_read on notification for select using (
    app.side() in ('auditor', 'system')
    or id is not null and made_by is distinct from app.user_id() and (
        party_kind = 'user' and party_id = app.user_id()
        or party_kind = app.side() and party_id = app.org_id()
        or party_kind = 'authority' and app.side() = 'authority' and party_id = app.region_party(app.region_low())));
create policy notification_read_own on notification_read using (user_id = app.user_id()) with check (user_id = app.user_id());

-- The nearest authority above a place that has somebody to tell: its county's, its city's, its province's, the
-- country's. Null when there is none.
create index app_user_national on app_user (id) where is_national;
create function app.authority_of(p_region text) returns uuid language sql stable
    security definer set search_path = public, pg_temp as $$
    select app.region_party(c.code)
    from unnest(array[p_region, left(p_region, 4) || '00', left(p_region, 2) || '0000', '000000'])
        with ordinality c (code, n)
    where exists (select from app_user u
        where (u.region_code = c.code or c.code = '000000' and u.is_national)
            and 'authority' = any (u.roles) and u.disabled_at is null)
    order by c.n
    limit 1
$$;

-- Telling ------------------------------------------------------------------------------------------------------

create function app.notify(p_party_kind text, p_party_id uuid, p_kind text, p_subject_kind text, p_subject_id uuid,
    p_params jsonb) returns void language sql security definer set search_path = public, pg_temp as $$
    insert into notification (party_kind, party_id, kind, subject_kind, subject_id, params, made_by)
    select p_party_kind, p_party_id, p_kind, p_subject_kind, p_subject_id, coalesce(p_params, '{}'), app.user_id()
    where p_party_id is not null
$$;

-- What a notification says of a row beside its kind: numbers, names that are public, and codes. Nothing by which an
-- institution could know an enterprise.
create function app.notice_params(p_row jsonb, p_from text, p_reason boolean) returns jsonb language sql stable
    security definer set search_path = public, pg_temp as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'state', p_row ->> 'state',
        'from', p_from,
        'no', coalesce(p_row ->> 'request_no', p_row ->> 'case_no', p_row ->> 'product_no', p_row ->> 'round_no'),
        'need_id', p_row ->> 'need_id',
        'application_id', p_row ->> 'application_id',
        'origin', p_row ->> 'origin',
        'amount_fen', coalesce(p_row -> 'amount_fen', p_row -> 'principal_fen'),
        'institution_id', i.id,
        'institution_zh', i.name_zh,
        'reason_code', case when p_reason then p_row ->> 'reason_code' end))
    from (select coalesce(p_row ->> 'institution_id', p_row ->> 'guarantor_id')::uuid as id) x
    left join institution i on i.id = x.id
$$;

-- After every move of a case: tells those whom the table of notices names.
create function app.tell_case() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    v_kind constant text := tg_argv[0];
    v_row constant jsonb := to_jsonb(new);
    v_from text;
    r notice;
begin
    if tg_op = 'UPDATE' then
        v_from := old.state;
        if v_from = new.state then
            return null;
        end if;
    end if;
    for r in select * from notice n where n.kind = v_kind and n.state = new.state order by n.party loop
        perform app.notify(
            case r.party when 'enterprise' then 'enterprise' when 'authority' then 'authority' else 'institution' end,
            case r.party
                when 'enterprise' then (v_row ->> 'enterprise_id')::uuid
                when 'authority' then app.authority_of(v_row ->> 'region_code')
                when 'institution' then (v_row ->> 'institution_id')::uuid
                else (v_row ->> (r.party || '_id'))::uuid
            end,
            v_kind || '.' || new.state, v_kind, new.id, app.notice_params(v_row, v_from, r.tells_reason));
    end loop;
    return null;
end
$$;
create trigger need_told after insert or update of state on need
    for each row execute function app.tell_case('need');
create trigger application_told after insert or update of state on application
    for each row execute function app.tell_case('application');
create trigger offer_told after insert or update of state on offer
    for each row execute function app.tell_case('offer');
create trigger guarantee_told after insert or update of state on guarantee_case
    for each row execute function app.tell_case('guarantee_case');
create trigger product_told after insert or update of state on product
    for each row execute function app.tell_case('product');

-- A round concerns everybody who registered.
create function app.tell_round() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    v_params constant jsonb := app.notice_params(to_jsonb(new), old.state, false) || jsonb_build_object('name', new.name);
begin
    if old.state = new.state then
        return null;
    end if;
    perform app.notify(p.kind, p.id, 'round.' || new.state, 'round', new.id, v_params)
    from notice n,
        lateral (
            select distinct 'enterprise' as kind, x.enterprise_id as id from round_need x
            where n.party = 'enterprise' and x.round_id = new.id and x.left_at is null
            union all
            select 'institution', x.institution_id from round_institution x
            where n.party = 'institution' and x.round_id = new.id
            union all
            select 'authority', app.authority_of(new.region_code) where n.party = 'authority') p
    where n.kind = 'round' and n.state = new.state;
    return null;
end
$$;
create trigger round_told after update of state on round for each row execute function app.tell_round();

-- A verification that waits, and how it ended.
create function app.tell_verification() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'UPDATE' and old.verification = new.verification then
        return null;
    end if;
    perform app.notify(n.party, case n.party when 'enterprise' then new.id else app.authority_of(new.region_code) end,
        'verification.' || new.verification, 'enterprise', new.id, jsonb_build_object('state', new.verification))
    from notice n
    where n.kind = 'verification' and n.state = new.verification;
    return null;
end
$$;
create trigger enterprise_told after insert or update of verification on enterprise
    for each row execute function app.tell_verification();

-- Publishing ---------------------------------------------------------------------------------------------------

-- Numbers what was committed since the last time and wakes the readers. One transaction at a time does so, and
-- the next begins when its numbers can be seen; the rows that it finds are of a later snapshot than its lock.
create function app.publish_notifications() returns int language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    n int;
begin
    if not exists (select from notification where id is null)
        or not pg_try_advisory_xact_lock(hashtextextended('rongqiao.publish_notifications', 0)) then
        return 0;
    end if;
    update notification t set id = x.id
    from (select e.entry, nextval('notification_id') as id
        from (select entry from notification where id is null order by entry limit 2000) e) x
    where t.entry = x.entry;
    get diagnostics n = row_count;
    if n > 0 then
        perform pg_notify('rongqiao_notification', '');
    end if;
    return n;
end
$$;

-- The last number given, as the asking statement's snapshot sees it: a statement that reads notifications and
-- this has read all up to it.
create function app.notification_head() returns bigint language sql stable
    security definer set search_path = public, pg_temp as $$
    select coalesce(max(id), 0) from notification
$$;

-- Half a year is enough of what the trail keeps anyway.
create function app.forget_notifications() returns int language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    n int;
begin
    delete from notification where entry in (select entry from notification
        where created_at < now() - interval '180 days' and id < app.notification_head() order by created_at limit 5000);
    get diagnostics n = row_count;
    return n;
end
$$;

-- Reading ------------------------------------------------------------------------------------------------------

create function app.notification_json(n notification, p_read boolean) returns jsonb language sql stable
    return jsonb_build_object('id', n.id, 'kind', n.kind, 'subject_kind', n.subject_kind, 'subject_id', n.subject_id,
        'params', n.params, 'created_at', n.created_at, 'read', p_read);

-- How far the asker has read.
create function app.read_up_to() returns bigint language sql stable as $$
    select coalesce((select r.up_to from notification_read r where r.user_id = app.user_id()), 0)
$$;

-- How many beyond a number are unread, a thousand at most; what is older than the asker's account was never for them.
create function app.unread_notifications(p_up_to bigint) returns int language sql stable as $$
    select least(1000, count(*))::int
    from app.my_parties() p,
        lateral (
            select
            from notification n
            where n.party_kind = p.kind and n.party_id = p.id and n.id > p_up_to
                and n.created_at >= (select u.created_at from app_user u where u.id = app.user_id())
            limit 1000) n
$$;

-- Sessions that streams stand on ---------------------------------------------------------------------------------

-- Who a token is, as app.resolve() says, and when it ends if nobody uses it; looking is no use of it.
create function app.peek(p_token_hash text) returns jsonb language sql stable
    security definer set search_path = public, pg_temp as $$
    select jsonb_build_object('user_id', u.id, 'side', app.side_of(u.roles, u.institution_id),
        'org_id', coalesce(u.enterprise_id, u.institution_id),
        'roles', array_to_string(u.roles, ','),
        'region', case when u.is_national then '000000' else u.region_code end,
        'session_id', t.session_id,
        'ends_in_ms', greatest(0, (extract(epoch from t.ends_at - now()) * 1000)::bigint))
    from (
        select s.user_id, s.id as session_id, least(s.expires_at, s.last_seen_at + make_interval(secs => s.idle_seconds)) as ends_at
        from session s where s.token_hash = p_token_hash and s.revoked_at is null
        union all
        select k.user_id, null, k.expires_at from api_key k where k.key_hash = p_token_hash and k.revoked_at is null) t
    join app_user u on u.id = t.user_id and u.disabled_at is null
    where t.ends_at > now()
$$;

-- A user whose sessions or rights changed: whoever holds a stream of theirs looks again. (Rare, so a NOTIFY may
-- go with it.)
create function app.tell_access() returns trigger language plpgsql as $$
begin
    perform pg_notify('rongqiao_notification', to_jsonb(new) ->> tg_argv[0]);
    return null;
end
$$;
create trigger session_access_told after update of revoked_at on session
    for each row when (old.revoked_at is distinct from new.revoked_at) execute function app.tell_access('user_id');
create trigger api_key_access_told after update of revoked_at on api_key
    for each row when (old.revoked_at is distinct from new.revoked_at) execute function app.tell_access('user_id');
create trigger app_user_access_told
    after update of disabled_at, roles, enterprise_id, institution_id, region_code, is_national on app_user
    for each row when ((old.disabled_at, old.roles, old.enterprise_id, old.institution_id, old.region_code, old.is_national)
        is distinct from (new.disabled_at, new.roles, new.enterprise_id, new.institution_id, new.region_code, new.is_national))
    execute function app.tell_access('id');

do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'app' and p.prosecdef and p.proowner <> 'rongqiao_definer'::regrole loop
        execute format('alter function %s owner to rongqiao_definer', f);
    end loop;
end
$$;
revoke all on all functions in schema app from public;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
