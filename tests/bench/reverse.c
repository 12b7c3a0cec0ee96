/* One product before 10,000,000 open needs of the made-up market: counts, amounts and the first needs, for
 * products of every reach. Times are CPU times of this process, which uses one thread. Prints a line a
 * product and last one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nation/nation.h"
#include "rongqiao/demand.h"

enum { RUNS_MAX = 99, FIRST = 20, SHOWN = 6, DRAWN = 4000 };

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
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

static rq_demand *demand_of(const nation *market, size_t count)
{
    rq_demand *demand = NULL;
    rq_error error = {0};
    rq_status status = rq_demand_new(&demand, &error);
    for (size_t i = 0; i < count && status == RQ_OK; i++) {
        rq_need need = nation_need(market, i);
        status = rq_demand_add(demand, &need, &error);
    }
    if (status == RQ_OK) {
        status = rq_demand_seal(demand, &error);
    }
    if (status != RQ_OK) {
        (void)fprintf(stderr, "bench: %s\n", error.message);
        exit(1);
    }
    return demand;
}

/* Of the products that may be asked of: the nationwide ones with the widest and the narrowest kinds, then
 * one of each smaller reach. */
static size_t choose(const rq_product *products, size_t count, const rq_product *out[SHOWN])
{
    static const struct {
        unsigned kind;
        size_t regions;
        uint32_t unit; /* of the region codes; 0: none listed */
    } wanted[SHOWN] = {{RQ_INDEX(kind, credit_loan), 0, 0},       {RQ_INDEX(kind, credit_loan), 0, 1},
                       {RQ_INDEX(kind, order_loan), 0, 0},        {RQ_INDEX(kind, credit_loan), 1, 10000},
                       {RQ_INDEX(kind, guaranteed_loan), 1, 100}, {RQ_INDEX(kind, credit_loan), 1, 1}};
    size_t found = 0;
    for (size_t w = 0; w < SHOWN; w++) {
        for (size_t i = 0; i < count; i++) {
            const rq_product *product = &products[i];
            bool has_tiers = product->tier_count > 0;
            if (product->kind == wanted[w].kind && product->region_count == wanted[w].regions &&
                product->capacity_cases_left != 0 && has_tiers == (w == 1) &&
                (wanted[w].regions == 0 || product->regions[0] % wanted[w].unit == 0)) {
                out[found++] = product;
                break;
            }
        }
    }
    return found;
}

static double measure(const rq_demand *demand, const rq_product *product, size_t runs,
                      rq_reverse_result *result)
{
    const rq_reverse_options options = {.as_of = rq_date_from_civil(2026, 11, 24),
                                        .lpr_1y_ppm = NATION_LPR_1Y_PPM,
                                        .lpr_5y_ppm = NATION_LPR_5Y_PPM,
                                        .guarantee = RQ_PASS,
                                        .insurance = RQ_PASS,
                                        .first = FIRST};
    double times[RUNS_MAX];
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    for (size_t run = 0; run < runs; run++) {
        double start = now_ms();
        rq_arena_reset(arena);
        if (rq_reverse(demand, product, &options, arena, result, NULL) != RQ_OK) {
            exit(1);
        }
        times[run] = now_ms() - start;
    }
    rq_arena_free(arena);
    return median(times, runs);
}

static void tell(const rq_product *product, double ms, const rq_reverse_result *result)
{
    (void)printf("%-16s %-14s tiers %zu  %8.2f ms  considered %9llu  eligible %8llu (%.1f 亿)  unknown %8llu "
                 " near %8llu\n",
                 rq_vocabulary("kind").first[product->kind].name,
                 product->region_count == 0         ? "nationwide"
                 : product->regions[0] % 10000 == 0 ? "a province"
                 : product->regions[0] % 100 == 0   ? "a city"
                                                    : "a county",
                 product->tier_count, ms, (unsigned long long)result->considered,
                 (unsigned long long)result->eligible.needs, (double)result->eligible.amount_fen / 1e10,
                 (unsigned long long)result->unknown.needs, (unsigned long long)result->near.needs);
}

int main(int argc, char **argv)
{
    size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 5,
           count = argc > 3 ? strtoul(argv[3], NULL, 10) : 10000000;
    nation *market = nation_new(RQ_SOURCE_DIR, argc > 2 ? strtoull(argv[2], NULL, 10) : 14);
    rq_arena *arena = rq_arena_new((size_t)1 << 30);
    const rq_product *products =
        market != NULL && arena != NULL ? nation_products(market, DRAWN, arena) : NULL;
    if (products == NULL || runs == 0 || runs > RUNS_MAX) {
        return 1;
    }
    double start = now_ms();
    rq_demand *demand = demand_of(market, count);
    (void)printf("%zu needs drawn and indexed in %.1f s\n", count, (now_ms() - start) / 1e3);
    const rq_product *chosen[SHOWN];
    size_t shown = choose(products, DRAWN, chosen);
    double slowest = 0.0;
    for (size_t i = 0; i < shown; i++) {
        rq_reverse_result result;
        double ms = measure(demand, chosen[i], runs, &result);
        tell(chosen[i], ms, &result);
        slowest = ms > slowest ? ms : slowest;
    }
    (void)printf("{\"reverse_10m_ms\": %.2f, \"reverse_bytes_per_need\": %.1f}\n", slowest,
                 (double)rq_demand_bytes(demand) / (double)count);
    rq_demand_free(demand);
    rq_arena_free(arena);
    nation_free(market);
    return 0;
}
