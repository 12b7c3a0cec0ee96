#include "rongqiao/keyring.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "envelope.h"

enum { HEADER = 5, PLACE_MAX = 160, FILE_LINE = 256 };
static const char mark[] = "rqs1.";

typedef struct ring_key {
    uint32_t id;
    uint8_t bytes[ENVELOPE_KEY];
} ring_key;

struct rq_keyring {
    rq_cipher cipher;
    size_t count;
    ring_key keys[RQ_KEYRING_KEYS]; /* the first seals */
    uint8_t hash_key[ENVELOPE_KEY];
    bool has_hash_key;
};

const char *const rq_cipher_names[RQ_CIPHERS] = {
    [RQ_CIPHER_AES_GCM] = "aes-256-gcm", [RQ_CIPHER_SM4] = "sm4"};

/* The file ---------------------------------------------------------------------------------------------- */

static const ring_key *find_key(const rq_keyring *ring, uint32_t id)
{
    for (size_t i = 0; i < ring->count; i++)
        if (ring->keys[i].id == id)
            return &ring->keys[i];
    return NULL;
}

/* One line; false when it is none of a key, or says one twice. */
static bool take_line(rq_keyring *ring, const char *line)
{
    char name[16], hex[2 * ENVELOPE_KEY + 1], rest;
    uint8_t bytes[ENVELOPE_KEY];
    if (line[0] == '#' || line[strspn(line, " \t")] == 0)
        return true;
    bool fine = sscanf(line, "%15s %64s %c", name, hex, &rest) == 2 && rq_unhex(hex, sizeof(bytes), bytes);
    char *end = name;
    unsigned long id = fine ? strtoul(name, &end, 10) : 0;
    if (fine && strcmp(name, "hash") == 0) {
        fine = !ring->has_hash_key;
        ring->has_hash_key = true;
        memcpy(ring->hash_key, bytes, sizeof(bytes));
    } else if (fine) {
        fine = *end == 0 && id > 0 && id <= UINT32_MAX && ring->count < RQ_KEYRING_KEYS &&
               !find_key(ring, (uint32_t)id);
        if (fine) {
            ring->keys[ring->count].id = (uint32_t)id;
            memcpy(ring->keys[ring->count++].bytes, bytes, sizeof(bytes));
        }
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    OPENSSL_cleanse(hex, sizeof(hex));
    return fine;
}

static rq_status take_file(rq_keyring *ring, FILE *file, const char *path, rq_error *error)
{
    struct stat about;
    char line[FILE_LINE];
    rq_status status = RQ_OK;
    if (fstat(fileno(file), &about) != 0)
        return rq_fail(error, RQ_IO, "%.150s: %s", path, strerror(errno));
    if (about.st_mode & S_IRWXO)
        return rq_fail(error, RQ_INVALID, "%.150s: others may read these keys; chmod 600", path);
    for (unsigned number = 1; status == RQ_OK && fgets(line, sizeof(line), file); number++) {
        line[strcspn(line, "\r\n")] = 0;
        if (!take_line(ring, line))
            status =
                rq_fail(error, RQ_INVALID,
                        "%.150s:%u: no \"ID HEX\" or \"hash HEX\" line, or one given twice", path, number);
    }
    OPENSSL_cleanse(line, sizeof(line));
    if (status == RQ_OK && (ring->count == 0 || !ring->has_hash_key))
        status = rq_fail(error, RQ_INVALID, "%.150s: %s", path,
                         ring->count ? "the hash key is missing" : "the key that seals is missing");
    return status;
}

rq_status rq_keyring_load(const char *path, rq_cipher cipher, rq_keyring **out_keyring, rq_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return rq_fail(error, RQ_IO, "the keys of personal data, %.150s: %s", path, strerror(errno));
    rq_keyring *ring = envelope_begin() ? calloc(1, sizeof(*ring)) : NULL;
    rq_status status =
        ring ? take_file(ring, file, path, error) : rq_fail(error, RQ_NOMEM, "no memory for keys");
    fclose(file);
    if (status != RQ_OK) {
        rq_keyring_free(ring);
        return status;
    }
    ring->cipher = cipher;
    *out_keyring = ring;
    return RQ_OK;
}

void rq_keyring_free(rq_keyring *ring)
{
    if (ring)
        OPENSSL_cleanse(ring, sizeof(*ring));
    free(ring);
}

rq_cipher rq_keyring_cipher(const rq_keyring *ring)
{
    return ring->cipher;
}

/* Sealing ----------------------------------------------------------------------------------------------- */

static void write_header(uint8_t *out, rq_cipher cipher, uint32_t id)
{
    out[0] = (uint8_t)(cipher + 1);
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(id >> (24 - 8 * i));
}

/* Header and place; the length, or 0 when the place is too long. */
static size_t bind(const uint8_t *header, const char *place, uint8_t out[HEADER + PLACE_MAX])
{
    size_t length = strlen(place);
    if (length > PLACE_MAX)
        return 0;
    memcpy(out, header, HEADER);
    memcpy(out + HEADER, place, length);
    return HEADER + length;
}

rq_status rq_seal(const rq_keyring *ring, const char *place, const char *text,
                  char out_sealed[RQ_SEALED_TEXT], rq_error *error)
{
    const envelope_way *way = &envelope_ways[ring->cipher];
    uint8_t sealed[HEADER + ENVELOPE_NONCE_MAX + RQ_PRIVATE_BYTES + ENVELOPE_TAG_MAX],
        aad[HEADER + PLACE_MAX];
    uint8_t *nonce = sealed + HEADER, *ciphertext = nonce + way->nonce_length;
    size_t length = strlen(text);
    write_header(sealed, ring->cipher, ring->keys[0].id);
    size_t aad_length = bind(sealed, place, aad);
    if (length > RQ_PRIVATE_BYTES || aad_length == 0)
        return rq_fail(error, RQ_INVALID, "%.100s: more than %d bytes to seal", place, RQ_PRIVATE_BYTES);
    rq_status status = rq_random(nonce, way->nonce_length, error);
    if (status != RQ_OK)
        return status;
    if (!way->seal(ring->keys[0].bytes, nonce, aad, aad_length, (const uint8_t *)text, length, ciphertext,
                   ciphertext + length))
        return rq_fail(error, RQ_IO, "%.100s: %s failed", place, rq_cipher_names[ring->cipher]);
    memcpy(out_sealed, mark, sizeof(mark) - 1);
    rq_hex(sealed, HEADER + way->nonce_length + length + way->tag_length, out_sealed + sizeof(mark) - 1);
    return RQ_OK;
}

/* The bytes of a sealed text; their number, or 0 when it is none. */
static size_t read_sealed(const char *sealed, uint8_t *out, size_t size)
{
    if (strncmp(sealed, mark, sizeof(mark) - 1) != 0)
        return 0;
    const char *hex = sealed + sizeof(mark) - 1;
    size_t length = strlen(hex) / 2;
    return length >= HEADER && length <= size && rq_unhex(hex, length, out) ? length : 0;
}

static uint32_t id_in(const uint8_t *header)
{
    return (uint32_t)header[1] << 24 | (uint32_t)header[2] << 16 | (uint32_t)header[3] << 8 | header[4];
}

rq_status rq_unseal(const rq_keyring *ring, const char *place, const char *sealed,
                    char out_text[RQ_PRIVATE_BYTES + 1], rq_error *error)
{
    uint8_t bytes[HEADER + ENVELOPE_NONCE_MAX + RQ_PRIVATE_BYTES + ENVELOPE_TAG_MAX] = {0};
    uint8_t aad[HEADER + PLACE_MAX];
    size_t length = read_sealed(sealed, bytes, sizeof(bytes)), aad_length = bind(bytes, place, aad);
    if (length == 0 || bytes[0] < 1 || bytes[0] > RQ_CIPHERS || aad_length == 0)
        return rq_fail(error, RQ_INVALID, "%.100s: not sealed as it should be", place);
    const envelope_way *way = &envelope_ways[bytes[0] - 1];
    const ring_key *key = find_key(ring, id_in(bytes));
    if (!key)
        return rq_fail(error, RQ_INVALID, "%.100s: sealed by key %" PRIu32 ", which is not in the file",
                       place, id_in(bytes));
    size_t overhead = HEADER + way->nonce_length + way->tag_length;
    if (length < overhead || length - overhead > RQ_PRIVATE_BYTES)
        return rq_fail(error, RQ_INVALID, "%.100s: not sealed as it should be", place);
    const uint8_t *nonce = bytes + HEADER, *ciphertext = nonce + way->nonce_length;
    rq_status status = way->open(key->bytes, nonce, aad, aad_length, ciphertext, length - overhead,
                                 ciphertext + (length - overhead), (uint8_t *)out_text);
    if (status != RQ_OK) {
        OPENSSL_cleanse(out_text, RQ_PRIVATE_BYTES + 1);
        if (status == RQ_NOMEM)
            return rq_fail(error, RQ_NOMEM, "%.100s: no memory to unseal in", place);
        return rq_fail(error, RQ_INVALID, "%.100s: key %" PRIu32 " does not fit, or the value was changed",
                       place, key->id);
    }
    out_text[length - overhead] = 0;
    return RQ_OK;
}

uint32_t rq_sealed_key(const char *sealed)
{
    uint8_t bytes[RQ_SEALED_TEXT];
    return read_sealed(sealed, bytes, sizeof(bytes)) ? id_in(bytes) : 0;
}

bool rq_is_sealed_now(const rq_keyring *ring, const char *sealed)
{
    uint8_t bytes[RQ_SEALED_TEXT];
    return read_sealed(sealed, bytes, sizeof(bytes)) && id_in(bytes) == ring->keys[0].id &&
           bytes[0] == ring->cipher + 1;
}

rq_status rq_keyed_hash(const rq_keyring *ring, rq_cipher cipher, const char *column, const char *text,
                        char out_hex[RQ_DIGEST_HEX + 1], rq_error *error)
{
    static const char *const digests[RQ_CIPHERS] = {[RQ_CIPHER_AES_GCM] = "SHA256", [RQ_CIPHER_SM4] = "SM3"};
    uint8_t data[PLACE_MAX + 1 + RQ_PRIVATE_BYTES], hash[RQ_DIGEST_BYTES];
    size_t head = strlen(column) + 1, length = strlen(text), written = 0;
    if (head > PLACE_MAX || length > RQ_PRIVATE_BYTES)
        return rq_fail(error, RQ_INVALID, "%.100s: too long to hash", column);
    memcpy(data, column, head); /* with its NUL */
    memcpy(data + head, text, length);
    bool done = EVP_Q_mac(NULL, "HMAC", NULL, digests[cipher], NULL, ring->hash_key, ENVELOPE_KEY, data,
                          head + length, hash, sizeof(hash), &written) != NULL;
    OPENSSL_cleanse(data, sizeof(data));
    if (!done || written != sizeof(hash))
        return rq_fail_openssl(error, "the keyed hash");
    rq_hex(hash, sizeof(hash), out_hex);
    return RQ_OK;
}
