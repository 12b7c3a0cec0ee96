/* Lanes when the database, or the way to it, fails. */
#include "test.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

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

static uint64_t connects(const test_lanes *lanes, rq_lane lane)
{
    return atomic_load(&rq_db_counters_of(lanes->db, lane)->connects);
}

/* Runs SQL beside the lanes. */
static void beside(const char *sql)
{
    char conninfo[512];
    (void)snprintf(conninfo, sizeof(conninfo), "%s options='-c default_transaction_read_only=off'",
                   cluster_conninfo(server));
    lanes_sql(conninfo, sql, NULL, 0);
}

/* Waits, with the loop running, until `sql` gives true. */
static void wait_until(test_lanes *lanes, const char *sql)
{
    char value[8] = "";
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    while (strcmp(value, "t") != 0 && rq_monotonic_ms() < until_ms) {
        lanes_run_for(lanes, 20);
        lanes_sql(cluster_conninfo(server), sql, value, sizeof(value));
    }
    assert_string_equal(value, "t");
}

static void killed_backend_makes_sent_calls_unknown_and_heals(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answers[6] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.depth[RQ_LANE_SLOW] = 2;
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &answers[0], NULL, "slow/sleep", "sent", "30");
    for (unsigned i = 1; i < 6; i++) {
        lanes_call(&lanes, &answers[i], NULL, "slow/sleep", "sent or waiting", "0");
    }
    wait_until(&lanes, "select exists (select from pg_stat_activity where wait_event = 'PgSleep')");
    beside("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'");
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(answers[i].times, 1);
        assert_int_equal(answers[i].outcome, i < 2 ? RQ_DB_UNKNOWN : RQ_DB_DONE);
    }
    assert_int_equal(connects(&lanes, RQ_LANE_SLOW), 2);
    assert_int_equal(atomic_load(&rq_db_counters_of(lanes.db, RQ_LANE_SLOW)->unknown), 2);
    lanes_close(&lanes);
}

static void idle_connection_that_is_killed_heals_unseen(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    beside("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rongqiao'"
           " and pid <> pg_backend_pid()");
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    while (connects(&lanes, RQ_LANE_READ) < 2 && rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes.base, EVLOOP_ONCE);
    }
    assert_string_equal(lanes_ask(&lanes, NULL, "echo", "alive", NULL).value, "alive");
    lanes_close(&lanes);
}

static void stopped_database_fails_fast_and_heals(test_lanes *lanes, cluster_stop_mode mode)
{
    cluster_stop(server, mode);
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    while (atomic_load(&rq_db_counters_of(lanes->db, RQ_LANE_READ)->connect_failures) == 0 &&
           rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes->base, EVLOOP_ONCE);
    }
    const char *reason = "";
    assert_false(rq_db_is_ready(lanes->db, RQ_LANE_READ, &reason));
    assert_non_null(strstr(reason, "connection to server on socket"));
    int64_t began_ms = rq_monotonic_ms();
    test_answer refused = lanes_ask(lanes, NULL, "echo", "x", NULL);
    assert_int_equal(refused.outcome, RQ_DB_UNAVAILABLE);
    assert_string_equal(refused.message, "no connection to the database");
    assert_in_range(rq_monotonic_ms() - began_ms, 0, 200);

    assert_true(cluster_resume(server));
    for (unsigned lane = 0; lane < RQ_LANES; lane++) {
        assert_true(lanes_run_until_ready(lanes, (rq_lane)lane, LIMIT_MS));
    }
    assert_string_equal(lanes_ask(lanes, "bank", "user", NULL, NULL).value, "bank");
    assert_int_equal(lanes_ask(lanes, NULL, "write/pid", "0", NULL).outcome, RQ_DB_DONE);
}

static void database_stopped_in_order_fails_fast_and_heals(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    stopped_database_fails_fast_and_heals(&lanes, CLUSTER_FAST);
    lanes_close(&lanes);
}

static void crashed_database_fails_fast_and_heals(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    stopped_database_fails_fast_and_heals(&lanes, CLUSTER_IMMEDIATE);
    lanes_close(&lanes);
}

static void waiting_calls_end_when_the_database_is_gone(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer sent = {0}, waiting = {0};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &sent, NULL, "slow/sleep", "x", "30");
    lanes_call(&lanes, &waiting, NULL, "slow/sleep", "x", "0");
    lanes_run_for(&lanes, 100);
    cluster_stop(server, CLUSTER_IMMEDIATE);
    assert_true(lanes_run(&lanes, 10000));
    assert_int_equal(sent.outcome, RQ_DB_UNKNOWN);
    assert_int_equal(waiting.outcome, RQ_DB_UNAVAILABLE);
    lanes_close(&lanes);
    assert_true(cluster_resume(server));
}

/* A listening socket that accepts and says nothing; returns it and its port. */
static int silent_server(unsigned *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

static void server_that_says_nothing_is_given_up(void **state)
{
    (void)state;
    char conninfo[128];
    unsigned port;
    int fd = silent_server(&port);
    (void)snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1 port=%u user=x dbname=x connect_timeout=1",
                   port);
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(conninfo);
    settings.connections[RQ_LANE_READ] = 3;
    lanes_open(&lanes, &settings);
    int64_t began_ms = rq_monotonic_ms();
    test_answer answer = lanes_ask(&lanes, NULL, "echo", "x", NULL);
    assert_int_equal(answer.outcome, RQ_DB_UNAVAILABLE);
    assert_in_range(rq_monotonic_ms() - began_ms, 900, 5000);
    const char *reason = "";
    assert_false(rq_db_is_ready(lanes.db, RQ_LANE_READ, &reason));
    assert_string_equal(reason, "connecting took too long");
    lanes_close(&lanes);
    (void)close(fd);
}

/* A stopped process keeps its socket open: only our own deadline helps. */
static void backend_that_hangs_is_given_up(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.statement_timeout_ms[RQ_LANE_READ] = 200;
    lanes_open_ready(&lanes, &settings);
    test_answer pid = lanes_ask(&lanes, NULL, "pid", NULL, NULL);
    pid_t backend = (pid_t)strtol(pid.value, NULL, 10);
    assert_true(backend > 1);
    assert_int_equal(kill(backend, SIGSTOP), 0);
    test_answer answers[2] = {{0}};
    int64_t began_ms = rq_monotonic_ms();
    lanes_call(&lanes, &answers[0], NULL, "echo", "x", NULL);
    lanes_call(&lanes, &answers[1], NULL, "echo", "y", NULL);
    bool is_answered = lanes_run(&lanes, LIMIT_MS);
    int64_t took_ms = rq_monotonic_ms() - began_ms;
    assert_int_equal(kill(backend, SIGCONT), 0);
    assert_true(is_answered);
    assert_in_range(took_ms, 1190, 10000);
    assert_int_equal(answers[0].outcome, RQ_DB_UNKNOWN);
    assert_int_equal(answers[1].outcome, RQ_DB_UNKNOWN);
    assert_string_equal(lanes_ask(&lanes, NULL, "echo", "healed", NULL).value, "healed");
    lanes_close(&lanes);
}

/* The wait for a standby that never comes, cancelled: committed here, perhaps nowhere else. */
static void cancelled_wait_for_a_standby_is_unknown(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answer = {0};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    beside("alter system set synchronous_standby_names = 'nobody'");
    beside("select pg_reload_conf()");
    wait_until(&lanes, "select current_setting('synchronous_standby_names') = 'nobody'");
    lanes_call(&lanes, &answer, "bank", "slow/write", "1", "unsure");
    wait_until(&lanes, "select exists (select from pg_stat_activity where wait_event = 'SyncRep')");
    beside("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'");
    bool is_answered = lanes_run(&lanes, LIMIT_MS);
    beside("alter system reset synchronous_standby_names");
    beside("select pg_reload_conf()");
    wait_until(&lanes, "select current_setting('synchronous_standby_names') = ''");
    assert_true(is_answered);
    assert_int_equal(answer.outcome, RQ_DB_UNKNOWN);
    assert_string_equal(answer.message, "the commit was not confirmed by a standby");
    assert_string_equal(lanes_ask(&lanes, NULL, "count", "unsure", NULL).value, "1");
    assert_int_equal(lanes_ask(&lanes, NULL, "slow/write", "2", "sure").outcome, RQ_DB_DONE);
    assert_int_equal(connects(&lanes, RQ_LANE_SLOW), 2);
    lanes_close(&lanes);
}

/* As after a failover to a standby: writes are refused, and a new connection finds the primary. */
static void read_only_server_is_left(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    beside("alter database postgres set default_transaction_read_only = on");
    lanes_open_ready(&lanes, &settings);
    test_answer refused = lanes_ask(&lanes, NULL, "slow/write", "10", "read only");
    assert_int_equal(refused.outcome, RQ_DB_REFUSED);
    assert_string_equal(refused.sqlstate, "25006");
    beside("alter database postgres reset default_transaction_read_only");
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    test_answer answer = {0};
    while (answer.outcome != RQ_DB_DONE || answer.times == 0) {
        assert_true(rq_monotonic_ms() < until_ms);
        answer = lanes_ask(&lanes, NULL, "slow/write", "11", "writable");
        assert_true(answer.outcome == RQ_DB_DONE || strcmp(answer.sqlstate, "25006") == 0);
    }
    assert_true(connects(&lanes, RQ_LANE_SLOW) >= 2);
    lanes_close(&lanes);
}

static void lane_is_not_ready_while_the_disk_is_full(void **state)
{
    (void)state;
    test_lanes lanes;
    const char *reason = "";
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    test_answer refused = lanes_ask(&lanes, NULL, "write/room", NULL, NULL);
    assert_int_equal(refused.outcome, RQ_DB_REFUSED);
    assert_string_equal(refused.sqlstate, "53100");
    assert_false(rq_db_is_ready(lanes.db, RQ_LANE_WRITE, &reason));
    assert_string_equal(reason, "no room");
    assert_true(rq_db_is_ready(lanes.db, RQ_LANE_READ, NULL));
    assert_int_equal(lanes_ask(&lanes, NULL, "write/pid", "0", NULL).outcome, RQ_DB_DONE);
    assert_true(rq_db_is_ready(lanes.db, RQ_LANE_WRITE, NULL));
    lanes_close(&lanes);
}

static void connections_are_renewed_without_a_failed_call(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answers[8];
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.lifetime_ms = 1100;
    lanes_open_ready(&lanes, &settings);
    char first[64];
    (void)snprintf(first, sizeof(first), "%s", lanes_ask(&lanes, NULL, "pid", NULL, NULL).value);
    int64_t until_ms = rq_monotonic_ms() + 4000;
    while (rq_monotonic_ms() < until_ms) {
        memset(answers, 0, sizeof(answers));
        for (unsigned i = 0; i < 8; i++) {
            lanes_call(&lanes, &answers[i], NULL, "pid", NULL, NULL);
        }
        assert_true(lanes_run(&lanes, LIMIT_MS));
        for (unsigned i = 0; i < 8; i++) {
            assert_int_equal(answers[i].outcome, RQ_DB_DONE);
        }
        assert_true(rq_db_is_ready(lanes.db, RQ_LANE_READ, NULL));
    }
    assert_in_range(connects(&lanes, RQ_LANE_READ), 2, 5);
    assert_int_equal(atomic_load(&rq_db_counters_of(lanes.db, RQ_LANE_READ)->connect_failures), 0);
    assert_string_not_equal(answers[0].value, first);
    lanes_close(&lanes);
}

/* A storm of kills under load: each call is answered once, and what was said to be done is there. */
static void no_done_write_is_lost_under_kills(void **state)
{
    (void)state;
    enum { CALLS = 1500 };
    static test_answer answers[CALLS];
    static char values[CALLS][8];
    memset(answers, 0, sizeof(answers));
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.connections[RQ_LANE_WRITE] = 4;
    lanes_open_ready(&lanes, &settings);
    for (unsigned i = 0; i < CALLS; i++) {
        (void)snprintf(values[i], sizeof(values[i]), "%u", 10000 + i);
        lanes_call(&lanes, &answers[i], "bank", "write/thing", values[i], "stormy");
        if (i % 100 == 99) {
            lanes_run_for(&lanes, 10);
            beside("select pg_terminate_backend(pid) from pg_stat_activity"
                   " where query like 'insert%' and pid <> pg_backend_pid()"
                   " order by random() limit 1");
        }
    }
    assert_true(lanes_run(&lanes, LIMIT_MS));
    unsigned done = 0;
    for (unsigned i = 0; i < CALLS; i++) {
        char sql[96], here[8];
        assert_int_equal(answers[i].times, 1);
        if (answers[i].outcome == RQ_DB_DONE) {
            assert_string_equal(answers[i].value, values[i]);
            done++;
        } else if (answers[i].outcome == RQ_DB_UNAVAILABLE) {
            (void)snprintf(sql, sizeof(sql), "select count(*) from thing where id = %.20s", values[i]);
            lanes_sql(cluster_conninfo(server), sql, here, sizeof(here));
            assert_string_equal(here, "0");
        }
    }
    assert_true(done > CALLS / 2);
    assert_true(atomic_load(&rq_db_counters_of(lanes.db, RQ_LANE_WRITE)->unknown) > 0);
    char found[16];
    lanes_sql(cluster_conninfo(server), "select count(*) from thing where note = 'stormy'", found,
              sizeof(found));
    assert_true(strtol(found, NULL, 10) >= (long)done);
    lanes_close(&lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_backend_makes_sent_calls_unknown_and_heals),
        cmocka_unit_test(idle_connection_that_is_killed_heals_unseen),
        cmocka_unit_test(database_stopped_in_order_fails_fast_and_heals),
        cmocka_unit_test(crashed_database_fails_fast_and_heals),
        cmocka_unit_test(waiting_calls_end_when_the_database_is_gone),
        cmocka_unit_test(server_that_says_nothing_is_given_up),
        cmocka_unit_test(backend_that_hangs_is_given_up),
        cmocka_unit_test(cancelled_wait_for_a_standby_is_unknown),
        cmocka_unit_test(read_only_server_is_left),
        cmocka_unit_test(lane_is_not_ready_while_the_disk_is_full),
        cmocka_unit_test(connections_are_renewed_without_a_failed_call),
        cmocka_unit_test(no_done_write_is_lost_under_kills),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
