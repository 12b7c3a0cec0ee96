-- The funnel by the regions below, at a level: provinces, cities (prefecture) or counties; one level below the region unless
-- told, and never above that. A city without counties stands among the counties. What is registered at none of these, but
-- above them, is a row of its own (is_exact).
-- lane: slow
-- parameters: facts
with wanted as (
    select greatest(coalesce(array_position('{province,prefecture,county}', $1::jsonb ->> 'level'), 1),
        case when $1::jsonb ->> 'region' = '000000' then 1 when $1::jsonb ->> 'region' like '%0000' then 2 else 3 end) as rank
), below as (
    select r.code, r.name_zh, r.name_en, r.level, r.parent, false as is_exact
    from wanted w, region r
    where app.region_fits($1::jsonb, r.code)
        and r.code <> $1::jsonb ->> 'region'
        and (r.level = ('{province,prefecture,county}'::text[])[w.rank]
            or w.rank = 3 and r.level = 'prefecture' and not exists (select from region c where c.parent = r.code))
), n as (
    select c.*, case w.rank when 1 then left(c.region_code, 2) || '0000'
            when 2 then case when c.region_code like '%0000' then c.region_code else left(c.region_code, 4) || '00' end
            else c.region_code end as key
    from wanted w, app.counted_needs($1::jsonb) c
    where app.time_fits($1::jsonb, c.posted_at)
), counted as (
    select key, count(*) as needs, sum(amount_fen) as needs_fen, count(matched_at) as matched, count(offered_at) as offers,
        count(guaranteed_at) as guaranteed, count(funded_at) as funded, sum(funded_fen) as funded_fen,
        count(distinct enterprise_id) filter (where funded_at is not null and first_loan) as first_time_borrowers,
        percentile_disc(0.5) within group (order by offer_minutes) as minutes
    from n
    group by key
), rows as (
    select coalesce(b.code, c.key) as code, coalesce(b.name_zh, r.name_zh) as name_zh, coalesce(b.name_en, r.name_en) as name_en,
        coalesce(b.level, r.level) as level, coalesce(b.parent, r.parent) as parent, b.code is null as is_exact, c.*
    from below b
    full join counted c on c.key = b.code
    left join region r on r.code = c.key
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb - 'level', 'figures', app.figures('regions'),
        'row_filter', '{"region": "region_code", "region_exact": "is_exact"}'::jsonb,
        'items', (select coalesce(jsonb_agg(jsonb_build_object('region_code', code, 'name_zh', name_zh, 'name_en', name_en,
            'level', level, 'parent', parent, 'is_exact', is_exact, 'needs', coalesce(needs, 0),
            'needs_fen', coalesce(needs_fen, 0), 'matched', coalesce(matched, 0), 'offers', coalesce(offers, 0),
            'guaranteed', coalesce(guaranteed, 0), 'funded', coalesce(funded, 0),
            'funded_amount_fen', coalesce(funded_fen, 0), 'first_time_borrowers', coalesce(first_time_borrowers, 0),
            'median_offer_hours', app.hours_of(minutes)) order by code), '[]') from rows))::text, null, null
