/* Rates: of a principal, of an address, of new connections; each test has a server with settings of its own.
 */
#include <time.h>
#include <unistd.h>

#include "test.h"

static test_user operator, other;

static void serve_with(const char *settings)
{
    house_stop_server();
    house_write_config("rongqiao.conf", settings);
    house_start_server();
}

/* So many requests in a row by this client, and how many were answered with the status. */
static int ask_with(test_client *client, const char *path, const char *headers, int times, int status)
{
    int found = 0;
    for (int i = 0; i < times; i++) {
        test_answer *answer = client_call(client, "GET", path, headers, NULL, 0);
        assert_non_null(answer);
        found += answer->status == status;
        if (answer->status == 429) {
            check_problem(answer, 429, "too_many_requests");
            assert_in_range(strtol(answer_header(answer, "Retry-After"), NULL, 10), 1, 10);
        }
    }
    return found;
}

static int ask_often(test_client *client, const char *path, const char *token, int times, int status)
{
    const char *headers = token ? textf("Authorization: Bearer %s\r\n", token) : "";
    return ask_with(client, path, headers, times, status);
}

static int64_t limited(const char *by)
{
    return metric(textf("rongqiao_requests_limited_total{by=\"%s\"}", by));
}

/* One token comes each second, so a slow machine may serve a few more. */
enum { BURST = 20, TRIES = 60, LATE = 15 };

static void principal_has_one_rate_over_all_workers_and_connections(void **state)
{
    (void)state;
    serve_with(
        "workers = 2\nprincipal_rate = 1\nprincipal_burst = 20\naddress_rate = 1\naddress_burst = 20\n");
    int passed = 0;
    for (int i = 0; i < 6; i++) {
        test_client *client = client_new();
        passed += ask_often(client, "/v1/sessions/current", operator.token, TRIES / 6, 200);
        client_free(client);
    }
    assert_in_range(passed, BURST, BURST + LATE);
    assert_in_range(limited("principal"), TRIES - BURST - LATE, TRIES - BURST);
    assert_int_equal(limited("address"), 0);
    /* Another one is none the worse, nor is the address without a principal. */
    assert_int_equal(ask_often(other.client, "/v1/sessions/current", other.token, BURST, 200), BURST);
    assert_int_equal(ask_often(other.client, "/v1/products", NULL, BURST, 200), BURST);
}

static void named_principal_has_the_raised_rate(void **state)
{
    (void)state;
    serve_with("principal_rate = 1\nprincipal_burst = 20\nraised_principals = somebody, root-operator\n");
    assert_int_equal(ask_often(operator.client, "/v1/sessions/current", operator.token, 10 * TRIES, 200),
                     10 * TRIES);
    assert_in_range(ask_often(other.client, "/v1/sessions/current", other.token, TRIES, 200), BURST,
                    BURST + LATE);
}

static void address_without_a_principal_has_a_rate_that_hurts_no_other_and_no_principal(void **state)
{
    (void)state;
    static const char *const paths[] = {"/v1/products", "/nothing", "/v1/needs/x", "/v1/needs"};
    serve_with("address_rate = 1\naddress_burst = 20\n");
    test_client *here = client_new(), *there = client_new_from("127.0.0.2");
    int refused = 0;
    for (size_t i = 0; i < COUNT(paths); i++)
        refused += ask_often(here, paths[i], NULL, TRIES / 4, 429);
    assert_in_range(refused, TRIES - BURST - LATE, TRIES - BURST);
    assert_int_equal(limited("address"), refused);
    assert_int_equal(ask_often(there, "/v1/products", NULL, BURST, 200), BURST);
    assert_int_equal(ask_often(here, "/v1/sessions/current", operator.token, TRIES, 200), TRIES);
    /* Who watches the server is told the truth all the same. */
    assert_int_equal(ask_often(here, "/livez", NULL, TRIES, 200), TRIES);
    assert_int_equal(ask_often(here, "/readyz", NULL, TRIES, 200), TRIES);
    client_free(here);
    client_free(there);
}

static void address_that_a_trusted_proxy_tells_has_the_rate_and_no_stranger_can_tell_one(void **state)
{
    (void)state;
    serve_with("trusted_proxies = 127.0.0.1\naddress_rate = 1\naddress_burst = 20\n");
    test_client *proxy = client_new(), *stranger = client_new_from("127.0.0.2");
    const char *one = "X-Forwarded-For: 10.9.9.9, 203.0.113.1\r\n", *two = "X-Forwarded-For: 203.0.113.2\r\n";
    assert_in_range(ask_with(proxy, "/v1/products", one, TRIES, 200), BURST, BURST + LATE);
    assert_int_equal(ask_with(proxy, "/v1/products", two, BURST, 200), BURST);
    assert_int_equal(ask_with(proxy, "/v1/products", "", BURST, 200), BURST);
    int passed = 0;
    for (int i = 0; i < TRIES; i++)
        passed +=
            ask_with(stranger, "/v1/products", textf("X-Forwarded-For: 203.0.113.%d\r\n", 3 + i), 1, 200);
    assert_in_range(passed, BURST, BURST + LATE);
    client_free(proxy);
    client_free(stranger);
    const char *path = house_write_config("wrong.conf", "trusted_proxies = proxy.example\n");
    assert_int_equal(house_run((const char *const[]){"--config", path, "check", NULL}, NULL, NULL, 0), 1);
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 0);
}

static void guessed_tokens_are_charged_to_the_address(void **state)
{
    (void)state;
    static const char nobody[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    serve_with("workers = 1\naddress_rate = 1\naddress_burst = 20\n");
    test_client *here = client_new();
    assert_int_equal(ask_often(here, "/v1/sessions/current", operator.token, 1, 200), 1);
    int refused = ask_often(here, "/v1/sessions/current", nobody, TRIES, 429);
    assert_in_range(refused, TRIES - BURST - LATE, TRIES - BURST);
    /* Whoever was here before the guesser goes on. */
    sleep(2); /* past the second for which a worker knows a principal by heart */
    (void)ask_often(here, "/v1/sessions/current", nobody, 5, 401);
    assert_int_equal(ask_often(here, "/v1/sessions/current", operator.token, TRIES, 200), TRIES);
    client_free(here);
}

static void address_has_a_rate_of_new_connections(void **state)
{
    (void)state;
    serve_with("connection_rate = 1\nconnection_burst = 40\n");
    int served = 0;
    for (int i = 0; i < 2 * TRIES; i++) {
        test_client *client = client_new();
        served += client_connect(client);
        client_free(client);
    }
    assert_in_range(served, 1, 40 + 2 * LATE); /* the test that waited for the server has used some */
    assert_true(metric("rongqiao_connections_limited_total") >= 2 * TRIES - served);
    test_client *there = client_new_from("127.0.0.2");
    assert_int_equal(ask_often(there, "/v1/products", NULL, 1, 200), 1);
    client_free(there);
}

static int open_house(void **state)
{
    if (house_open(state) != 0)
        return -1;
    user_login(&operator, HOUSE_OPERATOR);
    expect(201, &operator, "POST", "/v1/users",
           doc("{ss ss ss s[s]}", "login", "other", "name", "Other", "password", HOUSE_PASSWORD, "roles",
               "auditor"));
    user_login(&other, "other");
    return house_sweep(state);
}

static int close_house(void **state)
{
    user_leave(&operator);
    user_leave(&other);
    return house_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(principal_has_one_rate_over_all_workers_and_connections),
        API_TEST(named_principal_has_the_raised_rate),
        API_TEST(address_without_a_principal_has_a_rate_that_hurts_no_other_and_no_principal),
        API_TEST(address_that_a_trusted_proxy_tells_has_the_rate_and_no_stranger_can_tell_one),
        API_TEST(guessed_tokens_are_charged_to_the_address),
        API_TEST(address_has_a_rate_of_new_connections),
    };
    return cmocka_run_group_tests_name("api.rate_limit", tests, open_house, close_house);
}
