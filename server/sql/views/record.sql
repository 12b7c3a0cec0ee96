-- Notes what the asker is about to be shown of enterprises; the answer waits for it.
-- lane: write
-- parameters: seen
select app.record_views($1::jsonb)
