#include "envelope.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

enum { GCM_NONCE = 12, GCM_TAG = 16, SM4_KEY = 16, SM4_NONCE = 16, SM3_TAG = 32, MAC_TEXT = 512 };

/* Fetching searches the providers under a lock, so it is done once; they live as long as the process. */
static pthread_mutex_t fetching = PTHREAD_MUTEX_INITIALIZER;
static EVP_CIPHER *aes_gcm, *sm4_ctr;

bool envelope_begin(void)
{
    pthread_mutex_lock(&fetching);
    if (!aes_gcm)
        aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (!sm4_ctr)
        sm4_ctr = EVP_CIPHER_fetch(NULL, "SM4-CTR", NULL);
    bool has_both = aes_gcm && sm4_ctr;
    pthread_mutex_unlock(&fetching);
    ERR_clear_error();
    return has_both;
}

/* AES-256-GCM ------------------------------------------------------------------------------------------- */

/* All but the end, which writes or compares the tag. */
static bool gcm_run(EVP_CIPHER_CTX *context, bool seals, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
                    size_t aad_length, const uint8_t *in, size_t length, uint8_t *out)
{
    int written = 0;
    return context && EVP_CipherInit_ex2(context, aes_gcm, key, nonce, seals, NULL) == 1 &&
           EVP_CipherUpdate(context, NULL, &written, aad, (int)aad_length) == 1 &&
           (length == 0 || EVP_CipherUpdate(context, out, &written, in, (int)length) == 1);
}

static bool gcm_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                     const uint8_t *text, size_t length, uint8_t *out_ciphertext, uint8_t *out_tag)
{
    int ended = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool fine = gcm_run(context, true, key, nonce, aad, aad_length, text, length, out_ciphertext) &&
                EVP_CipherFinal_ex(context, out_ciphertext + length, &ended) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, out_tag) == 1;
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return fine;
}

static rq_status gcm_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                          const uint8_t *ciphertext, size_t length, const uint8_t *tag, uint8_t *out_text)
{
    int ended = 0;
    uint8_t expected[GCM_TAG];
    memcpy(expected, tag, GCM_TAG);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ran = gcm_run(context, false, key, nonce, aad, aad_length, ciphertext, length, out_text) &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, expected) == 1;
    bool fits = ran && EVP_CipherFinal_ex(context, out_text + length, &ended) == 1;
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return fits ? RQ_OK : ran ? RQ_INVALID : RQ_NOMEM;
}

/* SM4-CTR with HMAC-SM3 --------------------------------------------------------------------------------- */

static bool hmac_sm3(const uint8_t *key, size_t key_length, const uint8_t *data, size_t length, uint8_t *out)
{
    size_t written = 0;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SM3", NULL, key, key_length, data, length, out, SM3_TAG,
                     &written) &&
           written == SM3_TAG;
}

/* A key of its own for each use. */
static bool derive(const uint8_t *key, const char *use, uint8_t out_key[SM3_TAG])
{
    return hmac_sm3(key, ENVELOPE_KEY, (const uint8_t *)use, strlen(use), out_key);
}

static bool sm4(const char *mode, const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t length,
                uint8_t *out)
{
    int written = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_CIPHER *fetched_here = mode ? EVP_CIPHER_fetch(NULL, mode, NULL) : NULL;
    const EVP_CIPHER *cipher = mode ? fetched_here : sm4_ctr;
    bool fine = context && cipher && EVP_EncryptInit_ex2(context, cipher, key, nonce, NULL) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                (length == 0 || EVP_EncryptUpdate(context, out, &written, in, (int)length) == 1);
    EVP_CIPHER_free(fetched_here);
    EVP_CIPHER_CTX_free(context);
    ERR_clear_error();
    return fine;
}

bool envelope_sm4_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    return sm4("SM4-ECB", key, NULL, in, 16, out);
}

/* HMAC over length of the AAD (8 bytes, big-endian), AAD, nonce and ciphertext. */
static bool sm4_tag(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                    const uint8_t *ciphertext, size_t length, uint8_t *out_tag)
{
    uint8_t own[SM3_TAG], text[MAC_TEXT];
    if (8 + aad_length + SM4_NONCE + length > sizeof(text))
        return false;
    for (unsigned i = 0; i < 8; i++)
        text[i] = (uint8_t)((uint64_t)aad_length >> (56 - 8 * i));
    memcpy(text + 8, aad, aad_length);
    memcpy(text + 8 + aad_length, nonce, SM4_NONCE);
    memcpy(text + 8 + aad_length + SM4_NONCE, ciphertext, length);
    bool fine = derive(key, "authenticate", own) &&
                hmac_sm3(own, sizeof(own), text, 8 + aad_length + SM4_NONCE + length, out_tag);
    OPENSSL_cleanse(own, sizeof(own));
    return fine;
}

static bool sm4_crypt(const uint8_t *key, const uint8_t *nonce, const uint8_t *in, size_t length,
                      uint8_t *out)
{
    uint8_t own[SM3_TAG];
    bool fine = derive(key, "encrypt", own) && sm4(NULL, own, nonce, in, length, out);
    OPENSSL_cleanse(own, sizeof(own));
    return fine;
}

static bool sm4_seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                     const uint8_t *text, size_t length, uint8_t *out_ciphertext, uint8_t *out_tag)
{
    return sm4_crypt(key, nonce, text, length, out_ciphertext) &&
           sm4_tag(key, nonce, aad, aad_length, out_ciphertext, length, out_tag);
}

static rq_status sm4_open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                          const uint8_t *ciphertext, size_t length, const uint8_t *tag, uint8_t *out_text)
{
    uint8_t expected[SM3_TAG];
    if (!sm4_tag(key, nonce, aad, aad_length, ciphertext, length, expected))
        return RQ_NOMEM;
    if (!rq_equal_secret(expected, tag, SM3_TAG))
        return RQ_INVALID;
    return sm4_crypt(key, nonce, ciphertext, length, out_text) ? RQ_OK : RQ_NOMEM;
}

const envelope_way envelope_ways[RQ_CIPHERS] = {
    [RQ_CIPHER_AES_GCM] = {GCM_NONCE, GCM_TAG, gcm_seal, gcm_open},
    [RQ_CIPHER_SM4] = {SM4_NONCE, SM3_TAG, sm4_seal, sm4_open},
};
