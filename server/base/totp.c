#include "rongqiao/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rongqiao/digest.h"

enum { SHA1_BYTES = 20 };

int64_t rq_totp_code(const uint8_t *secret, size_t length, int64_t step, unsigned digits)
{
    uint8_t counter[8], mac[SHA1_BYTES];
    unsigned mac_length = 0;
    int64_t modulus = 1;
    for (unsigned i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    for (unsigned i = 0; i < digits; i++)
        modulus *= 10;
    if (!HMAC(EVP_sha1(), secret, (int)length, counter, sizeof counter, mac, &mac_length) ||
        mac_length != SHA1_BYTES)
        return -1;
    const uint8_t *at = mac + (mac[SHA1_BYTES - 1] & 15);
    uint32_t truncated =
        (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return truncated % modulus;
}

int64_t rq_totp_step_of(const uint8_t secret[RQ_TOTP_SECRET_BYTES], const char *code, int64_t now_s)
{
    int64_t present = now_s / RQ_TOTP_STEP_S, found = -1;
    if (strlen(code) != RQ_TOTP_DIGITS)
        return -1;
    for (int64_t step = present - RQ_TOTP_SKEW; step <= present + RQ_TOTP_SKEW; step++) {
        char text[RQ_TOTP_DIGITS + 16];
        int64_t right = rq_totp_code(secret, RQ_TOTP_SECRET_BYTES, step, RQ_TOTP_DIGITS);
        snprintf(text, sizeof text, "%0*lld", RQ_TOTP_DIGITS, (long long)right);
        bool is_right = right >= 0 && rq_equal_secret(text, code, RQ_TOTP_DIGITS);
        found = is_right ? step : found;
    }
    return found;
}
