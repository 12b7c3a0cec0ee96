-- Needs, places, intents, approvals and money of a round side by side.
-- lane: slow
-- parameters: id
select 200, (app.round_figures(r.id)
    || jsonb_build_object('figures', app.figures('round'), 'day_figures', app.figures('follow_up')))::text, null, null
from round r
where r.id = $1::uuid and app.runs_round(r.id)
