#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rongqiao/clock.h"
#include "rongqiao/ids.h"
#include "test.h"

static rq_uscc_result check(const char *text)
{
    return rq_uscc_check(text, strlen(text));
}

/* The words of tests/data/uscc for our results. */
static const struct {
    const char *reason;
    rq_uscc_result result;
} reasons[] = {
    {"mod31", RQ_USCC_CHECK},
    {"length", RQ_USCC_LENGTH},
    {"region-not-digits", RQ_USCC_REGION},
    {"mod11 (embedded organisation code)", RQ_USCC_ORGANISATION},
};

static rq_uscc_result result_of(const char *reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reasons[i].reason, reason) == 0)
            return reasons[i].result;
    fail_msg("no result for the reason \"%s\"", reason);
    return RQ_USCC_OK;
}

/* Checks the first column of every row against the reason in the last one, or against "valid". Gives the
 * number of rows. */
static unsigned check_file(const char *name, bool is_valid)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/data/uscc/%s", RQ_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is missing", path);
    char line[1024];
    unsigned rows = 0;
    assert_non_null(fgets(line, sizeof line, file));
    assert_memory_equal(line, "code,", 5);
    for (; fgets(line, sizeof line, file); rows++) {
        line[strcspn(line, "\r\n")] = '\0';
        const char *reason = strrchr(line, ',') + 1;
        rq_uscc_result expected = is_valid ? RQ_USCC_OK : result_of(reason);
        rq_uscc_result found = rq_uscc_check(line, strcspn(line, ","));
        if (found != expected)
            fail_msg("%s: found %s, expected %s", line, rq_uscc_result_name(found),
                     rq_uscc_result_name(expected));
    }
    fclose(file);
    return rows;
}

static void every_real_code_is_valid(void **state)
{
    (void)state;
    assert_int_equal(check_file("uscc_valid.csv", true), 428);
}

static void every_mutant_is_rejected_for_its_reason(void **state)
{
    (void)state;
    assert_int_equal(check_file("uscc_mutants.csv", false), 25);
}

static void every_invalid_public_code_is_rejected_for_its_reason(void **state)
{
    (void)state;
    assert_int_equal(check_file("uscc_public_but_invalid.csv", false), 30);
}

static void the_reference_vectors_get_their_verdicts(void **state)
{
    (void)state;
    const struct {
        const char *code;
        rq_uscc_result result;
    } vectors[] = {
        {"91350100M000100Y43", RQ_USCC_OK}, /* the example of GB 32100-2015 */
        {"91350100M000100Y4Z", RQ_USCC_ALPHABET}, {"91512081MA62K0260E", RQ_USCC_OK},
        {"11320000MB151840XJ", RQ_USCC_OK},       {"91330100799655058B", RQ_USCC_OK},
        {"9144030071526726XG", RQ_USCC_OK},       {"914403001922038216", RQ_USCC_OK},
        {"91100000100003962T", RQ_USCC_OK},       {"9131000063159284XQ", RQ_USCC_OK},
        {"91330106MA57736580", RQ_USCC_OK}, /* remainder 0 gives 0 */
        {"91330106MA6966590Y", RQ_USCC_OK}, /* remainder 1 gives Y */
        {"91110108MA0TE5T165", RQ_USCC_OK},       {"92320505MA1XYW9928", RQ_USCC_OK},
        {"93510107MA6CD2E8X9", RQ_USCC_OK},       {"52310115MJ100001XE", RQ_USCC_OK},
        {"11420100MB0000123A", RQ_USCC_OK},       {"91350211M0000XUF46", RQ_USCC_CHECK},
        {"91350100M0001TGQXM", RQ_USCC_CHECK},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        if (check(vectors[i].code) != vectors[i].result)
            fail_msg("%s: found %s", vectors[i].code, rq_uscc_result_name(check(vectors[i].code)));
}

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static void every_single_substitution_is_found(void **state)
{
    (void)state;
    char code[] = "91350100M000100Y43";
    unsigned tried = 0;
    for (size_t at = 0; at < 18; at++) {
        char original = code[at];
        for (size_t i = 0; i < sizeof alphabet - 1; i++) {
            if (alphabet[i] == original)
                continue;
            code[at] = alphabet[i];
            assert_int_not_equal(check(code), RQ_USCC_OK);
            tried++;
        }
        code[at] = original;
    }
    assert_int_equal(tried, 540);
}

static void every_adjacent_swap_is_found(void **state)
{
    (void)state;
    const char *valid = "91350100M000100Y43";
    for (size_t at = 0; at + 1 < 18; at++) {
        char code[19];
        memcpy(code, valid, sizeof code);
        code[at] = valid[at + 1];
        code[at + 1] = valid[at];
        assert_true(valid[at] == valid[at + 1] || check(code) != RQ_USCC_OK);
    }
}

static void characters_outside_the_alphabet_are_named_first(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char code[] = "91350100M000100Y43";
        bool is_inside = c && strchr(alphabet, c);
        for (size_t at = 0; at < 18; at++) {
            char original = code[at];
            code[at] = (char)c;
            assert_int_equal(rq_uscc_check(code, 18) == RQ_USCC_ALPHABET, !is_inside);
            code[at] = original;
        }
    }
}

static void lower_case_is_outside_the_alphabet(void **state)
{
    (void)state;
    assert_int_equal(check("91350100m000100y43"), RQ_USCC_ALPHABET);
}

static void only_eighteen_characters_are_a_code(void **state)
{
    (void)state;
    const char *code = "91350100M000100Y4391350100M000100Y43";
    for (size_t length = 0; length <= 36; length++)
        assert_int_equal(rq_uscc_check(code, length), length == 18 ? RQ_USCC_OK : RQ_USCC_LENGTH);
}

static void every_result_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(rq_uscc_result_name(RQ_USCC_OK), "ok");
    assert_string_equal(rq_uscc_result_name(RQ_USCC_LENGTH), "length");
    assert_string_equal(rq_uscc_result_name(RQ_USCC_ALPHABET), "alphabet");
    assert_string_equal(rq_uscc_result_name(RQ_USCC_REGION), "region");
    assert_string_equal(rq_uscc_result_name(RQ_USCC_ORGANISATION), "organisation");
    assert_string_equal(rq_uscc_result_name(RQ_USCC_CHECK), "check");
}

static void a_new_id_is_a_version_7_uuid_of_this_moment(void **state)
{
    (void)state;
    char id[RQ_UUID_TEXT + 1];
    int64_t before = rq_wall_ms();
    assert_int_equal(rq_uuid_v7(id, NULL), RQ_OK);
    int64_t after = rq_wall_ms();
    assert_true(rq_uuid_is_valid(id, strlen(id)));
    assert_int_equal(id[14], '7');
    assert_non_null(strchr("89ab", id[19]));
    char time_digits[13] = "";
    memcpy(time_digits, id, 8);
    memcpy(time_digits + 8, id + 9, 4);
    assert_in_range(strtoll(time_digits, NULL, 16), before, after);
}

static void ids_of_one_thread_sort_in_the_order_they_were_made(void **state)
{
    (void)state;
    char before[RQ_UUID_TEXT + 1] = "", id[RQ_UUID_TEXT + 1];
    for (int i = 0; i < 200000; i++) {
        assert_int_equal(rq_uuid_v7(id, NULL), RQ_OK);
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof id);
    }
}

/* The moment at which the wall clock stands, or 0 while it runs. */
static int64_t standing_ms;

/* Stands before the C library's. */
int clock_gettime(clockid_t clock, struct timespec *out_now)
{
    if (clock != CLOCK_REALTIME || !standing_ms)
        return (int)syscall(SYS_clock_gettime, clock, out_now);
    *out_now = (struct timespec){.tv_sec = standing_ms / 1000, .tv_nsec = standing_ms % 1000 * 1000000};
    return 0;
}

static void ids_stay_in_order_while_the_clock_stands_still_or_steps_back(void **state)
{
    (void)state;
    char before[RQ_UUID_TEXT + 1] = "", id[RQ_UUID_TEXT + 1];
    int64_t now = rq_wall_ms();
    for (int i = 0; i < 30000; i++) {
        standing_ms = i < 20000 ? now : now - 3600000 + i;
        assert_int_equal(rq_uuid_v7(id, NULL), RQ_OK);
        assert_true(rq_uuid_is_valid(id, strlen(id)));
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof id);
    }
    standing_ms = 0;
}

enum { THREADS = 4, IDS_PER_THREAD = 5000 };
static char made[THREADS * IDS_PER_THREAD][RQ_UUID_TEXT + 1];

static void *make_ids(void *first)
{
    char(*out)[RQ_UUID_TEXT + 1] = first;
    for (int i = 0; i < IDS_PER_THREAD; i++)
        if (rq_uuid_v7(out[i], NULL))
            return "failed";
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void ids_of_several_threads_are_all_different(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, made[i * IDS_PER_THREAD]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    qsort(made, THREADS * IDS_PER_THREAD, sizeof made[0], compare_ids);
    for (size_t i = 1; i < THREADS * IDS_PER_THREAD; i++)
        assert_true(strcmp(made[i - 1], made[i]) < 0);
}

static void only_the_hyphenated_form_is_a_uuid(void **state)
{
    (void)state;
    const char *const right[] = {
        "00000000-0000-0000-0000-000000000000",
        "0199b1c2-7d3e-7abc-8def-0123456789ab",
        "0199B1C2-7D3E-7ABC-8DEF-0123456789AB",
    };
    const char *const wrong[] = {
        "",
        "0199b1c27d3e7abc8def0123456789ab",
        "0199b1c2-7d3e-7abc-8def-0123456789a",
        "0199b1c2-7d3e-7abc-8def-0123456789abc",
        "0199b1c2-7d3e-7abc-8def-0123456789ag",
        "0199b1c2-7d3e-7abc-8def-0123456789a ",
        " 199b1c2-7d3e-7abc-8def-0123456789ab",
        "{199b1c2-7d3e-7abc-8def-0123456789a}",
        "0199b1c27-d3e-7abc-8def-0123456789ab",
        "0199b1c2-7d3e-7abc-8def00123456789ab",
        "0199b1c2-7d3e-7abc--def-0123456789ab",
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_true(rq_uuid_is_valid(right[i], strlen(right[i])));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(rq_uuid_is_valid(wrong[i], strlen(wrong[i])));
    assert_false(rq_uuid_is_valid("0199b1c2-7d3e-7abc-8def-0123456789a\0", 36));
}

/* The two examples of GB 11643-1999, and what breaks one rule each. */
static void resident_id_is_checked_by_its_standard(void **state)
{
    static const struct {
        const char *text;
        bool is_valid;
    } rows[] = {
        {"11010519491231002X", true},
        {"440524188001010014", false}, /* valid by its check character; nobody born then lives */
        {"11010519491231002x", false}, /* the caller upper-cases */
        {"110105194912310021", false}, /* every digit of the last place but the right one */
        {"110105194913310020", false},
        {"110105194902300022", false}, /* no such days */
        {"11010519491231003X", false},
        {"21010519491231002X", false},
        {"010105194912310025", false},
        {"1101051949123100", false},
        {"11010519491231002X0", false},
        {"1101051949123100 X", false},
        {"110105209912310023", false}, /* not born yet */
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rq_resident_id_is_valid(rows[i].text, strlen(rows[i].text)) != rows[i].is_valid)
            fail_msg("%s", rows[i].text);
}

/* MOD 11-2 finds every single wrong digit and every swap of two neighbours. */
static void resident_id_with_any_one_mistake_is_found(void **state)
{
    static const char right[] = "11010519491231002X";
    (void)state;
    for (size_t i = 0; i < 18; i++)
        for (const char *digit = "0123456789X"; *digit; digit++) {
            char wrong[19];
            memcpy(wrong, right, sizeof wrong);
            wrong[i] = *digit;
            assert_int_equal(rq_resident_id_is_valid(wrong, 18), *digit == right[i]);
        }
    for (size_t i = 0; i + 1 < 18; i++) {
        char wrong[19];
        memcpy(wrong, right, sizeof wrong);
        wrong[i] = right[i + 1];
        wrong[i + 1] = right[i];
        assert_int_equal(rq_resident_id_is_valid(wrong, 18), wrong[i] == right[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_real_code_is_valid),
        cmocka_unit_test(every_mutant_is_rejected_for_its_reason),
        cmocka_unit_test(every_invalid_public_code_is_rejected_for_its_reason),
        cmocka_unit_test(the_reference_vectors_get_their_verdicts),
        cmocka_unit_test(every_single_substitution_is_found),
        cmocka_unit_test(every_adjacent_swap_is_found),
        cmocka_unit_test(characters_outside_the_alphabet_are_named_first),
        cmocka_unit_test(lower_case_is_outside_the_alphabet),
        cmocka_unit_test(only_eighteen_characters_are_a_code),
        cmocka_unit_test(every_result_has_its_word),
        cmocka_unit_test(a_new_id_is_a_version_7_uuid_of_this_moment),
        cmocka_unit_test(ids_of_one_thread_sort_in_the_order_they_were_made),
        cmocka_unit_test(ids_stay_in_order_while_the_clock_stands_still_or_steps_back),
        cmocka_unit_test(ids_of_several_threads_are_all_different),
        cmocka_unit_test(only_the_hyphenated_form_is_a_uuid),
        cmocka_unit_test(resident_id_is_checked_by_its_standard),
        cmocka_unit_test(resident_id_with_any_one_mistake_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
