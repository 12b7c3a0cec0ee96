/* Connections as a client sees them: requests and replies over real TLS, refusals, listening. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net_support.h"

#define HOST "Host: a\r\n"
#define ECHO(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"

static void replies_carry_the_headers_of_every_reply(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_send(&client, ECHO("/echo?x"));
    assert_true(net_client_read(&client, false, &reply));
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "GET /echo?x|");
    assert_non_null(strstr(reply.head, "\r\nDate: "));
    assert_non_null(strstr(reply.head, " GMT\r\n"));
    assert_non_null(strstr(reply.head, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(
        strstr(reply.head, "\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\n"));
    assert_non_null(strstr(reply.head, "\r\nX-Content-Type-Options: nosniff\r\n"));
    const char *id = strstr(reply.head, "\r\nX-Request-Id: ");
    assert_non_null(id);
    assert_int_equal(strcspn(id + 16, "\r\n"), 26);
    assert_null(strstr(reply.head, "Connection:"));
    net_reply_done(&reply);
    net_client_close(&client);
    net_server_stop(server);
}

static void plain_replies_promise_no_tls(void **state)
{
    (void)state;
    net_server *server = net_server_start(false, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_send(&client, ECHO("/echo"));
    assert_true(net_client_read(&client, false, &reply));
    assert_null(strstr(reply.head, "Strict-Transport-Security"));
    assert_non_null(strstr(reply.head, "nosniff"));
    net_reply_done(&reply);
    net_client_close(&client);
    net_server_stop(server);
}

static void connection_serves_many_requests(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    for (int i = 0; i < 100; i++) {
        net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
        net_client_expect(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 200,
                          "POST /echo|hello");
        net_client_expect(&client,
                          "POST /echo HTTP/1.1\r\n" HOST
                          "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
                          200, "POST /echo|hello");
    }
    assert_int_equal(net_server_count(&net_server_counters(server)->requests), 300);
    assert_int_equal(net_server_count(&net_server_counters(server)->accepted), 1);
    net_client_close(&client);
    await_open(server, 0);
    net_server_stop(server);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/1") ECHO("/defer") ECHO("/3"));
    net_client_expect_reply(&client, 200, "GET /1|");
    await_int(&server->deferrals, 1);
    net_server_command(server, COMMAND_REPLY);
    net_client_expect_reply(&client, 200, "GET /defer|");
    net_client_expect_reply(&client, 200, "GET /3|");
    net_client_close(&client);
    net_server_stop(server);
}

static void hundreds_of_pipelined_requests_are_answered(void **state)
{
    (void)state;
    enum { MANY = 500 };
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    for (int i = 0; i < MANY; i++)
        net_client_send(&client, ECHO("/echo"));
    for (int i = 0; i < MANY; i++)
        net_client_expect_reply(&client, 200, "GET /echo|");
    net_client_close(&client);
    net_server_stop(server);
}

static void head_and_no_content_have_no_body(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_send(&client, "HEAD /echo HTTP/1.1\r\n" HOST "\r\n" ECHO("/nothing") ECHO("/echo"));
    assert_true(net_client_read(&client, true, &reply));
    assert_non_null(strstr(reply.head, "\r\nContent-Length: 11\r\n"));
    net_reply_done(&reply);
    assert_true(net_client_read(&client, false, &reply));
    assert_int_equal(reply.status, 204);
    assert_null(strstr(reply.head, "Content-Length"));
    net_reply_done(&reply);
    net_client_expect_reply(&client, 200, "GET /echo|");
    net_client_close(&client);
    net_server_stop(server);
}

static void header_value_cannot_split_a_reply(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_send(&client, ECHO("/split"));
    assert_true(net_client_read(&client, false, &reply));
    assert_non_null(strstr(reply.head, "\r\nLocation: /a  Evil: yes\r\n"));
    net_reply_done(&reply);
    net_client_close(&client);
    net_server_stop(server);
}

static void last_reply_says_close_and_closes(void **state)
{
    (void)state;
    static const char *const lasts[] = {"GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
                                        "GET /echo HTTP/1.0\r\n\r\n"};
    net_server *server = net_server_start(true, NULL);
    for (size_t i = 0; i < sizeof lasts / sizeof lasts[0]; i++) {
        net_client client = net_client_open(server);
        net_reply reply;
        net_client_send(&client, lasts[i]);
        assert_true(net_client_read(&client, false, &reply));
        assert_non_null(strstr(reply.head, "\r\nConnection: close\r\n"));
        net_reply_done(&reply);
        assert_true(net_client_is_ended(&client));
        assert_int_equal(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
        net_client_close(&client);
    }
    await_open(server, 0);
    net_server_stop(server);
}

static void connection_ends_after_its_share_of_requests(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.connection_requests = 3;
    net_server *server = net_server_start(true, &settings);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/echo") ECHO("/echo") ECHO("/echo") ECHO("/echo"));
    for (int i = 0; i < 3; i++)
        net_client_expect_reply(&client, 200, "GET /echo|");
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

static void old_connection_ends_with_its_next_reply(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.connection_age_ms = 0;
    net_server *server = net_server_start(true, &settings);
    net_client client = net_client_open(server);
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

/* Refusals ---------------------------------------------------------------------------------------------- */

static void expect_refusal(const net_server *server, const char *request, int status, const char *code)
{
    char wanted[64];
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_send(&client, request);
    assert_true(net_client_read(&client, false, &reply));
    assert_int_equal(reply.status, status);
    snprintf(wanted, sizeof wanted, "{\"status\":%d,\"code\":\"%s\",\"id\":\"", status, code);
    assert_memory_equal(reply.body, wanted, strlen(wanted));
    assert_non_null(strstr(reply.head, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(reply.head, "\r\nContent-Type: application/problem+json\r\n"));
    net_reply_done(&reply);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
}

static void refusals_are_answered_once_and_close(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    char *long_target = calloc(1, 30000), *long_header = calloc(1, 30000);
    assert_non_null(long_target);
    assert_non_null(long_header);
    int head = snprintf(long_target, 100, "GET /");
    memset(long_target + head, 'a', 20000);
    head = snprintf(long_header, 100, "GET / HTTP/1.1\r\n" HOST "X: ");
    memset(long_header + head, 'a', 20000);
    expect_refusal(server, "GET / HTTP/1.1\r\n\r\n" ECHO("/echo"), 400, "bad_host");
    expect_refusal(server, "BREW / HTTP/1.1\r\n" HOST "\r\n" ECHO("/echo"), 501, "unknown_method");
    expect_refusal(server, "GET / HTTP/2.0\r\n" HOST "\r\n", 505, "unknown_version");
    expect_refusal(server, "POST / HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n", 417, "unknown_expectation");
    expect_refusal(server, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501,
                   "unknown_transfer_coding");
    expect_refusal(
        server, "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, "bad_framing");
    expect_refusal(server, "POST /small HTTP/1.1\r\n" HOST "Content-Length: 11\r\n\r\nhello world", 413,
                   "body_too_large");
    expect_refusal(server,
                   "POST /small HTTP/1.1\r\n" HOST
                   "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
                   413, "body_too_large");
    expect_refusal(server, long_target, 414, "target_too_long");
    expect_refusal(server, long_header, 431, "headers_too_large");
    assert_int_equal(net_server_count(&net_server_counters(server)->refused), 10);
    free(long_target);
    free(long_header);
    await_open(server, 0);
    net_server_stop(server);
}

/* The client is still sending when it is refused: a reset would destroy the reply on its way. */
static void refusal_reaches_a_client_that_is_still_sending(void **state)
{
    (void)state;
    enum { SENT = 1 << 20 };
    net_server *server = net_server_start(true, NULL);
    char *body = calloc(1, SENT);
    assert_non_null(body);
    for (int i = 0; i < 5; i++) {
        net_client client = net_client_open(server);
        net_client_send(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
        assert_true(net_client_try_send(&client, body, SENT));
        net_client_expect_reply(&client, 413, NULL);
        assert_true(net_client_is_ended(&client));
        net_client_close(&client);
    }
    free(body);
    net_server_stop(server);
}

static void continue_is_sent_once_the_body_is_wanted(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    for (int i = 0; i < 3; i++) {
        net_client_send(&client,
                        "POST /small HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        assert_true(net_client_read(&client, false, &reply));
        assert_int_equal(reply.status, 100);
        net_reply_done(&reply);
        net_client_expect(&client, "hello", 200, "POST /small|hello");
    }
    net_client_send(&client,
                    "POST /small HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    net_client_expect_reply(&client, 413, NULL);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

static void large_reply_arrives_whole_and_the_next_request_too(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_send(&client, ECHO("/big") ECHO("/echo"));
    assert_true(net_client_read(&client, false, &reply));
    assert_int_equal(reply.body_length, BIG_BODY_BYTES);
    for (size_t i = 0; i < BIG_BODY_BYTES; i++)
        if (reply.body[i] != 'b')
            fail_msg("byte %zu is %d", i, reply.body[i]);
    net_reply_done(&reply);
    net_client_expect_reply(&client, 200, "GET /echo|");
    net_client_close(&client);
    net_server_stop(server);
}

/* Listening -----------------------------------------------------------------------------------------------
 */

static void listening_takes_both_kinds_of_address_and_says_why_not(void **state)
{
    (void)state;
    rq_error error = {0};
    uint16_t port = 0, again;
    int fd, other;
    assert_int_equal(rq_listen("::1", 0, &fd, &port, &error), RQ_OK);
    assert_true(port > 0);
    assert_int_equal(rq_listen("::1", port, &other, &again, &error), RQ_IO);
    assert_non_null(strstr(error.message, "in use"));
    close(fd);
    assert_int_equal(rq_listen("localhost", 0, &fd, &port, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "localhost"));
}

/* What a child process finds, as its exit code: it gets the socket as descriptor 3, as systemd does it. */
static int listen_as_child(int listening, uint16_t port, bool for_us)
{
    char pid[16];
    rq_error error;
    int fd, second;
    uint16_t found, other;
    if (listening != 3 && dup2(listening, 3) != 3)
        return 1;
    snprintf(pid, sizeof pid, "%ld", for_us ? (long)getpid() : 1L);
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    if (rq_listen("127.0.0.1", 0, &fd, &found, &error) != RQ_OK)
        return 2;
    if ((fd == 3 && found == port) != for_us)
        return 3;
    if (rq_listen("127.0.0.1", 0, &second, &other, &error) != RQ_OK || other == port)
        return 4;
    return 0;
}

static void socket_handed_over_is_taken_once_and_only_by_its_addressee(void **state)
{
    (void)state;
    rq_error error;
    uint16_t port;
    int fd, found;
    assert_int_equal(rq_listen("127.0.0.1", 0, &fd, &port, &error), RQ_OK);
    for (int for_us = 0; for_us <= 1; for_us++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(listen_as_child(fd, port, for_us));
        assert_int_equal(waitpid(child, &found, 0), child);
        assert_int_equal(found, 0);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_carry_the_headers_of_every_reply),
        cmocka_unit_test(plain_replies_promise_no_tls),
        cmocka_unit_test(connection_serves_many_requests),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(hundreds_of_pipelined_requests_are_answered),
        cmocka_unit_test(head_and_no_content_have_no_body),
        cmocka_unit_test(header_value_cannot_split_a_reply),
        cmocka_unit_test(last_reply_says_close_and_closes),
        cmocka_unit_test(connection_ends_after_its_share_of_requests),
        cmocka_unit_test(old_connection_ends_with_its_next_reply),
        cmocka_unit_test(refusals_are_answered_once_and_close),
        cmocka_unit_test(refusal_reaches_a_client_that_is_still_sending),
        cmocka_unit_test(continue_is_sent_once_the_body_is_wanted),
        cmocka_unit_test(large_reply_arrives_whole_and_the_next_request_too),
        cmocka_unit_test(listening_takes_both_kinds_of_address_and_says_why_not),
        cmocka_unit_test(socket_handed_over_is_taken_once_and_only_by_its_addressee),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
