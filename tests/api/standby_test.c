/* Synchronous replication: a commit that no standby has confirmed is never acknowledged, neither by the first
 * answer nor by its repetition. The standby that is waited for does not exist. */
#include <pthread.h>

#include "test.h"

static test_user operator;

static void wait_for_standby(const char *name)
{
    if (*name)
        house_sql("alter system set synchronous_standby_names = '%s'", name);
    else
        house_sql("alter system reset synchronous_standby_names");
    house_sql("select pg_reload_conf()");
}

static bool is_waited_for(void *argument)
{
    (void)argument;
    return house_count("select count(*) from pg_stat_activity where wait_event = 'SyncRep' and usename = "
                       "'rongqiao_app'") > 0;
}

/* A request on a thread of its own, since it is to wait. */
typedef struct request {
    pthread_t thread;
    const char *key, *body;
    test_answer *answer;
} request;

static void *send_request(void *argument)
{
    request *what = argument;
    test_user user = operator;
    user.client = client_new();
    what->answer =
        ask_raw(&user, "POST", "/v1/users",
                textf("Content-Type: application/json\r\nIdempotency-Key: %s\r\n", what->key), what->body);
    client_free(user.client);
    return NULL;
}

static void begin(request *what)
{
    assert_int_equal(pthread_create(&what->thread, NULL, send_request, what), 0);
}

static test_answer *end(request *what)
{
    assert_int_equal(pthread_join(what->thread, NULL), 0);
    assert_non_null(what->answer);
    return what->answer;
}

static bool cancel(void *argument)
{
    request *what = argument;
    house_sql("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'");
    return pthread_tryjoin_np(what->thread, NULL) == 0;
}

/* Cancels the wait as an administrator would, again and again, until the request has its answer. */
static test_answer *end_by_cancel(request *what)
{
    assert_true(eventually(is_waited_for, NULL));
    assert_true(eventually(cancel, what));
    assert_non_null(what->answer);
    return what->answer;
}

static void unconfirmed_commit_is_answered_as_unknown_until_it_is_confirmed(void **state)
{
    (void)state;
    request first = {.key = "once-only",
                     .body = "{\"login\":\"unsure\",\"name\":\"x\",\"password\":\"" HOUSE_PASSWORD
                             "\",\"roles\":[\"auditor\"]}"},
            again = first, last = first;
    wait_for_standby("nobody");
    begin(&first);
    test_answer *answer = end_by_cancel(&first);
    check_problem(answer, 503, "outcome_unknown");
    assert_non_null(answer_header(answer, "Retry-After"));
    /* It is committed here, and perhaps nowhere else: the repetition may not say that it is done. */
    assert_int_equal(house_count("select count(*) from app_user where login = 'unsure'"), 1);
    begin(&again);
    check_problem(end_by_cancel(&again), 503, "outcome_unknown");
    wait_for_standby("");
    begin(&last);
    answer = end(&last);
    check_status(answer, 201);
    assert_string_equal(answer_header(answer, "Idempotent-Replayed"), "true");
    assert_int_equal(house_count("select count(*) from app_user where login = 'unsure'"), 1);
}

/* Past its deadline the server drops the connection, which cancels nothing: the commit goes on to wait. */
static void commit_that_waits_too_long_is_unknown_and_never_cancelled(void **state)
{
    (void)state;
    request first = {.key = "slow-one",
                     .body = "{\"login\":\"late\",\"name\":\"x\",\"password\":\"" HOUSE_PASSWORD
                             "\",\"roles\":[\"auditor\"]}"},
            last = first;
    wait_for_standby("nobody");
    begin(&first);
    check_problem(end(&first), 503, "outcome_unknown");
    assert_true(is_waited_for(NULL));
    /* The repetition waits for the first, which holds the key, and is told so. */
    test_answer *busy;
    begin(&last);
    busy = end(&last);
    assert_true(busy->status == 409 || busy->status == 503);
    assert_true(is_waited_for(NULL));
    wait_for_standby("");
    last = first;
    begin(&last);
    test_answer *answer = end(&last);
    for (int i = 0; i < 20 && answer->status != 201; i++) { /* the first one's wait has just ended */
        last = first;
        begin(&last);
        answer = end(&last);
    }
    check_status(answer, 201);
    assert_int_equal(house_count("select count(*) from app_user where login = 'late'"), 1);
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
    wait_for_standby("");
    user_leave(&operator);
    return house_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(unconfirmed_commit_is_answered_as_unknown_until_it_is_confirmed),
        API_TEST(commit_that_waits_too_long_is_unknown_and_never_cancelled),
    };
    house_settings = "log_level = error\nwrite_timeout_ms = 3000\n";
    return cmocka_run_group_tests_name("api.standby", tests, open_house, close_house);
}
