-- The same for a need that is stored, with the profile as it now stands.
-- lane: read
-- parameters: id
select app.engine_need(e, jsonb_build_object('kinds', n.kinds, 'amount_fen', n.amount_fen,
        'amount_min_fen', n.amount_min_fen, 'term_months', n.term_months, 'term_days', n.term_days,
        'max_rate_ppm', n.max_rate_ppm, 'repayments', n.repayments, 'purpose', n.purpose,
        'collateral', n.collateral, 'facts', n.facts))::text,
    app.seen('match', n.id, n.enterprise_id, n.province) as seen
from need n
join enterprise e on e.id = n.enterprise_id and e.province = n.province
where n.id = $1::uuid
