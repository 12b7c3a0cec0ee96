-- The checklist of a guarantee case.
-- lane: read
-- parameters: id
select 200, app.checklist_json(g)::text, null, null,
    app.seen('guarantee_case', g.id, g.enterprise_id, g.province) as seen
from guarantee_case g
where g.id = $1::uuid
    and (app.side() <> 'institution' or app.org_id() in (g.guarantor_id, g.re_guarantor_id))
