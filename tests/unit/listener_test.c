/* LISTEN over a real server. */
#include "test.h"

#include <event2/event.h>

#include "rongqiao/clock.h"
#include "support/cluster.h"
#include "support/lanes.h"

enum { LIMIT_MS = 60000 };

static test_cluster *server;

static int start(void **state)
{
    (void)state;
    server = cluster_start(NULL);
    return server == NULL;
}

static int stop(void **state)
{
    (void)state;
    cluster_free(server);
    return 0;
}

/* What a listener has said. */
typedef struct heard {
    unsigned loads, payloads;
    char last[64];
} heard;

static void on_heard(void *argument, const char *payload)
{
    heard *so_far = argument;
    if (payload == NULL) {
        so_far->loads++;
        return;
    }
    so_far->payloads++;
    (void)snprintf(so_far->last, sizeof(so_far->last), "%s", payload);
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    (void)argument;
}

/* Runs the loop until as much was heard. */
static bool run_until(struct event_base *base, const heard *so_far, unsigned loads, unsigned payloads)
{
    int64_t until_ms = rq_monotonic_ms() + LIMIT_MS;
    while ((so_far->loads < loads || so_far->payloads < payloads) && rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(base, EVLOOP_ONCE);
    }
    return so_far->loads == loads && so_far->payloads == payloads;
}

static void open_listener(struct event_base **out_base, struct event **out_tick, rq_listener **out_listener,
                          const char *channel, heard *so_far)
{
    const struct timeval tick = {.tv_usec = 10000};
    rq_error error = {.message = ""};
    *out_base = event_base_new();
    *out_tick = event_new(*out_base, -1, EV_PERSIST, on_tick, NULL);
    assert_int_equal(event_add(*out_tick, &tick), 0);
    assert_int_equal(
        rq_listener_new(*out_base, cluster_conninfo(server), channel, on_heard, so_far, out_listener, &error),
        RQ_OK);
}

static void notifications_arrive_after_the_first_load(void **state)
{
    (void)state;
    struct event_base *base;
    struct event *tick;
    rq_listener *listener;
    heard so_far = {0};
    open_listener(&base, &tick, &listener, "catalogue \"odd\" name", &so_far);
    assert_int_equal(so_far.loads, 0);
    assert_true(run_until(base, &so_far, 1, 0));
    lanes_sql(cluster_conninfo(server), "select pg_notify('catalogue \"odd\" name', 'version 7')", NULL, 0);
    assert_true(run_until(base, &so_far, 1, 1));
    assert_string_equal(so_far.last, "version 7");
    lanes_sql(cluster_conninfo(server),
              "select pg_notify('catalogue \"odd\" name', n::text) from generate_series(1, 500) n", NULL, 0);
    lanes_sql(cluster_conninfo(server), "select pg_notify('another', 'not ours')", NULL, 0);
    assert_true(run_until(base, &so_far, 1, 501));
    assert_string_equal(so_far.last, "500");
    rq_listener_free(listener);
    event_free(tick);
    event_base_free(base);
}

static void lost_listener_connects_again_and_asks_for_a_load(void **state)
{
    (void)state;
    struct event_base *base;
    struct event *tick;
    rq_listener *listener;
    heard so_far = {0};
    open_listener(&base, &tick, &listener, "catalogue", &so_far);
    assert_true(run_until(base, &so_far, 1, 0));
    lanes_sql(cluster_conninfo(server),
              "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'", NULL, 0);
    assert_true(run_until(base, &so_far, 2, 0));
    cluster_stop(server, CLUSTER_IMMEDIATE);
    int64_t until_ms = rq_monotonic_ms() + 300;
    while (rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(base, EVLOOP_ONCE);
    }
    assert_true(cluster_resume(server));
    assert_true(run_until(base, &so_far, 3, 0));
    lanes_sql(cluster_conninfo(server), "notify catalogue, 'healed'", NULL, 0);
    assert_true(run_until(base, &so_far, 3, 1));
    assert_string_equal(so_far.last, "healed");
    rq_listener_free(listener);
    event_free(tick);
    event_base_free(base);
}

static void listener_is_freed_at_any_moment(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++) {
        struct event_base *base;
        struct event *tick;
        rq_listener *listener;
        heard so_far = {0};
        open_listener(&base, &tick, &listener, "catalogue", &so_far);
        for (int i = 0; i < turns; i++) {
            (void)event_base_loop(base, EVLOOP_ONCE);
        }
        rq_listener_free(listener);
        event_free(tick);
        event_base_free(base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notifications_arrive_after_the_first_load),
        cmocka_unit_test(lost_listener_connects_again_and_asks_for_a_load),
        cmocka_unit_test(listener_is_freed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
