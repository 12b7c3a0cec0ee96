/* Puts arbitrary bytes where the fields of a request stand, and asks what the server asks of them: the
 * session's cookie or token, whether it is our own page, the language, the route. The bytes are those of a
 * browser or a program, chosen by the first one. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/stages.h"
#include "api/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const lines[] = {
    "GET /v1/needs?limit=2 HTTP/1.1\r\nHost: a\r\n%",
    ("POST /v1/sessions HTTP/1.1\r\nHost: a\r\nCookie: %\r\nX-CSRF-Token: "
     "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\r\n"),
    "PATCH /v1/needs/% HTTP/1.1\r\nHost: a\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nAuthorization: %\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nAccept-Language: %\r\n",
    "POST /v1/sessions HTTP/1.1\r\nHost: a:8443\r\nOrigin: https://%\r\n",
};

static bool is_inside(rq_slice inner, rq_slice outer)
{
    return !inner.data ||
           (inner.data >= outer.data && inner.data + inner.length <= outer.data + outer.length);
}

static void ask(const rq_request *request)
{
    rq_token_source source;
    rq_slice token = rq_token_find(request, &source), id;
    unsigned allow;
    char csrf[RQ_CSRF_TEXT + 1];
    assert((source == RQ_TOKEN_NONE) == (token.data == NULL));
    if (source == RQ_TOKEN_COOKIE)
        assert(is_inside(token, rq_request_header(request, "Cookie")) &&
               !memchr(token.data, ';', token.length));
    if (source == RQ_TOKEN_BEARER)
        assert(is_inside(token, rq_request_header(request, "Authorization")));
    if (token.data && rq_csrf_token(token.data, token.length, csrf))
        assert(strlen(csrf) == RQ_CSRF_TEXT);
    if (token.data && rq_csrf_holds(request, token))
        assert(rq_is_same_origin(request));
    rq_language language = rq_language_of(rq_request_header(request, "Accept-Language"));
    assert(language == RQ_CHINESE || language == RQ_ENGLISH);
    const rq_route *route = rq_route_find(request->method, request->path, &id, &allow);
    assert(!route || is_inside(id, request->path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *line = lines[data[0] % (sizeof lines / sizeof lines[0])];
    size_t before = strcspn(line, "%"), after = strlen(line) - before - 1;
    rq_http *http = rq_http_new();
    if (!http)
        abort();
    const struct {
        const void *bytes;
        size_t length;
    } parts[] = {{line, before}, {data + 1, size - 1}, {line + before + 1, after}, {"\r\n", 2}};
    rq_http_event event = RQ_HTTP_MORE;
    for (size_t i = 0; i < 4; i++) {
        for (size_t at = 0; at < parts[i].length && event != RQ_HTTP_REFUSED;) {
            size_t room, take = parts[i].length - at;
            char *to = rq_http_room(http, &room);
            if (!to)
                abort();
            take = take < room ? take : room;
            memcpy(to, (const char *)parts[i].bytes + at, take);
            at += take;
            event = rq_http_feed(http, take);
            while (event == RQ_HTTP_HEAD || event == RQ_HTTP_REQUEST) {
                if (event == RQ_HTTP_REQUEST) {
                    ask(rq_http_request(http));
                    rq_http_next(http);
                }
                event = rq_http_feed(http, 0);
            }
        }
    }
    rq_http_free(http);
    return 0;
}
