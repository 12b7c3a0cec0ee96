/* What the tests of rounds build on: small rounds written by hand or drawn, and the definition of stability,
 * spelled out by brute force. */
#ifndef RONGQIAO_TESTS_UNIT_ROUND_SUPPORT_H
#define RONGQIAO_TESTS_UNIT_ROUND_SUPPORT_H

#include "rongqiao/round.h"
#include "test.h"

enum { NEEDS_MAX = 64, INSTITUTIONS_MAX = 16, WISHES_MAX = 8 };

/* A round that owns its lists; `input` points into them. */
typedef struct round_world {
    rq_round_input input;
    rq_round_institution institutions[INSTITUTIONS_MAX];
    rq_round_need needs[NEEDS_MAX];
    rq_round_wish wishes[NEEDS_MAX * WISHES_MAX];
} round_world;

/* An empty round with bands of one point in a hundred and the seed "seed". */
void round_init(round_world *world);
/* Adds an institution without a limit of money, and gives its index. */
uint32_t add_institution(round_world *world, const char *id, uint32_t slots);
/* Adds a need of one yuan that waited no day and wishes for nothing, and gives its index. */
uint32_t add_need(round_world *world, const char *id);
/* Adds a wish of the need added last. */
void add_wish(round_world *world, uint32_t institution, int32_t score_ppm);

/* Runs a round, fails the test when it is refused or the independent pass finds anything. Free the result. */
rq_round_result *run_round(const round_world *world);
/* The institution granted to a need, or RQ_ROUND_NONE. */
uint32_t institution_of(const round_world *world, const rq_round_result *result, uint32_t need);

/* A generator with a state of its own. */
uint64_t draw_below(uint64_t *state, uint64_t below);
/* A round of at most `needs` needs, with few scores, waits and amounts, so that ties and full gates occur. */
void draw_round(round_world *world, uint64_t *state, uint32_t needs, uint32_t institutions);

/* Whether need `left` goes before `right` at an institution, by the words of rongqiao/round.h. */
bool goes_first(const round_world *world, uint32_t institution, uint32_t left, uint32_t right);
/* Whether the institution chooses `need` among the needs of `asking` (a flag by need) by step 3. */
bool chooses(const round_world *world, uint32_t institution, uint32_t slots, const bool *asking,
             uint32_t need);
/* Blocking pairs of grants (a wish by need, or RQ_ROUND_NONE) under these slots; UINT32_MAX when an
 * institution does not choose all that it has. */
uint32_t blocking_pairs(const round_world *world, const uint32_t *slots, const uint32_t *granted);

#endif
