/* The session token of a request, and what keeps other sites from using a browser's. */
#include <stdio.h>
#include <string.h>

#include "stages.h"

static const char cookie_name[] = "__Host-rq_session=";

/* The session token of the request: bearer for programs, cookie for browsers. Empty when there is none. */
rq_slice rq_token_find(const rq_request *request, bool *out_by_cookie)
{
    rq_slice authorization = rq_request_header(request, "Authorization");
    *out_by_cookie = false;
    if (authorization.data) {
        if (authorization.length > 7 && strncasecmp(authorization.data, "Bearer ", 7) == 0)
            return (rq_slice){authorization.data + 7, authorization.length - 7};
        return (rq_slice){authorization.data, 0};
    }
    rq_slice cookie = rq_request_header(request, "Cookie");
    for (size_t at = 0; at + sizeof(cookie_name) - 1 <= cookie.length;) {
        const char *pair = cookie.data + at;
        const char *end = memchr(pair, ';', cookie.length - at);
        size_t length = end ? (size_t)(end - pair) : cookie.length - at;
        if (length > sizeof(cookie_name) - 1 && memcmp(pair, cookie_name, sizeof(cookie_name) - 1) == 0) {
            *out_by_cookie = true;
            return (rq_slice){pair + sizeof(cookie_name) - 1, length - (sizeof(cookie_name) - 1)};
        }
        at += length + 1;
        while (at < cookie.length && cookie.data[at] == ' ')
            at++;
    }
    return (rq_slice){NULL, 0};
}

bool rq_csrf_token(const char *token, size_t length, char out_text[RQ_SHA256_HEX + 1])
{
    char text[160];
    uint8_t digest[RQ_SHA256_BYTES];
    int written = snprintf(text, sizeof(text), "csrf:%.*s", (int)length, token);
    if (written < 0 || (size_t)written >= sizeof(text) ||
        rq_sha256(text, (size_t)written, digest, NULL) != RQ_OK)
        return false;
    rq_hex(digest, sizeof(digest), out_text);
    return true;
}

/* A browser's request that changes something must come from our own page: the token that only it can read,
 * and no cross-site origin (ASVS 3.5.1). */
bool rq_csrf_holds(rq_call *call, rq_slice token)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice sent = rq_request_header(request, "X-CSRF-Token");
    rq_slice site = rq_request_header(request, "Sec-Fetch-Site");
    char expected[RQ_SHA256_HEX + 1];
    if (site.data && !rq_slice_is(site, "same-origin") && !rq_slice_is(site, "none"))
        return false;
    return rq_csrf_token(token.data, token.length, expected) && sent.length == RQ_SHA256_HEX &&
           rq_equal_secret(sent.data, expected, RQ_SHA256_HEX);
}
