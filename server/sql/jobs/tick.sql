-- The clocks of one moment: what is past its time moves, one instance at a time.
-- lane: write
-- parameters: idempotency_hours learn
select (app.tick($1::int, $2::boolean) || app.tick_rounds())::text
where pg_try_advisory_xact_lock(hashtext('rongqiao_jobs'))
