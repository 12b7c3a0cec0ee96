/* What the files of this folder share: a call and its segment, a connection, a lane. All of it belongs to
 * one worker's thread.
 *
 *   rq_db_call() -> queue of the lane -> FIFO of a connection -> finished -> callback
 *
 * Nothing but deliver() in db.c calls back; everything else moves calls along these lists. */
#ifndef RONGQIAO_DB_POOL_H
#define RONGQIAO_DB_POOL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "dial.h"
#include "rongqiao/db.h"

typedef struct db_lane db_lane;
typedef struct db_connection db_connection;

/* Calls ---------------------------------------------------------------------------------------------- */

typedef enum call_state { CALL_FREE, CALL_QUEUED, CALL_SENT, CALL_FINISHED, CALL_DELIVERING } call_state;

typedef struct db_call {
    TAILQ_ENTRY(db_call) link;
    rq_db_callback callback; /* null: forgotten */
    void *argument;
    db_lane *lane;
    const rq_statement *context; /* may be null */
    const rq_statement *statement;
    const char **values; /* of the context, then of the statement; one block with their text; kept while it
                            may have to be sent again */
    unsigned context_count, count;
    int64_t queued_at_ms;
    uint32_t generation;
    call_state state;
    unsigned position; /* of its statements, the one that the next result belongs to */
    bool is_alone;     /* shares its segment with no other call */
    bool ends_segment; /* a Sync follows it */
    bool has_error;    /* `result` is the first error of the segment */
    bool was_skipped;  /* because of an error before it in its segment: nothing of it was done */
    PGresult *result;
    rq_db_outcome outcome;
    const char *note; /* our reason where PostgreSQL gave none; static */
} db_call;
typedef TAILQ_HEAD(db_call_list, db_call) db_call_list;

/* Ends a call: its callback is due at the end of the loop's tick. `note` is static text. */
void db_call_finish(db_call *call, rq_db_outcome outcome, const char *note);
/* Gives a call back to the slab; it is on no list. */
void db_call_free(rq_db *db, db_call *call);

/* Connections ---------------------------------------------------------------------------------------- */

typedef enum connection_state {
    STATE_WAITING,    /* for its time to connect */
    STATE_CONNECTING, /* the dial runs */
    STATE_PREPARING,  /* the statements of the lane are on their way */
    STATE_READY,
} connection_state;

struct db_connection {
    db_lane *lane;
    connection_state state;
    PGconn *pg; /* from STATE_PREPARING on */
    db_dial dial;
    struct event readable, writable, timer;
    int64_t timer_at_ms; /* INT64_MAX: not armed */
    int64_t retry_at_ms;
    int64_t prepare_until_ms;
    int64_t ready_since_ms, expires_at_ms;
    int64_t head_since_ms; /* since when the first segment of `sent` is the first */
    unsigned failures;     /* in a row */
    bool retiring;         /* takes no more work, and closes when idle */
    bool renewing;         /* being replaced on purpose: the lane does not count as down */
    bool is_unsure;        /* a notice made the outcome of the first segment unknown */
    bool needs_flush;
    db_call_list sent;
    db_call *answering; /* of `sent`, the one that the next result belongs to; null: the first */
    unsigned in_flight;
    unsigned shared;  /* segments of several calls among `sent` */
    unsigned unended; /* calls at the end of `sent` whose segment still lacks its Sync */
    size_t prepared;  /* statements whose preparation was answered */
    char reason[DB_REASON_BYTES];
};

void db_connection_init(db_connection *connection, db_lane *lane);
void db_connection_done(db_connection *connection);
/* Begins to connect. */
void db_connection_start(db_connection *connection);
/* Whether it is ready for one more segment. */
bool db_connection_has_room(const db_connection *connection);
/* Gives the connection up: what was sent ends as RQ_DB_UNKNOWN, and it connects again after a while. */
void db_connection_break(db_connection *connection, const char *reason);
/* Closes a retiring connection once nothing is in flight. */
void db_connection_settle(db_connection *connection);
/* Arms the timer for what comes first. */
void db_connection_watch(db_connection *connection);
/* Does what is due. */
void db_connection_tick(db_connection *connection);
/* The statements are prepared, or one was refused (`reason` says which). */
void db_connection_prepared(db_connection *connection);

/* Segments (segment.c): the wire side of a connection. ------------------------------------------------- */

/* Sends what prepares the lane's statements. */
bool db_segment_prepare(db_connection *connection) RQ_MUST_CHECK;
/* Sends a call that is on no list, and puts it on the FIFO. Its segment may stay open for the next call. */
void db_segment_send(db_connection *connection, db_call *call, int64_t now_ms);
/* Ends the open segment, if there is one; false when that broke the connection. */
bool db_segment_end(db_connection *connection);
/* Writes out; may break the connection. */
void db_segment_flush(db_connection *connection);
void db_segment_on_readable(evutil_socket_t fd, short what, void *argument);
void db_segment_on_writable(evutil_socket_t fd, short what, void *argument);
void db_segment_on_notice(void *argument, const PGresult *notice);

/* Lanes ---------------------------------------------------------------------------------------------- */

struct db_lane {
    rq_db *db;
    rq_lane id;
    db_conninfo conninfo;
    const rq_statement **statements; /* what each connection prepares */
    size_t statement_count;
    db_connection *connections;
    unsigned connection_count, depth;
    int64_t statement_timeout_ms, lifetime_ms, wait_ms;
    db_call_list queue;
    unsigned queued, queue_max;
    struct event wait_timer;
    db_connection *connecting; /* at most one at a time */
    bool attempt_failed;       /* the last one */
    int64_t short_until_ms;    /* PostgreSQL lacks disk or memory for what the lane asks */
    char reason[DB_REASON_BYTES];
    rq_db_counters counters;
};

rq_status db_lane_init(db_lane *lane, rq_db *db, rq_lane id, const rq_db_settings *settings,
                       rq_error *error) RQ_MUST_CHECK;
void db_lane_done(db_lane *lane);
/* Ends every call of the lane and closes its connections. */
void db_lane_close(db_lane *lane);
/* Starts the next connection whose time has come, unless one is connecting. */
void db_lane_connect_next(db_lane *lane);
/* What became of an attempt to connect. */
void db_lane_connected(db_lane *lane);
void db_lane_attempt_failed(db_lane *lane);
bool db_lane_is_up(const db_lane *lane);
void db_lane_enqueue(db_lane *lane, db_call *call);
/* Takes a waiting call out. */
void db_lane_dequeue(db_lane *lane, db_call *call);
/* Puts a call back that was sent and not done, before all others. */
void db_lane_requeue(db_lane *lane, db_call *call);
/* Sends what waits as far as there is room, and writes it out. */
void db_lane_pump(db_lane *lane);
/* Does what is due, though a timer could not be set. */
void db_lane_tick(db_lane *lane);

/* The whole ------------------------------------------------------------------------------------------ */

struct rq_db {
    struct event_base *base;
    struct event turn;  /* runs at the end of the loop's tick: deliver, then send */
    struct event pulse; /* once a second, so that no timer lost for want of memory stalls a lane */
    db_call_list finished;
    unsigned finished_count;
    db_call *slots;
    size_t slot_count, slots_used;
    db_call_list free_slots;
    bool is_delivering, is_closing;
    unsigned lane_count; /* set up so far */
    db_lane lanes[RQ_LANES];
};

/* Has the turn run at the end of this tick. */
void db_arm_turn(rq_db *db);

#endif
