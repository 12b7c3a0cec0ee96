-- Roles, who-asks settings, reference tables. Run by the owner of the database (a superuser, because the
-- definer role bypasses row level security).

do $$
begin
    if not exists (select from pg_roles where rolname = 'rongqiao_app') then
        create role rongqiao_app login nosuperuser nocreatedb nocreaterole nobypassrls noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'rongqiao_definer') then
        create role rongqiao_definer nologin nosuperuser bypassrls;
    end if;
end
$$;

revoke all on schema public from public;
grant usage on schema public to rongqiao_app, rongqiao_definer;
create schema app;
grant usage on schema app to rongqiao_app, rongqiao_definer;

-- Who asks: set for one transaction by app.enter(), read by policies. Inlined by the planner.
create function app.user_id() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.user_id', true), '')::uuid;
create function app.org_id() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.org_id', true), '')::uuid;
-- enterprise, institution, authority, operator, auditor, system, or '' (nobody)
create function app.side() returns text language sql stable parallel safe
    return coalesce(current_setting('app.side', true), '');
create function app.roles() returns text[] language sql stable parallel safe
    return string_to_array(nullif(current_setting('app.roles', true), ''), ',');
create function app.action() returns text language sql stable parallel safe
    return nullif(current_setting('app.action', true), '');
-- The region an authority is scoped to, as an inclusive range of six-digit codes: 330000 covers 330000..339999.
create function app.region_low() returns text language sql stable parallel safe
    return coalesce(nullif(current_setting('app.region', true), ''), 'x');
create function app.region_high(code text) returns text language sql immutable parallel safe
    return case
        when code = '000000' then '999999'
        when code like '%0000' then left(code, 2) || '9999'
        when code like '%00' then left(code, 4) || '99'
        else code
    end;
-- True when the asking authority's region holds `code`.
create function app.in_region(code text) returns boolean language sql stable parallel safe
    return (code collate "C") between (app.region_low() collate "C") and (app.region_high(app.region_low()) collate "C");

-- UUIDv7 (RFC 9562): 48 bits of wall clock, so that new rows land at one end of every index.
create function app.uuid_v7() returns uuid language sql volatile parallel safe
    return encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1), 'hex')::uuid;

-- Raises a problem: the SQLSTATE carries the HTTP status, the message the problem's code, the detail a JSON
-- object for the reply's extensions. The server maps it by one table.
create function app.refuse(status int, code text, detail jsonb default null) returns void
language plpgsql as $$
begin
    raise exception using errcode = 'RQ' || status, message = code, detail = coalesce(detail::text, '');
end
$$;

-- Reference tables --------------------------------------------------------------------------------------

create table region (
    code text collate "C" primary key check (code ~ '^[0-9]{6}$'),
    name_zh text not null,
    name_en text,
    level text not null check (level in ('province', 'prefecture', 'county')),
    parent text references region (code),
    is_zone boolean not null default false
);
create index region_parent on region (parent);

create table industry (
    code text collate "C" primary key,
    letter_code text collate "C" not null unique,
    name_zh text not null,
    name_en text,
    level text not null check (level in ('section', 'division', 'group', 'class')),
    parent text references industry (code),
    section text not null
);
create index industry_parent on industry (parent);

-- SME size rules of 2011 (工信部联企业〔2011〕300号) as thresholds; revenue and assets in 万元.
create table sme_group (grp text primary key, name_zh text not null, name_en text not null);
create table sme_threshold (
    grp text not null references sme_group (grp),
    indicator text not null check (indicator in ('emp', 'rev', 'ast')),
    large_min bigint not null,
    medium_min bigint not null,
    small_min bigint not null,
    primary key (grp, indicator)
);
create table industry_sme_group (
    code text collate "C" primary key references industry (code),
    grp text not null references sme_group (grp)
);
create index industry_sme_group_grp on industry_sme_group (grp);

create table lpr (published_on date primary key, lpr_1y_ppm int not null, lpr_5y_ppm int not null);

create table holiday (day date primary key, is_workday boolean not null, name text not null);

create table refusal_reason (
    code text primary key,
    name_zh text not null,
    name_en text not null,
    repairable boolean not null,
    repair_by text not null,
    steps_zh text not null,
    steps_en text not null,
    text_min int not null
);

\copy region (code, name_zh, name_en, level, parent, is_zone) from 'data/region.csv'
\copy industry (code, letter_code, name_zh, name_en, level, parent, section) from 'data/industry.csv'
\copy sme_group (grp, name_zh, name_en) from 'data/sme_group.csv'
\copy sme_threshold (grp, indicator, large_min, medium_min, small_min) from 'data/sme_threshold.csv'
\copy industry_sme_group (code, grp) from 'data/industry_sme_group.csv'
\copy lpr (published_on, lpr_1y_ppm, lpr_5y_ppm) from 'data/lpr.csv'
\copy holiday (day, is_workday, name) from 'data/holiday.csv'
\copy refusal_reason (code, name_zh, name_en, repairable, repair_by, steps_zh, steps_en, text_min) from 'data/refusal_reason.csv'

-- Working days numbered in a row, so that a deadline is two look-ups (9:00-17:00 Asia/Shanghai, 480 minutes
-- a day). Years whose holidays are not announced yet count weekends only; a later migration renumbers them.
create table working_day (day date primary key, seq int not null unique);
insert into working_day (day, seq)
select d::date, row_number() over (order by d)
from generate_series(date '2024-12-30', date '2031-12-31', interval '1 day') d
left join holiday h on h.day = d::date
where coalesce(h.is_workday, extract(isodow from d) < 6);

-- The moment `hours` working hours after `start`.
create function app.add_working_hours(start timestamptz, hours int) returns timestamptz
language plpgsql stable as $$
begin
    return (
        with clock as (
            select start at time zone 'Asia/Shanghai' as local
        ),
        first_day as (
            select w.seq,
                case when w.day = local::date
                    then least(480, greatest(0, extract(epoch from local::time)::int / 60 - 540))
                    else 0
                end as minute
            from clock, working_day w
            where w.day >= local::date
            order by w.day
            limit 1
        ),
        target as (
            select seq + (minute + hours * 60 - 1) / 480 as seq, (minute + hours * 60 - 1) % 480 + 1 as minute
            from first_day
        )
        select (w.day + time '09:00' + make_interval(mins => t.minute)) at time zone 'Asia/Shanghai'
        from target t
        join working_day w using (seq)
    );
end
$$;

-- The tier of one indicator alone.
create function app.size_tier(value bigint, large_min bigint, medium_min bigint, small_min bigint)
returns int language sql immutable
    return case when value >= large_min then 3 when value >= medium_min then 2 when value >= small_min then 1 else 0 end;

-- Size class by the 2011 rules: every lower bound of a tier must be met, hence the least tier over the
-- indicators. Null when the industry is not covered or an indicator is missing. Money in fen.
create function app.size_class_of_group(p_grp text, employees bigint, revenue_fen bigint, total_assets_fen bigint)
returns text language sql stable as $$
    select case when count(*) = 0 or bool_or(v is null) then null
        else (array['micro', 'small', 'medium', 'large'])[1 + min(app.size_tier(v, t.large_min, t.medium_min, t.small_min))]
    end
    from (
        select t.*, case indicator
            when 'emp' then employees
            when 'rev' then revenue_fen / 1000000
            when 'ast' then total_assets_fen / 1000000
        end as v
        from sme_threshold t
        where t.grp = p_grp
    ) t
$$;
create function app.size_class(industry_code text, employees bigint, revenue_fen bigint, total_assets_fen bigint)
returns text language plpgsql stable as $$
begin
    return (
        select app.size_class_of_group(g.grp, employees, revenue_fen, total_assets_fen)
        from industry_sme_group g
        where g.code = industry_code
    );
end
$$;

grant select on region, industry, sme_group, sme_threshold, industry_sme_group, lpr, holiday, refusal_reason,
    working_day to rongqiao_app, rongqiao_definer;
