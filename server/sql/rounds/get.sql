-- One round, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.round_json(r)::text, null, '"' || r.version || '"'
from round r
where r.id = $1::uuid
