#include "net_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* The handler, on the worker's thread ------------------------------------------------------------------ */

static size_t on_body_limit(void *context, const rq_request *head)
{
    (void)context;
    return rq_slice_is(head->path, "/small") ? 10 : RQ_LIMIT_BODY_BYTES;
}

static void echo(rq_exchange *exchange)
{
    const rq_request *request = rq_exchange_request(exchange);
    char *text =
        rq_arena_printf(rq_exchange_arena(exchange), "%s %.*s|%.*s", rq_method_names[request->method],
                        (int)request->target.length, request->target.data, (int)request->body.length,
                        request->body.length ? request->body.data : "");
    if (!text)
        abort();
    rq_reply_header header = {"Content-Type", "text/plain"};
    rq_exchange_reply(exchange, 200, &header, 1, text, strlen(text));
}

static void answer_long(rq_exchange *exchange, size_t length)
{
    char *body = malloc(length);
    if (!body)
        abort();
    memset(body, 'b', length);
    rq_exchange_reply(exchange, 200, NULL, 0, body, length);
    free(body);
}

static void begin_stream(net_server *server, rq_exchange *exchange)
{
    rq_reply_header header = {"Content-Type", "text/event-stream"};
    if (server->stream_count == DEFERRED_MAX)
        abort();
    rq_exchange_set_state(exchange, server);
    server->streams[server->stream_count++] = exchange;
    rq_exchange_begin(exchange, 200, &header, 1);
    if (!rq_exchange_send(exchange, "begin", 5))
        abort();
}

static void send_on_streams(net_server *server)
{
    for (int i = 0; i < server->stream_count; i++)
        (void)rq_exchange_send(server->streams[i], "more", 4);
}

static void send_much(net_server *server)
{
    static const char piece[FLOOD_BYTES] = "m";
    for (int i = 0; i < server->stream_count; i++)
        if (rq_exchange_backlog(server->streams[i]) == 0)
            (void)rq_exchange_send(server->streams[i], piece, sizeof piece);
}

static void flood_streams(net_server *server)
{
    static const char piece[FLOOD_BYTES] = "f";
    for (int i = 0; i < server->stream_count; i++)
        while (rq_exchange_send(server->streams[i], piece, sizeof piece))
            continue;
}

static void end_streams(net_server *server)
{
    int count = server->stream_count;
    server->stream_count = 0;
    for (int i = 0; i < count; i++)
        rq_exchange_end(server->streams[i]);
}

/* The client of a stream has gone: it is ended and no longer listed. */
static void drop_stream(net_server *server, rq_exchange *exchange)
{
    for (int i = 0; i < server->stream_count; i++)
        if (server->streams[i] == exchange) {
            server->streams[i] = server->streams[--server->stream_count];
            rq_exchange_end(exchange);
            return;
        }
}

static void on_request(void *context, rq_exchange *exchange)
{
    net_server *server = context;
    rq_slice path = rq_exchange_request(exchange)->path;
    if (rq_slice_is(path, "/defer")) {
        if (server->deferred_count == DEFERRED_MAX)
            abort();
        rq_exchange_set_state(exchange, server);
        server->deferred[server->deferred_count++] = exchange;
        atomic_fetch_add(&server->deferrals, 1);
    } else if (rq_slice_is(path, "/stream")) {
        begin_stream(server, exchange);
    } else if (rq_slice_is(path, "/nothing")) {
        rq_exchange_reply(exchange, 204, NULL, 0, NULL, 0);
    } else if (rq_slice_is(path, "/client")) {
        const char *client = rq_exchange_peer(exchange);
        rq_exchange_reply(exchange, 200, NULL, 0, client, strlen(client));
    } else if (rq_slice_is(path, "/split")) {
        rq_reply_header header = {"Location", "/a\r\nEvil: yes"};
        rq_exchange_reply(exchange, 200, &header, 1, "x", 1);
    } else if (rq_slice_is(path, "/big")) {
        answer_long(exchange, BIG_BODY_BYTES);
    } else if (rq_slice_is(path, "/huge")) {
        answer_long(exchange, RQ_LIMIT_REPLY_BYTES + RQ_LIMIT_HEADER_BYTES);
    } else {
        echo(exchange);
    }
}

static void on_refusal(void *context, rq_refusal *refusal)
{
    (void)context;
    refusal->body = rq_arena_printf(refusal->arena, "{\"status\":%d,\"code\":\"%s\",\"id\":\"%s\"}",
                                    refusal->status, refusal->code, refusal->request_id);
    if (!refusal->body)
        abort();
    refusal->body_length = strlen(refusal->body);
    refusal->content_type = "application/problem+json";
}

static void on_abandoned(void *context, rq_exchange *exchange)
{
    net_server *server = context;
    if (!rq_exchange_is_abandoned(exchange) || rq_exchange_state(exchange) != server)
        abort();
    drop_stream(server, exchange);
    atomic_fetch_add(&server->abandonments, 1);
}

static void on_replied(void *context, const rq_exchange *exchange, int status, size_t body_length)
{
    net_server *server = context;
    (void)status;
    (void)body_length;
    if (strlen(rq_exchange_id(exchange)) != 26)
        abort();
    atomic_fetch_add(&server->replies, 1);
}

static const rq_net_handler handler = {on_body_limit, on_request, on_refusal, on_abandoned, on_replied};

static void on_drained(void *argument)
{
    net_server *server = argument;
    atomic_fetch_add(&server->drains, 1);
}

static void reply_deferred(net_server *server)
{
    int count = server->deferred_count;
    server->deferred_count = 0;
    for (int i = 0; i < count; i++)
        echo(server->deferred[i]);
}

static void on_command(evutil_socket_t fd, short what, void *argument)
{
    net_server *server = argument;
    char command;
    (void)what;
    if (read(fd, &command, 1) != 1)
        return;
    switch (command) {
    case COMMAND_REPLY:
        reply_deferred(server);
        break;
    case COMMAND_SEND:
        send_on_streams(server);
        break;
    case COMMAND_SEND_MUCH:
        send_much(server);
        break;
    case COMMAND_FLOOD:
        flood_streams(server);
        break;
    case COMMAND_END:
        end_streams(server);
        break;
    case COMMAND_DRAIN:
        rq_worker_net_drain(server->net, on_drained, server);
        break;
    case COMMAND_FREE:
        rq_worker_net_free(server->net);
        server->net = NULL;
        break;
    default:
        event_base_loopbreak(server->base);
    }
}

static void *run(void *argument)
{
    net_server *server = argument;
    event_base_dispatch(server->base);
    reply_deferred(server);
    end_streams(server);
    rq_worker_net_free(server->net);
    return NULL;
}

/* The server ----------------------------------------------------------------------------------------------
 */

void net_server_write_certificate(net_server *server, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    assert_non_null(certificate);
    assert_int_equal(X509_set_version(certificate, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = fopen(server->certificate_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    fclose(file);
    file = fopen(server->key_file, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

net_server *net_server_start(bool with_tls, const rq_net_settings *settings)
{
    rq_error error = {0};
    net_server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->settings = settings ? *settings : rq_net_settings_default();
    snprintf(server->folder, sizeof server->folder, "/tmp/rongqiao-net-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->certificate_file, sizeof server->certificate_file, "%s/cert.pem", server->folder);
    snprintf(server->key_file, sizeof server->key_file, "%s/key.pem", server->folder);
    if (with_tls) {
        net_server_write_certificate(server, "first");
        if (rq_tls_new(server->certificate_file, server->key_file, NULL, &server->tls, &error) != RQ_OK)
            fail_msg("%s", error.message);
    }
    if (rq_listen("127.0.0.1", 0, &server->listen_fd, &server->port, &error) != RQ_OK)
        fail_msg("%s", error.message);
    assert_int_equal(pipe(server->command_fds), 0);
    server->base = event_base_new();
    assert_non_null(server->base);
    server->command_event =
        event_new(server->base, server->command_fds[0], EV_READ | EV_PERSIST, on_command, server);
    assert_int_equal(event_add(server->command_event, NULL), 0);
    if (rq_worker_net_new(server->base, server->listen_fd, server->tls, &server->settings, &handler, server,
                          &server->net, &error) != RQ_OK)
        fail_msg("%s", error.message);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

void net_server_command(net_server *server, net_command command)
{
    char byte = (char)command;
    assert_int_equal(write(server->command_fds[1], &byte, 1), 1);
}

void net_server_stop(net_server *server)
{
    net_server_command(server, COMMAND_QUIT);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    rq_tls_free(server->tls);
    event_free(server->command_event);
    event_base_free(server->base);
    close(server->command_fds[0]);
    close(server->command_fds[1]);
    close(server->listen_fd);
    unlink(server->certificate_file);
    unlink(server->key_file);
    rmdir(server->folder);
    free(server);
}

const rq_net_counters *net_server_counters(const net_server *server)
{
    return rq_worker_net_counters(server->net);
}

uint64_t net_server_count(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void nap(void)
{
    usleep(2000);
}

void await_int(const atomic_int *value, int least)
{
    for (int i = 0; i < PATIENCE_MS / 2 && atomic_load(value) < least; i++)
        nap();
    assert_true(atomic_load(value) >= least);
}

void await_counter(const atomic_uint_fast64_t *counter, uint64_t least)
{
    for (int i = 0; i < PATIENCE_MS / 2 && net_server_count(counter) < least; i++)
        nap();
    assert_true(net_server_count(counter) >= least);
}

void await_open(const net_server *server, uint64_t open)
{
    const atomic_uint_fast64_t *now = &net_server_counters(server)->open_now;
    for (int i = 0; i < PATIENCE_MS / 2 && net_server_count(now) != open; i++)
        nap();
    assert_int_equal(net_server_count(now), open);
}

/* The client ------------------------------------------------------------------------------------------------
 */

int net_connect(const net_server *server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct timeval patience = {PATIENCE_MS / 1000, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

SSL_CTX *net_client_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    assert_non_null(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    return context;
}

bool net_client_handshake(net_client *client, SSL_CTX *context)
{
    client->ssl = SSL_new(context);
    assert_non_null(client->ssl);
    assert_int_equal(SSL_set_fd(client->ssl, client->fd), 1);
    return SSL_connect(client->ssl) == 1;
}

net_client net_client_open(const net_server *server)
{
    net_client client = {.fd = net_connect(server)};
    if (server->tls) {
        SSL_CTX *context = net_client_context();
        assert_true(net_client_handshake(&client, context));
        SSL_CTX_free(context);
    }
    return client;
}

void net_client_close(net_client *client)
{
    SSL_free(client->ssl);
    close(client->fd);
    *client = (net_client){.fd = -1};
}

bool net_client_try_send(net_client *client, const char *data, size_t length)
{
    while (length > 0) {
        int chunk = (int)(length < 65536 ? length : 65536);
        ssize_t sent = client->ssl ? SSL_write(client->ssl, data, chunk)
                                   : send(client->fd, data, (size_t)chunk, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

void net_client_send(net_client *client, const char *text)
{
    assert_true(net_client_try_send(client, text, strlen(text)));
}

static ssize_t receive(net_client *client, char *out, size_t room)
{
    return client->ssl ? SSL_read(client->ssl, out, (int)room) : recv(client->fd, out, room, 0);
}

bool net_client_read(net_client *client, bool is_head, net_reply *reply)
{
    size_t used = 0;
    memset(reply, 0, sizeof *reply);
    while (used < 4 || memcmp(reply->head + used - 4, "\r\n\r\n", 4) != 0) {
        assert_true(used + 1 < sizeof reply->head);
        if (receive(client, reply->head + used, 1) != 1)
            return false;
        used++;
    }
    assert_memory_equal(reply->head, "HTTP/1.1 ", 9);
    reply->status = (int)strtol(reply->head + 9, NULL, 10);
    const char *length = strstr(reply->head, "\r\nContent-Length: ");
    size_t wanted = length && !is_head ? strtoul(length + 18, NULL, 10) : 0;
    reply->body = calloc(1, wanted + 1);
    assert_non_null(reply->body);
    while (reply->body_length < wanted) {
        ssize_t got = receive(client, reply->body + reply->body_length, wanted - reply->body_length);
        if (got <= 0)
            return false;
        reply->body_length += (size_t)got;
    }
    return true;
}

void net_reply_done(net_reply *reply)
{
    free(reply->body);
    reply->body = NULL;
}

void net_client_expect_reply(net_client *client, int status, const char *body)
{
    net_reply reply;
    assert_true(net_client_read(client, false, &reply));
    assert_int_equal(reply.status, status);
    if (body)
        assert_string_equal(reply.body, body);
    net_reply_done(&reply);
}

void net_client_expect(net_client *client, const char *request, int status, const char *body)
{
    net_client_send(client, request);
    net_client_expect_reply(client, status, body);
}

bool net_client_is_ended(net_client *client)
{
    char byte;
    errno = 0;
    return receive(client, &byte, 1) <= 0 && errno != EAGAIN;
}
