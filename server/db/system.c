#include "rongqiao/db.h"
#include "rongqiao/log.h"

static bool command(PGconn *connection, const char *text)
{
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

PGresult *rq_run_as_system(PGconn **connection, const char *conninfo, const char *statement,
                           const char *const *parameters, int count)
{
    static const char enter[] = "select app.enter(null, 'system', null, null, null, null, null, null, null)";
    rq_error error = {0};
    if (!*connection && rq_connect_blocking(conninfo, connection, &error) != RQ_OK) {
        RQ_LOG(RQ_LOG_WARNING, "job_not_connected", RQ_LOG_TEXT("statement", statement),
               RQ_LOG_TEXT("reason", error.message));
        *connection = NULL;
        return NULL;
    }
    PGresult *result = NULL;
    if (command(*connection, "begin") && command(*connection, enter))
        result = PQexecParams(*connection, rq_statement_find(statement)->text, count, NULL, parameters, NULL,
                              NULL, 0);
    bool done = PQresultStatus(result) == PGRES_TUPLES_OK && command(*connection, "commit");
    if (done)
        return result;
    RQ_LOG(RQ_LOG_WARNING, "job_failed", RQ_LOG_TEXT("statement", statement),
           RQ_LOG_TEXT("reason", PQerrorMessage(*connection)));
    PQclear(result);
    PQfinish(*connection); /* rolls back */
    *connection = NULL;
    return NULL;
}
