-- Where the chain ends, how long the oldest row has waited for its seal (seconds), and the last checkpoint.
-- lane: write
-- parameters:
select coalesce(s.n, 0), coalesce(encode(s.hash, 'hex'), ''), coalesce(extract(epoch from clock_timestamp() - w.at)::bigint, 0),
    coalesce(c.number, 0), coalesce(c.size, 0), coalesce(c.line, '')
from (select 1) one
left join lateral (select n, hash from audit_seal order by n desc limit 1) s on true
left join lateral (
    select e.at
    from audit_waiting a
    cross join lateral (select x.at from audit_event x where x.id = a.id and x.province = a.province limit 1) e
    order by a.id, a.province
    limit 1
) w on true
left join lateral (select number, size, line from audit_checkpoint order by number desc limit 1) c on true
