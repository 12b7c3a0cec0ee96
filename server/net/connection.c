/* The life of a connection: handshake, requests one after another, and an end that lets the peer read
 * the last reply. */
#include "connection.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/log.h"

/* What a step of drive() leads to. */
typedef enum step {
    STEP_AGAIN, /* there may be more to do at once */
    STEP_WAIT,  /* an event, a reply or a deadline comes next */
    STEP_OVER,  /* the connection is no more */
} step;

static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";

static step step_over(rq_connection *connection, const char *reason)
{
    connection_close(connection, reason);
    return STEP_OVER;
}

void connection_set_deadline(rq_connection *connection, deadline which)
{
    rq_worker_net *net = connection->net;
    if (connection->deadline != DEADLINE_NONE)
        TAILQ_REMOVE(&net->deadlines[connection->deadline], connection, deadline_link);
    connection->deadline = which;
    if (which == DEADLINE_NONE)
        return;
    connection->deadline_ms = rq_monotonic_ms() + net->deadline_lasts_ms[which];
    TAILQ_INSERT_TAIL(&net->deadlines[which], connection, deadline_link);
}

/* Keeps a deadline that runs already: deadlines are absolute. */
static void run_deadline(rq_connection *connection, deadline which)
{
    if (connection->deadline != which)
        connection_set_deadline(connection, which);
}

/* Output ---------------------------------------------------------------------------------------------- */

rq_buffer *connection_output(rq_connection *connection)
{
    rq_worker_net *net = connection->net;
    assert(connection->out.length == 0 && connection->out.capacity == 0);
    connection->out = net->spare_output;
    rq_buffer_init(&net->spare_output, connection->out.limit);
    return &connection->out;
}

/* Idle connections hold no output; the worker keeps one buffer for whoever writes next. */
static void give_output_back(rq_connection *connection)
{
    rq_worker_net *net = connection->net;
    size_t limit = connection->out.limit;
    rq_buffer_clear(&connection->out);
    if (net->spare_output.capacity == 0 && connection->out.capacity <= SPARE_OUTPUT_BYTES)
        net->spare_output = connection->out;
    else
        rq_buffer_done(&connection->out);
    rq_buffer_init(&connection->out, limit);
    connection->out_sent = connection->out_renewed = 0;
}

static void begin_writing(rq_connection *connection, bool is_interim, bool is_last)
{
    connection->phase = PHASE_WRITING;
    connection->is_interim = is_interim;
    connection->is_last = is_last;
    connection_set_deadline(connection, DEADLINE_NONE); /* until the peer keeps it waiting */
}

static step begin_lingering(rq_connection *connection)
{
    connection->io.operations->finish(&connection->io);
    connection->phase = PHASE_LINGERING;
    connection_set_deadline(connection, DEADLINE_LINGER);
    return STEP_AGAIN;
}

/* Writes some of what waits; IO_DONE when nothing does. */
static io_result write_some(rq_connection *connection)
{
    rq_buffer *out = &connection->out;
    size_t sent = 0;
    if (connection->out_sent == out->length)
        return IO_DONE;
    io_result result = connection->io.operations->write(&connection->io, out->data + connection->out_sent,
                                                        out->length - connection->out_sent, &sent);
    if (result != IO_DONE)
        return result;
    count(&connection->net->counters.bytes_out, sent);
    connection->out_sent += sent;
    if (connection->out_sent < out->length &&
        connection->out_sent - connection->out_renewed >= RQ_LIMIT_WRITE_STALL_BYTES) {
        connection->out_renewed = connection->out_sent;
        connection_set_deadline(connection, DEADLINE_WRITE);
    }
    return IO_DONE;
}

static step write_step(rq_connection *connection)
{
    io_result result = write_some(connection);
    if (result == IO_WAIT) {
        run_deadline(connection, DEADLINE_WRITE);
        return STEP_WAIT;
    }
    if (result != IO_DONE)
        return step_over(connection, "write failed");
    if (connection->out_sent < connection->out.length)
        return STEP_AGAIN;
    give_output_back(connection);
    bool drained = connection->net->has_ended_idle && !connection->is_interim && !connection->has_unread;
    if (connection->is_last || drained)
        return begin_lingering(connection);
    connection->phase = PHASE_READING;
    if (connection->is_interim)
        connection_set_deadline(connection, DEADLINE_BODY);
    else if (!connection->has_unread)
        connection_set_deadline(connection, DEADLINE_IDLE);
    return STEP_AGAIN;
}

/* Streams --------------------------------------------------------------------------------------------- */

static step stream_step(rq_connection *connection)
{
    if (connection->is_cut)
        return step_over(connection, "too slow a reader");
    if (connection->io.peer_closed)
        return step_over(connection, "closed by the client");
    io_result result = write_some(connection);
    if (result == IO_WAIT)
        return STEP_WAIT;
    if (result != IO_DONE)
        return step_over(connection, "write failed");
    if (connection->out_sent < connection->out.length)
        return STEP_AGAIN;
    give_output_back(connection);
    connection_set_deadline(connection, DEADLINE_NONE);
    return STEP_WAIT;
}

rq_buffer *connection_stream_output(rq_connection *connection)
{
    if (connection->out.capacity == 0)
        return connection_output(connection);
    rq_buffer_consume(&connection->out, connection->out_sent);
    connection->out_sent = connection->out_renewed = 0;
    return &connection->out;
}

void connection_begin_stream(rq_connection *connection, bool is_composed)
{
    connection->phase = is_composed ? PHASE_STREAMING : PHASE_BROKEN;
    io_expect_acknowledgement(&connection->io, RQ_LIMIT_STREAM_SILENCE_MS);
    connection_take_piece(connection);
}

void connection_take_piece(rq_connection *connection)
{
    run_deadline(connection, DEADLINE_WRITE);
    if (!connection->is_driven)
        worker_resume_later(connection->net, connection);
}

/* Requests -------------------------------------------------------------------------------------------- */

bool connection_is_last_request(const rq_connection *connection)
{
    const rq_worker_net *net = connection->net;
    return net->is_draining || !rq_http_request(connection->http)->keep_alive ||
           connection->requests >= net->settings.connection_requests ||
           rq_monotonic_ms() - connection->opened_ms >= net->settings.connection_age_ms;
}

void connection_take_reply(rq_connection *connection, bool is_composed, bool is_last)
{
    connection->exchange = NULL;
    rq_http_next(connection->http);
    connection->has_unread = rq_http_has_input(connection->http);
    if (is_composed)
        begin_writing(connection, false, is_last);
    else
        connection->phase = PHASE_BROKEN;
    if (!connection->is_driven)
        connection_drive(connection);
}

/* Refuses the input: one last reply, then a lingering close. */
static step refuse(rq_connection *connection, int status, const char *code)
{
    rq_worker_net *net = connection->net;
    assert(!connection->exchange);
    count(&net->counters.refused, 1);
    rq_exchange *exchange = exchange_new(connection);
    if (!exchange)
        return step_over(connection, "no memory for a refusal");
    rq_refusal refusal = {.status = status,
                          .code = code,
                          .request_id = exchange->id,
                          .so_far = rq_http_request(connection->http),
                          .arena = exchange->arena};
    net->handler->refusal(net->context, &refusal);
    RQ_LOG(RQ_LOG_INFO, "refused", RQ_LOG_TEXT("request_id", exchange->id),
           RQ_LOG_TEXT("peer", connection->peer), RQ_LOG_NUMBER("status", status), RQ_LOG_TEXT("code", code));
    rq_reply_header header = {"Content-Type", refusal.content_type};
    reply last = {.status = status,
                  .is_last = true,
                  .is_head = rq_http_is_in_body(connection->http) &&
                             rq_http_request(connection->http)->method == RQ_HEAD,
                  .headers = &header,
                  .header_count = refusal.content_type ? 1 : 0,
                  .body = refusal.body,
                  .body_length = refusal.body_length};
    bool composed = reply_compose(connection_output(connection), net, exchange->id, &last);
    exchange_free(exchange);
    if (!composed)
        return step_over(connection, "no memory for a refusal");
    begin_writing(connection, false, true);
    return STEP_AGAIN;
}

/* Hands the complete request to the handler, which may reply before it returns. */
static step dispatch(rq_connection *connection)
{
    rq_worker_net *net = connection->net;
    rq_exchange *exchange = exchange_new(connection);
    if (!exchange)
        return step_over(connection, "no memory for an exchange");
    if (connection->is_proxied)
        exchange_learn_client(exchange);
    connection->exchange = exchange;
    connection->requests++;
    connection->phase = PHASE_WORKING;
    connection_set_deadline(connection, DEADLINE_NONE);
    count(&net->counters.requests, 1);
    net->handler->request(net->context, exchange);
    if (connection->phase != PHASE_WORKING)
        return STEP_AGAIN;
    if (connection->io.peer_closed && connection->io.ssl)
        connection_set_deadline(connection, DEADLINE_HALF_CLOSED);
    return STEP_WAIT;
}

static step begin_body(rq_connection *connection)
{
    rq_worker_net *net = connection->net;
    const rq_request *request = rq_http_request(connection->http);
    rq_http_body_limit(connection->http, net->handler->body_limit(net->context, request));
    connection->has_unread = true;
    return STEP_AGAIN;
}

/* The request is not complete: which deadline holds, and whether the client waits for "100 Continue". */
static step await_input(rq_connection *connection)
{
    bool in_body = rq_http_is_in_body(connection->http);
    if (in_body && connection->deadline != DEADLINE_BODY &&
        rq_http_request(connection->http)->expect_continue) {
        rq_buffer *out = connection_output(connection);
        rq_buffer_append(out, continue_line, sizeof continue_line - 1);
        if (out->failed)
            return step_over(connection, "no memory for an interim reply");
        begin_writing(connection, true, false);
        return STEP_AGAIN;
    }
    bool begun = rq_http_is_mid_request(connection->http);
    run_deadline(connection, in_body ? DEADLINE_BODY : begun ? DEADLINE_HEAD : DEADLINE_IDLE);
    return STEP_AGAIN;
}

static step parse(rq_connection *connection, size_t fed)
{
    connection->has_unread = false;
    switch (rq_http_feed(connection->http, fed)) {
    case RQ_HTTP_MORE:
        return await_input(connection);
    case RQ_HTTP_HEAD:
        return begin_body(connection);
    case RQ_HTTP_REQUEST:
        return dispatch(connection);
    case RQ_HTTP_REFUSED:
        break;
    }
    return refuse(connection, rq_http_refusal_status(connection->http),
                  rq_http_refusal_code(connection->http));
}

static step read_step(rq_connection *connection)
{
    if (connection->has_unread)
        return parse(connection, 0);
    if (!connection->io.readable)
        return STEP_WAIT;
    size_t room, got = 0;
    char *to = rq_http_room(connection->http, &room);
    if (!to)
        return step_over(connection, "no memory for input");
    switch (connection->io.operations->read(&connection->io, to, room, &got)) {
    case IO_DONE:
        count(&connection->net->counters.bytes_in, got);
        return parse(connection, got);
    case IO_WAIT:
        if (!rq_http_has_input(connection->http))
            rq_http_next(connection->http); /* releases the input buffer */
        return STEP_WAIT;
    case IO_END:
        connection_end(connection, "closed by the client");
        return STEP_OVER;
    case IO_REFUSED:
        return begin_lingering(connection);
    case IO_GONE:
        break;
    }
    return step_over(connection, "read failed");
}

/* Beginning and end ----------------------------------------------------------------------------------- */

/* A proxy that speaks the PROXY protocol says first, and once, who its client is. */
static io_result learn_client(rq_connection *connection)
{
    char client[INET6_ADDRSTRLEN];
    io_result result = io_read_proxy_header(&connection->io, client);
    if (result != IO_DONE)
        return result;
    connection->is_proxied = false;
    if (client[0])
        memcpy(connection->peer, client, sizeof connection->peer);
    return client[0] && worker_is_too_often(connection->net, client) ? IO_GONE : IO_DONE;
}

static step handshake_step(rq_connection *connection)
{
    io_result result = IO_DONE;
    if (connection->is_proxied && connection->net->settings.proxies.word == RQ_PROXY_PROTOCOL)
        result = learn_client(connection);
    if (result == IO_DONE)
        result = connection->io.operations->handshake(&connection->io);
    if (result == IO_WAIT)
        return STEP_WAIT;
    worker_handshake_over(connection->net);
    connection->phase = PHASE_READING;
    if (result == IO_DONE) {
        connection_set_deadline(connection, DEADLINE_IDLE);
        return STEP_AGAIN;
    }
    count(&connection->net->counters.handshakes_failed, 1);
    if (result == IO_REFUSED)
        return begin_lingering(connection); /* so that the alert arrives */
    return step_over(connection, "handshake failed");
}

static step linger_step(rq_connection *connection)
{
    io_result result = io_discard(&connection->io);
    if (result == IO_DONE)
        return STEP_AGAIN;
    return result == IO_WAIT ? STEP_WAIT : step_over(connection, "finished");
}

static step next_step(rq_connection *connection)
{
    switch (connection->phase) {
    case PHASE_HANDSHAKE:
        return handshake_step(connection);
    case PHASE_READING:
        return read_step(connection);
    case PHASE_STREAMING:
        return stream_step(connection);
    case PHASE_WRITING:
        return write_step(connection);
    case PHASE_LINGERING:
        return linger_step(connection);
    case PHASE_BROKEN:
        return step_over(connection, "no memory for a reply");
    case PHASE_WORKING:
        break;
    }
    return STEP_WAIT;
}

void connection_drive(rq_connection *connection)
{
    assert(!connection->is_driven);
    connection->is_driven = true;
    for (int i = 0; i < DRIVE_STEPS; i++) {
        step result = next_step(connection);
        if (result == STEP_OVER)
            return;
        if (result == STEP_WAIT) {
            connection->is_driven = false;
            return;
        }
    }
    connection->is_driven = false;
    worker_resume_later(connection->net, connection);
}

/* While the handler works nothing is read, so the socket's state tells whether the client is there. A FIN
 * alone may be a client that has finished asking and awaits its reply: it gets it if that comes soon. (On
 * plain connections it waits as long as the work takes.) */
static void look_after_peer(rq_connection *connection)
{
    struct pollfd state = {.fd = connection->io.fd, .events = POLLRDHUP};
    if (poll(&state, 1, 0) <= 0)
        return;
    if (state.revents & (POLLERR | POLLHUP | POLLNVAL))
        connection_close(connection, "gone while its request was worked on");
    else if ((state.revents & POLLRDHUP) && connection->io.ssl)
        run_deadline(connection, DEADLINE_HALF_CLOSED);
}

static void on_event(evutil_socket_t fd, short what, void *argument)
{
    rq_connection *connection = argument;
    (void)fd;
    if (what & (EV_READ | EV_CLOSED))
        connection->io.readable = true;
    if (what & EV_CLOSED)
        connection->io.peer_closed = true;
    if (connection->phase == PHASE_WORKING)
        look_after_peer(connection);
    else
        connection_drive(connection);
}

rq_connection *connection_new(rq_worker_net *net, int fd, const char *peer, bool is_proxied)
{
    rq_connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->net = net;
    connection->deadline = DEADLINE_NONE;
    connection->opened_ms = rq_monotonic_ms();
    rq_buffer_init(&connection->out, net->spare_output.limit);
    memcpy(connection->peer, peer, strnlen(peer, sizeof connection->peer - 1));
    connection->http = rq_http_new();
    /* Edge-triggered and for all kinds, so that it is registered once: no system call an exchange, and a
     * client that goes is noticed at any time without a loop that spins on what is not read yet. */
    short kinds = EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST;
    if (!connection->http ||
        event_assign(&connection->event, net->base, fd, kinds, on_event, connection) != 0 ||
        io_init(&connection->io, fd, net->tls, NULL) != RQ_OK) {
        rq_http_free(connection->http);
        free(connection);
        return NULL;
    }
    if (event_add(&connection->event, NULL) != 0) {
        SSL_free(connection->io.ssl);
        rq_http_free(connection->http);
        free(connection);
        return NULL;
    }
    connection->is_proxied = is_proxied;
    connection->phase = PHASE_HANDSHAKE;
    connection->io.readable = true;
    worker_connection_opened(net, connection);
    connection_set_deadline(connection, DEADLINE_HANDSHAKE);
    return connection;
}

void connection_close(rq_connection *connection, const char *reason)
{
    rq_worker_net *net = connection->net;
    RQ_LOG(RQ_LOG_DEBUG, "connection_closed", RQ_LOG_TEXT("peer", connection->peer),
           RQ_LOG_TEXT("reason", reason), RQ_LOG_NUMBER("requests", connection->requests));
    connection_set_deadline(connection, DEADLINE_NONE);
    event_del(&connection->event);
    rq_exchange *exchange = connection->exchange;
    if (exchange)
        exchange_abandon(exchange);
    else
        rq_http_free(connection->http);
    io_done(&connection->io);
    rq_buffer_done(&connection->out);
    worker_connection_closed(net, connection);
    free(connection);
    if (exchange && net->handler->abandoned)
        net->handler->abandoned(net->context, exchange);
}

void connection_end(rq_connection *connection, const char *reason)
{
    connection->io.operations->finish(&connection->io);
    connection_close(connection, reason);
}

bool connection_is_idle(const rq_connection *connection)
{
    return connection->phase == PHASE_HANDSHAKE ||
           (connection->phase == PHASE_READING && !connection->has_unread &&
            !rq_http_is_mid_request(connection->http));
}

void connection_expire(rq_connection *connection)
{
    deadline expired = connection->deadline;
    if (expired != DEADLINE_IDLE && expired != DEADLINE_LINGER && expired != DEADLINE_HALF_CLOSED)
        count(&connection->net->counters.timed_out, 1);
    switch (expired) {
    case DEADLINE_HEAD:
    case DEADLINE_BODY:
        if (refuse(connection, 408, expired == DEADLINE_HEAD ? "head_timeout" : "body_timeout") == STEP_AGAIN)
            connection_drive(connection);
        return;
    case DEADLINE_IDLE:
        connection_end(connection, "idle");
        return;
    case DEADLINE_HANDSHAKE:
        connection_close(connection, "handshake deadline");
        return;
    case DEADLINE_WRITE:
        connection_close(connection, "write deadline");
        return;
    case DEADLINE_LINGER:
        connection_close(connection, "finished");
        return;
    default:
        connection_close(connection, "gone while its request was worked on");
    }
}
