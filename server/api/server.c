/* The server about itself: alive, ready, its document. */
#include <pthread.h>
#include <string.h>

#include "routes.h"
#include "worker.h"

static rq_step answer_json(rq_call *call, int status, const char *body, size_t length)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    rq_call_answer(call, status, body, length, headers, 2);
    return RQ_STEP_ANSWERED;
}

static rq_step answer_livez(rq_call *call)
{
    static const char body[] = "{\"status\":\"alive\"}";
    return answer_json(call, 200, body, sizeof(body) - 1);
}

static rq_step answer_readyz(rq_call *call)
{
    static const char body[] = "{\"status\":\"ready\"}";
    if (rq_worker_is_ready(call->worker))
        return answer_json(call, 200, body, sizeof(body) - 1);
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

static rq_buffer document;
static pthread_once_t document_once = PTHREAD_ONCE_INIT;
static void write_document(void)
{
    rq_buffer_init(&document, RQ_LIMIT_REPLY_BYTES);
    rq_openapi_write(&document);
}

static rq_step answer_openapi(rq_call *call)
{
    pthread_once(&document_once, write_document);
    if (document.failed) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    return answer_json(call, 200, document.data, document.length);
}

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/livez", RQ_ROLE_PUBLIC, NULL, NULL, RQ_ROUTE_HEALTH, "Status", "进程存活",
             "The process lives", .compute = answer_livez),
    RQ_ROUTE(GET, "/readyz", RQ_ROLE_PUBLIC, NULL, NULL, RQ_ROUTE_HEALTH, "Status", "可以服务",
             "Work is possible", .compute = answer_readyz),
    RQ_ROUTE(GET, "/v1/openapi.json", RQ_ROLE_PUBLIC, NULL, NULL, 0, "OpenApi", "本接口文档", "This document",
             .compute = answer_openapi),
};
const rq_routes rq_server_routes = RQ_ROUTES(rows);
