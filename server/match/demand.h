/* Open needs by province, in blocks of columns. A block's needs lie in order of the kinds they ask for, then
 * of region, so that those a product is open to lie side by side. A number is held as its place among the
 * block's distinct numbers, so that a bound is one comparison of small integers; a set of words as itself. */
#ifndef RONGQIAO_MATCH_DEMAND_H
#define RONGQIAO_MATCH_DEMAND_H

#include "snapshot.h"

#include "rongqiao/demand.h"

enum {
    RQ_DEMAND_ROWS = 4096,
    RQ_DEMAND_UNKNOWN_BYTE = 0xff,    /* codes of a number that is not known; */
    RQ_DEMAND_UNKNOWN_SHORT = 0xffff, /* in columns of bytes and of shorts */
    RQ_DEMAND_UNKNOWN_WORDS = 0x8000,
};

/* Columns beyond those of rq_input. */
enum { RQ_DEMAND_industry = RQ_INPUTS, RQ_DEMAND_COLUMNS };

typedef enum rq_demand_shape {
    RQ_DEMAND_ABSENT, /* nobody knows it */
    RQ_DEMAND_BYTES,
    RQ_DEMAND_SHORTS,
    RQ_DEMAND_WORDS, /* 16-bit sets */
} rq_demand_shape;

typedef struct rq_demand_column {
    rq_demand_shape shape;
    uint32_t distinct;
    const int64_t *values; /* distinct, ascending; null for sets */
    const void *codes;
} rq_demand_column;

typedef struct rq_demand_block {
    uint32_t count;
    const uint64_t *kinds;     /* of each group of needs that ask for the same, ... */
    const uint16_t *group_end; /* ... where it ends among the runs */
    uint32_t group_count;
    const uint32_t *regions; /* of each run of needs of one group and region, ... */
    const uint16_t *ends;    /* ... where it ends among the needs */
    uint32_t run_count;
    const uint32_t *numbers;
    uint32_t lowest; /* of the numbers */
    rq_demand_column columns[RQ_DEMAND_COLUMNS];
} rq_demand_block;

/* The needs of a province. */
typedef struct rq_demand_shard {
    rq_demand_block **blocks;
    size_t block_count, block_room;
    rq_need *waiting; /* for their block to be full; null when none ever came, or sealed */
    uint32_t *numbers;
    size_t waiting_count;
} rq_demand_shard;

/* Where the blocks lie, one after the other: a block's columns are read here and there, and on pages of the
 * usual size every one of them would be a page to be looked up anew. */
typedef struct rq_demand_chunks {
    unsigned char **first;
    size_t count, room;
    unsigned char *at; /* in the last one, ... */
    size_t left;       /* ... with so many bytes after it */
} rq_demand_chunks;

struct rq_demand {
    bool is_sealed;
    uint32_t size;
    size_t bytes;
    rq_demand_chunks chunks;
    rq_demand_shard shards[RQ_PROVINCES];
};

#endif
