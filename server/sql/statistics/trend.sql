-- What was posted, offered on and funded in each day, week or month.
-- lane: slow
-- parameters: facts
with b as materialized (
    select t.* from app.trend_buckets($1::jsonb) t
), happened (what, at, fen, minutes) as (
    select 'posted', c.posted_at, c.amount_fen, null::int
    from app.counted_needs($1::jsonb) c where app.time_fits($1::jsonb, c.posted_at)
    union all
    select 'offered', c.offered_at, null, c.offer_minutes
    from app.counted_needs($1::jsonb) c where app.time_fits($1::jsonb, c.offered_at)
    union all
    select 'funded', c.funded_at, c.funded_fen, null
    from app.counted_needs($1::jsonb) c where app.time_fits($1::jsonb, c.funded_at)
), counted as (
    select date_trunc($1::jsonb ->> 'unit', h.at at time zone 'Asia/Shanghai')::date as bucket,
        count(*) filter (where h.what = 'posted') as posted, sum(h.fen) filter (where h.what = 'posted') as posted_fen,
        count(*) filter (where h.what = 'offered') as offered, count(*) filter (where h.what = 'funded') as funded,
        sum(h.fen) filter (where h.what = 'funded') as funded_fen,
        percentile_disc(0.5) within group (order by h.minutes) as minutes
    from happened h
    group by 1
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb - 'unit', 'unit', $1::jsonb ->> 'unit',
        'figures', app.figures('trend'), 'row_filter', '{"from": "from", "to": "to"}'::jsonb,
        'items', (select jsonb_agg(jsonb_build_object('from', b.first_day, 'to', b.last_day,
                'posted', coalesce(c.posted, 0), 'posted_fen', coalesce(c.posted_fen, 0),
                'offered', coalesce(c.offered, 0), 'funded', coalesce(c.funded, 0),
                'funded_amount_fen', coalesce(c.funded_fen, 0), 'median_offer_hours', app.hours_of(c.minutes))
                order by b.bucket)
            from b left join counted c on c.bucket = b.bucket))::text, null, null
