/* Feeds the request parser in every way, and tells what it made of the input. */
#ifndef RONGQIAO_TESTS_UNIT_HTTP_SUPPORT_H
#define RONGQIAO_TESTS_UNIT_HTTP_SUPPORT_H

#include "rongqiao/http.h"

#include "test.h"

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /p HTTP/1.1\r\nHost: a\r\n"
#define AFTER "GET /after HTTP/1.1\r\nHost: a\r\n\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define BYTES(text) text, sizeof(text) - 1

enum { STORY_MAX = 4096, BODY_SHOWN = 64, WHOLE = 0 };

/* What a parser said of some input, as text: "R method path?query [body]; " for a request, "X status code"
 * for a refusal, "..." for a request that is not complete. */
typedef struct story {
    char text[STORY_MAX];
    size_t length;
    bool over;
} story;

unsigned checksum(rq_slice slice);
/* Feeds `length` bytes in pieces: `cuts` are ascending positions after which a new piece begins. A
 * `body_limit` of WHOLE leaves the parser's own. */
void feed_cut(const char *bytes, size_t length, const size_t *cuts, size_t cut_count, size_t body_limit,
              story *told);
void feed_whole(const char *bytes, size_t length, size_t body_limit, story *told);
/* Fed whole, byte by byte and, up to 2 kB, split at every position, the input tells `expected`. */
void expect_story_limited(const char *bytes, size_t length, size_t body_limit, const char *expected);

#endif
