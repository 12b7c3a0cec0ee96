-- The rules of a match as one statement over match_table.sql: which products are eligible, lack facts or are near misses.
-- :names are the need's numbers, -1 where it does not say; facts have the names of facts.def. match.py appends what is
-- to be made of `judged`. It neither reckons the cost nor the score, nor tells the verdicts one by one.
-- "offset 0" keeps what is reckoned once from being copied into every place that uses it.
with backer as materialized (
    select g.kind, coalesce(g.amount_min, 0) as amount_min, coalesce(g.amount_max, 9000000000000000) as amount_max,
        coalesce(g.term_min, 0) as term_min, coalesce(g.term_max, 10000) as term_max,
        coalesce(g.room, 9000000000000000) as room,
        (:dishonest_listed::bigint < 0 and g.dishonest_is is not null)
            or (:abnormal_listed::bigint < 0 and g.abnormal_is is not null)
            or (:court_executed::bigint < 0 and g.executed_is is not null)
            or (:overdue_fen::bigint < 0 and g.overdue_most is not null)
            or (:tax_arrears_fen::bigint < 0 and g.arrears_most is not null) as lacks
    from product g
    where g.kind in (11, 12)
        and g.province in (0, :province::int)
        and :day::int between g.valid_from and g.valid_to
        and (g.room is null or g.room >= greatest(:least::bigint, coalesce(g.amount_min, 0)))
        and (g.regions is null or g.regions && array[:region::int, :city::int, :provincial::int, 0])
        and (g.industries_in is null
            or g.industries_in && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (g.industries_out is null
            or not g.industries_out && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (:dishonest_listed::bigint < 0 or (g.dishonest_is <> :dishonest_listed::bigint) is not true)
        and (:abnormal_listed::bigint < 0 or (g.abnormal_is <> :abnormal_listed::bigint) is not true)
        and (:court_executed::bigint < 0 or (g.executed_is <> :court_executed::bigint) is not true)
        and (:overdue_fen::bigint < 0 or (g.overdue_most < :overdue_fen::bigint) is not true)
        and (:tax_arrears_fen::bigint < 0 or (g.arrears_most < :tax_arrears_fen::bigint) is not true)
), opened as (
    -- what is open to the need, each with the maximum that applies
    select p.*,
        case when p.tier1_tags is null then p.amount_max
            when :tags::bigint >= 0 then coalesce(greatest(
                case when p.tier1_tags & :tags::bigint <> 0 then p.tier1_max end,
                case when p.tier2_tags & :tags::bigint <> 0 then p.tier2_max end,
                case when p.tier3_tags & :tags::bigint <> 0 then p.tier3_max end), p.amount_max)
            when p.amount_max < :least::bigint
                and coalesce(p.tier3_max, p.tier2_max, p.tier1_max) >= :least::bigint
            then coalesce(p.tier3_max, p.tier2_max, p.tier1_max)
            else p.amount_max end as most,
        p.tier1_tags is not null and :tags::bigint < 0 and p.amount_max < :least::bigint
            and coalesce(p.tier3_max, p.tier2_max, p.tier1_max) >= :least::bigint as is_guess
    from product p
    where p.kind in (:k1::int, :k2::int, :k3::int, :k4::int, :k5::int, :k6::int)
        and p.province in (0, :province::int)
        and :day::int between p.valid_from and p.valid_to
        and (p.room is null or p.room >= greatest(:least::bigint, coalesce(p.amount_min, 0)))
        and (p.regions is null or p.regions && array[:region::int, :city::int, :provincial::int, 0])
        and (p.industries_in is null
            or p.industries_in && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (p.industries_out is null
            or not p.industries_out && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (:size_class::bigint < 0 or (p.sizes & :size_class::bigint = 0) is not true)
        and (:first_loan::bigint < 0 or (p.first_loan_is <> :first_loan::bigint) is not true)
    offset 0
), counted as (
    select p.id, p.merit, p.wants_guarantee, p.wants_insurance,
        case when p.wants_guarantee + p.wants_insurance = 0 then null
            when p.room >= :least::bigint
            then least(p.room, greatest(:amount::bigint, coalesce(p.amount_min, 0)), p.most)
            else least(greatest(:amount::bigint, coalesce(p.amount_min, 0)), p.most) end as lent,
        least(greatest(:term::bigint, coalesce(p.term_min, 0)), coalesce(p.term_max, 360)) as months,
        ((:amount::bigint < p.amount_min) is true)::int
            + ((:least::bigint > p.most) is true)::int
            + ((:term::bigint < p.term_min) is true)::int
            + ((:term::bigint > p.term_max) is true)::int
            + (:max_rate::bigint >= 0 and (:max_rate::bigint < p.low_ppm) is true)::int
            + (:wished::bigint <> 0 and (:wished::bigint & p.repayments = 0) is true)::int
            + (:dishonest_listed::bigint >= 0 and (p.dishonest_is <> :dishonest_listed::bigint) is true)::int
            + (:abnormal_listed::bigint >= 0 and (p.abnormal_is <> :abnormal_listed::bigint) is true)::int
            + (:court_executed::bigint >= 0 and (p.executed_is <> :court_executed::bigint) is true)::int
            + (:overdue_fen::bigint >= 0 and (p.overdue_most < :overdue_fen::bigint) is true)::int
            + (:tax_arrears_fen::bigint >= 0 and (p.arrears_most < :tax_arrears_fen::bigint) is true)::int
            + (:age_months::bigint >= 0 and (p.age_least > :age_months::bigint) is true)::int
            + (:revenue_fen::bigint >= 0 and (p.revenue_least > :revenue_fen::bigint) is true)::int
            + (:debt_ratio_ppm::bigint >= 0 and (p.debt_most < :debt_ratio_ppm::bigint) is true)::int
            + (:profitable::bigint >= 0 and (p.profitable_is <> :profitable::bigint) is true)::int
            + (:tax_grade::bigint >= 0 and (p.grades & :tax_grade::bigint = 0) is true)::int
            + (:tax_paid_12m_fen::bigint >= 0 and (p.tax_least > :tax_paid_12m_fen::bigint) is true)::int
            + (:tax_months::bigint >= 0 and (p.tax_months_least > :tax_months::bigint) is true)::int
            + (:lenders::bigint >= 0 and (p.lenders_most < :lenders::bigint) is true)::int
            + (:credit_enquiries_3m::bigint >= 0 and (p.enquiries_most < :credit_enquiries_3m::bigint) is true)::int
            + (:settlement_account::bigint >= 0 and (p.account_is <> :settlement_account::bigint) is true)::int
            + (:collateral::bigint >= 0 and (p.collateral & :collateral::bigint = 0) is true)::int
            + (:contract_fen::bigint >= 0 and (:contract_fen::bigint * p.contract_share < :amount::bigint * 1000000) is true)::int
            + (:receivable_fen::bigint >= 0 and (:receivable_fen::bigint * p.receivable_share < :amount::bigint * 1000000) is true)::int
            + (:debtor_confirmed::bigint >= 0 and (p.confirmed_is <> :debtor_confirmed::bigint) is true)::int
            + (:ip_value_fen::bigint >= 0 and (:ip_value_fen::bigint * p.ip_share < :amount::bigint * 1000000) is true)::int
            + (:tags::bigint >= 0 and (p.tags & :tags::bigint = 0) is true)::int
            + (:collateral_value_fen::bigint >= 0 and (:collateral_value_fen::bigint * p.value_share < :amount::bigint * 1000000) is true)::int
            + (:purpose::bigint >= 0 and (p.purposes & :purpose::bigint = 0) is true)::int as fails,
        (p.is_guess
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
            or (:contract_fen::bigint < 0 and p.contract_share is not null)
            or (:receivable_fen::bigint < 0 and p.receivable_share is not null)
            or (:debtor_confirmed::bigint < 0 and p.confirmed_is is not null)
            or (:ip_value_fen::bigint < 0 and p.ip_share is not null)
            or (:tags::bigint < 0 and p.tags is not null)
            or (:collateral_value_fen::bigint < 0 and p.value_share is not null)
            or (:purpose::bigint < 0 and p.purposes is not null)
            or (:size_class::bigint < 0 and p.sizes is not null)
            or (:first_loan::bigint < 0 and p.first_loan_is is not null)) as lacks
    from opened p
    offset 0
), judged as (
    select s.id, s.merit,
        s.fails + (s.guarantee = 0)::int + (s.insurance = 0)::int as fails,
        s.lacks or s.guarantee = 1 or s.insurance = 1 as lacks
    from (
        select s.*,
            case when s.wants_guarantee = 0 or s.fails > 2 then 2 else case
                when exists (select from backer b
                    where b.kind = 11 and not b.lacks and s.lent between b.amount_min and b.amount_max
                        and s.months between b.term_min and b.term_max and s.lent <= b.room) then 2
                when exists (select from backer b
                    where b.kind = 11 and b.lacks and s.lent between b.amount_min and b.amount_max
                        and s.months between b.term_min and b.term_max and s.lent <= b.room) then 1
                else 0 end end as guarantee,
            case when s.wants_insurance = 0 or s.fails > 2 then 2 else case
                when exists (select from backer b
                    where b.kind = 12 and not b.lacks and s.lent between b.amount_min and b.amount_max
                        and s.months between b.term_min and b.term_max and s.lent <= b.room) then 2
                when exists (select from backer b
                    where b.kind = 12 and b.lacks and s.lent between b.amount_min and b.amount_max
                        and s.months between b.term_min and b.term_max and s.lent <= b.room) then 1
                else 0 end end as insurance
        from counted s
        offset 0) s
)
