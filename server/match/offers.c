/* The tiers of one product before many needs: which applies to each, and the bounds that come with it. */
#include <stdlib.h>
#include <string.h>

#include "clones.h"
#include "reverse.h"

/* ---- offers ---- */

static int64_t or_most(int64_t value)
{
    return value == RQ_UNSET ? INT64_MAX : value;
}

static int by_preference(const void *a, const void *b)
{
    const rq_offer *left = a, *right = b;
    int64_t keys[3][2] = {{or_most(right->amount_max_fen), or_most(left->amount_max_fen)},
                          {or_most(left->low_ppm), or_most(right->low_ppm)},
                          {or_most(left->high_ppm), or_most(right->high_ppm)}};
    for (size_t i = 0; i < 3; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return left->tier < right->tier ? -1 : left->tier > right->tier;
}

static rq_offer offer_of(const rq_inquiry *ask, const rq_tier *tier)
{
    const rq_product *product = ask->product;
    const rq_rate *rate = tier != NULL && tier->rate.base != RQ_RATE_none ? &tier->rate : &product->rate;
    bool has_amount = tier != NULL && tier->amount_max_fen != RQ_UNSET;
    bool has_term = tier != NULL && tier->term_max_months != RQ_UNSET;
    return (rq_offer){.tier = tier,
                      .amount_max_fen = has_amount ? tier->amount_max_fen : product->amount_max_fen,
                      .term_max_months = has_term ? tier->term_max_months : product->term_max_months,
                      .low_ppm = rq_rate_low(&ask->frame, rate),
                      .high_ppm = rq_rate_high(&ask->frame, rate),
                      .needs_guarantee = product->guarantee == RQ_BACKING_required ||
                                         (tier != NULL && tier->needs_guarantee)};
}

void rq_offers_make(rq_inquiry *ask)
{
    ask->tier_count = ask->product->tier_count;
    for (size_t i = 0; i < ask->tier_count; i++) {
        ask->offers[i] = offer_of(ask, &ask->product->tiers[i]);
    }
    qsort(ask->offers, ask->tier_count, sizeof ask->offers[0], by_preference);
    ask->offers[RQ_OWN_TERMS] = offer_of(ask, NULL);
}

/* ---- tiers ---- */

/* Takes tier `tier` where it passes and none is taken; notes where it may pass. */
RQ_EVERY_PROCESSOR static void take_passing(size_t count, const uint8_t *restrict fails,
                                            const uint8_t *restrict unknown, uint8_t tier,
                                            uint8_t *restrict choice, uint8_t *restrict may)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t is_taken = (fails[i] == 0) & (unknown[i] == 0) & (choice[i] == RQ_OWN_TERMS);
        may[i] = (fails[i] == 0) & (unknown[i] != 0);
        choice[i] = is_taken != 0 ? tier : choice[i];
    }
}

/* Adds `flags` where tier `tier` applies. */
RQ_EVERY_PROCESSOR static void add_chosen(size_t count, const uint8_t *restrict choice, uint8_t tier,
                                          const uint8_t *restrict flags, uint8_t *restrict sums)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t applies = (uint8_t)(0 - (choice[i] == tier));
        sums[i] = (uint8_t)(sums[i] + (flags[i] & applies));
    }
}

/* Takes tier `tier` where it may pass, its maximum is enough, and what is taken is not. */
RQ_EVERY_PROCESSOR static void take_guesses(size_t count, const uint8_t *restrict may,
                                            const uint8_t *restrict above, uint8_t tier,
                                            uint8_t *restrict choice, uint8_t *restrict guess,
                                            uint8_t *restrict lacks)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t is_taken = may[i] & (uint8_t)(above[i] ^ 1) & lacks[i];
        choice[i] = is_taken != 0 ? tier : choice[i];
        guess[i] |= is_taken;
        lacks[i] ^= is_taken;
    }
}

static bool is_any(const uint8_t *flags, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++) {
        any |= flags[i];
    }
    return any != 0;
}

static void assume(rq_verdict verdict, const rq_demand_range *range, uint8_t *fails, uint8_t *unknown)
{
    if (verdict == RQ_FAIL) {
        memset(fails + range->from, 1, range->to - range->from);
    } else if (verdict == RQ_NOT_KNOWN) {
        memset(unknown + range->from, 1, range->to - range->from);
    }
}

static void judge_tier(const rq_inquiry *ask, const rq_demand_range *range, const rq_offer *terms,
                       rq_workbench *on)
{
    memset(on->tier_fails + range->from, 0, range->to - range->from);
    memset(on->tier_unknown + range->from, 0, range->to - range->from);
    if (terms->tier->needs_guarantee) {
        assume(ask->options->guarantee, range, on->tier_fails, on->tier_unknown);
    }
    for (size_t i = 0; i < terms->tier->when_count; i++) {
        int64_t bound;
        rq_relation relation = rq_relation_of(&terms->tier->when[i], &bound);
        rq_verdicts_add(range, (int)terms->tier->when[i].fact, relation, bound, on->tier_fails,
                        on->tier_unknown);
    }
}

/* Whether the least amount is above what the terms allow. */
static void find_above(const rq_demand_range *range, const rq_offer *terms, rq_workbench *on, uint8_t *above)
{
    memset(above + range->from, 0, range->to - range->from);
    if (terms->amount_max_fen != RQ_UNSET) {
        rq_verdicts_add(range, RQ_INPUT_least, RQ_AT_MOST, terms->amount_max_fen, above, on->unused);
    }
}

/* The place of offer number `number`: the tiers from the best on, then the product's own terms. */
static size_t offer_at(const rq_inquiry *ask, size_t number)
{
    return number == ask->tier_count ? RQ_OWN_TERMS : number;
}

/* The best tier that passes; where its maximum is below what the need accepts, the best that may pass. */
static void choose_tiers(const rq_inquiry *ask, const rq_demand_range *range, rq_workbench *on)
{
    size_t from = range->from, count = range->to - range->from;
    memset(on->choice + from, RQ_OWN_TERMS, count);
    memset(on->guess + from, 0, count);
    memset(on->lacks + from, 0, count);
    for (size_t t = 0; t < ask->tier_count; t++) {
        judge_tier(ask, range, &ask->offers[t], on);
        take_passing(count, on->tier_fails + from, on->tier_unknown + from, (uint8_t)t, on->choice + from,
                     on->may[t] + from);
    }
    for (size_t t = 0; t <= ask->tier_count; t++) {
        size_t at = offer_at(ask, t);
        find_above(range, &ask->offers[at], on, on->above[at]);
        add_chosen(count, on->choice + from, (uint8_t)at, on->above[at] + from, on->lacks + from);
    }
    for (size_t t = 0; t < ask->tier_count && is_any(on->lacks + from, count); t++) {
        take_guesses(count, on->may[t] + from, on->above[t] + from, (uint8_t)t, on->choice + from,
                     on->guess + from, on->lacks + from);
    }
}

/* ---- the bounds that come with an offer ---- */

/* What of a bound is the same for every offer; RQ_UNSET counts as a value. */
typedef struct common {
    bool term, rate;
} common;

static common common_of(const rq_inquiry *ask)
{
    const rq_offer *own = &ask->offers[RQ_OWN_TERMS];
    common all = {true, true};
    for (size_t t = 0; t < ask->tier_count; t++) {
        all.term = all.term && ask->offers[t].term_max_months == own->term_max_months;
        all.rate = all.rate && ask->offers[t].low_ppm == own->low_ppm;
    }
    return all;
}

static void add_term(const rq_inquiry *ask, const rq_demand_range *range, const rq_offer *terms,
                     uint8_t *fails, uint8_t *unknown)
{
    if (ask->product->kind != RQ_INDEX(kind, bridge) && terms->term_max_months != RQ_UNSET) {
        rq_verdicts_add(range, RQ_INPUT_term_months, RQ_AT_MOST, terms->term_max_months, fails, unknown);
    }
}

static void add_rate(const rq_inquiry *ask, const rq_demand_range *range, const rq_offer *terms,
                     uint8_t *fails, uint8_t *unused)
{
    if (ask->product->kind != RQ_INDEX(kind, equity) && terms->low_ppm != RQ_UNSET) {
        rq_verdicts_add(range, RQ_INPUT_max_rate, RQ_AT_LEAST, terms->low_ppm, fails, unused);
    }
}

/* Adds what one tier, or the product's own terms, ask for to the needs that they apply to. */
static void judge_offer(const rq_inquiry *ask, const rq_demand_range *range, size_t at, common shared,
                        rq_workbench *on)
{
    const rq_offer *terms = &ask->offers[at];
    size_t from = range->from, count = range->to - range->from;
    add_chosen(count, on->choice + from, (uint8_t)at, on->above[at] + from, on->fails + from);
    if (shared.term && shared.rate && !terms->needs_guarantee) {
        return;
    }
    rq_verdict backed = terms->needs_guarantee ? ask->options->guarantee : RQ_PASS;
    memset(on->tier_fails + from, backed == RQ_FAIL, count);
    memset(on->tier_unknown + from, backed == RQ_NOT_KNOWN, count);
    if (!shared.term) {
        add_term(ask, range, terms, on->tier_fails, on->tier_unknown);
    }
    if (!shared.rate) {
        add_rate(ask, range, terms, on->tier_fails, on->unused);
    }
    add_chosen(count, on->choice + from, (uint8_t)at, on->tier_fails + from, on->fails + from);
    add_chosen(count, on->choice + from, (uint8_t)at, on->tier_unknown + from, on->guess + from);
}

RQ_EVERY_PROCESSOR static void add_guesses(size_t count, const uint8_t *restrict guess,
                                           uint8_t *restrict unknown)
{
    for (size_t i = 0; i < count; i++) {
        unknown[i] |= guess[i] != 0;
    }
}

void rq_offers_judge(const rq_inquiry *ask, const rq_demand_range *range, rq_workbench *on)
{
    const rq_offer *own = &ask->offers[RQ_OWN_TERMS];
    const common shared = common_of(ask);
    choose_tiers(ask, range, on);
    if (shared.term) {
        add_term(ask, range, own, on->fails, on->unknown);
    }
    if (shared.rate) {
        add_rate(ask, range, own, on->fails, on->unused);
    }
    for (size_t t = 0; t <= ask->tier_count; t++) {
        judge_offer(ask, range, offer_at(ask, t), shared, on);
    }
    add_guesses(range->to - range->from, on->guess + range->from, on->unknown + range->from);
}
