-- An enterprise lets an institution see its details, for a purpose, until a day.
-- lane: write
-- parameters: input
with made as (
    insert into consent (province, enterprise_id, institution_id, purpose, text_version, valid_to, created_by)
    select e.province, e.id, (i ->> 'institution_id')::uuid, i ->> 'purpose', coalesce(i ->> 'text_version', '1'),
        (((i ->> 'valid_to')::date + 1)::timestamp) at time zone 'Asia/Shanghai', app.user_id()
    from (select $1::jsonb as i) x, enterprise e
    where e.id = app.org_id()
    returning *
)
select r.*
from made c,
    app.audit(c.province, 'consent', c.id, 'give', null, 'active', null, null, to_jsonb(c)) logged,
    app.reply(201, jsonb_build_object('id', c.id, 'enterprise_id', c.enterprise_id, 'institution_id', c.institution_id,
        'purpose', c.purpose, 'text_version', c.text_version, 'valid_to', c.valid_to, 'revoked_at', c.revoked_at,
        'created_at', c.created_at), '/v1/consents/' || c.id) r
