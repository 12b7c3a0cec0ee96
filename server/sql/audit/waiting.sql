-- The next rows to seal, with what is sealed of them (rq_audit_fields). Each is looked up by its key, whatever the
-- planner thinks of a queue that was empty a moment ago.
-- lane: write
-- parameters: limit
select e.id, e.province, (extract(epoch from e.at) * 1000000)::bigint as at, e.request_id, e.user_id, e.side, e.org_id,
    e.kind, e.case_id, e.action, e.from_state, e.to_state, e.reason_code, e.reason_text, e.facts_digest
from audit_waiting w
cross join lateral (select x.* from audit_event x where x.id = w.id and x.province = w.province limit 1) e
order by w.id, w.province
limit $1::int
