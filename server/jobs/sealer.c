#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkpoints.h"
#include "rongqiao/audit.h"
#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/jobs.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

/* Where the chain stands. */
typedef struct chain {
    int64_t size;
    uint8_t head[RQ_DIGEST_BYTES];
} chain;

struct rq_sealer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop_wanted;
    bool stopping;
    rq_sealer_settings settings;
    rq_signing_key *key; /* null: no checkpoints */
    PGconn *connection;
    bool is_ours;   /* this connection is the one that seals */
    chain now;      /* as of the last statement */
    chain expected; /* what we left; size -1 when another may have sealed since */
    rq_checkpoint last;
    int64_t checkpoint_ms; /* of the monotonic clock */
    rq_buffer scratch, rows;
    atomic_int_fast64_t size, lag_seconds;
    atomic_uint_fast64_t sealed, checkpoints, failures, alarms;
};

/* The rows of a statement, or null after the log was told. */
static PGresult *ask(rq_sealer *self, const char *statement, const char *const *parameters, int count)
{
    PGresult *result =
        rq_run_as_system(&self->connection, self->settings.conninfo, statement, parameters, count);
    if (!self->connection) {
        self->is_ours = false;
        self->expected.size = -1;
    }
    return result;
}

/* One instance at a time seals; the others try again each round. The lock ends with the connection. */
static bool claim(rq_sealer *self)
{
    if (self->connection && self->is_ours)
        return true;
    PGresult *result = ask(self, "audit/claim", NULL, 0);
    self->is_ours = result && PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    return self->is_ours;
}

/* Nobody else seals while we hold the lock, so a chain that is not as we left it was touched by hand. */
static void compare_with_ours(rq_sealer *self)
{
    if (self->expected.size < 0 || (self->expected.size == self->now.size &&
                                    memcmp(self->expected.head, self->now.head, RQ_DIGEST_BYTES) == 0))
        return;
    atomic_fetch_add(&self->alarms, 1);
    RQ_LOG(RQ_LOG_ERROR, "audit_chain_touched", RQ_LOG_NUMBER("sealed", self->expected.size),
           RQ_LOG_NUMBER("found", self->now.size));
}

static bool read_state(rq_sealer *self)
{
    rq_error error = {0};
    PGresult *result = ask(self, "audit/state", NULL, 0);
    if (!result)
        return false;
    self->now.size = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    bool fine = self->now.size > 0 ? rq_unhex(PQgetvalue(result, 0, 1), RQ_DIGEST_BYTES, self->now.head)
                                   : rq_audit_begin(self->settings.digest, self->now.head, &error) == RQ_OK;
    atomic_store(&self->lag_seconds, strtoll(PQgetvalue(result, 0, 2), NULL, 10));
    memset(&self->last, 0, sizeof(self->last));
    if (strtoll(PQgetvalue(result, 0, 3), NULL, 10) > 0)
        fine = fine && rq_checkpoint_read(PQgetvalue(result, 0, 5), &self->last, &error) == RQ_OK;
    PQclear(result);
    if (!fine)
        RQ_LOG(RQ_LOG_ERROR, "audit_chain_unreadable", RQ_LOG_TEXT("reason", error.message));
    else
        compare_with_ours(self);
    return fine;
}

/* Chains the rows of `result` onto `end` and writes their seals as JSON into self->rows. */
static rq_status chain_rows(rq_sealer *self, const PGresult *result, chain *end, rq_error *error)
{
    char hex[RQ_DIGEST_HEX + 1];
    rq_status status = RQ_OK;
    rq_buffer_clear(&self->rows);
    rq_json json = rq_json_on(&self->rows);
    rq_json_array(&json, NULL);
    for (int row = 0; row < PQntuples(result) && status == RQ_OK; row++) {
        const char *values[RQ_AUDIT_FIELDS];
        for (int i = 0; i < RQ_AUDIT_FIELDS; i++)
            values[i] = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        status = rq_audit_seal(self->settings.digest, end->head, ++end->size, values, &self->scratch,
                               end->head, error);
        rq_hex(end->head, RQ_DIGEST_BYTES, hex);
        rq_json_object(&json, NULL);
        rq_json_string(&json, "id", values[0]);
        rq_json_string(&json, "province", values[1]);
        rq_json_string(&json, "hash", hex);
        rq_json_object_end(&json);
    }
    rq_json_array_end(&json);
    if (status == RQ_OK && !rq_buffer_cstring(&self->rows))
        status = rq_fail(error, RQ_NOMEM, "the batch is too large");
    return status;
}

/* Seals one batch; false when it could not. `out_more`: it was a full one. */
static bool seal_batch(rq_sealer *self, bool *out_more)
{
    char limit[16], after[24], interval[24];
    rq_error error = {0};
    chain end = self->now;
    *out_more = false;
    snprintf(limit, sizeof(limit), "%d", RQ_LIMIT_AUDIT_BATCH);
    PGresult *waiting = ask(self, "audit/waiting", (const char *const[]){limit}, 1);
    if (!waiting)
        return false;
    int count = PQntuples(waiting);
    rq_status status = chain_rows(self, waiting, &end, &error);
    PQclear(waiting);
    if (status != RQ_OK) {
        atomic_fetch_add(&self->failures, 1);
        RQ_LOG(RQ_LOG_ERROR, "audit_not_sealed", RQ_LOG_TEXT("reason", error.message));
        return false;
    }
    snprintf(after, sizeof(after), "%" PRId64, self->now.size);
    snprintf(interval, sizeof(interval), "%" PRId64, self->settings.interval_ms);
    PGresult *sealed = ask(
        self, "audit/seal",
        (const char *const[]){after, rq_digest_names[self->settings.digest], self->rows.data, interval}, 4);
    if (!sealed)
        return false;
    PQclear(sealed);
    self->now = self->expected = end;
    atomic_fetch_add(&self->sealed, (uint_fast64_t)count);
    atomic_store(&self->size, end.size);
    *out_more = count == RQ_LIMIT_AUDIT_BATCH;
    return true;
}

/* Outside first, then beside the chain: after a crash in between there is a line too many, never one too few.
 */
static rq_status write_checkpoint(rq_sealer *self, rq_error *error)
{
    char line[RQ_CHECKPOINT_LINE], time[RQ_RFC3339_TEXT + 1], number[24], size[24];
    int64_t now_ms = rq_wall_ms();
    rq_checkpoint next = {.number = self->last.number + 1, .size = self->now.size};
    memcpy(next.head, self->now.head, sizeof(next.head));
    memcpy(next.previous, self->last.digest, sizeof(next.previous));
    snprintf(next.origin, sizeof(next.origin), "%s", self->settings.origin);
    rq_rfc3339(now_ms, time);
    rq_status status = rq_checkpoint_write(&next, time, self->key, line, error);
    if (status == RQ_OK)
        status = checkpoints_append(self->settings.checkpoint_directory, now_ms, line, error);
    if (status != RQ_OK)
        return status;
    snprintf(number, sizeof(number), "%" PRId64, next.number);
    snprintf(size, sizeof(size), "%" PRId64, next.size);
    PGresult *kept = ask(self, "audit/checkpoint", (const char *const[]){number, size, line}, 3);
    if (!kept)
        return rq_fail(error, RQ_IO, "the database did not take checkpoint %s", number);
    PQclear(kept);
    self->last = next;
    return RQ_OK;
}

static void checkpoint_if_due(rq_sealer *self, bool at_end)
{
    rq_error error = {0};
    int64_t new_rows = self->now.size - self->last.size;
    if (!self->key || new_rows == 0)
        return;
    if (new_rows < 0) { /* a checkpoint of less than what one has already vouched for would hide the loss */
        atomic_fetch_add(&self->alarms, 1);
        RQ_LOG(RQ_LOG_ERROR, "audit_chain_cut", RQ_LOG_NUMBER("vouched_for", self->last.size),
               RQ_LOG_NUMBER("found", self->now.size));
        return;
    }
    if (!at_end && new_rows < RQ_LIMIT_AUDIT_BATCH &&
        rq_monotonic_ms() - self->checkpoint_ms < self->settings.checkpoint_ms)
        return;
    if (write_checkpoint(self, &error) == RQ_OK) {
        self->checkpoint_ms = rq_monotonic_ms();
        atomic_fetch_add(&self->checkpoints, 1);
    } else {
        atomic_fetch_add(&self->failures, 1);
        RQ_LOG(RQ_LOG_ERROR, "audit_checkpoint_not_written", RQ_LOG_TEXT("reason", error.message));
    }
}

static bool is_stopping(rq_sealer *self)
{
    pthread_mutex_lock(&self->lock);
    bool stopping = self->stopping;
    pthread_mutex_unlock(&self->lock);
    return stopping;
}

/* All that waits, batch by batch; at the end too, so that a clean stop leaves nothing unsealed. */
static void work(rq_sealer *self, bool at_end)
{
    bool more = claim(self) && read_state(self);
    while (more && seal_batch(self, &more) && (at_end || !is_stopping(self)))
        checkpoint_if_due(self, false);
    if (self->is_ours && self->connection)
        checkpoint_if_due(self, at_end);
}

static void *run(void *argument)
{
    rq_sealer *self = argument;
    bool stopping = false;
    while (!stopping) {
        struct timespec until;
        work(self, false);
        clock_gettime(CLOCK_REALTIME, &until);
        int64_t nanoseconds = until.tv_nsec + self->settings.interval_ms % 1000 * 1000000;
        until.tv_sec += self->settings.interval_ms / 1000 + nanoseconds / 1000000000;
        until.tv_nsec = nanoseconds % 1000000000;
        pthread_mutex_lock(&self->lock);
        while (!self->stopping &&
               pthread_cond_timedwait(&self->stop_wanted, &self->lock, &until) != ETIMEDOUT)
            continue;
        stopping = self->stopping;
        pthread_mutex_unlock(&self->lock);
    }
    if (self->is_ours)
        work(self, true);
    if (self->connection)
        PQfinish(self->connection);
    return NULL;
}

rq_status rq_sealer_check(const rq_sealer_settings *settings, rq_error *error)
{
    rq_signing_key *key = NULL;
    bool has_key = settings->key_file[0], has_place = settings->checkpoint_directory[0];
    if (has_key != has_place)
        return rq_fail(error, RQ_INVALID, "audit_key_file and audit_checkpoint_directory go together");
    rq_status status = has_key ? rq_signing_key_load(settings->key_file, &key, error) : RQ_OK;
    if (status == RQ_OK && has_place)
        status = checkpoints_check(settings->checkpoint_directory, error);
    rq_signing_key_free(key);
    return status;
}

rq_status rq_sealer_start(const rq_sealer_settings *settings, rq_sealer **out_sealer, rq_error *error)
{
    rq_status status = rq_sealer_check(settings, error);
    rq_sealer *self = status == RQ_OK ? calloc(1, sizeof(*self)) : NULL;
    if (!self)
        return status == RQ_OK ? rq_fail(error, RQ_NOMEM, "no memory for the sealer") : status;
    self->settings = *settings;
    self->expected.size = -1;
    self->checkpoint_ms = rq_monotonic_ms() - settings->checkpoint_ms; /* the first is due at once */
    rq_buffer_init(&self->scratch, RQ_LIMIT_AUDIT_ROW_BYTES);
    rq_buffer_init(&self->rows, RQ_LIMIT_AUDIT_BATCH_BYTES);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->stop_wanted, NULL);
    if (settings->key_file[0])
        status = rq_signing_key_load(settings->key_file, &self->key, error);
    if (status == RQ_OK && pthread_create(&self->thread, NULL, run, self) != 0)
        status = rq_fail(error, RQ_IO, "cannot start the sealer's thread");
    if (status != RQ_OK) {
        rq_signing_key_free(self->key);
        free(self);
        return status;
    }
    *out_sealer = self;
    return RQ_OK;
}

void rq_sealer_stop(rq_sealer *self)
{
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_signal(&self->stop_wanted);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->stop_wanted);
    pthread_mutex_destroy(&self->lock);
    rq_buffer_done(&self->scratch);
    rq_buffer_done(&self->rows);
    rq_signing_key_free(self->key);
    free(self);
}

void rq_sealer_metrics_write(const rq_sealer *self, rq_buffer *out)
{
    const struct {
        const char *name, *type, *help;
        int64_t value;
    } rows[] = {
        {"audit_rows_sealed_total", "counter", "Rows of the trail that this process sealed.",
         (int64_t)atomic_load(&self->sealed)},
        {"audit_chain_size", "gauge", "Rows of the trail that are sealed, as this process last saw.",
         atomic_load(&self->size)},
        {"audit_lag_seconds", "gauge", "How long the oldest row has waited for its seal.",
         atomic_load(&self->lag_seconds)},
        {"audit_checkpoints_total", "counter", "Signed checkpoints written.",
         (int64_t)atomic_load(&self->checkpoints)},
        {"audit_failures_total", "counter", "Batches and checkpoints that could not be made.",
         (int64_t)atomic_load(&self->failures)},
        {"audit_alarms_total", "counter", "Times that the chain was not as it was left.",
         (int64_t)atomic_load(&self->alarms)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        rq_buffer_printf(out, "# HELP rongqiao_%s %s\n# TYPE rongqiao_%s %s\nrongqiao_%s %" PRId64 "\n",
                         rows[i].name, rows[i].help, rows[i].name, rows[i].type, rows[i].name, rows[i].value);
}
