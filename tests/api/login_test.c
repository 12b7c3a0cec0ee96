/* How often somebody may try passwords: pauses that fall on who tries, never on whose login is tried. */
#include "test.h"

static const char wrong[] = "wrong horse battery staple";

static test_user operator;

static const char *login_body(const char *login, const char *password, bool is_browser)
{
    return textf("{\"login\":\"%s\",\"password\":\"%s\",\"cookie\":%s}", login, password,
                 is_browser ? "true" : "false");
}

static test_answer *try_from(test_client *client, const char *login, const char *password, const char *cookie)
{
    const char *body = login_body(login, password, cookie != NULL);
    const char *headers = textf("Content-Type: application/json\r\n%s", cookie ? cookie : "");
    test_answer *answer = client_call(client, "POST", "/v1/sessions", headers, body, strlen(body));
    assert_non_null(answer);
    return answer;
}

static void make_user(const char *login)
{
    expect(201, &operator, "POST", "/v1/users",
           doc("{ss ss ss s[s]}", "login", login, "name", login, "password", HOUSE_PASSWORD, "roles",
               "auditor"));
}

/* Uses up the tries that are free, and one more. */
static void earn_a_pause(test_client *client, const char *login, const char *cookie)
{
    for (int i = 0; i < 6; i++)
        if (try_from(client, login, wrong, cookie)->status == 429)
            return;
    for (int i = 0; i < 50 && try_from(client, login, wrong, cookie)->status != 429; i++)
        continue;
}

static void check_paused(const test_answer *answer)
{
    check_problem(answer, 429, "too_many_attempts");
    assert_in_range(strtol(answer_header(answer, "Retry-After"), NULL, 10), 1, 900);
}

typedef struct tries {
    test_client *client;
    const char *login;
} tries;

static bool comes_in(void *argument)
{
    const tries *what = argument;
    return try_from(what->client, what->login, HOUSE_PASSWORD, NULL)->status == 201;
}

static void wrong_passwords_earn_a_pause_that_ends(void **state)
{
    (void)state;
    make_user("forgetful");
    test_client *here = client_new_from("127.0.0.2");
    for (int i = 0; i < 2; i++)
        check_problem(try_from(here, "forgetful", wrong, NULL), 401, "login_failed");
    check_status(try_from(here, "forgetful", HOUSE_PASSWORD, NULL), 201);
    earn_a_pause(here, "forgetful", NULL);
    check_paused(try_from(here, "forgetful", HOUSE_PASSWORD, NULL));
    tries later = {here, "forgetful"};
    assert_true(eventually(comes_in, &later));
    /* What was right wipes the slate: two free tries again. */
    check_problem(try_from(here, "forgetful", wrong, NULL), 401, "login_failed");
    check_problem(try_from(here, "forgetful", wrong, NULL), 401, "login_failed");
    client_free(here);
}

static void stranger_cannot_lock_a_login_out(void **state)
{
    (void)state;
    make_user("victim");
    test_client *here = client_new_from("127.0.0.3"), *there = client_new_from("127.0.0.4");
    check_status(try_from(there, "victim", HOUSE_PASSWORD, NULL), 201); /* an address that is known */
    earn_a_pause(here, "victim", NULL);
    check_paused(try_from(here, "victim", HOUSE_PASSWORD, NULL));
    for (int i = 0; i < 10; i++)
        check_status(try_from(there, "victim", HOUSE_PASSWORD, NULL), 201);
    client_free(here);
    client_free(there);
}

/* Many addresses at one login: each unknown one is held up, and yet comes in. */
static void login_that_many_try_is_slow_for_unknown_addresses_only(void **state)
{
    (void)state;
    make_user("popular");
    test_client *known = client_new_from("127.0.0.5"), *unknown = client_new_from("127.0.0.6");
    check_status(try_from(known, "popular", HOUSE_PASSWORD, NULL), 201);
    for (int i = 0; i < 12; i++) {
        test_client *attacker = client_new_from(textf("127.0.1.%d", i + 1));
        check_problem(try_from(attacker, "popular", wrong, NULL), 401, "login_failed");
        client_free(attacker);
    }
    int64_t held = metric("rongqiao_logins_held_total");
    check_status(try_from(known, "popular", HOUSE_PASSWORD, NULL), 201);
    assert_int_equal(metric("rongqiao_logins_held_total"), held);
    check_status(try_from(unknown, "popular", HOUSE_PASSWORD, NULL), 201);
    assert_int_equal(metric("rongqiao_logins_held_total"), held + 1);
    check_status(try_from(unknown, "popular", HOUSE_PASSWORD, NULL), 201); /* known by now */
    assert_int_equal(metric("rongqiao_logins_held_total"), held + 1);
    client_free(known);
    client_free(unknown);
}

/* The second Set-Cookie of a log-in, as a browser sends it back. */
static const char *device_of(const test_answer *answer)
{
    const char *set = strstr(answer->head, "Set-Cookie: __Host-device=");
    assert_non_null(set);
    set += strlen("Set-Cookie: ");
    const char *line = textf("%.*s", (int)strcspn(set, "\r"), set);
    static const char *const flags[] = {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict",
                                        "; Max-Age=15552000"};
    for (size_t i = 0; i < COUNT(flags); i++)
        assert_non_null(strstr(line, flags[i]));
    return textf("Cookie: %.*s\r\n", (int)strcspn(line, ";"), line);
}

/* Behind one address with an attacker, as in an office, the browser of before still comes in. */
static void known_browser_has_its_own_pauses(void **state)
{
    (void)state;
    make_user("neighbour");
    test_client *here = client_new_from("127.0.0.7");
    const char *device = device_of(try_from(here, "neighbour", HOUSE_PASSWORD, ""));
    earn_a_pause(here, "neighbour", NULL);
    check_paused(try_from(here, "neighbour", HOUSE_PASSWORD, NULL));
    test_answer *answer = try_from(here, "neighbour", HOUSE_PASSWORD, device);
    check_status(answer, 201);
    assert_string_equal(device_of(answer), device);
    /* Its own mistakes are its own. */
    earn_a_pause(here, "neighbour", device);
    check_paused(try_from(here, "neighbour", HOUSE_PASSWORD, device));
    /* A made-up one, or another user's, is none. */
    make_user("stranger");
    test_client *there = client_new_from("127.0.0.8");
    earn_a_pause(there, "stranger", NULL);
    check_paused(try_from(there, "stranger", HOUSE_PASSWORD, device));
    check_paused(try_from(there, "stranger", HOUSE_PASSWORD,
                          "Cookie: __Host-device=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"));
    client_free(here);
    client_free(there);
}

static void address_that_tries_many_logins_is_paused(void **state)
{
    (void)state;
    test_client *here = client_new_from("127.0.0.9"), *there = client_new_from("127.0.0.10");
    int refused = 0;
    make_user("bystander");
    for (int i = 0; i < 70; i++)
        refused += try_from(here, textf("somebody-%d", i), wrong, NULL)->status == 429;
    assert_in_range(refused, 1, 20);
    check_paused(try_from(here, "bystander", HOUSE_PASSWORD, NULL));
    check_status(try_from(there, "bystander", HOUSE_PASSWORD, NULL), 201);
    client_free(here);
    client_free(there);
}

/* Whether a login exists shows in nothing: not in the answers, not in the pauses, not in what the server
 * does. */
static const char *work_done(void)
{
    return textf("%lld %lld %lld", (long long)metric("rongqiao_db_calls_total{lane=\"read\"}"),
                 (long long)metric("rongqiao_db_calls_total{lane=\"write\"}"),
                 (long long)metric("rongqiao_password_hashes_total"));
}

static const char *course_of(const char *login, const char *address)
{
    test_client *client = client_new_from(address);
    const char *course = "";
    for (int i = 0; i < 5; i++) {
        test_answer *answer = try_from(client, login, wrong, NULL);
        json_object_del(answer->json, "request_id");
        char *body = json_dumps(answer->json, JSON_SORT_KEYS);
        const char *authenticate = answer_header(answer, "WWW-Authenticate");
        course = textf("%s%d %s %s\n", course, answer->status, body, authenticate ? authenticate : "");
        free(body);
    }
    client_free(client);
    return course;
}

static void login_that_does_not_exist_is_treated_as_one_that_does(void **state)
{
    long long before[3], between[3], after[3];
    (void)state;
    make_user("existing");
    sscanf(work_done(), "%lld %lld %lld", &before[0], &before[1], &before[2]);
    const char *first = course_of("existing", "127.0.2.1");
    sscanf(work_done(), "%lld %lld %lld", &between[0], &between[1], &between[2]);
    const char *second = course_of("missing", "127.0.2.2");
    sscanf(work_done(), "%lld %lld %lld", &after[0], &after[1], &after[2]);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "429"));
    /* The time is the hash's: as many of them, and as many statements of PostgreSQL's. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(after[i] - between[i], between[i] - before[i]);
    assert_int_equal(between[2] - before[2], 3);
}

static int open_house(void **state)
{
    if (house_open(state) != 0)
        return -1;
    user_login(&operator, HOUSE_OPERATOR);
    return house_sweep(state);
}

static int close_house(void **state)
{
    user_leave(&operator);
    return house_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(wrong_passwords_earn_a_pause_that_ends),
        API_TEST(stranger_cannot_lock_a_login_out),
        API_TEST(login_that_many_try_is_slow_for_unknown_addresses_only),
        API_TEST(known_browser_has_its_own_pauses),
        API_TEST(address_that_tries_many_logins_is_paused),
        API_TEST(login_that_does_not_exist_is_treated_as_one_that_does),
    };
    house_settings = "log_level = error\nlogin_failures_max = 3\nworkers = 2\n";
    return cmocka_run_group_tests_name("api.login", tests, open_house, close_house);
}
