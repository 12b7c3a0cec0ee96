-- What happened to an offer, latest first.
-- lane: read
-- parameters: id
select 200, history::text, null, null
from app.case_history('offer', $1::uuid) history
where history is not null
