-- The number that was given last.
-- lane: read
-- parameters:
select app.notification_head()
