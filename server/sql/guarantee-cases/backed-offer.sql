-- The terms of the offer that a guarantee case backs, and what stands behind it once that is agreed to.
-- lane: read
-- parameters: id
select app.backed_offer(g.id)::text
from guarantee_case g
where g.id = $1::uuid
