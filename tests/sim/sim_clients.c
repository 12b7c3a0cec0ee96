/* Clients on plain HTTP over a local socket, each with a user of its own. They know what they asked, so they
 * know what may come back: one answer for each request, in order, about what they asked, to themselves. */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rongqiao/buffer.h"
#include "rongqiao/digest.h"

enum {
    CLIENTS = 7,
    OPEN_MAX = 12,
    KEY_BYTES = 40,
    ANSWER_BYTES = 1 << 16,
    REQUEST_BYTES = 1 << 16,
    TOKEN_BYTES = 48
};

typedef enum kind { LIVE, READ, WRITE, UNKNOWN, NO_KEY, BROKEN, KINDS } kind;

/* A request without its answer. */
typedef struct asked {
    kind what;
    char id[SIM_UUID_TEXT + 1], key[KEY_BYTES];
    size_t end; /* of its bytes in all that the connection sends */
} asked;

typedef struct client {
    int number, fd; /* -1: not connected */
    char token[TOKEN_BYTES], user[SIM_UUID_TEXT + 1];
    asked open[OPEN_MAX];
    size_t open_count;
    rq_buffer out;
    size_t written, sent; /* bytes of the connection: put into `out` so far, and sent */
    char in[ANSWER_BYTES];
    size_t in_length;
    bool has_finished; /* it has closed its side */
    bool is_last;      /* the server said that it closes */
} client;

static client clients[CLIENTS];
static char listen_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static unsigned ids;

/* Asking ------------------------------------------------------------------------------------------- */

static void leave(client *self, const char *why)
{
    sim_tell("client %d leaves: %s", self->number, why);
    if (self->fd >= 0)
        close(self->fd);
    rq_buffer_done(&self->out);
    rq_buffer_init(&self->out, REQUEST_BYTES);
    self->fd = -1;
    self->open_count = self->written = self->sent = self->in_length = 0;
    self->has_finished = self->is_last = false;
}

static void join(client *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, listen_path, sizeof listen_path);
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (self->fd < 0)
        sim_fail("no socket");
    if (connect(self->fd, (struct sockaddr *)&address, sizeof address) != 0)
        leave(self, "nobody takes it");
    else
        sim_tell("client %d connects", self->number);
}

static void put_request(client *self, const asked *to)
{
    rq_buffer *out = &self->out;
    static const char *const bodies[] = {
        "\r\n", "Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
        "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"};
    switch (to->what) {
    case LIVE:
        rq_buffer_printf(out, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
        break;
    case READ:
        rq_buffer_printf(out, "GET /v1/needs/%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n",
                         to->id, self->token);
        break;
    case WRITE:
        rq_buffer_printf(out,
                         "POST /v1/needs/%s/withdraw HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                         "Idempotency-Key: %s\r\n%s",
                         to->id, self->token, to->key, bodies[sim_below(3)]);
        break;
    case UNKNOWN:
        rq_buffer_printf(out, "GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n");
        break;
    case NO_KEY:
        rq_buffer_printf(out,
                         "POST /v1/needs/%s/withdraw HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
                         "Content-Length: 0\r\n\r\n",
                         to->id, self->token);
        break;
    default:
        rq_buffer_printf(out, "GET /livez HTTP/1.1\r\nHost : a\r\n\r\n");
    }
    self->written += out->length;
}

static void ask(client *self)
{
    static const kind often[] = {LIVE, READ, READ, READ, WRITE, WRITE, WRITE, UNKNOWN, NO_KEY, READ, WRITE};
    if (self->open_count == OPEN_MAX || self->has_finished || self->is_last)
        return;
    asked *to = &self->open[self->open_count++];
    *to = (asked){.what = sim_once_in(60) ? BROKEN : often[sim_below(sizeof often / sizeof often[0])]};
    ids++;
    snprintf(to->id, sizeof to->id, "%08x-0000-7000-8000-%012x", ids, (unsigned)self->number);
    snprintf(to->key, sizeof to->key, "key-%u", ids);
    size_t before = self->out.length;
    self->written -= before; /* put_request() counts the whole buffer */
    put_request(self, to);
    to->end = self->written;
    sim_tell("client %d asks %d %s", self->number, (int)to->what, to->id);
}

static void send_piece(client *self, size_t most)
{
    size_t length = self->out.length < most ? self->out.length : most;
    ssize_t sent = length ? send(self->fd, self->out.data, length, MSG_NOSIGNAL) : 0;
    if (sent > 0) {
        rq_buffer_consume(&self->out, (size_t)sent);
        self->sent += (size_t)sent;
    }
}

static void act(client *self)
{
    uint32_t what = sim_below(100);
    if (self->fd < 0) {
        join(self);
    } else if (what < 40) {
        for (uint32_t more = 1 + sim_below(3); more > 0; more--)
            ask(self);
    } else if (what < 92) {
        send_piece(self, sim_once_in(2) ? REQUEST_BYTES : 1 + sim_below(80));
    } else if (what < 95 && self->out.length == 0) {
        sim_tell("client %d closes its side", self->number);
        self->has_finished = true;
        shutdown(self->fd, SHUT_WR);
    } else if (what < 98) {
        leave(self, "it has had enough");
    }
}

void sim_clients_act(void)
{
    act(&clients[sim_below(CLIENTS)]);
}

void sim_clients_finish(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (clients[i].fd >= 0)
            send_piece(&clients[i], REQUEST_BYTES);
}

/* Answers ------------------------------------------------------------------------------------------ */

static bool has(const char *text, const char *what)
{
    return strstr(text, what) != NULL;
}

static bool is_mine(const client *self, const asked *to, const char *body)
{
    char id[64], user[64];
    snprintf(id, sizeof id, "\"id\":\"%s\"", to->id);
    snprintf(user, sizeof user, "\"user\":\"%s\"", self->user);
    return has(body, id) && has(body, user);
}

static void check_write(const asked *to, int status, const char *body)
{
    unsigned commits = sim_postgres_commits(to->key);
    bool is_unknown = has(body, "\"outcome_unknown\"");
    if (commits > 1)
        sim_fail("%s was committed %u times", to->key, commits);
    if (status == 200 && commits != 1)
        sim_fail("%s was acknowledged and never committed", to->key);
    if (status != 200 && !is_unknown && commits != 0)
        sim_fail("%s was committed, and the client was told that it was not: %d %s", to->key, status, body);
}

static void check(const client *self, const asked *to, int status, const char *body, bool is_last)
{
    static const int statuses[KINDS] = {[LIVE] = 200, [UNKNOWN] = 404, [NO_KEY] = 400, [BROKEN] = 400};
    bool depends = to->what == READ || to->what == WRITE;
    bool is_trouble = status == 503 || status == 409 || status == 500;
    if (self->sent < to->end && to->what != BROKEN)
        sim_fail("client %d has an answer to what it has not asked to the end: %d", self->number, status);
    if (to->what == BROKEN && !is_last)
        sim_fail("client %d broke its connection and may go on", self->number);
    if (!depends && status != statuses[to->what] && !(to->what == NO_KEY && is_trouble))
        sim_fail("client %d asked %d and got %d %s", self->number, (int)to->what, status, body);
    if (depends && status != 200 && !is_trouble)
        sim_fail("client %d asked %d and got %d %s", self->number, (int)to->what, status, body);
    if (depends && status == 200 && !is_mine(self, to, body))
        sim_fail("client %d asked for %s as %s and got %s", self->number, to->id, self->user, body);
    if (to->what == WRITE)
        check_write(to, status, body);
}

/* Takes one whole answer off the input; false when there is none. */
static bool take_answer(client *self)
{
    char head[2048], body[4096];
    char *end = memmem(self->in, self->in_length, "\r\n\r\n", 4);
    size_t head_length = end ? (size_t)(end - self->in) + 4 : 0;
    if (!end || head_length >= sizeof head)
        return false;
    snprintf(head, sizeof head, "%.*s", (int)head_length, self->in);
    const char *length_at = strstr(head, "\r\nContent-Length: ");
    size_t length = length_at ? strtoul(length_at + 18, NULL, 10) : 0;
    int status = (int)strtol(head + sizeof "HTTP/1.1", NULL, 10);
    if (strncmp(head, "HTTP/1.1 ", 9) != 0 || length >= sizeof body)
        sim_fail("client %d cannot read %s", self->number, head);
    if (self->in_length < head_length + length)
        return false;
    snprintf(body, sizeof body, "%.*s", (int)length, self->in + head_length);
    self->in_length -= head_length + length;
    memmove(self->in, self->in + head_length + length, self->in_length);
    sim_tell("client %d gets %d %s", self->number, status, body);
    if (self->is_last)
        sim_fail("client %d gets an answer after the last one", self->number);
    if (self->open_count == 0)
        sim_fail("client %d gets an answer to nothing: %s", self->number, head);
    asked to = self->open[0];
    memmove(self->open, self->open + 1, --self->open_count * sizeof to);
    self->is_last = has(head, "\r\nConnection: close\r\n");
    if (status == 408 && self->is_last && self->sent < to.end)
        return true; /* it was too slow */
    check(self, &to, status, body, self->is_last);
    return true;
}

/* The connection's end: whatever was asked to the end has had its answer, unless the last answer said so. */
static void end(client *self)
{
    if (!self->is_last && self->open_count > 0 && self->sent >= self->open[0].end)
        sim_fail("client %d never gets an answer to %s", self->number, self->open[0].id);
    leave(self, "the server closed");
}

static void read_all(client *self)
{
    ssize_t got;
    while ((got = recv(self->fd, self->in + self->in_length, sizeof self->in - self->in_length, 0)) > 0) {
        self->in_length += (size_t)got;
        while (take_answer(self))
            ;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        end(self);
}

void sim_clients_read(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (clients[i].fd >= 0)
            read_all(&clients[i]);
}

void sim_clients_check(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        if (clients[i].fd >= 0 && !clients[i].is_last && clients[i].open_count > 0)
            sim_fail("client %zu still waits for %s", i, clients[i].open[0].id);
}

void sim_clients_open(const char *path)
{
    ids = 0;
    snprintf(listen_path, sizeof listen_path, "%s", path);
    memset(clients, 0, sizeof clients);
    for (int i = 0; i < CLIENTS; i++) {
        client *self = &clients[i];
        uint8_t digest[RQ_SHA256_BYTES];
        char hash[SIM_HASH_TEXT + 1];
        self->number = i;
        self->fd = -1;
        rq_buffer_init(&self->out, REQUEST_BYTES);
        snprintf(self->token, sizeof self->token, "token-of-simulated-client-%d", i);
        if (rq_sha256(self->token, strlen(self->token), digest, NULL) != RQ_OK)
            sim_fail("no digest");
        rq_hex(digest, sizeof digest, hash);
        snprintf(self->user, sizeof self->user, "%.8s-%.4s-%.4s-%.4s-%.12s", hash, hash + 8, hash + 12,
                 hash + 16, hash + 20);
    }
}

void sim_clients_close(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        leave(&clients[i], "the end");
}
