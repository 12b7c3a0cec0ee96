/* A worker on its own thread with an echoing handler, and a blocking client that talks to it over TLS or
 * plainly, on the loopback. */
#ifndef RONGQIAO_TESTS_UNIT_NET_SUPPORT_H
#define RONGQIAO_TESTS_UNIT_NET_SUPPORT_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "rongqiao/net.h"
#include "test.h"

enum {
    PATIENCE_MS = 20000,
    DEFERRED_MAX = 16,
    REPLY_MAX = 1 << 20,
    BIG_BODY_BYTES = 8 << 20,
    FLOOD_BYTES = 16384
};

typedef struct net_server {
    pthread_t thread;
    struct event_base *base;
    struct event *command_event;
    rq_worker_net *net;
    rq_tls *tls;
    rq_net_settings settings;
    int listen_fd;
    uint16_t port;
    int command_fds[2];
    char folder[64]; /* holds cert.pem and key.pem */
    char certificate_file[96], key_file[96];
    rq_exchange *deferred[DEFERRED_MAX]; /* of the worker's thread */
    int deferred_count;
    rq_exchange *streams[DEFERRED_MAX]; /* likewise */
    int stream_count;
    atomic_int deferrals, abandonments, replies, drains;
} net_server;

/* Routes: /echo answers "METHOD target|body"; /defer waits for COMMAND_REPLY; /big answers
 * BIG_BODY_BYTES of 'b', /huge more than a reply may hold; /nothing answers 204; /client
 * answers the client's address; /split tries to split the
 * reply; /stream begins a stream with the piece "begin"; bodies for /small may have 10 bytes. */
net_server *net_server_start(bool with_tls, const rq_net_settings *settings);
void net_server_stop(net_server *server);

typedef enum net_command {
    COMMAND_REPLY = 'r',     /* answers every deferred exchange */
    COMMAND_SEND = 's',      /* sends the piece "more" on every stream */
    COMMAND_SEND_MUCH = 'm', /* sends a piece of FLOOD_BYTES on every stream whose client has taken all */
    COMMAND_FLOOD = 'l',     /* sends pieces of FLOOD_BYTES on every stream until one is not taken */
    COMMAND_END = 'e',       /* ends every stream */
    COMMAND_DRAIN = 'd',
    COMMAND_FREE = 'f', /* frees the worker's connections */
    COMMAND_QUIT = 'q',
} net_command;
void net_server_command(net_server *server, net_command command);
/* Puts a new self-signed certificate for `name` in the server's folder. */
void net_server_write_certificate(net_server *server, const char *name);
uint64_t net_server_count(const atomic_uint_fast64_t *counter);
const rq_net_counters *net_server_counters(const net_server *server);
/* Waits until `*value` has reached `least`, within PATIENCE_MS. */
void await_int(const atomic_int *value, int least);
void await_counter(const atomic_uint_fast64_t *counter, uint64_t least);
/* Waits until the server has exactly `open` connections. */
void await_open(const net_server *server, uint64_t open);

typedef struct net_client {
    int fd;
    SSL *ssl; /* null on a plain connection */
} net_client;

typedef struct net_reply {
    int status;
    char head[4096];
    char *body; /* NUL-ended */
    size_t body_length;
} net_reply;

/* A connected socket that gives up reading after PATIENCE_MS. */
int net_connect(const net_server *server);
/* Connected, and through the handshake with `context` (null: a context of its own; it fails the test when
 * the handshake does). */
net_client net_client_open(const net_server *server);
/* False when the handshake fails. */
bool net_client_handshake(net_client *client, SSL_CTX *context);
SSL_CTX *net_client_context(void);
void net_client_close(net_client *client);
void net_client_send(net_client *client, const char *text);
/* False when the peer is gone before all is sent. */
bool net_client_try_send(net_client *client, const char *data, size_t length);
/* Reads one reply; `is_head` when it has no body. False when the connection ends first. */
bool net_client_read(net_client *client, bool is_head, net_reply *out_reply);
void net_reply_done(net_reply *reply);
/* Sends, reads one reply, and expects its status and, if not null, its body. */
void net_client_expect(net_client *client, const char *request, int status, const char *body);
void net_client_expect_reply(net_client *client, int status, const char *body);
/* Whether the server ends the connection, without sending anything more. */
bool net_client_is_ended(net_client *client);

#endif
