/* The JSON writer of buffer.h. */
#include <stdint.h>
#include <string.h>

#include "rongqiao/buffer.h"

rq_json rq_json_on(rq_buffer *out)
{
    return (rq_json){.out = out, .comma = false};
}

/* How many of the bytes pass as they are: all but quote, backslash and U+0000 to U+001F (RFC 8259 section 7).
 * Eight at a time: a byte below its bound borrows into its top bit, which no byte of ASCII has set. */
static size_t plain_length(const char *text, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= length; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text + at, sizeof(word));
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        if ((((word - ones * 0x20) | (quote - ones) | (slash - ones)) & ~word & tops) != 0)
            break;
    }
    while (at < length && (unsigned char)text[at] >= 0x20 && text[at] != '"' && text[at] != '\\')
        at++;
    return at;
}

static void escaped(rq_buffer *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char short_names[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    if (byte >= 0x20)
        rq_buffer_append(out, (const char[]){'\\', (char)byte}, 2);
    else if (short_names[byte])
        rq_buffer_append(out, (const char[]){'\\', short_names[byte]}, 2);
    else
        rq_buffer_append(out, (const char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
}

/* A string with its quotes; most have nothing to escape, and go out in one piece. */
static void quoted(rq_buffer *out, const char *text, size_t length)
{
    size_t plain = plain_length(text, length), at = plain;
    char *room = rq_buffer_reserve(out, plain + 2);
    if (!room)
        return;
    room[0] = '"';
    memcpy(room + 1, text, plain);
    out->length += plain + 1;
    while (at < length) {
        escaped(out, (unsigned char)text[at++]);
        plain = plain_length(text + at, length - at);
        rq_buffer_append(out, text + at, plain);
        at += plain;
    }
    rq_buffer_append(out, "\"", 1);
}

/* What stands before a value: the comma that the one before it left, and the key. */
static void lead_in(rq_json *json, const char *key)
{
    if (json->comma)
        rq_buffer_append(json->out, ",", 1);
    if (key) {
        quoted(json->out, key, strlen(key));
        rq_buffer_append(json->out, ":", 1);
    }
    json->comma = true;
}

static void open_with(rq_json *json, const char *key, const char *bracket)
{
    lead_in(json, key);
    rq_buffer_append(json->out, bracket, 1);
    json->comma = false;
}

static void close_with(rq_json *json, const char *bracket)
{
    rq_buffer_append(json->out, bracket, 1);
    json->comma = true;
}

void rq_json_object(rq_json *json, const char *key)
{
    open_with(json, key, "{");
}

void rq_json_object_end(rq_json *json)
{
    close_with(json, "}");
}

void rq_json_array(rq_json *json, const char *key)
{
    open_with(json, key, "[");
}

void rq_json_array_end(rq_json *json)
{
    close_with(json, "]");
}

void rq_json_string(rq_json *json, const char *key, const char *text)
{
    rq_json_string_n(json, key, text, text ? strlen(text) : 0);
}

void rq_json_string_n(rq_json *json, const char *key, const char *text, size_t length)
{
    if (!text) {
        rq_json_null(json, key);
        return;
    }
    lead_in(json, key);
    quoted(json->out, text, length);
}

void rq_json_int(rq_json *json, const char *key, int64_t value)
{
    char text[20];
    size_t at = sizeof(text);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        text[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (value < 0)
        text[--at] = '-';
    lead_in(json, key);
    rq_buffer_append(json->out, text + at, sizeof(text) - at);
}

void rq_json_bool(rq_json *json, const char *key, bool value)
{
    lead_in(json, key);
    rq_buffer_text(json->out, value ? "true" : "false");
}

void rq_json_null(rq_json *json, const char *key)
{
    lead_in(json, key);
    rq_buffer_text(json->out, "null");
}

void rq_json_raw(rq_json *json, const char *key, const char *text, size_t length)
{
    lead_in(json, key);
    rq_buffer_append(json->out, text, length);
}
