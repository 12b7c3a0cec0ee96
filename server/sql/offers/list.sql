-- Offers that the asker may see, newest first or by deadline.
-- lane: read
-- parameters: input
with fitting as not materialized (
    select o as it, o.id, coalesce(o.deadline_at, 'infinity') as due
    from offer o
    where ($1::jsonb ->> 'state' is null or o.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'need_id' is null or o.need_id = ($1::jsonb ->> 'need_id')::uuid)
        and ($1::jsonb ->> 'application_id' is null or o.application_id = ($1::jsonb ->> 'application_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null or o.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and app.region_fits($1::jsonb, o.region_code)
        and app.channel_fits($1::jsonb, o.green_channel)
        and app.time_fits($1::jsonb, o.created_at)
        and app.kind_fits($1::jsonb, o.need_id, o.province)
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(o.deadline_at < now(), false))
        and ($1::jsonb ->> 'waits_for' is null
            or o.state = any ((select app.states_of('offer', $1::jsonb ->> 'waits_for'))::text[]))
        and app.due_fits($1::jsonb, o.deadline_at)
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
    select app.offer_json(p.it) as item,
        coalesce(app.due_cursor(p.due, p.id), p.id::text) as cursor,
        row_number() over (order by p.due, case when p.due is null then p.id end desc, p.id) as n
    from page p
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(cursor order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
