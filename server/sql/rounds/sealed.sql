-- The sealed lists of a round's first run, with the seed.
-- lane: slow
-- parameters: id
select json_build_object('seed', r.seed, 'input', x.input::json, 'input_hash', x.input_hash)::text
from round r
left join round_run x on x.round_id = r.id and x.run_no = 1
where r.id = $1::uuid and app.runs_round(r.id)
