-- Rounds that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select r.*
    from round r
    where ($1::jsonb ->> 'cursor' is null or r.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'state' is null or r.state = ($1::jsonb ->> 'state'))
        and ($1::jsonb ->> 'region' is null or r.region_code between $1::jsonb ->> 'region'
            and app.region_high($1::jsonb ->> 'region'))
    order by r.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.round_json(r) as item, id, row_number() over (order by id desc) as n
    from page r
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
