-- One round of the jobs: what is past its time moves, one instance at a time.
-- lane: write
-- parameters: idempotency_hours learn interval_ms learn_interval_ms
select app.run_jobs($1::int, $2::boolean, $3::bigint, $4::bigint)::text
where pg_try_advisory_xact_lock(hashtext('rongqiao_jobs'))
