#include "client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

enum { PATIENCE_SECONDS = 60, HEAD_MAX = 32768, ANSWER_MAX = 16 << 20 };

struct test_client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    unsigned start;          /* of the server it is connected to */
    struct in_addr from;     /* the address it comes from; 0: whichever */
    const char *certificate; /* files, PEM; null: it shows none */
    const char *key;
};

static bool open_connection(test_client *client);

/* Connections -------------------------------------------------------------------------------------- */

test_client *client_new(void)
{
    test_client *client = calloc(1, sizeof(*client));
    if (client)
        client->fd = -1;
    return client;
}

void client_close(test_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    if (client->fd >= 0)
        close(client->fd);
    *client =
        (test_client){.fd = -1, .from = client->from, .certificate = client->certificate, .key = client->key};
}

test_client *client_new_from(const char *address)
{
    test_client *client = client_new();
    if (client)
        assert_int_equal(inet_pton(AF_INET, address, &client->from), 1);
    return client;
}

void client_show(test_client *client, const char *certificate, const char *key)
{
    client_close(client);
    client->certificate = certificate;
    client->key = key;
}

bool client_connect(test_client *client)
{
    return open_connection(client);
}

void client_free(test_client *client)
{
    if (!client)
        return;
    client_close(client);
    free(client);
}

/* Trusts the house's certificate and nothing else. */
static bool shake_hands(test_client *client)
{
    char path[HOUSE_PATH + 16];
    snprintf(path, sizeof(path), "%s/server.crt", house.folder);
    client->context = SSL_CTX_new(TLS_client_method());
    if (!client->context || SSL_CTX_load_verify_locations(client->context, path, NULL) != 1)
        return false;
    SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
    if (client->certificate &&
        (SSL_CTX_use_certificate_file(client->context, client->certificate, SSL_FILETYPE_PEM) != 1 ||
         SSL_CTX_use_PrivateKey_file(client->context, client->key, SSL_FILETYPE_PEM) != 1))
        return false;
    client->ssl = SSL_new(client->context);
    return client->ssl && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client->ssl), "127.0.0.1") == 1 &&
           SSL_set_fd(client->ssl, client->fd) == 1 && SSL_connect(client->ssl) == 1;
}

static bool open_connection(test_client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)house.port)};
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    const int at_once = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client_close(client);
    client->start = house.starts;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = client->from};
    bool connected =
        client->fd >= 0 && setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once)) == 0 &&
        setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
        setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
        bind(client->fd, (const struct sockaddr *)&from, sizeof(from)) == 0 &&
        connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0 && shake_hands(client);
    if (!connected)
        client_close(client);
    return connected;
}

bool client_send(test_client *client, const void *data, size_t length)
{
    if ((!client->ssl || client->start != house.starts) && !open_connection(client))
        return false;
    for (size_t at = 0; at < length;) {
        int piece = length - at > 16384 ? 16384 : (int)(length - at);
        int sent = SSL_write(client->ssl, (const char *)data + at, piece);
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

/* Answers ------------------------------------------------------------------------------------------ */

static void answer_free(void *pointer)
{
    test_answer *answer = pointer;
    free((char *)(uintptr_t)answer->head);
    free((char *)(uintptr_t)answer->body);
    json_decref(answer->json);
    free(answer);
}

const char *answer_header(const test_answer *answer, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
        const char *value = line + 2 + length;
        if (strncasecmp(line + 2, name, length) == 0 && *value == ':') {
            value += 1 + strspn(value + 1, " ");
            return textf("%.*s", (int)strcspn(value, "\r"), value);
        }
    }
    return NULL;
}

/* Reads up to the empty line, a byte at a time so that nothing of the next answer is taken. */
static char *read_head(test_client *client)
{
    char *head = malloc(HEAD_MAX + 1);
    size_t length = 0;
    while (head && length < HEAD_MAX && SSL_read(client->ssl, head + length, 1) == 1) {
        length++;
        if (length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0) {
            head[length] = 0;
            return head;
        }
    }
    free(head);
    return NULL;
}

static bool read_body(test_client *client, test_answer *answer, size_t length)
{
    char *body = malloc(length + 1);
    size_t at = 0;
    answer->body = body;
    while (body && at < length) {
        int got = SSL_read(client->ssl, body + at, length - at > 1 << 20 ? 1 << 20 : (int)(length - at));
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    if (!body)
        return false;
    body[at] = 0;
    answer->length = at;
    return at == length;
}

test_answer *client_read(test_client *client, bool is_head)
{
    char *head = client->ssl ? read_head(client) : NULL;
    if (!head) {
        client_close(client);
        return NULL;
    }
    test_answer *answer = house_keep(calloc(1, sizeof(*answer)), answer_free);
    answer->head = head;
    answer->status = (int)strtol(head + strlen("HTTP/1.1 "), NULL, 10);
    const char *length_text = answer_header(answer, "Content-Length");
    const char *connection = answer_header(answer, "Connection");
    size_t length = length_text && !is_head ? strtoul(length_text, NULL, 10) : 0;
    bool whole = length <= ANSWER_MAX && read_body(client, answer, length);
    if (!whole || (connection && strcasecmp(connection, "close") == 0))
        client_close(client);
    if (whole && length > 0)
        answer->json = json_loadb(answer->body, answer->length, 0, NULL);
    return whole ? answer : NULL;
}

test_answer *client_call(test_client *client, const char *method, const char *path, const char *headers,
                         const char *body, size_t length)
{
    char *request = NULL;
    int head = asprintf(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, path, headers);
    char *more = NULL;
    if (head >= 0 && body)
        head = asprintf(&more, "%sContent-Length: %zu\r\n\r\n", request, length);
    else if (head >= 0)
        head = asprintf(&more, "%s\r\n", request);
    free(request);
    char *whole = head >= 0 ? realloc(more, (size_t)head + length + 1) : NULL;
    if (!whole)
        abort();
    if (body)
        memcpy(whole + head, body, length);
    size_t total = (size_t)head + (body ? length : 0);
    test_answer *answer = NULL;
    /* An idle connection may have been closed meanwhile: then, and only then, once more. */
    for (int attempt = 0; attempt < 2 && !answer; attempt++) {
        bool was_open = client->ssl && client->start == house.starts;
        if (client_send(client, whole, total))
            answer = client_read(client, strcmp(method, "HEAD") == 0);
        if (answer && answer_header(answer, "Transfer-Encoding"))
            client_close(client); /* a stream, which nobody here reads */
        if (!was_open)
            break;
        if (!answer)
            client_close(client);
    }
    free(whole);
    return answer;
}

/* Streams ------------------------------------------------------------------------------------------ */

test_answer *client_open_stream(test_client *client, const char *path, const char *headers)
{
    const char *request = textf("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", path, headers);
    return client_send(client, request, strlen(request)) ? client_read(client, false) : NULL;
}

static bool read_exactly(test_client *client, char *out, size_t length)
{
    size_t at = 0;
    int got = 1;
    for (; at < length && got > 0; at += got > 0 ? (size_t)got : 0)
        got = SSL_read(client->ssl, out + at, (int)(length - at));
    return at == length;
}

const char *client_read_piece(test_client *client, bool *out_clean)
{
    char size[32] = "", end[2];
    size_t digits = 0;
    while (client->ssl && digits < sizeof(size) - 1 && read_exactly(client, size + digits, 1) &&
           size[digits] != '\n')
        digits++;
    size_t length = size[digits] == '\n' ? strtoul(size, NULL, 16) : 0;
    char *piece = length <= ANSWER_MAX ? house_keep(calloc(1, length + 1), free) : NULL;
    bool whole =
        size[digits] == '\n' && piece && read_exactly(client, piece, length) && read_exactly(client, end, 2);
    if (out_clean)
        *out_clean = whole && length == 0;
    if (whole && length > 0)
        return piece;
    client_close(client);
    return NULL;
}

const char *client_certificate_name(void)
{
    test_client *client = client_new();
    char name[128] = "";
    if (client && open_connection(client)) {
        X509 *certificate = SSL_get1_peer_certificate(client->ssl);
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
        X509_free(certificate);
    }
    client_free(client);
    return textf("%s", name);
}

/* The admin port --------------------------------------------------------------------------------- */

const char *admin_page(const char *path)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)house.admin_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    const char *request = textf("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    char *text = house_keep(calloc(1, 1 << 18), free);
    size_t length = 0;
    if (fd >= 0 && write(fd, request, strlen(request)) == (ssize_t)strlen(request))
        for (ssize_t got;
             length < (1 << 18) - 1 && (got = read(fd, text + length, (1 << 18) - 1 - length)) > 0;)
            length += (size_t)got;
    if (fd >= 0)
        close(fd);
    return text;
}

int64_t metric(const char *name)
{
    const char *page = admin_page("/metrics"), *line = strstr(page, textf("\n%s ", name));
    assert_non_null(line);
    return strtoll(line + 1 + strlen(name) + 1, NULL, 10);
}

/* Users -------------------------------------------------------------------------------------------- */

const char *fresh_key(void)
{
    static atomic_uint count;
    return textf("key-%d-%u", (int)getpid(), atomic_fetch_add(&count, 1));
}

test_answer *ask_raw(const test_user *user, const char *method, const char *path, const char *headers,
                     const char *body)
{
    static test_client *nobody;
    if (!nobody)
        nobody = client_new();
    const char *all =
        user && user->token[0] ? textf("Authorization: Bearer %s\r\n%s", user->token, headers) : headers;
    return client_call(user ? user->client : nobody, method, path, all, body, body ? strlen(body) : 0);
}

test_answer *ask(const test_user *user, const char *method, const char *path, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    const char *headers = text ? "Content-Type: application/json\r\n" : "";
    json_decref(body);
    if (strcmp(method, "POST") == 0)
        headers = textf("%sIdempotency-Key: \"%s\"\r\n", headers, fresh_key());
    test_answer *answer = ask_raw(user, method, path, headers, text);
    free(text);
    return answer;
}

json_t *check_status(const test_answer *answer, int status)
{
    assert_non_null(answer);
    if (answer->status != status)
        print_error("%d instead of %d: %s\n%s\n", answer->status, status, answer->head, answer->body);
    if (answer->status == 500 && status != 500)
        house_print_log();
    assert_int_equal(answer->status, status);
    return answer->json;
}

json_t *check_problem(const test_answer *answer, int status, const char *code)
{
    json_t *problem = check_status(answer, status);
    assert_non_null(problem);
    if (strcmp(text_of(problem, "code"), code) != 0)
        print_error("%s instead of %s: %s\n", text_of(problem, "code"), code, answer->body);
    assert_string_equal(text_of(problem, "code"), code);
    assert_string_equal(answer_header(answer, "Content-Type"), "application/problem+json");
    assert_int_equal(number_of(problem, "status"), status);
    assert_string_equal(text_of(problem, "type"), textf("/problems/%s", code));
    assert_true(*text_of(problem, "title") && *text_of(problem, "title_zh") && *text_of(problem, "title_en"));
    assert_string_equal(text_of(problem, "request_id"), answer_header(answer, "X-Request-Id"));
    return problem;
}

json_t *expect(int status, const test_user *user, const char *method, const char *path, json_t *body)
{
    test_answer *answer = ask(user, method, path, body);
    if (answer && answer->status != status)
        print_error("%s %s %s\n", user ? user->login : "nobody", method, path);
    return check_status(answer, status);
}

json_t *expect_problem(int status, const char *code, const test_user *user, const char *method,
                       const char *path, json_t *body)
{
    test_answer *answer = ask(user, method, path, body);
    if (answer && answer->status != status)
        print_error("%s %s %s\n", user ? user->login : "nobody", method, path);
    return check_problem(answer, status, code);
}

void user_login(test_user *user, const char *login)
{
    *user = (test_user){.client = client_new()};
    snprintf(user->login, sizeof(user->login), "%s", login);
    json_t *session =
        expect(201, user, "POST", "/v1/sessions", doc("{ss ss}", "login", login, "password", HOUSE_PASSWORD));
    snprintf(user->token, sizeof(user->token), "%s", text_of(session, "token"));
    snprintf(user->id, sizeof(user->id), "%s", text_of(session, "user_id"));
    assert_true(strlen(user->token) >= 32);
}

void user_leave(test_user *user)
{
    client_free(user->client);
    *user = (test_user){.client = NULL};
}

/* Documents ---------------------------------------------------------------------------------------- */

json_t *member_of(const json_t *object, const char *path)
{
    const json_t *at = object;
    while (at && *path) {
        char key[64];
        size_t length = strcspn(path, ".");
        snprintf(key, sizeof(key), "%.*s", (int)length, path);
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
        path += length + (path[length] == '.');
    }
    return (json_t *)(uintptr_t)at;
}

const char *text_of(const json_t *object, const char *path)
{
    const char *text = json_string_value(member_of(object, path));
    return text ? text : "";
}

int64_t number_of(const json_t *object, const char *path)
{
    json_t *number = member_of(object, path);
    if (!json_is_integer(number))
        print_error("%s is no number\n", path);
    assert_true(json_is_integer(number));
    return json_integer_value(number);
}

bool has_word(const json_t *array, const char *word)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (strcmp(json_string_value(json_array_get(array, i)), word) == 0)
            return true;
    return false;
}
