/* Slices, methods, and percent-decoding. */
#include <string.h>
#include <strings.h>

#include "rongqiao/http.h"

const char *const rq_method_names[RQ_METHODS] = {
    [RQ_GET] = "GET",     [RQ_HEAD] = "HEAD",     [RQ_POST] = "POST",       [RQ_PUT] = "PUT",
    [RQ_PATCH] = "PATCH", [RQ_DELETE] = "DELETE", [RQ_OPTIONS] = "OPTIONS",
};

bool rq_slice_is(rq_slice slice, const char *text)
{
    return slice.length == strlen(text) && (slice.length == 0 || memcmp(slice.data, text, slice.length) == 0);
}

bool rq_slice_is_nocase(rq_slice slice, const char *text)
{
    return slice.length == strlen(text) &&
           (slice.length == 0 || strncasecmp(slice.data, text, slice.length) == 0);
}

rq_slice rq_request_header(const rq_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (rq_slice_is_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return (rq_slice){NULL, 0};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Length of the UTF-8 sequence at `text` (RFC 3629 section 4: no overlong form, no surrogate, nothing
 * above U+10FFFF), or 0. */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
    unsigned char first = text[0];
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size_t need = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length < need)
        return 0;
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    return need;
}

static bool is_utf8(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        size_t step = utf8_sequence((const unsigned char *)text + at, length - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

bool rq_percent_decode(const char *text, size_t length, bool plus_is_space, char *out, size_t *out_length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            if (length - i < 3)
                return false;
            int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    *out_length = used;
    return is_utf8(out, used);
}
