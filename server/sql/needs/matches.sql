-- The last stored match of a need, the engine's bytes as they were, with the versions it saw.
-- lane: read
-- parameters: id
select 200, left(m.result, -1) || ',"need_id":"' || m.need_id || '","run_id":"' || m.id || '","digest":"' || m.digest
        || '","matched_at":' || to_jsonb(m.created_at)::text || '}', null, '"' || m.id || '"',
    (select app.seen('match', n.id, n.enterprise_id, n.province) from need n
        where n.id = m.need_id and n.province = m.province) as seen
from match_run m
where m.need_id = $1::uuid
order by m.id desc
limit 1
