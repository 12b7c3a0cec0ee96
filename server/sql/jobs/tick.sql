-- The clocks of one moment: what is past its time moves, one instance at a time.
-- lane: write
-- parameters: idempotency_hours
select app.tick($1::int)::text
where pg_try_advisory_xact_lock(hashtext('rongqiao_jobs'))
