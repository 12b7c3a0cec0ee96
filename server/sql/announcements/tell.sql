-- Tells the enterprises of the needs $3 of a listed version, within the bounds: how many of a version, how many an
-- enterprise a day. No row: the version is over, or another instance tells.
-- lane: write
-- parameters: product from_version needs most daily
select t.told, t.held, t.is_full
from app.tell_of_product($1::uuid, $2::bigint, $3::uuid[], $4::int, $5::int) t
