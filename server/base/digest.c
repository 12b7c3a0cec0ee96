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
#include <string.h>

/* Fetching searches the providers under a lock, so it is done once; both live as long as the process. */
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *digests[RQ_DIGESTS];
static EVP_KDF *scrypt;

const char *const rq_digest_names[RQ_DIGESTS] = {[RQ_DIGEST_SHA256] = "sha256", [RQ_DIGEST_SM3] = "sm3"};

static void fetch(void)
{
    for (int i = 0; i < RQ_DIGESTS; i++)
        digests[i] = EVP_MD_fetch(NULL, rq_digest_names[i], NULL);
    scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
}

/* The queue is emptied so that it can't blame a later call. */
rq_status rq_fail_openssl(rq_error *error, const char *what)
{
    char reason[160];
    ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
    ERR_clear_error();
    return rq_fail(error, RQ_IO, "%s: %s", what, reason);
}

bool rq_digest_find(const char *name, rq_digest *out_digest)
{
    for (int i = 0; i < RQ_DIGESTS; i++)
        if (strcmp(name, rq_digest_names[i]) == 0) {
            *out_digest = (rq_digest)i;
            return true;
        }
    return false;
}

rq_status rq_digest_of(rq_digest algorithm, const void *data, size_t length,
                       uint8_t out_digest[RQ_DIGEST_BYTES], rq_error *error)
{
    pthread_once(&fetched, fetch);
    EVP_MD *digest = digests[algorithm];
    if (!digest || EVP_Digest(data, length, out_digest, NULL, digest, NULL) != 1)
        return rq_fail_openssl(error, rq_digest_names[algorithm]);
    return RQ_OK;
}

rq_status rq_sha256(const void *data, size_t length, uint8_t out_digest[RQ_SHA256_BYTES], rq_error *error)
{
    return rq_digest_of(RQ_DIGEST_SHA256, data, length, out_digest, error);
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

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool rq_unhex(const char *text, size_t length, uint8_t *out_data)
{
    for (size_t i = 0; i < length; i++) {
        int high = digit_of(text[2 * i]);
        int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0)
            return false;
        out_data[i] = (uint8_t)(high << 4 | low);
    }
    return text[2 * length] == '\0';
}

/* Writes the data `width` bits a digit (at most 8), what is left over with noughts behind it; no padding. */
static void write_digits(const uint8_t *data, size_t length, unsigned width, const char *digits,
                         char *out_text)
{
    const uint32_t mask = (1U << width) - 1;
    uint32_t bits = 0;
    unsigned waiting = 0; /* bits read and not yet written, below `width` between bytes */
    for (size_t i = 0; i < length; i++) {
        bits = (bits << 8 | data[i]) & 0xffff;
        waiting += 8;
        while (waiting >= width) {
            waiting -= width;
            *out_text++ = digits[bits >> waiting & mask];
        }
    }
    if (waiting)
        *out_text++ = digits[bits << (width - waiting) & mask];
    *out_text = '\0';
}

void rq_base64url(const uint8_t *data, size_t length, char *out_text)
{
    write_digits(data, length, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                 out_text);
}

void rq_base32(const uint8_t *data, size_t length, char *out_text)
{
    write_digits(data, length, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", out_text);
}

rq_status rq_random(void *out, size_t length, rq_error *error)
{
    if (length > INT_MAX)
        return rq_fail(error, RQ_INVALID, "%zu random bytes at once", length);
    if (RAND_bytes(out, (int)length) != 1)
        return rq_fail_openssl(error, "random bytes");
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
        return rq_fail_openssl(error, "scrypt");
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
    return derived == 1 ? RQ_OK : rq_fail_openssl(error, "scrypt");
}
