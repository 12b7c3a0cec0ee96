-- Enterprises that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select e.*
    from enterprise e
    where ($1::jsonb ->> 'cursor' is null or e.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'region' is null or e.region_code between $1::jsonb ->> 'region'
            and app.region_high($1::jsonb ->> 'region'))
        and ($1::jsonb ->> 'verification' is null or e.verification = ($1::jsonb ->> 'verification'))
        and ($1::jsonb ->> 'uscc' is null or e.uscc = ($1::jsonb ->> 'uscc'))
    order by e.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.enterprise_json(e) as item, id, row_number() over (order by id desc) as n
    from page e
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
