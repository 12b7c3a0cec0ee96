-- Cases past their deadline, of every kind, the longest overdue first. A need is no one institution's.
-- lane: read
-- parameters: input
with found as (
    (select 'need' as kind, n.id, n.province, n.deadline_at as due, n.enterprise_id, n.region_code, n.state,
        n.state_since, n.made_by, n.request_no as number, null::uuid as institution_id
    from need n
    where n.deadline_at < now() and app.region_fits($1::jsonb, n.region_code)
        and $1::jsonb ->> 'institution_id' is null
        and ($1::jsonb ->> 'waits_for' is null
            or n.state = any ((select app.states_of('need', $1::jsonb ->> 'waits_for'))::text[]))
        and ($1::jsonb ->> 'cursor' is null
            or (n.deadline_at, n.id) > (app.cursor_due($1::jsonb ->> 'cursor'), app.cursor_id($1::jsonb ->> 'cursor')))
    order by n.deadline_at, n.id
    limit ($1::jsonb ->> 'limit')::int + 1)
    union all
    (select 'application', a.id, a.province, a.deadline_at, a.enterprise_id, a.region_code, a.state, a.state_since,
        a.made_by, app.case_number('application', a.id), a.institution_id
    from application a
    where a.deadline_at < now() and app.region_fits($1::jsonb, a.region_code)
        and ($1::jsonb ->> 'institution_id' is null or a.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and ($1::jsonb ->> 'waits_for' is null
            or a.state = any ((select app.states_of('application', $1::jsonb ->> 'waits_for'))::text[]))
        and ($1::jsonb ->> 'cursor' is null
            or (a.deadline_at, a.id) > (app.cursor_due($1::jsonb ->> 'cursor'), app.cursor_id($1::jsonb ->> 'cursor')))
    order by a.deadline_at, a.id
    limit ($1::jsonb ->> 'limit')::int + 1)
    union all
    (select 'offer', o.id, o.province, o.deadline_at, o.enterprise_id, o.region_code, o.state, o.state_since,
        o.made_by, app.case_number('offer', o.id), o.institution_id
    from offer o
    where o.deadline_at < now() and app.region_fits($1::jsonb, o.region_code)
        and ($1::jsonb ->> 'institution_id' is null or o.institution_id = ($1::jsonb ->> 'institution_id')::uuid)
        and ($1::jsonb ->> 'waits_for' is null
            or o.state = any ((select app.states_of('offer', $1::jsonb ->> 'waits_for'))::text[]))
        and ($1::jsonb ->> 'cursor' is null
            or (o.deadline_at, o.id) > (app.cursor_due($1::jsonb ->> 'cursor'), app.cursor_id($1::jsonb ->> 'cursor')))
    order by o.deadline_at, o.id
    limit ($1::jsonb ->> 'limit')::int + 1)
    union all
    (select 'guarantee_case', g.id, g.province, g.deadline_at, g.enterprise_id, g.region_code, g.state, g.state_since,
        g.made_by, g.case_no, g.guarantor_id
    from guarantee_case g
    where g.deadline_at < now() and app.region_fits($1::jsonb, g.region_code)
        and ($1::jsonb ->> 'institution_id' is null
            or ($1::jsonb ->> 'institution_id')::uuid in (g.guarantor_id, g.bank_id))
        and ($1::jsonb ->> 'waits_for' is null
            or g.state = any ((select app.states_of('guarantee_case', $1::jsonb ->> 'waits_for'))::text[]))
        and ($1::jsonb ->> 'cursor' is null
            or (g.deadline_at, g.id) > (app.cursor_due($1::jsonb ->> 'cursor'), app.cursor_id($1::jsonb ->> 'cursor')))
    order by g.deadline_at, g.id
    limit ($1::jsonb ->> 'limit')::int + 1)
), page as (
    select * from found order by due, id limit ($1::jsonb ->> 'limit')::int + 1
), numbered as (
    select jsonb_build_object('kind', p.kind, 'id', p.id, 'no', p.number, 'region_code', p.region_code,
            'enterprise', case when e.id is not null then jsonb_build_object('id', e.id, 'name', e.name) end,
            'institution', case when i.id is not null then jsonb_build_object('id', i.id, 'name_zh', i.name_zh,
                'name_en', i.name_en) end)
            || app.life_json(p.kind, p.state, p.state_since, p.due, p.made_by)
            || jsonb_build_object('can_nudge', app.can_nudge(p.kind, p.id)) as item,
        case when e.id is not null and p.kind <> 'offer' then app.seen(p.kind, p.id, e.id, e.province) end as seen,
        app.due_cursor(p.due, p.id) as cursor, row_number() over (order by p.due, p.id) as n
    from page p
    left join enterprise e on e.id = p.enterprise_id and e.province = p.province
    left join institution i on i.id = p.institution_id
)
select 200, jsonb_build_object(
        'items', coalesce(jsonb_agg(item order by n) filter (where n <= ($1::jsonb ->> 'limit')::int), '[]'),
        'next', case when count(*) > ($1::jsonb ->> 'limit')::int
            then (array_agg(cursor order by n))[($1::jsonb ->> 'limit')::int] end)::text, null, null,
    jsonb_agg(seen order by n) filter (where n <= ($1::jsonb ->> 'limit')::int and seen is not null) as seen
from numbered
