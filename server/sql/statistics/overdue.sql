-- Cases past their deadline, by the institution whose turn it is.
-- lane: slow
-- parameters: input
with late as (
    select 'application' as kind, a.institution_id as holder, a.deadline_at, a.region_code, s.owner
    from application a join case_state s on s.kind = 'application' and s.state = a.state
    where a.deadline_at < now()
    union all
    select 'offer', o.institution_id, o.deadline_at, o.region_code, s.owner
    from offer o join case_state s on s.kind = 'offer' and s.state = o.state
    where o.deadline_at < now()
    union all
    select 'guarantee_case', case s.owner when 'guarantor' then g.guarantor_id else g.bank_id end, g.deadline_at,
        g.region_code, s.owner
    from guarantee_case g join case_state s on s.kind = 'guarantee_case' and s.state = g.state
    where g.deadline_at < now()
), counted as (
    select l.holder, l.owner, i.name_zh, i.name_en, i.kind, count(*) as cases,
        count(*) filter (where l.kind = 'application') as applications,
        count(*) filter (where l.kind = 'offer') as offers,
        count(*) filter (where l.kind = 'guarantee_case') as guarantee_cases,
        min(l.deadline_at) as oldest_deadline_at
    from late l
    join institution i on i.id = l.holder
    where l.owner in ('institution', 'guarantor')
        and ($1::jsonb ->> 'region' is null or l.region_code between $1::jsonb ->> 'region'
            and app.region_high($1::jsonb ->> 'region'))
    group by l.holder, l.owner, i.name_zh, i.name_en, i.kind
)
select 200, jsonb_build_object('as_of', now(), 'filter', $1::jsonb, 'figures', app.figures('overdue'),
        'row_filter', '{"institution_id": "institution_id", "waits_for": "waits_for"}'::jsonb,
        'items', coalesce(jsonb_agg(jsonb_build_object('institution_id', holder, 'name_zh', name_zh, 'name_en', name_en,
            'kind', kind, 'waits_for', owner, 'cases', cases, 'applications', applications, 'offers', offers,
            'guarantee_cases', guarantee_cases, 'oldest_deadline_at', oldest_deadline_at)
            order by cases desc, name_zh, owner), '[]'), 'next', null)::text, null, null
from counted
