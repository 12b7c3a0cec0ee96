-- What the database's tables say, compared with the server's own before serving: moves of cases that a role can make,
-- and whether each only begins a case.
-- lane: read
-- parameters:
select coalesce(jsonb_agg(jsonb_build_array(kind, action, begins) order by kind, action), '[]')::text
from (
    select kind, action, bool_and(from_state = '-') as begins
    from transition
    where roles <> array['system']
    group by kind, action
) t
