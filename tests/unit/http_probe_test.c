/* The request parser against the bytes that make lenient parsers disagree. Each case is fed whole, byte by
 * byte, and split at every position; all must tell the same story. */
#include "http_support.h"

typedef struct probe {
    const char *name;
    const char *bytes;
    size_t length;
    const char *story;
} probe;

static const probe probes[] = {
    {"content length and transfer encoding",
     BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" AFTER),
     "X 400 bad_framing"},
    {"transfer encoding before content length",
     BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" AFTER),
     "X 400 bad_framing"},
    {"content length and a coding unknown",
     BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n"), "X 400 bad_framing"},
    {"gzip, chunked", BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" AFTER),
     "X 501 unknown_transfer_coding"},
    {"chunked, identity", BYTES(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
     "X 501 unknown_transfer_coding"},
    {"identity", BYTES(POST "Transfer-Encoding: identity\r\n\r\n" AFTER), "X 501 unknown_transfer_coding"},
    {"xchunked", BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" AFTER),
     "X 501 unknown_transfer_coding"},
    {"quoted chunked", BYTES(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" AFTER),
     "X 501 unknown_transfer_coding"},
    {"space before colon", BYTES(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" AFTER),
     "X 400 bad_header"},
    {"vertical tab before chunked",
     BYTES(POST "Transfer-Encoding: \x0b"
                "chunked\r\n\r\n0\r\n\r\n" AFTER),
     "X 400 bad_header"},
    {"tab before chunked", BYTES(POST "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" AFTER),
     "X 400 bad_framing"},
    {"two transfer encodings", BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "X 400 doubled_header"},
    {"transfer encoding in 1.0",
     BYTES("POST /p HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     "X 400 bad_framing"},
    {"empty transfer encoding", BYTES(POST "Transfer-Encoding:\r\n\r\n"), "X 400 bad_framing"},
    {"chunked in capitals", BYTES(POST "Transfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
     "R POST /p [x]; "},
    {"two different content lengths", BYTES(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" AFTER),
     "X 400 doubled_header"},
    {"two equal content lengths", BYTES(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" AFTER),
     "X 400 doubled_header"},
    {"content length list", BYTES(POST "Content-Length: 5, 5\r\n\r\nhello" AFTER), "X 400 bad_framing"},
    {"content length with plus", BYTES(POST "Content-Length: +5\r\n\r\nhello"), "X 400 bad_framing"},
    {"content length with minus", BYTES(POST "Content-Length: -5\r\n\r\nhello"), "X 400 bad_framing"},
    {"content length in hexadecimal", BYTES(POST "Content-Length: 0x5\r\n\r\nhello"), "X 400 bad_framing"},
    {"content length with a blank inside", BYTES(POST "Content-Length: 1 5\r\n\r\nhello"),
     "X 400 bad_framing"},
    {"tab before a content length", BYTES(POST "Content-Length:\t5\r\n\r\nhello"), "X 400 bad_framing"},
    {"tab after a content length", BYTES(POST "Content-Length: 5\t\r\n\r\nhello"), "X 400 bad_framing"},
    {"content length empty", BYTES(POST "Content-Length: \r\n\r\nhello"), "X 400 bad_framing"},
    {"content length over 64 bits", BYTES(POST "Content-Length: 18446744073709551621\r\n\r\nhello"),
     "X 400 bad_framing"},
    {"content length of eleven digits", BYTES(POST "Content-Length: 00000000005\r\n\r\nhello"),
     "X 400 bad_framing"},
    {"content length of ten digits, zeros first", BYTES(POST "Content-Length: 0000000005\r\n\r\nhello" AFTER),
     "R POST /p [hello]; R GET /after; "},
    {"content length of ten digits", BYTES(POST "Content-Length: 9999999999\r\n\r\n"),
     "X 413 body_too_large"},
    {"chunk size 0x5", BYTES(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk size +5", BYTES(CHUNKED "+5\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk size after a blank", BYTES(CHUNKED " 5\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk size before a blank", BYTES(CHUNKED "5 \r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk size empty", BYTES(CHUNKED "\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk size of nine digits", BYTES(CHUNKED "000000005\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk size of eight digits", BYTES(CHUNKED "00000005\r\nhello\r\n00000000\r\n\r\n"),
     "R POST /p [hello]; "},
    {"chunk size beyond the limit", BYTES(CHUNKED "ffffffff\r\nhello"), "X 413 body_too_large"},
    {"chunk extension", BYTES(CHUNKED "5;a=b\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk line with bare LF", BYTES(CHUNKED "5\nhello\r\n0\r\n\r\n"), "X 400 bare_line_feed"},
    {"chunk data with bare LF after it", BYTES(CHUNKED "5\r\nhello\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk data longer than said", BYTES(CHUNKED "4\r\nhello\r\n0\r\n\r\n"), "X 400 bad_chunk"},
    {"chunk data with CR and no LF", BYTES(CHUNKED "5\r\nhello\rx0\r\n\r\n"), "X 400 bad_chunk"},
    {"header line with bare LF", BYTES("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"), "X 400 bare_line_feed"},
    {"request line with bare LF", BYTES("GET / HTTP/1.1\nHost: a\r\n\r\n"), "X 400 bare_line_feed"},
    {"end of head with bare LF", BYTES(GET "\nrest"), "X 400 bare_line_feed"},
    {"bare CR in a header", BYTES("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n"), "X 400 bad_header"},
    {"bare CR in the request line", BYTES("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"two CR before LF", BYTES("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"NUL in a value", BYTES(GET "X: a\0b\r\n\r\n"), "X 400 bad_header"},
    {"NUL in the target", BYTES("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"DEL in a value", BYTES(GET "X: a\x7f\r\n\r\n"), "X 400 bad_header"},
    {"space in a name", BYTES(GET "X Y: a\r\n\r\n"), "X 400 bad_header"},
    {"empty name", BYTES(GET ": a\r\n\r\n"), "X 400 bad_header"},
    {"no colon", BYTES(GET "X\r\n\r\n"), "X 400 bad_header"},
    {"byte above 127 in a name", BYTES(GET "X\xc3\xa9: a\r\n\r\n"), "X 400 bad_header"},
    {"byte above 127 in a value nobody uses", BYTES(GET "X: \xc3\xa9\r\n\r\n"), "R GET /; "},
    {"byte above 127 in a cookie", BYTES(GET "Cookie: \xc3\xa9\r\n\r\n"), "X 400 bad_header"},
    {"obsolete folding", BYTES(GET "X: a\r\n b\r\n\r\n"), "X 400 bad_header"},
    {"obsolete folding with a tab", BYTES(GET "X: a\r\n\tb: c\r\n\r\n"), "X 400 bad_header"},
    {"space before the first header", BYTES("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), "X 400 bad_header"},
    {"no host", BYTES("GET / HTTP/1.1\r\n\r\n"), "X 400 bad_host"},
    {"two hosts", BYTES(GET "Host: b\r\n\r\n"), "X 400 bad_host"},
    {"empty host", BYTES("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "X 400 bad_host"},
    {"two names in a host", BYTES("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), "X 400 bad_host"},
    {"empty label in a host", BYTES("GET / HTTP/1.1\r\nHost: a..b\r\n\r\n"), "X 400 bad_host"},
    {"user in a host", BYTES("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), "X 400 bad_host"},
    {"host with a port", BYTES("GET / HTTP/1.1\r\nHost: a.example:8443\r\n\r\n"), "R GET /; "},
    {"host of IPv6", BYTES("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"), "R GET /; "},
    {"host of IPv6 without end", BYTES("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), "X 400 bad_host"},
    {"host with a long port", BYTES("GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"), "X 400 bad_host"},
    {"host with a bad port", BYTES("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"), "X 400 bad_host"},
    {"HTTP/2.0", BYTES("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), "X 505 unknown_version"},
    {"HTTP/2 preface", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "X 505 unknown_version"},
    {"HTTP/9.9", BYTES("GET / HTTP/9.9\r\nHost: a\r\n\r\n"), "X 505 unknown_version"},
    {"HTTP/1.2", BYTES("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), "X 505 unknown_version"},
    {"HTTP/1.1x", BYTES("GET / HTTP/1.1x\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"http/1.1", BYTES("GET / http/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"HTTP/0.9", BYTES("GET /\r\n"), "X 400 bad_request_line"},
    {"HTTP/1.0 closes", BYTES("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "R GET / close; "},
    {"two spaces before the target", BYTES("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"two spaces before the version", BYTES("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"space after the version", BYTES("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"space before the method", BYTES(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"tab in the request line", BYTES("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"one leading empty line", BYTES("\r\n" GET "\r\n"), "R GET /; "},
    {"two leading empty lines", BYTES("\r\n\r\n" GET "\r\n"), "X 400 bad_request_line"},
    {"a leading LF", BYTES("\n" GET "\r\n"), "X 400 bare_line_feed"},
    {"a leading CR", BYTES("\rGET / HTTP/1.1\r\n"), "X 400 bad_request_line"},
    {"an empty line after a body", BYTES(POST "Content-Length: 1\r\n\r\nx\r\n" AFTER),
     "R POST /p [x]; R GET /after; "},
    {"lower-case method", BYTES("get / HTTP/1.1\r\nHost: a\r\n\r\n"), "X 501 unknown_method"},
    {"unknown method", BYTES("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), "X 501 unknown_method"},
    {"CONNECT", BYTES("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), "X 501 unknown_method"},
    {"TRACE", BYTES("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), "X 501 unknown_method"},
    {"method with bad characters", BYTES("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_request_line"},
    {"absolute form", BYTES("GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n"), "R GET /b?c; "},
    {"absolute form over TLS", BYTES("GET https://A:8443/b HTTP/1.1\r\nHost: a:8443\r\n\r\n"), "R GET /b; "},
    {"absolute form without a path", BYTES("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), "R GET /; "},
    {"absolute form of another host", BYTES("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_host"},
    {"absolute form with a user", BYTES("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"absolute form with a query only", BYTES("GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n"),
     "X 400 bad_target"},
    {"absolute form of another scheme", BYTES("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
     "X 400 bad_target"},
    {"asterisk form", BYTES("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"target without a slash", BYTES("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"fragment", BYTES("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"byte above 127 in the target", BYTES("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"%00 in the path", BYTES("GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"%00 in the query", BYTES("GET /a?b%00 HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"dot segment", BYTES("GET /a/./b HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"two dots at the end", BYTES("GET /a/.. HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"two dots above the root", BYTES("GET /../a HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"two dots, escaped", BYTES("GET /a/%2E%2e/b HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"two dots, one escaped", BYTES("GET http://a/.%2e?b HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"dots that are no dot segment", BYTES("GET /.../a./.b/..c?/../d HTTP/1.1\r\nHost: a\r\n\r\n"),
     "R GET /.../a./.b/..c?/../d; "},
    {"half an escape", BYTES("GET /a%4 HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"an escape that is none", BYTES("GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n"), "X 400 bad_target"},
    {"good escapes", BYTES("GET /%e8%9e%8d?q=%E6%A1%A5 HTTP/1.1\r\nHost: a\r\n\r\n"),
     "R GET /%e8%9e%8d?q=%E6%A1%A5; "},
    {"HEAD with a body, then GET",
     BYTES("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" AFTER),
     "R HEAD / [hello]; R GET /after; "},
    {"GET with a body, then GET", BYTES(GET "Content-Length: 5\r\n\r\nhello" AFTER),
     "R GET / [hello]; R GET /after; "},
    {"three pipelined", BYTES(GET "\r\n" AFTER AFTER), "R GET /; R GET /after; R GET /after; "},
    {"body in chunks, then GET", BYTES(CHUNKED "5\r\nhello\r\n6\r\n, worl\r\n1\r\nd\r\n0\r\n\r\n" AFTER),
     "R POST /p [hello, world]; R GET /after; "},
    {"chunk sizes in both cases", BYTES(CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
     "R POST /p [01234567890123456789]; "},
    {"trailers are read and forgotten",
     BYTES(CHUNKED "1\r\nx\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n" AFTER),
     "R POST /p [x]; R GET /after; "},
    {"bad trailer", BYTES(CHUNKED "1\r\nx\r\n0\r\nX Sum: 1\r\n\r\n" AFTER), "X 400 bad_header"},
    {"trailer with bare LF", BYTES(CHUNKED "1\r\nx\r\n0\r\nX: 1\n\r\n" AFTER), "X 400 bare_line_feed"},
    {"expect 100-continue", BYTES(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
     "R POST /p [x] expect; "},
    {"expect 100-continue in 1.0",
     BYTES("POST /p HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
     "R POST /p [x] close; "},
    {"expect something else", BYTES(POST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx"),
     "X 417 unknown_expectation"},
    {"connection close", BYTES(GET "Connection: close\r\n\r\n"), "R GET / close; "},
    {"connection keep-alive, close", BYTES(GET "Connection: keep-alive , Close\r\n\r\n"), "R GET / close; "},
    {"connection in two fields", BYTES(GET "Connection: close\r\nConnection: keep-alive\r\n\r\n"),
     "R GET / close; "},
    {"connection closed-ish", BYTES(GET "Connection: closed, not-close\r\n\r\n"), "R GET /; "},
    {"two authorizations", BYTES(GET "Authorization: a\r\nauthorization: b\r\n\r\n"), "X 400 doubled_header"},
    {"two cookies", BYTES(GET "Cookie: a=1\r\nCookie: b=2\r\n\r\n"), "X 400 doubled_header"},
    {"two idempotency keys", BYTES(GET "Idempotency-Key: a\r\nIdempotency-Key: a\r\n\r\n"),
     "X 400 doubled_header"},
    {"half a head", BYTES(GET), "..."},
    {"half a body", BYTES(POST "Content-Length: 5\r\n\r\nhel"), "..."},
    {"nothing is parsed after a refusal", BYTES("BREW / HTTP/1.1\r\n\r\n" AFTER), "X 501 unknown_method"},
};

static void every_probe_is_answered_as_decided(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        story told;
        feed_whole(probes[i].bytes, probes[i].length, WHOLE, &told);
        if (strcmp(told.text, probes[i].story) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", probes[i].name, told.text, probes[i].story);
    }
}

static void every_probe_is_answered_alike_however_it_is_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
        expect_story_limited(probes[i].bytes, probes[i].length, WHOLE, probes[i].story);
}

/* Random input ---------------------------------------------------------------------------------------------
 */

static uint64_t random_state = 0x9e3779b97f4a7c15u;

/* xorshift64*: the same inputs in every run. */
static uint64_t random_below(uint64_t bound)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (random_state * 0x2545f4914f6cdd1du >> 11) % bound;
}

static size_t mutate(char *bytes, size_t length, size_t room)
{
    static const char *const words[] = {"\r\n",   "\n",       "\r",    "\r\n\r\n", " ",   "\t",   ":",
                                        "\0",     "chunked",  "0\r\n", "5\r\n",    "%00", "%41",  "HTTP/1.1",
                                        "Host: ", "Expect: ", "\x80",  ";",        ",",   "close"};
    for (uint64_t times = random_below(4) + 1; times > 0; times--) {
        size_t at = random_below(length + 1);
        const char *word = words[random_below(sizeof words / sizeof words[0])];
        size_t word_length = strlen(word) ? strlen(word) : 1;
        size_t cut = random_below(8) + 1;
        switch (random_below(4)) {
        case 0:
            if (at < length)
                bytes[at] = (char)random_below(256);
            break;
        case 1:
            if (length + word_length > room)
                break;
            memmove(bytes + at + word_length, bytes + at, length - at);
            memcpy(bytes + at, word, word_length);
            length += word_length;
            break;
        case 2:
            if (at + cut > length)
                break;
            memmove(bytes + at, bytes + at + cut, length - at - cut);
            length -= cut;
            break;
        default:
            if (at + cut > length || length + cut > room)
                break;
            memmove(bytes + at + cut, bytes + at, length - at);
            length += cut;
        }
    }
    return length;
}

static int compare_sizes(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

static void mutated_input_never_depends_on_its_splits(void **state)
{
    (void)state;
    enum { ROUNDS = 200000, ROOM = 1024, CUTS = 6 };
    static story whole, split;
    char bytes[ROOM];
    for (int round = 0; round < ROUNDS; round++) {
        const probe *seed = &probes[random_below(sizeof probes / sizeof probes[0])];
        memcpy(bytes, seed->bytes, seed->length);
        size_t length = mutate(bytes, seed->length, ROOM);
        size_t cuts[CUTS];
        for (size_t i = 0; i < CUTS; i++)
            cuts[i] = random_below(length + 1);
        qsort(cuts, CUTS, sizeof cuts[0], compare_sizes);
        size_t limit = random_below(2) ? WHOLE : random_below(32) + 1;
        feed_whole(bytes, length, limit, &whole);
        feed_cut(bytes, length, cuts, CUTS, limit, &split);
        if (strcmp(whole.text, split.text) != 0)
            fail_msg("round %d: whole \"%s\", split \"%s\"", round, whole.text, split.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_probe_is_answered_as_decided),
        cmocka_unit_test(every_probe_is_answered_alike_however_it_is_split),
        cmocka_unit_test(mutated_input_never_depends_on_its_splits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
