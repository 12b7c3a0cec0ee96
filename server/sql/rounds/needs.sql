-- The needs of a round that the asker may see, with their enterprises'.
-- lane: read
-- parameters: id input
with page as (
    select n.*
    from round_need n
    where n.round_id = $1::uuid
        and ($2::jsonb ->> 'left' is null or ($2::jsonb ->> 'left')::boolean = (n.left_at is not null))
        and ($2::jsonb ->> 'cursor' is null or n.id > ($2::jsonb ->> 'cursor')::uuid)
    order by n.id
    limit ($2::jsonb ->> 'limit')::int + 1
), numbered as (
    select to_jsonb(p) - 'packages' || jsonb_build_object('request_no', n.request_no, 'enterprise',
            case when e.id is not null then jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc) end) as item,
        case when e.id is not null then app.seen('need', p.need_id, e.id, e.province) end as seen,
        p.id, row_number() over (order by p.id) as n
    from page p
    left join need n on n.id = p.need_id and n.province = p.province
    left join enterprise e on e.id = p.enterprise_id and e.province = p.province
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($2::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($2::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($2::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($2::jsonb ->> 'limit')::int and seen is not null) as seen
from numbered
having exists (select from round r where r.id = $1::uuid)
