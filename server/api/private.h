/* Personal data on their way in and out: sealed before a statement's parameters are made, opened in the reply
 * and masked by who asks. PostgreSQL never sees them; neither does the log. */
#ifndef RONGQIAO_API_PRIVATE_H
#define RONGQIAO_API_PRIVATE_H

#include <sys/types.h>
#include <time.h>

#include "call.h"
#include "rongqiao/keyring.h"

/* The keys as one worker has them; read again when the file changes. */
typedef struct rq_private_keys {
    rq_keyring *keyring; /* null: none are set */
    int64_t looked_ms;
    struct timespec changed;
    ino_t inode;
} rq_private_keys;

rq_status rq_private_keys_open(rq_private_keys *keys, const rq_config *config, rq_error *error) RQ_MUST_CHECK;
void rq_private_keys_close(rq_private_keys *keys);

/* The worker's keys, no older than a second; null when there are none. */
const rq_keyring *rq_private_keyring(rq_worker *worker);
/* Replaces the personal data of `object`, a new or changed enterprise of this id, by what is stored of them.
 * False after the call was refused. */
bool rq_private_seal(rq_call *call, json_t *object, const char *id);
/* The same for what the row of a new enterprise is made from, with an id of its own where one is needed. */
bool rq_private_seal_new(rq_call *call, json_t *object);
/* Replaces what is sealed in a reply by what the asker may see of it; `text` then points to a copy. False
 * after the call was refused, because a value could not be opened. */
bool rq_private_open(rq_call *call, const char **text, size_t *length);
/* The hashes that the values of an input are found by, as call->computed. */
rq_step rq_private_hashes(rq_call *call);

#endif
