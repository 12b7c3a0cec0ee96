-- One application, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.application_json(a)::text, null, '"' || a.version || '"'
from application a
where a.id = $1::uuid
