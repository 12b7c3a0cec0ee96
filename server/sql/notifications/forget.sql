-- Drops what is older than half a year; how many.
-- lane: write
-- parameters:
select app.forget_notifications()
