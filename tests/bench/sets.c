/* The sets that a match works on, as compressed bitmaps (CRoaring) and as the engine's blocks: the time to
 * find which products of the national market are open to a need, and of these how many hard rules fail and
 * which facts lack. The bitmaps do less: tiers and partners are left out. Times are CPU times of one thread;
 * last one JSON object. */
#include <inttypes.h>
#include <roaring/roaring.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nation/nation.h"
#include "session.h"

enum { PRODUCTS = 100000, NEEDS = 500, RUNS_MAX = 99, BOUNDS_MAX = 256, CODES_MAX = 8192, INDUSTRIES = 5 };

static void fail(const char *text)
{
    (void)fprintf(stderr, "bench: %s\n", text);
    exit(1);
}

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_time(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* ---- the index ---- */

/* The products with one code, or with no list at all (code 0). */
typedef struct coded {
    size_t count;
    int64_t codes[CODES_MAX];
    roaring_bitmap_t *sets[CODES_MAX];
} coded;

/* A rule's column: the products by bound; `failing[i]` fails what lies before bound i (at least) or after it.
 */
typedef struct column {
    rq_fact fact;
    rq_op op;
    size_t count;
    int64_t bounds[BOUNDS_MAX];
    roaring_bitmap_t *exact[BOUNDS_MAX], *failing[BOUNDS_MAX], *all;
} column;

typedef struct shelf {
    roaring_bitmap_t *kinds[RQ_KINDS], *closed; /* not valid on the day, or nothing left */
    coded regions, industries_in, industries_out;
    column columns[64];
    size_t column_count;
    column amount_min, amount_max, term_min, term_max, room;
} shelf;

static roaring_bitmap_t **set_of(coded *index, int64_t code)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (index->codes[middle] < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < index->count && index->codes[low] == code) {
        return &index->sets[low];
    }
    if (index->count == CODES_MAX) {
        fail("too many codes");
    }
    for (size_t i = index->count++; i > low; i--) {
        index->codes[i] = index->codes[i - 1];
        index->sets[i] = index->sets[i - 1];
    }
    index->codes[low] = code;
    index->sets[low] = roaring_bitmap_create();
    return &index->sets[low];
}

static const roaring_bitmap_t *find(const coded *index, int64_t code)
{
    for (size_t low = 0, high = index->count; low < high;) {
        size_t middle = (low + high) / 2;
        if (index->codes[middle] == code) {
            return index->sets[middle];
        }
        if (index->codes[middle] < code) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static void add_bound(column *to, int64_t bound, uint32_t product)
{
    size_t at = 0;
    if (bound == RQ_UNSET) {
        return;
    }
    while (at < to->count && to->bounds[at] < bound) {
        at++;
    }
    if (at == to->count || to->bounds[at] != bound) {
        if (to->count == BOUNDS_MAX) {
            fail("too many bounds");
        }
        for (size_t i = to->count++; i > at; i--) {
            to->bounds[i] = to->bounds[i - 1];
            to->exact[i] = to->exact[i - 1];
        }
        to->bounds[at] = bound;
        to->exact[at] = roaring_bitmap_create();
    }
    roaring_bitmap_add(to->exact[at], product);
}

static column *column_for(shelf *to, rq_fact fact, rq_op op)
{
    for (size_t i = 0; i < to->column_count; i++) {
        if (to->columns[i].fact == fact && to->columns[i].op == op) {
            return &to->columns[i];
        }
    }
    to->columns[to->column_count] = (column){.fact = fact, .op = op};
    return &to->columns[to->column_count++];
}

static void add_product(shelf *to, const rq_product *product, uint32_t at, rq_date day)
{
    roaring_bitmap_add(to->kinds[product->kind], at);
    for (size_t i = 0; i < product->region_count; i++) {
        roaring_bitmap_add(*set_of(&to->regions, product->regions[i]), at);
    }
    if (product->region_count == 0) {
        roaring_bitmap_add(*set_of(&to->regions, 0), at);
    }
    for (size_t i = 0; i < product->industries_in_count; i++) {
        const char *code = product->industries_in[i];
        roaring_bitmap_add(*set_of(&to->industries_in, rq_industry_key(code, strnlen(code, 8))), at);
    }
    if (product->industries_in_count == 0) {
        roaring_bitmap_add(*set_of(&to->industries_in, 0), at);
    }
    for (size_t i = 0; i < product->industries_out_count; i++) {
        const char *code = product->industries_out[i];
        roaring_bitmap_add(*set_of(&to->industries_out, rq_industry_key(code, strnlen(code, 8))), at);
    }
    for (size_t i = 0; i < product->rule_count; i++) {
        const rq_rule *rule = &product->rules[i];
        if (rule->hard) {
            add_bound(column_for(to, rule->fact, rule->op), rule->value, at);
        }
    }
    add_bound(&to->amount_min, product->amount_min_fen, at);
    add_bound(&to->amount_max, product->amount_max_fen, at);
    add_bound(&to->term_min, product->term_min_months, at);
    add_bound(&to->term_max, product->term_max_months, at);
    add_bound(&to->room, product->capacity_fen_left, at);
    bool is_room = product->capacity_fen_left == RQ_UNSET || product->amount_min_fen == RQ_UNSET ||
                   product->capacity_fen_left >= product->amount_min_fen;
    if (product->valid_from > day || product->valid_to < day || product->capacity_cases_left == 0 ||
        !is_room) {
        roaring_bitmap_add(to->closed, at);
    }
}

/* Unions up to each bound, so that a comparison is one bitmap. */
static void accumulate(column *to, bool is_least)
{
    to->all = roaring_bitmap_create();
    for (size_t i = 0; i < to->count; i++) {
        size_t at = is_least ? to->count - 1 - i : i;
        roaring_bitmap_or_inplace(to->all, to->exact[at]);
        to->failing[at] = roaring_bitmap_copy(to->all);
    }
}

static size_t bytes_of(const column *at)
{
    size_t bytes = 0;
    for (size_t i = 0; i < at->count; i++) {
        bytes += roaring_bitmap_portable_size_in_bytes(at->failing[i]) +
                 roaring_bitmap_portable_size_in_bytes(at->exact[i]);
    }
    return bytes;
}

/* ---- a need before it ---- */

/* What fails "at least" and "at most" bounds; null: nothing. */
static const roaring_bitmap_t *above(const column *at, int64_t have)
{
    for (size_t i = 0; i < at->count; i++) {
        if (at->bounds[i] > have) {
            return at->failing[i];
        }
    }
    return NULL;
}

static const roaring_bitmap_t *below(const column *at, int64_t have)
{
    const roaring_bitmap_t *found = NULL;
    for (size_t i = 0; i < at->count && at->bounds[i] < have; i++) {
        found = at->failing[i];
    }
    return found;
}

typedef struct tally {
    roaring_bitmap_t *open, *unknown, *ones, *twos, *more;
} tally;

/* Counts one more fail for the open products of `failing`. */
static void add_fails(tally *on, const roaring_bitmap_t *failing)
{
    if (failing == NULL) {
        return;
    }
    roaring_bitmap_t *failed = roaring_bitmap_and(on->open, failing);
    roaring_bitmap_t *carry = roaring_bitmap_and(on->ones, failed),
                     *over = roaring_bitmap_and(on->twos, carry);
    roaring_bitmap_xor_inplace(on->ones, failed);
    roaring_bitmap_xor_inplace(on->twos, carry);
    roaring_bitmap_or_inplace(on->more, over);
    roaring_bitmap_free(failed);
    roaring_bitmap_free(carry);
    roaring_bitmap_free(over);
}

static void judge_sets(tally *on, const column *at, int64_t have)
{
    for (size_t i = 0; i < at->count; i++) {
        bool passes = at->op == RQ_OP_eq ? at->bounds[i] == have : (at->bounds[i] & have) != 0;
        if (!passes) {
            add_fails(on, at->exact[i]);
        }
    }
}

static void judge_rule(tally *on, const column *at, const rq_need *need)
{
    const rq_fact_value *fact = &need->facts[at->fact];
    if (!fact->known) {
        roaring_bitmap_t *lacking = roaring_bitmap_and(on->open, at->all);
        roaring_bitmap_or_inplace(on->unknown, lacking);
        roaring_bitmap_free(lacking);
    } else if (at->op == RQ_OP_ge) {
        add_fails(on, above(at, fact->value));
    } else if (at->op == RQ_OP_le) {
        add_fails(on, below(at, fact->value));
    } else if (at->op == RQ_OP_ratio_ge) {
        int64_t share =
            fact->value > 0
                ? (int64_t)(((__int128)need->amount_fen * 1000000 + fact->value - 1) / fact->value)
                : INT64_MAX;
        add_fails(on, below(at, share));
    } else {
        judge_sets(on, at, fact->value);
    }
}

static roaring_bitmap_t *union_of(const coded *index, const int64_t *codes, size_t count)
{
    roaring_bitmap_t *all = roaring_bitmap_create();
    for (size_t i = 0; i < count; i++) {
        const roaring_bitmap_t *set = find(index, codes[i]);
        if (set != NULL) {
            roaring_bitmap_or_inplace(all, set);
        }
    }
    return all;
}

static void open_to(tally *on, const shelf *from, const rq_need *need)
{
    const int64_t regions[] = {need->region, need->region / 100 * 100, need->region / 10000 * 10000, 0};
    int64_t industries[INDUSTRIES + 1];
    for (size_t i = 1; i <= INDUSTRIES; i++) {
        industries[i - 1] = rq_industry_key(need->industry, i);
    }
    industries[INDUSTRIES] = 0;
    roaring_bitmap_t *here = union_of(&from->regions, regions, 4);
    roaring_bitmap_t *in = union_of(&from->industries_in, industries, INDUSTRIES + 1);
    roaring_bitmap_t *out = union_of(&from->industries_out, industries, INDUSTRIES);
    on->open = roaring_bitmap_create();
    for (uint64_t left = need->kinds; left != 0; left &= left - 1) {
        roaring_bitmap_t *of_kind = roaring_bitmap_and(here, from->kinds[__builtin_ctzll(left)]);
        roaring_bitmap_or_inplace(on->open, of_kind);
        roaring_bitmap_free(of_kind);
    }
    roaring_bitmap_and_inplace(on->open, in);
    roaring_bitmap_andnot_inplace(on->open, out);
    roaring_bitmap_andnot_inplace(on->open, from->closed);
    const roaring_bitmap_t *full = below(&from->room, need->amount_min_fen);
    if (full != NULL) {
        roaring_bitmap_andnot_inplace(on->open, full);
    }
    roaring_bitmap_free(here);
    roaring_bitmap_free(in);
    roaring_bitmap_free(out);
}

/* How many are open, and how many of these would be shown. */
static uint64_t sift_bitmaps(const shelf *from, const rq_need *need, uint64_t *out_shown)
{
    tally on = {.unknown = roaring_bitmap_create(),
                .ones = roaring_bitmap_create(),
                .twos = roaring_bitmap_create(),
                .more = roaring_bitmap_create()};
    open_to(&on, from, need);
    add_fails(&on, above(&from->amount_min, need->amount_fen));
    add_fails(&on, below(&from->amount_max, need->amount_min_fen));
    add_fails(&on, above(&from->term_min, need->term_months));
    add_fails(&on, below(&from->term_max, need->term_months));
    for (size_t i = 0; i < from->column_count; i++) {
        judge_rule(&on, &from->columns[i], need);
    }
    roaring_bitmap_t *three = roaring_bitmap_and(on.ones, on.twos);
    roaring_bitmap_or_inplace(on.more, three);
    uint64_t open = roaring_bitmap_get_cardinality(on.open);
    *out_shown += open - roaring_bitmap_get_cardinality(on.more);
    roaring_bitmap_free(three);
    roaring_bitmap_free(on.open);
    roaring_bitmap_free(on.unknown);
    roaring_bitmap_free(on.ones);
    roaring_bitmap_free(on.twos);
    roaring_bitmap_free(on.more);
    return open;
}

static uint64_t sift_blocks(const rq_catalogue *catalogue, const rq_need *need)
{
    rq_inputs inputs;
    rq_sieve sieve;
    uint64_t open = 0;
    rq_inputs_of(need, need->amount_min_fen, &inputs);
    const unsigned provinces[2] = {0, need->region / 10000};
    for (uint64_t left = need->kinds; left != 0; left &= left - 1) {
        for (size_t p = 0; p < 2; p++) {
            const rq_cluster *cluster = catalogue->clusters[__builtin_ctzll(left)][provinces[p]];
            for (size_t b = 0; cluster != NULL && b < cluster->block_count; b++) {
                rq_block_sieve(cluster->blocks[b], &inputs, &sieve);
                open += rq_set_size(sieve.open, cluster->blocks[b]->words);
            }
        }
    }
    return open;
}

int main(int argc, char **argv)
{
    static shelf index;
    static rq_need needs[NEEDS];
    double bitmaps[RUNS_MAX], blocks[RUNS_MAX];
    size_t runs = argc == 3 ? strtoul(argv[1], NULL, 10) : 0, bytes = 0;
    if (runs == 0 || runs > RUNS_MAX) {
        fail("usage: bench_sets RUNS SEED");
    }
    nation *market = nation_new(RQ_SOURCE_DIR, strtoull(argv[2], NULL, 10));
    rq_arena *arena = rq_arena_new((size_t)8 << 30);
    const rq_product *products =
        market != NULL && arena != NULL ? nation_products(market, PRODUCTS, arena) : NULL;
    rq_catalogue *catalogue = products != NULL ? nation_catalogue(market, PRODUCTS) : NULL;
    if (catalogue == NULL) {
        fail("no market");
    }
    for (size_t i = 0; i < NEEDS; i++) {
        needs[i] = nation_need(market, i);
    }
    for (size_t kind = 0; kind < RQ_KINDS; kind++) {
        index.kinds[kind] = roaring_bitmap_create();
    }
    index.closed = roaring_bitmap_create();
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        add_product(&index, &products[i], i, needs[0].as_of);
    }
    column *bounds[] = {&index.amount_min, &index.amount_max, &index.term_min, &index.term_max, &index.room};
    for (size_t i = 0; i < 5; i++) {
        accumulate(bounds[i], i == 0 || i == 2);
        bytes += bytes_of(bounds[i]);
    }
    for (size_t i = 0; i < index.column_count; i++) {
        accumulate(&index.columns[i], index.columns[i].op == RQ_OP_ge);
        bytes += bytes_of(&index.columns[i]);
    }
    uint64_t shown = 0;
    for (size_t run = 0; run < runs; run++) {
        uint64_t in_bitmaps = 0, in_blocks = 0;
        double start = now_us();
        for (size_t i = 0; i < NEEDS; i++) {
            in_bitmaps += sift_bitmaps(&index, &needs[i], &shown);
        }
        double middle = now_us();
        for (size_t i = 0; i < NEEDS; i++) {
            in_blocks += sift_blocks(catalogue, &needs[i]);
        }
        bitmaps[run] = (middle - start) / NEEDS;
        blocks[run] = (now_us() - middle) / NEEDS;
        if (in_bitmaps != in_blocks) {
            (void)fprintf(stderr, "%" PRIu64 " products open in bitmaps, %" PRIu64 " in blocks\n", in_bitmaps,
                          in_blocks);
            fail("they differ");
        }
    }
    qsort(bitmaps, runs, sizeof bitmaps[0], by_time);
    qsort(blocks, runs, sizeof blocks[0], by_time);
    (void)printf("%.0f of the open products fail at most two rules\n",
                 (double)shown / (double)(runs * NEEDS));
    (void)printf(
        "{\"bitmaps_us\": %.1f, \"blocks_us\": %.1f, \"ratio\": %.2f, \"bitmap_bytes_per_product\": %.1f}\n",
        bitmaps[runs / 2], blocks[runs / 2], bitmaps[runs / 2] / blocks[runs / 2], (double)bytes / PRODUCTS);
    return 0;
}
