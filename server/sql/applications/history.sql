-- What happened to an application, its offers and guarantee cases, latest first.
-- lane: read
-- parameters: id
select 200, history::text, null, null
from app.case_history('application', $1::uuid) history
where history is not null
