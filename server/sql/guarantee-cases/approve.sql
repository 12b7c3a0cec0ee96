-- The guarantor's checker agrees; the offer that the case backs is reckoned with the fee agreed to.
-- lane: write
-- parameters: id input computed
with moved as (
    update guarantee_case g
    set state = app.next_state('guarantee_case', g.state, app.action()),
        reason_code = app.reason_given('guarantee_case', g.state, $2::jsonb ->> 'reason_code', g.reason_code),
        reason_text = app.reason_given('guarantee_case', g.state, $2::jsonb ->> 'reason_text', g.reason_text)
    where g.id = $1::uuid
        and app.match_version(g.version, $2::jsonb) is not null
    returning *
)
select r.*
from moved g,
    app.reckon_offer(g.id, $3::jsonb),
    app.reply(200, app.guarantee_json(g), null, g.version) r
