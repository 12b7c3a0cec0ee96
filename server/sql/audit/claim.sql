-- Whether this connection is the one that seals: it is from then on, until it ends. Called by the sealer, once a
-- connection.
-- lane: write
-- parameters:
select pg_try_advisory_lock(hashtext('rongqiao_audit_sealer'))
