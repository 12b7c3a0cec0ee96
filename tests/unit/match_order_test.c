/* The score's parts and the order of results. */
#include "match_support.h"

static rq_match_result ranked(const match_run *run, size_t top, size_t per_institution)
{
    rq_need need = plain_need();
    rq_match_options options = {.top = top, .per_institution = per_institution};
    rq_match_result result;
    rq_error error = {0};
    if (rq_match(run->catalogue, &need, &options, run->arena, &result, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return result;
}

static void expect_order(const rq_package *packages, size_t count, const int *numbers, size_t expected)
{
    assert_int_equal(count, expected);
    for (size_t i = 0; i < expected; i++) {
        char id[RQ_UUID_TEXT + 1];
        id_of(numbers[i], id);
        assert_string_equal(packages[i].product->id, id);
    }
}

static void equal_scores_and_costs_are_ordered_by_id(void **state)
{
    (void)state;
    rq_product products[] = {plain_loan(3), plain_loan(1), plain_loan(2)};
    rq_need need = plain_need();
    match_run run = run_match(products, 3, NULL, 0, &need);
    expect_order(run.result.eligible, run.result.eligible_count, (const int[]){1, 2, 3}, 3);
    match_done(&run);
}

static void a_cheaper_product_comes_first(void **state)
{
    (void)state;
    rq_product products[] = {plain_loan(1), plain_loan(2)};
    products[1].rate.high_ppm = 49000;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    expect_order(run.result.eligible, run.result.eligible_count, (const int[]){2, 1}, 2);
    match_done(&run);
}

static void at_equal_scores_a_known_cost_comes_before_an_unknown_one(void **state)
{
    (void)state;
    rq_product products[] = {plain_loan(1), plain_loan(2)};
    products[0].rate.base = RQ_RATE_none;
    products[1].rate = (rq_rate){RQ_RATE_fixed, 500000, 500000}; /* above the cap: no points either */
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_int_equal(run.result.eligible[0].score_ppm, run.result.eligible[1].score_ppm);
    expect_order(run.result.eligible, run.result.eligible_count, (const int[]){2, 1}, 2);
    match_done(&run);
}

static void fewer_fails_come_first_among_near_misses(void **state)
{
    (void)state;
    rq_product products[] = {plain_loan(1), plain_loan(2)};
    products[0].rate = (rq_rate){RQ_RATE_fixed, 10000, 10000};
    products[0].amount_max_fen = products[1].amount_max_fen = 50 * WAN;
    products[0].term_max_months = 6;
    rq_need need = plain_need();
    match_run run = run_match(products, 2, NULL, 0, &need);
    assert_true(run.result.near[1].score_ppm < run.result.near[0].score_ppm ||
                run.result.near[1].fail_count > run.result.near[0].fail_count);
    expect_order(run.result.near, run.result.near_count, (const int[]){2, 1}, 2);
    match_done(&run);
}

static void an_institution_takes_no_more_places_than_the_cap(void **state)
{
    (void)state;
    rq_product products[8];
    for (int i = 0; i < 8; i++) {
        products[i] = plain_loan(i + 1);
        products[i].rate.high_ppm = 41000 + 100 * i;
        id_of(i < 5 ? 100 : 200, products[i].institution_id);
    }
    rq_need need = plain_need();
    match_run run = run_match(products, 8, NULL, 0, &need);
    rq_match_result result = ranked(&run, 8, 2);
    assert_int_equal(result.eligible_total, 8);
    expect_order(result.eligible, result.eligible_count, (const int[]){1, 2, 6, 7}, 4);
    result = ranked(&run, 3, 2);
    expect_order(result.eligible, result.eligible_count, (const int[]){1, 2, 6}, 3);
    result = ranked(&run, 3, 0);
    expect_order(result.eligible, result.eligible_count, (const int[]){1, 2, 3}, 3);
    result = ranked(&run, 0, 0);
    assert_int_equal(result.eligible_count, 0);
    assert_int_equal(result.eligible_total, 8);
    match_done(&run);
}

static void the_parts_follow_the_published_formulas(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    product.amount_max_fen = 80 * WAN;
    product.rate = (rq_rate){RQ_RATE_fixed, 60000, RQ_UNSET};
    product.promised_hours = 1; /* promised, not measured: no points */
    product.record =
        (rq_record){.answers = 80, .approvals = 60, .median_hours = 180, .fulfilled_ppm = 900000};
    rq_need need = plain_need();
    set_amount(&need, 100 * WAN, 50 * WAN);
    match_run run = run_match(&product, 1, NULL, 0, &need);
    const rq_package *package = &run.result.eligible[0];
    assert_int_equal(package->cost_ppm, 60000);
    assert_int_equal(package->parts_ppm[0], 22500000);    /* 30 x 180,000 / 240,000 */
    assert_int_equal(package->parts_ppm[1], 25 * 680000); /* (60 + 0.4 x 20) / 100 */
    assert_int_equal(package->parts_ppm[2], 15000000);    /* 20 x 540 / 720 */
    assert_int_equal(package->parts_ppm[3], 15 * 900000); /* 80 % of half, and the rest in full */
    assert_int_equal(package->parts_ppm[4], 9000000);
    assert_int_equal(package->score_ppm, 22500000 + 17000000 + 15000000 + 13500000 + 9000000);
    match_done(&run);
}

static void nothing_measured_earns_half_of_speed_and_service(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, NULL, 0, &need);
    const rq_package *package = &run.result.eligible[0];
    assert_int_equal(package->parts_ppm[1], 25 * 400000);
    assert_int_equal(package->parts_ppm[2], 10000000);
    assert_int_equal(package->parts_ppm[4], 5000000);
    match_done(&run);
}

static void weights_that_do_not_add_up_to_100_are_refused(void **state)
{
    (void)state;
    rq_catalogue_input input = {.weights = usual_weights()};
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    input.weights.cost++;
    assert_int_equal(rq_catalogue_new(&input, &catalogue, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "101"));
}

static void an_id_that_is_there_twice_is_refused(void **state)
{
    (void)state;
    rq_product products[] = {plain_loan(4), plain_loan(4)};
    rq_catalogue_input input = {.weights = usual_weights(), .products = products, .product_count = 2};
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    assert_int_equal(rq_catalogue_new(&input, &catalogue, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "twice"));
}

static void a_catalogue_lives_as_long_as_its_last_reference(void **state)
{
    (void)state;
    rq_product product = plain_loan(4);
    rq_catalogue *catalogue = catalogue_of(&product, 1, NULL, 0);
    rq_catalogue *second = rq_catalogue_ref(catalogue);
    rq_catalogue_unref(catalogue);
    assert_int_equal(rq_catalogue_size(second), 1);
    assert_int_equal(rq_catalogue_version(second), 7);
    rq_catalogue_unref(second);
    rq_catalogue_unref(NULL);
}

static void an_empty_catalogue_matches_nothing(void **state)
{
    (void)state;
    rq_need need = plain_need();
    match_run run = run_match(NULL, 0, NULL, 0, &need);
    assert_int_equal(run.result.considered, 0);
    assert_int_equal(run.result.eligible_count, 0);
    match_done(&run);
}

static void explain_tells_of_a_closed_product_too(void **state)
{
    (void)state;
    const uint32_t elsewhere = 320000;
    rq_product product = plain_loan(1);
    product.regions = &elsewhere;
    product.region_count = 1;
    rq_need need = plain_need();
    match_run run = run_match(&product, 1, NULL, 0, &need);
    rq_package package;
    bool is_open = true;
    assert_int_equal(rq_match_explain(run.catalogue, &need, product.id, run.arena, &package, &is_open, NULL),
                     RQ_OK);
    assert_false(is_open);
    assert_int_equal(package.fail_count, 0);
    assert_int_equal(rq_match_explain(run.catalogue, &need, "00000000-0000-7000-8000-000000000002", run.arena,
                                      &package, &is_open, NULL),
                     RQ_INVALID);
    match_done(&run);
}

/* Whatever the size, a match is whole or says that memory is short; past some size it is whole. */
static void an_arena_that_is_too_small_is_no_memory(void **state)
{
    (void)state;
    rq_product products[2] = {plain_loan(1), bare_product(2, RQ_INDEX(kind, guarantee))};
    products[0].guarantee = RQ_BACKING_required;
    products[1].fee_ppm = 5000;
    rq_catalogue *catalogue = catalogue_of(products, 2, NULL, 0);
    rq_need need = plain_need();
    rq_match_options options = {.top = 10};
    size_t short_of_it = 0;
    bool is_enough = false;
    for (size_t bytes = 16; bytes < 32768; bytes += 64) {
        rq_arena *arena = rq_arena_new(bytes);
        rq_match_result result;
        rq_status status = rq_match(catalogue, &need, &options, arena, &result, NULL);
        assert_true(status == RQ_NOMEM || status == RQ_OK);
        assert_false(is_enough && status != RQ_OK);
        is_enough = status == RQ_OK;
        short_of_it += !is_enough;
        if (is_enough) {
            assert_int_equal(result.eligible_count, 1);
            assert_string_equal(result.eligible[0].guarantee->id, products[1].id);
        }
        rq_arena_free(arena);
    }
    assert_true(is_enough && short_of_it > 5);
    rq_catalogue_unref(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_scores_and_costs_are_ordered_by_id),
        cmocka_unit_test(a_cheaper_product_comes_first),
        cmocka_unit_test(at_equal_scores_a_known_cost_comes_before_an_unknown_one),
        cmocka_unit_test(fewer_fails_come_first_among_near_misses),
        cmocka_unit_test(an_institution_takes_no_more_places_than_the_cap),
        cmocka_unit_test(the_parts_follow_the_published_formulas),
        cmocka_unit_test(nothing_measured_earns_half_of_speed_and_service),
        cmocka_unit_test(weights_that_do_not_add_up_to_100_are_refused),
        cmocka_unit_test(an_id_that_is_there_twice_is_refused),
        cmocka_unit_test(a_catalogue_lives_as_long_as_its_last_reference),
        cmocka_unit_test(an_empty_catalogue_matches_nothing),
        cmocka_unit_test(explain_tells_of_a_closed_product_too),
        cmocka_unit_test(an_arena_that_is_too_small_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
