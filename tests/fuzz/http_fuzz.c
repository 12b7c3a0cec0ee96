/* Feeds the request parser with arbitrary bytes in arbitrary pieces. The first bytes of the input choose
 * the body limit and the pieces; the rest is fed once whole and once in pieces, and both must end alike. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of the input: requests with a checksum of all their bytes, and the refusal. */
typedef struct outcome {
    uint32_t sum;
    uint32_t requests;
    int refusal;
    bool mid_request;
} outcome;

static uint32_t add(uint32_t sum, rq_slice slice)
{
    for (size_t i = 0; i < slice.length; i++)
        sum = (sum ^ (unsigned char)slice.data[i]) * 16777619u;
    return sum * 31 + (uint32_t)slice.length;
}

static uint32_t sum_of(uint32_t sum, const rq_request *request)
{
    char decoded[RQ_LIMIT_REQUEST_LINE + 1];
    size_t length;
    assert(request->method < RQ_METHODS && request->minor_version <= 1);
    assert(request->header_count <= RQ_LIMIT_HEADER_FIELDS);
    assert(request->path.length > 0 && request->path.data[0] == '/');
    sum = add(add(add(add(sum, request->target), request->path), request->query), request->body);
    for (size_t i = 0; i < request->header_count; i++)
        sum = add(add(sum, request->headers[i].name), request->headers[i].value);
    if (rq_percent_decode(request->path.data, request->path.length, false, decoded, &length))
        assert(strlen(decoded) == length);
    return sum * 4 + (request->keep_alive ? 2u : 0u) + (request->expect_continue ? 1u : 0u);
}

/* False when the parser wants no more. */
static bool follow(rq_http *http, size_t count, size_t body_limit, outcome *out)
{
    rq_http_event event = rq_http_feed(http, count);
    while (event != RQ_HTTP_MORE) {
        if (event == RQ_HTTP_REFUSED) {
            out->refusal = rq_http_refusal_status(http);
            assert(rq_http_refusal_code(http) && out->refusal >= 400 && out->refusal <= 505);
            return false;
        }
        if (event == RQ_HTTP_HEAD) {
            rq_http_body_limit(http, body_limit);
        } else {
            assert(rq_http_request(http)->body.length <= body_limit);
            out->sum = sum_of(out->sum, rq_http_request(http));
            out->requests++;
            rq_http_next(http);
        }
        event = rq_http_feed(http, 0);
    }
    return true;
}

/* `pieces` are the lengths to feed, one after another and again from the first; null feeds it whole. */
static outcome feed(const uint8_t *bytes, size_t length, size_t body_limit, const uint8_t *pieces,
                    size_t piece_count)
{
    outcome out = {0};
    rq_http *http = rq_http_new();
    if (!http)
        abort();
    size_t at = 0, piece = 0;
    bool more = true;
    while (more && at < length) {
        size_t room, take = length - at;
        char *to = rq_http_room(http, &room);
        if (!to)
            abort();
        if (piece_count > 0 && take > pieces[piece % piece_count] + 1u)
            take = pieces[piece % piece_count] + 1u;
        if (take > room)
            take = room;
        memcpy(to, bytes + at, take);
        at += take;
        piece++;
        more = follow(http, take, body_limit, &out);
    }
    out.mid_request = rq_http_is_mid_request(http);
    rq_http_free(http);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PIECES = 8, HEADER = PIECES + 2 };
    if (size < HEADER)
        return 0;
    size_t body_limit = (size_t)data[0] * 256 + data[1];
    const uint8_t *pieces = data + 2, *bytes = data + HEADER;
    outcome whole = feed(bytes, size - HEADER, body_limit, NULL, 0);
    outcome split = feed(bytes, size - HEADER, body_limit, pieces, PIECES);
    if (whole.sum != split.sum || whole.requests != split.requests || whole.refusal != split.refusal ||
        whole.mid_request != split.mid_request)
        abort();
    return 0;
}
