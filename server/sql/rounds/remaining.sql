-- What a further run over the declined places of a round is about.
-- lane: slow
-- parameters: id
select jsonb_build_object('seed', r.seed, 'input', app.round_draft(r, r.run_no + 1))::text
from round r
where r.id = $1::uuid and app.runs_round(r.id)
