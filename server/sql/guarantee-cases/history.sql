-- What happened to a guarantee case, latest first.
-- lane: read
-- parameters: id
select 200, history::text, null, null
from app.case_history('guarantee_case', $1::uuid) history
where history is not null
