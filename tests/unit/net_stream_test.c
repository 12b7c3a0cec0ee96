/* Replies that go out piece by piece, as a client reads them, and how each of them ends. */
#include <sys/socket.h>
#include <unistd.h>

#include "net_support.h"

#define HOST "Host: a\r\n"
#define STREAM "GET /stream HTTP/1.1\r\n" HOST "\r\n"
#define ECHO "GET /echo HTTP/1.1\r\n" HOST "\r\n"

enum { TEXT_MAX = 8192 };

/* Reads until what was read ends with `end`; what was read. Fails when the connection ends first. */
static const char *read_until(net_client *client, const char *end)
{
    static char text[TEXT_MAX];
    size_t length = 0, tail = strlen(end);
    while (length < TEXT_MAX - 1) {
        ssize_t got =
            client->ssl ? SSL_read(client->ssl, text + length, 1) : recv(client->fd, text + length, 1, 0);
        assert_int_equal(got, 1);
        text[++length] = '\0';
        if (length >= tail && strcmp(text + length - tail, end) == 0)
            return text;
    }
    fail_msg("no %s within %d bytes", end, TEXT_MAX);
    return NULL;
}

static net_client begin(const net_server *server)
{
    net_client client = net_client_open(server);
    net_client_send(&client, STREAM);
    const char *text = read_until(&client, "5\r\nbegin\r\n");
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(text, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_null(strstr(text, "Content-Length"));
    return client;
}

static void pieces_arrive_as_they_are_sent_and_the_connection_goes_on(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        net_server *server = net_server_start(tls, NULL);
        net_client client = begin(server);
        for (int i = 0; i < 3; i++) {
            net_server_command(server, COMMAND_SEND);
            read_until(&client, "4\r\nmore\r\n");
        }
        net_server_command(server, COMMAND_END);
        assert_string_equal(read_until(&client, "0\r\n\r\n"), "0\r\n\r\n");
        net_client_expect(&client, ECHO, 200, "GET /echo|");
        assert_int_equal(atomic_load(&server->replies), 2);
        net_client_close(&client);
        net_server_stop(server);
    }
}

static void request_behind_a_stream_waits_for_its_end(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, STREAM ECHO);
    read_until(&client, "5\r\nbegin\r\n");
    net_server_command(server, COMMAND_SEND);
    read_until(&client, "4\r\nmore\r\n");
    net_server_command(server, COMMAND_END);
    read_until(&client, "0\r\n\r\n");
    net_client_expect_reply(&client, 200, "GET /echo|");
    net_client_close(&client);
    net_server_stop(server);
}

static void old_client_gets_the_bare_pieces_until_the_connection_ends(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = net_client_open(server);
    net_client_send(&client, "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const char *text = read_until(&client, "\r\n\r\nbegin");
    assert_null(strstr(text, "chunked"));
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
    net_server_command(server, COMMAND_SEND);
    read_until(&client, "more");
    net_server_command(server, COMMAND_END);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    net_server_stop(server);
}

static void client_that_goes_ends_its_stream(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        net_server *server = net_server_start(tls, NULL);
        net_client client = begin(server), half = begin(server);
        net_client_close(&client);
        await_int(&server->abandonments, 1);
        shutdown(half.fd, SHUT_WR);
        await_int(&server->abandonments, 2);
        await_open(server, 0);
        net_client_close(&half);
        net_server_stop(server);
    }
}

static void reader_that_lets_pieces_pile_up_is_cut(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = begin(server), other = begin(server);
    net_server_command(server, COMMAND_FLOOD);
    await_counter(&net_server_counters(server)->streams_cut, 2);
    await_int(&server->abandonments, 2);
    await_open(server, 0);
    assert_int_equal(net_server_count(&net_server_counters(server)->streams_begun), 2);
    net_client_close(&client);
    net_client_close(&other);
    net_server_stop(server);
}

/* Fills the socket without piling up: a flood stops short of what would be cut only when the client reads. */
static void reader_that_takes_nothing_for_the_write_deadline_is_cut(void **state)
{
    rq_net_settings settings = rq_net_settings_default();
    (void)state;
    settings.write_stall_ms = 200;
    net_server *server = net_server_start(true, &settings);
    net_client client = begin(server);
    for (int i = 0; i < 5000 && atomic_load(&server->abandonments) == 0; i++) {
        net_server_command(server, COMMAND_SEND_MUCH);
        usleep(1000);
    }
    await_int(&server->abandonments, 1);
    assert_int_equal(net_server_count(&net_server_counters(server)->timed_out), 1);
    assert_int_equal(net_server_count(&net_server_counters(server)->streams_cut), 0);
    net_client_close(&client);
    net_server_stop(server);
}

static void drain_waits_for_streams_and_their_end_closes_them(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = begin(server);
    net_server_command(server, COMMAND_DRAIN);
    net_server_command(server, COMMAND_SEND);
    read_until(&client, "4\r\nmore\r\n");
    assert_int_equal(atomic_load(&server->drains), 0);
    net_server_command(server, COMMAND_END);
    read_until(&client, "0\r\n\r\n");
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    await_int(&server->drains, 1);
    net_server_stop(server);
}

static void freeing_the_worker_abandons_its_streams(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = begin(server);
    net_server_command(server, COMMAND_FREE);
    await_int(&server->abandonments, 1);
    net_client_close(&client);
    net_server_stop(server);
}

static void idle_stream_has_no_deadline(void **state)
{
    rq_net_settings settings = rq_net_settings_default();
    (void)state;
    settings.idle_ms = settings.head_ms = settings.body_ms = settings.write_stall_ms = 100;
    net_server *server = net_server_start(true, &settings);
    net_client client = begin(server);
    usleep(400000);
    net_server_command(server, COMMAND_SEND);
    read_until(&client, "4\r\nmore\r\n");
    assert_int_equal(net_server_count(&net_server_counters(server)->timed_out), 0);
    net_client_close(&client);
    net_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_arrive_as_they_are_sent_and_the_connection_goes_on),
        cmocka_unit_test(request_behind_a_stream_waits_for_its_end),
        cmocka_unit_test(old_client_gets_the_bare_pieces_until_the_connection_ends),
        cmocka_unit_test(client_that_goes_ends_its_stream),
        cmocka_unit_test(reader_that_lets_pieces_pile_up_is_cut),
        cmocka_unit_test(reader_that_takes_nothing_for_the_write_deadline_is_cut),
        cmocka_unit_test(drain_waits_for_streams_and_their_end_closes_them),
        cmocka_unit_test(freeing_the_worker_abandons_its_streams),
        cmocka_unit_test(idle_stream_has_no_deadline),
    };
    return cmocka_run_group_tests_name("unit.net_stream", tests, NULL, NULL);
}
