/* Digests, randomness and their text forms. OpenSSL's algorithms are fetched once per process. */
#ifndef RONGQIAO_DIGEST_H
#define RONGQIAO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

enum { RQ_SHA256_BYTES = 32, RQ_SHA256_HEX = 64 };

rq_status rq_sha256(const void *data, size_t length, uint8_t out_digest[RQ_SHA256_BYTES],
                    rq_error *error) RQ_MUST_CHECK;
/* Lower-case hexadecimal; `out_text` holds 2 * length + 1 bytes. */
void rq_hex(const uint8_t *data, size_t length, char *out_text);
/* Base64url without padding (RFC 4648 section 5); `out_text` holds (length * 4 + 2) / 3 + 1 bytes. */
void rq_base64url(const uint8_t *data, size_t length, char *out_text);
/* Cryptographically strong bytes. */
rq_status rq_random(void *out, size_t length, rq_error *error) RQ_MUST_CHECK;
/* Equal in a time that depends on `length` alone. */
bool rq_equal_secret(const void *a, const void *b, size_t length);

enum { RQ_SCRYPT_SALT_BYTES = 16, RQ_SCRYPT_KEY_BYTES = 32 };
/* scrypt (RFC 7914) with N = 2^`cost_log2`, r = 8, p = 1. Takes tens to hundreds of milliseconds and
 * 1024 * N bytes: never on an event loop. */
rq_status rq_scrypt(const char *password, size_t password_length,
                    const uint8_t salt[RQ_SCRYPT_SALT_BYTES], unsigned cost_log2,
                    uint8_t out_key[RQ_SCRYPT_KEY_BYTES], rq_error *error) RQ_MUST_CHECK;

#endif
