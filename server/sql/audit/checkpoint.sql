-- Keeps a checkpoint beside the chain, as it was written outside.
-- lane: write
-- parameters: number size line
select app.keep_checkpoint($1::bigint, $2::bigint, $3)
