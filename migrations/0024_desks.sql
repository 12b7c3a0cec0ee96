-- What people at their desks miss: lists by deadline, the number of the case that a notification is about, a case's
-- history for its parties, shares of a base that contains them, confirmed qualifications beside declared ones, and
-- import lines that are refused in the API's own words.

-- By deadline ------------------------------------------------------------------------------------------------

-- What falls due first stands first, what never falls due last; a page goes on behind the deadline and the id of its
-- last row, whatever became of that row meanwhile.
create index need_due on need (coalesce(deadline_at, 'infinity'), id);
create index application_due on application (coalesce(deadline_at, 'infinity'), id);
create index offer_due on offer (coalesce(deadline_at, 'infinity'), id);
create index guarantee_due on guarantee_case (coalesce(deadline_at, 'infinity'), id);

-- A cursor by deadline is "<microseconds since 1970, or never>_<id>", one by age the id alone.
create function app.due_cursor(p_due timestamptz, p_id uuid) returns text language sql immutable parallel safe
    return case when p_due = 'infinity' then 'never' else (extract(epoch from p_due) * 1000000)::bigint::text end
        || '_' || p_id;
create function app.cursor_id(p_cursor text) returns uuid language sql immutable parallel safe
    return right(p_cursor, 36)::uuid;
create function app.cursor_due(p_cursor text) returns timestamptz language sql immutable parallel safe
    return case when p_cursor like 'never%' then 'infinity'
        when p_cursor like '%!_%' escape '!' then
            timestamptz 'epoch' + split_part(p_cursor, '_', 1)::bigint * interval '1 microsecond' end;

-- The states in which a case waits for that side.
create function app.states_of(p_kind text, p_owner text) returns text[] language sql stable as $$
    select coalesce(array_agg(s.state), '{}') from case_state s where s.kind = p_kind and s.owner = p_owner
$$;
create function app.due_fits(i jsonb, p_deadline timestamptz) returns boolean language sql stable
    return i ->> 'due_within_hours' is null
        or p_deadline between now() and now() + (i ->> 'due_within_hours')::int * interval '1 hour';

-- Numbers in notifications -------------------------------------------------------------------------------------

-- The number by which people know a case: applications and offers have their need's.
create function app.case_number(p_kind text, p_id uuid) returns text language sql stable
    security definer set search_path = public, pg_temp as $$
    select case p_kind
        when 'need' then (select n.request_no from need n where n.id = p_id)
        when 'application' then (select n.request_no from application a
            join need n on n.id = a.need_id and n.province = a.province where a.id = p_id)
        when 'offer' then (select n.request_no from offer o
            join need n on n.id = o.need_id and n.province = o.province where o.id = p_id)
        when 'guarantee_case' then (select g.case_no from guarantee_case g where g.id = p_id) end
$$;
alter function app.case_number(text, uuid) owner to rongqiao_definer;

create or replace function app.notice_params(p_row jsonb, p_from text, p_reason boolean) returns jsonb
language sql stable security definer set search_path = public, pg_temp as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'state', p_row ->> 'state',
        'from', p_from,
        'no', coalesce(p_row ->> 'request_no', p_row ->> 'case_no', p_row ->> 'product_no', p_row ->> 'round_no',
            (select n.request_no from need n
                where n.id = (p_row ->> 'need_id')::uuid and n.province = p_row ->> 'province')),
        'need_id', p_row ->> 'need_id',
        'application_id', p_row ->> 'application_id',
        'origin', p_row ->> 'origin',
        'amount_fen', coalesce(p_row -> 'amount_fen', p_row -> 'principal_fen'),
        'institution_id', i.id,
        'institution_zh', i.name_zh,
        'reason_code', case when p_reason then p_row ->> 'reason_code' end))
    from (select coalesce(p_row ->> 'institution_id', p_row ->> 'guarantor_id')::uuid as id) x
    left join institution i on i.id = x.id
$$;

create or replace function app.make_nudge(i jsonb) returns nudge language plpgsql as $$
declare
    c record;
    d nudge;
begin
    select * into c from app.nudge_subject(i ->> 'subject_kind', (i ->> 'subject_id')::uuid);
    if not found then
        perform app.refuse(422, 'case_unknown', jsonb_build_object('pointer', '/subject_id'));
    end if;
    if c.parties is null or c.parties -> 0 ->> 'id' is null then
        perform app.refuse(409, 'nobody_to_nudge', jsonb_build_object('state', c.state));
    end if;
    insert into nudge (province, subject_kind, subject_id, subject_state, deadline_at, enterprise_id, region_code,
        message, parties, made_by, made_by_name)
    select c.province, i ->> 'subject_kind', c.id, c.state, c.deadline_at, c.enterprise_id, c.region_code,
        i ->> 'message', c.parties, u.id, u.name
    from app_user u
    where u.id = app.user_id()
    returning * into d;
    perform app.notify(p ->> 'kind', (p ->> 'id')::uuid, 'nudge', d.subject_kind, d.subject_id,
        jsonb_strip_nulls(jsonb_build_object('no', app.case_number(d.subject_kind, d.subject_id), 'nudge_id', d.id,
            'message', d.message, 'state', d.subject_state, 'from', d.made_by_name)))
    from jsonb_array_elements(d.parties) p;
    perform app.audit(d.province, d.subject_kind, d.subject_id, 'nudge', d.subject_state, d.subject_state, null,
        d.message, to_jsonb(d));
    return d;
end
$$;

-- What was told before says which case it meant, too.
update notification t set params = t.params || jsonb_build_object('no', n.number)
from (
    select entry, app.case_number(subject_kind, subject_id) as number
    from notification
    where subject_kind in ('need', 'application', 'offer', 'guarantee_case') and not params ? 'no') n
where t.entry = n.entry and n.number is not null;

-- History ----------------------------------------------------------------------------------------------------

-- The moves of a case as its parties may know them, from the trail. What is in `p_hidden` is its institution's own
-- until a second person confirms it: a move there is not told, the one from there is told as from where the case was
-- seen last, and a confirmed proposal has the proposal's reason. No user is named. Institutions are named when they
-- are of `p_institutions` (null: whoever it was). Moves are those of the table of transitions: nobody's looks, notes or
-- passes.
create function app.case_moves(p_kind text, p_id uuid, p_hidden text[], p_institutions uuid[], p_reasons boolean)
returns table (id uuid, at timestamptz, move jsonb) language sql stable
    security definer set search_path = public, pg_temp as $$
    with moves as (
        select e.id, e.at, e.action, e.from_state, e.to_state, e.side, e.org_id, e.user_id, t.roles,
            case when t.mark = 'checker' and e.from_state = any (p_hidden) then lag(e.reason_code) over w
                else e.reason_code end as reason_code,
            case when t.mark = 'checker' and e.from_state = any (p_hidden) then lag(e.reason_text) over w
                else e.reason_text end as reason_text
        from audit_event e
        join transition t on t.kind = e.kind and t.from_state = coalesce(e.from_state, '-') and t.action = e.action
        where e.case_id = p_id and e.kind = p_kind
        window w as (order by e.id)
    ), shown as (
        select m.*, lag(m.to_state) over (order by m.id) as seen_in
        from moves m
        where m.to_state <> all (p_hidden)
    )
    select s.id, s.at, jsonb_build_object('at', s.at, 'action', s.action, 'from_state', s.seen_in,
            'to_state', s.to_state,
            'by', jsonb_strip_nulls(jsonb_build_object('side', s.side,
                'role', coalesce((select r from unnest(u.roles) r where r = any (s.roles) order by r limit 1),
                    case when cardinality(u.roles) = 1 then u.roles[1] end),
                'institution_id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)),
            'reason', case when p_reasons and s.reason_code is not null then
                app.reason_json(s.reason_code, s.reason_text) - '{repairable,repair_by,steps_zh,steps_en}'::text[] end)
    from shown s
    left join app_user u on u.id = s.user_id
    left join institution i on i.id = s.org_id and (p_institutions is null or i.id = any (p_institutions))
    where s.from_state is null or s.from_state <> all (p_hidden) or s.seen_in is distinct from s.to_state
$$;
alter function app.case_moves(text, uuid, text[], uuid[], boolean) owner to rongqiao_definer;

-- The history of a case and of what came of it, latest first: a need's with its applications, offers and guarantee
-- cases, an application's with its offers and guarantee cases. As the asker: of what row level security hides there is
-- no history; an institution has that of the needs that reached it. Null: no such case.
create function app.case_history(p_kind text, p_id uuid) returns jsonb language plpgsql stable as $$
declare
    v_is_lender constant boolean := app.side() = 'institution';
    v_is_enterprise constant boolean := app.side() = 'enterprise';
begin
    return (
        with cases as materialized (
            select 'need' as kind, n.id, n.request_no as number, null::uuid as institution,
                case when v_is_lender then array[app.org_id()] end as institutions, not v_is_lender as tells_reasons,
                '{}'::text[] as hidden
            from need n
            where n.id = p_id and (not v_is_lender
                or exists (select from application a where a.need_id = n.id and a.province = n.province)
                or exists (select from guarantee_case g where g.need_id = n.id and g.province = n.province))
            union all
            select 'application', a.id, null, a.institution_id, case when v_is_lender then array[a.institution_id] end,
                true, case when v_is_enterprise then '{refusal_pending}'::text[] else '{}' end
            from application a
            where a.id = p_id or a.need_id = p_id
            union all
            select 'offer', o.id, null, o.institution_id, case when v_is_lender then array[o.institution_id] end, true,
                case when v_is_enterprise or v_is_lender and o.institution_id <> app.org_id()
                    then '{pending_approval,sent_back,rejected}'::text[] else '{}' end
            from offer o
            where o.id = p_id or o.application_id = p_id or o.need_id = p_id
            union all
            select 'guarantee_case', g.id, g.case_no, g.guarantor_id,
                case when v_is_lender then array[g.bank_id, g.guarantor_id, g.re_guarantor_id] end, true,
                case when v_is_enterprise or v_is_lender and g.guarantor_id <> app.org_id()
                    then '{refusal_pending,write_off_proposed}'::text[] else '{}' end
            from guarantee_case g
            where g.id = p_id or g.application_id = p_id or g.need_id = p_id
        ), moves as (
            select m.at, m.id, jsonb_strip_nulls(jsonb_build_object('kind', c.kind, 'id', c.id, 'no', c.number,
                'institution_zh', i.name_zh, 'institution_en', i.name_en)) as subject, m.move
            from cases c
            cross join lateral app.case_moves(c.kind, c.id, c.hidden, c.institutions, c.tells_reasons) m
            left join institution i on i.id = c.institution
            order by m.at desc, m.id desc
            limit 500
        )
        select jsonb_build_object('subject_kind', p_kind, 'subject_id', p_id, 'items', (
            select coalesce(jsonb_agg(m.move || jsonb_build_object('id', m.id, 'subject', m.subject)
                order by m.at desc, m.id desc), '[]')
            from moves m))
        where exists (select from cases c where c.kind = p_kind and c.id = p_id)
    );
end
$$;

-- Shares of the funnel -----------------------------------------------------------------------------------------

-- A step's share is of a base that contains it; not every need asks for a guarantee.
update figure f set text_zh = x.text_zh, text_en = x.text_en
from (values
    ('matched', '其中至少有一款产品符合条件的笔数；占比以发布笔数为分母',
        'Of these, needs for which at least one package was eligible; its share is of the needs posted'),
    ('offered', '其中至少收到一份经复核的授信方案的笔数；对单家机构为其方案；占比以发布笔数为分母',
        'Of these, needs with at least one offer approved by a bank''s checker; for one institution, an offer of its '
        || 'own; its share is of the needs posted'),
    ('guaranteed', '其中担保机构审批同意的笔数；占比以申请过担保的需求为分母，不需要担保的不计入',
        'Of these, needs whose guarantee was approved; its share is of the needs that asked for a guarantee'),
    ('funded', '其中已放款的笔数；对单家机构为其放款；占比以已报方案笔数为分母',
        'Of these, needs that were paid out; for one institution, by it; its share is of the needs with an offer'))
    x (field, text_zh, text_en)
where f.report = 'funnel' and f.field = x.field;

-- Whether a need asked for a guarantee, as the asker sees it and the filter counts it.
create function app.asked_guarantee(i jsonb, p_need uuid, p_province text, p_guaranteed timestamptz) returns boolean
language sql stable as $$
    select p_guaranteed is not null or exists (select from guarantee_case g
        where g.need_id = p_need and g.province = p_province and (i ->> 'institution_id' is null
            or (i ->> 'institution_id')::uuid in (g.bank_id, g.guarantor_id)))
$$;

-- Qualifications -----------------------------------------------------------------------------------------------

-- The qualifications of an enterprise as one fact: those that are granted and in force, and what is declared beside
-- them (a fact, or null). The fact is as good as the weakest of its sources.
create function app.tags_fact(e enterprise, p_declared jsonb) returns jsonb language plpgsql stable as $$
begin
    return (
        with granted as (
            select t.tag, t.source
            from enterprise_tag t
            where t.enterprise_id = e.id and t.province = e.province
                and (t.valid_to is null or t.valid_to >= current_date)
        ), known as (
            select g.tag, g.source, current_date as as_of
            from granted g
            union all
            select x, p_declared ->> 'source', (p_declared ->> 'as_of')::date
            from jsonb_array_elements_text(case jsonb_typeof(p_declared -> 'value') when 'array' then
                p_declared -> 'value' else '[]' end) x
            where x not in (select g.tag from granted g)
        )
        select case when count(*) > 0 then jsonb_build_object('tags', jsonb_strip_nulls(jsonb_build_object(
                'value', jsonb_agg(distinct k.tag order by k.tag),
                'source', case when bool_or(k.source = 'declared') then 'declared' else min(k.source) end,
                'as_of', min(k.as_of))))
            when p_declared is not null then jsonb_build_object('tags', p_declared) else '{}' end
        from known k
    );
end
$$;

create or replace function app.enterprise_facts(e enterprise) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_strip_nulls(jsonb_build_object(
                'age_months', case when e.established_on is not null then
                    jsonb_build_object('source', 'registry', 'as_of', current_date, 'value',
                        (extract(year from age(current_date, e.established_on)) * 12
                            + extract(month from age(current_date, e.established_on)))::int) end,
                'size_class', case when e.size_class is not null then
                    jsonb_build_object('source', 'computed', 'as_of', current_date, 'value', e.size_class) end,
                'employees', case when e.employees is not null then
                    jsonb_build_object('source', 'declared', 'as_of', figures.day, 'value', e.employees) end,
                'revenue_fen', case when e.revenue_fen is not null then
                    jsonb_build_object('source', 'declared', 'as_of', figures.day, 'value', e.revenue_fen) end,
                'total_assets_fen', case when e.total_assets_fen is not null then
                    jsonb_build_object('source', 'declared', 'as_of', figures.day, 'value', e.total_assets_fen) end))
            || stored.facts || app.tags_fact(e, stored.facts -> 'tags')
        -- the figures are those of the fiscal year's end, or of the day they were written down
        from (select least(make_date(e.fiscal_year, 12, 31), e.updated_at::date) as day) figures,
            (select coalesce(jsonb_object_agg(f.fact, jsonb_strip_nulls(jsonb_build_object(
                    'value', f.value, 'source', f.source, 'as_of', f.as_of))), '{}') as facts
                from enterprise_fact f
                where f.enterprise_id = e.id and f.province = e.province) stored
    );
end
$$;

-- A need's own word about qualifications takes none away.
create or replace function app.engine_need(e enterprise, i jsonb) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_strip_nulls(jsonb_build_object(
                'enterprise_id', e.id, 'enterprise_version', e.version, 'kinds', i -> 'kinds',
                'amount_fen', i -> 'amount_fen', 'amount_min_fen', i -> 'amount_min_fen',
                'term_months', i -> 'term_months', 'term_days', i -> 'term_days', 'max_rate_ppm', i -> 'max_rate_ppm',
                'repayments', i -> 'repayments', 'region', e.region_code,
                'industry', (select x.letter_code from industry x where x.code = e.industry_code),
                'as_of', (now() at time zone 'Asia/Shanghai')::date,
                'facts', app.enterprise_facts(e)
                    || jsonb_strip_nulls(jsonb_build_object(
                        'purpose', case when i ->> 'purpose' is not null then jsonb_build_object(
                            'value', i -> 'purpose', 'source', 'declared', 'as_of', current_date) end,
                        'collateral', case when jsonb_array_length(coalesce(i -> 'collateral', '[]')) > 0 then
                            jsonb_build_object('value', i -> 'collateral', 'source', 'declared',
                                'as_of', current_date) end))
                    || own.facts
                    || case when own.facts ? 'tags' then app.tags_fact(e, own.facts -> 'tags') else '{}' end))
        from (
            select coalesce(jsonb_object_agg(f.key, jsonb_build_object('value', f.value, 'source', 'declared',
                'as_of', current_date)), '{}') as facts
            from jsonb_each(coalesce(i -> 'facts', '{}')) f) own
    );
end
$$;

-- Names of products --------------------------------------------------------------------------------------------

create or replace function app.application_json(a application) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', a.id, 'need_id', a.need_id, 'origin', a.origin,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc,
                        'contact_name', e.contact_name, 'contact_mobile', contact_mobile(e))
                    from enterprise e where e.id = a.enterprise_id and e.province = a.province),
                'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = a.institution_id),
                'product_id', a.product_id, 'product_zh', p.name_zh, 'product_en', p.document ->> 'name_en',
                'package', a.package, 'note', a.note, 'paper_stops', a.paper_stops, 'green_channel', a.green_channel,
                'region_code', a.region_code, 'offered_at', a.offered_at,
                'answered_at', a.answered_at, 'funded_at', a.funded_at, 'funded_fen', a.funded_fen,
                'reason', case when a.state not in ('refusal_pending') or app.side() <> 'enterprise'
                    then app.reason_json(a.reason_code, a.reason_text) end,
                'version', a.version, 'created_at', a.created_at, 'updated_at', a.updated_at)
            || app.life_json('application', a.state, a.state_since, a.deadline_at, a.made_by)
            || case when a.state = 'refusal_pending' and app.side() = 'enterprise'
                then jsonb_build_object('state', 'investigating', 'state_zh', '尽调', 'state_en', 'under enquiry')
                else '{}' end
        from (select a.product_id as id) x
        left join product p on p.id = x.id
    );
end
$$;

-- Imports ----------------------------------------------------------------------------------------------------

-- `p_problems` is the server's table of problems (server/api/problem.c): which constraint or SQLSTATE means which
-- problem and field, and every problem's text. A refused line says what the API would of the same input by itself.
drop function app.import_lines(text, jsonb, boolean);
create function app.import_lines(p_what text, p_lines jsonb, p_keep boolean, p_problems jsonb default '{}')
returns jsonb language plpgsql as $$
declare
    l jsonb;
    e enterprise;
    p product;
    report jsonb := '[]';
    v_message text;
    v_constraint text;
    v_state text;
    v_detail text;
    v_code text;
    v_pointer text;
begin
    for l in select * from jsonb_array_elements(p_lines) loop
        begin
            if p_what = 'enterprises' then
                e := app.make_enterprise(l -> 'item', l ->> 'uscc_check');
                report := report || jsonb_build_object('line', l -> 'line', 'verdict', 'accepted', 'id', e.id,
                    'verification', e.verification);
            else
                p := app.make_product(l -> 'item');
                report := report || jsonb_build_object('line', l -> 'line', 'verdict', 'accepted', 'id', p.id);
            end if;
        exception when others then
            get stacked diagnostics v_message = message_text, v_constraint = constraint_name,
                v_state = returned_sqlstate, v_detail = pg_exception_detail;
            if v_state in ('57014', '40001', '40P01', '53100', '53200') then
                raise;
            end if;
            v_code := coalesce(case when v_state like 'RQ%' then v_message end,
                p_problems -> 'constraints' -> v_constraint ->> 'code', (
                    select x ->> 1
                    from jsonb_array_elements(p_problems -> 'sqlstates') with ordinality s (x, n)
                    where v_state like (x ->> 0) || '%'
                    order by n
                    limit 1), 'value_refused');
            v_pointer := coalesce(p_problems -> 'constraints' -> v_constraint ->> 'pointer', case
                when v_state like 'RQ%' and v_detail like '{%' then v_detail::jsonb ->> 'pointer' end, '');
            report := report || (jsonb_build_object('line', l -> 'line', 'verdict', 'refused', 'code', v_code,
                    'errors', jsonb_build_array(jsonb_build_object('pointer', v_pointer, 'code', v_code,
                        'detail_zh', p_problems -> 'texts' -> v_code ->> 'zh',
                        'detail_en', p_problems -> 'texts' -> v_code ->> 'en')))
                || case when v_constraint = 'enterprise_uscc_taken' then jsonb_build_object('existing_id', (
                        select x.id from enterprise x where x.uscc = upper(l -> 'item' ->> 'uscc'))) else '{}' end);
        end;
    end loop;
    if not p_keep then
        raise exception using errcode = 'RQ299', message = 'dry_run'; -- undoes; what is in variables stays
    end if;
    return report;
exception when sqlstate 'RQ299' then
    return (select coalesce(jsonb_agg(x - 'id'), '[]') from jsonb_array_elements(report) x);
end
$$;

revoke all on all functions in schema app from public;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
