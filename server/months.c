/* rongqiao months: the months of what grows without end (migrations/0025_months.sql): lists them, detaches an old one
 * while the server goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "rongqiao/db.h"

enum { STATEMENT_BYTES = 512, NAME_BYTES = 64 };

static const char usage[] = "usage: rongqiao months [detach YYYY-MM]\n";

static PGresult *ask(PGconn *connection, const char *text, int count, const char *const *values, rq_error *error)
{
    PGresult *result = PQexecParams(connection, text, count, NULL, values, NULL, NULL, 0);
    ExecStatusType is = PQresultStatus(result);
    if (is == PGRES_TUPLES_OK || is == PGRES_COMMAND_OK)
        return result;
    (void)rq_fail(error, RQ_IO, "%.300s", PQerrorMessage(connection));
    PQclear(result);
    return NULL;
}

static rq_status run(PGconn *connection, const char *text, rq_error *error)
{
    PGresult *result = ask(connection, text, 0, NULL, error);
    PQclear(result);
    return result ? RQ_OK : RQ_IO;
}

static rq_status list(PGconn *connection, rq_error *error)
{
    PGresult *result = ask(connection,
                           "select month, name, case when is_detached then 'archive' else 'in service' end, "
                           "estimated_rows, pg_size_pretty(bytes) from app.months()",
                           0, NULL, error);
    if (!result)
        return RQ_IO;
    printf("%-8s %-16s %-10s %12s %10s\n", "month", "table", "place", "rows, about", "on disk");
    for (int i = 0; i < PQntuples(result); i++)
        printf("%-8s %-16s %-10s %12s %10s\n", PQgetvalue(result, i, 0), PQgetvalue(result, i, 1),
               PQgetvalue(result, i, 2), PQgetvalue(result, i, 3), PQgetvalue(result, i, 4));
    PQclear(result);
    return RQ_OK;
}

/* Why the month must stay: the words of app.month_is_needed(), or nothing. */
static rq_status refuse_needed(PGconn *connection, const char *month, rq_error *error)
{
    PGresult *result = ask(connection, "select app.month_is_needed(($1 || '-01')::date)", 1, &month, error);
    if (!result)
        return RQ_IO;
    rq_status status = RQ_OK;
    if (!PQgetisnull(result, 0, 0))
        status = rq_fail(error, RQ_INVALID, "%s stays: %s", month, PQgetvalue(result, 0, 0));
    PQclear(result);
    return status;
}

/* The steps of one table, each of which may have been done by a command that was ended: to leave the others while
 * they are in use, to end a leaving that was begun, to become a part of the archive. */
static rq_status detach_table(PGconn *connection, const char *table, const char *month, rq_error *error)
{
    static const char step[] =
        "select app.next_step_out($1, ($2 || '-01')::date)"; /* the statement, or null when it is out */
    const char *values[] = {table, month};
    char last[STATEMENT_BYTES] = "";
    for (;;) {
        PGresult *result = ask(connection, step, 2, values, error);
        if (!result)
            return RQ_IO;
        bool is_out = PQgetisnull(result, 0, 0);
        char next[STATEMENT_BYTES];
        snprintf(next, sizeof(next), "%s", is_out ? "" : PQgetvalue(result, 0, 0));
        PQclear(result);
        if (is_out)
            return RQ_OK;
        if (strcmp(next, last) == 0)
            return rq_fail(error, RQ_IO, "it does not get on with: %s", next);
        memcpy(last, next, sizeof(last));
        rq_status status = run(connection, next, error);
        if (status != RQ_OK)
            return status;
    }
}

static rq_status detach(PGconn *connection, const char *month, rq_error *error)
{
    rq_status status = refuse_needed(connection, month, error);
    PGresult *tables = status == RQ_OK ? ask(connection, "select name from month_table order by name", 0, NULL, error)
                                       : NULL;
    if (!tables)
        return error->status;
    for (int i = 0; i < PQntuples(tables) && status == RQ_OK; i++) {
        status = detach_table(connection, PQgetvalue(tables, i, 0), month, error);
        if (status == RQ_OK)
            printf("archive.%s_%.4s_%s\n", PQgetvalue(tables, i, 0), month, month + 5);
    }
    PQclear(tables);
    return status;
}

static bool is_month(const char *text)
{
    unsigned year, month;
    int end = 0;
    return strlen(text) == 7 && sscanf(text, "%4u-%2u%n", &year, &month, &end) == 2 && end == 7 && month >= 1 &&
           month <= 12;
}

int rq_command_months(const rq_config *config, int argc, char **argv)
{
    rq_error error = {0};
    PGconn *connection = NULL;
    bool detaches = argc == 2 && strcmp(argv[0], "detach") == 0 && is_month(argv[1]);
    if (argc > 0 && !detaches) {
        fputs(usage, stderr);
        return 2;
    }
    const char *conninfo = config->migration_database[0] ? config->migration_database : config->database;
    rq_status status = rq_connect_blocking(conninfo, &connection, &error);
    if (status == RQ_OK && detaches) /* one at a time: a second one would take the first's steps for its own */
        status = run(connection, "select pg_advisory_lock(hashtext('rongqiao_months'))", &error);
    if (status == RQ_OK)
        status = detaches ? detach(connection, argv[1], &error) : list(connection, &error);
    PQfinish(connection);
    if (status != RQ_OK)
        fprintf(stderr, "rongqiao: %s\n", error.message);
    return status == RQ_OK ? 0 : 1;
}
