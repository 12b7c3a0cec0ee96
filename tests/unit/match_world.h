/* A random world of products, programmes and needs, made of a seed: about every field is sometimes set
 * and sometimes not, and values are few enough that ties and exact bounds occur. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_WORLD_H
#define RONGQIAO_TESTS_UNIT_MATCH_WORLD_H

#include "match_support.h"

enum { PRODUCTS = 2000, PROGRAMMES = 60, INSTITUTIONS = 60, RULES_MAX = 4, TIERS_MAX = 3 };

typedef struct world {
    int product_count, programme_count;
    int32_t lpr_1y_ppm, lpr_5y_ppm;
    rq_weights weights;
    rq_product products[PRODUCTS];
    rq_programme programmes[PROGRAMMES];
    rq_rule rules[PRODUCTS][RULES_MAX];
    rq_rule tier_rules[PRODUCTS][TIERS_MAX][2];
    rq_rule programme_rules[PROGRAMMES][2];
    rq_tier tiers[PRODUCTS][TIERS_MAX];
    rq_fee fees[PRODUCTS][3];
    rq_day_fee day_fees[PRODUCTS][2];
    uint32_t regions[PRODUCTS][3];
    uint32_t programme_regions[PROGRAMMES][1];
    char industries_in[PRODUCTS][2][8];
    char industries_out[PRODUCTS][1][8];
    char partners[PRODUCTS][8][RQ_UUID_TEXT + 1];
    rq_record_cell cells[PRODUCTS][6];
} world;

/* With an LPR of 3.00 % and 3.50 %, and the usual weights. */
void world_draw(world *w, uint64_t from_seed);
/* A small one: so many of each. */
void world_draw_few(world *w, uint64_t from_seed, int products, int programmes);
/* The snapshot of a world; fails the test when it is refused. */
rq_catalogue *world_catalogue(const world *w, int64_t version);
/* The next need of the same seed. */
rq_need world_need(void);
/* The next need, moved to the bounds of the world's products: at them, just below and just above. */
rq_need world_need_at_bounds(const world *w);
/* A number of the same seed. */
int64_t world_between(int64_t low, int64_t high);
bool world_chance(int64_t per_cent);
/* Whether its values are sets of words. */
bool fact_is_set(rq_fact fact);
rq_rule world_rule(void);
rq_rate world_rate(void);
/* Draws one more product; its place. */
int world_add(world *w);
/* Draws regions, industries and rules of product `at`. */
void world_lists(world *w, int at);
/* A value that fact may have; a set has one word at least. */
int64_t world_value(rq_fact fact);
/* Draws product `at` anew, under the same id. */
void world_redraw(world *w, int at);

#endif
