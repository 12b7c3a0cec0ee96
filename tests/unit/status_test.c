#include "rongqiao/status.h"
#include "test.h"

static void failing_returns_the_status_and_keeps_the_reason(void **state)
{
    (void)state;
    rq_error error = {0};
    assert_int_equal(rq_fail(&error, RQ_INVALID, "%s is above %d", "term", 360), RQ_INVALID);
    assert_int_equal(error.status, RQ_INVALID);
    assert_string_equal(error.message, "term is above 360");
}

static void failing_works_without_a_place_for_the_reason(void **state)
{
    (void)state;
    assert_int_equal(rq_fail(NULL, RQ_BUSY, "the queue is full"), RQ_BUSY);
}

static void a_long_reason_is_cut_and_ended(void **state)
{
    (void)state;
    rq_error error;
    memset(&error, 'x', sizeof error);
    (void)rq_fail(&error, RQ_IO, "%400d", 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void a_reason_can_quote_the_one_it_replaces(void **state)
{
    (void)state;
    rq_error error = {0};
    (void)rq_fail(&error, RQ_IO, "no route");
    assert_int_equal(rq_fail(&error, error.status, "connecting: %s", error.message), RQ_IO);
    assert_string_equal(error.message, "connecting: no route");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_returns_the_status_and_keeps_the_reason),
        cmocka_unit_test(failing_works_without_a_place_for_the_reason),
        cmocka_unit_test(a_long_reason_is_cut_and_ended),
        cmocka_unit_test(a_reason_can_quote_the_one_it_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
