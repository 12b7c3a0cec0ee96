-- The last stored match of a need, the engine's bytes as they were, with the versions it saw.
-- lane: read
-- parameters: id
select case when m.id is null then app.match_archived() else 200 end, left(m.result, -1) || ',"need_id":"' || m.need_id || '","run_id":"' || m.id || '","digest":"' || m.digest
        || '","matched_at":' || to_jsonb(m.created_at)::text || '}', null, '"' || m.id || '"',
    app.seen('match', n.id, n.enterprise_id, n.province) as seen
from need n
left join match_run m on m.id = n.run_id and m.province = n.province
where n.id = $1::uuid and n.run_id is not null
