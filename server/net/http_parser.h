/* The inside of the request parser, shared by http.c (input and state), http_head.c (request line and
 * fields) and http_chunk.c (chunked coding). Positions are offsets into the input, since it may move. */
#ifndef RONGQIAO_NET_HTTP_PARSER_H
#define RONGQIAO_NET_HTTP_PARSER_H

#include "rongqiao/http.h"

typedef enum http_state {
    AT_REQUEST_LINE,
    AT_FIELDS,
    AT_BODY, /* the head is complete, the body limit is being decided */
    IN_LENGTH_BODY,
    AT_CHUNK_SIZE,
    IN_CHUNK,
    AT_CHUNK_END,
    IN_TRAILER,
    COMPLETE,
    REFUSED,
} http_state;

/* What one step of the parser did. */
typedef enum http_step {
    STEP_MORE,    /* it needs more bytes */
    STEP_ON,      /* it consumed something or changed the state */
    STEP_REFUSED, /* the refusal is set */
} http_step;

/* Fields with a meaning here, and those that must not be doubled. */
typedef enum http_known {
    KNOWN_HOST,
    KNOWN_CONTENT_LENGTH,
    KNOWN_TRANSFER_ENCODING,
    KNOWN_EXPECT,
    KNOWN_AUTHORIZATION,
    KNOWN_CONTENT_TYPE,
    KNOWN_COOKIE,
    KNOWN_IDEMPOTENCY_KEY,
    KNOWN_IF_MATCH,
    KNOWN_SINGLE_FIELDS, /* those above must be single */
    KNOWN_CONNECTION = KNOWN_SINGLE_FIELDS,
    KNOWN_FIELDS
} http_known;

struct rq_http {
    char *data; /* null while idle */
    size_t capacity, length;

    size_t start;    /* first byte of the request */
    size_t at;       /* first byte not yet parsed */
    size_t scanned;  /* no line feed lies between `at` and here */
    size_t body;     /* where the body begins */
    size_t body_end; /* end of the decoded body; `at` is further on when chunk framing was dropped */

    http_state state;
    bool leading_line_skipped;
    bool chunked;
    unsigned known_seen; /* bit per http_known */
    size_t block_bytes;  /* of the fields (or the trailer fields) parsed so far */
    size_t trailer_count;
    uint64_t content_length;
    uint64_t chunk_left;
    size_t body_limit;

    rq_request request;
    rq_slice authority; /* of an absolute-form target */

    int refusal_status;
    const char *refusal_code;
};

http_step http_refuse(rq_http *http, int status, const char *code);

/* The next line, if its end is within `limit` bytes of http->at: STEP_ON with the line without CRLF, and
 * `at` beyond it. STEP_MORE when it isn't all here; STEP_REFUSED with `too_long_*` when it is longer than
 * the limit, and with 400 when the line ends in a bare LF. */
http_step http_line(rq_http *http, size_t limit, int too_long_status, const char *too_long_code,
                    rq_slice *out_line);

/* Splits a field line (RFC 9112 section 5). False on a bad name or a byte that may not stand in a value.
 * `out_raw` is the value with the white space around it. */
bool http_field_line(rq_slice line, rq_header *out_field, rq_slice *out_raw);

http_step http_request_line(rq_http *http);
http_step http_fields(rq_http *http);

http_step http_chunk_size(rq_http *http);
http_step http_chunk_data(rq_http *http);
http_step http_chunk_end(rq_http *http);
http_step http_trailer(rq_http *http);

#endif
