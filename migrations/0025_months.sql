-- What grows without end lies a month to a table, so that what is old can be taken away while serving: the matches of
-- needs, the trail, and who looked at what. A month that is detached (`rongqiao months detach`) lies in schema `archive`,
-- where it can be read, kept elsewhere or dropped; nothing of it is lost by being detached.
--
-- Ids are UUIDv7 and begin with the time, so the id is the month: no primary key had to change for it, and whoever asks by
-- id asks one table.

create schema archive;
revoke all on schema archive from public;
grant usage on schema archive to rongqiao_app; -- the trail's months are read by `rongqiao audit verify`

-- Owns the monthly tables, for app.make_months() alone: to make a table a part of another one must own both.
do $$
begin
    if not exists (select from pg_roles where rolname = 'rongqiao_keeper') then
        create role rongqiao_keeper nologin nosuperuser nobypassrls;
    end if;
end
$$;
grant usage, create on schema public to rongqiao_keeper;
grant usage on schema app to rongqiao_keeper;
grant references on need, enterprise, app_user, institution to rongqiao_keeper;

create table month_table (
    name text primary key,
    month_column text not null,
    month_type text not null check (month_type in ('uuid', 'date'))
);
insert into month_table (name, month_column, month_type) values
    ('match_run', 'id', 'uuid'),
    ('match', 'run_id', 'uuid'),
    ('audit_event', 'id', 'uuid'),
    ('enterprise_view', 'day', 'date');
grant select on month_table to rongqiao_app, rongqiao_definer, rongqiao_keeper;

-- The month, as its first day, that something of this moment belongs to.
create function app.month_of(p_at timestamptz) returns date language sql immutable parallel safe
    return date_trunc('month', p_at at time zone 'Asia/Shanghai')::date;

-- The least value of a month: of a day its first, of a UUIDv7 the least of its first millisecond.
create function app.month_floor(p_type text, p_month date) returns text language sql immutable parallel safe
    return case p_type when 'date' then p_month::text
        else (lpad(to_hex((extract(epoch from p_month::timestamp at time zone 'Asia/Shanghai') * 1000)::bigint), 12, '0')
            || '00000000000000000000')::uuid::text end;

-- The run that a need was last matched by: which is the last can then be told without asking every month.
alter table need add column run_id uuid;
update need n set run_id = (select r.id from match_run r
    where r.need_id = n.id and r.province = n.province order by r.id desc limit 1);

-- Each table becomes the one of this month and of all before, and a part of a new one of its name.
-- A run and its packages are written by one function and leave together; a month that is referenced could not leave.
alter table match drop constraint match_run_id_province_fkey;
drop trigger audit_event_append_only on audit_event;
drop trigger audit_event_no_truncate on audit_event;
drop trigger audit_event_awaits_seal on audit_event;
drop function app.round_packages(match_run), app.view_json(enterprise_view);
alter table enterprise_view drop constraint enterprise_view_pkey;

do $$
declare
    t month_table;
    v_part text;
    x record;
begin
    for t in select * from month_table loop
        v_part := t.name || '_' || to_char(app.month_of(now()), 'YYYY_MM');
        for x in select policyname as name from pg_policies where schemaname = 'public' and tablename = t.name loop
            execute format('drop policy %I on %I', x.name, t.name);
        end loop;
        execute format('revoke all on %I from rongqiao_app, rongqiao_definer', t.name);
        execute format('alter table %I rename to %I', t.name, v_part);
        for x in select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid = v_part::regclass loop
            execute format('alter index %I rename to %I', x.name,
                v_part || substr(x.name, length(t.name) + 1));
        end loop;
        execute format('create table %I (like %I including defaults including constraints including storage '
            || 'including compression) partition by range (%I)', t.name, v_part, t.month_column);
        execute format('create table archive.%I (like %I including defaults including constraints including storage '
            || 'including compression) partition by range (%I)', t.name, v_part, t.month_column);
        execute format('alter table %I enable row level security', t.name);
        execute format('alter table %I force row level security', t.name);
        execute format('alter table archive.%I enable row level security', t.name);
        execute format('alter table archive.%I force row level security', t.name);
        execute format('grant select, insert, update on %I to rongqiao_definer', t.name);
        execute format('grant select on %I to rongqiao_app', t.name);
    end loop;
end
$$;

alter table match_run add primary key (id, province),
    add foreign key (need_id, province) references need (id, province);
create index match_run_need on match_run (need_id, id);
alter table match add primary key (run_id, class, rank, province);
create index match_need on match (need_id, class, rank);
create index match_institution on match (institution_id, need_id);
alter table audit_event add primary key (id, province);
create index audit_event_case on audit_event (case_id, id);
alter table enterprise_view add primary key (id, day, province),
    add foreign key (enterprise_id, province) references enterprise (id, province),
    add foreign key (viewer_id) references app_user (id),
    add foreign key (institution_id) references institution (id),
    add constraint enterprise_view_daily unique (enterprise_id, subject_id, what, viewer_id, day, province);
create index enterprise_view_viewer on enterprise_view (viewer_id);
create index enterprise_view_institution on enterprise_view (institution_id, id);
create index enterprise_view_region on enterprise_view (region_code, id);

do $$
declare
    t month_table;
begin
    for t in select * from month_table loop
        execute format('alter table %I attach partition %I for values from (minvalue) to (%L)', t.name,
            t.name || '_' || to_char(app.month_of(now()), 'YYYY_MM'),
            app.month_floor(t.month_type, (app.month_of(now()) + interval '1 month')::date));
        execute format('alter table %I owner to rongqiao_keeper', t.name);
        execute format('alter table %I owner to rongqiao_keeper', t.name || '_' || to_char(app.month_of(now()), 'YYYY_MM'));
    end loop;
end
$$;

grant insert on match_run, match, audit_event to rongqiao_app;
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
create policy audit_read on audit_event for select using (
    app.side() in ('auditor', 'system') or user_id = app.user_id());
create policy audit_write on audit_event for insert with check (true);
create policy enterprise_view_read on enterprise_view for select using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('auditor', 'operator'));
create trigger audit_event_append_only before update or delete on archive.audit_event
    for each row execute function app.forbid_change();
create policy audit_read on archive.audit_event for select using (app.side() in ('auditor', 'system'));
grant select on archive.audit_event to rongqiao_app;

create trigger audit_event_append_only before update or delete on audit_event
    for each row execute function app.forbid_change();
create trigger audit_event_no_truncate before truncate on audit_event
    for each statement execute function app.forbid_change();
create trigger audit_event_awaits_seal after insert on audit_event
    for each row execute function app.await_seal();

-- The whole trail, with the months that were detached and are still here.
create view app.trail with (security_invoker) as
    select * from audit_event union all select * from archive.audit_event;
grant select on app.trail to rongqiao_app;
grant usage on schema archive to rongqiao_definer;
grant select on app.trail, archive.audit_event to rongqiao_definer;

-- Makes what is missing of this month and the `p_ahead` after it; returns how many tables. A table is made beside the
-- others and then attached, which stops no one; what it waits for longest are writers of the tables that it refers to.
create function app.make_months(p_ahead int) returns int language plpgsql
    security definer set search_path = public, pg_temp set lock_timeout = '1s' as $$
declare
    t month_table;
    v_month date;
    v_part text;
    v_made int := 0;
begin
    for v_month in select (app.month_of(now()) + make_interval(months => i))::date from generate_series(0, p_ahead) i loop
        for t in select * from month_table order by name loop
            v_part := t.name || '_' || to_char(v_month, 'YYYY_MM');
            if to_regclass(v_part) is null then
                execute format('create table %I (like %I including all)', v_part, t.name);
                execute format('alter table %I enable row level security', v_part);
                execute format('alter table %I force row level security', v_part);
                execute format('alter table %I attach partition %I for values from (%L) to (%L)', t.name, v_part,
                    app.month_floor(t.month_type, v_month),
                    app.month_floor(t.month_type, (v_month + interval '1 month')::date));
                v_made := v_made + 1;
            end if;
        end loop;
    end loop;
    return v_made;
end
$$;
alter function app.make_months(int) owner to rongqiao_keeper;
revoke all on function app.make_months(int) from public;
grant execute on function app.month_of(timestamptz), app.month_floor(text, date), app.forbid_change(), app.await_seal()
    to rongqiao_keeper;
select app.make_months(3);

-- Done by the clocks: three months are there before they begin. When the tables are busy, the next round tries again.
create function app.keep_months() returns jsonb language plpgsql as $$
begin
    if not exists (select from month_table t where to_regclass('public.' || t.name || '_'
            || to_char(app.month_of(now()) + interval '3 months', 'YYYY_MM')) is null) then
        return '{"months_made": 0}';
    end if;
    return jsonb_build_object('months_made', app.make_months(3));
exception when lock_not_available then
    return '{"months_made": 0}';
end
$$;
insert into job (name, name_zh, name_en) values ('months', '按月分区：预建后三个月', 'monthly tables: three months ahead');

-- The months that are there: each table's, with its rows as the statistics have them and its bytes on disk.
create function app.months() returns table (month text, name text, is_detached boolean, estimated_rows bigint, bytes bigint)
    language sql stable as $$
    select replace(right(c.relname, 7), '_', '-'), t.name, n.nspname = 'archive', greatest(c.reltuples, 0)::bigint,
        pg_total_relation_size(c.oid)
    from month_table t
    join pg_class c on c.relname ~ ('^' || t.name || '_[0-9]{4}_[0-9]{2}$') and c.relkind = 'r'
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('public', 'archive')
    order by 1, 2
$$;

-- What one table's month begins with: the first has all that was before it.
create function app.month_begin(t month_table, p_month date) returns text language sql stable as $$
    select case when exists (
            select from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('public', 'archive') and c.relkind = 'r'
                and c.relname ~ ('^' || t.name || '_[0-9]{4}_[0-9]{2}$')
                and c.relname < t.name || '_' || to_char(p_month, 'YYYY_MM'))
        then app.month_floor(t.month_type, p_month)
        else case t.month_type when 'date' then '-infinity' else '00000000-0000-0000-0000-000000000000' end end
$$;

-- Why a month must stay in service, or null.
create function app.month_is_needed(p_month date) returns text language plpgsql stable as $$
declare
    v_end constant uuid := app.month_floor('uuid', (p_month + interval '1 month')::date);
    v_begin uuid;
    v_count bigint;
begin
    if p_month >= app.month_of(now()) then
        return 'it is not over';
    end if;
    select app.month_begin(t, p_month) into v_begin from month_table t where t.name = 'match_run';
    select count(*) into v_count from need n join case_state s on s.kind = 'need' and s.state = n.state
    where n.run_id >= v_begin and n.run_id < v_end and not s.is_final and n.state <> 'draft';
    if v_count > 0 then
        return v_count || ' needs under way were last matched in it';
    end if;
    select count(*) into v_count from audit_waiting w where w.id >= v_begin and w.id < v_end;
    if v_count > 0 then
        return v_count || ' rows of its trail wait for their seal';
    end if;
    return null;
end
$$;

-- The statement that takes one table's month a step further out of service, or null when it is in the archive. They are
-- run one by one, because a table in use can only be detached outside of a transaction.
create function app.next_step_out(p_table text, p_month date) returns text language plpgsql stable as $$
declare
    t month_table;
    v_part constant text := p_table || '_' || to_char(p_month, 'YYYY_MM');
    v_here constant oid := to_regclass('public.' || v_part);
    v_there constant oid := to_regclass('archive.' || v_part);
    v_pending boolean;
begin
    select * into strict t from month_table where name = p_table;
    if v_there is not null then
        if exists (select from pg_inherits where inhrelid = v_there) then
            return null;
        end if;
        return format('alter table archive.%I attach partition archive.%I for values from (%s) to (%L)', t.name, v_part,
            case when app.month_begin(t, p_month) = app.month_floor(t.month_type, p_month)
                then quote_literal(app.month_floor(t.month_type, p_month)) else 'minvalue' end,
            app.month_floor(t.month_type, (p_month + interval '1 month')::date));
    elsif v_here is null then
        raise exception 'there is no table % of %', p_table, to_char(p_month, 'YYYY-MM');
    end if;
    select inhdetachpending into v_pending from pg_inherits where inhrelid = v_here;
    if not found then
        return format('alter table public.%I set schema archive', v_part);
    end if;
    return format('alter table public.%I detach partition public.%I %s', t.name, v_part,
        case when v_pending then 'finalize' else 'concurrently' end);
end
$$;

-- Functions that read a run by the need's word, or took the old tables' rows --------------------------------------

-- Of a need whose last match has gone into the archive.
create function app.match_archived() returns int language plpgsql stable as $$
begin
    perform app.refuse(410, 'match_archived');
    return null;
end
$$;

create function app.view_json(v enterprise_view) returns jsonb language sql stable as $$
    select jsonb_build_object('id', v.id, 'viewer_id', v.viewer_id, 'viewer_name', v.viewer_name, 'side', v.side,
        'institution_id', v.institution_id, 'institution_name', i.name_zh, 'institution_name_en', i.name_en,
        'enterprise_id', v.enterprise_id, 'what', v.what, 'subject_id', v.subject_id, 'at', v.last_at,
        'first_at', v.first_at, 'times', v.times)
    from (select v.institution_id as id) x
    left join institution i on i.id = x.id
$$;

create function app.round_packages(m match_run) returns jsonb language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('institution', q.package -> 'product' ->> 'institution_id',
        'kind', q.package -> 'product' ->> 'kind',
        'score_ppm', least(1000000, greatest(0, coalesce((q.package -> 'parts' ->> 'fit')::bigint
            / nullif((w.document ->> 'fit')::int, 0), 0)))) order by q.rank), '[]')
    from score_weights w,
        jsonb_array_elements(m.result::jsonb -> 'eligible') with ordinality q (package, rank)
    where w.version = m.weights_version
$$;

-- Keeps a run of the engine under the need's `run_id`: its input, its exact bytes, and its packages as rows.
create or replace function app.store_match(n need, p_facts text, p_result text, p_digest text, p_packages jsonb) returns void
language plpgsql as $$
begin
    insert into match_run (id, province, need_id, catalogue_version, weights_version, input, result, digest,
        considered, eligible_total, unknown_total, near_total)
    values (n.run_id, n.province, n.id, (p_packages ->> 'catalogue_version')::bigint,
        (p_packages ->> 'weights_version')::int, p_facts, p_result, p_digest, (p_packages ->> 'considered')::int,
        (p_packages ->> 'eligible_total')::int, (p_packages ->> 'unknown_total')::int,
        (p_packages ->> 'near_total')::int);
    insert into match (run_id, province, need_id, class, rank, product_id, institution_id, guarantee_product_id,
        guarantor_id, insurance_product_id, amount_fen, rate_ppm, cost_ppm, score_ppm)
    select n.run_id, n.province, n.id, p.class, p.rank, p.product_id, p.institution_id, p.guarantee_product_id,
        p.guarantor_id, p.insurance_product_id, p.amount_fen, p.rate_ppm, p.cost_ppm, p.score_ppm
    from jsonb_to_recordset(p_packages -> 'packages') p (class text, rank int, product_id uuid, institution_id uuid,
        guarantee_product_id uuid, guarantor_id uuid, insurance_product_id uuid, amount_fen bigint, rate_ppm int,
        cost_ppm int, score_ppm bigint);
end
$$;

-- A further match of a need that is stored.
create or replace function app.match_again(p_id uuid, p_facts text, p_result text, p_digest text, p_packages jsonb) returns need
language plpgsql as $$
declare
    n need;
begin
    update need set matched_at = now(), run_id = app.uuid_v7(), eligible_total = (p_packages ->> 'eligible_total')::int
    where id = p_id
        and state in ('draft', 'checking', 'returned', 'open', 'claimed', 'offered', 'stalled', 'unmet')
    returning * into n;
    if found then
        perform app.store_match(n, p_facts, p_result, p_digest, p_packages);
    elsif exists (select from need x where x.id = p_id) then
        perform app.refuse(409, 'need_not_open', null);
    end if;
    return n;
end
$$;

-- An application: by the enterprise for a product of its matches, or an institution's claim of an open need.
create or replace function app.make_application(i jsonb) returns application language plpgsql as $$
declare
    n need;
    p product;
    a application;
    v_institution uuid;
    v_origin text := case app.side() when 'enterprise' then 'apply' when 'institution' then 'claim' else 'dispatch' end;
    v_package jsonb;
begin
    select * into n from need x where x.id = (i ->> 'need_id')::uuid;
    if not found then
        perform app.refuse(422, 'need_unknown', jsonb_build_object('pointer', '/need_id'));
    end if;
    if i ->> 'product_id' is not null then
        select * into p from product x where x.id = (i ->> 'product_id')::uuid and x.state = 'online';
        if not found then
            perform app.refuse(422, 'product_unknown', jsonb_build_object('pointer', '/product_id'));
        end if;
        select q.value into v_package
        from (select result::jsonb as r from match_run m where m.id = n.run_id and m.province = n.province) last,
            jsonb_array_elements((last.r -> 'eligible') || (last.r -> 'unknown') || (last.r -> 'near')) q
        where q.value -> 'product' ->> 'id' = p.id::text;
    end if;
    v_institution := case when v_origin = 'claim' then app.org_id()
        else coalesce(p.institution_id, (i ->> 'institution_id')::uuid) end;
    if v_institution is null or p.id is not null and p.institution_id <> v_institution then
        perform app.refuse(422, 'product_unknown', jsonb_build_object('pointer', '/product_id'));
    end if;
    perform set_config('app.action', v_origin, true);
    insert into application (province, need_id, enterprise_id, institution_id, product_id, origin, region_code,
        green_channel, package, note, state)
    values (n.province, n.id, n.enterprise_id, v_institution, p.id, v_origin, n.region_code, n.green_channel, v_package,
        i ->> 'note', 'received')
    returning * into a;
    return a;
end
$$;

create or replace function app.register_need(p_round uuid, i jsonb) returns round_need language plpgsql as $$
declare
    most constant int := 5000; -- what one seal and one run take at once
    r round := app.await_registering(p_round);
    n need;
    m match_run;
    x round_need;
begin
    if r.id is null then
        return null;
    end if;
    select * into n from need where id = (i ->> 'need_id')::uuid and enterprise_id = app.org_id();
    if not found then
        perform app.refuse(422, 'need_unknown', jsonb_build_object('pointer', '/need_id'));
    elsif n.state not in ('open', 'claimed', 'offered', 'stalled', 'unmet') then
        perform app.refuse(409, 'need_not_open', jsonb_build_object('state', n.state));
    elsif n.region_code not between r.region_code and app.region_high(r.region_code) then
        perform app.refuse(422, 'round_elsewhere', jsonb_build_object('pointer', '/need_id', 'region_code', r.region_code));
    elsif (app.round_counts(r.id) ->> 'needs')::int >= most then
        perform app.refuse(409, 'round_full', jsonb_build_object('needs', most));
    end if;
    select * into m from match_run where id = n.run_id and province = n.province;
    insert into round_need as rn (province, round_id, need_id, enterprise_id, region_code, amount_fen, waits_since,
        first_loan, packages)
    values (n.province, r.id, n.id, n.enterprise_id, n.region_code, n.amount_fen, n.created_at,
        coalesce((m.input::jsonb -> 'facts' -> 'first_loan' ->> 'value')::boolean, n.green_channel = 'first_loan'),
        app.round_packages(m))
    on conflict (round_id, need_id, province) do update set left_at = null, amount_fen = excluded.amount_fen,
        first_loan = excluded.first_loan, packages = excluded.packages
    returning * into x;
    return x;
end
$$;

-- The asker's own packages in the last match of a need, and how many claims it has of those it takes: no facts, and
-- nothing of others but their number.
create or replace function app.own_fits(n need) returns jsonb language plpgsql stable
    security definer set search_path = public, pg_temp as $$
begin
    return (
        select jsonb_build_object('fits', coalesce((
                select jsonb_agg(jsonb_build_object('class', m.class, 'rank', m.rank, 'product_id', m.product_id,
                    'product_zh', p.name_zh, 'product_en', p.document ->> 'name_en', 'amount_fen', m.amount_fen,
                    'rate_ppm', m.rate_ppm, 'cost_ppm', m.cost_ppm, 'score_ppm', m.score_ppm)
                    order by array_position(array['eligible', 'unknown', 'near'], m.class), m.rank)
                from match m
                join product p on p.id = m.product_id
                where m.run_id = n.run_id and m.province = n.province and m.institution_id = app.org_id()), '[]'),
            'claims', (select count(*) from application a
                where a.need_id = n.id and a.province = n.province and a.origin <> 'apply'
                    and a.state not in ('refused', 'lapsed', 'expired', 'not_chosen', 'fell_through', 'withdrawn')))
    );
end
$$;

-- Of these needs, those whose enterprise may hear of the version: open, of an enterprise that is verified and operates,
-- matched before the version was listed, without the product in that match or in an application, and not told of it
-- before. With the input of the match, as the engine takes it.
create or replace function app.needs_to_tell(p_product uuid, p_from_version bigint, p_needs uuid[])
returns table (need_id uuid, province text, enterprise_id uuid, request_no text, input text) language sql stable
    security definer set search_path = public, pg_temp as $$
    select n.id, n.province, n.enterprise_id, n.request_no, r.input
    from unnest(p_needs) x (id)
    join need n on n.id = x.id
    join enterprise e on e.id = n.enterprise_id and e.province = n.province
    join match_run r on r.id = n.run_id and r.province = n.province
    where n.state in ('open', 'claimed', 'offered', 'stalled')
        and e.verification = 'verified'
        and e.reg_status in ('existing', 'operating')
        and r.catalogue_version < p_from_version
        and not exists (select from match m
            where m.run_id = r.id and m.province = r.province and m.class = 'eligible' and m.product_id = p_product)
        and not exists (select from application a where a.need_id = n.id and a.product_id = p_product)
        and not exists (select from product_told t where t.product_id = p_product and t.need_id = n.id)
$$;

-- The history of a case, also of one that began in a month that has gone into the archive.
create or replace function app.case_moves(p_kind text, p_id uuid, p_hidden text[], p_institutions uuid[], p_reasons boolean)
returns table (id uuid, at timestamptz, move jsonb) language sql stable
    security definer set search_path = public, pg_temp as $$
    with moves as (
        select e.id, e.at, e.action, e.from_state, e.to_state, e.side, e.org_id, e.user_id, t.roles,
            case when t.mark = 'checker' and e.from_state = any (p_hidden) then lag(e.reason_code) over w
                else e.reason_code end as reason_code,
            case when t.mark = 'checker' and e.from_state = any (p_hidden) then lag(e.reason_text) over w
                else e.reason_text end as reason_text
        from app.trail e
        join transition t on t.kind = e.kind and t.from_state = coalesce(e.from_state, '-') and t.action = e.action
        where e.case_id = p_id and e.kind = p_kind
        window w as (order by e.id)
    ), shown as (
        select m.*, lag(m.to_state) over (order by m.id) as seen_in
        from moves m
        where m.to_state <> all (p_hidden)
    )
    select s.id, s.at, jsonb_build_object('at', s.at, 'action', s.action, 'from_state', s.seen_in,
            'to_state', s.to_state,
            'by', jsonb_strip_nulls(jsonb_build_object('side', s.side,
                'role', coalesce((select r from unnest(u.roles) r where r = any (s.roles) order by r limit 1),
                    case when cardinality(u.roles) = 1 then u.roles[1] end),
                'institution_id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)),
            'reason', case when p_reasons and s.reason_code is not null then
                app.reason_json(s.reason_code, s.reason_text) - '{repairable,repair_by,steps_zh,steps_en}'::text[] end)
    from shown s
    left join app_user u on u.id = s.user_id
    left join institution i on i.id = s.org_id and (p_institutions is null or i.id = any (p_institutions))
    where s.from_state is null or s.from_state <> all (p_hidden) or s.seen_in is distinct from s.to_state
$$;

create or replace function app.run_jobs(p_idempotency_hours int, p_learn boolean, p_interval_ms bigint, p_learn_interval_ms bigint)
returns jsonb language plpgsql as $$
declare
    v_clocks jsonb := app.tick(p_idempotency_hours, p_learn);
    v_rounds jsonb := app.tick_rounds();
    v_weights jsonb := jsonb_build_object('weights_published', app.publish_weights());
    v_months jsonb := app.keep_months();
begin
    perform app.note_job('clocks', p_interval_ms, v_clocks - 'records_published'),
        app.note_job('rounds', p_interval_ms, v_rounds), app.note_job('weights', p_interval_ms, v_weights),
        app.note_job('months', p_interval_ms, v_months);
    if p_learn then
        perform app.note_job('records', p_learn_interval_ms,
            jsonb_build_object('records_published', v_clocks -> 'records_published'));
    end if;
    return v_clocks || v_rounds || v_weights || v_months;
end
$$;
grant execute on all functions in schema app to rongqiao_definer;
grant execute on function app.view_json(enterprise_view), app.round_packages(match_run), app.month_of(timestamptz),
    app.month_floor(text, date), app.make_months(int), app.keep_months(), app.match_archived() to rongqiao_app;
