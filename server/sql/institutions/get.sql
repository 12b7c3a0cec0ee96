-- One institution.
-- lane: read
-- parameters: id
select 200, app.institution_json(i)::text, null, '"' || i.version || '"'
from institution i
where i.id = $1::uuid
