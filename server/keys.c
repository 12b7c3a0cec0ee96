/* rongqiao keys: the keys of personal data, and sealing anew what other keys sealed. */
#include "keys.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "rongqiao/db.h"
#include "rongqiao/ids.h"
#include "rongqiao/keyring.h"

enum { PAGE = 500, FIELDS = 2, PLACE_TEXT = 128, SETTLE_US = 1500000 };

/* Where sealed text lies. The pages of `page` have id, province, and from the third column on sealed text and hash of
 * each column; `reseal` takes id, province, what was read, and sealed text and hash of each. */
static const struct sealed_table {
    const char *page, *reseal;
    const char *columns[FIELDS];
    int count;
    bool has_hashes;
} tables[] = {
    {"private/page", "private/reseal", {"enterprise.legal_rep_id", "enterprise.contact_mobile"}, 2, true},
    {"private/totp-page", "private/totp-reseal", {"totp.secret"}, 1, false},
};
enum { FIRST_COLUMN = 2, TABLES = sizeof(tables) / sizeof(tables[0]) };

typedef struct rotation {
    PGconn *connection;
    const rq_keyring *keyring;
    long long resealed, unreadable, changed_meanwhile;
} rotation;

/* One stored value; null where there is none. */
typedef struct stored {
    const char *sealed, *hash;
} stored;

typedef struct fresh {
    char sealed[RQ_SEALED_TEXT], hash[RQ_DIGEST_HEX + 1];
} fresh;

static const char *text_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static PGresult *ask(PGconn *connection, const char *statement, const char *const *values, int count,
                     rq_error *error)
{
    PGresult *result =
        PQexecParams(connection, rq_statement_find(statement)->text, count, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    (void)rq_fail(error, RQ_IO, "%s: %.200s", statement, PQerrorMessage(connection));
    PQclear(result);
    return NULL;
}

/* The value sealed anew into `out`, also where it was never sealed. `out_same`: it is as it should be. */
static rq_status reseal(const rotation *self, const char *column, bool has_hash, const char *id, stored value,
                        fresh *out, bool *out_same, rq_error *error)
{
    char place[PLACE_TEXT], text[RQ_PRIVATE_BYTES + 1];
    rq_status status = RQ_OK;
    snprintf(place, sizeof(place), "%s.%s", column, id);
    if (strncmp(value.sealed, "rqs1.", 5) == 0)
        status = rq_unseal(self->keyring, place, value.sealed, text, error);
    else if (snprintf(text, sizeof(text), "%s", value.sealed) >= (int)sizeof(text))
        status = rq_fail(error, RQ_INVALID, "%s: too long to be sealed", place);
    if (status == RQ_OK && has_hash)
        status =
            rq_keyed_hash(self->keyring, rq_keyring_cipher(self->keyring), column, text, out->hash, error);
    *out_same = status == RQ_OK && rq_is_sealed_now(self->keyring, value.sealed) &&
                (!has_hash || (value.hash && strcmp(value.hash, out->hash) == 0));
    if (status == RQ_OK && *out_same)
        snprintf(out->sealed, sizeof(out->sealed), "%s", value.sealed);
    else if (status == RQ_OK)
        status = rq_seal(self->keyring, place, text, out->sealed, error);
    OPENSSL_cleanse(text, sizeof(text));
    return status;
}

static rq_status rotate_row(rotation *self, const struct sealed_table *table, const PGresult *page, int row,
                            rq_error *error)
{
    fresh made[FIELDS];
    bool all_same = true;
    const char *id = PQgetvalue(page, row, 0);
    const char *values[2 + FIELDS + 2 * FIELDS] = {id, PQgetvalue(page, row, 1)};
    for (int i = 0; i < table->count; i++) {
        stored value = {text_at(page, row, FIRST_COLUMN + 2 * i),
                        text_at(page, row, FIRST_COLUMN + 2 * i + 1)};
        bool same = true;
        rq_error reason = {0};
        values[2 + i] = value.sealed;
        if (!value.sealed)
            continue;
        if (reseal(self, table->columns[i], table->has_hashes, id, value, &made[i], &same, &reason) != RQ_OK) {
            fprintf(stderr, "rongqiao: %s\n", reason.message);
            self->unreadable++;
            return RQ_OK;
        }
        values[2 + table->count + 2 * i] = made[i].sealed;
        values[2 + table->count + 2 * i + 1] = table->has_hashes ? made[i].hash : NULL;
        all_same &= same;
    }
    if (all_same)
        return RQ_OK;
    PGresult *done = ask(self->connection, table->reseal, values, 2 + 3 * table->count, error);
    self->resealed += PQntuples(done);
    self->changed_meanwhile += done && PQntuples(done) == 0;
    PQclear(done);
    return done ? RQ_OK : RQ_IO;
}

/* Once over a table, page by page; each row is a transaction of its own, so nobody waits for long. */
static rq_status rotate_table(rotation *self, const struct sealed_table *table, rq_error *error)
{
    char after[RQ_UUID_TEXT + 1] = "00000000-0000-0000-0000-000000000000", limit[16];
    rq_status status = RQ_OK;
    snprintf(limit, sizeof(limit), "%d", PAGE);
    for (int count = PAGE; status == RQ_OK && count == PAGE;) {
        PGresult *page = ask(self->connection, table->page, (const char *const[]){after, limit}, 2, error);
        count = PQntuples(page);
        status = page ? RQ_OK : RQ_IO;
        for (int row = 0; row < count && status == RQ_OK; row++) {
            status = rotate_row(self, table, page, row, error);
            snprintf(after, sizeof(after), "%s", PQgetvalue(page, row, 0));
        }
        PQclear(page);
    }
    return status;
}

static rq_status rotate_all(rotation *self, rq_error *error)
{
    rq_status status = RQ_OK;
    for (size_t i = 0; i < TABLES && status == RQ_OK; i++)
        status = rotate_table(self, &tables[i], error);
    return status;
}

/* Servers read their keys anew within a second: what one still sealed by the key of before is found the
 * second time. */
static rq_status rotate(const rq_config *config, rotation *self, rq_error *error)
{
    rq_keyring *keyring = NULL;
    rq_status status = rq_keyring_load(config->private_key_file, config->private_cipher, &keyring, error);
    if (status == RQ_OK)
        status =
            rq_connect_blocking(config->migration_database[0] ? config->migration_database : config->database,
                                &self->connection, error);
    self->keyring = keyring;
    if (status == RQ_OK)
        status = rotate_all(self, error);
    long long unreadable = self->unreadable;
    if (status == RQ_OK && (self->resealed > 0 || self->changed_meanwhile > 0)) {
        usleep(SETTLE_US);
        self->changed_meanwhile = 0;
        status = rotate_all(self, error);
        self->unreadable -= unreadable; /* the same ones again */
    }
    if (self->connection)
        PQfinish(self->connection);
    rq_keyring_free(keyring);
    return status;
}

static int command_rotate(const rq_config *config)
{
    rotation self = {0};
    rq_error error = {0};
    if (rotate(config, &self, &error) != RQ_OK) {
        fprintf(stderr, "rongqiao: %s\n", error.message);
        return 1;
    }
    printf("{\"resealed\":%lld,\"unreadable\":%lld,\"changed_meanwhile\":%lld}\n", self.resealed,
           self.unreadable, self.changed_meanwhile);
    return self.unreadable || self.changed_meanwhile ? 1 : 0;
}

int rq_command_keys(const rq_config *config, int argc, char **argv)
{
    rq_error error = {0};
    uint32_t id = 0;
    const char *what = argc == 1 ? argv[0] : "";
    rq_status status;
    if (strcmp(what, "make") != 0 && strcmp(what, "add") != 0 && strcmp(what, "rotate") != 0) {
        fputs("usage: rongqiao keys make | add | rotate\n", stderr);
        return 2;
    }
    if (!config->private_key_file[0])
        status = rq_fail(&error, RQ_INVALID, "private_key_file is not set");
    else if (strcmp(what, "rotate") == 0)
        return command_rotate(config);
    else
        status = strcmp(what, "make") == 0 ? rq_keyring_make(config->private_key_file, &id, &error)
                                           : rq_keyring_add(config->private_key_file, &id, &error);
    if (status != RQ_OK) {
        fprintf(stderr, "rongqiao: %s\n", error.message);
        return 1;
    }
    printf("%" PRIu32 "\n", id);
    return 0;
}

/* Opens one value of each key that is in use. */
static rq_status try_samples(const PGresult *samples, const rq_keyring *keyring, bool *out_unsealed,
                             rq_error *error)
{
    rq_status status = RQ_OK;
    for (int row = 0; row < PQntuples(samples) && status == RQ_OK; row++) {
        char text[RQ_PRIVATE_BYTES + 1];
        if (PQgetvalue(samples, row, 2)[0] == 0) {
            *out_unsealed = true;
        } else if (!keyring) {
            status = rq_fail(error, RQ_INVALID,
                             "personal data are sealed in the database, and private_key_file is not set");
        } else {
            status =
                rq_unseal(keyring, PQgetvalue(samples, row, 0), PQgetvalue(samples, row, 1), text, error);
            OPENSSL_cleanse(text, sizeof(text));
        }
    }
    return status;
}

rq_status keys_check(const rq_config *config, PGconn *connection, bool *out_unsealed, rq_error *error)
{
    rq_keyring *keyring = NULL;
    rq_status status = RQ_OK;
    *out_unsealed = false;
    if (config->private_key_file[0])
        status = rq_keyring_load(config->private_key_file, config->private_cipher, &keyring, error);
    if (status == RQ_OK) {
        PGresult *entered = PQexec(
            connection,
            "begin read only; select app.enter(null, 'system', null, null, null, null, null, null, null)");
        PQclear(entered);
        PGresult *samples = ask(connection, "private/samples", NULL, 0, error);
        status = samples ? try_samples(samples, keyring, out_unsealed, error) : RQ_IO;
        PQclear(samples);
        PQclear(PQexec(connection, "rollback"));
    }
    rq_keyring_free(keyring);
    return status;
}
