/* Rules: three verdicts for every operator, and the nearest value that passes. */
#include "match_support.h"

/* A near miss, an eligible package or one that lacks facts, by one rule on one product. */
static rq_check judge(rq_rule rule, const rq_need *need)
{
    rq_product product = plain_loan(1);
    product.rules = &rule;
    product.rule_count = 1;
    rq_catalogue *catalogue = catalogue_of(&product, 1, NULL, 0);
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_package package;
    bool is_open;
    rq_error error = {0};
    if (rq_match_explain(catalogue, need, product.id, arena, &package, &is_open, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    const rq_check *found = find_check(&package, RQ_CHECK_rule);
    assert_non_null(found);
    rq_check check = *found;
    check.rule = NULL;
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
    return check;
}

typedef struct sample {
    rq_fact fact;
    rq_op op;
    int64_t value, passes, fails, needed; /* needed: after `fails` */
} sample;

#define TAG(name) ((int64_t)RQ_BIT(tag, name))
#define GRADE(name) ((int64_t)RQ_BIT(tax_grade, name))
static const sample samples[] = {
    {RQ_FACT_age_months, RQ_OP_eq, 12, 12, 11, 12},
    {RQ_FACT_age_months, RQ_OP_ne, 12, 13, 12, 13},
    {RQ_FACT_revenue_fen, RQ_OP_ge, 200 * WAN, 200 * WAN, 200 * WAN - 1, 200 * WAN},
    {RQ_FACT_revenue_fen, RQ_OP_gt, 200 * WAN, 200 * WAN + 1, 200 * WAN, 200 * WAN + 1},
    {RQ_FACT_debt_ratio_ppm, RQ_OP_le, 700000, 700000, 700001, 700000},
    {RQ_FACT_lenders, RQ_OP_lt, 4, 3, 4, 3},
    {RQ_FACT_profitable, RQ_OP_eq, 1, 1, 0, 1},
    {RQ_FACT_abnormal_listed, RQ_OP_ne, 1, 0, 1, 0},
    {RQ_FACT_tax_grade, RQ_OP_in, GRADE(A) | GRADE(B), GRADE(B), GRADE(C), GRADE(A) | GRADE(B)},
    {RQ_FACT_tax_grade, RQ_OP_not_in, GRADE(C) | GRADE(D), GRADE(M), GRADE(D),
     GRADE(A) | GRADE(B) | GRADE(M)},
    {RQ_FACT_tax_grade, RQ_OP_eq, GRADE(A), GRADE(A), GRADE(B), GRADE(A)},
    {RQ_FACT_tags, RQ_OP_in, TAG(srdi) | TAG(high_tech), TAG(srdi) | TAG(start_up), TAG(start_up),
     TAG(srdi) | TAG(high_tech)},
    {RQ_FACT_tags, RQ_OP_not_in, TAG(start_up), 0, TAG(start_up) | TAG(srdi), TAG(srdi)},
    {RQ_FACT_tags, RQ_OP_has_all, TAG(srdi) | TAG(high_tech), TAG(srdi) | TAG(high_tech) | TAG(start_up),
     TAG(srdi), TAG(high_tech)},
    /* 70 % of the contract has to carry 100 万: 142.857143 万 */
    {RQ_FACT_contract_fen, RQ_OP_ratio_ge, 700000, 142857143, 142857142, 142857143},
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static void every_operator_passes_on_its_side_of_the_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        rq_need need = plain_need();
        know(&need, samples[i].fact, samples[i].passes);
        rq_check check = judge(hard_rule(samples[i].fact, samples[i].op, samples[i].value), &need);
        assert_int_equal(check.verdict, RQ_PASS);
        assert_int_equal(check.have, samples[i].passes);
    }
}

static void every_operator_fails_on_the_other_side_and_names_the_nearest_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        rq_need need = plain_need();
        know(&need, samples[i].fact, samples[i].fails);
        rq_check check = judge(hard_rule(samples[i].fact, samples[i].op, samples[i].value), &need);
        assert_int_equal(check.verdict, RQ_FAIL);
        assert_int_equal(check.needed, samples[i].needed);
    }
}

static void every_operator_is_unknown_without_the_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        rq_need need = plain_need();
        rq_check check = judge(hard_rule(samples[i].fact, samples[i].op, samples[i].value), &need);
        assert_int_equal(check.verdict, RQ_NOT_KNOWN);
        assert_false(check.have_known);
    }
}

/* What "needed" means as a value of the fact. */
static int64_t apply(const sample *of, int64_t needed)
{
    if (of->op == RQ_OP_has_all) {
        return of->fails | needed;
    }
    bool is_word = rq_facts[of->fact].type == RQ_FACT_TYPE_word;
    return is_word ? needed & -needed : needed;
}

static void the_smallest_change_flips_the_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        rq_need need = plain_need();
        rq_rule rule = hard_rule(samples[i].fact, samples[i].op, samples[i].value);
        know(&need, samples[i].fact, samples[i].fails);
        rq_check before = judge(rule, &need);
        know(&need, samples[i].fact, apply(&samples[i], before.needed));
        assert_int_equal(judge(rule, &need).verdict, RQ_PASS);
    }
}

static void a_set_that_is_known_to_be_empty_has_nothing(void **state)
{
    (void)state;
    rq_need need = plain_need();
    know(&need, RQ_FACT_tags, 0);
    assert_int_equal(judge(hard_rule(RQ_FACT_tags, RQ_OP_in, TAG(srdi)), &need).verdict, RQ_FAIL);
    assert_int_equal(judge(hard_rule(RQ_FACT_tags, RQ_OP_not_in, TAG(srdi)), &need).verdict, RQ_PASS);
}

static void a_share_of_the_largest_contract_does_not_overflow(void **state)
{
    (void)state;
    rq_need need = plain_need();
    know(&need, RQ_FACT_contract_fen, INT64_C(1000000000000000000));
    rq_rule rule = hard_rule(RQ_FACT_contract_fen, RQ_OP_ratio_ge, 1000000);
    assert_int_equal(judge(rule, &need).verdict, RQ_PASS);
}

static void a_share_too_small_for_any_contract_asks_for_the_largest_number(void **state)
{
    (void)state;
    rq_need need = plain_need();
    set_amount(&need, INT64_C(10000000000000), INT64_C(10000000000000));
    know(&need, RQ_FACT_contract_fen, INT64_C(1000000000000000000));
    rq_check check = judge(hard_rule(RQ_FACT_contract_fen, RQ_OP_ratio_ge, 1), &need);
    assert_int_equal(check.verdict, RQ_FAIL);
    assert_true(check.needed == INT64_MAX);
}

static void an_operator_that_does_not_suit_the_fact_is_refused_by_the_catalogue(void **state)
{
    (void)state;
    const rq_rule wrong[] = {
        hard_rule(RQ_FACT_profitable, RQ_OP_ge, 1),
        hard_rule(RQ_FACT_profitable, RQ_OP_eq, 2),
        hard_rule(RQ_FACT_tags, RQ_OP_lt, 1),
        hard_rule(RQ_FACT_tags, RQ_OP_in, INT64_C(1) << 40),
        hard_rule(RQ_FACT_tax_grade, RQ_OP_has_all, 1),
        hard_rule(RQ_FACT_age_months, RQ_OP_ratio_ge, 1000000),
        hard_rule(RQ_FACT_revenue_fen, RQ_OP_ge, -1),
        hard_rule(RQ_FACT_revenue_fen, RQ_OP_in, 1),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rq_product product = plain_loan(1);
        product.rules = &wrong[i];
        product.rule_count = 1;
        rq_catalogue_input input = {.weights = usual_weights(), .products = &product, .product_count = 1};
        rq_catalogue *catalogue = NULL;
        rq_error error = {0};
        assert_int_equal(rq_catalogue_new(&input, &catalogue, &error), RQ_INVALID);
        assert_non_null(strstr(error.message, "rules[0]"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_passes_on_its_side_of_the_bound),
        cmocka_unit_test(every_operator_fails_on_the_other_side_and_names_the_nearest_value),
        cmocka_unit_test(every_operator_is_unknown_without_the_fact),
        cmocka_unit_test(the_smallest_change_flips_the_rule),
        cmocka_unit_test(a_set_that_is_known_to_be_empty_has_nothing),
        cmocka_unit_test(a_share_of_the_largest_contract_does_not_overflow),
        cmocka_unit_test(a_share_too_small_for_any_contract_asks_for_the_largest_number),
        cmocka_unit_test(an_operator_that_does_not_suit_the_fact_is_refused_by_the_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
