/* The chunked transfer coding (RFC 9112 section 7.1), decoded in place. Extensions are refused: nobody
 * sends them but to make two readers disagree. */
#include <string.h>

#include "http_parser.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

http_step http_chunk_size(rq_http *http)
{
    rq_slice line;
    http_step got = http_line(http, RQ_LIMIT_CHUNK_SIZE_DIGITS + 2, 400, "bad_chunk", &line);
    if (got != STEP_ON)
        return got;
    if (line.length == 0)
        return http_refuse(http, 400, "bad_chunk");
    uint64_t size = 0;
    for (size_t i = 0; i < line.length; i++) {
        int digit = hex_value(line.data[i]);
        if (digit < 0)
            return http_refuse(http, 400, "bad_chunk");
        size = size * 16 + (uint64_t)digit;
    }
    if (size > http->body_limit - (http->body_end - http->body))
        return http_refuse(http, 413, "body_too_large");
    http->chunk_left = size;
    http->state = size > 0 ? IN_CHUNK : IN_TRAILER;
    http->block_bytes = 0;
    return STEP_ON;
}

http_step http_chunk_data(rq_http *http)
{
    size_t have = http->length - http->at;
    size_t take = have < http->chunk_left ? have : (size_t)http->chunk_left;
    if (take == 0)
        return STEP_MORE;
    memmove(http->data + http->body_end, http->data + http->at, take);
    http->body_end += take;
    http->at += take;
    http->chunk_left -= take;
    if (http->chunk_left == 0)
        http->state = AT_CHUNK_END;
    return STEP_ON;
}

http_step http_chunk_end(rq_http *http)
{
    const char *end = http->data + http->at;
    size_t have = http->length - http->at;
    if ((have > 0 && end[0] != '\r') || (have > 1 && end[1] != '\n'))
        return http_refuse(http, 400, "bad_chunk");
    if (have < 2)
        return STEP_MORE;
    http->at += 2;
    http->state = AT_CHUNK_SIZE;
    return STEP_ON;
}

/* Trailer fields are held to the rules of the head and then forgotten (RFC 9110 section 6.5.1). */
http_step http_trailer(rq_http *http)
{
    rq_slice line, raw;
    rq_header field;
    size_t left = RQ_LIMIT_HEADER_BYTES - http->block_bytes;
    http_step got = http_line(http, left, 431, "headers_too_large", &line);
    if (got != STEP_ON)
        return got;
    http->block_bytes += line.length + 2;
    if (line.length == 0) {
        http->state = COMPLETE;
        return STEP_ON;
    }
    if (!http_field_line(line, &field, &raw))
        return http_refuse(http, 400, "bad_header");
    if (++http->trailer_count > RQ_LIMIT_HEADER_FIELDS)
        return http_refuse(http, 431, "headers_too_large");
    return STEP_ON;
}
