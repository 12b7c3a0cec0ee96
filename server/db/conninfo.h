/* A conninfo merged with what the server wants of every connection, and small helps around libpq. */
#ifndef RONGQIAO_DB_CONNINFO_H
#define RONGQIAO_DB_CONNINFO_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "rongqiao/status.h"

typedef struct db_conninfo {
    PQconninfoOption *parsed; /* owns the given values */
    const char **keywords;    /* null-ended, for PQconnectStartParams() */
    const char **values;
    char *options;
    int64_t connect_ms; /* longest attempt, over all its hosts */
} db_conninfo;

/* Merges `text` with the settings of a lane; `statement_timeout_ms` 0 sets none, below 0 sets no lock and
 * idle limits either (migrations). With `plans_anew` every execution is planned for its own values: for long
 * statements, whose plans depend on them. RQ_INVALID when `text` is not a conninfo. */
rq_status db_conninfo_init(db_conninfo *conninfo, const char *text, int64_t statement_timeout_ms,
                           bool plans_anew, rq_error *error) RQ_MUST_CHECK;
void db_conninfo_done(db_conninfo *conninfo);

/* Milliseconds until the next attempt after `failures` in a row: full jitter over an exponential bound. */
int64_t db_backoff_ms(unsigned failures);
/* A number in [0, bound). */
int64_t db_jitter_ms(int64_t bound_ms);

enum { DB_REASON_BYTES = 256 };
/* The last error of `pg` on one line. */
void db_reason(const PGconn *pg, char out_reason[DB_REASON_BYTES]);
/* Logs a notice at its own level instead of libpq's line on standard error. */
void db_log_notice(const PGresult *notice);

#endif
