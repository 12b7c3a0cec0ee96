-- The listed version of a product that has waited longest to be told, $1 seconds at least, and how long; for the
-- announcer of one instance at a time.
-- lane: write
-- parameters: delay_s interval_ms
select a.product_id, a.from_version, h.document::text, (extract(epoch from now() - a.made_at) * 1000)::bigint as age_ms
from app.next_announcement($1::int, $2::bigint) a
join product_history h on h.product_id = a.product_id and h.from_version = a.from_version
