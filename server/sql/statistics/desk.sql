-- How many cases stand in each queue of a bank's workbench, a thousand at most of each.
-- lane: read
-- parameters:
with own as materialized (
    select s.owner, a.deadline_at
    from application a
    join case_state s on s.kind = 'application' and s.state = a.state
    where a.institution_id = app.org_id() and s.owner is not null
), waiting as (
    select
    from need n
    where n.state in ('open', 'claimed', 'offered', 'stalled') and app.waits_for_claim(n)
    limit 1000
)
select 200, jsonb_build_object('as_of', now(),
        'to_claim', (select count(*) from waiting),
        'mine', least(1000, count(*) filter (where o.owner = 'institution')),
        'soon', least(1000, count(*) filter (where o.owner = 'institution'
            and o.deadline_at between now() and now() + interval '8 hours')),
        'late', least(1000, count(*) filter (where o.deadline_at < now())),
        'waiting', least(1000, count(*) filter (where o.owner <> 'institution')))::text, null, null
from own o
