/* A blocking connection that acts as the system. */
#ifndef RONGQIAO_JOBS_SESSION_H
#define RONGQIAO_JOBS_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Runs one compiled-in statement as the side "system" in a transaction of its own. Returns the rows, owned by
 * the caller, or null after logging why. Connects `*connection` first when it is null, and drops it when it
 * broke. */
PGresult *rq_run_as_system(PGconn **connection, const char *conninfo, const char *statement,
                           const char *const *parameters, int count);

#endif
