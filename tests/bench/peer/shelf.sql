-- What is reckoned once, when the products are loaded, so that a match reads narrow rows side by side.

-- Every condition of every product: > at least, < at most, = just so, & one of a set, * a share of it at least the
-- amount. `fact` is the place in the need's numbers (judge.sql). The maximum is one only where no tier moves it.
create view asked as
select p.id, c.fact, c.op, c.value
from product p, lateral (values
    (1, '=', p.dishonest_is), (2, '=', p.abnormal_is), (3, '=', p.executed_is), (4, '<', p.overdue_most),
    (5, '<', p.arrears_most), (6, '>', p.age_least), (7, '>', p.revenue_least), (8, '<', p.debt_most),
    (9, '=', p.profitable_is), (10, '&', p.sizes), (11, '&', p.grades), (12, '>', p.tax_least),
    (13, '>', p.tax_months_least), (14, '<', p.lenders_most), (15, '<', p.enquiries_most), (16, '=', p.account_is),
    (17, '=', p.first_loan_is), (18, '&', p.collateral), (19, '*', p.contract_share), (20, '*', p.receivable_share),
    (21, '=', p.confirmed_is), (22, '*', p.ip_share), (23, '&', p.tags), (24, '*', p.value_share),
    (25, '&', p.purposes), (26, '>', p.amount_min), (27, '<', case when p.tier1_tags is null then p.amount_max end),
    (28, '>', p.term_min), (29, '<', p.term_max),
    (30, '>', least(greatest(p.rate_low + case p.rate_base when 2 then :lpr_1y when 3 then :lpr_5y else 0 end, 0),
                     1000000)),
    (31, '&', nullif(p.repayments, 0))) c (fact, op, value)
where c.value is not null and (c.fact <= 25 or p.kind not in (11, 12));

-- Each condition once, with a bit of its own: a need is held against these few hundred, and a product fails as many as
-- it shares bits with what the need fails. The size and a first loan nobody can repair.
create table condition as
select c.fact, c.value, c.op::"char" as op,
    set_bit(repeat('0', 384)::bit(384), row_number() over ()::int - 1, 1) as mask,
    case when c.fact in (10, 17)
        then 1::bigint << (row_number() over (partition by c.fact in (10, 17)))::int - 1 else 0 end as end_mask
from (select distinct fact, op, value from asked) c;
analyze condition;

-- The score's parts that the record alone decides, for a need of no known size or without a cell of its own first, then
-- for needs of the cells' province by size.
create view standing as
select p.id, array_agg(s.likelihood order by s.size) as likelihoods, array_agg(s.speed order by s.size) as speeds,
    case when p.fulfilled_ppm is null then :service_points::bigint * 500000
        else :service_points::bigint * p.fulfilled_ppm end as service
from (
    select p.id, p.fulfilled_ppm, s.size,
        case when c.cell_ppm is not null then :likelihood_points::bigint * c.cell_ppm
            when p.answers + :prior_weight = 0 then :likelihood_points::bigint * :prior_ppm
            else :likelihood_points::bigint * ((p.approvals::bigint * 1000000 + :prior_ppm::bigint * :prior_weight)
                / (p.answers + :prior_weight)) end as likelihood,
        case when c.hours is null then :speed_points::bigint * 500000
            when c.hours >= :hours_cap then 0
            else :speed_points::bigint * 1000000 * (:hours_cap - c.hours) / :hours_cap end as speed
    from product p, generate_series(1, 5) s (size), lateral (
        select coalesce(p.cell_likelihood[s.size], p.cell_likelihood[1]) as cell_ppm,
            coalesce(case when p.cell_likelihood[s.size] is not null then p.cell_hours[s.size] else p.cell_hours[1] end,
                p.hours) as hours) c) s
join product p using (id)
group by p.id;

-- One row for each product and region that it serves, by kind and region: what a need may meet lies side by side, and it
-- meets no product twice. What classes depend on comes first in the row.
create table shelf as
select p.kind, r.region, p.valid_from, p.valid_to, coalesce(p.room, 9000000000000000) as room,
    coalesce(p.amount_min, 0) as amount_min, coalesce(a.ends, 0) as ends,
    coalesce(p.term_min, 0) as term_min, coalesce(p.term_max, 360) as term_max, p.wants_guarantee, p.wants_insurance,
    coalesce(a.conditions, repeat('0', 384)::bit(384)) as conditions, p.amount_max, p.industries_in, p.industries_out,
    p.tier1_tags, p.tier1_max, p.tier2_tags, p.tier2_max, p.tier3_tags, p.tier3_max,
    -- for the score and the cost
    p.id, p.repayments,
    least(greatest(coalesce(p.rate_high, p.rate_low)::bigint
        + case p.rate_base when 2 then :lpr_1y when 3 then :lpr_5y else 0 end, 0), 1000000) as rate_ppm,
    least(greatest(p.rate_low + case p.rate_base when 2 then :lpr_1y when 3 then :lpr_5y else 0 end, 0), 1000000)
        as low_ppm,
    p.upfront_ppm, p.upfront_fen, p.yearly_ppm, p.yearly_fen, p.backing_ppm,
    coalesce(p.coverage_ppm, -1) as coverage_ppm,
    p.wished_tags, p.wished_account, p.wished_tags_weight, p.wished_account_weight,
    p.cell_province, s.likelihoods, s.speeds, s.service
from product p
join standing s using (id)
left join (
    select a.id, bit_or(c.mask) as conditions, bit_or(c.end_mask) as ends
    from asked a join condition c on c.fact = a.fact and c.value = a.value and c.op = a.op::"char" group by a.id) a
    using (id)
cross join lateral (select distinct region from unnest(p.regions) region) r
where not exists (
    select from unnest(p.regions) wider
    where wider <> r.region and wider in (0, r.region / 10000 * 10000, r.region / 100 * 100))
order by p.kind, r.region, p.id;
create index shelf_place on shelf (kind, region);
vacuum analyze shelf;
vacuum analyze product;

create table programme_place as
select r.region, p.* from programme p, unnest(p.regions) r (region);
create index programme_region on programme_place (region);
vacuum analyze programme_place;
