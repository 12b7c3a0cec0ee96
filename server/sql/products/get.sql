-- One product, if the asker may see it.
-- lane: read
-- parameters: id
select 200, app.product_json(p)::text, null, '"' || p.version || '"'
from product p
where p.id = $1::uuid
