/* rongqiao replay: matches every stored need again against the catalogue it saw, and compares the bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "rongqiao/db.h"
#include "rongqiao/digest.h"
#include "rongqiao/jobs.h"
#include "rongqiao/limits.h"
#include "rongqiao/match.h"

/* The runs of one catalogue version, a page at a time; versions one after the other. */
static const char next_runs[] =
    "select id, need_id, catalogue_version, input, result, digest from match_run "
    "where (catalogue_version, id) > ($1::bigint, $2::uuid) order by catalogue_version, id limit 500";

typedef struct replay {
    PGconn *connection;
    const char *conninfo;
    rq_catalogue *catalogue;
    rq_arena *arena;
    unsigned long long same, different;
    char version[24];
    char id[RQ_UUID_TEXT + 1];
} replay;

static rq_status load_version(replay *self, const char *version, rq_error *error)
{
    if (self->catalogue && strcmp(self->version, version) == 0)
        return RQ_OK;
    rq_catalogue_unref(self->catalogue);
    self->catalogue = NULL;
    rq_status status = rq_catalogue_load(&self->connection, self->conninfo, version, &self->catalogue, error);
    snprintf(self->version, sizeof(self->version), "%s", version);
    return status;
}

/* Matches one stored input again; the bytes go to `out`. */
static rq_status match_again(replay *self, const char *input, rq_buffer *out, rq_error *error)
{
    rq_need need;
    rq_match_result result;
    json_t *document = json_loads(input, 0, NULL);
    rq_status status = document ? rq_need_decode(document, &need, error)
                                : rq_fail(error, RQ_INVALID, "the input is no JSON");
    json_decref(document);
    if (status == RQ_OK)
        status = rq_match(self->catalogue, &need, &rq_match_published, self->arena, &result, error);
    if (status == RQ_OK) {
        rq_json json = rq_json_on(out);
        rq_match_render(&result, &json);
        status = out->failed ? rq_fail(error, RQ_NOMEM, "the result is too large") : RQ_OK;
    }
    return status;
}

static rq_status compare_run(replay *self, const PGresult *runs, int row, rq_buffer *out, rq_error *error)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char hex[RQ_SHA256_HEX + 1];
    const char *stored = PQgetvalue(runs, row, 4);
    rq_buffer_clear(out);
    rq_arena_reset(self->arena);
    rq_status status = load_version(self, PQgetvalue(runs, row, 2), error);
    if (status == RQ_OK)
        status = match_again(self, PQgetvalue(runs, row, 3), out, error);
    if (status == RQ_OK)
        status = rq_sha256(stored, strlen(stored), digest, error);
    if (status != RQ_OK)
        return status;
    rq_hex(digest, sizeof(digest), hex);
    bool same = out->length == strlen(stored) && memcmp(out->data, stored, out->length) == 0;
    bool intact = strcmp(hex, PQgetvalue(runs, row, 5)) == 0;
    self->same += same && intact;
    self->different += !same || !intact;
    if (!same || !intact)
        printf("{\"run_id\":\"%s\",\"need_id\":\"%s\",\"catalogue_version\":%s,\"same_bytes\":%s,\"digest_"
               "holds\":%s}\n",
               PQgetvalue(runs, row, 0), PQgetvalue(runs, row, 1), PQgetvalue(runs, row, 2),
               same ? "true" : "false", intact ? "true" : "false");
    return RQ_OK;
}

static rq_status replay_all(replay *self, rq_error *error)
{
    rq_status status = RQ_OK;
    rq_buffer out;
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    for (bool more = true; more && status == RQ_OK;) {
        const char *const values[] = {self->version, self->id};
        PGresult *runs = PQexecParams(self->connection, next_runs, 2, NULL, values, NULL, NULL, 0);
        if (PQresultStatus(runs) != PGRES_TUPLES_OK)
            status = rq_fail(error, RQ_IO, "%.200s", PQerrorMessage(self->connection));
        int count = status == RQ_OK ? PQntuples(runs) : 0;
        for (int row = 0; row < count && status == RQ_OK; row++) {
            status = compare_run(self, runs, row, &out, error);
            snprintf(self->id, sizeof(self->id), "%s", PQgetvalue(runs, row, 0));
        }
        more = count > 0;
        PQclear(runs);
    }
    rq_buffer_done(&out);
    return status;
}

int rq_command_replay(const rq_config *config, int argc, char **argv)
{
    replay self = {.version = "-1", .id = "00000000-0000-0000-0000-000000000000"};
    rq_error error = {0};
    const char *conninfo = config->migration_database[0] ? config->migration_database : config->database;
    (void)argv;
    if (argc > 0) {
        fputs("rongqiao: replay takes no arguments\n", stderr);
        return 2;
    }
    self.conninfo = conninfo;
    self.arena = rq_arena_new(RQ_LIMIT_EXCHANGE_ARENA);
    rq_status status = self.arena ? rq_connect_blocking(conninfo, &self.connection, &error)
                                  : rq_fail(&error, RQ_NOMEM, "no memory to match in");
    if (status == RQ_OK)
        status = replay_all(&self, &error);
    if (self.connection)
        PQfinish(self.connection);
    rq_catalogue_unref(self.catalogue);
    rq_arena_free(self.arena);
    if (status != RQ_OK) {
        fprintf(stderr, "rongqiao: %s\n", error.message);
        return 1;
    }
    printf("{\"replayed\":%llu,\"same\":%llu,\"different\":%llu}\n", self.same + self.different, self.same,
           self.different);
    return self.different == 0 ? 0 : 1;
}
