#include "call.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "rongqiao/clock.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"
#include "sheet.h"
#include "stages.h"
#include "streams.h"
#include "totp.h"
#include "views.h"
#include "worker.h"

static void after_principal(rq_call *call);
static void compute(rq_call *call);
static void execute(rq_call *call);
static void go_on_with_sheet(rq_call *call);
static void refuse(rq_call *call, const rq_problem *problem, const rq_faults *faults, const char *extension,
                   const char *allow);
static void answer_with(rq_call *call, int status, const char *body, size_t length, const char *location,
                        const char *etag);

/* Answers ----------------------------------------------------------------------------------------- */

enum { COMMON_HEADERS = 2, ANSWER_HEADERS = 8 };

void rq_call_answer(rq_call *call, int status, const char *body, size_t length,
                    const rq_reply_header *headers, size_t header_count)
{
    rq_exchange *exchange = call->exchange;
    rq_reply_header all[ANSWER_HEADERS];
    size_t count = header_count;
    assert(header_count + 2 <= ANSWER_HEADERS);
    if (status < 300 && rq_json_ran_short()) { /* the body may lack something */
        refuse(call, rq_problem_find("unavailable"), NULL, NULL, NULL);
        return;
    }
    for (size_t i = 0; i < header_count; i++)
        all[i] = headers[i];
    if (call->set_cookie)
        all[count++] = (rq_reply_header){"Set-Cookie", call->set_cookie};
    if (call->set_device)
        all[count++] = (rq_reply_header){"Set-Cookie", call->set_device};
    json_decref(call->input);
    call->input = NULL;
    rq_sheet *sheet = call->sheet; /* the body may be its */
    call->sheet = NULL;
    rq_exchange_reply(exchange, status, all, count, body, length);
    rq_sheet_free(sheet);
}

/* Whether a stage of the call went on without the memory that it wanted. */
static bool has_run_short(const rq_call *call)
{
    bool json = rq_json_ran_short();
    return json || rq_arena_ran_short(call->arena);
}

/* Headers that every answer with a JSON document has. */
static size_t common_headers(const char *content_type, rq_reply_header *out)
{
    out[0] = (rq_reply_header){"Content-Type", content_type};
    out[1] = (rq_reply_header){"Cache-Control", "no-store"};
    return COMMON_HEADERS;
}

static const char *retry_after(const rq_call *call, const rq_problem *problem, char out_text[24])
{
    int64_t usual = problem->status == 429 ? 5 : 1;
    snprintf(out_text, 24, "%" PRId64, call->retry_after_s > 0 ? call->retry_after_s : usual);
    return out_text;
}

static void refuse(rq_call *call, const rq_problem *problem, const rq_faults *faults, const char *extension,
                   const char *allow)
{
    rq_buffer body;
    rq_reply_header headers[ANSWER_HEADERS];
    char seconds[24];
    size_t count = common_headers("application/problem+json", headers);
    call->set_cookie = call->set_device = NULL;
    if (has_run_short(call) && problem->status < 500) { /* it may have seen less than there was */
        problem = rq_problem_find("unavailable");
        faults = NULL;
        extension = allow = NULL;
    }
    headers[count++] = (rq_reply_header){"Content-Language", call->language == RQ_CHINESE ? "zh" : "en"};
    bool is_unbound = strcmp(problem->code, "certificate_required") == 0;
    if (problem->status == 401)
        headers[count++] = (rq_reply_header){"WWW-Authenticate",
                                             is_unbound ? "Bearer realm=\"rongqiao\", error=\"invalid_token\""
                                                        : "Bearer realm=\"rongqiao\""};
    if (problem->status == 503 || problem->status == 429 || strcmp(problem->code, "busy_elsewhere") == 0)
        headers[count++] = (rq_reply_header){"Retry-After", retry_after(call, problem, seconds)};
    if (allow)
        headers[count++] = (rq_reply_header){"Allow", allow};
    rq_buffer_init(&body, RQ_LIMIT_BODY_BYTES);
    rq_problem_write(problem, call->language, rq_exchange_id(call->exchange), faults, extension, &body);
    if (body.failed)
        rq_call_answer(call, 503, NULL, 0, headers, count);
    else
        rq_call_answer(call, problem->status, body.data, body.length, headers, count);
    rq_buffer_done(&body);
}

void rq_call_refuse(rq_call *call, const char *code, const rq_faults *faults, const char *extension)
{
    refuse(call, rq_problem_find(code), faults, extension, NULL);
}

void rq_call_refuse_field(rq_call *call, const char *pointer, const char *code)
{
    rq_faults faults = {.arena = call->arena};
    rq_fault_add(&faults, pointer, code, 0, NULL);
    rq_call_refuse(call, "validation_failed", &faults, NULL);
}

/* The pointer that SQL named in the detail of its refusal, or null. */
static const char *detail_pointer(rq_call *call, const char *detail)
{
    json_t *object = detail && detail[0] == '{' ? json_loads(detail, 0, NULL) : NULL;
    const char *pointer = json_string_value(json_object_get(object, "pointer"));
    const char *copy = pointer ? rq_arena_strndup(call->arena, pointer, strlen(pointer)) : NULL;
    json_decref(object);
    return copy;
}

/* The first answer of a repeated request, word for word. */
static void replay(rq_call *call, const char *detail)
{
    json_t *first = json_loads(detail, 0, NULL);
    rq_reply_header headers[ANSWER_HEADERS];
    size_t count = common_headers("application/json", headers);
    const char *location = json_string_value(json_object_get(first, "location"));
    const char *etag = json_string_value(json_object_get(first, "etag"));
    const char *body = json_string_value(json_object_get(first, "body"));
    size_t length = body ? strlen(body) : 0;
    int status = (int)json_integer_value(json_object_get(first, "status"));
    if (!body)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    if (!body || !rq_private_open(call, &body, &length)) {
        json_decref(first);
        return;
    }
    headers[count++] = (rq_reply_header){"Idempotent-Replayed", "true"};
    if (location)
        headers[count++] = (rq_reply_header){"Location", location};
    if (etag)
        headers[count++] = (rq_reply_header){"ETag", etag};
    rq_call_answer(call, status, body, length, headers, count);
    json_decref(first);
}

static void on_settled(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    call->ticket = 0;
    if (reply->outcome == RQ_DB_DONE)
        replay(call, call->first);
    else
        rq_call_refuse_sql(call, reply);
}

/* The first answer may have been refused as "outcome unknown", because no standby confirmed the commit; it is
 * repeated only when one has by now (sql/session/settle.sql). */
static void settle_first(rq_call *call, const char *detail)
{
    rq_db_step step = {rq_statement_find("session/settle"), {NULL}, 0};
    call->first = rq_arena_strndup(call->arena, detail, strlen(detail));
    call->ticket = call->first ? rq_db_call(call->worker->db, NULL, &step, on_settled, call) : 0;
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

void rq_call_refuse_sql(rq_call *call, const rq_db_reply *reply)
{
    const char *pointer;
    const rq_problem *problem = rq_problem_of_sql(reply, &pointer);
    rq_faults faults = {.arena = call->arena};
    if (reply->outcome == RQ_DB_REFUSED && strcmp(reply->sqlstate, "RQ200") == 0) {
        settle_first(call, reply->detail);
        return;
    }
    bool ours = strncmp(reply->sqlstate, "RQ", 2) == 0;
    if (problem->status == 500)
        RQ_LOG(RQ_LOG_ERROR, "statement_failed", RQ_LOG_TEXT("request_id", rq_exchange_id(call->exchange)),
               RQ_LOG_TEXT("route", call->route->path), RQ_LOG_TEXT("sqlstate", reply->sqlstate),
               RQ_LOG_TEXT("message", reply->message), RQ_LOG_TEXT("detail", reply->detail));
    if (!pointer && ours)
        pointer = detail_pointer(call, reply->detail);
    if (pointer)
        rq_fault_add(&faults, pointer,
                     ours && rq_fault_texts(reply->message, &(const char *){NULL}, &(const char *){NULL})
                         ? reply->message
                         : "refused",
                     0, NULL);
    refuse(call, problem, &faults, ours && reply->detail[0] == '{' ? reply->detail : NULL, NULL);
}

/* Who asks ---------------------------------------------------------------------------------------- */

/* Nobody's token: what the address tried counts. */
static void refuse_stranger(rq_call *call)
{
    if (rq_limit_wrong_guess(call))
        rq_call_refuse(call, "unauthenticated", NULL, NULL);
}

/* A key that is bound to certificates is worth nothing to whoever has it without one of them. */
static bool has_its_certificate(const rq_call *call)
{
    char thumbprint[RQ_THUMBPRINT_TEXT + 1];
    return !call->principal.certificates[0] || (rq_exchange_thumbprint(call->exchange, thumbprint) &&
                                                rq_list_holds(call->principal.certificates, thumbprint));
}

static void admit_principal(rq_call *call)
{
    if (!has_its_certificate(call)) {
        if (rq_limit_wrong_guess(call))
            rq_call_refuse(call, "certificate_required", NULL, NULL);
    } else if (rq_limit_principal(call)) {
        after_principal(call);
    }
}

static void on_principal(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
        return;
    }
    if (PQntuples(reply->result) != 1 || PQgetisnull(reply->result, 0, 0)) {
        refuse_stranger(call);
    } else if (rq_principal_parse(PQgetvalue(reply->result, 0, 0), &call->principal)) {
        rq_limit_learn(call->worker, &call->principal);
        rq_principal_remember(call->worker, call->token_hash, &call->principal);
        admit_principal(call);
    } else {
        rq_call_refuse(call, "unavailable", NULL, NULL);
    }
}

/* Looks up who the token is, in the worker's memory or in PostgreSQL. */
static void resolve_token(rq_call *call, rq_slice token)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char csrf[RQ_CSRF_TEXT + 1];
    if (token.length < 16 || token.length > 128) {
        refuse_stranger(call);
        return;
    }
    if (rq_sha256(token.data, token.length, digest, NULL) != RQ_OK) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return;
    }
    rq_hex(digest, sizeof(digest), call->token_hash);
    if (call->by_cookie && rq_csrf_token(token.data, token.length, csrf))
        call->csrf = rq_arena_strndup(call->arena, csrf, RQ_CSRF_TEXT);
    const rq_principal *cached = rq_principal_cached(call->worker, call->token_hash);
    if (cached) {
        call->principal = *cached;
        admit_principal(call);
        return;
    }
    if (!rq_limit_guesses(call))
        return;
    rq_db_step step = {rq_statement_find("sessions/resolve"), {call->token_hash}, 1};
    call->ticket = rq_db_call(call->worker->db, NULL, &step, on_principal, call);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

static void find_principal(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_token_source source;
    rq_slice token = rq_token_find(request, &source);
    bool changes = request->method != RQ_GET && request->method != RQ_HEAD;
    bool is_login = (call->route->flags & RQ_ROUTE_LOGIN) && source != RQ_TOKEN_BEARER;
    bool is_anonymous = is_login || source == RQ_TOKEN_NONE || source == RQ_TOKEN_DOUBLED;
    call->by_cookie = source == RQ_TOKEN_COOKIE;
    if (is_anonymous && !rq_limit_address(call))
        return;
    if (source == RQ_TOKEN_DOUBLED)
        rq_call_refuse(call, "credentials_doubled", NULL, NULL);
    else if (is_login && !rq_is_same_origin(request))
        rq_call_refuse(call, "csrf", NULL, NULL);
    else if (is_login || (source == RQ_TOKEN_NONE && (call->route->roles & RQ_ROLE_PUBLIC)))
        after_principal(call);
    else if (source == RQ_TOKEN_NONE)
        rq_call_refuse(call, "unauthenticated", NULL, NULL);
    else if (call->by_cookie && changes && !rq_csrf_holds(request, token))
        rq_call_refuse(call, "csrf", NULL, NULL);
    else
        resolve_token(call, token);
}

/* The way ----------------------------------------------------------------------------------------- */

/* The statement's parameters by the names in its header. */
static rq_db_step step_for(rq_call *call, const char *name)
{
    rq_db_step step = {rq_statement_find(name), {NULL}, 0};
    const struct {
        const char *name, *value;
    } values[] = {{"id", call->id},
                  {"input", call->input_text},
                  {"computed", call->computed},
                  {"session", call->principal.session_id[0] ? call->principal.session_id : NULL},
                  {"csrf", call->csrf},
                  {"facts", call->facts},
                  {"digest", call->digest},
                  {"packages", call->packages},
                  {"seen", call->seen},
                  {"query", call->query_text}};
    for (const char *at = step.statement ? step.statement->parameters : ""; *at;) {
        size_t length = strcspn(at, " ");
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
            if (strlen(values[i].name) == length && memcmp(values[i].name, at, length) == 0)
                step.values[step.count] = values[i].value;
        step.count++;
        at += length + (at[length] == ' ');
    }
    return step;
}

rq_db_step rq_call_enter(const rq_call *call, bool with_key)
{
    const rq_principal *p = &call->principal;
    return (rq_db_step){rq_statement_find("session/enter"),
                        {p->user_id, p->side, p->org_id, p->roles, p->region, rq_exchange_id(call->exchange),
                         call->route->action, with_key ? call->key : NULL,
                         with_key ? call->fingerprint : NULL},
                        9};
}

/* Sends `name` as the asker, whose settings go before it in the same transaction. */
static void send_as_asker(rq_call *call, const char *name, bool with_key, rq_db_callback callback)
{
    rq_db_step step = step_for(call, name);
    rq_db_step enter = rq_call_enter(call, with_key);
    if (has_run_short(call)) { /* the input may lack something */
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return;
    }
    call->ticket = rq_db_call(call->worker->db, call->principal.known ? &enter : NULL, &step, callback, call);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

static void on_noted(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply); /* what cannot be noted is not shown */
        return;
    }
    rq_views_noted(call);
    if (call->sheet && call->kept.status)
        go_on_with_sheet(call);
    else if (call->kept.body)
        answer_with(call, call->kept.status, call->kept.body, call->kept.length, call->kept.location,
                    call->kept.etag);
    else
        compute(call);
}

static void on_facts(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
    } else if (PQntuples(reply->result) != 1 || PQgetisnull(reply->result, 0, 0)) {
        rq_call_refuse(call, call->id ? "not_found" : "enterprise_missing", NULL, NULL);
    } else {
        call->facts = rq_arena_strndup(call->arena, PQgetvalue(reply->result, 0, 0),
                                       (size_t)PQgetlength(reply->result, 0, 0));
        bool due = rq_views_due(call, reply->result);
        if (!call->facts || call->broken)
            rq_call_refuse(call, "unavailable", NULL, NULL);
        else if (due)
            send_as_asker(call, "views/record", false, on_noted);
        else
            compute(call);
    }
}

static void after_principal(rq_call *call)
{
    if (!(call->route->roles & RQ_ROLE_PUBLIC) && !(call->route->roles & call->principal.role_bits)) {
        rq_call_refuse(call, "forbidden", NULL, NULL);
    } else if (rq_totp_is_due(call) && !(call->route->flags & RQ_ROUTE_ENROL) &&
               !(call->route->roles & RQ_ROLE_PUBLIC)) {
        rq_call_refuse(call, "totp_enrolment_required", NULL, NULL);
    } else if (rq_input_read(call) && rq_key_read(call) && rq_sheet_begin(call)) {
        if (call->route->prelude)
            send_as_asker(call, call->route->prelude, false, on_facts);
        else
            compute(call);
    }
}

static void compute(rq_call *call)
{
    rq_step step = call->route->compute ? call->route->compute(call) : RQ_STEP_ON;
    if (step == RQ_STEP_ON)
        execute(call);
}

void rq_call_continue(rq_call *call)
{
    if (call->abandoned)
        rq_call_answer(call, 503, NULL, 0, NULL, 0);
    else
        execute(call);
}

static const char *text_at(const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
}

static const char *copy_at(rq_call *call, const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? NULL
                                          : rq_arena_strndup(call->arena, PQgetvalue(result, 0, column),
                                                             (size_t)PQgetlength(result, 0, column));
}

static void answer_with(rq_call *call, int status, const char *body, size_t length, const char *location,
                        const char *etag)
{
    rq_reply_header headers[ANSWER_HEADERS];
    size_t count = common_headers("application/json", headers);
    if (location)
        headers[count++] = (rq_reply_header){"Location", location};
    if (etag)
        headers[count++] = (rq_reply_header){"ETag", etag};
    rq_call_answer(call, status, body, length, headers, count);
}

/* Keeps the answer until it is noted who sees it. */
static void note_first(rq_call *call, const PGresult *result, const char *body, size_t length)
{
    call->kept.status = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    call->kept.body = rq_arena_strndup(call->arena, body, length);
    call->kept.length = length;
    call->kept.location = copy_at(call, result, 2);
    call->kept.etag = copy_at(call, result, 3);
    if (call->kept.body)
        send_as_asker(call, "views/record", false, on_noted);
    else
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

static void go_on_with_sheet(rq_call *call)
{
    bool turns = rq_sheet_turns(call);
    if (call->broken)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else if (turns)
        execute(call);
    else
        rq_sheet_answer(call);
}

/* One page of a sheet; who sees it is noted before anything more is read. */
static void take_page(rq_call *call, const PGresult *result, const char *body, size_t length)
{
    bool due = rq_views_due(call, result);
    call->kept.status = 200;
    if (call->broken || !rq_sheet_take(call, body, length))
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else if (due)
        send_as_asker(call, "views/record", false, on_noted);
    else
        go_on_with_sheet(call);
}

/* The body that the statement gave, with personal data as the asker may see them. */
static void take_result(rq_call *call, const PGresult *result)
{
    const char *body = PQgetvalue(result, 0, 1);
    size_t length = (size_t)PQgetlength(result, 0, 1);
    if (!rq_private_open(call, &body, &length))
        return;
    if (call->sheet)
        take_page(call, result, body, length);
    else if (rq_views_due(call, result))
        note_first(call, result, body, length);
    else if (call->broken)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else
        answer_with(call, (int)strtol(PQgetvalue(result, 0, 0), NULL, 10), body, length, text_at(result, 2),
                    text_at(result, 3));
}

static void on_result(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    const PGresult *result = reply->result;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE)
        rq_call_refuse_sql(call, reply);
    else if (PQntuples(result) != 1 || PQnfields(result) < 4 || !text_at(result, 1))
        rq_call_refuse(call, "not_found", NULL, NULL);
    else
        take_result(call, result);
}

static void execute(rq_call *call)
{
    send_as_asker(call, call->route->statement, true, on_result);
}

static void refuse_method(rq_call *call, unsigned allow)
{
    char text[64] = "";
    size_t at = 0;
    for (unsigned i = 0; i < RQ_METHODS; i++)
        if (allow & (1u << i))
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ", " : "", rq_method_names[i]);
    refuse(call, rq_problem_find("method_not_allowed"), NULL, NULL, text);
}

/* The problem document that needs no memory of the call's. */
static void reply_without_memory(rq_exchange *exchange)
{
    static const char body[] = "{\"type\":\"/problems/unavailable\",\"title\":\"系统繁忙，请稍后重试\","
                               "\"status\":503,\"code\":\"unavailable\"}";
    static const rq_reply_header headers[] = {
        {"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}, {"Retry-After", "1"}};
    rq_exchange_reply(exchange, 503, headers, 3, body, sizeof(body) - 1);
}

void rq_call_begin(rq_worker *worker, rq_exchange *exchange)
{
    const rq_request *request = rq_exchange_request(exchange);
    rq_arena *arena = rq_exchange_arena(exchange);
    rq_call *call = rq_arena_alloc(arena, sizeof(*call));
    rq_slice id;
    unsigned allow;
    if (!call) {
        reply_without_memory(exchange);
        return;
    }
    call->worker = worker;
    call->exchange = exchange;
    call->arena = arena;
    call->language = rq_language_of(rq_request_header(request, "Accept-Language"));
    call->route = rq_route_find(request->method, request->path, &id, &allow);
    rq_exchange_set_state(exchange, call);
    bool is_nothing = !call->route || (id.data && !rq_uuid_is_valid(id.data, id.length));
    if (is_nothing && !rq_limit_address(call))
        return;
    if (!call->route) {
        if (!allow && rq_portal_answer(call, &allow))
            return;
        if (allow)
            refuse_method(call, allow);
        else
            rq_call_refuse(call, "not_found", NULL, NULL);
        return;
    }
    if (is_nothing) {
        rq_call_refuse(call, "not_found", NULL, NULL);
        return;
    }
    if (id.data) {
        call->id = rq_arena_strndup(arena, id.data, id.length);
        if (!call->id) {
            rq_call_refuse(call, "unavailable", NULL, NULL);
            return;
        }
    }
    find_principal(call);
}

void rq_call_abandon(rq_call *call)
{
    if (call->stream) {
        rq_stream_abandon(call);
    } else if (call->ticket) {
        rq_db_forget(call->worker->db, call->ticket);
        rq_call_answer(call, 503, NULL, 0, NULL, 0);
    } else {
        call->abandoned = true;
    }
}
