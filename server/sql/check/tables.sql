-- What the database's tables say of transitions and states; compared with the routes before serving.
-- lane: read
-- parameters:
select (select jsonb_agg(jsonb_build_array(kind, action) order by kind, action) from (
    select distinct kind, action from transition where roles <> array['system']) t)::text
