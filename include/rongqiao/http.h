/* A strict HTTP/1.1 request parser that does no I/O (RFC 9112): bytes in, one request or one error out.
 * It refuses what is unusual instead of repairing it, so that no two readers of the same bytes can see
 * different requests. */
#ifndef RONGQIAO_HTTP_H
#define RONGQIAO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/limits.h"
#include "rongqiao/status.h"

/* A run of bytes inside somebody else's memory; not NUL-terminated. */
typedef struct rq_slice {
    const char *data;
    size_t length;
} rq_slice;

bool rq_slice_is(rq_slice slice, const char *text);
/* ASCII case ignored. */
bool rq_slice_is_nocase(rq_slice slice, const char *text);

typedef enum rq_method {
    RQ_GET,
    RQ_HEAD,
    RQ_POST,
    RQ_PUT,
    RQ_PATCH,
    RQ_DELETE,
    RQ_OPTIONS,
    RQ_METHODS
} rq_method;
extern const char *const rq_method_names[RQ_METHODS];

typedef struct rq_header {
    rq_slice name; /* as sent; compare with rq_slice_is_nocase */
    rq_slice value;
} rq_header;

/* A parsed request. Slices point into the parser's input until rq_http_next(). */
typedef struct rq_request {
    rq_method method;
    uint8_t minor_version; /* 0 or 1 */
    bool keep_alive;
    bool expect_continue;
    rq_slice target; /* as sent, origin form (absolute form is reduced to it) */
    rq_slice path;   /* before '?', still percent-encoded */
    rq_slice query;  /* after '?', without it; empty when absent */
    rq_header headers[RQ_LIMIT_HEADER_FIELDS];
    size_t header_count;
    rq_slice body; /* chunked coding removed */
} rq_request;

/* The value of the header `name`, or an empty slice with null data. A second occurrence of any header is
 * not looked at; those that must be single (Host, Content-Length, Authorization, Content-Type, Cookie,
 * Idempotency-Key, If-Match) are refused by the parser when doubled. */
rq_slice rq_request_header(const rq_request *request, const char *name);

/* Walks a list of weighted ranges (Accept, Accept-Encoding, Accept-Language; RFC 9110 section 12.4.2): takes
 * the first off `list`, gives it without its parameters and its weight in thousandths. False at the end. */
bool rq_accept_next(rq_slice *list, rq_slice *out_range, int *out_weight);
/* The weight of the range that is spelled `text`, in thousandths; -1 when the list doesn't have it. */
int rq_accept_weight(rq_slice list, const char *text);

/* Whether If-None-Match names the entity tag `etag` (with its quotes) by the weak comparison, or is "*". */
bool rq_etag_is_named(rq_slice if_none_match, const char *etag);

typedef enum rq_http_event {
    RQ_HTTP_MORE,    /* feed more bytes */
    RQ_HTTP_HEAD,    /* a body follows: decide its limit (rq_http_body_limit), then feed on */
    RQ_HTTP_REQUEST, /* `request` is complete; call rq_http_next() when done with it */
    RQ_HTTP_REFUSED, /* answer `status` once, then close; nothing more is parsed */
} rq_http_event;

/* The parser of one connection. It owns a growing input buffer (at most the head's limit plus the body's)
 * and releases it while idle. */
typedef struct rq_http rq_http;

rq_http *rq_http_new(void) RQ_MUST_CHECK;
void rq_http_free(rq_http *http);

/* Where to put the next bytes: at least 1 and usually 8 kB of room, or null when memory is short (or when
 * too much is buffered behind a complete request). After reading n bytes there, call
 * rq_http_feed(http, n). */
char *rq_http_room(rq_http *http, size_t *out_room) RQ_MUST_CHECK;
/* Takes `count` bytes that were put at rq_http_room(), parses as far as one request reaches, and says what
 * came of it. With count 0 it goes on with what is buffered (after HEAD or next). Bytes of a following,
 * pipelined request stay buffered until rq_http_next(). */
rq_http_event rq_http_feed(rq_http *http, size_t count) RQ_MUST_CHECK;

/* After RQ_HTTP_HEAD and RQ_HTTP_REQUEST. */
const rq_request *rq_http_request(const rq_http *http);
/* After RQ_HTTP_HEAD: the largest body taken; a larger one is refused with 413. Without a call the
 * default of limits.h holds. */
void rq_http_body_limit(rq_http *http, size_t limit_bytes);
/* After RQ_HTTP_REFUSED: 400, 408, 413, 414, 417, 431, 501 or 505, and a short stable code ("bad_chunk"). */
int rq_http_refusal_status(const rq_http *http);
const char *rq_http_refusal_code(const rq_http *http);

/* Forgets the request that was answered, keeps what follows it, and releases the input buffer when that is
 * nothing. Then call rq_http_feed(http, 0). Harmless at any other time. */
void rq_http_next(rq_http *http);
/* Whether a request has begun (at least one byte of it is here) and is not complete: a deadline applies. */
bool rq_http_is_mid_request(const rq_http *http);
/* Whether the head is complete and the body is awaited. */
bool rq_http_is_in_body(const rq_http *http);
/* Whether any byte is buffered (a pipelined request, or part of one). */
bool rq_http_has_input(const rq_http *http);

/* Decodes %XX in one path segment or query value into `out` (at least `length` + 1 bytes, NUL-ended).
 * `plus_is_space` for queries. False on a bad escape, on %00, or on invalid UTF-8. */
bool rq_percent_decode(const char *text, size_t length, bool plus_is_space, char *out, size_t *out_length);

#endif
