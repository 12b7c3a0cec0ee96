/* One-time codes by time: RFC 6238 over HMAC-SHA-1, six digits, steps of 30 seconds, as every authenticator
 * app makes them. */
#ifndef RONGQIAO_TOTP_H
#define RONGQIAO_TOTP_H

#include <stddef.h>
#include <stdint.h>

enum {
    RQ_TOTP_SECRET_BYTES = 20, /* as long as the hash (RFC 4226 section 4) */
    RQ_TOTP_STEP_S = 30,
    RQ_TOTP_DIGITS = 6,
    RQ_TOTP_SKEW = 1, /* steps before and after the present one that are taken, for clocks that differ */
    RQ_TOTP_SECRET_TEXT = 32,
};

/* The code of a step, of at most nine digits (RFC 4226 section 5.3); -1 when OpenSSL fails. */
int64_t rq_totp_code(const uint8_t *secret, size_t length, int64_t step, unsigned digits);
/* The step within the skew whose code this is, compared in constant time; -1: none. `now_s` is the wall
 * clock's. */
int64_t rq_totp_step_of(const uint8_t secret[RQ_TOTP_SECRET_BYTES], const char *code, int64_t now_s);

#endif
