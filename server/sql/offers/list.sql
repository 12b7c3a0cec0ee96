-- Offers that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select o.*
    from offer o
    where ($1::jsonb ->> 'cursor' is null or o.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'state' is null or o.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'need_id' is null or o.need_id = ($1::jsonb ->> 'need_id')::uuid)
        and ($1::jsonb ->> 'application_id' is null or o.application_id = ($1::jsonb ->> 'application_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null or o.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and app.region_fits($1::jsonb, o.region_code)
        and app.channel_fits($1::jsonb, o.green_channel)
        and app.time_fits($1::jsonb, o.created_at)
        and app.kind_fits($1::jsonb, o.need_id, o.province)
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(o.deadline_at < now(), false))
    order by o.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.offer_json(o) as item, id, row_number() over (order by id desc) as n
    from page o
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
