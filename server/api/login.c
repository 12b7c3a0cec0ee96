#include "login.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "login_guard.h"
#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/log.h"
#include "stages.h"
#include "totp.h"
#include "worker.h"

enum { TOKEN_TEXT = 48, DEVICE_TEXT = 43, DEVICE_DAYS = 180 };

/* What a login carries from one stage to the next, in the call's arena. */
struct rq_login {
    TAILQ_ENTRY(rq_login) link; /* while it is held up */
    int64_t due_ms;
    rq_call *call;
    rq_login_guard guard;
    char user_id[RQ_UUID_TEXT + 1]; /* "": nobody, which only the password's check may find out */
    char expected[RQ_PASSWORD_HASH_TEXT];
    char totp_secret[RQ_SEALED_TEXT]; /* "": none */
    rq_second_factor factor;
    char token[TOKEN_TEXT], token_hash[RQ_SHA256_HEX + 1];
    char device[TOKEN_TEXT], device_hash[RQ_SHA256_HEX + 1]; /* "": no browser */
};

/* A hash nobody's password has, of the cost in force: unknown users take the time of known ones (ASVS 6.3.8).
 */
static void hash_of_nobody(unsigned cost_log2, char out_text[RQ_PASSWORD_HASH_TEXT])
{
    snprintf(out_text, RQ_PASSWORD_HASH_TEXT, "scrypt$%u$%0*d$%0*d", cost_log2, 2 * RQ_SCRYPT_SALT_BYTES, 0,
             2 * RQ_SCRYPT_KEY_BYTES, 0);
}

static bool hash_token(const char *token, size_t length, char out_hex[RQ_SHA256_HEX + 1])
{
    uint8_t digest[RQ_SHA256_BYTES];
    if (rq_sha256(token, length, digest, NULL) != RQ_OK)
        return false;
    rq_hex(digest, sizeof(digest), out_hex);
    return true;
}

static bool make_token(char out_token[TOKEN_TEXT], char out_hash[RQ_SHA256_HEX + 1])
{
    uint8_t secret[32];
    if (rq_random(secret, sizeof(secret), NULL) != RQ_OK)
        return false;
    rq_base64url(secret, sizeof(secret), out_token);
    OPENSSL_cleanse(secret, sizeof(secret));
    return hash_token(out_token, strlen(out_token), out_hash);
}

/* The end ------------------------------------------------------------------------------------------ */

static bool is_browser(const rq_call *call)
{
    return json_is_true(json_object_get(call->input, "cookie"));
}

static void answer_session(rq_login *state, const PGresult *result)
{
    rq_call *call = state->call;
    rq_buffer body;
    char csrf[RQ_CSRF_TEXT + 1], cookie[RQ_COOKIE_TEXT], device[RQ_COOKIE_TEXT];
    rq_buffer_init(&body, RQ_LIMIT_BODY_BYTES);
    rq_json json = rq_json_on(&body);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "id", PQgetvalue(result, 0, 0));
    if (!is_browser(call))
        rq_json_string(&json, "token", state->token);
    else if (rq_csrf_token(state->token, strlen(state->token), csrf))
        rq_json_string(&json, "csrf", csrf);
    rq_json_string(&json, "expires_at", PQgetvalue(result, 0, 1));
    rq_json_string(&json, "user_id", state->user_id);
    rq_json_string(&json, "side", PQgetvalue(result, 0, 2));
    rq_json_string(&json, "roles", PQgetvalue(result, 0, 3));
    rq_json_string(&json, "name", PQgetvalue(result, 0, 4));
    rq_json_object_end(&json);
    if (is_browser(call)) {
        rq_cookie_write(RQ_COOKIE_SESSION, state->token, call->worker->config->session_hours * 3600, cookie);
        rq_cookie_write(RQ_COOKIE_DEVICE, state->device, INT64_C(86400) * DEVICE_DAYS, device);
        call->set_cookie = cookie;
        call->set_device = device;
    }
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    OPENSSL_cleanse(state->token, sizeof(state->token));
    OPENSSL_cleanse(state->device, sizeof(state->device));
    if (body.failed)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else
        rq_call_answer(call, 201, body.data, body.length, headers, 2);
    rq_buffer_done(&body);
    OPENSSL_cleanse(cookie, sizeof(cookie));
    OPENSSL_cleanse(device, sizeof(device));
}

static void refuse_pause(rq_login *state, int64_t pause_ms)
{
    state->call->retry_after_s = (pause_ms + 999) / 1000;
    rq_call_refuse(state->call, "too_many_attempts", NULL, NULL);
}

/* The code is missing or wrong: a form shows it beside its field. */
static void refuse_code(rq_call *call, const char *problem)
{
    rq_faults faults = {.arena = call->arena};
    rq_fault_add(&faults, "/totp", problem, 0, NULL);
    rq_call_refuse(call, problem, &faults, NULL);
}

/* A wrong password or code. Which it was, and whether there is such a user, is for our log alone. */
static void refuse_wrong(rq_login *state, const char *problem)
{
    rq_call *call = state->call;
    rq_login_count_failure(call->worker, &state->guard);
    RQ_LOG(RQ_LOG_INFO, "login_failed", RQ_LOG_TEXT("request_id", rq_exchange_id(call->exchange)),
           RQ_LOG_TEXT("user_id", state->user_id), RQ_LOG_TEXT("peer", rq_exchange_peer(call->exchange)),
           RQ_LOG_TEXT("problem", problem));
    if (strcmp(problem, "totp_wrong") == 0)
        refuse_code(call, problem);
    else
        rq_call_refuse(call, problem, NULL, NULL);
}

static void on_opened(void *argument, const rq_db_reply *reply)
{
    rq_login *state = argument;
    state->call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(state->call, reply);
    } else if (PQntuples(reply->result) != 1) {
        refuse_wrong(state, "totp_wrong"); /* its step was used before, or the recovery code */
    } else {
        rq_login_forget_failures(state->call->worker, &state->guard);
        answer_session(state, reply->result);
    }
}

static void open_session(rq_login *state)
{
    rq_call *call = state->call;
    const rq_config *config = call->worker->config;
    char idle[16], hours[16];
    if (!make_token(state->token, state->token_hash) ||
        (is_browser(call) && !state->device_hash[0] && !make_token(state->device, state->device_hash))) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return;
    }
    snprintf(idle, sizeof(idle), "%d", (int)config->session_idle_minutes * 60);
    snprintf(hours, sizeof(hours), "%d", (int)config->session_hours);
    /* The new session's owner reads its own row back: it enters as itself. */
    rq_db_step enter = {rq_statement_find("session/enter"),
                        {state->user_id, "", "", "", "", rq_exchange_id(call->exchange), NULL, NULL, NULL},
                        9};
    rq_db_step step = {rq_statement_find("sessions/open"),
                       {state->user_id, state->token_hash, rq_exchange_peer(call->exchange), idle, hours,
                        state->factor.step[0] ? state->factor.step : NULL,
                        state->factor.recovery_hash[0] ? state->factor.recovery_hash : NULL,
                        is_browser(call) ? state->device_hash : NULL},
                       8};
    call->ticket = rq_db_call(call->worker->db, &enter, &step, on_opened, state);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

/* The password -------------------------------------------------------------------------------------- */

static void on_hashed(rq_worker *worker, void *argument, bool equal, const char *hash)
{
    rq_login *state = argument;
    rq_call *call = state->call;
    (void)hash;
    if (call->abandoned) {
        rq_call_answer(call, 503, NULL, 0, NULL, 0);
        return;
    }
    /* Tries that were let in side by side are worth no more than one after another. */
    int64_t pause_ms = rq_login_pause_ms(worker, &state->guard);
    if (pause_ms > 0) {
        refuse_pause(state, pause_ms);
        return;
    }
    if (!equal || !state->user_id[0]) {
        refuse_wrong(state, "login_failed");
        return;
    }
    if (state->totp_secret[0]) {
        const char *code = json_string_value(json_object_get(call->input, "totp"));
        if (!code) {
            refuse_code(call, "totp_required");
            return;
        }
        if (!rq_second_factor_read(worker, state->user_id, state->totp_secret, code, &state->factor)) {
            refuse_wrong(state, "totp_wrong");
            return;
        }
    }
    open_session(state);
}

static void check_password(rq_login *state)
{
    rq_call *call = state->call;
    const char *password = json_string_value(json_object_get(call->input, "password"));
    if (!rq_hash_pool_submit(call->worker->hash_pool, call->worker, password, state->expected, on_hashed,
                             state))
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

/* Held up ------------------------------------------------------------------------------------------- */

void rq_logins_init(rq_logins *logins)
{
    TAILQ_INIT(&logins->held);
    logins->held_count = 0;
}

static void hold(rq_login *state, int64_t delay_ms)
{
    rq_logins *logins = &state->call->worker->logins;
    if (logins->held_count >= RQ_LIMIT_LOGINS_HELD) {
        rq_call_refuse(state->call, "unavailable", NULL, NULL);
        return;
    }
    state->due_ms = rq_monotonic_ms() + delay_ms;
    TAILQ_INSERT_TAIL(&logins->held, state, link);
    logins->held_count++;
    atomic_fetch_add_explicit(&state->call->worker->counters.logins_held, 1, memory_order_relaxed);
}

static void let_go(rq_login *state)
{
    rq_logins *logins = &state->call->worker->logins;
    TAILQ_REMOVE(&logins->held, state, link);
    logins->held_count--;
}

void rq_logins_tick(rq_worker *worker)
{
    int64_t now_ms = rq_monotonic_ms();
    for (rq_login *state = TAILQ_FIRST(&worker->logins.held), *next; state; state = next) {
        next = TAILQ_NEXT(state, link);
        if (state->due_ms > now_ms)
            continue;
        let_go(state);
        if (state->call->abandoned)
            rq_call_answer(state->call, 503, NULL, 0, NULL, 0);
        else
            check_password(state);
    }
}

void rq_logins_close(rq_worker *worker)
{
    rq_login *state;
    while ((state = TAILQ_FIRST(&worker->logins.held))) {
        let_go(state);
        rq_call_refuse(state->call, "unavailable", NULL, NULL);
    }
}

/* The beginning ------------------------------------------------------------------------------------- */

static bool is_true(const PGresult *result, int column)
{
    return strcmp(PQgetvalue(result, 0, column), "t") == 0;
}

static void on_credential(void *argument, const rq_db_reply *reply)
{
    rq_login *state = argument;
    rq_call *call = state->call;
    rq_worker *worker = call->worker;
    const PGresult *result = reply->result;
    bool knows_address = false, knows_device = false;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
        return;
    }
    hash_of_nobody(worker->config->login_cost_log2, state->expected);
    if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 1)) {
        snprintf(state->user_id, sizeof(state->user_id), "%s", PQgetvalue(result, 0, 0));
        snprintf(state->expected, sizeof(state->expected), "%s", PQgetvalue(result, 0, 1));
        knows_address = is_true(result, 2);
        knows_device = is_true(result, 3);
        snprintf(state->totp_secret, sizeof(state->totp_secret), "%s", PQgetvalue(result, 0, 4));
    }
    state->guard =
        rq_login_guard_of(worker, json_string_value(json_object_get(call->input, "login")),
                          rq_exchange_peer(call->exchange), state->device_hash, knows_address, knows_device);
    int64_t pause_ms = rq_login_pause_ms(worker, &state->guard);
    int64_t delay_ms = rq_login_delay_ms(worker, &state->guard);
    if (pause_ms > 0)
        refuse_pause(state, pause_ms);
    else if (delay_ms > 0)
        hold(state, delay_ms);
    else
        check_password(state);
}

/* The browser's own cookie, of an earlier log-in. */
static void read_device(rq_login *state)
{
    rq_slice token = rq_cookie_find(rq_exchange_request(state->call->exchange), RQ_COOKIE_DEVICE);
    if (token.length != DEVICE_TEXT || !hash_token(token.data, token.length, state->device_hash))
        return;
    memcpy(state->device, token.data, token.length);
    state->device[token.length] = 0;
}

rq_step rq_log_in(rq_call *call)
{
    rq_login *state = rq_arena_alloc(call->arena, sizeof(*state));
    if (!state) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    state->call = call;
    read_device(state);
    rq_db_step step = {rq_statement_find("sessions/credential"),
                       {json_string_value(json_object_get(call->input, "login")),
                        rq_exchange_peer(call->exchange), state->device_hash},
                       3};
    call->ticket = rq_db_call(call->worker->db, NULL, &step, on_credential, state);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_WAIT;
}
