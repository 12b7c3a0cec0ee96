-- Applications that the asker may see, newest first or by deadline.
-- lane: read
-- parameters: input
with fitting as not materialized (
    select a as it, a.id, coalesce(a.deadline_at, 'infinity') as due
    from application a
    where ($1::jsonb ->> 'state' is null or a.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'need_id' is null or a.need_id = ($1::jsonb ->> 'need_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null or a.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and app.region_fits($1::jsonb, a.region_code)
        and app.channel_fits($1::jsonb, a.green_channel)
        and app.time_fits($1::jsonb, a.created_at)
        and app.kind_fits($1::jsonb, a.need_id, a.province)
        and case $1::jsonb ->> 'step' when 'answered' then a.answered_at is not null
            when 'offered' then a.offered_at is not null when 'refused' then a.state = 'refused'
            when 'funded' then a.funded_at is not null else true end
        and ($1::jsonb ->> 'first_loan' is null or ($1::jsonb ->> 'first_loan')::boolean = (
            select n.first_loan from need n where n.id = a.need_id and n.province = a.province))
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(a.deadline_at < now(), false))
        and ($1::jsonb ->> 'waits_for' is null
            or a.state = any ((select app.states_of('application', $1::jsonb ->> 'waits_for'))::text[]))
        and app.due_fits($1::jsonb, a.deadline_at)
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
    select app.application_json(p.it) as item,
        app.seen('application', p.id, (p.it).enterprise_id, (p.it).province) as seen,
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
