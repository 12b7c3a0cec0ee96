-- One need, if the asker may see it.
-- lane: read
-- parameters: id
select 200, (app.need_json(n) || app.desk_json(n))::text, null, '"' || n.version || '"',
    app.seen('need', n.id, n.enterprise_id, n.province) as seen
from need n
where n.id = $1::uuid
