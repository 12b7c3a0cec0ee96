/* What a comparison with the reference has met. A cell is a condition with a side of its bound: which rule,
 * with which operator and fact, with the need's value just below what is asked for, at it, just above, ... It
 * counts as met only where another verdict there would have changed the reference's answer: so an engine that
 * judged it wrongly would have been caught. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_CELLS_H
#define RONGQIAO_TESTS_UNIT_MATCH_CELLS_H

#include "match_reference.h"

/* How the need's value lies to what is asked for. Sets lie differently than numbers. */
#define SIDES(SIDE)                                                                                          \
    SIDE(missing)                                                                                            \
    SIDE(far_below)                                                                                          \
    SIDE(just_below)                                                                                         \
    SIDE(at)                                                                                                 \
    SIDE(just_above)                                                                                         \
    SIDE(far_above)                                                                                          \
    SIDE(empty)                                                                                              \
    SIDE(apart)                                                                                              \
    SIDE(same)                                                                                               \
    SIDE(part)                                                                                               \
    SIDE(more)                                                                                               \
    SIDE(crossed)
#define NAME(name) SIDE_##name,
typedef enum side { SIDES(NAME) SIDE_COUNT } side;
#undef NAME

/* The least value of a money fact that a share of has to cover the amount. */
int64_t least_covering(const rq_rule *rule, int64_t amount_fen);
/* The side of a rule's value (RQ_UNSET: missing) when so much is wished for. */
side side_of(const rq_rule *rule, int64_t have, int64_t amount_fen);
/* Which sides the rules of a fact with an operator can have at all: bits; 0 where the operator does not suit.
 */
unsigned sides_of(rq_fact fact, rq_op op);

enum { RULE_PLACES = REF_programme + 1, BOUNDS = REF_region - REF_amount_min, LIST_WAYS = 9 };
typedef struct cells {
    uint32_t rules[RULE_PLACES][RQ_FACTS][RQ_OPS][SIDE_COUNT];
    uint32_t bounds[BOUNDS][SIDE_COUNT];
    uint32_t lists[REF_CONDITIONS - REF_region][LIST_WAYS];
    uint32_t fails[4][2]; /* open pairs by hard fails (3: more than two) and whether facts are lacking */
    uint32_t ties[2];     /* neighbours in order with the same score: told apart by cost, by id */
} cells;

/* Counts what judging this pair met. */
void cells_add(cells *met, const world *w, const rq_product *product, const rq_need *need);
/* Counts the ties of sorted rows. */
void cells_add_order(cells *met, const row *rows, size_t count);
/* How many cells there are that can be met, and how many were; says which were not. With `in_every_place`
 * rules count apart for each place they may stand in, else for all together. */
size_t cells_count(const cells *met, bool in_every_place, size_t *out_reachable);

#endif
