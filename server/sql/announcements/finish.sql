-- A listed version is told to the end: $3 open needs fit, $4 of them are not told because of the bounds.
-- lane: write
-- parameters: product from_version fits held interval_ms
select app.finish_announcement($1::uuid, $2::bigint, $3::int, $4::int, $5::bigint)
