-- Rows as the API shows them. Run as the asker: what row level security hides is absent here too. In plpgsql, whose
-- plans are kept with the session: as plain SQL each call would be planned anew, policies and all.

-- What is known of an enterprise, as the engine takes it: {fact: {value, source, as_of}}.
create function app.enterprise_facts(e enterprise) returns jsonb language plpgsql stable as $$
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
            || coalesce((
                select jsonb_build_object('tags', jsonb_build_object('source', min(t.source), 'as_of', current_date,
                    'value', jsonb_agg(t.tag order by t.tag)))
                from enterprise_tag t
                where t.enterprise_id = e.id and t.province = e.province
                    and (t.valid_to is null or t.valid_to >= current_date)
                having count(*) > 0), '{}')
            || coalesce((
                select jsonb_object_agg(f.fact, jsonb_strip_nulls(jsonb_build_object(
                    'value', f.value, 'source', f.source, 'as_of', f.as_of)))
                from enterprise_fact f
                where f.enterprise_id = e.id and f.province = e.province), '{}')
        -- the figures are those of the fiscal year's end, or of the day they were written down
        from (select least(make_date(e.fiscal_year, 12, 31), e.updated_at::date) as day) figures
    );
end
$$;

-- The whole profile. Contact data is there because the row is: who may not have it does not see the row.
create function app.enterprise_json(e enterprise) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', e.id, 'uscc', e.uscc, 'uscc_check', e.uscc_check, 'verification', e.verification,
            'verification_note', e.verification_note, 'name', e.name, 'former_names', e.former_names,
            'legal_rep_name', e.legal_rep_name, 'registered_capital_fen', e.registered_capital_fen,
            'established_on', e.established_on, 'reg_status', e.reg_status, 'region_code', e.region_code,
            'region_zh', (select r.name_zh from region r where r.code = e.region_code), 'address', e.address,
            'industry_code', e.industry_code,
            'industry_zh', (select i.name_zh from industry i where i.code = e.industry_code),
            'main_business', e.main_business, 'employees', e.employees, 'revenue_fen', e.revenue_fen,
            'total_assets_fen', e.total_assets_fen, 'fiscal_year', e.fiscal_year, 'size_class', e.size_class,
            'size_rule_version', e.size_rule_version)
        || jsonb_build_object('contact_name', e.contact_name, 'contact_mobile', e.contact_mobile,
            'tags', coalesce((select jsonb_agg(jsonb_build_object('tag', t.tag, 'issuer', t.issuer, 'source', t.source,
                    'valid_from', t.valid_from, 'valid_to', t.valid_to) order by t.tag)
                from enterprise_tag t where t.enterprise_id = e.id and t.province = e.province), '[]'),
            'facts', app.enterprise_facts(e), 'version', e.version, 'created_at', e.created_at, 'updated_at', e.updated_at)
    );
end
$$;

create function app.institution_json(i institution) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', i.id, 'kind', i.kind, 'name_zh', i.name_zh, 'name_en', i.name_en,
            'region_code', i.region_code, 'status', i.status, 'net_assets_fen', i.net_assets_fen, 'strikes', i.strikes, 'version', i.version,
            'created_at', i.created_at)
    );
end
$$;

-- A case's place in its life.
create function app.life_json(p_kind text, p_state text, p_since timestamptz, p_deadline timestamptz, p_maker uuid)
returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('state', s.state, 'state_zh', s.name_zh, 'state_en', s.name_en, 'state_since', p_since,
            'waits_for', s.owner, 'deadline_at', p_deadline, 'is_overdue', coalesce(p_deadline < now(), false),
            'actions', app.actions(p_kind, p_state, p_maker))
        from case_state s
        where s.kind = p_kind and s.state = p_state
    );
end
$$;

-- A reason as the enterprise needs it: what it is, who repairs it, how.
create function app.reason_json(p_code text, p_text text) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('code', r.code, 'name_zh', r.name_zh, 'name_en', r.name_en,
            'text', case when r.code = 'R23' and app.side() = 'enterprise' then null else p_text end,
            'repairable', r.repairable, 'repair_by', r.repair_by, 'steps_zh', r.steps_zh, 'steps_en', r.steps_en)
        from refusal_reason r
        where r.code = p_code
    );
end
$$;

create function app.product_json(p product) returns jsonb language plpgsql stable as $$
begin
    return (
        select p.document || jsonb_build_object('id', p.id, 'product_no', p.product_no, 'institution_id', p.institution_id,
                'institution_zh', i.name_zh, 'institution_en', i.name_en, 'kind', p.kind,
                'capacity_cases', p.capacity_cases, 'capacity_fen', p.capacity_fen,
                'capacity_cases_left', p.capacity_cases - coalesce(c.cases, 0),
                'capacity_fen_left', p.capacity_fen - coalesce(c.fen, 0),
                'version', p.version, 'created_at', p.created_at, 'updated_at', p.updated_at)
            || app.life_json('product', p.state, p.state_since, p.deadline_at, p.made_by)
        from institution i
        left join product_capacity c on c.product_id = p.id and c.month = app.this_month()
        where i.id = p.institution_id
    );
end
$$;

create function app.programme_json(p programme) returns jsonb language plpgsql stable as $$
begin
    return (
        select p.document || jsonb_build_object('id', p.id, 'type', p.type, 'state', p.state, 'version', p.version,
            'created_at', p.created_at)
    );
end
$$;

create function app.need_json(n need) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', n.id, 'request_no', n.request_no,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc)
                    from enterprise e where e.id = n.enterprise_id and e.province = n.province),
                'kinds', n.kinds, 'amount_fen', n.amount_fen, 'amount_min_fen', n.amount_min_fen,
                'term_months', n.term_months, 'term_days', n.term_days, 'max_rate_ppm', n.max_rate_ppm,
                'purpose', n.purpose, 'purpose_detail', n.purpose_detail, 'repayments', n.repayments,
                'collateral', n.collateral, 'needed_by', n.needed_by, 'max_claims', n.max_claims,
                'visibility', n.visibility, 'facts', n.facts, 'region_code', n.region_code,
                'industry_code', n.industry_code, 'size_class', n.size_class, 'green_channel', n.green_channel)
            || jsonb_build_object('matched_at', n.matched_at, 'eligible_total', n.eligible_total,
                'repeats', (select coalesce(jsonb_agg(r.request_no), '[]') from (
                    select x.request_no from need x
                    where x.fingerprint = n.fingerprint and x.id <> n.id
                        and x.created_at > n.created_at - interval '30 days' and x.created_at <= n.created_at
                    order by x.created_at desc
                    limit 5) r),
                'reason', app.reason_json(n.reason_code, n.reason_text),
                'version', n.version, 'created_at', n.created_at, 'updated_at', n.updated_at)
            || app.life_json('need', n.state, n.state_since, n.deadline_at, n.made_by)
    );
end
$$;

create function app.application_json(a application) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', a.id, 'need_id', a.need_id, 'origin', a.origin,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc,
                        'contact_name', e.contact_name, 'contact_mobile', e.contact_mobile)
                    from enterprise e where e.id = a.enterprise_id and e.province = a.province),
                'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = a.institution_id),
                'product_id', a.product_id,
                'product_zh', (select p.name_zh from product p where p.id = a.product_id),
                'package', a.package, 'note', a.note, 'paper_stops', a.paper_stops, 'green_channel', a.green_channel,
                'region_code', a.region_code,
                'reason', case when a.state not in ('refusal_pending') or app.side() <> 'enterprise'
                    then app.reason_json(a.reason_code, a.reason_text) end,
                'version', a.version, 'created_at', a.created_at, 'updated_at', a.updated_at)
            || app.life_json('application', a.state, a.state_since, a.deadline_at, a.made_by)
            || case when a.state = 'refusal_pending' and app.side() = 'enterprise'
                then jsonb_build_object('state', 'investigating', 'state_zh', '尽调', 'state_en', 'under enquiry')
                else '{}' end
    );
end
$$;

create function app.offer_json(o offer) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', o.id, 'application_id', o.application_id, 'need_id', o.need_id,
                'institution', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = o.institution_id),
                'product_id', o.product_id, 'round', o.round, 'amount_fen', o.amount_fen, 'term_months', o.term_months,
                'rate_base', o.rate_base, 'rate_ppm', o.rate_ppm, 'spread_ppm', o.spread_ppm, 'lpr_date', o.lpr_date,
                'repayment', o.repayment, 'fees', o.fees, 'net_disbursed_fen', o.net_disbursed_fen,
                'total_repayable_fen', o.total_repayable_fen, 'cost_ppm', o.cost_ppm,
                'guarantee_required', o.guarantee_required, 'collateral_required', o.collateral_required,
                'conditions', o.conditions, 'prepayment_fee_ppm', o.prepayment_fee_ppm,
                'penalty_rate_ppm', o.penalty_rate_ppm, 'cooling_off_days', o.cooling_off_days)
            || jsonb_build_object('valid_until', o.valid_until, 'binding', o.binding, 'counter', o.counter,
                'accepted_at', o.accepted_at, 'contract_no', o.contract_no, 'contracted_at', o.contracted_at,
                'funded_on', o.funded_on, 'funded_fen', o.funded_fen, 'proof_no', o.proof_no,
                'made_by', o.made_by, 'checked_by', o.checked_by,
                'reason', app.reason_json(o.reason_code, o.reason_text),
                'version', o.version, 'created_at', o.created_at, 'updated_at', o.updated_at)
            || app.life_json('offer', o.state, o.state_since, o.deadline_at, o.made_by)
    );
end
$$;

create function app.guarantee_json(g guarantee_case) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', g.id, 'case_no', g.case_no, 'need_id', g.need_id,
                'application_id', g.application_id, 'offer_id', g.offer_id,
                'enterprise', (select jsonb_build_object('id', e.id, 'name', e.name, 'uscc', e.uscc)
                    from enterprise e where e.id = g.enterprise_id and e.province = g.province),
                'bank', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = g.bank_id),
                'guarantor', (select jsonb_build_object('id', i.id, 'name_zh', i.name_zh, 'name_en', i.name_en)
                    from institution i where i.id = g.guarantor_id),
                're_guarantor_id', g.re_guarantor_id, 'product_id', g.product_id, 'batch', g.batch,
                'national_fund', g.national_fund, 'principal_fen', g.principal_fen, 'term_months', g.term_months,
                'shares', jsonb_build_object('bank_ppm', g.share_bank_ppm, 'direct_ppm', g.share_direct_ppm,
                    'province_ppm', g.share_province_ppm, 'national_ppm', g.share_national_ppm),
                'fee_ppm', g.fee_ppm, 'fee_paid_by', g.fee_paid_by, 'fee_subsidy_ppm', g.fee_subsidy_ppm)
            || jsonb_build_object('counter_guarantee', g.counter_guarantee, 'review_note', g.review_note,
                'fee_above_cap', coalesce(g.fee_ppm > 10000, false),
                'effective_on', g.effective_on, 'filing_month', g.filing_month, 'claim_fen', g.claim_fen,
                'recovery_deadline', g.recovery_deadline, 'write_off_evidence', g.write_off_evidence,
                'entries', (select coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'on', x.on_date,
                        'gross_fen', x.gross_fen, 'cost_fen', x.cost_fen, 'bank_fen', x.bank_fen,
                        'direct_fen', x.direct_fen, 'province_fen', x.province_fen, 'national_fen', x.national_fen)
                        order by x.id), '[]')
                    from guarantee_entry x where x.case_id = g.id and x.province = g.province),
                'made_by', g.made_by, 'checked_by', g.checked_by, 'green_channel', g.green_channel,
                'reason', app.reason_json(g.reason_code, g.reason_text),
                'version', g.version, 'created_at', g.created_at, 'updated_at', g.updated_at)
            || app.life_json('guarantee_case', g.state, g.state_since, g.deadline_at, g.made_by)
    );
end
$$;

grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- What the engine is given for a need of `e`: the need's own words over the profile's facts.
create function app.engine_need(e enterprise, i jsonb) returns jsonb language plpgsql stable as $$
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
                        'purpose', case when i ->> 'purpose' is not null then jsonb_build_object('value', i -> 'purpose',
                            'source', 'declared', 'as_of', current_date) end,
                        'collateral', case when jsonb_array_length(coalesce(i -> 'collateral', '[]')) > 0 then
                            jsonb_build_object('value', i -> 'collateral', 'source', 'declared', 'as_of', current_date) end))
                    || coalesce((
                        select jsonb_object_agg(f.key, jsonb_build_object('value', f.value, 'source', 'declared',
                            'as_of', current_date))
                        from jsonb_each(coalesce(i -> 'facts', '{}')) f), '{}')))
    );
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
