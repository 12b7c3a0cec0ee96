-- Nudges that the asker made, supervises or was sent, newest first.
-- lane: read
-- parameters: input
with page as (
    select d.*
    from nudge d
    where ($1::jsonb ->> 'cursor' is null or d.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'subject_id' is null or d.subject_id = ($1::jsonb ->> 'subject_id')::uuid)
        and ($1::jsonb ->> 'institution_id' is null
            or d.parties @> jsonb_build_array(jsonb_build_object('id', $1::jsonb ->> 'institution_id')))
        and app.region_fits($1::jsonb, d.region_code)
        and app.time_fits($1::jsonb, d.made_at)
    order by d.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.nudge_json(d) as item, id, row_number() over (order by id desc) as n
    from page d
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
