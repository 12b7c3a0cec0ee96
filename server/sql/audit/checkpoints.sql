-- The checkpoints that the database remembers, after a number.
-- lane: slow
-- parameters: after limit
select number, line
from audit_checkpoint
where number > $1::bigint
order by number
limit $2::int
