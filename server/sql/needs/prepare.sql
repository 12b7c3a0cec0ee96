-- What the engine needs to match a need that is being posted: its words over the profile's facts.
-- lane: read
-- parameters: input
select app.engine_need(e, $1::jsonb)::text
from enterprise e
-- A subquery, so that the id is found by its index: a CASE beside a policy is not.
where e.id = (select case when app.side() = 'enterprise' then app.org_id() else ($1::jsonb ->> 'enterprise_id')::uuid end)
