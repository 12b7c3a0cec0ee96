-- Programmes that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select p.*
    from programme p
    where ($1::jsonb ->> 'cursor' is null or p.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'type' is null or p.type = ($1::jsonb ->> 'type'))
    order by p.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.programme_json(p) as item, id, row_number() over (order by id desc) as n
    from page p
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
