-- The results of a round that are the asker's: each side its own, with the reasons; who runs the round all.
-- Of them those that a figure counts, if `step` says which.
-- lane: read
-- parameters: id input
with page as (
    select p.*
    from round_place p
    where p.round_id = $1::uuid
        and ($2::jsonb ->> 'run' is null or p.run_no = ($2::jsonb ->> 'run')::int)
        and app.place_counts(p, $2::jsonb ->> 'step', ($2::jsonb ->> 'day')::int)
        and ($2::jsonb ->> 'cursor' is null or p.id > ($2::jsonb ->> 'cursor')::uuid)
    order by p.id
    limit ($2::jsonb ->> 'limit')::int + 1
), numbered as (
    select app.place_json(p) as item, app.seen('need', p.need_id, p.enterprise_id, p.province) as seen, id,
        row_number() over (order by id) as n
    from page p
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($2::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($2::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($2::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($2::jsonb ->> 'limit')::int
        and seen is not null and item -> 'enterprise' <> 'null') as seen
from numbered
having exists (select from round r where r.id = $1::uuid)
