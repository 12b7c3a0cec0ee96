-- Needs that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select n.*
    from need n
    where ($1::jsonb ->> 'cursor' is null or n.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'state' is null or n.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'kind' is null or $1::jsonb ->> 'kind' = any (n.kinds))
        and ($1::jsonb ->> 'enterprise_id' is null or n.enterprise_id = ($1::jsonb ->> 'enterprise_id')::uuid)
        and ($1::jsonb ->> 'region' is null or n.region_code between $1::jsonb ->> 'region'
            and app.region_high($1::jsonb ->> 'region'))
        and ($1::jsonb ->> 'overdue' is null or ($1::jsonb ->> 'overdue')::boolean = coalesce(n.deadline_at < now(), false))
    order by n.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.need_json(n) as item, id, row_number() over (order by id desc) as n
    from page n
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
