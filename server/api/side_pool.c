#include "side_pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 8 };

struct rq_side_pool {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    rq_side_job *first, **last;
    unsigned queued, queue_max;
    bool stopping;
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
};

static void deliver(rq_worker *worker, void *argument)
{
    rq_side_job *job = argument;
    job->done(worker, job);
}

static void hand_back(rq_side_job *job)
{
    if (!job->worker || !rq_worker_post(job->worker, deliver, job))
        job->drop(job);
}

/* The next job, under the lock; null when there is none. */
static rq_side_job *take(rq_side_pool *pool)
{
    rq_side_job *job = pool->first;
    if (!job)
        return NULL;
    pool->first = job->next;
    if (!pool->first)
        pool->last = &pool->first;
    pool->queued--;
    return job;
}

static void *run(void *argument)
{
    rq_side_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        rq_side_job *job = take(pool);
        if (!job) {
            pthread_cond_wait(&pool->ready, &pool->lock);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        job->work(job);
        hand_back(job);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

rq_status rq_side_pool_new(unsigned threads, unsigned queue_max, rq_side_pool **out_pool, rq_error *error)
{
    rq_side_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return rq_fail(error, RQ_NOMEM, "no memory for a pool of threads");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->ready, NULL);
    pool->last = &pool->first;
    pool->queue_max = queue_max;
    for (unsigned i = 0; i < threads && i < THREADS_MAX; i++) {
        if (pthread_create(&pool->threads[i], NULL, run, pool) != 0) {
            rq_side_pool_free(pool);
            return rq_fail(error, RQ_IO, "cannot start a thread beside the workers");
        }
        pool->thread_count++;
    }
    *out_pool = pool;
    return RQ_OK;
}

bool rq_side_pool_submit(rq_side_pool *pool, rq_side_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    bool is_taken = !pool->stopping && pool->queued < pool->queue_max;
    if (is_taken) {
        *pool->last = job;
        pool->last = &job->next;
        pool->queued++;
        pthread_cond_signal(&pool->ready);
    }
    pthread_mutex_unlock(&pool->lock);
    return is_taken;
}

void rq_side_pool_free(rq_side_pool *pool)
{
    rq_side_job *job;
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->ready);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    while ((job = take(pool)))
        hand_back(job);
    pthread_cond_destroy(&pool->ready);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
