/* The engine's answer to a need held against the reference's. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_COMPARE_H
#define RONGQIAO_TESTS_UNIT_MATCH_COMPARE_H

#include "match_reference.h"

/* Fails the test where they differ. Every other `number` asks for everything, the rest for short lists with a
 * cap an institution. Adds the totals of each class to `shown`. */
void compare_need(const world *w, const rq_catalogue *catalogue, const rq_need *need, int number,
                  rq_arena *arena, size_t shown[3], rq_match_result *out_result);

#endif
