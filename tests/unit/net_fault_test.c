/* Clients that are slow, silent, gone or too many, and a server that stops. */
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_support.h"

#define HOST "Host: a\r\n"
#define ECHO(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"

/* Deadlines ------------------------------------------------------------------------------------------------
 */

/* Sends `part`, then one byte of `drip` every 20 ms until the server has had enough; a deadline that a
 * byte renews would never pass. */
static void drip(net_client *client, const char *part, char byte, const net_server *server)
{
    const atomic_uint_fast64_t *timed_out = &net_server_counters(server)->timed_out;
    net_client_send(client, part);
    for (int i = 0; i < PATIENCE_MS / 20 && net_server_count(timed_out) == 0; i++) {
        if (!net_client_try_send(client, &byte, 1))
            break;
        usleep(20000);
    }
    assert_int_equal(net_server_count(timed_out), 1);
}

static void slow_head_is_answered_408(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.head_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client client = net_client_open(server);
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    drip(&client, "GET / HTTP/1.1\r\n" HOST "X: ", 'x', server);
    net_client_expect_reply(&client, 408, NULL);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

static void slow_body_is_answered_408(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.body_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client client = net_client_open(server);
    drip(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 60000\r\n\r\n", 'x', server);
    net_client_expect_reply(&client, 408, NULL);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

static void slow_handshake_is_cut(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.handshake_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client silent = {.fd = net_connect(server)}, slow = {.fd = net_connect(server)};
    net_client_send(&slow, "\x16\x03\x01\x02");
    assert_true(net_client_is_ended(&silent));
    assert_true(net_client_is_ended(&slow));
    assert_int_equal(net_server_count(&net_server_counters(server)->timed_out), 2);
    net_client_close(&silent);
    net_client_close(&slow);
    net_server_stop(server);
}

static void idle_connection_is_closed_in_order(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.idle_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client fresh = net_client_open(server), used = net_client_open(server);
    net_client_expect(&used, ECHO("/echo"), 200, "GET /echo|");
    assert_true(net_client_is_ended(&fresh));
    assert_true(net_client_is_ended(&used));
    assert_true(SSL_get_shutdown(used.ssl) & SSL_RECEIVED_SHUTDOWN);
    assert_int_equal(net_server_count(&net_server_counters(server)->timed_out), 0);
    net_client_close(&fresh);
    net_client_close(&used);
    net_server_stop(server);
}

static void work_may_last_longer_than_any_deadline(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.idle_ms = settings.head_ms = settings.body_ms = settings.handshake_ms = 100;
    net_server *server = net_server_start(false, &settings);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer"));
    await_int(&server->deferrals, 1);
    usleep(400000);
    net_server_command(server, COMMAND_REPLY);
    net_client_expect_reply(&client, 200, "GET /defer|");
    net_client_close(&client);
    net_server_stop(server);
}

static void reader_that_stalls_is_cut(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.write_stall_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/big"));
    await_counter(&net_server_counters(server)->timed_out, 1);
    await_open(server, 0);
    net_client_close(&client);
    net_server_stop(server);
}

static void client_that_never_closes_is_lingered_for_a_while_only(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.linger_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client client = net_client_open(server);
    net_client_expect(&client, "BREW / HTTP/1.1\r\n" HOST "\r\n", 501, NULL);
    await_open(server, 0);
    net_client_close(&client);
    net_server_stop(server);
}

/* Clients that go ------------------------------------------------------------------------------------------
 */

static void client_that_goes_abandons_its_request(void **state)
{
    (void)state;
    for (int with_tls = 0; with_tls <= 1; with_tls++) {
        net_server *server = net_server_start(with_tls, NULL);
        net_client client = net_client_open(server);
        net_client_send(&client, "POST /defer HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello");
        await_int(&server->deferrals, 1);
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        net_client_close(&client);
        await_int(&server->abandonments, 1);
        await_open(server, 0);
        net_server_command(server, COMMAND_REPLY); /* reads the request and throws the reply away */
        await_int(&server->replies, 1);
        net_client next = net_client_open(server);
        net_client_expect(&next, ECHO("/echo"), 200, "GET /echo|");
        net_client_close(&next);
        assert_int_equal(net_server_count(&net_server_counters(server)->abandoned), 1);
        net_server_stop(server);
    }
}

static void tls_client_that_closes_its_socket_is_given_up_after_a_while(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer"));
    await_int(&server->deferrals, 1);
    net_client_close(&client);
    await_int(&server->abandonments, 1);
    net_server_stop(server);
}

static void client_that_goes_with_requests_unread_abandons_too(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer") ECHO("/defer") ECHO("/defer"));
    await_int(&server->deferrals, 1);
    for (int i = 0; i < 200; i++) /* more than the parser takes */
        net_client_send(&client, ECHO("/defer"));
    net_client_close(&client);
    await_int(&server->abandonments, 1);
    assert_int_equal(atomic_load(&server->deferrals), 1);
    net_server_stop(server);
}

static void client_that_goes_while_its_reply_is_written_harms_nobody(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/big"));
    char byte;
    assert_int_equal(SSL_read(client.ssl, &byte, 1), 1);
    net_client_close(&client);
    await_open(server, 0);
    net_client next = net_client_open(server);
    net_client_expect(&next, ECHO("/echo"), 200, "GET /echo|");
    net_client_close(&next);
    net_server_stop(server);
}

static void reply_beyond_the_limit_closes_its_connection_only(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client other = net_client_open(server), client = net_client_open(server);
    net_client_send(&client, ECHO("/huge"));
    assert_true(net_client_is_ended(&client));
    net_client_expect(&other, ECHO("/echo"), 200, "GET /echo|");
    net_client_close(&other);
    net_client_close(&client);
    net_server_stop(server);
}

static void half_closed_plain_client_gets_its_replies(void **state)
{
    (void)state;
    net_server *server = net_server_start(false, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer") ECHO("/echo"));
    shutdown(client.fd, SHUT_WR);
    await_int(&server->deferrals, 1);
    usleep(50000);
    net_server_command(server, COMMAND_REPLY);
    net_client_expect_reply(&client, 200, "GET /defer|");
    net_client_expect_reply(&client, 200, "GET /echo|");
    assert_true(net_client_is_ended(&client));
    assert_int_equal(atomic_load(&server->abandonments), 0);
    net_client_close(&client);
    net_server_stop(server);
}

static void tls_client_that_has_said_close_notify_gets_its_reply(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer"));
    SSL_shutdown(client.ssl);
    await_int(&server->deferrals, 1);
    usleep(50000);
    net_server_command(server, COMMAND_REPLY);
    net_client_expect_reply(&client, 200, "GET /defer|");
    assert_true(net_client_is_ended(&client));
    assert_int_equal(atomic_load(&server->abandonments), 0);
    net_client_close(&client);
    net_server_stop(server);
}

static void half_closed_tls_client_gets_a_reply_that_comes_soon(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer"));
    shutdown(client.fd, SHUT_WR);
    await_int(&server->deferrals, 1);
    net_server_command(server, COMMAND_REPLY);
    net_client_expect_reply(&client, 200, "GET /defer|");
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

/* Stopping
 * --------------------------------------------------------------------------------------------------- */

static void drain_answers_what_is_in_flight_and_closes_what_is_idle(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client idle = net_client_open(server), busy = net_client_open(server), half = net_client_open(server);
    net_reply reply;
    net_client_expect(&idle, ECHO("/echo"), 200, "GET /echo|");
    static const char most[] = "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel";
    net_client_send(&half, most);
    net_client_send(&busy, ECHO("/defer"));
    await_int(&server->deferrals, 1);
    await_counter(&net_server_counters(server)->bytes_in,
                  strlen(most) + strlen(ECHO("/echo")) + strlen(ECHO("/defer")));
    net_server_command(server, COMMAND_DRAIN);
    assert_true(net_client_is_ended(&idle));
    assert_int_equal(atomic_load(&server->drains), 0);
    net_client_send(&half, "lo");
    assert_true(net_client_read(&half, false, &reply));
    assert_string_equal(reply.body, "POST /echo|hello");
    assert_non_null(strstr(reply.head, "\r\nConnection: close\r\n"));
    net_reply_done(&reply);
    assert_int_equal(atomic_load(&server->drains), 0);
    net_server_command(server, COMMAND_REPLY);
    assert_true(net_client_read(&busy, false, &reply));
    assert_string_equal(reply.body, "GET /defer|");
    assert_non_null(strstr(reply.head, "\r\nConnection: close\r\n"));
    net_reply_done(&reply);
    net_client_close(&idle);
    net_client_close(&half);
    net_client_close(&busy);
    await_int(&server->drains, 1);
    net_server_stop(server);
}

static void drain_answers_what_idle_connections_ask_a_last_time(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_reply reply;
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    net_server_command(server, COMMAND_DRAIN);
    usleep(100000); /* the drain has begun, or begins before the request is read: it is answered either way */
    net_client_send(&client, ECHO("/last"));
    assert_true(net_client_read(&client, false, &reply));
    assert_string_equal(reply.body, "GET /last|");
    assert_non_null(strstr(reply.head, "\r\nConnection: close\r\n"));
    net_reply_done(&reply);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    await_int(&server->drains, 1);
    net_server_stop(server);
}

static void drain_closes_after_a_reply_that_was_under_way(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/big"));
    await_int(&server->replies, 1);
    net_server_command(server, COMMAND_DRAIN);
    net_reply reply;
    assert_true(net_client_read(&client, false, &reply));
    assert_int_equal(reply.body_length, BIG_BODY_BYTES);
    net_reply_done(&reply);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    await_int(&server->drains, 1);
    net_server_stop(server);
}

static void drain_waits_for_abandoned_work(void **state)
{
    (void)state;
    net_server *server = net_server_start(false, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer"));
    await_int(&server->deferrals, 1);
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    net_client_close(&client);
    await_int(&server->abandonments, 1);
    net_server_command(server, COMMAND_DRAIN);
    usleep(50000);
    assert_int_equal(atomic_load(&server->drains), 0);
    net_server_command(server, COMMAND_REPLY);
    await_int(&server->drains, 1);
    net_server_stop(server);
}

static void drain_of_nothing_is_over_at_once(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_server_command(server, COMMAND_DRAIN);
    await_int(&server->drains, 1);
    net_server_stop(server);
}

static void reply_may_come_after_the_worker_has_gone(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, ECHO("/defer"));
    await_int(&server->deferrals, 1);
    net_server_command(server, COMMAND_FREE);
    assert_true(net_client_is_ended(&client));
    await_int(&server->abandonments, 1);
    net_server_command(server, COMMAND_REPLY);
    net_client_close(&client);
    net_server_stop(server);
    /* the sanitizers say whether anything was touched or lost */
}

/* Too many
 * --------------------------------------------------------------------------------------------------- */

static void idle_connection_makes_room_at_the_cap(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.connections_max = 2;
    net_server *server = net_server_start(true, &settings);
    net_client oldest = net_client_open(server);
    net_client_expect(&oldest, ECHO("/echo"), 200, "GET /echo|");
    usleep(20000);
    net_client newer = net_client_open(server);
    net_client_expect(&newer, ECHO("/echo"), 200, "GET /echo|");
    net_client newest = net_client_open(server);
    net_client_expect(&newest, ECHO("/echo"), 200, "GET /echo|");
    assert_true(net_client_is_ended(&oldest));
    net_client_expect(&newer, ECHO("/echo"), 200, "GET /echo|");
    await_open(server, 2);
    net_client_close(&oldest);
    net_client_close(&newer);
    net_client_close(&newest);
    net_server_stop(server);
}

static void busy_connections_are_kept_at_the_cap(void **state)
{
    (void)state;
    rq_net_settings settings = rq_net_settings_default();
    settings.connections_max = 2;
    net_server *server = net_server_start(true, &settings);
    net_client one = net_client_open(server), two = net_client_open(server);
    net_client_send(&one, ECHO("/defer"));
    net_client_send(&two, ECHO("/defer"));
    await_int(&server->deferrals, 2);
    net_client third = {.fd = net_connect(server)};
    assert_true(net_client_is_ended(&third));
    await_counter(&net_server_counters(server)->rejected, 1);
    net_server_command(server, COMMAND_REPLY);
    net_client_expect_reply(&one, 200, "GET /defer|");
    net_client_expect_reply(&two, 200, "GET /defer|");
    net_client_close(&one);
    net_client_close(&two);
    net_client_close(&third);
    net_server_stop(server);
}

static void silent_handshakes_do_not_shut_others_out(void **state)
{
    (void)state;
    enum { SILENT = 40 };
    rq_net_settings settings = rq_net_settings_default();
    settings.handshakes_max = 4;
    net_server *server = net_server_start(true, &settings);
    int silent[SILENT];
    for (int i = 0; i < SILENT; i++)
        silent[i] = net_connect(server);
    net_client client = net_client_open(server);
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    assert_true(net_server_count(&net_server_counters(server)->open_now) <= 5);
    net_client_close(&client);
    for (int i = 0; i < SILENT; i++)
        close(silent[i]);
    net_server_stop(server);
}

static void lack_of_descriptors_pauses_accepting(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    struct rlimit before, low;
    int client_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = (rlim_t)client_fd + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connected = connect(client_fd, (struct sockaddr *)&address, sizeof address);
    await_counter(&net_server_counters(server)->rejected, 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(connected, 0);
    net_client client = {.fd = client_fd};
    SSL_CTX *context = net_client_context();
    assert_true(net_client_handshake(&client, context));
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    assert_true(net_server_count(&net_server_counters(server)->rejected) < 100); /* no busy loop */
    SSL_CTX_free(context);
    net_client_close(&client);
    net_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_head_is_answered_408),
        cmocka_unit_test(slow_body_is_answered_408),
        cmocka_unit_test(slow_handshake_is_cut),
        cmocka_unit_test(idle_connection_is_closed_in_order),
        cmocka_unit_test(work_may_last_longer_than_any_deadline),
        cmocka_unit_test(reader_that_stalls_is_cut),
        cmocka_unit_test(client_that_never_closes_is_lingered_for_a_while_only),
        cmocka_unit_test(client_that_goes_abandons_its_request),
        cmocka_unit_test(tls_client_that_closes_its_socket_is_given_up_after_a_while),
        cmocka_unit_test(client_that_goes_with_requests_unread_abandons_too),
        cmocka_unit_test(client_that_goes_while_its_reply_is_written_harms_nobody),
        cmocka_unit_test(reply_beyond_the_limit_closes_its_connection_only),
        cmocka_unit_test(half_closed_plain_client_gets_its_replies),
        cmocka_unit_test(tls_client_that_has_said_close_notify_gets_its_reply),
        cmocka_unit_test(half_closed_tls_client_gets_a_reply_that_comes_soon),
        cmocka_unit_test(drain_answers_what_is_in_flight_and_closes_what_is_idle),
        cmocka_unit_test(drain_answers_what_idle_connections_ask_a_last_time),
        cmocka_unit_test(drain_closes_after_a_reply_that_was_under_way),
        cmocka_unit_test(drain_waits_for_abandoned_work),
        cmocka_unit_test(drain_of_nothing_is_over_at_once),
        cmocka_unit_test(reply_may_come_after_the_worker_has_gone),
        cmocka_unit_test(idle_connection_makes_room_at_the_cap),
        cmocka_unit_test(busy_connections_are_kept_at_the_cap),
        cmocka_unit_test(silent_handshakes_do_not_shut_others_out),
        cmocka_unit_test(lack_of_descriptors_pauses_accepting),
    };
    signal(SIGPIPE, SIG_IGN); /* for the client's own writes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
