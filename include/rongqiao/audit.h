/* The trail's proof, as bytes: what of a row is sealed, how seals chain, and what a checkpoint says. Pure;
 * the sealer (jobs/sealer.c) and `rongqiao audit verify` both go by it.
 *
 * Canonical form of a row: for each of rq_audit_fields in order, its length in bytes as 4 bytes, big-endian,
 * and its text as PostgreSQL writes it (UTF-8; `at` as microseconds since 1970 UTC); null is ff ff ff ff
 * alone. Seal n = digest(seal n-1 || n as 8 bytes, big-endian || canonical form); seal 0 =
 * digest("rongqiao-audit-1").
 *
 * A checkpoint is one line of JSON:
 *   {"origin":...,"number":...,"size":...,"head":...,"time":...,"previous":...,"key":...,"signature":...}
 * `size` and `head` are the last seal's number and bytes, `previous` is SHA-256 of the line before (zeros
 * before the first); the signature covers the line's bytes before `,"signature"`. Bytes are in hexadecimal.
 */
#ifndef RONGQIAO_AUDIT_H
#define RONGQIAO_AUDIT_H

#include "rongqiao/buffer.h"
#include "rongqiao/digest.h"
#include "rongqiao/signing.h"
#include "rongqiao/status.h"

enum { RQ_AUDIT_FIELDS = 15, RQ_CHECKPOINT_LINE = 1024, RQ_AUDIT_ORIGIN = 200 };
extern const char *const rq_audit_fields[RQ_AUDIT_FIELDS];

/* Seal 0 of a chain by `algorithm`. */
rq_status rq_audit_begin(rq_digest algorithm, uint8_t out_seal[RQ_DIGEST_BYTES],
                         rq_error *error) RQ_MUST_CHECK;
/* Seal `n` of a row, whose values are texts or null in the order of rq_audit_fields. `scratch` is
 * overwritten. */
rq_status rq_audit_seal(rq_digest algorithm, const uint8_t previous[RQ_DIGEST_BYTES], int64_t n,
                        const char *const values[RQ_AUDIT_FIELDS], rq_buffer *scratch,
                        uint8_t out_seal[RQ_DIGEST_BYTES], rq_error *error) RQ_MUST_CHECK;

typedef struct rq_checkpoint {
    char origin[RQ_AUDIT_ORIGIN + 1];
    char key_id[RQ_SIGNING_ID + 1];
    int64_t number, size;
    uint8_t head[RQ_DIGEST_BYTES];
    uint8_t previous[RQ_SHA256_BYTES];
    uint8_t digest[RQ_SHA256_BYTES]; /* of the whole line, without its end */
} rq_checkpoint;

/* Signs a checkpoint (key_id and digest are filled in) and writes its line, without a line's end. */
rq_status rq_checkpoint_write(rq_checkpoint *checkpoint, const char *time, const rq_signing_key *key,
                              char out_line[RQ_CHECKPOINT_LINE], rq_error *error) RQ_MUST_CHECK;
/* Takes a line apart, however forged. RQ_INVALID when it is none. */
rq_status rq_checkpoint_read(const char *line, rq_checkpoint *out_checkpoint, rq_error *error) RQ_MUST_CHECK;
/* Whether the line was signed by `key`. */
bool rq_checkpoint_holds(const char *line, const rq_signing_key *key);

#endif
