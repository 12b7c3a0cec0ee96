#include "rongqiao/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/digest.h"

/* GB/T 35276's default identity. OpenSSL has none of its own, so both sides always set it. */
static const char sm2_identity[] = "1234567812345678";

/* What a kind of key is called by us and by OpenSSL, and the digest that goes before its signature. */
typedef struct signing_kind {
    const char *name, *type, *group; /* `group` is null where the type says all */
    const char *digest;              /* null: the algorithm digests by itself */
    const char *identity;
} signing_kind;
static const signing_kind kinds[] = {
    {"ed25519", "ED25519", NULL, NULL, NULL},
    {"p256", "EC", "prime256v1", "SHA256", NULL},
    {"sm2", "SM2", NULL, "SM3", sm2_identity},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct rq_signing_key {
    EVP_PKEY *key;
    const signing_kind *kind;
    char id[RQ_SIGNING_ID + 1];
};

static const signing_kind *kind_of(EVP_PKEY *key)
{
    char group[64] = "";
    for (size_t i = 0; i < KINDS; i++) {
        if (!EVP_PKEY_is_a(key, kinds[i].type))
            continue;
        if (!kinds[i].group || (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
                                strcmp(group, kinds[i].group) == 0))
            return &kinds[i];
    }
    return NULL;
}

static rq_status name_key(EVP_PKEY *key, char out_id[RQ_SIGNING_ID + 1], rq_error *error)
{
    uint8_t digest[RQ_SHA256_BYTES];
    unsigned char *encoded = NULL;
    int length = i2d_PUBKEY(key, &encoded);
    if (length <= 0)
        return rq_fail_openssl(error, "the public key");
    rq_status status = rq_sha256(encoded, (size_t)length, digest, error);
    OPENSSL_free(encoded);
    if (status == RQ_OK)
        rq_hex(digest, RQ_SIGNING_ID / 2, out_id);
    return status;
}

/* Takes over `key`, also when it fails. */
static rq_status adopt(EVP_PKEY *key, rq_signing_key **out_key, rq_error *error)
{
    rq_signing_key *made = calloc(1, sizeof(*made));
    rq_status status = made ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for a key");
    if (made) {
        made->key = key;
        made->kind = kind_of(key);
        status = made->kind
                     ? name_key(key, made->id, error)
                     : rq_fail(error, RQ_INVALID, "a key that is neither Ed25519 nor ECDSA P-256 nor SM2");
    } else {
        EVP_PKEY_free(key);
    }
    if (status != RQ_OK) {
        rq_signing_key_free(made);
        return status;
    }
    *out_key = made;
    return RQ_OK;
}

rq_status rq_signing_key_make(const char *kind, rq_signing_key **out_key, rq_error *error)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kind, kinds[i].name) != 0)
            continue;
        EVP_PKEY *key = kinds[i].group ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type, kinds[i].group)
                                       : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type);
        return key ? adopt(key, out_key, error) : rq_fail_openssl(error, "making a key");
    }
    return rq_fail(error, RQ_INVALID, "no kind of key: %.40s (ed25519, p256, sm2)", kind);
}

void rq_signing_key_free(rq_signing_key *key)
{
    if (key)
        EVP_PKEY_free(key->key);
    free(key);
}

rq_status rq_signing_key_load(const char *path, rq_signing_key **out_key, rq_error *error)
{
    struct stat about;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &about) != 0) {
        rq_status status = rq_fail(error, RQ_IO, "%.150s: %s", path, strerror(errno));
        if (file)
            fclose(file);
        return status;
    }
    EVP_PKEY *key = NULL;
    rq_status status = RQ_OK;
    if (about.st_mode & S_IRWXO)
        status = rq_fail(error, RQ_INVALID, "%.150s: others may read this key; chmod 600", path);
    else if (!(key = PEM_read_PrivateKey(file, NULL, NULL, NULL)))
        status = rq_fail_openssl(error, path);
    fclose(file);
    return status == RQ_OK ? adopt(key, out_key, error) : status;
}

rq_status rq_public_keys_load(const char *path, rq_signing_key *out_keys[RQ_PUBLIC_KEYS], size_t *out_count,
                              rq_error *error)
{
    rq_status status = RQ_OK;
    FILE *file = fopen(path, "re");
    *out_count = 0;
    if (!file)
        return rq_fail(error, RQ_IO, "%.150s: %s", path, strerror(errno));
    for (EVP_PKEY *key; status == RQ_OK && (key = PEM_read_PUBKEY(file, NULL, NULL, NULL));) {
        if (*out_count < RQ_PUBLIC_KEYS) {
            status = adopt(key, &out_keys[*out_count], error);
            *out_count += status == RQ_OK;
        } else {
            EVP_PKEY_free(key);
            status = rq_fail(error, RQ_INVALID, "%.150s: more than %d keys", path, RQ_PUBLIC_KEYS);
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    fclose(file);
    if (status == RQ_OK && *out_count == 0)
        status = rq_fail(error, RQ_INVALID, "%.150s: no public key in PEM", path);
    while (status != RQ_OK && *out_count > 0)
        rq_signing_key_free(out_keys[--*out_count]);
    return status;
}

static rq_status save(const rq_signing_key *key, const char *path, int flags, mode_t mode, bool is_private,
                      rq_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file) {
        if (fd >= 0)
            close(fd);
        return rq_fail(error, RQ_IO, "%.150s: %s", path, strerror(errno));
    }
    bool written = is_private ? PEM_write_PrivateKey(file, key->key, NULL, NULL, 0, NULL, NULL) == 1
                              : PEM_write_PUBKEY(file, key->key) == 1;
    bool kept = written && fflush(file) == 0 && fsync(fd) == 0;
    kept = fclose(file) == 0 && kept;
    if (kept)
        return RQ_OK;
    ERR_clear_error();
    return rq_fail(error, RQ_IO, "%.150s: the key could not be written", path);
}

rq_status rq_signing_key_save(const rq_signing_key *key, const char *path, rq_error *error)
{
    return save(key, path, O_EXCL, S_IRUSR | S_IWUSR, true, error);
}

rq_status rq_signing_key_publish(const rq_signing_key *key, const char *path, rq_error *error)
{
    return save(key, path, O_APPEND, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, false, error);
}

const char *rq_signing_key_id(const rq_signing_key *key)
{
    return key->id;
}

/* A context for signing or verifying by `key`, or null. */
static EVP_MD_CTX *begin(const rq_signing_key *key, bool signs)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *identity = NULL;
    bool fine = context != NULL;
    if (fine && key->kind->identity) {
        identity = EVP_PKEY_CTX_new(key->key, NULL);
        fine = identity &&
               EVP_PKEY_CTX_set1_id(identity, key->kind->identity, (int)strlen(key->kind->identity)) > 0;
        if (fine)
            EVP_MD_CTX_set_pkey_ctx(context, identity);
    }
    fine =
        fine &&
        (signs ? EVP_DigestSignInit_ex(context, NULL, key->kind->digest, NULL, NULL, key->key, NULL)
               : EVP_DigestVerifyInit_ex(context, NULL, key->kind->digest, NULL, NULL, key->key, NULL)) == 1;
    if (fine)
        return context;
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(identity);
    return NULL;
}

/* The key's own context was ours to make, so it is ours to free. */
static void end(EVP_MD_CTX *context, const rq_signing_key *key)
{
    EVP_PKEY_CTX *identity = context && key->kind->identity ? EVP_MD_CTX_get_pkey_ctx(context) : NULL;
    EVP_MD_CTX_free(context);
    EVP_PKEY_CTX_free(identity);
    ERR_clear_error();
}

rq_status rq_sign(const rq_signing_key *key, const void *data, size_t length,
                  uint8_t out_signature[RQ_SIGNATURE_BYTES], size_t *out_length, rq_error *error)
{
    EVP_MD_CTX *context = begin(key, true);
    *out_length = RQ_SIGNATURE_BYTES;
    rq_status status = context && EVP_DigestSign(context, out_signature, out_length, data, length) == 1
                           ? RQ_OK
                           : rq_fail_openssl(error, "signing");
    end(context, key);
    return status;
}

bool rq_signature_holds(const rq_signing_key *key, const void *data, size_t length, const uint8_t *signature,
                        size_t signature_length)
{
    EVP_MD_CTX *context = begin(key, false);
    bool holds = context && EVP_DigestVerify(context, signature, signature_length, data, length) == 1;
    end(context, key);
    return holds;
}
