#include "admin.h"

#include <string.h>

#include "rongqiao/limits.h"

static size_t body_limit(void *context, const rq_request *head)
{
    (void)context;
    (void)head;
    return 0;
}

static void reply_text(rq_exchange *exchange, int status, const char *type, const char *text, size_t length)
{
    const rq_reply_header headers[] = {{"Content-Type", type}};
    rq_exchange_reply(exchange, status, headers, 1, text, length);
}

static void answer_metrics(const rq_admin *admin, rq_exchange *exchange)
{
    rq_buffer out;
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    rq_metrics_write(admin->workers, admin->worker_count, admin->announcer, &out);
    rq_sealer_metrics_write(admin->sealer, &out);
    if (out.failed)
        reply_text(exchange, 503, "text/plain", "short of memory\n", 16);
    else
        reply_text(exchange, 200, "text/plain; version=0.0.4", out.data, out.length);
    rq_buffer_done(&out);
}

static bool is_ready(const rq_admin *admin)
{
    bool ready = !admin->stopping;
    for (size_t i = 0; i < admin->worker_count; i++)
        ready &= rq_worker_is_ready(admin->workers[i]);
    return ready;
}

static void on_request(void *context, rq_exchange *exchange)
{
    const rq_admin *admin = context;
    const rq_request *request = rq_exchange_request(exchange);
    if (request->method != RQ_GET && request->method != RQ_HEAD)
        reply_text(exchange, 405, "text/plain", "GET only\n", 9);
    else if (rq_slice_is(request->path, "/metrics"))
        answer_metrics(admin, exchange);
    else if (rq_slice_is(request->path, "/livez"))
        reply_text(exchange, 200, "text/plain", "alive\n", 6);
    else if (rq_slice_is(request->path, "/readyz") && is_ready(admin))
        reply_text(exchange, 200, "text/plain", "ready\n", 6);
    else if (rq_slice_is(request->path, "/readyz"))
        reply_text(exchange, 503, "text/plain", "not ready\n", 10);
    else
        reply_text(exchange, 404, "text/plain", "/livez, /readyz, /metrics\n", 26);
}

static void on_refusal(void *context, rq_refusal *refusal)
{
    (void)context;
    refusal->body = refusal->code;
    refusal->body_length = strlen(refusal->code);
    refusal->content_type = "text/plain";
}

rq_status rq_admin_open(rq_admin *admin, struct event_base *base, int listen_fd, rq_error *error)
{
    static const rq_net_handler handler = {
        .body_limit = body_limit, .request = on_request, .refusal = on_refusal};
    rq_net_settings settings = rq_net_settings_default();
    settings.connections_max = 64;
    return rq_worker_net_new(base, listen_fd, NULL, &settings, &handler, admin, &admin->net, error);
}
