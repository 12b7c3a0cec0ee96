-- The open needs after $1 as the engine last took them, $2 at most, in order of their ids.
-- lane: slow
-- parameters: after limit
select n.id, r.input
from need n
cross join lateral (
    select x.input
    from match_run x
    where x.need_id = n.id
    order by x.id desc
    limit 1) r
where n.state in ('open', 'claimed', 'offered', 'stalled')
    and ($1::uuid is null or n.id > $1)
order by n.id
limit $2::int
