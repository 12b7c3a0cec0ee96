/* Lays a block out: rows to conditions, conditions to columns of sets. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "condition.h"

enum {
    SETS_PER_COLUMN = 18, /* with more distinct bounds a column keeps fewer sets */
    LIST_AT_MOST = 48,    /* products */
};

/* A growing array. */
typedef struct list {
    unsigned char *bytes;
    size_t used, room;
} list;

typedef struct builder {
    const rq_pool *pool;
    const rq_frame *frame;
    const rq_packed *rows;
    size_t count, words;
    list conditions; /* rq_condition */
    list columns, values, bits, starts, cells, ends, prints;
    rq_listing listings[RQ_LISTINGS];
    bool failed;
} builder;

/* Appends `size` bytes, zero when `bytes` is null, and gives where they are. */
static void *append(builder *to, list *target, const void *bytes, size_t size)
{
    if (target->room - target->used < size && !to->failed) {
        size_t room = target->room * 2 > target->used + size ? target->room * 2 : target->used + size + 256;
        unsigned char *grown = realloc(target->bytes, room);
        if (grown == NULL) {
            to->failed = true;
        } else {
            target->bytes = grown;
            target->room = room;
        }
    }
    if (to->failed || size == 0) {
        return NULL;
    }
    unsigned char *place = target->bytes + target->used;
    target->used += size;
    if (bytes != NULL) {
        memcpy(place, bytes, size);
    } else {
        memset(place, 0, size);
    }
    return place;
}

static int by_condition(const void *a, const void *b)
{
    const rq_condition *left = a, *right = b;
    if (left->key != right->key) {
        return left->key < right->key ? -1 : 1;
    }
    if (left->value != right->value) {
        return left->value < right->value ? -1 : 1;
    }
    return (int)left->at - (int)right->at;
}

/* ---- columns ---- */

static void set_bit(uint64_t *set, size_t at)
{
    set[at / 64] |= UINT64_C(1) << at % 64;
}

static size_t distinct(const rq_condition *run, size_t length)
{
    size_t count = 1;
    for (size_t i = 1; i < length; i++) {
        count += run[i].value != run[i - 1].value;
    }
    return count;
}

/* So that a column of few products is a list of them, where that is much shorter than its sets, and one of
 * many bounds has few sets. */
static uint16_t step_for(const builder *to, size_t bounds, size_t products)
{
    size_t set_bytes = to->words * sizeof(uint64_t);
    size_t list_bytes = set_bytes + (products + bounds) * sizeof(uint16_t);
    bool is_list = products <= LIST_AT_MOST && 3 * list_bytes < 2 * bounds * set_bytes;
    return (uint16_t)(is_list ? bounds : (bounds + SETS_PER_COLUMN - 1) / SETS_PER_COLUMN);
}

/* One column of the run of conditions with the same key, in order of their bounds. */
static void add_column(builder *to, const rq_condition *run, size_t length)
{
    size_t count = distinct(run, length);
    rq_column column = {.input = rq_condition_input(run->key),
                        .relation = rq_condition_relation(run->key),
                        .effect = rq_condition_effect(run->key) & 15U,
                        .slot = rq_condition_slot(run->key) & 15U,
                        .count = (uint16_t)count,
                        .step = step_for(to, count, length),
                        .values = (uint32_t)(to->values.used / sizeof(int64_t)),
                        .bits = (uint32_t)(to->bits.used / sizeof(uint64_t)),
                        .cells = (uint32_t)(to->cells.used / sizeof(uint16_t)),
                        .ends = (uint32_t)(to->ends.used / sizeof(uint16_t))};
    uint64_t set[RQ_BLOCK_WORDS] = {0};
    size_t bound = 0;
    for (size_t i = 0; i < length; i++) {
        const bool is_last = i + 1 == length || run[i + 1].value != run[i].value;
        set_bit(set, run[i].at);
        if (column.step > 1) {
            (void)append(to, &to->cells, &run[i].at, sizeof run[i].at);
        }
        if (!is_last) {
            continue;
        }
        bound++;
        (void)append(to, &to->values, &run[i].value, sizeof run[i].value);
        if (column.step > 1) {
            const uint16_t end = (uint16_t)(i + 1);
            (void)append(to, &to->ends, &end, sizeof end);
        }
        if (bound % column.step == 0 || bound == count) {
            (void)append(to, &to->bits, set, to->words * sizeof set[0]);
        }
    }
    (void)append(to, &to->columns, &column, sizeof column);
}

static void add_columns(builder *to)
{
    rq_condition *all = (rq_condition *)to->conditions.bytes;
    size_t count = to->conditions.used / sizeof *all;
    if (count > 0 && !to->failed) {
        qsort(all, count, sizeof *all, by_condition);
    }
    for (size_t from = 0, i = 1; i <= count && !to->failed; i++) {
        if (i == count || all[i].key != all[from].key) {
            add_column(to, &all[from], i - from);
            from = i;
        }
    }
    to->conditions.used = 0;
}

/* ---- listings ---- */

/* A code's products: a set where that is shorter than their numbers. */
static void add_listed(builder *to, const rq_condition *run, size_t length)
{
    uint32_t start;
    (void)append(to, &to->values, &run->value, sizeof run->value);
    if (length * sizeof run->at > to->words * sizeof(uint64_t)) {
        start = (uint32_t)(to->bits.used / sizeof(uint64_t)) | RQ_LISTING_DENSE;
        uint64_t *set = append(to, &to->bits, NULL, to->words * sizeof *set);
        for (size_t i = 0; set != NULL && i < length; i++) {
            set_bit(set, run[i].at);
        }
    } else {
        start = (uint32_t)(to->cells.used / sizeof run->at);
        for (size_t i = 0; i < length; i++) {
            (void)append(to, &to->cells, &run[i].at, sizeof run[i].at);
        }
        const uint16_t end = RQ_BLOCK_ROWS; /* no product: the list is over */
        (void)append(to, &to->cells, &end, sizeof end);
    }
    (void)append(to, &to->starts, &start, sizeof start);
}

static void add_listing(builder *to, int which)
{
    rq_condition *all = (rq_condition *)to->conditions.bytes;
    size_t count = to->conditions.used / sizeof *all;
    if (count > 0 && !to->failed) {
        qsort(all, count, sizeof *all, by_condition);
    }
    rq_listing listing = {.keys = (uint32_t)(to->values.used / sizeof(int64_t)),
                          .starts = (uint32_t)(to->starts.used / sizeof(uint32_t))};
    for (size_t from = 0, i = 1; i <= count && !to->failed; i++) {
        if (i == count || all[i].value != all[from].value) {
            add_listed(to, &all[from], i - from);
            listing.count++;
            from = i;
        }
    }
    to->listings[which] = listing;
    to->conditions.used = 0;
}

static void list_regions(builder *to)
{
    for (size_t at = 0; at < to->count; at++) {
        const rq_row_regions *regions = rq_pool_at(to->pool, to->rows[at].label.regions);
        for (size_t i = 0; regions != NULL && i < regions->count; i++) {
            const rq_condition one = {.value = regions->first[i], .at = (uint16_t)at};
            (void)append(to, &to->conditions, &one, sizeof one);
        }
    }
    add_listing(to, RQ_LISTING_regions);
}

static void list_industries(builder *to, int which)
{
    for (size_t at = 0; at < to->count; at++) {
        const rq_row_label *label = &to->rows[at].label;
        const rq_row_industries *codes =
            rq_row_industries_of(to->pool, label, which == RQ_LISTING_industries_out);
        for (size_t i = 0; codes != NULL && i < codes->count; i++) {
            const rq_condition one = {.value = rq_industry_key(codes->first[i], strnlen(codes->first[i], 8)),
                                      .at = (uint16_t)at};
            (void)append(to, &to->conditions, &one, sizeof one);
        }
    }
    add_listing(to, which);
}

/* ---- the block ---- */

static bool has_room(const rq_pool *pool, const rq_row *row)
{
    const rq_row_more *more = rq_row_more_of(pool, row);
    int64_t room = more->capacity_fen == RQ_UNSET ? INT64_MAX : more->capacity_fen;
    return more->capacity_cases != 0 && (row->amount_min_fen == RQ_UNSET || room >= row->amount_min_fen);
}

/* In the order of the block's pointers to them; then, for each slot, the products that have a tier there. */
enum { SETS = 6 };

static void add_sets(builder *to)
{
    uint64_t sets[SETS + RQ_TIER_SLOTS][RQ_BLOCK_WORDS] = {{0}};
    for (size_t at = 0; at < to->count; at++) {
        const rq_row *row = &to->rows[at].row;
        const rq_row_label *label = &to->rows[at].label;
        const bool belongs[SETS] = {has_room(to->pool, row),
                                    (row->flags & RQ_ROW_IS_COMPOSED) != 0,
                                    (row->flags & RQ_ROW_IS_TIERED) != 0,
                                    (row->flags & RQ_ROW_IS_BACKED) != 0,
                                    label->regions == 0,
                                    rq_row_industries_of(to->pool, label, false) == NULL};
        for (size_t i = 0; i < SETS; i++) {
            if (belongs[i]) {
                set_bit(sets[i], at);
            }
        }
        for (size_t slot = 0; belongs[2] && slot < rq_row_tier_count(to->pool, row); slot++) {
            set_bit(sets[SETS + slot], at);
        }
    }
    for (size_t i = 0; i < SETS + RQ_TIER_SLOTS; i++) {
        (void)append(to, &to->bits, sets[i], to->words * sizeof sets[i][0]);
    }
}

static uint32_t plain_columns(const builder *to)
{
    const rq_column *columns = (const rq_column *)to->columns.bytes;
    uint32_t count = (uint32_t)(to->columns.used / sizeof *columns), plain = 0;
    while (plain < count && columns[plain].effect < RQ_EFFECT_when) {
        plain++;
    }
    return plain;
}

static const void *placed(unsigned char **at, const list *source)
{
    unsigned char *place = *at;
    if (source->used > 0) {
        memcpy(place, source->bytes, source->used);
    }
    *at = place + (source->used + 7) / 8 * 8;
    return place;
}

static void take_rate(rq_block *block, const rq_frame *frame, const rq_rate *rate)
{
    int64_t high = rq_rate_high(frame, rate), low = rq_rate_low(frame, rate);
    int64_t ppm = high != RQ_UNSET ? high : low;
    block->highest_ppm = ppm > block->highest_ppm ? (int32_t)ppm : block->highest_ppm;
}

static void take_amount(rq_block *block, int64_t fen)
{
    if (fen > 0 && fen < block->smallest_fen) {
        block->smallest_fen = fen;
    }
}

/* The extremes that bounds of the score rest on. */
static void take_extremes(rq_block *block, const builder *to)
{
    block->smallest_fen = RQ_MATCH_AMOUNT_MAX_FEN;
    for (size_t at = 0; at < to->count; at++) {
        const rq_row *row = &to->rows[at].row;
        const rq_row_more *more = rq_row_more_of(to->pool, row);
        const rq_rate rate = rq_row_rate(row);
        take_rate(block, to->frame, &rate);
        take_amount(block, row->amount_max_fen);
        take_amount(block, more->capacity_fen);
        block->highest_fee_ppm =
            more->fee_ppm > block->highest_fee_ppm ? more->fee_ppm : block->highest_fee_ppm;
        for (size_t i = 0; i < rq_row_tier_count(to->pool, row); i++) {
            const rq_tier *tier = rq_row_tier(to->pool, row, i);
            take_rate(block, to->frame, &tier->rate);
            take_amount(block, tier->amount_max_fen);
        }
    }
}

/* One allocation for all of it. */
static rq_block *assemble(builder *to)
{
    const list *parts[] = {&to->columns, &to->values, &to->bits,  &to->starts,
                           &to->cells,   &to->ends,   &to->prints};
    size_t bytes = sizeof(rq_block) + to->count * (sizeof(rq_row) + sizeof(rq_row_label));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bytes += parts[i]->used + 8;
    }
    bytes = (bytes + sizeof(rq_row) - 1) / sizeof(rq_row) * sizeof(rq_row);
    rq_block *block = to->failed ? NULL : aligned_alloc(sizeof(rq_row), bytes);
    if (block == NULL) {
        return NULL;
    }
    *block = (rq_block){.count = (uint16_t)to->count,
                        .words = (uint16_t)to->words,
                        .column_count = (uint32_t)(to->columns.used / sizeof(rq_column)),
                        .plain_count = plain_columns(to),
                        .bytes = bytes};
    atomic_init(&block->references, 1);
    take_extremes(block, to);
    memcpy(block->listings, to->listings, sizeof block->listings);
    unsigned char *at = (unsigned char *)(block->rows + to->count);
    block->values = placed(&at, &to->values);
    block->bits = placed(&at, &to->bits);
    block->columns = placed(&at, &to->columns);
    block->starts = placed(&at, &to->starts);
    block->cells = placed(&at, &to->cells);
    block->ends = placed(&at, &to->ends);
    block->prints = placed(&at, &to->prints);
    rq_row_label *labels = (rq_row_label *)(void *)at;
    for (size_t i = 0; i < to->count; i++) {
        block->rows[i] = to->rows[i].row;
        block->rows[i].place = (uint32_t)i;
        labels[i] = to->rows[i].label;
    }
    for (size_t w = 0; w < to->words; w++) {
        block->tops[w] = block->rows[w * 64].bound;
    }
    block->labels = labels;
    block->open = block->bits;
    block->composed = block->open + to->words;
    block->tiered = block->composed + to->words;
    block->backed = block->tiered + to->words;
    block->everywhere = block->backed + to->words;
    block->every_industry = block->everywhere + to->words;
    block->slots = block->every_industry + to->words;
    return block;
}
static_assert(sizeof(rq_block) % sizeof(rq_row) == 0, "rows begin where a line of the cache does");

rq_block *rq_block_new(const rq_pool *pool, const rq_frame *frame, const rq_packed *rows, size_t count)
{
    assert(count > 0 && count <= RQ_BLOCK_ROWS);
    builder to = {.pool = pool, .frame = frame, .rows = rows, .count = count, .words = (count + 63) / 64};
    add_sets(&to);
    for (size_t at = 0; at < count; at++) {
        rq_condition own[RQ_CONDITIONS_MAX];
        size_t found = rq_conditions_of(pool, frame, &rows[at].row, (uint16_t)at, own);
        (void)append(&to, &to.conditions, own, found * sizeof own[0]);
        const uint16_t print = rq_id_print(rows[at].label.id);
        (void)append(&to, &to.prints, &print, sizeof print);
    }
    add_columns(&to);
    list_regions(&to);
    list_industries(&to, RQ_LISTING_industries_in);
    list_industries(&to, RQ_LISTING_industries_out);
    rq_block *block = assemble(&to);
    list *all[] = {&to.conditions, &to.columns, &to.values, &to.bits,
                   &to.starts,     &to.cells,   &to.ends,   &to.prints};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]->bytes);
    }
    return block;
}

uint16_t rq_id_print(const uint8_t id[RQ_UUID_BYTES])
{
    uint64_t halves[2];
    memcpy(halves, id, sizeof halves);
    uint64_t sum = halves[0] * UINT64_C(0x9e3779b97f4a7c15) ^ halves[1];
    sum = (sum ^ sum >> 29) * UINT64_C(0x9fb21c651e98df25);
    return (uint16_t)(sum >> 48 ^ sum >> 16);
}

size_t rq_block_find(const rq_block *block, const uint8_t id[RQ_UUID_BYTES])
{
    uint16_t print = rq_id_print(id);
    for (size_t at = 0; at < block->count; at++) {
        if (block->prints[at] == print && memcmp(block->labels[at].id, id, RQ_UUID_BYTES) == 0) {
            return at;
        }
    }
    return block->count;
}

rq_block *rq_block_share(rq_block *block)
{
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void rq_block_leave(rq_block *block)
{
    if (block != NULL && atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1) {
        free(block);
    }
}
