/* Log in and out. Logging in is the named exception to "one exchange, one statement": the stored hash is
 * read, the password is hashed off the loop, and the session is written. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/db.h"
#include "rongqiao/log.h"
#include "routes.h"
#include "stages.h"
#include "worker.h"

/* What a login carries from one stage to the next, in the call's arena. */
typedef struct login {
    rq_call *call;
    char user_id[RQ_UUID_TEXT + 1];
    char token[48];
    char token_hash[RQ_SHA256_HEX + 1];
} login;

/* A hash nobody's password has, of the cost in force: unknown users take the time of known ones (ASVS 6.3.8).
 */
static void hash_of_nobody(unsigned cost_log2, char out_text[RQ_PASSWORD_HASH_TEXT])
{
    snprintf(out_text, RQ_PASSWORD_HASH_TEXT, "scrypt$%u$%0*d$%0*d", cost_log2, 2 * RQ_SCRYPT_SALT_BYTES, 0,
             2 * RQ_SCRYPT_KEY_BYTES, 0);
}

static bool make_token(login *state)
{
    uint8_t secret[32], digest[RQ_SHA256_BYTES];
    if (rq_random(secret, sizeof(secret), NULL) != RQ_OK)
        return false;
    rq_base64url(secret, sizeof(secret), state->token);
    OPENSSL_cleanse(secret, sizeof(secret));
    if (rq_sha256(state->token, strlen(state->token), digest, NULL) != RQ_OK)
        return false;
    rq_hex(digest, sizeof(digest), state->token_hash);
    return true;
}

static void answer_session(login *state, const PGresult *result)
{
    rq_call *call = state->call;
    rq_buffer body;
    char csrf[RQ_CSRF_TEXT + 1], cookie[RQ_COOKIE_TEXT];
    bool browser = json_is_true(json_object_get(call->input, "cookie"));
    rq_buffer_init(&body, RQ_LIMIT_BODY_BYTES);
    rq_json json = rq_json_on(&body);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "id", PQgetvalue(result, 0, 0));
    if (!browser)
        rq_json_string(&json, "token", state->token);
    else if (rq_csrf_token(state->token, strlen(state->token), csrf))
        rq_json_string(&json, "csrf", csrf);
    rq_json_string(&json, "expires_at", PQgetvalue(result, 0, 1));
    rq_json_string(&json, "user_id", state->user_id);
    rq_json_string(&json, "side", PQgetvalue(result, 0, 2));
    rq_json_string(&json, "roles", PQgetvalue(result, 0, 3));
    rq_json_string(&json, "name", PQgetvalue(result, 0, 4));
    rq_json_object_end(&json);
    rq_cookie_write(state->token, call->worker->config->session_hours * 3600, cookie);
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    OPENSSL_cleanse(state->token, sizeof(state->token));
    call->set_cookie = browser ? cookie : NULL;
    if (body.failed)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else
        rq_call_answer(call, 201, body.data, body.length, headers, 2);
    rq_buffer_done(&body);
    OPENSSL_cleanse(cookie, sizeof(cookie));
}

static void on_opened(void *argument, const rq_db_reply *reply)
{
    login *state = argument;
    state->call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE)
        rq_call_refuse_sql(state->call, reply);
    else if (PQntuples(reply->result) != 1)
        rq_call_refuse(state->call, "login_failed", NULL, NULL);
    else
        answer_session(state, reply->result);
}

static void on_counted(void *argument, const rq_db_reply *reply)
{
    login *state = argument;
    state->call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE)
        rq_call_refuse_sql(state->call, reply);
    else
        rq_call_refuse(state->call, "login_failed", NULL, NULL);
}

static void on_hashed(rq_worker *worker, void *argument, bool equal, const char *hash)
{
    login *state = argument;
    rq_call *call = state->call;
    char idle[16], hours[16], free_tries[16];
    (void)hash;
    if (call->abandoned) {
        rq_call_answer(call, 503, NULL, 0, NULL, 0);
        return;
    }
    if (!state->user_id[0]) {
        atomic_fetch_add_explicit(&worker->counters.logins_failed, 1, memory_order_relaxed);
        rq_call_refuse(call, "login_failed", NULL, NULL);
        return;
    }
    snprintf(free_tries, sizeof(free_tries), "%d", (int)worker->config->login_failures_max);
    snprintf(idle, sizeof(idle), "%d", (int)worker->config->session_idle_minutes * 60);
    snprintf(hours, sizeof(hours), "%d", (int)worker->config->session_hours);
    if (!equal) {
        rq_db_step step = {rq_statement_find("sessions/failed"), {state->user_id, free_tries}, 2};
        atomic_fetch_add_explicit(&worker->counters.logins_failed, 1, memory_order_relaxed);
        RQ_LOG(RQ_LOG_INFO, "login_failed", RQ_LOG_TEXT("request_id", rq_exchange_id(call->exchange)),
               RQ_LOG_TEXT("user_id", state->user_id), RQ_LOG_TEXT("peer", rq_exchange_peer(call->exchange)));
        call->ticket = rq_db_call(worker->db, NULL, &step, on_counted, state);
    } else if (!make_token(state)) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return;
    } else {
        /* The new session's owner reads its own row back: it enters as itself. */
        rq_db_step enter = {
            rq_statement_find("session/enter"),
            {state->user_id, "", "", "", "", rq_exchange_id(call->exchange), NULL, NULL, NULL},
            9};
        rq_db_step step = {rq_statement_find("sessions/open"),
                           {state->user_id, state->token_hash, rq_exchange_peer(call->exchange), idle, hours},
                           5};
        call->ticket = rq_db_call(worker->db, &enter, &step, on_opened, state);
    }
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

static void on_credential(void *argument, const rq_db_reply *reply)
{
    login *state = argument;
    rq_call *call = state->call;
    char nobody[RQ_PASSWORD_HASH_TEXT];
    const char *expected = nobody;
    hash_of_nobody(call->worker->config->login_cost_log2, nobody);
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
        return;
    }
    if (PQntuples(reply->result) == 1) {
        if (strtol(PQgetvalue(reply->result, 0, 2), NULL, 10) > 0) {
            rq_call_refuse(call, "too_many_attempts", NULL, NULL);
            return;
        }
        if (!PQgetisnull(reply->result, 0, 1)) {
            expected = PQgetvalue(reply->result, 0, 1);
            snprintf(state->user_id, sizeof(state->user_id), "%s", PQgetvalue(reply->result, 0, 0));
        }
    }
    const char *password = json_string_value(json_object_get(call->input, "password"));
    if (!rq_hash_pool_submit(call->worker->hash_pool, call->worker, password, expected, on_hashed, state))
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

static rq_step log_in(rq_call *call)
{
    login *state = rq_arena_alloc(call->arena, sizeof(*state));
    rq_db_step step = {rq_statement_find("sessions/credential"),
                       {json_string_value(json_object_get(call->input, "login"))},
                       1};
    if (!state) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    state->call = call;
    call->ticket = rq_db_call(call->worker->db, NULL, &step, on_credential, state);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_WAIT;
}

/* Logging out ends the session that the request came with. */
static rq_step log_out(rq_call *call)
{
    char gone[RQ_COOKIE_TEXT];
    rq_principal_forget(call->worker, call->token_hash);
    if (!call->id && !call->principal.session_id[0]) { /* a system's key */
        rq_call_refuse(call, "not_found", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    if (!call->id)
        call->id = call->principal.session_id;
    if (call->by_cookie && strcmp(call->id, call->principal.session_id) == 0) {
        rq_cookie_write("", 0, gone);
        call->set_cookie = rq_arena_strndup(call->arena, gone, strlen(gone));
    }
    return RQ_STEP_ON;
}

static const rq_field login_fields[] = {
    {"login", RQ_FIELD_CODE, true, 1, 64, NULL, NULL, "用户名", "the user's login"},
    {"password", RQ_FIELD_TEXT, true, 1, 256, NULL, NULL, "密码", "the password"},
    {"cookie", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "浏览器用 Cookie 会话",
     "true: a browser's session, as a cookie"},
};
static const rq_schema login_input = RQ_SCHEMA("Login", login_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/sessions", RQ_ROLE_PUBLIC, &login_input, NULL, RQ_ROUTE_LOGIN, "Session", "登录",
             "Log in", .compute = log_in),
    RQ_ROUTE(GET, "/v1/sessions", RQ_ROLE_ANYBODY, NULL, "sessions/list", 0, "List", "我的会话",
             "My live sessions"),
    RQ_ROUTE(GET, "/v1/sessions/current", RQ_ROLE_ANYBODY, NULL, "sessions/me", 0, "User", "当前用户",
             "Who I am"),
    RQ_ROUTE(DELETE, "/v1/sessions/current", RQ_ROLE_ANYBODY, NULL, "sessions/close", 0, NULL, "退出",
             "Log out", .compute = log_out),
    RQ_ROUTE(DELETE, "/v1/sessions/{id}", RQ_ROLE_ANYBODY, NULL, "sessions/close", 0, NULL,
             "结束我的某个会话", "End one of my sessions"),
};
const rq_routes rq_session_routes = RQ_ROUTES(rows);
