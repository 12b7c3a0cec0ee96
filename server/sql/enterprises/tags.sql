-- An authority (or the operator) confirms a qualification, with its issuer and validity.
-- lane: write
-- parameters: id input
with changed as (
    update enterprise e
    set version = e.version + 1
    where e.id = $1::uuid
    returning *
), tagged as (
    insert into enterprise_tag as t (enterprise_id, province, tag, issuer, source, valid_from, valid_to)
    select c.id, c.province, x ->> 'tag', x ->> 'issuer', 'authority', (x ->> 'valid_from')::date,
        (x ->> 'valid_to')::date
    from changed c, jsonb_array_elements($2::jsonb -> 'tags') x
    on conflict (enterprise_id, province, tag) do update
        set issuer = excluded.issuer, source = excluded.source, valid_from = excluded.valid_from,
            valid_to = excluded.valid_to
    returning tag
)
select r.*
from changed c,
    (select count(*) from tagged) counted,
    app.audit(c.province, 'enterprise', c.id, 'confirm_tags', null, null, null, null, $2::jsonb) logged,
    lateral app.reply_enterprise(c.id) r
