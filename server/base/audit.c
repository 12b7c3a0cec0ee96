#include "rongqiao/audit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

const char *const rq_audit_fields[RQ_AUDIT_FIELDS] = {
    "id",      "province", "at",         "request_id", "user_id",     "side",        "org_id",       "kind",
    "case_id", "action",   "from_state", "to_state",   "reason_code", "reason_text", "facts_digest",
};

static const char before_signature[] = ",\"signature\":\"";

rq_status rq_audit_begin(rq_digest algorithm, uint8_t out_seal[RQ_DIGEST_BYTES], rq_error *error)
{
    static const char name[] = "rongqiao-audit-1";
    return rq_digest_of(algorithm, name, sizeof(name) - 1, out_seal, error);
}

static void append_number(rq_buffer *out, uint64_t value, unsigned bytes)
{
    uint8_t text[8];
    for (unsigned i = 0; i < bytes; i++)
        text[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    rq_buffer_append(out, text, bytes);
}

rq_status rq_audit_seal(rq_digest algorithm, const uint8_t previous[RQ_DIGEST_BYTES], int64_t n,
                        const char *const values[RQ_AUDIT_FIELDS], rq_buffer *scratch,
                        uint8_t out_seal[RQ_DIGEST_BYTES], rq_error *error)
{
    rq_buffer_clear(scratch);
    rq_buffer_append(scratch, previous, RQ_DIGEST_BYTES);
    append_number(scratch, (uint64_t)n, 8);
    for (size_t i = 0; i < RQ_AUDIT_FIELDS; i++) {
        size_t length = values[i] ? strlen(values[i]) : UINT32_MAX;
        append_number(scratch, length, 4);
        if (values[i])
            rq_buffer_append(scratch, values[i], length);
    }
    if (scratch->failed)
        return rq_fail(error, RQ_NOMEM, "row %lld of the trail is too large", (long long)n);
    return rq_digest_of(algorithm, scratch->data, scratch->length, out_seal, error);
}

static void write_hex(rq_json *json, const char *key, const uint8_t *data, size_t length)
{
    char text[2 * RQ_SIGNATURE_BYTES + 1];
    rq_hex(data, length, text);
    rq_json_string(json, key, text);
}

rq_status rq_checkpoint_write(rq_checkpoint *checkpoint, const char *time, const rq_signing_key *key,
                              char out_line[RQ_CHECKPOINT_LINE], rq_error *error)
{
    uint8_t signature[RQ_SIGNATURE_BYTES];
    size_t length = 0;
    rq_buffer line;
    rq_buffer_init(&line, RQ_CHECKPOINT_LINE - 1);
    rq_json json = rq_json_on(&line);
    snprintf(checkpoint->key_id, sizeof(checkpoint->key_id), "%s", rq_signing_key_id(key));
    rq_json_object(&json, NULL);
    rq_json_string(&json, "origin", checkpoint->origin);
    rq_json_int(&json, "number", checkpoint->number);
    rq_json_int(&json, "size", checkpoint->size);
    write_hex(&json, "head", checkpoint->head, sizeof(checkpoint->head));
    rq_json_string(&json, "time", time);
    write_hex(&json, "previous", checkpoint->previous, sizeof(checkpoint->previous));
    rq_json_string(&json, "key", checkpoint->key_id);
    rq_status status =
        line.failed ? RQ_NOMEM : rq_sign(key, line.data, line.length, signature, &length, error);
    if (status == RQ_OK) {
        write_hex(&json, "signature", signature, length);
        rq_json_object_end(&json);
        status = line.failed ? RQ_NOMEM : rq_sha256(line.data, line.length, checkpoint->digest, error);
    }
    if (status == RQ_NOMEM)
        (void)rq_fail(error, RQ_NOMEM, "the checkpoint is too large");
    if (status == RQ_OK)
        snprintf(out_line, RQ_CHECKPOINT_LINE, "%.*s", (int)line.length, line.data);
    rq_buffer_done(&line);
    return status;
}

static bool read_text(const json_t *object, const char *key, char *out_text, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && snprintf(out_text, size, "%s", text) < (int)size;
}

static bool read_hex(const json_t *object, const char *key, uint8_t *out_data, size_t length)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && rq_unhex(text, length, out_data);
}

rq_status rq_checkpoint_read(const char *line, rq_checkpoint *out_checkpoint, rq_error *error)
{
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    memset(out_checkpoint, 0, sizeof(*out_checkpoint));
    out_checkpoint->number = json_integer_value(json_object_get(object, "number"));
    out_checkpoint->size = json_integer_value(json_object_get(object, "size"));
    bool fine = read_text(object, "origin", out_checkpoint->origin, sizeof(out_checkpoint->origin)) &&
                read_text(object, "key", out_checkpoint->key_id, sizeof(out_checkpoint->key_id)) &&
                read_hex(object, "head", out_checkpoint->head, RQ_DIGEST_BYTES) &&
                read_hex(object, "previous", out_checkpoint->previous, RQ_SHA256_BYTES) &&
                out_checkpoint->number > 0 && out_checkpoint->size > 0;
    json_decref(object);
    if (!fine)
        return rq_fail(error, RQ_INVALID, "no line of a checkpoint");
    return rq_sha256(line, strlen(line), out_checkpoint->digest, error);
}

bool rq_checkpoint_holds(const char *line, const rq_signing_key *key)
{
    uint8_t signature[RQ_SIGNATURE_BYTES];
    char text[2 * RQ_SIGNATURE_BYTES + 1];
    const char *mark = strstr(line, before_signature);
    if (!mark)
        return false;
    const char *start = mark + strlen(before_signature);
    size_t length = strcspn(start, "\"");
    if (strcmp(start + length, "\"}") != 0 || length % 2 != 0 || length >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)length, start);
    return rq_unhex(text, length / 2, signature) &&
           rq_signature_holds(key, line, (size_t)(mark - line), signature, length / 2);
}
