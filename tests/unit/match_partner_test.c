/* Packages: who joins a loan, what the programmes pay back, and what it all costs. */
#include "match_support.h"

static rq_product guarantor(int number, int64_t fee_ppm, int64_t coverage_ppm)
{
    rq_product product = bare_product(number, RQ_INDEX(kind, guarantee));
    product.fee_ppm = fee_ppm;
    product.coverage_ppm = coverage_ppm;
    return product;
}

static void expect_partner(const rq_product *products, size_t count, const rq_need *need, int number)
{
    match_run run = run_match(products, count, NULL, 0, need);
    char id[RQ_UUID_TEXT + 1];
    id_of(number, id);
    assert_int_equal(run.result.eligible_count, 1);
    assert_non_null(run.result.eligible[0].guarantee);
    assert_string_equal(run.result.eligible[0].guarantee->id, id);
    assert_int_equal(find_check(&run.result.eligible[0], RQ_CHECK_guarantee)->verdict, RQ_PASS);
    match_done(&run);
}

static void the_cheapest_eligible_guarantor_joins_then_the_best_covering(void **state)
{
    (void)state;
    rq_need need = plain_need();
    rq_product products[6] = {plain_loan(1),
                              guarantor(2, RQ_UNSET, 1000000),
                              guarantor(3, 10000, 800000),
                              guarantor(4, 8000, 700000),
                              guarantor(5, 8000, 800000),
                              guarantor(6, 8000, 800000)};
    products[0].guarantee = RQ_BACKING_required;
    expect_partner(products, 6, &need, 5);
    products[4].amount_max_fen = 99 * WAN;
    expect_partner(products, 6, &need, 6);
    const rq_rule old = hard_rule(RQ_FACT_age_months, RQ_OP_ge, 24);
    products[5].rules = &old;
    products[5].rule_count = 1;
    know(&need, RQ_FACT_age_months, 12);
    expect_partner(products, 6, &need, 4);
    static char friends[1][RQ_UUID_TEXT + 1];
    id_of(99, friends[0]);
    products[3].partners = (const char(*)[RQ_UUID_TEXT + 1]) friends;
    products[3].partner_count = 1;
    expect_partner(products, 6, &need, 3);
    id_of(1, friends[0]);
    expect_partner(products, 6, &need, 4);
}

static void without_a_guarantor_the_loan_is_a_near_miss(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.guarantee = RQ_BACKING_required;
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.near_count, 1);
    const rq_check *check = find_check(&run.result.near[0], RQ_CHECK_guarantee);
    assert_int_equal(check->verdict, RQ_FAIL);
    assert_int_equal(check->repair, RQ_INDEX(repair, guarantor));
    match_done(&run);
}

static void a_guarantor_that_lacks_a_fact_makes_the_check_unknown(void **state)
{
    (void)state;
    const rq_rule old = hard_rule(RQ_FACT_age_months, RQ_OP_ge, 24);
    rq_product products[2] = {plain_loan(1), guarantor(2, 10000, 800000)};
    products[0].guarantee = RQ_BACKING_required;
    products[1].rules = &old;
    products[1].rule_count = 1;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_int_equal(run.result.unknown_count, 1);
    const rq_check *check = find_check(&run.result.unknown[0], RQ_CHECK_guarantee);
    assert_int_equal(check->verdict, RQ_NOT_KNOWN);
    assert_int_equal(check->fact, RQ_FACT_age_months);
    match_done(&run);
}

static void an_optional_guarantee_is_joined_only_for_a_tier(void **state)
{
    (void)state;
    const rq_tier tier = {.amount_max_fen = 900 * WAN,
                          .term_max_months = RQ_UNSET,
                          .rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET},
                          .needs_guarantee = true};
    rq_product products[2] = {plain_loan(1), guarantor(2, 10000, 800000)};
    products[0].guarantee = RQ_BACKING_optional;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_null(run.result.eligible[0].guarantee);
    match_done(&run);
    products[0].tiers = &tier;
    products[0].tier_count = 1;
    expect_partner(products, 2, &need, 2);
    /* no partner, no tier */
    run = run_match(products, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].tier, -1);
    match_done(&run);
}

static void a_required_insurance_is_joined_and_priced(void **state)
{
    (void)state;
    rq_product products[2] = {plain_loan(1), bare_product(2, RQ_INDEX(kind, insurance))};
    products[0].insurance = RQ_BACKING_required;
    products[1].fee_ppm = 20000;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_non_null(run.result.eligible[0].insurance);
    assert_true(run.result.eligible[0].cost_ppm > 50000 + 20000);
    match_done(&run);
}

/* ---- cost and programmes ---- */

static void fees_and_a_guarantee_make_the_published_vector(void **state)
{
    (void)state;
    const rq_fee appraisal = {.basis = RQ_FEE_fixed, .when = RQ_FEE_upfront, .value = 3000 * YUAN};
    rq_product products[2] = {plain_loan(1), guarantor(2, 10000, 800000)};
    products[0].rate = (rq_rate){RQ_RATE_fixed, 43500, RQ_UNSET};
    products[0].guarantee = RQ_BACKING_required;
    products[0].fees = &appraisal;
    products[0].fee_count = 1;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_int_equal((run.result.eligible[0].cost_ppm + 50) / 100, 569);
    match_done(&run);
}

static void a_partner_without_a_published_fee_leaves_the_cost_unknown(void **state)
{
    (void)state;
    rq_product products[2] = {plain_loan(1), guarantor(2, RQ_UNSET, 800000)};
    products[0].guarantee = RQ_BACKING_required;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].cost_ppm, RQ_UNSET);
    match_done(&run);
}

static void the_subsidy_that_pays_most_is_taken_and_lowers_the_cost(void **state)
{
    (void)state;
    const uint32_t elsewhere = 320000;
    rq_product product = plain_loan(1);
    rq_programme programmes[5];
    for (int i = 0; i < 5; i++) {
        programmes[i] = bare_programme(i + 1, RQ_PROGRAMME_interest_subsidy);
    }
    programmes[0].share_ppm = 500000;
    programmes[0].cap_fen = 1000 * YUAN;
    programmes[1].points_ppm = 10000; /* 1 of 5 points: 10,000 yuan */
    programmes[2].share_ppm = 200000; /* the same */
    programmes[3].share_ppm = 1000000;
    programmes[3].regions = &elsewhere;
    programmes[3].region_count = 1;
    programmes[4].share_ppm = 1000000;
    programmes[4].valid_to = rq_date_from_civil(2026, 11, 23);
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, programmes, 5, &need);
    assert_int_equal(run.result.eligible[0].programme_count, 1);
    assert_string_equal(run.result.eligible[0].programmes[0]->id, programmes[1].id);
    assert_true(run.result.eligible[0].cost_ppm < 41000 && run.result.eligible[0].cost_ppm > 39000);
    match_done(&run);
}

static void a_fee_subsidy_needs_a_fee(void **state)
{
    (void)state;
    rq_programme programme = bare_programme(1, RQ_PROGRAMME_fee_subsidy);
    programme.share_ppm = 500000;
    rq_product products[2] = {plain_loan(1), guarantor(2, 10000, 800000)};
    rq_need need = plain_need();
    match_run run = run_match(products, 2, &programme, 1, &need);
    assert_int_equal(run.result.eligible[0].programme_count, 0);
    match_done(&run);
    products[0].guarantee = RQ_BACKING_required;
    run = run_match(products, 2, NULL, 0, &need);
    int64_t full = run.result.eligible[0].cost_ppm;
    match_done(&run);
    run = run_match(products, 2, &programme, 1, &need);
    assert_int_equal(run.result.eligible[0].programme_count, 1);
    assert_true(run.result.eligible[0].cost_ppm < full - 4000);
    match_done(&run);
}

static void seven_days_of_bridge_cost_0_18_per_cent(void **state)
{
    (void)state;
    const rq_day_fee fees[] = {{5, 200}, {10, 400}};
    rq_product product = bare_product(1, RQ_INDEX(kind, bridge));
    product.term_max_days = 10;
    product.day_fees = fees;
    product.day_fee_count = 2;
    rq_programme fund = bare_programme(1, RQ_PROGRAMME_bridge_fund);
    rq_need need = plain_need();
    need.kinds = RQ_BIT(kind, bridge);
    need.term_days = 7;
    match_run run = run_match(&product, 1, &fund, 1, &need);
    assert_int_equal(run.result.eligible_count, 1);
    assert_int_equal(run.result.eligible[0].cost_ppm, (1800 * 365 + 3) / 7);
    assert_int_equal(run.result.eligible[0].programme_count, 1);
    match_done(&run);
    need.term_days = RQ_UNSET;
    run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.unknown_count, 1);
    assert_false(find_check(&run.result.unknown[0], RQ_CHECK_term_max)->have_known);
    match_done(&run);
}

/* A cost beyond what a loan's may be is none: it would not even fit the book. */
static void a_bridge_above_1000_per_cent_a_year_has_no_cost(void **state)
{
    (void)state;
    rq_fee fee = {.name_zh = "手续费", .payee = "银行", .basis = RQ_FEE_fixed, .value = 1000 * YUAN};
    const int64_t fees[] = {2739 * YUAN, 2740 * YUAN, INT64_C(10000000000000)};
    rq_product product = bare_product(1, RQ_INDEX(kind, bridge));
    product.rate = (rq_rate){RQ_RATE_fixed, 0, RQ_UNSET};
    product.fees = &fee;
    product.fee_count = 1;
    rq_need need = plain_need();
    need.kinds = RQ_BIT(kind, bridge);
    need.term_days = 1;
    set_amount(&need, 10 * WAN, 10 * WAN);
    for (int i = 0; i < 3; i++) {
        fee.value = fees[i];
        match_run run = run_match(&product, 1, NULL, 0, &need);
        assert_int_equal(run.result.eligible_count, 1);
        assert_true(run.result.eligible[0].cost_ppm == (i == 0 ? 27390 * 365 : RQ_UNSET));
        assert_true(run.result.eligible[0].parts_ppm[0] == 0);
        match_done(&run);
        if (i == 1) {
            set_amount(&need, 1, 1); /* the fee is 10^19 millionths of it */
        }
    }
}

static void equity_has_no_rate_and_no_cost(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.kind = RQ_INDEX(kind, equity);
    rq_need need = plain_need();
    need.kinds = RQ_BIT(kind, equity);
    need.max_rate_ppm = 1000;
    match_run run = run_match(&product, 1, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].rate_ppm, RQ_UNSET);
    assert_int_equal(run.result.eligible[0].cost_ppm, RQ_UNSET);
    match_done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cheapest_eligible_guarantor_joins_then_the_best_covering),
        cmocka_unit_test(without_a_guarantor_the_loan_is_a_near_miss),
        cmocka_unit_test(a_guarantor_that_lacks_a_fact_makes_the_check_unknown),
        cmocka_unit_test(an_optional_guarantee_is_joined_only_for_a_tier),
        cmocka_unit_test(a_required_insurance_is_joined_and_priced),
        cmocka_unit_test(fees_and_a_guarantee_make_the_published_vector),
        cmocka_unit_test(a_partner_without_a_published_fee_leaves_the_cost_unknown),
        cmocka_unit_test(the_subsidy_that_pays_most_is_taken_and_lowers_the_cost),
        cmocka_unit_test(a_fee_subsidy_needs_a_fee),
        cmocka_unit_test(seven_days_of_bridge_cost_0_18_per_cent),
        cmocka_unit_test(a_bridge_above_1000_per_cent_a_year_has_no_cost),
        cmocka_unit_test(equity_has_no_rate_and_no_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
