#include "migration.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/limits.h"

enum { PATH_BYTES = 4096, READ_BYTES = 65536, COPY_BYTES = 1024 };
static const char copy_mark[] = "\\copy ";
static const char copy_options[] = "with (format csv, header true)";

int db_migration_is_file(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t length = strlen(name);
    return length > 9 && strspn(name, "0123456789") == 4 && name[4] == '_' &&
           strcmp(name + length - 4, ".sql") == 0;
}

/* Appends a whole file. */
static rq_status read_file(const char *directory, const char *name, rq_buffer *out, rq_error *error)
{
    char path[PATH_BYTES];
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path)) {
        return rq_fail(error, RQ_INVALID, "%s: the path is too long", name);
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return rq_fail(error, RQ_IO, "%s: %s", path, strerror(errno));
    }
    size_t count;
    do {
        char *room = rq_buffer_reserve(out, READ_BYTES);
        count = room == NULL ? 0 : fread(room, 1, READ_BYTES, file);
        out->length += count;
    } while (count > 0);
    rq_status status = RQ_OK;
    if (ferror(file)) {
        status = rq_fail(error, RQ_IO, "%s: %s", path, strerror(errno));
    } else if (out->failed) {
        status = rq_fail(error, RQ_NOMEM, "%s is too large", path);
    }
    (void)fclose(file);
    return status;
}

/* A `\copy` line taken apart. */
typedef struct copy_line {
    char target[COPY_BYTES]; /* table (columns) */
    char path[COPY_BYTES];   /* of the CSV file, below the directory */
} copy_line;

/* \copy table (columns) from 'data/x.csv' [with (format csv, header true)] [;] */
static bool parse_copy(const char *line, size_t length, copy_line *out)
{
    static const char from[] = " from '";
    const char *start = line + strlen(copy_mark);
    const char *end = line + length;
    const char *middle = memmem(start, (size_t)(end - start), from, strlen(from));
    if (middle == NULL || middle == start) {
        return false;
    }
    const char *path = middle + strlen(from);
    const char *quote = memchr(path, '\'', (size_t)(end - path));
    if (quote == NULL || quote == path || (size_t)(middle - start) >= COPY_BYTES ||
        (size_t)(quote - path) >= COPY_BYTES) {
        return false;
    }
    (void)snprintf(out->target, COPY_BYTES, "%.*s", (int)(middle - start), start);
    (void)snprintf(out->path, COPY_BYTES, "%.*s", (int)(quote - path), path);
    if (out->path[0] == '/' || strstr(out->path, "..") != NULL) {
        return false;
    }
    const char *rest = quote + 1;
    while (end > rest && (isspace((unsigned char)end[-1]) || end[-1] == ';')) {
        end--;
    }
    while (rest < end && isspace((unsigned char)*rest)) {
        rest++;
    }
    size_t left = (size_t)(end - rest);
    return left == 0 || (left == strlen(copy_options) && memcmp(rest, copy_options, left) == 0);
}

/* A stretch of a file: SQL, or one `\copy` line. */
typedef struct migration_part {
    const char *text;
    size_t length;
    unsigned line; /* of its start, from 1 */
    bool is_copy;
    copy_line copy;
} migration_part;

static size_t line_length(const char *text)
{
    const char *end = strchr(text, '\n');
    return end == NULL ? strlen(text) : (size_t)(end - text) + 1;
}

/* Moves `part` to the next stretch; at the end `*out_more` is false. Begin with text and line set and
 * length 0. */
static rq_status next_part(const db_migration *migration, migration_part *part, bool *out_more,
                           rq_error *error)
{
    for (size_t i = 0; i < part->length; i++) {
        part->line += part->text[i] == '\n';
    }
    const char *text = part->text + part->length;
    part->text = text;
    part->length = 0;
    *out_more = *text != '\0';
    part->is_copy = strncmp(text, copy_mark, strlen(copy_mark)) == 0;
    if (part->is_copy) {
        part->length = line_length(text);
        if (!parse_copy(text, part->length, &part->copy)) {
            return rq_fail(error, RQ_INVALID, "%s:%u: not \\copy table (columns) from 'data/file.csv'",
                           migration->name, part->line);
        }
        return RQ_OK;
    }
    while (text[part->length] != '\0' && strncmp(text + part->length, copy_mark, strlen(copy_mark)) != 0) {
        part->length += line_length(text + part->length);
    }
    return RQ_OK;
}

/* Digests the file and the CSV files it names. */
static rq_status digest(db_migration *migration, rq_error *error)
{
    rq_buffer content;
    rq_buffer_init(&content, RQ_LIMIT_MIGRATION_BYTES);
    rq_buffer_append(&content, migration->text.data, migration->text.length);
    migration_part part = {.text = migration->text.data, .line = 1};
    bool more = true;
    rq_status status = next_part(migration, &part, &more, error);
    while (status == RQ_OK && more) {
        if (part.is_copy) {
            status = read_file(migration->directory, part.copy.path, &content, error);
        }
        if (status == RQ_OK) {
            status = next_part(migration, &part, &more, error);
        }
    }
    uint8_t sum[RQ_SHA256_BYTES];
    if (status == RQ_OK && content.failed) {
        status = rq_fail(error, RQ_NOMEM, "%s is too large", migration->name);
    }
    if (status == RQ_OK) {
        status = rq_sha256(content.data, content.length, sum, error);
    }
    if (status == RQ_OK) {
        rq_hex(sum, sizeof(sum), migration->sha256);
    }
    rq_buffer_done(&content);
    return status;
}

rq_status db_migration_load(db_migration *migration, const char *directory, const char *name, rq_error *error)
{
    migration->directory = directory;
    migration->name = name;
    rq_buffer_init(&migration->text, RQ_LIMIT_MIGRATION_BYTES);
    rq_status status = read_file(directory, name, &migration->text, error);
    if (status == RQ_OK && rq_buffer_cstring(&migration->text) == NULL) {
        status = rq_fail(error, RQ_NOMEM, "%s is too large", name);
    }
    if (status == RQ_OK && memchr(migration->text.data, '\0', migration->text.length) != NULL) {
        status = rq_fail(error, RQ_INVALID, "%s holds a NUL", name);
    }
    if (status == RQ_OK) {
        status = digest(migration, error);
    }
    if (status != RQ_OK) {
        db_migration_done(migration);
    }
    return status;
}

void db_migration_done(db_migration *migration)
{
    rq_buffer_done(&migration->text);
}

/* Names the file, the line if PostgreSQL gave a place (it counts characters, not bytes), and its words. */
static rq_status fail_at(const db_migration *migration, const migration_part *part, PGconn *connection,
                         const PGresult *result, rq_error *error)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    long left = position == NULL ? 0 : strtol(position, NULL, 10);
    unsigned line = part->line;
    for (size_t i = 0; i < part->length && left > 1; i++) {
        left -= (part->text[i] & 0xC0) != 0x80; /* not a continuation byte of UTF-8 */
        line += part->text[i] == '\n';
    }
    context = context == NULL ? "" : context;
    return rq_fail(error, RQ_IO, "%s:%s%u: %s%s%.*s", migration->name,
                   position == NULL && !part->is_copy ? " in the part from line " : "", line,
                   message == NULL ? PQerrorMessage(connection) : message, *context == '\0' ? "" : ": ",
                   (int)strcspn(context, "\n"), context);
}

static rq_status run_sql(PGconn *connection, const db_migration *migration, const migration_part *part,
                         rq_error *error)
{
    char *sql = strndup(part->text, part->length);
    if (sql == NULL) {
        return rq_fail(error, RQ_NOMEM, "%s: no memory", migration->name);
    }
    PGresult *result = PQexec(connection, sql);
    free(sql);
    ExecStatusType got = PQresultStatus(result);
    rq_status status = RQ_OK;
    if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK && got != PGRES_EMPTY_QUERY) {
        status = fail_at(migration, part, connection, result, error);
    } else if (PQtransactionStatus(connection) != PQTRANS_INTRANS) {
        status = rq_fail(error, RQ_INVALID, "%s: the part from line %u ends the transaction", migration->name,
                         part->line);
    }
    PQclear(result);
    return status;
}

/* Ends COPY and takes its result. */
static rq_status end_copy(PGconn *connection, const db_migration *migration, const migration_part *part,
                          const char *trouble, rq_error *error)
{
    rq_status status = RQ_OK;
    if (PQputCopyEnd(connection, trouble) != 1) {
        status = rq_fail(error, RQ_IO, "%s: %s", migration->name, PQerrorMessage(connection));
    }
    PGresult *result;
    while ((result = PQgetResult(connection)) != NULL) {
        ExecStatusType got = PQresultStatus(result);
        if (got != PGRES_COMMAND_OK && status == RQ_OK) {
            status = fail_at(migration, part, connection, result, error);
        }
        PQclear(result);
        if (got == PGRES_COPY_IN) {
            break; /* the end could not be sent: PQgetResult() would say so for ever */
        }
    }
    return status;
}

static rq_status run_copy(PGconn *connection, const db_migration *migration, const migration_part *part,
                          rq_error *error)
{
    char sql[COPY_BYTES + 64];
    (void)snprintf(sql, sizeof(sql), "copy %s from stdin %s", part->copy.target, copy_options);
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COPY_IN) {
        rq_status status = fail_at(migration, part, connection, result, error);
        PQclear(result);
        return status;
    }
    PQclear(result);
    rq_buffer data;
    rq_buffer_init(&data, RQ_LIMIT_MIGRATION_BYTES);
    rq_status status = read_file(migration->directory, part->copy.path, &data, error);
    for (size_t sent = 0; status == RQ_OK && sent < data.length;) {
        size_t count = data.length - sent < READ_BYTES ? data.length - sent : READ_BYTES;
        if (PQputCopyData(connection, data.data + sent, (int)count) != 1) {
            status = rq_fail(error, RQ_IO, "%s: %s", migration->name, PQerrorMessage(connection));
        }
        sent += count;
    }
    rq_buffer_done(&data);
    rq_status ended =
        end_copy(connection, migration, part, status == RQ_OK ? NULL : "the file could not be read",
                 status == RQ_OK ? error : NULL);
    return status != RQ_OK ? status : ended;
}

rq_status db_migration_run(PGconn *connection, const db_migration *migration, rq_error *error)
{
    migration_part part = {.text = migration->text.data, .line = 1};
    bool more = true;
    rq_status status = next_part(migration, &part, &more, error);
    while (status == RQ_OK && more) {
        status = part.is_copy ? run_copy(connection, migration, &part, error)
                              : run_sql(connection, migration, &part, error);
        if (status == RQ_OK) {
            status = next_part(migration, &part, &more, error);
        }
    }
    return status;
}
