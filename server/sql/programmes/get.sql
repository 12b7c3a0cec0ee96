-- One programme, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.programme_json(p)::text, null, '"' || p.version || '"'
from programme p
where p.id = $1::uuid
