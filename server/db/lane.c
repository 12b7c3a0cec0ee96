/* A lane: its connections and the calls that wait for one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "rongqiao/clock.h"
#include "rongqiao/limits.h"

static const char no_connection[] = "no connection to the database";

static void on_wait_over(evutil_socket_t fd, short what, void *argument);

/* The waiting call that waits longest sets the timer. */
static void watch_queue(db_lane *lane)
{
    const db_call *call = TAILQ_FIRST(&lane->queue);
    if (call == NULL || evtimer_pending(&lane->wait_timer, NULL)) {
        return;
    }
    int64_t wait_ms = call->queued_at_ms + lane->wait_ms - rq_monotonic_ms();
    struct timeval wait = db_timeval(wait_ms < 1 ? 1 : wait_ms);
    (void)event_add(&lane->wait_timer, &wait);
}

void db_lane_dequeue(db_lane *lane, db_call *call)
{
    assert(lane->queued > 0);
    TAILQ_REMOVE(&lane->queue, call, link);
    lane->queued--;
    atomic_fetch_sub_explicit(&lane->counters.queued_now, 1, memory_order_relaxed);
}

void db_lane_requeue(db_lane *lane, db_call *call)
{
    call->state = CALL_QUEUED;
    TAILQ_INSERT_HEAD(&lane->queue, call, link);
    lane->queued++;
    atomic_fetch_add_explicit(&lane->counters.queued_now, 1, memory_order_relaxed);
    watch_queue(lane);
    db_arm_turn(lane->db);
}

static void end_waiting(db_lane *lane, db_call *call, const char *note)
{
    db_lane_dequeue(lane, call);
    db_call_finish(call, RQ_DB_UNAVAILABLE, note);
}

/* Ends the calls that have waited too long: they are the first ones. */
static void expire(db_lane *lane, int64_t now_ms)
{
    db_call *call;
    while ((call = TAILQ_FIRST(&lane->queue)) != NULL && now_ms - call->queued_at_ms >= lane->wait_ms) {
        end_waiting(lane, call, "waited too long for a connection to the database");
    }
}

static void on_wait_over(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    db_lane *lane = argument;
    expire(lane, rq_monotonic_ms());
    watch_queue(lane);
}

bool db_lane_is_up(const db_lane *lane)
{
    for (unsigned i = 0; i < lane->connection_count; i++) {
        const db_connection *connection = &lane->connections[i];
        if (connection->state == STATE_READY || connection->renewing) {
            return true;
        }
    }
    return false;
}

static void end_queue(db_lane *lane, const char *note)
{
    db_call *call;
    while ((call = TAILQ_FIRST(&lane->queue)) != NULL) {
        end_waiting(lane, call, note);
    }
}

void db_lane_connect_next(db_lane *lane)
{
    if (lane->connecting != NULL || lane->db->is_closing) {
        return;
    }
    db_connection *next = NULL;
    for (unsigned i = 0; i < lane->connection_count; i++) {
        db_connection *connection = &lane->connections[i];
        if (connection->state == STATE_WAITING &&
            (next == NULL || connection->retry_at_ms < next->retry_at_ms)) {
            next = connection;
        }
    }
    if (next != NULL && next->retry_at_ms <= rq_monotonic_ms()) {
        lane->connecting = next;
        db_connection_start(next);
    }
}

void db_lane_connected(db_lane *lane)
{
    atomic_fetch_add_explicit(&lane->counters.connects, 1, memory_order_relaxed);
    lane->attempt_failed = false;
    lane->reason[0] = '\0';
    db_arm_turn(lane->db);
    db_lane_connect_next(lane);
}

void db_lane_attempt_failed(db_lane *lane)
{
    atomic_fetch_add_explicit(&lane->counters.connect_failures, 1, memory_order_relaxed);
    lane->attempt_failed = true;
    if (!db_lane_is_up(lane)) {
        end_queue(lane, no_connection);
    }
}

void db_lane_enqueue(db_lane *lane, db_call *call)
{
    if (lane->connection_count == 0 || (lane->attempt_failed && !db_lane_is_up(lane))) {
        db_call_finish(call, RQ_DB_UNAVAILABLE, no_connection);
        return;
    }
    call->state = CALL_QUEUED;
    call->queued_at_ms = rq_monotonic_ms();
    TAILQ_INSERT_TAIL(&lane->queue, call, link);
    lane->queued++;
    atomic_fetch_add_explicit(&lane->counters.queued_now, 1, memory_order_relaxed);
    if (lane->queued > lane->queue_max) {
        db_lane_pump(lane); /* calls of this tick do not count while there is room for them */
    }
    if (lane->queued > lane->queue_max && call->state == CALL_QUEUED) {
        end_waiting(lane, call, "too many calls wait for the database");
        return;
    }
    watch_queue(lane);
    db_arm_turn(lane->db);
}

static db_connection *least_busy(db_lane *lane)
{
    db_connection *best = NULL;
    for (unsigned i = 0; i < lane->connection_count; i++) {
        db_connection *connection = &lane->connections[i];
        if (db_connection_has_room(connection) && (best == NULL || connection->in_flight < best->in_flight)) {
            best = connection;
        }
    }
    return best;
}

void db_lane_pump(db_lane *lane)
{
    int64_t now_ms = rq_monotonic_ms();
    db_call *call;
    expire(lane, now_ms);
    while ((call = TAILQ_FIRST(&lane->queue)) != NULL) {
        db_connection *connection = least_busy(lane);
        if (connection == NULL) {
            break;
        }
        db_lane_dequeue(lane, call);
        db_segment_send(connection, call, now_ms);
    }
    for (unsigned i = 0; i < lane->connection_count; i++) {
        (void)db_segment_end(&lane->connections[i]);
        if (lane->connections[i].needs_flush) {
            db_segment_flush(&lane->connections[i]);
        }
    }
}

void db_lane_tick(db_lane *lane)
{
    for (unsigned i = 0; i < lane->connection_count; i++) {
        db_connection_tick(&lane->connections[i]);
    }
    expire(lane, rq_monotonic_ms());
    watch_queue(lane);
}

/* Gathers what a connection of this lane prepares: the lane's statements and the context's. */
static rq_status gather_statements(db_lane *lane, const rq_db_settings *settings, rq_error *error)
{
    lane->statements = calloc(settings->statement_count + 1, sizeof(rq_statement *));
    if (lane->statements == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for a lane");
    }
    for (size_t i = 0; i < settings->statement_count; i++) {
        const rq_statement *statement = &settings->statements[i];
        if (statement->lane == lane->id || strcmp(statement->name, settings->context_name) == 0) {
            lane->statements[lane->statement_count++] = statement;
        }
    }
    return RQ_OK;
}

rq_status db_lane_init(db_lane *lane, rq_db *db, rq_lane id, const rq_db_settings *settings, rq_error *error)
{
    lane->db = db;
    lane->id = id;
    lane->depth = settings->depth[id];
    lane->queue_max = settings->queue_max;
    lane->wait_ms = settings->wait_ms;
    lane->statement_timeout_ms = settings->statement_timeout_ms[id];
    lane->lifetime_ms = settings->lifetime_ms > 0 ? settings->lifetime_ms : RQ_LIMIT_DB_LIFETIME_MS;
    TAILQ_INIT(&lane->queue);
    (void)evtimer_assign(&lane->wait_timer, db->base, on_wait_over, lane);
    rq_status status = gather_statements(lane, settings, error);
    if (status == RQ_OK) {
        status = db_conninfo_init(&lane->conninfo, settings->conninfo, lane->statement_timeout_ms,
                                  id == RQ_LANE_SLOW, error);
    }
    if (status != RQ_OK) {
        return status;
    }
    lane->connections = calloc(settings->connections[id] + 1, sizeof(db_connection));
    if (lane->connections == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for a lane");
    }
    lane->connection_count = settings->connections[id];
    for (unsigned i = 0; i < lane->connection_count; i++) {
        db_connection_init(&lane->connections[i], lane);
    }
    return RQ_OK;
}

void db_lane_close(db_lane *lane)
{
    for (unsigned i = 0; i < lane->connection_count; i++) {
        db_connection_done(&lane->connections[i]);
    }
    end_queue(lane, "the server is stopping");
    (void)event_del(&lane->wait_timer);
}

void db_lane_done(db_lane *lane)
{
    free(lane->connections);
    free(lane->statements);
    db_conninfo_done(&lane->conninfo);
}
