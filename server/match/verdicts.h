/* Conditions of one product held against the columns of a block of needs. */
#ifndef RONGQIAO_MATCH_VERDICTS_H
#define RONGQIAO_MATCH_VERDICTS_H

#include "condition.h"
#include "demand.h"

/* The needs of a block that are looked at. */
typedef struct rq_demand_range {
    const rq_demand_block *block;
    size_t from, to;
    const uint8_t *open; /* a byte a need: the others' verdicts may be left out */
    /* the blocks that are likely looked at next, and after it; null: none */
    const rq_demand_block *next, *after;
    /* by column: where the last bound lay among the values of a block */
    uint32_t *hints;
} rq_demand_range;

/* Adds the verdicts of "`relation` `bound`" on a column: one to `fails` of each need that fails, and 1 into
 * `unknown` where the value is not known. Both have a byte for each need of the block. */
void rq_verdicts_add(const rq_demand_range *range, int column, rq_relation relation, int64_t bound,
                     uint8_t *fails, uint8_t *unknown);

#endif
