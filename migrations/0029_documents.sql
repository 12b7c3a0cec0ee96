-- What a read costs is PostgreSQL's making of its document. What a need's row alone says is made when the row is written,
-- which is rare, and not when it is read; what depends on who asks, or on other rows, is added by the reading.

-- Who asks, as one expression of the statement that calls it; app.enter() is a function of its own. A key asks whether
-- it was used before.
create function app.answer_again(p_user text, p_key text, p_fingerprint text) returns text language plpgsql as $$
declare
    seen idempotency;
begin
    -- Waits for a transaction that works on the same key; its answer, if it gave one, is then ours.
    perform pg_advisory_xact_lock(hashtextextended(p_user || ' ' || p_key, 0));
    select * into seen from idempotency where user_id = p_user::uuid and key = p_key;
    if not found then
        return null;
    end if;
    if seen.fingerprint <> p_fingerprint then
        perform app.refuse(422, 'idempotency_key_reused');
    end if;
    perform app.refuse(200, 'replay', jsonb_build_object('status', seen.status, 'body', seen.body,
        'location', seen.location, 'etag', seen.etag));
end
$$;
create function app.enter_reading(p_user text, p_side text, p_org text, p_roles text, p_region text) returns text
language sql
    return concat(
        set_config('app.user_id', coalesce(p_user, ''), true), set_config('app.side', coalesce(p_side, ''), true),
        set_config('app.org_id', coalesce(p_org, ''), true), set_config('app.roles', coalesce(p_roles, ''), true),
        set_config('app.region', coalesce(p_region, ''), true));
create function app.enter_inline(p_user text, p_side text, p_org text, p_roles text, p_region text, p_request text,
    p_action text, p_key text, p_fingerprint text) returns text language sql
    return case when concat(
            app.enter_reading(p_user, p_side, p_org, p_roles, p_region),
            set_config('app.request_id', coalesce(p_request, ''), true),
            set_config('app.action', coalesce(p_action, ''), true), set_config('app.key', coalesce(p_key, ''), true),
            set_config('app.fingerprint', coalesce(p_fingerprint, ''), true)) is not null
        -- not joined by "and", which a null key would make false without a look at the other side
        then case when p_key is not null then app.answer_again(p_user, p_key, p_fingerprint) end end;
create or replace function app.enter(p_user text, p_side text, p_org text, p_roles text, p_region text, p_request text,
    p_action text, p_key text, p_fingerprint text) returns void language plpgsql as $$
begin
    perform app.enter_inline(p_user, p_side, p_org, p_roles, p_region, p_request, p_action, p_key, p_fingerprint);
end
$$;

-- True when the asking authority's region holds `code`: 330000 holds 33xxxx, 330100 holds 3301xx. A policy is set up with
-- all its functions at every execution: few are better.
create or replace function app.in_region(code text) returns boolean language sql stable parallel safe
    return starts_with(code, regexp_replace(app.region_low(), '(00){1,3}$', ''));
alter policy need_read on need using (
    case app.side()
        when 'enterprise' then enterprise_id = app.org_id()
        when 'institution' then state in ('open', 'claimed', 'offered', 'stalled') and visibility in ('open', 'anonymous')
            or app.need_reached(id, province)
        when 'authority' then app.in_region(region_code)
        else app.side() in ('operator', 'auditor', 'system')
    end);
alter policy enterprise_read on enterprise using (
    case app.side()
        when 'enterprise' then id = app.org_id()
        when 'institution' then app.knows(id)
        when 'authority' then app.in_region(region_code)
        else app.side() in ('operator', 'auditor', 'system')
    end);

-- The members of a JSON object, without its braces: what documents are put together from.
create function app.members(object jsonb) returns text language sql immutable parallel safe
    return substr(object::text, 2, length(object::text) - 2);

-- What a state says of every case in it, and what each role may do from there as far as that depends on nothing else. A
-- role with an action that a case's maker may not take is not in `actions`, nor is one that has none at all.
alter table case_state add column members text not null default '', add column actions jsonb not null default '{}';
create function app.describe_state() returns trigger language plpgsql as $$
begin
    new.members := app.members(jsonb_build_object('state', new.state, 'state_zh', new.name_zh, 'state_en', new.name_en,
        'waits_for', new.owner));
    new.actions := (
        select coalesce(jsonb_object_agg(r.role, r.actions), '{}')
        from (select role,
                coalesce(jsonb_agg(t.action order by t.action) filter (where t.from_state = new.state), '[]') as actions
            from transition t, unnest(t.roles) role
            where t.kind = new.kind
            group by role
            having coalesce(bool_and(t.mark is distinct from 'checker') filter (where t.from_state = new.state), true)) r);
    return new;
end
$$;
create trigger case_state_describe before insert or update on case_state
    for each row execute function app.describe_state();
create function app.describe_states() returns trigger language plpgsql as $$
begin
    update case_state set kind = kind;
    return null;
end
$$;
create trigger transition_described after insert or update or delete on transition
    for each statement execute function app.describe_states();
update case_state set kind = kind;

-- What the asker may do from a state: looked up where the asker has one role and it is among `s.actions`.
create function app.actions_from(s case_state, p_maker uuid) returns jsonb language sql stable
    return coalesce(s.actions -> current_setting('app.roles', true), app.actions(s.kind, s.state, p_maker));

create or replace function app.life_json(p_kind text, p_state text, p_since timestamptz, p_deadline timestamptz, p_maker uuid)
returns jsonb language plpgsql stable as $$
begin
    return (
        select ('{' || s.members || '}')::jsonb || jsonb_build_object('state_since', p_since, 'deadline_at', p_deadline,
            'is_overdue', coalesce(p_deadline < now(), false), 'actions', app.actions_from(s, p_maker))
        from case_state s
        where s.kind = p_kind and s.state = p_state
    );
end
$$;

-- The members of a need's document that its row alone says; times in UTC, whoever writes.
alter table need add column members text not null default '';
alter table need alter column members set storage main; -- read with the row, never from elsewhere
create function app.write_need() returns trigger language plpgsql set timezone = 'UTC' as $$
begin
    new.members := app.members(
        jsonb_build_object('id', new.id, 'request_no', new.request_no, 'kinds', new.kinds, 'amount_fen', new.amount_fen,
            'amount_min_fen', new.amount_min_fen, 'term_months', new.term_months, 'term_days', new.term_days,
            'max_rate_ppm', new.max_rate_ppm, 'purpose', new.purpose, 'purpose_detail', new.purpose_detail,
            'repayments', new.repayments, 'collateral', new.collateral, 'needed_by', new.needed_by,
            'max_claims', new.max_claims, 'visibility', new.visibility, 'facts', new.facts,
            'region_code', new.region_code, 'industry_code', new.industry_code, 'size_class', new.size_class,
            'green_channel', new.green_channel)
        || jsonb_build_object('state_since', new.state_since, 'deadline_at', new.deadline_at,
            'matched_at', new.matched_at, 'eligible_total', new.eligible_total,
            'steps', jsonb_build_object('posted_at', new.posted_at, 'matched_at', new.first_match_at,
                'offered_at', new.first_offer_at, 'guaranteed_at', new.guaranteed_at, 'funded_at', new.funded_at),
            'funded_fen', new.funded_fen, 'first_loan', new.first_loan,
            'version', new.version, 'created_at', new.created_at, 'updated_at', new.updated_at));
    return new;
end
$$;
-- After need_guard and need_steps, which set times: triggers go by their names.
create trigger need_written before insert or update on need for each row execute function app.write_need();
update need set members = '';

-- A need's document, of its row, its enterprise as far as the asker sees it, and its state.
create function app.need_members(n need, e enterprise, s case_state) returns text language sql stable
    return concat(n.members,
        ', "enterprise": ', case when e.id is null then 'null'
            else json_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc)::text end,
        ', "repeats": ', case when n.repeats = '{}' then '[]'
            when app.side() = 'institution' then app.repeats_seen(n)::text else to_json(n.repeats)::text end,
        ', "reason": ', case when n.reason_code is null then 'null'
            else app.reason_json(n.reason_code, n.reason_text)::text end,
        ', "is_overdue": ', case when n.deadline_at < now() then 'true' else 'false' end,
        ', "actions": ', app.actions_from(s, n.made_by), ', ', s.members);
create or replace function app.need_json(n need) returns jsonb language plpgsql stable as $$
begin
    return (
        select concat('{', app.need_members(n, e, s), '}')::jsonb
        from case_state s
        left join enterprise e on e.id = n.enterprise_id and e.province = n.province
        where s.kind = 'need' and s.state = n.state
    );
end
$$;
-- What an institution's desk adds to it.
create function app.and_desk(n need) returns text language sql stable
    return case when app.side() = 'institution' then ', ' || app.members(app.desk_json(n)) else '' end;
revoke all on function app.describe_state(), app.describe_states(), app.write_need(), app.members(jsonb),
    app.enter_reading(text, text, text, text, text),
    app.answer_again(text, text, text), app.enter_inline(text, text, text, text, text, text, text, text, text),
    app.actions_from(case_state, uuid),
    app.need_members(need, enterprise, case_state), app.and_desk(need) from public;
grant execute on function app.members(jsonb), app.enter_reading(text, text, text, text, text),
    app.answer_again(text, text, text), app.enter_inline(text, text, text, text, text, text, text, text, text),
    app.actions_from(case_state, uuid),
    app.need_members(need, enterprise, case_state), app.and_desk(need) to rongqiao_app, rongqiao_definer;
