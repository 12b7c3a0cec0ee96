/* Signatures over what leaves the database: Ed25519, ECDSA on P-256 with SHA-256, or SM2 with SM3 (GB/T
 * 32918, with the identity 1234567812345678), by the kind of the key. */
#ifndef RONGQIAO_SIGNING_H
#define RONGQIAO_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

enum { RQ_SIGNING_ID = 16, RQ_SIGNATURE_BYTES = 96, RQ_PUBLIC_KEYS = 16 };

/* A private key, or the public half of one. */
typedef struct rq_signing_key rq_signing_key;

/* A new key of kind "ed25519", "p256" or "sm2"; RQ_INVALID for any other. The caller owns it, here and below.
 */
rq_status rq_signing_key_make(const char *kind, rq_signing_key **out_key, rq_error *error) RQ_MUST_CHECK;
/* Reads a private key in PEM. RQ_INVALID when it is of another kind, or when others may read the file. */
rq_status rq_signing_key_load(const char *path, rq_signing_key **out_key, rq_error *error) RQ_MUST_CHECK;
/* Reads a PEM file of one to RQ_PUBLIC_KEYS public keys. On failure nothing is left to free. */
rq_status rq_public_keys_load(const char *path, rq_signing_key *out_keys[RQ_PUBLIC_KEYS], size_t *out_count,
                              rq_error *error) RQ_MUST_CHECK;
void rq_signing_key_free(rq_signing_key *key);

/* Writes the private key to a file that was not there, readable by its owner alone, and durably. */
rq_status rq_signing_key_save(const rq_signing_key *key, const char *path, rq_error *error) RQ_MUST_CHECK;
/* Appends the public half to a file, which keeps the keys of before. */
rq_status rq_signing_key_publish(const rq_signing_key *key, const char *path, rq_error *error) RQ_MUST_CHECK;

/* The key's name: the first RQ_SIGNING_ID hexadecimal digits of SHA-256 over its SubjectPublicKeyInfo. */
const char *rq_signing_key_id(const rq_signing_key *key);

rq_status rq_sign(const rq_signing_key *key, const void *data, size_t length,
                  uint8_t out_signature[RQ_SIGNATURE_BYTES], size_t *out_length,
                  rq_error *error) RQ_MUST_CHECK;
bool rq_signature_holds(const rq_signing_key *key, const void *data, size_t length, const uint8_t *signature,
                        size_t signature_length);

#endif
