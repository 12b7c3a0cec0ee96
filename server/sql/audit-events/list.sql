-- The trail that the asker may read, newest first.
-- lane: read
-- parameters: input
with page as (
    select e.*
    from audit_event e
    where ($1::jsonb ->> 'cursor' is null or e.id < ($1::jsonb ->> 'cursor')::uuid)
        and ($1::jsonb ->> 'case_id' is null or e.case_id = ($1::jsonb ->> 'case_id')::uuid)
    order by e.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select jsonb_build_object('id', e.id, 'at', e.at, 'request_id', e.request_id, 'user_id', e.user_id, 'side', e.side,
            'org_id', e.org_id, 'kind', e.kind, 'case_id', e.case_id, 'action', e.action, 'from_state', e.from_state,
            'to_state', e.to_state, 'reason_code', e.reason_code, 'reason_text', e.reason_text,
            'facts_digest', e.facts_digest) as item, id, row_number() over (order by id desc) as n
    from page e
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
