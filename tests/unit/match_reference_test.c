/* The engine against the reference in one large catalogue, where blocks are full and searches end early: the
 * same lists in the same order. Many small catalogues at every bound: match_proof_test.c. */
#include "match_compare.h"

enum { NEEDS = 1000 };

static void a_thousand_needs_match_two_thousand_products_as_the_reference_does(void **state)
{
    (void)state;
    static world w;
    static row rows[PRODUCTS];
    world_draw(&w, 20261124);
    rq_catalogue *catalogue = world_catalogue(&w, 7);
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    assert_non_null(arena);
    size_t shown[3] = {0};
    for (int i = 0; i < NEEDS; i++) {
        rq_need need = world_need();
        rq_match_options options = options_of(i);
        rq_match_result result;
        rq_error error = {0};
        char difference[DIFFERENCE_TEXT];
        ref_answer right = ref_answer_of(&w, &need, rows);
        if (rq_match(catalogue, &need, &options, arena, &result, &error) != RQ_OK) {
            fail_msg("need %d: %s", i, error.message);
        }
        if (!is_same_answer(&result, &right, &options, difference)) {
            fail_msg("need %d: %s", i, difference);
        }
        for (int class = 0; class < 3; class ++) {
            shown[class] += right.totals[class];
        }
        rq_arena_reset(arena);
    }
    /* a comparison of nothing would prove nothing */
    assert_true(shown[RQ_ELIGIBLE] > 5 * NEEDS);
    assert_true(shown[RQ_NEEDS_FACTS] > 5 * NEEDS);
    assert_true(shown[RQ_NEAR_MISS] > 5 * NEEDS);
    print_message("eligible %zu, lacking facts %zu, near misses %zu\n", shown[RQ_ELIGIBLE],
                  shown[RQ_NEEDS_FACTS], shown[RQ_NEAR_MISS]);
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_needs_match_two_thousand_products_as_the_reference_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
