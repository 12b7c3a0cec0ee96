/* The engine's answer to a need held against the reference's. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_COMPARE_H
#define RONGQIAO_TESTS_UNIT_MATCH_COMPARE_H

#include "match_reference.h"

enum { DIFFERENCE_TEXT = 256 };

/* All that the reference says to a need: the rows of every class in their order. */
typedef struct ref_answer {
    size_t considered, totals[3];
    const row *rows;
    size_t count;
    size_t per_institution; /* as the weights say */
} ref_answer;
/* `rows` has a place for each product of the world. */
ref_answer ref_answer_of(const world *w, const rq_need *need, row *rows);

/* Whether `ours` is what `options` leave of `theirs`, else says where they differ first. Any thread. */
bool is_same_answer(const rq_match_result *ours, const ref_answer *theirs, const rq_match_options *options,
                    char out_difference[DIFFERENCE_TEXT]);

/* Every other `number` asks for everything, the rest for short lists with a cap an institution. */
rq_match_options options_of(int number);

#endif
