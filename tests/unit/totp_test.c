#include "rongqiao/digest.h"
#include "rongqiao/totp.h"

#include "test.h"

static const uint8_t standards_secret[] = "12345678901234567890";

static void codes_are_those_of_rfc_6238(void **state)
{
    /* Appendix B, the rows of SHA-1: seconds and eight digits. */
    static const struct {
        int64_t second, code;
    } rows[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
                {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(
            rq_totp_code(standards_secret, RQ_TOTP_SECRET_BYTES, rows[i].second / RQ_TOTP_STEP_S, 8),
            rows[i].code);
}

static void codes_are_those_of_rfc_4226(void **state)
{
    /* Appendix D: the first ten counters. */
    static const int64_t codes[] = {755224, 287082, 359152, 969429, 338314,
                                    254676, 287922, 162583, 399871, 520489};
    (void)state;
    for (int64_t counter = 0; counter < 10; counter++)
        assert_int_equal(rq_totp_code(standards_secret, RQ_TOTP_SECRET_BYTES, counter, 6), codes[counter]);
}

static void one_step_before_and_after_is_taken(void **state)
{
    (void)state;
    /* 081804 is the code of the step that holds second 1111111109; leading zeros count. */
    int64_t second = 1111111109, step = second / RQ_TOTP_STEP_S;
    assert_int_equal(rq_totp_step_of(standards_secret, "081804", second), step);
    assert_int_equal(rq_totp_step_of(standards_secret, "081804", second + RQ_TOTP_STEP_S), step);
    assert_int_equal(rq_totp_step_of(standards_secret, "081804", second - RQ_TOTP_STEP_S), step);
    assert_int_equal(rq_totp_step_of(standards_secret, "081804", second + 2 * RQ_TOTP_STEP_S), -1);
    assert_int_equal(rq_totp_step_of(standards_secret, "081804", second - 2 * RQ_TOTP_STEP_S), -1);
}

static void what_is_no_code_is_none(void **state)
{
    static const char *const codes[] = {"", "81804", "0081804", "081805", " 81804", "o81804"};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(rq_totp_step_of(standards_secret, codes[i], 1111111109), -1);
}

static void base_32_is_that_of_rfc_4648_without_padding(void **state)
{
    static const struct {
        const char *data, *text;
    } rows[] = {{"", ""},
                {"f", "MY"},
                {"fo", "MZXQ"},
                {"foo", "MZXW6"},
                {"foob", "MZXW6YQ"},
                {"fooba", "MZXW6YTB"},
                {"foobar", "MZXW6YTBOI"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[16];
        rq_base32((const uint8_t *)rows[i].data, strlen(rows[i].data), text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_rfc_6238),
        cmocka_unit_test(codes_are_those_of_rfc_4226),
        cmocka_unit_test(one_step_before_and_after_is_taken),
        cmocka_unit_test(what_is_no_code_is_none),
        cmocka_unit_test(base_32_is_that_of_rfc_4648_without_padding),
    };
    return cmocka_run_group_tests_name("totp", tests, NULL, NULL);
}
