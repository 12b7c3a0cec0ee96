-- An offer's all-in cost counts what the guarantee and the insurance behind it cost, as the packages of matches do; where
-- that is not known it says so. Its document has the first payment. A registration says whose word it is, and of when.

-- What a guarantee and an insurance cost: fees like the others with {backing, source: 'case' or 'package', subsidy_ppm,
-- total_fen}. cost_is_whole: the fee of each that is wanted is known.
alter table offer
    add column first_payment_fen bigint,
    add column backing_fees jsonb not null default '[]',
    add column cost_is_whole boolean not null default true;
alter table offer disable trigger user; -- nothing moves
update offer set cost_is_whole = false where guarantee_required;
alter table offer enable trigger user;

-- What a backing of these terms costs who borrows: its yearly fee, of what is outstanding then, and what else its
-- product lists; null when its fee is not known.
create function app.backing_cost(p_backing text, p_source text, p_product uuid, p_institution uuid, p_fee_ppm int,
    p_subsidy_ppm int) returns jsonb language sql stable as $$
    select jsonb_build_object('backing', p_backing, 'source', p_source,
        'name_zh', case p_backing when 'guarantee' then '担保费' else '保险费' end || '（' || i.name_zh || '）',
        'name_en', case p_backing when 'guarantee' then 'guarantee fee' else 'insurance premium' end
            || ' (' || coalesce(i.name_en, i.name_zh) || ')', 'payee', i.name_zh,
        'basis', 'share', 'when', 'yearly', 'value', p_fee_ppm, 'subsidy_ppm', coalesce(p_subsidy_ppm, 0),
        'fees', coalesce((select p.document -> 'fees' from product p where p.id = p_product), '[]'))
    from institution i
    where i.id = p_institution and p_fee_ppm is not null
$$;
-- The same of a guarantee case: nothing where somebody else pays.
create function app.guarantee_cost(g guarantee_case) returns jsonb language sql stable as $$
    select app.backing_cost('guarantee', 'case', g.product_id, g.guarantor_id,
        case when g.fee_paid_by in ('government', 'bank') then 0 else g.fee_ppm end, g.fee_subsidy_ppm)
$$;
-- The same of a backing in the package that was applied for.
create function app.package_cost(a application, p_backing text) returns jsonb language sql stable as $$
    select app.backing_cost(p_backing, 'package', (b ->> 'id')::uuid, (b ->> 'institution_id')::uuid,
        (b ->> 'fee_ppm')::int, 0)
    from (select a.package -> p_backing) x (b)
$$;

-- What stands behind an offer of an application, and whether all of it is known. A guarantee where the offer wants one: as
-- the case `p_case` agrees to, else as a guarantor agreed to, else as the package has it. An insurance where the product
-- wants one: as the package has it.
create function app.backings(p_application uuid, p_guaranteed boolean, p_case uuid default null) returns jsonb
language sql stable as $$
    with wanted (place, cost) as (
        select 1, (
            select coalesce((
                select app.guarantee_cost(g)
                from guarantee_case g
                where g.application_id = a.id and g.province = a.province
                    and case when p_case is null then g.state in ('approved', 'effective', 'reinsured') else g.id = p_case end
                order by g.id desc
                limit 1), app.package_cost(a, 'guarantee'))
            from application a
            where a.id = p_application)
        where p_guaranteed
        union all
        select 2, app.package_cost(a, 'insurance')
        from application a
        left join product p on p.id = a.product_id
        where a.id = p_application and (p.document ->> 'insurance' = 'required' or a.package ->> 'insurance' is not null)
    )
    select jsonb_build_object('backings', coalesce(jsonb_agg(cost order by place) filter (where cost is not null), '[]'),
        'cost_is_whole', coalesce(bool_and(cost is not null), true))
    from wanted
$$;

-- The terms of the offer that a case of the asker's backs, while it waits for an answer, with what stands behind it.
-- A guarantor does not see an offer before the bank's checker approved it; that one is reckoned all the same.
create function app.backed_offer(p_case uuid) returns jsonb language sql stable security definer
set search_path = public, pg_temp as $$
    select app.backings(g.application_id, true, g.id) || jsonb_build_object('offer', (
        select jsonb_build_object('amount_fen', o.amount_fen, 'term_months', o.term_months, 'rate_ppm', o.rate_ppm,
            'repayment', o.repayment, 'fees', o.fees)
        from offer o
        where o.application_id = g.application_id and o.province = g.province and o.guarantee_required
            and o.state in ('pending_approval', 'offered')))
    from guarantee_case g
    where g.id = p_case and g.guarantor_id = app.org_id()
$$;
alter function app.backed_offer(uuid) owner to rongqiao_definer;

-- Keeps `c`, what that came to. The offer's version rises: who accepts it has read this cost. What was accepted before
-- stays as it was read.
create function app.reckon_offer(p_case uuid, c jsonb) returns void language sql security definer
set search_path = public, pg_temp as $$
    update offer o
    set cost_ppm = (c ->> 'cost_ppm')::int, net_disbursed_fen = (c ->> 'net_disbursed_fen')::bigint,
        total_repayable_fen = (c ->> 'total_repayable_fen')::bigint,
        first_payment_fen = (c ->> 'first_payment_fen')::bigint, backing_fees = c -> 'backing_fees',
        cost_is_whole = (c ->> 'cost_is_whole')::boolean,
        version = o.version + 1, updated_at = now()
    from guarantee_case g
    where g.id = p_case and g.guarantor_id = app.org_id() and c is not null
        and o.application_id = g.application_id and o.province = g.province and o.guarantee_required
        and o.state in ('pending_approval', 'offered')
$$;
alter function app.reckon_offer(uuid, jsonb) owner to rongqiao_definer;

create or replace function app.offer_json(o offer) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', o.id, 'application_id', o.application_id, 'need_id', o.need_id,
                'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = o.institution_id),
                'product_id', o.product_id, 'round', o.round, 'amount_fen', o.amount_fen, 'term_months', o.term_months,
                'rate_base', o.rate_base, 'rate_ppm', o.rate_ppm, 'spread_ppm', o.spread_ppm, 'lpr_date', o.lpr_date,
                'repayment', o.repayment, 'fees', o.fees, 'net_disbursed_fen', o.net_disbursed_fen,
                'total_repayable_fen', o.total_repayable_fen, 'cost_ppm', o.cost_ppm,
                'cost_is_whole', o.cost_is_whole, 'first_payment_fen', o.first_payment_fen,
                'backing_fees', o.backing_fees,
                'guarantee_required', o.guarantee_required, 'collateral_required', o.collateral_required,
                'conditions', o.conditions, 'prepayment_fee_ppm', o.prepayment_fee_ppm,
                'penalty_rate_ppm', o.penalty_rate_ppm, 'cooling_off_days', o.cooling_off_days)
            || jsonb_build_object('valid_until', o.valid_until, 'binding', o.binding, 'counter', o.counter,
                'accepted_at', o.accepted_at, 'contract_no', o.contract_no, 'contracted_at', o.contracted_at,
                'funded_on', o.funded_on, 'funded_fen', o.funded_fen, 'proof_no', o.proof_no,
                'made_by', o.made_by, 'checked_by', o.checked_by,
                'reason', app.reason_told('offer', o.state,
                    app.side() <> 'enterprise' and (app.side() <> 'institution' or app.org_id() = o.institution_id),
                    o.reason_code, o.reason_text),
                'version', o.version, 'created_at', o.created_at, 'updated_at', o.updated_at)
            || app.life_json('offer', o.state, o.state_since, o.deadline_at, o.made_by)
    );
end
$$;

create or replace function app.make_offer(i jsonb, c jsonb) returns offer language plpgsql as $$
declare
    a application;
    o offer;
    v_lpr lpr;
    v_base text := coalesce(i -> 'rate' ->> 'base', 'fixed');
begin
    select * into a from application x where x.id = (i ->> 'application_id')::uuid;
    if not found then
        perform app.refuse(422, 'application_unknown', jsonb_build_object('pointer', '/application_id'));
    end if;
    if (i ->> 'valid_until')::date < (now() at time zone 'Asia/Shanghai')::date then
        perform app.refuse(422, 'offer_already_expired', jsonb_build_object('pointer', '/valid_until'));
    end if;
    select * into v_lpr from lpr order by published_on desc limit 1;
    insert into offer (province, application_id, need_id, enterprise_id, institution_id, product_id, region_code,
        green_channel, round, amount_fen, term_months, rate_base, rate_ppm, spread_ppm, lpr_date, repayment, fees,
        net_disbursed_fen, total_repayable_fen, cost_ppm, guarantee_required, collateral_required, conditions,
        prepayment_fee_ppm, penalty_rate_ppm, cooling_off_days, valid_until, binding, first_payment_fen, backing_fees,
        cost_is_whole, state)
    values (a.province, a.id, a.need_id, a.enterprise_id, a.institution_id, a.product_id, a.region_code, a.green_channel,
        1 + (select count(*) from offer x where x.application_id = a.id and x.province = a.province
            and x.counter is not null), -- the enterprise asks for other terms at most twice
        (i ->> 'amount_fen')::bigint, (i ->> 'term_months')::int, v_base, (c ->> 'rate_ppm')::int,
        case when v_base <> 'fixed' then (i -> 'rate' ->> 'value_ppm')::int end,
        case when v_base <> 'fixed' then v_lpr.published_on end,
        i ->> 'repayment', coalesce(i -> 'fees', '[]'), (c ->> 'net_disbursed_fen')::bigint,
        (c ->> 'total_repayable_fen')::bigint, (c ->> 'cost_ppm')::int,
        coalesce((i ->> 'guarantee_required')::boolean, false), i ->> 'collateral_required', i ->> 'conditions',
        (i ->> 'prepayment_fee_ppm')::int, (i ->> 'penalty_rate_ppm')::int, (i ->> 'cooling_off_days')::int,
        (i ->> 'valid_until')::date, coalesce((i ->> 'binding')::boolean, true), (c ->> 'first_payment_fen')::bigint,
        c -> 'backing_fees', (c ->> 'cost_is_whole')::boolean, 'pending_approval')
    returning * into o;
    return o;
end
$$;

-- Whose word the registration is and since when, and when it was verified: by its code, or by a person.
alter table enterprise
    add column registration_source text check (registration_source in ('declared', 'authority')),
    add column registration_as_of timestamptz,
    add column verified_at timestamptz;
alter table enterprise disable trigger enterprise_size; -- nothing was updated
update enterprise e
set registration_source = said.source, registration_as_of = coalesce(said.at, e.created_at),
    verified_at = case when e.verification = 'verified' then coalesce(said.verified_at, e.created_at) end
from (
    select n.id, n.province, a.source, a.at, a.verified_at
    from enterprise n
    left join (
        select case_id, max(at) filter (where action <> 'verify') as at, max(at) filter (where action = 'verify') as verified_at,
            (array_agg(case side when 'enterprise' then 'declared' else 'authority' end order by at desc)
                filter (where action <> 'verify'))[1] as source
        from audit_event
        where kind = 'enterprise' and action in ('register', 'change', 'verify')
        group by case_id) a on a.case_id = n.id
) said
where e.id = said.id and e.province = said.province;
alter table enterprise enable trigger enterprise_size;

create function app.note_registration() returns trigger language plpgsql as $$
begin
    -- What is sealed anew under another key is nobody's word.
    if app.side() in ('enterprise', 'authority', 'operator') and (tg_op = 'INSERT'
        or row(new.name, new.uscc, new.legal_rep_name, new.legal_rep_id_hash, new.registered_capital_fen, new.established_on,
            new.reg_status, new.region_code, new.address, new.industry_code, new.main_business,
            new.employees, new.revenue_fen, new.total_assets_fen, new.fiscal_year, new.contact_name, new.contact_mobile_hash)
        is distinct from row(old.name, old.uscc, old.legal_rep_name, old.legal_rep_id_hash, old.registered_capital_fen,
            old.established_on, old.reg_status, old.region_code, old.address, old.industry_code, old.main_business,
            old.employees, old.revenue_fen, old.total_assets_fen, old.fiscal_year, old.contact_name,
            old.contact_mobile_hash)) then
        new.registration_source := case when app.side() = 'enterprise' then 'declared' else 'authority' end;
        new.registration_as_of := now();
    end if;
    if new.verification <> 'verified' then
        new.verified_at := null;
    elsif tg_op = 'INSERT' or row(new.verification, new.verification_note, new.uscc)
        is distinct from row(old.verification, old.verification_note, old.uscc) then
        new.verified_at := now();
    end if;
    return new;
end
$$;
create trigger enterprise_registration before insert or update on enterprise
    for each row execute function app.note_registration();

-- The industry of a class in English: divisions have English names, what is below them has not.
create function app.industry_en(p_code text) returns text language sql stable as $$
    select coalesce(c.name_en, g.name_en, d.name_en)
    from industry c
    left join industry g on g.code = c.parent
    left join industry d on d.code = g.parent
    where c.code = p_code
$$;

create or replace function app.enterprise_json(e enterprise) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', e.id, 'uscc', e.uscc, 'uscc_check', e.uscc_check, 'verification', e.verification,
            'verification_note', e.verification_note, 'name', e.name, 'former_names', e.former_names,
            'legal_rep_name', e.legal_rep_name, 'legal_rep_id', legal_rep_id(e),
            'registered_capital_fen', e.registered_capital_fen,
            'established_on', e.established_on, 'reg_status', e.reg_status, 'region_code', e.region_code,
            'region_zh', (select r.name_zh from region r where r.code = e.region_code), 'address', e.address,
            'industry_code', e.industry_code,
            'industry_zh', (select i.name_zh from industry i where i.code = e.industry_code),
            'industry_en', app.industry_en(e.industry_code),
            'main_business', e.main_business, 'employees', e.employees, 'revenue_fen', e.revenue_fen,
            'total_assets_fen', e.total_assets_fen, 'fiscal_year', e.fiscal_year, 'size_class', e.size_class,
            'size_rule_version', e.size_rule_version)
        || jsonb_build_object('contact_name', e.contact_name, 'contact_mobile', contact_mobile(e),
            'tags', coalesce((select jsonb_agg(jsonb_build_object('tag', t.tag, 'issuer', t.issuer, 'source', t.source,
                    'valid_from', t.valid_from, 'valid_to', t.valid_to) order by t.tag)
                from enterprise_tag t where t.enterprise_id = e.id and t.province = e.province), '[]'),
            'facts', app.enterprise_facts(e), 'version', e.version, 'created_at', e.created_at, 'updated_at', e.updated_at,
            'registration_source', e.registration_source, 'registration_as_of', e.registration_as_of,
            'verified_at', e.verified_at)
    );
end
$$;

grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
