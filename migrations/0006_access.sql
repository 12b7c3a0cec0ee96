-- Who sees and changes which row. The application's role cannot bypass any of it; every policy reads the
-- settings of app.enter() and nothing else, so a request without a principal sees nothing.

-- One statement a request, before the request's own: says who asks, and answers a request that was
-- made before in the words of then.
create function app.enter(p_user text, p_side text, p_org text, p_roles text, p_region text, p_request text,
    p_action text, p_key text, p_fingerprint text) returns void language plpgsql as $$
declare
    seen idempotency;
begin
    perform set_config('app.user_id', coalesce(p_user, ''), true), set_config('app.side', coalesce(p_side, ''), true),
        set_config('app.org_id', coalesce(p_org, ''), true), set_config('app.roles', coalesce(p_roles, ''), true),
        set_config('app.region', coalesce(p_region, ''), true), set_config('app.request_id', coalesce(p_request, ''), true),
        set_config('app.action', coalesce(p_action, ''), true), set_config('app.key', coalesce(p_key, ''), true),
        set_config('app.fingerprint', coalesce(p_fingerprint, ''), true);
    if p_key is null then
        return;
    end if;
    -- Waits for a transaction that works on the same key; its answer, if it gave one, is then ours.
    perform pg_advisory_xact_lock(hashtextextended(p_user || ' ' || p_key, 0));
    select * into seen from idempotency where user_id = p_user::uuid and key = p_key;
    if not found then
        return;
    end if;
    if seen.fingerprint <> p_fingerprint then
        perform app.refuse(422, 'idempotency_key_reused');
    end if;
    perform app.refuse(200, 'replay', jsonb_build_object('status', seen.status, 'body', seen.body,
        'location', seen.location, 'etag', seen.etag));
end
$$;

-- The answer of a request that changes something: kept under its key in the same transaction, then returned.
create function app.reply(p_status int, p_body jsonb, p_location text default null, p_version int default null)
returns table (status int, body text, location text, etag text) language plpgsql as $$
begin
    status := p_status;
    body := p_body::text;
    location := p_location;
    etag := '"' || p_version || '"';
    if coalesce(current_setting('app.key', true), '') <> '' then
        insert into idempotency (user_id, key, fingerprint, status, body, location, etag)
        values (app.user_id(), current_setting('app.key', true), current_setting('app.fingerprint', true), p_status,
            p_body::text, p_location, '"' || p_version || '"');
    end if;
    return next;
end
$$;

-- If-Match: the version the client edits must be the row's.
create function app.match_version(p_version int, p_input jsonb) returns boolean language plpgsql stable as $$
begin
    if p_input ->> 'if_match' is not null and p_input ->> 'if_match' <> '"' || p_version || '"' then
        perform app.refuse(412, 'version_changed', jsonb_build_object('version', p_version));
    end if;
    return true;
end
$$;

do $$
declare
    t text;
begin
    foreach t in array array['institution', 'enterprise', 'enterprise_tag', 'enterprise_fact', 'app_user', 'session',
        'api_key', 'consent', 'idempotency', 'audit_event', 'product', 'product_history', 'programme',
        'programme_history', 'institution_record', 'product_capacity', 'need', 'match_run', 'match', 'application', 'offer',
        'guarantee_case', 'guarantee_entry'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format('grant select, insert, update on %I to rongqiao_definer', t);
    end loop;
end
$$;
grant delete on idempotency, session to rongqiao_definer;
grant select, update on catalogue to rongqiao_definer;
grant select on case_state, transition, score_weights, catalogue to rongqiao_app, rongqiao_definer;
grant insert on score_weights to rongqiao_app;
grant select, insert on institution, enterprise, enterprise_tag, enterprise_fact, api_key, consent, idempotency,
    audit_event, product, programme, need, match_run, match, application, offer, guarantee_case, guarantee_entry
    to rongqiao_app;
grant select on session, product_history, programme_history, institution_record, product_capacity to rongqiao_app;
grant update on institution, enterprise, enterprise_tag, enterprise_fact, product, programme, need, application, offer,
    guarantee_case to rongqiao_app;
grant delete on enterprise_tag, enterprise_fact to rongqiao_app;
grant update (revoked_at) on consent, api_key, session to rongqiao_app;
-- A password's hash leaves by app.credential() alone.
grant select (id, login, name, roles, enterprise_id, enterprise_province, institution_id, region_code, is_national,
    disabled_at, created_at), insert, update (disabled_at, name) on app_user to rongqiao_app;

-- Shelf: institutions, online products and programmes are public; drafts are their institution's.
create policy institution_read on institution for select using (true);
create policy institution_write on institution for insert with check (app.side() = 'operator');
create policy institution_change on institution for update using (app.side() = 'operator');
create policy product_read on product for select using (state = 'online'
    or institution_id = app.org_id() and app.side() = 'institution'
    or app.side() in ('operator', 'auditor', 'authority', 'system'));
create policy product_write on product for insert with check (
    institution_id = app.org_id() and app.side() = 'institution' or app.side() = 'operator');
create policy product_change on product for update using (
    institution_id = app.org_id() and app.side() = 'institution' or app.side() = 'operator');
create policy product_history_read on product_history for select using (true);
create policy programme_history_read on programme_history for select using (true);
create policy institution_record_read on institution_record for select using (true);
create policy product_capacity_read on product_capacity for select using (true);
create policy programme_read on programme for select using (state = 'online'
    or app.side() in ('authority', 'operator', 'auditor', 'system'));
create policy programme_write on programme for insert with check (app.side() = 'operator'
    or app.side() = 'authority' and app.in_region(coalesce(region_code, '000000')));
create policy programme_change on programme for update using (app.side() = 'operator'
    or app.side() = 'authority' and app.in_region(coalesce(region_code, '000000')));

-- People: each their own; the operator all.
create policy app_user_read on app_user for select using (id = app.user_id() or app.side() in ('operator', 'auditor')
    or app.side() = 'institution' and institution_id = app.org_id()
    or app.side() = 'enterprise' and enterprise_id = app.org_id());
create policy app_user_write on app_user for insert with check (app.side() = 'operator');
create policy app_user_change on app_user for update using (app.side() = 'operator');
create policy session_read on session for select using (user_id = app.user_id() or app.side() in ('operator', 'auditor'));
create policy session_change on session for update using (user_id = app.user_id() or app.side() = 'operator');
create policy api_key_read on api_key for select using (institution_id = app.org_id() or app.side() in ('operator', 'auditor'));
create policy api_key_write on api_key for insert with check (app.side() = 'operator');
create policy api_key_change on api_key for update using (institution_id = app.org_id() or app.side() = 'operator');
create policy idempotency_own on idempotency using (user_id = app.user_id()) with check (user_id = app.user_id());

-- The book: the enterprise its own, the institutions what reached them, the authority its region.
create policy need_read on need for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system')
    or app.side() = 'institution' and (
        state in ('open', 'claimed', 'offered', 'stalled') and visibility in ('open', 'anonymous')
        or exists (select from application a where a.need_id = need.id and a.province = need.province
            and a.institution_id = app.org_id())
        or exists (select from guarantee_case g where g.need_id = need.id and g.province = need.province
            and (g.guarantor_id = app.org_id() or g.re_guarantor_id = app.org_id()))));
create policy need_write on need for insert with check (
    app.side() = 'enterprise' and enterprise_id = app.org_id() or app.side() = 'operator');
create policy need_change on need for update using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code) or app.side() = 'operator');
create policy match_run_read on match_run for select using (
    exists (select from need n where n.id = match_run.need_id and n.province = match_run.province)
    and app.side() <> 'institution');
create policy match_run_write on match_run for insert with check (
    exists (select from need n where n.id = need_id and n.province = match_run.province));
create policy match_read on match for select using (
    app.side() = 'institution' and institution_id = app.org_id()
    or app.side() <> 'institution' and exists (
        select from need n where n.id = match.need_id and n.province = match.province));
create policy match_write on match for insert with check (
    exists (select from need n where n.id = match.need_id and n.province = match.province));

create policy application_read on application for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'institution' and institution_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system'));
create policy application_write on application for insert with check (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'institution' and institution_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code) or app.side() = 'operator');
create policy application_change on application for update using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code) or app.side() = 'operator'
    or app.side() = 'institution' and institution_id = app.org_id());

-- The enterprise sees an offer once the bank has approved it.
create policy offer_read on offer for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id() and state not in ('pending_approval', 'sent_back', 'rejected')
    or app.side() = 'institution' and institution_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system'));
create policy offer_write on offer for insert with check (app.side() = 'institution' and institution_id = app.org_id());
create policy offer_change on offer for update using (
    app.side() = 'enterprise' and enterprise_id = app.org_id() and state not in ('pending_approval', 'sent_back', 'rejected')
    or app.side() = 'institution' and institution_id = app.org_id());

create policy guarantee_read on guarantee_case for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'institution' and app.org_id() in (bank_id, guarantor_id, re_guarantor_id)
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system'));
create policy guarantee_write on guarantee_case for insert with check (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'institution' and bank_id = app.org_id());
create policy guarantee_change on guarantee_case for update using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'institution' and app.org_id() in (bank_id, guarantor_id));
create policy guarantee_entry_read on guarantee_entry for select using (
    exists (select from guarantee_case g where g.id = guarantee_entry.case_id and g.province = guarantee_entry.province));
create policy guarantee_entry_write on guarantee_entry for insert with check (
    app.side() = 'institution' and exists (select from guarantee_case g where g.id = guarantee_entry.case_id
        and g.province = guarantee_entry.province and g.guarantor_id = app.org_id()));

-- An enterprise's details reach an institution only after it applied there (or was claimed and answered), by
-- consent, or as its guarantee case.
create function app.knows(p_enterprise uuid) returns boolean language sql stable as $$
    select exists (select from application a where a.enterprise_id = p_enterprise and a.institution_id = app.org_id()
            and a.origin = 'apply' and a.state not in ('withdrawn', 'lapsed'))
        or exists (select from consent c where c.enterprise_id = p_enterprise and c.institution_id = app.org_id()
            and c.revoked_at is null and c.valid_to > now())
        or exists (select from guarantee_case g where g.enterprise_id = p_enterprise
            and app.org_id() in (g.guarantor_id, g.re_guarantor_id) and g.state <> 'withdrawn')
$$;
create policy enterprise_read on enterprise for select using (
    app.side() = 'enterprise' and id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system')
    or app.side() = 'institution' and app.knows(id));
create policy enterprise_write on enterprise for insert with check (app.side() in ('enterprise', 'operator'));
create policy enterprise_change on enterprise for update using (
    app.side() = 'enterprise' and id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code) or app.side() = 'operator');
create policy enterprise_tag_read on enterprise_tag for select using (
    exists (select from enterprise e where e.id = enterprise_id and e.province = enterprise_tag.province));
create policy enterprise_tag_write on enterprise_tag for insert with check (app.side() = 'operator'
    or app.side() in ('enterprise', 'authority') and exists (
        select from enterprise e where e.id = enterprise_id and e.province = enterprise_tag.province));
create policy enterprise_tag_change on enterprise_tag for update using (app.side() = 'operator'
    or app.side() in ('enterprise', 'authority') and exists (
        select from enterprise e where e.id = enterprise_id and e.province = enterprise_tag.province));
create policy enterprise_tag_remove on enterprise_tag for delete using (app.side() = 'operator'
    or app.side() in ('enterprise', 'authority') and exists (
        select from enterprise e where e.id = enterprise_id and e.province = enterprise_tag.province));
create policy enterprise_fact_read on enterprise_fact for select using (
    exists (select from enterprise e where e.id = enterprise_id and e.province = enterprise_fact.province));
create policy enterprise_fact_write on enterprise_fact for insert with check (app.side() = 'operator'
    or app.side() in ('enterprise', 'authority') and exists (
        select from enterprise e where e.id = enterprise_id and e.province = enterprise_fact.province));
create policy enterprise_fact_change on enterprise_fact for update using (app.side() = 'operator'
    or app.side() in ('enterprise', 'authority') and exists (
        select from enterprise e where e.id = enterprise_id and e.province = enterprise_fact.province));
create policy enterprise_fact_remove on enterprise_fact for delete using (app.side() = 'operator'
    or app.side() in ('enterprise', 'authority') and exists (
        select from enterprise e where e.id = enterprise_id and e.province = enterprise_fact.province));
create policy consent_read on consent for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'institution' and institution_id = app.org_id()
    or app.side() in ('operator', 'auditor'));
create policy consent_write on consent for insert with check (app.side() = 'enterprise' and enterprise_id = app.org_id());
create policy consent_change on consent for update using (app.side() = 'enterprise' and enterprise_id = app.org_id());

-- The trail: everyone may add to it, auditors read it, parties read their own acts.
create policy audit_read on audit_event for select using (
    app.side() in ('auditor', 'system') or user_id = app.user_id());
create policy audit_write on audit_event for insert with check (true);

-- Log in ------------------------------------------------------------------------------------------------------
-- Before there is a principal, these are the only doors.

-- What the server needs to check a password: never the row itself.
create function app.credential(p_login text) returns table (user_id uuid, password_hash text, wait_seconds int)
language sql security definer set search_path = public, pg_temp as $$
    select id, u.password_hash, greatest(0, ceil(extract(epoch from locked_until - now())))::int
    from app_user u
    where u.login = p_login and u.disabled_at is null
$$;

-- A wrong password: from the `p_free`th on, each further one doubles the pause, up to 15 minutes; never for ever.
create function app.login_failed(p_user uuid, p_free int) returns int
language sql security definer set search_path = public, pg_temp as $$
    update app_user set failures = failures + 1,
        locked_until = case when failures + 1 >= p_free
            then now() + make_interval(secs => least(900, power(2, least(failures + 1 - p_free, 10))::int)) end
    where id = p_user
    returning failures
$$;

create function app.open_session(p_user uuid, p_token_hash text, p_peer text, p_idle_seconds int, p_hours int)
returns table (session_id uuid, expires_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update app_user set failures = 0, locked_until = null where id = p_user and failures > 0;
    return query insert into session as s (token_hash, user_id, peer, idle_seconds, expires_at)
        values (p_token_hash, p_user, p_peer, p_idle_seconds, now() + make_interval(hours => p_hours))
        returning s.id, s.expires_at;
end
$$;

-- Who a token (or an institution's key) is. No row: nobody. Also notes that the session is alive, at most once
-- a minute.
create function app.resolve(p_token_hash text) returns jsonb
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
    return jsonb_build_object('user_id', u.id, 'side', app.side_of(u.roles, u.institution_id),
        'org_id', coalesce(u.enterprise_id, u.institution_id),
        'roles', array_to_string(u.roles, ','),
        'region', case when u.is_national then '000000' else u.region_code end,
        'session_id', s.id);
end
$$;

-- An enterprise's own user that has registered no enterprise yet takes the one it makes.
create function app.take_enterprise(p_enterprise uuid, p_province text) returns void
language sql security definer set search_path = public, pg_temp as $$
    update app_user set enterprise_id = p_enterprise, enterprise_province = p_province
    where id = app.user_id() and enterprise_id is null and app.side() = 'enterprise'
$$;

-- The clocks: what a state's on_overdue says, offers past their date, sessions and keys past their time.
create function app.tick(p_idempotency_hours int, p_learn boolean) returns jsonb
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n_offers int;
    n_applications int;
    n_needs int;
    n_confirmed int;
    n_voided int;
    n_expired int;
    n_keys int;
    n_reopened int;
    n_learned int := 0;
begin
    update product set exhausted_month = null where exhausted_month < app.this_month();
    get diagnostics n_reopened = row_count;
    with due as (
        select id, province from offer
        where state = 'offered' and valid_until < (now() at time zone 'Asia/Shanghai')::date
        limit 500 for update skip locked)
    update offer o set state = 'expired' from due where o.id = due.id and o.province = due.province;
    get diagnostics n_offers = row_count;
    with due as (
        select id, province from application where state = 'action_required' and deadline_at < now()
        limit 500 for update skip locked)
    update application a set state = 'lapsed' from due where a.id = due.id and a.province = due.province;
    get diagnostics n_applications = row_count;
    with due as (
        select id, province from need where state = 'open' and deadline_at < now()
        limit 500 for update skip locked)
    update need n set state = 'stalled' from due where n.id = due.id and n.province = due.province;
    get diagnostics n_needs = row_count;
    -- A claim without contact within its clock is void, and counts against the institution.
    with due as (
        select id, province, institution_id from application
        where state = 'received' and origin = 'claim' and deadline_at < now()
        limit 500 for update skip locked
    ), struck as (
        update institution i set strikes = i.strikes + d.claims
        from (select institution_id, count(*)::int as claims from due group by institution_id) d
        where i.id = d.institution_id)
    update application a set state = 'lapsed' from due where a.id = due.id and a.province = due.province;
    get diagnostics n_voided = row_count;
    with due as (
        select id, province from need
        where state in ('open', 'stalled', 'unmet') and created_at < now() - interval '90 days'
        limit 500 for update skip locked)
    update need n set state = 'expired' from due where n.id = due.id and n.province = due.province;
    get diagnostics n_expired = row_count;
    with due as (
        select id, province from need where state = 'funded' and deadline_at < now()
        limit 500 for update skip locked)
    update need n set state = 'closed' from due where n.id = due.id and n.province = due.province;
    get diagnostics n_confirmed = row_count;
    delete from idempotency where ctid in (select ctid from idempotency
        where created_at < now() - make_interval(hours => p_idempotency_hours) limit 5000);
    get diagnostics n_keys = row_count;
    delete from session where ctid in (select ctid from session
        where expires_at < now() - interval '30 days' limit 5000);
    if p_learn then
        n_learned := app.learn();
    end if;
    return jsonb_build_object('offers_expired', n_offers, 'applications_lapsed', n_applications,
        'claims_voided', n_voided, 'needs_stalled', n_needs, 'needs_expired', n_expired, 'needs_closed', n_confirmed, 'keys_forgotten', n_keys,
        'products_reopened', n_reopened, 'records_published', n_learned);
end
$$;

-- Definer functions belong to the definer role, which bypasses row level security and can do little else.
do $$
declare
    f regprocedure;
begin
    for f in select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'app' and p.prosecdef loop
        execute format('alter function %s owner to rongqiao_definer', f);
    end loop;
end
$$;
revoke all on all functions in schema app from public;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
