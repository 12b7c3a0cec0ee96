#include "rongqiao/digest.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>

/* Fetching searches the providers under a lock, so it is done once; both live as long as the process. */
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static EVP_KDF *scrypt;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
}

/* Takes OpenSSL's first reason and empties its queue, so that it can't blame a later call. */
static rq_status fail_openssl(rq_error *error, const char *what)
{
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return rq_fail(error, RQ_IO, "%s: %s", what, reason);
}

rq_status rq_sha256(const void *data, size_t length, uint8_t out_digest[RQ_SHA256_BYTES], rq_error *error)
{
    pthread_once(&fetched, fetch);
    if (!sha256 || EVP_Digest(data, length, out_digest, NULL, sha256, NULL) != 1)
        return fail_openssl(error, "SHA-256");
    return RQ_OK;
}

void rq_hex(const uint8_t *data, size_t length, char *out_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        *out_text++ = digits[data[i] >> 4];
        *out_text++ = digits[data[i] & 15];
    }
    *out_text = '\0';
}

void rq_base64url(const uint8_t *data, size_t length, char *out_text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned waiting = 0; /* bits read and not yet written, below 6 between bytes */
    for (size_t i = 0; i < length; i++) {
        bits = (bits << 8 | data[i]) & 0xffff;
        waiting += 8;
        while (waiting >= 6) {
            waiting -= 6;
            *out_text++ = digits[bits >> waiting & 63];
        }
    }
    if (waiting)
        *out_text++ = digits[bits << (6 - waiting) & 63];
    *out_text = '\0';
}

rq_status rq_random(void *out, size_t length, rq_error *error)
{
    if (length > INT_MAX)
        return rq_fail(error, RQ_INVALID, "%zu random bytes at once", length);
    if (RAND_bytes(out, (int)length) != 1)
        return fail_openssl(error, "random bytes");
    return RQ_OK;
}

bool rq_equal_secret(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}

rq_status rq_scrypt(const char *password, size_t password_length, const uint8_t salt[RQ_SCRYPT_SALT_BYTES],
                    unsigned cost_log2, uint8_t out_key[RQ_SCRYPT_KEY_BYTES], rq_error *error)
{
    enum { COST_LOG2_MAX = 24, BLOCK_SIZE = 8, PARALLEL = 1 };
    if (cost_log2 < 1 || cost_log2 > COST_LOG2_MAX)
        return rq_fail(error, RQ_INVALID, "scrypt cost 2^%u", cost_log2);
    pthread_once(&fetched, fetch);
    EVP_KDF_CTX *context = scrypt ? EVP_KDF_CTX_new(scrypt) : NULL;
    if (!context)
        return fail_openssl(error, "scrypt");
    uint64_t rounds = UINT64_C(1) << cost_log2;
    uint32_t block_size = BLOCK_SIZE, parallel = PARALLEL;
    /* RFC 7914 section 6: V takes 128 * r * N bytes; B, T and X are a few blocks more. */
    uint64_t memory = 128 * (uint64_t)block_size * (rounds + parallel + 8);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)password, password_length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, RQ_SCRYPT_SALT_BYTES),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &rounds),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &block_size),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &parallel),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_construct_end(),
    };
    int derived = EVP_KDF_derive(context, out_key, RQ_SCRYPT_KEY_BYTES, parameters);
    EVP_KDF_CTX_free(context);
    return derived == 1 ? RQ_OK : fail_openssl(error, "scrypt");
}
