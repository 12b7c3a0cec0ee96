-- Users that the asker may see, newest first.
-- lane: read
-- parameters: input
with page as (
    select u.id, u.login, u.name, u.roles, u.enterprise_id, u.institution_id, u.region_code, u.is_national,
        u.disabled_at, u.created_at
    from app_user u
    where ($1::jsonb ->> 'name' is null or position(lower($1::jsonb ->> 'name') in lower(u.login || ' ' || u.name)) > 0)
        and ($1::jsonb ->> 'role' is null or ($1::jsonb ->> 'role') = any (u.roles))
        and ($1::jsonb ->> 'barred' is null or ($1::jsonb ->> 'barred')::boolean = (u.disabled_at is not null))
        and ($1::jsonb ->> 'cursor' is null or u.id < ($1::jsonb ->> 'cursor')::uuid)
    order by u.id desc
    limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select jsonb_build_object('id', id, 'login', login, 'name', name, 'roles', roles, 'enterprise_id', enterprise_id,
            'institution_id', institution_id, 'region_code', case when is_national then '000000' else region_code end,
            'has_totp', app.has_totp(id), 'disabled_at', disabled_at, 'created_at', created_at) as item,
        id, row_number() over (order by id desc) as n
    from page
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(id order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null
from numbered
