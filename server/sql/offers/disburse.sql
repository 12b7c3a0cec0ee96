-- The bank records the money that arrived.
-- lane: write
-- parameters: id input
with moved as (
    update offer o
    set state = app.next_state('offer', o.state, app.action()),
        reason_code = app.reason_given('offer', o.state, $2::jsonb ->> 'reason_code', o.reason_code),
        reason_text = app.reason_given('offer', o.state, $2::jsonb ->> 'reason_text', o.reason_text),
        funded_fen = ($2::jsonb ->> 'funded_fen')::bigint,
        funded_on = ($2::jsonb ->> 'funded_on')::date,
        proof_no = $2::jsonb ->> 'proof_no'
    where o.id = $1::uuid
        and app.match_version(o.version, $2::jsonb) is not null
    returning *
)
select r.*
from moved o,
    app.reply(200, app.offer_json(o), null, o.version) r
