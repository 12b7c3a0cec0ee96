-- What the operator steers: the calendar of working days, the weights of the score, and how the jobs do.

-- Calendar ---------------------------------------------------------------------------------------------------

grant select, insert, update, delete on holiday, working_day to rongqiao_definer;

-- Changes days from today on ({day, is_workday, name, remove}) and numbers the working days after them anew. Deadlines
-- that were set stay: they were promised.
create function app.set_calendar(i jsonb) returns int language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    v_first date := (select min((x ->> 'day')::date) from jsonb_array_elements(i -> 'days') x);
    v_end date := (select max(day) from working_day);
    n int;
begin
    if app.side() <> 'operator' then
        perform app.refuse(403, 'forbidden');
    end if;
    if exists (select from jsonb_array_elements(i -> 'days') x where (x ->> 'day')::date > v_end) then
        perform app.refuse(422, 'calendar_too_far', jsonb_build_object('pointer', '/days', 'last_day', v_end));
    end if;
    lock table working_day in share row exclusive mode;
    delete from holiday where day in (select (x ->> 'day')::date from jsonb_array_elements(i -> 'days') x
        where (x ->> 'remove')::boolean);
    insert into holiday as h (day, is_workday, name)
    select (x ->> 'day')::date, (x ->> 'is_workday')::boolean, x ->> 'name'
    from jsonb_array_elements(i -> 'days') x
    where not coalesce((x ->> 'remove')::boolean, false)
    on conflict (day) do update set is_workday = excluded.is_workday, name = excluded.name;
    delete from working_day where day >= v_first;
    insert into working_day (day, seq)
    select d::date, coalesce((select max(seq) from working_day), 0) + row_number() over (order by d)
    from generate_series(v_first::timestamp, v_end::timestamp, interval '1 day') d
    left join holiday h on h.day = d::date
    where coalesce(h.is_workday, extract(isodow from d) < 6);
    get diagnostics n = row_count;
    perform app.audit('00', 'calendar', app.uuid_v7(), 'change', null, null, null, null, i);
    return n;
end
$$;

-- Every day that is not what its weekday says, and how far the working days are known.
create function app.calendar_json(p_year int) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('items', coalesce((select jsonb_agg(jsonb_build_object('day', h.day,
                    'is_workday', h.is_workday, 'name', h.name) order by h.day)
                from holiday h
                where p_year is null or h.day between make_date(p_year, 1, 1) and make_date(p_year, 12, 31)), '[]'),
            'next', null, 'first_day', (select min(day) from working_day), 'last_day', (select max(day) from working_day),
            'working_days', (select count(*) from working_day w
                where p_year is null or w.day between make_date(p_year, 1, 1) and make_date(p_year, 12, 31)),
            -- years without a single announced day count weekends only
            'announced_years', (select coalesce(jsonb_agg(distinct extract(year from h.day)::int), '[]') from holiday h))
    );
end
$$;

-- Weights ----------------------------------------------------------------------------------------------------

-- Weights that begin on a later day: what they change of those that will be in force then.
create table score_weights_plan (
    id uuid primary key default app.uuid_v7(),
    changes jsonb not null,
    reason text not null,
    valid_from date not null,
    version int references score_weights (version), -- once published
    made_by uuid not null references app_user (id),
    created_at timestamptz not null default now()
);
create index score_weights_plan_version on score_weights_plan (version);
create index score_weights_plan_made_by on score_weights_plan (made_by);
alter table score_weights_plan enable row level security;
alter table score_weights_plan force row level security;
grant select, insert on score_weights_plan to rongqiao_app;
grant select, insert, update on score_weights_plan to rongqiao_definer;
grant insert on score_weights to rongqiao_definer;
create policy score_weights_plan_read on score_weights_plan for select using (app.side() in ('operator', 'auditor'));
create policy score_weights_plan_write on score_weights_plan for insert with check (app.side() = 'operator');

create function app.latest_weights() returns jsonb language sql stable as $$
    select document from score_weights order by version desc limit 1
$$;

-- Publishes the plans whose day has come, in their order. Returns how many.
create function app.publish_weights() returns int language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    p score_weights_plan;
    v int;
    n int := 0;
begin
    for p in select * from score_weights_plan
        where version is null and valid_from <= (now() at time zone 'Asia/Shanghai')::date
        order by valid_from, id
        for update skip locked
    loop
        select max(version) + 1 into v from score_weights;
        insert into score_weights (version, document, reason)
        values (v, app.latest_weights() || p.changes || jsonb_build_object('version', v), p.reason);
        update score_weights_plan set version = v where id = p.id;
        n := n + 1;
    end loop;
    return n;
end
$$;

-- Plans weights, and publishes them if they begin today; returns the document that is, or would by now be, in force.
create function app.plan_weights(i jsonb) returns jsonb language plpgsql as $$
declare
    p score_weights_plan;
begin
    insert into score_weights_plan (changes, reason, valid_from, made_by)
    values (i - 'reason' - 'valid_from', i ->> 'reason',
        coalesce((i ->> 'valid_from')::date, (now() at time zone 'Asia/Shanghai')::date), app.user_id())
    returning * into p;
    perform app.audit('00', 'weights', p.id, 'publish', null, null, null, p.reason, i);
    perform app.publish_weights();
    select * into p from score_weights_plan x where x.id = p.id;
    return coalesce((select w.document from score_weights w where w.version = p.version), app.latest_weights() || p.changes)
        || jsonb_build_object('id', p.id, 'version', p.version, 'reason', p.reason, 'valid_from', p.valid_from,
            'is_published', p.version is not null);
end
$$;

-- Jobs -------------------------------------------------------------------------------------------------------

create table job (
    name text primary key,
    name_zh text not null,
    name_en text not null,
    interval_ms bigint,
    runs bigint not null default 0,
    last_at timestamptz, -- noted every ten seconds, and whenever something moved
    last_result jsonb,
    moved_at timestamptz,
    moved jsonb -- what the last run that moved anything did
) with (fillfactor = 50);
insert into job (name, name_zh, name_en) values
    ('clocks', '时钟：超期流转、方案到期、会话清理', 'clocks: what is past its time moves'),
    ('rounds', '对接活动时钟', 'clocks of matchmaking rounds'),
    ('weights', '公布到期的评分权重', 'weights whose day has come'),
    ('records', '机构答复记录的更新', 'the institutions'' records anew');
grant select on job to rongqiao_app;
grant select, update on job to rongqiao_definer;

create function app.note_job(p_name text, p_interval_ms bigint, p_result jsonb) returns void language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    v_moved boolean := exists (select from jsonb_each_text(p_result) r where r.value <> '0');
begin
    update job set interval_ms = p_interval_ms, runs = runs + 1, last_at = now(), last_result = p_result,
        moved_at = case when v_moved then now() else moved_at end, moved = case when v_moved then p_result else moved end
    where name = p_name and (v_moved or last_at is null or last_at < now() - interval '10 seconds'
        or interval_ms is distinct from p_interval_ms);
end
$$;

-- One round of all of them.
create function app.run_jobs(p_idempotency_hours int, p_learn boolean, p_interval_ms bigint, p_learn_interval_ms bigint)
returns jsonb language plpgsql as $$
declare
    v_clocks jsonb := app.tick(p_idempotency_hours, p_learn);
    v_rounds jsonb := app.tick_rounds();
    v_weights jsonb := jsonb_build_object('weights_published', app.publish_weights());
begin
    perform app.note_job('clocks', p_interval_ms, v_clocks - 'records_published'),
        app.note_job('rounds', p_interval_ms, v_rounds), app.note_job('weights', p_interval_ms, v_weights);
    if p_learn then
        perform app.note_job('records', p_learn_interval_ms,
            jsonb_build_object('records_published', v_clocks -> 'records_published'));
    end if;
    return v_clocks || v_rounds || v_weights;
end
$$;

do $$
declare
    f text;
begin
    foreach f in array array['app.set_calendar(jsonb)', 'app.publish_weights()', 'app.note_job(text, bigint, jsonb)'] loop
        execute format('alter function %s owner to rongqiao_definer', f);
    end loop;
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
