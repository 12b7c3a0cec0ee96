/* The session token of a request, and what keeps other sites from using a browser's. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stages.h"

static const char *const cookie_names[] = {
    [RQ_COOKIE_SESSION] = "__Host-session=",
    [RQ_COOKIE_DEVICE] = "__Host-device=",
};

rq_slice rq_cookie_find(const rq_request *request, rq_cookie which)
{
    rq_slice cookie = rq_request_header(request, "Cookie");
    const char *name = cookie_names[which];
    size_t name_length = strlen(name);
    for (size_t at = 0; at + name_length <= cookie.length;) {
        const char *pair = cookie.data + at;
        const char *end = memchr(pair, ';', cookie.length - at);
        size_t length = end ? (size_t)(end - pair) : cookie.length - at;
        if (length > name_length && memcmp(pair, name, name_length) == 0)
            return (rq_slice){pair + name_length, length - name_length};
        at += length + 1;
        while (at < cookie.length && cookie.data[at] == ' ')
            at++;
    }
    return (rq_slice){NULL, 0};
}

rq_slice rq_token_find(const rq_request *request, rq_token_source *out_source)
{
    rq_slice authorization = rq_request_header(request, "Authorization");
    rq_slice cookie = rq_cookie_find(request, RQ_COOKIE_SESSION);
    *out_source = authorization.data && cookie.data ? RQ_TOKEN_DOUBLED
                  : authorization.data              ? RQ_TOKEN_BEARER
                  : cookie.data                     ? RQ_TOKEN_COOKIE
                                                    : RQ_TOKEN_NONE;
    if (!authorization.data)
        return cookie;
    if (authorization.length > 7 && strncasecmp(authorization.data, "Bearer ", 7) == 0)
        return (rq_slice){authorization.data + 7, authorization.length - 7};
    return (rq_slice){authorization.data, 0};
}

void rq_cookie_write(rq_cookie which, const char *token, int64_t seconds, char out_text[RQ_COOKIE_TEXT])
{
    snprintf(out_text, RQ_COOKIE_TEXT, "%s%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%" PRId64,
             cookie_names[which], token, seconds);
}

bool rq_csrf_token(const char *token, size_t length, char out_text[RQ_CSRF_TEXT + 1])
{
    char text[160];
    uint8_t digest[RQ_SHA256_BYTES];
    int written = snprintf(text, sizeof(text), "csrf:%.*s", (int)length, token);
    if (written < 0 || (size_t)written >= sizeof(text) ||
        rq_sha256(text, (size_t)written, digest, NULL) != RQ_OK)
        return false;
    rq_base64url(digest, sizeof(digest), out_text);
    return true;
}

bool rq_is_same_origin(const rq_request *request)
{
    static const char scheme[] = "https://";
    rq_slice site = rq_request_header(request, "Sec-Fetch-Site");
    rq_slice origin = rq_request_header(request, "Origin");
    rq_slice host = rq_request_header(request, "Host");
    if (site.data && !rq_slice_is(site, "same-origin"))
        return false;
    if (!origin.data)
        return true;
    return host.data && origin.length == sizeof(scheme) - 1 + host.length &&
           memcmp(origin.data, scheme, sizeof(scheme) - 1) == 0 &&
           strncasecmp(origin.data + sizeof(scheme) - 1, host.data, host.length) == 0;
}

bool rq_csrf_holds(const rq_request *request, rq_slice token)
{
    rq_slice sent = rq_request_header(request, "X-CSRF-Token");
    char expected[RQ_CSRF_TEXT + 1];
    return rq_is_same_origin(request) && rq_csrf_token(token.data, token.length, expected) &&
           sent.length == RQ_CSRF_TEXT && rq_equal_secret(sent.data, expected, RQ_CSRF_TEXT);
}
