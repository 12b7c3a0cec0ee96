/* One attempt to connect, without blocking. */
#ifndef RONGQIAO_DB_DIAL_H
#define RONGQIAO_DB_DIAL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "conninfo.h"

struct timeval db_timeval(int64_t ms);

/* `pg` is connected and now the receiver's, or null, with the reason. */
typedef void (*db_dial_done)(void *owner, PGconn *pg, const char *reason);

typedef struct db_dial {
    struct event_base *base;
    PGconn *pg; /* null when no attempt runs */
    struct event io;
    struct event deadline;
    db_dial_done done;
    void *owner;
} db_dial;

void db_dial_init(db_dial *dial, struct event_base *base, db_dial_done done, void *owner);
/* Begins an attempt. `done` may be called before this returns, when the attempt fails at once. */
void db_dial_start(db_dial *dial, const db_conninfo *conninfo);
/* Ends an attempt, if one runs, without calling `done`. */
void db_dial_stop(db_dial *dial);

#endif
