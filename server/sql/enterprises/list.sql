-- Enterprises that the asker may see, newest first, or those first that are here longest.
-- lane: read
-- parameters: input
with fitting as not materialized (
    select e as it, e.id
    from enterprise e
    where case when not $1::jsonb ?| '{step,from,to,kind,channel,institution_id,first_loan}' then
                app.region_fits($1::jsonb, e.region_code) else e.id in (
                select c.enterprise_id from app.counted_needs($1::jsonb) c
                where app.steps_fit($1::jsonb, c.posted_at, c.matched_at, c.offered_at, c.guaranteed_at, c.funded_at)
                    and ($1::jsonb ->> 'step' is distinct from 'asked'
                        or app.asked_guarantee($1::jsonb, c.id, c.province, c.guaranteed_at))
                    and ($1::jsonb ->> 'first_loan' is null or c.first_loan = ($1::jsonb ->> 'first_loan')::boolean))
            end
        and ($1::jsonb ->> 'verification' is null or e.verification = ($1::jsonb ->> 'verification'))
        and ($1::jsonb ->> 'uscc' is null or e.uscc = ($1::jsonb ->> 'uscc'))
), page as (
    (select f.it, f.id
    from fitting f
    where $1::jsonb ->> 'order' is distinct from 'oldest'
        and ($1::jsonb ->> 'cursor' is null or f.id < ($1::jsonb ->> 'cursor')::uuid)
    order by f.id desc
    limit ($1::jsonb ->> 'limit')::int + 1)
    union all
    (select f.it, f.id
    from fitting f
    where $1::jsonb ->> 'order' = 'oldest'
        and ($1::jsonb ->> 'cursor' is null or f.id > ($1::jsonb ->> 'cursor')::uuid)
    order by f.id
    limit ($1::jsonb ->> 'limit')::int + 1)
), numbered as (
    select app.enterprise_json(p.it) as item, app.seen('enterprise', p.id, p.id, (p.it).province) as seen, p.id,
        row_number() over (order by case when $1::jsonb ->> 'order' = 'oldest' then p.id end, p.id desc) as n
    from page p
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($1::jsonb ->> 'limit')::int
        and seen is not null) as seen
from numbered
