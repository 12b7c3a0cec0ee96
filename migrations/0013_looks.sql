-- Who looked at what of an enterprise: one row a viewer, object and day. Written before the answer goes out.

create table enterprise_view (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    enterprise_id uuid not null,
    what text not null check (what in ('enterprise', 'need', 'match', 'application', 'guarantee_case', 'search')),
    subject_id uuid not null,
    viewer_id uuid not null references app_user (id),
    viewer_name text not null, -- as it was; who may read this row may not read the person's
    side text not null,
    institution_id uuid references institution (id),
    region_code text collate "C" not null, -- of the enterprise, for its authorities
    day date not null,
    first_at timestamptz not null default now(),
    last_at timestamptz not null default now(),
    times int not null default 1, -- at most one a minute
    primary key (id, province),
    foreign key (enterprise_id, province) references enterprise (id, province),
    constraint enterprise_view_daily unique (enterprise_id, subject_id, what, viewer_id, day, province)
);
create index enterprise_view_viewer on enterprise_view (viewer_id);
create index enterprise_view_institution on enterprise_view (institution_id, id);
create index enterprise_view_region on enterprise_view (region_code, id);
alter table enterprise_view enable row level security;
alter table enterprise_view force row level security;
grant select on enterprise_view to rongqiao_app;
grant select, insert, update on enterprise_view to rongqiao_definer;
create policy enterprise_view_read on enterprise_view for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('auditor', 'operator'));

-- What an answer shows of an enterprise, for app.record_views(); null when the asker is not to be noted: the enterprise
-- itself, or nobody.
create function app.seen(p_what text, p_subject uuid, p_enterprise uuid, p_province text) returns jsonb
    language sql stable
    return case when app.side() in ('institution', 'authority', 'operator', 'auditor') then
        jsonb_build_object('what', p_what, 'subject_id', p_subject, 'enterprise_id', p_enterprise,
            'province', p_province) end;

-- Notes what the asker is about to be shown: one object of app.seen() or a list of them.
create function app.record_views(p_seen jsonb) returns int language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    n int;
begin
    insert into enterprise_view as v (province, enterprise_id, what, subject_id, viewer_id, viewer_name, side,
        institution_id, region_code, day)
    select distinct on (s.enterprise_id, s.subject_id, s.what) e.province, e.id, s.what, s.subject_id, u.id, u.name,
        app.side(), u.institution_id, e.region_code, (now() at time zone 'Asia/Shanghai')::date
    from jsonb_to_recordset(case jsonb_typeof(p_seen) when 'array' then p_seen else jsonb_build_array(p_seen) end)
        s (what text, subject_id uuid, enterprise_id uuid, province text)
    join enterprise e on e.id = s.enterprise_id and e.province = s.province
    join app_user u on u.id = app.user_id()
    order by s.enterprise_id, s.subject_id, s.what -- everybody takes the rows in the same order
    on conflict on constraint enterprise_view_daily do update set last_at = now(), times = v.times + 1
        where v.last_at < now() - interval '1 minute';
    get diagnostics n = row_count;
    return n;
end
$$;
alter function app.record_views(jsonb) owner to rongqiao_definer;

create function app.view_json(v enterprise_view) returns jsonb language sql stable as $$
    select jsonb_build_object('id', v.id, 'viewer_id', v.viewer_id, 'viewer_name', v.viewer_name, 'side', v.side,
        'institution_id', v.institution_id, 'institution_name', i.name_zh, 'institution_name_en', i.name_en,
        'enterprise_id', v.enterprise_id, 'what', v.what, 'subject_id', v.subject_id, 'at', v.last_at,
        'first_at', v.first_at, 'times', v.times)
    from (select v.institution_id as id) x
    left join institution i on i.id = x.id
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- Imports ----------------------------------------------------------------------------------------------------

-- An authority imports the enterprises of its region.
alter policy enterprise_write on enterprise with check (app.side() in ('enterprise', 'operator')
    or app.side() = 'authority' and app.in_region(region_code));

-- What would become of the lines (p_keep false: all of it is undone at the end, so that lines that contradict each other
-- are found), or what has. A line that is refused leaves nothing and spares the rest.
drop function app.import_lines(text, jsonb);
create function app.import_lines(p_what text, p_lines jsonb, p_keep boolean) returns jsonb language plpgsql as $$
declare
    l jsonb;
    e enterprise;
    p product;
    report jsonb := '[]';
    v_message text;
    v_constraint text;
    v_state text;
begin
    for l in select * from jsonb_array_elements(p_lines) loop
        begin
            if p_what = 'enterprises' then
                e := app.make_enterprise(l -> 'item', l ->> 'uscc_check');
                report := report || jsonb_build_object('line', l -> 'line', 'verdict', 'accepted', 'id', e.id,
                    'verification', e.verification);
            else
                p := app.make_product(l -> 'item');
                report := report || jsonb_build_object('line', l -> 'line', 'verdict', 'accepted', 'id', p.id);
            end if;
        exception when others then
            get stacked diagnostics v_message = message_text, v_constraint = constraint_name, v_state = returned_sqlstate;
            if v_state in ('57014', '40001', '40P01', '53100', '53200') then
                raise;
            end if;
            report := report || (jsonb_build_object('line', l -> 'line', 'verdict', 'refused', 'code',
                    case when v_constraint <> '' then v_constraint when v_state like 'RQ%' then v_message
                        else 'value_refused' end)
                || case when v_constraint = 'enterprise_uscc_taken' then jsonb_build_object('existing_id', (
                        select x.id from enterprise x where x.uscc = upper(l -> 'item' ->> 'uscc'))) else '{}' end);
        end;
    end loop;
    if not p_keep then
        raise exception using errcode = 'RQ299', message = 'dry_run'; -- undoes; what is in variables stays
    end if;
    return report;
exception when sqlstate 'RQ299' then
    return (select coalesce(jsonb_agg(x - 'id'), '[]') from jsonb_array_elements(report) x);
end
$$;

create or replace function app.reply_import(p_report jsonb, p_refused jsonb)
returns table (status int, body text, location text, etag text) language sql as $$
    select r.*
    from (
        select jsonb_build_object('accepted', count(*) filter (where x ->> 'verdict' = 'accepted'),
            'refused', count(*) filter (where x ->> 'verdict' <> 'accepted'),
            'lines', coalesce(jsonb_agg(x order by (x ->> 'line')::int), '[]')) as d
        from jsonb_array_elements(p_report || p_refused) x
    ) y,
    app.reply(200, y.d) r
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
