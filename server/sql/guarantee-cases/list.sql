-- Guarantee cases that the asker may see, newest first or by deadline.
-- lane: read
-- parameters: input
with fitting as not materialized (
    select g as it, g.id, coalesce(g.deadline_at, 'infinity') as due
    from guarantee_case g
    where ($1::jsonb ->> 'state' is null or g.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'need_id' is null or g.need_id = ($1::jsonb ->> 'need_id')::uuid)
        and ($1::jsonb ->> 'guarantor_id' is null or g.guarantor_id = ($1::jsonb ->> 'guarantor_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null
            or ($1::jsonb ->> 'institution_id')::uuid in (g.guarantor_id, g.bank_id))
        and ($1::jsonb ->> 'enterprise_id' is null or g.enterprise_id = ($1::jsonb ->> 'enterprise_id')::uuid)
        and ($1::jsonb ->> 'bank_id' is null or g.bank_id = ($1::jsonb ->> 'bank_id')::uuid)
        and app.region_fits($1::jsonb, g.region_code)
        and app.channel_fits($1::jsonb, g.green_channel)
        and app.time_fits($1::jsonb, g.created_at)
        and app.kind_fits($1::jsonb, g.need_id, g.province)
        and case $1::jsonb ->> 'step' when 'answered' then g.answered_at is not null
            when 'approved' then g.approved_at is not null when 'refused' then g.state = 'refused'
            when 'in_force' then g.in_force_at is not null else true end
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(g.deadline_at < now(), false))
        and ($1::jsonb ->> 'waits_for' is null
            or g.state = any ((select app.states_of('guarantee_case', $1::jsonb ->> 'waits_for'))::text[]))
        and app.due_fits($1::jsonb, g.deadline_at)
        and case $1::jsonb ->> 'stage' when 'review' then g.state in (
                'applied', 'batch_filed', 'reviewing', 'pending_approval', 'refusal_pending', 'approved')
            when 'asked' then g.state in ('applied', 'batch_filed', 'reviewing', 'pending_approval')
            when 'agreed' then g.state = 'approved'
            when 'in_force' then app.is_in_force(g.state)
            when 'claims' then g.in_force_at is not null and g.state not in ('effective', 'reinsured')
                and g.state <> all ((select app.final_states('guarantee_case'))::text[])
            when 'ended' then g.in_force_at is not null
                and g.state = any ((select app.final_states('guarantee_case'))::text[]) else true end
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
    select app.guarantee_json(p.it) as item,
        app.seen('guarantee_case', p.id, (p.it).enterprise_id, (p.it).province) as seen,
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
