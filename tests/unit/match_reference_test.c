/* The engine against the reference: the same lists in the same order, with the same terms, partners,
 * programmes, costs and scores. Once 1,000 needs before 2,000 products, and once 12,000 pairs of a small
 * catalogue and a need at the bounds of its products. */
#include "match_compare.h"

enum { NEEDS = 1000, CATALOGUES = 2000, NEEDS_EACH = 6 };

static void a_thousand_needs_match_two_thousand_products_as_the_reference_does(void **state)
{
    (void)state;
    static world w;
    world_draw(&w, 20261124);
    rq_catalogue *catalogue = catalogue_of(w.products, PRODUCTS, w.programmes, PROGRAMMES);
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    assert_non_null(arena);
    size_t shown[3] = {0};
    rq_match_result result;
    for (int i = 0; i < NEEDS; i++) {
        rq_need need = world_need();
        compare_need(&w, catalogue, &need, i, arena, shown, &result);
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

/* Which operator gave which verdict, and which condition. */
typedef struct tally {
    size_t ops[RQ_OPS][3];
    size_t sources[RQ_CHECK_SOURCES][3];
} tally;

static void count_checks(tally *seen, const rq_package *packages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < packages[i].check_count; k++) {
            const rq_check *check = &packages[i].checks[k];
            seen->sources[check->source][check->verdict]++;
            if (check->source == RQ_CHECK_rule) {
                seen->ops[check->op][check->verdict]++;
            }
        }
    }
}

/* A comparison that never met a condition would prove nothing about it. */
static void every_condition_was_met(const tally *seen)
{
    for (int op = 0; op < RQ_OPS; op++) {
        for (int verdict = RQ_FAIL; verdict <= RQ_PASS; verdict++) {
            if (seen->ops[op][verdict] < 20) {
                fail_msg("%s gave verdict %d %zu times", rq_op_names[op], verdict, seen->ops[op][verdict]);
            }
        }
    }
    for (int source = 0; source < RQ_CHECK_SOURCES; source++) {
        const size_t *verdicts = seen->sources[source];
        bool is_met = source == RQ_CHECK_tier ? verdicts[RQ_NOT_KNOWN] >= 20
                                              : verdicts[RQ_FAIL] >= 20 && verdicts[RQ_PASS] >= 20;
        if (!is_met) {
            fail_msg("%s was met too rarely", rq_check_names[source]);
        }
    }
}

static void small_catalogues_match_needs_at_their_bounds_as_the_reference_does(void **state)
{
    (void)state;
    static world w;
    static tally seen;
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    assert_non_null(arena);
    size_t shown[3] = {0};
    for (int i = 0; i < CATALOGUES; i++) {
        /* a few, about a block, and more than one block of a cluster */
        world_draw_few(&w, (uint64_t)i + 1, i % 100 == 0 ? 1200 : 4 + i % 40, i % 12);
        rq_catalogue *catalogue =
            catalogue_of(w.products, (size_t)w.product_count, w.programmes, (size_t)w.programme_count);
        for (int k = 0; k < NEEDS_EACH; k++) {
            rq_need need = world_need_at_bounds(&w);
            rq_match_result result;
            compare_need(&w, catalogue, &need, i * NEEDS_EACH + k, arena, shown, &result);
            count_checks(&seen, result.eligible, result.eligible_count);
            count_checks(&seen, result.unknown, result.unknown_count);
            count_checks(&seen, result.near, result.near_count);
            rq_arena_reset(arena);
        }
        rq_catalogue_unref(catalogue);
    }
    every_condition_was_met(&seen);
    print_message("pairs %d: eligible %zu, lacking facts %zu, near misses %zu\n", CATALOGUES * NEEDS_EACH,
                  shown[RQ_ELIGIBLE], shown[RQ_NEEDS_FACTS], shown[RQ_NEAR_MISS]);
    rq_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_needs_match_two_thousand_products_as_the_reference_does),
        cmocka_unit_test(small_catalogues_match_needs_at_their_bounds_as_the_reference_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
