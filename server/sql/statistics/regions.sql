-- The funnel by the regions one level below: provinces of the country, cities of a province, counties of a city. What is
-- registered at the region itself is a row of its own (is_exact).
-- lane: slow
-- parameters: facts
with below as (
    select r.code, r.name_zh, r.name_en, r.level, false as is_exact
    from region r
    where r.parent is not distinct from nullif($1::jsonb ->> 'region', '000000')
), n as (
    select c.*, case
            when $1::jsonb ->> 'region' = '000000' then left(c.region_code, 2) || '0000'
            when $1::jsonb ->> 'region' like '%0000' and c.region_code not like '%0000' then left(c.region_code, 4) || '00'
            else c.region_code
        end as key
    from app.counted_needs($1::jsonb) c
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
        coalesce(b.level, r.level) as level, b.code is null as is_exact, c.*
    from below b
    full join counted c on c.key = b.code
    left join region r on r.code = c.key
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb, 'figures', app.figures('regions'),
        'row_filter', '{"region": "region_code", "region_exact": "is_exact"}'::jsonb,
        'items', (select coalesce(jsonb_agg(jsonb_build_object('region_code', code, 'name_zh', name_zh, 'name_en', name_en,
            'level', level, 'is_exact', is_exact, 'needs', coalesce(needs, 0), 'needs_fen', coalesce(needs_fen, 0),
            'matched', coalesce(matched, 0), 'offers', coalesce(offers, 0), 'guaranteed', coalesce(guaranteed, 0),
            'funded', coalesce(funded, 0), 'funded_amount_fen', coalesce(funded_fen, 0),
            'first_time_borrowers', coalesce(first_time_borrowers, 0), 'median_offer_hours', app.hours_of(minutes))
            order by code), '[]') from rows))::text, null, null
