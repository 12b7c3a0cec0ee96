-- One offer, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.offer_json(o)::text, null, '"' || o.version || '"'
from offer o
where o.id = $1::uuid
