-- A published run of a round as anybody may run it again: `rongqiao round verify FILE`. Input and result are the bytes
-- that were hashed.
-- lane: slow
-- parameters: id input
select 200, json_build_object('format', 'rongqiao-round/1', 'round_id', r.id, 'round_no', r.round_no, 'name', r.name,
        'run', x.run_no, 'rule_version', x.rule_version, 'seed', r.seed, 'seed_hash', r.seed_hash,
        'input_hash', x.input_hash, 'result_hash', x.result_hash, 'sealed_at', x.sealed_at, 'ran_at', x.ran_at,
        'institutions', (select json_agg(json_build_object('id', t.id, 'name_zh', t.name_zh, 'name_en', t.name_en)
            order by t.id) from round_institution i join institution t on t.id = i.institution_id where i.round_id = r.id),
        'proof', x.proof, 'input', x.input::json, 'result', x.result::json)::text, null, null
from round r
join round_run x on x.round_id = r.id and x.run_no = coalesce(($2::jsonb ->> 'run')::int, r.published_run)
where r.id = $1::uuid and x.result is not null
