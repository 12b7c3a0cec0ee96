/* rongqiao audit: the key of the checkpoints, and the check of the whole trail against them. */
#ifndef RONGQIAO_AUDIT_COMMAND_H
#define RONGQIAO_AUDIT_COMMAND_H

#include <libpq-fe.h>

#include "rongqiao/audit.h"
#include "rongqiao/config.h"
#include "rongqiao/jobs.h"

rq_sealer_settings audit_sealer_settings(const rq_config *config);

/* One run of verify. */
typedef struct audit_check {
    const rq_config *config;
    PGconn *connection;
    rq_signing_key *keys[RQ_PUBLIC_KEYS];
    size_t key_count;
    rq_checkpoint *checkpoints; /* those that hold, by number and size */
    size_t checkpoint_count, checkpoint_capacity;
    long long sealed, waiting, faults;
} audit_check;

/* Prints one fault as a line of JSON: rows `from` to `to` of the chain (0: not of a row) or the row
 * `event_id` (may be null), in words. */
void audit_fault(audit_check *check, const char *fault, int64_t from, int64_t to, const char *event_id,
                 const char *format, ...) RQ_PRINTF(6, 7);
/* The rows of a compiled-in statement, or null with the reason. */
PGresult *audit_ask(audit_check *check, const char *statement, const char *const *parameters, int count,
                    rq_error *error);

/* Reads the checkpoints of a folder: signature, origin and form of each. */
rq_status audit_read_folder(audit_check *check, const char *folder, rq_error *error) RQ_MUST_CHECK;
/* Once all are read: whether one is missing, by their numbers and by what the database remembers. */
rq_status audit_compare_checkpoints(audit_check *check, rq_error *error) RQ_MUST_CHECK;
/* Walks the chain, holding each row to its seal and the seals to the checkpoints. */
rq_status audit_walk(audit_check *check, rq_error *error) RQ_MUST_CHECK;
/* Rows that are outside the chain and should not be. */
rq_status audit_find_unsealed(audit_check *check, rq_error *error) RQ_MUST_CHECK;

#endif
