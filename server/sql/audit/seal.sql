-- Appends seals behind number `after`; returns the last number.
-- lane: write
-- parameters: after algorithm rows interval_ms
select app.seal($1::bigint, $2, $3::jsonb, $4::bigint)
