/* A small HTTPS client and the users who hold it. An answer lives until the test's end. */
#ifndef RONGQIAO_TESTS_API_CLIENT_H
#define RONGQIAO_TESTS_API_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct test_answer {
    int status;
    const char *head; /* status line and fields, as they came */
    const char *body; /* NUL-ended */
    size_t length;
    json_t *json; /* null when the body is no JSON */
} test_answer;

/* One connection, opened when it is first needed and again after either side closed it. */
typedef struct test_client test_client;
test_client *client_new(void);
/* The same from another address of the loopback (127.0.0.2). */
test_client *client_new_from(const char *address);
/* From its next connection on the client shows this certificate (PEM files that outlive it; null: none). */
void client_show(test_client *client, const char *certificate, const char *key);
/* Opens a connection at once; false when the server does not want it. */
bool client_connect(test_client *client);
void client_free(test_client *client);
/* Drops the connection; the next call opens another. */
void client_close(test_client *client);
/* Sends these bytes, over a connection that is opened if need be. False when the server has closed it. */
bool client_send(test_client *client, const void *data, size_t length);
/* Reads one answer (`is_head`: that has no body); null when the connection ends first. */
test_answer *client_read(test_client *client, bool is_head);
/* Sends a GET for a stream with these extra header lines and reads its head; null when the connection ends
 * first. */
test_answer *client_open_stream(test_client *client, const char *path, const char *headers);
/* The next piece of the stream, until the test's end; null at its end (`out_clean`, may be null: it was
 * ended, not cut). */
const char *client_read_piece(test_client *client, bool *out_clean);
/* One request with these extra header lines ("Name: value\r\n..."), a body if not null, and its answer. */
test_answer *client_call(test_client *client, const char *method, const char *path, const char *headers,
                         const char *body, size_t length);
/* The common name of the certificate that the server shows on a new connection. */
const char *client_certificate_name(void);

/* A page of the admin port, over plain HTTP; "" when there is none. One of its figures, by its whole name. */
const char *admin_page(const char *path);
int64_t metric(const char *name);

/* A header's value, or null. */
const char *answer_header(const test_answer *answer, const char *name);

/* A user who has logged in. */
typedef struct test_user {
    char login[72];
    char id[40];
    char token[64];
    test_client *client;
} test_user;

/* Logs in and opens a connection of its own; house_password is everybody's. */
void user_login(test_user *user, const char *login);
void user_leave(test_user *user);

/* One request as this user (null: nobody). A POST gets a fresh Idempotency-Key. `body` (may be null) is taken
 * over. */
test_answer *ask(const test_user *user, const char *method, const char *path, json_t *body);
/* The same with the body's text and header lines as they are given, and no key but theirs. */
test_answer *ask_raw(const test_user *user, const char *method, const char *path, const char *headers,
                     const char *body);
/* Asks, expects this status, and returns the document; the test fails with the body otherwise. */
json_t *expect(int status, const test_user *user, const char *method, const char *path, json_t *body);
/* Asks, and expects this problem: status, code, media type, texts in both languages. Returns the document. */
json_t *expect_problem(int status, const char *code, const test_user *user, const char *method,
                       const char *path, json_t *body);
/* The same of an answer that is there already. */
json_t *check_problem(const test_answer *answer, int status, const char *code);
json_t *check_status(const test_answer *answer, int status);

/* A document from Jansson's pack format; freed with the call that takes it over. */
#define doc(...) json_pack(__VA_ARGS__)
/* A member as text, "" when it is none; "a.b" goes down. Whether the array `key` holds `word`. */
const char *text_of(const json_t *object, const char *path);
int64_t number_of(const json_t *object, const char *path);
json_t *member_of(const json_t *object, const char *path);
bool has_word(const json_t *array, const char *word);

/* A key that was never used. */
const char *fresh_key(void);

#endif
