/* What the subcommands ask of the keys of personal data. */
#ifndef RONGQIAO_KEYS_COMMAND_H
#define RONGQIAO_KEYS_COMMAND_H

#include <libpq-fe.h>

#include "rongqiao/config.h"

/* Before serving: every key that a value in the database was sealed by is there and fits. RQ_INVALID says
 * which is not. `out_unsealed`: whether values from before sealing wait for `rongqiao keys rotate`. */
rq_status keys_check(const rq_config *config, PGconn *connection, bool *out_unsealed,
                     rq_error *error) RQ_MUST_CHECK;

#endif
