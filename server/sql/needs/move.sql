-- Any move of a need that carries at most a reason.
-- lane: write
-- parameters: id input
with moved as (
    update need n
    set state = app.next_state('need', n.state, app.action()),
        reason_code = app.reason_given('need', n.state, $2::jsonb ->> 'reason_code', n.reason_code),
        reason_text = app.reason_given('need', n.state, $2::jsonb ->> 'reason_text', n.reason_text)
    where n.id = $1::uuid
        and app.match_version(n.version, $2::jsonb) is not null
    returning *
)
select r.*
from moved n,
    app.reply(200, app.need_json(n), null, n.version) r
