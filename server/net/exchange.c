/* One request with its one reply. The handler owns an exchange from request() to rq_exchange_reply(); it
 * outlives its connection when the client goes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

/* 26 characters of Crockford's base 32: 48 bits of wall clock, then 40 of the worker and 40 that count, so
 * that ids sort by time and never meet. */
static void write_id(rq_worker_net *net, char *out)
{
    static const char alphabet[32] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const struct {
        uint64_t value;
        int characters;
    } parts[] = {{(uint64_t)rq_wall_ms(), 10}, {net->id_prefix, 8}, {net->id_count++, 8}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (int shift = 5 * (parts[i].characters - 1); shift >= 0; shift -= 5)
            *out++ = alphabet[parts[i].value >> shift & 31];
    *out = '\0';
}

static rq_exchange *take_spare(rq_worker_net *net)
{
    rq_exchange *exchange = TAILQ_FIRST(&net->spare_exchanges);
    if (exchange) {
        TAILQ_REMOVE(&net->spare_exchanges, exchange, link);
        net->spare_exchange_count--;
        return exchange;
    }
    exchange = calloc(1, sizeof *exchange);
    if (exchange)
        exchange->arena = rq_arena_new(RQ_LIMIT_EXCHANGE_ARENA);
    if (exchange && !exchange->arena) {
        free(exchange);
        return NULL;
    }
    return exchange;
}

rq_exchange *exchange_new(rq_connection *connection)
{
    rq_worker_net *net = connection->net;
    rq_exchange *exchange = take_spare(net);
    if (!exchange)
        return NULL;
    exchange->net = net;
    exchange->connection = connection;
    exchange->http = connection->http;
    exchange->state = NULL;
    exchange->started_us = rq_monotonic_us();
    write_id(net, exchange->id);
    memcpy(exchange->peer, connection->peer, sizeof exchange->peer);
    TAILQ_INSERT_TAIL(&net->exchanges, exchange, link);
    return exchange;
}

void exchange_learn_client(rq_exchange *exchange)
{
    const rq_request *request = rq_http_request(exchange->http);
    rq_slice last = {NULL, 0};
    for (size_t i = 0; i < request->header_count; i++)
        if (rq_slice_is_nocase(request->headers[i].name, "X-Forwarded-For"))
            last = request->headers[i].value;
    (void)rq_proxy_last_address(last.data, last.length, exchange->peer);
}

void exchange_free(rq_exchange *exchange)
{
    rq_worker_net *net = exchange->net;
    if (!exchange->connection)
        rq_http_free(exchange->http);
    if (net)
        TAILQ_REMOVE(&net->exchanges, exchange, link);
    if (net && net->spare_exchange_count < SPARE_EXCHANGES) {
        rq_arena_reset(exchange->arena);
        TAILQ_INSERT_HEAD(&net->spare_exchanges, exchange, link);
        net->spare_exchange_count++;
        return;
    }
    rq_arena_free(exchange->arena);
    free(exchange);
}

void exchange_abandon(rq_exchange *exchange)
{
    assert(exchange->connection);
    exchange->connection = NULL; /* and the parser is the exchange's own from now on */
    count(&exchange->net->counters.abandoned, 1);
}

void rq_exchange_reply(rq_exchange *exchange, int status, const rq_reply_header *headers, size_t header_count,
                       const char *body, size_t body_length)
{
    rq_worker_net *net = exchange->net;
    rq_connection *connection = exchange->connection;
    bool is_composed = false, is_last = false;
    assert(status >= 200 && status <= 599 && (body || body_length == 0));
    if (connection) {
        assert(connection->exchange == exchange);
        is_last = connection_is_last_request(connection);
        reply whole = {.status = status,
                       .is_last = is_last,
                       .is_head = rq_http_request(exchange->http)->method == RQ_HEAD,
                       .headers = headers,
                       .header_count = header_count,
                       .body = body,
                       .body_length = body_length};
        is_composed = reply_compose(connection_output(connection), net, exchange->id, &whole);
    }
    if (net && net->handler->replied)
        net->handler->replied(net->context, exchange, status, body_length);
    exchange_free(exchange);
    if (connection)
        connection_take_reply(connection, is_composed, is_last);
    else if (net)
        worker_exchange_over(net);
}

const rq_request *rq_exchange_request(const rq_exchange *exchange)
{
    return rq_http_request(exchange->http);
}

rq_arena *rq_exchange_arena(rq_exchange *exchange)
{
    return exchange->arena;
}

const char *rq_exchange_id(const rq_exchange *exchange)
{
    return exchange->id;
}

const char *rq_exchange_peer(const rq_exchange *exchange)
{
    return exchange->peer;
}

bool rq_exchange_thumbprint(const rq_exchange *exchange, char out_text[RQ_THUMBPRINT_TEXT + 1])
{
    const SSL *ssl = exchange->connection ? exchange->connection->io.ssl : NULL;
    const X509 *certificate = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
    return certificate && tls_thumbprint(certificate, out_text);
}

void rq_exchange_set_state(rq_exchange *exchange, void *state)
{
    exchange->state = state;
}

void *rq_exchange_state(const rq_exchange *exchange)
{
    return exchange->state;
}

int64_t rq_exchange_started_us(const rq_exchange *exchange)
{
    return exchange->started_us;
}

bool rq_exchange_is_abandoned(const rq_exchange *exchange)
{
    return !exchange->connection;
}
