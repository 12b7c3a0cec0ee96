/* The server as a process: its ports, its certificate, how it stops, what it says to broken input and without
 * its database. */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

/* A connected socket, or -1 when nobody listens. */
static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool log_has(void *argument)
{
    FILE *file = fopen(textf("%s/server.log", house.folder), "re");
    char *log = NULL;
    size_t size = 0;
    bool found = file && getdelim(&log, &size, 0, file) > 0 && strstr(log, argument) != NULL;
    if (file)
        fclose(file);
    free(log);
    return found;
}

/* Pages -------------------------------------------------------------------------------------------- */

static void live_and_ready_are_told_without_a_login(void **state)
{
    (void)state;
    assert_string_equal(text_of(expect(200, NULL, "GET", "/livez", NULL), "status"), "alive");
    assert_string_equal(text_of(expect(200, NULL, "GET", "/readyz", NULL), "status"), "ready");
    assert_non_null(strstr(admin_page("/livez"), "200 OK"));
    assert_non_null(strstr(admin_page("/readyz"), "200 OK"));
    expect_problem(404, "not_found", NULL, "GET", "/metrics", NULL); /* not on the public port */
}

static void metrics_count_what_happens(void **state)
{
    (void)state;
    int64_t matches = metric("rongqiao_matches_total"),
            refused = metric("rongqiao_replies_total{class=\"4xx\"}");
    int64_t failed = metric("rongqiao_logins_failed_total");
    expect(200, &world.enterprise_a, "POST", "/v1/matches/preview", need_document(NULL));
    expect_problem(401, "login_failed", NULL, "POST", "/v1/sessions",
                   doc("{ss ss}", "login", "nobody-here", "password", "x"));
    assert_int_equal(metric("rongqiao_matches_total"), matches + 1);
    assert_int_equal(metric("rongqiao_logins_failed_total"), failed + 1);
    assert_int_equal(metric("rongqiao_replies_total{class=\"4xx\"}"), refused + 1);
    assert_true(metric("rongqiao_request_seconds_count") > 0 && metric("rongqiao_requests_total") > 0);
    assert_non_null(strstr(admin_page("/metrics"), "text/plain; version=0.0.4"));
}

/* Settings ----------------------------------------------------------------------------------------- */

static void wrong_settings_refuse_to_start(void **state)
{
    static const struct {
        const char *line, *reason;
    } rows[] = {
        {"no_such_key = 1\n", "there is no setting no_such_key"},
        {"drain_delay_ms = many\n", "drain_delay_ms must be a whole number"},
        {"drain_delay_ms = 60001\n", "drain_delay_ms must be at most 60000"},
        {"session_hours = 0\n", "session_hours must be at least 1"},
        {"listen_port = 0\n", "listen_port was already set"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const arguments[] = {"--config", house_write_config("wrong.conf", rows[i].line), "serve",
                                         NULL};
        assert_int_equal(house_run(arguments, NULL, NULL, 0), 2);
        assert_true(log_has((void *)(uintptr_t)rows[i].reason));
    }
    const char *const absent[] = {"--config", textf("%s/absent.conf", house.folder), "serve", NULL};
    assert_int_equal(house_run(absent, NULL, NULL, 0), 2);
}

static void check_says_what_is_wrong_with_the_database(void **state)
{
    static const char *const check[] = {"check", NULL}, *const serve[] = {"serve", NULL};
    (void)state;
    assert_int_equal(house_run(check, NULL, NULL, 0), 0);
    /* A move that no route makes: the tables disagree. */
    house_sql("insert into transition (kind, from_state, action, to_state, roles) values ('need', 'open', "
              "'teleport', 'closed', "
              "'{enterprise}')");
    assert_int_equal(house_run(check, NULL, NULL, 0), 1);
    assert_int_equal(house_run(serve, NULL, NULL, 0), 1);
    house_sql("delete from transition where action = 'teleport'");
    assert_true(log_has((void *)(uintptr_t) "need.teleport"));
}

/* Certificate -------------------------------------------------------------------------------------- */

static bool shows_certificate(void *argument)
{
    return strcmp(client_certificate_name(), argument) == 0;
}

static void await_certificate(const char *name)
{
    house_write_certificate(name);
    kill(house.server, SIGHUP);
    assert_true(eventually(shows_certificate, (void *)(uintptr_t)name));
}

static void hangup_takes_the_new_certificate_and_keeps_the_old_when_that_is_broken(void **state)
{
    (void)state;
    assert_string_equal(client_certificate_name(), "first");
    await_certificate("second");
    /* The connection of before goes on. */
    expect(200, &world.enterprise_a, "GET", "/v1/needs", NULL);
    FILE *file = fopen(textf("%s/server.key", house.folder), "we");
    assert_non_null(file);
    fputs("no key\n", file);
    fclose(file);
    kill(house.server, SIGHUP);
    assert_true(eventually(log_has, (void *)(uintptr_t) "certificate_kept"));
    assert_string_equal(client_certificate_name(), "second");
    await_certificate("third");
}

/* Broken input ------------------------------------------------------------------------------------- */

static const char *repeated(const char *text, int times)
{
    size_t length = strlen(text);
    char *all = house_keep(malloc(length * (size_t)times + 1), free);
    for (int i = 0; i < times; i++)
        memcpy(all + length * (size_t)i, text, length);
    all[length * (size_t)times] = 0;
    return all;
}

/* Sends bytes on a connection of their own; the refusal must be a problem document and the connection's end.
 */
static void refuse_bytes(const char *bytes, int status, const char *code)
{
    test_client *client = client_new();
    assert_true(client_send(client, bytes, strlen(bytes)));
    test_answer *answer = client_read(client, false);
    if (!answer || answer->status != status)
        print_error("%.60s\n", bytes);
    check_problem(answer, status, code);
    assert_string_equal(answer_header(answer, "Connection"), "close");
    client_free(client);
}

static void broken_http_gets_a_problem_document(void **state)
{
    const struct {
        const char *bytes;
        int status;
        const char *code;
    } rows[] = {
        {"GET /livez\r\n\r\n", 400, "bad_request"},
        {"GET /livez HTTP/1.1\r\n\r\n", 400, "bad_request"}, /* no Host */
        {"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
        {"GET /livez HTTP/1.1\r\nHost: a\r\nName : x\r\n\r\n", 400, "bad_request"},
        {"POST /v1/needs HTTP/1.1\r\nHost: a\r\nContent-Length: +7\r\n\r\n", 400, "bad_request"},
        {"POST /v1/needs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
         "bad_request"},
        {"POST /v1/needs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
         400, "bad_request"},
        {"POST /v1/needs HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413, "body_too_large"},
        {textf("GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", repeated("a", 9000)), 414, "target_too_long"},
        {textf("GET /livez HTTP/1.1\r\nHost: a\r\n%s\r\n", repeated("X-A: b\r\n", 101)), 431,
         "headers_too_large"},
        {textf("GET /livez HTTP/1.1\r\nHost: a\r\nX-A: %s\r\n\r\n", repeated("a", 17000)), 431,
         "headers_too_large"},
        {"BREW /v1/needs HTTP/1.1\r\nHost: a\r\n\r\n", 501, "not_implemented"},
        {"POST /v1/needs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
         "not_implemented"},
        {"GET /livez HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version_unsupported"},
        {"POST /v1/needs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: a-miracle\r\n\r\n", 417,
         "expectation_failed"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        refuse_bytes(rows[i].bytes, rows[i].status, rows[i].code);
}

static void request_that_does_not_end_gets_408(void **state)
{
    (void)state;
    refuse_bytes("GET /livez HTTP/1.1\r\nHost: a\r\nX-Half", 408, "request_timeout");
    refuse_bytes("POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                 "10\r\n\r\n{",
                 408, "request_timeout");
}

static void requests_sent_at_once_are_answered_in_order(void **state)
{
    static const char two[] =
        "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n";
    test_client *client = client_new();
    (void)state;
    assert_true(client_send(client, two, sizeof(two) - 1));
    check_status(client_read(client, false), 200);
    check_problem(client_read(client, false), 404, "not_found");
    client_free(client);
}

static void problems_speak_the_askers_language(void **state)
{
    static const struct {
        const char *wanted, *language, *title;
    } rows[] = {
        {"", "zh", "请先登录"},
        {"Accept-Language: en\r\n", "en", "Log in first"},
        {"Accept-Language: en-GB,en;q=0.9,zh;q=0.8\r\n", "en", "Log in first"},
        {"Accept-Language: en;q=0.5, zh-CN;q=0.9\r\n", "zh", "请先登录"},
        {"Accept-Language: fr\r\n", "zh", "请先登录"},
        {"Accept-Language: en;q=0\r\n", "zh", "请先登录"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_answer *answer = ask_raw(NULL, "GET", "/v1/needs", rows[i].wanted, NULL);
        json_t *problem = check_problem(answer, 401, "unauthenticated");
        assert_string_equal(text_of(problem, "title"), rows[i].title);
        assert_string_equal(answer_header(answer, "Content-Language"), rows[i].language);
    }
    test_answer *faults =
        ask_raw(&world.enterprise_a, "GET", "/v1/needs?limit=0", "Accept-Language: en\r\n", NULL);
    assert_string_equal(text_of(check_problem(faults, 422, "validation_failed"), "errors.0.detail"),
                        "must be at least 1");
}

static void every_problem_has_its_texts_and_a_status_of_an_error(void **state)
{
    static const struct {
        const char *code;
        int status;
        const char *zh, *en;
    } rows[] = {
#define PROBLEM(code, status, zh, en) {#code, status, zh, en},
#include "api/problems.def"
#undef PROBLEM
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_in_range(rows[i].status, 400, 599);
        assert_true(*rows[i].zh && *rows[i].en && strcmp(rows[i].zh, rows[i].en) != 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rows[i].code, rows[j].code);
    }
}

/* Database ----------------------------------------------------------------------------------------- */

static bool is_unavailable(void *argument)
{
    test_answer *answer = ask(&world.enterprise_a, "GET", argument, NULL);
    return answer && answer->status == 503 && strcmp(text_of(answer->json, "code"), "unavailable") == 0;
}

static bool is_back(void *argument)
{
    test_answer *answer = ask(&world.enterprise_a, "GET", argument, NULL);
    return answer && answer->status == 200;
}

/* What the admin port says of all workers together. */
static bool readiness_is(void *argument)
{
    return strstr(admin_page("/readyz"), argument) != NULL;
}

static void lost_database_is_told_and_heals_by_itself(void **state)
{
    static char path[] = "/v1/needs";
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    cluster_stop(house.cluster, CLUSTER_FAST);
    assert_true(eventually(is_unavailable, path));
    test_answer *answer = ask(&world.enterprise_a, "GET", path, NULL);
    check_problem(answer, 503, "unavailable");
    assert_true(strtol(answer_header(answer, "Retry-After"), NULL, 10) > 0);
    expect_problem(503, "unavailable", NULL, "POST", "/v1/sessions",
                   doc("{ss ss}", "login", "auditor", "password", "x"));
    expect(200, NULL, "GET", "/livez", NULL);
    assert_true(eventually(readiness_is, (void *)(uintptr_t) "HTTP/1.1 503"));
    assert_true(cluster_resume(house.cluster));
    assert_true(eventually(is_back, path));
    assert_true(eventually(readiness_is, (void *)(uintptr_t) "HTTP/1.1 200"));
    get(200, &world.enterprise_a, "needs", need);
    need_post(&world.enterprise_a, NULL);
}

/* End ---------------------------------------------------------------------------------------------- */

typedef struct slow_request {
    pthread_t thread;
    const char *path;
    test_answer *answer;
} slow_request;

static void *run_slow(void *argument)
{
    slow_request *self = argument;
    test_client *client = client_new();
    self->answer = client_call(client, "GET", self->path, "", NULL, 0);
    client_free(client);
    return NULL;
}

static bool is_at_the_gate(void *argument)
{
    (void)argument;
    return house_count("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") > 0;
}

/* New connections are refused, not left waiting. */
static bool takes_no_more(void *argument)
{
    int fd = connect_to(house.port);
    (void)argument;
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

static void stop_answers_what_is_in_flight(void **state)
{
    slow_request request = {.path = textf("/v1/products/%s", world.credit_a)};
    (void)state;
    /* Reads of products wait as long as the gate is shut. */
    house_sql("create table gate (shut boolean); insert into gate values (true); grant select on gate to "
              "rongqiao_app;"
              "create function app.gate() returns boolean language plpgsql as $$ begin while exists (select "
              "from gate) loop "
              "perform pg_sleep(0.02); end loop; return true; end $$;"
              "grant execute on function app.gate() to rongqiao_app;"
              "create policy gate on product as restrictive for select using (app.gate())");
    assert_int_equal(pthread_create(&request.thread, NULL, run_slow, &request), 0);
    bool waiting = eventually(is_at_the_gate, NULL);
    kill(house.server, SIGTERM);
    bool closed = eventually(takes_no_more, NULL);
    house_sql("delete from gate");
    pthread_join(request.thread, NULL);
    assert_true(waiting);
    assert_true(closed);
    check_status(request.answer, 200);
    assert_string_equal(text_of(request.answer->json, "id"), world.credit_a);
    assert_string_equal(answer_header(request.answer, "Connection"), "close");
    house_stop_server(); /* ends by itself, in order */
    house_sql("drop policy gate on product; drop function app.gate(); drop table gate");
    house_start_server();
    get(200, NULL, "products", world.credit_a);
}

static void what_was_acknowledged_outlives_a_kill(void **state)
{
    (void)state;
    const char *needs[10];
    for (size_t i = 0; i < COUNT(needs); i++)
        needs[i] = need_post(&world.enterprise_b, NULL);
    house_kill_server();
    house_start_server();
    for (size_t i = 0; i < COUNT(needs); i++)
        get(200, &world.enterprise_b, "needs", needs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(live_and_ready_are_told_without_a_login),
        API_TEST(metrics_count_what_happens),
        API_TEST(wrong_settings_refuse_to_start),
        API_TEST(check_says_what_is_wrong_with_the_database),
        API_TEST(hangup_takes_the_new_certificate_and_keeps_the_old_when_that_is_broken),
        API_TEST(broken_http_gets_a_problem_document),
        API_TEST(request_that_does_not_end_gets_408),
        API_TEST(requests_sent_at_once_are_answered_in_order),
        API_TEST(problems_speak_the_askers_language),
        API_TEST(every_problem_has_its_texts_and_a_status_of_an_error),
        API_TEST(lost_database_is_told_and_heals_by_itself),
        API_TEST(stop_answers_what_is_in_flight),
        API_TEST(what_was_acknowledged_outlives_a_kill),
    };
    house_settings = "log_level = error\nread_timeout_ms = 60000\nhead_ms = 3000\nbody_ms = 3000\ndrain_ms = "
                     "60000\nworkers = 2\n";
    return cmocka_run_group_tests_name("api.server", tests, world_open, world_close);
}
