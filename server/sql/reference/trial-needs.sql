-- The weights in force and the newest needs as the engine last saw them, to try other weights on.
-- lane: slow
-- parameters:
select jsonb_build_object('weights', app.latest_weights(), 'needs', (
        select coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'request_no', n.request_no, 'input', m.input::jsonb)
            order by n.id desc), '[]')
        from (select * from need where posted_at is not null order by id desc limit 200) n
        join match_run m on m.id = n.run_id and m.province = n.province))::text
