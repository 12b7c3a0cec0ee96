/* A reply that is sent piece by piece. Pieces are put behind what waits and written from the event loop, so
 * that nothing here can end the exchange under its handler. */
#include <assert.h>

#include "connection.h"

void rq_exchange_begin(rq_exchange *exchange, int status, const rq_reply_header *headers, size_t header_count)
{
    rq_worker_net *net = exchange->net;
    rq_connection *connection = exchange->connection;
    if (net && net->handler->replied)
        net->handler->replied(net->context, exchange, status, 0);
    if (!connection)
        return;
    assert(connection->exchange == exchange && connection->phase == PHASE_WORKING);
    connection->is_chunked = rq_http_request(exchange->http)->minor_version > 0;
    connection->is_cut = false;
    reply head = {.status = status,
                  .is_last = !connection->is_chunked || connection_is_last_request(connection),
                  .is_stream = true,
                  .is_chunked = connection->is_chunked,
                  .headers = headers,
                  .header_count = header_count};
    count(&net->counters.streams_begun, 1);
    connection_begin_stream(connection,
                            reply_compose(connection_output(connection), net, exchange->id, &head));
}

static bool is_streaming(const rq_connection *connection)
{
    return connection && connection->phase == PHASE_STREAMING && !connection->is_cut;
}

bool rq_exchange_send(rq_exchange *exchange, const char *piece, size_t length)
{
    rq_connection *connection = exchange->connection;
    assert(length > 0); /* an empty chunk would be the last */
    if (!is_streaming(connection))
        return false;
    rq_buffer *out = connection_stream_output(connection);
    if (connection->is_chunked)
        rq_buffer_printf(out, "%zx\r\n", length);
    rq_buffer_append(out, piece, length);
    if (connection->is_chunked)
        rq_buffer_append(out, "\r\n", 2);
    if (out->failed || out->length > RQ_LIMIT_STREAM_BACKLOG) {
        connection->is_cut = true;
        count(&exchange->net->counters.streams_cut, 1);
    }
    connection_take_piece(connection);
    return !connection->is_cut;
}

size_t rq_exchange_backlog(const rq_exchange *exchange)
{
    const rq_connection *connection = exchange->connection;
    return connection ? connection->out.length - connection->out_sent : 0;
}

void rq_exchange_end(rq_exchange *exchange)
{
    rq_worker_net *net = exchange->net;
    rq_connection *connection = exchange->connection;
    bool is_whole = is_streaming(connection), is_last = true;
    if (is_whole && connection->is_chunked) {
        rq_buffer *out = connection_stream_output(connection);
        rq_buffer_append(out, "0\r\n\r\n", 5);
        is_whole = !out->failed;
        is_last = connection_is_last_request(connection);
    }
    exchange_free(exchange);
    if (connection)
        connection_take_reply(connection, is_whole, is_last);
    else if (net)
        worker_exchange_over(net);
}
