/* What a product's own terms keep away from it: every hard rule and every bound is tried looser before all
 * open needs, one at a time, and the needs that would then be eligible are counted over those that are.
 *
 * Published steps: without the condition; then, where that brings anything, a number at 3/4, 1/2 and 1/4 of
 * what is asked at least, or at 5/4, 3/2 and 2 times what is asked at most; a set with one word more or less.
 */
#include <string.h>

#include "internal.h"

#include "rongqiao/demand.h"

enum { SCRATCH_BYTES = 64 << 20, STEPS = 3, TRIALS_OF_A_RULE = 64 };

static const struct {
    int64_t numerator, denominator;
} lower[STEPS] = {{3, 4}, {1, 2}, {1, 4}}, higher[STEPS] = {{5, 4}, {3, 2}, {2, 1}};

/* The bounds that may be loosened, by key. */
static const struct {
    const char *key;
    size_t offset; /* of an int64_t */
    bool is_least;
    int64_t most;
} bounds[] = {
    {"amount_min_fen", offsetof(rq_product, amount_min_fen), true, RQ_MATCH_AMOUNT_MAX_FEN},
    {"amount_max_fen", offsetof(rq_product, amount_max_fen), false, RQ_MATCH_AMOUNT_MAX_FEN},
    {"term_min_months", offsetof(rq_product, term_min_months), true, RQ_MATCH_TERM_MAX},
    {"term_max_months", offsetof(rq_product, term_max_months), false, RQ_MATCH_TERM_MAX},
};
enum { BOUNDS = sizeof bounds / sizeof bounds[0] };

typedef struct inquiry {
    const rq_demand *demand;
    const rq_product *product;
    const rq_reverse_options *options;
    rq_arena *scratch;
    rq_outlook *outlook;
    rq_trial *trials;
    size_t room;
    rq_status status;
    rq_error *error;
} inquiry;

/* Counts what `changed` brings over what is; keeps the trial when it brings anything. */
static bool try_terms(inquiry *ask, const rq_product *changed, rq_trial trial)
{
    rq_reverse_result result;
    if (ask->status != RQ_OK || ask->outlook->trial_count == ask->room) {
        return false;
    }
    rq_arena_reset(ask->scratch);
    ask->status = rq_reverse(ask->demand, changed, ask->options, ask->scratch, &result, ask->error);
    if (ask->status != RQ_OK) {
        return false;
    }
    trial.more_needs = (int64_t)result.eligible.needs - (int64_t)ask->outlook->now.eligible.needs;
    trial.more_fen = result.eligible.amount_fen - ask->outlook->now.eligible.amount_fen;
    if (trial.more_needs > 0) {
        ask->trials[ask->outlook->trial_count++] = trial;
    }
    return trial.more_needs > 0;
}

/* ---- bounds ---- */

static void try_bound(inquiry *ask, size_t which)
{
    rq_product changed = *ask->product;
    int64_t *value = (int64_t *)(void *)((char *)&changed + bounds[which].offset);
    const int64_t asked = *value;
    if (asked == RQ_UNSET) {
        return;
    }
    *value = RQ_UNSET;
    bool is_blocking =
        try_terms(ask, &changed, (rq_trial){.rule = -1, .bound = bounds[which].key, .is_dropped = true});
    for (size_t i = 0; is_blocking && i < STEPS; i++) {
        *value = bounds[which].is_least ? asked * lower[i].numerator / lower[i].denominator
                                        : asked * higher[i].numerator / higher[i].denominator;
        if (*value != asked && *value > 0 && *value <= bounds[which].most) {
            (void)try_terms(ask, &changed,
                            (rq_trial){.rule = -1, .bound = bounds[which].key, .value = *value});
        }
    }
}

/* ---- rules ---- */

/* The looser values of a rule; returns how many. */
static size_t looser_numbers(const rq_rule *rule, int64_t out_values[TRIALS_OF_A_RULE])
{
    bool is_least = rule->op == RQ_OP_ge || rule->op == RQ_OP_gt;
    bool is_most = rule->op == RQ_OP_le || rule->op == RQ_OP_lt || rule->op == RQ_OP_ratio_ge;
    size_t count = 0;
    for (size_t i = 0; (is_least || is_most) && i < STEPS; i++) {
        out_values[count] =
            is_least ? rule->value / lower[i].denominator * lower[i].numerator +
                           rule->value % lower[i].denominator * lower[i].numerator / lower[i].denominator
                     : rule->value / higher[i].denominator * higher[i].numerator +
                           rule->value % higher[i].denominator * higher[i].numerator / higher[i].denominator;
        count += out_values[count] != rule->value;
    }
    return count;
}

static size_t looser_sets(const rq_rule *rule, int64_t out_values[TRIALS_OF_A_RULE])
{
    uint64_t asked = (uint64_t)rule->value, all = rq_list_mask(rq_facts[rule->fact].list);
    bool may_grow = rule->op == RQ_OP_in, may_shrink = rule->op == RQ_OP_not_in || rule->op == RQ_OP_has_all;
    uint64_t words = may_grow ? all & ~asked : may_shrink ? asked & all : 0;
    size_t count = 0;
    for (; words != 0 && count < TRIALS_OF_A_RULE; words &= words - 1) {
        uint64_t word = words & (~words + 1);
        if ((asked ^ word) != 0) {
            out_values[count++] = (int64_t)(asked ^ word);
        }
    }
    return count;
}

static void try_rule(inquiry *ask, size_t index)
{
    rq_rule rules[RQ_MATCH_RULES_MAX];
    int64_t values[TRIALS_OF_A_RULE];
    rq_product changed = *ask->product;
    const rq_rule *rule = &ask->product->rules[index];
    size_t after = ask->product->rule_count - index - 1;
    memcpy(rules, ask->product->rules, index * sizeof rules[0]);
    memcpy(rules + index, rule + 1, after * sizeof rules[0]);
    changed.rules = rules;
    changed.rule_count = ask->product->rule_count - 1;
    if (!try_terms(ask, &changed, (rq_trial){.rule = (int)index, .is_dropped = true})) {
        return;
    }
    memcpy(rules, ask->product->rules, ask->product->rule_count * sizeof rules[0]);
    changed.rule_count = ask->product->rule_count;
    size_t count = rq_fact_is_set(rule->fact) ? looser_sets(rule, values) : looser_numbers(rule, values);
    for (size_t i = 0; i < count; i++) {
        rules[index].value = values[i];
        if (rq_rule_is_valid(&rules[index])) {
            (void)try_terms(ask, &changed, (rq_trial){.rule = (int)index, .value = values[i]});
        }
    }
}

rq_status rq_reverse_outlook(const rq_demand *demand, const rq_product *product,
                             const rq_reverse_options *options, rq_arena *arena, rq_outlook *out_outlook,
                             rq_error *error)
{
    inquiry ask = {
        .demand = demand, .product = product, .options = options, .outlook = out_outlook, .error = error};
    *out_outlook = (rq_outlook){.trial_count = 0};
    ask.status = rq_reverse(demand, product, options, arena, &out_outlook->now, error);
    if (ask.status != RQ_OK) {
        return ask.status;
    }
    ask.room = RQ_OUTLOOK_TRIALS_MAX;
    ask.trials = rq_arena_array(arena, ask.room, sizeof *ask.trials);
    ask.scratch = rq_arena_new(SCRATCH_BYTES);
    if (ask.trials == NULL || ask.scratch == NULL) {
        rq_arena_free(ask.scratch);
        return rq_fail(error, RQ_NOMEM, "no memory to look at a product's market");
    }
    for (size_t i = 0; i < BOUNDS; i++) {
        try_bound(&ask, i);
    }
    for (size_t i = 0; i < product->rule_count; i++) {
        if (product->rules[i].hard) {
            try_rule(&ask, i);
        }
    }
    rq_arena_free(ask.scratch);
    out_outlook->trials = ask.trials;
    return ask.status;
}
