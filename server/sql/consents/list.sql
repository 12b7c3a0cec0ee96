-- Consents that the asker gave or holds, newest first.
-- lane: read
-- parameters: input
with page as (
    select c.*
    from consent c
    where ($1::jsonb ->> 'cursor' is null or c.id < ($1::jsonb ->> 'cursor')::uuid)
    order by c.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select jsonb_build_object('id', c.id, 'enterprise_id', c.enterprise_id, 'institution_id', c.institution_id,
            'purpose', c.purpose, 'text_version', c.text_version, 'valid_to', c.valid_to, 'revoked_at', c.revoked_at,
            'created_at', c.created_at) as item, id, row_number() over (order by id desc) as n
    from page c
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
