/* The lanes of one worker over a private cluster, run by the test's own hand. */
#ifndef RONGQIAO_TESTS_LANES_H
#define RONGQIAO_TESTS_LANES_H

#include "rongqiao/db.h"

/* Statements for tests, on tables that lanes_schema() makes. */
extern const rq_statement lanes_statements[];
extern const size_t lanes_statement_count;
/* (Re)creates the tables empty; false with the reason on standard error. */
bool lanes_schema(const char *conninfo);
/* Runs SQL over its own blocking connection; the first value of the last result, or "" and a failed
 * assertion. */
void lanes_sql(const char *conninfo, const char *sql, char *out_value, size_t size);

typedef struct test_lanes {
    struct event_base *base;
    struct event *tick;
    rq_db *db;
    unsigned open; /* calls without an answer */
} test_lanes;

/* What became of a call. */
typedef struct test_answer {
    test_lanes *lanes;
    uint64_t ticket;
    unsigned times; /* its callback was called */
    rq_db_outcome outcome;
    int rows;
    char value[64]; /* of the first row and column */
    size_t length;  /* of that value, uncut */
    char sqlstate[6];
    char message[128], constraint[64];
    void (*then)(struct test_answer *answer, const rq_db_reply *reply); /* may be null */
    void *argument;                                                     /* of `then` */
} test_answer;

/* One connection of depth 4 in each lane, but two of them for writes; change it before lanes_open(). */
rq_db_settings lanes_settings(const char *conninfo);
/* Fails the test when it can't. */
void lanes_open(test_lanes *lanes, const rq_db_settings *settings);
/* Also waits until every connection is ready. */
void lanes_open_ready(test_lanes *lanes, const rq_db_settings *settings);
void lanes_close(test_lanes *lanes);

/* Calls `name` with up to two values, after the context statement with `user` unless that is null. */
void lanes_call(test_lanes *lanes, test_answer *answer, const char *user, const char *name, const char *first,
                const char *second);
/* Runs the loop until no call is open, or until the lane is ready; false after `limit_ms`. */
bool lanes_run(test_lanes *lanes, int64_t limit_ms);
bool lanes_run_until_ready(test_lanes *lanes, rq_lane lane, int64_t limit_ms);
/* Runs the loop for a while. */
void lanes_run_for(test_lanes *lanes, int64_t ms);
/* Calls and runs until the answer is there. */
test_answer lanes_ask(test_lanes *lanes, const char *user, const char *name, const char *first,
                      const char *second);

#endif
