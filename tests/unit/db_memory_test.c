/* Every allocation of the lanes and of their event loop fails once: nothing crashes or leaks, each call is
 * answered once, and the lanes heal. The build wraps malloc, calloc and realloc of this program. */
#include "test.h"

#include "rongqiao/clock.h"
#include "support/cluster.h"
#include "support/lanes.h"

enum { LIMIT_MS = 20000, CALLS = 6, POINTS_MAX = 400 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* Which allocation fails: the one that counts `left` down to 0, and while `lasts` all after it. */
static struct fault {
    bool is_armed, lasts, was_met;
    unsigned left;
} fault;

static bool fails(void)
{
    if (!fault.is_armed) {
        return false;
    }
    if (fault.left > 0) {
        fault.left--;
        return false;
    }
    fault.was_met = true;
    fault.is_armed = fault.lasts;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static test_cluster *server;

static int start(void **state)
{
    (void)state;
    event_set_mem_functions(__wrap_malloc, __wrap_realloc, free);
    server = cluster_start(NULL);
    return server == NULL || !lanes_schema(cluster_conninfo(server));
}

static int stop(void **state)
{
    (void)state;
    cluster_free(server);
    return 0;
}

static void arm(unsigned point, bool lasts)
{
    fault = (struct fault){.is_armed = true, .lasts = lasts, .left = point};
}

static bool disarm(void)
{
    fault.is_armed = false;
    return fault.was_met;
}

static unsigned answered;

static void on_reply(void *argument, const rq_db_reply *reply)
{
    unsigned *times = argument;
    (*times)++;
    answered++;
    assert_int_not_equal(reply->outcome, RQ_DB_REFUSED);
}

/* Calls while allocations fail; all must be answered once, and a later one must succeed. */
static void call_under_fault(test_lanes *lanes, unsigned point, bool lasts, bool *out_met)
{
    const rq_db_step context = {.statement = &lanes_statements[0], .values = {"bank"}, .count = 1};
    const rq_db_step step = {.statement = &lanes_statements[1], .values = {"x"}, .count = 1};
    unsigned times[CALLS] = {0};
    answered = 0;
    arm(point, lasts);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_true(rq_db_call(lanes->db, i % 2 == 0 ? &context : NULL, &step, on_reply, &times[i]) != 0);
    }
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    int64_t persists_until_ms = rq_monotonic_ms() + 50;
    while (answered < CALLS && rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes->base, EVLOOP_ONCE);
        if (rq_monotonic_ms() > persists_until_ms) {
            fault.is_armed = false; /* memory is back */
        }
    }
    *out_met = disarm();
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(times[i], 1);
    }
    for (bool is_well = false; !is_well;) {
        assert_true(rq_monotonic_ms() < until_ms);
        is_well = lanes_ask(lanes, "bank", "user", NULL, NULL).outcome == RQ_DB_DONE;
    }
}

static void run_points(bool lasts)
{
    unsigned point = 0;
    for (bool is_met = true; is_met; point++) {
        assert_in_range(point, 0, POINTS_MAX);
        test_lanes lanes;
        rq_db_settings settings = lanes_settings(cluster_conninfo(server));
        settings.connections[RQ_LANE_WRITE] = 0;
        settings.connections[RQ_LANE_SLOW] = 0;
        settings.wait_ms = 3000;
        lanes_open(&lanes, &settings); /* so that the faults meet connecting, too */
        call_under_fault(&lanes, point, lasts, &is_met);
        lanes_close(&lanes);
    }
    assert_true(point > CALLS);
}

static void call_survives_any_one_failed_allocation(void **state)
{
    (void)state;
    run_points(false);
}

static void call_survives_a_while_without_memory(void **state)
{
    (void)state;
    run_points(true);
}

static void lanes_are_made_whole_or_not_at_all(void **state)
{
    (void)state;
    struct event_base *base = event_base_new();
    rq_db_settings settings = lanes_settings(cluster_conninfo(server));
    bool is_met = true;
    unsigned refused = 0;
    for (unsigned point = 0; is_met && point < POINTS_MAX; point++) {
        rq_db *db = NULL;
        rq_error error;
        arm(point, false);
        rq_status status = rq_db_new(base, &settings, &db, &error);
        is_met = disarm();
        assert_true(status == RQ_OK || status == RQ_NOMEM);
        assert_true((status == RQ_OK) == (db != NULL));
        refused += status != RQ_OK;
        rq_db_free(db);
    }
    assert_false(is_met);
    assert_true(refused > 6);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_are_made_whole_or_not_at_all),
        cmocka_unit_test(call_survives_any_one_failed_allocation),
        cmocka_unit_test(call_survives_a_while_without_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
