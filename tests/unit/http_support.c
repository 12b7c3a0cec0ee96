#include "http_support.h"

static void tell(story *told, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(story *told, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(told->text + told->length, STORY_MAX - told->length, format, arguments);
    va_end(arguments);
    assert_true(written >= 0);
    told->length += (size_t)written;
    if (told->length >= STORY_MAX)
        told->length = STORY_MAX - 1;
}

unsigned checksum(rq_slice slice)
{
    unsigned sum = 2166136261u;
    for (size_t i = 0; i < slice.length; i++)
        sum = (sum ^ (unsigned char)slice.data[i]) * 16777619u;
    return sum;
}

static void tell_request(story *told, const rq_request *request)
{
    tell(told, "R %s %.*s", rq_method_names[request->method],
         (int)(request->path.length < BODY_SHOWN ? request->path.length : BODY_SHOWN), request->path.data);
    if (request->query.length)
        tell(told, "?%.*s", (int)(request->query.length < BODY_SHOWN ? request->query.length : BODY_SHOWN),
             request->query.data);
    if (request->body.length && request->body.length <= BODY_SHOWN)
        tell(told, " [%.*s]", (int)request->body.length, request->body.data);
    else if (request->body.length)
        tell(told, " [%zu bytes %08x]", request->body.length, checksum(request->body));
    if (!request->keep_alive)
        tell(told, " close");
    if (request->expect_continue)
        tell(told, " expect");
    for (size_t i = 0; i < request->header_count; i++) /* reads every slice, for the sanitizers */
        if (checksum(request->headers[i].name) == 0 && checksum(request->headers[i].value) == 0)
            tell(told, " odd");
    tell(told, "; ");
}

/* Takes what one feed gave, and goes on with what is buffered until more is needed. */
static void follow(rq_http *http, size_t count, size_t body_limit, story *told)
{
    rq_http_event event = rq_http_feed(http, count);
    while (event != RQ_HTTP_MORE && !told->over) {
        if (event == RQ_HTTP_HEAD) {
            if (body_limit)
                rq_http_body_limit(http, body_limit);
        } else if (event == RQ_HTTP_REQUEST) {
            tell_request(told, rq_http_request(http));
            assert_false(rq_http_is_mid_request(http));
            rq_http_next(http);
        } else {
            tell(told, "X %d %s", rq_http_refusal_status(http), rq_http_refusal_code(http));
            told->over = true;
            return;
        }
        event = rq_http_feed(http, 0);
    }
}

void feed_cut(const char *bytes, size_t length, const size_t *cuts, size_t cut_count, size_t body_limit,
              story *told)
{
    rq_http *http = rq_http_new();
    assert_non_null(http);
    told->length = 0;
    told->text[0] = '\0';
    told->over = false;
    size_t at = 0, cut = 0;
    while (at < length && !told->over) {
        while (cut < cut_count && cuts[cut] <= at)
            cut++;
        size_t end = cut < cut_count && cuts[cut] < length ? cuts[cut] : length;
        size_t room;
        char *to = rq_http_room(http, &room);
        assert_non_null(to);
        size_t take = end - at < room ? end - at : room;
        memcpy(to, bytes + at, take);
        at += take;
        follow(http, take, body_limit, told);
    }
    if (!told->over && rq_http_is_mid_request(http))
        tell(told, "...");
    rq_http_free(http);
}

void feed_whole(const char *bytes, size_t length, size_t body_limit, story *told)
{
    feed_cut(bytes, length, NULL, 0, body_limit, told);
}

static void feed_bytewise(const char *bytes, size_t length, size_t body_limit, story *told)
{
    size_t *cuts = calloc(length, sizeof *cuts);
    assert_non_null(cuts);
    for (size_t i = 0; i < length; i++)
        cuts[i] = i + 1;
    feed_cut(bytes, length, cuts, length, body_limit, told);
    free(cuts);
}

void expect_story_limited(const char *bytes, size_t length, size_t body_limit, const char *expected)
{
    static story told;
    feed_whole(bytes, length, body_limit, &told);
    assert_string_equal(told.text, expected);
    feed_bytewise(bytes, length, body_limit, &told);
    assert_string_equal(told.text, expected);
    for (size_t i = 1; i < length && length <= 2048; i++) {
        feed_cut(bytes, length, &i, 1, body_limit, &told);
        assert_string_equal(told.text, expected);
    }
}
