/* Calls over healthy lanes. */
#include "test.h"

#include "rongqiao/clock.h"
#include "rongqiao/limits.h"
#include "support/cluster.h"
#include "support/lanes.h"

enum { LIMIT_MS = 60000, MANY = 3000 };

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

static void rows_come_back_for_values_and_nulls(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    test_answer both = lanes_ask(&lanes, NULL, "join", "needs", " and offers");
    test_answer one = lanes_ask(&lanes, NULL, "join", "needs", NULL);
    test_answer none = lanes_ask(&lanes, NULL, "echo", NULL, NULL);
    assert_int_equal(both.outcome, RQ_DB_DONE);
    assert_string_equal(both.value, "needs and offers");
    assert_string_equal(one.value, "needs and null");
    assert_int_equal(none.rows, 1);
    assert_int_equal(none.length, 0);
    lanes_close(&lanes);
}

static void calls_before_the_first_connection_wait_for_it(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open(&lanes, &settings);
    const char *reason = "";
    assert_false(rq_db_is_ready(lanes.db, RQ_LANE_READ, &reason));
    assert_string_equal(reason, "not connected yet");
    test_answer answer = lanes_ask(&lanes, NULL, "echo", "early", NULL);
    assert_string_equal(answer.value, "early");
    lanes_close(&lanes);
}

/* Random failing statements among good ones: a fault shows as a value in the wrong hands. */
static void failing_calls_leave_their_neighbours_alone(void **state)
{
    (void)state;
    static test_answer answers[MANY];
    static char values[MANY][12];
    memset(answers, 0, sizeof(answers));
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.connections[RQ_LANE_READ] = 3;
    settings.depth[RQ_LANE_READ] = 16;
    lanes_open_ready(&lanes, &settings);
    uint32_t seed = 12345;
    for (unsigned i = 0; i < MANY; i++) {
        seed = seed * 1664525U + 1013904223U;
        unsigned kind = seed >> 24 & 7;
        (void)snprintf(values[i], sizeof(values[i]), "%u", i);
        if (kind == 0) {
            lanes_call(&lanes, &answers[i], NULL, "divide", "0", NULL);
        } else if (kind == 1) {
            lanes_call(&lanes, &answers[i], "nobody", "echo", values[i], NULL);
        } else if (kind == 2) {
            lanes_call(&lanes, &answers[i], values[i], "divide", "none", NULL);
        } else {
            lanes_call(&lanes, &answers[i], kind < 7 ? "someone" : NULL, "echo", values[i], NULL);
        }
        answers[i].argument = (void *)(uintptr_t)kind;
    }
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < MANY; i++) {
        uintptr_t kind = (uintptr_t)answers[i].argument;
        assert_int_equal(answers[i].times, 1);
        assert_int_equal(answers[i].outcome, kind <= 2 ? RQ_DB_REFUSED : RQ_DB_DONE);
        assert_string_equal(answers[i].sqlstate, kind == 2 ? "22P02" : kind < 2 ? "22012" : "");
        assert_string_equal(answers[i].value, kind <= 2 ? "" : values[i]);
    }
    const rq_db_counters *counters = rq_db_counters_of(lanes.db, RQ_LANE_READ);
    assert_int_equal(atomic_load(&counters->calls), MANY);
    assert_int_equal(atomic_load(&counters->queued_now), 0);
    assert_int_equal(atomic_load(&counters->in_flight_now), 0);
    assert_int_equal(atomic_load(&counters->connects), 3);
    lanes_close(&lanes);
}

static void context_is_seen_by_its_own_step_only(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answers[3] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &answers[0], "bank", "user", NULL, NULL);
    lanes_call(&lanes, &answers[1], NULL, "user", NULL, NULL);
    lanes_call(&lanes, &answers[2], "factor", "user", NULL, NULL);
    assert_true(lanes_run(&lanes, LIMIT_MS));
    assert_string_equal(answers[0].value, "bank");
    assert_string_equal(answers[1].value, "-");
    assert_string_equal(answers[2].value, "factor");
    lanes_close(&lanes);
}

/* Gives the beginnings of the transactions of `count` calls of one turn. */
static void begin_transactions(test_answer answers[], unsigned count, const char *user, const char *name)
{
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.connections[RQ_LANE_WRITE] = 1;
    settings.depth[RQ_LANE_READ] = settings.depth[RQ_LANE_WRITE] = count;
    lanes_open_ready(&lanes, &settings);
    memset(answers, 0, count * sizeof(*answers));
    for (unsigned i = 0; i < count; i++) {
        lanes_call(&lanes, &answers[i], user, name, NULL, NULL);
    }
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(answers[i].times, 1);
        assert_int_equal(answers[i].outcome, RQ_DB_DONE);
    }
    lanes_close(&lanes);
}

static void reads_of_a_turn_share_a_transaction(void **state)
{
    (void)state;
    test_answer answers[20];
    begin_transactions(answers, 20, "bank", "transaction");
    for (unsigned i = 1; i < 20; i++) {
        bool is_first = i % RQ_LIMIT_DB_SHARED_CALLS == 0;
        assert_int_equal(strcmp(answers[i].value, answers[i - 1].value) != 0, is_first);
    }
    begin_transactions(answers, 4, NULL, "transaction"); /* nobody's would be seen as the one before */
    for (unsigned i = 1; i < 4; i++) {
        assert_string_not_equal(answers[i].value, answers[i - 1].value);
    }
    begin_transactions(answers, 4, "bank", "write/transaction");
    for (unsigned i = 1; i < 4; i++) {
        assert_string_not_equal(answers[i].value, answers[i - 1].value);
    }
}

static void reads_gather_while_two_segments_are_on_their_way(void **state)
{
    (void)state;
    enum { SENT = RQ_LIMIT_DB_SHARED_SEGMENTS * RQ_LIMIT_DB_SHARED_CALLS, COUNT = SENT + 5 };
    test_lanes lanes;
    test_answer answers[COUNT] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.depth[RQ_LANE_READ] = COUNT;
    lanes_open_ready(&lanes, &settings);
    for (unsigned i = 0; i < COUNT; i++) {
        lanes_call(&lanes, &answers[i], "bank", "transaction", NULL, NULL);
    }
    const rq_db_counters *counters = rq_db_counters_of(lanes.db, RQ_LANE_READ);
    (void)event_base_loop(lanes.base, EVLOOP_ONCE);
    assert_int_equal(atomic_load(&counters->in_flight_now), SENT);
    assert_int_equal(atomic_load(&counters->queued_now), COUNT - SENT);
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = SENT + 1; i < COUNT; i++) {
        assert_string_equal(answers[i].value, answers[SENT].value);
    }
    assert_string_not_equal(answers[SENT].value, answers[SENT - 1].value);
    lanes_close(&lanes);
}

/* What PostgreSQL skips behind an error is asked again, once, and everyone gets their own. */
static void reads_behind_a_failing_one_are_asked_again(void **state)
{
    (void)state;
    enum { COUNT = 8, FAILING = 3, FORGOTTEN = 5 };
    test_lanes lanes;
    test_answer answers[COUNT] = {{0}};
    char users[COUNT][8];
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.depth[RQ_LANE_READ] = COUNT;
    lanes_open_ready(&lanes, &settings);
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(users[i], sizeof(users[i]), "user%u", i);
        lanes_call(&lanes, &answers[i], users[i], i == FAILING ? "divide" : "user", "0", NULL);
    }
    (void)event_base_loop(lanes.base, EVLOOP_ONCE); /* the turn: all are sent, nothing has come back */
    rq_db_forget(lanes.db, answers[FORGOTTEN].ticket);
    lanes.open--;
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(answers[i].times, i != FORGOTTEN);
        if (i == FAILING) {
            assert_int_equal(answers[i].outcome, RQ_DB_REFUSED);
            assert_string_equal(answers[i].sqlstate, "22012");
        } else if (i != FORGOTTEN) {
            assert_int_equal(answers[i].outcome, RQ_DB_DONE);
            assert_string_equal(answers[i].value, users[i]);
        }
    }
    const rq_db_counters *counters = rq_db_counters_of(lanes.db, RQ_LANE_READ);
    assert_int_equal(atomic_load(&counters->queued_now), 0);
    assert_int_equal(atomic_load(&counters->in_flight_now), 0);
    assert_int_equal(atomic_load(&counters->connects), 1);
    lanes_close(&lanes);
}

static void error_in_the_context_skips_the_step(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    test_answer refused = lanes_ask(&lanes, "nobody", "write/thing", "100", "skipped");
    assert_int_equal(refused.outcome, RQ_DB_REFUSED);
    assert_string_equal(refused.sqlstate, "22012");
    assert_string_equal(refused.message, "division by zero");
    test_answer count = lanes_ask(&lanes, NULL, "count", "skipped", NULL);
    assert_string_equal(count.value, "0");
    lanes_close(&lanes);
}

static void call_again(test_answer *answer, const rq_db_reply *reply)
{
    (void)reply;
    unsigned *left = answer->argument;
    if (*left > 0) {
        (*left)--;
        lanes_call(answer->lanes, answer, NULL, "echo", "again", NULL);
    }
}

static void callback_may_call_again(void **state)
{
    (void)state;
    test_lanes lanes;
    unsigned left = 200;
    test_answer answer = {.then = call_again, .argument = &left};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &answer, NULL, "echo", "first", NULL);
    assert_true(lanes_run(&lanes, LIMIT_MS));
    assert_int_equal(answer.times, 201);
    assert_string_equal(answer.value, "again");
    lanes_close(&lanes);
}

static void calls_beyond_the_queue_are_unavailable(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answers[10] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.queue_max = 4;
    lanes_open_ready(&lanes, &settings);
    for (unsigned i = 0; i < 10; i++) {
        lanes_call(&lanes, &answers[i], NULL, "slow/sleep", "x", "0.05");
    }
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(answers[i].outcome, i < 5 ? RQ_DB_DONE : RQ_DB_UNAVAILABLE);
    }
    assert_string_equal(answers[9].message, "too many calls wait for the database");
    assert_int_equal(atomic_load(&rq_db_counters_of(lanes.db, RQ_LANE_SLOW)->unavailable), 5);
    lanes_close(&lanes);
}

static void calls_that_wait_too_long_are_unavailable(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answers[3] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.wait_ms = 100;
    lanes_open_ready(&lanes, &settings);
    int64_t began_ms = rq_monotonic_ms();
    lanes_call(&lanes, &answers[0], NULL, "slow/sleep", "x", "1.5");
    lanes_call(&lanes, &answers[1], NULL, "slow/sleep", "x", "0");
    lanes_run_for(&lanes, 30);
    lanes_call(&lanes, &answers[2], NULL, "slow/sleep", "x", "0");
    while (lanes.open > 1 && rq_monotonic_ms() - began_ms < LIMIT_MS) {
        (void)event_base_loop(lanes.base, EVLOOP_ONCE);
    }
    assert_in_range(rq_monotonic_ms() - began_ms, 130, 1400);
    assert_int_equal(answers[1].outcome, RQ_DB_UNAVAILABLE);
    assert_int_equal(answers[2].outcome, RQ_DB_UNAVAILABLE);
    assert_true(lanes_run(&lanes, LIMIT_MS));
    assert_int_equal(answers[0].outcome, RQ_DB_DONE);
    lanes_close(&lanes);
}

static void forget_other(test_answer *answer, const rq_db_reply *reply)
{
    (void)reply;
    test_answer *other = answer->argument;
    rq_db_forget(answer->lanes->db, answer->ticket); /* its own: no harm */
    rq_db_forget(answer->lanes->db, other->ticket);
}

static void forgotten_calls_are_never_answered(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer sent = {0}, waiting = {0}, last = {0};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &sent, NULL, "slow/write", "200", "forgotten when sent");
    lanes_call(&lanes, &waiting, NULL, "slow/write", "201", "forgotten when waiting");
    lanes_call(&lanes, &last, NULL, "slow/sleep", "last", "0");
    rq_db_forget(lanes.db, waiting.ticket);
    while (atomic_load(&rq_db_counters_of(lanes.db, RQ_LANE_SLOW)->in_flight_now) == 0) {
        (void)event_base_loop(lanes.base, EVLOOP_ONCE);
    }
    rq_db_forget(lanes.db, sent.ticket);
    lanes.open -= 2;
    assert_true(lanes_run(&lanes, LIMIT_MS));
    assert_int_equal(last.outcome, RQ_DB_DONE);
    assert_int_equal(sent.times + waiting.times, 0);
    assert_string_equal(lanes_ask(&lanes, NULL, "count", "forgotten when sent", NULL).value, "1");
    assert_string_equal(lanes_ask(&lanes, NULL, "count", "forgotten when waiting", NULL).value, "0");

    /* Two refusals are due in the same turn; the first one's callback forgets the second. */
    rq_db_settings none = settings;
    none.connections[RQ_LANE_SLOW] = 0;
    test_lanes other;
    lanes_open_ready(&other, &none);
    test_answer second = {0}, first = {.then = forget_other, .argument = &second};
    lanes_call(&other, &first, NULL, "slow/sleep", "x", "0");
    lanes_call(&other, &second, NULL, "slow/sleep", "x", "0");
    other.open--;
    assert_true(lanes_run(&other, LIMIT_MS));
    lanes_run_for(&other, 50);
    assert_int_equal(first.outcome, RQ_DB_UNAVAILABLE);
    assert_int_equal(second.times, 0);
    rq_db_forget(other.db, 0);
    rq_db_forget(other.db, UINT64_MAX);
    lanes_close(&other);
    lanes_close(&lanes);
}

static void statement_timeout_is_refused(void **state)
{
    (void)state;
    test_lanes lanes;
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.statement_timeout_ms[RQ_LANE_SLOW] = 100;
    lanes_open_ready(&lanes, &settings);
    test_answer slow = lanes_ask(&lanes, NULL, "slow/sleep", "x", "20");
    test_answer quick = lanes_ask(&lanes, NULL, "slow/sleep", "x", "0");
    assert_int_equal(slow.outcome, RQ_DB_REFUSED);
    assert_string_equal(slow.sqlstate, "57014");
    assert_int_equal(quick.outcome, RQ_DB_DONE);
    lanes_close(&lanes);
}

static void constraint_checked_at_commit_is_refused(void **state)
{
    (void)state;
    test_lanes lanes;
    test_answer answers[3] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.connections[RQ_LANE_WRITE] = 1;
    lanes_open_ready(&lanes, &settings);
    lanes_call(&lanes, &answers[0], NULL, "write/thing", "300", "parent");
    lanes_call(&lanes, &answers[1], "someone", "write/child", "999", NULL);
    lanes_call(&lanes, &answers[2], NULL, "write/child", "300", NULL);
    assert_true(lanes_run(&lanes, LIMIT_MS));
    assert_int_equal(answers[0].outcome, RQ_DB_DONE);
    assert_int_equal(answers[1].outcome, RQ_DB_REFUSED);
    assert_string_equal(answers[1].sqlstate, "23503");
    assert_string_equal(answers[1].constraint, "child_parent");
    assert_int_equal(answers[1].rows, 0);
    assert_int_equal(answers[2].outcome, RQ_DB_DONE);
    assert_string_equal(answers[2].value, "made");
    lanes_close(&lanes);
}

static void writes_run_on_all_connections(void **state)
{
    (void)state;
    enum { CONNECTIONS = 4 };
    test_lanes lanes;
    static test_answer answers[1000];
    static char values[1000][8];
    memset(answers, 0, sizeof(answers));
    test_answer naps[CONNECTIONS] = {{0}};
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    settings.connections[RQ_LANE_WRITE] = CONNECTIONS;
    lanes_open_ready(&lanes, &settings);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        lanes_call(&lanes, &naps[i], NULL, "write/pid", "0.1", NULL);
    }
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(naps[i].value, naps[j].value);
        }
    }
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(values[i], sizeof(values[i]), "%u", 1000 + i);
        lanes_call(&lanes, &answers[i], NULL, "write/thing", values[i], "concurrent");
    }
    assert_true(lanes_run(&lanes, LIMIT_MS));
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(answers[i].times, 1);
        assert_string_equal(answers[i].value, values[i]);
    }
    assert_string_equal(lanes_ask(&lanes, NULL, "count", "concurrent", NULL).value, "1000");
    lanes_close(&lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_for_values_and_nulls),
        cmocka_unit_test(calls_before_the_first_connection_wait_for_it),
        cmocka_unit_test(failing_calls_leave_their_neighbours_alone),
        cmocka_unit_test(context_is_seen_by_its_own_step_only),
        cmocka_unit_test(reads_of_a_turn_share_a_transaction),
        cmocka_unit_test(reads_gather_while_two_segments_are_on_their_way),
        cmocka_unit_test(reads_behind_a_failing_one_are_asked_again),
        cmocka_unit_test(error_in_the_context_skips_the_step),
        cmocka_unit_test(callback_may_call_again),
        cmocka_unit_test(calls_beyond_the_queue_are_unavailable),
        cmocka_unit_test(calls_that_wait_too_long_are_unavailable),
        cmocka_unit_test(forgotten_calls_are_never_answered),
        cmocka_unit_test(statement_timeout_is_refused),
        cmocka_unit_test(constraint_checked_at_commit_is_refused),
        cmocka_unit_test(writes_run_on_all_connections),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
