#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rongqiao/clock.h"
#include "rongqiao/log.h"

struct rq_posted {
    rq_posted *next;
    void (*function)(rq_worker *worker, void *argument);
    void *argument;
};

const int64_t rq_latency_bounds_us[RQ_LATENCY_BUCKETS] = {100,   250,   500,    1000,   2500,    5000,
                                                          10000, 25000, 100000, 250000, 1000000, 5000000};

/* What the net side asks -------------------------------------------------------------------------- */

static size_t body_limit(void *context, const rq_request *head)
{
    rq_slice id;
    unsigned allow;
    const rq_route *route = rq_route_find(head->method, head->path, &id, &allow);
    (void)context;
    return route && route->body_limit ? route->body_limit : RQ_LIMIT_BODY_BYTES;
}

static void on_request(void *context, rq_exchange *exchange)
{
    rq_call_begin(context, exchange);
}

static void on_refusal(void *context, rq_refusal *refusal)
{
    rq_buffer body;
    rq_language language = rq_language_of(rq_request_header(refusal->so_far, "Accept-Language"));
    char *extension = rq_arena_printf(refusal->arena, "{\"reason\":\"%s\"}", refusal->code);
    (void)context;
    rq_buffer_init(&body, RQ_LIMIT_BODY_BYTES);
    rq_problem_write(rq_problem_for_status(refusal->status), language, refusal->request_id, NULL, extension,
                     &body);
    refusal->body = body.failed ? NULL : rq_arena_strndup(refusal->arena, body.data, body.length);
    refusal->body_length = refusal->body ? body.length : 0;
    refusal->content_type = "application/problem+json";
    rq_buffer_done(&body);
}

static void on_abandoned(void *context, rq_exchange *exchange)
{
    rq_call *call = rq_exchange_state(exchange);
    (void)context;
    if (call)
        rq_call_abandon(call);
}

static void on_replied(void *context, const rq_exchange *exchange, int status, size_t body_length)
{
    rq_worker *worker = context;
    const rq_request *request = rq_exchange_request(exchange);
    int64_t took_us = rq_monotonic_us() - rq_exchange_started_us(exchange);
    size_t bucket = 0;
    int class = status / 100;
    while (bucket < RQ_LATENCY_BUCKETS && took_us > rq_latency_bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&worker->counters.latency[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->counters.latency_sum_us, (uint_fast64_t)took_us, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->counters.replies[class < RQ_STATUS_CLASSES ? class : 0], 1,
                              memory_order_relaxed);

    char path[128];
    size_t length = request->path.length < sizeof(path) - 1 ? request->path.length : sizeof(path) - 1;
    memcpy(path, request->path.data ? request->path.data : "", length);
    path[length] = 0;
    RQ_LOG(status >= 500 ? RQ_LOG_WARNING : RQ_LOG_INFO, "request",
           RQ_LOG_TEXT("request_id", rq_exchange_id(exchange)),
           RQ_LOG_TEXT("peer", rq_exchange_peer(exchange)),
           RQ_LOG_TEXT("method", rq_method_names[request->method]), RQ_LOG_TEXT("path", path),
           RQ_LOG_NUMBER("status", status), RQ_LOG_NUMBER("bytes", body_length),
           RQ_LOG_NUMBER("took_us", took_us));
}

static const rq_net_handler net_handler = {
    .body_limit = body_limit,
    .request = on_request,
    .refusal = on_refusal,
    .abandoned = on_abandoned,
    .replied = on_replied,
};

/* Posts from other threads ------------------------------------------------------------------------ */

bool rq_worker_post(rq_worker *worker, void (*function)(rq_worker *worker, void *argument), void *argument)
{
    rq_posted *posted = calloc(1, sizeof(*posted));
    const uint64_t one = 1;
    if (!posted)
        return false;
    posted->function = function;
    posted->argument = argument;
    pthread_mutex_lock(&worker->post_lock);
    bool taken = !worker->stopping;
    if (taken) {
        *worker->posted_tail = posted;
        worker->posted_tail = &posted->next;
    }
    pthread_mutex_unlock(&worker->post_lock);
    if (!taken) {
        free(posted);
        return false;
    }
    /* The counter can't overflow in practice, and EAGAIN would mean that a wake-up is pending anyway. */
    return write(worker->wake_fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN;
}

static void run_posted(rq_worker *worker)
{
    pthread_mutex_lock(&worker->post_lock);
    rq_posted *list = worker->posted;
    worker->posted = NULL;
    worker->posted_tail = &worker->posted;
    pthread_mutex_unlock(&worker->post_lock);
    while (list) {
        rq_posted *posted = list;
        list = posted->next;
        posted->function(worker, posted->argument);
        free(posted);
    }
}

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof(count)) == sizeof(count) || errno == EAGAIN)
        run_posted(argument);
}

static void take_catalogue(rq_worker *worker, void *argument)
{
    rq_catalogue_unref(worker->catalogue);
    worker->catalogue = argument;
    atomic_store_explicit(&worker->counters.catalogue_version,
                          (uint_fast64_t)rq_catalogue_version(worker->catalogue), memory_order_relaxed);
}

void rq_worker_set_catalogue(rq_worker *worker, rq_catalogue *catalogue)
{
    if (!rq_worker_post(worker, take_catalogue, catalogue))
        rq_catalogue_unref(catalogue);
}

static void on_drained(void *argument)
{
    rq_worker *worker = argument;
    atomic_store(&worker->is_drained, true);
}

static void begin_drain(rq_worker *worker, void *argument)
{
    (void)argument;
    rq_streams_close(worker);
    rq_worker_net_drain(worker->net, on_drained, worker);
    /* Clients that come now are refused at once, unless somebody else (systemd) holds the socket for a
     * successor. */
    close(worker->listen_fd);
    worker->listen_fd = -1;
}

void rq_worker_drain(rq_worker *worker)
{
    if (!rq_worker_post(worker, begin_drain, NULL))
        atomic_store(&worker->is_drained, true);
}

bool rq_worker_is_drained(const rq_worker *worker)
{
    return atomic_load(&worker->is_drained);
}

bool rq_worker_is_ready(const rq_worker *worker)
{
    return atomic_load(&worker->is_ready);
}

static void break_loop(rq_worker *worker, void *argument)
{
    (void)argument;
    event_base_loopbreak(worker->base);
}

/* Life -------------------------------------------------------------------------------------------- */

static void on_pulse(evutil_socket_t fd, short what, void *argument)
{
    rq_worker *worker = argument;
    (void)fd;
    (void)what;
    rq_streams_tick(worker);
    rq_logins_tick(worker);
    atomic_store(&worker->is_ready, worker->catalogue && rq_db_is_ready(worker->db, RQ_LANE_READ, NULL) &&
                                        rq_db_is_ready(worker->db, RQ_LANE_WRITE, NULL));
    if (!worker->has_begun && rq_worker_is_ready(worker)) {
        worker->has_begun = true;
        rq_worker_net_begin(worker->net);
    }
}

static void *run_worker(void *argument)
{
    rq_worker *worker = argument;
    pthread_setname_np(pthread_self(), "worker");
    rq_log_gather(true);
    while (event_base_loop(worker->base, EVLOOP_ONCE) == 0 && !event_base_got_break(worker->base))
        rq_log_flush();
    rq_log_gather(false);
    return NULL;
}

void rq_worker_close(rq_worker *worker)
{
    /* What is posted may still call the database, and whatever the database answers may still reply. */
    pthread_mutex_lock(&worker->post_lock);
    worker->stopping = true;
    pthread_mutex_unlock(&worker->post_lock);
    run_posted(worker);
    rq_streams_close(worker);
    rq_logins_close(worker);
    rq_db_free(worker->db);
    rq_worker_net_free(worker->net);
    if (worker->listen_fd >= 0)
        close(worker->listen_fd);
    rq_catalogue_unref(worker->catalogue);
    if (worker->wake_event)
        event_free(worker->wake_event);
    if (worker->pulse_event)
        event_free(worker->pulse_event);
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    if (worker->base)
        event_base_free(worker->base);
    pthread_mutex_destroy(&worker->post_lock);
    free(worker->principals);
    free(worker->views);
    rq_private_keys_close(&worker->private_keys);
    free(worker);
}

static rq_status open_parts(rq_worker *worker, const rq_worker_setup *setup, rq_error *error)
{
    const rq_config *config = setup->config;
    rq_net_settings net = rq_net_settings_default();
    rq_db_settings db = {
        .conninfo = config->database,
        .connections = {(unsigned)config->read_connections, (unsigned)config->write_connections,
                        (unsigned)config->slow_connections},
        .depth = {(unsigned)config->read_depth, (unsigned)config->write_depth, RQ_LIMIT_SLOW_DEPTH},
        .queue_max = (unsigned)config->lane_queue,
        .wait_ms = config->lane_wait_ms,
        .statement_timeout_ms = {config->read_timeout_ms, config->write_timeout_ms, config->slow_timeout_ms},
    };
    net.handshake_ms = config->handshake_ms;
    net.head_ms = config->head_ms;
    net.body_ms = config->body_ms;
    net.idle_ms = config->idle_ms;
    net.write_stall_ms = config->write_stall_ms;
    net.drain_idle_ms = config->drain_idle_ms;
    net.connections_max = setup->connections_max;
    net.handshakes_max = (uint32_t)config->handshakes_max;
    net.throttle = setup->throttle;
    net.connection_rate = rq_quota_of(config->connection_rate, config->connection_burst);
    rq_status status = rq_proxies_read(config->trusted_proxies, &net.proxies, error);
    net.proxies.word = config->proxy_address_from;
    if (status == RQ_OK)
        status = rq_db_new(worker->base, &db, &worker->db, error);
    if (status == RQ_OK)
        status = rq_worker_net_new(worker->base, setup->listen_fd, setup->tls, &net, &net_handler, worker,
                                   &worker->net, error);
    if (status == RQ_OK) /* a process that takes over a socket leaves requests to the old one until it can answer */
        rq_worker_net_hold(worker->net, RQ_LIMIT_START_HOLD_MS);
    return status;
}

rq_status rq_worker_open(const rq_worker_setup *setup, rq_worker **out_worker, rq_error *error)
{
    static const struct timeval pulse = {.tv_usec = 200000};
    rq_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return rq_fail(error, RQ_NOMEM, "no memory for a worker");
    pthread_mutex_init(&worker->post_lock, NULL);
    worker->config = setup->config;
    worker->throttle = setup->throttle;
    worker->hash_pool = setup->hash_pool;
    worker->market = setup->market;
    worker->portal = setup->portal;
    worker->relay = setup->relay;
    rq_streams_init(&worker->streams);
    rq_logins_init(&worker->logins);
    worker->listen_fd = setup->listen_fd;
    worker->posted_tail = &worker->posted;
    worker->principals = calloc(RQ_PRINCIPALS, sizeof(*worker->principals));
    worker->views = calloc(RQ_VIEWS, sizeof(*worker->views));
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->base = event_base_new();
    if (worker->base && worker->wake_fd >= 0) {
        worker->wake_event = event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST, on_wake, worker);
        worker->pulse_event = event_new(worker->base, -1, EV_PERSIST, on_pulse, worker);
    }
    rq_status status = RQ_OK;
    if (!worker->principals || !worker->views || !worker->wake_event || !worker->pulse_event ||
        event_add(worker->wake_event, NULL) != 0 || event_add(worker->pulse_event, &pulse) != 0)
        status = rq_fail(error, RQ_IO, "cannot set up a worker's event loop");
    if (status == RQ_OK && !rq_roles_are_known(setup->config->totp_roles))
        status = rq_fail(error, RQ_INVALID, "totp_roles names a role that does not exist");
    worker->totp_roles = rq_roles_parse(setup->config->totp_roles);
    if (status == RQ_OK)
        status = rq_private_keys_open(&worker->private_keys, setup->config, error);
    if (status == RQ_OK)
        status = open_parts(worker, setup, error);
    if (status == RQ_OK)
        *out_worker = worker;
    else
        rq_worker_close(worker);
    return status;
}

rq_status rq_worker_start(const rq_worker_setup *setup, rq_worker **out_worker, rq_error *error)
{
    rq_worker *worker;
    rq_status status = rq_worker_open(setup, &worker, error);
    if (status != RQ_OK)
        return status;
    if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
        rq_worker_close(worker);
        return rq_fail(error, RQ_IO, "cannot start a worker's thread");
    }
    *out_worker = worker;
    return RQ_OK;
}

void rq_worker_stop(rq_worker *worker)
{
    if (!worker)
        return;
    while (!rq_worker_post(worker, break_loop, NULL))
        usleep(1000); /* memory is short; nothing else can stop the loop */
    pthread_join(worker->thread, NULL);
    rq_worker_close(worker);
}
