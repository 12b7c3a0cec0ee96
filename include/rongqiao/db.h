/* PostgreSQL: asynchronous, pipelined, prepared connections in lanes. One call is an optional context
 * statement and one statement. A write has a transaction of its own; reads that are sent together share one,
 * each with its own context and its own snapshot. It knows nothing of HTTP.
 *
 * Statements are the files of server/sql, compiled in: sql/needs/get.sql is "needs/get". The header comment
 * of a file names its lane ("-- lane: read"). */
#ifndef RONGQIAO_DB_H
#define RONGQIAO_DB_H

#include <event2/event.h>
#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

typedef enum rq_lane { RQ_LANE_READ, RQ_LANE_WRITE, RQ_LANE_SLOW, RQ_LANES } rq_lane;

/* A statement compiled in; made by the build from server/sql. */
typedef struct rq_statement {
    const char *name; /* "needs/get" */
    const char *text;
    rq_lane lane;
    const char *parameters; /* what $1, $2 ... are, by name, a space between: the file's header says so */
} rq_statement;
extern const rq_statement rq_statements[];
extern const size_t rq_statement_count;
/* The statement called `name`, or null. */
const rq_statement *rq_statement_find(const char *name);

/* Blocking help for the subcommands and the start (never on a worker). -------------------------------- */

/* Applies the migrations of `directory` (NNNN_what.sql in order, each in one transaction, each once; a line
 * `\copy table (columns) from 'data/x.csv'` loads reference data) under an advisory lock. RQ_INVALID when an
 * applied file has changed since. */
rq_status rq_migrate(PGconn *connection, const char *directory, unsigned *out_applied,
                     rq_error *error) RQ_MUST_CHECK;
/* Connects, or says why not. */
rq_status rq_connect_blocking(const char *conninfo, PGconn **out_connection, rq_error *error) RQ_MUST_CHECK;
/* Runs one compiled-in statement as the side "system" in a transaction of its own, on a thread that may wait.
 * Returns the rows, owned by the caller, or null after logging why. Connects `*connection` first when it is
 * null, and drops it when it broke. */
PGresult *rq_run_as_system(PGconn **connection, const char *conninfo, const char *statement,
                           const char *const *parameters, int count);

/* Lanes ----------------------------------------------------------------------------------------------- */

typedef struct rq_db rq_db;

typedef struct rq_db_settings {
    /* libpq resolves names while it connects, which blocks: give numeric addresses, hostaddr or a socket. */
    const char *conninfo;
    unsigned connections[RQ_LANES];
    unsigned depth[RQ_LANES];
    unsigned queue_max;                     /* waiting calls per lane */
    int64_t wait_ms;                        /* longest wait in the queue */
    int64_t statement_timeout_ms[RQ_LANES]; /* 0: none */
    int64_t lifetime_ms; /* a connection is renewed at an age of 1 to 2 times this; 0: the default */
    /* The statements to prepare; null means the compiled-in table. Outlives the rq_db. */
    const rq_statement *statements;
    size_t statement_count;
    /* The one of them that every lane prepares, null means "session/enter" where it exists. */
    const char *context_name;
} rq_db_settings;

/* Why a call gave no rows. */
typedef enum rq_db_outcome {
    RQ_DB_DONE,        /* `result` holds the tuples of the statement */
    RQ_DB_REFUSED,     /* the statement raised an error: sqlstate, message, detail, constraint are set */
    RQ_DB_UNAVAILABLE, /* no connection, queue full or waited too long: nothing was sent */
    RQ_DB_UNKNOWN,     /* the connection broke after sending: a write may or may not have happened */
} rq_db_outcome;

typedef struct rq_db_reply {
    rq_db_outcome outcome;
    const PGresult *result; /* borrowed until the callback returns */
    char sqlstate[6];
    const char *message; /* PostgreSQL's primary message or ours; borrowed likewise */
    const char *detail;
    const char *constraint;
} rq_db_reply;

/* Called exactly once a call, on the worker's thread, never from inside rq_db_call(). */
typedef void (*rq_db_callback)(void *argument, const rq_db_reply *reply);

enum { RQ_DB_PARAMETERS_MAX = 10 };
/* One statement with its parameters, all as text; a null value is SQL null. */
typedef struct rq_db_step {
    const rq_statement *statement;
    const char *values[RQ_DB_PARAMETERS_MAX];
    unsigned count;
} rq_db_step;

/* The connections of one worker on its event base. They connect by themselves, prepare all statements of
 * their lane (and of "session/enter", which every lane needs), and heal by jittered back-off. */
rq_status rq_db_new(struct event_base *base, const rq_db_settings *settings, rq_db **out_db,
                    rq_error *error) RQ_MUST_CHECK;
/* Calls still open end as RQ_DB_UNKNOWN or RQ_DB_UNAVAILABLE before it returns. Not from a callback. */
void rq_db_free(rq_db *db);

/* Queues `context` (may be null) and then `step`, in one transaction, on the lane of step->statement.
 * Parameter values are copied. `callback` gets the rows of `step`, or the error of whichever statement failed
 * first. Returns a ticket for rq_db_forget(). It returns 0, and then never calls back, only while
 * rq_db_free() runs or with more calls open than a worker can have connections. */
uint64_t rq_db_call(rq_db *db, const rq_db_step *context, const rq_db_step *step, rq_db_callback callback,
                    void *argument);
/* The caller is no longer interested: a call that was not sent is dropped, one that was sent runs to its
 * end; either way `callback` is never called. */
void rq_db_forget(rq_db *db, uint64_t ticket);

/* Whether the lane has a ready connection and PostgreSQL did not lack disk or memory for it just now; for
 * /readyz. `out_reason` (may be null) gets the last connection
 * error, valid until the next call. */
bool rq_db_is_ready(const rq_db *db, rq_lane lane, const char **out_reason);

typedef struct rq_db_counters {
    atomic_uint_fast64_t calls, refused, unavailable, unknown, connects, connect_failures, queued_now,
        in_flight_now;
} rq_db_counters;
const rq_db_counters *rq_db_counters_of(const rq_db *db, rq_lane lane);

/* Notifications --------------------------------------------------------------------------------------- */

/* One connection that LISTENs on one channel and heals by itself. For rare administrative changes only. */
typedef struct rq_listener rq_listener;
/* `payload` is the text of a notification, borrowed; null each time LISTEN has come into force, at first
 * and after every loss: whatever was sent before may have been missed, so load everything again. */
typedef void (*rq_listener_callback)(void *argument, const char *payload);
rq_status rq_listener_new(struct event_base *base, const char *conninfo, const char *channel,
                          rq_listener_callback callback, void *argument, rq_listener **out_listener,
                          rq_error *error) RQ_MUST_CHECK;
/* Not from its callback. */
void rq_listener_free(rq_listener *listener);

#endif
