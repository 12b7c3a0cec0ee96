/* The state of one product's way through the open needs. */
#ifndef RONGQIAO_MATCH_REVERSE_H
#define RONGQIAO_MATCH_REVERSE_H

#include "verdicts.h"

enum { RQ_OWN_TERMS = RQ_MATCH_TIERS_MAX, RQ_CLASSES = 3, RQ_TALLIES = 4 };

/* The terms of the product, or of one of its tiers. */
typedef struct rq_offer {
    const rq_tier *tier; /* null: the product's own */
    int64_t amount_max_fen, term_max_months;
    int64_t low_ppm, high_ppm;
    bool needs_guarantee;
} rq_offer;

/* What is the same for every block. */
typedef struct rq_inquiry {
    rq_pool *pool;
    rq_frame frame;
    rq_packed packed;
    const rq_product *product;
    const rq_reverse_options *options;
    rq_condition conditions[RQ_CONDITIONS_MAX];
    size_t condition_count;
    rq_offer
        offers[RQ_OWN_TERMS + 1]; /* tiers from the best on, then the product's own terms at RQ_OWN_TERMS */
    size_t tier_count;
    int64_t prefixes_in[RQ_MATCH_LIST_MAX], prefixes_out[RQ_MATCH_LIST_MAX]; /* rq_industry_key */
    uint8_t assumed_fails, assumed_unknown; /* what partners add to every need */
    uint32_t *first;                        /* a heap of the lowest numbers, the highest on top */
    size_t first_count;
} rq_inquiry;

/* A block in work: a byte a need. */
typedef struct rq_workbench {
    const rq_demand_block *next, *after; /* null: none */
    uint32_t hints[RQ_DEMAND_COLUMNS];
    uint8_t open[RQ_DEMAND_ROWS];    /* 1: of the kind and industry */
    uint8_t shut[RQ_DEMAND_ROWS];    /* not 0: out of the product's capacity */
    uint8_t ended[RQ_DEMAND_ROWS];   /* not 0: fails what nobody can repair */
    uint8_t fails[RQ_DEMAND_ROWS];   /* how many hard conditions */
    uint8_t unknown[RQ_DEMAND_ROWS]; /* 1: a hard condition is */
    uint8_t class[RQ_DEMAND_ROWS];
    uint8_t unused[RQ_DEMAND_ROWS]; /* where what is not known is no matter */
    /* of the tier in work */
    uint8_t tier_fails[RQ_DEMAND_ROWS], tier_unknown[RQ_DEMAND_ROWS];
    uint8_t may[RQ_MATCH_TIERS_MAX][RQ_DEMAND_ROWS]; /* 1: a tier lacks facts and fails nothing */
    uint8_t above[RQ_OWN_TERMS + 1][RQ_DEMAND_ROWS]; /* 1: the least amount is above an offer's maximum */
    /* of the tiers so far: which applies, whether that is a guess, whether its maximum is too low */
    uint8_t choice[RQ_DEMAND_ROWS], guess[RQ_DEMAND_ROWS], lacks[RQ_DEMAND_ROWS];
    uint16_t bins[RQ_DEMAND_ROWS]; /* a need's class and the code of its amount in one number */
    /* needs in each bin; in turn in one of several, so that none waits for the one before */
    uint16_t tally[RQ_TALLIES][(RQ_CLASSES + 1) * RQ_DEMAND_ROWS];
} rq_workbench;

/* ---- offers.c ---- */

/* Fills `offers` from the product. */
void rq_offers_make(rq_inquiry *ask);
/* Chooses a tier for each need of the range, or none, and adds the verdicts of its amount, term, rate and
 * guarantee. */
void rq_offers_judge(const rq_inquiry *ask, const rq_demand_range *range, rq_workbench *on);

#endif
