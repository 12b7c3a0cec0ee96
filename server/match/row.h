/* A product as a snapshot keeps it: a short row, with all that products share in the pool. */
#ifndef RONGQIAO_MATCH_ROW_H
#define RONGQIAO_MATCH_ROW_H

#include <string.h>

#include "internal.h"
#include "pool.h"

enum { RQ_UUID_BYTES = 16 };

enum {
    RQ_ROW_HAS_SOFT = 1,     /* soft rules */
    RQ_ROW_IS_COMPOSED = 2,  /* has tiers or needs a partner: bit sets alone can't judge it */
    RQ_ROW_HAS_CAPACITY = 4, /* money left is limited */
    RQ_ROW_HAS_PARTNERS = 8, /* backs only some institutions' loans */
    RQ_ROW_IS_TIERED = 16,   /* has tiers that sets judge */
    RQ_ROW_IS_BACKED = 32,   /* needs a guarantee, and neither has tiers nor needs an insurance */
    RQ_ROW_HAS_CELLS = 64,   /* its record depends on the need: `merit` is the most that it can be */
};

/* The tiers that sets judge: so many at most, with so many conditions in all, none with a partner. */
enum { RQ_TIER_SLOTS = 4, RQ_TIER_CONDITIONS = 32 };

/* What judging reads: one cache line. */
typedef struct rq_row {
    int64_t amount_min_fen, amount_max_fen; /* RQ_UNSET */
    int32_t
        bound; /* no package scores more, but for its fit and programmes; a partner's: the lower its fee */
    int32_t merit;             /* the most the score may owe to the record; a partner's: its coverage */
    int32_t low_ppm, high_ppm; /* of the rate, as published; INT32_MIN: RQ_UNSET */
    int16_t term_min_months, term_max_months; /* 0: RQ_UNSET */
    uint8_t kind;
    uint8_t flags;
    uint8_t repayments;
    uint8_t rate_base : 2, guarantee : 2, insurance : 2; /* rq_rate_base, rq_backing */
    rq_ref institution;                                  /* rq_row_institution */
    rq_ref rules;                                        /* rq_row_rules */
    rq_ref tiers;                                        /* rq_row_tiers */
    rq_ref fees;                                         /* rq_row_fees */
    rq_ref more;                                         /* rq_row_more */
    uint32_t place;                                      /* in its block */
} rq_row;

/* What telling reads, and where the product is open. */
typedef struct rq_row_label {
    uint8_t id[RQ_UUID_BYTES];
    rq_ref regions;    /* rq_row_regions */
    rq_ref industries; /* rq_row_scope */
    rq_ref name;       /* rq_row_name */
    rq_ref record;     /* rq_row_record */
} rq_row_label;

/* A product outside of a block. */
typedef struct rq_packed {
    rq_row row;
    rq_row_label label;
} rq_packed;

/* What most products leave out. */
typedef struct rq_row_more {
    int64_t capacity_fen; /* RQ_UNSET */
    rq_date valid_from, valid_to;
    int32_t capacity_cases, promised_hours, fee_ppm, coverage_ppm; /* -1: RQ_UNSET */
    int16_t term_min_days, term_max_days;                          /* 0: RQ_UNSET */
    rq_ref day_fees;                                               /* rq_row_day_fees */
    rq_ref partners;                                               /* rq_row_ids: institutions */
    rq_ref partner_texts;                                          /* rq_row_partners */
    int32_t counter_guarantee;
    int32_t padding;
} rq_row_more;

typedef struct rq_row_name {
    rq_ref zh, en;
} rq_row_name;

/* The same institution may be here under two names; it is its id that counts. */
typedef struct rq_row_institution {
    uint8_t id[RQ_UUID_BYTES];
    rq_row_name name;
} rq_row_institution;

/* rq_row_industries, where it has any */
typedef struct rq_row_scope {
    rq_ref in, out;
} rq_row_scope;

typedef struct rq_row_ids {
    uint64_t count;
    uint8_t first[][RQ_UUID_BYTES];
} rq_row_ids;

typedef struct rq_row_refs {
    uint32_t count;
    rq_ref first[];
} rq_row_refs;
/* The rules in their order; which are hard is in them. */
typedef rq_row_refs rq_row_rules;

typedef struct rq_row_regions {
    uint16_t province; /* of all of them; 0: of no single one */
    uint16_t count;
    uint32_t first[];
} rq_row_regions;

typedef struct rq_row_industries {
    uint64_t count;
    char first[][8];
} rq_row_industries;

typedef struct rq_row_partners {
    uint64_t count;
    char first[][RQ_UUID_TEXT + 1];
} rq_row_partners;

typedef struct rq_row_record {
    int32_t answers, approvals, median_hours; /* -1: RQ_UNSET */
    uint32_t fulfilled : 21, cell_count : 11; /* 1 + ppm; 0: nothing known */
    rq_record_cell cells[];
} rq_row_record;

typedef struct rq_row_tiers {
    uint64_t count;
    rq_tier first[]; /* their rules are in the pool as well */
} rq_row_tiers;

typedef struct rq_row_fees {
    uint64_t count;
    rq_fee first[];
} rq_row_fees;

typedef struct rq_row_day_fees {
    uint64_t count;
    rq_day_fee first[];
} rq_row_day_fees;

/* ---- texts of ids ---- */

/* False unless `text` is a UUID in lower case. */
bool rq_uuid_read(const char *text, uint8_t out_id[RQ_UUID_BYTES]) RQ_MUST_CHECK;
void rq_uuid_write(const uint8_t id[RQ_UUID_BYTES], char out_text[RQ_UUID_TEXT + 1]);

static inline bool rq_is_same_institution(const rq_pool *pool, rq_ref a, rq_ref b)
{
    return a == b || memcmp(rq_pool_at(pool, a), rq_pool_at(pool, b), RQ_UUID_BYTES) == 0;
}

/* ---- both ways ---- */

/* A checked product, packed; false when memory is short. `bound` and `merit` are not set: score.c. */
bool rq_row_pack(rq_pool *pool, const rq_product *product, rq_packed *out_packed) RQ_MUST_CHECK;
/* The product again. Lists and texts are the pool's; the rules are copied to the arena. False when that is
 * full. */
bool rq_row_unpack(const rq_pool *pool, const rq_row *row, const rq_row_label *label, rq_arena *arena,
                   rq_product *out_product) RQ_MUST_CHECK;

/* ---- reading a row ---- */

static inline const rq_row_more *rq_row_more_of(const rq_pool *pool, const rq_row *row)
{
    return rq_pool_at(pool, row->more);
}

static inline size_t rq_row_rule_count(const rq_pool *pool, const rq_row *row)
{
    const rq_row_rules *rules = rq_pool_at(pool, row->rules);
    return rules != NULL ? rules->count : 0;
}

static inline const rq_rule *rq_row_rule(const rq_pool *pool, const rq_row *row, size_t index)
{
    const rq_row_rules *rules = rq_pool_at(pool, row->rules);
    return rq_pool_at(pool, rules->first[index]);
}

static inline size_t rq_row_tier_count(const rq_pool *pool, const rq_row *row)
{
    const rq_row_tiers *tiers = rq_pool_at(pool, row->tiers);
    return tiers != NULL ? (size_t)tiers->count : 0;
}

static inline const rq_tier *rq_row_tier(const rq_pool *pool, const rq_row *row, size_t index)
{
    const rq_row_tiers *tiers = rq_pool_at(pool, row->tiers);
    return &tiers->first[index];
}

/* Null: every industry, and none. */
static inline const rq_row_industries *rq_row_industries_of(const rq_pool *pool, const rq_row_label *label,
                                                            bool is_out)
{
    const rq_row_scope *scope = rq_pool_at(pool, label->industries);
    return scope != NULL ? rq_pool_at(pool, is_out ? scope->out : scope->in) : NULL;
}

/* INT32_MIN, and for the others the value that stands for it, as RQ_UNSET. */
static inline int64_t rq_row_number(int64_t value, int64_t unset)
{
    return value == unset ? RQ_UNSET : value;
}

static inline int64_t rq_row_term_min(const rq_row *row)
{
    return rq_row_number(row->term_min_months, 0);
}

static inline int64_t rq_row_term_max(const rq_row *row)
{
    return rq_row_number(row->term_max_months, 0);
}

static inline rq_record rq_row_record_read(const rq_pool *pool, const rq_row_label *label)
{
    const rq_row_record *record = rq_pool_at(pool, label->record);
    return (rq_record){.answers = record->answers,
                       .approvals = record->approvals,
                       .median_hours = rq_row_number(record->median_hours, -1),
                       .fulfilled_ppm = (int32_t)record->fulfilled - 1,
                       .cell_count = record->cell_count,
                       .cells = record->cells};
}

static inline rq_rate rq_row_rate(const rq_row *row)
{
    return (rq_rate){(rq_rate_base)row->rate_base, rq_row_number(row->low_ppm, INT32_MIN),
                     rq_row_number(row->high_ppm, INT32_MIN)};
}

#endif
