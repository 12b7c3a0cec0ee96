/* Up to 512 products of one cluster with the bit sets that judge all of them at once. Immutable and
 * reference counted, so that snapshots share the blocks that no change touched.
 *
 * A column holds one kind of condition ("age_months at least ...") of the block's products: the distinct
 * bounds in order, and for each the set of products whose bound comes no later. So the products that a
 * need fails are the difference of two sets, whatever the number of bounds. Columns with many distinct
 * bounds keep a set only at every `step`-th, and single products in between: exact all the same. */
#ifndef RONGQIAO_MATCH_BLOCK_H
#define RONGQIAO_MATCH_BLOCK_H

#include "row.h"

enum { RQ_BLOCK_ROWS = 512, RQ_BLOCK_WORDS = RQ_BLOCK_ROWS / 64, RQ_NEED_REGIONS = 4, RQ_NEED_PREFIXES = 5 };

/* What a condition is about: a fact, or a number of the need itself. */
typedef enum rq_input {
    RQ_INPUT_amount = RQ_FACTS, /* the wished amount */
    RQ_INPUT_least,             /* the least acceptable amount */
    RQ_INPUT_term_months,
    RQ_INPUT_term_days,
    RQ_INPUT_max_rate,
    RQ_INPUT_repayments,
    RQ_INPUT_day,
    RQ_INPUTS
} rq_input;

typedef enum rq_relation {
    RQ_AT_LEAST, /* the need's value has to be at least the bound */
    RQ_AT_MOST,
    RQ_SHARE, /* the bound, a share of the need's value, has to cover the amount */
    RQ_EQUAL,
    RQ_UNEQUAL,
    RQ_ANY_OF,
    RQ_NONE_OF,
    RQ_ALL_OF,
} rq_relation;

/* What becomes of a product whose condition the need does not meet. */
typedef enum rq_effect {
    RQ_EFFECT_shuts, /* structural: it is not open to the need */
    RQ_EFFECT_fails,
    RQ_EFFECT_ends,  /* fails for good: nobody can repair it */
    RQ_EFFECT_when,  /* the tier of a slot does not apply */
    RQ_EFFECT_terms, /* fails where the terms of a slot apply */
} rq_effect;

/* Slots are a product's tiers, the best first; then its own terms. */
enum { RQ_SLOT_OWN = RQ_TIER_SLOTS, RQ_SLOTS };

typedef struct rq_column {
    uint16_t input;
    uint8_t relation;
    uint8_t effect : 4, slot : 4;
    uint16_t count; /* distinct bounds */
    uint16_t step;
    uint32_t values; /* where its bounds, ... */
    uint32_t bits;   /* ... its sets, and with a step above 1 ... */
    uint32_t cells;  /* ... its products in order of bound, ... */
    uint32_t ends;   /* ... and where each bound's products end, are */
} rq_column;

/* Which products list a code. */
typedef struct rq_listing {
    uint32_t count;
    uint32_t keys;   /* sorted codes among the block's values */
    uint32_t starts; /* among the starts: where a code's products are; with RQ_LISTING_DENSE a set */
} rq_listing;
#define RQ_LISTING_DENSE (UINT32_C(1) << 31)

enum { RQ_LISTING_regions, RQ_LISTING_industries_in, RQ_LISTING_industries_out, RQ_LISTINGS };

typedef struct rq_block {
    atomic_uint references;
    uint16_t count;
    uint16_t words; /* of a set */
    uint32_t column_count;
    uint32_t plain_count;    /* of the columns, those that are not of a slot: they come first */
    int32_t highest_ppm;     /* the highest rate of its products */
    int32_t highest_fee_ppm; /* of its partners */
    int64_t smallest_fen;    /* no maximum and no capacity left of its products, but for none, is below it */
    int32_t tops[RQ_BLOCK_WORDS]; /* the highest bound of each 64 rows */
    size_t bytes;
    const rq_row_label *labels;
    const rq_column *columns;
    const int64_t *values;
    const uint64_t *bits;
    const uint32_t *starts;
    const uint16_t *cells;
    const uint16_t *ends;
    const uint16_t *prints; /* of each row's id: rq_id_print */
    rq_listing listings[RQ_LISTINGS];
    const uint64_t *open;       /* those with a case left and room for their own minimum */
    const uint64_t *composed;   /* RQ_ROW_IS_COMPOSED */
    const uint64_t *tiered;     /* RQ_ROW_IS_TIERED */
    const uint64_t *backed;     /* RQ_ROW_IS_BACKED */
    const uint64_t *everywhere; /* no region listed */
    const uint64_t *every_industry;
    const uint64_t *slots; /* those that have a tier in a slot, slot by slot */
    _Alignas(64) rq_row rows[];
} rq_block;

/* The block that holds a row, and what it is called there. */
static inline const rq_block *rq_row_block(const rq_row *row)
{
    const unsigned char *first = (const unsigned char *)(row - row->place);
    return (const rq_block *)(const void *)(first - offsetof(rq_block, rows));
}

static inline const rq_row_label *rq_row_label_of(const rq_row *row)
{
    return &rq_row_block(row)->labels[row->place];
}

/* What judging needs to know of the snapshot as a whole. */
typedef struct rq_frame {
    int64_t version;
    int64_t lpr_1y_ppm, lpr_5y_ppm;
    rq_weights weights;
} rq_frame;

/* The published ends of `rate` with the LPR added, never below zero; RQ_UNSET where not published. */
int64_t rq_rate_low(const rq_frame *frame, const rq_rate *rate);
int64_t rq_rate_high(const rq_frame *frame, const rq_rate *rate);

/* A block of `count` (1..512) rows in their order; null when memory is short. `bytes` covers all of it. */
rq_block *rq_block_new(const rq_pool *pool, const rq_frame *frame, const rq_packed *rows, size_t count);
/* Has the columns of a block that is next brought into the cache. */
static inline void rq_block_fetch_ahead(const rq_block *block)
{
    const char *columns = (const char *)block->columns, *values = (const char *)block->values;
    for (size_t at = 0; at < block->column_count * sizeof(rq_column); at += 64) {
        __builtin_prefetch(columns + at);
        __builtin_prefetch(values + 2 * at);
        __builtin_prefetch(values + 2 * at + 64);
    }
}

/* A short sum of an id. */
uint16_t rq_id_print(const uint8_t id[RQ_UUID_BYTES]);
/* The place of the row with this id, or `count`. */
size_t rq_block_find(const rq_block *block, const uint8_t id[RQ_UUID_BYTES]);
rq_block *rq_block_share(rq_block *block);
void rq_block_leave(rq_block *block);

/* A need as conditions are held against it. */
typedef struct rq_inputs {
    enum rq_input_state { RQ_INPUT_IS_FREE, RQ_INPUT_IS_UNKNOWN, RQ_INPUT_IS_KNOWN } state[RQ_INPUTS];
    int64_t value[RQ_INPUTS];
    int64_t share[RQ_FACTS];          /* the least share of a money fact that covers the amount */
    int64_t regions[RQ_NEED_REGIONS]; /* the region and those it lies in */
    int64_t prefixes[RQ_NEED_PREFIXES];
    size_t prefix_count;
} rq_inputs;
void rq_inputs_of(const rq_need *need, int64_t least_fen, rq_inputs *out_inputs);

/* The products of a block by what the need makes of them. */
typedef struct rq_sieve {
    uint64_t open[RQ_BLOCK_WORDS];
    uint64_t ended[RQ_BLOCK_WORDS];
    uint64_t unknown[RQ_BLOCK_WORDS]; /* a hard condition lacks its fact */
    uint64_t ones[RQ_BLOCK_WORDS];    /* a sum of two bits: how many hard conditions fail, ... */
    uint64_t twos[RQ_BLOCK_WORDS];
    uint64_t more[RQ_BLOCK_WORDS];    /* ... and whether it ran over */
    uint64_t clamped[RQ_BLOCK_WORDS]; /* not the wished amount and term would be lent; of backed products */
} rq_sieve;
/* For composed products without what their tiers and partners decide, for backed ones without partners. */
void rq_block_sieve(const rq_block *block, const rq_inputs *inputs, rq_sieve *out_sieve);

/* How many products a set holds. */
size_t rq_set_size(const uint64_t *set, size_t words);

/* An industry code or prefix of it as a number. */
int64_t rq_industry_key(const char *text, size_t length);

#endif
