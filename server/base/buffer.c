#include "rongqiao/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_FIRST_BYTES = 512 };

void rq_buffer_init(rq_buffer *buffer, size_t limit_bytes)
{
    *buffer = (rq_buffer){.limit = limit_bytes};
}

void rq_buffer_done(rq_buffer *buffer)
{
    free(buffer->data);
    rq_buffer_init(buffer, buffer->limit);
}

void rq_buffer_clear(rq_buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
}

void rq_buffer_consume(rq_buffer *buffer, size_t count)
{
    assert(count <= buffer->length);
    buffer->length -= count;
    if (buffer->length && count)
        memmove(buffer->data, buffer->data + count, buffer->length);
}

/* Makes the capacity at least `needed`, by doubling. The memory may be one byte above the limit: room
 * for the NUL of rq_buffer_cstring(). */
static bool grow(rq_buffer *buffer, size_t needed)
{
    if (needed <= buffer->capacity)
        return true;
    size_t most = buffer->limit < SIZE_MAX ? buffer->limit + 1 : SIZE_MAX;
    assert(needed <= most);
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_BYTES;
    while (capacity < needed && capacity <= most / 2)
        capacity *= 2;
    if (capacity < needed || capacity > most)
        capacity = most;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return false;
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

char *rq_buffer_reserve(rq_buffer *buffer, size_t count)
{
    if (buffer->failed)
        return NULL;
    if (buffer->length > buffer->limit || count > buffer->limit - buffer->length ||
        !grow(buffer, buffer->length + count + !buffer->data)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->length;
}

void rq_buffer_append(rq_buffer *buffer, const void *data, size_t length)
{
    if (!length)
        return;
    char *room = rq_buffer_reserve(buffer, length);
    if (!room)
        return;
    memcpy(room, data, length);
    buffer->length += length;
}

void rq_buffer_text(rq_buffer *buffer, const char *text)
{
    rq_buffer_append(buffer, text, strlen(text));
}

void rq_buffer_printf(rq_buffer *buffer, const char *format, ...)
{
    if (buffer->failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    /* Most texts fit what is there; the others are printed a second time after growing. */
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(room ? buffer->data + buffer->length : NULL, room, format, arguments);
    size_t count = (size_t)length;
    bool fits = length >= 0 && buffer->length <= buffer->limit && count <= buffer->limit - buffer->length;
    if (fits && count >= room)
        fits = grow(buffer, buffer->length + count + 1) &&
               vsnprintf(buffer->data + buffer->length, count + 1, format, again) == length;
    if (fits)
        buffer->length += count;
    else
        buffer->failed = true;
    va_end(again);
    va_end(arguments);
}

const char *rq_buffer_cstring(rq_buffer *buffer)
{
    if (buffer->failed || !grow(buffer, buffer->length + 1)) {
        buffer->failed = true;
        return NULL;
    }
    buffer->data[buffer->length] = '\0';
    return buffer->data;
}
