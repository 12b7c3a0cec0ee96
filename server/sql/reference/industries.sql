-- Industries below one (sections when none is named), or those whose name or code fits what somebody types: the best 20.
-- lane: read
-- parameters: input
with asked as (
    select i ->> 'parent' as parent, i ->> 'level' as level, lower(i ->> 'q') as q
    from (select $1::jsonb as i) x
), found as (
    select n.*, row_number() over (order by
        case when a.q is not null then starts_with(lower(n.name_zh), a.q) end desc, n.code) as place
    from asked a, industry n
    where (a.level is null or n.level = a.level)
        and case
            when a.q is null then n.parent is not distinct from a.parent
            else (a.parent is null or n.parent = a.parent)
                and (starts_with(lower(n.code), a.q) or starts_with(lower(n.letter_code), a.q)
                    or position(a.q in lower(concat_ws(' ', n.name_zh, n.name_en))) > 0)
        end
)
select 200, jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('code', f.code, 'letter_code', f.letter_code,
        'name_zh', f.name_zh, 'name_en', f.name_en, 'level', f.level,
        'path_zh', array_remove(array[p2.name_zh, p1.name_zh], null),
        'path_en', array_remove(array[coalesce(p2.name_en, p2.name_zh), coalesce(p1.name_en, p1.name_zh)], null))
        order by f.place), '[]'), 'next', null)::text, null, null
from found f
left join industry p1 on p1.code = f.parent
left join industry p2 on p2.code = p1.parent
where f.place <= case when $1::jsonb ->> 'q' is null then 1000 else 20 end
