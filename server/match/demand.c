/* Builds the index of open needs, a block of a province at a time. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "demand.h"

enum { TABLE_SLOTS = 4 * RQ_DEMAND_ROWS, CHUNK_BYTES = 2 << 20, LINE_BYTES = 64 };

/* What encoding a block needs; one allocation, freed with the block done. */
typedef struct encoder {
    const rq_need *needs; /* the waiting ones */
    const uint32_t *numbers;
    uint64_t keys[RQ_DEMAND_ROWS];  /* kinds, the rarest as the highest bit */
    uint16_t order[RQ_DEMAND_ROWS]; /* by key, region, number */
    size_t count;
    int64_t values[RQ_DEMAND_ROWS]; /* of the column in work, in that order */
    int64_t distinct[RQ_DEMAND_ROWS];
    int64_t slots[TABLE_SLOTS];
    uint16_t codes[TABLE_SLOTS]; /* place + 1; 0: empty slot */
    unsigned char *room;         /* the block's bytes so far */
    size_t used, size;
    bool failed;
} encoder;

/* Appends to the block; gives the offset. */
static size_t append(encoder *to, const void *bytes, size_t size)
{
    size_t rounded = (size + 15) / 16 * 16;
    if (to->size - to->used < rounded && !to->failed) {
        size_t bigger = to->size * 2 + rounded;
        unsigned char *grown = realloc(to->room, bigger);
        to->failed = grown == NULL;
        if (grown != NULL) {
            to->room = grown;
            to->size = bigger;
        }
    }
    if (to->failed) {
        return 0;
    }
    size_t at = to->used;
    memset(to->room + at, 0, rounded);
    if (size > 0) {
        memcpy(to->room + at, bytes, size);
    }
    to->used += rounded;
    return at;
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static size_t slot_of(const encoder *in, int64_t value)
{
    uint64_t hash = (uint64_t)value * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 32) % TABLE_SLOTS;
    while (in->codes[at] != 0 && in->slots[at] != value) {
        at = (at + 1) % TABLE_SLOTS;
    }
    return at;
}

/* The distinct known values in order; then each value's slot holds its place + 1. */
static size_t find_distinct(encoder *in)
{
    size_t count = 0;
    memset(in->codes, 0, sizeof in->codes);
    for (size_t i = 0; i < in->count; i++) {
        if (in->values[i] == RQ_UNSET) {
            continue;
        }
        size_t slot = slot_of(in, in->values[i]);
        if (in->codes[slot] == 0) {
            in->codes[slot] = 1;
            in->slots[slot] = in->values[i];
            in->distinct[count++] = in->values[i];
        }
    }
    qsort(in->distinct, count, sizeof in->distinct[0], by_value);
    for (size_t i = 0; i < count; i++) {
        in->codes[slot_of(in, in->distinct[i])] = (uint16_t)(i + 1);
    }
    return count;
}

/* Offsets into the block stand for pointers until it is whole. */
static rq_demand_column encode_numbers(encoder *in)
{
    size_t count = find_distinct(in);
    rq_demand_column column = {.distinct = (uint32_t)count};
    if (count == 0) {
        return column;
    }
    column.values = (const int64_t *)(uintptr_t)append(in, in->distinct, count * sizeof in->distinct[0]);
    uint8_t bytes[RQ_DEMAND_ROWS];
    uint16_t shorts[RQ_DEMAND_ROWS];
    for (size_t i = 0; i < in->count; i++) {
        bool is_known = in->values[i] != RQ_UNSET;
        uint16_t code = is_known ? (uint16_t)(in->codes[slot_of(in, in->values[i])] - 1) : 0;
        bytes[i] = is_known ? (uint8_t)code : RQ_DEMAND_UNKNOWN_BYTE;
        shorts[i] = is_known ? code : RQ_DEMAND_UNKNOWN_SHORT;
    }
    bool is_short = count > RQ_DEMAND_UNKNOWN_BYTE;
    column.shape = is_short ? RQ_DEMAND_SHORTS : RQ_DEMAND_BYTES;
    column.codes = (const void *)(uintptr_t)(is_short ? append(in, shorts, in->count * sizeof shorts[0])
                                                      : append(in, bytes, in->count));
    return column;
}

static rq_demand_column encode_words(encoder *in)
{
    uint16_t words[RQ_DEMAND_ROWS];
    bool is_known = false;
    for (size_t i = 0; i < in->count; i++) {
        is_known = is_known || in->values[i] != RQ_UNSET;
        words[i] = in->values[i] != RQ_UNSET ? (uint16_t)in->values[i] : RQ_DEMAND_UNKNOWN_WORDS;
    }
    rq_demand_column column = {.shape = is_known ? RQ_DEMAND_WORDS : RQ_DEMAND_ABSENT};
    if (is_known) {
        column.codes = (const void *)(uintptr_t)append(in, words, in->count * sizeof words[0]);
    }
    return column;
}

static int64_t least_of(const rq_need *need)
{
    return need->amount_min_fen == RQ_UNSET ? need->amount_fen : need->amount_min_fen;
}

/* RQ_UNSET: not known, or not said. */
static int64_t value_of(const rq_need *need, int column)
{
    switch (column) {
    case RQ_INPUT_amount:
        return need->amount_fen;
    case RQ_INPUT_least:
        return least_of(need);
    case RQ_INPUT_term_months:
        return need->term_months;
    case RQ_INPUT_term_days:
        return need->term_days;
    case RQ_INPUT_max_rate:
        return need->max_rate_ppm;
    case RQ_INPUT_repayments:
        return (int64_t)need->repayments;
    case RQ_INPUT_day:
        return RQ_UNSET;
    case RQ_DEMAND_industry:
        return rq_industry_key(need->industry, strnlen(need->industry, RQ_NEED_PREFIXES));
    default:
        return need->facts[column].known ? need->facts[column].value : RQ_UNSET;
    }
}

static bool is_words(int column)
{
    return column == RQ_INPUT_repayments || (column < RQ_FACTS && rq_fact_is_set((rq_fact)column));
}

static void encode_runs(encoder *in, rq_demand_block *block)
{
    uint64_t kinds[RQ_DEMAND_ROWS];
    uint32_t regions[RQ_DEMAND_ROWS], numbers[RQ_DEMAND_ROWS];
    uint16_t group_end[RQ_DEMAND_ROWS], ends[RQ_DEMAND_ROWS];
    for (size_t i = 0; i < in->count; i++) {
        const rq_need *need = &in->needs[in->order[i]];
        numbers[i] = in->numbers[in->order[i]];
        block->lowest = i == 0 || numbers[i] < block->lowest ? numbers[i] : block->lowest;
        bool is_new_group = block->group_count == 0 || kinds[block->group_count - 1] != need->kinds;
        if (is_new_group) {
            kinds[block->group_count++] = need->kinds;
        }
        if (is_new_group || regions[block->run_count - 1] != need->region) {
            regions[block->run_count++] = need->region;
        }
        ends[block->run_count - 1] = (uint16_t)(i + 1);
        group_end[block->group_count - 1] = (uint16_t)block->run_count;
    }
    block->kinds = (const uint64_t *)(uintptr_t)append(in, kinds, block->group_count * sizeof kinds[0]);
    block->group_end =
        (const uint16_t *)(uintptr_t)append(in, group_end, block->group_count * sizeof group_end[0]);
    block->regions = (const uint32_t *)(uintptr_t)append(in, regions, block->run_count * sizeof regions[0]);
    block->ends = (const uint16_t *)(uintptr_t)append(in, ends, block->run_count * sizeof ends[0]);
    block->numbers = (const uint32_t *)(uintptr_t)append(in, numbers, in->count * sizeof numbers[0]);
}

static const void *moved(const rq_demand_block *block, const void *offset)
{
    return (const unsigned char *)block + (uintptr_t)offset;
}

/* Makes the offsets of a whole block pointers. */
static void settle(rq_demand_block *block)
{
    block->kinds = moved(block, block->kinds);
    block->group_end = moved(block, block->group_end);
    block->regions = moved(block, block->regions);
    block->ends = moved(block, block->ends);
    block->numbers = moved(block, block->numbers);
    for (size_t i = 0; i < RQ_DEMAND_COLUMNS; i++) {
        rq_demand_column *column = &block->columns[i];
        if (column->shape != RQ_DEMAND_ABSENT) {
            column->values = column->values != NULL ? moved(block, column->values) : NULL;
            column->codes = moved(block, column->codes);
        }
    }
}

/* So that needs of a rare kind lie in one piece, and those of the others in few. */
static void make_keys(encoder *in)
{
    size_t counts[RQ_KINDS] = {0};
    unsigned rank[RQ_KINDS];
    for (size_t i = 0; i < in->count; i++) {
        for (unsigned kind = 0; kind < RQ_KINDS; kind++) {
            counts[kind] += in->needs[i].kinds >> kind & 1;
        }
    }
    for (unsigned kind = 0; kind < RQ_KINDS; kind++) {
        rank[kind] = 0;
        for (unsigned other = 0; other < RQ_KINDS; other++) {
            rank[kind] += counts[other] > counts[kind] || (counts[other] == counts[kind] && other < kind);
        }
    }
    for (size_t i = 0; i < in->count; i++) {
        in->keys[i] = 0;
        for (unsigned kind = 0; kind < RQ_KINDS; kind++) {
            in->keys[i] |= (in->needs[i].kinds >> kind & 1) << rank[kind];
        }
    }
}

static int by_kinds_and_region(const void *a, const void *b, void *argument)
{
    const encoder *in = argument;
    uint16_t left = *(const uint16_t *)a, right = *(const uint16_t *)b;
    uint32_t left_region = in->needs[left].region, right_region = in->needs[right].region;
    if (in->keys[left] != in->keys[right]) {
        return in->keys[left] < in->keys[right] ? -1 : 1;
    }
    if (left_region != right_region) {
        return left_region < right_region ? -1 : 1;
    }
    return (int)left - (int)right;
}

static bool add_chunk(rq_demand *demand, size_t bytes)
{
    rq_demand_chunks *chunks = &demand->chunks;
    if (chunks->count == chunks->room) {
        size_t room = chunks->room * 2 + 8;
        unsigned char **grown = realloc(chunks->first, room * sizeof(unsigned char *));
        if (grown == NULL) {
            return false;
        }
        chunks->first = grown;
        chunks->room = room;
    }
    size_t size = (bytes + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
    unsigned char *chunk = aligned_alloc(CHUNK_BYTES, size);
    if (chunk == NULL) {
        return false;
    }
#ifdef MADV_HUGEPAGE
    (void)madvise(chunk, size, MADV_HUGEPAGE); /* slower without it, no more */
#endif
    chunks->first[chunks->count++] = chunk;
    chunks->at = chunk;
    chunks->left = size;
    demand->bytes += size;
    return true;
}

/* A copy of a block, behind the one before it; null when memory is short. */
static rq_demand_block *settled(rq_demand *demand, const void *bytes, size_t size)
{
    rq_demand_chunks *chunks = &demand->chunks;
    size_t rounded = (size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    if (chunks->left < rounded && !add_chunk(demand, rounded)) {
        return NULL;
    }
    rq_demand_block *block = memcpy(chunks->at, bytes, size);
    chunks->at += rounded;
    chunks->left -= rounded;
    settle(block);
    return block;
}

/* The waiting needs of a shard as a block; null when memory is short. */
static rq_demand_block *encode(rq_demand *demand, const rq_demand_shard *shard)
{
    encoder *in = calloc(1, sizeof *in);
    if (in == NULL) {
        return NULL;
    }
    in->needs = shard->waiting;
    in->numbers = shard->numbers;
    in->count = shard->waiting_count;
    for (size_t i = 0; i < in->count; i++) {
        in->order[i] = (uint16_t)i;
    }
    make_keys(in);
    qsort_r(in->order, in->count, sizeof in->order[0], by_kinds_and_region, in);
    rq_demand_block head = {.count = (uint32_t)in->count};
    (void)append(in, &head, sizeof head);
    encode_runs(in, &head);
    for (int column = 0; column < RQ_DEMAND_COLUMNS; column++) {
        for (size_t i = 0; i < in->count; i++) {
            in->values[i] = value_of(&in->needs[in->order[i]], column);
        }
        head.columns[column] = is_words(column) ? encode_words(in) : encode_numbers(in);
    }
    rq_demand_block *block = NULL;
    if (!in->failed) {
        memcpy(in->room, &head, sizeof head);
        block = settled(demand, in->room, in->used);
    }
    free(in->room);
    free(in);
    return block;
}

/* Turns the waiting needs into a block. */
static rq_status flush(rq_demand *demand, rq_demand_shard *shard, rq_error *error)
{
    if (shard->waiting_count == 0) {
        return RQ_OK;
    }
    if (shard->block_count == shard->block_room) {
        size_t room = shard->block_room * 2 + 8;
        rq_demand_block **grown = realloc(shard->blocks, room * sizeof(rq_demand_block *));
        if (grown == NULL) {
            return rq_fail(error, RQ_NOMEM, "no memory for open needs");
        }
        shard->blocks = grown;
        shard->block_room = room;
    }
    rq_demand_block *block = encode(demand, shard);
    if (block == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for open needs");
    }
    shard->blocks[shard->block_count++] = block;
    shard->waiting_count = 0;
    demand->bytes += sizeof(rq_demand_block *);
    return RQ_OK;
}

rq_status rq_demand_new(rq_demand **out_demand, rq_error *error)
{
    *out_demand = calloc(1, sizeof **out_demand);
    if (*out_demand == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for open needs");
    }
    (*out_demand)->bytes = sizeof **out_demand;
    return RQ_OK;
}

static rq_status check_words(const rq_need *need, rq_error *error)
{
    for (int column = 0; column < RQ_DEMAND_COLUMNS; column++) {
        int64_t value = is_words(column) ? value_of(need, column) : RQ_UNSET;
        if (value != RQ_UNSET && value >= RQ_DEMAND_UNKNOWN_WORDS) {
            return rq_fail(error, RQ_INVALID, "facts: a word that no list has");
        }
    }
    return RQ_OK;
}
static_assert(RQ_FIRST_size - RQ_FIRST_tag < 16 && RQ_FIRST_purpose - RQ_FIRST_collateral < 16,
              "sets of words leave a bit of 16 free");

rq_status rq_demand_add(rq_demand *demand, const rq_need *need, rq_error *error)
{
    rq_status status = rq_need_check(need, error);
    if (status == RQ_OK) {
        status = check_words(need, error);
    }
    if (status != RQ_OK) {
        return status;
    }
    if (demand->is_sealed || demand->size == UINT32_MAX) {
        return rq_fail(error, RQ_INVALID, "open needs: sealed, or too many");
    }
    rq_demand_shard *shard = &demand->shards[need->region / 10000];
    if (shard->waiting == NULL) {
        shard->waiting = calloc(RQ_DEMAND_ROWS, sizeof *shard->waiting);
        shard->numbers = calloc(RQ_DEMAND_ROWS, sizeof *shard->numbers);
        if (shard->waiting == NULL || shard->numbers == NULL) {
            return rq_fail(error, RQ_NOMEM, "no memory for open needs");
        }
    }
    if (shard->waiting_count == RQ_DEMAND_ROWS) {
        status = flush(demand, shard, error);
    }
    if (status == RQ_OK) {
        shard->waiting[shard->waiting_count] = *need;
        shard->numbers[shard->waiting_count++] = demand->size++;
    }
    return status;
}

rq_status rq_demand_seal(rq_demand *demand, rq_error *error)
{
    rq_status status = RQ_OK;
    for (size_t i = 0; i < RQ_PROVINCES && status == RQ_OK; i++) {
        rq_demand_shard *shard = &demand->shards[i];
        status = flush(demand, shard, error);
        if (status == RQ_OK) {
            free(shard->waiting);
            free(shard->numbers);
            shard->waiting = NULL;
            shard->numbers = NULL;
        }
    }
    demand->is_sealed = status == RQ_OK;
    return status;
}

void rq_demand_free(rq_demand *demand)
{
    for (size_t i = 0; demand != NULL && i < RQ_PROVINCES; i++) {
        rq_demand_shard *shard = &demand->shards[i];
        free(shard->blocks);
        free(shard->waiting);
        free(shard->numbers);
    }
    for (size_t i = 0; demand != NULL && i < demand->chunks.count; i++) {
        free(demand->chunks.first[i]);
    }
    if (demand != NULL) {
        free(demand->chunks.first);
    }
    free(demand);
}

size_t rq_demand_size(const rq_demand *demand)
{
    return demand->size;
}

size_t rq_demand_bytes(const rq_demand *demand)
{
    return demand->bytes;
}
