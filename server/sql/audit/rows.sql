-- A page of the chain with its rows, for `rongqiao audit verify`: after a number, seals in order; a seal whose row is
-- gone has nulls. The columns from the fifth on are rq_audit_fields.
-- lane: slow
-- parameters: after limit
select s.n, s.event_id, s.algorithm, encode(s.hash, 'hex') as hash,
    e.id, e.province, (extract(epoch from e.at) * 1000000)::bigint as at, e.request_id, e.user_id, e.side, e.org_id,
    e.kind, e.case_id, e.action, e.from_state, e.to_state, e.reason_code, e.reason_text, e.facts_digest
from audit_seal s
left join app.trail e on e.id = s.event_id and e.province = s.province
where s.n > $1::bigint
order by s.n
limit $2::int
