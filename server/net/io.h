/* Bytes in and out of one socket, plain or through TLS, behind one table of operations. Nothing here
 * blocks, and no write raises SIGPIPE. */
#ifndef RONGQIAO_NET_IO_H
#define RONGQIAO_NET_IO_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "rongqiao/net.h"

typedef enum io_result {
    IO_DONE,    /* something was read or written, or the handshake is over */
    IO_WAIT,    /* an event of the socket must come first */
    IO_END,     /* the peer has ended its side in order */
    IO_REFUSED, /* TLS failed; an alert may be on its way to the peer */
    IO_GONE,    /* the connection is broken */
} io_result;

typedef struct rq_io rq_io;

typedef struct io_operations {
    io_result (*handshake)(rq_io *io);
    io_result (*read)(rq_io *io, char *out, size_t room, size_t *out_count);
    io_result (*write)(rq_io *io, const char *data, size_t length, size_t *out_count);
    /* Tells the peer that nothing more comes. */
    void (*finish)(rq_io *io);
} io_operations;

struct rq_io {
    const io_operations *operations;
    int fd;
    SSL *ssl;         /* null on a plain connection */
    bool established; /* the handshake is over and nothing fatal happened since */
    /* Whether a read may find something without a further event: the socket is watched edge-triggered,
     * so this stays true until a read comes back short. Set by the event's callback. */
    bool readable;
    bool peer_closed; /* the peer's FIN is here or on its way through the buffers */
};

/* Takes over `fd`; with a null `tls` the connection is plain. */
rq_status io_init(rq_io *io, int fd, rq_tls *tls, rq_error *error) RQ_MUST_CHECK;
/* Closes the socket. */
void io_done(rq_io *io);

/* Takes the PROXY protocol's header off the socket, and nothing that follows it. `out_client`: the client's
 * address, or "" where the proxy speaks for itself. IO_GONE when what comes is no such header. */
io_result io_read_proxy_header(rq_io *io, char out_client[INET6_ADDRSTRLEN]);

/* Takes what the peer still sends off the socket and forgets it, at most a few buffers at a time. */
io_result io_discard(rq_io *io);

/* Gives the connection up when the peer leaves what was sent unacknowledged for so long (RFC 5482); without
 * it a peer that is gone without a word takes a quarter of an hour. */
void io_expect_acknowledgement(rq_io *io, unsigned within_ms);

/* From tls.c: a new server-side SSL with today's certificate, whose bytes go through `io`; null when
 * memory is short. */
SSL *tls_session(rq_tls *tls, rq_io *io);
bool tls_thumbprint(const X509 *certificate, char out_text[RQ_THUMBPRINT_TEXT + 1]);

#endif
