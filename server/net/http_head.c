/* The request line and the fields (RFC 9112 sections 3 and 5), and what they say of the body's framing
 * (section 6). Every doubt is a refusal. */
#include <string.h>
#include <strings.h>

#include "http_parser.h"

enum {
    TOKEN = 1, /* tchar, RFC 9110 section 5.6.2 */
    VALUE = 2, /* VCHAR, SP, HTAB, obs-text: section 5.5 */
    PATH = 4,  /* pchar and "/", RFC 3986 section 3.3; "%" is checked apart */
    QUERY = 8, /* PATH, "?", and what browsers leave bare in a query */
    HOST = 16, /* letters, digits, "-", ".", "_" */
    DIGIT = 32,
    HEX = 64,
};

#define NAME (TOKEN | VALUE | PATH | QUERY)

/* Ranges in designators are a GNU extension. */
static const unsigned char classes[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['0' ... '9'] = NAME | HOST | DIGIT | HEX,
    ['A' ... 'F'] = NAME | HOST | HEX,
    ['G' ... 'Z'] = NAME | HOST,
    ['a' ... 'f'] = NAME | HOST | HEX,
    ['g' ... 'z'] = NAME | HOST,
    ['-'] = NAME | HOST,
    ['.'] = NAME | HOST,
    ['_'] = NAME | HOST,
    ['~'] = NAME,
    ['!'] = NAME,
    ['$'] = NAME,
    ['&'] = NAME,
    ['\''] = NAME,
    ['*'] = NAME,
    ['+'] = NAME,
    ['%'] = NAME,
    ['#'] = TOKEN | VALUE,
    ['^'] = TOKEN | VALUE | QUERY,
    ['`'] = TOKEN | VALUE | QUERY,
    ['|'] = TOKEN | VALUE | QUERY,
    ['('] = VALUE | PATH | QUERY,
    [')'] = VALUE | PATH | QUERY,
    [','] = VALUE | PATH | QUERY,
    ['/'] = VALUE | PATH | QUERY,
    [':'] = VALUE | PATH | QUERY,
    [';'] = VALUE | PATH | QUERY,
    ['='] = VALUE | PATH | QUERY,
    ['@'] = VALUE | PATH | QUERY,
    ['?'] = VALUE | QUERY,
    ['['] = VALUE | QUERY,
    [']'] = VALUE | QUERY,
    ['{'] = VALUE | QUERY,
    ['}'] = VALUE | QUERY,
    ['"'] = VALUE,
    ['<'] = VALUE,
    ['>'] = VALUE,
    ['\\'] = VALUE,
    [0x80 ... 0xff] = VALUE,
};

static bool is(char c, unsigned class)
{
    return (classes[(unsigned char)c] & class) != 0;
}

static bool all_are(rq_slice slice, unsigned class)
{
    for (size_t i = 0; i < slice.length; i++)
        if (!is(slice.data[i], class))
            return false;
    return true;
}

static rq_slice slice_from(rq_slice slice, size_t from)
{
    return (rq_slice){slice.data + from, slice.length - from};
}

static const char *find(rq_slice slice, char c)
{
    return slice.length ? memchr(slice.data, c, slice.length) : NULL;
}

static rq_slice trimmed(rq_slice slice)
{
    while (slice.length && (slice.data[0] == ' ' || slice.data[0] == '\t'))
        slice = slice_from(slice, 1);
    while (slice.length && (slice.data[slice.length - 1] == ' ' || slice.data[slice.length - 1] == '\t'))
        slice.length--;
    return slice;
}

/* Request line ---------------------------------------------------------------------------------------- */

/* "%" only before two hexadecimal digits that are not 00. */
static bool escapes_are_good(rq_slice text)
{
    const char *percent;
    while ((percent = find(text, '%'))) {
        text = slice_from(text, (size_t)(percent - text.data));
        if (text.length < 3 || !is(text.data[1], HEX) || !is(text.data[2], HEX) ||
            (text.data[1] == '0' && text.data[2] == '0'))
            return false;
        text = slice_from(text, 3);
    }
    return true;
}

/* Whether a segment is "." or "..", maybe escaped: whoever resolves it (RFC 3986 section 5.2.4) sees another
 * path than who does not. */
static bool has_dot_segment(rq_slice path)
{
    size_t dots = 0, others = 0;
    for (size_t i = 1; i <= path.length; i++) {
        if (i == path.length || path.data[i] == '/') {
            if (others == 0 && (dots == 1 || dots == 2))
                return true;
            dots = others = 0;
        } else if (path.data[i] == '.') {
            dots++;
        } else if (path.length - i > 2 && strncasecmp(path.data + i, "%2e", 3) == 0) {
            dots++;
            i += 2;
        } else {
            others++;
        }
    }
    return false;
}

/* uri-host [ ":" port ] without userinfo (RFC 9110 section 7.2), a name, an IPv4 or a bracketed IPv6. */
static bool is_authority(rq_slice text)
{
    size_t at = 0;
    if (text.length && text.data[0] == '[') {
        const char *close = find(text, ']');
        if (!close || close == text.data + 1)
            return false;
        at = (size_t)(close - text.data) + 1;
        for (size_t i = 1; i + 1 < at; i++)
            if (!is(text.data[i], HEX) && text.data[i] != ':' && text.data[i] != '.')
                return false;
    } else {
        while (at < text.length && is(text.data[at], HOST))
            at++;
        if (at == 0 || memmem(text.data, at, "..", 2))
            return false;
    }
    if (at == text.length)
        return true;
    return text.data[at] == ':' && all_are(slice_from(text, at + 1), DIGIT) && text.length - at <= 6;
}

/* Takes scheme and authority off an absolute-form target (RFC 9112 section 3.2.2). An empty path becomes
 * the "/" of the scheme, so that the slice stays inside the input. */
static bool reduce_absolute(rq_http *http, rq_slice *target)
{
    size_t scheme = target->length > 7 && strncasecmp(target->data, "http://", 7) == 0    ? 7
                    : target->length > 8 && strncasecmp(target->data, "https://", 8) == 0 ? 8
                                                                                          : 0;
    if (scheme == 0)
        return false;
    rq_slice rest = slice_from(*target, scheme);
    const char *slash = find(rest, '/');
    http->authority = (rq_slice){rest.data, slash ? (size_t)(slash - rest.data) : rest.length};
    *target = slash ? slice_from(rest, http->authority.length) : (rq_slice){target->data + scheme - 1, 1};
    return is_authority(http->authority);
}

static bool take_target(rq_http *http, rq_slice target)
{
    rq_request *request = &http->request;
    if (target.data[0] != '/' && !reduce_absolute(http, &target))
        return false;
    const char *mark = find(target, '?');
    size_t path = mark ? (size_t)(mark - target.data) : target.length;
    request->target = target;
    request->path = (rq_slice){target.data, path};
    request->query = mark ? slice_from(target, path + 1) : (rq_slice){target.data + target.length, 0};
    return all_are(request->path, PATH) && all_are(request->query, QUERY) && escapes_are_good(target) &&
           !has_dot_segment(request->path);
}

static bool take_method(rq_http *http, rq_slice method)
{
    for (int i = 0; i < RQ_METHODS; i++)
        if (rq_slice_is(method, rq_method_names[i])) {
            http->request.method = (rq_method)i;
            return true;
        }
    return false;
}

/* One empty line before a request is forgiven (RFC 9112 section 2.2). */
static http_step skip_leading_line(rq_http *http)
{
    const char *input = http->data + http->at;
    size_t have = http->length - http->at;
    if (have > 0 && input[0] == '\n')
        return http_refuse(http, 400, "bare_line_feed");
    if (have < 1 || input[0] != '\r' || http->leading_line_skipped)
        return STEP_ON;
    if (have < 2)
        return STEP_MORE;
    if (input[1] != '\n')
        return http_refuse(http, 400, "bad_request_line");
    http->leading_line_skipped = true;
    http->at += 2;
    http->start = http->at;
    return STEP_ON;
}

http_step http_request_line(rq_http *http)
{
    rq_slice line;
    http_step got = skip_leading_line(http);
    if (got != STEP_ON)
        return got;
    got = http_line(http, RQ_LIMIT_REQUEST_LINE + 2, 414, "target_too_long", &line);
    if (got != STEP_ON)
        return got;
    const char *first = find(line, ' ');
    if (!first || first == line.data)
        return http_refuse(http, 400, "bad_request_line");
    rq_slice method = {line.data, (size_t)(first - line.data)};
    rq_slice rest = slice_from(line, method.length + 1);
    const char *second = find(rest, ' ');
    if (!second || second == rest.data || !all_are(method, TOKEN))
        return http_refuse(http, 400, "bad_request_line");
    rq_slice target = {rest.data, (size_t)(second - rest.data)};
    rq_slice version = slice_from(rest, target.length + 1);
    if (version.length != 8 || memcmp(version.data, "HTTP/", 5) != 0 || !is(version.data[5], DIGIT) ||
        version.data[6] != '.' || !is(version.data[7], DIGIT))
        return http_refuse(http, 400, "bad_request_line");
    if (version.data[5] != '1' || version.data[7] > '1')
        return http_refuse(http, 505, "unknown_version");
    http->request.minor_version = version.data[7] == '1';
    if (!take_method(http, method))
        return http_refuse(http, 501, "unknown_method");
    if (!take_target(http, target))
        return http_refuse(http, 400, "bad_target");
    http->request.keep_alive = http->request.minor_version == 1;
    http->request.expect_continue = false;
    http->state = AT_FIELDS;
    return STEP_ON;
}

/* Fields ---------------------------------------------------------------------------------------------- */

bool http_field_line(rq_slice line, rq_header *out_field, rq_slice *out_raw)
{
    const char *colon = find(line, ':');
    if (!colon || colon == line.data)
        return false;
    size_t length = (size_t)(colon - line.data);
    out_field->name = (rq_slice){line.data, length};
    *out_raw = slice_from(line, length + 1);
    out_field->value = trimmed(*out_raw);
    return all_are(out_field->name, TOKEN) && all_are(*out_raw, VALUE);
}

static const char *const known_names[KNOWN_FIELDS] = {
    [KNOWN_HOST] = "Host",
    [KNOWN_CONTENT_LENGTH] = "Content-Length",
    [KNOWN_TRANSFER_ENCODING] = "Transfer-Encoding",
    [KNOWN_EXPECT] = "Expect",
    [KNOWN_AUTHORIZATION] = "Authorization",
    [KNOWN_CONTENT_TYPE] = "Content-Type",
    [KNOWN_COOKIE] = "Cookie",
    [KNOWN_IDEMPOTENCY_KEY] = "Idempotency-Key",
    [KNOWN_IF_MATCH] = "If-Match",
    [KNOWN_CONNECTION] = "Connection",
};

static http_known known_field(rq_slice name)
{
    int i = 0;
    while (i < KNOWN_FIELDS && !rq_slice_is_nocase(name, known_names[i]))
        i++;
    return (http_known)i;
}

static bool take_content_length(rq_http *http, rq_slice value)
{
    if (value.length < 1 || value.length > 10 || !all_are(value, DIGIT))
        return false;
    http->content_length = 0;
    for (size_t i = 0; i < value.length; i++)
        http->content_length = http->content_length * 10 + (uint64_t)(value.data[i] - '0');
    return true;
}

/* A list of tokens over one or more fields; "close" anywhere in it wins (RFC 9112 section 9.3). */
static void take_connection(rq_http *http, rq_slice value)
{
    while (value.length > 0) {
        const char *comma = find(value, ',');
        size_t length = comma ? (size_t)(comma - value.data) : value.length;
        if (rq_slice_is_nocase(trimmed((rq_slice){value.data, length}), "close"))
            http->request.keep_alive = false;
        value = slice_from(value, comma ? length + 1 : length);
    }
}

static http_step take_known(rq_http *http, http_known known, rq_slice value, rq_slice raw)
{
    unsigned bit = 1u << known;
    if (known < KNOWN_SINGLE_FIELDS && (http->known_seen & bit))
        return http_refuse(http, 400, known == KNOWN_HOST ? "bad_host" : "doubled_header");
    http->known_seen |= bit;
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.data[i] >= 0x80)
            return http_refuse(http, 400, "bad_header");
    switch (known) {
    case KNOWN_HOST:
        return is_authority(value) ? STEP_ON : http_refuse(http, 400, "bad_host");
    case KNOWN_CONTENT_LENGTH:
        return !find(raw, '\t') && take_content_length(http, value) ? STEP_ON
                                                                    : http_refuse(http, 400, "bad_framing");
    case KNOWN_TRANSFER_ENCODING:
        http->chunked = rq_slice_is_nocase(value, "chunked");
        return find(raw, '\t') || value.length == 0 ? http_refuse(http, 400, "bad_framing") : STEP_ON;
    case KNOWN_CONNECTION:
        take_connection(http, value);
        return STEP_ON;
    case KNOWN_EXPECT:
        http->request.expect_continue = rq_slice_is_nocase(value, "100-continue");
        return STEP_ON;
    default:
        return STEP_ON;
    }
}

static bool has(const rq_http *http, http_known known)
{
    return (http->known_seen & (1u << known)) != 0;
}

/* The fields are complete: what they say together. */
static http_step end_fields(rq_http *http)
{
    rq_request *request = &http->request;
    bool coded = has(http, KNOWN_TRANSFER_ENCODING);
    if (!has(http, KNOWN_HOST) && request->minor_version == 1)
        return http_refuse(http, 400, "bad_host");
    if (http->authority.data && has(http, KNOWN_HOST)) {
        rq_slice host = rq_request_header(request, "Host");
        if (host.length != http->authority.length ||
            strncasecmp(host.data, http->authority.data, host.length) != 0)
            return http_refuse(http, 400, "bad_host");
    }
    if (coded && (has(http, KNOWN_CONTENT_LENGTH) || request->minor_version == 0))
        return http_refuse(http, 400, "bad_framing");
    if (coded && !http->chunked)
        return http_refuse(http, 501, "unknown_transfer_coding");
    if (has(http, KNOWN_EXPECT) && request->minor_version == 1 && !request->expect_continue)
        return http_refuse(http, 417, "unknown_expectation");
    if (request->minor_version == 0)
        request->expect_continue = false;
    http->state = AT_BODY;
    return STEP_ON;
}

http_step http_fields(rq_http *http)
{
    rq_request *request = &http->request;
    rq_slice line, raw;
    rq_header field;
    size_t left = RQ_LIMIT_HEADER_BYTES - http->block_bytes;
    http_step got = http_line(http, left, 431, "headers_too_large", &line);
    if (got != STEP_ON)
        return got;
    http->block_bytes += line.length + 2;
    if (line.length == 0)
        return end_fields(http);
    if (!http_field_line(line, &field, &raw))
        return http_refuse(http, 400, "bad_header");
    if (request->header_count == RQ_LIMIT_HEADER_FIELDS)
        return http_refuse(http, 431, "headers_too_large");
    request->headers[request->header_count++] = field;
    http_known known = known_field(field.name);
    return known < KNOWN_FIELDS ? take_known(http, known, field.value, raw) : STEP_ON;
}
