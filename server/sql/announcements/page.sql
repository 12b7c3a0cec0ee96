-- Of the needs $3, those whose enterprises may hear of a listed version, as the engine takes them.
-- lane: slow
-- parameters: product from_version needs
select t.need_id, t.input
from app.needs_to_tell($1::uuid, $2::bigint, $3::uuid[]) t
order by t.need_id
