-- Who looked at an enterprise that the asker may see, newest first.
-- lane: read
-- parameters: id input
with page as (
    select v.*
    from enterprise_view v
    where v.enterprise_id = $1::uuid
        and ($2::jsonb ->> 'cursor' is null or v.id < ($2::jsonb ->> 'cursor')::uuid)
    order by v.id desc
    limit ($2::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.view_json(v) as item, id, row_number() over (order by id desc) as n
    from page v
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($2::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($2::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($2::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
having exists (select from enterprise e where e.id = $1::uuid)
