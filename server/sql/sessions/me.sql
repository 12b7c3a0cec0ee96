-- The asking user, with its roles and its organisation.
-- lane: read
-- parameters:
select 200, jsonb_build_object('id', u.id, 'login', u.login, 'name', u.name, 'roles', u.roles,
        'side', app.side_of(u.roles, u.institution_id), 'enterprise_id', u.enterprise_id, 'institution_id', u.institution_id,
        'region_code', case when u.is_national then '000000' else u.region_code end)::text, null, null
from app_user u
where u.id = app.user_id()
