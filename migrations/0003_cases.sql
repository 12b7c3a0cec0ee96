-- The life of every case as rows: states with owner and clock, transitions with who may make them. The
-- guard below lets no row move any other way, and writes the audit trail in the same transaction.

create table case_state (
    kind text not null,
    state text not null,
    name_zh text not null,
    name_en text not null,
    owner text, -- whose turn it is: enterprise, institution, guarantor, authority, operator; null: nobody's
    hours int,  -- working hours until overdue
    green_hours int, -- the same on a green channel
    on_overdue text, -- the action that the clock takes; null: it is counted and shown as overdue
    is_final boolean not null,
    primary key (kind, state),
    constraint case_state_clock_has_owner check (hours is null or owner is not null)
);

create table transition (
    kind text not null,
    from_state text not null, -- '-': the case begins
    action text not null,
    to_state text not null,
    roles text[] not null, -- system: only the server's own consequences and clocks
    needs_reason boolean not null default false, -- a code of refusal_reason and a text
    mark text check (mark in ('maker', 'checker')), -- a checker is never the case's maker
    primary key (kind, from_state, action)
);
create index transition_to on transition (kind, from_state, to_state);

\copy case_state (kind, state, name_zh, name_en, owner, hours, green_hours, on_overdue, is_final) from 'data/case_state.csv'
\copy transition (kind, from_state, action, to_state, roles, needs_reason, mark) from 'data/transition.csv'

-- What happened: one row a move, only ever added.
create table audit_event (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    at timestamptz not null default clock_timestamp(),
    request_id text,
    user_id uuid,
    side text not null,
    org_id uuid,
    kind text not null,
    case_id uuid not null,
    action text not null,
    from_state text,
    to_state text,
    reason_code text,
    reason_text text,
    facts_digest text, -- SHA-256 of the row as it stood when the move was made
    primary key (id, province)
);
create index audit_event_case on audit_event (case_id, id);

create function app.forbid_change() returns trigger language plpgsql as $$
begin
    raise exception using errcode = '42501', message = 'audit_is_append_only';
end
$$;
create trigger audit_event_append_only before update or delete on audit_event
    for each row execute function app.forbid_change();
create trigger audit_event_no_truncate before truncate on audit_event
    for each statement execute function app.forbid_change();

create function app.audit(p_province text, p_kind text, p_case uuid, p_action text, p_from text, p_to text,
    p_reason_code text, p_reason_text text, p_data jsonb) returns void language plpgsql as $$
begin
    insert into audit_event (province, request_id, user_id, side, org_id, kind, case_id, action, from_state,
        to_state, reason_code, reason_text, facts_digest)
    values (p_province, nullif(current_setting('app.request_id', true), ''), app.user_id(), app.side(),
        app.org_id(), p_kind, p_case, p_action, p_from, p_to, p_reason_code, p_reason_text,
        encode(sha256(convert_to(p_data::text, 'UTF8')), 'hex'));
end
$$;

-- What the asking user may do next with a case in `state`.
create function app.actions(p_kind text, p_state text, p_maker uuid) returns jsonb
language plpgsql stable as $$
begin
    return (
        select coalesce(jsonb_agg(t.action order by t.action), '[]')
        from transition t
        where t.kind = p_kind
            and t.from_state = p_state
            and t.roles && app.roles()
            and (t.mark is distinct from 'checker' or p_maker is distinct from app.user_id())
    );
end
$$;

-- The state that `action` leads to; refuses with the reason when there is none for this user.
create function app.next_state(p_kind text, p_state text, p_action text) returns text
language plpgsql stable as $$
declare
    t transition;
begin
    select * into t from transition where kind = p_kind and from_state = p_state and action = p_action;
    if not found then
        perform app.refuse(409, 'transition_not_allowed', jsonb_build_object('state', p_state, 'action', p_action,
            'actions', app.actions(p_kind, p_state, null)));
    end if;
    if not (t.roles && app.roles()) then
        perform app.refuse(403, 'role_not_allowed', jsonb_build_object('roles', to_jsonb(t.roles)));
    end if;
    return t.to_state;
end
$$;

-- The reason that a move leaves on its case: one that must give a reason gives its own, others keep what is there.
create function app.reason_given(p_kind text, p_state text, p_given text, p_kept text) returns text
language sql stable as $$
    select case when exists (
            select from transition t
            where t.kind = p_kind and t.from_state = p_state and t.action = app.action() and t.needs_reason)
        then p_given
        else coalesce(p_given, p_kept) end
$$;

-- Every table of cases has: id, province, state, state_since, deadline_at, made_by, checked_by, reason_code,
-- reason_text, green_channel, version, updated_at. Its guard fires on every insert and every move.
create function app.guard_case() returns trigger language plpgsql as $$
declare
    v_kind constant text := tg_argv[0];
    v_from text;
    t transition;
    s case_state;
begin
    v_from := '-';
    if tg_op = 'UPDATE' then
        v_from := old.state;
        new.version := old.version + 1;
        new.updated_at := now();
    end if;

    -- Consequences and clocks run as the definer role; whatever else moves a case needs a role for it.
    select tr.* into t
    from transition tr
    where tr.kind = v_kind
        and tr.from_state = v_from
        and tr.to_state = new.state
        and (tr.roles && app.roles() and tr.action = app.action()
            or 'system' = any (tr.roles) and current_user = 'rongqiao_definer')
    order by tr.action = app.action() desc, tr.action -- two names for one move: the asker's, else always the same one
    limit 1;
    if not found then
        perform app.refuse(409, 'transition_not_allowed', jsonb_build_object('state', v_from,
            'action', app.action(), 'actions', app.actions(v_kind, v_from, null)));
    end if;

    if t.mark = 'maker' then
        new.made_by := app.user_id();
        new.checked_by := null;
    elsif t.mark = 'checker' then
        if new.made_by = app.user_id() then
            perform app.refuse(403, 'maker_cannot_check');
        end if;
        new.checked_by := app.user_id();
    end if;

    if t.needs_reason and app.roles() && t.roles then
        if new.reason_code is null then
            perform app.refuse(422, 'reason_required', jsonb_build_object('pointer', '/reason_code'));
        elsif char_length(coalesce(new.reason_text, '')) < (
            select r.text_min from refusal_reason r where r.code = new.reason_code) then
            perform app.refuse(422, 'reason_too_short', jsonb_build_object('pointer', '/reason_text'));
        end if;
    end if;

    select * into strict s from case_state cs where cs.kind = v_kind and cs.state = new.state;
    new.state_since := now();
    new.deadline_at := case when s.hours is null then null
        else app.add_working_hours(now(), case when new.green_channel <> 'none'
            then coalesce(s.green_hours, s.hours) else s.hours end) end;

    perform app.audit(new.province, v_kind, new.id, t.action, nullif(v_from, '-'), new.state,
        case when t.needs_reason then new.reason_code end, case when t.needs_reason then new.reason_text end,
        to_jsonb(new) - 'document' - 'input' - 'result');
    return new;
end
$$;
