-- Before the answer to a repeated request: a commit of its own, which waits for the standbys as the first one should
-- have; when this one is confirmed, so is all that was committed before. Without standbys it does nothing.
-- lane: write
-- parameters:
select case when current_setting('synchronous_standby_names') <> ''
    then pg_logical_emit_message(true, 'rongqiao', '')::text end
