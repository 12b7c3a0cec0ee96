/* Who asks: passwords, sessions as bearer tokens and as cookies, keys of systems, and how each of them ends.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

static test_answer *log_in(const char *login, const char *password)
{
    return ask(NULL, "POST", "/v1/sessions", doc("{ss ss}", "login", login, "password", password));
}

static bool is_nobody(void *argument)
{
    test_answer *answer = ask(argument, "GET", "/v1/audit-events", NULL);
    return answer && answer->status == 401;
}

/* Each worker forgets a principal within a second by itself, so each connection is asked until its worker
 * has. */
static void assert_token_dies(const test_user *user)
{
    for (int i = 0; i < 6; i++) {
        test_user elsewhere = *user;
        elsewhere.client = client_new();
        assert_true(eventually(is_nobody, &elsewhere));
        client_free(elsewhere.client);
    }
    test_user here = *user;
    assert_true(eventually(is_nobody, &here));
    test_answer *answer = ask(&here, "GET", "/v1/sessions/current", NULL);
    check_problem(answer, 401, "unauthenticated");
    assert_string_equal(answer_header(answer, "WWW-Authenticate"), "Bearer realm=\"rongqiao\"");
}

static void login_gives_a_token_that_says_who_i_am(void **state)
{
    (void)state;
    test_answer *answer = log_in("maker-a", HOUSE_PASSWORD);
    json_t *session = check_status(answer, 201);
    assert_string_equal(text_of(session, "roles"), "bank_maker");
    assert_string_equal(text_of(session, "side"), "institution");
    assert_string_equal(answer_header(answer, "Cache-Control"), "no-store");
    assert_null(answer_header(answer, "Set-Cookie"));
    json_t *me = expect(200, &world.maker_a, "GET", "/v1/sessions/current", NULL);
    assert_string_equal(text_of(me, "login"), "maker-a");
    assert_string_equal(text_of(me, "institution_id"), world.bank_a);
    assert_true(has_word(member_of(me, "roles"), "bank_maker"));
    /* 32 random bytes, a new token each time. */
    const char *first = text_of(session, "token"),
               *second = text_of(log_in("maker-a", HOUSE_PASSWORD)->json, "token");
    assert_int_equal(strlen(first), 43);
    assert_string_not_equal(first, second);
}

static void unknown_user_gets_the_answer_of_a_wrong_password(void **state)
{
    (void)state;
    test_answer *wrong = log_in("maker-b", "wrong horse battery staple");
    test_answer *unknown = log_in("no-such-login", "wrong horse battery staple");
    json_t *first = check_problem(wrong, 401, "login_failed"),
           *second = check_problem(unknown, 401, "login_failed");
    json_object_del(first, "request_id");
    json_object_del(second, "request_id");
    assert_true(json_equal(first, second));
    assert_string_equal(answer_header(wrong, "WWW-Authenticate"), answer_header(unknown, "WWW-Authenticate"));
}

static void password_counts_to_its_last_character(void **state)
{
    static const char hundred[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhh"
                                  "hhhhhhiiiiiiiiiijjjjjjjjjj";
    (void)state;
    expect(201, &world.operator, "POST", "/v1/users",
           doc("{ss ss ss s[s]}", "login", "long-password", "name", "长", "password", hundred, "roles",
               "auditor"));
    check_problem(log_in("long-password", textf("%.99sk", hundred)), 401, "login_failed");
    check_status(log_in("long-password", hundred), 201);
}

static void logout_ends_the_token(void **state)
{
    test_user user;
    (void)state;
    user_login(&user, "auditor");
    expect(200, &user, "GET", "/v1/audit-events", NULL);
    test_answer *answer = ask(&user, "DELETE", "/v1/sessions/current", NULL);
    check_status(answer, 204);
    assert_int_equal(answer->length, 0);
    assert_token_dies(&user);
    user_leave(&user);
}

static void i_can_end_another_of_my_sessions_and_nobody_elses(void **state)
{
    test_user here, there;
    (void)state;
    user_login(&here, "reviewer");
    user_login(&there, "reviewer");
    const char *id = house_sql(
        "select id::text from session where user_id = '%s' order by created_at desc limit 1", there.id);
    expect_problem(404, "not_found", &world.checker, "DELETE", textf("/v1/sessions/%s", id), NULL);
    json_t *mine = member_of(expect(200, &here, "GET", "/v1/sessions", NULL), "items");
    assert_true(json_array_size(mine) >= 2);
    check_status(ask(&here, "DELETE", textf("/v1/sessions/%s", id), NULL), 204);
    assert_token_dies(&there);
    expect(200, &here, "GET", "/v1/sessions/current", NULL);
    user_leave(&here);
    user_leave(&there);
}

static void sessions_end_by_idleness_and_by_age(void **state)
{
    static const char *const changes[] = {"last_seen_at = now() - interval '16 minutes'",
                                          "expires_at = now()"};
    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        test_user user;
        user_login(&user, "guangdong");
        house_sql("update session set %s where user_id = '%s'", changes[i], user.id);
        assert_token_dies(&user);
        user_leave(&user);
    }
    user_leave(&world.guangdong);
    user_login(&world.guangdong, "guangdong");
}

static void use_keeps_a_session_alive_but_not_past_its_age(void **state)
{
    test_user user;
    (void)state;
    user_login(&user, "guangdong");
    const char *where = textf("where user_id = '%s' and revoked_at is null", user.id);
    house_sql("update session set last_seen_at = now() - interval '14 minutes' %s", where);
    usleep(1100000); /* past what the workers remember */
    expect(200, &user, "GET", "/v1/enterprises", NULL);
    assert_int_equal(
        house_count("select count(*) from session %s and last_seen_at > now() - interval '1 minute'", where),
        1); /* the one that was used, of those that were not ended */
    assert_true(
        house_count("select count(*) from session %s and expires_at > created_at + interval '12 hours'",
                    where) == 0);
    house_sql("update session set expires_at = now() %s", where);
    assert_token_dies(&user);
    user_leave(&user);
    user_leave(&world.guangdong);
    user_login(&world.guangdong, "guangdong");
}

/* A second instance of the server on the same database, started and stopped here. */
static pid_t second;
static unsigned second_port;

static bool second_is_ready(void *argument)
{
    const char *ports = argument;
    FILE *file = fopen(ports, "re");
    char line[64] = "";
    if (file && fgets(line, sizeof(line), file))
        second_port = (unsigned)strtoul(line, NULL, 10);
    if (file)
        fclose(file);
    if (!second_port)
        return false;
    unsigned first_port = house.port;
    house.port = second_port;
    test_client *client = client_new();
    test_answer *answer = client_call(client, "GET", "/readyz", "", NULL, 0);
    client_free(client);
    house.port = first_port;
    return answer && answer->status == 200;
}

static void start_second(void)
{
    const char *ports = textf("%s/second-ports", house.folder),
               *config = textf("%s/rongqiao.conf", house.folder);
    second = fork();
    if (second == 0) {
        int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (quiet < 0 || dup2(quiet, 2) < 0 || setenv("RONGQIAO_PORT_FILE", ports, 1) != 0)
            _exit(126);
        execl(RQ_BINARY_DIR "/rongqiao", "rongqiao", "--config", config, "serve", (char *)NULL);
        _exit(127);
    }
    assert_true(second > 0);
    assert_true(eventually(second_is_ready, (void *)(uintptr_t)ports));
}

static void stop_second(void)
{
    int status = 0;
    kill(second, SIGTERM);
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int status_on(unsigned port, const test_user *user)
{
    unsigned first_port = house.port;
    test_user there = *user;
    house.port = port;
    there.client = client_new();
    test_answer *answer = ask(&there, "GET", "/v1/audit-events", NULL);
    client_free(there.client);
    house.port = first_port;
    return answer ? answer->status : 0;
}

static void revocation_holds_on_every_instance_within_a_second(void **state)
{
    test_user user;
    (void)state;
    start_second();
    user_login(&user, "auditor");
    for (int i = 0; i < 4; i++) { /* both instances, and their workers, know the session by heart */
        assert_int_equal(status_on(house.port, &user), 200);
        assert_int_equal(status_on(second_port, &user), 200);
    }
    check_status(ask(&user, "DELETE", "/v1/sessions/current", NULL), 204);
    usleep(1000000);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(status_on(house.port, &user), 401);
        assert_int_equal(status_on(second_port, &user), 401);
    }
    user_leave(&user);
    stop_second();
}

/* A browser's session of enterprise A. */
typedef struct browser {
    const char *cookie, *csrf;
} browser;

static browser browse(void)
{
    test_answer *answer =
        ask(NULL, "POST", "/v1/sessions",
            doc("{ss ss sb}", "login", "enterprise-a", "password", HOUSE_PASSWORD, "cookie", 1));
    json_t *session = check_status(answer, 201);
    const char *set = answer_header(answer, "Set-Cookie");
    assert_non_null(set);
    assert_null(member_of(session, "token"));
    assert_int_equal(strncmp(set, "__Host-session=", 15), 0);
    return (browser){textf("Cookie: theme=dark; %.*s\r\n", (int)strcspn(set, ";"), set),
                     text_of(session, "csrf")};
}

static void browser_session_is_a_guarded_cookie(void **state)
{
    (void)state;
    test_answer *answer =
        ask(NULL, "POST", "/v1/sessions",
            doc("{ss ss sb}", "login", "enterprise-a", "password", HOUSE_PASSWORD, "cookie", 1));
    const char *set = answer_header(answer, "Set-Cookie");
    static const char *const flags[] = {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict",
                                        "; Max-Age=43200"};
    assert_non_null(set);
    for (size_t i = 0; i < COUNT(flags); i++)
        assert_non_null(strstr(set, flags[i]));
    assert_null(strstr(set, "Domain="));
}

static test_answer *preview_with(const browser *as, const char *more)
{
    const char *headers = textf("%sContent-Type: application/json\r\n%s", as->cookie, more);
    char *body =
        house_keep(json_dumps(house_keep(need_document(NULL), (void (*)(void *))json_decref), 0), free);
    return ask_raw(NULL, "POST", "/v1/matches/preview", headers, body);
}

static void cookie_alone_reads_but_changes_nothing_without_the_csrf_token(void **state)
{
    (void)state;
    browser as = browse();
    const char *token = textf("X-CSRF-Token: %s\r\n", as.csrf);
    check_status(ask_raw(NULL, "GET", "/v1/sessions/current", as.cookie, NULL), 200);
    check_problem(preview_with(&as, ""), 403, "csrf");
    check_problem(preview_with(&as, "X-CSRF-Token: 0000\r\n"), 403, "csrf");
    check_problem(preview_with(&as, textf("X-CSRF-Token: %s\r\n", browse().csrf)), 403, "csrf");
    check_problem(preview_with(&as, textf("%sSec-Fetch-Site: cross-site\r\n", token)), 403, "csrf");
    check_status(preview_with(&as, textf("%sSec-Fetch-Site: same-origin\r\n", token)), 200);
    check_status(preview_with(&as, token), 200);
    check_problem(preview_with(&as, textf("%sSec-Fetch-Site: same-site\r\n", token)), 403, "csrf");
    check_status(preview_with(&as, textf("%sOrigin: https://127.0.0.1\r\n", token)), 200);
    static const char *const origins[] = {"https://evil.example",           "http://127.0.0.1",
                                          "https://127.0.0.1:444",          "null",
                                          "https://127.0.0.1.evil.example", ""};
    for (size_t i = 0; i < COUNT(origins); i++)
        check_problem(preview_with(&as, textf("%sOrigin: %s\r\n", token, origins[i])), 403, "csrf");
    check_problem(ask_raw(NULL, "DELETE", "/v1/sessions/current", as.cookie, NULL), 403, "csrf");
}

static void logout_takes_the_cookie_away(void **state)
{
    (void)state;
    browser as = browse();
    test_answer *answer = ask_raw(NULL, "DELETE", "/v1/sessions/current",
                                  textf("%sX-CSRF-Token: %s\r\n", as.cookie, as.csrf), NULL);
    check_status(answer, 204);
    assert_string_equal(answer_header(answer, "Set-Cookie"),
                        "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    test_user user;
    user_login(&user, "enterprise-a");
    assert_null(answer_header(ask(&user, "DELETE", "/v1/sessions/current", NULL), "Set-Cookie"));
    user_leave(&user);
}

static void page_learns_its_csrf_token_and_when_its_session_ends(void **state)
{
    (void)state;
    browser as = browse();
    json_t *me = check_status(ask_raw(NULL, "GET", "/v1/sessions/current", as.cookie, NULL), 200);
    assert_string_equal(text_of(me, "csrf"), as.csrf);
    assert_int_equal(strlen(as.csrf), 43);
    assert_int_equal(number_of(me, "idle_seconds"), 900);
    const char *session =
        house_sql("select id::text from session where user_id = '%s' order by created_at desc limit 1",
                  text_of(me, "id"));
    assert_string_equal(text_of(me, "session_id"), session);
    assert_int_equal(house_count("select count(*) from session where id = '%s' and expires_at = '%s' and "
                                 "last_seen_at + interval '15 minutes' = '%s'",
                                 session, text_of(me, "expires_at"), text_of(me, "idle_expires_at")),
                     1);
    json_t *by_token = expect(200, &world.maker_a, "GET", "/v1/sessions/current", NULL);
    assert_null(member_of(by_token, "csrf"));
    assert_true(*text_of(by_token, "expires_at"));
}

static void token_and_cookie_at_once_are_refused(void **state)
{
    (void)state;
    browser as = browse();
    check_problem(ask_raw(&world.maker_a, "GET", "/v1/sessions/current", as.cookie, NULL), 400,
                  "credentials_doubled");
    check_status(ask_raw(&world.maker_a, "GET", "/v1/sessions/current", "Cookie: theme=dark\r\n", NULL), 200);
}

static void login_works_over_a_cookie_that_has_ended_but_not_from_another_site(void **state)
{
    static const char body[] =
        "{\"login\":\"enterprise-a\",\"password\":\"" HOUSE_PASSWORD "\",\"cookie\":true}";
    static const char headers[] = "Content-Type: application/json\r\n"
                                  "Cookie: __Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";
    (void)state;
    check_status(ask_raw(NULL, "POST", "/v1/sessions", headers, body), 201);
    check_problem(
        ask_raw(NULL, "POST", "/v1/sessions", textf("%sSec-Fetch-Site: cross-site\r\n", headers), body), 403,
        "csrf");
    check_problem(
        ask_raw(NULL, "POST", "/v1/sessions", textf("%sOrigin: https://evil.example\r\n", headers), body),
        403, "csrf");
}

/* Session fixation: a token that somebody planted is never adopted, and each log-in has a token of its own.
 */
static void login_gives_a_new_token_whatever_cookie_came(void **state)
{
    static const char body[] =
        "{\"login\":\"enterprise-a\",\"password\":\"" HOUSE_PASSWORD "\",\"cookie\":true}";
    static const char planted[] = "Cookie: __Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";
    (void)state;
    browser before = browse();
    const char *const cookies[] = {planted, before.cookie};
    for (size_t i = 0; i < COUNT(cookies); i++) {
        test_answer *answer = ask_raw(NULL, "POST", "/v1/sessions",
                                      textf("Content-Type: application/json\r\n%s", cookies[i]), body);
        check_status(answer, 201);
        const char *set = answer_header(answer, "Set-Cookie");
        assert_int_equal(strncmp(set, "__Host-session=", 15), 0);
        assert_null(strstr(cookies[i], textf("%.43s", set + 15)));
    }
    check_problem(ask_raw(NULL, "GET", "/v1/sessions/current", planted, NULL), 401, "unauthenticated");
    /* What opens a session says so to no cache, and a cookie of another name or place is none. */
    const char *value = strstr(before.cookie, "__Host-session=") + strlen("__Host-session=");
    check_problem(
        ask_raw(NULL, "GET", "/v1/sessions/current", textf("Cookie: session=%.43s\r\n", value), NULL), 401,
        "unauthenticated");
    check_problem(
        ask_raw(NULL, "GET", "/v1/sessions/current", textf("Cookie: x__Host-session=%.43s\r\n", value), NULL),
        401, "unauthenticated");
}

static void malformed_credentials_are_nobody(void **state)
{
    static const char *const headers[] = {
        "Authorization: Bearer short\r\n",
        "Authorization: Basic bWFrZXItYTpjb3JyZWN0IGhvcnNl\r\n",
        "Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
        "Authorization: Bearer\r\n",
        "Cookie: __Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        check_problem(ask_raw(NULL, "GET", "/v1/sessions/current", headers[i], NULL), 401, "unauthenticated");
        /* Public pages too: whoever shows a token wants to be somebody. */
        check_problem(ask_raw(NULL, "GET", "/v1/products", headers[i], NULL), 401, "unauthenticated");
    }
    check_problem(ask_raw(NULL, "GET", textf("/v1/sessions/current?token=%s", world.auditor.token), "", NULL),
                  401, "unauthenticated");
}

static void disabled_user_is_out_at_once_and_stays_out(void **state)
{
    test_user user;
    (void)state;
    user_make(&user, "leaver", "auditor", NULL);
    expect(200, &user, "GET", "/v1/audit-events", NULL);
    move(200, &world.operator, "users", user.id, "disable", NULL);
    assert_token_dies(&user);
    check_problem(log_in("leaver", HOUSE_PASSWORD), 401, "login_failed");
    user_leave(&user);
}

static void key_of_a_system_works_until_it_is_revoked(void **state)
{
    char key[64];
    const char *const arguments[] = {"key", "add", world.bank_a, "core banking", "bank_maker", "30", NULL};
    test_user system = {.client = client_new()};
    (void)state;
    assert_int_equal(house_run(arguments, NULL, key, sizeof(key)), 0);
    assert_int_equal(strlen(key), 47);
    snprintf(system.token, sizeof(system.token), "%s", key);
    expect(200, &system, "GET", "/v1/applications", NULL);
    assert_string_equal(text_of(expect(200, &system, "GET", "/v1/sessions/current", NULL), "institution_id"),
                        world.bank_a);
    expect_problem(403, "forbidden", &system, "GET", "/v1/statistics", NULL);
    expect_problem(404, "not_found", &system, "DELETE", "/v1/sessions/current",
                   NULL); /* a key is no session */

    json_t *keys = member_of(expect(200, &world.checker_a, "GET", "/v1/api-keys", NULL), "items");
    assert_int_equal(json_array_size(keys), 1);
    assert_int_equal(
        json_array_size(member_of(expect(200, &world.checker_b, "GET", "/v1/api-keys", NULL), "items")), 0);
    const char *id = text_of(keys, "0.id");
    move_problem(404, "not_found", &world.checker_b, "api-keys", id, "revoke", NULL);
    expect(200, &system, "GET", "/v1/applications", NULL);
    move(200, &world.checker_a, "api-keys", id, "revoke", NULL);
    assert_token_dies(&system);
    client_free(system.client);
}

/* How many rows of any table hold this text. */
static int64_t rows_with(const char *text)
{
    return house_count("select sum((xpath('/row/c/text()', query_to_xml(format('select count(*) as c from "
                       "public.%%I t where "
                       "t::text like %%L', relname, '%%%s%%'), false, true, '')))[1]::text::bigint) from "
                       "pg_class where relkind "
                       "= 'r' and relnamespace = 'public'::regnamespace",
                       text);
}

static void no_secret_is_kept_in_the_database_or_the_log(void **state)
{
    (void)state;
    browser as = browse();
    const char *cookie = strchr(as.cookie, ';') + strlen("; __Host-session=");
    const char *const secrets[] = {world.maker_a.token, textf("%.43s", cookie), HOUSE_PASSWORD};
    char *log = NULL;
    size_t size = 0;
    FILE *file = fopen(textf("%s/server.log", house.folder), "re");
    assert_non_null(file);
    assert_true(getdelim(&log, &size, 0, file) > 0);
    fclose(file);
    house_keep(log, free);
    assert_non_null(strstr(log, "/v1/sessions"));
    assert_true(rows_with("maker-a") > 0); /* the search finds what is there */
    for (size_t i = 0; i < COUNT(secrets); i++) {
        assert_int_equal(rows_with(secrets[i]), 0);
        assert_null(strstr(log, secrets[i]));
    }
    assert_int_equal(house_count("select count(*) from app_user where password_hash not like 'scrypt$%%'"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(login_gives_a_token_that_says_who_i_am),
        API_TEST(unknown_user_gets_the_answer_of_a_wrong_password),
        API_TEST(password_counts_to_its_last_character),
        API_TEST(logout_ends_the_token),
        API_TEST(i_can_end_another_of_my_sessions_and_nobody_elses),
        API_TEST(sessions_end_by_idleness_and_by_age),
        API_TEST(use_keeps_a_session_alive_but_not_past_its_age),
        API_TEST(revocation_holds_on_every_instance_within_a_second),
        API_TEST(login_gives_a_new_token_whatever_cookie_came),
        API_TEST(browser_session_is_a_guarded_cookie),
        API_TEST(cookie_alone_reads_but_changes_nothing_without_the_csrf_token),
        API_TEST(logout_takes_the_cookie_away),
        API_TEST(page_learns_its_csrf_token_and_when_its_session_ends),
        API_TEST(token_and_cookie_at_once_are_refused),
        API_TEST(login_works_over_a_cookie_that_has_ended_but_not_from_another_site),
        API_TEST(malformed_credentials_are_nobody),
        API_TEST(disabled_user_is_out_at_once_and_stays_out),
        API_TEST(key_of_a_system_works_until_it_is_revoked),
        API_TEST(no_secret_is_kept_in_the_database_or_the_log),
    };
    house_settings = "log_level = debug\nworkers = 2\n";
    return cmocka_run_group_tests_name("api.sessions", tests, world_open, world_close);
}
