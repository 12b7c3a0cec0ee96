/* A made-up national market, drawn from a seed over the real region and industry codes: products,
 * programmes and needs in the proportions that README.md of the benchmarks tells. */
#ifndef RONGQIAO_TESTS_BENCH_NATION_H
#define RONGQIAO_TESTS_BENCH_NATION_H

#include "rongqiao/match.h"

typedef struct nation nation;

/* Reads migrations/data under `root`. Null, with a message on standard error, when that fails. */
nation *nation_new(const char *root, uint64_t seed);
void nation_free(nation *market);

/* Products 0 .. count-1; each is the same whatever the count. They live in `arena`; null when that is full.
 */
const rq_product *nation_products(nation *market, size_t count, rq_arena *arena);
/* The programmes of every province and many cities; how many in `out_count`. */
const rq_programme *nation_programmes(nation *market, size_t *out_count, rq_arena *arena);
/* Need number `number`. */
rq_need nation_need(const nation *market, uint64_t number);
rq_weights nation_weights(void);
/* A whole catalogue of `count` products; null when memory is short. */
rq_catalogue *nation_catalogue(nation *market, size_t count);
enum { NATION_LPR_1Y_PPM = 30000, NATION_LPR_5Y_PPM = 35000 };

#endif
