/* The state of one match: what one need has in common for all products, and what it made of one of them. */
#ifndef RONGQIAO_MATCH_SESSION_H
#define RONGQIAO_MATCH_SESSION_H

#include "snapshot.h"

enum { RQ_PARTNER_guarantee, RQ_PARTNER_insurance, RQ_PARTNERS, RQ_SESSION_PRICES = 128 };

/* A guarantee or insurance product that is open to the need and whose hard rules do not fail. */
typedef struct rq_candidate {
    const rq_row *row;
    const rq_rule *missing; /* the first rule that lacks its fact; null: all hard rules pass */
} rq_candidate;

/* The candidates of a role: found when the first product asks for one, told apart one by one as they are
 * asked for. */
typedef struct rq_partners {
    bool is_sought;
    const rq_row **rows;    /* of two clusters, each in order of rank */
    size_t next[2], end[2]; /* what is not yet merged of them */
    rq_candidate *merged;   /* in order of rank */
    size_t merged_count, total;
} rq_partners;

/* All that the all-in cost of a loan depends on, and the cost. */
typedef struct rq_price {
    int64_t amount_fen, rate_ppm;
    const rq_row *guarantee, *insurance;
    int32_t term_months;
    rq_ref fees;
    uint32_t kind, repayment;
    int64_t cost_ppm;
    const rq_programme *subsidies[2]; /* of interest, of fees; null: none joined */
} rq_price;

/* One need before one catalogue. */
typedef struct rq_session {
    const rq_catalogue *catalogue;
    const rq_pool *pool;
    const rq_need *need;
    rq_arena *arena;
    int64_t least_fen; /* the least acceptable amount */
    rq_inputs inputs;
    rq_partners partners[RQ_PARTNERS];
    const rq_programme **programmes; /* open to the region on the day, hard rules pass; by id */
    size_t programme_count;
    bool failed;      /* memory ran out on the way */
    rq_price *prices; /* RQ_SESSION_PRICES places; those not yet used have no term */
} rq_session;

/* Fails with RQ_INVALID when the need breaks a bound, RQ_NOMEM when the arena is full. */
rq_status rq_session_init(rq_session *session, const rq_catalogue *catalogue, const rq_need *need,
                          rq_arena *arena, rq_error *error) RQ_MUST_CHECK;
/* The structural conditions of one product but for the kind. */
bool rq_row_is_open(const rq_session *session, const rq_row *row);
/* The candidate at place `index` of the role's ranking; null past the last. */
const rq_candidate *rq_session_candidate(rq_session *session, int role, size_t index);

/* ---- terms.c ---- */

/* The terms that a package is priced on. */
typedef struct rq_terms {
    int tier;                                /* -1: the product's own */
    rq_verdict verdict;                      /* whether the need meets the tier's conditions */
    int64_t amount_max_fen, term_max_months; /* RQ_UNSET: not published */
    rq_rate rate;
    bool needs_guarantee;
    int64_t amount_fen;  /* what would be lent */
    int64_t term_months; /* RQ_UNSET: not known */
    int64_t term_days;   /* likewise; kind bridge alone */
} rq_terms;

void rq_terms_choose(rq_session *session, const rq_row *row, rq_terms *out_terms);
/* What would be lent under a maximum (RQ_UNSET: none), and for how long (RQ_UNSET: not known). */
int64_t rq_lent_fen(const rq_session *session, const rq_row *row, int64_t amount_max_fen);
int64_t rq_lent_months(const rq_session *session, const rq_row *row, int64_t term_max_months);
/* The best partner that backs the loan: null and RQ_FAIL when there is none. */
const rq_candidate *rq_partner_find(rq_session *session, int role, const rq_row *loan, int64_t amount_fen,
                                    int64_t term_months, rq_verdict *out_verdict);

/* ---- package.c ---- */

/* A package in the making: the rows behind it, and the terms. */
typedef struct rq_draft {
    const rq_row *row;
    rq_terms terms;
    const rq_row *guarantee, *insurance; /* null: none joined */
} rq_draft;

/* Judges every condition: terms, partners and checks (written to `checks`, which has RQ_MATCH_CHECKS_MAX
 * places and is what out_package->checks points to). No products, no cost, no score yet. */
void rq_package_judge(rq_session *session, const rq_row *row, rq_check *checks, rq_draft *out_draft,
                      rq_package *out_package);
/* Sets the class. */
void rq_package_classify(rq_package *package);

/* ---- price.c ---- */

/* Fills programmes, rate, repayment and all-in cost of a judged package. */
void rq_package_price(rq_session *session, const rq_draft *draft, rq_package *package);
/* The all-in cost alone, with the programmes that lower it (of interest, of fees; null: none). */
int64_t rq_draft_cost(rq_session *session, const rq_draft *draft, const rq_programme *out_subsidies[2]);
/* The rate that a cost is reckoned on: the upper end, else the lower; RQ_UNSET for none. */
int64_t rq_rate_charged(const rq_frame *frame, unsigned kind, const rq_rate *rate);

/* ---- score.c ---- */

/* What the fit is made of. */
typedef struct rq_fit {
    int64_t amount_fen;
    bool is_in_term;
    int64_t soft_passed, soft_total;
} rq_fit;

/* Fills parts and score of a priced package. */
void rq_package_score(const rq_session *session, const rq_row *row, rq_package *package);
/* The parts alone, in points times a million. */
int64_t rq_score_of_fit(const rq_session *session, const rq_row *row, const rq_fit *fit);
int64_t rq_score_of_cost(const rq_frame *frame, int64_t cost_ppm);
/* How much more than its bound (but for the fit) a product of this block can score for this need. */
int64_t rq_score_gain(const rq_session *session, const rq_block *block);

/* ---- appraise.c ---- */

/* What tiers and partners of a composed product add to the sieve's verdict: hard fails, and whether a hard
 * condition is unknown. */
void rq_appraise_class(rq_session *session, const rq_row *row, size_t *out_fails, bool *out_unknown);
/* The score of a product whose class is known, without its checks; false as soon as it is sure that the
 * score is below `least_score`. */
bool rq_appraise_score(rq_session *session, const rq_row *row, int64_t gain, int64_t least_score,
                       int64_t *out_score, int64_t *out_cost) RQ_MUST_CHECK;

#endif
