-- Applications that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select a.*
    from application a
    where ($1::jsonb ->> 'cursor' is null or a.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'state' is null or a.state = ($1::jsonb ->> 'state'))
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
    order by a.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.application_json(a) as item, app.seen('application', a.id, a.enterprise_id, a.province) as seen,
        id, row_number() over (order by id desc) as n
    from page a
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($1::jsonb ->> 'limit')::int
        and seen is not null and item -> 'enterprise' <> 'null') as seen
from numbered
