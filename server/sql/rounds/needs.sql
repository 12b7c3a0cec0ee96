-- The needs of a round that the asker may see.
-- lane: read
-- parameters: id input
with page as (
    select n.*
    from round_need n
    where n.round_id = $1::uuid
        and ($2::jsonb ->> 'cursor' is null or n.id > ($2::jsonb ->> 'cursor')::uuid)
    order by n.id
    limit ($2::jsonb ->> 'limit')::int + 1
), numbered as (
    select to_jsonb(n) - 'packages' as item, id, row_number() over (order by id) as n
    from page n
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($2::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($2::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($2::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
having exists (select from round r where r.id = $1::uuid)
