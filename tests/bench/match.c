/* The matching engine at 10,000, 100,000 and 1,000,000 products of the made-up market: a match with its 20
 * eligible packages, 10 near misses and 10 that lack facts, each with all verdicts, terms, cost and score;
 * not the JSON of them. Times are CPU times of one thread. Prints a table and last one JSON object, or with
 * "export" the files that match.py puts the SQL peer against. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nation/nation.h"
#include "peer/export.h"
#include "snapshot.h"

enum { RUNS_MAX = 99, NEEDS = 2000, SIZES = 3, ARENA_BYTES = 1 << 19, PATH_BYTES = 512 };

static const size_t sizes[SIZES] = {10000, 100000, 1000000};
static const rq_match_options shown = {.top = 20, .top_near = 10, .top_unknown = 10};

typedef struct figures {
    double match_us, floor_us, render_us, update_ms, build_s, bytes;
    double considered, eligible, unknown, near;
} figures;

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

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof *times, by_time);
    return times[count / 2];
}

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* As a worker's arena is after its first requests: grown, and kept. */
static rq_arena *grown_arena(void)
{
    rq_arena *arena = rq_arena_new((size_t)1 << 30);
    if (arena == NULL || rq_arena_alloc(arena, ARENA_BYTES) == NULL) {
        fail("no memory");
    }
    return arena;
}

static void match(const rq_catalogue *catalogue, const rq_need *need, const rq_match_options *options,
                  rq_arena *arena, rq_match_result *result)
{
    rq_error error = {0};
    rq_arena_reset(arena);
    if (rq_match(catalogue, need, options, arena, result, &error) != RQ_OK) {
        fail(error.message);
    }
}

static double match_us(const rq_catalogue *catalogue, const rq_need *needs, size_t count, size_t runs,
                       rq_arena *arena)
{
    double times[RUNS_MAX];
    rq_match_result result;
    for (size_t run = 0; run < runs; run++) {
        double start = now_us();
        for (size_t i = 0; i < count; i++) {
            match(catalogue, &needs[i], &shown, arena, &result);
        }
        times[run] = (now_us() - start) / (double)count;
    }
    return median(times, runs);
}

static double render_us(const rq_catalogue *catalogue, const rq_need *needs, size_t count, rq_arena *arena)
{
    double total = 0.0;
    for (size_t i = 0; i < count; i++) {
        rq_match_result result;
        rq_buffer out;
        match(catalogue, &needs[i], &shown, arena, &result);
        double start = now_us();
        rq_buffer_init(&out, (size_t)16 << 20);
        rq_json json = rq_json_on(&out);
        rq_match_render(&result, &json);
        rq_buffer_done(&out);
        total += now_us() - start;
    }
    return total / (double)count;
}

/* ---- the floor ---- */

/* Reads the columns of a block once: bounds, sets and lists, not the rows. */
static uint64_t stream(const rq_block *block)
{
    const uint64_t *at = (const uint64_t *)block->values;
    const uint64_t *end = (const uint64_t *)(const void *)block->prints;
    uint64_t sum = 0;
    for (; at < end; at++) {
        sum += *at;
    }
    return sum;
}

static double floor_us(const rq_catalogue *catalogue, const rq_need *needs, size_t count, size_t runs)
{
    double times[RUNS_MAX];
    volatile uint64_t sum = 0;
    for (size_t run = 0; run < runs; run++) {
        double start = now_us();
        for (size_t i = 0; i < count; i++) {
            const unsigned provinces[2] = {0, needs[i].region / 10000};
            for (uint64_t left = needs[i].kinds; left != 0; left &= left - 1) {
                for (size_t p = 0; p < 2; p++) {
                    const rq_cluster *cluster = catalogue->clusters[__builtin_ctzll(left)][provinces[p]];
                    for (size_t b = 0; cluster != NULL && b < cluster->block_count; b++) {
                        sum += stream(cluster->blocks[b]);
                    }
                }
            }
        }
        times[run] = (now_us() - start) / (double)count;
    }
    return median(times, runs);
}

/* ---- one changed product ---- */

static double update_ms(nation *market, rq_catalogue *catalogue, size_t runs)
{
    double times[RUNS_MAX];
    rq_arena *arena = rq_arena_new((size_t)1 << 30);
    const rq_product *products = arena != NULL ? nation_products(market, runs, arena) : NULL;
    if (products == NULL) {
        fail("no memory");
    }
    for (size_t run = 0; run < runs; run++) {
        rq_product product = products[run];
        product.amount_max_fen += 100;
        rq_catalogue_changes changes = {.version = 2, .changed = &product, .changed_count = 1};
        rq_catalogue *next = NULL;
        double start = now_us();
        if (rq_catalogue_update(catalogue, &changes, &next, NULL) != RQ_OK) {
            fail("no update");
        }
        times[run] = (now_us() - start) / 1e3;
        rq_catalogue_unref(next);
    }
    rq_arena_free(arena);
    return median(times, runs);
}

static figures measure(nation *market, size_t size, const rq_need *needs, size_t runs)
{
    figures found = {0};
    double start = now_us();
    rq_catalogue *catalogue = nation_catalogue(market, size);
    rq_arena *arena = grown_arena();
    if (catalogue == NULL) {
        fail("no catalogue");
    }
    found.build_s = (now_us() - start) / 1e6;
    found.bytes = (double)rq_catalogue_bytes(catalogue) / (double)size;
    for (size_t i = 0; i < NEEDS; i++) {
        rq_match_result result;
        match(catalogue, &needs[i], &shown, arena, &result);
        found.considered += (double)result.considered / NEEDS;
        found.eligible += (double)result.eligible_total / NEEDS;
        found.unknown += (double)result.unknown_total / NEEDS;
        found.near += (double)result.near_total / NEEDS;
    }
    found.match_us = match_us(catalogue, needs, NEEDS, runs, arena);
    found.floor_us = floor_us(catalogue, needs, NEEDS, runs);
    found.render_us = render_us(catalogue, needs, NEEDS / 10, arena);
    found.update_ms = update_ms(market, catalogue, runs);
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
    return found;
}

static int tell_figures(nation *market, size_t runs)
{
    static rq_need needs[NEEDS];
    figures found[SIZES];
    for (size_t i = 0; i < NEEDS; i++) {
        needs[i] = nation_need(market, i);
    }
    (void)printf(
        "products   considered  eligible  unknown     near   match us  floor us  render us  update ms  "
        "build s  bytes/product\n");
    for (size_t i = 0; i < SIZES; i++) {
        found[i] = measure(market, sizes[i], needs, runs);
        (void)printf("%8zu %12.0f %9.1f %8.1f %8.1f %10.2f %9.2f %10.2f %10.3f %8.2f %14.1f\n", sizes[i],
                     found[i].considered, found[i].eligible, found[i].unknown, found[i].near,
                     found[i].match_us, found[i].floor_us, found[i].render_us, found[i].update_ms,
                     found[i].build_s, found[i].bytes);
    }
    (void)printf("{\"engine_us_10k\": %.2f, \"engine_us_100k\": %.2f, \"engine_us_1m\": %.2f, "
                 "\"growth_10k_100k\": %.2f, \"growth_100k_1m\": %.2f, \"ratio_floor_100k\": %.2f, "
                 "\"bytes_per_product\": %.1f, \"engine_update_ms\": %.3f}\n",
                 found[0].match_us, found[1].match_us, found[2].match_us,
                 found[1].match_us / found[0].match_us, found[2].match_us / found[1].match_us,
                 found[1].match_us / found[1].floor_us, found[1].bytes, found[1].update_ms);
    return 0;
}

/* ---- for the SQL peer ---- */

/* Products, needs and the engine's answers as files; prints what the engine takes for these needs. */
static int export_market(nation *market, size_t runs, size_t count, size_t need_count, const char *directory)
{
    static rq_need needs[NEEDS];
    rq_catalogue *catalogue = nation_catalogue(market, count);
    rq_arena *arena = grown_arena();
    if (catalogue == NULL || need_count > NEEDS) {
        fail("no catalogue, or too many needs");
    }
    for (size_t i = 0; i < need_count; i++) {
        needs[i] = nation_need(market, i);
    }
    if (!peer_export_supply(market, count, directory) ||
        !peer_export_answers(catalogue, count, needs, need_count, &shown, directory)) {
        return 1;
    }
    (void)printf("{\"engine_us\": %.3f}\n", match_us(catalogue, needs, need_count, runs, arena));
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
    return 0;
}

int main(int argc, char **argv)
{
    bool is_export = argc == 7 && strcmp(argv[1], "export") == 0;
    if (!is_export && (argc != 4 || strcmp(argv[1], "figures") != 0)) {
        (void)fprintf(stderr,
                      "usage: bench_match figures RUNS SEED | export RUNS SEED PRODUCTS NEEDS DIRECTORY\n");
        return 2;
    }
    size_t runs = strtoul(argv[2], NULL, 10);
    nation *market = nation_new(RQ_SOURCE_DIR, strtoull(argv[3], NULL, 10));
    if (market == NULL || runs == 0 || runs > RUNS_MAX) {
        return 1;
    }
    int status = is_export ? export_market(market, runs, strtoul(argv[4], NULL, 10),
                                           strtoul(argv[5], NULL, 10), argv[6])
                           : tell_figures(market, runs);
    nation_free(market);
    return status;
}
