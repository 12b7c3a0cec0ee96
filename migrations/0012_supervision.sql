-- What supervision counts: the steps of needs, applications and guarantee cases with their times, and the figures
-- that are made of them, each with its definition and the list it counts.

-- Working minutes since the first known working day; two of them apart is the working time between.
create function app.working_minute(p_at timestamptz) returns int language plpgsql stable as $$
declare
    v_local timestamp := p_at at time zone 'Asia/Shanghai';
begin
    return coalesce((
        select (w.seq - 1) * 480 + case when w.day = v_local::date
            then least(480, greatest(0, extract(epoch from v_local::time)::int / 60 - 540)) else 480 end
        from working_day w
        where w.day <= v_local::date
        order by w.day desc
        limit 1), 0);
end
$$;
create function app.working_minutes(p_from timestamptz, p_to timestamptz) returns int language sql stable
    return app.working_minute(p_to) - app.working_minute(p_from);

-- Steps ------------------------------------------------------------------------------------------------------
-- Each the first time it was reached; what falls through later was reached all the same. Minutes are working time since
-- the first of them.

alter table need
    add column posted_at timestamptz,      -- left the draft
    add column first_match_at timestamptz, -- a package was eligible
    add column first_offer_at timestamptz, -- a bank's checker approved an offer
    add column guaranteed_at timestamptz,  -- a guarantor agreed
    add column funded_at timestamptz,
    add column match_minutes int,
    add column offer_minutes int,
    add column guarantee_minutes int,
    add column fund_minutes int,
    add column funded_fen bigint,
    add column first_loan boolean not null default false; -- as known when it was posted
alter table application
    add column offered_at timestamptz,
    add column answered_at timestamptz, -- the first approved offer, or the refusal
    add column answer_minutes int,
    add column funded_at timestamptz,
    add column funded_fen bigint;
alter table guarantee_case
    add column approved_at timestamptz,
    add column answered_at timestamptz,
    add column answer_minutes int,
    add column in_force_at timestamptz;

create function app.note_need_steps() returns trigger language plpgsql as $$
begin
    if new.posted_at is null and new.state <> 'draft' then
        new.posted_at := now();
        new.first_loan := coalesce((new.facts ->> 'first_loan')::boolean, (
            select (f.value #>> '{}')::boolean from enterprise_fact f
            where f.enterprise_id = new.enterprise_id and f.province = new.province and f.fact = 'first_loan'),
            new.green_channel = 'first_loan');
    end if;
    if new.first_match_at is null and new.posted_at is not null and new.eligible_total > 0 then
        new.first_match_at := now();
        new.match_minutes := app.working_minutes(new.posted_at, now());
    end if;
    if new.first_offer_at is null and new.state = 'offered' then
        new.first_offer_at := now();
        new.offer_minutes := app.working_minutes(new.posted_at, now());
    end if;
    if new.funded_at is null and new.state = 'funded' then
        new.funded_at := now();
        new.fund_minutes := app.working_minutes(new.posted_at, now());
        new.funded_fen := (select sum(o.funded_fen) from offer o where o.need_id = new.id and o.province = new.province);
    end if;
    return new;
end
$$;
-- After need_guard: triggers go by their names.
create trigger need_steps before insert or update of state, eligible_total on need
    for each row execute function app.note_need_steps();

create function app.note_application_steps() returns trigger language plpgsql as $$
begin
    if new.offered_at is null and new.state = 'offered' then
        new.offered_at := now();
    end if;
    if new.answered_at is null and new.state in ('offered', 'refused') then
        new.answered_at := now();
        new.answer_minutes := app.working_minutes(new.created_at, now());
    end if;
    if new.funded_at is null and new.state = 'disbursed' then
        new.funded_at := now();
        new.funded_fen := (select sum(o.funded_fen) from offer o
            where o.application_id = new.id and o.province = new.province);
    end if;
    return new;
end
$$;
create trigger application_steps before insert or update of state on application
    for each row execute function app.note_application_steps();

create function app.note_guarantee_steps() returns trigger language plpgsql as $$
begin
    if new.approved_at is null and new.state = 'approved' then
        new.approved_at := now();
    end if;
    if new.answered_at is null and new.state in ('approved', 'refused') then
        new.answered_at := now();
        new.answer_minutes := app.working_minutes(new.created_at, now());
    end if;
    if new.in_force_at is null and new.state = 'effective' then
        new.in_force_at := now();
    end if;
    return new;
end
$$;
create trigger guarantee_steps before insert or update of state on guarantee_case
    for each row execute function app.note_guarantee_steps();

-- The need of a guarantee that was agreed to.
create function app.after_guarantee() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
begin
    update need set guaranteed_at = now(), guarantee_minutes = app.working_minutes(posted_at, now())
    where id = new.need_id and province = new.province and guaranteed_at is null;
    return null;
end
$$;
alter function app.after_guarantee() owner to rongqiao_definer;
create trigger guarantee_consequences after insert or update of state on guarantee_case
    for each row when (new.state = 'approved') execute function app.after_guarantee();

-- What was before: the trail has the times.
with first as (
    select case_id, kind, to_state, min(at) as at from audit_event
    where kind in ('need', 'application', 'guarantee_case') and to_state is not null
    group by case_id, kind, to_state
), steps as (
    select case_id, kind, min(at) filter (where to_state = 'offered') as offered_at,
        min(at) filter (where to_state = 'refused') as refused_at, min(at) filter (where to_state = 'approved') as approved_at,
        min(at) filter (where to_state = 'effective') as in_force_at,
        min(at) filter (where to_state in ('funded', 'disbursed')) as funded_at,
        min(at) filter (where kind = 'need' and to_state <> 'draft') as posted_at
    from first
    group by case_id, kind
), cases as (
    update guarantee_case g set approved_at = s.approved_at, answered_at = coalesce(s.approved_at, s.refused_at),
        answer_minutes = app.working_minutes(g.created_at, coalesce(s.approved_at, s.refused_at)),
        in_force_at = s.in_force_at
    from steps s
    where s.case_id = g.id
    returning g.need_id, g.approved_at
), applications as (
    update application a set offered_at = s.offered_at, answered_at = coalesce(s.offered_at, s.refused_at),
        answer_minutes = app.working_minutes(a.created_at, coalesce(s.offered_at, s.refused_at)), funded_at = s.funded_at,
        funded_fen = (select sum(o.funded_fen) from offer o where o.application_id = a.id and o.province = a.province)
    from steps s
    where s.case_id = a.id
)
update need n set posted_at = coalesce(s.posted_at, n.created_at),
    first_match_at = case when n.eligible_total > 0 then coalesce(s.posted_at, n.created_at) end,
    match_minutes = case when n.eligible_total > 0 then 0 end,
    first_offer_at = s.offered_at,
    offer_minutes = app.working_minutes(coalesce(s.posted_at, n.created_at), s.offered_at),
    guaranteed_at = c.approved_at,
    guarantee_minutes = app.working_minutes(coalesce(s.posted_at, n.created_at), c.approved_at),
    funded_at = s.funded_at,
    fund_minutes = app.working_minutes(coalesce(s.posted_at, n.created_at), s.funded_at),
    funded_fen = (select sum(o.funded_fen) from offer o where o.need_id = n.id and o.province = n.province),
    first_loan = coalesce((n.facts ->> 'first_loan')::boolean, n.green_channel = 'first_loan')
from need x
left join steps s on s.case_id = x.id
left join (select need_id, min(approved_at) as approved_at from cases group by need_id) c on c.need_id = x.id
where n.id = x.id and n.province = x.province and n.state <> 'draft';

create index need_posted on need (posted_at);
create index need_funded on need (funded_at) where funded_at is not null;
create index application_created on application (created_at);
create index guarantee_created on guarantee_case (created_at);

-- Figures ----------------------------------------------------------------------------------------------------

-- What each figure of each report means, and the list whose rows it counts (or whose field it adds up).
create table figure (
    report text not null check (report in ('funnel', 'regions', 'institutions', 'guarantors', 'trend')),
    field text not null,
    ordinal int not null,
    unit text not null check (unit in ('cases', 'enterprises', 'fen', 'working_hours', 'ppm')),
    list text check (list in ('needs', 'applications', 'guarantee-cases', 'enterprises')),
    filter jsonb, -- of the list, beside the report's own filter and the row's
    adds_up text, -- null: the rows are counted
    name_zh text not null,
    name_en text not null,
    text_zh text not null,
    text_en text not null,
    primary key (report, field)
);
\copy figure (report, field, ordinal, unit, list, filter, adds_up, name_zh, name_en, text_zh, text_en) from 'data/figure.csv'
grant select on figure to rongqiao_app, rongqiao_definer;

-- The lists behind a report's figures. A bank may count enterprises that it may not list.
create function app.figures(p_report text) returns jsonb language sql stable as $$
    select jsonb_object_agg(f.field, jsonb_build_object('code', f.report || '.' || f.field, 'unit', f.unit,
        'list', case when f.list = 'enterprises' and app.side() = 'institution' then null else f.list end,
        'filter', f.filter, 'adds_up', f.adds_up))
    from figure f
    where f.report = p_report
$$;

-- Midnight in Shanghai.
create function app.day_start(p_day date) returns timestamptz language sql stable
    return p_day::timestamp at time zone 'Asia/Shanghai';

-- The filter that a report goes by: an institution counts its own, an authority its region unless it names one below.
create function app.report_filter(i jsonb) returns jsonb language sql stable
    return jsonb_strip_nulls(i - 'step' || jsonb_build_object(
        'region', coalesce(i ->> 'region', case when app.side() = 'authority' then app.region_low() else '000000' end),
        'institution_id', case when app.side() = 'institution' then app.org_id()::text else i ->> 'institution_id' end));

-- Written as ranges, so that an index serves them whether or not they are asked for.
create function app.region_fits(i jsonb, p_code text) returns boolean language sql stable
    return (p_code collate "C") between (coalesce(i ->> 'region', '000000') collate "C")
        and (case when (i ->> 'region_exact')::boolean then i ->> 'region'
            else coalesce(app.region_high(i ->> 'region'), '999999') end collate "C");
create function app.channel_fits(i jsonb, p_channel text) returns boolean language sql stable
    return i ->> 'channel' is null or p_channel = i ->> 'channel' or i ->> 'channel' = 'any' and p_channel <> 'none';
create function app.time_fits(i jsonb, p_at timestamptz) returns boolean language sql stable
    return p_at >= coalesce(app.day_start((i ->> 'from')::date), '-infinity')
        and p_at < coalesce(app.day_start((i ->> 'to')::date + 1), 'infinity');
-- Whether a case is of a kind of finance: its need asked for it.
create function app.kind_fits(i jsonb, p_need uuid, p_province text) returns boolean language sql stable
    return i ->> 'kind' is null or exists (select from need k
        where k.id = p_need and k.province = p_province and i ->> 'kind' = any (k.kinds));

-- Whether a need that took these steps is in the list that `i` asks for: step reached, and posted in the time (or, with
-- by = step, the step taken in it).
create function app.steps_fit(i jsonb, p_posted timestamptz, p_matched timestamptz, p_offered timestamptz,
    p_guaranteed timestamptz, p_funded timestamptz) returns boolean language sql stable
    return (i ->> 'step' is null or case i ->> 'step' when 'posted' then p_posted when 'matched' then p_matched
            when 'offered' then p_offered when 'guaranteed' then p_guaranteed else p_funded end is not null)
        and app.time_fits(i, case when i ->> 'by' = 'step' then case i ->> 'step' when 'matched' then p_matched
            when 'offered' then p_offered when 'guaranteed' then p_guaranteed when 'funded' then p_funded
            else p_posted end else p_posted end);

-- The needs that a filter counts, whatever their step and time; for one institution those that reached it, with the
-- steps that it took.
create function app.counted_needs(i jsonb) returns table (id uuid, province text, enterprise_id uuid, region_code text,
    amount_fen bigint, first_loan boolean, posted_at timestamptz, matched_at timestamptz, offered_at timestamptz,
    guaranteed_at timestamptz, funded_at timestamptz, funded_fen bigint, match_minutes int, offer_minutes int,
    guarantee_minutes int, fund_minutes int) language sql stable rows 1000 as $$
    select n.id, n.province, n.enterprise_id, n.region_code, n.amount_fen, n.first_loan, n.posted_at, n.first_match_at,
        n.first_offer_at, n.guaranteed_at, n.funded_at, n.funded_fen, n.match_minutes, n.offer_minutes,
        n.guarantee_minutes, n.fund_minutes
    from need n
    where i ->> 'institution_id' is null
        and n.posted_at is not null
        and app.region_fits(i, n.region_code)
        and app.channel_fits(i, n.green_channel)
        and (i ->> 'kind' is null or i ->> 'kind' = any (n.kinds))
    union all
    select n.id, n.province, n.enterprise_id, n.region_code, n.amount_fen, n.first_loan, n.posted_at, n.first_match_at,
        s.offered_at, s.guaranteed_at, s.funded_at, s.funded_fen, n.match_minutes,
        app.working_minutes(n.posted_at, s.offered_at), app.working_minutes(n.posted_at, s.guaranteed_at),
        app.working_minutes(n.posted_at, s.funded_at)
    from (
        select x.need_id, x.province, min(x.offered_at) as offered_at, min(x.approved_at) as approved_at,
            min(x.funded_at) as funded_at, sum(x.funded_fen)::bigint as funded_fen, bool_or(x.lends) as lends
        from (
            select a.need_id, a.province, a.offered_at, null::timestamptz as approved_at, a.funded_at, a.funded_fen,
                true as lends
            from application a
            where a.institution_id = (i ->> 'institution_id')::uuid
            union all
            select g.need_id, g.province, null, g.approved_at, null, null, false
            from guarantee_case g
            where g.guarantor_id = (i ->> 'institution_id')::uuid
        ) x
        group by x.need_id, x.province
    ) own
    join need n on n.id = own.need_id and n.province = own.province,
    lateral (select case when own.lends then own.offered_at else n.first_offer_at end as offered_at,
        case when own.lends then n.guaranteed_at else own.approved_at end as guaranteed_at,
        case when own.lends then own.funded_at else n.funded_at end as funded_at,
        case when own.lends then own.funded_fen else n.funded_fen end as funded_fen) s
    where i ->> 'institution_id' is not null
        and n.posted_at is not null
        and app.region_fits(i, n.region_code)
        and app.channel_fits(i, n.green_channel)
        and (i ->> 'kind' is null or i ->> 'kind' = any (n.kinds))
$$;

-- The same for a trend: its unit of time (step), first and last day. The last 30 days, 12 weeks or 12 months unless told.
create function app.trend_filter(i jsonb) returns jsonb language plpgsql stable as $$
declare
    v_unit text := coalesce(i ->> 'step', 'day');
    v_to date := coalesce((i ->> 'to')::date, (now() at time zone 'Asia/Shanghai')::date);
    v_from date := coalesce((i ->> 'from')::date, case v_unit when 'day' then v_to - 29 when 'week' then v_to - 83
        else (date_trunc('month', v_to) - interval '11 months')::date end);
begin
    if v_to - v_from > 400 * (case v_unit when 'day' then 1 when 'week' then 7 else 30 end) then
        perform app.refuse(422, 'period_too_long', jsonb_build_object('pointer', '/from'));
    end if;
    return app.report_filter(i) || jsonb_build_object('unit', v_unit, 'from', v_from, 'to', v_to);
end
$$;
-- Its stretches of time, cut to the first and last day.
create function app.trend_buckets(i jsonb) returns table (bucket date, first_day date, last_day date)
language sql stable as $$
    select b::date, greatest(b::date, (i ->> 'from')::date),
        least((b + ('1 ' || (i ->> 'unit'))::interval)::date - 1, (i ->> 'to')::date)
    from generate_series(date_trunc(i ->> 'unit', (i ->> 'from')::timestamp), (i ->> 'to')::timestamp,
        ('1 ' || (i ->> 'unit'))::interval) b
$$;

-- A median of working minutes in hours, to a tenth.
create function app.hours_of(p_minutes int) returns numeric language sql immutable
    return round(p_minutes / 60.0, 1);
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- The documents tell the steps.
create or replace function app.need_json(n need) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', n.id, 'request_no', n.request_no,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc)
                    from enterprise e where e.id = n.enterprise_id and e.province = n.province),
                'kinds', n.kinds, 'amount_fen', n.amount_fen, 'amount_min_fen', n.amount_min_fen,
                'term_months', n.term_months, 'term_days', n.term_days, 'max_rate_ppm', n.max_rate_ppm,
                'purpose', n.purpose, 'purpose_detail', n.purpose_detail, 'repayments', n.repayments,
                'collateral', n.collateral, 'needed_by', n.needed_by, 'max_claims', n.max_claims,
                'visibility', n.visibility, 'facts', n.facts, 'region_code', n.region_code,
                'industry_code', n.industry_code, 'size_class', n.size_class, 'green_channel', n.green_channel)
            || jsonb_build_object('matched_at', n.matched_at, 'eligible_total', n.eligible_total,
                'repeats', (select coalesce(jsonb_agg(r.request_no), '[]') from (
                    select x.request_no from need x
                    where x.fingerprint = n.fingerprint and x.id <> n.id
                        and x.created_at > n.created_at - interval '30 days' and x.created_at <= n.created_at
                    order by x.created_at desc
                    limit 5) r),
                'steps', jsonb_build_object('posted_at', n.posted_at, 'matched_at', n.first_match_at,
                    'offered_at', n.first_offer_at, 'guaranteed_at', n.guaranteed_at, 'funded_at', n.funded_at),
                'funded_fen', n.funded_fen, 'first_loan', n.first_loan,
                'reason', app.reason_json(n.reason_code, n.reason_text),
                'version', n.version, 'created_at', n.created_at, 'updated_at', n.updated_at)
            || app.life_json('need', n.state, n.state_since, n.deadline_at, n.made_by)
    );
end
$$;

create or replace function app.application_json(a application) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', a.id, 'need_id', a.need_id, 'origin', a.origin,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc,
                        'contact_name', e.contact_name, 'contact_mobile', e.contact_mobile)
                    from enterprise e where e.id = a.enterprise_id and e.province = a.province),
                'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = a.institution_id),
                'product_id', a.product_id,
                'product_zh', (select p.name_zh from product p where p.id = a.product_id),
                'package', a.package, 'note', a.note, 'paper_stops', a.paper_stops, 'green_channel', a.green_channel,
                'region_code', a.region_code, 'offered_at', a.offered_at,
                'answered_at', a.answered_at, 'funded_at', a.funded_at, 'funded_fen', a.funded_fen,
                'reason', case when a.state not in ('refusal_pending') or app.side() <> 'enterprise'
                    then app.reason_json(a.reason_code, a.reason_text) end,
                'version', a.version, 'created_at', a.created_at, 'updated_at', a.updated_at)
            || app.life_json('application', a.state, a.state_since, a.deadline_at, a.made_by)
            || case when a.state = 'refusal_pending' and app.side() = 'enterprise'
                then jsonb_build_object('state', 'investigating', 'state_zh', '尽调', 'state_en', 'under enquiry')
                else '{}' end
    );
end
$$;
