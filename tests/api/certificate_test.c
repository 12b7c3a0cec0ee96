/* Client certificates of institutions' systems, made by openssl as an operator would, and the keys bound to
 * them (RFC 8705). */
#include <sys/wait.h>

#include "world.h"

static void openssl(const char *arguments)
{
    int status = system(textf("cd '%s' && openssl %s >/dev/null 2>&1", house.folder, arguments));
    if (status != 0)
        print_error("openssl %s: %d\n", arguments, status);
    assert_int_equal(status, 0);
}

static const char *file_of(const char *name)
{
    return textf("%s/%s", house.folder, name);
}

static void make_ca(const char *name)
{
    openssl(textf(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj /CN=%s -keyout %s.key "
        "-out %s.crt",
        name, name, name));
}

static void make_certificate(const char *ca, const char *name, const char *more)
{
    openssl(textf(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=%s -keyout %s.key -out %s.csr",
        name, name, name));
    openssl(textf("x509 -req -in %s.csr -CA %s.crt -CAkey %s.key -CAcreateserial %s -out %s.crt", name, ca,
                  ca, more, name));
}

static test_client *client_with(const char *certificate)
{
    test_client *client = client_new();
    if (certificate)
        client_show(client, house_keep(strdup(file_of(textf("%s.crt", certificate))), free),
                    house_keep(strdup(file_of(textf("%s.key", certificate))), free));
    return client;
}

/* The answer to the key on a new connection with this certificate (null: none); null: no connection. */
static test_answer *ask_with(const char *certificate, const char *token)
{
    test_client *client = client_with(certificate);
    test_answer *answer =
        client_call(client, "GET", "/v1/applications", textf("Authorization: Bearer %s\r\n", token), NULL, 0);
    client_free(client);
    return answer;
}

static const char *make_key(const char *certificate)
{
    char key[64];
    const char *const arguments[] = {"key",
                                     "add",
                                     world.bank_a,
                                     "core",
                                     "bank_maker",
                                     "30",
                                     certificate ? file_of(textf("%s.crt", certificate)) : NULL,
                                     NULL};
    assert_int_equal(house_run(arguments, NULL, key, sizeof(key)), 0);
    return textf("%s", key);
}

static void check_unbound(const test_answer *answer)
{
    check_problem(answer, 401, "certificate_required");
    assert_string_equal(answer_header(answer, "WWW-Authenticate"),
                        "Bearer realm=\"rongqiao\", error=\"invalid_token\"");
}

static void bound_key_works_with_its_certificate_alone(void **state)
{
    (void)state;
    const char *key = make_key("first");
    check_status(ask_with("first", key), 200);
    check_unbound(ask_with(NULL, key));
    check_unbound(ask_with("second", key));
    /* The worker remembers who the key is; the certificate is asked for all the same. */
    test_client *here = client_with("first"), *there = client_with(NULL);
    const char *headers = textf("Authorization: Bearer %s\r\n", key);
    for (int i = 0; i < 5; i++) {
        check_status(client_call(here, "GET", "/v1/applications", headers, NULL, 0), 200);
        check_unbound(client_call(there, "GET", "/v1/applications", headers, NULL, 0));
    }
    client_free(here);
    client_free(there);
}

static void unbound_keys_and_people_need_no_certificate(void **state)
{
    (void)state;
    const char *key = make_key(NULL);
    check_status(ask_with(NULL, key), 200);
    check_status(ask_with("first", key), 200);
    expect(200, &world.maker_a, "GET", "/v1/applications", NULL);
}

static void certificate_that_does_not_hold_ends_the_handshake(void **state)
{
    (void)state;
    const char *key = make_key(NULL);
    assert_null(ask_with("foreign", key));     /* another authority's */
    assert_null(ask_with("server-only", key)); /* not for clients */
    assert_null(ask_with("expired", key));
    check_status(ask_with("first", key), 200);
}

static bool is_unbound(void *argument)
{
    test_answer *answer = ask_with("first", argument);
    return answer && answer->status == 401;
}

static bool is_bound(void *argument)
{
    test_answer *answer = ask_with("second", argument);
    return answer && answer->status == 200;
}

static void key_is_bound_anew_while_a_certificate_is_renewed(void **state)
{
    (void)state;
    const char *key = make_key("first");
    const char *id = house_sql("select id::text from api_key order by created_at desc limit 1");
    const char *const both[] = {"key", "bind", id, file_of("first.crt"), file_of("second.crt"), NULL};
    const char *const later[] = {"key", "bind", id, file_of("second.crt"), NULL};
    const char *const broken[] = {"key", "bind", id, file_of("first.key"), NULL};
    assert_int_equal(house_run(both, NULL, NULL, 0), 0);
    assert_true(eventually(is_bound, (void *)(uintptr_t)key));
    check_status(ask_with("first", key), 200);
    assert_int_equal(house_run(broken, NULL, NULL, 0), 1);
    assert_int_equal(house_run(later, NULL, NULL, 0), 0);
    assert_true(eventually(is_unbound, (void *)(uintptr_t)key));
    check_status(ask_with("second", key), 200);
    json_t *keys = member_of(expect(200, &world.checker_a, "GET", "/v1/api-keys", NULL), "items");
    assert_int_equal(json_array_size(member_of(keys, "0.certificates")), 1);
    assert_int_equal(strlen(text_of(keys, "0.certificates.0")), 43);
}

static void without_authorities_nobody_is_asked_and_bound_keys_are_refused(void **state)
{
    (void)state;
    const char *key = make_key("first"), *loose = make_key(NULL);
    house_stop_server();
    house_write_config("rongqiao.conf", "");
    house_start_server();
    check_unbound(ask_with("first", key)); /* it is not shown when nobody asks */
    check_status(ask_with("first", loose), 200);
}

static void file_without_authorities_refuses_to_start(void **state)
{
    (void)state;
    const char *const arguments[] = {
        "--config", house_write_config("wrong.conf", textf("client_ca_file = %s\n", file_of("first.key"))),
        "serve", NULL};
    assert_int_equal(house_run(arguments, NULL, NULL, 0), 1);
}

static int open_world(void **state)
{
    if (world_open(state) != 0)
        return -1;
    make_ca("authority");
    make_ca("stranger");
    make_certificate("authority", "first", "-days 1");
    make_certificate("authority", "second", "-days 1");
    make_certificate("stranger", "foreign", "-days 1");
    make_certificate("authority", "expired", "-days -1");
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=server-only -keyout "
            "server-only.key "
            "-addext extendedKeyUsage=serverAuth -out server-only.csr");
    openssl("x509 -req -in server-only.csr -CA authority.crt -CAkey authority.key -copy_extensions copy "
            "-days 1 -out "
            "server-only.crt");
    house_stop_server();
    house_write_config("rongqiao.conf", textf("client_ca_file = %s\n", file_of("authority.crt")));
    house_start_server();
    return house_sweep(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(bound_key_works_with_its_certificate_alone),
        API_TEST(unbound_keys_and_people_need_no_certificate),
        API_TEST(certificate_that_does_not_hold_ends_the_handshake),
        API_TEST(key_is_bound_anew_while_a_certificate_is_renewed),
        API_TEST(file_without_authorities_refuses_to_start),
        API_TEST(without_authorities_nobody_is_asked_and_bound_keys_are_refused),
    };
    return cmocka_run_group_tests_name("api.certificate", tests, open_world, world_close);
}
