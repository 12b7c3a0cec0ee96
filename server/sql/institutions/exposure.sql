-- What a guarantor bears against its limits; its own people see their own.
-- lane: slow
-- parameters: id input
select 200, app.exposure_json(i, ($2::jsonb ->> 'case_id')::uuid)::text, null, null,
    (select jsonb_agg(app.seen('enterprise', g.enterprise_id, g.enterprise_id, g.province))
        filter (where app.seen('enterprise', g.enterprise_id, g.enterprise_id, g.province) is not null)
    from (select distinct enterprise_id, province from guarantee_case
        where guarantor_id = i.id and app.is_in_force(state)) g) as seen
from institution i
where i.id = $1::uuid
    and i.kind in ('guarantor', 're_guarantor')
    and (app.side() <> 'institution' or i.id = app.org_id())
