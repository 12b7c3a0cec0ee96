/* Personal data at rest: sealed by an authenticated cipher under keys from a file outside the database, and
 * found again by a keyed hash. Pure but for reading the file.
 *
 * Sealed text: "rqs1." and, in hexadecimal, version (1 byte: 1 AES-256-GCM, 2 SM4-CTR with HMAC-SM3), key id
 * (4 bytes, big-endian), nonce (12 or 16 bytes), ciphertext, tag (16 or 32 bytes). What is authenticated
 * beside the ciphertext: version, key id and the place, "table.column.row id", so that a value fits nowhere
 * else.
 *
 * The file: a line a key, "ID HEX" with an id from 1 on and 32 bytes in hexadecimal, and one "hash HEX". The
 * first key seals, all of them unseal. Lines that start with # say nothing. */
#ifndef RONGQIAO_KEYRING_H
#define RONGQIAO_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/digest.h"
#include "rongqiao/status.h"

typedef enum rq_cipher { RQ_CIPHER_AES_GCM, RQ_CIPHER_SM4, RQ_CIPHERS } rq_cipher;
extern const char *const rq_cipher_names[RQ_CIPHERS]; /* "aes-256-gcm", "sm4" */

enum { RQ_PRIVATE_BYTES = 64, RQ_SEALED_TEXT = 256, RQ_KEYRING_KEYS = 64 };

typedef struct rq_keyring rq_keyring;

/* Reads the file; new values are sealed by `cipher`, all are unsealed by what they say. RQ_INVALID when
 * others may read the file, or when a line is no key; the caller owns the keyring. */
rq_status rq_keyring_load(const char *path, rq_cipher cipher, rq_keyring **out_keyring,
                          rq_error *error) RQ_MUST_CHECK;
/* Wipes the keys. */
void rq_keyring_free(rq_keyring *keyring);
/* Makes a file with a first key and a hash key where none was, or puts a new key before those of a file that
 * is there; durable, and whole at every moment. `out_id` is the new key's. */
rq_status rq_keyring_make(const char *path, uint32_t *out_id, rq_error *error) RQ_MUST_CHECK;
rq_status rq_keyring_add(const char *path, uint32_t *out_id, rq_error *error) RQ_MUST_CHECK;

/* Seals at most RQ_PRIVATE_BYTES of text for a place. */
rq_status rq_seal(const rq_keyring *keyring, const char *place, const char *text,
                  char out_sealed[RQ_SEALED_TEXT], rq_error *error) RQ_MUST_CHECK;
/* RQ_INVALID, with a reason that names key and place and no content, when the text is not sealed, the key is
 * not there or is another, or anything was changed; RQ_NOMEM when nobody can tell. */
rq_status rq_unseal(const rq_keyring *keyring, const char *place, const char *sealed,
                    char out_text[RQ_PRIVATE_BYTES + 1], rq_error *error) RQ_MUST_CHECK;
/* The key that sealed this; 0: it is not sealed. */
uint32_t rq_sealed_key(const char *sealed);
/* Whether this was sealed by the key and cipher that seal now. */
bool rq_is_sealed_now(const rq_keyring *keyring, const char *sealed);

/* The hash that a value of this column is found by: HMAC-SHA-256 or HMAC-SM3, by the cipher. */
rq_status rq_keyed_hash(const rq_keyring *keyring, rq_cipher cipher, const char *column, const char *text,
                        char out_hex[RQ_DIGEST_HEX + 1], rq_error *error) RQ_MUST_CHECK;
rq_cipher rq_keyring_cipher(const rq_keyring *keyring);

#endif
