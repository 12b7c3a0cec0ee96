/* Lanes as a whole: their sessions, transports, ends and threads. */
#include "test.h"

#include <pthread.h>

#include "rongqiao/clock.h"
#include "support/cluster.h"
#include "support/lanes.h"

enum { LIMIT_MS = 60000 };

static test_cluster *server;

static int start(void **state)
{
    (void)state;
    server = cluster_start(NULL);
    return server == NULL || !lanes_schema(cluster_conninfo(server));
}

static int stop(void **state)
{
    (void)state;
    cluster_free(server);
    return 0;
}

static void lane_settings_reach_the_session(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"statement_timeout", "1234ms"},
        {"lock_timeout", "2s"},
        {"idle_in_transaction_session_timeout", "10s"},
        {"application_name", "rongqiao"},
        {"TimeZone", "UTC"},
        {"client_encoding", "UTF8"},
        {"work_mem", "8MB"},
    };
    char conninfo[512];
    (void)snprintf(conninfo, sizeof(conninfo), "%s options='-c work_mem=8MB'", cluster_conninfo(server));
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(conninfo);
    settings.statement_timeout_ms[RQ_LANE_READ] = 1234;
    lanes_open_ready(&lanes, &settings);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_string_equal(lanes_ask(&lanes, NULL, "setting", expected[i][0], NULL).value, expected[i][1]);
    }
    lanes_close(&lanes);
}

static void large_values_pass_both_ways(test_lanes *lanes)
{
    enum { LARGE = 400000 };
    test_answer answers[8] = {{0}};
    char *text = malloc(LARGE + 1);
    assert_non_null(text);
    memset(text, 'x', LARGE);
    text[LARGE] = '\0';
    for (unsigned i = 0; i < 8; i++) {
        lanes_call(lanes, &answers[i], NULL, "repeat", text, "10");
    }
    free(text);
    assert_true(lanes_run(lanes, LIMIT_MS));
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(answers[i].outcome, RQ_DB_DONE);
        assert_int_equal(answers[i].length, LARGE * 10);
    }
}

static void large_values_pass_over_a_socket(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    large_values_pass_both_ways(&lanes);
    lanes_close(&lanes);
}

/* A TLS record may leave bytes inside OpenSSL that no event tells of. */
static void large_values_pass_over_tls(void **state)
{
    (void)state;
    char conninfo[512];
    (void)snprintf(conninfo, sizeof(conninfo), "%s sslmode=require", cluster_conninfo_tcp(server));
    assert_true(cluster_enable_tls(server) && cluster_restart(server, CLUSTER_FAST));
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(conninfo);
    lanes_open_ready(&lanes, &settings);
    large_values_pass_both_ways(&lanes);
    for (unsigned size = 1; size < 60000; size = size * 3 / 2 + 1) {
        char times[12];
        (void)snprintf(times, sizeof(times), "%u", size);
        assert_int_equal(lanes_ask(&lanes, NULL, "repeat", "y", times).length, size);
    }
    lanes_close(&lanes);
}

static void statement_that_cannot_be_prepared_is_reported(void **state)
{
    (void)state;
    const rq_statement statements[] = {
        {"good", "select $1::text", RQ_LANE_READ, "first"},
        {"needs/bad", "select no_such_column from thing", RQ_LANE_READ, ""},
        {"write/good", "select 1", RQ_LANE_WRITE, ""},
    };
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.statements = statements;
    settings.statement_count = 3;
    settings.context_name = "none of them";
    lanes_open(&lanes, &settings);
    assert_true(lanes_run_until_ready(&lanes, RQ_LANE_WRITE, LIMIT_MS));
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    while (atomic_load(&rq_db_counters_of(lanes.db, RQ_LANE_READ)->connect_failures) == 0 &&
           rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes.base, EVLOOP_ONCE);
    }
    const char *reason = NULL;
    assert_false(rq_db_is_ready(lanes.db, RQ_LANE_READ, &reason));
    assert_non_null(strstr(reason, "cannot prepare needs/bad: column \"no_such_column\" does not exist"));
    assert_int_equal(lanes_ask(&lanes, NULL, "echo", "x", NULL).outcome, RQ_DB_UNAVAILABLE);
    lanes_close(&lanes);
}

static void open_calls_end_when_the_lanes_are_freed(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer sent = {0}, waiting = {0};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &sent, NULL, "slow/sleep", "x", "20");
    lanes_call(&lanes, &waiting, NULL, "slow/sleep", "x", "0");
    lanes_run_for(&lanes, 50);
    lanes_close(&lanes);
    assert_int_equal(sent.times, 1);
    assert_int_equal(sent.outcome, RQ_DB_UNKNOWN);
    assert_int_equal(waiting.times, 1);
    assert_int_equal(waiting.outcome, RQ_DB_UNAVAILABLE);
}

static void count_reply(void *argument, const rq_db_reply *reply)
{
    unsigned *unavailable = argument;
    *unavailable += reply->outcome == RQ_DB_UNAVAILABLE;
}

static void more_calls_than_slots_are_turned_away(void **state)
{
    (void)state;
    test_lanes lanes;
    unsigned unavailable = 0, accepted = 0;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.queue_max = 10;
    lanes_open_ready(&lanes, &settings);
    const rq_db_step step = {.statement = &lanes_statements[1], .values = {"x"}, .count = 1};
    while (rq_db_call(lanes.db, NULL, &step, count_reply, &unavailable) != 0 && accepted < 1000000) {
        accepted++;
    }
    assert_in_range(accepted, 8192, 9999);
    lanes_run_for(&lanes, 50);
    assert_in_range(unavailable, accepted - 20, accepted);
    assert_string_equal(lanes_ask(&lanes, NULL, "echo", "after", NULL).value, "after");
    lanes_close(&lanes);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    rq_db *db = NULL;
    rq_error error;
    rq_db_settings settings = lanes_settings("host='unterminated");
    assert_int_equal(rq_db_new(base, &settings, &db, &error), RQ_INVALID);
    settings = lanes_settings(cluster_conninfo(server));
    settings.depth[RQ_LANE_READ] = 0;
    assert_int_equal(rq_db_new(base, &settings, &db, &error), RQ_INVALID);
    assert_null(db);
    event_base_free(base);
}

static void *work(void *argument)
{
    unsigned *wrong = argument;
    test_answer answers[50];
    char values[50][8];
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    for (unsigned round = 0; round < 20; round++) {
        memset(answers, 0, sizeof(answers));
        for (unsigned i = 0; i < 50; i++) {
            (void)snprintf(values[i], sizeof(values[i]), "%u", round * 50 + i);
            lanes_call(&lanes, &answers[i], "worker", "echo", values[i], NULL);
        }
        *wrong += !lanes_run(&lanes, LIMIT_MS);
        for (unsigned i = 0; i < 50; i++) {
            *wrong += answers[i].times != 1 || strcmp(answers[i].value, values[i]) != 0;
        }
    }
    lanes_close(&lanes);
    return NULL;
}

static void workers_share_nothing(void **state)
{
    (void)state;
    enum { WORKERS = 3 };
    pthread_t threads[WORKERS];
    unsigned wrong[WORKERS] = {0};
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &wrong[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lane_settings_reach_the_session),
        cmocka_unit_test(large_values_pass_over_a_socket),
        cmocka_unit_test(statement_that_cannot_be_prepared_is_reported),
        cmocka_unit_test(open_calls_end_when_the_lanes_are_freed),
        cmocka_unit_test(more_calls_than_slots_are_turned_away),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(workers_share_nothing),
        cmocka_unit_test(large_values_pass_over_tls),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
