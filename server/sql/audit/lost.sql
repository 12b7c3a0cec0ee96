-- How many rows wait for their seal, on each line, and those of them that are not there any more (or one null).
-- lane: slow
-- parameters: limit
select l.id, n.waiting
from (select count(*) as waiting from audit_waiting) n
left join lateral (
    select w.id
    from audit_waiting w
    where not exists (select from app.trail e where e.id = w.id and e.province = w.province)
    order by w.id
    limit $1::int
) l on true
