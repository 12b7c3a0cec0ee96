#include "private.h"

#include <string.h>
#include <sys/stat.h>

#include "rongqiao/clock.h"
#include "rongqiao/ids.h"
#include "rongqiao/log.h"
#include "stages.h"
#include "worker.h"

enum { LOOK_MS = 1000, PLACE_TEXT = 128, NAME_TEXT = 64 };

/* What is personal, where it belongs, how much of it a mask leaves, and which sides see the whole of it:
 * those who have to call. An id number is never shown. */
typedef struct private_field {
    const char *name, *column;
    size_t head, tail;
    const char *shown_to;
} private_field;
static const private_field fields[] = {
    {"legal_rep_id", "enterprise.legal_rep_id", 3, 4, ""},
    {"contact_mobile", "enterprise.contact_mobile", 3, 4, "enterprise institution"},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* Keys -------------------------------------------------------------------------------------------------- */

static bool has_changed(rq_private_keys *keys, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return false; /* what we have still serves; `rongqiao check` says that the file is gone */
    bool changed = about.st_ino != keys->inode || about.st_mtim.tv_sec != keys->changed.tv_sec ||
                   about.st_mtim.tv_nsec != keys->changed.tv_nsec;
    keys->inode = about.st_ino;
    keys->changed = about.st_mtim;
    return changed;
}

rq_status rq_private_keys_open(rq_private_keys *keys, const rq_config *config, rq_error *error)
{
    if (!config->private_key_file[0])
        return RQ_OK;
    keys->looked_ms = rq_monotonic_ms();
    (void)has_changed(keys, config->private_key_file);
    return rq_keyring_load(config->private_key_file, config->private_cipher, &keys->keyring, error);
}

void rq_private_keys_close(rq_private_keys *keys)
{
    rq_keyring_free(keys->keyring);
    keys->keyring = NULL;
}

const rq_keyring *rq_private_keyring(rq_worker *worker)
{
    rq_private_keys *keys = &worker->private_keys;
    const rq_config *config = worker->config;
    rq_keyring *next = NULL;
    rq_error error = {0};
    int64_t now_ms = rq_monotonic_ms();
    if (!keys->keyring || now_ms - keys->looked_ms < LOOK_MS)
        return keys->keyring;
    keys->looked_ms = now_ms;
    if (!has_changed(keys, config->private_key_file))
        return keys->keyring;
    if (rq_keyring_load(config->private_key_file, config->private_cipher, &next, &error) == RQ_OK) {
        rq_keyring_free(keys->keyring);
        keys->keyring = next;
        RQ_LOG(RQ_LOG_INFO, "private_keys_reloaded");
    } else {
        RQ_LOG(RQ_LOG_ERROR, "private_keys_kept", RQ_LOG_TEXT("reason", error.message));
    }
    return keys->keyring;
}

/* In ------------------------------------------------------------------------------------------------------
 */

/* As it is sealed and hashed: an id number's X in upper case. */
static bool canonical(const char *text, char out_text[RQ_PRIVATE_BYTES + 1])
{
    size_t length = strlen(text);
    if (length > RQ_PRIVATE_BYTES)
        return false;
    for (size_t i = 0; i <= length; i++)
        out_text[i] = text[i] == 'x' ? 'X' : text[i];
    return true;
}

static rq_status seal_field(const rq_keyring *keyring, const private_field *field, json_t *object,
                            const char *id, rq_error *error)
{
    char text[RQ_PRIVATE_BYTES + 1], place[PLACE_TEXT], name[NAME_TEXT], sealed[RQ_SEALED_TEXT];
    char hash[RQ_DIGEST_HEX + 1];
    const char *given = json_string_value(json_object_get(object, field->name));
    if (!given)
        return RQ_OK;
    if (!canonical(given, text))
        return rq_fail(error, RQ_INVALID, "%s is too long", field->name);
    snprintf(place, sizeof(place), "%s.%s", field->column, id);
    rq_status status = rq_seal(keyring, place, text, sealed, error);
    if (status == RQ_OK)
        status = rq_keyed_hash(keyring, rq_keyring_cipher(keyring), field->column, text, hash, error);
    if (status != RQ_OK)
        return status;
    json_object_del(object, field->name);
    snprintf(name, sizeof(name), "%s_sealed", field->name);
    int failed = json_object_set_new(object, name, json_string(sealed));
    snprintf(name, sizeof(name), "%s_hash", field->name);
    failed |= json_object_set_new(object, name, json_string(hash));
    return failed ? rq_fail(error, RQ_NOMEM, "no memory to seal in") : RQ_OK;
}

static bool has_private(const json_t *object)
{
    bool has = false;
    for (size_t i = 0; i < FIELDS; i++)
        has |= json_is_string(json_object_get(object, fields[i].name));
    return has;
}

bool rq_private_seal(rq_call *call, json_t *object, const char *id)
{
    rq_error error = {0};
    rq_status status = RQ_OK;
    if (!has_private(object))
        return true;
    const rq_keyring *keyring = rq_private_keyring(call->worker);
    if (!keyring) {
        rq_call_refuse(call, "private_keys_missing", NULL, NULL);
        return false;
    }
    for (size_t i = 0; i < FIELDS && status == RQ_OK; i++)
        status = seal_field(keyring, &fields[i], object, id, &error);
    if (status != RQ_OK) {
        RQ_LOG(RQ_LOG_ERROR, "private_data_not_sealed",
               RQ_LOG_TEXT("request_id", rq_exchange_id(call->exchange)),
               RQ_LOG_TEXT("reason", error.message));
        rq_call_refuse(call, "unavailable", NULL, NULL);
    }
    return status == RQ_OK;
}

bool rq_private_seal_new(rq_call *call, json_t *object)
{
    char id[RQ_UUID_TEXT + 1];
    if (!has_private(object))
        return true;
    if (rq_uuid_v7(id, NULL) != RQ_OK || json_object_set_new(object, "id", json_string(id)) != 0) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    return rq_private_seal(call, object, id);
}

/* Out -----------------------------------------------------------------------------------------------------
 */

static bool is_shown_to(const private_field *field, const char *side)
{
    const char *at = side[0] ? strstr(field->shown_to, side) : NULL;
    return at && (at[strlen(side)] == ' ' || at[strlen(side)] == 0);
}

/* 前3后4: what lies between is stars; a text too short for that is stars alone. */
static void mask(const private_field *field, char *text)
{
    size_t length = strlen(text);
    bool fits = length > field->head + field->tail;
    for (size_t i = fits ? field->head : 0; i < (fits ? length - field->tail : length); i++)
        text[i] = '*';
}

/* What the asker sees of "rqs1.<row>.<sealed>", or of what was stored before values were sealed. */
static rq_status show(const rq_call *call, const rq_keyring *keyring, const private_field *field,
                      const char *value, size_t length, char out_text[RQ_PRIVATE_BYTES + 1], rq_error *error)
{
    static const char mark[] = "rqs1.";
    enum { MARK = sizeof(mark) - 1 };
    char place[PLACE_TEXT], sealed[RQ_SEALED_TEXT];
    rq_status status = RQ_OK;
    if (length < MARK || memcmp(value, mark, MARK) != 0) {
        if (length > RQ_PRIVATE_BYTES)
            return rq_fail(error, RQ_INVALID, "%s: not sealed as it should be", field->column);
        snprintf(out_text, RQ_PRIVATE_BYTES + 1, "%.*s", (int)length, value);
    } else if (length < MARK + RQ_UUID_TEXT + 1 || length - RQ_UUID_TEXT >= sizeof(sealed)) {
        return rq_fail(error, RQ_INVALID, "%s: not sealed as it should be", field->column);
    } else if (!keyring) {
        return rq_fail(error, RQ_INVALID, "%s: sealed, and private_key_file is not set", field->column);
    } else {
        snprintf(place, sizeof(place), "%s.%.*s", field->column, RQ_UUID_TEXT, value + MARK);
        snprintf(sealed, sizeof(sealed), "%s%.*s", mark, (int)(length - MARK - RQ_UUID_TEXT - 1),
                 value + MARK + RQ_UUID_TEXT + 1);
        status = rq_unseal(keyring, place, sealed, out_text, error);
    }
    if (status == RQ_OK && !is_shown_to(field, call->principal.side))
        mask(field, out_text);
    return status;
}

/* Replaces each value of one field in place; what is shown is never longer than what is stored. No text of a
 * user's can look like one: its quotes are escaped. */
static rq_status show_field(const rq_call *call, const rq_keyring *keyring, const private_field *field,
                            char *text, size_t *length, rq_error *error)
{
    char key[NAME_TEXT], shown[RQ_PRIVATE_BYTES + 1];
    size_t key_length = (size_t)snprintf(key, sizeof(key), "\"%s\": \"", field->name), kept = 0;
    const char *from = text, *end = text + *length;
    rq_status status = RQ_OK;
    for (const char *at; status == RQ_OK && (at = memmem(from, (size_t)(end - from), key, key_length));) {
        const char *value = at + key_length;
        const char *quote = memchr(value, '"', (size_t)(end - value));
        size_t value_length = quote ? (size_t)(quote - value) : 0;
        status = show(call, keyring, field, value, value_length, shown, error);
        memmove(text + kept, from, (size_t)(value - from));
        kept += (size_t)(value - from);
        if (status == RQ_OK && strlen(shown) <= value_length) {
            memcpy(text + kept, shown, strlen(shown));
            kept += strlen(shown);
        }
        from = value + value_length;
    }
    memmove(text + kept, from, (size_t)(end - from));
    *length = kept + (size_t)(end - from);
    return status;
}

static bool mentions(const char *text, size_t length)
{
    for (size_t i = 0; i < FIELDS; i++) {
        char key[NAME_TEXT];
        size_t key_length = (size_t)snprintf(key, sizeof(key), "\"%s\": \"", fields[i].name);
        if (memmem(text, length, key, key_length))
            return true;
    }
    return false;
}

bool rq_private_open(rq_call *call, const char **text, size_t *length)
{
    rq_error error = {0};
    rq_status status = RQ_OK;
    if (!*text || !mentions(*text, *length))
        return true;
    char *copy = rq_arena_strndup(call->arena, *text, *length);
    if (!copy) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    const rq_keyring *keyring = rq_private_keyring(call->worker);
    for (size_t i = 0; i < FIELDS && status == RQ_OK; i++)
        status = show_field(call, keyring, &fields[i], copy, length, &error);
    *text = copy;
    if (status == RQ_NOMEM) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
    } else if (status != RQ_OK) {
        RQ_LOG(RQ_LOG_ERROR, "private_data_unreadable",
               RQ_LOG_TEXT("request_id", rq_exchange_id(call->exchange)),
               RQ_LOG_TEXT("reason", error.message));
        rq_call_refuse(call, "private_data_unreadable", NULL, NULL);
    }
    return status == RQ_OK;
}

/* Search --------------------------------------------------------------------------------------------------
 */

rq_step rq_private_hashes(rq_call *call)
{
    const rq_keyring *keyring = rq_private_keyring(call->worker);
    rq_buffer out;
    if (!keyring) {
        rq_call_refuse(call, "private_keys_missing", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    rq_buffer_init(&out, RQ_LIMIT_BODY_BYTES);
    rq_json json = rq_json_on(&out);
    rq_json_object(&json, NULL);
    bool is_hashed = true;
    for (size_t i = 0; i < FIELDS; i++) {
        char text[RQ_PRIVATE_BYTES + 1], hash[RQ_DIGEST_HEX + 1];
        const char *given = json_string_value(json_object_get(call->input, fields[i].name));
        rq_json_array(&json, fields[i].name);
        /* By either digest, so that a change of the cipher hides nothing. */
        for (int cipher = 0; given && cipher < RQ_CIPHERS && canonical(given, text) && is_hashed; cipher++) {
            is_hashed = rq_keyed_hash(keyring, (rq_cipher)cipher, fields[i].column, text, hash, NULL) == RQ_OK;
            rq_json_string(&json, NULL, is_hashed ? hash : "");
        }
        rq_json_array_end(&json);
    }
    rq_json_object_end(&json);
    call->computed = out.failed || !is_hashed ? NULL : rq_arena_strndup(call->arena, out.data, out.length);
    rq_buffer_done(&out);
    if (call->computed)
        return RQ_STEP_ON;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}
