/* The matching engine the other way: one product before all open needs, and what its own terms keep away from
 * it. Pure, like match.h, whose rules and units these are. */
#ifndef RONGQIAO_DEMAND_H
#define RONGQIAO_DEMAND_H

#include "rongqiao/match.h"

/* The open needs, in a form that one product is judged against quickly. Added once each, then sealed; after
 * that any number of threads may ask. Not reference counted: one owner frees it. */
typedef struct rq_demand rq_demand;
rq_status rq_demand_new(rq_demand **out_demand, rq_error *error) RQ_MUST_CHECK;
/* Adds a need; its number is how many were added before it (at most 2^32 - 1). RQ_INVALID as in rq_match. */
rq_status rq_demand_add(rq_demand *demand, const rq_need *need, rq_error *error) RQ_MUST_CHECK;
rq_status rq_demand_seal(rq_demand *demand, rq_error *error) RQ_MUST_CHECK;
void rq_demand_free(rq_demand *demand);
size_t rq_demand_size(const rq_demand *demand);
size_t rq_demand_bytes(const rq_demand *demand);

typedef struct rq_reverse_options {
    rq_date as_of; /* the day, in place of the needs' own */
    int32_t lpr_1y_ppm, lpr_5y_ppm;
    /* Partners are found for each need in rq_match; here the caller says what to assume of them. */
    rq_verdict guarantee, insurance;
    size_t first; /* eligible needs to name, the earliest numbers */
} rq_reverse_options;

/* What the catalogue says: its LPR; partners are assumed to back a loan where it lists any, and to be none
 * else. */
rq_reverse_options rq_reverse_options_of(const rq_catalogue *catalogue, rq_date as_of);

typedef struct rq_reverse_count {
    uint64_t needs;
    int64_t amount_fen; /* what they wish for together */
} rq_reverse_count;

typedef struct rq_reverse_result {
    uint64_t considered; /* needs of the product's kind that it is open to */
    rq_reverse_count eligible, unknown, near;
    const uint32_t *first; /* in `arena` */
    size_t first_count;
} rq_reverse_result;

/* What each need's match would make of `product`, counted: the same rules and the same classes. */
rq_status rq_reverse(const rq_demand *demand, const rq_product *product, const rq_reverse_options *options,
                     rq_arena *arena, rq_reverse_result *out_result, rq_error *error) RQ_MUST_CHECK;

/* A looser term, and what it alone would bring. */
typedef struct rq_trial {
    int rule;          /* index in the product's rules, or -1: a bound */
    const char *bound; /* its key ("amount_max_fen"), or null */
    bool is_dropped;   /* it asks for nothing any more; else for `value` */
    int64_t value;
    int64_t more_needs, more_fen; /* eligible, over what is eligible now; at least one need */
} rq_trial;

enum { RQ_OUTLOOK_TRIALS_MAX = 256 };
typedef struct rq_outlook {
    rq_reverse_result now;
    const rq_trial *trials; /* in `arena`: bounds, then rules in their order, the whole of each first */
    size_t trial_count;
} rq_outlook;
/* What a product's terms keep away: the steps are in outlook.c. */
rq_status rq_reverse_outlook(const rq_demand *demand, const rq_product *product,
                             const rq_reverse_options *options, rq_arena *arena, rq_outlook *out_outlook,
                             rq_error *error) RQ_MUST_CHECK;

#endif
