-- One guarantee case, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.guarantee_json(g)::text, null, '"' || g.version || '"',
    app.seen('guarantee_case', g.id, g.enterprise_id, g.province) as seen
from guarantee_case g
where g.id = $1::uuid
