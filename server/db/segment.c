/* The wire side of a connection. A segment is ([context] statement)... Sync: one implicit transaction, which
 * PostgreSQL commits at the Sync, so that an outcome is known only when the Sync has returned.
 *
 * A write has a segment of its own. Reads that are sent in one turn share one, each with its own context and,
 * at READ COMMITTED, its own snapshot: a transaction's begin and end and a system call on either side are
 * paid once for all. While two such segments are on their way the next reads gather. The calls behind one
 * that fails were skipped by PostgreSQL; they are sent again, alone. */
#include <assert.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "rongqiao/clock.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

static bool send_sync(PGconn *pg)
{
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    return PQsendPipelineSync(pg) == 1;
#else
    return PQpipelineSync(pg) == 1;
#endif
}

bool db_segment_prepare(db_connection *connection)
{
    const db_lane *lane = connection->lane;
    for (size_t i = 0; i < lane->statement_count; i++) {
        const rq_statement *statement = lane->statements[i];
        if (PQsendPrepare(connection->pg, statement->name, statement->text, 0, NULL) != 1) {
            return false;
        }
    }
    return send_sync(connection->pg);
}

static bool send_statements(db_connection *connection, const db_call *call)
{
    if (call->context != NULL &&
        PQsendQueryPrepared(connection->pg, call->context->name, (int)call->context_count, call->values, NULL,
                            NULL, 0) != 1) {
        return false;
    }
    return PQsendQueryPrepared(connection->pg, call->statement->name, (int)call->count,
                               call->values == NULL ? NULL : call->values + call->context_count, NULL, NULL,
                               0) == 1;
}

bool db_segment_end(db_connection *connection)
{
    if (connection->unended == 0) {
        return true;
    }
    db_call *last = TAILQ_LAST(&connection->sent, db_call_list);
    last->ends_segment = true;
    connection->unended = 0;
    connection->shared += !last->is_alone;
    if (send_sync(connection->pg)) {
        return true;
    }
    db_reason(connection->pg, connection->reason);
    db_connection_break(connection, connection->reason);
    return false;
}

/* Without a context a call would run in that of the call before it. */
static bool can_share(const db_call *call)
{
    return call->lane->id == RQ_LANE_READ && call->context != NULL && !call->is_alone;
}

void db_segment_send(db_connection *connection, db_call *call, int64_t now_ms)
{
    call->is_alone = !can_share(call);
    if (call->is_alone && !db_segment_end(connection)) {
        db_call_finish(call, RQ_DB_UNAVAILABLE, "the database connection broke");
        return;
    }
    if (!send_statements(connection, call)) {
        /* Without its Sync nothing of it can be committed. */
        db_call_finish(call, RQ_DB_UNAVAILABLE, "the database connection refused to send");
        db_reason(connection->pg, connection->reason);
        db_connection_break(connection, connection->reason);
        return;
    }
    if (call->is_alone) {
        free(call->values); /* libpq has its copy */
        call->values = NULL;
    }
    call->state = CALL_SENT;
    TAILQ_INSERT_TAIL(&connection->sent, call, link);
    atomic_fetch_add_explicit(&connection->lane->counters.in_flight_now, 1, memory_order_relaxed);
    connection->needs_flush = true;
    if (connection->in_flight++ == 0) {
        connection->head_since_ms = now_ms;
        db_connection_watch(connection);
    }
    if (++connection->unended == (call->is_alone ? 1 : RQ_LIMIT_DB_SHARED_CALLS)) {
        (void)db_segment_end(connection);
    }
}

void db_segment_flush(db_connection *connection)
{
    connection->needs_flush = false;
    switch (PQflush(connection->pg)) {
    case 0:
        (void)event_del(&connection->writable);
        return;
    case 1:
        if (event_add(&connection->writable, NULL) == 0) {
            return;
        }
        db_connection_break(connection, "cannot watch the socket");
        return;
    default:
        db_reason(connection->pg, connection->reason);
        db_connection_break(connection, connection->reason);
    }
}

/* Codes after which the server is not the one to talk to: read only after a failover, or going down. */
static bool ends_connection(const char *sqlstate)
{
    return strcmp(sqlstate, "25006") == 0 || strcmp(sqlstate, "57P01") == 0 ||
           strcmp(sqlstate, "57P02") == 0 || strcmp(sqlstate, "57P03") == 0;
}

/* No disk, no memory, or a failing disk: it answers, and can do nothing. */
static bool tells_shortage(const char *sqlstate)
{
    return strncmp(sqlstate, "53", 2) == 0 || strncmp(sqlstate, "58", 2) == 0;
}

/* Its Sync has returned and it has an error or rows. */
static void finish_call(db_connection *connection, db_call *call)
{
    if (!call->has_error) {
        connection->lane->short_until_ms = 0;
        db_call_finish(call, RQ_DB_DONE, "");
        return;
    }
    const char *sqlstate = PQresultErrorField(call->result, PG_DIAG_SQLSTATE);
    if (sqlstate == NULL) {
        /* libpq's own error, such as no memory for the rows: the transaction may well have been committed. */
        db_call_finish(call, RQ_DB_UNKNOWN, "the result could not be read");
        return;
    }
    if (ends_connection(sqlstate)) {
        connection->retiring = true;
    }
    if (tells_shortage(sqlstate)) {
        connection->lane->short_until_ms = connection->head_since_ms + RQ_LIMIT_DB_SHORTAGE_MS;
        (void)snprintf(connection->lane->reason, DB_REASON_BYTES, "%s",
                       PQresultErrorField(call->result, PG_DIAG_MESSAGE_PRIMARY));
    }
    db_call_finish(call, RQ_DB_REFUSED, "");
}

/* Its Sync has returned and it was not done: it goes back, unless nobody waits for it. */
static void send_again(db_call *call)
{
    if (call->callback == NULL) {
        db_call_free(call->lane->db, call);
        return;
    }
    call->was_skipped = call->ends_segment = false;
    call->is_alone = true;
    call->position = 0;
    db_lane_requeue(call->lane, call);
}

/* The Sync of the first segment has returned. False when the connection can't be trusted any more. */
static bool finish_segment(db_connection *connection)
{
    bool is_sane = !connection->is_unsure, is_last = false;
    db_call_list skipped = TAILQ_HEAD_INITIALIZER(skipped);
    connection->head_since_ms = rq_monotonic_ms();
    connection->answering = NULL;
    while (!is_last) {
        db_call *call = TAILQ_FIRST(&connection->sent);
        TAILQ_REMOVE(&connection->sent, call, link);
        connection->in_flight--;
        atomic_fetch_sub_explicit(&connection->lane->counters.in_flight_now, 1, memory_order_relaxed);
        is_last = call->ends_segment;
        connection->shared -= is_last && !call->is_alone;
        if (connection->is_unsure) {
            db_call_finish(call, RQ_DB_UNKNOWN, "the commit was not confirmed by a standby");
        } else if (call->was_skipped && call->result == NULL) {
            TAILQ_INSERT_HEAD(&skipped, call, link);
        } else if (call->result == NULL) {
            db_call_finish(call, RQ_DB_UNKNOWN, "the database gave no result");
            is_sane = false;
        } else {
            finish_call(connection, call);
        }
    }
    for (db_call *call; (call = TAILQ_FIRST(&skipped)) != NULL;) { /* the last one first */
        TAILQ_REMOVE(&skipped, call, link);
        send_again(call);
    }
    return is_sane;
}

static unsigned statements_of(const db_call *call)
{
    return call->context == NULL ? 1 : 2;
}

/* Takes a result of the call that is being answered; false when it makes no sense. */
static bool take_call_result(db_connection *connection, PGresult *result)
{
    db_call *call = connection->answering;
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        PQclear(result);
        return finish_segment(connection);
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        if (call->position == statements_of(call) - 1 && call->result == NULL) {
            call->result = result;
            return true;
        }
        break;
    case PGRES_FATAL_ERROR: /* may also come after the rows, from a constraint checked at commit */
        if (!call->has_error) {
            PQclear(call->result);
            call->result = result;
            call->has_error = true;
            return true;
        }
        break;
    case PGRES_PIPELINE_ABORTED:
        call->was_skipped = true;
        break;
    default:
        PQclear(result);
        return false;
    }
    PQclear(result);
    return true;
}

/* A statement's results have ended: the next ones are the next statement's, perhaps of the next call. */
static void advance(db_connection *connection)
{
    db_call *call = connection->answering;
    call->position++;
    if (call->position == statements_of(call) && !call->ends_segment) {
        connection->answering = TAILQ_NEXT(call, link);
    }
}

/* Remembers the first statement that was refused, or why the server ended the session meanwhile. */
static void note_refusal(db_connection *connection, const PGresult *result)
{
    const db_lane *lane = connection->lane;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    message = message == NULL ? PQresultErrorMessage(result) : message;
    if (severity == NULL || strcmp(severity, "ERROR") != 0 || connection->prepared >= lane->statement_count) {
        (void)snprintf(connection->reason, sizeof(connection->reason), "%s", message);
        return;
    }
    const char *name = lane->statements[connection->prepared]->name;
    const char *place = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    (void)snprintf(connection->reason, sizeof(connection->reason), "cannot prepare %s: %s%s%s", name, message,
                   place == NULL ? "" : " at character ", place == NULL ? "" : place);
    RQ_LOG(RQ_LOG_ERROR, "statement_not_prepared", RQ_LOG_TEXT("statement", name),
           RQ_LOG_TEXT("sqlstate", PQresultErrorField(result, PG_DIAG_SQLSTATE)),
           RQ_LOG_TEXT("message", message));
}

static void take_prepare_result(db_connection *connection, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR && connection->reason[0] == '\0') {
        note_refusal(connection, result);
    }
    PQclear(result);
    if (status == PGRES_PIPELINE_SYNC) {
        db_connection_prepared(connection);
    }
}

/* Takes every result that has arrived, counting Syncs: errors drop results, never a Sync. */
static bool take_results(db_connection *connection)
{
    unsigned nulls = 0;
    while (connection->state == STATE_PREPARING || connection->in_flight > 0) {
        if (connection->answering == NULL) {
            connection->answering = TAILQ_FIRST(&connection->sent);
        }
        if (PQisBusy(connection->pg)) {
            return true;
        }
        PGresult *result = PQgetResult(connection->pg);
        if (result == NULL) {
            /* One ends a statement; more in a row mean that libpq has nothing while we still wait. */
            if (++nulls > 2) {
                return false;
            }
            if (connection->state == STATE_PREPARING) {
                connection->prepared++;
            } else {
                advance(connection);
            }
            continue;
        }
        nulls = 0;
        if (connection->state == STATE_PREPARING) {
            take_prepare_result(connection, result);
        } else if (!take_call_result(connection, result)) {
            return false;
        }
    }
    return true;
}

/* Reads what the socket has, about 16 kB at a time: the loop is level-triggered. What OpenSSL has already
 * decrypted does not make the socket readable again, so it is read at once. */
static bool consume(db_connection *connection)
{
    for (unsigned i = 0; i < RQ_LIMIT_DB_TLS_READS; i++) {
        if (PQconsumeInput(connection->pg) != 1) {
            return false;
        }
        const SSL *tls = PQsslStruct(connection->pg, "OpenSSL");
        if (tls == NULL || SSL_pending(tls) == 0) {
            return true;
        }
    }
    event_active(&connection->readable, EV_READ, 0);
    return true;
}

/* Reads and takes results; false when the connection broke. */
static bool receive(db_connection *connection)
{
    bool is_open = consume(connection);
    bool is_sane = take_results(connection);
    if (connection->state < STATE_PREPARING) {
        return false; /* the preparation was refused */
    }
    if (is_open && is_sane && PQstatus(connection->pg) == CONNECTION_OK) {
        return true;
    }
    if (is_open && !is_sane) {
        db_connection_break(connection, connection->is_unsure ? "a commit was not confirmed by a standby"
                                                              : "unexpected result");
        return false;
    }
    db_reason(connection->pg, connection->reason);
    db_connection_break(connection, connection->reason);
    return false;
}

void db_segment_on_readable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    db_connection *connection = argument;
    if (receive(connection)) {
        db_connection_settle(connection);
    }
}

/* Reads too: a server that is blocked on sending to us reads nothing. */
void db_segment_on_writable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    db_connection *connection = argument;
    if (receive(connection)) {
        db_segment_flush(connection);
        db_connection_settle(connection);
    }
}

/* A cancelled wait for synchronous replication is only a WARNING beside a successful commit, which a
 * failover can lose (SyncRepWaitForLSN() in PostgreSQL's syncrep.c). The function's name is not translated.
 */
void db_segment_on_notice(void *argument, const PGresult *notice)
{
    db_connection *connection = argument;
    const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    if ((function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0) ||
        (message != NULL && strstr(message, "cancel") != NULL &&
         strstr(message, "synchronous replication") != NULL)) {
        connection->is_unsure = true;
    }
    db_log_notice(notice);
}
