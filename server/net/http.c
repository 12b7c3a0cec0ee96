/* The parser's input buffer and its states; the grammar is in http_head.c and http_chunk.c. */
#include "rongqiao/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http_parser.h"

enum {
    ROOM_BYTES = 8192,
    ROOM_LOW = 512,
    /* Beyond what a request may hold: a pipelined one, or a partial chunk line. */
    INPUT_SLACK = RQ_LIMIT_HEADER_BYTES + ROOM_BYTES,
    BODY_MAX = 1 << 30,
    HEAD_MAX = RQ_LIMIT_REQUEST_LINE + 4 + RQ_LIMIT_HEADER_BYTES
};

rq_http *rq_http_new(void)
{
    rq_http *http = calloc(1, sizeof *http);
    if (http)
        http->body_limit = RQ_LIMIT_BODY_BYTES;
    return http;
}

void rq_http_free(rq_http *http)
{
    if (!http)
        return;
    free(http->data);
    free(http);
}

http_step http_refuse(rq_http *http, int status, const char *code)
{
    http->state = REFUSED;
    http->refusal_status = status;
    http->refusal_code = code;
    return STEP_REFUSED;
}

http_step http_line(rq_http *http, size_t limit, int too_long_status, const char *too_long_code,
                    rq_slice *out_line)
{
    const char *line = http->data + http->at;
    size_t have = http->length - http->at;
    size_t within = have < limit ? have : limit;
    size_t from = http->scanned > http->at ? http->scanned - http->at : 0;
    const char *end = from < within ? memchr(line + from, '\n', within - from) : NULL;
    if (!end) {
        http->scanned = http->at + within;
        return have < limit ? STEP_MORE : http_refuse(http, too_long_status, too_long_code);
    }
    size_t length = (size_t)(end - line);
    if (length == 0 || line[length - 1] != '\r')
        return http_refuse(http, 400, "bare_line_feed");
    *out_line = (rq_slice){line, length - 1};
    http->at += length + 1;
    return STEP_ON;
}

/* Input ----------------------------------------------------------------------------------------------- */

static void move_slice(rq_slice *slice, const char *from, char *to)
{
    if (slice->data)
        slice->data = to + (slice->data - from);
}

/* The slices of the request follow their bytes from `from` to `to`; both must still be allocated. */
static void move_slices(rq_http *http, const char *from, char *to)
{
    rq_request *request = &http->request;
    move_slice(&request->target, from, to);
    move_slice(&request->path, from, to);
    move_slice(&request->query, from, to);
    move_slice(&request->body, from, to);
    move_slice(&http->authority, from, to);
    for (size_t i = 0; i < request->header_count; i++) {
        move_slice(&request->headers[i].name, from, to);
        move_slice(&request->headers[i].value, from, to);
    }
}

/* Every offset is at or beyond `start`, but those not in use yet. */
static size_t lowered(size_t offset, size_t by)
{
    return offset < by ? 0 : offset - by;
}

static void shift_to_front(rq_http *http)
{
    size_t by = http->start;
    if (by == 0)
        return;
    move_slices(http, http->data + by, http->data);
    memmove(http->data, http->data + by, http->length - by);
    http->start = 0;
    http->length -= by;
    http->at = lowered(http->at, by);
    http->scanned = lowered(http->scanned, by);
    http->body = lowered(http->body, by);
    http->body_end = lowered(http->body_end, by);
}

/* Gives the place of dropped chunk framing to what follows it. */
static void close_chunk_gap(rq_http *http)
{
    if (http->state < AT_CHUNK_SIZE || http->state > IN_TRAILER || http->at == http->body_end)
        return;
    size_t gap = http->at - http->body_end;
    memmove(http->data + http->body_end, http->data + http->at, http->length - http->at);
    http->length -= gap;
    http->at -= gap;
    http->scanned = lowered(http->scanned, gap);
}

static bool grow(rq_http *http)
{
    size_t most = HEAD_MAX + INPUT_SLACK + (http->state >= AT_BODY ? http->body_limit : 0);
    size_t capacity = http->capacity ? http->capacity * 2 : ROOM_BYTES;
    if (capacity > most)
        capacity = most;
    if (capacity <= http->capacity)
        return false;
    char *data = malloc(capacity);
    if (!data)
        return false;
    if (http->data) {
        memcpy(data, http->data, http->length);
        move_slices(http, http->data, data);
        free(http->data);
    }
    http->data = data;
    http->capacity = capacity;
    return true;
}

char *rq_http_room(rq_http *http, size_t *out_room)
{
    if (http->capacity - http->length < ROOM_LOW && http->data) {
        close_chunk_gap(http);
        shift_to_front(http);
    }
    bool grown = http->capacity - http->length >= ROOM_LOW || grow(http);
    *out_room = http->capacity - http->length;
    return grown || *out_room > 0 ? http->data + http->length : NULL;
}

/* States ---------------------------------------------------------------------------------------------- */

static http_step complete(rq_http *http)
{
    http->request.body = (rq_slice){http->data + http->body, http->body_end - http->body};
    http->state = COMPLETE;
    return STEP_ON;
}

static http_step begin_body(rq_http *http)
{
    if (!http->chunked && http->content_length > http->body_limit)
        return http_refuse(http, 413, "body_too_large");
    http->state = http->chunked ? AT_CHUNK_SIZE : IN_LENGTH_BODY;
    http->body = http->body_end = http->at;
    return STEP_ON;
}

static http_step length_body(rq_http *http)
{
    assert(http->body == http->at);
    if (http->length - http->at < http->content_length)
        return STEP_MORE;
    http->at += (size_t)http->content_length;
    http->body_end = http->at;
    return complete(http);
}

static http_step step(rq_http *http)
{
    switch (http->state) {
    case AT_REQUEST_LINE:
        return http_request_line(http);
    case AT_FIELDS:
        return http_fields(http);
    case AT_BODY:
        return begin_body(http);
    case IN_LENGTH_BODY:
        return length_body(http);
    case AT_CHUNK_SIZE:
        return http_chunk_size(http);
    case IN_CHUNK:
        return http_chunk_data(http);
    case AT_CHUNK_END:
        return http_chunk_end(http);
    case IN_TRAILER: {
        http_step result = http_trailer(http);
        return http->state == COMPLETE ? complete(http) : result;
    }
    case COMPLETE:
    case REFUSED:
        break;
    }
    return STEP_MORE;
}

rq_http_event rq_http_feed(rq_http *http, size_t count)
{
    if (http->state == REFUSED)
        return RQ_HTTP_REFUSED;
    assert(count <= http->capacity - http->length);
    http->length += count;
    if (http->state == COMPLETE)
        return RQ_HTTP_REQUEST;
    if (!http->data)
        return RQ_HTTP_MORE;
    /* Every turn consumes input or moves on to a later state. */
    for (;;) {
        bool was_head = http->state <= AT_FIELDS;
        http_step result = step(http);
        assert(http->at <= http->length && http->start <= http->at);
        if (result == STEP_REFUSED)
            return RQ_HTTP_REFUSED;
        if (result == STEP_MORE)
            return RQ_HTTP_MORE;
        if (was_head && http->state == AT_BODY && (http->chunked || http->content_length > 0))
            return RQ_HTTP_HEAD;
        if (http->state == COMPLETE)
            return RQ_HTTP_REQUEST;
    }
}

void rq_http_next(rq_http *http)
{
    if (http->state == COMPLETE) {
        http->start = http->scanned = http->at;
        http->body = http->body_end = 0;
        http->state = AT_REQUEST_LINE;
        http->leading_line_skipped = http->chunked = false;
        http->known_seen = 0;
        http->block_bytes = http->trailer_count = 0;
        http->content_length = http->chunk_left = 0;
        http->body_limit = RQ_LIMIT_BODY_BYTES;
        http->authority = (rq_slice){NULL, 0};
        rq_request *request = &http->request;
        request->target = request->path = request->query = request->body = (rq_slice){NULL, 0};
        request->header_count = 0;
    }
    if (http->state == AT_REQUEST_LINE && http->start == http->length) {
        free(http->data);
        http->data = NULL;
        http->capacity = http->length = http->start = http->at = http->scanned = 0;
    }
}

const rq_request *rq_http_request(const rq_http *http)
{
    return &http->request;
}

void rq_http_body_limit(rq_http *http, size_t limit_bytes)
{
    http->body_limit = limit_bytes < BODY_MAX ? limit_bytes : BODY_MAX;
}

int rq_http_refusal_status(const rq_http *http)
{
    return http->refusal_status;
}

const char *rq_http_refusal_code(const rq_http *http)
{
    return http->refusal_code;
}

bool rq_http_is_mid_request(const rq_http *http)
{
    if (http->state == AT_REQUEST_LINE)
        return http->length > http->at;
    return http->state < COMPLETE;
}

bool rq_http_is_in_body(const rq_http *http)
{
    return http->state >= AT_BODY && http->state < COMPLETE;
}

bool rq_http_has_input(const rq_http *http)
{
    return http->length > (http->state == COMPLETE ? http->at : http->start);
}
