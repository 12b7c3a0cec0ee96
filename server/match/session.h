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

/* Where the merging of candidates is in one of the two clusters that hold them. */
typedef struct rq_partner_cursor {
    const rq_cluster *cluster; /* null: none */
    const uint64_t *sets;      /* the candidates of each block, RQ_BLOCK_WORDS words each */
    size_t block, word;
    uint64_t left;     /* of the word */
    const rq_row *row; /* the next candidate; null: no more */
} rq_partner_cursor;

/* The candidates of a role: found when the first product asks for one, told apart one by one as they are
 * asked for. */
typedef struct rq_partners {
    bool is_sought;
    rq_partner_cursor cursors[2]; /* each gives its candidates in order of rank */
    rq_candidate *merged;         /* both in order of rank */
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
    uint32_t cell_key; /* of the cell of a record that answers for the need: rq_record_key() */
    rq_inputs inputs;
    rq_partners partners[RQ_PARTNERS];
    enum { RQ_BACKED_NOT_ASKED, RQ_BACKED_NO, RQ_BACKED_YES } is_backed;
    const rq_programme **programmes; /* open to the region on the day, hard rules pass; by id */
    size_t programme_count;
    bool failed;                             /* memory ran out on the way */
    uint64_t priced[RQ_SESSION_PRICES / 64]; /* which places of `prices` are used */
    rq_price prices[RQ_SESSION_PRICES];
} rq_session;

/* Fails with RQ_INVALID when the need breaks a bound, RQ_NOMEM when the arena is full. */
rq_status rq_session_init(rq_session *session, const rq_catalogue *catalogue, const rq_need *need,
                          rq_arena *arena, rq_error *error) RQ_MUST_CHECK;
/* The structural conditions of one product but for the kind. */
bool rq_row_is_open(const rq_session *session, const rq_row *row);
/* The candidate at place `index` of the role's ranking; null past the last. */
const rq_candidate *rq_session_candidate(rq_session *session, int role, size_t index);

/* Whether a guarantee for the wished amount and term is there for every lender, with all its rules passed. */
bool rq_session_is_backed(rq_session *session);

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

/* What the score owes to the record, for this need. */
int64_t rq_score_of_record(const rq_session *session, const rq_row *row);
/* Fills parts and score of a priced package. */
void rq_package_score(const rq_session *session, const rq_row *row, rq_package *package);
/* The parts alone, in points times a million. */
int64_t rq_score_of_fit(const rq_session *session, const rq_row *row, const rq_fit *fit);
int64_t rq_score_of_cost(const rq_frame *frame, int64_t cost_ppm);
/* What programmes can at most do for the products of a block. */
typedef struct rq_relief {
    int64_t gain;                  /* how much more than its bound, but for its fit, a product can score */
    int64_t share_ppm, points_ppm; /* what comes back of the interest */
    int64_t fee_share_ppm;         /* of a guarantee's or an insurance's fee */
    bool is_certain;               /* share and points tell it all */
} rq_relief;
rq_relief rq_score_relief(const rq_session *session, const rq_block *block);
/* The most that the cost of a product can score under `terms`. */
int64_t rq_score_most(const rq_session *session, const rq_row *row, const rq_terms *terms,
                      const rq_relief *relief);
/* The same once its partners are known; INT64_MAX when they tell no more. */
int64_t rq_score_most_backed(const rq_session *session, const rq_draft *draft, const rq_relief *relief);

/* ---- appraise.c ---- */

/* What tiers and partners of a composed product add to the sieve's verdict: hard fails, and whether a hard
 * condition is unknown. */
void rq_appraise_class(rq_session *session, const rq_row *row, size_t *out_fails, bool *out_unknown);
/* A product whose class is known and whose cost is not. */
typedef struct rq_prospect {
    rq_draft draft;
    int64_t known; /* the score but for its cost */
    int64_t most;  /* no more than this */
} rq_prospect;

/* Terms, partners and the most that it can score; false as soon as it is sure that this is below
 * `least_score`. */
bool rq_appraise_most(rq_session *session, const rq_row *row, const rq_relief *relief, int64_t least_score,
                      rq_prospect *out) RQ_MUST_CHECK;
/* The score, without the checks. */
int64_t rq_appraise_score(rq_session *session, const rq_prospect *prospect, int64_t *out_cost);

#endif
