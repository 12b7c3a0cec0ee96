#include "io.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DISCARD_BYTES = 16384, DISCARD_READS = 8 };

static bool is_passing(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Plain ----------------------------------------------------------------------------------------------- */

static io_result plain_handshake(rq_io *io)
{
    io->established = true;
    return IO_DONE;
}

static io_result plain_read(rq_io *io, char *out, size_t room, size_t *out_count)
{
    ssize_t got = recv(io->fd, out, room, 0);
    if (got == 0)
        return IO_END;
    if (got < 0) {
        if (!is_passing(errno))
            return IO_GONE;
        io->readable = false;
        return IO_WAIT;
    }
    if ((size_t)got < room && !io->peer_closed)
        io->readable = false;
    *out_count = (size_t)got;
    return IO_DONE;
}

static io_result plain_write(rq_io *io, const char *data, size_t length, size_t *out_count)
{
    ssize_t put = send(io->fd, data, length, MSG_NOSIGNAL);
    if (put < 0)
        return is_passing(errno) ? IO_WAIT : IO_GONE;
    *out_count = (size_t)put;
    return IO_DONE;
}

static void plain_finish(rq_io *io)
{
    shutdown(io->fd, SHUT_WR);
}

static const io_operations plain_operations = {plain_handshake, plain_read, plain_write, plain_finish};

/* TLS ------------------------------------------------------------------------------------------------- */

/* What a call before left in the queue would be taken for the next one's; emptying takes longer than looking.
 */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

static io_result tls_failed(rq_io *io, int result)
{
    switch (SSL_get_error(io->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        io->readable = false;
        return IO_WAIT;
    case SSL_ERROR_WANT_WRITE:
        return IO_WAIT;
    case SSL_ERROR_ZERO_RETURN:
        return IO_END;
    case SSL_ERROR_SSL:
        io->established = false;
        return IO_REFUSED;
    default:
        io->established = false;
        return IO_GONE;
    }
}

static io_result tls_handshake(rq_io *io)
{
    forget_errors();
    int result = SSL_accept(io->ssl);
    if (result != 1)
        return tls_failed(io, result);
    io->established = true;
    io->readable = true; /* a first request may have been read ahead */
    return IO_DONE;
}

static io_result tls_read(rq_io *io, char *out, size_t room, size_t *out_count)
{
    forget_errors();
    int result = SSL_read_ex(io->ssl, out, room, out_count);
    if (result != 1)
        return tls_failed(io, result);
    /* What OpenSSL has read ahead is invisible to the socket's events. */
    if (SSL_has_pending(io->ssl))
        io->readable = true;
    return IO_DONE;
}

static io_result tls_write(rq_io *io, const char *data, size_t length, size_t *out_count)
{
    bool readable = io->readable;
    forget_errors();
    int result = SSL_write_ex(io->ssl, data, length, out_count);
    io_result outcome = result == 1 ? IO_DONE : tls_failed(io, result);
    io->readable = io->readable || readable;
    return outcome;
}

static void tls_finish(rq_io *io)
{
    if (io->established) {
        forget_errors();
        SSL_shutdown(io->ssl); /* sends close_notify; whether the peer answers is not waited for */
    }
    shutdown(io->fd, SHUT_WR);
}

static const io_operations tls_operations = {tls_handshake, tls_read, tls_write, tls_finish};

/* Both ------------------------------------------------------------------------------------------------ */

rq_status io_init(rq_io *io, int fd, rq_tls *tls, rq_error *error)
{
    *io = (rq_io){.operations = tls ? &tls_operations : &plain_operations, .fd = fd};
    if (tls) {
        io->ssl = tls_session(tls, io);
        if (!io->ssl)
            return rq_fail(error, RQ_NOMEM, "no memory for a TLS session");
    }
    return RQ_OK;
}

void io_done(rq_io *io)
{
    if (io->ssl)
        SSL_free(io->ssl);
    forget_errors();
    close(io->fd);
}

io_result io_read_proxy_header(rq_io *io, char out_client[INET6_ADDRSTRLEN])
{
    uint8_t bytes[RQ_PROXY_HEADER_MOST];
    size_t length = 0;
    ssize_t got = recv(io->fd, bytes, sizeof bytes, MSG_PEEK);
    if (got < 0)
        return is_passing(errno) ? IO_WAIT : IO_GONE;
    if (got == 0)
        return IO_END;
    switch (rq_proxy_header_read(bytes, (size_t)got, &length, out_client)) {
    case RQ_PROXY_HEADER_MORE:
        return io->peer_closed ? IO_END
                               : IO_WAIT; /* what is peeked at again raises no event; more of it does */
    case RQ_PROXY_HEADER_DONE:
        return recv(io->fd, bytes, length, 0) == (ssize_t)length ? IO_DONE : IO_GONE;
    case RQ_PROXY_HEADER_BAD:
        break;
    }
    return IO_GONE;
}

io_result io_discard(rq_io *io)
{
    char sink[DISCARD_BYTES];
    for (int i = 0; i < DISCARD_READS; i++) {
        ssize_t got = recv(io->fd, sink, sizeof sink, 0);
        if (got == 0)
            return IO_END;
        if (got < 0 && !is_passing(errno))
            return IO_GONE;
        if (got < 0)
            return IO_WAIT;
    }
    return IO_DONE;
}

void io_expect_acknowledgement(rq_io *io, unsigned within_ms)
{
    (void)setsockopt(io->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &within_ms, sizeof within_ms);
}
