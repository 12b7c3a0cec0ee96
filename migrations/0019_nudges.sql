-- Nudges: a government body or the operator reminds whoever a case waits for; kept, and told to them.

create table nudge (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    subject_kind text not null check (subject_kind in ('need', 'application', 'offer', 'guarantee_case')),
    subject_id uuid not null,
    subject_state text not null,
    deadline_at timestamptz, -- as it stood
    enterprise_id uuid not null,
    region_code text collate "C" not null,
    message text not null,
    parties jsonb not null, -- [{kind, id}]: whom it was told
    made_by uuid not null references app_user (id),
    made_by_name text not null,
    made_at timestamptz not null default now(),
    day date not null default (now() at time zone 'Asia/Shanghai')::date,
    primary key (id, province),
    foreign key (enterprise_id, province) references enterprise (id, province),
    constraint nudge_once_a_day unique (subject_id, day, province)
);
create index nudge_made_by on nudge (made_by);
create index nudge_region on nudge (region_code, id);
create index nudge_enterprise on nudge (enterprise_id);
create index nudge_parties on nudge using gin (parties jsonb_path_ops);
create trigger nudge_append_only before update or delete on nudge for each row execute function app.forbid_change();
alter table nudge enable row level security;
alter table nudge force row level security;
grant select, insert on nudge to rongqiao_app;
grant select on nudge to rongqiao_definer;
create policy nudge_read on nudge for select using (
    app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor')
    or app.side() in ('institution', 'enterprise')
        and parties @> jsonb_build_array(jsonb_build_object('kind', app.side(), 'id', app.org_id())));
create policy nudge_write on nudge for insert with check (app.side() = 'operator'
    or app.side() = 'authority' and app.in_region(region_code));

-- A case as a nudge sees it: where it stands, and the parties whose turn it is. No row: not the asker's to see.
create function app.nudge_subject(p_kind text, p_id uuid) returns table (id uuid, province text, state text,
    deadline_at timestamptz, enterprise_id uuid, region_code text, parties jsonb) language plpgsql stable as $$
begin
    return query
    with found as (
        select n.id, n.province, n.state, n.deadline_at, n.enterprise_id, n.region_code, array(
            select a.institution_id from application a
            where a.need_id = n.id and a.province = n.province
                and not (select s.is_final from case_state s where s.kind = 'application' and s.state = a.state)) as institutions,
            null::uuid as guarantor
        from need n where p_kind = 'need' and n.id = p_id
        union all
        select a.id, a.province, a.state, a.deadline_at, a.enterprise_id, a.region_code, array[a.institution_id], null
        from application a where p_kind = 'application' and a.id = p_id
        union all
        select o.id, o.province, o.state, o.deadline_at, o.enterprise_id, o.region_code, array[o.institution_id], null
        from offer o where p_kind = 'offer' and o.id = p_id
        union all
        select g.id, g.province, g.state, g.deadline_at, g.enterprise_id, g.region_code, array[g.bank_id], g.guarantor_id
        from guarantee_case g where p_kind = 'guarantee_case' and g.id = p_id
    )
    select f.id, f.province, f.state, f.deadline_at, f.enterprise_id, f.region_code, case s.owner
            when 'enterprise' then jsonb_build_array(jsonb_build_object('kind', 'enterprise', 'id', f.enterprise_id))
            when 'institution' then (select jsonb_agg(distinct jsonb_build_object('kind', 'institution', 'id', i))
                from unnest(f.institutions) i)
            when 'guarantor' then jsonb_build_array(jsonb_build_object('kind', 'institution', 'id', f.guarantor))
            when 'authority' then jsonb_build_array(jsonb_build_object('kind', 'authority',
                'id', app.authority_of(f.region_code)))
        end
    from found f
    join case_state s on s.kind = p_kind and s.state = f.state;
end
$$;

create function app.nudge_json(d nudge) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', d.id, 'subject_kind', d.subject_kind, 'subject_id', d.subject_id,
            'subject_state', d.subject_state, 'deadline_at', d.deadline_at, 'region_code', d.region_code,
            'message', d.message, 'made_by', d.made_by, 'made_by_name', d.made_by_name, 'made_at', d.made_at,
            'parties', (select jsonb_agg(p || jsonb_build_object('name_zh', coalesce(i.name_zh, e.name)))
                from jsonb_array_elements(d.parties) p
                left join institution i on p ->> 'kind' = 'institution' and i.id = (p ->> 'id')::uuid
                left join enterprise e on p ->> 'kind' = 'enterprise' and e.id = (p ->> 'id')::uuid))
    );
end
$$;

create function app.make_nudge(i jsonb) returns nudge language plpgsql as $$
declare
    c record;
    d nudge;
begin
    select * into c from app.nudge_subject(i ->> 'subject_kind', (i ->> 'subject_id')::uuid);
    if not found then
        perform app.refuse(422, 'case_unknown', jsonb_build_object('pointer', '/subject_id'));
    end if;
    if c.parties is null or c.parties -> 0 ->> 'id' is null then
        perform app.refuse(409, 'nobody_to_nudge', jsonb_build_object('state', c.state));
    end if;
    insert into nudge (province, subject_kind, subject_id, subject_state, deadline_at, enterprise_id, region_code,
        message, parties, made_by, made_by_name)
    select c.province, i ->> 'subject_kind', c.id, c.state, c.deadline_at, c.enterprise_id, c.region_code,
        i ->> 'message', c.parties, u.id, u.name
    from app_user u
    where u.id = app.user_id()
    returning * into d;
    perform app.notify(p ->> 'kind', (p ->> 'id')::uuid, 'nudge', d.subject_kind, d.subject_id,
        jsonb_build_object('nudge_id', d.id, 'message', d.message, 'state', d.subject_state, 'from', d.made_by_name))
    from jsonb_array_elements(d.parties) p;
    perform app.audit(d.province, d.subject_kind, d.subject_id, 'nudge', d.subject_state, d.subject_state, null, d.message,
        to_jsonb(d));
    return d;
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- No time passes between a moment and itself, which is what the match at the posting takes: no look-up then.
create or replace function app.working_minutes(p_from timestamptz, p_to timestamptz) returns int language sql stable
    return case when p_from = p_to then 0 else app.working_minute(p_to) - app.working_minute(p_from) end;
