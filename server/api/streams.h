/* The live events of a worker's clients: one stream a connection, all on the worker's thread. */
#ifndef RONGQIAO_API_STREAMS_H
#define RONGQIAO_API_STREAMS_H

#include <sys/queue.h>

#include "call.h"
#include "relay.h"

typedef struct rq_stream rq_stream;
TAILQ_HEAD(rq_stream_list, rq_stream);

typedef struct rq_streams {
    struct rq_stream_list list;
    int64_t upto;    /* of the last news */
    unsigned asking; /* pages that were asked for and are not here */
    bool is_closed;  /* no more are taken */
} rq_streams;

void rq_streams_init(rq_streams *streams);
/* Ends every stream and takes no more. */
void rq_streams_close(rq_worker *worker);
/* What time brings: heartbeats, looking whether sessions live, pages that are still owed. A few times a
 * second. */
void rq_streams_tick(rq_worker *worker);

/* Posted by the relay: takes over a reference of `news` (rq_news). */
void rq_streams_take_news(rq_worker *worker, void *news);
/* Posted by the relay: looks at once whether the sessions of this user live (text, taken over; null:
 * everybody's). */
void rq_streams_check_user(rq_worker *worker, void *user_id);

/* Stage of GET /v1/events. */
rq_step rq_stream_open(rq_call *call);
/* The client of call->stream has gone. */
void rq_stream_abandon(rq_call *call);

#endif
