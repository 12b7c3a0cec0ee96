/* A pool of values that are kept once however often they occur: texts, rules, lists. References are 32
 * bits; what they point to never moves or changes, so that snapshots share a pool: one thread at a time
 * adds, any number read what was there when their snapshot was made. Reference counted. */
#ifndef RONGQIAO_MATCH_POOL_H
#define RONGQIAO_MATCH_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0: nothing */
typedef uint32_t rq_ref;

enum {
    RQ_POOL_UNIT = 8, /* bytes; the alignment of every value */
    RQ_POOL_CHUNK_BITS = 17,
    RQ_POOL_CHUNK_UNITS = 1 << RQ_POOL_CHUNK_BITS,
    RQ_POOL_FIRST_UNITS = 1 << 11, /* of the first chunk */
    RQ_POOL_CHUNKS = 1 << 12,      /* 4 GiB */
};

typedef struct rq_pool {
    atomic_uint references;
    uint32_t chunk_count;
    uint32_t used_units; /* of the chunk that is being filled, ... */
    uint32_t room_units; /* ... out of so many */
    uint32_t filling;    /* its index */
    size_t bytes;        /* of all values with their heads */
    rq_ref *slots;       /* open addressing over every value */
    size_t slot_count;
    size_t value_count;
    unsigned char *chunks[RQ_POOL_CHUNKS];
} rq_pool;

/* Null when memory is short. */
rq_pool *rq_pool_new(void);
rq_pool *rq_pool_share(rq_pool *pool);
void rq_pool_leave(rq_pool *pool);

/* The reference of a value equal to `size` > 0 bytes at `bytes`, which must have no unset padding;
 * 0 when memory is short. */
rq_ref rq_pool_keep(rq_pool *pool, const void *bytes, size_t size);
/* Likewise of a text with its NUL; null is 0. Clears `*ok` when memory is short. */
rq_ref rq_pool_keep_text(rq_pool *pool, const char *text, bool *ok);

static inline const void *rq_pool_at(const rq_pool *pool, rq_ref ref)
{
    return ref == 0 ? NULL
                    : pool->chunks[ref >> RQ_POOL_CHUNK_BITS] +
                          (size_t)(ref & (RQ_POOL_CHUNK_UNITS - 1)) * RQ_POOL_UNIT;
}

/* The bytes that the pool takes with its index. */
size_t rq_pool_bytes(const rq_pool *pool);

#endif
