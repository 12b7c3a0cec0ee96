/* The inside of the network side: one worker, its connections, and their exchanges. All of it belongs to
 * the worker's thread. */
#ifndef RONGQIAO_NET_CONNECTION_H
#define RONGQIAO_NET_CONNECTION_H

#include <arpa/inet.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "io.h"
#include "rongqiao/arena.h"
#include "rongqiao/buffer.h"
#include "rongqiao/clock.h"
#include "rongqiao/net.h"

enum {
    EXCHANGE_ID_TEXT = 26,
    SPARE_EXCHANGES = 64,
    SPARE_OUTPUT_BYTES = 65536,
    TICK_MS = 50,
    DRIVE_STEPS = 48, /* then other connections get their turn */
    DATE_LINE_BYTES = RQ_IMF_DATE_TEXT + 1
};

/* The deadlines. One list each, in the order of expiry, since all in a list last equally long. */
typedef enum deadline {
    DEADLINE_HANDSHAKE,
    DEADLINE_IDLE,
    DEADLINE_HEAD,
    DEADLINE_BODY,
    DEADLINE_WRITE,
    DEADLINE_LINGER,
    DEADLINE_HALF_CLOSED,
    DEADLINES,
    DEADLINE_NONE = DEADLINES
} deadline;

typedef enum phase {
    PHASE_HANDSHAKE,
    PHASE_READING,   /* idle, or a request is coming in */
    PHASE_WORKING,   /* the handler has the request; nothing more is read */
    PHASE_STREAMING, /* a reply goes out piece by piece, as the handler makes it; nothing more is read */
    PHASE_WRITING,   /* a reply (or "100 Continue") goes out */
    PHASE_BROKEN,    /* a reply could not be composed */
    PHASE_LINGERING, /* all is said; what the peer still sends is thrown away */
} phase;

typedef struct rq_connection rq_connection;
TAILQ_HEAD(connection_list, rq_connection);
TAILQ_HEAD(exchange_list, rq_exchange);

struct rq_connection {
    TAILQ_ENTRY(rq_connection) link;          /* in net->connections */
    TAILQ_ENTRY(rq_connection) deadline_link; /* in net->deadlines[deadline] */
    TAILQ_ENTRY(rq_connection) resume_link;   /* in net->resumed when `is_resumed` */
    rq_worker_net *net;
    struct event event;
    rq_io io;
    rq_http *http;
    rq_exchange *exchange; /* the one being worked on; owned by the handler until its reply */
    rq_buffer out;
    size_t out_sent;
    size_t out_renewed; /* `out_sent` when the write deadline was set */
    int64_t opened_ms;
    int64_t deadline_ms;
    deadline deadline;
    phase phase;
    uint32_t requests;
    bool is_driven; /* drive() is on the stack */
    bool is_resumed;
    bool has_unread; /* input that is buffered has not been parsed */
    bool is_interim; /* what is written is "100 Continue" */
    bool is_last;    /* close after what is written */
    bool is_chunked; /* the stream's pieces are chunks */
    bool is_cut;     /* the stream's reader is too slow */
    bool is_proxied; /* the peer is a trusted proxy: `peer` is what it says, or itself until it does */
    char peer[INET6_ADDRSTRLEN];
};

struct rq_exchange {
    TAILQ_ENTRY(rq_exchange) link; /* in net->exchanges */
    rq_worker_net *net;            /* null when the worker's net has been freed */
    rq_connection *connection;     /* null when the client has gone */
    rq_http *http;                 /* the connection's; the exchange's own when the client has gone */
    rq_arena *arena;
    void *state;
    int64_t started_us;
    char id[EXCHANGE_ID_TEXT + 1];
    char peer[INET6_ADDRSTRLEN];
};

struct rq_worker_net {
    struct event_base *base;
    rq_tls *tls;
    rq_net_settings settings;
    const rq_net_handler *handler;
    void *context;
    rq_net_counters counters;

    struct event accept_event, tick_event, resume_event, drained_event;
    bool is_accepting, is_ticking, is_draining;
    bool has_ended_idle; /* the drain closes what is idle from now on */
    int64_t accept_again_ms, idle_until_ms;
    void (*drained)(void *argument);
    void *drained_argument;

    struct connection_list connections, resumed, deadlines[DEADLINES];
    int64_t deadline_lasts_ms[DEADLINES];
    uint32_t open, handshakes, resumed_count;

    struct exchange_list exchanges, spare_exchanges;
    unsigned spare_exchange_count;
    rq_buffer spare_output;

    int64_t date_second;
    char date[DATE_LINE_BYTES];
    uint64_t id_prefix, id_count;
};

/* connection.c */
rq_connection *connection_new(rq_worker_net *net, int fd, const char *peer, bool is_proxied) RQ_MUST_CHECK;
/* Goes on with whatever can go on; the connection may be gone afterwards. */
void connection_drive(rq_connection *connection);
/* The one end of every connection: abandons its exchange, closes, frees. `reason` is for the log. */
void connection_close(rq_connection *connection, const char *reason);
/* Closes an idle connection in order. */
void connection_end(rq_connection *connection, const char *reason);
/* Where to compose the reply. */
rq_buffer *connection_output(rq_connection *connection);
/* Takes the reply that was composed there, and goes on if nothing else does. The exchange is over. */
void connection_take_reply(rq_connection *connection, bool is_composed, bool is_last);
/* Where to add to a stream: behind what waits. */
rq_buffer *connection_stream_output(rq_connection *connection);
/* A stream's head is composed there (or could not be), or a piece is: it goes out soon. */
void connection_begin_stream(rq_connection *connection, bool is_composed);
void connection_take_piece(rq_connection *connection);
/* Whether the reply to the present request is the last one. */
bool connection_is_last_request(const rq_connection *connection);
void connection_set_deadline(rq_connection *connection, deadline which);
void connection_expire(rq_connection *connection);
bool connection_is_idle(const rq_connection *connection);

/* exchange.c */
rq_exchange *exchange_new(rq_connection *connection) RQ_MUST_CHECK;
/* Of a request that came through a trusted proxy: the client's address is what the proxy put last into
 * X-Forwarded-For; the proxy's own stays where it put none. */
void exchange_learn_client(rq_exchange *exchange);
/* Returns it to the worker's spares, or frees it. */
void exchange_free(rq_exchange *exchange);
/* The client has gone: the exchange keeps the parser until its reply. */
void exchange_abandon(rq_exchange *exchange);

/* reply.c */
typedef struct reply {
    int status;
    bool is_last;    /* the connection closes after it */
    bool is_head;    /* the request was HEAD: the body is counted and left out */
    bool is_stream;  /* the body comes later, without a length */
    bool is_chunked; /* in chunks */
    const rq_reply_header *headers;
    size_t header_count;
    const char *body;
    size_t body_length;
} reply;
/* Head and body in one run of bytes; false when memory is short or the reply too large. */
bool reply_compose(rq_buffer *out, rq_worker_net *net, const char *exchange_id,
                   const reply *what) RQ_MUST_CHECK;

/* worker.c */
void worker_connection_opened(rq_worker_net *net, rq_connection *connection);
void worker_connection_closed(rq_worker_net *net, rq_connection *connection);
void worker_handshake_over(rq_worker_net *net);
/* Whether this client opens connections beyond its rate; counts one. */
bool worker_is_too_often(rq_worker_net *net, const char *client);
/* Drives the connection again after the others had their turn. */
void worker_resume_later(rq_worker_net *net, rq_connection *connection);
/* An exchange without a connection has had its reply. */
void worker_exchange_over(rq_worker_net *net);

static inline void count(atomic_uint_fast64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

#endif
