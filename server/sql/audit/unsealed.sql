-- Rows of the trail that neither have a seal nor wait for one: nobody but a hand in the database makes such.
-- lane: slow
-- parameters: limit
select e.id, e.at, e.action, e.case_id
from app.trail e
where not exists (select from audit_seal s where s.event_id = e.id and s.province = e.province)
    and not exists (select from audit_waiting w where w.id = e.id and w.province = e.province)
order by e.id
limit $1::int
