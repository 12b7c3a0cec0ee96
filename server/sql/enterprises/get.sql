-- One enterprise, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.enterprise_json(e)::text, null, '"' || e.version || '"',
    app.seen('enterprise', e.id, e.id, e.province) as seen
from enterprise e
where e.id = $1::uuid
