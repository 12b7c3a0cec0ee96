/* The worker's face: calls come in here and are delivered here. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "rongqiao/clock.h"
#include "rongqiao/limits.h"

/* Calls that can be open at once besides those that wait or are sent: refused ones whose callback is due.
 * An exchange has one call at a time, and the rest of a worker has a few. */
enum { SPARE_CALLS = RQ_LIMIT_CONNECTIONS_PER_WORKER + 256, STATEMENT_NAME_MAX = 63 };

void db_arm_turn(rq_db *db)
{
    if (!db->is_closing) {
        event_active(&db->turn, EV_TIMEOUT, 0);
    }
}

/* The slab of calls: a ticket is the slot and how often it was used, so that an old ticket finds nothing. */

static db_call *take_slot(rq_db *db)
{
    db_call *call = TAILQ_FIRST(&db->free_slots);
    if (call != NULL) {
        TAILQ_REMOVE(&db->free_slots, call, link);
        return call;
    }
    return db->slots_used < db->slot_count ? &db->slots[db->slots_used++] : NULL;
}

static uint64_t ticket_of(const rq_db *db, const db_call *call)
{
    return (uint64_t)call->generation << 32 | (uint64_t)(call - db->slots + 1);
}

static db_call *call_of(rq_db *db, uint64_t ticket)
{
    uint64_t slot = (ticket & UINT32_MAX) - 1; /* 0 wraps and is out of range */
    if (slot >= db->slots_used || db->slots[slot].generation != (uint32_t)(ticket >> 32)) {
        return NULL;
    }
    return &db->slots[slot];
}

void db_call_free(rq_db *db, db_call *call)
{
    uint32_t generation = call->generation + 1;
    PQclear(call->result);
    free(call->values);
    memset(call, 0, sizeof(*call));
    call->generation = generation;
    TAILQ_INSERT_HEAD(&db->free_slots, call, link);
}

static void count_outcome(db_lane *lane, rq_db_outcome outcome)
{
    atomic_uint_fast64_t *const counters[] = {
        [RQ_DB_DONE] = NULL,
        [RQ_DB_REFUSED] = &lane->counters.refused,
        [RQ_DB_UNAVAILABLE] = &lane->counters.unavailable,
        [RQ_DB_UNKNOWN] = &lane->counters.unknown,
    };
    if (counters[outcome] != NULL) {
        atomic_fetch_add_explicit(counters[outcome], 1, memory_order_relaxed);
    }
}

void db_call_finish(db_call *call, rq_db_outcome outcome, const char *note)
{
    rq_db *db = call->lane->db;
    count_outcome(call->lane, outcome);
    if (outcome == RQ_DB_UNKNOWN || outcome == RQ_DB_UNAVAILABLE) {
        PQclear(call->result); /* rows that were perhaps never committed are nobody's */
        call->result = NULL;
    }
    if (call->callback == NULL) {
        db_call_free(db, call);
    } else {
        call->state = CALL_FINISHED;
        call->outcome = outcome;
        call->note = note;
        TAILQ_INSERT_TAIL(&db->finished, call, link);
        db->finished_count++;
    }
    db_arm_turn(db); /* there may be room for a waiting call, too */
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text == NULL ? "" : text;
}

static void deliver(rq_db *db, db_call *call)
{
    rq_db_reply reply = {.outcome = call->outcome, .message = call->note, .detail = "", .constraint = ""};
    if (call->outcome == RQ_DB_DONE) {
        reply.result = call->result;
    } else if (call->outcome == RQ_DB_REFUSED) {
        (void)snprintf(reply.sqlstate, sizeof(reply.sqlstate), "%s", field(call->result, PG_DIAG_SQLSTATE));
        reply.message = field(call->result, PG_DIAG_MESSAGE_PRIMARY);
        reply.detail = field(call->result, PG_DIAG_MESSAGE_DETAIL);
        reply.constraint = field(call->result, PG_DIAG_CONSTRAINT_NAME);
    }
    call->state = CALL_DELIVERING;
    db->is_delivering = true;
    call->callback(call->argument, &reply);
    db->is_delivering = false;
    db_call_free(db, call);
}

/* Delivers what is finished now; what the callbacks finish comes next time. */
static void deliver_finished(rq_db *db)
{
    for (unsigned left = db->finished_count; left > 0 && db->finished_count > 0; left--) {
        db_call *call = TAILQ_FIRST(&db->finished);
        TAILQ_REMOVE(&db->finished, call, link);
        db->finished_count--;
        deliver(db, call);
    }
}

static void on_turn(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    rq_db *db = argument;
    deliver_finished(db);
    for (unsigned i = 0; i < RQ_LANES; i++) {
        db_lane_pump(&db->lanes[i]);
    }
}

static void on_pulse(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    rq_db *db = argument;
    for (unsigned i = 0; i < RQ_LANES; i++) {
        db_lane_tick(&db->lanes[i]);
    }
}

static rq_status check_settings(const rq_db_settings *settings, rq_error *error)
{
    for (unsigned i = 0; i < RQ_LANES; i++) {
        if (settings->connections[i] > RQ_LIMIT_LANE_CONNECTIONS || settings->statement_timeout_ms[i] < 0 ||
            (settings->connections[i] > 0 && settings->depth[i] == 0)) {
            return rq_fail(error, RQ_INVALID, "lane %u: connections, depth or timeout out of range", i);
        }
    }
    for (size_t i = 0; i < settings->statement_count; i++) {
        if (strlen(settings->statements[i].name) > STATEMENT_NAME_MAX) {
            return rq_fail(error, RQ_INVALID, "statement name %s is too long for PostgreSQL",
                           settings->statements[i].name);
        }
    }
    return RQ_OK;
}

static rq_status set_up(rq_db *db, const rq_db_settings *settings, rq_error *error)
{
    TAILQ_INIT(&db->finished);
    TAILQ_INIT(&db->free_slots);
    (void)event_assign(&db->turn, db->base, -1, 0, on_turn, db);
    (void)event_assign(&db->pulse, db->base, -1, EV_PERSIST, on_pulse, db);
    db->slot_count = SPARE_CALLS;
    for (unsigned i = 0; i < RQ_LANES; i++) {
        db->slot_count += settings->queue_max + (size_t)settings->connections[i] * settings->depth[i] + 1;
    }
    /* Untouched pages of it cost nothing. */
    db->slots = calloc(db->slot_count, sizeof(db_call));
    if (db->slots == NULL || db->slot_count > UINT32_MAX - 1) {
        return rq_fail(error, RQ_NOMEM, "no memory for %zu calls", db->slot_count);
    }
    struct timeval pulse = db_timeval(RQ_LIMIT_DB_PULSE_MS);
    if (event_add(&db->pulse, &pulse) != 0) {
        return rq_fail(error, RQ_NOMEM, "no memory for a timer");
    }
    for (unsigned i = 0; i < RQ_LANES; i++) {
        db->lane_count++;
        rq_status status = db_lane_init(&db->lanes[i], db, (rq_lane)i, settings, error);
        if (status != RQ_OK) {
            return status;
        }
    }
    return RQ_OK;
}

rq_status rq_db_new(struct event_base *base, const rq_db_settings *settings, rq_db **out_db, rq_error *error)
{
    rq_db_settings chosen = *settings;
    if (chosen.statements == NULL) {
        chosen.statements = rq_statements;
        chosen.statement_count = rq_statement_count;
    }
    if (chosen.context_name == NULL) {
        chosen.context_name = "session/enter";
    }
    rq_status status = check_settings(&chosen, error);
    if (status != RQ_OK) {
        return status;
    }
    rq_db *db = calloc(1, sizeof(*db));
    if (db == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for the lanes");
    }
    db->base = base;
    status = set_up(db, &chosen, error);
    if (status != RQ_OK) {
        rq_db_free(db);
        return status;
    }
    for (unsigned i = 0; i < RQ_LANES; i++) {
        db_lane_connect_next(&db->lanes[i]);
    }
    *out_db = db;
    return RQ_OK;
}

void rq_db_free(rq_db *db)
{
    if (db == NULL) {
        return;
    }
    assert(!db->is_delivering);
    db->is_closing = true;
    for (unsigned i = 0; i < db->lane_count; i++) {
        db_lane_close(&db->lanes[i]);
    }
    deliver_finished(db); /* callbacks can't add any more */
    for (unsigned i = 0; i < db->lane_count; i++) {
        db_lane_done(&db->lanes[i]);
    }
    (void)event_del(&db->turn);
    (void)event_del(&db->pulse);
    free(db->slots);
    free(db);
}

/* Copies the values of both steps behind one array of pointers; false when memory is short. */
static bool copy_values(db_call *call, const rq_db_step *context, const rq_db_step *step)
{
    const rq_db_step *const steps[] = {context, step};
    unsigned count = call->context_count + call->count;
    size_t size = count * sizeof(char *);
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned i = 0; steps[s] != NULL && i < steps[s]->count; i++) {
            size += steps[s]->values[i] == NULL ? 0 : strlen(steps[s]->values[i]) + 1;
        }
    }
    if (count == 0) {
        return true;
    }
    call->values = malloc(size);
    if (call->values == NULL) {
        return false;
    }
    char *text = (char *)(call->values + count);
    const char **value = call->values;
    for (unsigned s = 0; s < 2; s++) {
        for (unsigned i = 0; steps[s] != NULL && i < steps[s]->count; i++, value++) {
            *value = NULL;
            if (steps[s]->values[i] != NULL) {
                size_t length = strlen(steps[s]->values[i]) + 1;
                memcpy(text, steps[s]->values[i], length);
                *value = text;
                text += length;
            }
        }
    }
    return true;
}

uint64_t rq_db_call(rq_db *db, const rq_db_step *context, const rq_db_step *step, rq_db_callback callback,
                    void *argument)
{
    assert(callback != NULL && step->count <= RQ_DB_PARAMETERS_MAX);
    assert(context == NULL || context->count <= RQ_DB_PARAMETERS_MAX);
    db_lane *lane = &db->lanes[step->statement->lane];
    atomic_fetch_add_explicit(&lane->counters.calls, 1, memory_order_relaxed);
    db_call *call = db->is_closing ? NULL : take_slot(db);
    if (call == NULL) {
        return 0;
    }
    call->callback = callback;
    call->argument = argument;
    call->lane = lane;
    call->statement = step->statement;
    call->count = step->count;
    call->context = context == NULL ? NULL : context->statement;
    call->context_count = context == NULL ? 0 : context->count;
    uint64_t ticket = ticket_of(db, call);
    if (copy_values(call, context, step)) {
        db_lane_enqueue(lane, call);
    } else {
        db_call_finish(call, RQ_DB_UNAVAILABLE, "no memory for a call");
    }
    return ticket;
}

void rq_db_forget(rq_db *db, uint64_t ticket)
{
    db_call *call = call_of(db, ticket);
    if (call == NULL) {
        return;
    }
    switch (call->state) {
    case CALL_QUEUED:
        db_lane_dequeue(call->lane, call);
        db_call_free(db, call);
        return;
    case CALL_SENT:
        call->callback = NULL;
        return;
    case CALL_FINISHED:
        TAILQ_REMOVE(&db->finished, call, link);
        db->finished_count--;
        db_call_free(db, call);
        return;
    case CALL_FREE:
    case CALL_DELIVERING:
        return;
    }
}

bool rq_db_is_ready(const rq_db *db, rq_lane lane, const char **out_reason)
{
    const db_lane *the_lane = &db->lanes[lane];
    bool is_up = db_lane_is_up(the_lane) && rq_monotonic_ms() >= the_lane->short_until_ms;
    if (out_reason != NULL) {
        *out_reason = is_up ? "" : the_lane->reason[0] != '\0' ? the_lane->reason : "not connected yet";
    }
    return is_up;
}

const rq_db_counters *rq_db_counters_of(const rq_db *db, rq_lane lane)
{
    return &db->lanes[lane].counters;
}
