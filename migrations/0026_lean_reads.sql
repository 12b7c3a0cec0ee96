-- What a read of a need costs is mostly what its statements are made of: every policy and every part of a document is set up
-- anew for each, whether it is needed or not. Here less is.

-- Whether the asking institution has a need in its hands: asked of the few rows that are not open to all.
create function app.need_reached(p_need uuid, p_province text) returns boolean language plpgsql stable
    security definer set search_path = public, pg_temp as $$
begin
    return exists (select from application a
            where a.need_id = p_need and a.province = p_province and a.institution_id = app.org_id())
        or exists (select from guarantee_case g where g.need_id = p_need and g.province = p_province
            and app.org_id() in (g.guarantor_id, g.re_guarantor_id));
end
$$;
alter function app.need_reached(uuid, text) owner to rongqiao_definer;
revoke all on function app.need_reached(uuid, text) from public;
alter policy need_read on need using (
    app.side() = 'enterprise' and enterprise_id = app.org_id()
    or app.side() = 'authority' and app.in_region(region_code)
    or app.side() in ('operator', 'auditor', 'system')
    or app.side() = 'institution' and (
        state in ('open', 'claimed', 'offered', 'stalled') and visibility in ('open', 'anonymous')
        or app.need_reached(id, province)));

-- The clocks look every second for what waited too long.
create index need_ageing on need (created_at) where state in ('open', 'stalled', 'unmet');

-- The needs that a need repeats are those of before it: known when it is made.
alter table need add column repeats text[] not null default '{}';
update need n set repeats = r.numbers
from (select m.id, m.province, array(select x.request_no from need x
        where x.fingerprint = m.fingerprint and x.id <> m.id
            and x.created_at > m.created_at - interval '30 days' and x.created_at <= m.created_at
        order by x.created_at desc
        limit 5) as numbers
    from need m) r
where n.id = r.id and n.province = r.province and r.numbers <> '{}';

-- A need with its match, in one go; it names its run (0025). `p_result` is the engine's output and `p_facts` its input, as text; `p_packages`
-- says of the output what is kept as rows: {"catalogue_version", ..., "packages": [...]}.
create or replace function app.make_need(i jsonb, p_facts text, p_result text, p_digest text, p_packages jsonb, p_submit boolean)
returns need
language plpgsql as $$
declare
    e enterprise;
    n need;
    f jsonb := p_facts::jsonb;
    v_fingerprint text;
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
    v_fingerprint := encode(sha256(convert_to(e.id || ':' || (i ->> 'kinds') || ':'
        || width_bucket(ln((i ->> 'amount_fen')::numeric), 11, 26, 60), 'UTF8')), 'hex');
    insert into need (province, request_no, enterprise_id, kinds, amount_fen, amount_min_fen, term_months, term_days,
        max_rate_ppm, purpose, purpose_detail, repayments, collateral, needed_by, max_claims, visibility, facts,
        region_code, industry_code, size_class, green_channel, facts_digest, fingerprint, matched_at, eligible_total, run_id,
        repeats, state)
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
        v_fingerprint,
        now(), (p_packages ->> 'eligible_total')::int, app.uuid_v7(),
        array(select x.request_no from need x
            where x.fingerprint = v_fingerprint and x.created_at > now() - interval '30 days'
            order by x.created_at desc
            limit 5),
        case when p_submit then 'checking' else 'draft' end)
    returning * into n;
    perform app.store_match(n, p_facts, p_result, p_digest, p_packages);
    if p_submit and e.verification = 'verified' then
        perform app.move_need(n.id, n.province, array['checking'], 'open');
    end if;
    return n;
end
$$;

-- Of what a need repeats, what the asker sees.
create function app.repeats_seen(n need) returns jsonb language plpgsql stable as $$
begin
    return (select coalesce(jsonb_agg(x.request_no order by x.created_at desc), '[]')
        from need x
        where x.fingerprint = n.fingerprint and x.request_no = any (n.repeats));
end
$$;

create or replace function app.need_json(n need) returns jsonb language plpgsql stable as $$
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
                'repeats', case when n.repeats = '{}' then '[]' when app.side() = 'institution' then app.repeats_seen(n)
                    else to_jsonb(n.repeats) end,
                'steps', jsonb_build_object('posted_at', n.posted_at, 'matched_at', n.first_match_at,
                    'offered_at', n.first_offer_at, 'guaranteed_at', n.guaranteed_at, 'funded_at', n.funded_at),
                'funded_fen', n.funded_fen, 'first_loan', n.first_loan,
                'reason', case when n.reason_code is not null then app.reason_json(n.reason_code, n.reason_text) end,
                'version', n.version, 'created_at', n.created_at, 'updated_at', n.updated_at)
            || app.life_json('need', n.state, n.state_since, n.deadline_at, n.made_by)
    );
end
$$;

create or replace function app.life_json(p_kind text, p_state text, p_since timestamptz, p_deadline timestamptz, p_maker uuid)
returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('state', s.state, 'state_zh', s.name_zh, 'state_en', s.name_en, 'state_since', p_since,
            'waits_for', s.owner, 'deadline_at', p_deadline, 'is_overdue', coalesce(p_deadline < now(), false),
            'actions', (
                select coalesce(jsonb_agg(t.action order by t.action), '[]')
                from transition t
                where t.kind = p_kind
                    and t.from_state = p_state
                    and t.roles && app.roles()
                    and (t.mark is distinct from 'checker' or p_maker is distinct from app.user_id())))
        from case_state s
        where s.kind = p_kind and s.state = p_state
    );
end
$$;
grant execute on function app.need_reached(uuid, text), app.repeats_seen(need) to rongqiao_app, rongqiao_definer;
