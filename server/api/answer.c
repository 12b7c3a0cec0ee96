/* How a call ends: with a document, with a problem, with the first answer of a repeated request. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "private.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"
#include "sheet.h"
#include "stages.h"
#include "worker.h"

static void refuse(rq_call *call, const rq_problem *problem, const rq_faults *faults, const char *extension,
                   const char *allow);

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

bool rq_call_ran_short(const rq_call *call)
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
    if (rq_call_ran_short(call) && problem->status < 500) { /* it may have seen less than there was */
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

void rq_call_answer_document(rq_call *call, int status, const char *body, size_t length, const char *location,
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

void rq_call_refuse_method(rq_call *call, unsigned allow)
{
    char text[64] = "";
    size_t at = 0;
    for (unsigned i = 0; i < RQ_METHODS; i++)
        if (allow & (1u << i))
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ", " : "", rq_method_names[i]);
    refuse(call, rq_problem_find("method_not_allowed"), NULL, NULL, text);
}

void rq_reply_without_memory(rq_exchange *exchange)
{
    static const char body[] = "{\"type\":\"/problems/unavailable\",\"title\":\"系统繁忙，请稍后重试\","
                               "\"status\":503,\"code\":\"unavailable\"}";
    static const rq_reply_header headers[] = {
        {"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}, {"Retry-After", "1"}};
    rq_exchange_reply(exchange, 503, headers, 3, body, sizeof(body) - 1);
}
