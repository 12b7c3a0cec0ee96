-- A user of one side of the table; the password was hashed before. Operators only.
-- lane: write
-- parameters: input computed
with made as (
    insert into app_user (login, name, password_hash, roles, enterprise_id, enterprise_province, institution_id,
        region_code, is_national)
    select i ->> 'login', i ->> 'name', $2, array(select jsonb_array_elements_text(i -> 'roles')),
        (i ->> 'enterprise_id')::uuid,
        (select e.province from enterprise e where e.id = (i ->> 'enterprise_id')::uuid),
        (i ->> 'institution_id')::uuid,
        nullif(i ->> 'region_code', '000000'), coalesce(i ->> 'region_code' = '000000', false)
    from (select $1::jsonb as i) x
    returning id, login, name, roles, enterprise_id, institution_id, region_code, is_national, created_at
)
select r.*
from made m,
    app.reply(201, jsonb_build_object('id', m.id, 'login', m.login, 'name', m.name, 'roles', m.roles,
        'enterprise_id', m.enterprise_id, 'institution_id', m.institution_id,
        'region_code', case when m.is_national then '000000' else m.region_code end, 'created_at', m.created_at),
        '/v1/users/' || m.id, null) r
