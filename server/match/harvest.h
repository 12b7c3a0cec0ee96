/* What the sieve leaves of the catalogue for one need: the products of each block by group, and the search
 * for the best of a group. */
#ifndef RONGQIAO_MATCH_HARVEST_H
#define RONGQIAO_MATCH_HARVEST_H

#include "rank.h"
#include "session.h"

/* Near misses by the number of their fails: one is always better than two. */
typedef enum rq_group {
    RQ_GROUP_ELIGIBLE,
    RQ_GROUP_UNKNOWN,
    RQ_GROUP_NEAR_ONE,
    RQ_GROUP_NEAR_TWO,
    RQ_GROUPS
} rq_group;

/* A block that the need met, and its products by group. */
typedef struct rq_found {
    const rq_block *block;
    rq_relief relief;
    uint64_t sets[RQ_GROUPS][RQ_BLOCK_WORDS];
} rq_found;

typedef struct rq_harvest {
    rq_found *blocks;
    size_t count;
    size_t considered;
    size_t totals[RQ_GROUPS];
} rq_harvest;

/* Sieves every block that the need meets; the harvest is in the session's arena. */
rq_status rq_gather(rq_session *session, rq_harvest *out_all, rq_error *error) RQ_MUST_CHECK;
/* Offers `best` every product of the group, which has so many fails, that could be kept. */
rq_status rq_search(rq_session *session, const rq_harvest *all, rq_group which, size_t fails,
                    rq_ranking *best, rq_error *error) RQ_MUST_CHECK;

#endif
