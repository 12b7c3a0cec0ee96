/* The JSON writer of buffer.h. */
#include <inttypes.h>
#include <string.h>

#include "rongqiao/buffer.h"

rq_json rq_json_on(rq_buffer *out)
{
    return (rq_json){.out = out, .comma = false};
}

/* A string with its quotes. RFC 8259 section 7: quote, backslash and U+0000 to U+001F are escaped, the
 * rest passes as it is. */
static void quoted(rq_buffer *out, const char *text, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    static const char short_names[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    rq_buffer_append(out, "\"", 1);
    size_t clean_from = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        rq_buffer_append(out, text + clean_from, i - clean_from);
        clean_from = i + 1;
        if (byte >= 0x20)
            rq_buffer_append(out, (const char[]){'\\', (char)byte}, 2);
        else if (short_names[byte])
            rq_buffer_append(out, (const char[]){'\\', short_names[byte]}, 2);
        else
            rq_buffer_append(out, (const char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]},
                             6);
    }
    rq_buffer_append(out, text + clean_from, length - clean_from);
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
    lead_in(json, key);
    rq_buffer_printf(json->out, "%" PRId64, value);
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
