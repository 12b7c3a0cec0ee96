-- The open needs after $1 as the engine last took them, $2 at most, in order of their ids.
-- lane: slow
-- parameters: after limit
select n.id, r.input
from need n
join match_run r on r.id = n.run_id and r.province = n.province
where n.state in ('open', 'claimed', 'offered', 'stalled')
    and ($1::uuid is null or n.id > $1)
order by n.id
limit $2::int
