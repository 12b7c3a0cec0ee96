/* The admin listener on loopback: /livez, /readyz, /metrics; plain HTTP, no secrets. */
#ifndef RONGQIAO_ADMIN_H
#define RONGQIAO_ADMIN_H

#include <event2/event.h>
#include <stddef.h>

#include "rongqiao/api.h"
#include "rongqiao/jobs.h"

typedef struct rq_admin {
    rq_worker *const *workers;
    size_t worker_count;
    const rq_announcer *announcer;
    const rq_sealer *sealer;
    bool stopping; /* set at the drain: not ready any more */
    rq_worker_net *net;
} rq_admin;

rq_status rq_admin_open(rq_admin *admin, struct event_base *base, int listen_fd,
                        rq_error *error) RQ_MUST_CHECK;

#endif
