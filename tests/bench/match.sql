-- The rules of a match as one statement over match_table.sql: which products are eligible, lack facts or are near misses.
-- :names are the need's numbers, -1 where it does not say; facts have the names of facts.def. match.py appends what is
-- to be made of `judged`. It neither reckons the cost nor the score, nor tells the verdicts one by one.
with backer as materialized (
    select g.kind, g.amount_min, g.amount_max, g.term_min, g.term_max, g.room,
        (:dishonest_listed::bigint < 0 and g.dishonest_is is not null) or (:abnormal_listed::bigint < 0 and g.abnormal_is is not null) or (:court_executed::bigint < 0 and g.executed_is is not null) or (:overdue_fen::bigint < 0 and g.overdue_most is not null) or (:tax_arrears_fen::bigint < 0 and g.arrears_most is not null) as lacks
    from product g
    where g.kind in (11, 12)
        and g.province in (0, :province::int)
        and (:day::int between g.valid_from and g.valid_to)
        and (g.room is null or g.room >= greatest(:least::bigint, coalesce(g.amount_min, 0)))
        and (g.regions is null or g.regions && array[:region::int, :city::int, :provincial::int, 0])
        and (g.industries_in is null or g.industries_in && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (g.industries_out is null or not g.industries_out && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and not (g.dishonest_is is not null and :dishonest_listed::bigint >= 0 and g.dishonest_is <> :dishonest_listed::bigint)
        and not (g.abnormal_is is not null and :abnormal_listed::bigint >= 0 and g.abnormal_is <> :abnormal_listed::bigint)
        and not (g.executed_is is not null and :court_executed::bigint >= 0 and g.executed_is <> :court_executed::bigint)
        and not (g.overdue_most is not null and :overdue_fen::bigint >= 0 and g.overdue_most < :overdue_fen::bigint)
        and not (g.arrears_most is not null and :tax_arrears_fen::bigint >= 0 and g.arrears_most < :tax_arrears_fen::bigint)
), judged as (
    select p.id, p.merit,
        ((p.amount_min is not null and :amount::bigint < p.amount_min)::int
            + (t.max is not null and :least::bigint > t.max and not t.is_guess)::int
            + (p.term_min is not null and :term::bigint < p.term_min)::int
            + (p.term_max is not null and :term::bigint > p.term_max)::int
            + (:max_rate::bigint >= 0 and p.low_ppm is not null and :max_rate::bigint < p.low_ppm)::int
            + (:wished::bigint <> 0 and p.repayments is not null and :wished::bigint & p.repayments = 0)::int
            + (b.guarantee = 0)::int
            + (b.insurance = 0)::int
            + (p.dishonest_is is not null and :dishonest_listed::bigint >= 0 and p.dishonest_is <> :dishonest_listed::bigint)::int
            + (p.abnormal_is is not null and :abnormal_listed::bigint >= 0 and p.abnormal_is <> :abnormal_listed::bigint)::int
            + (p.executed_is is not null and :court_executed::bigint >= 0 and p.executed_is <> :court_executed::bigint)::int
            + (p.overdue_most is not null and :overdue_fen::bigint >= 0 and p.overdue_most < :overdue_fen::bigint)::int
            + (p.arrears_most is not null and :tax_arrears_fen::bigint >= 0 and p.arrears_most < :tax_arrears_fen::bigint)::int
            + (p.age_least is not null and :age_months::bigint >= 0 and p.age_least > :age_months::bigint)::int
            + (p.revenue_least is not null and :revenue_fen::bigint >= 0 and p.revenue_least > :revenue_fen::bigint)::int
            + (p.debt_most is not null and :debt_ratio_ppm::bigint >= 0 and p.debt_most < :debt_ratio_ppm::bigint)::int
            + (p.profitable_is is not null and :profitable::bigint >= 0 and p.profitable_is <> :profitable::bigint)::int
            + (p.grades is not null and :tax_grade::bigint >= 0 and p.grades & :tax_grade::bigint = 0)::int
            + (p.tax_least is not null and :tax_paid_12m_fen::bigint >= 0 and p.tax_least > :tax_paid_12m_fen::bigint)::int
            + (p.tax_months_least is not null and :tax_months::bigint >= 0 and p.tax_months_least > :tax_months::bigint)::int
            + (p.lenders_most is not null and :lenders::bigint >= 0 and p.lenders_most < :lenders::bigint)::int
            + (p.enquiries_most is not null and :credit_enquiries_3m::bigint >= 0 and p.enquiries_most < :credit_enquiries_3m::bigint)::int
            + (p.account_is is not null and :settlement_account::bigint >= 0 and p.account_is <> :settlement_account::bigint)::int
            + (p.collateral is not null and :collateral::bigint >= 0 and p.collateral & :collateral::bigint = 0)::int
            + (p.contract_share is not null and :contract_fen::numeric >= 0 and :contract_fen::numeric * p.contract_share < :amount::numeric * 1000000)::int
            + (p.receivable_share is not null and :receivable_fen::numeric >= 0 and :receivable_fen::numeric * p.receivable_share < :amount::numeric * 1000000)::int
            + (p.confirmed_is is not null and :debtor_confirmed::bigint >= 0 and p.confirmed_is <> :debtor_confirmed::bigint)::int
            + (p.ip_share is not null and :ip_value_fen::numeric >= 0 and :ip_value_fen::numeric * p.ip_share < :amount::numeric * 1000000)::int
            + (p.tags is not null and :tags::bigint >= 0 and p.tags & :tags::bigint = 0)::int
            + (p.value_share is not null and :collateral_value_fen::numeric >= 0 and :collateral_value_fen::numeric * p.value_share < :amount::numeric * 1000000)::int
            + (p.purposes is not null and :purpose::bigint >= 0 and p.purposes & :purpose::bigint = 0)::int) as fails,
        (t.is_guess or b.guarantee = 1 or b.insurance = 1
            or (:dishonest_listed::bigint < 0 and p.dishonest_is is not null)
            or (:abnormal_listed::bigint < 0 and p.abnormal_is is not null)
            or (:court_executed::bigint < 0 and p.executed_is is not null)
            or (:overdue_fen::bigint < 0 and p.overdue_most is not null)
            or (:tax_arrears_fen::bigint < 0 and p.arrears_most is not null)
            or (:age_months::bigint < 0 and p.age_least is not null)
            or (:revenue_fen::bigint < 0 and p.revenue_least is not null)
            or (:debt_ratio_ppm::bigint < 0 and p.debt_most is not null)
            or (:profitable::bigint < 0 and p.profitable_is is not null)
            or (:tax_grade::bigint < 0 and p.grades is not null)
            or (:tax_paid_12m_fen::bigint < 0 and p.tax_least is not null)
            or (:tax_months::bigint < 0 and p.tax_months_least is not null)
            or (:lenders::bigint < 0 and p.lenders_most is not null)
            or (:credit_enquiries_3m::bigint < 0 and p.enquiries_most is not null)
            or (:settlement_account::bigint < 0 and p.account_is is not null)
            or (:collateral::bigint < 0 and p.collateral is not null)
            or (:contract_fen::numeric < 0 and p.contract_share is not null)
            or (:receivable_fen::numeric < 0 and p.receivable_share is not null)
            or (:debtor_confirmed::bigint < 0 and p.confirmed_is is not null)
            or (:ip_value_fen::numeric < 0 and p.ip_share is not null)
            or (:tags::bigint < 0 and p.tags is not null)
            or (:collateral_value_fen::numeric < 0 and p.value_share is not null)
            or (:purpose::bigint < 0 and p.purposes is not null)
            or (:size_class::bigint < 0 and p.sizes is not null)
            or (:first_loan::bigint < 0 and p.first_loan_is is not null)) as lacks
    from product p
    cross join lateral (
        select case when c.passing is null and :tags::bigint < 0 and c.own < :least::bigint
                then coalesce(p.tier3_max, p.tier2_max, p.tier1_max) else c.own end as max,
            coalesce(c.passing is null and :tags::bigint < 0 and c.own < :least::bigint
                and coalesce(p.tier3_max, p.tier2_max, p.tier1_max) >= :least::bigint, false) as is_guess
        from (
            select coalesce(x.passing, p.amount_max) as own, x.passing
            from (
                select case when :tags::bigint > 0 then greatest(
                    case when p.tier1_tags & :tags::bigint <> 0 then p.tier1_max end,
                    case when p.tier2_tags & :tags::bigint <> 0 then p.tier2_max end,
                    case when p.tier3_tags & :tags::bigint <> 0 then p.tier3_max end) end as passing) x) c
    ) m
    cross join lateral (
        select case when m.is_guess then m.max else coalesce(case when :tags::bigint > 0 then greatest(
                    case when p.tier1_tags & :tags::bigint <> 0 then p.tier1_max end,
                    case when p.tier2_tags & :tags::bigint <> 0 then p.tier2_max end,
                    case when p.tier3_tags & :tags::bigint <> 0 then p.tier3_max end) end, p.amount_max) end as max, m.is_guess
    ) n
    cross join lateral (
        select n.max, n.is_guess,
            case when p.room is not null and p.room >= :least::bigint
                then least(p.room, least(greatest(:amount::bigint, coalesce(p.amount_min, 0)), n.max))
                else least(greatest(:amount::bigint, coalesce(p.amount_min, 0)), n.max) end as lent,
            least(greatest(:term::bigint, coalesce(p.term_min, 0)), coalesce(p.term_max, 360)) as months
    ) t
    cross join lateral (
        select case when p.wants_guarantee = 1 then (
            select case when bool_or(not b.lacks) then 2 when bool_or(b.lacks) then 1 else 0 end
            from backer b
            where b.kind = 11
                and t.lent >= coalesce(b.amount_min, 0)
                and t.lent <= coalesce(b.amount_max, t.lent)
                and t.months >= coalesce(b.term_min, 0)
                and t.months <= coalesce(b.term_max, t.months)
                and t.lent <= coalesce(b.room, t.lent)) else 2 end as guarantee,
            case when p.wants_insurance = 1 then (
            select case when bool_or(not b.lacks) then 2 when bool_or(b.lacks) then 1 else 0 end
            from backer b
            where b.kind = 12
                and t.lent >= coalesce(b.amount_min, 0)
                and t.lent <= coalesce(b.amount_max, t.lent)
                and t.months >= coalesce(b.term_min, 0)
                and t.months <= coalesce(b.term_max, t.months)
                and t.lent <= coalesce(b.room, t.lent)) else 2 end as insurance
    ) b
    where p.kind in (:k1::int, :k2::int, :k3::int, :k4::int, :k5::int, :k6::int)
        and p.province in (0, :province::int)
        and (:day::int between p.valid_from and p.valid_to)
        and (p.room is null or p.room >= greatest(:least::bigint, coalesce(p.amount_min, 0)))
        and (p.regions is null or p.regions && array[:region::int, :city::int, :provincial::int, 0])
        and (p.industries_in is null or p.industries_in && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (p.industries_out is null or not p.industries_out && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and not (p.sizes is not null and :size_class::bigint >= 0 and p.sizes & :size_class::bigint = 0)
        and not (p.first_loan_is is not null and :first_loan::bigint >= 0 and p.first_loan_is <> :first_loan::bigint)
)
