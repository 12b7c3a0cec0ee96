/* The connections of one worker: accepting within the caps, deadlines, draining, and the end. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "rongqiao/digest.h"
#include "rongqiao/log.h"

static const struct timeval tick = {0, TICK_MS * 1000L};
static const struct timeval at_once = {0, 0};

rq_net_settings rq_net_settings_default(void)
{
    return (rq_net_settings){
        .handshake_ms = RQ_LIMIT_HANDSHAKE_MS,
        .head_ms = RQ_LIMIT_HEAD_MS,
        .body_ms = RQ_LIMIT_BODY_MS,
        .idle_ms = RQ_LIMIT_IDLE_MS,
        .write_stall_ms = RQ_LIMIT_WRITE_STALL_MS,
        .linger_ms = RQ_LIMIT_LINGER_MS,
        .connection_age_ms = RQ_LIMIT_CONNECTION_AGE_MS,
        .drain_idle_ms = RQ_LIMIT_DRAIN_IDLE_MS,
        .connection_requests = RQ_LIMIT_CONNECTION_REQUESTS,
        .connections_max = RQ_LIMIT_CONNECTIONS_PER_WORKER,
        .handshakes_max = RQ_LIMIT_HANDSHAKES_PER_WORKER,
    };
}

/* Accepting ------------------------------------------------------------------------------------------- */

static void start_ticking(rq_worker_net *net)
{
    if (!net->is_ticking)
        net->is_ticking = event_add(&net->tick_event, &tick) == 0;
}

static void pause_accepting(rq_worker_net *net, int64_t again_ms)
{
    event_del(&net->accept_event);
    net->is_accepting = false;
    net->accept_again_ms = again_ms;
    start_ticking(net);
}

/* At the cap of handshakes the oldest one makes room once it has had the time an honest one takes. */
static bool has_handshake_room(rq_worker_net *net, int64_t now_ms)
{
    if (net->handshakes < net->settings.handshakes_max)
        return true;
    const rq_connection *oldest = TAILQ_FIRST(&net->deadlines[DEADLINE_HANDSHAKE]);
    return oldest && now_ms - oldest->opened_ms >= RQ_LIMIT_HANDSHAKE_FLOOR_MS;
}

static void make_handshake_room(rq_worker_net *net)
{
    rq_connection *oldest = TAILQ_FIRST(&net->deadlines[DEADLINE_HANDSHAKE]);
    if (net->handshakes < net->settings.handshakes_max || !oldest)
        return;
    count(&net->counters.handshakes_failed, 1);
    connection_close(oldest, "handshake given up for a new one");
}

/* At the cap of connections the one that has been idle longest makes room. */
static bool make_room(rq_worker_net *net)
{
    if (net->open < net->settings.connections_max)
        return true;
    rq_connection *oldest = TAILQ_FIRST(&net->deadlines[DEADLINE_IDLE]);
    if (!oldest || !connection_is_idle(oldest))
        return false;
    connection_end(oldest, "idle, given up for a new one");
    return true;
}

static void go_on_accepting(rq_worker_net *net)
{
    int64_t now_ms = rq_monotonic_ms();
    if (net->is_accepting || net->is_draining || now_ms < net->accept_again_ms ||
        !has_handshake_room(net, now_ms))
        return;
    net->is_accepting = event_add(&net->accept_event, NULL) == 0;
}

static void address_text(const struct sockaddr_storage *address, char *out, socklen_t room)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    const void *bytes = &((const struct sockaddr_in *)address)->sin_addr;
    int family = address->ss_family;
    if (family == AF_INET6) {
        const unsigned char *v6 = ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr;
        bool is_v4 = memcmp(v6, mapped, sizeof mapped) == 0;
        bytes = is_v4 ? v6 + sizeof mapped : v6;
        family = is_v4 ? AF_INET : AF_INET6;
    }
    if (!inet_ntop(family, bytes, out, room))
        out[0] = '\0';
}

bool worker_is_too_often(rq_worker_net *net, const char *client)
{
    rq_throttle *throttle = net->settings.throttle;
    if (!throttle ||
        rq_throttle_take(throttle, rq_throttle_key_of_address(throttle, RQ_THROTTLE_CONNECTIONS, client),
                         net->settings.connection_rate, rq_monotonic_us()) == 0)
        return false;
    count(&net->counters.limited, 1);
    return true;
}

static void admit(rq_worker_net *net, int fd, const struct sockaddr_storage *address)
{
    char peer[INET6_ADDRSTRLEN];
    address_text(address, peer, sizeof peer);
    bool is_proxied = rq_proxies_hold(&net->settings.proxies, peer);
    if (!is_proxied && worker_is_too_often(net, peer)) {
        close(fd);
        return;
    }
    bool room = make_room(net);
    if (room)
        make_handshake_room(net);
    if (room && connection_new(net, fd, peer, is_proxied)) {
        count(&net->counters.accepted, 1);
        return;
    }
    count(&net->counters.rejected, 1);
    close(fd);
}

/* Out of descriptors or memory: the backlog holds the clients while others finish. */
static void accept_failed(rq_worker_net *net, int error)
{
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM)
        return;
    count(&net->counters.rejected, 1);
    RQ_LOG(RQ_LOG_WARNING, "accept_paused", RQ_LOG_TEXT("reason", strerror(error)),
           RQ_LOG_NUMBER("open_connections", net->open));
    pause_accepting(net, rq_monotonic_ms() + RQ_LIMIT_ACCEPT_PAUSE_MS);
}

static void on_accept(evutil_socket_t listen_fd, short what, void *argument)
{
    rq_worker_net *net = argument;
    (void)what;
    for (int i = 0; i < RQ_LIMIT_ACCEPTS_PER_WAKE && net->is_accepting; i++) {
        if (!has_handshake_room(net, rq_monotonic_ms())) {
            pause_accepting(net, 0);
            return;
        }
        struct sockaddr_storage address = {0};
        socklen_t length = sizeof address;
        int fd = accept4(listen_fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(net, fd, &address);
        } else {
            int error = errno;
            accept_failed(net, error);
            if (error == EAGAIN)
                return;
        }
    }
}

/* Time ------------------------------------------------------------------------------------------------ */

/* Closing one connection never closes another. */
static void end_idle(rq_worker_net *net)
{
    rq_connection *connection = TAILQ_FIRST(&net->connections), *next;
    net->has_ended_idle = true;
    for (; connection; connection = next) {
        next = TAILQ_NEXT(connection, link);
        if (connection_is_idle(connection))
            connection_end(connection, "draining");
    }
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    rq_worker_net *net = argument;
    (void)fd;
    (void)what;
    int64_t now_ms = rq_monotonic_ms();
    for (int i = 0; i < DEADLINES; i++) {
        rq_connection *first;
        while ((first = TAILQ_FIRST(&net->deadlines[i])) && first->deadline_ms <= now_ms)
            connection_expire(first); /* leaves this list */
    }
    if (net->is_draining && !net->has_ended_idle && now_ms >= net->idle_until_ms)
        end_idle(net);
    go_on_accepting(net);
    if (net->open == 0 && (net->is_accepting || net->is_draining)) {
        event_del(&net->tick_event);
        net->is_ticking = false;
    }
}

static void forget_resumed(rq_worker_net *net, rq_connection *connection)
{
    if (!connection->is_resumed)
        return;
    connection->is_resumed = false;
    TAILQ_REMOVE(&net->resumed, connection, resume_link);
    net->resumed_count--;
}

static void on_resume(evutil_socket_t fd, short what, void *argument)
{
    rq_worker_net *net = argument;
    (void)fd;
    (void)what;
    for (uint32_t turns = net->resumed_count; turns > 0 && net->resumed_count > 0; turns--) {
        rq_connection *connection = TAILQ_FIRST(&net->resumed);
        forget_resumed(net, connection);
        connection_drive(connection);
    }
}

void worker_resume_later(rq_worker_net *net, rq_connection *connection)
{
    if (connection->is_resumed)
        return;
    connection->is_resumed = true;
    TAILQ_INSERT_TAIL(&net->resumed, connection, resume_link);
    net->resumed_count++;
    event_add(&net->resume_event, &at_once);
}

/* Connections come and go ----------------------------------------------------------------------------- */

static void check_drained(rq_worker_net *net)
{
    if (net->is_draining && net->open == 0 && TAILQ_EMPTY(&net->exchanges))
        event_add(&net->drained_event, &at_once);
}

static void on_drained(evutil_socket_t fd, short what, void *argument)
{
    rq_worker_net *net = argument;
    (void)fd;
    (void)what;
    void (*drained)(void *) = net->drained;
    net->drained = NULL;
    if (drained)
        drained(net->drained_argument);
}

void worker_connection_opened(rq_worker_net *net, rq_connection *connection)
{
    TAILQ_INSERT_TAIL(&net->connections, connection, link);
    net->open++;
    net->handshakes++;
    count(&net->counters.open_now, 1);
    start_ticking(net);
}

void worker_connection_closed(rq_worker_net *net, rq_connection *connection)
{
    TAILQ_REMOVE(&net->connections, connection, link);
    forget_resumed(net, connection);
    assert(net->open > 0);
    net->open--;
    atomic_fetch_sub_explicit(&net->counters.open_now, 1, memory_order_relaxed);
    if (connection->phase == PHASE_HANDSHAKE)
        worker_handshake_over(net);
    check_drained(net);
}

void worker_handshake_over(rq_worker_net *net)
{
    assert(net->handshakes > 0);
    net->handshakes--;
    if (!net->is_accepting)
        go_on_accepting(net);
}

void worker_exchange_over(rq_worker_net *net)
{
    check_drained(net);
}

void rq_worker_net_hold(rq_worker_net *net, int64_t most_ms)
{
    pause_accepting(net, rq_monotonic_ms() + most_ms);
}

void rq_worker_net_begin(rq_worker_net *net)
{
    net->accept_again_ms = 0;
    go_on_accepting(net);
}

/* The worker ------------------------------------------------------------------------------------------ */

static void set_deadlines(rq_worker_net *net)
{
    const rq_net_settings *settings = &net->settings;
    const int64_t lasts_ms[DEADLINES] = {
        [DEADLINE_HANDSHAKE] = settings->handshake_ms,
        [DEADLINE_IDLE] = settings->idle_ms,
        [DEADLINE_HEAD] = settings->head_ms,
        [DEADLINE_BODY] = settings->body_ms,
        [DEADLINE_WRITE] = settings->write_stall_ms,
        [DEADLINE_LINGER] = settings->linger_ms,
        [DEADLINE_HALF_CLOSED] = RQ_LIMIT_HALF_CLOSED_MS,
    };
    memcpy(net->deadline_lasts_ms, lasts_ms, sizeof lasts_ms);
    for (int i = 0; i < DEADLINES; i++)
        TAILQ_INIT(&net->deadlines[i]);
}

static rq_status assign_events(rq_worker_net *net, int listen_fd, rq_error *error)
{
    int needed = EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE;
    if ((event_base_get_features(net->base) & needed) != needed)
        return rq_fail(error, RQ_IO, "the event loop has no edge-triggered events with early close (epoll)");
    if (event_assign(&net->accept_event, net->base, listen_fd, EV_READ | EV_PERSIST, on_accept, net) != 0 ||
        event_assign(&net->tick_event, net->base, -1, EV_PERSIST, on_tick, net) != 0 ||
        event_assign(&net->resume_event, net->base, -1, 0, on_resume, net) != 0 ||
        event_assign(&net->drained_event, net->base, -1, 0, on_drained, net) != 0 ||
        event_add(&net->accept_event, NULL) != 0)
        return rq_fail(error, RQ_IO, "cannot watch the listening socket");
    net->is_accepting = true;
    return RQ_OK;
}

rq_status rq_worker_net_new(struct event_base *base, int listen_fd, rq_tls *tls,
                            const rq_net_settings *settings, const rq_net_handler *handler,
                            void *worker_context, rq_worker_net **out_net, rq_error *error)
{
    assert(handler->body_limit && handler->request && handler->refusal);
    rq_worker_net *net = calloc(1, sizeof *net);
    if (!net)
        return rq_fail(error, RQ_NOMEM, "no memory for a worker's connections");
    net->base = base;
    net->tls = tls;
    net->settings = *settings;
    net->handler = handler;
    net->context = worker_context;
    net->date_second = -1;
    TAILQ_INIT(&net->connections);
    TAILQ_INIT(&net->resumed);
    TAILQ_INIT(&net->exchanges);
    TAILQ_INIT(&net->spare_exchanges);
    rq_buffer_init(&net->spare_output, RQ_LIMIT_REPLY_BYTES + RQ_LIMIT_HEADER_BYTES);
    set_deadlines(net);
    rq_status status = rq_random(&net->id_prefix, sizeof net->id_prefix, error);
    if (status == RQ_OK)
        status = assign_events(net, listen_fd, error);
    if (status == RQ_OK)
        *out_net = net;
    else
        free(net);
    return status;
}

void rq_worker_net_drain(rq_worker_net *net, void (*drained)(void *argument), void *argument)
{
    net->is_draining = true;
    net->idle_until_ms = rq_monotonic_ms() + net->settings.drain_idle_ms;
    net->drained = drained;
    net->drained_argument = argument;
    if (net->is_accepting)
        event_del(&net->accept_event);
    net->is_accepting = false;
    if (net->settings.drain_idle_ms == 0 || !net->is_ticking)
        end_idle(net);
    check_drained(net);
}

void rq_worker_net_free(rq_worker_net *net)
{
    if (!net)
        return;
    rq_connection *connection;
    rq_exchange *exchange;
    net->is_draining = true;
    net->drained = NULL;
    while ((connection = TAILQ_FIRST(&net->connections)))
        connection_end(connection, "stopping");
    while ((exchange = TAILQ_FIRST(&net->exchanges))) {
        TAILQ_REMOVE(&net->exchanges, exchange, link);
        exchange->net = NULL; /* its handler still owes the reply that frees it */
    }
    net->spare_exchange_count = SPARE_EXCHANGES; /* nothing is kept from here on */
    while ((exchange = TAILQ_FIRST(&net->spare_exchanges))) {
        TAILQ_REMOVE(&net->spare_exchanges, exchange, link);
        rq_arena_free(exchange->arena);
        free(exchange);
    }
    rq_buffer_done(&net->spare_output);
    event_del(&net->accept_event);
    event_del(&net->tick_event);
    event_del(&net->resume_event);
    event_del(&net->drained_event);
    free(net);
}

const rq_net_counters *rq_worker_net_counters(const rq_worker_net *net)
{
    return &net->counters;
}
