-- A product as the engine takes it, for those who may know its market: its institution, and the platform.
-- lane: read
-- parameters: id
select (p.document || jsonb_build_object('id', p.id, 'institution_id', i.id, 'institution_zh', i.name_zh,
        'institution_en', i.name_en))::text
from product p
join institution i on i.id = p.institution_id
where p.id = $1::uuid
    and (p.institution_id = app.org_id() or app.side() in ('operator', 'authority', 'auditor'))
