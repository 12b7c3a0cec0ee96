/* PostgreSQL's side of the wire (protocol 3.0, extended queries): enough of it for libpq to believe. A
 * statement's effect happens when its Sync is read; what it answers is let out piece by piece, as the seed
 * says, or never. */
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rongqiao/buffer.h"

enum {
    CONNECTIONS_MAX = 64,
    COMMITS_MAX = 4096,
    INPUT_BYTES = 1 << 20,
    NAME_BYTES = 64,
    KEY_BYTES = 64,
    VALUES_MAX = 16,
    VALUE_BYTES = 160,
    PIECE_BYTES = 300,
    PROTOCOL = 196608
};

typedef struct backend {
    int fd;                    /* -1: none */
    bool is_begun, is_refused; /* refused: the rest of the segment is skipped */
    char *input;
    size_t input_length;
    rq_buffer output;
    size_t output_sent;
    char statement[NAME_BYTES];
    char values[VALUES_MAX][VALUE_BYTES];
    char user[SIM_UUID_TEXT + 1], key[KEY_BYTES]; /* of the segment: who asks, under which key */
    bool writes;                                  /* the segment has a write */
} backend;

static struct {
    int listener;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    bool is_up, is_moody;
    backend backends[CONNECTIONS_MAX];
    char committed[COMMITS_MAX][KEY_BYTES];
    unsigned commits;
} pg;

/* Answers ------------------------------------------------------------------------------------------ */

static void put_message(backend *to, char type, const void *body, size_t length)
{
    uint32_t size = htonl((uint32_t)length + 4);
    rq_buffer_append(&to->output, &type, 1);
    rq_buffer_append(&to->output, (const char *)&size, 4);
    rq_buffer_append(&to->output, body, length);
}

static void put_parameter(backend *to, const char *name, const char *value)
{
    char text[128];
    int length = snprintf(text, sizeof text, "%s%c%s", name, 0, value);
    put_message(to, 'S', text, (size_t)length + 1);
}

static void put_ready(backend *to)
{
    put_message(to, 'Z', "I", 1);
}

static void welcome(backend *to)
{
    put_message(to, 'R', "\0\0\0\0", 4);
    put_parameter(to, "server_version", "15.0");
    put_parameter(to, "client_encoding", "UTF8");
    put_parameter(to, "standard_conforming_strings", "on");
    put_parameter(to, "integer_datetimes", "on");
    put_message(to, 'K', "\0\0\0\1\0\0\0\2", 8);
    put_ready(to);
}

static void put_columns(backend *to, const char *const *names, uint16_t count)
{
    rq_buffer body;
    uint16_t number = htons(count);
    /* no table, no column, text of any length, in text form */
    static const unsigned char rest[18] = {
        [9] = 25, [10] = 0xff, [11] = 0xff, [12] = 0xff, [13] = 0xff, [14] = 0xff, [15] = 0xff};
    rq_buffer_init(&body, 4096);
    rq_buffer_append(&body, (const char *)&number, 2);
    for (uint16_t i = 0; i < count; i++) {
        rq_buffer_append(&body, names[i], strlen(names[i]) + 1);
        rq_buffer_append(&body, (const char *)rest, sizeof rest);
    }
    put_message(to, 'T', body.data, body.length);
    rq_buffer_done(&body);
}

static void put_row(backend *to, const char *const *values, uint16_t count)
{
    rq_buffer body;
    uint16_t number = htons(count);
    rq_buffer_init(&body, 8192);
    rq_buffer_append(&body, (const char *)&number, 2);
    for (uint16_t i = 0; i < count; i++) {
        uint32_t length = values[i] ? htonl((uint32_t)strlen(values[i])) : 0xffffffff;
        rq_buffer_append(&body, (const char *)&length, 4);
        if (values[i])
            rq_buffer_text(&body, values[i]);
    }
    put_message(to, 'D', body.data, body.length);
    rq_buffer_done(&body);
    put_message(to, 'C', "SELECT 1", 9);
}

static void put_error(backend *to, const char *sqlstate)
{
    char text[128];
    int length =
        snprintf(text, sizeof text, "SERROR%cVERROR%cC%s%cMthe seed says so%c", 0, 0, sqlstate, 0, 0);
    put_message(to, 'E', text, (size_t)length + 1);
    to->is_refused = true;
}

/* Statements --------------------------------------------------------------------------------------- */

static const char *const one_column[] = {"value"};
static const char *const answer_columns[] = {"status", "body", "location", "etag"};

/* The user of a token, as the client knows it: the first digits of its hash. */
static void user_of(const char *hash, char out[SIM_UUID_TEXT + 1])
{
    snprintf(out, SIM_UUID_TEXT + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hash, hash + 8, hash + 12, hash + 16,
             hash + 20);
}

static bool enters(const backend *self)
{
    return strncmp(self->statement, "session/enter", strlen("session/enter")) == 0;
}

static void execute(backend *self)
{
    static const char *const refusals[] = {"57014", "40001", "53100", "XX000"};
    char text[512], user[SIM_UUID_TEXT + 1];
    if (pg.is_moody && sim_once_in(40)) {
        put_error(self, refusals[sim_below(4)]);
    } else if (enters(self)) {
        bool is_reading = strcmp(self->statement, "session/enter-reading") == 0;
        snprintf(self->user, sizeof self->user, "%.36s", self->values[0]);
        snprintf(self->key, sizeof self->key, "%.*s", KEY_BYTES - 1, is_reading ? "" : self->values[7]);
        put_row(self, &(const char *){""}, 1);
    } else if (strcmp(self->statement, "sessions/resolve") == 0) {
        user_of(self->values[0], user);
        snprintf(
            text, sizeof text,
            "{\"user_id\":\"%s\",\"org_id\":\"%s\",\"session_id\":\"%s\",\"side\":\"enterprise\",\"roles\":"
            "\"enterprise\",\"region\":\"330106\"}",
            user, user, user);
        put_row(self, &(const char *){text}, 1);
    } else {
        self->writes = strcmp(self->statement, "needs/move") == 0;
        snprintf(text, sizeof text, "{\"id\":\"%s\",\"user\":\"%s\"}", self->values[0], self->user);
        put_row(self, (const char *const[]){"200", text, NULL, "\"1\""}, 4);
    }
}

static void describe(backend *self)
{
    bool has_one = enters(self) || strcmp(self->statement, "sessions/resolve") == 0;
    put_columns(self, has_one ? one_column : answer_columns, has_one ? 1 : 4);
}

/* The transaction ends: its write, if it has one, is there from now on. */
static void commit(backend *self)
{
    if (self->writes && !self->is_refused && self->key[0]) {
        if (pg.commits == COMMITS_MAX)
            sim_fail("more writes than the simulation keeps");
        snprintf(pg.committed[pg.commits++], KEY_BYTES, "%s", self->key);
        sim_tell("postgres commits %s", self->key);
    }
    self->writes = self->is_refused = false;
    self->user[0] = self->key[0] = 0;
    put_ready(self);
}

static uint32_t number_at(const char *at)
{
    uint32_t number;
    memcpy(&number, at, 4);
    return ntohl(number);
}

static uint16_t short_at(const char *at)
{
    uint16_t number;
    memcpy(&number, at, 2);
    return ntohs(number);
}

/* Portal, statement, formats, values. */
static void bind_portal(backend *self, const char *body)
{
    const char *at = body + strlen(body) + 1;
    snprintf(self->statement, sizeof self->statement, "%s", at);
    at += strlen(at) + 1;
    at += 2 + 2 * short_at(at);
    uint16_t count = short_at(at);
    at += 2;
    for (uint16_t i = 0; i < count && i < VALUES_MAX; i++) {
        uint32_t length = number_at(at);
        bool is_null = length == 0xffffffff;
        at += 4;
        snprintf(self->values[i], VALUE_BYTES, "%.*s", is_null ? 0 : (int)length, is_null ? "" : at);
        at += is_null ? 0 : length;
    }
    put_message(self, '2', "", 0);
}

static void take_message(backend *self, char type, const char *body)
{
    if (self->is_refused && type != 'S')
        return;
    switch (type) {
    case 'P':
        put_message(self, '1', "", 0);
        return;
    case 'B':
        bind_portal(self, body);
        return;
    case 'D':
        describe(self);
        return;
    case 'E':
        execute(self);
        return;
    case 'S':
        commit(self);
        return;
    default:
        return; /* Flush, Terminate */
    }
}

/* Connections -------------------------------------------------------------------------------------- */

static void cut(backend *self, const char *why)
{
    sim_tell("postgres: connection %d is cut: %s", (int)(self - pg.backends), why);
    close(self->fd);
    free(self->input);
    rq_buffer_done(&self->output);
    memset(self, 0, sizeof *self);
    self->fd = -1;
}

static void accept_all(void)
{
    for (int fd; (fd = accept4(pg.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        backend *free_one = NULL;
        for (size_t i = 0; i < CONNECTIONS_MAX && !free_one; i++)
            free_one = pg.backends[i].fd < 0 ? &pg.backends[i] : NULL;
        if (!free_one || !pg.is_up) {
            close(fd);
            continue;
        }
        free_one->fd = fd;
        free_one->input = malloc(INPUT_BYTES);
        rq_buffer_init(&free_one->output, INPUT_BYTES);
    }
}

/* Takes whole messages off the input. */
static void take_messages(backend *self)
{
    size_t at = 0;
    while (self->input_length - at >= (self->is_begun ? 5u : 4u)) {
        size_t head = self->is_begun ? 1 : 0, size = head + number_at(self->input + at + head);
        if (self->input_length - at < size)
            break;
        if (self->is_begun) {
            take_message(self, self->input[at], self->input + at + 5);
        } else if (number_at(self->input + at + 4) == PROTOCOL) {
            self->is_begun = true;
            welcome(self);
        }
        at += size;
    }
    self->input_length -= at;
    memmove(self->input, self->input + at, self->input_length);
}

static void read_all(backend *self)
{
    ssize_t got;
    while ((got = recv(self->fd, self->input + self->input_length, INPUT_BYTES - self->input_length, 0)) >
           0) {
        self->input_length += (size_t)got;
        take_messages(self);
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        cut(self, "the server left");
}

void sim_postgres_read(void)
{
    accept_all();
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (pg.backends[i].fd >= 0)
            read_all(&pg.backends[i]);
}

/* A connection that `holds`, by chance; null when there is none. */
static backend *some(bool (*holds)(const backend *self))
{
    backend *found[CONNECTIONS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (pg.backends[i].fd >= 0 && holds(&pg.backends[i]))
            found[count++] = &pg.backends[i];
    return count ? found[sim_below(count)] : NULL;
}

static bool has_answer(const backend *self)
{
    return self->output.length > self->output_sent;
}

static bool is_any(const backend *self)
{
    return self->fd >= 0;
}

bool sim_postgres_answer(void)
{
    backend *self = some(has_answer);
    if (!self)
        return false;
    size_t left = self->output.length - self->output_sent;
    size_t piece = sim_once_in(2) ? left : 1 + sim_below(PIECE_BYTES);
    ssize_t sent =
        send(self->fd, self->output.data + self->output_sent, piece < left ? piece : left, MSG_NOSIGNAL);
    if (sent <= 0)
        return false;
    self->output_sent += (size_t)sent;
    if (!has_answer(self)) {
        rq_buffer_clear(&self->output);
        self->output_sent = 0;
    }
    return true;
}

void sim_postgres_cut(void)
{
    backend *self = some(is_any);
    if (self)
        cut(self, "the seed says so");
}

void sim_postgres_set_up(bool is_up)
{
    sim_tell("postgres is %s", is_up ? "up" : "down");
    pg.is_up = is_up;
    for (size_t i = 0; i < CONNECTIONS_MAX && !is_up; i++)
        if (pg.backends[i].fd >= 0)
            cut(&pg.backends[i], "down");
}

void sim_postgres_set_moody(bool is_moody)
{
    pg.is_moody = is_moody;
}

unsigned sim_postgres_commits(const char *key)
{
    unsigned times = 0;
    for (unsigned i = 0; i < pg.commits; i++)
        times += strcmp(pg.committed[i], key) == 0;
    return times;
}

void sim_postgres_open(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memset(&pg, 0, sizeof pg);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        pg.backends[i].fd = -1;
    pg.is_up = true;
    pg.is_moody = false;
    snprintf(pg.path, sizeof pg.path, "%s/.s.PGSQL.5432", folder);
    memcpy(address.sun_path, pg.path, sizeof pg.path);
    pg.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (pg.listener < 0 || bind(pg.listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(pg.listener, CONNECTIONS_MAX) != 0)
        sim_fail("cannot listen on %s", pg.path);
}

void sim_postgres_close(void)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (pg.backends[i].fd >= 0)
            cut(&pg.backends[i], "the end");
    close(pg.listener);
    unlink(pg.path);
}
