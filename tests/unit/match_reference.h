/* The matching engine once more, plain and slow and written apart from it: own loops over strings and
 * structs, no index, no early end, yearly rates by fine bisection in long double. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_H
#define RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_H

#include "match_world.h"

/* What the reference finds of one product. */
typedef struct row {
    int class; /* -1: not shown */
    const rq_product *product, *guarantee, *insurance;
    const rq_programme *programmes[4];
    size_t programme_count;
    int tier;
    int64_t amount, rate, cost, score;
    unsigned repayment;
    size_t fails, unknowns;
} row;

/* Whether the product serves the need's region and industry, is valid, and has room. */
bool ref_open(const rq_product *p, const rq_need *need);
row ref_evaluate(const world *w, const rq_product *p, const rq_need *need);
/* For qsort: by class, then in the published order. */
int ref_order(const void *a, const void *b);

#endif
