-- One application, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.application_json(a)::text, null, '"' || a.version || '"',
    app.seen('application', a.id, a.enterprise_id, a.province) as seen
from application a
where a.id = $1::uuid
