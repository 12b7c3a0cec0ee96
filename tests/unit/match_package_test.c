/* Packages: structural screens, classes, bounds and tiers. */
#include "match_support.h"

static size_t count_eligible(const rq_product *product, const rq_need *need)
{
    match_run run = run_match(product, 1, NULL, 0, need);
    size_t count = run.result.eligible_total;
    assert_int_equal(run.result.considered, count);
    match_done(&run);
    return count;
}

static void a_region_is_served_with_all_below_it(void **state)
{
    (void)state;
    static const struct {
        uint32_t served;
        size_t count;
    } cases[] = {{330000, 1}, {330100, 1}, {330106, 1}, {0, 1}, {320000, 0}, {330200, 0}, {330105, 0}};
    rq_need need = plain_need();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rq_product product = plain_loan(1);
        product.regions = &cases[i].served;
        product.region_count = 1;
        assert_int_equal(count_eligible(&product, &need), cases[i].count);
    }
}

static void a_province_wide_need_is_not_served_by_one_city(void **state)
{
    (void)state;
    const uint32_t city = 330100;
    rq_product product = plain_loan(1);
    product.regions = &city;
    product.region_count = 1;
    rq_need need = plain_need();
    need.region = 330000;
    assert_int_equal(count_eligible(&product, &need), 0);
}

static void industries_are_prefixes_in_and_out(void **state)
{
    (void)state;
    static const char in[][8] = {"F", "C26"}, out[][8] = {"C2614"}, other[][8] = {"C39"};
    rq_need need = plain_need();
    rq_product product = plain_loan(1);
    product.industries_in = in;
    product.industries_in_count = 2;
    assert_int_equal(count_eligible(&product, &need), 1);
    product.industries_out = out;
    product.industries_out_count = 1;
    assert_int_equal(count_eligible(&product, &need), 0);
    product.industries_out = other;
    assert_int_equal(count_eligible(&product, &need), 1);
    product.industries_in = other;
    product.industries_in_count = 1;
    assert_int_equal(count_eligible(&product, &need), 0);
}

static void a_product_is_open_on_its_first_and_last_day_alone(void **state)
{
    (void)state;
    rq_need need = plain_need();
    rq_product product = plain_loan(1);
    product.valid_from = product.valid_to = need.as_of;
    assert_int_equal(count_eligible(&product, &need), 1);
    need.as_of++;
    assert_int_equal(count_eligible(&product, &need), 0);
    need.as_of -= 2;
    assert_int_equal(count_eligible(&product, &need), 0);
}

static void a_product_without_capacity_is_not_shown(void **state)
{
    (void)state;
    rq_need need = plain_need();
    rq_product product = plain_loan(1);
    product.capacity_cases_left = 0;
    assert_int_equal(count_eligible(&product, &need), 0);
    product.capacity_cases_left = 1;
    product.capacity_fen_left = 100 * WAN - 1;
    assert_int_equal(count_eligible(&product, &need), 0);
    product.capacity_fen_left = 100 * WAN;
    assert_int_equal(count_eligible(&product, &need), 1);
}

static void money_left_between_least_and_wished_is_what_is_lent(void **state)
{
    (void)state;
    rq_need need = plain_need();
    set_amount(&need, 100 * WAN, 50 * WAN);
    rq_product product = plain_loan(1);
    product.capacity_fen_left = 60 * WAN;
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible_count, 1);
    assert_int_equal(run.result.eligible[0].amount_fen, 60 * WAN);
    match_done(&run);
}

static void an_unwished_kind_is_not_considered(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.kind = RQ_INDEX(kind, factoring);
    rq_need need = plain_need();
    assert_int_equal(count_eligible(&product, &need), 0);
    need.kinds |= RQ_BIT(kind, factoring);
    assert_int_equal(count_eligible(&product, &need), 1);
}

static void nobody_can_ask_for_a_guarantee_alone(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    rq_catalogue *catalogue = catalogue_of(&product, 1, NULL, 0);
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_need need = plain_need();
    need.kinds = RQ_BIT(kind, guarantee);
    rq_match_options options = {.top = 10};
    rq_match_result result;
    rq_error error = {0};
    assert_int_equal(rq_match(catalogue, &need, &options, arena, &result, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "kinds"));
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
}

/* ---- classes and near misses ---- */

static rq_package_class class_with(const rq_rule *rules, size_t count, const rq_need *need, bool *out_shown)
{
    rq_product product = plain_loan(1);
    product.rules = rules;
    product.rule_count = count;
    match_run run = run_match(&product, 1, NULL, 0, need);
    *out_shown = run.result.eligible_count + run.result.unknown_count + run.result.near_count == 1;
    rq_package_class class = run.result.eligible_count > 0  ? RQ_ELIGIBLE
                             : run.result.unknown_count > 0 ? RQ_NEEDS_FACTS
                                                            : RQ_NEAR_MISS;
    match_done(&run);
    return class;
}

static void fails_and_unknowns_make_the_class(void **state)
{
    (void)state;
    rq_rule rules[4] = {hard_rule(RQ_FACT_age_months, RQ_OP_ge, 24),
                        hard_rule(RQ_FACT_employees, RQ_OP_ge, 10), hard_rule(RQ_FACT_lenders, RQ_OP_le, 3),
                        hard_rule(RQ_FACT_tax_months, RQ_OP_ge, 12)};
    rq_need need = plain_need();
    bool shown;
    know(&need, RQ_FACT_age_months, 24);
    assert_int_equal(class_with(rules, 1, &need, &shown), RQ_ELIGIBLE);
    assert_int_equal(class_with(rules, 2, &need, &shown), RQ_NEEDS_FACTS);
    know(&need, RQ_FACT_age_months, 23);
    assert_int_equal(class_with(rules, 2, &need, &shown), RQ_NEAR_MISS);
    know(&need, RQ_FACT_employees, 9);
    assert_int_equal(class_with(rules, 2, &need, &shown), RQ_NEAR_MISS);
    know(&need, RQ_FACT_lenders, 4);
    (void)class_with(rules, 3, &need, &shown);
    assert_false(shown);
}

static void what_nobody_can_repair_is_no_near_miss(void **state)
{
    (void)state;
    rq_rule rule = hard_rule(RQ_FACT_size_class, RQ_OP_in, (int64_t)RQ_BIT(size, micro));
    rq_need need = plain_need();
    know(&need, RQ_FACT_size_class, (int64_t)RQ_BIT(size, large));
    bool shown;
    (void)class_with(&rule, 1, &need, &shown);
    assert_false(shown);
    rule.repair = RQ_INDEX(repair, authority);
    assert_int_equal(class_with(&rule, 1, &need, &shown), RQ_NEAR_MISS);
    assert_true(shown);
}

static void a_soft_rule_moves_the_fit_and_never_the_class(void **state)
{
    (void)state;
    rq_rule rule = hard_rule(RQ_FACT_age_months, RQ_OP_ge, 24);
    rule.hard = false;
    rq_product products[2] = {plain_loan(1), plain_loan(2)};
    products[1].rules = &rule;
    products[1].rule_count = 1;
    rq_need need = plain_need();
    know(&need, RQ_FACT_age_months, 3);
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_int_equal(run.result.eligible_count, 2);
    assert_int_equal(run.result.eligible[0].parts_ppm[3] - run.result.eligible[1].parts_ppm[3], 15 * 200000);
    match_done(&run);
}

static void bounds_that_fail_name_the_nearest_bound(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.amount_min_fen = 200 * WAN;
    product.term_max_months = 6;
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.near_count, 1);
    const rq_package *near = &run.result.near[0];
    assert_int_equal(find_check(near, RQ_CHECK_amount_min)->needed, 200 * WAN);
    assert_int_equal(find_check(near, RQ_CHECK_term_max)->needed, 6);
    match_done(&run);
    set_amount(&need, 200 * WAN, 100 * WAN);
    set_term(&need, 6);
    assert_int_equal(count_eligible(&product, &need), 1);
}

static void a_lower_maximum_is_met_by_accepting_less(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.amount_max_fen = 80 * WAN;
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.near_count, 1);
    int64_t needed = find_check(&run.result.near[0], RQ_CHECK_amount_max)->needed;
    match_done(&run);
    assert_int_equal(needed, 80 * WAN);
    set_amount(&need, 100 * WAN, needed);
    run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible_count, 1);
    assert_int_equal(run.result.eligible[0].amount_fen, 80 * WAN);
    match_done(&run);
}

static void a_rate_above_what_is_accepted_fails_by_its_lowest_end(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    rq_need need = plain_need();
    need.max_rate_ppm = 40000;
    assert_int_equal(count_eligible(&product, &need), 1);
    need.max_rate_ppm = 39999;
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(find_check(&run.result.near[0], RQ_CHECK_rate)->needed, 40000);
    match_done(&run);
    product.rate.low_ppm = RQ_UNSET;
    assert_int_equal(count_eligible(&product, &need), 1);
}

static void what_is_not_published_is_no_rule(void **state)
{
    (void)state;
    rq_product product = bare_product(1, RQ_INDEX(kind, credit_loan));
    rq_need need = plain_need();
    need.repayments = RQ_BIT(repayment, bullet);
    need.max_rate_ppm = 10000;
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible_count, 1);
    assert_int_equal(run.result.eligible[0].check_count, 0);
    assert_int_equal(run.result.eligible[0].cost_ppm, RQ_UNSET);
    match_done(&run);
}

static void an_lpr_loan_follows_the_catalogue(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.rate = (rq_rate){RQ_RATE_lpr_5y, -5000, RQ_UNSET};
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].rate_ppm, 30000);
    assert_true(run.result.eligible[0].rate_is_floor);
    assert_int_equal(run.result.eligible[0].cost_ppm, 30000);
    match_done(&run);
}

/* ---- tiers ---- */

static const int64_t srdi = (int64_t)RQ_BIT(tag, srdi);

static void the_passing_tier_with_the_highest_amount_applies(void **state)
{
    (void)state;
    const rq_rule is_srdi = hard_rule(RQ_FACT_tags, RQ_OP_in, srdi);
    const rq_rate cheap = {RQ_RATE_fixed, 30000, 30000}, none = {RQ_RATE_none, RQ_UNSET, RQ_UNSET};
    const rq_tier tiers[] = {
        {.when = &is_srdi,
         .when_count = 1,
         .amount_max_fen = 600 * WAN,
         .term_max_months = RQ_UNSET,
         .rate = none},
        {.when = &is_srdi,
         .when_count = 1,
         .amount_max_fen = 900 * WAN,
         .term_max_months = 60,
         .rate = cheap},
        {.when_count = 0, .amount_max_fen = 300 * WAN, .term_max_months = RQ_UNSET, .rate = none},
    };
    rq_product product = plain_loan(1);
    product.tiers = tiers;
    product.tier_count = 3;
    rq_need need = plain_need();
    set_amount(&need, 800 * WAN, 200 * WAN);
    know(&need, RQ_FACT_tags, srdi);
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].tier, 1);
    assert_int_equal(run.result.eligible[0].amount_fen, 800 * WAN);
    assert_int_equal(run.result.eligible[0].rate_ppm, 30000);
    match_done(&run);
    /* without the tag the third applies, though it is below the product's own maximum */
    know(&need, RQ_FACT_tags, 0);
    run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].tier, 2);
    assert_int_equal(run.result.eligible[0].amount_fen, 300 * WAN);
    match_done(&run);
}

static void a_tier_that_lacks_a_fact_matters_only_when_its_amount_is_wanted(void **state)
{
    (void)state;
    const rq_rule is_srdi = hard_rule(RQ_FACT_tags, RQ_OP_in, srdi);
    const rq_tier tier = {.when = &is_srdi,
                          .when_count = 1,
                          .amount_max_fen = 900 * WAN,
                          .term_max_months = RQ_UNSET,
                          .rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET}};
    rq_product product = plain_loan(1);
    product.tiers = &tier;
    product.tier_count = 1;
    rq_need need = plain_need();
    set_amount(&need, 500 * WAN, 500 * WAN);
    assert_int_equal(count_eligible(&product, &need), 1);
    set_amount(&need, 501 * WAN, 501 * WAN);
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.unknown_count, 1);
    const rq_package *unknown = &run.result.unknown[0];
    assert_int_equal(unknown->tier, 0);
    assert_int_equal(find_check(unknown, RQ_CHECK_amount_max)->verdict, RQ_NOT_KNOWN);
    assert_int_equal(find_check(unknown, RQ_CHECK_tier)->fact, RQ_FACT_tags);
    assert_int_equal(unknown->unknown_count, 2);
    match_done(&run);
    know(&need, RQ_FACT_tags, 0);
    run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(find_check(&run.result.near[0], RQ_CHECK_amount_max)->needed, 500 * WAN);
    match_done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_served_with_all_below_it),
        cmocka_unit_test(a_province_wide_need_is_not_served_by_one_city),
        cmocka_unit_test(industries_are_prefixes_in_and_out),
        cmocka_unit_test(a_product_is_open_on_its_first_and_last_day_alone),
        cmocka_unit_test(a_product_without_capacity_is_not_shown),
        cmocka_unit_test(money_left_between_least_and_wished_is_what_is_lent),
        cmocka_unit_test(an_unwished_kind_is_not_considered),
        cmocka_unit_test(nobody_can_ask_for_a_guarantee_alone),
        cmocka_unit_test(fails_and_unknowns_make_the_class),
        cmocka_unit_test(what_nobody_can_repair_is_no_near_miss),
        cmocka_unit_test(a_soft_rule_moves_the_fit_and_never_the_class),
        cmocka_unit_test(bounds_that_fail_name_the_nearest_bound),
        cmocka_unit_test(a_lower_maximum_is_met_by_accepting_less),
        cmocka_unit_test(a_rate_above_what_is_accepted_fails_by_its_lowest_end),
        cmocka_unit_test(what_is_not_published_is_no_rule),
        cmocka_unit_test(an_lpr_loan_follows_the_catalogue),
        cmocka_unit_test(the_passing_tier_with_the_highest_amount_applies),
        cmocka_unit_test(a_tier_that_lacks_a_fact_matters_only_when_its_amount_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
