-- Records or (null) forgets facts of an enterprise, each with its source and date.
-- lane: write
-- parameters: id input
with changed as (
    update enterprise e
    set version = e.version + 1
    where e.id = $1::uuid
        and app.match_version(e.version, $2::jsonb)
    returning *
)
select r.*
from changed c,
    app.put_facts(c, $2::jsonb -> 'facts') stored,
    app.audit(c.province, 'enterprise', c.id, 'record_facts', null, null, null, null, $2::jsonb) logged,
    lateral app.reply_enterprise(c.id) r
