/* What the announcer counts. */
#ifndef RONGQIAO_API_ANNOUNCER_H
#define RONGQIAO_API_ANNOUNCER_H

#include <stdatomic.h>

#include "rongqiao/api.h"

typedef struct rq_announcer_counters {
    atomic_uint_fast64_t products; /* told to the end */
    atomic_uint_fast64_t told;     /* enterprises */
    atomic_uint_fast64_t held;     /* needs that the bounds kept from being told */
} rq_announcer_counters;
const rq_announcer_counters *rq_announcer_counters_of(const rq_announcer *announcer);

#endif
