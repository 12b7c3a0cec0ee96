-- Who looked at which enterprise, as far as the asker supervises it, newest first.
-- lane: read
-- parameters: input
with page as (
    select v.*
    from enterprise_view v
    where ($1::jsonb ->> 'cursor' is null or v.id < ($1::jsonb ->> 'cursor')::uuid)
        and app.region_fits($1::jsonb, v.region_code)
        and app.time_fits($1::jsonb, v.first_at)
        and ($1::jsonb ->> 'enterprise_id' is null or v.enterprise_id = ($1::jsonb ->> 'enterprise_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null or v.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and ($1::jsonb ->> 'viewer_id' is null or v.viewer_id = ($1::jsonb ->> 'viewer_id')::uuid)
    order by v.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.view_json(v) || jsonb_build_object('enterprise_name', (select e.name from enterprise e
            where e.id = v.enterprise_id and e.province = v.province)) as item,
        id, row_number() over (order by id desc) as n
    from page v
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
