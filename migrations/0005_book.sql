-- The book: needs, their matches, applications, offers, guarantee cases. Each grows with the enterprises and
-- carries their province in its primary key (the distribution column).

create table need (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    request_no text not null,
    enterprise_id uuid not null,
    kinds text[] not null constraint need_kinds_some check (cardinality(kinds) between 1 and 11),
    amount_fen bigint not null constraint need_amount_range check (amount_fen between 100000 and 100000000000),
    amount_min_fen bigint not null constraint need_amount_min_range check (amount_min_fen between 1 and amount_fen),
    term_months int constraint need_term_range check (term_months between 1 and 360),
    term_days int constraint need_term_days_range check (term_days between 1 and 30),
    max_rate_ppm int constraint need_rate_range check (max_rate_ppm between 0 and 240000),
    purpose text not null,
    purpose_detail text,
    repayments text[] not null default '{}',
    collateral text[] not null default '{}',
    needed_by date,
    max_claims int not null default 3 constraint need_claims_range check (max_claims between 1 and 10),
    visibility text not null default 'open' check (visibility in ('open', 'invited', 'dispatch', 'anonymous')),
    facts jsonb not null default '{}', -- what the need itself says, beside the profile
    region_code text collate "C" not null,
    industry_code text collate "C" not null,
    size_class text,
    green_channel text not null default 'none'
        check (green_channel in ('none', 'key_list', 'disaster', 'wage', 'first_loan')),
    facts_digest text, -- SHA-256 over the facts that lenders are shown
    fingerprint text not null, -- enterprise, kinds, amount bucket: warns of a repeat within 30 days
    matched_at timestamptz,
    eligible_total int,
    state text not null,
    state_since timestamptz not null default now(),
    deadline_at timestamptz,
    made_by uuid,
    checked_by uuid,
    reason_code text references refusal_reason (code),
    reason_text text,
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (enterprise_id, province) references enterprise (id, province),
    constraint need_term_some check (term_months is not null or term_days is not null)
);
create index need_enterprise on need (enterprise_id, province, id);
create index need_region on need (region_code, id);
create index need_open on need (id) where state in ('open', 'claimed', 'offered', 'stalled');
create index need_deadline on need (deadline_at) where deadline_at is not null;
create index need_fingerprint on need (fingerprint, created_at);
create index need_reason on need (reason_code) where reason_code is not null;
create trigger need_guard before insert or update of state on need
    for each row execute function app.guard_case('need');

-- One run of the engine for a need: its input, its exact output, the versions it saw. Replayable.
create table match_run (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    need_id uuid not null,
    catalogue_version bigint not null,
    weights_version int not null,
    input text not null,
    result text not null, -- the engine's bytes
    digest text not null, -- SHA-256 of result
    considered int not null,
    eligible_total int not null,
    unknown_total int not null,
    near_total int not null,
    created_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (need_id, province) references need (id, province)
);
create index match_run_need on match_run (need_id, id);
alter table match_run alter column input set compression lz4, alter column result set compression lz4;

-- Its ranked packages as rows, for lists, applications and statistics.
create table match (
    run_id uuid not null,
    province text collate "C" not null,
    need_id uuid not null,
    class text not null check (class in ('eligible', 'unknown', 'near')),
    rank int not null,
    product_id uuid not null,
    institution_id uuid not null,
    guarantee_product_id uuid,
    guarantor_id uuid,
    insurance_product_id uuid,
    amount_fen bigint not null,
    rate_ppm int,
    cost_ppm int,
    score_ppm bigint not null,
    primary key (run_id, class, rank, province),
    foreign key (run_id, province) references match_run (id, province)
);
create index match_need on match (need_id, class, rank);
create index match_institution on match (institution_id, need_id);

create table application (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    need_id uuid not null,
    enterprise_id uuid not null,
    institution_id uuid not null references institution (id),
    product_id uuid references product (id),
    origin text not null check (origin in ('apply', 'claim', 'dispatch')),
    region_code text collate "C" not null,
    green_channel text not null,
    package jsonb, -- the matched package as it stood when the enterprise applied
    note text,
    paper_stops int not null default 0 constraint application_two_stops check (paper_stops <= 2),
    state text not null,
    state_since timestamptz not null default now(),
    deadline_at timestamptz,
    made_by uuid,
    checked_by uuid,
    reason_code text references refusal_reason (code),
    reason_text text,
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (need_id, province) references need (id, province),
    constraint application_maker_is_not_checker check (checked_by <> made_by)
);
create index application_need on application (need_id, province);
create index application_institution on application (institution_id, id);
create index application_enterprise on application (enterprise_id, institution_id);
create index application_product on application (product_id);
create index application_region on application (region_code, id);
create index application_reason on application (reason_code) where reason_code is not null;
create index application_deadline on application (deadline_at) where deadline_at is not null;
create unique index application_once_live on application (need_id, institution_id, province)
    where state not in ('refused', 'lapsed', 'expired', 'not_chosen', 'fell_through', 'withdrawn');
create trigger application_guard before insert or update of state on application
    for each row execute function app.guard_case('application');

create table offer (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    application_id uuid not null,
    need_id uuid not null,
    enterprise_id uuid not null,
    institution_id uuid not null references institution (id),
    product_id uuid references product (id),
    region_code text collate "C" not null,
    green_channel text not null,
    round int not null constraint offer_rounds check (round between 1 and 3),
    amount_fen bigint not null constraint offer_amount_range check (amount_fen between 100000 and 100000000000),
    term_months int not null constraint offer_term_range check (term_months between 1 and 360),
    rate_base text not null check (rate_base in ('fixed', 'lpr_1y', 'lpr_5y')),
    rate_ppm int not null constraint offer_rate_bounds check (rate_ppm between 0 and 240000),
    spread_ppm int,
    lpr_date date,
    repayment text not null,
    fees jsonb not null default '[]',
    net_disbursed_fen bigint not null,
    total_repayable_fen bigint not null,
    cost_ppm int not null, -- all-in annual cost, IRR of the flows x 12
    guarantee_required boolean not null,
    collateral_required text,
    conditions text,
    prepayment_fee_ppm int,
    penalty_rate_ppm int,
    cooling_off_days int,
    valid_until date not null,
    binding boolean not null,
    counter jsonb, -- what the enterprise asked for instead
    accepted_at timestamptz,
    contract_no text,
    contracted_at timestamptz,
    funded_on date,
    funded_fen bigint constraint offer_funded_within check (funded_fen between 1 and amount_fen),
    proof_no text,
    state text not null,
    state_since timestamptz not null default now(),
    deadline_at timestamptz,
    made_by uuid,
    checked_by uuid,
    reason_code text references refusal_reason (code),
    reason_text text,
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (application_id, province) references application (id, province),
    foreign key (need_id, province) references need (id, province),
    constraint offer_maker_is_not_checker check (checked_by <> made_by),
    constraint offer_lpr_is_dated check (rate_base = 'fixed' or (spread_ppm is not null and lpr_date is not null)),
    constraint offer_funding_whole check ((state = 'disbursed') = (funded_fen is not null and funded_on is not null
        and proof_no is not null))
);
create index offer_application on offer (application_id, province);
create index offer_need on offer (need_id, province);
create index offer_institution on offer (institution_id, id);
create index offer_enterprise on offer (enterprise_id, id);
create index offer_product on offer (product_id);
create index offer_region on offer (region_code, id);
create index offer_reason on offer (reason_code) where reason_code is not null;
create index offer_deadline on offer (deadline_at) where deadline_at is not null;
create index offer_valid_until on offer (valid_until) where state = 'offered';
create unique index offer_one_live on offer (application_id, province)
    where state in ('pending_approval', 'offered', 'accepted', 'contracted');
create trigger offer_guard before insert or update of state on offer
    for each row execute function app.guard_case('offer');

create table guarantee_case (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    case_no text not null,
    need_id uuid not null,
    application_id uuid not null,
    offer_id uuid,
    enterprise_id uuid not null,
    bank_id uuid not null references institution (id),
    guarantor_id uuid not null references institution (id),
    re_guarantor_id uuid references institution (id),
    product_id uuid references product (id),
    region_code text collate "C" not null,
    green_channel text not null,
    batch boolean not null default false,
    national_fund boolean not null default false,
    principal_fen bigint not null constraint guarantee_principal_range check (principal_fen between 100000 and 100000000000),
    term_months int not null constraint guarantee_term_range check (term_months between 1 and 360),
    -- who bears what of a loss; together the whole of it (bank at least 20 % in principle)
    share_bank_ppm int not null default 200000,
    share_direct_ppm int not null default 400000,
    share_province_ppm int not null default 200000,
    share_national_ppm int not null default 200000,
    fee_ppm int constraint guarantee_fee_cap check (fee_ppm between 0 and 30000),
    fee_paid_by text check (fee_paid_by in ('enterprise', 'government', 'bank')),
    fee_subsidy_ppm int check (fee_subsidy_ppm between 0 and 1000000),
    counter_guarantee text, -- empty: none asked; otherwise what and why
    review_note text,
    effective_on date,
    filing_month text constraint guarantee_filing_month_form check (filing_month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    claim_fen bigint constraint guarantee_claim_within check (claim_fen between 1 and principal_fen),
    recovery_deadline date,
    write_off_evidence text,
    state text not null,
    state_since timestamptz not null default now(),
    deadline_at timestamptz,
    made_by uuid,
    checked_by uuid,
    reason_code text references refusal_reason (code),
    reason_text text,
    version int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (need_id, province) references need (id, province),
    foreign key (application_id, province) references application (id, province),
    constraint guarantee_maker_is_not_checker check (checked_by <> made_by),
    constraint guarantee_shares_whole check (
        share_bank_ppm + share_direct_ppm + share_province_ppm + share_national_ppm = 1000000
        and least(share_bank_ppm, share_direct_ppm, share_province_ppm, share_national_ppm) >= 0)
);
create index guarantee_need on guarantee_case (need_id, province);
create index guarantee_application on guarantee_case (application_id, province);
create index guarantee_guarantor on guarantee_case (guarantor_id, id);
create index guarantee_bank on guarantee_case (bank_id, id);
create index guarantee_re_guarantor on guarantee_case (re_guarantor_id);
create index guarantee_product on guarantee_case (product_id);
create index guarantee_enterprise on guarantee_case (enterprise_id, guarantor_id);
create index guarantee_region on guarantee_case (region_code, id);
create index guarantee_reason on guarantee_case (reason_code) where reason_code is not null;
create index guarantee_deadline on guarantee_case (deadline_at) where deadline_at is not null;
create unique index guarantee_once_live on guarantee_case (application_id, guarantor_id, province)
    where state not in ('refused', 'withdrawn', 'released', 'renewed', 'denied', 'recovered', 'written_off');
create trigger guarantee_guard before insert or update of state on guarantee_case
    for each row execute function app.guard_case('guarantee_case');

-- The waterfall: each loss and each recovered yuan split by the liability borne, exact to the fen.
create table guarantee_entry (
    id uuid not null default app.uuid_v7(),
    province text collate "C" not null,
    case_id uuid not null,
    kind text not null check (kind in ('indemnity', 'compensation', 'recovery')),
    on_date date not null,
    gross_fen bigint not null check (gross_fen > 0),
    cost_fen bigint not null default 0 check (cost_fen between 0 and gross_fen),
    -- to (recovery) or from (indemnity, compensation) each party; of a recovery they add up to gross - cost
    bank_fen bigint not null,
    direct_fen bigint not null,
    province_fen bigint not null,
    national_fen bigint not null,
    recorded_by uuid,
    created_at timestamptz not null default now(),
    primary key (id, province),
    foreign key (case_id, province) references guarantee_case (id, province)
);
create index guarantee_entry_case on guarantee_entry (case_id, province);
create trigger guarantee_entry_append_only before update or delete on guarantee_entry
    for each row execute function app.forbid_change();

-- Consequences ---------------------------------------------------------------------------------------------
-- Run as the definer role in the transaction of the move that causes them; the guard lets only it act as
-- "system".

-- Moves a need when it stands in one of `p_from`; silent when it does not.
create function app.move_need(p_id uuid, p_province text, p_from text[], p_to text) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update need set state = p_to where id = p_id and province = p_province and state = any (p_from);
end
$$;

-- A need whose institutions have all answered no goes to the repair list; one that lost its last contact
-- opens again.
create function app.settle_need(p_id uuid, p_province text) returns void language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    live int;
    refused int;
begin
    select count(*) filter (where state not in ('refused', 'lapsed', 'expired', 'not_chosen', 'fell_through', 'withdrawn')),
        count(*) filter (where state = 'refused')
    into live, refused
    from application
    where need_id = p_id and province = p_province;
    if live > 0 then
        if not exists (select from offer where need_id = p_id and province = p_province
            and state in ('offered', 'countered')) then
            perform app.move_need(p_id, p_province, array['offered'], 'claimed');
        end if;
    elsif refused > 0 then
        perform app.move_need(p_id, p_province, array['claimed', 'offered'], 'unmet');
    else
        perform app.move_need(p_id, p_province, array['offered'], 'claimed');
        perform app.move_need(p_id, p_province, array['claimed'], 'open');
    end if;
end
$$;

create function app.after_need() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
begin
    if new.state = 'withdrawn' then
        update offer set state = 'not_chosen'
        where need_id = new.id and province = new.province
            and state in ('pending_approval', 'sent_back', 'offered', 'countered');
        update application set state = 'withdrawn'
        where need_id = new.id and province = new.province
            and state in ('received', 'action_required', 'investigating', 'pending_approval', 'refusal_pending', 'offered');
    end if;
    return null;
end
$$;
create trigger need_consequences after update of state on need for each row execute function app.after_need();

create function app.after_application() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    taken int;
    n need;
begin
    if tg_op = 'INSERT' then
        -- The need's row lock makes applications and claims of one need stand in line.
        select * into strict n from need where id = new.need_id and province = new.province for update;
        if n.state not in ('open', 'claimed', 'offered', 'stalled', 'unmet') then
            perform app.refuse(409, 'need_not_open', jsonb_build_object('state', n.state));
        end if;
        if new.origin <> 'apply' then
            select count(*) into taken from application
            where need_id = new.need_id and province = new.province and id <> new.id and origin <> 'apply'
                and state not in ('refused', 'lapsed', 'expired', 'not_chosen', 'fell_through', 'withdrawn');
            if taken >= n.max_claims then
                perform app.refuse(409, 'need_claims_full');
            end if;
        end if;
        perform app.move_need(new.need_id, new.province, array['open', 'stalled', 'unmet'], 'claimed');
    elsif new.state = 'withdrawn' and app.action() = 'withdraw' then
        update offer set state = 'not_chosen'
        where application_id = new.id and province = new.province
            and state in ('pending_approval', 'sent_back', 'offered', 'countered');
        perform app.settle_need(new.need_id, new.province);
    elsif new.state in ('refused', 'lapsed', 'expired', 'not_chosen') then
        perform app.settle_need(new.need_id, new.province);
    end if;
    -- A guarantee that is not in force yet ends with the application it was to back.
    if new.state in ('refused', 'lapsed', 'expired', 'not_chosen', 'fell_through', 'withdrawn') then
        update guarantee_case set state = 'withdrawn'
        where application_id = new.id and province = new.province
            and state in ('applied', 'batch_filed', 'reviewing', 'pending_approval', 'refusal_pending', 'approved');
    end if;
    return null;
end
$$;
create trigger application_consequences after insert or update of state on application
    for each row execute function app.after_application();

create function app.after_offer() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as $$
declare
    to_state text;
begin
    if tg_op = 'INSERT' then
        update offer set state = 'superseded'
        where application_id = new.application_id and province = new.province and id <> new.id
            and state in ('sent_back', 'countered');
        update application set state = 'pending_approval' where id = new.application_id and province = new.province;
        return null;
    end if;

    to_state := case new.state
        when 'offered' then 'offered'
        when 'sent_back' then 'investigating'
        when 'rejected' then 'refused'
        when 'countered' then 'investigating'
        when 'declined' then 'not_chosen'
        when 'revoked' then 'expired'
        when 'expired' then 'expired'
        when 'accepted' then 'accepted'
        when 'contracted' then 'contracted'
        when 'disbursed' then 'disbursed'
        when 'fell_through' then 'fell_through'
    end;
    if new.state = 'accepted' then
        if new.valid_until < (now() at time zone 'Asia/Shanghai')::date then
            perform app.refuse(409, 'offer_expired', jsonb_build_object('valid_until', new.valid_until));
        end if;
        perform app.reserve_capacity(new.product_id, new.amount_fen) where new.product_id is not null;
        -- Competing offers close with the reason "not chosen".
        update offer set state = 'not_chosen'
        where need_id = new.need_id and province = new.province and id <> new.id
            and state in ('pending_approval', 'sent_back', 'offered', 'countered');
    end if;
    if to_state is not null then
        update application set state = to_state, reason_code = coalesce(new.reason_code, reason_code),
            reason_text = coalesce(new.reason_text, reason_text)
        where id = new.application_id and province = new.province and state <> to_state;
    end if;
    case new.state
        when 'offered' then
            perform app.move_need(new.need_id, new.province, array['claimed'], 'offered');
        when 'countered', 'expired', 'revoked', 'declined' then
            perform app.settle_need(new.need_id, new.province);
        when 'accepted' then
            perform app.move_need(new.need_id, new.province, array['offered'], 'accepted');
            update application set state = 'not_chosen'
            where need_id = new.need_id and province = new.province and id <> new.application_id
                and state in ('received', 'action_required', 'investigating', 'pending_approval', 'refusal_pending', 'offered');
        when 'contracted' then
            if new.guarantee_required and not exists (
                select from guarantee_case g where g.application_id = new.application_id and g.province = new.province
                    and g.state in ('approved', 'effective', 'reinsured')) then
                perform app.refuse(409, 'guarantee_missing');
            end if;
            perform app.move_need(new.need_id, new.province, array['accepted'], 'contracted');
        when 'disbursed' then
            perform app.move_need(new.need_id, new.province, array['contracted'], 'funded');
        when 'fell_through' then
            perform app.release_capacity(new.product_id, new.amount_fen, new.accepted_at) where new.product_id is not null;
            perform app.move_need(new.need_id, new.province, array['accepted', 'contracted'], 'open');
        else
            null;
    end case;
    return null;
end
$$;
create trigger offer_consequences after insert or update of state on offer
    for each row execute function app.after_offer();

-- Splits `p_fen` by the case's shares, each rounded down, the remainder to the party that acts (the direct
-- guarantor), so that the parts always add up.
create function app.split_loss(c guarantee_case, p_fen bigint,
    out bank_fen bigint, out direct_fen bigint, out province_fen bigint, out national_fen bigint)
language sql immutable as $$
    select b, p_fen - b - p - n, p, n
    from (
        select (p_fen::numeric * c.share_bank_ppm / 1000000)::numeric as nb
    ) x,
    lateral (
        select floor(x.nb)::bigint as b,
            floor(p_fen::numeric * c.share_province_ppm / 1000000)::bigint as p,
            floor(p_fen::numeric * c.share_national_ppm / 1000000)::bigint as n
    ) y
$$;

-- The institutions' records as they stand now, where they differ from what is published.
create function app.changed_records() returns table (institution_id uuid, kind text, size text, province text,
    answers int, approvals int, likelihood_ppm int, hours int, fulfilled_ppm int) language sql stable as $$
    with answered as (
        select a.institution_id, coalesce(p.kind, n.kinds[1]) as kind, coalesce(n.size_class, 'unknown') as size,
            n.province, a.state,
            a.state in ('offered', 'accepted', 'contracted', 'disbursed', 'not_chosen', 'fell_through', 'expired') as yes,
            extract(epoch from coalesce(o.first_at, a.state_since) - a.created_at) / 3600 as hours
        from application a
        join need n on n.id = a.need_id and n.province = a.province
        left join product p on p.id = a.product_id
        left join lateral (select min(x.created_at) as first_at from offer x
            where x.application_id = a.id and x.province = a.province) o on true
        where a.state in ('offered', 'accepted', 'contracted', 'disbursed', 'refused', 'not_chosen', 'fell_through', 'expired')
            -- closed because another bank won, before this one said anything, is no answer
            and (a.state <> 'not_chosen' or o.first_at is not null)
    ), counted as (
        select a.institution_id, coalesce(a.kind, '*') as kind, coalesce(a.size, '*') as size,
            coalesce(a.province, '*') as province, count(*)::int as answers, count(*) filter (where a.yes)::int as approvals,
            percentile_cont(0.5) within group (order by a.hours) as hours
        from answered a
        group by grouping sets ((a.institution_id), (a.institution_id, a.kind), (a.institution_id, a.kind, a.size, a.province))
    ), prior as (
        select (document ->> 'prior_ppm')::numeric as ppm, (document ->> 'prior_weight')::numeric as weight
        from score_weights order by version desc limit 1
    ), whole as (
        select c.*, (c.approvals * 1000000 + w.ppm * w.weight) / (c.answers + w.weight) as ppm, c.hours as mean_hours
        from counted c, prior w
        where c.kind = '*'
    ), by_kind as (
        select c.*, (c.approvals * 1000000 + u.ppm * w.weight) / (c.answers + w.weight) as ppm,
            (c.hours * c.answers + u.mean_hours * w.weight) / (c.answers + w.weight) as mean_hours
        from counted c
        join whole u on u.institution_id = c.institution_id, prior w
        where c.kind <> '*' and c.size = '*'
    ), cell as (
        select c.*, (c.approvals * 1000000 + u.ppm * w.weight) / (c.answers + w.weight) as ppm,
            (c.hours * c.answers + u.mean_hours * w.weight) / (c.answers + w.weight) as mean_hours
        from counted c
        join by_kind u on u.institution_id = c.institution_id and u.kind = c.kind, prior w
        where c.size <> '*'
    ), fresh as (
        select c.institution_id, c.kind, c.size, c.province, c.answers, c.approvals, round(c.ppm)::int as likelihood_ppm,
            round(c.mean_hours::numeric)::int as hours,
            case when c.kind = '*' then (
                select (1000000 * count(*) filter (where a.state = 'disbursed') / nullif(count(*), 0))::int
                from answered a
                where a.institution_id = c.institution_id and a.state in ('disbursed', 'fell_through')) end as fulfilled_ppm
        from (select * from whole union all select * from by_kind union all select * from cell) c
    )
    select f.institution_id, f.kind, f.size, f.province, f.answers, f.approvals, f.likelihood_ppm, f.hours, f.fulfilled_ppm
    from fresh f
    left join lateral (select * from institution_record r
        where (r.institution_id, r.kind, r.size, r.province) = (f.institution_id, f.kind, f.size, f.province)
        order by r.from_version desc limit 1) last on true
    where (last.answers, last.approvals, last.likelihood_ppm, last.hours, last.fulfilled_ppm)
        is distinct from (f.answers, f.approvals, f.likelihood_ppm, f.hours, f.fulfilled_ppm)
$$;

-- Publishes the records that changed, as a new version of the catalogue. Returns how many did.
create function app.learn() returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare
    n int;
begin
    if not exists (select from app.changed_records()) then
        return 0;
    end if;
    insert into institution_record (from_version, institution_id, kind, size, province, answers, approvals,
        likelihood_ppm, hours, fulfilled_ppm)
    select v, c.* from app.bump_catalogue() v, app.changed_records() c;
    get diagnostics n = row_count;
    return n;
end
$$;
