-- Institutions, newest first.
-- lane: read
-- parameters: input
with page as (
    select i.*
    from institution i
    where ($1::jsonb ->> 'cursor' is null or i.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'kind' is null or i.kind = ($1::jsonb ->> 'kind'))
        and ($1::jsonb ->> 'name_zh' is null or i.name_zh = ($1::jsonb ->> 'name_zh'))
    order by i.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.institution_json(i) as item, id, row_number() over (order by id desc) as n
    from page i
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
