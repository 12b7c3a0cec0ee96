/* Forward-only migrations, each file one transaction. What a file holds is split in migration.c. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "migration.h"
#include "rongqiao/db.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

/* Any instance that migrates holds this advisory lock: "rongqiao" in ASCII. */
#define MIGRATION_LOCK "8245930833302085999"

static const char create_table[] = "create table if not exists schema_migration (\n"
                                   "    version int primary key,\n"
                                   "    name text not null,\n"
                                   "    sha256 text not null,\n"
                                   "    applied_at timestamptz not null default now()\n"
                                   ")";

/* Runs SQL that gives no rows we need. */
static rq_status run(PGconn *connection, const char *sql, rq_error *error)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType got = PQresultStatus(result);
    rq_status status = RQ_OK;
    if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK) {
        status = rq_fail(error, RQ_IO, "%s: %s", sql, PQresultErrorMessage(result));
    }
    PQclear(result);
    return status;
}

static rq_status list_files(const char *directory, struct dirent ***out_files, int *out_count,
                            rq_error *error)
{
    *out_count = scandir(directory, out_files, db_migration_is_file, alphasort);
    if (*out_count < 0) {
        return rq_fail(error, RQ_IO, "cannot list migrations in %s", directory);
    }
    for (int i = 0; i < *out_count; i++) {
        const char *name = (*out_files)[i]->d_name;
        if (strtol(name, NULL, 10) != i + 1) {
            return rq_fail(error, RQ_INVALID, "migration %04d is missing or twice there: found %s", i + 1,
                           name);
        }
    }
    return RQ_OK;
}

/* What is recorded: row i is version i + 1. */
static rq_status read_applied(PGconn *connection, int file_count, PGresult **out_applied, rq_error *error)
{
    *out_applied = PQexec(connection, "select version, name, sha256 from schema_migration order by version");
    if (PQresultStatus(*out_applied) != PGRES_TUPLES_OK) {
        return rq_fail(error, RQ_IO, "schema_migration: %s", PQresultErrorMessage(*out_applied));
    }
    int rows = PQntuples(*out_applied);
    for (int i = 0; i < rows; i++) {
        if (strtol(PQgetvalue(*out_applied, i, 0), NULL, 10) != i + 1) {
            return rq_fail(error, RQ_INVALID, "schema_migration has a gap before version %s",
                           PQgetvalue(*out_applied, i, 0));
        }
    }
    if (rows > file_count) {
        return rq_fail(error, RQ_INVALID, "the database has migration %s, which this version does not know",
                       PQgetvalue(*out_applied, rows - 1, 1));
    }
    return RQ_OK;
}

/* First the record, since the file may change the search path. */
static rq_status record(PGconn *connection, int version, const db_migration *migration, rq_error *error)
{
    char number[16];
    (void)snprintf(number, sizeof(number), "%d", version);
    const char *values[] = {number, migration->name, migration->sha256};
    PGresult *result =
        PQexecParams(connection, "insert into schema_migration (version, name, sha256) values ($1, $2, $3)",
                     3, NULL, values, NULL, NULL, 0);
    rq_status status = RQ_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        status = rq_fail(error, RQ_IO, "schema_migration: %s", PQresultErrorMessage(result));
    }
    PQclear(result);
    return status;
}

static rq_status apply(PGconn *connection, int version, const db_migration *migration, rq_error *error)
{
    rq_status status = run(connection, "begin", error);
    if (status != RQ_OK) {
        return status;
    }
    /* A statement that waits for a lock holds up all traffic behind it: better to fail and try again. */
    status = run(connection, "set local lock_timeout = '10s'", error);
    if (status == RQ_OK) {
        status = record(connection, version, migration, error);
    }
    if (status == RQ_OK) {
        status = db_migration_run(connection, migration, error);
    }
    if (status == RQ_OK) {
        status = run(connection, "commit", error);
    }
    if (status != RQ_OK) {
        (void)run(connection, "rollback", NULL);
        return status;
    }
    RQ_LOG(RQ_LOG_INFO, "migrated", RQ_LOG_TEXT("file", migration->name));
    return run(connection, "reset all", error);
}

static rq_status migrate_file(PGconn *connection, const char *directory, const char *name, int version,
                              const PGresult *applied, unsigned *out_applied, rq_error *error)
{
    db_migration migration;
    rq_status status = db_migration_load(&migration, directory, name, error);
    if (status != RQ_OK) {
        return status;
    }
    if (version > PQntuples(applied)) {
        status = apply(connection, version, &migration, error);
        *out_applied += status == RQ_OK;
    } else if (strcmp(PQgetvalue(applied, version - 1, 2), migration.sha256) != 0) {
        status = rq_fail(error, RQ_INVALID, "%s has changed since it was applied", name);
    } else if (strcmp(PQgetvalue(applied, version - 1, 1), name) != 0) {
        status = rq_fail(error, RQ_INVALID, "%s was applied under the name %s", name,
                         PQgetvalue(applied, version - 1, 1));
    }
    db_migration_done(&migration);
    return status;
}

static rq_status migrate_files(PGconn *connection, const char *directory, struct dirent *const *files,
                               int count, unsigned *out_applied, rq_error *error)
{
    PGresult *applied = NULL;
    rq_status status = run(connection, create_table, error);
    if (status == RQ_OK) {
        status = read_applied(connection, count, &applied, error);
    }
    for (int i = 0; status == RQ_OK && i < count; i++) {
        status = migrate_file(connection, directory, files[i]->d_name, i + 1, applied, out_applied, error);
    }
    PQclear(applied);
    return status;
}

rq_status rq_migrate(PGconn *connection, const char *directory, unsigned *out_applied, rq_error *error)
{
    struct dirent **files = NULL;
    int count = 0;
    *out_applied = 0;
    rq_status status = list_files(directory, &files, &count, error);
    if (status == RQ_OK) {
        status = run(connection, "set client_min_messages = warning", error);
    }
    if (status == RQ_OK) {
        status = run(connection, "select pg_advisory_lock(" MIGRATION_LOCK ")", error);
        if (status == RQ_OK) {
            status = migrate_files(connection, directory, files, count, out_applied, error);
            (void)run(connection, "select pg_advisory_unlock(" MIGRATION_LOCK ")", NULL);
        }
    }
    for (int i = 0; i < count; i++) {
        free(files[i]);
    }
    free(files);
    return status;
}

static void on_notice(void *argument, const PGresult *notice)
{
    (void)argument;
    db_log_notice(notice);
}

rq_status rq_connect_blocking(const char *conninfo, PGconn **out_connection, rq_error *error)
{
    db_conninfo merged;
    rq_status status = db_conninfo_init(&merged, conninfo, -1, false, error);
    if (status != RQ_OK) {
        return status;
    }
    PGconn *pg = PQconnectdbParams(merged.keywords, merged.values, 0);
    db_conninfo_done(&merged);
    if (pg == NULL || PQstatus(pg) != CONNECTION_OK) {
        char reason[DB_REASON_BYTES];
        db_reason(pg, reason);
        PQfinish(pg);
        return rq_fail(error, RQ_IO, "%s", reason);
    }
    (void)PQsetNoticeReceiver(pg, on_notice, NULL);
    *out_connection = pg;
    return RQ_OK;
}
