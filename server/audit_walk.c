/* The chain from its first seal to its last: each row against its seal, the seals against the checkpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "rongqiao/limits.h"

enum { PAGE = 1000, SUSPECTS_MAX = 64, ROW_AT = 4 /* the first of rq_audit_fields */ };

/* A row that does not fit its seal, kept until the end: it may have changed places with another. */
typedef struct suspect {
    int64_t n;
    rq_digest algorithm;
    uint8_t previous[RQ_DIGEST_BYTES], stored[RQ_DIGEST_BYTES], computed[RQ_DIGEST_BYTES];
    char *values[RQ_AUDIT_FIELDS]; /* copies; null where the row has null */
    bool seal_changed, told;
} suspect;

typedef struct walk {
    audit_check *check;
    int64_t n; /* the seal seen last */
    uint8_t seal[RQ_DIGEST_BYTES];
    bool is_known; /* whether `seal` is seal n: not so where n is missing */
    suspect suspects[SUSPECTS_MAX];
    size_t suspect_count;
    size_t checkpoint; /* the next to hold against the chain, in the order of sizes */
    int64_t vouched;   /* the last size at which chain and checkpoint agree */
    bool disagreed;
    rq_buffer scratch;
} walk;

static void values_of(const PGresult *page, int row, const char *values[RQ_AUDIT_FIELDS])
{
    for (int i = 0; i < RQ_AUDIT_FIELDS; i++)
        values[i] = PQgetisnull(page, row, ROW_AT + i) ? NULL : PQgetvalue(page, row, ROW_AT + i);
}

static rq_status suspect_row(walk *self, const suspect *found, const char *const *values, rq_error *error)
{
    if (self->suspect_count == SUSPECTS_MAX) {
        audit_fault(self->check, "row_changed", found->n, found->n, values[0],
                    "row %lld is not what was sealed", (long long)found->n);
        return RQ_OK;
    }
    suspect *kept = &self->suspects[self->suspect_count++];
    *kept = *found;
    for (int i = 0; i < RQ_AUDIT_FIELDS; i++) {
        kept->values[i] = values[i] ? strdup(values[i]) : NULL;
        if (values[i] && !kept->values[i])
            return rq_fail(error, RQ_NOMEM, "no memory for a row");
    }
    return RQ_OK;
}

/* Where this seal fits what the row before it should have given, that row's seal was changed, not the rows.
 */
static rq_status blame_seal_before(walk *self, suspect *found, const char *const *values, bool *out_fits,
                                   rq_error *error)
{
    uint8_t seal[RQ_DIGEST_BYTES];
    suspect *before = self->suspect_count ? &self->suspects[self->suspect_count - 1] : NULL;
    *out_fits = false;
    if (!before || before->n != found->n - 1)
        return RQ_OK;
    rq_status status =
        rq_audit_seal(found->algorithm, before->computed, found->n, values, &self->scratch, seal, error);
    *out_fits = status == RQ_OK && memcmp(seal, found->stored, sizeof(seal)) == 0;
    before->seal_changed |= *out_fits;
    return status;
}

static rq_status check_row(walk *self, const PGresult *page, int row, rq_digest algorithm,
                           const uint8_t *stored, rq_error *error)
{
    const char *values[RQ_AUDIT_FIELDS];
    suspect found = {.n = self->n + 1, .algorithm = algorithm};
    bool fits = true;
    if (PQgetisnull(page, row, ROW_AT)) {
        audit_fault(self->check, "row_missing", found.n, found.n, PQgetvalue(page, row, 1),
                    "row %lld is gone; its seal is there", (long long)found.n);
        return RQ_OK;
    }
    if (!self->is_known)
        return RQ_OK;
    values_of(page, row, values);
    memcpy(found.previous, self->seal, sizeof(found.previous));
    memcpy(found.stored, stored, sizeof(found.stored));
    rq_status status =
        rq_audit_seal(algorithm, found.previous, found.n, values, &self->scratch, found.computed, error);
    fits = status == RQ_OK && memcmp(found.computed, stored, sizeof(found.computed)) == 0;
    if (status == RQ_OK && !fits)
        status = blame_seal_before(self, &found, values, &fits, error);
    return status == RQ_OK && !fits ? suspect_row(self, &found, values, error) : status;
}

/* The checkpoints of this size against this seal; the first that differ are told, as a range of rows. */
static void check_head(walk *self)
{
    audit_check *check = self->check;
    for (; self->checkpoint < check->checkpoint_count; self->checkpoint++) {
        const rq_checkpoint *at = &check->checkpoints[self->checkpoint];
        if (at->size > self->n)
            return;
        if (at->size < self->n) /* its seal is missing, and told */
            continue;
        bool agrees = memcmp(at->head, self->seal, sizeof(self->seal)) == 0;
        if (agrees)
            self->vouched = at->size;
        else if (!self->disagreed)
            audit_fault(
                check, "chain_rewritten", self->vouched + 1, at->size, NULL,
                "the chain differs from checkpoint %lld: rows %lld to %lld were sealed anew or replaced",
                (long long)at->number, (long long)self->vouched + 1, (long long)at->size);
        self->disagreed = !agrees;
    }
}

static rq_status take_seal(walk *self, const PGresult *page, int row, rq_error *error)
{
    uint8_t stored[RQ_DIGEST_BYTES];
    rq_digest algorithm = RQ_DIGEST_SHA256;
    int64_t n = strtoll(PQgetvalue(page, row, 0), NULL, 10);
    if (n != self->n + 1) {
        audit_fault(self->check, "seal_missing", self->n + 1, n - 1, NULL,
                    "the seals of rows %lld to %lld are gone", (long long)self->n + 1, (long long)n - 1);
        self->is_known = false;
        self->n = n - 1;
    }
    if (!rq_digest_find(PQgetvalue(page, row, 2), &algorithm) ||
        !rq_unhex(PQgetvalue(page, row, 3), sizeof(stored), stored)) {
        audit_fault(self->check, "seal_changed", n, n, PQgetvalue(page, row, 1), "seal %lld is none",
                    (long long)n);
        memset(stored, 0, sizeof(stored));
    }
    rq_status status = RQ_OK;
    if (n == 1) {
        self->is_known = true;
        status = rq_audit_begin(algorithm, self->seal, error);
    }
    if (status == RQ_OK)
        status = check_row(self, page, row, algorithm, stored, error);
    self->n = n;
    self->is_known = true;
    memcpy(self->seal, stored, sizeof(stored));
    check_head(self);
    return status;
}

/* Whether `seal_of` fits the content of `row_of`, as it is or under its own id. */
static bool fits_other(walk *self, const suspect *seal_of, const suspect *row_of)
{
    uint8_t seal[RQ_DIGEST_BYTES];
    const char *values[RQ_AUDIT_FIELDS];
    for (int i = 0; i < RQ_AUDIT_FIELDS; i++)
        values[i] = row_of->values[i];
    for (int try = 0; try < 2; try++) {
        if (rq_audit_seal(seal_of->algorithm, seal_of->previous, seal_of->n, values, &self->scratch, seal,
                          NULL) == RQ_OK &&
            memcmp(seal, seal_of->stored, sizeof(seal)) == 0)
            return true;
        values[0] = seal_of->values[0];
    }
    return false;
}

static void tell_suspects(walk *self)
{
    audit_check *check = self->check;
    for (size_t i = 0; i < self->suspect_count; i++) {
        suspect *one = &self->suspects[i];
        for (size_t j = i + 1; j < self->suspect_count && !one->told; j++) {
            suspect *other = &self->suspects[j];
            if (other->told || !fits_other(self, one, other) || !fits_other(self, other, one))
                continue;
            audit_fault(check, "rows_swapped", one->n, other->n, one->values[0],
                        "rows %lld and %lld have changed places", (long long)one->n, (long long)other->n);
            one->told = other->told = true;
        }
        if (!one->told)
            audit_fault(check, one->seal_changed ? "seal_changed" : "row_changed", one->n, one->n,
                        one->values[0],
                        one->seal_changed ? "the seal of row %lld was changed, the row was not"
                                          : "row %lld is not what was sealed",
                        (long long)one->n);
    }
}

static int by_size(const void *a, const void *b)
{
    const rq_checkpoint *left = a, *right = b;
    return left->size < right->size ? -1 : left->size > right->size;
}

/* What a checkpoint vouches for and the chain has not. */
static void check_end(walk *self)
{
    audit_check *check = self->check;
    int64_t most = check->checkpoint_count ? check->checkpoints[check->checkpoint_count - 1].size : 0;
    if (most > self->n)
        audit_fault(check, "rows_cut_off", self->n + 1, most, NULL,
                    self->n == 0 ? "the whole trail is gone: rows %lld to %lld"
                                 : "the end is cut off: rows %lld to %lld",
                    (long long)self->n + 1, (long long)most);
    if (check->checkpoint_count == 0 && self->n > 0)
        audit_fault(check, "checkpoints_missing", 0, 0, NULL,
                    "there is no checkpoint outside the database, so nothing vouches for %lld seals",
                    (long long)self->n);
}

rq_status audit_walk(audit_check *check, rq_error *error)
{
    walk *self = calloc(1, sizeof(*self));
    char after[24], limit[16];
    rq_status status = self ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for the walk");
    int count = PAGE;
    if (!self)
        return status;
    self->check = check;
    rq_buffer_init(&self->scratch, RQ_LIMIT_AUDIT_ROW_BYTES);
    if (check->checkpoint_count > 1)
        qsort(check->checkpoints, check->checkpoint_count, sizeof(*check->checkpoints), by_size);
    snprintf(limit, sizeof(limit), "%d", PAGE);
    while (status == RQ_OK && count == PAGE) {
        snprintf(after, sizeof(after), "%lld", (long long)self->n);
        PGresult *page = audit_ask(check, "audit/rows", (const char *const[]){after, limit}, 2, error);
        count = page ? PQntuples(page) : 0;
        status = page ? RQ_OK : RQ_IO;
        for (int row = 0; row < count && status == RQ_OK; row++)
            status = take_seal(self, page, row, error);
        PQclear(page);
    }
    if (status == RQ_OK) {
        tell_suspects(self);
        check_end(self);
    }
    check->sealed = self->n;
    for (size_t i = 0; i < self->suspect_count; i++)
        for (size_t j = 0; j < RQ_AUDIT_FIELDS; j++)
            free(self->suspects[i].values[j]);
    rq_buffer_done(&self->scratch);
    free(self);
    return status;
}

rq_status audit_find_unsealed(audit_check *check, rq_error *error)
{
    char limit[16];
    snprintf(limit, sizeof(limit), "%d", PAGE);
    PGresult *rows = audit_ask(check, "audit/unsealed", (const char *const[]){limit}, 1, error);
    for (int row = 0; row < PQntuples(rows); row++)
        audit_fault(check, "row_not_sealed", 0, 0, PQgetvalue(rows, row, 0),
                    "the row of %s (%s) has no seal and waits for none: it was put in, or its seal was taken",
                    PQgetvalue(rows, row, 1), PQgetvalue(rows, row, 2));
    PQclear(rows);
    PGresult *lost = rows ? audit_ask(check, "audit/lost", (const char *const[]){limit}, 1, error) : NULL;
    for (int row = 0; row < PQntuples(lost); row++) {
        if (PQgetisnull(lost, row, 0))
            continue;
        audit_fault(check, "row_missing", 0, 0, PQgetvalue(lost, row, 0),
                    "this row is gone before it was sealed");
    }
    if (lost && PQntuples(lost) > 0)
        check->waiting = strtoll(PQgetvalue(lost, 0, 1), NULL, 10);
    PQclear(lost);
    return lost ? RQ_OK : RQ_IO;
}
