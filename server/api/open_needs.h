/* The open needs as the engine counts products among them, read from PostgreSQL and kept. Of one thread,
 * which may wait. */
#ifndef RONGQIAO_API_OPEN_NEEDS_H
#define RONGQIAO_API_OPEN_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "rongqiao/demand.h"
#include "rongqiao/ids.h"

typedef struct rq_open_needs rq_open_needs;

/* Reads them again when they are older than `refresh_ms`. Null when memory is short. */
rq_open_needs *rq_open_needs_new(const char *conninfo, int64_t refresh_ms);
void rq_open_needs_free(rq_open_needs *needs);

/* Whether there are some that are new enough; reads them if need be. The log says why not. */
bool rq_open_needs_refresh(rq_open_needs *needs);

/* Of the last reading, which lasts until the next. Null and nothing before the first. */
const rq_demand *rq_open_needs_demand(const rq_open_needs *needs);
int64_t rq_open_needs_as_of_ms(const rq_open_needs *needs);   /* when it began, of the wall clock */
int64_t rq_open_needs_read_at_ms(const rq_open_needs *needs); /* the same of the monotonic clock */
/* The id of the need with this number. */
void rq_open_needs_id(const rq_open_needs *needs, uint32_t number, char out_id[RQ_UUID_TEXT + 1]);

#endif
