/* Enrolling for one-time codes: the secret is shown once, the first right code puts it in force and gives the
 * recovery codes, which are shown once, too. What is shown once is stored in no answer, so these POSTs take
 * no Idempotency-Key; asked again, each begins anew. */
#include "totp.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "rongqiao/clock.h"
#include "rongqiao/log.h"
#include "routes.h"
#include "stages.h"
#include "worker.h"

/* 80 random bits: nobody tries these, nor finds one from its hash. */
enum { RECOVERY_CODES = 10, RECOVERY_BYTES = 10, RECOVERY_CHARACTERS = 16, RECOVERY_GROUP = 4, PLACE_TEXT = 64 };

typedef struct enrolment {
    rq_call *call;
    uint8_t secret[RQ_TOTP_SECRET_BYTES];
    char codes[RECOVERY_CODES][RECOVERY_CHARACTERS + 1];
} enrolment;

/* The secret -------------------------------------------------------------------------------------- */

/* Kept under the keys of personal data, bound to its user. */
static void place_of(const char *user_id, char out_place[PLACE_TEXT])
{
    snprintf(out_place, PLACE_TEXT, "totp.secret.%s", user_id);
}

static rq_status seal(const rq_keyring *keyring, const char *user_id, const uint8_t secret[RQ_TOTP_SECRET_BYTES],
                      char out_sealed[RQ_SEALED_TEXT])
{
    char place[PLACE_TEXT], text[2 * RQ_TOTP_SECRET_BYTES + 1];
    place_of(user_id, place);
    rq_hex(secret, RQ_TOTP_SECRET_BYTES, text);
    rq_status status = rq_seal(keyring, place, text, out_sealed, NULL);
    OPENSSL_cleanse(text, sizeof(text));
    return status;
}

static bool read_hex(const char *text, uint8_t out_secret[RQ_TOTP_SECRET_BYTES])
{
    if (strlen(text) != 2 * RQ_TOTP_SECRET_BYTES)
        return false;
    for (size_t i = 0; i < RQ_TOTP_SECRET_BYTES; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            return false;
        out_secret[i] = (uint8_t)value;
    }
    return true;
}

/* What was kept before secrets were sealed is hexadecimal as it stands. */
static bool unseal(const rq_keyring *keyring, const char *user_id, const char *sealed,
                   uint8_t out_secret[RQ_TOTP_SECRET_BYTES])
{
    char place[PLACE_TEXT], text[RQ_PRIVATE_BYTES + 1];
    rq_error error = {0};
    if (rq_sealed_key(sealed) == 0)
        return read_hex(sealed, out_secret);
    place_of(user_id, place);
    rq_status status = keyring ? rq_unseal(keyring, place, sealed, text, &error)
                               : rq_fail(&error, RQ_INVALID, "%s: sealed, and private_key_file is not set", place);
    if (status != RQ_OK)
        RQ_LOG(RQ_LOG_ERROR, "totp_secret_unreadable", RQ_LOG_TEXT("reason", error.message));
    bool is_read = status == RQ_OK && read_hex(text, out_secret);
    OPENSSL_cleanse(text, sizeof(text));
    return is_read;
}

/* The second factor --------------------------------------------------------------------------------- */

static bool hash_recovery_code(const char *code, char out_hex[RQ_SHA256_HEX + 1])
{
    uint8_t digest[RQ_SHA256_BYTES];
    if (rq_sha256(code, RECOVERY_CHARACTERS, digest, NULL) != RQ_OK)
        return false;
    rq_hex(digest, sizeof(digest), out_hex);
    return true;
}

/* A recovery code without what people put between its groups. */
static bool read_recovery_code(const char *typed, char out_code[RECOVERY_CHARACTERS + 1])
{
    size_t length = 0;
    for (; *typed; typed++) {
        if (*typed == '-' || *typed == ' ')
            continue;
        if (length == RECOVERY_CHARACTERS)
            return false;
        bool is_small = *typed >= 'a' && *typed <= 'z';
        out_code[length++] = (char)(is_small ? *typed - 'a' + 'A' : *typed);
    }
    out_code[length] = 0;
    return length == RECOVERY_CHARACTERS;
}

bool rq_second_factor_read(rq_worker *worker, const char *user_id, const char *sealed, const char *typed,
                           rq_second_factor *out_factor)
{
    uint8_t secret[RQ_TOTP_SECRET_BYTES];
    char code[RECOVERY_CHARACTERS + 1];
    *out_factor = (rq_second_factor){.step = ""};
    if (strlen(typed) != RQ_TOTP_DIGITS)
        return read_recovery_code(typed, code) && hash_recovery_code(code, out_factor->recovery_hash);
    bool is_open = unseal(rq_private_keyring(worker), user_id, sealed, secret);
    int64_t step = is_open ? rq_totp_step_of(secret, typed, rq_wall_ms() / 1000) : -1;
    OPENSSL_cleanse(secret, sizeof(secret));
    snprintf(out_factor->step, sizeof(out_factor->step), "%" PRId64, step);
    return step >= 0;
}

bool rq_totp_is_due(const rq_call *call)
{
    const rq_principal *who = &call->principal;
    return who->session_id[0] && !who->has_totp && (who->role_bits & call->worker->totp_roles);
}

/* Enrolling ----------------------------------------------------------------------------------------- */

static void answer(enrolment *state, int status, rq_buffer *body)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    OPENSSL_cleanse(state->secret, sizeof(state->secret));
    OPENSSL_cleanse(state->codes, sizeof(state->codes));
    if (body->failed)
        rq_call_refuse(state->call, "unavailable", NULL, NULL);
    else
        rq_call_answer(state->call, status, body->data, body->length, headers, 2);
    if (body->data)
        OPENSSL_cleanse(body->data, body->length);
    rq_buffer_done(body);
}

static rq_step ask_database(enrolment *state, const rq_db_step *step, rq_db_callback callback)
{
    rq_call *call = state->call;
    rq_db_step enter = rq_call_enter(call, step->statement, false);
    call->ticket = rq_db_call(call->worker->db, &enter, step, callback, state);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_WAIT;
}

static void on_begun(void *argument, const rq_db_reply *reply)
{
    enrolment *state = argument;
    char text[RQ_TOTP_SECRET_TEXT + 1], uri[256];
    rq_buffer body;
    state->call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(state->call, reply);
        return;
    }
    rq_base32(state->secret, sizeof(state->secret), text);
    snprintf(uri, sizeof(uri),
             "otpauth://totp/Rongqiao:%s?secret=%s&issuer=Rongqiao&algorithm=SHA1&digits=%d&period=%d",
             state->call->principal.login, text, RQ_TOTP_DIGITS, RQ_TOTP_STEP_S);
    rq_buffer_init(&body, RQ_LIMIT_BODY_BYTES);
    rq_json json = rq_json_on(&body);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "secret", text);
    rq_json_string(&json, "uri", uri);
    rq_json_object_end(&json);
    answer(state, 201, &body);
    OPENSSL_cleanse(text, sizeof(text));
    OPENSSL_cleanse(uri, sizeof(uri));
}

static rq_step begin(rq_call *call)
{
    enrolment *state = rq_arena_alloc(call->arena, sizeof(*state));
    char sealed[RQ_SEALED_TEXT];
    const rq_keyring *keyring = rq_private_keyring(call->worker);
    if (!call->principal.session_id[0]) { /* a system's key has a certificate for that */
        rq_call_refuse(call, "forbidden", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    if (!keyring) {
        rq_call_refuse(call, "private_keys_missing", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    if (!state || rq_random(state->secret, sizeof(state->secret), NULL) != RQ_OK ||
        seal(keyring, call->principal.user_id, state->secret, sealed) != RQ_OK) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    state->call = call;
    rq_db_step step = {rq_statement_find("totp/begin"), {sealed}, 1};
    return ask_database(state, &step, on_begun);
}

/* "abcd-efgh-..." for people to copy. */
static void write_code(const char *code, rq_json *json)
{
    char text[RECOVERY_CHARACTERS + RECOVERY_CHARACTERS / RECOVERY_GROUP];
    size_t at = 0;
    for (size_t i = 0; i < RECOVERY_CHARACTERS; i++) {
        if (i > 0 && i % RECOVERY_GROUP == 0)
            text[at++] = '-';
        text[at++] = code[i];
    }
    text[at] = 0;
    rq_json_string(json, NULL, text);
    OPENSSL_cleanse(text, sizeof(text));
}

static void on_confirmed(void *argument, const rq_db_reply *reply)
{
    enrolment *state = argument;
    rq_buffer body;
    state->call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(state->call, reply);
        return;
    }
    rq_principal_forget(state->call->worker, state->call->token_hash);
    rq_buffer_init(&body, RQ_LIMIT_BODY_BYTES);
    rq_json json = rq_json_on(&body);
    rq_json_object(&json, NULL);
    rq_json_array(&json, "recovery_codes");
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        write_code(state->codes[i], &json);
    rq_json_array_end(&json);
    rq_json_object_end(&json);
    answer(state, 200, &body);
}

/* New recovery codes, and their hashes as an array of PostgreSQL. */
static bool make_recovery_codes(enrolment *state, char *out_array)
{
    uint8_t random[RECOVERY_BYTES];
    size_t at = 0;
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        out_array[at++] = i == 0 ? '{' : ',';
        if (rq_random(random, sizeof(random), NULL) != RQ_OK)
            return false;
        rq_base32(random, sizeof(random), state->codes[i]);
        if (!hash_recovery_code(state->codes[i], out_array + at))
            return false;
        at += RQ_SHA256_HEX;
    }
    memcpy(out_array + at, "}", 2);
    OPENSSL_cleanse(random, sizeof(random));
    return true;
}

/* Whoever holds a session may not find out the code by trying all of them. */
static bool may_try(rq_call *call, rq_throttle_key key)
{
    int64_t pause_ms = rq_backoff_wait(call->worker->throttle, key, rq_monotonic_ms());
    if (pause_ms == 0)
        return true;
    call->retry_after_s = (pause_ms + 999) / 1000;
    rq_call_refuse(call, "too_many_attempts", NULL, NULL);
    return false;
}

static rq_step confirm(rq_call *call)
{
    enrolment *state = rq_arena_alloc(call->arena, sizeof(*state));
    char *hashes = rq_arena_alloc(call->arena, RECOVERY_CODES * (RQ_SHA256_HEX + 1) + 2);
    json_t *own = json_loads(call->facts, 0, NULL);
    const char *sealed = json_string_value(json_object_get(own, "secret"));
    const char *code = json_string_value(json_object_get(call->input, "code"));
    rq_throttle_key key = rq_throttle_key_of(call->worker->throttle, RQ_THROTTLE_CODE,
                                             call->principal.user_id, strlen(call->principal.user_id));
    rq_second_factor factor = {.step = ""};
    rq_step result = RQ_STEP_ANSWERED;
    if (!sealed) {
        rq_call_refuse(call, "totp_missing", NULL, NULL);
    } else if (!may_try(call, key)) {
        result = RQ_STEP_ANSWERED;
    } else if (strlen(code) != RQ_TOTP_DIGITS ||
               !rq_second_factor_read(call->worker, call->principal.user_id, sealed, code, &factor)) {
        rq_backoff_fail(call->worker->throttle, key, (unsigned)call->worker->config->login_failures_max,
                        rq_monotonic_ms());
        rq_call_refuse_field(call, "/code", "totp_wrong");
    } else if (!state || !hashes || !make_recovery_codes(state, hashes)) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
    } else {
        state->call = call;
        rq_db_step step = {
            rq_statement_find("totp/confirm"), {call->principal.session_id, factor.step, hashes}, 3};
        result = ask_database(state, &step, on_confirmed);
    }
    json_decref(own);
    return result;
}

static const rq_field confirm_fields[] = {
    {"code", RQ_FIELD_TEXT, true, 6, 6, NULL, NULL, "动态验证码", "the one-time code"},
};
static const rq_schema confirm_input = RQ_SCHEMA("OneTimeCode", confirm_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/totp", RQ_ROLE_ANYBODY, NULL, "totp/get", RQ_ROUTE_ENROL, "Object", "我的动态验证码",
             "My one-time codes: whether they are in force, recovery codes left"),
    RQ_ROUTE(POST, "/v1/totp", RQ_ROLE_ANYBODY, NULL, NULL, RQ_ROUTE_NO_BODY | RQ_ROUTE_ENROL, "Object",
             "开始绑定动态验证码（密钥只显示一次）", "Begin to enrol: a secret, shown once",
             .compute = begin),
    RQ_ROUTE(POST, "/v1/totp/confirm", RQ_ROLE_ANYBODY, &confirm_input, NULL, RQ_ROUTE_ENROL, "Object",
             "确认动态验证码，取得恢复码（只显示一次）",
             "Put it in force by a first code, or renew the recovery codes, which are shown once",
             .prelude = "totp/own", .compute = confirm),
};
const rq_routes rq_totp_routes = RQ_ROUTES(rows);
