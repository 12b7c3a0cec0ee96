/* The hard conditions of a product that depend on the need and the product alone, one by one. */
#ifndef RONGQIAO_MATCH_CONDITION_H
#define RONGQIAO_MATCH_CONDITION_H

#include "block.h"

enum { RQ_CONDITIONS_MAX = RQ_MATCH_RULES_MAX + 16 + RQ_TIER_CONDITIONS + 3 * RQ_SLOTS };

typedef struct rq_condition {
    int64_t value; /* the bound */
    uint32_t key;  /* conditions with the same key make one column */
    uint16_t at;   /* the product's place in its block */
} rq_condition;

/* Writes the conditions of a row to `out`, which has RQ_CONDITIONS_MAX places; how many. A second
 * condition of the same effect, input and relation gets a key of its own. */
size_t rq_conditions_of(const rq_pool *pool, const rq_frame *frame, const rq_row *row, uint16_t at,
                        rq_condition *out);

static inline uint32_t rq_condition_key(rq_effect effect, unsigned slot, unsigned input, rq_relation relation)
{
    return (uint32_t)effect << 28 | slot << 25 | input << 16 | (uint32_t)relation << 8;
}

static inline uint16_t rq_condition_input(uint32_t key)
{
    return (uint16_t)(key >> 16 & 0x1ff);
}

static inline uint8_t rq_condition_relation(uint32_t key)
{
    return (uint8_t)(key >> 8 & 0xff);
}

static inline unsigned rq_condition_slot(uint32_t key)
{
    return key >> 25 & 7;
}

static inline unsigned rq_condition_effect(uint32_t key)
{
    return key >> 28;
}

/* The relation that an operator is, and the bound it has. */
rq_relation rq_relation_of(const rq_rule *rule, int64_t *out_bound);

#endif
