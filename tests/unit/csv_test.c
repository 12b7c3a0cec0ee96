/* Documents as rows of CSV: quoting, formulas, lists, what is absent. */
#include "api/csv.h"
#include "test.h"

static const char *row_of(const char *columns, const char *json)
{
    static char text[4096];
    rq_buffer out;
    json_t *document = json_loads(json, 0, NULL);
    assert_non_null(document);
    rq_buffer_init(&out, sizeof(text) - 1);
    rq_csv_write_row(&out, columns, document);
    assert_false(out.failed);
    memcpy(text, out.data, out.length);
    text[out.length] = '\0';
    rq_buffer_done(&out);
    json_decref(document);
    return text;
}

static void head_is_a_mark_and_the_names(void **state)
{
    rq_buffer out;
    (void)state;
    rq_buffer_init(&out, 100);
    rq_csv_write_head(&out, "id,enterprise.name");
    assert_int_equal(out.length, 3 + 18 + 2);
    assert_memory_equal(out.data, "\xef\xbb\xbfid,enterprise.name\r\n", out.length);
    rq_buffer_done(&out);
}

static void values_are_written_by_their_kind(void **state)
{
    static const struct {
        const char *json, *cell;
    } rows[] = {
        {"\"plain\"", "plain"},
        {"\"\"", ""},
        {"null", ""},
        {"true", "true"},
        {"12345678901234", "12345678901234"},
        {"-5", "-5"}, /* a number is no formula */
        {"1.5", "1.5"},
        {"\"中文\"", "中文"},
        {"\"a,b\"", "\"a,b\""},
        {"\"say \\\"no\\\"\"", "\"say \"\"no\"\"\""},
        {"\"two\\nlines\"", "\"two\nlines\""},
        {"\"cr\\r\"", "\"cr\r\""},
        {"[\"a\",\"b\"]", "a|b"},
        {"[\"a\",1,true]", "a|1|true"},
        {"[]", ""},
        {"[\"a,b\",\"c\"]", "\"a,b|c\""},
        {"[{\"a\":1}]", "\"[{\"\"a\"\":1}]\""},
        {"{\"a\":\"=1\"}", "\"{\"\"a\"\":\"\"=1\"\"}\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char document[256], expected[256];
        snprintf(document, sizeof(document), "{\"v\":%s}", rows[i].json);
        snprintf(expected, sizeof(expected), "%s\r\n", rows[i].cell);
        assert_string_equal(row_of("v", document), expected);
    }
}

static void text_that_would_be_a_formula_begins_with_an_apostrophe(void **state)
{
    (void)state;
    assert_string_equal(row_of("v", "{\"v\":\"=1+1\"}"), "'=1+1\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"+86 138\"}"), "'+86 138\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"-1\"}"), "'-1\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"@SUM(A1)\"}"), "'@SUM(A1)\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"\\tx\"}"), "'\tx\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"\\rx\"}"), "\"'\rx\"\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"=HYPERLINK(\\\"a\\\",1)\"}"),
                        "\"'=HYPERLINK(\"\"a\"\",1)\"\r\n");
    assert_string_equal(row_of("v", "{\"v\":[\"=1\",\"=2\"]}"), "'=1|=2\r\n");
    assert_string_equal(row_of("v", "{\"v\":\"a=1\"}"), "a=1\r\n");
}

static void columns_go_down_at_dots_and_are_empty_where_nothing_is(void **state)
{
    (void)state;
    assert_string_equal(row_of("a.b,a.c.d,x,a.b.c,e", "{\"a\":{\"b\":1,\"c\":{\"d\":2}},\"e\":null}"),
                        "1,2,,,\r\n");
    assert_string_equal(row_of("a.b", "{\"a\":null}"), "\r\n");
}

static void full_buffer_is_told(void **state)
{
    rq_buffer out;
    json_t *document = json_loads("{\"v\":\"0123456789\"}", 0, NULL);
    (void)state;
    rq_buffer_init(&out, 5);
    rq_csv_write_row(&out, "v", document);
    assert_true(out.failed);
    rq_buffer_done(&out);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_is_a_mark_and_the_names),
        cmocka_unit_test(values_are_written_by_their_kind),
        cmocka_unit_test(text_that_would_be_a_formula_begins_with_an_apostrophe),
        cmocka_unit_test(columns_go_down_at_dots_and_are_empty_where_nothing_is),
        cmocka_unit_test(full_buffer_is_told),
    };
    return cmocka_run_group_tests_name("unit.csv", tests, NULL, NULL);
}
