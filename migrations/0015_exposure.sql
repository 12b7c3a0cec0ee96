-- What guarantors bear against what they may, and the checklist of a guarantee case.

create table exposure_limit (
    code text primary key,
    ordinal int not null,
    ratio_ppm bigint not null check (ratio_ppm > 0), -- of net assets
    name_zh text not null,
    name_en text not null,
    basis_zh text not null,
    basis_en text not null
);
\copy exposure_limit (code, ordinal, ratio_ppm, name_zh, name_en, basis_zh, basis_en) from 'data/exposure_limit.csv'
grant select on exposure_limit to rongqiao_app, rongqiao_definer;

-- Liability: what the guarantor would pay the bank of the principal. Repayments before the release are not recorded, so
-- that it is the most there can be.
create function app.liability_fen(g guarantee_case) returns bigint language sql immutable
    return g.principal_fen - floor(g.principal_fen::numeric * g.share_bank_ppm / 1000000)::bigint;
create function app.is_in_force(p_state text) returns boolean language sql immutable parallel safe
    return p_state in ('effective', 'reinsured', 'claim_notified', 'claim_review');
create index guarantee_in_force on guarantee_case (guarantor_id, enterprise_id)
    where state in ('effective', 'reinsured', 'claim_notified', 'claim_review', 'approved');

-- A guarantor's book: in force, agreed but not in force yet, and asked for; the limits used; by enterprise (the twenty
-- largest) and by bank; and what a further case would add. As the asker sees it: an authority sees its region's part.
create function app.exposure_json(x institution, p_case uuid) returns jsonb language plpgsql stable as $$
begin
    return (
        with book as materialized (
            select g.id, g.enterprise_id, g.province, g.bank_id, g.principal_fen, app.liability_fen(g) as liability_fen,
                floor(g.principal_fen::numeric * g.share_direct_ppm / 1000000)::bigint as own_fen,
                case when app.is_in_force(g.state) then 'in_force' when g.state = 'approved' then 'agreed'
                    when g.state in ('applied', 'batch_filed', 'reviewing', 'pending_approval') then 'asked' end as stage
            from guarantee_case g
            where g.guarantor_id = x.id
        ), borne as (
            select * from book where stage = 'in_force'
        ), stages as (
            select s.stage, jsonb_build_object('cases', count(b.id), 'principal_fen', coalesce(sum(b.principal_fen), 0),
                'liability_fen', coalesce(sum(b.liability_fen), 0), 'own_fen', coalesce(sum(b.own_fen), 0)) as row
            from (values ('in_force'), ('agreed'), ('asked')) s (stage)
            left join book b using (stage)
            group by s.stage
        ), by_enterprise as materialized (
            select b.enterprise_id, b.province, count(*) as cases, sum(b.liability_fen)::bigint as liability_fen
            from borne b
            group by b.enterprise_id, b.province
        ), used as (
            select l.*, trunc(x.net_assets_fen::numeric * l.ratio_ppm / 1000000)::bigint as limit_fen,
                case when l.code like 'leverage%' then (select coalesce(sum(liability_fen), 0) from borne)
                    when l.code = 'single' then (select coalesce(max(liability_fen), 0) from by_enterprise)
                end::bigint as used_fen -- of affiliates nothing is known
            from exposure_limit l
        ), asked as (
            select b.*, coalesce((select e.liability_fen from by_enterprise e where e.enterprise_id = b.enterprise_id), 0)
                    + case when b.stage = 'in_force' then 0 else b.liability_fen end as enterprise_fen,
                (select coalesce(sum(liability_fen), 0) from borne)
                    + case when b.stage = 'in_force' then 0 else b.liability_fen end as whole_fen
            from book b
            where b.id = p_case
        )
        select jsonb_build_object('as_of', now(), 'institution_id', x.id, 'name_zh', x.name_zh, 'name_en', x.name_en,
                'scope', case when app.side() = 'authority' and app.region_low() <> '000000' then 'region' else 'whole' end,
                'net_assets_fen', x.net_assets_fen)
            || (select jsonb_object_agg(stage, row) from stages)
            || jsonb_build_object(
                'limits', (select jsonb_agg(jsonb_build_object('code', u.code, 'name_zh', u.name_zh, 'name_en', u.name_en,
                        'basis_zh', u.basis_zh, 'basis_en', u.basis_en, 'ratio_ppm', u.ratio_ppm, 'limit_fen', u.limit_fen,
                        'used_fen', u.used_fen, 'left_fen', u.limit_fen - u.used_fen,
                        'used_ppm', trunc(u.used_fen * 1000000.0 / nullif(u.limit_fen, 0))::bigint) order by u.ordinal)
                    from used u),
                'by_enterprise', (select coalesce(jsonb_agg(jsonb_build_object('enterprise_id', t.enterprise_id,
                        'name', e.name, 'cases', t.cases, 'liability_fen', t.liability_fen) order by t.liability_fen desc), '[]')
                    from (select * from by_enterprise order by liability_fen desc limit 20) t
                    left join enterprise e on e.id = t.enterprise_id and e.province = t.province),
                'by_bank', (select coalesce(jsonb_agg(jsonb_build_object('institution_id', t.bank_id, 'name_zh', i.name_zh,
                        'name_en', i.name_en, 'cases', t.cases, 'principal_fen', t.principal_fen,
                        'liability_fen', t.liability_fen) order by t.liability_fen desc), '[]')
                    from (select b.bank_id, count(*) as cases, sum(b.principal_fen) as principal_fen,
                            sum(b.liability_fen) as liability_fen
                        from borne b group by b.bank_id) t
                    join institution i on i.id = t.bank_id),
                'money', (select jsonb_build_object(
                        'indemnified_fen', coalesce(sum(m.gross_fen - m.bank_fen) filter (where m.kind = 'indemnity'), 0),
                        'compensated_fen', coalesce(sum(m.gross_fen) filter (where m.kind = 'compensation'), 0),
                        'recovered_fen', coalesce(sum(m.gross_fen - m.cost_fen) filter (where m.kind = 'recovery'), 0))
                    from book b
                    join guarantee_entry m on m.case_id = b.id and m.province = b.province),
                'case', (select jsonb_build_object('id', a.id, 'liability_fen', a.liability_fen,
                        'enterprise_fen', a.enterprise_fen, 'whole_fen', a.whole_fen,
                        'exceeds', (select coalesce(jsonb_agg(u.code order by u.ordinal), '[]') from used u
                            where case when u.code = 'single' then a.enterprise_fen when u.code like 'leverage%' then a.whole_fen
                                end > u.limit_fen))
                    from asked a))
    );
end
$$;

-- The checklist ----------------------------------------------------------------------------------------------

create table guarantee_check_item (
    code text collate "C" primary key,
    ordinal int not null,
    is_required boolean not null,
    name_zh text not null,
    name_en text not null,
    basis_zh text not null,
    basis_en text not null
);
\copy guarantee_check_item (code, ordinal, is_required, name_zh, name_en, basis_zh, basis_en) from 'data/guarantee_check_item.csv'
grant select on guarantee_check_item to rongqiao_app, rongqiao_definer;

-- Who found what when; the last word on an item counts, the earlier ones stay.
create table guarantee_check (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    case_id uuid not null,
    item text collate "C" not null constraint guarantee_check_item_known references guarantee_check_item (code),
    finding text not null check (finding in ('met', 'not_met', 'not_applicable')),
    note text,
    found_by uuid not null references app_user (id),
    found_by_name text not null,
    found_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (case_id, province) references guarantee_case (id, province)
);
create index guarantee_check_case on guarantee_check (case_id, item, id);
create index guarantee_check_kind on guarantee_check (item);
create index guarantee_check_finder on guarantee_check (found_by);
create trigger guarantee_check_append_only before update or delete on guarantee_check
    for each row execute function app.forbid_change();
alter table guarantee_check enable row level security;
alter table guarantee_check force row level security;
grant select, insert on guarantee_check to rongqiao_app;
grant select on guarantee_check to rongqiao_definer;
-- The guarantor's own work: the enterprise and the bank do not read it.
create policy guarantee_check_read on guarantee_check for select using (app.side() <> 'enterprise' and exists (
    select from guarantee_case g where g.id = guarantee_check.case_id and g.province = guarantee_check.province
        and (app.side() <> 'institution' or app.org_id() in (g.guarantor_id, g.re_guarantor_id))));
create policy guarantee_check_write on guarantee_check for insert with check (app.side() = 'institution' and exists (
    select from guarantee_case g where g.id = guarantee_check.case_id and g.province = guarantee_check.province
        and g.guarantor_id = app.org_id()));

-- The whole list with what was found last, and what the case's own figures say of an item (computed; null: nothing).
create function app.checklist_json(g guarantee_case) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('items', jsonb_agg(jsonb_build_object('code', i.code, 'name_zh', i.name_zh,
                'name_en', i.name_en, 'basis_zh', i.basis_zh, 'basis_en', i.basis_en, 'is_required', i.is_required,
                'computed', case i.code when 'G07' then case when coalesce(g.counter_guarantee, '') = '' then 'met' end
                    when 'G08' then case when g.fee_ppm <= 10000 then 'met' when g.fee_ppm > 10000 then 'not_met' end
                    when 'G09' then case when g.share_bank_ppm >= 200000 then 'met' else 'not_met' end end,
                'finding', c.finding, 'note', c.note, 'found_by', c.found_by, 'found_by_name', c.found_by_name,
                'found_at', c.found_at) order by i.ordinal),
            'is_complete', bool_and(not i.is_required or c.finding is not null),
            'not_met', count(*) filter (where c.finding = 'not_met'))
        from guarantee_check_item i
        left join lateral (select * from guarantee_check x
            where x.case_id = g.id and x.province = g.province and x.item = i.code
            order by x.id desc limit 1) c on true
    );
end
$$;

create function app.check_guarantee(p_id uuid, i jsonb) returns uuid language plpgsql as $$
declare
    g guarantee_case;
begin
    select * into g from guarantee_case x where x.id = p_id and x.guarantor_id = app.org_id();
    if not found then
        return null;
    end if;
    if g.state not in ('applied', 'batch_filed', 'reviewing', 'pending_approval', 'refusal_pending') then
        perform app.refuse(409, 'transition_not_allowed', jsonb_build_object('state', g.state, 'action', 'checklist',
            'actions', app.actions('guarantee_case', g.state, g.made_by)));
    end if;
    insert into guarantee_check (province, case_id, item, finding, note, found_by, found_by_name)
    select g.province, g.id, x ->> 'code', x ->> 'finding', x ->> 'note', u.id, u.name
    from jsonb_array_elements(i -> 'items') x, app_user u
    where u.id = app.user_id();
    perform app.audit(g.province, 'guarantee_case', g.id, 'checklist', g.state, g.state, null, null, i);
    return g.id;
end
$$;

create or replace function app.guarantee_json(g guarantee_case) returns jsonb language plpgsql stable as $$
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
                'approved_at', g.approved_at, 'in_force_at', g.in_force_at,
                'made_by', g.made_by, 'checked_by', g.checked_by, 'green_channel', g.green_channel,
                'reason', app.reason_json(g.reason_code, g.reason_text),
                'version', g.version, 'created_at', g.created_at, 'updated_at', g.updated_at)
            || case when app.side() = 'enterprise' or app.side() = 'institution'
                    and app.org_id() not in (g.guarantor_id, coalesce(g.re_guarantor_id, g.guarantor_id)) then '{}'
                else jsonb_build_object('checklist', app.checklist_json(g)) end
            || app.life_json('guarantee_case', g.state, g.state_since, g.deadline_at, g.made_by)
    );
end
$$;
grant execute on all functions in schema app to rongqiao_app, rongqiao_definer;
