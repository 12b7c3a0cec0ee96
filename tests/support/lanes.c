#include "lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rongqiao/clock.h"

enum { TICK_US = 5000, ASK_MS = 60000 };

const rq_statement lanes_statements[] = {
    {"session/enter",
     "select set_config('app.user', $1, true), 1 / (case when $1 = 'nobody' then 0 else 1 end)", RQ_LANE_READ,
     "first"},
    {"echo", "select $1::text", RQ_LANE_READ, "first"},
    {"join", "select $1::text || coalesce($2::text, ' and null')", RQ_LANE_READ, "first second"},
    {"user", "select coalesce(nullif(current_setting('app.user', true), ''), '-')", RQ_LANE_READ, ""},
    {"transaction", "select now()::text", RQ_LANE_READ, ""},
    {"divide", "select (100 / $1::int)::text", RQ_LANE_READ, "first"},
    {"setting", "select current_setting($1)", RQ_LANE_READ, "first"},
    {"repeat", "select repeat($1, $2::int)", RQ_LANE_READ, "first second"},
    {"count", "select count(*)::text from thing where note = $1", RQ_LANE_READ, "first"},
    {"pid", "select pg_backend_pid()::text", RQ_LANE_READ, ""},
    {"write/thing", "insert into thing (id, note) values ($1::int, $2) returning id::text", RQ_LANE_WRITE,
     "first second"},
    {"write/child", "insert into child (parent) values ($1::int) returning 'made'", RQ_LANE_WRITE, "first"},
    {"write/transaction", "select now()::text", RQ_LANE_WRITE, ""},
    {"write/pid", "select pg_backend_pid()::text, pg_sleep($1::float8)", RQ_LANE_WRITE, "first"},
    {"write/room", "select no_room()", RQ_LANE_WRITE, ""},
    {"slow/sleep", "select $1::text, pg_sleep($2::float8)", RQ_LANE_SLOW, "first second"},
    {"slow/write", "insert into thing (id, note) values ($1::int, $2) returning id::text", RQ_LANE_SLOW,
     "first second"},
};
const size_t lanes_statement_count = sizeof(lanes_statements) / sizeof(lanes_statements[0]);

static const rq_statement *find(const char *name)
{
    for (size_t i = 0; i < lanes_statement_count; i++) {
        if (strcmp(lanes_statements[i].name, name) == 0) {
            return &lanes_statements[i];
        }
    }
    fail_msg("no test statement %s", name);
    return NULL;
}

void lanes_sql(const char *conninfo, const char *sql, char *out_value, size_t size)
{
    rq_error error = {.message = ""};
    PGconn *connection = NULL;
    if (rq_connect_blocking(conninfo, &connection, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    }
    if (out_value != NULL) {
        (void)snprintf(out_value, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    }
    PQclear(result);
    PQfinish(connection);
}

bool lanes_schema(const char *conninfo)
{
    lanes_sql(conninfo,
              "drop table if exists child; drop table if exists thing;"
              "create table thing (id int constraint thing_id primary key, note text);"
              "create table child (parent int constraint child_parent references thing"
              " deferrable initially deferred);"
              "create or replace function no_room() returns text language plpgsql as"
              " $$ begin raise exception 'no room' using errcode = 'disk_full'; end $$",
              NULL, 0);
    return true;
}

rq_db_settings lanes_settings(const char *conninfo)
{
    return (rq_db_settings){
        .conninfo = conninfo,
        .connections = {1, 2, 1},
        .depth = {4, 4, 1},
        .queue_max = 5000,
        .wait_ms = 30000,
        .statement_timeout_ms = {30000, 30000, 30000},
        .statements = lanes_statements,
        .statement_count = lanes_statement_count,
    };
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    (void)argument; /* only wakes the loop, so that the test can look */
}

void lanes_open(test_lanes *lanes, const rq_db_settings *settings)
{
    rq_error error = {.message = ""};
    const struct timeval tick = {.tv_usec = TICK_US};
    memset(lanes, 0, sizeof(*lanes));
    lanes->base = event_base_new();
    assert_non_null(lanes->base);
    lanes->tick = event_new(lanes->base, -1, EV_PERSIST, on_tick, NULL);
    assert_non_null(lanes->tick);
    assert_int_equal(event_add(lanes->tick, &tick), 0);
    if (rq_db_new(lanes->base, settings, &lanes->db, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
}

void lanes_open_ready(test_lanes *lanes, const rq_db_settings *settings)
{
    lanes_open(lanes, settings);
    int64_t until_ms = rq_monotonic_ms() + ASK_MS;
    for (unsigned lane = 0; lane < RQ_LANES; lane++) {
        const rq_db_counters *counters = rq_db_counters_of(lanes->db, (rq_lane)lane);
        while (atomic_load(&counters->connects) < settings->connections[lane] &&
               rq_monotonic_ms() < until_ms) {
            (void)event_base_loop(lanes->base, EVLOOP_ONCE);
        }
        assert_int_equal(atomic_load(&counters->connects), settings->connections[lane]);
    }
}

void lanes_close(test_lanes *lanes)
{
    rq_db_free(lanes->db);
    assert_int_equal(lanes->open, 0);
    event_free(lanes->tick);
    event_base_free(lanes->base);
}

static void on_reply(void *argument, const rq_db_reply *reply)
{
    test_answer *answer = argument;
    answer->times++;
    answer->outcome = reply->outcome;
    answer->lanes->open--;
    (void)snprintf(answer->sqlstate, sizeof(answer->sqlstate), "%s", reply->sqlstate);
    (void)snprintf(answer->message, sizeof(answer->message), "%s", reply->message);
    (void)snprintf(answer->constraint, sizeof(answer->constraint), "%s", reply->constraint);
    if (reply->outcome == RQ_DB_DONE) {
        answer->rows = PQntuples(reply->result);
    }
    if (answer->rows > 0) {
        (void)snprintf(answer->value, sizeof(answer->value), "%s", PQgetvalue(reply->result, 0, 0));
        answer->length = (size_t)PQgetlength(reply->result, 0, 0);
    }
    if (answer->then != NULL) {
        answer->then(answer, reply);
    }
}

void lanes_call(test_lanes *lanes, test_answer *answer, const char *user, const char *name, const char *first,
                const char *second)
{
    const rq_statement *statement = find(name);
    unsigned count = strstr(statement->text, "$2") != NULL   ? 2
                     : strstr(statement->text, "$1") != NULL ? 1
                                                             : 0;
    const rq_db_step context = {.statement = find("session/enter"), .values = {user}, .count = 1};
    const rq_db_step step = {.statement = statement, .values = {first, second}, .count = count};
    answer->lanes = lanes;
    lanes->open++;
    unsigned times = answer->times;
    answer->ticket = rq_db_call(lanes->db, user == NULL ? NULL : &context, &step, on_reply, answer);
    assert_true(answer->ticket != 0);
    assert_int_equal(answer->times, times);
}

bool lanes_run(test_lanes *lanes, int64_t limit_ms)
{
    int64_t until_ms = rq_monotonic_ms() + limit_ms;
    while (lanes->open > 0 && rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes->base, EVLOOP_ONCE);
    }
    return lanes->open == 0;
}

bool lanes_run_until_ready(test_lanes *lanes, rq_lane lane, int64_t limit_ms)
{
    int64_t until_ms = rq_monotonic_ms() + limit_ms;
    while (!rq_db_is_ready(lanes->db, lane, NULL) && rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes->base, EVLOOP_ONCE);
    }
    return rq_db_is_ready(lanes->db, lane, NULL);
}

void lanes_run_for(test_lanes *lanes, int64_t ms)
{
    int64_t until_ms = rq_monotonic_ms() + ms;
    while (rq_monotonic_ms() < until_ms) {
        (void)event_base_loop(lanes->base, EVLOOP_ONCE);
    }
}

test_answer lanes_ask(test_lanes *lanes, const char *user, const char *name, const char *first,
                      const char *second)
{
    test_answer answer = {0};
    lanes_call(lanes, &answer, user, name, first, second);
    assert_true(lanes_run(lanes, ASK_MS));
    assert_int_equal(answer.times, 1);
    return answer;
}
