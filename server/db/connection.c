/* The life of one connection: wait, connect, prepare, serve, and begin again. */
#include <assert.h>

#include "pool.h"
#include "rongqiao/clock.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

/* A connection that served this long was healthy: its end is not one more failure in a row. */
enum { HEALTHY_MS = 1000 };

/* Moves the timer forward only: an earlier time that has become pointless costs one look. */
static void arm(db_connection *connection, int64_t at_ms)
{
    if (at_ms >= connection->timer_at_ms) {
        return;
    }
    int64_t wait_ms = at_ms - rq_monotonic_ms();
    struct timeval wait = db_timeval(wait_ms < 1 ? 1 : wait_ms);
    if (event_add(&connection->timer, &wait) == 0) {
        connection->timer_at_ms = at_ms;
    }
}

/* A segment has the time of one statement, however many calls share it: PostgreSQL says at once that it ended
 * one for its time, and reads that take as long together come too late anyway. */
static int64_t head_deadline_ms(const db_connection *connection)
{
    int64_t timeout_ms = connection->lane->statement_timeout_ms;
    if (connection->in_flight == 0 || timeout_ms == 0) {
        return INT64_MAX;
    }
    return connection->head_since_ms + timeout_ms + RQ_LIMIT_DB_GRACE_MS;
}

void db_connection_watch(db_connection *connection)
{
    switch (connection->state) {
    case STATE_WAITING:
        arm(connection, connection->retry_at_ms);
        return;
    case STATE_CONNECTING:
        return; /* the dial has its own deadline */
    case STATE_PREPARING:
        arm(connection, connection->prepare_until_ms);
        return;
    case STATE_READY:
        arm(connection, head_deadline_ms(connection));
        if (!connection->retiring) {
            arm(connection, connection->expires_at_ms);
        }
    }
}

/* Frees what a connection holds of libpq and of the loop. */
static void release(db_connection *connection)
{
    db_dial_stop(&connection->dial);
    (void)event_del(&connection->readable);
    (void)event_del(&connection->writable);
    (void)event_del(&connection->timer);
    connection->timer_at_ms = INT64_MAX;
    PQfinish(connection->pg);
    connection->pg = NULL;
    connection->retiring = false;
    connection->is_unsure = false;
    connection->needs_flush = false;
    connection->answering = NULL;
    connection->shared = connection->unended = 0;
    connection->prepared = 0;
}

/* Goes back to waiting, to connect again at `retry_at_ms`. */
static void wait_until(db_connection *connection, int64_t retry_at_ms)
{
    connection->state = STATE_WAITING;
    connection->retry_at_ms = retry_at_ms;
    db_connection_watch(connection);
}

static void end_sent_calls(db_connection *connection)
{
    db_call *call;
    while ((call = TAILQ_FIRST(&connection->sent)) != NULL) {
        TAILQ_REMOVE(&connection->sent, call, link);
        connection->in_flight--;
        atomic_fetch_sub_explicit(&connection->lane->counters.in_flight_now, 1, memory_order_relaxed);
        db_call_finish(call, RQ_DB_UNKNOWN, "the connection to the database broke");
    }
    assert(connection->in_flight == 0);
}

void db_connection_break(db_connection *connection, const char *reason)
{
    db_lane *lane = connection->lane;
    bool was_ready = connection->state == STATE_READY;
    int64_t now_ms = rq_monotonic_ms();
    RQ_LOG(RQ_LOG_WARNING, was_ready ? "database_connection_lost" : "database_connect_failed",
           RQ_LOG_NUMBER("lane", lane->id), RQ_LOG_TEXT("reason", reason),
           RQ_LOG_NUMBER("unknown_calls", connection->in_flight));
    (void)snprintf(lane->reason, sizeof(lane->reason), "%s", reason);
    release(connection);
    end_sent_calls(connection);
    connection->renewing = false;
    if (was_ready && now_ms - connection->ready_since_ms >= HEALTHY_MS) {
        connection->failures = 0;
    }
    wait_until(connection, now_ms + db_backoff_ms(connection->failures));
    connection->failures++;
    if (lane->connecting == connection) {
        lane->connecting = NULL;
        db_lane_attempt_failed(lane);
    }
    db_lane_connect_next(lane);
    db_arm_turn(lane->db);
}

void db_connection_settle(db_connection *connection)
{
    if (connection->state != STATE_READY || !connection->retiring || connection->in_flight > 0) {
        return;
    }
    int64_t now_ms = rq_monotonic_ms();
    bool was_healthy = now_ms - connection->ready_since_ms >= HEALTHY_MS;
    int64_t wait_ms = 0;
    if (was_healthy) {
        connection->failures = 0;
    } else {
        wait_ms = db_backoff_ms(connection->failures++);
    }
    release(connection);
    connection->renewing = true;
    wait_until(connection, now_ms + wait_ms);
    db_lane_connect_next(connection->lane);
}

static void on_dialled(void *owner, PGconn *pg, const char *reason)
{
    db_connection *connection = owner;
    if (pg == NULL) {
        db_connection_break(connection, reason);
        return;
    }
    connection->pg = pg;
    connection->state = STATE_PREPARING;
    connection->prepare_until_ms = rq_monotonic_ms() + RQ_LIMIT_DB_PREPARE_MS;
    (void)PQsetNoticeReceiver(pg, db_segment_on_notice, connection);
    struct event_base *base = connection->lane->db->base;
    if (PQsetnonblocking(pg, 1) != 0 || PQenterPipelineMode(pg) != 1 || !db_segment_prepare(connection)) {
        db_reason(pg, connection->reason);
        db_connection_break(connection, connection->reason);
        return;
    }
    if (event_assign(&connection->readable, base, PQsocket(pg), EV_READ | EV_PERSIST, db_segment_on_readable,
                     connection) != 0 ||
        event_assign(&connection->writable, base, PQsocket(pg), EV_WRITE | EV_PERSIST, db_segment_on_writable,
                     connection) != 0 ||
        event_add(&connection->readable, NULL) != 0) {
        db_connection_break(connection, "cannot watch the socket");
        return;
    }
    db_connection_watch(connection);
    db_segment_flush(connection);
}

void db_connection_prepared(db_connection *connection)
{
    db_lane *lane = connection->lane;
    if (connection->reason[0] != '\0') {
        db_connection_break(connection, connection->reason);
        return;
    }
    connection->state = STATE_READY;
    connection->renewing = false;
    connection->ready_since_ms = rq_monotonic_ms();
    connection->expires_at_ms =
        connection->ready_since_ms + lane->lifetime_ms + db_jitter_ms(lane->lifetime_ms);
    lane->connecting = NULL;
    db_connection_watch(connection);
    db_lane_connected(lane);
}

void db_connection_tick(db_connection *connection)
{
    int64_t now_ms = rq_monotonic_ms();
    switch (connection->state) {
    case STATE_WAITING:
        if (now_ms >= connection->retry_at_ms) {
            /* Where another one is connecting, its end looks for the next. */
            db_lane_connect_next(connection->lane);
            return;
        }
        break;
    case STATE_CONNECTING:
        return;
    case STATE_PREPARING:
        if (now_ms >= connection->prepare_until_ms) {
            db_connection_break(connection, "preparing the statements took too long");
            return;
        }
        break;
    case STATE_READY:
        if (now_ms >= head_deadline_ms(connection)) {
            db_connection_break(connection, "no answer within the statement timeout and a second");
            return;
        }
        if (now_ms >= connection->expires_at_ms && !connection->retiring) {
            connection->retiring = true;
            db_connection_settle(connection);
        }
    }
    db_connection_watch(connection);
}

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    db_connection *connection = argument;
    connection->timer_at_ms = INT64_MAX;
    db_connection_tick(connection);
}

bool db_connection_has_room(const db_connection *connection)
{
    return connection->state == STATE_READY && !connection->retiring &&
           connection->in_flight < connection->lane->depth &&
           (connection->unended > 0 || connection->shared < RQ_LIMIT_DB_SHARED_SEGMENTS);
}

void db_connection_init(db_connection *connection, db_lane *lane)
{
    struct event_base *base = lane->db->base;
    connection->lane = lane;
    connection->state = STATE_WAITING;
    connection->timer_at_ms = INT64_MAX;
    TAILQ_INIT(&connection->sent);
    db_dial_init(&connection->dial, base, on_dialled, connection);
    (void)event_assign(&connection->readable, base, -1, EV_READ, db_segment_on_readable, connection);
    (void)event_assign(&connection->writable, base, -1, EV_WRITE, db_segment_on_writable, connection);
    (void)evtimer_assign(&connection->timer, base, on_timer, connection);
}

void db_connection_done(db_connection *connection)
{
    release(connection);
    end_sent_calls(connection);
    connection->state = STATE_WAITING;
}

void db_connection_start(db_connection *connection)
{
    assert(connection->state == STATE_WAITING);
    connection->state = STATE_CONNECTING;
    connection->reason[0] = '\0';
    db_dial_start(&connection->dial, &connection->lane->conninfo);
}
