#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/log.h"
#include "worker.h"

static void after_principal(rq_call *call);
static void compute(rq_call *call);
static void execute(rq_call *call);

/* Answers ---------------------------------------------------------------------------------------------------------- */

void rq_call_answer(rq_call *call, int status, const char *body, size_t length, const rq_reply_header *headers,
                    size_t header_count)
{
    rq_exchange *exchange = call->exchange;
    json_decref(call->input);
    call->input = NULL;
    rq_exchange_reply(exchange, status, headers, header_count, body, length);
}

/* Headers that every answer with a JSON document has. */
enum { COMMON_HEADERS = 3, ANSWER_HEADERS = 8 };
static size_t common_headers(const char *content_type, rq_reply_header *out)
{
    out[0] = (rq_reply_header){"Content-Type", content_type};
    out[1] = (rq_reply_header){"Cache-Control", "no-store"};
    out[2] = (rq_reply_header){"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"};
    return COMMON_HEADERS;
}

static void refuse(rq_call *call, const rq_problem *problem, const rq_faults *faults, const char *extension,
                   const char *allow)
{
    rq_buffer body;
    rq_reply_header headers[ANSWER_HEADERS];
    size_t count = common_headers("application/problem+json", headers);
    headers[count++] = (rq_reply_header){"Content-Language", call->language == RQ_CHINESE ? "zh" : "en"};
    if (problem->status == 401)
        headers[count++] = (rq_reply_header){"WWW-Authenticate", "Bearer realm=\"rongqiao\""};
    if (problem->status == 503 || problem->status == 429 || strcmp(problem->code, "busy_elsewhere") == 0)
        headers[count++] = (rq_reply_header){"Retry-After", problem->status == 429 ? "5" : "1"};
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
    int status = (int)json_integer_value(json_object_get(first, "status"));
    headers[count++] = (rq_reply_header){"Idempotent-Replayed", "true"};
    if (location)
        headers[count++] = (rq_reply_header){"Location", location};
    if (etag)
        headers[count++] = (rq_reply_header){"ETag", etag};
    if (status == 0)
        rq_call_refuse(call, "busy_elsewhere", NULL, NULL);
    else
        rq_call_answer(call, status, body, body ? strlen(body) : 0, headers, count);
    json_decref(first);
}

void rq_call_refuse_sql(rq_call *call, const rq_db_reply *reply)
{
    const char *pointer;
    const rq_problem *problem = rq_problem_of_sql(reply, &pointer);
    rq_faults faults = {.arena = call->arena};
    if (reply->outcome == RQ_DB_REFUSED && strcmp(reply->sqlstate, "RQ200") == 0) {
        replay(call, reply->detail);
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
                     ours && rq_fault_texts(reply->message, &(const char *){NULL}, &(const char *){NULL}) ? reply->message
                                                                                                         : "refused",
                     0, NULL);
    refuse(call, problem, &faults, ours && reply->detail[0] == '{' ? reply->detail : NULL, NULL);
}

/* Who asks ------------------------------------------------------------------------------------------------------------ */

static const char cookie_name[] = "__Host-rq_session=";

/* The session token of the request: bearer for programs, cookie for browsers. Empty when there is none. */
static rq_slice find_token(const rq_request *request, bool *out_by_cookie)
{
    rq_slice authorization = rq_request_header(request, "Authorization");
    *out_by_cookie = false;
    if (authorization.data) {
        if (authorization.length > 7 && strncasecmp(authorization.data, "Bearer ", 7) == 0)
            return (rq_slice){authorization.data + 7, authorization.length - 7};
        return (rq_slice){authorization.data, 0};
    }
    rq_slice cookie = rq_request_header(request, "Cookie");
    for (size_t at = 0; at + sizeof(cookie_name) - 1 <= cookie.length;) {
        const char *pair = cookie.data + at;
        const char *end = memchr(pair, ';', cookie.length - at);
        size_t length = end ? (size_t)(end - pair) : cookie.length - at;
        if (length > sizeof(cookie_name) - 1 && memcmp(pair, cookie_name, sizeof(cookie_name) - 1) == 0) {
            *out_by_cookie = true;
            return (rq_slice){pair + sizeof(cookie_name) - 1, length - (sizeof(cookie_name) - 1)};
        }
        at += length + 1;
        while (at < cookie.length && cookie.data[at] == ' ')
            at++;
    }
    return (rq_slice){NULL, 0};
}

bool rq_csrf_token(const char *token, size_t length, char out_text[RQ_SHA256_HEX + 1])
{
    char text[160];
    uint8_t digest[RQ_SHA256_BYTES];
    int written = snprintf(text, sizeof(text), "csrf:%.*s", (int)length, token);
    if (written < 0 || (size_t)written >= sizeof(text) ||
        rq_sha256(text, (size_t)written, digest, NULL) != RQ_OK)
        return false;
    rq_hex(digest, sizeof(digest), out_text);
    return true;
}

/* A browser's request that changes something must come from our own page: the token that only it can read, and no
 * cross-site origin (ASVS 3.5.1). */
static bool csrf_holds(rq_call *call, rq_slice token)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice sent = rq_request_header(request, "X-CSRF-Token");
    rq_slice site = rq_request_header(request, "Sec-Fetch-Site");
    char expected[RQ_SHA256_HEX + 1];
    if (site.data && !rq_slice_is(site, "same-origin") && !rq_slice_is(site, "none"))
        return false;
    return rq_csrf_token(token.data, token.length, expected) && sent.length == RQ_SHA256_HEX &&
           rq_equal_secret(sent.data, expected, RQ_SHA256_HEX);
}

static void on_principal(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
        return;
    }
    if (PQntuples(reply->result) == 1 && !PQgetisnull(reply->result, 0, 0) &&
        rq_principal_parse(PQgetvalue(reply->result, 0, 0), &call->principal)) {
        rq_principal_remember(call->worker, call->token_hash, &call->principal);
        after_principal(call);
    } else {
        rq_call_refuse(call, "unauthenticated", NULL, NULL);
    }
}

static void find_principal(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice token = find_token(request, &call->by_cookie);
    uint8_t digest[RQ_SHA256_BYTES];
    bool changes = request->method != RQ_GET && request->method != RQ_HEAD;
    if (!token.data && (call->route->roles & RQ_ROLE_PUBLIC)) {
        after_principal(call);
    } else if (!token.data || token.length < 16 || token.length > 128 ||
               rq_sha256(token.data, token.length, digest, NULL) != RQ_OK) {
        rq_call_refuse(call, "unauthenticated", NULL, NULL);
    } else if (call->by_cookie && changes && !csrf_holds(call, token)) {
        rq_call_refuse(call, "csrf_failed", NULL, NULL);
    } else {
        rq_hex(digest, sizeof(digest), call->token_hash);
        const rq_principal *cached = rq_principal_cached(call->worker, call->token_hash);
        if (cached) {
            call->principal = *cached;
            after_principal(call);
            return;
        }
        rq_db_step step = {rq_statement_find("sessions/resolve"), {call->token_hash}, 1};
        call->ticket = rq_db_call(call->worker->db, NULL, &step, on_principal, call);
        if (call->ticket == 0)
            rq_call_refuse(call, "unavailable", NULL, NULL);
    }
}

/* Input ---------------------------------------------------------------------------------------------------------------- */

/* A JSON document for `value` that lives in the arena; null when memory is short. */
static const char *dump(rq_call *call, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = text ? rq_arena_strndup(call->arena, text, strlen(text)) : NULL;
    free(text);
    return copy;
}

/* Where in the document Jansson stopped, for the reply. */
static void refuse_json(rq_call *call, const json_error_t *error)
{
    bool duplicate = json_error_code(error) == json_error_duplicate_key;
    rq_faults faults = {.arena = call->arena};
    char *extension;
    const rq_request *request = rq_exchange_request(call->exchange);
    const char *pointer = rq_json_pointer_at(call->arena, request->body.data,
                                             error->position > 0 ? (size_t)error->position : 0, request->body.length);
    if (duplicate)
        rq_fault_add(&faults, pointer, "repeated", 0, NULL);
    extension = rq_arena_printf(call->arena, "{\"line\":%d,\"column\":%d,\"pointer\":\"%s\"}", error->line, error->column,
                                duplicate ? "" : pointer);
    rq_call_refuse(call, duplicate ? "json_duplicate_key" : "json_malformed", duplicate ? &faults : NULL,
                   duplicate ? NULL : extension);
}

static bool media_type_is(rq_slice value, const char *type)
{
    size_t length = strlen(type);
    return value.length >= length && strncasecmp(value.data, type, length) == 0 &&
           (value.length == length || value.data[length] == ';' || value.data[length] == ' ');
}

/* Reads the body into call->input; false when the call was refused. */
static bool read_body(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice type = rq_request_header(request, "Content-Type");
    json_error_t error;
    if (request->body.length == 0 && (call->route->flags & RQ_ROUTE_NO_BODY)) {
        call->input = json_object();
        return true;
    }
    if ((call->route->flags & RQ_ROUTE_CSV) && media_type_is(type, "text/csv"))
        return true; /* the computing stage reads it */
    if (!media_type_is(type, "application/json")) {
        rq_call_refuse(call, "media_type_unsupported", NULL, NULL);
        return false;
    }
    /* Jansson takes a NUL after a number for the end of it: refuse it before. */
    if (memchr(request->body.data ? request->body.data : "", 0, request->body.length)) {
        rq_call_refuse(call, "json_malformed", NULL, NULL);
        return false;
    }
    call->input = json_loadb(request->body.data ? request->body.data : "", request->body.length,
                             JSON_REJECT_DUPLICATES, &error);
    if (!call->input) {
        refuse_json(call, &error);
        return false;
    }
    return true;
}

static const rq_schema empty_schema = {.name = "Empty"};

/* Puts If-Match beside the input, where the statement looks for it. */
static void take_if_match(rq_call *call)
{
    rq_slice match = rq_request_header(rq_exchange_request(call->exchange), "If-Match");
    if ((call->route->flags & RQ_ROUTE_IF_MATCH) && match.data && json_is_object(call->input) &&
        !rq_slice_is(match, "*"))
        json_object_set_new(call->input, "if_match", json_stringn(match.data, match.length));
}

static bool read_input(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    const rq_schema *schema = call->route->input ? call->route->input : &empty_schema;
    rq_faults faults = {.arena = call->arena};
    bool has_body = call->route->method == RQ_POST || call->route->method == RQ_PUT || call->route->method == RQ_PATCH;
    if (has_body && !read_body(call))
        return false;
    if (!has_body) {
        call->input = rq_schema_from_query(schema, request->query.data, request->query.length, &faults);
        if (call->input && call->route->input && !json_object_get(call->input, "limit"))
            for (size_t i = 0; i < schema->count; i++)
                if (strcmp(schema->fields[i].name, "limit") == 0)
                    json_object_set_new(call->input, "limit", json_integer(20));
    } else if (request->query.length > 0) {
        rq_fault_add(&faults, "", "unknown_key", 0, NULL);
    }
    if (call->input)
        rq_schema_check(schema, call->input, "", &faults);
    if (faults.count > 0) {
        rq_call_refuse(call, "validation_failed", &faults, NULL);
        return false;
    }
    take_if_match(call);
    call->input_text = call->input ? dump(call, call->input) : "null";
    if (!call->input_text) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    return true;
}

/* The Idempotency-Key (an RFC 8941 string, or bare) and the fingerprint of what it stands for. */
static bool read_key(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice key = rq_request_header(request, "Idempotency-Key");
    uint8_t digest[RQ_SHA256_BYTES];
    char hex[RQ_SHA256_HEX + 1];
    if (!(call->route->flags & RQ_ROUTE_KEY))
        return true;
    if (!key.data) {
        rq_call_refuse(call, "idempotency_key_required", NULL, NULL);
        return false;
    }
    if (key.length >= 2 && key.data[0] == '"' && key.data[key.length - 1] == '"')
        key = (rq_slice){key.data + 1, key.length - 2};
    bool fits = key.length >= 1 && key.length <= 255;
    for (size_t i = 0; i < key.length && fits; i++)
        fits = key.data[i] > 0x20 && key.data[i] < 0x7f && key.data[i] != '"' && key.data[i] != '\\';
    if (!fits) {
        rq_call_refuse(call, "idempotency_key_malformed", NULL, NULL);
        return false;
    }
    size_t head = strlen(rq_method_names[request->method]) + 1 + request->target.length + 1;
    char *text = rq_arena_alloc(call->arena, head + request->body.length + 1);
    call->key = rq_arena_strndup(call->arena, key.data, key.length);
    if (text) {
        snprintf(text, head + 1, "%s %.*s\n", rq_method_names[request->method], (int)request->target.length,
                 request->target.data);
        if (request->body.length > 0)
            memcpy(text + head, request->body.data, request->body.length);
    }
    if (!text || !call->key || rq_sha256(text, head + request->body.length, digest, NULL) != RQ_OK) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    rq_hex(digest, sizeof(digest), hex);
    call->fingerprint = rq_arena_strndup(call->arena, hex, RQ_SHA256_HEX);
    return true;
}

/* The way --------------------------------------------------------------------------------------------------------------- */

/* The statement's parameters by the names in its header. */
static rq_db_step step_for(rq_call *call, const char *name)
{
    rq_db_step step = {rq_statement_find(name), {NULL}, 0};
    const struct {
        const char *name, *value;
    } values[] = {{"id", call->id},       {"input", call->input_text},   {"computed", call->computed},
                  {"facts", call->facts}, {"digest", call->digest}};
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

/* Sends `name` as the asker, whose settings go before it in the same transaction. */
static void send_as_asker(rq_call *call, const char *name, bool with_key, rq_db_callback callback)
{
    const rq_principal *p = &call->principal;
    rq_db_step step = step_for(call, name);
    rq_db_step enter = {rq_statement_find("session/enter"),
                        {p->user_id, p->side, p->org_id, p->roles, p->region, rq_exchange_id(call->exchange),
                         call->route->action, with_key ? call->key : NULL, with_key ? call->fingerprint : NULL},
                        9};
    call->ticket = rq_db_call(call->worker->db, p->known ? &enter : NULL, &step, callback, call);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
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
        if (call->facts)
            compute(call);
        else
            rq_call_refuse(call, "unavailable", NULL, NULL);
    }
}

static void after_principal(rq_call *call)
{
    if (!(call->route->roles & RQ_ROLE_PUBLIC) && !(call->route->roles & call->principal.role_bits)) {
        rq_call_refuse(call, "forbidden", NULL, NULL);
    } else if (read_input(call) && read_key(call)) {
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

static void on_result(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    rq_reply_header headers[ANSWER_HEADERS];
    size_t count = common_headers("application/json", headers);
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
        return;
    }
    if (PQntuples(reply->result) != 1 || PQnfields(reply->result) != 4 || !text_at(reply->result, 1)) {
        rq_call_refuse(call, "not_found", NULL, NULL);
        return;
    }
    const char *location = text_at(reply->result, 2), *etag = text_at(reply->result, 3);
    if (location)
        headers[count++] = (rq_reply_header){"Location", location};
    if (etag)
        headers[count++] = (rq_reply_header){"ETag", etag};
    rq_call_answer(call, (int)strtol(PQgetvalue(reply->result, 0, 0), NULL, 10), PQgetvalue(reply->result, 0, 1),
                   (size_t)PQgetlength(reply->result, 0, 1), headers, count);
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

void rq_call_begin(rq_worker *worker, rq_exchange *exchange)
{
    const rq_request *request = rq_exchange_request(exchange);
    rq_arena *arena = rq_exchange_arena(exchange);
    rq_call *call = rq_arena_alloc(arena, sizeof(*call));
    rq_slice id;
    unsigned allow;
    if (!call) {
        rq_exchange_reply(exchange, 503, NULL, 0, NULL, 0);
        return;
    }
    call->worker = worker;
    call->exchange = exchange;
    call->arena = arena;
    call->language = rq_language_of(rq_request_header(request, "Accept-Language"));
    call->route = rq_route_find(request->method, request->path, &id, &allow);
    rq_exchange_set_state(exchange, call);
    if (!call->route) {
        if (allow)
            refuse_method(call, allow);
        else
            rq_call_refuse(call, "not_found", NULL, NULL);
        return;
    }
    if (id.data) {
        if (!rq_uuid_is_valid(id.data, id.length)) {
            rq_call_refuse(call, "not_found", NULL, NULL);
            return;
        }
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
    if (call->ticket) {
        rq_db_forget(call->worker->db, call->ticket);
        rq_call_answer(call, 503, NULL, 0, NULL, 0);
    } else {
        call->abandoned = true;
    }
}
