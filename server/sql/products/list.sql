-- Products that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select p.*
    from product p
    where ($1::jsonb ->> 'cursor' is null or p.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'kind' is null or p.kind = ($1::jsonb ->> 'kind'))
        and ($1::jsonb ->> 'institution_id' is null or p.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and ($1::jsonb ->> 'state' is null or p.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'q' is null or p.name_zh like '%' || ($1::jsonb ->> 'q') || '%')
    order by p.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.product_json(p) as item, id, row_number() over (order by id desc) as n
    from page p
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
