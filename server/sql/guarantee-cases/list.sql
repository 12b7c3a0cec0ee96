-- Guarantee cases that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select g.*
    from guarantee_case g
    where ($1::jsonb ->> 'cursor' is null or g.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'state' is null or g.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'need_id' is null or g.need_id = ($1::jsonb ->> 'need_id')::uuid)
        and ($1::jsonb ->> 'guarantor_id' is null or g.guarantor_id = ($1::jsonb ->> 'guarantor_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null
            or ($1::jsonb ->> 'institution_id')::uuid in (g.guarantor_id, g.bank_id))
        and ($1::jsonb ->> 'bank_id' is null or g.bank_id = ($1::jsonb ->> 'bank_id')::uuid)
        and app.region_fits($1::jsonb, g.region_code)
        and app.channel_fits($1::jsonb, g.green_channel)
        and app.time_fits($1::jsonb, g.created_at)
        and app.kind_fits($1::jsonb, g.need_id, g.province)
        and case $1::jsonb ->> 'step' when 'answered' then g.answered_at is not null
            when 'approved' then g.approved_at is not null when 'refused' then g.state = 'refused'
            when 'in_force' then g.in_force_at is not null else true end
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(g.deadline_at < now(), false))
    order by g.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.guarantee_json(g) as item, app.seen('guarantee_case', g.id, g.enterprise_id, g.province) as seen,
        id, row_number() over (order by id desc) as n
    from page g
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($1::jsonb ->> 'limit')::int
        and seen is not null and item -> 'enterprise' <> 'null') as seen
from numbered
