/* One product before all open needs. A block of needs is narrowed to the product's regions, then every
 * condition adds its verdicts to two bytes a need, and the sums tell the classes.
 *
 * Published rules: those of rq_match. Of the tiers the best that passes applies (terms.c); they are held
 * against the needs in that order, so that the first that passes is it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "clones.h"
#include "reverse.h"

/* ---- conditions ---- */

/* None of the wished methods is offered; who wishes none takes any. */
RQ_EVERY_PROCESSOR static void add_unmet(const uint16_t *wished, size_t count, uint16_t offered,
                                         uint8_t *fails)
{
    for (size_t i = 0; i < count; i++) {
        fails[i] = (uint8_t)(fails[i] + ((wished[i] != 0) & ((wished[i] & offered) == 0)));
    }
}

static void judge_condition(const rq_demand_range *range, const rq_condition *one, rq_workbench *on)
{
    int column = rq_condition_input(one->key);
    rq_relation relation = (rq_relation)rq_condition_relation(one->key);
    rq_effect effect = (rq_effect)rq_condition_effect(one->key);
    if (column == RQ_INPUT_repayments) {
        const uint16_t *wished = range->block->columns[column].codes;
        add_unmet(wished + range->from, range->to - range->from, (uint16_t)one->value,
                  on->fails + range->from);
        return;
    }
    uint8_t *fails = effect == RQ_EFFECT_fails ? on->fails : effect == RQ_EFFECT_ends ? on->ended : on->shut;
    uint8_t *unknown = column == RQ_INPUT_max_rate ? on->unused : on->unknown;
    rq_verdicts_add(range, column, relation, one->value, fails, unknown);
}

static size_t codes_below(const rq_demand_column *column, int64_t key)
{
    size_t low = 0, size = column->distinct;
    while (size > 0) {
        size_t half = size / 2;
        bool is_below = column->values[low + half] < key;
        low = is_below ? low + half + 1 : low;
        size = is_below ? size - half - 1 : half;
    }
    return low;
}

/* Sets `fits` of the industries that begin with one of the prefixes. Those of one length lie side by side. */
static void mark(const rq_demand_column *industries, const int64_t *prefixes, size_t count, uint8_t value,
                 uint8_t *fits)
{
    for (size_t i = 0; i < count; i++) {
        for (int64_t first = prefixes[i], width = 1; first >> 8 * RQ_NEED_PREFIXES == 0;
             first <<= 8, width <<= 8) {
            size_t from = codes_below(industries, first), to = codes_below(industries, first + width);
            memset(fits + from, value, to - from);
        }
    }
}

static void open_industries(const rq_inquiry *ask, const rq_demand_range *range, rq_workbench *on)
{
    const rq_product *product = ask->product;
    const rq_demand_column *column = &range->block->columns[RQ_DEMAND_industry];
    uint8_t fits[RQ_DEMAND_ROWS];
    if (product->industries_in_count == 0 && product->industries_out_count == 0) {
        return;
    }
    memset(fits, product->industries_in_count == 0, column->distinct);
    mark(column, ask->prefixes_in, product->industries_in_count, 1, fits);
    mark(column, ask->prefixes_out, product->industries_out_count, 0, fits);
    const uint8_t *bytes = column->codes;
    const uint16_t *shorts = column->codes;
    for (size_t i = range->from; i < range->to; i++) {
        on->open[i] &= fits[column->shape == RQ_DEMAND_BYTES ? bytes[i] : shorts[i]];
    }
}

/* ---- classes ---- */

RQ_EVERY_PROCESSOR static size_t sort_out(const rq_demand_range *range, rq_workbench *on)
{
    size_t considered = 0;
    for (size_t i = range->from; i < range->to; i++) {
        uint8_t fails = on->fails[i], is_near = fails != 0, is_unknown = (on->unknown[i] != 0) & (fails == 0);
        uint8_t is_open = on->open[i] & (on->shut[i] == 0),
                is_shown = is_open & (on->ended[i] == 0) & (fails < 3);
        on->open[i] = is_open;
        on->class[i] = is_shown != 0 ? (uint8_t)(2 * is_near + is_unknown) : RQ_CLASSES;
    }
    for (size_t i = range->from; i < range->to; i++) {
        considered += on->open[i];
    }
    return considered;
}
static_assert(RQ_ELIGIBLE == 0 && RQ_NEEDS_FACTS == 1 && RQ_NEAR_MISS == 2, "classes are sums");

/* Keeps the lowest numbers: what is below the highest kept takes its place. */
static void keep_first(rq_inquiry *ask, uint32_t number)
{
    uint32_t *heap = ask->first;
    size_t limit = ask->options->first, at;
    if (ask->first_count < limit) {
        at = ask->first_count++;
        for (; at > 0 && heap[(at - 1) / 2] < number; at = (at - 1) / 2) {
            heap[at] = heap[(at - 1) / 2];
        }
        heap[at] = number;
        return;
    }
    if (number > heap[0]) {
        return;
    }
    at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        child += child + 1 < limit && heap[child + 1] > heap[child];
        if (child >= limit || heap[child] <= number) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = number;
}

RQ_EVERY_PROCESSOR static void bin_bytes(size_t count, const uint8_t *restrict class,
                                         const uint8_t *restrict codes, uint16_t width,
                                         uint16_t *restrict bins)
{
    for (size_t i = 0; i < count; i++) {
        bins[i] = (uint16_t)(class[i] * width + codes[i]);
    }
}

RQ_EVERY_PROCESSOR static void bin_shorts(size_t count, const uint8_t *restrict class,
                                          const uint16_t *restrict codes, uint16_t width,
                                          uint16_t *restrict bins)
{
    for (size_t i = 0; i < count; i++) {
        bins[i] = (uint16_t)(class[i] * width + codes[i]);
    }
}

/* Counts the needs of each class and adds what they wish for, with no branch that depends on a need: those
 * without a class are counted as well, and left. */
static void count_classes(const rq_demand_range *range, rq_workbench *on,
                          rq_reverse_count *counts[RQ_CLASSES])
{
    const rq_demand_column *amounts = &range->block->columns[RQ_INPUT_amount];
    size_t from = range->from, count = range->to - from, width = amounts->distinct;
    for (size_t t = 0; t < RQ_TALLIES; t++) {
        memset(on->tally[t], 0, (RQ_CLASSES + 1) * width * sizeof on->tally[t][0]);
    }
    if (amounts->shape == RQ_DEMAND_BYTES) {
        bin_bytes(count, on->class + from, (const uint8_t *)amounts->codes + from, (uint16_t)width, on->bins);
    } else {
        bin_shorts(count, on->class + from, (const uint16_t *)amounts->codes + from, (uint16_t)width,
                   on->bins);
    }
    size_t i = 0;
    for (; i + RQ_TALLIES <= count; i += RQ_TALLIES) {
        for (size_t t = 0; t < RQ_TALLIES; t++) {
            on->tally[t][on->bins[i + t]]++;
        }
    }
    for (; i < count; i++) {
        on->tally[0][on->bins[i]]++;
    }
    for (size_t class = 0; class < RQ_CLASSES; class ++) {
        const size_t first = class * width;
        for (size_t code = 0; code < width; code++) {
            uint32_t needs = 0;
            for (size_t t = 0; t < RQ_TALLIES; t++) {
                needs += on->tally[t][first + code];
            }
            counts[class]->needs += needs;
            counts[class]->amount_fen += needs * amounts->values[code];
        }
    }
}
static_assert((RQ_CLASSES + 1) * RQ_DEMAND_ROWS <= UINT16_MAX + 1, "a bin is a short");

static void name_first(rq_inquiry *ask, const rq_demand_range *range, const rq_workbench *on)
{
    const uint32_t *numbers = range->block->numbers;
    bool is_full = ask->first_count == ask->options->first;
    if (is_full && (ask->first_count == 0 || range->block->lowest > ask->first[0])) {
        return;
    }
    for (size_t i = range->from; i < range->to; i++) {
        if (on->class[i] == RQ_ELIGIBLE) {
            keep_first(ask, numbers[i]);
        }
    }
}

static void judge_range(rq_inquiry *ask, const rq_demand_range *range, rq_workbench *on,
                        rq_reverse_result *result)
{
    rq_reverse_count *counts[RQ_CLASSES] = {&result->eligible, &result->unknown, &result->near};
    size_t count = range->to - range->from;
    memset(on->fails + range->from, ask->assumed_fails, count);
    memset(on->unknown + range->from, ask->assumed_unknown, count);
    memset(on->ended + range->from, 0, count);
    memset(on->shut + range->from, 0, count);
    open_industries(ask, range, on);
    for (size_t i = 0; i < ask->condition_count; i++) {
        judge_condition(range, &ask->conditions[i], on);
    }
    if (ask->tier_count > 0) {
        rq_offers_judge(ask, range, on);
    }
    result->considered += sort_out(range, on);
    count_classes(range, on, counts);
    name_first(ask, range, on);
}

/* ---- which needs ---- */

enum { PIECE_COSTS = 400 }; /* to begin with a piece costs as much as so many needs of it */

/* The regions that a code serves: all that begin as it does, once pairs of noughts are cut. */
static uint32_t last_region_of(uint32_t code)
{
    return code == 0 ? 999999 : code % 10000 == 0 ? code + 9999 : code % 100 == 0 ? code + 99 : code;
}

static bool serves(const rq_product *product, uint32_t region)
{
    for (size_t i = 0; i < product->region_count; i++) {
        if (region >= product->regions[i] && region <= last_region_of(product->regions[i])) {
            return true;
        }
    }
    return product->region_count == 0;
}

/* Pieces of a block that the product is open to, one after the other. */
typedef struct pieces {
    uint16_t from[RQ_DEMAND_ROWS], to[RQ_DEMAND_ROWS];
    size_t count;
    size_t needs;
} pieces;

static void add_piece(pieces *all, size_t from, size_t to)
{
    all->needs += to - from;
    if (all->count > 0 && all->to[all->count - 1] == from) {
        all->to[all->count - 1] = (uint16_t)to;
        return;
    }
    all->from[all->count] = (uint16_t)from;
    all->to[all->count++] = (uint16_t)to;
}

/* The runs of the groups that ask for the product's kind, in the regions that it serves. */
static void find_pieces(const rq_product *product, const rq_demand_block *block, pieces *out)
{
    out->count = out->needs = 0;
    for (uint32_t group = 0; group < block->group_count; group++) {
        uint32_t run = group > 0 ? block->group_end[group - 1] : 0, end = block->group_end[group];
        if ((block->kinds[group] >> product->kind & 1) == 0) {
            continue;
        }
        if (product->region_count == 0) {
            add_piece(out, run > 0 ? block->ends[run - 1] : 0, block->ends[end - 1]);
            continue;
        }
        for (; run < end; run++) {
            if (serves(product, block->regions[run])) {
                add_piece(out, run > 0 ? block->ends[run - 1] : 0, block->ends[run]);
            }
        }
    }
}

/* One by one where they are few needs among many others, else all in one with what lies between. */
static void judge_block(rq_inquiry *ask, const rq_demand_block *block, rq_workbench *on,
                        rq_reverse_result *result)
{
    pieces all;
    find_pieces(ask->product, block, &all);
    if (all.count == 0) {
        return;
    }
    rq_demand_range whole = {.block = block,
                             .from = all.from[0],
                             .to = all.to[all.count - 1],
                             .open = on->open,
                             .next = on->next,
                             .after = on->after,
                             .hints = on->hints};
    memset(on->open + whole.from, 0, whole.to - whole.from);
    for (size_t i = 0; i < all.count; i++) {
        memset(on->open + all.from[i], 1, all.to[i] - (size_t)all.from[i]);
    }
    if (all.needs + PIECE_COSTS * all.count > whole.to - whole.from) {
        judge_range(ask, &whole, on, result);
        return;
    }
    for (size_t i = 0; i < all.count; i++) {
        rq_demand_range piece = whole;
        piece.from = all.from[i];
        piece.to = all.to[i];
        piece.next = piece.after = NULL;
        judge_range(ask, &piece, on, result);
    }
}

static bool may_serve(const rq_product *product, uint32_t province)
{
    for (size_t i = 0; i < product->region_count; i++) {
        uint32_t code = product->regions[i];
        if (code / 10000 <= province && last_region_of(code) / 10000 >= province) {
            return true;
        }
    }
    return product->region_count == 0;
}

static bool is_open_at_all(const rq_inquiry *ask)
{
    const rq_product *product = ask->product;
    bool has_room = product->capacity_cases_left != 0 &&
                    (product->capacity_fen_left == RQ_UNSET || product->amount_min_fen == RQ_UNSET ||
                     product->capacity_fen_left >= product->amount_min_fen);
    return has_room && product->kind != RQ_INDEX(kind, guarantee) &&
           product->kind != RQ_INDEX(kind, insurance) && ask->options->as_of >= product->valid_from &&
           ask->options->as_of <= product->valid_to;
}

/* Guarantee and insurance as the caller assumes them: a verdict that all needs share. With tiers it is they
 * that ask for the guarantee. */
static void assume_partners(rq_inquiry *ask)
{
    const rq_verdict verdicts[2] = {
        ask->tier_count == 0 && ask->product->guarantee == RQ_BACKING_required ? ask->options->guarantee
                                                                               : RQ_PASS,
        ask->product->insurance == RQ_BACKING_required ? ask->options->insurance : RQ_PASS};
    ask->assumed_fails = ask->assumed_unknown = 0;
    for (size_t i = 0; i < 2; i++) {
        ask->assumed_fails = (uint8_t)(ask->assumed_fails + (verdicts[i] == RQ_FAIL));
        ask->assumed_unknown |= verdicts[i] == RQ_NOT_KNOWN;
    }
}

/* The conditions that differ from need to need; the day is the same for all. */
static rq_status prepare(rq_inquiry *ask, rq_error *error)
{
    rq_status status = rq_product_check(ask->product, error);
    if (status != RQ_OK) {
        return status;
    }
    if (!rq_row_pack(ask->pool, ask->product, &ask->packed)) {
        return rq_fail(error, RQ_NOMEM, "no memory for a product");
    }
    /* tiers are judged in offers.c, whatever sets could do with them */
    ask->packed.row.flags &= (uint8_t)~RQ_ROW_IS_TIERED;
    size_t count = rq_conditions_of(ask->pool, &ask->frame, &ask->packed.row, 0, ask->conditions);
    ask->condition_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t key = ask->conditions[i].key;
        if (rq_condition_input(key) != RQ_INPUT_day && rq_condition_effect(key) < RQ_EFFECT_when) {
            ask->conditions[ask->condition_count++] = ask->conditions[i];
        }
    }
    for (size_t i = 0; i < ask->product->industries_in_count; i++) {
        const char *text = ask->product->industries_in[i];
        ask->prefixes_in[i] = rq_industry_key(text, strnlen(text, 8));
    }
    for (size_t i = 0; i < ask->product->industries_out_count; i++) {
        const char *text = ask->product->industries_out[i];
        ask->prefixes_out[i] = rq_industry_key(text, strnlen(text, 8));
    }
    rq_offers_make(ask);
    assume_partners(ask);
    return RQ_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void walk(const rq_demand *demand, rq_inquiry *ask, rq_workbench *on, rq_reverse_result *result)
{
    for (uint32_t province = 0; province < RQ_PROVINCES; province++) {
        const rq_demand_shard *shard = &demand->shards[province];
        for (size_t i = 0; i < shard->block_count && may_serve(ask->product, province); i++) {
            on->next = i + 1 < shard->block_count ? shard->blocks[i + 1] : NULL;
            on->after = i + 2 < shard->block_count ? shard->blocks[i + 2] : NULL;
            judge_block(ask, shard->blocks[i], on, result);
        }
    }
    if (ask->first_count > 0) {
        qsort(ask->first, ask->first_count, sizeof ask->first[0], by_number);
    }
    result->first = ask->first;
    result->first_count = ask->first_count;
}

static rq_verdict is_listed(const rq_catalogue *catalogue, unsigned kind)
{
    for (unsigned province = 0; province < RQ_PROVINCES; province++) {
        if (catalogue->clusters[kind][province] != NULL) {
            return RQ_PASS;
        }
    }
    return RQ_FAIL;
}

rq_reverse_options rq_reverse_options_of(const rq_catalogue *catalogue, rq_date as_of)
{
    return (rq_reverse_options){
        .as_of = as_of,
        .lpr_1y_ppm = (int32_t)catalogue->frame.lpr_1y_ppm,
        .lpr_5y_ppm = (int32_t)catalogue->frame.lpr_5y_ppm,
        .guarantee = is_listed(catalogue, RQ_INDEX(kind, guarantee)),
        .insurance = is_listed(catalogue, RQ_INDEX(kind, insurance)),
    };
}

rq_status rq_reverse(const rq_demand *demand, const rq_product *product, const rq_reverse_options *options,
                     rq_arena *arena, rq_reverse_result *out_result, rq_error *error)
{
    if (!demand->is_sealed) {
        return rq_fail(error, RQ_INVALID, "open needs: not sealed");
    }
    size_t first = options->first < demand->size ? options->first : demand->size;
    rq_reverse_options bounded = *options;
    bounded.first = first;
    rq_inquiry *ask = rq_arena_alloc(arena, sizeof *ask);
    rq_workbench *on = rq_arena_alloc(arena, sizeof *on);
    uint32_t *heap = rq_arena_array(arena, first + 1, sizeof *heap);
    rq_pool *pool = rq_pool_new();
    if (ask == NULL || on == NULL || heap == NULL || pool == NULL) {
        rq_pool_leave(pool);
        return rq_fail(error, RQ_NOMEM, "no memory to match a product");
    }
    ask->pool = pool;
    ask->frame = (rq_frame){.lpr_1y_ppm = options->lpr_1y_ppm, .lpr_5y_ppm = options->lpr_5y_ppm};
    ask->product = product;
    ask->options = &bounded;
    ask->first = heap;
    rq_status status = prepare(ask, error);
    *out_result = (rq_reverse_result){.first = heap};
    if (status == RQ_OK && is_open_at_all(ask)) {
        walk(demand, ask, on, out_result);
    }
    rq_pool_leave(pool);
    return status;
}
