#include "rongqiao/clock.h"
#include "test.h"

static const int64_t ms_per_day = 86400000;

static rq_date date_of(const char *text)
{
    rq_date date = 0;
    assert_true(rq_date_parse(text, strlen(text), &date));
    return date;
}

static bool is_date(const char *text)
{
    rq_date date = 0;
    return rq_date_parse(text, strlen(text), &date);
}

static void known_days_have_their_known_numbers(void **state)
{
    (void)state;
    assert_int_equal(date_of("1970-01-01"), 0);
    assert_int_equal(date_of("1900-01-01"), -25567);
    assert_int_equal(date_of("2000-02-29"), 11016);
    assert_int_equal(date_of("2026-11-24"), 20781);
    assert_int_equal(date_of("2199-12-31"), 84005);
    assert_int_equal(rq_date_from_civil(1969, 12, 31), -1);
    assert_int_equal(rq_date_from_civil(1, 1, 1), -719162);
}

static void every_day_of_three_centuries_is_written_and_read_back_in_order(void **state)
{
    (void)state;
    char text[RQ_DATE_TEXT + 1], before[RQ_DATE_TEXT + 1] = "1899-12-31";
    rq_date last = date_of("2199-12-31");
    for (rq_date day = date_of("1900-01-01"); day <= last; day++) {
        rq_date_format(day, text);
        assert_int_equal(date_of(text), day);
        assert_true(strcmp(text, before) > 0);
        memcpy(before, text, sizeof before);
    }
    assert_string_equal(text, "2199-12-31");
}

static void days_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "2026-02-29", "1900-02-29", "2100-02-29", "2026-04-31", "2026-00-10", "2026-13-01",
        "2026-01-00", "2026-01-32", "1899-12-31", "2200-01-01", "0000-00-00",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(is_date(wrong[i]));
    assert_true(is_date("2000-02-29"));
    assert_true(is_date("2024-02-29"));
}

static void other_ways_to_write_a_day_are_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "",
        "2026-1-01",
        "2026/01/01",
        "20260101",
        "2026-01-01 ",
        " 2026-01-01",
        "+026-01-01",
        "2026-01-1x",
        "2026-0x-01",
        "2026--1-01",
        "2026-01--1",
        "26-01-01",
        "2026-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(is_date(wrong[i]));
}

static void a_refused_day_leaves_the_result_alone(void **state)
{
    (void)state;
    rq_date date = 7;
    assert_false(rq_date_parse("2026-02-30", 10, &date));
    assert_int_equal(date, 7);
}

static void days_without_a_four_digit_year_are_written_as_the_nearest_that_has_one(void **state)
{
    (void)state;
    char text[RQ_DATE_TEXT + 1];
    rq_date_format(INT32_MAX, text);
    assert_string_equal(text, "9999-12-31");
    rq_date_format(INT32_MIN, text);
    assert_string_equal(text, "0000-01-01");
}

static void a_moment_is_written_as_rfc3339_in_utc(void **state)
{
    (void)state;
    const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},         {INT64_C(1795501800123), "2026-11-24T06:30:00.123Z"},
        {-1, "1969-12-31T23:59:59.999Z"},        {951868799999, "2000-02-29T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"}, {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[RQ_RFC3339_TEXT + 1];
        rq_rfc3339(cases[i].wall_ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_moment_is_written_as_an_imf_date(void **state)
{
    (void)state;
    const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {INT64_C(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT"}, /* RFC 9110 section 5.6.7 */
        {INT64_C(1795501800123), "Tue, 24 Nov 2026 06:30:00 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[RQ_IMF_DATE_TEXT + 1];
        rq_imf_date(cases[i].wall_ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void months_are_whole_ones(void **state)
{
    (void)state;
    const struct {
        const char *from, *to;
        int months;
    } cases[] = {
        {"2026-01-15", "2026-01-15", 0},   {"2026-01-15", "2026-02-14", 0},   {"2026-01-15", "2026-02-15", 1},
        {"2026-01-15", "2027-01-14", 11},  {"2026-01-15", "2027-01-15", 12},  {"2025-12-31", "2026-01-01", 0},
        {"2000-02-29", "2026-02-28", 312}, {"1990-05-20", "2026-11-24", 438},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(rq_months_between(date_of(cases[i].from), date_of(cases[i].to)), cases[i].months);
}

static void the_last_day_of_a_short_month_completes_the_month(void **state)
{
    (void)state;
    assert_int_equal(rq_months_between(date_of("2026-01-31"), date_of("2026-02-27")), 0);
    assert_int_equal(rq_months_between(date_of("2026-01-31"), date_of("2026-02-28")), 1);
    assert_int_equal(rq_months_between(date_of("2028-01-31"), date_of("2028-02-28")), 0);
    assert_int_equal(rq_months_between(date_of("2028-01-31"), date_of("2028-02-29")), 1);
    assert_int_equal(rq_months_between(date_of("2026-03-31"), date_of("2026-04-30")), 1);
    assert_int_equal(rq_months_between(date_of("2026-03-31"), date_of("2026-05-30")), 1);
}

static void months_never_shrink_as_days_pass(void **state)
{
    (void)state;
    rq_date last = date_of("2034-01-01");
    for (rq_date from = date_of("2026-01-01"); from < date_of("2030-01-01"); from += 17)
        for (rq_date to = from, before = 0; to < last; to++) {
            int32_t months = rq_months_between(from, to);
            assert_in_range(months, before, before + 1);
            before = months;
        }
}

static void months_to_an_earlier_day_are_none(void **state)
{
    (void)state;
    assert_int_equal(rq_months_between(date_of("2026-06-01"), date_of("2020-06-01")), 0);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t before = rq_monotonic_us();
    for (int i = 0; i < 10000; i++) {
        int64_t now = rq_monotonic_us();
        assert_true(now >= before);
        before = now;
    }
    assert_true(rq_monotonic_ms() >= before / 1000);
}

static void today_is_the_day_in_shanghai(void **state)
{
    (void)state;
    int64_t before = rq_wall_ms();
    rq_date today = rq_today();
    int64_t after = rq_wall_ms();
    const int64_t offset = 8 * 3600 * 1000;
    assert_in_range(today, (before + offset) / ms_per_day, (after + offset) / ms_per_day);
    assert_true(before > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_days_have_their_known_numbers),
        cmocka_unit_test(every_day_of_three_centuries_is_written_and_read_back_in_order),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(other_ways_to_write_a_day_are_refused),
        cmocka_unit_test(a_refused_day_leaves_the_result_alone),
        cmocka_unit_test(days_without_a_four_digit_year_are_written_as_the_nearest_that_has_one),
        cmocka_unit_test(a_moment_is_written_as_rfc3339_in_utc),
        cmocka_unit_test(a_moment_is_written_as_an_imf_date),
        cmocka_unit_test(months_are_whole_ones),
        cmocka_unit_test(the_last_day_of_a_short_month_completes_the_month),
        cmocka_unit_test(months_never_shrink_as_days_pass),
        cmocka_unit_test(months_to_an_earlier_day_are_none),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(today_is_the_day_in_shanghai),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
