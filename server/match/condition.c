/* From a row to its conditions. What tiers can change (amount, term and rate) is left to package.c for
 * products that have tiers. */
#include <assert.h>

#include "condition.h"

rq_relation rq_relation_of(const rq_rule *rule, int64_t *out_bound)
{
    *out_bound = rule->value;
    switch (rule->op) {
    case RQ_OP_ge:
        return RQ_AT_LEAST;
    case RQ_OP_gt:
        *out_bound = rule->value + 1;
        return RQ_AT_LEAST;
    case RQ_OP_le:
        return RQ_AT_MOST;
    case RQ_OP_lt:
        *out_bound = rule->value - 1;
        return RQ_AT_MOST;
    case RQ_OP_eq:
        return RQ_EQUAL;
    case RQ_OP_ne:
        return RQ_UNEQUAL;
    case RQ_OP_in:
        return RQ_ANY_OF;
    case RQ_OP_not_in:
        return RQ_NONE_OF;
    case RQ_OP_has_all:
        return RQ_ALL_OF;
    case RQ_OP_ratio_ge:
    case RQ_OPS:
        break;
    }
    return RQ_SHARE;
}

typedef struct writer {
    rq_condition *out;
    size_t count;
    uint16_t at;
} writer;

static void add(writer *to, rq_effect effect, unsigned input, rq_relation relation, int64_t bound)
{
    uint32_t key = rq_condition_key(effect, input, relation);
    for (size_t i = 0; i < to->count; i++) {
        key += (to->out[i].key & ~UINT32_C(0xff)) == (key & ~UINT32_C(0xff));
    }
    assert(to->count < RQ_CONDITIONS_MAX);
    to->out[to->count++] = (rq_condition){.value = bound, .key = key, .at = to->at};
}
static_assert(RQ_CONDITIONS_MAX < 256, "the number of a condition among its like fits 8 bits");

static void add_published(writer *to, rq_effect effect, unsigned input, rq_relation relation, int64_t bound)
{
    if (bound != RQ_UNSET) {
        add(to, effect, input, relation, bound);
    }
}

static void add_structure(writer *to, const rq_row_more *more)
{
    if (more->valid_from != INT32_MIN) {
        add(to, RQ_EFFECT_shuts, RQ_INPUT_day, RQ_AT_LEAST, more->valid_from);
    }
    if (more->valid_to != INT32_MAX) {
        add(to, RQ_EFFECT_shuts, RQ_INPUT_day, RQ_AT_MOST, more->valid_to);
    }
    add_published(to, RQ_EFFECT_shuts, RQ_INPUT_least, RQ_AT_MOST, more->capacity_fen);
}

static void add_bounds(writer *to, const rq_frame *frame, const rq_row *row, const rq_row_more *more)
{
    bool is_bridge = row->kind == RQ_INDEX(kind, bridge), has_tiers = row->tiers != 0;
    add_published(to, RQ_EFFECT_fails, RQ_INPUT_amount, RQ_AT_LEAST, row->amount_min_fen);
    if (!has_tiers) {
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_least, RQ_AT_MOST, row->amount_max_fen);
    }
    if (is_bridge) {
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_days, RQ_AT_LEAST,
                      rq_row_number(more->term_min_days, 0));
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_days, RQ_AT_MOST,
                      rq_row_number(more->term_max_days, 0));
    } else {
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_months, RQ_AT_LEAST, rq_row_term_min(row));
        if (!has_tiers) {
            add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_months, RQ_AT_MOST, rq_row_term_max(row));
        }
    }
    if (!has_tiers && row->kind != RQ_INDEX(kind, equity)) {
        const rq_rate rate = rq_row_rate(row);
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_max_rate, RQ_AT_LEAST, rq_rate_low(frame, &rate));
    }
    if (row->repayments != 0) {
        add(to, RQ_EFFECT_fails, RQ_INPUT_repayments, RQ_ANY_OF, row->repayments);
    }
}

size_t rq_conditions_of(const rq_pool *pool, const rq_frame *frame, const rq_row *row, uint16_t at,
                        rq_condition *out)
{
    writer to = {.out = out, .at = at};
    const rq_row_more *more = rq_row_more_of(pool, row);
    add_structure(&to, more);
    /* a partner's bounds are held against each loan that it would back, not against the need */
    if (row->kind != RQ_INDEX(kind, guarantee) && row->kind != RQ_INDEX(kind, insurance)) {
        add_bounds(&to, frame, row, more);
    }
    size_t count = rq_row_rule_count(pool, row);
    for (size_t i = 0; i < count; i++) {
        const rq_rule *rule = rq_row_rule(pool, row, i);
        if (rule->hard) {
            int64_t bound;
            rq_relation relation = rq_relation_of(rule, &bound);
            bool is_final = rule->repair == RQ_INDEX(repair, nobody);
            add(&to, is_final ? RQ_EFFECT_ends : RQ_EFFECT_fails, rule->fact, relation, bound);
        }
    }
    return to.count;
}
