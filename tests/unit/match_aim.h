/* Small catalogues and needs that are aimed at the cells of match_cells.h, made of a seed: in each catalogue
 * every fact has a rule somewhere, with place and operator as it is its turn, and each need lies on another
 * side of them. Seeds one after the other go through all places and operators. What nobody aims at is drawn
 * at random. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_AIM_H
#define RONGQIAO_TESTS_UNIT_MATCH_AIM_H

#include "match_cells.h"

/* So many needs see every side of a rule. */
enum { AIMED_NEEDS = 8 };

typedef struct aim {
    uint64_t seed;
    world world;
    rq_rule targets[RQ_FACTS];
    int edges[12]; /* products whose bounds needs are moved to */
    int edge_count;
} aim;

void aim_draw(aim *out, uint64_t seed);
/* Need `number` of the catalogue just drawn; in order. */
rq_need aim_need(const aim *at, int number);

/* ---- what both files of it share ---- */

/* The highest value of a number. */
int64_t aim_most(rq_fact fact);
/* All words of a set's list, and any one of some. */
int64_t aim_words(rq_fact fact);
int64_t aim_any_word(int64_t words);
/* About the day of the needs. */
rq_date aim_any_day(void);

#endif
