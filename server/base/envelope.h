/* The two ways of sealing, over bytes: AES-256-GCM (NIST SP 800-38D), and SM4-CTR (GB/T 32907, GB/T 17964)
 * with HMAC-SM3 over all of it, encrypt then MAC. */
#ifndef RONGQIAO_ENVELOPE_H
#define RONGQIAO_ENVELOPE_H

#include "rongqiao/keyring.h"

enum { ENVELOPE_KEY = 32, ENVELOPE_NONCE_MAX = 16, ENVELOPE_TAG_MAX = 32 };

typedef struct envelope_way {
    size_t nonce_length, tag_length;
    /* False: OpenSSL cannot, for want of memory. */
    bool (*seal)(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                 const uint8_t *text, size_t length, uint8_t *out_ciphertext, uint8_t *out_tag);
    /* RQ_INVALID: anything was changed, or the key is another; RQ_NOMEM: nobody can tell. */
    rq_status (*open)(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_length,
                 const uint8_t *ciphertext, size_t length, const uint8_t *tag, uint8_t *out_text);
} envelope_way;
extern const envelope_way envelope_ways[RQ_CIPHERS];

/* Finds the ciphers once; false when they cannot be had. Before anything is sealed or opened. */
bool envelope_begin(void);

/* One block of SM4 in ECB, for the standard's examples. */
bool envelope_sm4_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);

#endif
