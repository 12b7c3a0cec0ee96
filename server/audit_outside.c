/* What was kept outside the database: the checkpoints, one by one and as a row of numbers. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"

enum { PAGE = 1000 };

static bool is_signed(const audit_check *check, const char *line, const rq_checkpoint *checkpoint,
                      bool *out_known)
{
    *out_known = false;
    for (size_t i = 0; i < check->key_count; i++) {
        if (strcmp(rq_signing_key_id(check->keys[i]), checkpoint->key_id) != 0)
            continue;
        *out_known = true;
        return rq_checkpoint_holds(line, check->keys[i]);
    }
    return false;
}

static rq_status keep(audit_check *check, const rq_checkpoint *checkpoint, rq_error *error)
{
    if (check->checkpoint_count == check->checkpoint_capacity) {
        size_t capacity = check->checkpoint_capacity ? 2 * check->checkpoint_capacity : PAGE;
        rq_checkpoint *more = reallocarray(check->checkpoints, capacity, sizeof(*more));
        if (!more)
            return rq_fail(error, RQ_NOMEM, "no memory for %zu checkpoints", capacity);
        check->checkpoints = more;
        check->checkpoint_capacity = capacity;
    }
    check->checkpoints[check->checkpoint_count++] = *checkpoint;
    return RQ_OK;
}

static rq_status take_line(audit_check *check, const char *line, const char *file, unsigned number,
                           rq_error *error)
{
    rq_checkpoint checkpoint;
    bool known;
    if (rq_checkpoint_read(line, &checkpoint, NULL) != RQ_OK)
        audit_fault(check, "checkpoint_unreadable", 0, 0, NULL, "%s:%u is no checkpoint", file, number);
    else if (!is_signed(check, line, &checkpoint, &known))
        audit_fault(check, known ? "checkpoint_forged" : "checkpoint_of_unknown_key", 0, 0, NULL,
                    known ? "%s:%u: the signature of key %s does not hold"
                          : "%s:%u: signed by key %s, which is not among the public keys",
                    file, number, checkpoint.key_id);
    else if (strcmp(checkpoint.origin, check->config->audit_origin) != 0)
        audit_fault(check, "checkpoint_of_another", 0, 0, NULL, "%s:%u is of %s", file, number,
                    checkpoint.origin);
    else
        return keep(check, &checkpoint, error);
    return RQ_OK;
}

static rq_status read_file(audit_check *check, const char *folder, const char *name, rq_error *error)
{
    char path[RQ_CONFIG_TEXT + 300];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return rq_fail(error, RQ_IO, "%.200s: %s", path, strerror(errno));
    rq_status status = RQ_OK;
    char line[2 * RQ_CHECKPOINT_LINE];
    for (unsigned number = 1; status == RQ_OK && fgets(line, sizeof(line), file); number++) {
        line[strcspn(line, "\n")] = 0;
        status = take_line(check, line, name, number, error);
    }
    if (ferror(file) && status == RQ_OK)
        status = rq_fail(error, RQ_IO, "%.200s: %s", path, strerror(errno));
    fclose(file);
    return status;
}

static int is_ours(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return strncmp(entry->d_name, "audit-", 6) == 0 && length > 12 &&
           strcmp(entry->d_name + length - 6, ".jsonl") == 0;
}

rq_status audit_read_folder(audit_check *check, const char *folder, rq_error *error)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_ours, alphasort);
    if (count < 0)
        return rq_fail(error, RQ_IO, "%.200s: %s", folder, strerror(errno));
    rq_status status = RQ_OK;
    for (int i = 0; i < count; i++) {
        if (status == RQ_OK)
            status = read_file(check, folder, names[i]->d_name, error);
        free(names[i]);
    }
    free(names);
    return status;
}

static int by_number(const void *a, const void *b)
{
    const rq_checkpoint *left = a, *right = b;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return left->size < right->size ? -1 : left->size > right->size;
}

static void say_missing(audit_check *check, int64_t from, int64_t to)
{
    if (from == to)
        audit_fault(check, "checkpoint_missing", 0, 0, NULL, "checkpoint %lld is missing", (long long)from);
    else
        audit_fault(check, "checkpoint_missing", 0, 0, NULL, "checkpoints %lld to %lld are missing",
                    (long long)from, (long long)to);
}

/* Whether a checkpoint of this number, with these bytes unless they are null, was read. */
static bool has(const audit_check *check, int64_t number, const uint8_t *digest)
{
    size_t low = 0, high = check->checkpoint_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (check->checkpoints[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < check->checkpoint_count && check->checkpoints[low].number == number; low++)
        if (!digest || memcmp(check->checkpoints[low].digest, digest, RQ_SHA256_BYTES) == 0)
            return true;
    return false;
}

/* The numbers go from 1 without a gap, and each names the line before it. A crash can leave two of one
 * number, both signed: either may be named. */
static void check_numbers(audit_check *check)
{
    static const uint8_t none[RQ_SHA256_BYTES];
    int64_t before = 0;
    for (size_t i = 0; i < check->checkpoint_count; i++) {
        const rq_checkpoint *at = &check->checkpoints[i];
        if (at->number > before + 1)
            say_missing(check, before + 1, at->number - 1);
        else if (at->number == 1 ? memcmp(at->previous, none, sizeof(none)) != 0
                                 : !has(check, at->number - 1, at->previous))
            audit_fault(check, "checkpoint_out_of_order", 0, 0, NULL,
                        "checkpoint %lld does not follow the one before it", (long long)at->number);
        before = at->number;
    }
}

/* What the database remembers was written outside, so it is there; and it remembers all but the last. */
static rq_status compare_with_database(audit_check *check, rq_error *error)
{
    char after[24] = "0", limit[16];
    int64_t remembered = 0, missing = 0;
    int count = 0;
    snprintf(limit, sizeof(limit), "%d", PAGE);
    do {
        PGresult *result =
            audit_ask(check, "audit/checkpoints", (const char *const[]){after, limit}, 2, error);
        if (!result)
            return RQ_IO;
        count = PQntuples(result);
        for (int row = 0; row < count; row++) {
            rq_checkpoint checkpoint;
            bool found = rq_checkpoint_read(PQgetvalue(result, row, 1), &checkpoint, NULL) == RQ_OK &&
                         has(check, checkpoint.number, checkpoint.digest);
            remembered = strtoll(PQgetvalue(result, row, 0), NULL, 10);
            if (!found && missing == 0)
                missing = remembered;
            if (found && missing > 0) {
                say_missing(check, missing, remembered - 1);
                missing = 0;
            }
        }
        snprintf(after, sizeof(after), "%lld", (long long)remembered);
        PQclear(result);
    } while (count == PAGE);
    if (missing > 0)
        say_missing(check, missing, remembered);
    int64_t outside = check->checkpoint_count ? check->checkpoints[check->checkpoint_count - 1].number : 0;
    if (outside > remembered + 1)
        audit_fault(check, "checkpoint_forgotten", 0, 0, NULL,
                    "the database knows checkpoints up to %lld only, %lld were written",
                    (long long)remembered, (long long)outside);
    return RQ_OK;
}

rq_status audit_compare_checkpoints(audit_check *check, rq_error *error)
{
    if (check->checkpoint_count > 1)
        qsort(check->checkpoints, check->checkpoint_count, sizeof(*check->checkpoints), by_number);
    check_numbers(check);
    return compare_with_database(check, error);
}
