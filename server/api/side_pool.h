/* Threads for work that no worker may wait for. Bounded: what does not fit in the queue is refused at once. A
 * job is worked on a thread of the pool, then done on the thread of the worker that it came from; one that
 * came from none is dropped there and then. */
#ifndef RONGQIAO_API_SIDE_POOL_H
#define RONGQIAO_API_SIDE_POOL_H

#include "rongqiao/api.h"

/* The first member of a job. */
typedef struct rq_side_job {
    struct rq_side_job *next;
    rq_worker *worker;                     /* null: it came from none */
    void (*work)(struct rq_side_job *job); /* on the pool's thread */
    void (*done)(rq_worker *worker,
                 struct rq_side_job *job); /* on the worker's; also for a job that was never begun */
    void (*drop)(struct rq_side_job *job); /* frees it, where no worker takes it */
} rq_side_job;

typedef struct rq_side_pool rq_side_pool;
rq_status rq_side_pool_new(unsigned threads, unsigned queue_max, rq_side_pool **out_pool,
                           rq_error *error) RQ_MUST_CHECK;
/* Takes the job over; false when the queue is full, and then it stays the caller's. */
bool rq_side_pool_submit(rq_side_pool *pool, rq_side_job *job) RQ_MUST_CHECK;
/* Waits for what is in work; what was not begun is done as it is. Before the workers stop. */
void rq_side_pool_free(rq_side_pool *pool);

#endif
