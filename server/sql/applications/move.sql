-- Any move of an application that carries at most a reason.
-- lane: write
-- parameters: id input
with moved as (
    update application a
    set state = app.next_state('application', a.state, app.action()),
        reason_code = app.reason_given('application', a.state, $2::jsonb ->> 'reason_code', a.reason_code),
        reason_text = app.reason_given('application', a.state, $2::jsonb ->> 'reason_text', a.reason_text),
        paper_stops = a.paper_stops + (app.action() = 'request_papers')::int
    where a.id = $1::uuid
        and app.match_version(a.version, $2::jsonb) is not null
    returning *
)
select r.*
from moved a,
    app.reply(200, app.application_json(a), null, a.version) r
