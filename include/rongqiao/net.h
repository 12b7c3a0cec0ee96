/* The network side: listening sockets, TLS, connections with their deadlines, and exchanges (one request
 * with its one reply). It knows nothing of finance or SQL: a handler given at start gets each request. */
#ifndef RONGQIAO_NET_H
#define RONGQIAO_NET_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rongqiao/arena.h"
#include "rongqiao/http.h"
#include "rongqiao/proxies.h"
#include "rongqiao/status.h"
#include "rongqiao/throttle.h"

/* TLS ------------------------------------------------------------------------------------------------ */

/* The server's TLS settings with the certificate of the day. Reloaded as a whole: a new one is built
 * beside the old, and the old one stays when that fails. */
typedef struct rq_tls rq_tls;
/* `client_ca_file`: who certifies clients, which are then asked for a certificate and may come without; null
 * or
 * "": clients are not asked. */
rq_status rq_tls_new(const char *certificate_file, const char *key_file, const char *client_ca_file,
                     rq_tls **out_tls, rq_error *error) RQ_MUST_CHECK;
/* The name of a certificate: SHA-256 of its DER form in base64url ("x5t#S256", RFC 8705 section 3.1). */
enum { RQ_THUMBPRINT_TEXT = 43 };
/* Of the first certificate of a PEM file. */
rq_status rq_thumbprint_of_file(const char *file, char out_text[RQ_THUMBPRINT_TEXT + 1],
                                rq_error *error) RQ_MUST_CHECK;
/* Reads the files again (SIGHUP). Connections that are open keep their certificate; session tickets of
 * before are no longer taken, so a call every few hours also renews the ticket keys. Thread safe. */
rq_status rq_tls_reload(rq_tls *tls, rq_error *error) RQ_MUST_CHECK;
/* After every rq_worker_net that uses it. */
void rq_tls_free(rq_tls *tls);

/* Exchanges ------------------------------------------------------------------------------------------- */

typedef struct rq_exchange rq_exchange;

/* A reply header beside those the connection writes itself (Date, Content-Length, Connection). */
typedef struct rq_reply_header {
    const char *name;
    const char *value;
} rq_reply_header;

const rq_request *rq_exchange_request(const rq_exchange *exchange);
/* Lives until the reply has been sent or the client has gone. */
rq_arena *rq_exchange_arena(rq_exchange *exchange);
/* 26 characters that name the exchange in logs, problem documents and the X-Request-Id header. */
const char *rq_exchange_id(const rq_exchange *exchange);
/* The client's address as text ("127.0.0.1"), without the port: the peer's, or what a trusted proxy says. */
const char *rq_exchange_peer(const rq_exchange *exchange);
/* The thumbprint of the client's certificate, which was checked in the handshake; false when it has none. */
bool rq_exchange_thumbprint(const rq_exchange *exchange, char out_text[RQ_THUMBPRINT_TEXT + 1]);
/* The handler's own state for this exchange, set by it; null at first. */
void rq_exchange_set_state(rq_exchange *exchange, void *state);
void *rq_exchange_state(const rq_exchange *exchange);
/* Microseconds of the monotonic clock when the request was complete. */
int64_t rq_exchange_started_us(const rq_exchange *exchange);
/* Whether the client has gone: work not begun can be dropped; a reply will be thrown away. */
bool rq_exchange_is_abandoned(const rq_exchange *exchange);

/* Sends the one reply and ends the exchange: `exchange` and its arena are gone when this returns. Header
 * values and the body are copied first. `body` may be null when length is 0. For HEAD the body is left
 * out but counted. Exactly one call an exchange, on the worker's own thread; it also frees an abandoned one.
 */
void rq_exchange_reply(rq_exchange *exchange, int status, const rq_reply_header *headers, size_t header_count,
                       const char *body, size_t body_length);

/* A reply of unknown length, sent piece by piece (chunked coding; the end of the connection to HTTP/1.0). It
 * begins instead of rq_exchange_reply(), goes on with rq_exchange_send() for as long as it takes, and
 * rq_exchange_end() is then the exchange's end. replied() is called at its beginning; abandoned() when the
 * client goes, after which rq_exchange_end() is still owed. None of them calls back.
 *
 * What the client has not taken waits in memory: beyond RQ_LIMIT_STREAM_BACKLOG, or when nothing moves for
 * the write deadline, the client is cut. While a stream lasts nothing of the connection is read. */
void rq_exchange_begin(rq_exchange *exchange, int status, const rq_reply_header *headers,
                       size_t header_count);
/* Queues one piece, which is copied; not empty. False when the client has gone or is about to be cut. */
bool rq_exchange_send(rq_exchange *exchange, const char *piece, size_t length);
/* Bytes that the client has not taken. */
size_t rq_exchange_backlog(const rq_exchange *exchange);
/* Ends the reply and the exchange, as rq_exchange_reply() does. */
void rq_exchange_end(rq_exchange *exchange);

/* The one reply to input that is no request; the connection closes after it. */
typedef struct rq_refusal {
    int status;
    const char *code; /* short and stable: "bad_chunk" */
    const char *request_id;
    const rq_request *so_far; /* what was read of the head: maybe its headers, maybe nothing */
    rq_arena *arena;          /* for the body */
    /* filled in by the handler */
    const char *body;
    size_t body_length;
    const char *content_type;
} rq_refusal;

/* What the net side calls. All run on the worker's thread; `worker_context` is the one given to
 * rq_worker_net_new(). */
typedef struct rq_net_handler {
    /* The head of a request is in, and a body follows: return the largest that this request may have. */
    size_t (*body_limit)(void *worker_context, const rq_request *head);
    /* A request is complete; answer it now or later with rq_exchange_reply(). */
    void (*request)(void *worker_context, rq_exchange *exchange);
    /* The parser or a deadline refused the input: fill in the body of the last reply. */
    void (*refusal)(void *worker_context, rq_refusal *refusal);
    /* The client of an exchange that is being worked on has gone (may be null). Its reply must still come,
     * now or later. A client that has only finished sending (close_notify) is still there; over TLS one
     * that has closed its side of the socket is given RQ_LIMIT_HALF_CLOSED_MS more. */
    void (*abandoned)(void *worker_context, rq_exchange *exchange);
    /* After each rq_exchange_reply(), also of an abandoned exchange, for logs and metrics (may be null).
     * Refusals are logged and counted by the net side. */
    void (*replied)(void *worker_context, const rq_exchange *exchange, int status, size_t body_length);
} rq_net_handler;

/* Listening ------------------------------------------------------------------------------------------- */

/* A bound, listening, non-blocking socket ("127.0.0.1", 8443; port 0 picks one), or the one that systemd or a
 * predecessor hands over (LISTEN_PID and LISTEN_FDS), which the first call takes; more than one are a
 * mistake. `out_port` gets the port. TCP_NODELAY is on and inherited. */
rq_status rq_listen(const char *address, uint16_t port, int *out_fd, uint16_t *out_port,
                    rq_error *error) RQ_MUST_CHECK;

typedef struct rq_net_settings {
    int64_t handshake_ms, head_ms, body_ms, idle_ms, write_stall_ms, linger_ms;
    int64_t connection_age_ms;
    int64_t drain_idle_ms; /* a draining worker's idle connections may still ask within this time */
    uint32_t connection_requests;
    uint32_t connections_max, handshakes_max;
    rq_throttle *throttle; /* null: connections come at any rate */
    rq_quota connection_rate;
    rq_proxies proxies; /* whose word on a client's address counts, and who have no connection_rate */
} rq_net_settings;
/* The defaults of limits.h. */
rq_net_settings rq_net_settings_default(void);

/* Counters of one worker, written by its thread, read by the metrics page. */
typedef struct rq_net_counters {
    atomic_uint_fast64_t accepted, rejected, limited, handshakes_failed, open_now, requests, refused,
        timed_out, abandoned, bytes_in, bytes_out, streams_begun, streams_cut;
} rq_net_counters;

/* The connections of one worker on its event base (epoll), all on that base's thread. A null `tls` serves
 * plain HTTP (admin port only). `listen_fd` stays the caller's; several workers may share it. At the cap of
 * connections the one idle longest makes room, else the new one is closed; at the cap of handshakes the
 * oldest one makes room once it is RQ_LIMIT_HANDSHAKE_FLOOR_MS old, until when accepting pauses. Writes
 * raise no SIGPIPE, but main() ignores it all the same. A connection of an address beyond its rate is closed
 * before its handshake, which costs more than a request. */
typedef struct rq_worker_net rq_worker_net;
rq_status rq_worker_net_new(struct event_base *base, int listen_fd, rq_tls *tls,
                            const rq_net_settings *settings, const rq_net_handler *handler,
                            void *worker_context, rq_worker_net **out_net, rq_error *error) RQ_MUST_CHECK;
/* Accepts no one until rq_worker_net_begin(), or `most_ms` have passed: who shares the socket may serve meanwhile. */
void rq_worker_net_hold(rq_worker_net *net, int64_t most_ms);
void rq_worker_net_begin(rq_worker_net *net);
/* Stops accepting, answers what is in flight and what idle connections ask within `drain_idle_ms` with
 * "Connection: close", so that no client meets a closed door with a request in its hand; closes them after
 * that, and calls `drained` once no connection and no exchange is left, from the event loop. Call on the
 * worker's thread, not from a handler. */
void rq_worker_net_drain(rq_worker_net *net, void (*drained)(void *argument), void *argument);
/* Closes everything at once. Exchanges still worked on are abandoned; their reply must still come, even
 * after this (replied() is not called then). On the worker's thread or when that has ended, not from a
 * handler. */
void rq_worker_net_free(rq_worker_net *net);
const rq_net_counters *rq_worker_net_counters(const rq_worker_net *net);

#endif
