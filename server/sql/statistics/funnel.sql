-- How far the needs that were posted in a time came: posted, matched, offered, guaranteed, funded.
-- lane: slow
-- parameters: facts
with n as materialized (
    select c.*
    from app.counted_needs($1::jsonb) c
    where app.time_fits($1::jsonb, c.posted_at)
), counted (ordinal, step, cases, amount_fen, minutes) as (
    select 1, 'posted', count(*), sum(amount_fen), null::int from n
    union all
    select 2, 'matched', count(*), sum(amount_fen), percentile_disc(0.5) within group (order by match_minutes)
    from n where matched_at is not null
    union all
    select 3, 'offered', count(*), sum(amount_fen), percentile_disc(0.5) within group (order by offer_minutes)
    from n where offered_at is not null
    union all
    select 4, 'guaranteed', count(*), sum(amount_fen), percentile_disc(0.5) within group (order by guarantee_minutes)
    from n where guaranteed_at is not null
    union all
    select 5, 'funded', count(*), sum(funded_fen), percentile_disc(0.5) within group (order by fund_minutes)
    from n where funded_at is not null
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb, 'figures', app.figures('funnel'),
        'steps', (select jsonb_agg(jsonb_build_object('step', step, 'cases', cases, 'amount_fen', coalesce(amount_fen, 0),
            'median_hours', app.hours_of(minutes)) order by ordinal) from counted),
        'funded_enterprises', (select count(distinct enterprise_id) from n where funded_at is not null),
        'first_time_borrowers', (select count(distinct enterprise_id) from n
            where funded_at is not null and first_loan))::text, null, null
