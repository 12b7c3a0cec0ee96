-- The manual verification of an enterprise whose code failed its check; opens its waiting needs.
-- lane: write
-- parameters: id input
with checked as (
    update enterprise e
    set verification = $2::jsonb ->> 'verification',
        verification_note = $2::jsonb ->> 'note',
        version = e.version + 1
    where e.id = $1::uuid
    returning *
)
select r.*
from checked c,
    app.audit(c.province, 'enterprise', c.id, 'verify', null, c.verification, null, c.verification_note, to_jsonb(c)) logged,
    app.open_waiting(c.id, c.province, c.verification) opened,
    app.reply(200, app.enterprise_json(c) || jsonb_build_object('needs_opened', opened), null, c.version) r
