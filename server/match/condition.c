/* From a row to its conditions. */
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
    unsigned slot;
} writer;

static void add(writer *to, rq_effect effect, unsigned input, rq_relation relation, int64_t bound)
{
    uint32_t key = rq_condition_key(effect, to->slot, input, relation);
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

/* Which bounds of a product are the same under all its terms; those of composed products are left to terms.c.
 */
typedef struct steady {
    bool amount, term, rate;
} steady;

static steady steady_of(const rq_pool *pool, const rq_row *row)
{
    bool is_tiered = (row->flags & RQ_ROW_IS_TIERED) != 0, has_tiers = row->tiers != 0;
    steady same = {!has_tiers, !has_tiers || is_tiered, !has_tiers || is_tiered};
    for (size_t i = 0; is_tiered && i < rq_row_tier_count(pool, row); i++) {
        const rq_tier *tier = rq_row_tier(pool, row, i);
        same.term = same.term && tier->term_max_months == RQ_UNSET;
        same.rate = same.rate && tier->rate.base == RQ_RATE_none;
    }
    return same;
}

static void add_rate(writer *to, rq_effect effect, const rq_frame *frame, const rq_row *row,
                     const rq_rate *rate)
{
    if (row->kind != RQ_INDEX(kind, equity)) {
        add_published(to, effect, RQ_INPUT_max_rate, RQ_AT_LEAST, rq_rate_low(frame, rate));
    }
}

static void add_bounds(writer *to, const rq_frame *frame, const rq_row *row, const rq_row_more *more,
                       steady same)
{
    const rq_rate rate = rq_row_rate(row);
    add_published(to, RQ_EFFECT_fails, RQ_INPUT_amount, RQ_AT_LEAST, row->amount_min_fen);
    if (same.amount) {
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_least, RQ_AT_MOST, row->amount_max_fen);
    }
    if (row->kind == RQ_INDEX(kind, bridge)) {
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_days, RQ_AT_LEAST,
                      rq_row_number(more->term_min_days, 0));
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_days, RQ_AT_MOST,
                      rq_row_number(more->term_max_days, 0));
    } else {
        add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_months, RQ_AT_LEAST, rq_row_term_min(row));
        if (same.term) {
            add_published(to, RQ_EFFECT_fails, RQ_INPUT_term_months, RQ_AT_MOST, rq_row_term_max(row));
        }
    }
    if (same.rate) {
        add_rate(to, RQ_EFFECT_fails, frame, row, &rate);
    }
    if (row->repayments != 0) {
        add(to, RQ_EFFECT_fails, RQ_INPUT_repayments, RQ_ANY_OF, row->repayments);
    }
}

/* The bounds that come with a tier, or with none. */
static void add_terms(writer *to, const rq_frame *frame, const rq_row *row, const rq_tier *tier, steady same)
{
    const rq_rate own = rq_row_rate(row);
    bool has_amount = tier != NULL && tier->amount_max_fen != RQ_UNSET;
    bool has_term = tier != NULL && tier->term_max_months != RQ_UNSET;
    add_published(to, RQ_EFFECT_terms, RQ_INPUT_least, RQ_AT_MOST,
                  has_amount ? tier->amount_max_fen : row->amount_max_fen);
    if (!same.term && row->kind != RQ_INDEX(kind, bridge)) {
        add_published(to, RQ_EFFECT_terms, RQ_INPUT_term_months, RQ_AT_MOST,
                      has_term ? tier->term_max_months : rq_row_term_max(row));
    }
    if (!same.rate) {
        add_rate(to, RQ_EFFECT_terms, frame, row,
                 tier != NULL && tier->rate.base != RQ_RATE_none ? &tier->rate : &own);
    }
}

static int64_t or_most(int64_t value)
{
    return value == RQ_UNSET ? INT64_MAX : value;
}

/* The published preference: the highest maximum, then the lowest rate, then the first. */
static bool is_preferred(const rq_frame *frame, const rq_row *row, const rq_tier *a, const rq_tier *b)
{
    const rq_rate own = rq_row_rate(row);
    const rq_rate *a_rate = a->rate.base != RQ_RATE_none ? &a->rate : &own;
    const rq_rate *b_rate = b->rate.base != RQ_RATE_none ? &b->rate : &own;
    int64_t a_max = or_most(a->amount_max_fen != RQ_UNSET ? a->amount_max_fen : row->amount_max_fen);
    int64_t b_max = or_most(b->amount_max_fen != RQ_UNSET ? b->amount_max_fen : row->amount_max_fen);
    if (a_max != b_max) {
        return a_max > b_max;
    }
    if (rq_rate_low(frame, a_rate) != rq_rate_low(frame, b_rate)) {
        return or_most(rq_rate_low(frame, a_rate)) < or_most(rq_rate_low(frame, b_rate));
    }
    return or_most(rq_rate_high(frame, a_rate)) < or_most(rq_rate_high(frame, b_rate));
}

static void add_tiers(writer *to, const rq_pool *pool, const rq_frame *frame, const rq_row *row, steady same)
{
    const rq_tier *order[RQ_TIER_SLOTS];
    size_t count = rq_row_tier_count(pool, row);
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        const rq_tier *tier = rq_row_tier(pool, row, i);
        for (; at > 0 && is_preferred(frame, row, tier, order[at - 1]); at--) {
            order[at] = order[at - 1];
        }
        order[at] = tier;
    }
    for (size_t i = 0; i < count; i++) {
        to->slot = (unsigned)i;
        for (size_t k = 0; k < order[i]->when_count; k++) {
            int64_t bound;
            rq_relation relation = rq_relation_of(&order[i]->when[k], &bound);
            add(to, RQ_EFFECT_when, order[i]->when[k].fact, relation, bound);
        }
        add_terms(to, frame, row, order[i], same);
    }
    to->slot = RQ_SLOT_OWN;
    add_terms(to, frame, row, NULL, same);
    to->slot = 0;
}

size_t rq_conditions_of(const rq_pool *pool, const rq_frame *frame, const rq_row *row, uint16_t at,
                        rq_condition *out)
{
    writer to = {.out = out, .at = at};
    const rq_row_more *more = rq_row_more_of(pool, row);
    add_structure(&to, more);
    /* a partner's bounds are held against each loan that it would back, not against the need */
    if (row->kind != RQ_INDEX(kind, guarantee) && row->kind != RQ_INDEX(kind, insurance)) {
        const steady same = steady_of(pool, row);
        add_bounds(&to, frame, row, more, same);
        if ((row->flags & RQ_ROW_IS_TIERED) != 0) {
            add_tiers(&to, pool, frame, row, same);
        }
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
