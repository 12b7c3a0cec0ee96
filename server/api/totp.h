/* One-time codes as the second factor (base/totp.c makes them): how the secret is kept, and what counts as a
 * second factor at a log-in. */
#ifndef RONGQIAO_API_TOTP_H
#define RONGQIAO_API_TOTP_H

#include "call.h"
#include "rongqiao/totp.h"

/* The secret as the database keeps it, and back; false when it cannot be. The one place to encrypt it. */
enum { RQ_TOTP_SEALED_TEXT = 2 * RQ_TOTP_SECRET_BYTES };
bool rq_totp_seal(const uint8_t secret[RQ_TOTP_SECRET_BYTES], char out_sealed[RQ_TOTP_SEALED_TEXT + 1]);
bool rq_totp_open(const char *sealed, uint8_t out_secret[RQ_TOTP_SECRET_BYTES]);

/* What PostgreSQL must use up, in the transaction that opens the session: one of the two. */
typedef struct rq_second_factor {
    char step[24];                         /* of a one-time code, as text; "" when it is none */
    char recovery_hash[RQ_SHA256_HEX + 1]; /* of a recovery code */
} rq_second_factor;
/* Reads what somebody typed: a right one-time code, or what looks like a recovery code. */
bool rq_second_factor_read(const char *sealed, const char *typed, rq_second_factor *out_factor);

/* Whether the asker must enrol before anything else: a person with a role of the setting totp_roles. */
bool rq_totp_is_due(const rq_call *call);

#endif
