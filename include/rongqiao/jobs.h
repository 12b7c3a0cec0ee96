/* Work beside the requests: the follower that keeps every worker's catalogue new, the clocks that move what
 * is past its time, and the sealer of the trail. Each is one thread with connections of its own. */
#ifndef RONGQIAO_JOBS_H
#define RONGQIAO_JOBS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "rongqiao/buffer.h"
#include "rongqiao/digest.h"
#include "rongqiao/match.h"
#include "rongqiao/status.h"

/* Loads the catalogue of one version (null: now) from PostgreSQL, in pages; `*connection` as in
 * rq_run_as_system. What does not decode is left out and logged. RQ_IO when it cannot be read (the log says
 * why), RQ_INVALID when the whole cannot be built. The caller owns the reference. */
rq_status rq_catalogue_load(PGconn **connection, const char *conninfo, const char *version,
                            rq_catalogue **out_catalogue, rq_error *error) RQ_MUST_CHECK;

/* The snapshot after the changes that catalogue/changes.sql tells of. */
rq_status rq_catalogue_changed_by_json(const rq_catalogue *old, const json_t *document,
                                       rq_catalogue **out_catalogue, rq_error *error) RQ_MUST_CHECK;

/* LISTENs for changes of the catalogue, builds the next snapshot beside the old one, and hands it out:
 * `publish` is called on the follower's thread and takes over one reference. After every (re)connect it loads
 * anew; every 30 s it compares versions, in case a notification was lost. */
typedef struct rq_follower rq_follower;
typedef void (*rq_follower_publish)(void *argument, rq_catalogue *catalogue);
rq_status rq_follower_start(const char *conninfo, rq_follower_publish publish, void *argument,
                            rq_follower **out_follower, rq_error *error) RQ_MUST_CHECK;
void rq_follower_stop(rq_follower *follower);

/* Makes the clocks' moves every `interval_ms`, on one instance at a time (an advisory lock of the
 * transaction), and publishes the institutions' records anew every `learn_interval_ms`. */
typedef struct rq_clocks rq_clocks;
rq_status rq_clocks_start(const char *conninfo, int64_t interval_ms, int idempotency_hours,
                          int64_t learn_interval_ms, rq_clocks **out_clocks, rq_error *error) RQ_MUST_CHECK;
void rq_clocks_stop(rq_clocks *clocks);

/* Seals the rows of the trail after they were committed, on one instance at a time, every `interval_ms`;
 * where there is a key, signs a checkpoint of the chain (rongqiao/audit.h) into the folder outside the
 * database when rows are new and `checkpoint_ms` have passed, and at the stop. */
typedef struct rq_sealer rq_sealer;
typedef struct rq_sealer_settings { /* the texts outlive the sealer */
    const char *conninfo;
    int64_t interval_ms, checkpoint_ms;
    rq_digest digest;
    const char *origin, *key_file, *checkpoint_directory; /* the last two: both or neither, else "" */
} rq_sealer_settings;
/* Whether key and folder can be used; RQ_INVALID or RQ_IO says what cannot. */
rq_status rq_sealer_check(const rq_sealer_settings *settings, rq_error *error) RQ_MUST_CHECK;
rq_status rq_sealer_start(const rq_sealer_settings *settings, rq_sealer **out_sealer,
                          rq_error *error) RQ_MUST_CHECK;
void rq_sealer_stop(rq_sealer *sealer);
/* Its metrics in Prometheus' text format. Thread safe. */
void rq_sealer_metrics_write(const rq_sealer *sealer, rq_buffer *out);

#endif
