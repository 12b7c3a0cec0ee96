-- What a match tells, after judge.sql: 20 eligible products, 10 that lack facts and 10 near misses, the best of each in
-- the published order, with cost, score, partners, programmes and every verdict. Costs are reckoned for those that can
-- score most, and then for those alone that can still score as much as the worst of them.
, programme_open as materialized (
    select p.*
    from programme_place p
    where p.region in (:region::int, :city::int, :provincial::int, 0)
        and :day::int between p.valid_from and p.valid_to
        and (p.sizes is null or (:size_class::bigint >= 0 and p.sizes & :size_class::bigint <> 0))
        and (p.tags is null or (:tags::bigint >= 0 and p.tags & :tags::bigint <> 0))
        and (p.first_loan_is is null or p.first_loan_is = :first_loan::bigint)
), relief as materialized (
    -- what programmes do for each kind, by id: subsidies of interest, of fees, and risk pools
    select k.kind,
        array_agg(p.id order by p.id) filter (where p.type = 0) as interest_ids,
        array_agg(p.share_ppm order by p.id) filter (where p.type = 0) as interest_shares,
        array_agg(p.points_ppm order by p.id) filter (where p.type = 0) as interest_points,
        array_agg(p.cap_fen order by p.id) filter (where p.type = 0) as interest_caps,
        array_agg(p.id order by p.id) filter (where p.type = 1) as fee_ids,
        array_agg(p.share_ppm order by p.id) filter (where p.type = 1) as fee_shares,
        array_agg(p.cap_fen order by p.id) filter (where p.type = 1) as fee_caps,
        array_agg(p.id order by p.id) filter (where p.type = 2) as pool_ids,
        coalesce(max(p.share_ppm) filter (where p.type = 0), 0) as most_share,
        coalesce(max(p.points_ppm) filter (where p.type = 0), 0) as most_points,
        coalesce(max(p.share_ppm) filter (where p.type = 1), 0) as most_fee_share
    from unnest(array[:k1::int, :k2::int, :k3::int, :k4::int, :k5::int, :k6::int]) k (kind)
    left join programme_open p on p.kinds = 0 or p.kinds >> k.kind & 1 = 1
    where k.kind >= 0
    group by k.kind
), total as materialized (
    select count(*) filter (where fails = 0 and not lacks) as eligible,
        count(*) filter (where fails = 0 and lacks) as lacking,
        count(*) filter (where fails in (1, 2)) as near,
        count(*) filter (where fails = 1) as near_by_one
    from judged
), known as (
    -- near misses by two only where those by one do not fill their list
    select j.*, s.id, s.repayments, s.rate_ppm, s.service, case when j.fails > 0 then 2 else j.lacks::int end as class,
        (j.guarantor is not null and j.guarantee_ppm is null) or (j.insurer is not null and j.insurance_ppm is null)
            as is_unpriced,
        fee(j.amount_fen, s.upfront_ppm, s.upfront_fen) as upfront_fen,
        fee(j.amount_fen, s.yearly_ppm, s.yearly_fen) as yearly_fen,
        case when :wished::int = 0 and (s.repayments = 0 or s.repayments & 4 <> 0) then 4
            when s.repayments = 0 then :wished::int
            when :wished::int & s.repayments <> 0 then :wished::int & s.repayments
            else s.repayments end as methods,
        case when s.cell_province <> :province::int then 1
            else case :size_class::int when 1 then 2 when 2 then 3 when 4 then 4 when 8 then 5 else 1 end end as cell,
        s.likelihoods, s.speeds,
        :fit_points::bigint * (500000 * least(j.amount_fen, :amount::bigint) / :amount::bigint
            + case when :term::int between s.term_min and s.term_max then 200000 else 0 end
            + case when case when :wished::int = 0 then s.repayments else :wished::int & s.repayments end <> 0
                then 100000 else 0 end
            + case when s.wished_tags_weight + s.wished_account_weight = 0 then 200000
                else 200000 * (
                    case when :tags::bigint >= 0 and :tags::bigint & s.wished_tags <> 0 then s.wished_tags_weight
                        else 0 end
                    + case when :settlement_account::bigint = s.wished_account then s.wished_account_weight else 0 end)
                    / (s.wished_tags_weight + s.wished_account_weight) end) as fit
    from judged j
    join shelf s on s.ctid = j.row
    where j.fails <= 2 and (j.fails < 2 or (select near_by_one from total) < 10)
    offset 0
), priced as (
    select k.*, k.likelihoods[k.cell] as likelihood, k.speeds[k.cell] as speed,
        case when k.methods & 1 <> 0 then 0 when k.methods & 2 <> 0 then 1 when k.methods & 4 <> 0 then 2
            when k.methods & 8 <> 0 then 3 else 4 end as repayment,
        greatest(k.rate_ppm * r.most_share / 1000000 + 1, r.most_points) as saving, r.most_fee_share
    from known k
    join relief r on r.kind = k.kind
    offset 0
), promising as materialized (
    -- No loan costs less than its rate and its fees a year, less what programmes pay back, less rounding to the fen;
    -- but for one that is paid all at maturity, whose interest bears none. Hence the most that each can score.
    select m.row, m.kind, m.tier, m.limit_fen, m.amount_fen, m.months, m.guarantor, m.insurer, m.guarantor_lacks,
        m.insurer_lacks, m.fails, m.class, m.id, m.rate_ppm, m.repayment, m.is_unpriced, m.guarantee_ppm,
        m.insurance_ppm, m.upfront_fen, m.yearly_fen, m.fit, m.likelihood, m.speed, m.service, m.most,
        row_number() over (partition by m.class order by m.fails, m.most desc) as place,
        case m.class when 0 then 20 else 10 end as shown
    from (
        select p.*, p.fit + p.likelihood + p.speed + p.service + case when p.is_unpriced then 0
            else ceil(:cost_points::bigint * 1e6 * (1 - greatest(0, least(1, (case p.repayment
                when 3 then 12e6 * (((1 + p.rate_ppm * p.months / 12e6) / (1 + p.saving * p.months / 12e6))
                    ^ (1 / p.months::float8) - 1)
                else p.rate_ppm - p.saving
                    + (coalesce(p.guarantee_ppm, 0) + coalesce(p.insurance_ppm, 0)) * (1 - p.most_fee_share / 1e6)
                    + (p.yearly_fen + p.upfront_fen * 12 / p.months) * 1e6 / p.amount_fen end
                - 48e6 / p.amount_fen - 5) / :cost_cap::int)))) + 1 end as most
        from priced p) m
), likely as materialized (
    -- those that are the best by what they can score
    select p.*, c.*,
        p.likelihood + p.speed + p.fit + p.service + cost_part(c.cost_ppm, :cost_points::int, :cost_cap::int) as score
    from promising p
    join relief r on r.kind = p.kind
    left join shelf g on g.ctid = p.guarantor
    left join shelf i on i.ctid = p.insurer
    left join lateral (
        select c.*
        from loan_cost(p.amount_fen, p.rate_ppm, p.months, p.repayment,
            p.upfront_fen + coalesce(fee(p.amount_fen, g.upfront_ppm, g.upfront_fen), 0)
                + coalesce(fee(p.amount_fen, i.upfront_ppm, i.upfront_fen), 0),
            p.yearly_fen + coalesce(fee(p.amount_fen, g.yearly_ppm, g.yearly_fen), 0)
                + coalesce(fee(p.amount_fen, i.yearly_ppm, i.yearly_fen), 0),
            coalesce(p.guarantee_ppm, 0), coalesce(p.insurance_ppm, 0), r.interest_shares, r.interest_points,
            r.interest_caps, r.fee_shares, r.fee_caps, p.rate_ppm) c
        where not p.is_unpriced) c on true
    where p.place <= p.shown
), bar as materialized (
    -- the worst of them, where the list is full
    select distinct on (class) class, fails, score from likely order by class, fails desc, score
), priced_all as (
    select * from likely
    union all
    select p.*, c.*,
        p.likelihood + p.speed + p.fit + p.service + cost_part(c.cost_ppm, :cost_points::int, :cost_cap::int) as score
    from promising p
    join bar b on b.class = p.class and b.fails = p.fails and p.most >= b.score
    join relief r on r.kind = p.kind
    left join shelf g on g.ctid = p.guarantor
    left join shelf i on i.ctid = p.insurer
    left join lateral (
        select c.*
        from loan_cost(p.amount_fen, p.rate_ppm, p.months, p.repayment,
            p.upfront_fen + coalesce(fee(p.amount_fen, g.upfront_ppm, g.upfront_fen), 0)
                + coalesce(fee(p.amount_fen, i.upfront_ppm, i.upfront_fen), 0),
            p.yearly_fen + coalesce(fee(p.amount_fen, g.yearly_ppm, g.yearly_fen), 0)
                + coalesce(fee(p.amount_fen, i.yearly_ppm, i.yearly_fen), 0),
            coalesce(p.guarantee_ppm, 0), coalesce(p.insurance_ppm, 0), r.interest_shares, r.interest_points,
            r.interest_caps, r.fee_shares, r.fee_caps, p.rate_ppm) c
        where not p.is_unpriced) c on true
    where p.place > p.shown
), ranked as (
    select a.*, row_number() over (partition by a.class order by a.fails, a.score desc, a.cost_ppm, a.id) as rank
    from priced_all a
)
select t.eligible, t.lacking, t.near, b.class, b.rank, b.id, b.fails, b.amount_fen, b.rate_ppm, b.repayment,
    b.cost_ppm, b.score, b.parts, b.guarantee, b.insurance, b.programmes, b.verdicts, b.needed
from total t
left join (
    select r.class, r.rank, r.id, r.fails, r.amount_fen, r.rate_ppm, r.repayment, r.cost_ppm, r.score,
        array[cost_part(r.cost_ppm, :cost_points::int, :cost_cap::int), r.likelihood, r.speed, r.fit, r.service]
            as parts,
        g.id as guarantee, i.id as insurance,
        (array_remove(array[o.interest_ids[r.interest_programme], o.fee_ids[r.fee_programme]], null)
            || o.pool_ids)[:4] as programmes,
        array[
            verdict(p.amount_min, :amount::bigint, :amount::bigint >= p.amount_min),
            verdict(r.limit_fen,
                case when r.tier > 0 and :tags::bigint < 0 then -1 else :least::bigint end,
                :least::bigint <= r.limit_fen),
            verdict(p.term_min, :term::bigint, :term::bigint >= p.term_min),
            verdict(p.term_max, :term::bigint, :term::bigint <= p.term_max),
            case when :max_rate::bigint >= 0 then verdict(s.low_ppm, :max_rate::bigint, :max_rate::bigint >= s.low_ppm)
                end,
            case when :wished::bigint <> 0 and s.repayments <> 0
                then verdict(s.repayments, :wished::bigint, :wished::bigint & s.repayments <> 0) end,
            verdict(p.dishonest_is, :dishonest_listed::bigint, :dishonest_listed::bigint = p.dishonest_is),
            verdict(p.abnormal_is, :abnormal_listed::bigint, :abnormal_listed::bigint = p.abnormal_is),
            verdict(p.executed_is, :court_executed::bigint, :court_executed::bigint = p.executed_is),
            verdict(p.overdue_most, :overdue_fen::bigint, :overdue_fen::bigint <= p.overdue_most),
            verdict(p.arrears_most, :tax_arrears_fen::bigint, :tax_arrears_fen::bigint <= p.arrears_most),
            verdict(p.age_least, :age_months::bigint, :age_months::bigint >= p.age_least),
            verdict(p.revenue_least, :revenue_fen::bigint, :revenue_fen::bigint >= p.revenue_least),
            verdict(p.debt_most, :debt_ratio_ppm::bigint, :debt_ratio_ppm::bigint <= p.debt_most),
            verdict(p.profitable_is, :profitable::bigint, :profitable::bigint = p.profitable_is),
            verdict(p.sizes, :size_class::bigint, :size_class::bigint & p.sizes <> 0),
            verdict(p.grades, :tax_grade::bigint, :tax_grade::bigint & p.grades <> 0),
            verdict(p.tax_least, :tax_paid_12m_fen::bigint, :tax_paid_12m_fen::bigint >= p.tax_least),
            verdict(p.tax_months_least, :tax_months::bigint, :tax_months::bigint >= p.tax_months_least),
            verdict(p.lenders_most, :lenders::bigint, :lenders::bigint <= p.lenders_most),
            verdict(p.enquiries_most, :credit_enquiries_3m::bigint, :credit_enquiries_3m::bigint <= p.enquiries_most),
            verdict(p.account_is, :settlement_account::bigint, :settlement_account::bigint = p.account_is),
            verdict(p.first_loan_is, :first_loan::bigint, :first_loan::bigint = p.first_loan_is),
            verdict(p.collateral, :collateral::bigint, :collateral::bigint & p.collateral <> 0),
            verdict(p.contract_share, :contract_fen::bigint,
                :contract_fen::bigint * p.contract_share >= :amount::bigint * 1000000),
            verdict(p.receivable_share, :receivable_fen::bigint,
                :receivable_fen::bigint * p.receivable_share >= :amount::bigint * 1000000),
            verdict(p.confirmed_is, :debtor_confirmed::bigint, :debtor_confirmed::bigint = p.confirmed_is),
            verdict(p.ip_share, :ip_value_fen::bigint,
                :ip_value_fen::bigint * p.ip_share >= :amount::bigint * 1000000),
            verdict(p.tags, :tags::bigint, :tags::bigint & p.tags <> 0),
            verdict(p.value_share, :collateral_value_fen::bigint,
                :collateral_value_fen::bigint * p.value_share >= :amount::bigint * 1000000),
            verdict(p.purposes, :purpose::bigint, :purpose::bigint & p.purposes <> 0),
            verdict(p.wished_tags, :tags::bigint, :tags::bigint & p.wished_tags <> 0),
            verdict(p.wished_account, :settlement_account::bigint, :settlement_account::bigint = p.wished_account),
            case when r.tier > 0 and :tags::bigint < 0 then 1 end,
            case when s.wants_guarantee = 1
                then case when r.guarantor is null then 0 when r.guarantor_lacks then 1 else 2 end end,
            case when s.wants_insurance = 1
                then case when r.insurer is null then 0 when r.insurer_lacks then 1 else 2 end end
        ] as verdicts,
        array[p.amount_min, r.limit_fen, p.term_min, p.term_max,
            case when :max_rate::bigint >= 0 then s.low_ppm end,
            case when :wished::bigint <> 0 then nullif(s.repayments, 0) end,
            p.dishonest_is, p.abnormal_is, p.executed_is, p.overdue_most, p.arrears_most, p.age_least, p.revenue_least,
            p.debt_most, p.profitable_is, p.sizes, p.grades, p.tax_least, p.tax_months_least, p.lenders_most,
            p.enquiries_most, p.account_is, p.first_loan_is, p.collateral,
            (:amount::bigint * 1000000 + p.contract_share - 1) / p.contract_share,
            (:amount::bigint * 1000000 + p.receivable_share - 1) / p.receivable_share,
            p.confirmed_is,
            (:amount::bigint * 1000000 + p.ip_share - 1) / p.ip_share,
            p.tags,
            (:amount::bigint * 1000000 + p.value_share - 1) / p.value_share,
            p.purposes, p.wished_tags, p.wished_account,
            case when r.tier > 0 and :tags::bigint < 0
                then case r.tier when 1 then p.tier1_tags when 2 then p.tier2_tags else p.tier3_tags end end,
            nullif(s.wants_guarantee, 0), nullif(s.wants_insurance, 0)
        ] as needed
    from ranked r
    join shelf s on s.ctid = r.row
    join product p on p.id = r.id
    join relief o on o.kind = r.kind
    left join shelf g on g.ctid = r.guarantor
    left join shelf i on i.ctid = r.insurer
    where r.rank <= r.shown) b on true
order by b.class, b.rank;
