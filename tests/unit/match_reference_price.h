/* What the reference says a package costs, and its score. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_PRICE_H
#define RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_PRICE_H

#include "match_reference.h"

typedef struct ref_terms {
    int tier;
    int64_t max, term_max, amount, term, low, high;
    bool backed;
    rq_rate_base base;
    const void *max_of, *term_max_of, *rate_of; /* the product or the tier that says so */
} ref_terms;

/* Unpublished counts as more than any number. */
static inline int64_t or_huge(int64_t value)
{
    return value == RQ_UNSET ? INT64_MAX : value;
}

/* Rate, repayment, subsidies and cost. */
void ref_price(const world *w, const rq_need *need, const ref_terms *t, row *r);
/* Risk pools and bridge funds. */
void ref_pools(const world *w, const rq_need *need, row *r);
void ref_score(const rq_weights *x, row *r, const rq_need *need, bool in_term, int64_t soft_yes,
               int64_t soft_all);

#endif
