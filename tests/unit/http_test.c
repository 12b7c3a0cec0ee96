/* The request parser at its limits, as an object, and percent-decoding. */
#include "http_support.h"

/* Limits ------------------------------------------------------------------------------------------------ */

/* `head`, then `count` times `c`, then `tail`. Freed by the caller. */
static char *padded(const char *head, char c, size_t count, const char *tail, size_t *out_length)
{
    size_t head_length = strlen(head), tail_length = strlen(tail);
    char *bytes = malloc(head_length + count + tail_length + 1);
    assert_non_null(bytes);
    memcpy(bytes, head, head_length);
    memset(bytes + head_length, c, count);
    memcpy(bytes + head_length + count, tail, tail_length + 1);
    *out_length = head_length + count + tail_length;
    return bytes;
}

static void expect_padded(const char *head, size_t count, const char *tail, size_t limit,
                          const char *expected)
{
    size_t length;
    char *bytes = padded(head, 'a', count, tail, &length);
    expect_story_limited(bytes, length, limit, expected);
    free(bytes);
}

static void request_line_ends_at_its_limit(void **state)
{
    (void)state;
    size_t bare = strlen("GET / HTTP/1.1");
    size_t most = RQ_LIMIT_REQUEST_LINE - bare;
    const char *tail = " HTTP/1.1\r\nHost: a\r\n\r\n";
    char expected[128];
    snprintf(expected, sizeof expected, "R GET /%.*s; ", BODY_SHOWN - 1,
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    expect_padded("GET /", most, tail, WHOLE, expected);
    expect_padded("GET /", most + 1, tail, WHOLE, "X 414 target_too_long");
    expect_padded("GET /", 20000, "", WHOLE, "X 414 target_too_long");
}

static void header_block_ends_at_its_limit(void **state)
{
    (void)state;
    size_t most = RQ_LIMIT_HEADER_BYTES - strlen("Host: a\r\nX: \r\n\r\n");
    expect_padded("GET / HTTP/1.1\r\nHost: a\r\nX: ", most, "\r\n\r\n", WHOLE, "R GET /; ");
    expect_padded("GET / HTTP/1.1\r\nHost: a\r\nX: ", most + 1, "\r\n\r\n", WHOLE, "X 431 headers_too_large");
    expect_padded("GET / HTTP/1.1\r\nHost: a\r\nX: ", 40000, "", WHOLE, "X 431 headers_too_large");
}

static void header_fields_end_at_their_limit(void **state)
{
    (void)state;
    char bytes[RQ_LIMIT_HEADER_FIELDS * 8 + 128];
    for (int extra = 0; extra <= 1; extra++) {
        size_t length = (size_t)snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 1; i < RQ_LIMIT_HEADER_FIELDS + extra; i++)
            length += (size_t)snprintf(bytes + length, sizeof bytes - length, "a:\r\n");
        length += (size_t)snprintf(bytes + length, sizeof bytes - length, "\r\n");
        expect_story_limited(bytes, length, WHOLE, extra ? "X 431 headers_too_large" : "R GET /; ");
    }
}

static void body_of_known_length_ends_at_its_limit(void **state)
{
    (void)state;
    expect_padded(POST "Content-Length: 10\r\n\r\n", 10, "", 10, "R POST /p [aaaaaaaaaa]; ");
    expect_padded(POST "Content-Length: 11\r\n\r\n", 11, "", 10, "X 413 body_too_large");
    /* at once, before any byte of the body */
    expect_padded(POST "Content-Length: 65537\r\n\r\n", 0, "", WHOLE, "X 413 body_too_large");
}

static void body_in_chunks_ends_at_its_limit(void **state)
{
    (void)state;
    expect_story_limited(BYTES(CHUNKED "5\r\naaaaa\r\n5\r\naaaaa\r\n0\r\n\r\n"), 10,
                         "R POST /p [aaaaaaaaaa]; ");
    expect_story_limited(BYTES(CHUNKED "5\r\naaaaa\r\n6\r\naaaaaa\r\n0\r\n\r\n"), 10, "X 413 body_too_large");
}

static void default_body_limit_holds_without_a_call(void **state)
{
    (void)state;
    char expected[64];
    size_t length;
    char *bytes = padded(POST "Content-Length: 65536\r\n\r\n", 'a', RQ_LIMIT_BODY_BYTES, "", &length);
    rq_slice body = {bytes + length - RQ_LIMIT_BODY_BYTES, RQ_LIMIT_BODY_BYTES};
    snprintf(expected, sizeof expected, "R POST /p [65536 bytes %08x]; ", checksum(body));
    expect_story_limited(bytes, length, WHOLE, expected);
    free(bytes);
}

static void trailers_are_held_to_the_limits_of_the_head(void **state)
{
    (void)state;
    size_t most = RQ_LIMIT_HEADER_BYTES - strlen("X: \r\n\r\n");
    expect_padded(CHUNKED "1\r\nx\r\n0\r\nX: ", most, "\r\n\r\n", WHOLE, "R POST /p [x]; ");
    expect_padded(CHUNKED "1\r\nx\r\n0\r\nX: ", most + 1, "\r\n\r\n", WHOLE, "X 431 headers_too_large");
    char bytes[RQ_LIMIT_HEADER_FIELDS * 8 + 256];
    size_t length = (size_t)snprintf(bytes, sizeof bytes, CHUNKED "1\r\nx\r\n0\r\n");
    for (int i = 0; i <= RQ_LIMIT_HEADER_FIELDS; i++)
        length += (size_t)snprintf(bytes + length, sizeof bytes - length, "a:\r\n");
    expect_story_limited(bytes, length, WHOLE, "X 431 headers_too_large");
}

/* The input moves to the front under the head that has been parsed. */
static void long_body_behind_another_request_keeps_its_head(void **state)
{
    (void)state;
    enum { BODY = 20000 };
    size_t length;
    char *bytes = padded(AFTER POST "X: y\r\nContent-Length: 20000\r\n\r\n", 'a', BODY, AFTER, &length);
    rq_slice body = {strstr(bytes, "\r\n\r\naaaa") + 4, BODY};
    char expected[128];
    snprintf(expected, sizeof expected, "R GET /after; R POST /p [%d bytes %08x]; R GET /after; ", BODY,
             checksum(body));
    expect_story_limited(bytes, length, WHOLE, expected);
    free(bytes);
}

/* Many small chunks: the framing dropped must not use up the input's room. */
static void long_body_in_small_chunks_is_decoded(void **state)
{
    (void)state;
    enum { CHUNKS = 20000 };
    char *bytes = malloc(CHUNKS * 8 + 256);
    char *body = malloc(CHUNKS * 3);
    assert_non_null(bytes);
    assert_non_null(body);
    size_t length = (size_t)snprintf(bytes, 256, CHUNKED);
    for (size_t i = 0; i < CHUNKS; i++) {
        char digits[4];
        snprintf(digits, sizeof digits, "%03zu", i % 1000);
        memcpy(body + i * 3, digits, 3);
        length += (size_t)snprintf(bytes + length, 16, "3\r\n%s\r\n", digits);
    }
    length += (size_t)snprintf(bytes + length, 64, "0\r\n\r\n" AFTER);
    char expected[96];
    snprintf(expected, sizeof expected, "R POST /p [%d bytes %08x]; R GET /after; ", CHUNKS * 3,
             checksum((rq_slice){body, CHUNKS * 3}));
    expect_story_limited(bytes, length, WHOLE, expected);
    free(bytes);
    free(body);
}

/* The object --------------------------------------------------------------------------------------------- */

static void put(rq_http *http, const char *text, rq_http_event expected)
{
    size_t room, length = strlen(text);
    char *to = rq_http_room(http, &room);
    assert_non_null(to);
    assert_true(room >= length);
    memcpy(to, text, length);
    assert_int_equal(rq_http_feed(http, length), expected);
}

static void request_says_what_was_sent(void **state)
{
    (void)state;
    rq_http *http = rq_http_new();
    put(http,
        "PUT /a/b?c=d&e HTTP/1.1\r\nHost: x\r\nX-One:  two words\t \r\nX-Empty:\r\nContent-Length: 2\r\n\r\n",
        RQ_HTTP_HEAD);
    assert_true(rq_http_is_in_body(http));
    assert_true(rq_http_is_mid_request(http));
    put(http, "hi", RQ_HTTP_REQUEST);
    const rq_request *request = rq_http_request(http);
    assert_int_equal(request->method, RQ_PUT);
    assert_int_equal(request->minor_version, 1);
    assert_true(rq_slice_is(request->target, "/a/b?c=d&e"));
    assert_true(rq_slice_is(request->path, "/a/b"));
    assert_true(rq_slice_is(request->query, "c=d&e"));
    assert_true(rq_slice_is(request->body, "hi"));
    assert_true(rq_slice_is(rq_request_header(request, "x-ONE"), "two words"));
    assert_true(rq_request_header(request, "x-empty").data != NULL);
    assert_int_equal(rq_request_header(request, "x-empty").length, 0);
    assert_null(rq_request_header(request, "x-two").data);
    rq_http_free(http);
}

static void pipelined_request_waits_for_next(void **state)
{
    (void)state;
    rq_http *http = rq_http_new();
    put(http, GET "\r\n" AFTER, RQ_HTTP_REQUEST);
    assert_true(rq_http_has_input(http));
    assert_int_equal(rq_http_feed(http, 0), RQ_HTTP_REQUEST);
    assert_true(rq_slice_is(rq_http_request(http)->path, "/"));
    rq_http_next(http);
    assert_int_equal(rq_http_feed(http, 0), RQ_HTTP_REQUEST);
    assert_true(rq_slice_is(rq_http_request(http)->path, "/after"));
    assert_false(rq_http_has_input(http));
    rq_http_next(http);
    assert_int_equal(rq_http_feed(http, 0), RQ_HTTP_MORE);
    assert_false(rq_http_is_mid_request(http));
    rq_http_free(http);
}

static void room_ends_for_input_behind_a_complete_request(void **state)
{
    (void)state;
    rq_http *http = rq_http_new();
    put(http, GET "\r\n", RQ_HTTP_REQUEST);
    size_t room, taken = 0;
    char *to;
    while (taken < (1u << 24) && (to = rq_http_room(http, &room))) {
        memset(to, 'a', room);
        taken += room;
        assert_int_equal(rq_http_feed(http, room), RQ_HTTP_REQUEST);
    }
    assert_true(taken < (1u << 18));
    assert_true(rq_slice_is(rq_http_request(http)->path, "/"));
    rq_http_free(http);
}

static void refused_parser_stays_refused(void **state)
{
    (void)state;
    rq_http *http = rq_http_new();
    put(http, "BREW / HTTP/1.1\r\n", RQ_HTTP_REFUSED);
    rq_http_next(http);
    assert_int_equal(rq_http_feed(http, 0), RQ_HTTP_REFUSED);
    put(http, AFTER, RQ_HTTP_REFUSED);
    assert_int_equal(rq_http_refusal_status(http), 501);
    rq_http_free(http);
}

/* Percent-decoding -----------------------------------------------------------------------------------------
 */

static void expect_decoded(const char *text, bool plus_is_space, const char *expected)
{
    char out[64];
    size_t length = 0;
    bool good = rq_percent_decode(text, strlen(text), plus_is_space, out, &length);
    assert_int_equal(good, expected != NULL);
    if (!expected)
        return;
    assert_string_equal(out, expected);
    assert_int_equal(length, strlen(expected));
}

static void escapes_are_decoded_and_bad_ones_refused(void **state)
{
    (void)state;
    expect_decoded("", false, "");
    expect_decoded("a%20b+c", false, "a b+c");
    expect_decoded("a%20b+c", true, "a b c");
    expect_decoded("%E8%9e%8D%e6%a1%a5", false, "融桥");
    expect_decoded("%2f%2F", false, "//");
    expect_decoded("%f0%9f%8c%89", false, "\xf0\x9f\x8c\x89");
    const char *bad[] = {"%",         "%4",     "a%4",          "%zz",          "%00",   "a%00b", "%ff",
                         "%c0%80",    "%e8%9e", "%ed%a0%80",    "%f4%90%80%80", "%80",   "% 1",   "%+1",
                         "%e0%80%af", "%c1%bf", "%f0%80%80%80", "%f5%80%80%80", "%c3%28"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_decoded(bad[i], false, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_line_ends_at_its_limit),
        cmocka_unit_test(header_block_ends_at_its_limit),
        cmocka_unit_test(header_fields_end_at_their_limit),
        cmocka_unit_test(body_of_known_length_ends_at_its_limit),
        cmocka_unit_test(body_in_chunks_ends_at_its_limit),
        cmocka_unit_test(default_body_limit_holds_without_a_call),
        cmocka_unit_test(trailers_are_held_to_the_limits_of_the_head),
        cmocka_unit_test(long_body_behind_another_request_keeps_its_head),
        cmocka_unit_test(long_body_in_small_chunks_is_decoded),
        cmocka_unit_test(request_says_what_was_sent),
        cmocka_unit_test(pipelined_request_waits_for_next),
        cmocka_unit_test(room_ends_for_input_behind_a_complete_request),
        cmocka_unit_test(refused_parser_stays_refused),
        cmocka_unit_test(escapes_are_decoded_and_bad_ones_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
