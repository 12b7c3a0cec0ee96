#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/jobs.h"
#include "rongqiao/log.h"

struct rq_clocks {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop_wanted;
    bool stopping;
    const char *conninfo;
    int64_t interval_ms;
    char idempotency_hours[16];
    int64_t learn_interval_ms;
    int64_t learned_ms; /* of the monotonic clock; the first round learns */
};

/* One round of the clocks; says so when anything moved. */
static void tick(rq_clocks *clocks, PGconn **connection)
{
    int64_t now_ms = rq_monotonic_ms();
    bool learn = now_ms - clocks->learned_ms >= clocks->learn_interval_ms;
    char interval[24], learn_interval[24];
    snprintf(interval, sizeof(interval), "%lld", (long long)clocks->interval_ms);
    snprintf(learn_interval, sizeof(learn_interval), "%lld", (long long)clocks->learn_interval_ms);
    const char *const parameters[] = {clocks->idempotency_hours, learn ? "true" : "false", interval,
                                      learn_interval};
    PGresult *result = rq_run_as_system(connection, clocks->conninfo, "jobs/tick", parameters, 4);
    if (result && learn)
        clocks->learned_ms = now_ms;
    /* No row: another instance is at it. All zeros: nothing was due. */
    if (result && PQntuples(result) == 1 && strpbrk(PQgetvalue(result, 0, 0), "123456789"))
        RQ_LOG(RQ_LOG_INFO, "clocks", RQ_LOG_TEXT("moved", PQgetvalue(result, 0, 0)));
    PQclear(result);
}

static void *run(void *argument)
{
    rq_clocks *clocks = argument;
    PGconn *connection = NULL;
    pthread_mutex_lock(&clocks->lock);
    while (!clocks->stopping) {
        struct timespec until;
        pthread_mutex_unlock(&clocks->lock);
        tick(clocks, &connection);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += clocks->interval_ms / 1000;
        until.tv_nsec += clocks->interval_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_mutex_lock(&clocks->lock);
        while (!clocks->stopping &&
               pthread_cond_timedwait(&clocks->stop_wanted, &clocks->lock, &until) != ETIMEDOUT)
            continue;
    }
    pthread_mutex_unlock(&clocks->lock);
    if (connection)
        PQfinish(connection);
    return NULL;
}

rq_status rq_clocks_start(const char *conninfo, int64_t interval_ms, int idempotency_hours,
                          int64_t learn_interval_ms, rq_clocks **out_clocks, rq_error *error)
{
    rq_clocks *clocks = calloc(1, sizeof(*clocks));
    if (!clocks)
        return rq_fail(error, RQ_NOMEM, "no memory for the clocks");
    clocks->conninfo = conninfo;
    clocks->interval_ms = interval_ms;
    clocks->learn_interval_ms = learn_interval_ms;
    clocks->learned_ms = -learn_interval_ms;
    snprintf(clocks->idempotency_hours, sizeof(clocks->idempotency_hours), "%d", idempotency_hours);
    pthread_mutex_init(&clocks->lock, NULL);
    pthread_cond_init(&clocks->stop_wanted, NULL);
    if (pthread_create(&clocks->thread, NULL, run, clocks) != 0) {
        free(clocks);
        return rq_fail(error, RQ_IO, "cannot start the clocks' thread");
    }
    *out_clocks = clocks;
    return RQ_OK;
}

void rq_clocks_stop(rq_clocks *clocks)
{
    if (!clocks)
        return;
    pthread_mutex_lock(&clocks->lock);
    clocks->stopping = true;
    pthread_cond_signal(&clocks->stop_wanted);
    pthread_mutex_unlock(&clocks->lock);
    pthread_join(clocks->thread, NULL);
    pthread_cond_destroy(&clocks->stop_wanted);
    pthread_mutex_destroy(&clocks->lock);
    free(clocks);
}
