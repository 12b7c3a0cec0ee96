-- The terms of the offer that a guarantee case backs, and what the guarantee costs once it is agreed to.
-- lane: read
-- parameters: id
select app.backed_offer(g.id)::text
from guarantee_case g
where g.id = $1::uuid
