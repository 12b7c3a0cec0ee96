#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "sheet.h"
#include "stages.h"
#include "streams.h"
#include "totp.h"
#include "views.h"
#include "worker.h"

static void compute(rq_call *call);
static void execute(rq_call *call);
static void go_on_with_sheet(rq_call *call);

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

rq_db_step rq_call_enter(const rq_call *call, const rq_statement *next, bool with_key)
{
    const rq_principal *p = &call->principal;
    if (next && next->lane == RQ_LANE_READ)
        return (rq_db_step){rq_statement_find("session/enter-reading"),
                            {p->user_id, p->side, p->org_id, p->roles, p->region},
                            5};
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
    rq_db_step enter = rq_call_enter(call, step.statement, with_key);
    if (rq_call_ran_short(call)) { /* the input may lack something */
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
        rq_call_answer_document(call, call->kept.status, call->kept.body, call->kept.length,
                                call->kept.location, call->kept.etag);
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

void rq_call_admitted(rq_call *call)
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
        rq_call_answer_document(call, (int)strtol(PQgetvalue(result, 0, 0), NULL, 10), body, length,
                                text_at(result, 2), text_at(result, 3));
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

void rq_call_begin(rq_worker *worker, rq_exchange *exchange)
{
    const rq_request *request = rq_exchange_request(exchange);
    rq_arena *arena = rq_exchange_arena(exchange);
    rq_call *call = rq_arena_alloc(arena, sizeof(*call));
    rq_slice id;
    unsigned allow;
    if (!call) {
        rq_reply_without_memory(exchange);
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
            rq_call_refuse_method(call, allow);
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
    rq_asker_find(call);
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
