-- Which products are eligible, lack facts or are near misses, each with its partners: `judged`, over the tables of
-- shelf.sql. :names are the need's numbers, -1 where it does not say. What is to be made of it follows: answer.sql, or
-- another end. "offset 0" keeps what is reckoned once from being copied into every place that uses it.
with numbers as materialized (
    -- in the order of asked.fact
    select array[nullif(:dishonest_listed::bigint, -1), nullif(:abnormal_listed::bigint, -1),
        nullif(:court_executed::bigint, -1), nullif(:overdue_fen::bigint, -1), nullif(:tax_arrears_fen::bigint, -1),
        nullif(:age_months::bigint, -1), nullif(:revenue_fen::bigint, -1), nullif(:debt_ratio_ppm::bigint, -1),
        nullif(:profitable::bigint, -1), nullif(:size_class::bigint, -1), nullif(:tax_grade::bigint, -1),
        nullif(:tax_paid_12m_fen::bigint, -1), nullif(:tax_months::bigint, -1), nullif(:lenders::bigint, -1),
        nullif(:credit_enquiries_3m::bigint, -1), nullif(:settlement_account::bigint, -1),
        nullif(:first_loan::bigint, -1), nullif(:collateral::bigint, -1), nullif(:contract_fen::bigint, -1),
        nullif(:receivable_fen::bigint, -1), nullif(:debtor_confirmed::bigint, -1), nullif(:ip_value_fen::bigint, -1),
        nullif(:tags::bigint, -1), nullif(:collateral_value_fen::bigint, -1), nullif(:purpose::bigint, -1),
        :amount::bigint, :least::bigint, :term::bigint, :term::bigint,
        case when :max_rate::bigint < 0 then 1000000 else :max_rate::bigint end,
        case when :wished::bigint = 0 then -1 else :wished::bigint end] as have
), outcome as materialized (
    -- the conditions that the need fails, those of them that nobody can repair, and those it can't tell of
    select coalesce(bit_or(c.mask) filter (where not c.is_met), repeat('0', 384)::bit(384)) as failed,
        coalesce(bit_or(c.end_mask) filter (where not c.is_met), 0) as ended,
        coalesce(bit_or(c.mask) filter (where c.is_met is null), repeat('0', 384)::bit(384)) as lacking
    from (
        select c.mask, c.end_mask,
            case c.op when '>' then n.have[c.fact] >= c.value
                when '<' then n.have[c.fact] <= c.value
                when '=' then n.have[c.fact] = c.value
                when '&' then n.have[c.fact] & c.value <> 0
                else n.have[c.fact] * c.value >= :amount::bigint * 1000000 end as is_met
        from condition c, numbers n) c
), backer as materialized (
    -- guarantees and insurance for the need, in the order in which they are joined: `limit 1` takes the first that fits
    select g.row, g.kind, g.amount_min, g.amount_max, g.term_min, g.term_max, g.backing_ppm, g.lacks
    from (
        select g.ctid as row, g.kind, g.amount_min, least(g.amount_max, g.room) as amount_max, g.term_min, g.term_max,
            g.backing_ppm, g.coverage_ppm, g.id,
            bit_count(g.conditions & (select lacking from outcome)) > 0 as lacks
        from shelf g
        where g.kind in (11, 12)
            and g.region in (:region::int, :city::int, :provincial::int, 0)
            and :day::int between g.valid_from and g.valid_to
            and g.room >= greatest(:least::bigint, g.amount_min)
            and (g.industries_in is null
                or g.industries_in && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
            and (g.industries_out is null
                or not g.industries_out && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
            and g.ends & (select ended from outcome) = 0
            and bit_count(g.conditions & (select failed from outcome)) = 0) g
    order by g.lacks, g.backing_ppm nulls last, g.coverage_ppm desc, g.id
), opened as (
    -- what is open to the need, each with the tier that applies
    select s.ctid as row, s.kind, s.conditions, s.wants_guarantee, s.wants_insurance, s.room, s.amount_min, s.term_min,
        s.term_max, s.amount_max, s.tier1_tags, s.tier1_max, s.tier2_max, s.tier3_max,
        case when s.tier1_tags is null then 0
            when :tags::bigint < 0 then case when s.amount_max < :least::bigint
                and coalesce(s.tier3_max, s.tier2_max, s.tier1_max) >= :least::bigint
                then case when s.tier3_max is not null then 3 when s.tier2_max is not null then 2 else 1 end else 0 end
            when s.tier3_tags & :tags::bigint <> 0 then 3
            when s.tier2_tags & :tags::bigint <> 0 then 2
            when s.tier1_tags & :tags::bigint <> 0 then 1
            else 0 end as tier,
        bit_count(s.conditions & (select failed from outcome)) as broken
    from shelf s
    where s.kind in (:k1::int, :k2::int, :k3::int, :k4::int, :k5::int, :k6::int)
        and s.region in (:region::int, :city::int, :provincial::int, 0)
        and :day::int between s.valid_from and s.valid_to
        and s.room >= greatest(:least::bigint, s.amount_min)
        and (s.industries_in is null
            or s.industries_in && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and (s.industries_out is null
            or not s.industries_out && array[:i1::bigint, :i2::bigint, :i3::bigint, :i4::bigint, :i5::bigint])
        and s.ends & (select ended from outcome) = 0
    offset 0
), limited as (
    select p.*,
        case p.tier when 0 then p.amount_max when 1 then p.tier1_max when 2 then p.tier2_max else p.tier3_max end
            as limit_fen
    from opened p
    where p.broken <= 2
    offset 0
), lent as (
    select p.row, p.kind, p.tier, p.limit_fen, p.wants_guarantee, p.wants_insurance,
        p.broken + (p.tier1_tags is not null and (:least::bigint > p.limit_fen) is true)::int as failing,
        (p.tier > 0 and :tags::bigint < 0) or bit_count(p.conditions & (select lacking from outcome)) > 0
            as is_lacking,
        least(case when p.room >= :least::bigint then p.room end, greatest(:amount::bigint, p.amount_min), p.limit_fen)
            as amount_fen,
        least(greatest(:term::int, p.term_min), p.term_max) as months
    from limited p
    offset 0
), judged as materialized (
    -- rows of the shelf by where they lie, as narrow as can be: most are only counted
    select p.row, p.kind, p.tier, p.limit_fen, p.amount_fen, p.months, g.row as guarantor, i.row as insurer,
        p.failing + (p.wants_guarantee = 1 and g.row is null)::int + (p.wants_insurance = 1 and i.row is null)::int
            as fails,
        p.is_lacking or coalesce(g.lacks, false) or coalesce(i.lacks, false) as lacks,
        g.backing_ppm as guarantee_ppm, i.backing_ppm as insurance_ppm, g.lacks as guarantor_lacks,
        i.lacks as insurer_lacks
    from lent p
    left join lateral (
        select b.row, b.backing_ppm, b.lacks
        from backer b
        where p.wants_guarantee = 1 and b.kind = 11 and p.amount_fen between b.amount_min and b.amount_max
            and p.months between b.term_min and b.term_max
        limit 1) g on true
    left join lateral (
        select b.row, b.backing_ppm, b.lacks
        from backer b
        where p.wants_insurance = 1 and b.kind = 12 and p.amount_fen between b.amount_min and b.amount_max
            and p.months between b.term_min and b.term_max
        limit 1) i on true
    where p.failing <= 2
)
