/* The bytes of a reply: status line, the headers every reply has, the handler's, and the body. */
#include <assert.h>
#include <string.h>

#include "connection.h"

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return ""; /* the phrase is optional (RFC 9112 section 4) */
}

static void append_number(rq_buffer *out, size_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    rq_buffer_append(out, digits + at, sizeof digits - at);
}

/* The date changes once a second. */
static const char *date_of(rq_worker_net *net)
{
    int64_t now_ms = rq_wall_ms();
    if (now_ms / 1000 != net->date_second) {
        net->date_second = now_ms / 1000;
        rq_imf_date(now_ms, net->date);
    }
    return net->date;
}

/* A control character in a value would end the field, so it becomes a space (RFC 9110 section 5.5). */
static void append_value(rq_buffer *out, const char *value)
{
    size_t length = strlen(value);
    char *to = rq_buffer_reserve(out, length);
    if (!to)
        return;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)value[i];
        bool is_control = (c < 0x20 && c != '\t') || c == 0x7f;
        to[i] = value[i];
        if (is_control)
            to[i] = ' ';
    }
    out->length += length;
}

/* What browsers must hold to, whatever the reply is (ASVS 3.4). */
static const char guards[] =
    "\r\nX-Content-Type-Options: nosniff"
    "\r\nReferrer-Policy: no-referrer"
    "\r\nCross-Origin-Opener-Policy: same-origin"
    "\r\nCross-Origin-Resource-Policy: same-origin"
    "\r\nPermissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";

/* A reply is no page unless its handler says what the page may do (ASVS 3.4.3, 3.4.6). */
static const char policy_name[] = "Content-Security-Policy";
static const char no_page[] = "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

bool reply_compose(rq_buffer *out, rq_worker_net *net, const char *exchange_id, const reply *what)
{
    bool bodiless = what->status == 204 || what->status == 304, has_policy = false;
    rq_buffer_text(out, "HTTP/1.1 ");
    append_number(out, (size_t)what->status);
    rq_buffer_text(out, " ");
    rq_buffer_text(out, reason_of(what->status));
    rq_buffer_text(out, "\r\nDate: ");
    rq_buffer_text(out, date_of(net));
    if (what->is_chunked)
        rq_buffer_text(out, "\r\nTransfer-Encoding: chunked");
    if (!bodiless && !what->is_stream) {
        rq_buffer_text(out, "\r\nContent-Length: ");
        append_number(out, what->body_length);
    }
    if (what->is_last)
        rq_buffer_text(out, "\r\nConnection: close");
    rq_buffer_text(out, "\r\nX-Request-Id: ");
    rq_buffer_text(out, exchange_id);
    if (net->tls)
        rq_buffer_text(out, "\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains");
    rq_buffer_append(out, guards, sizeof guards - 1);
    for (size_t i = 0; i < what->header_count; i++) {
        assert(!strpbrk(what->headers[i].name, "\r\n: "));
        has_policy |= strcmp(what->headers[i].name, policy_name) == 0;
        rq_buffer_text(out, what->headers[i].name);
        rq_buffer_text(out, ": ");
        append_value(out, what->headers[i].value);
        rq_buffer_text(out, "\r\n");
    }
    if (!has_policy)
        rq_buffer_append(out, no_page, sizeof no_page - 1);
    rq_buffer_text(out, "\r\n");
    if (!bodiless && !what->is_head && what->body_length > 0)
        rq_buffer_append(out, what->body, what->body_length);
    return !out->failed;
}
