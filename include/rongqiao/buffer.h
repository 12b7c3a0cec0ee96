/* A growable run of bytes with a declared limit. A failed append leaves the buffer as it was and
 * sets `failed`; then nothing more is taken until the buffer is cleared, so that a writer may append many
 * parts and check once at the end. */
#ifndef RONGQIAO_BUFFER_H
#define RONGQIAO_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

typedef struct rq_buffer {
    char *data; /* not NUL-terminated unless rq_buffer_cstring() was called */
    size_t length;
    size_t capacity;
    size_t limit;
    bool failed;
} rq_buffer;

/* An empty buffer that allocates nothing until the first append. */
void rq_buffer_init(rq_buffer *buffer, size_t limit_bytes);
void rq_buffer_done(rq_buffer *buffer);
/* Empties without freeing, and forgives an earlier failure. */
void rq_buffer_clear(rq_buffer *buffer);
/* Drops the first `count` bytes. */
void rq_buffer_consume(rq_buffer *buffer, size_t count);
/* Makes room for `count` more bytes and returns where they go, or null (and `failed`). The caller
 * then adds what it wrote to `length`. */
char *rq_buffer_reserve(rq_buffer *buffer, size_t count) RQ_MUST_CHECK;

void rq_buffer_append(rq_buffer *buffer, const void *data, size_t length);
void rq_buffer_text(rq_buffer *buffer, const char *text);
void rq_buffer_printf(rq_buffer *buffer, const char *format, ...) RQ_PRINTF(2, 3);
/* Ends the content with a NUL that is not counted in `length`; null if anything failed. */
const char *rq_buffer_cstring(rq_buffer *buffer) RQ_MUST_CHECK;

/* A JSON writer on top: it places commas, escapes strings, and knows nothing of nesting but the
 * comma state, so the caller opens and closes in order. Output is canonical: no white space, keys
 * in the order written, so equal input gives equal bytes. A null `key` writes an array element. */
typedef struct rq_json {
    rq_buffer *out;
    bool comma;
} rq_json;

rq_json rq_json_on(rq_buffer *out);
void rq_json_object(rq_json *json, const char *key);
void rq_json_object_end(rq_json *json);
void rq_json_array(rq_json *json, const char *key);
void rq_json_array_end(rq_json *json);
/* A null `text` writes null. Text must be UTF-8; control characters are escaped. */
void rq_json_string(rq_json *json, const char *key, const char *text);
void rq_json_string_n(rq_json *json, const char *key, const char *text, size_t length);
void rq_json_int(rq_json *json, const char *key, int64_t value);
void rq_json_bool(rq_json *json, const char *key, bool value);
void rq_json_null(rq_json *json, const char *key);
/* Ready JSON text, passed through. */
void rq_json_raw(rq_json *json, const char *key, const char *text, size_t length);

#endif
