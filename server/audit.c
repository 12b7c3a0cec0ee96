#include "audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "rongqiao/db.h"
#include "rongqiao/limits.h"

enum { WHOLE = 0, FAULTY = 1, NOT_CHECKED = 2 };

rq_sealer_settings audit_sealer_settings(const rq_config *config)
{
    return (rq_sealer_settings){
        .conninfo = config->database,
        .interval_ms = config->job_interval_ms,
        .checkpoint_ms = config->audit_checkpoint_seconds * 1000,
        .digest = config->audit_digest,
        .origin = config->audit_origin,
        .key_file = config->audit_key_file,
        .checkpoint_directory = config->audit_checkpoint_directory,
    };
}

void audit_fault(audit_check *check, const char *fault, int64_t from, int64_t to, const char *event_id,
                 const char *format, ...)
{
    char words[512];
    rq_buffer line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    rq_buffer_init(&line, RQ_LIMIT_AUDIT_ROW_BYTES);
    rq_json json = rq_json_on(&line);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "fault", fault);
    if (from > 0 && from == to)
        rq_json_int(&json, "number", from);
    else if (from > 0) {
        rq_json_int(&json, "from", from);
        rq_json_int(&json, "to", to);
    }
    if (event_id)
        rq_json_string(&json, "event_id", event_id);
    rq_json_string(&json, "says", words);
    rq_json_object_end(&json);
    printf("%.*s\n", (int)line.length, line.data);
    rq_buffer_done(&line);
    check->faults++;
}

PGresult *audit_ask(audit_check *check, const char *statement, const char *const *parameters, int count,
                    rq_error *error)
{
    PGresult *result = PQexecParams(check->connection, rq_statement_find(statement)->text, count, NULL,
                                    parameters, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    (void)rq_fail(error, RQ_IO, "%s: %.200s", statement, PQerrorMessage(check->connection));
    PQclear(result);
    return NULL;
}

/* One snapshot for all that is read; as the system, who sees every row whoever owns the tables. */
static rq_status open_snapshot(audit_check *check, rq_error *error)
{
    static const char begin[] = "begin isolation level repeatable read, read only;"
                                "select app.enter(null, 'system', null, null, null, null, null, null, null)";
    const rq_config *config = check->config;
    rq_status status =
        rq_connect_blocking(config->migration_database[0] ? config->migration_database : config->database,
                            &check->connection, error);
    if (status != RQ_OK)
        return status;
    /* A month that is just going into the archive would be in neither place. */
    PGresult *result =
        PQexec(check->connection, "select pg_advisory_lock_shared(hashtext('rongqiao_months'))");
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        PQclear(result);
        result = PQexec(check->connection, begin);
    }
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        status = rq_fail(error, RQ_IO, "%.200s", PQerrorMessage(check->connection));
    PQclear(result);
    return status;
}

static rq_status load_keys(audit_check *check, rq_error *error)
{
    const rq_config *config = check->config;
    if (config->audit_public_key_file[0])
        return rq_public_keys_load(config->audit_public_key_file, check->keys, &check->key_count, error);
    rq_status status = config->audit_key_file[0]
                           ? rq_signing_key_load(config->audit_key_file, &check->keys[0], error)
                           : rq_fail(error, RQ_INVALID, "audit_public_key_file is not set");
    check->key_count = status == RQ_OK;
    return status;
}

/* The folders given, or else the setting's. */
static rq_status read_outside(audit_check *check, int count, char **folders, rq_error *error)
{
    const char *standard = check->config->audit_checkpoint_directory;
    if (count == 0 && !standard[0])
        return RQ_OK;
    rq_status status = load_keys(check, error);
    for (int i = 0; i < count && status == RQ_OK; i++)
        status = audit_read_folder(check, folders[i], error);
    if (status == RQ_OK && count == 0)
        status = audit_read_folder(check, standard, error);
    return status;
}

static int verify(const rq_config *config, int count, char **folders)
{
    rq_error error = {0};
    audit_check check = {.config = config};
    rq_status status = read_outside(&check, count, folders, &error);
    if (status == RQ_OK)
        status = open_snapshot(&check, &error);
    if (status == RQ_OK)
        status = audit_compare_checkpoints(&check, &error);
    if (status == RQ_OK)
        status = audit_walk(&check, &error);
    if (status == RQ_OK)
        status = audit_find_unsealed(&check, &error);
    if (check.connection)
        PQfinish(check.connection);
    for (size_t i = 0; i < check.key_count; i++)
        rq_signing_key_free(check.keys[i]);
    free(check.checkpoints);
    if (status != RQ_OK) {
        fprintf(stderr, "rongqiao: the trail was not checked: %s\n", error.message);
        return NOT_CHECKED;
    }
    printf("{\"sealed\":%lld,\"waiting\":%lld,\"checkpoints\":%zu,\"faults\":%lld}\n", check.sealed,
           check.waiting, check.checkpoint_count, check.faults);
    return check.faults == 0 ? WHOLE : FAULTY;
}

static int make_key(const rq_config *config, const char *kind)
{
    rq_error error = {0};
    rq_signing_key *key = NULL;
    rq_status status = config->audit_key_file[0] ? rq_signing_key_make(kind, &key, &error)
                                                 : rq_fail(&error, RQ_INVALID, "audit_key_file is not set");
    if (status == RQ_OK)
        status = rq_signing_key_save(key, config->audit_key_file, &error);
    if (status == RQ_OK && config->audit_public_key_file[0])
        status = rq_signing_key_publish(key, config->audit_public_key_file, &error);
    if (status == RQ_OK)
        puts(rq_signing_key_id(key));
    else
        fprintf(stderr, "rongqiao: %s\n", error.message);
    rq_signing_key_free(key);
    return status == RQ_OK ? 0 : 1;
}

int rq_command_audit(const rq_config *config, int argc, char **argv)
{
    if (argc >= 1 && strcmp(argv[0], "verify") == 0)
        return verify(config, argc - 1, argv + 1);
    if ((argc == 1 || argc == 2) && strcmp(argv[0], "key") == 0)
        return make_key(config, argc == 2 ? argv[1] : "ed25519");
    fputs("usage: rongqiao audit verify [FOLDER ...] | audit key [ed25519|p256|sm2]\n", stderr);
    return NOT_CHECKED;
}
