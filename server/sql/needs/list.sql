-- Needs that the asker may see, newest first or by deadline.
-- lane: read
-- parameters: input
with fitting as not materialized (
    select n as it, n.id, coalesce(n.deadline_at, 'infinity') as due
    from need n
    where ($1::jsonb ->> 'state' is null or n.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'kind' is null or $1::jsonb ->> 'kind' = any (n.kinds))
        and ($1::jsonb ->> 'enterprise_id' is null or n.enterprise_id = ($1::jsonb ->> 'enterprise_id')::uuid)
        and app.region_fits($1::jsonb, n.region_code)
        and app.channel_fits($1::jsonb, n.green_channel)
        and case when $1::jsonb ->> 'institution_id' is not null then n.id in (
                select c.id from app.counted_needs($1::jsonb) c
                where app.steps_fit($1::jsonb, c.posted_at, c.matched_at, c.offered_at, c.guaranteed_at, c.funded_at))
            when $1::jsonb ->> 'step' is not null or $1::jsonb ->> 'from' is not null or $1::jsonb ->> 'to' is not null then
                app.steps_fit($1::jsonb, n.posted_at, n.first_match_at, n.first_offer_at, n.guaranteed_at, n.funded_at)
            else true end
        and ($1::jsonb ->> 'step' is distinct from 'asked'
            or app.asked_guarantee($1::jsonb, n.id, n.province, n.guaranteed_at))
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(n.deadline_at < now(), false))
        and ($1::jsonb ->> 'to_claim' is null or ($1::jsonb ->> 'to_claim')::boolean = app.waits_for_claim(n))
        and ($1::jsonb ->> 'waits_for' is null
            or n.state = any ((select app.states_of('need', $1::jsonb ->> 'waits_for'))::text[]))
        and app.due_fits($1::jsonb, n.deadline_at)
), page as (
    (select f.it, f.id, null::timestamptz as due
    from fitting f
    where $1::jsonb ->> 'order' is distinct from 'deadline'
        and ($1::jsonb ->> 'cursor' is null or f.id < app.cursor_id($1::jsonb ->> 'cursor'))
    order by f.id desc
    limit ($1::jsonb ->> 'limit')::int + 1)
    union all
    (select f.it, f.id, f.due
    from fitting f
    where $1::jsonb ->> 'order' = 'deadline'
        and ($1::jsonb ->> 'cursor' is null
            or (f.due, f.id) > (app.cursor_due($1::jsonb ->> 'cursor'), app.cursor_id($1::jsonb ->> 'cursor')))
    order by f.due, f.id
    limit ($1::jsonb ->> 'limit')::int + 1)
), numbered as (
    select app.need_json(p.it) || app.desk_json(p.it) as item,
        app.seen('need', p.id, (p.it).enterprise_id, (p.it).province) as seen,
        coalesce(app.due_cursor(p.due, p.id), p.id::text) as cursor,
        row_number() over (order by p.due, case when p.due is null then p.id end desc, p.id) as n
    from page p
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(cursor order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($1::jsonb ->> 'limit')::int
        and seen is not null and item -> 'enterprise' <> 'null') as seen
from numbered
