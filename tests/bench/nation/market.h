/* What the files of the made-up market share. */
#ifndef RONGQIAO_TESTS_BENCH_MARKET_H
#define RONGQIAO_TESTS_BENCH_MARKET_H

#include "codes.h"
#include "draw.h"
#include "nation.h"

enum { RULES_MAX = 20, TIERS_MAX = 3 };

struct nation {
    uint64_t seed;
    codes codes;
};

typedef struct rule_list {
    rq_rule rules[RULES_MAX];
    size_t count;
} rule_list;

void draw_rules(dice *from, unsigned kind, rule_list *out);
size_t draw_tiers(dice *from, const rq_product *product, rq_tier tiers[TIERS_MAX],
                  rq_rule rules[TIERS_MAX][1]);
uint32_t draw_county(const nation *market, dice *from);
unsigned draw_weighted(dice *from, const int *weights, size_t count);

#endif
