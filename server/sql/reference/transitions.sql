-- The lives of all cases: states with owner and clock, moves with their roles.
-- lane: read
-- parameters:
select 200, jsonb_build_object('states', (select jsonb_agg(to_jsonb(s) order by s.kind, s.state) from case_state s),
    'transitions', (select jsonb_agg(to_jsonb(t) order by t.kind, t.from_state, t.action) from transition t))::text, null, null
