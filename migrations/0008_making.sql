-- Making what has more than one row, for single posts and for imports alike. Run as the asker.

-- Registers an enterprise with its qualifications and facts; `p_check` is what the server found of its code.
create function app.make_enterprise(i jsonb, p_check text) returns enterprise language plpgsql as $$
declare
    e enterprise;
    v_id uuid := app.uuid_v7();
    v_trusted boolean := app.side() in ('authority', 'operator');
begin
    if app.side() = 'enterprise' then
        if app.org_id() is not null then
            perform app.refuse(409, 'enterprise_already_registered');
        end if;
        perform set_config('app.org_id', v_id::text, true);
    end if;
    insert into enterprise (id, province, uscc, uscc_check, verification, name, legal_rep_name, registered_capital_fen,
        established_on, reg_status, region_code, address, industry_code, main_business, employees, revenue_fen,
        total_assets_fen, fiscal_year, contact_name, contact_mobile)
    values (v_id, left(i ->> 'region_code', 2), upper(i ->> 'uscc'), p_check,
        case when p_check = 'ok' then 'verified' else 'pending' end, i ->> 'name', i ->> 'legal_rep_name',
        (i ->> 'registered_capital_fen')::bigint, (i ->> 'established_on')::date,
        coalesce(i ->> 'reg_status', 'existing'), i ->> 'region_code', i ->> 'address',
        regexp_replace(i ->> 'industry_code', '^[A-T](?=[0-9])', ''), i ->> 'main_business',
        (i ->> 'employees')::bigint, (i ->> 'revenue_fen')::bigint, (i ->> 'total_assets_fen')::bigint,
        (i ->> 'fiscal_year')::int, i ->> 'contact_name', i ->> 'contact_mobile')
    returning * into e;
    insert into enterprise_tag (enterprise_id, province, tag, issuer, source, valid_from, valid_to)
    select e.id, e.province, t ->> 'tag', t ->> 'issuer', case when v_trusted then 'authority' else 'declared' end,
        (t ->> 'valid_from')::date, (t ->> 'valid_to')::date
    from jsonb_array_elements(coalesce(i -> 'tags', '[]')) t;
    perform app.put_facts(e, coalesce(i -> 'facts', '{}'));
    if app.side() = 'enterprise' then
        perform app.take_enterprise(e.id, e.province);
    end if;
    perform app.audit(e.province, 'enterprise', e.id, 'register', null, e.verification, null, null, to_jsonb(e));
    return e;
end
$$;

-- Records facts {fact: {value, source, as_of}}; a null value forgets one. What an enterprise says is "declared"
-- whatever it claims; an authority or the operator may name the true source.
create function app.put_facts(e enterprise, p_facts jsonb) returns void language plpgsql as $$
begin
    delete from enterprise_fact f
    where f.enterprise_id = e.id and f.province = e.province
        and p_facts -> f.fact -> 'value' = 'null'::jsonb;
    insert into enterprise_fact as f (enterprise_id, province, fact, value, source, as_of, recorded_by)
    select e.id, e.province, x.key, x.value -> 'value',
        case when app.side() in ('authority', 'operator') then coalesce(x.value ->> 'source', 'declared')
            else 'declared' end,
        (x.value ->> 'as_of')::date, app.user_id()
    from jsonb_each(p_facts) x
    where x.value -> 'value' <> 'null'::jsonb
    on conflict (enterprise_id, province, fact) do update
        set value = excluded.value, source = excluded.source, as_of = excluded.as_of,
            recorded_by = excluded.recorded_by, recorded_at = now();
end
$$;

-- A product in draft, for the asker's institution or (operators) for the one named.
create function app.make_product(i jsonb) returns product language plpgsql as $$
declare
    p product;
    v_institution uuid := case when app.side() = 'institution' then app.org_id() else (i ->> 'institution_id')::uuid end;
begin
    if v_institution is null or not exists (select from institution x where x.id = v_institution) then
        perform app.refuse(422, 'institution_unknown', jsonb_build_object('pointer', '/institution_id'));
    end if;
    insert into product (product_no, institution_id, kind, name_zh, document, capacity_cases, capacity_fen, state)
    values (coalesce(i ->> 'product_no', 'P' || upper(substr(translate(app.uuid_v7()::text, '-', ''), 1, 24))),
        v_institution, i ->> 'kind', i ->> 'name_zh',
        i - 'institution_id' - 'product_no' - 'capacity_cases' - 'capacity_fen' - 'if_match',
        (i ->> 'capacity_cases')::int, (i ->> 'capacity_fen')::bigint, 'draft')
    returning * into p;
    return p;
end
$$;

-- Whether a product's terms may be replaced as it stands; refuses with the reason when not.
create function app.product_is_editable(p_state text) returns boolean language plpgsql stable as $$
begin
    if p_state not in ('draft', 'paused') then
        perform app.refuse(409, 'transition_not_allowed', jsonb_build_object('state', p_state, 'action', 'change',
            'actions', app.actions('product', p_state, null)));
    end if;
    return true;
end
$$;

-- Imports: each line by itself, so that a bad one is refused with its reason and the rest is kept.
-- `p_lines` is [{"line": n, "item": {...}, "uscc_check": word}] as validated by the server.
create function app.import_lines(p_what text, p_lines jsonb) returns jsonb language plpgsql as $$
declare
    l jsonb;
    e enterprise;
    p product;
    report jsonb := '[]';
    v_message text;
    v_constraint text;
    v_detail text;
begin
    for l in select * from jsonb_array_elements(p_lines) loop
        begin
            if p_what = 'enterprises' then
                e := app.make_enterprise(l -> 'item', l ->> 'uscc_check');
                report := report || jsonb_build_object('line', l -> 'line', 'id', e.id,
                    'verification', e.verification);
            else
                p := app.make_product(l -> 'item');
                report := report || jsonb_build_object('line', l -> 'line', 'id', p.id);
            end if;
        exception when others then
            get stacked diagnostics v_message = message_text, v_constraint = constraint_name,
                v_detail = pg_exception_detail;
            if sqlstate in ('57014', '40001', '40P01', '53100', '53200') then
                raise;
            end if;
            report := report || jsonb_build_object('line', l -> 'line', 'code',
                case when v_constraint <> '' then v_constraint
                    when sqlstate like 'RQ%' then v_message
                    else 'value_refused' end);
        end;
    end loop;
    return report;
end
$$;

-- A need with its match, in one go. `p_result` is the engine's output and `p_facts` its input, as text; `p_packages`
-- says of the output what is kept as rows: {"catalogue_version", ..., "packages": [...]}.
create function app.make_need(i jsonb, p_facts text, p_result text, p_digest text, p_packages jsonb, p_submit boolean)
returns need
language plpgsql as $$
declare
    e enterprise;
    n need;
    f jsonb := p_facts::jsonb;
begin
    select * into e from enterprise x where x.id = (f ->> 'enterprise_id')::uuid;
    if not found then
        perform app.refuse(404, 'not_found');
    end if;
    -- The facts were read a moment ago; if they changed meanwhile, the match would be of another enterprise.
    if e.version <> (f ->> 'enterprise_version')::int then
        perform app.refuse(409, 'enterprise_changed');
    end if;
    if e.reg_status not in ('existing', 'operating') then
        perform app.refuse(422, 'enterprise_not_operating', jsonb_build_object('reg_status', e.reg_status));
    end if;
    perform set_config('app.action', case when p_submit then 'submit' else 'create' end, true);
    insert into need (province, request_no, enterprise_id, kinds, amount_fen, amount_min_fen, term_months, term_days,
        max_rate_ppm, purpose, purpose_detail, repayments, collateral, needed_by, max_claims, visibility, facts,
        region_code, industry_code, size_class, green_channel, facts_digest, fingerprint, matched_at, eligible_total, state)
    values (e.province,
        'N' || to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD') || '-'
            || upper(substr(translate(gen_random_uuid()::text, '-', ''), 1, 8)),
        e.id, array(select jsonb_array_elements_text(i -> 'kinds')), (i ->> 'amount_fen')::bigint,
        coalesce((i ->> 'amount_min_fen')::bigint, (i ->> 'amount_fen')::bigint), (i ->> 'term_months')::int,
        (i ->> 'term_days')::int, (i ->> 'max_rate_ppm')::int, i ->> 'purpose', i ->> 'purpose_detail',
        array(select jsonb_array_elements_text(coalesce(i -> 'repayments', '[]'))),
        array(select jsonb_array_elements_text(coalesce(i -> 'collateral', '[]'))), (i ->> 'needed_by')::date,
        coalesce((i ->> 'max_claims')::int, 3), coalesce(i ->> 'visibility', 'open'), coalesce(i -> 'facts', '{}'),
        e.region_code, e.industry_code, e.size_class,
        -- set by government only: the epidemic-control list opens the green channel by itself
        case when exists (select from enterprise_tag t where t.enterprise_id = e.id and t.province = e.province
                and t.tag = 'epidemic_key' and t.source = 'authority'
                and (t.valid_to is null or t.valid_to >= current_date)) then 'key_list' else 'none' end,
        encode(sha256(convert_to(p_facts, 'UTF8')), 'hex'),
        encode(sha256(convert_to(e.id || ':' || (i ->> 'kinds') || ':'
            || width_bucket(ln((i ->> 'amount_fen')::numeric), 11, 26, 60), 'UTF8')), 'hex'),
        now(), (p_packages ->> 'eligible_total')::int, case when p_submit then 'checking' else 'draft' end)
    returning * into n;
    perform app.store_match(n, p_facts, p_result, p_digest, p_packages);
    if p_submit and e.verification = 'verified' then
        perform app.move_need(n.id, n.province, array['checking'], 'open');
    end if;
    return n;
end
$$;

-- Keeps a run of the engine: its input, its exact bytes, and its packages as rows.
create function app.store_match(n need, p_facts text, p_result text, p_digest text, p_packages jsonb) returns void
language plpgsql as $$
declare
    v_run uuid := app.uuid_v7();
begin
    insert into match_run (id, province, need_id, catalogue_version, weights_version, input, result, digest,
        considered, eligible_total, unknown_total, near_total)
    values (v_run, n.province, n.id, (p_packages ->> 'catalogue_version')::bigint,
        (p_packages ->> 'weights_version')::int, p_facts, p_result, p_digest, (p_packages ->> 'considered')::int,
        (p_packages ->> 'eligible_total')::int, (p_packages ->> 'unknown_total')::int,
        (p_packages ->> 'near_total')::int);
    insert into match (run_id, province, need_id, class, rank, product_id, institution_id, guarantee_product_id,
        guarantor_id, insurance_product_id, amount_fen, rate_ppm, cost_ppm, score_ppm)
    select v_run, n.province, n.id, p.class, p.rank, p.product_id, p.institution_id, p.guarantee_product_id,
        p.guarantor_id, p.insurance_product_id, p.amount_fen, p.rate_ppm, p.cost_ppm, p.score_ppm
    from jsonb_to_recordset(p_packages -> 'packages') p (class text, rank int, product_id uuid, institution_id uuid,
        guarantee_product_id uuid, guarantor_id uuid, insurance_product_id uuid, amount_fen bigint, rate_ppm int,
        cost_ppm int, score_ppm bigint);
end
$$;

-- A further match of a need that is stored.
create function app.match_again(p_id uuid, p_facts text, p_result text, p_digest text, p_packages jsonb) returns need
language plpgsql as $$
declare
    n need;
begin
    update need set matched_at = now(), eligible_total = (p_packages ->> 'eligible_total')::int
    where id = p_id
        and state in ('draft', 'checking', 'returned', 'open', 'claimed', 'offered', 'stalled', 'unmet')
    returning * into n;
    if found then
        perform app.store_match(n, p_facts, p_result, p_digest, p_packages);
    elsif exists (select from need x where x.id = p_id) then
        perform app.refuse(409, 'need_not_open', null);
    end if;
    return n;
end
$$;

-- Submits a draft: a verified enterprise's need opens at once, another's waits for the verification.
create function app.submit_need(p_id uuid) returns need language plpgsql as $$
declare
    n need;
begin
    perform set_config('app.action', 'submit', true);
    update need set state = app.next_state('need', state, 'submit') where id = p_id returning * into n;
    if not found then
        return null;
    end if;
    if exists (select from enterprise e where e.id = n.enterprise_id and e.province = n.province
            and e.verification = 'verified') then
        perform app.move_need(n.id, n.province, array['checking'], 'open');
        select * into n from need x where x.id = n.id and x.province = n.province;
    end if;
    return n;
end
$$;

-- An application: by the enterprise for a product of its matches, or an institution's claim of an open need.
create function app.make_application(i jsonb) returns application language plpgsql as $$
declare
    n need;
    p product;
    a application;
    v_institution uuid;
    v_origin text := case app.side() when 'enterprise' then 'apply' when 'institution' then 'claim' else 'dispatch' end;
    v_package jsonb;
begin
    select * into n from need x where x.id = (i ->> 'need_id')::uuid;
    if not found then
        perform app.refuse(422, 'need_unknown', jsonb_build_object('pointer', '/need_id'));
    end if;
    if i ->> 'product_id' is not null then
        select * into p from product x where x.id = (i ->> 'product_id')::uuid and x.state = 'online';
        if not found then
            perform app.refuse(422, 'product_unknown', jsonb_build_object('pointer', '/product_id'));
        end if;
        select q.value into v_package
        from (select result::jsonb as r from match_run m where m.need_id = n.id and m.province = n.province
                order by m.id desc limit 1) last,
            jsonb_array_elements((last.r -> 'eligible') || (last.r -> 'unknown') || (last.r -> 'near')) q
        where q.value -> 'product' ->> 'id' = p.id::text;
    end if;
    v_institution := case when v_origin = 'claim' then app.org_id()
        else coalesce(p.institution_id, (i ->> 'institution_id')::uuid) end;
    if v_institution is null or p.id is not null and p.institution_id <> v_institution then
        perform app.refuse(422, 'product_unknown', jsonb_build_object('pointer', '/product_id'));
    end if;
    perform set_config('app.action', v_origin, true);
    insert into application (province, need_id, enterprise_id, institution_id, product_id, origin, region_code,
        green_channel, package, note, state)
    values (n.province, n.id, n.enterprise_id, v_institution, p.id, v_origin, n.region_code, n.green_channel, v_package,
        i ->> 'note', 'received')
    returning * into a;
    return a;
end
$$;

-- The maker's offer for an application; `c` holds what the server computed from the terms.
create function app.make_offer(i jsonb, c jsonb) returns offer language plpgsql as $$
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
        prepayment_fee_ppm, penalty_rate_ppm, cooling_off_days, valid_until, binding, state)
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
        (i ->> 'valid_until')::date, coalesce((i ->> 'binding')::boolean, true), 'pending_approval')
    returning * into o;
    return o;
end
$$;

-- A guarantee case for an application; the guarantee product names its guarantor.
create function app.make_guarantee_case(i jsonb) returns guarantee_case language plpgsql as $$
declare
    a application;
    o offer;
    p product;
    g guarantee_case;
    v_batch boolean := coalesce((i ->> 'batch')::boolean, false);
begin
    select * into a from application x where x.id = (i ->> 'application_id')::uuid;
    if not found then
        perform app.refuse(422, 'application_unknown', jsonb_build_object('pointer', '/application_id'));
    end if;
    if a.state not in ('received', 'investigating', 'pending_approval', 'offered', 'accepted') then
        perform app.refuse(409, 'application_not_live', jsonb_build_object('state', a.state));
    end if;
    select * into p from product x where x.id = (i ->> 'product_id')::uuid and x.state = 'online' and x.kind = 'guarantee';
    if not found then
        perform app.refuse(422, 'product_unknown', jsonb_build_object('pointer', '/product_id'));
    end if;
    if jsonb_array_length(coalesce(p.document -> 'partners', '[]')) > 0
        and not p.document -> 'partners' ? a.institution_id::text then
        perform app.refuse(422, 'not_a_partner', jsonb_build_object('pointer', '/product_id'));
    end if;
    select * into o from offer x where x.application_id = a.id and x.province = a.province
        and x.state in ('offered', 'accepted');
    perform set_config('app.action', case when v_batch then 'batch_file' else 'apply' end, true);
    insert into guarantee_case (province, case_no, need_id, application_id, offer_id, enterprise_id, bank_id,
        guarantor_id, product_id, region_code, green_channel, batch, principal_fen, term_months, state)
    select a.province,
        'G' || to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD') || '-'
            || upper(substr(translate(gen_random_uuid()::text, '-', ''), 1, 8)),
        a.need_id, a.id, o.id, a.enterprise_id, a.institution_id, p.institution_id, p.id, a.region_code, a.green_channel,
        v_batch, coalesce(o.amount_fen, n.amount_fen), coalesce(o.term_months, n.term_months, 1),
        case when v_batch then 'batch_filed' else 'applied' end
    from need n
    where n.id = a.need_id and n.province = a.province
    returning * into g;
    return g;
end
$$;

-- Money through a guarantee: an indemnity to the bank, the compensation of province and national fund, or a
-- recovery shared by the liability borne. Moves the case and books the split in one transaction.
create function app.book_guarantee(p_id uuid, p_kind text, i jsonb) returns guarantee_case language plpgsql as $$
declare
    g guarantee_case;
    s record;
    v_gross bigint := (i ->> 'gross_fen')::bigint;
    v_cost bigint := coalesce((i ->> 'cost_fen')::bigint, 0);
    v_loss bigint;
begin
    update guarantee_case x set state = app.next_state('guarantee_case', x.state, app.action())
    where x.id = p_id and app.match_version(x.version, i)
    returning * into g;
    if not found then
        return null;
    end if;
    if p_kind = 'indemnity' then
        -- `gross` is the loss; the guarantor pays all but the bank's own share.
        if v_gross > g.claim_fen then
            perform app.refuse(422, 'indemnity_above_claim', jsonb_build_object('pointer', '/gross_fen'));
        end if;
        select * into s from app.split_loss(g, v_gross);
    elsif p_kind = 'compensation' then
        select sum(x.gross_fen) into v_loss from guarantee_entry x
        where x.case_id = g.id and x.province = g.province and x.kind = 'indemnity';
        select * into s from app.split_loss(g, v_loss);
        if v_gross <> s.province_fen + s.national_fen then
            perform app.refuse(422, 'compensation_differs', jsonb_build_object('pointer', '/gross_fen',
                'expected_fen', s.province_fen + s.national_fen));
        end if;
        s.bank_fen := 0;
        s.direct_fen := -v_gross;
    else
        if v_cost > v_gross then
            perform app.refuse(422, 'cost_above_gross', jsonb_build_object('pointer', '/cost_fen'));
        end if;
        select * into s from app.split_loss(g, v_gross - v_cost);
    end if;
    insert into guarantee_entry (province, case_id, kind, on_date, gross_fen, cost_fen, bank_fen, direct_fen,
        province_fen, national_fen, recorded_by)
    values (g.province, g.id, p_kind, (i ->> 'on')::date, v_gross, v_cost, s.bank_fen, s.direct_fen, s.province_fen,
        s.national_fen, app.user_id());
    return g;
end
$$;

grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- The answer to a POST that made a row: its document as it now stands (read after the making, in a statement of
-- its own, so that consequences are in it), its address, its version.
create function app.reply_made(p_kind text, p_id uuid)
returns table (status int, body text, location text, etag text) language plpgsql as $$
declare
    d jsonb;
begin
    d := case p_kind
        when 'enterprise' then (select app.enterprise_json(x) from enterprise x where x.id = p_id)
        when 'product' then (select app.product_json(x) from product x where x.id = p_id)
        when 'need' then (select app.need_json(x) from need x where x.id = p_id)
        when 'application' then (select app.application_json(x) from application x where x.id = p_id)
        when 'offer' then (select app.offer_json(x) from offer x where x.id = p_id)
        when 'guarantee_case' then (select app.guarantee_json(x) from guarantee_case x where x.id = p_id)
    end;
    return query select * from app.reply(201, d,
        '/v1/' || case p_kind when 'guarantee_case' then 'guarantee-cases' else p_kind || 's' end || '/' || p_id,
        (d ->> 'version')::int);
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- The answer to a move made by a function: the row as it now stands.
create function app.reply_moved(p_kind text, p_id uuid)
returns table (status int, body text, location text, etag text) language plpgsql as $$
declare
    d jsonb;
begin
    d := case p_kind
        when 'need' then (select app.need_json(x) from need x where x.id = p_id)
        when 'guarantee_case' then (select app.guarantee_json(x) from guarantee_case x where x.id = p_id)
    end;
    return query select * from app.reply(200, d, null, (d ->> 'version')::int);
end
$$;

-- A draft that is submitted is matched again: its facts may have changed since it was written.
create function app.submit_matched(p_id uuid, p_facts text, p_result text, p_digest text, p_packages jsonb) returns need
language plpgsql as $$
declare
    n need;
begin
    n := app.submit_need(p_id);
    if n.id is not null then
        n := app.match_again(p_id, p_facts, p_result, p_digest, p_packages);
    end if;
    return n;
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- Needs that waited for their enterprise's verification open with it.
create function app.open_waiting(p_enterprise uuid, p_province text, p_verification text) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    opened int := 0;
begin
    if p_verification = 'verified' and app.side() in ('authority', 'operator') then
        update need set state = 'open'
        where enterprise_id = p_enterprise and province = p_province and state = 'checking';
        get diagnostics opened = row_count;
    end if;
    return opened;
end
$$;
alter function app.open_waiting(uuid, text, text) owner to rongqiao_definer;

create function app.reply_enterprise(p_id uuid)
returns table (status int, body text, location text, etag text) language plpgsql as $$
declare
    e enterprise;
begin
    select * into e from enterprise x where x.id = p_id;
    return query select * from app.reply(200, app.enterprise_json(e), null, e.version);
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

-- The report of an import: every line with its id or its reason, in the order of the file.
create function app.reply_import(p_report jsonb, p_refused jsonb)
returns table (status int, body text, location text, etag text) language sql as $$
    select r.*
    from (
        select jsonb_build_object('accepted', count(*) filter (where x ? 'id'), 'refused', count(*) filter (where not x ? 'id'),
            'lines', coalesce(jsonb_agg(x order by (x ->> 'line')::int), '[]')) as d
        from jsonb_array_elements(p_report || p_refused) x
    ) y,
    app.reply(200, y.d) r
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;

grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
