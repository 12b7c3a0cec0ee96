/* What TLS the server speaks, and its certificate of the day. */
#include <sys/socket.h>
#include <unistd.h>

#include "net_support.h"

#define ECHO(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

static bool handshake_with(const net_server *server, SSL_CTX *context, char *out_name, size_t room)
{
    net_client client = {.fd = net_connect(server)};
    bool good = net_client_handshake(&client, context);
    if (good && out_name) {
        X509 *certificate = SSL_get1_peer_certificate(client.ssl);
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, out_name, (int)room);
        X509_free(certificate);
        net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    }
    net_client_close(&client);
    return good;
}

static void old_protocols_and_weak_ciphers_are_refused(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    char name[32];
    SSL_CTX *context = net_client_context();
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    assert_true(handshake_with(server, context, name, sizeof name));
    assert_int_equal(SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-SHA256"), 1);
    assert_false(handshake_with(server, context, NULL, 0));
    SSL_CTX_free(context);
    context = net_client_context();
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    assert_false(handshake_with(server, context, NULL, 0));
    SSL_CTX_free(context);
    await_counter(&net_server_counters(server)->handshakes_failed, 2);
    net_server_stop(server);
}

static void only_http_1_1_is_agreed_on(void **state)
{
    (void)state;
    static const unsigned char both[] = "\x02h2\x08http/1.1", other[] = "\x02h2";
    net_server *server = net_server_start(true, NULL);
    SSL_CTX *context = net_client_context();
    assert_int_equal(SSL_CTX_set_alpn_protos(context, both, sizeof both - 1), 0);
    net_client client = {.fd = net_connect(server)};
    assert_true(net_client_handshake(&client, context));
    const unsigned char *chosen;
    unsigned length;
    SSL_get0_alpn_selected(client.ssl, &chosen, &length);
    assert_int_equal(length, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    net_client_close(&client);
    assert_int_equal(SSL_CTX_set_alpn_protos(context, other, sizeof other - 1), 0);
    assert_false(handshake_with(server, context, NULL, 0));
    SSL_CTX_free(context);
    net_server_stop(server);
}

static void session_is_resumed_by_ticket(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    SSL_CTX *context = net_client_context();
    net_client client = {.fd = net_connect(server)};
    assert_true(net_client_handshake(&client, context));
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    SSL_SESSION *session = SSL_get1_session(client.ssl);
    SSL_shutdown(client.ssl); /* else OpenSSL forgets the session */
    net_client_close(&client);
    client.fd = net_connect(server);
    client.ssl = SSL_new(context);
    SSL_set_fd(client.ssl, client.fd);
    SSL_set_session(client.ssl, session);
    assert_int_equal(SSL_connect(client.ssl), 1);
    assert_int_equal(SSL_session_reused(client.ssl), 1);
    net_client_expect(&client, ECHO("/echo"), 200, "GET /echo|");
    net_client_close(&client);
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
    net_server_stop(server);
}

static void reloaded_certificate_is_seen_by_new_connections(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    SSL_CTX *context = net_client_context();
    char name[32];
    rq_error error;
    assert_true(handshake_with(server, context, name, sizeof name));
    assert_string_equal(name, "first");
    net_client open = net_client_open(server);
    net_server_write_certificate(server, "second");
    assert_int_equal(rq_tls_reload(server->tls, &error), RQ_OK);
    assert_true(handshake_with(server, context, name, sizeof name));
    assert_string_equal(name, "second");
    net_client_expect(&open, ECHO("/echo"), 200, "GET /echo|");
    net_client_close(&open);
    SSL_CTX_free(context);
    net_server_stop(server);
}

static void bad_reload_keeps_the_old_certificate(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    SSL_CTX *context = net_client_context();
    char name[32];
    rq_error error = {0};
    FILE *file = fopen(server->key_file, "w");
    assert_non_null(file);
    fputs("no key\n", file);
    fclose(file);
    assert_int_equal(rq_tls_reload(server->tls, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, server->key_file));
    assert_true(handshake_with(server, context, name, sizeof name));
    assert_string_equal(name, "first");
    unlink(server->certificate_file);
    assert_int_equal(rq_tls_reload(server->tls, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, server->certificate_file));
    assert_true(handshake_with(server, context, name, sizeof name));
    SSL_CTX_free(context);
    net_server_stop(server);
}

static void certificate_may_change_while_connections_come(void **state)
{
    (void)state;
    enum { TIMES = 20 };
    net_server *server = net_server_start(true, NULL);
    SSL_CTX *context = net_client_context();
    rq_error error;
    for (int i = 0; i < TIMES; i++) {
        net_client before = {.fd = net_connect(server)}, after = {.fd = net_connect(server)};
        assert_int_equal(rq_tls_reload(server->tls, &error), RQ_OK);
        assert_true(net_client_handshake(&before, context));
        assert_true(net_client_handshake(&after, context));
        net_client_expect(&before, ECHO("/echo"), 200, "GET /echo|");
        net_client_close(&before);
        net_client_close(&after);
    }
    SSL_CTX_free(context);
    net_server_stop(server);
}

static void plain_http_on_the_tls_port_is_not_served(void **state)
{
    (void)state;
    net_server *server = net_server_start(true, NULL);
    net_client client = {.fd = net_connect(server)};
    char bytes[64];
    net_client_send(&client, ECHO("/echo"));
    ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
    assert_true(got <= 7); /* nothing, or one alert */
    net_client_close(&client);
    await_counter(&net_server_counters(server)->handshakes_failed, 1);
    net_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_protocols_and_weak_ciphers_are_refused),
        cmocka_unit_test(only_http_1_1_is_agreed_on),
        cmocka_unit_test(session_is_resumed_by_ticket),
        cmocka_unit_test(reloaded_certificate_is_seen_by_new_connections),
        cmocka_unit_test(bad_reload_keeps_the_old_certificate),
        cmocka_unit_test(certificate_may_change_while_connections_come),
        cmocka_unit_test(plain_http_on_the_tls_port_is_not_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
