#include "match_compare.h"

static bool differ(char *out, const char *what, const char *product, int64_t ours, int64_t theirs)
{
    (void)snprintf(out, DIFFERENCE_TEXT, "product %s: %s %lld, not %lld", product, what, (long long)ours,
                   (long long)theirs);
    return false;
}

static bool is_same_id(const rq_product *ours, const rq_product *theirs, const char *what, char *out)
{
    const char *a = ours != NULL ? ours->id : "none", *b = theirs != NULL ? theirs->id : "none";
    if (strcmp(a, b) != 0) {
        (void)snprintf(out, DIFFERENCE_TEXT, "%s: %s, not %s", what, a, b);
        return false;
    }
    return true;
}

static bool are_same_numbers(const rq_package *ours, const row *theirs, char *out)
{
    const struct {
        const char *name;
        int64_t ours, theirs;
    } numbers[] = {
        {"class", (int)ours->class, theirs->class},
        {"tier", ours->tier, theirs->tier},
        {"amount", ours->amount_fen, theirs->amount},
        {"rate", ours->rate_ppm, theirs->rate},
        {"repayment", ours->repayment, theirs->repayment},
        {"fails", (int64_t)ours->fail_count, (int64_t)theirs->fails},
        {"unknowns", (int64_t)ours->unknown_count, (int64_t)theirs->unknowns},
        {"programmes", (int64_t)ours->programme_count, (int64_t)theirs->programme_count},
        {"cost", ours->cost_ppm, theirs->cost},
        {"score", ours->score_ppm, theirs->score},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].ours != numbers[i].theirs) {
            return differ(out, numbers[i].name, ours->product->id, numbers[i].ours, numbers[i].theirs);
        }
    }
    for (size_t i = 0; i < RQ_SCORE_PARTS; i++) {
        if (ours->parts_ppm[i] != theirs->parts[i]) {
            return differ(out, rq_score_part_names[i], ours->product->id, ours->parts_ppm[i],
                          theirs->parts[i]);
        }
    }
    return true;
}

static bool is_same_package(const rq_package *ours, const row *theirs, char *out)
{
    if (!is_same_id(ours->product, theirs->product, "product", out) ||
        !is_same_id(ours->guarantee, theirs->guarantee, "guarantee", out) ||
        !is_same_id(ours->insurance, theirs->insurance, "insurance", out) ||
        !are_same_numbers(ours, theirs, out)) {
        return false;
    }
    for (size_t i = 0; i < ours->programme_count; i++) {
        if (strcmp(ours->programmes[i]->id, theirs->programmes[i]->id) != 0) {
            return differ(out, "another programme at", ours->product->id, (int64_t)i, (int64_t)i);
        }
    }
    return true;
}

/* Walks the sorted rows of a class and holds each against the engine's list. */
static bool is_same_list(const rq_package *ours, size_t count, const ref_answer *theirs, int class,
                         size_t top, size_t per_institution, char *out)
{
    int taken[INSTITUTIONS + 1] = {0};
    size_t rank = 0;
    for (size_t i = 0; i < theirs->count && rank < top; i++) {
        const row *one = &theirs->rows[i];
        if (one->class != class) {
            continue;
        }
        int *held = &taken[strtol(one->product->institution_id + 24, NULL, 10)];
        if (class == RQ_ELIGIBLE && per_institution > 0 && *held >= (int)per_institution) {
            continue;
        }
        (*held)++;
        if (rank == count) {
            return differ(out, "missing; packages", one->product->id, (int64_t)count, (int64_t)rank + 1);
        }
        if (!is_same_package(&ours[rank], one, out)) {
            return false;
        }
        rank++;
    }
    return count == rank ||
           differ(out, "the last of a list of", ours[rank].product->id, (int64_t)count, (int64_t)rank);
}

ref_answer ref_answer_of(const world *w, const rq_need *need, row *rows)
{
    ref_answer answer = {.rows = rows, .per_institution = (size_t)w->weights.per_institution};
    for (int i = 0; i < w->product_count; i++) {
        row one = ref_evaluate(w, &w->products[i], need);
        answer.considered += one.is_open;
        if (one.class >= 0) {
            answer.totals[one.class]++;
            rows[answer.count++] = one;
        }
    }
    qsort(rows, answer.count, sizeof rows[0], ref_order);
    return answer;
}

bool is_same_answer(const rq_match_result *ours, const ref_answer *theirs, const rq_match_options *options,
                    char out_difference[DIFFERENCE_TEXT])
{
    const size_t totals[4] = {ours->eligible_total, ours->unknown_total, ours->near_total, ours->considered};
    for (int i = 0; i < 4; i++) {
        size_t right = i < 3 ? theirs->totals[i] : theirs->considered;
        if (totals[i] != right) {
            static const char *const names[4] = {"eligible", "lacking facts", "near misses", "considered"};
            return differ(out_difference, names[i], "(all)", (int64_t)totals[i], (int64_t)right);
        }
    }
    size_t cap = options->per_institution > 0 ? options->per_institution : theirs->per_institution;
    return is_same_list(ours->eligible, ours->eligible_count, theirs, RQ_ELIGIBLE, options->top, cap,
                        out_difference) &&
           is_same_list(ours->unknown, ours->unknown_count, theirs, RQ_NEEDS_FACTS, options->top_unknown, 0,
                        out_difference) &&
           is_same_list(ours->near, ours->near_count, theirs, RQ_NEAR_MISS, options->top_near, 0,
                        out_difference);
}

rq_match_options options_of(int number)
{
    bool is_short = number % 2 == 1;
    return (rq_match_options){.top = is_short ? 8 : PRODUCTS,
                              .top_near = is_short ? 5 : PRODUCTS,
                              .top_unknown = is_short ? 5 : PRODUCTS,
                              .per_institution = is_short ? (size_t)(number / 2 % 3) : 0};
}
