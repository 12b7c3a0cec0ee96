#include "match_compare.h"

static void same_id(const rq_product *ours, const rq_product *theirs, int need, size_t rank)
{
    if ((ours == NULL) != (theirs == NULL) || (ours != NULL && strcmp(ours->id, theirs->id) != 0)) {
        fail_msg("need %d rank %zu: %s, not %s", need, rank, ours != NULL ? ours->id : "none",
                 theirs != NULL ? theirs->id : "none");
    }
}

static void same_number(int64_t ours, int64_t theirs, const char *what, int need, const rq_product *product)
{
    if (ours != theirs) {
        fail_msg("need %d product %s: %s %lld, not %lld", need, product->id, what, (long long)ours,
                 (long long)theirs);
    }
}

static void same_package(const rq_package *ours, const row *theirs, int need, size_t rank)
{
    same_id(ours->product, theirs->product, need, rank);
    same_id(ours->guarantee, theirs->guarantee, need, rank);
    same_id(ours->insurance, theirs->insurance, need, rank);
    same_number((int)ours->class, theirs->class, "class", need, ours->product);
    same_number(ours->tier, theirs->tier, "tier", need, ours->product);
    same_number(ours->amount_fen, theirs->amount, "amount", need, ours->product);
    same_number(ours->rate_ppm, theirs->rate, "rate", need, ours->product);
    same_number(ours->repayment, theirs->repayment, "repayment", need, ours->product);
    same_number((int64_t)ours->fail_count, (int64_t)theirs->fails, "fails", need, ours->product);
    same_number((int64_t)ours->unknown_count, (int64_t)theirs->unknowns, "unknowns", need, ours->product);
    same_number((int64_t)ours->programme_count, (int64_t)theirs->programme_count, "programmes", need,
                ours->product);
    for (size_t i = 0; i < ours->programme_count; i++) {
        assert_string_equal(ours->programmes[i]->id, theirs->programmes[i]->id);
    }
    same_number(ours->cost_ppm, theirs->cost, "cost", need, ours->product);
    same_number(ours->score_ppm, theirs->score, "score", need, ours->product);
}

/* Walks the sorted rows of a class and holds each against the engine's list. */
static void same_list(const rq_package *ours, size_t count, const row *rows, size_t row_count, int class,
                      size_t top, size_t per_institution, int need)
{
    int taken[INSTITUTIONS + 1] = {0};
    size_t rank = 0;
    for (size_t i = 0; i < row_count && rank < top; i++) {
        if (rows[i].class != class) {
            continue;
        }
        const char *digits = rows[i].product->institution_id + 24;
        int *held = &taken[strtol(digits, NULL, 10)];
        if (class == RQ_ELIGIBLE && per_institution > 0 && *held >= (int)per_institution) {
            continue;
        }
        (*held)++;
        if (rank == count) {
            fail_msg("need %d class %d: %zu packages, but %s is missing", need, class, count,
                     rows[i].product->id);
        }
        same_package(&ours[rank], &rows[i], need, rank);
        rank++;
    }
    same_number((int64_t)count, (int64_t)rank, "count", need, rows[0].product);
}

void compare_need(const world *w, const rq_catalogue *catalogue, const rq_need *need, int number,
                  rq_arena *arena, size_t shown[3], rq_match_result *out_result)
{
    static row rows[PRODUCTS];
    size_t count = 0, considered = 0, totals[3] = {0};
    for (int i = 0; i < w->product_count; i++) {
        if ((need->kinds >> w->products[i].kind & 1) == 1 && ref_open(&w->products[i], need)) {
            considered++;
            row r = ref_evaluate(w, &w->products[i], need);
            if (r.class >= 0) {
                totals[r.class]++;
                rows[count++] = r;
            }
        }
    }
    qsort(rows, count, sizeof rows[0], ref_order);
    /* every other need takes everything, the rest a short list with a cap an institution */
    bool is_short = number % 2 == 1;
    rq_match_options options = {.top = is_short ? 8 : PRODUCTS,
                                .top_near = is_short ? 5 : PRODUCTS,
                                .top_unknown = is_short ? 5 : PRODUCTS,
                                .per_institution = is_short ? (size_t)(number / 2 % 3) : 0};
    rq_match_result result;
    rq_error error = {0};
    if (rq_match(catalogue, need, &options, arena, &result, &error) != RQ_OK) {
        fail_msg("need %d: %s", number, error.message);
    }
    assert_int_equal(result.considered, considered);
    assert_int_equal(result.eligible_total, totals[RQ_ELIGIBLE]);
    assert_int_equal(result.unknown_total, totals[RQ_NEEDS_FACTS]);
    assert_int_equal(result.near_total, totals[RQ_NEAR_MISS]);
    same_list(result.eligible, result.eligible_count, rows, count, RQ_ELIGIBLE, options.top,
              options.per_institution, number);
    same_list(result.unknown, result.unknown_count, rows, count, RQ_NEEDS_FACTS, options.top_unknown, 0,
              number);
    same_list(result.near, result.near_count, rows, count, RQ_NEAR_MISS, options.top_near, 0, number);
    for (int class = 0; class < 3; class ++) {
        shown[class] += totals[class];
    }
    *out_result = result;
}
