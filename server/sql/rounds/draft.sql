-- What a round's lists say now, to be sealed.
-- lane: slow
-- parameters: id
select app.round_draft(r, 1)::text
from round r
where r.id = $1::uuid and app.runs_round(r.id)
