-- Numbers what was committed and wakes the readers; how many.
-- lane: write
-- parameters:
select app.publish_notifications()
