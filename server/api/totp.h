/* One-time codes as the second factor (base/totp.c makes them): how the secret is kept, and what counts as a
 * second factor at a log-in. */
#ifndef RONGQIAO_API_TOTP_H
#define RONGQIAO_API_TOTP_H

#include "call.h"
#include "rongqiao/totp.h"

/* What PostgreSQL must use up, in the transaction that opens the session: one of the two. */
typedef struct rq_second_factor {
    char step[24];                         /* of a one-time code, as text; "" when it is none */
    char recovery_hash[RQ_SHA256_HEX + 1]; /* of a recovery code */
} rq_second_factor;
/* Reads what this user typed: a right one-time code by the secret as the database keeps it, or what looks like a recovery
 * code. */
bool rq_second_factor_read(rq_worker *worker, const char *user_id, const char *sealed, const char *typed,
                           rq_second_factor *out_factor);

/* Whether the asker must enrol before anything else: a person with a role of the setting totp_roles. */
bool rq_totp_is_due(const rq_call *call);

#endif
