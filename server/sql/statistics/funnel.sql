-- How far the needs that were posted in a time came: posted, matched, offered, guaranteed, funded; each with how many
-- there are of what its share is of.
-- lane: slow
-- parameters: facts
with n as materialized (
    select c.*, app.asked_guarantee($1::jsonb, c.id, c.province, c.guaranteed_at) as is_asked
    from app.counted_needs($1::jsonb) c
    where app.time_fits($1::jsonb, c.posted_at)
), counted (ordinal, step, base, cases, amount_fen, minutes) as (
    select 1, 'posted', null, count(*), sum(amount_fen), null::int from n
    union all
    select 2, 'matched', 'posted', count(*), sum(amount_fen), percentile_disc(0.5) within group (order by match_minutes)
    from n where matched_at is not null
    union all
    select 3, 'offered', 'posted', count(*), sum(amount_fen), percentile_disc(0.5) within group (order by offer_minutes)
    from n where offered_at is not null
    union all
    select 4, 'guaranteed', 'asked', count(*), sum(amount_fen),
        percentile_disc(0.5) within group (order by guarantee_minutes)
    from n where guaranteed_at is not null
    union all
    select 5, 'funded', 'offered', count(*), sum(funded_fen), percentile_disc(0.5) within group (order by fund_minutes)
    from n where funded_at is not null
), bases (base, cases) as (
    select 'posted', count(*) from n
    union all
    select 'offered', count(*) from n where offered_at is not null
    union all
    select 'asked', count(*) from n where is_asked
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb, 'figures', app.figures('funnel'),
        'row_filter', '{"step": "step"}'::jsonb, 'share_row_filter', '{"step": "share_of"}'::jsonb,
        'steps', (select jsonb_agg(jsonb_build_object('step', c.step, 'cases', c.cases,
                'amount_fen', coalesce(c.amount_fen, 0), 'median_hours', app.hours_of(c.minutes),
                'share_of', c.base, 'share_of_cases', b.cases,
                'share_ppm', trunc(c.cases * 1000000.0 / nullif(b.cases, 0))::bigint) order by c.ordinal)
            from counted c left join bases b using (base)),
        'funded_enterprises', (select count(distinct enterprise_id) from n where funded_at is not null),
        'first_time_borrowers', (select count(distinct enterprise_id) from n
            where funded_at is not null and first_loan))::text, null, null
