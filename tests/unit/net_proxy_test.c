/* Clients that come through a proxy: whose word on their address counts, and whose does not. */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_support.h"

#define ASK(headers) "GET /client HTTP/1.1\r\nHost: a\r\n" headers "\r\n"
#define LINE "PROXY TCP4 203.0.113.9 127.0.0.1 50000 443\r\n"

static net_server *server_behind(const char *proxies, rq_proxy_word word)
{
    rq_net_settings settings = rq_net_settings_default();
    assert_int_equal(rq_proxies_read(proxies, &settings.proxies, NULL), RQ_OK);
    settings.proxies.word = word;
    settings.handshake_ms = 300;
    return net_server_start(true, &settings);
}

static void put(const net_client *client, const char *bytes, size_t length)
{
    assert_int_equal(send(client->fd, bytes, length, MSG_NOSIGNAL), length);
}

/* A connection whose proxy says this first; false when the handshake fails. */
static bool open_through(const net_server *server, const char *first, size_t length, net_client *out_client)
{
    SSL_CTX *context = net_client_context();
    *out_client = (net_client){.fd = net_connect(server)};
    put(out_client, first, length);
    bool good = net_client_handshake(out_client, context);
    SSL_CTX_free(context);
    return good;
}

static void trusted_proxy_says_each_requests_client(void **state)
{
    (void)state;
    net_server *server = server_behind("127.0.0.0/8", RQ_PROXY_FORWARDED_FOR);
    net_client client = net_client_open(server);
    net_client_expect(&client, ASK("X-Forwarded-For: 203.0.113.9\r\n"), 200, "203.0.113.9");
    net_client_expect(&client, ASK("x-forwarded-for: 10.0.0.1, 2001:db8::7\r\n"), 200, "2001:db8::7");
    net_client_expect(&client, ASK("X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 203.0.113.8\r\n"), 200,
                      "203.0.113.8");
    net_client_expect(&client, ASK(""), 200, "127.0.0.1");
    net_client_expect(&client, ASK("X-Forwarded-For: 203.0.113.9, nonsense\r\n"), 200, "127.0.0.1");
    net_client_close(&client);
    net_server_stop(server);
}

static void stranger_cannot_say_another_address(void **state)
{
    (void)state;
    net_server *server = server_behind("10.0.0.0/8", RQ_PROXY_FORWARDED_FOR);
    net_client client = net_client_open(server);
    net_client_expect(&client, ASK("X-Forwarded-For: 203.0.113.9\r\n"), 200, "127.0.0.1");
    net_client_close(&client);
    net_server_stop(server);
    server = server_behind("10.0.0.0/8", RQ_PROXY_PROTOCOL);
    client = net_client_open(server);
    net_client_expect(&client, ASK("X-Forwarded-For: 203.0.113.9\r\n"), 200, "127.0.0.1");
    net_client_close(&client);
    assert_false(open_through(server, LINE, sizeof LINE - 1, &client));
    net_client_close(&client);
    net_server_stop(server);
}

static void proxy_protocol_says_the_connections_client_and_headers_say_nothing(void **state)
{
    (void)state;
    static const char version_2[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x08\x7f\0\0\x01\x01\xbb\xc3\x50";
    static const char itself[] = "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";
    const struct {
        const char *bytes;
        size_t length;
        const char *client;
    } rows[] = {{LINE, sizeof LINE - 1, "203.0.113.9"},
                {version_2, sizeof version_2 - 1, "203.0.113.8"},
                {itself, sizeof itself - 1, "127.0.0.1"}};
    net_server *server = server_behind("127.0.0.1", RQ_PROXY_PROTOCOL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        net_client client;
        assert_true(open_through(server, rows[i].bytes, rows[i].length, &client));
        net_client_expect(&client, ASK("X-Forwarded-For: 10.0.0.1\r\n"), 200, rows[i].client);
        net_client_expect(&client, ASK(""), 200, rows[i].client);
        net_client_close(&client);
    }
    net_server_stop(server);
}

static void proxy_header_may_come_in_pieces(void **state)
{
    (void)state;
    net_server *server = server_behind("127.0.0.1", RQ_PROXY_PROTOCOL);
    net_client client = {.fd = net_connect(server)};
    for (size_t at = 0; at < sizeof LINE - 1; at += 11) {
        size_t left = sizeof LINE - 1 - at;
        put(&client, LINE + at, left < 11 ? left : 11);
        usleep(5000);
    }
    SSL_CTX *context = net_client_context();
    assert_true(net_client_handshake(&client, context));
    net_client_expect(&client, ASK(""), 200, "203.0.113.9");
    SSL_CTX_free(context);
    net_client_close(&client);
    net_server_stop(server);
}

static void connection_of_a_proxy_without_its_header_is_cut(void **state)
{
    (void)state;
    static const char *const first[] = {"PROXY TCP4 203.0.113.9\r\n", "GET / HTTP/1.1\r\n\r\n", ""};
    net_server *server = server_behind("127.0.0.1", RQ_PROXY_PROTOCOL);
    net_client client;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        assert_false(open_through(server, first[i], strlen(first[i]), &client));
        net_client_close(&client);
    }
    client = (net_client){.fd = net_connect(server)}; /* it begins one and says no more */
    put(&client, "PROXY ", 6);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    client = (net_client){.fd = net_connect(server)}; /* or goes away */
    put(&client, "PROXY ", 6);
    shutdown(client.fd, SHUT_WR);
    assert_true(net_client_is_ended(&client));
    net_client_close(&client);
    await_counter(&net_server_counters(server)->handshakes_failed, 4);
    await_open(server, 0);
    net_server_stop(server);
}

static void connection_rate_is_the_clients_and_not_the_proxys(void **state)
{
    (void)state;
    static const char other[] = "PROXY TCP4 203.0.113.8 127.0.0.1 50000 443\r\n";
    rq_net_settings settings = rq_net_settings_default();
    assert_int_equal(rq_proxies_read("127.0.0.1", &settings.proxies, NULL), RQ_OK);
    settings.proxies.word = RQ_PROXY_PROTOCOL;
    assert_int_equal(rq_throttle_new(&settings.throttle, NULL), RQ_OK);
    settings.connection_rate = (rq_quota){.interval_us = INT64_C(3600000000), .burst = 2};
    net_server *server = net_server_start(true, &settings);
    net_client client;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open_through(server, LINE, sizeof LINE - 1, &client), i < 2);
        net_client_close(&client);
    }
    assert_int_equal(net_server_count(&net_server_counters(server)->limited), 1);
    assert_true(open_through(server, other, sizeof other - 1, &client));
    net_client_close(&client);
    net_server_stop(server);
    rq_throttle_free(settings.throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusted_proxy_says_each_requests_client),
        cmocka_unit_test(stranger_cannot_say_another_address),
        cmocka_unit_test(proxy_protocol_says_the_connections_client_and_headers_say_nothing),
        cmocka_unit_test(proxy_header_may_come_in_pieces),
        cmocka_unit_test(connection_of_a_proxy_without_its_header_is_cut),
        cmocka_unit_test(connection_rate_is_the_clients_and_not_the_proxys),
    };
    signal(SIGPIPE, SIG_IGN); /* for the client's own writes */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
