-- What became of the needs of a region: needs, matched, offered, guaranteed, funded, as counts and amounts,
-- whole and by kind, size, industry section and county. Only what the asker may see is counted.
-- lane: slow
-- parameters: input
with n as materialized (
    select n.id, n.province, n.amount_fen, n.kinds, coalesce(n.size_class, 'unknown') as size,
        coalesce(i.section, '?') as section, n.region_code as county,
        coalesce(n.eligible_total, 0) > 0 as matched,
        exists (select from offer o where o.need_id = n.id and o.province = n.province
            and o.state not in ('pending_approval', 'sent_back', 'rejected')) as offered,
        exists (select from guarantee_case g where g.need_id = n.id and g.province = n.province
            and g.state not in ('applied', 'batch_filed', 'reviewing', 'pending_approval', 'refusal_pending', 'refused',
                'withdrawn')) as guaranteed,
        coalesce((select sum(o.funded_fen) from offer o where o.need_id = n.id and o.province = n.province), 0) as funded_fen,
        extract(epoch from (select min(o.created_at) from offer o where o.need_id = n.id and o.province = n.province)
            - n.created_at) / 3600 as hours_to_offer
    from need n
    left join industry i on i.code = n.industry_code
    where n.state <> 'draft'
        and ($1::jsonb ->> 'region' is null or n.region_code between $1::jsonb ->> 'region'
            and app.region_high($1::jsonb ->> 'region'))
        and ($1::jsonb ->> 'from' is null or n.created_at >= ($1::jsonb ->> 'from')::date)
        and ($1::jsonb ->> 'to' is null or n.created_at < ($1::jsonb ->> 'to')::date + 1)
), cut (dimension, key, id, province, amount_fen, matched, offered, guaranteed, funded_fen, hours_to_offer) as (
    select 'total', 'all', id, province, amount_fen, matched, offered, guaranteed, funded_fen, hours_to_offer from n
    union all
    select 'kind', k, id, province, amount_fen, matched, offered, guaranteed, funded_fen, hours_to_offer
    from n, unnest(n.kinds) k
    union all
    select 'size', size, id, province, amount_fen, matched, offered, guaranteed, funded_fen, hours_to_offer from n
    union all
    select 'industry', section, id, province, amount_fen, matched, offered, guaranteed, funded_fen, hours_to_offer from n
    union all
    select 'county', county, id, province, amount_fen, matched, offered, guaranteed, funded_fen, hours_to_offer from n
), counted as (
    select dimension, key, jsonb_build_object('key', key, 'needs', count(*), 'needs_fen', coalesce(sum(amount_fen), 0),
        'matched', count(*) filter (where matched),
        'matched_fen', coalesce(sum(amount_fen) filter (where matched), 0),
        'offered', count(*) filter (where offered),
        'offered_fen', coalesce(sum(amount_fen) filter (where offered), 0),
        'guaranteed', count(*) filter (where guaranteed),
        'guaranteed_fen', coalesce(sum(amount_fen) filter (where guaranteed), 0),
        'funded', count(*) filter (where funded_fen > 0), 'funded_fen', coalesce(sum(funded_fen), 0),
        'median_hours_to_offer', round((percentile_cont(0.5) within group (order by hours_to_offer))::numeric, 1)) as row
    from cut
    group by dimension, key
)
select 200, jsonb_build_object(
        'total', coalesce((select row - 'key' from counted where dimension = 'total'),
            '{"needs": 0, "needs_fen": 0, "matched": 0, "matched_fen": 0, "offered": 0, "offered_fen": 0,
              "guaranteed": 0, "guaranteed_fen": 0, "funded": 0, "funded_fen": 0, "median_hours_to_offer": null}'),
        'by_kind', (select coalesce(jsonb_agg(row order by key), '[]') from counted where dimension = 'kind'),
        'by_size', (select coalesce(jsonb_agg(row order by key), '[]') from counted where dimension = 'size'),
        'by_industry', (select coalesce(jsonb_agg(row order by key), '[]') from counted where dimension = 'industry'),
        'by_county', (select coalesce(jsonb_agg(row order by key), '[]') from counted where dimension = 'county'))::text,
    null, null
