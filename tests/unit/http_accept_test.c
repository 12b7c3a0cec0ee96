/* Weighted ranges and entity tags, as clients send them. */
#include "rongqiao/http.h"
#include "test.h"

static rq_slice slice(const char *text)
{
    return (rq_slice){text, strlen(text)};
}

static void ranges_come_with_their_weights(void **state)
{
    static const struct {
        const char *list, *text;
        int weight;
    } rows[] = {
        {"gzip, deflate, br", "br", 1000},
        {"gzip;q=0.8, br;q=0.25", "br", 250},
        {"gzip ; level=9 ; q=0.8", "gzip", 800},
        {"GZIP;Q=0.123456", "gzip", 123},
        {"br;q=0", "br", 0},
        {"br;q=1.000", "br", 1000},
        {"br;q=7", "br", 1000},
        {"br;q=x", "br", 0},
        {"br;q=", "br", 0},
        {"text/html,application/xhtml+xml,*/*;q=0.8", "*/*", 800},
        {",, ,br,", "br", 1000},
        {"", "br", -1},
        {"brotli", "br", -1},
        {"b", "br", -1},
        {";q=1", "", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(rq_accept_weight(slice(rows[i].list), rows[i].text), rows[i].weight);
    assert_int_equal(rq_accept_weight((rq_slice){NULL, 0}, "br"), -1);
}

static void ranges_are_walked_in_order(void **state)
{
    rq_slice list = slice("a;q=0.1 , b"), range;
    int weight;
    (void)state;
    assert_true(rq_accept_next(&list, &range, &weight));
    assert_true(rq_slice_is(range, "a") && weight == 100);
    assert_true(rq_accept_next(&list, &range, &weight));
    assert_true(rq_slice_is(range, "b") && weight == 1000);
    assert_false(rq_accept_next(&list, &range, &weight));
}

static void entity_tags_are_named_weakly_too(void **state)
{
    static const char *const naming[] = {"\"x\"", "\"a\", \"x\"", "W/\"x\"", "*", "\"a\",W/\"x\" "};
    static const char *const others[] = {"", "\"X\"", "x", "\"a\"", "\"xx\"", "W/"};
    (void)state;
    for (size_t i = 0; i < sizeof(naming) / sizeof(naming[0]); i++)
        assert_true(rq_etag_is_named(slice(naming[i]), "\"x\""));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(rq_etag_is_named(slice(others[i]), "\"x\""));
    assert_false(rq_etag_is_named((rq_slice){NULL, 0}, "\"x\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_come_with_their_weights),
        cmocka_unit_test(ranges_are_walked_in_order),
        cmocka_unit_test(entity_tags_are_named_weakly_too),
    };
    return cmocka_run_group_tests_name("unit.http_accept", tests, NULL, NULL);
}
