/* The JSON writer of rongqiao/buffer.h. */
#include <jansson.h>

#include "rongqiao/buffer.h"
#include "test.h"

static int set_up(void **state)
{
    static rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    *state = &buffer;
    return 0;
}

static int tear_down(void **state)
{
    rq_buffer_done(*state);
    return 0;
}

static void values_are_separated_and_keys_keep_their_order(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "id", "n-1");
    rq_json_int(&json, "amount_fen", INT64_C(500000000));
    rq_json_array(&json, "kinds");
    rq_json_string(&json, NULL, "credit_loan");
    rq_json_string(&json, NULL, "factoring");
    rq_json_array_end(&json);
    rq_json_object(&json, "empty");
    rq_json_object_end(&json);
    rq_json_array(&json, "none");
    rq_json_array_end(&json);
    rq_json_bool(&json, "first_loan", true);
    rq_json_bool(&json, "listed", false);
    rq_json_null(&json, "rate");
    rq_json_raw(&json, "as_is", "[1,2]", 5);
    rq_json_object_end(&json);
    assert_string_equal(rq_buffer_cstring(buffer),
                        "{\"id\":\"n-1\",\"amount_fen\":500000000,\"kinds\":[\"credit_loan\",\"factoring\"],"
                        "\"empty\":{},\"none\":[],\"first_loan\":true,\"listed\":false,\"rate\":null,"
                        "\"as_is\":[1,2]}");
}

static void objects_in_an_array_are_separated(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_array(&json, NULL);
    for (int i = 0; i < 3; i++) {
        rq_json_object(&json, NULL);
        rq_json_int(&json, "rank", i);
        rq_json_object_end(&json);
    }
    rq_json_array_end(&json);
    assert_string_equal(rq_buffer_cstring(buffer), "[{\"rank\":0},{\"rank\":1},{\"rank\":2}]");
}

static void quotes_backslashes_and_control_characters_are_escaped(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_string(&json, NULL, "a\"b\\c/d\b\t\n\f\r\x01\x1f\x7f");
    assert_string_equal(rq_buffer_cstring(buffer), "\"a\\\"b\\\\c/d\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\"");
}

static void keys_are_escaped_too(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_object(&json, NULL);
    rq_json_int(&json, "a\"\n", 1);
    rq_json_object_end(&json);
    assert_string_equal(rq_buffer_cstring(buffer), "{\"a\\\"\\n\":1}");
}

static void chinese_text_passes_as_it_is(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_string(&json, NULL, "融资需求 €");
    assert_string_equal(rq_buffer_cstring(buffer), "\"融资需求 €\"");
}

static void a_counted_string_may_hold_nul(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_string_n(&json, NULL, "a\0bcd", 3);
    assert_string_equal(rq_buffer_cstring(buffer), "\"a\\u0000b\"");
}

static void a_null_text_is_null_and_an_empty_one_is_empty(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_array(&json, NULL);
    rq_json_string(&json, NULL, NULL);
    rq_json_string_n(&json, NULL, NULL, 5);
    rq_json_string(&json, NULL, "");
    rq_json_string_n(&json, NULL, "x", 0);
    rq_json_array_end(&json);
    assert_string_equal(rq_buffer_cstring(buffer), "[null,null,\"\",\"\"]");
}

static void the_ends_of_int64_are_written_exactly(void **state)
{
    rq_buffer *buffer = *state;
    rq_json json = rq_json_on(buffer);
    rq_json_array(&json, NULL);
    rq_json_int(&json, NULL, INT64_MIN);
    rq_json_int(&json, NULL, INT64_MAX);
    rq_json_array_end(&json);
    assert_string_equal(rq_buffer_cstring(buffer), "[-9223372036854775808,9223372036854775807]");
}

static void what_is_written_another_reader_reads_back(void **state)
{
    rq_buffer *buffer = *state;
    char text[256 + 1];
    for (int i = 0; i < 127; i++)
        text[i] = (char)(i + 1);
    text[127] = '\0';
    rq_json json = rq_json_on(buffer);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "all", text);
    rq_json_object_end(&json);
    json_error_t why;
    json_t *read = json_loadb(buffer->data, buffer->length, JSON_REJECT_DUPLICATES, &why);
    assert_non_null(read);
    assert_string_equal(json_string_value(json_object_get(read, "all")), text);
    json_decref(read);
}

static void a_document_past_the_limit_is_a_failure_to_be_seen_once(void **state)
{
    (void)state;
    rq_buffer small;
    rq_buffer_init(&small, 20);
    rq_json json = rq_json_on(&small);
    rq_json_object(&json, NULL);
    for (int i = 0; i < 10; i++)
        rq_json_int(&json, "key", i);
    rq_json_object_end(&json);
    assert_true(small.failed);
    assert_null(rq_buffer_cstring(&small));
    assert_true(small.length <= 20);
    rq_buffer_done(&small);
}

#define WITH_BUFFER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BUFFER(values_are_separated_and_keys_keep_their_order),
        WITH_BUFFER(objects_in_an_array_are_separated),
        WITH_BUFFER(quotes_backslashes_and_control_characters_are_escaped),
        WITH_BUFFER(keys_are_escaped_too),
        WITH_BUFFER(chinese_text_passes_as_it_is),
        WITH_BUFFER(a_counted_string_may_hold_nul),
        WITH_BUFFER(a_null_text_is_null_and_an_empty_one_is_empty),
        WITH_BUFFER(the_ends_of_int64_are_written_exactly),
        WITH_BUFFER(what_is_written_another_reader_reads_back),
        cmocka_unit_test(a_document_past_the_limit_is_a_failure_to_be_seen_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
