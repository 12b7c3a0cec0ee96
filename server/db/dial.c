#include "dial.h"

#include <assert.h>

struct timeval db_timeval(int64_t ms)
{
    return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

static void fail(db_dial *dial, const char *reason)
{
    char text[DB_REASON_BYTES];
    if (reason == NULL) {
        db_reason(dial->pg, text);
        reason = text;
    }
    db_dial_stop(dial);
    dial->done(dial->owner, NULL, reason);
}

static void on_io(evutil_socket_t fd, short what, void *argument);

/* libpq may close its socket and open another between two polls, so the event is made anew each time; it
 * is not persistent, hence never pending while PQconnectPoll() runs. */
static void wait_for(db_dial *dial, short what)
{
    int fd = PQsocket(dial->pg);
    if (fd < 0 || event_assign(&dial->io, dial->base, fd, what, on_io, dial) != 0 ||
        event_add(&dial->io, NULL) != 0) {
        fail(dial, "cannot watch the socket");
    }
}

static void on_io(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    db_dial *dial = argument;
    PGconn *pg = dial->pg;
    switch (PQconnectPoll(pg)) {
    case PGRES_POLLING_READING:
        wait_for(dial, EV_READ);
        return;
    case PGRES_POLLING_WRITING:
        wait_for(dial, EV_WRITE);
        return;
    case PGRES_POLLING_OK:
        (void)event_del(&dial->deadline);
        dial->pg = NULL;
        dial->done(dial->owner, pg, NULL);
        return;
    default:
        fail(dial, NULL);
    }
}

static void on_deadline(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    fail(argument, "connecting took too long");
}

void db_dial_init(db_dial *dial, struct event_base *base, db_dial_done done, void *owner)
{
    dial->base = base;
    dial->pg = NULL;
    dial->done = done;
    dial->owner = owner;
    (void)event_assign(&dial->io, base, -1, EV_READ, on_io, dial);
    (void)evtimer_assign(&dial->deadline, base, on_deadline, dial);
}

void db_dial_start(db_dial *dial, const db_conninfo *conninfo)
{
    assert(dial->pg == NULL);
    dial->pg = PQconnectStartParams(conninfo->keywords, conninfo->values, 0);
    if (dial->pg == NULL || PQstatus(dial->pg) == CONNECTION_BAD) {
        fail(dial, NULL);
        return;
    }
    struct timeval limit = db_timeval(conninfo->connect_ms);
    if (event_add(&dial->deadline, &limit) != 0) {
        fail(dial, "cannot set a deadline");
        return;
    }
    wait_for(dial, EV_WRITE);
}

void db_dial_stop(db_dial *dial)
{
    (void)event_del(&dial->io);
    (void)event_del(&dial->deadline);
    PQfinish(dial->pg);
    dial->pg = NULL;
}
