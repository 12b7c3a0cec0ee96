-- What happened to a need and to the cases that came of it, latest first.
-- lane: read
-- parameters: id
select 200, history::text, null, null
from app.case_history('need', $1::uuid) history
where history is not null
