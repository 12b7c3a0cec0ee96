/* Hash-consing: chunks that never move, and one table of what is in them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

/* Before every value. */
typedef struct head {
    uint32_t size;
    uint32_t hash;
} head;

enum { SLOTS_FIRST = 256 };

rq_pool *rq_pool_new(void)
{
    rq_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        return NULL;
    }
    pool->slots = calloc(SLOTS_FIRST, sizeof *pool->slots);
    if (pool->slots == NULL) {
        free(pool);
        return NULL;
    }
    pool->slot_count = SLOTS_FIRST;
    atomic_init(&pool->references, 1);
    return pool;
}

rq_pool *rq_pool_share(rq_pool *pool)
{
    atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
    return pool;
}

void rq_pool_leave(rq_pool *pool)
{
    if (pool == NULL || atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < pool->chunk_count; i++) {
        free(pool->chunks[i]);
    }
    free(pool->slots);
    free(pool);
}

static uint64_t mixed(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

static uint32_t hash_of(const unsigned char *bytes, size_t size)
{
    uint64_t hash = mixed(UINT64_C(0x2545f4914f6cdd1d), size);
    uint64_t word;
    for (; size >= sizeof word; size -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mixed(hash, word);
    }
    word = 0;
    memcpy(&word, bytes, size);
    return (uint32_t)mixed(hash, word);
}

static const head *head_at(const rq_pool *pool, rq_ref ref)
{
    return (const head *)((const unsigned char *)rq_pool_at(pool, ref) - sizeof(head));
}

/* Where `hash` with these bytes is, or the empty slot where it would be. */
static rq_ref *slot_of(const rq_pool *pool, uint32_t hash, const void *bytes, size_t size)
{
    /* the hash as a fraction of all slots */
    size_t at = (size_t)((uint64_t)hash * pool->slot_count >> 32);
    for (;; at = at + 1 == pool->slot_count ? 0 : at + 1) {
        rq_ref ref = pool->slots[at];
        if (ref == 0) {
            return &pool->slots[at];
        }
        const head *known = head_at(pool, ref);
        if (bytes != NULL && known->hash == hash && known->size == size &&
            memcmp(known + 1, bytes, size) == 0) {
            return &pool->slots[at];
        }
    }
}

static bool grow_slots(rq_pool *pool)
{
    rq_ref *old = pool->slots;
    size_t old_count = pool->slot_count, count = old_count + old_count / 5;
    rq_ref *slots = calloc(count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    pool->slots = slots;
    pool->slot_count = count;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != 0) {
            *slot_of(pool, head_at(pool, old[i])->hash, NULL, 0) = old[i];
        }
    }
    free(old);
    return true;
}

/* Room for `units` in one piece; a value larger than a chunk gets one of its own. */
static rq_ref take(rq_pool *pool, size_t units)
{
    if (units > (size_t)pool->room_units - pool->used_units) {
        size_t usual = pool->chunk_count == 0 ? RQ_POOL_FIRST_UNITS : RQ_POOL_CHUNK_UNITS;
        size_t room = units > usual ? units : usual;
        unsigned char *chunk = pool->chunk_count < RQ_POOL_CHUNKS ? malloc(room * RQ_POOL_UNIT) : NULL;
        if (chunk == NULL) {
            return 0;
        }
        pool->chunks[pool->chunk_count] = chunk;
        if (room > RQ_POOL_CHUNK_UNITS) {
            return pool->chunk_count++ << RQ_POOL_CHUNK_BITS | 1;
        }
        pool->filling = pool->chunk_count++;
        pool->used_units = 0;
        pool->room_units = (uint32_t)room;
    }
    rq_ref ref = (pool->filling << RQ_POOL_CHUNK_BITS) + pool->used_units + 1;
    pool->used_units += (uint32_t)units;
    return ref;
}

rq_ref rq_pool_keep(rq_pool *pool, const void *bytes, size_t size)
{
    uint32_t hash = hash_of(bytes, size);
    rq_ref *slot = slot_of(pool, hash, bytes, size);
    if (*slot != 0) {
        return *slot;
    }
    if (size > UINT32_MAX - RQ_POOL_UNIT) {
        return 0;
    }
    if (pool->value_count + 1 > pool->slot_count / 10 * 9) {
        if (!grow_slots(pool)) {
            return 0;
        }
        slot = slot_of(pool, hash, bytes, size);
    }
    size_t units = 1 + (size + RQ_POOL_UNIT - 1) / RQ_POOL_UNIT;
    rq_ref ref = take(pool, units);
    if (ref == 0) {
        return 0;
    }
    unsigned char *target =
        pool->chunks[ref >> RQ_POOL_CHUNK_BITS] + (size_t)(ref & (RQ_POOL_CHUNK_UNITS - 1)) * RQ_POOL_UNIT;
    const head first = {(uint32_t)size, hash};
    memcpy(target - sizeof first, &first, sizeof first);
    memcpy(target, bytes, size);
    pool->bytes += units * RQ_POOL_UNIT;
    pool->value_count++;
    *slot = ref;
    return ref;
}
static_assert(sizeof(head) == RQ_POOL_UNIT, "the head is one unit");

rq_ref rq_pool_keep_text(rq_pool *pool, const char *text, bool *ok)
{
    if (text == NULL) {
        return 0;
    }
    rq_ref ref = rq_pool_keep(pool, text, strlen(text) + 1);
    if (ref == 0) {
        *ok = false;
    }
    return ref;
}

size_t rq_pool_bytes(const rq_pool *pool)
{
    return sizeof *pool + pool->bytes + pool->slot_count * sizeof *pool->slots;
}
