-- What the main job left in PostgreSQL, as one JSON object: the demo's last line. Read by the owner.
with last_run as (
    select distinct on (need_id) id, province
    from match_run
    order by need_id, id desc
)
select json_build_object(
    'needs', (select count(*) from need where state <> 'draft'),
    'matches', (select count(*) from match_run),
    'eligible_packages', (select count(*) from match m join last_run r on r.id = m.run_id and r.province = m.province
        where m.class = 'eligible'),
    'applications', (select count(*) from application),
    'offers', (select count(*) from offer),
    'refusals', (select count(*) from application where state = 'refused'),
    'guarantees', (select count(*) from guarantee_case),
    'guarantee_approved', (select count(*) from guarantee_case
        where state not in ('applied', 'batch_filed', 'reviewing', 'pending_approval', 'refusal_pending', 'refused',
            'withdrawn')),
    'guarantee_refused', (select count(*) from guarantee_case where state = 'refused'),
    'funded', (select count(*) from offer where state = 'disbursed'),
    'funded_amount_fen', (select coalesce(sum(funded_fen), 0) from offer where state = 'disbursed'))
