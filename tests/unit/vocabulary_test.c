#include "rongqiao/vocabulary.h"
#include "test.h"

static void every_list_is_one_run_that_fits_a_bit_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < RQ_WORDS; i++) {
        rq_word_list list = rq_vocabulary(rq_words[i].list);
        assert_non_null(list.first);
        assert_in_range(list.count, 1, 64);
        assert_true(&rq_words[i] >= list.first && &rq_words[i] < list.first + list.count);
        for (size_t k = 0; k < list.count; k++)
            assert_string_equal(list.first[k].list, rq_words[i].list);
    }
}

static void every_word_is_found_at_its_own_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < RQ_WORDS; i++) {
        rq_word_list list = rq_vocabulary(rq_words[i].list);
        assert_int_equal(rq_word_index(list, rq_words[i].name, strlen(rq_words[i].name)),
                         &rq_words[i] - list.first);
    }
}

static void every_word_has_a_plain_name_and_both_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < RQ_WORDS; i++) {
        for (const char *c = rq_words[i].name; *c; c++)
            assert_true((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_');
        assert_true(rq_words[i].name[0] && rq_words[i].zh[0] && rq_words[i].en[0]);
    }
}

static void the_first_word_of_every_list_is_bit_zero(void **state)
{
    (void)state;
    const struct {
        const char *list;
        int first;
    } starts[] = {
        {"kind", RQ_FIRST_kind},
        {"tag", RQ_FIRST_tag},
        {"size", RQ_FIRST_size},
        {"tax_grade", RQ_FIRST_tax_grade},
        {"collateral", RQ_FIRST_collateral},
        {"purpose", RQ_FIRST_purpose},
        {"repayment", RQ_FIRST_repayment},
        {"repair", RQ_FIRST_repair},
        {"source", RQ_FIRST_source},
    };
    size_t words = 0;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        rq_word_list list = rq_vocabulary(starts[i].list);
        assert_ptr_equal(list.first, &rq_words[starts[i].first]);
        words += list.count;
    }
    /* A list that is missing above would leave words uncounted. */
    assert_int_equal(words, RQ_WORDS);
}

static void bits_that_code_names_agree_with_the_look_up(void **state)
{
    (void)state;
    rq_word_list kinds = rq_vocabulary("kind");
    assert_int_equal(rq_word_index(kinds, "bridge", 6), RQ_INDEX(kind, bridge));
    assert_true(RQ_BIT(kind, bridge) == UINT64_C(1) << rq_word_index(kinds, "bridge", 6));
    assert_true(RQ_BIT(kind, credit_loan) == 1);
    assert_true(RQ_BIT(source, declared) == 1);
}

static void unknown_words_and_lists_are_not_found(void **state)
{
    (void)state;
    rq_word_list kinds = rq_vocabulary("kind");
    assert_int_equal(rq_word_index(kinds, "bridges", 7), -1);
    assert_int_equal(rq_word_index(kinds, "bridg", 5), -1);
    assert_int_equal(rq_word_index(kinds, "Bridge", 6), -1);
    assert_int_equal(rq_word_index(kinds, "", 0), -1);
    assert_int_equal(rq_word_index(kinds, "micro", 5), -1);
    rq_word_list none = rq_vocabulary("kinds");
    assert_null(none.first);
    assert_int_equal(none.count, 0);
    assert_int_equal(rq_word_index(none, "bridge", 6), -1);
}

static void a_word_need_not_end_with_nul(void **state)
{
    (void)state;
    assert_int_equal(rq_word_index(rq_vocabulary("tax_grade"), "Mxyz", 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_is_one_run_that_fits_a_bit_set),
        cmocka_unit_test(every_word_is_found_at_its_own_place),
        cmocka_unit_test(every_word_has_a_plain_name_and_both_texts),
        cmocka_unit_test(the_first_word_of_every_list_is_bit_zero),
        cmocka_unit_test(bits_that_code_names_agree_with_the_look_up),
        cmocka_unit_test(unknown_words_and_lists_are_not_found),
        cmocka_unit_test(a_word_need_not_end_with_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
