/* The matching engine once more, plain and slow and written apart from it: own loops over strings and
 * structs, no index, no early end, yearly rates by bisection in long double. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_H
#define RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_H

#include "match_world.h"

/* What the reference finds of one product. */
typedef struct row {
    bool is_open; /* of a wished kind, and open to the need */
    int class;    /* -1: not shown */
    const rq_product *product, *guarantee, *insurance;
    const rq_programme *programmes[4];
    size_t programme_count;
    int tier;
    int64_t amount, rate, cost, score;
    int64_t parts[RQ_SCORE_PARTS];
    unsigned repayment;
    size_t fails, unknowns;
} row;

/* All that the reference judges, one by one. */
#define REF_RULES(RULE) RULE(hard) RULE(final) RULE(soft) RULE(tier) RULE(partner) RULE(programme)
#define REF_BOUNDS(BOUND)                                                                                    \
    BOUND(amount_min)                                                                                        \
    BOUND(amount_max)                                                                                        \
    BOUND(tier_amount_max)                                                                                   \
    BOUND(term_min)                                                                                          \
    BOUND(term_max)                                                                                          \
    BOUND(tier_term_max)                                                                                     \
    BOUND(days_min)                                                                                          \
    BOUND(days_max)                                                                                          \
    BOUND(rate_fixed)                                                                                        \
    BOUND(rate_lpr_1y)                                                                                       \
    BOUND(rate_lpr_5y)                                                                                       \
    BOUND(valid_from)                                                                                        \
    BOUND(valid_to)                                                                                          \
    BOUND(cases)                                                                                             \
    BOUND(capacity)                                                                                          \
    BOUND(partner_valid_from)                                                                                \
    BOUND(partner_valid_to)                                                                                  \
    BOUND(partner_cases)                                                                                     \
    BOUND(partner_amount_min)                                                                                \
    BOUND(partner_amount_max)                                                                                \
    BOUND(partner_term_min)                                                                                  \
    BOUND(partner_term_max)                                                                                  \
    BOUND(partner_capacity)                                                                                  \
    BOUND(sure_amount_max)                                                                                   \
    BOUND(guess_amount_max)                                                                                  \
    BOUND(programme_from)                                                                                    \
    BOUND(programme_to)
#define REF_LISTS(LIST)                                                                                      \
    LIST(region)                                                                                             \
    LIST(industry_in)                                                                                        \
    LIST(industry_out)                                                                                       \
    LIST(partner_region)                                                                                     \
    LIST(partner_industry_in)                                                                                \
    LIST(partner_industry_out)                                                                               \
    LIST(programme_region)                                                                                   \
    LIST(programme_kind)                                                                                     \
    LIST(lender)                                                                                             \
    LIST(repayment)                                                                                          \
    LIST(guarantee)                                                                                          \
    LIST(insurance)

#define CONDITION(name) REF_##name,
typedef enum ref_condition {
    REF_RULES(CONDITION) REF_BOUNDS(CONDITION) REF_LISTS(CONDITION) REF_CONDITIONS
} ref_condition;
#undef CONDITION

/* One verdict: 'y', 'n' or '?'. Rules and bounds have two numbers; RQ_UNSET: not known. */
typedef struct ref_judged {
    ref_condition condition;
    const void *of; /* the rule, the tier, the programme, or else the product that it is a condition of */
    int64_t have, bound;
    char verdict;
} ref_judged;

/* Is told each verdict of this thread, and says with which one to go on. Null: none. */
typedef char ref_witness(void *self, const ref_judged *one);
void ref_watch(ref_witness *witness, void *self);

row ref_evaluate(const world *w, const rq_product *p, const rq_need *need);
/* For qsort: by class, then in the published order. */
int ref_order(const void *a, const void *b);

#endif
