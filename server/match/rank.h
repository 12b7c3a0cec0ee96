/* The best packages of a class while the products go by. */
#ifndef RONGQIAO_MATCH_RANK_H
#define RONGQIAO_MATCH_RANK_H

#include "block.h"

/* All that the order needs. */
typedef struct rq_place {
    size_t fails; /* compared for near misses alone; 0 elsewhere */
    int64_t score_ppm;
    int64_t cost_ppm;
    const rq_row *row;
} rq_place;

/* The best `limit` places seen so far as a heap with the worst on top. */
typedef struct rq_ranking {
    rq_place *places;
    size_t count;
    size_t limit;
    size_t per_institution; /* 0: no cap */
    const rq_pool *pool;
} rq_ranking;

/* At most `most` places are ever needed. */
rq_status rq_rank_init(rq_ranking *best, size_t limit, size_t per_institution, size_t most,
                       const rq_pool *pool, rq_arena *arena, rq_error *error) RQ_MUST_CHECK;
void rq_rank_offer(rq_ranking *best, rq_place newcomer);
/* The score below which a place with so many fails comes too late; INT64_MIN while there is room. */
static inline int64_t rq_rank_least(const rq_ranking *best, size_t fails)
{
    if (best->count < best->limit || best->places[0].fails > fails) {
        return INT64_MIN;
    }
    return best->places[0].fails < fails ? INT64_MAX : best->places[0].score_ppm;
}
/* Best first; no offer after it. */
void rq_rank_sort(rq_ranking *best);

#endif
