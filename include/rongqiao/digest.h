/* Digests, randomness and their text forms. OpenSSL's algorithms are fetched once per process. */
#ifndef RONGQIAO_DIGEST_H
#define RONGQIAO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

enum { RQ_SHA256_BYTES = 32, RQ_SHA256_HEX = 64 };

/* The digests that a setting can choose between: FIPS 180-4's, and GB/T 32905's. Both give RQ_DIGEST_BYTES.
 */
typedef enum rq_digest { RQ_DIGEST_SHA256, RQ_DIGEST_SM3, RQ_DIGESTS } rq_digest;
enum { RQ_DIGEST_BYTES = 32, RQ_DIGEST_HEX = 64 };
extern const char *const rq_digest_names[RQ_DIGESTS]; /* "sha256", "sm3" */
/* False when there is none of this name. */
bool rq_digest_find(const char *name, rq_digest *out_digest);
rq_status rq_digest_of(rq_digest algorithm, const void *data, size_t length,
                       uint8_t out_digest[RQ_DIGEST_BYTES], rq_error *error) RQ_MUST_CHECK;

rq_status rq_sha256(const void *data, size_t length, uint8_t out_digest[RQ_SHA256_BYTES],
                    rq_error *error) RQ_MUST_CHECK;
/* Lower-case hexadecimal; `out_text` holds 2 * length + 1 bytes. */
void rq_hex(const uint8_t *data, size_t length, char *out_text);
/* Reads 2 * `length` hexadecimal digits of either case and no more; false when `text` is anything else. */
bool rq_unhex(const char *text, size_t length, uint8_t *out_data);
/* Base64url without padding (RFC 4648 section 5); `out_text` holds (length * 4 + 2) / 3 + 1 bytes. */
void rq_base64url(const uint8_t *data, size_t length, char *out_text);
/* Base 32 without padding (RFC 4648 section 6); `out_text` holds (length * 8 + 4) / 5 + 1 bytes. */
void rq_base32(const uint8_t *data, size_t length, char *out_text);
/* Fails for what `what` names, with OpenSSL's first reason, and empties OpenSSL's queue. */
rq_status rq_fail_openssl(rq_error *error, const char *what);
/* Cryptographically strong bytes. */
rq_status rq_random(void *out, size_t length, rq_error *error) RQ_MUST_CHECK;
/* Equal in a time that depends on `length` alone. */
bool rq_equal_secret(const void *a, const void *b, size_t length);

enum { RQ_SCRYPT_SALT_BYTES = 16, RQ_SCRYPT_KEY_BYTES = 32 };
/* scrypt (RFC 7914) with N = 2^`cost_log2`, r = 8, p = 1. Takes tens to hundreds of milliseconds and
 * 1024 * N bytes: never on an event loop. */
rq_status rq_scrypt(const char *password, size_t password_length, const uint8_t salt[RQ_SCRYPT_SALT_BYTES],
                    unsigned cost_log2, uint8_t out_key[RQ_SCRYPT_KEY_BYTES], rq_error *error) RQ_MUST_CHECK;

#endif
