/* A connection that LISTENs on one channel. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

struct rq_listener {
    struct event_base *base;
    db_conninfo conninfo;
    char *channel;
    rq_listener_callback callback;
    void *argument;
    db_dial dial;
    PGconn *pg; /* null while waiting or connecting */
    struct event readable, timer;
    bool is_listening; /* LISTEN was answered */
    bool is_calling;
    unsigned failures;
    int64_t since_ms; /* of this connection */
};

/* The connection is lost or was not made: again after a while. */
static void retry(rq_listener *listener, const char *reason)
{
    RQ_LOG(RQ_LOG_WARNING, "listener_lost", RQ_LOG_TEXT("channel", listener->channel),
           RQ_LOG_TEXT("reason", reason));
    (void)event_del(&listener->readable);
    PQfinish(listener->pg);
    listener->pg = NULL;
    if (listener->is_listening && rq_monotonic_ms() - listener->since_ms >= RQ_LIMIT_DB_BACKOFF_MAX_MS) {
        listener->failures = 0;
    }
    listener->is_listening = false;
    struct timeval wait = db_timeval(db_backoff_ms(listener->failures++));
    (void)event_add(&listener->timer, &wait);
}

static void retry_with_reason(rq_listener *listener)
{
    char reason[DB_REASON_BYTES];
    db_reason(listener->pg, reason);
    retry(listener, reason);
}

static void call_back(rq_listener *listener, const char *payload)
{
    listener->is_calling = true;
    listener->callback(listener->argument, payload);
    listener->is_calling = false;
}

/* Writes out what is left of LISTEN; false when the connection broke. It is so short that the next
 * wake-up of the reader, or the deadline, is soon enough for the rest. */
static bool take_answer(rq_listener *listener)
{
    while (!listener->is_listening) {
        if (PQflush(listener->pg) < 0) {
            return false;
        }
        if (PQisBusy(listener->pg)) {
            return true;
        }
        PGresult *result = PQgetResult(listener->pg);
        if (result == NULL) {
            listener->is_listening = true;
            (void)event_del(&listener->timer);
            call_back(listener, NULL);
            return true;
        }
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status != PGRES_COMMAND_OK) {
            return false;
        }
    }
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    rq_listener *listener = argument;
    bool is_open = PQconsumeInput(listener->pg) == 1;
    if (!is_open || !take_answer(listener)) {
        retry_with_reason(listener);
        return;
    }
    PGnotify *notification;
    while (listener->is_listening && (notification = PQnotifies(listener->pg)) != NULL) {
        call_back(listener, notification->extra);
        PQfreemem(notification);
    }
}

static bool send_listen(const rq_listener *listener)
{
    char text[256];
    char *channel = PQescapeIdentifier(listener->pg, listener->channel, strlen(listener->channel));
    if (channel == NULL) {
        return false;
    }
    int length = snprintf(text, sizeof(text), "listen %s", channel);
    PQfreemem(channel);
    return length > 0 && (size_t)length < sizeof(text) && PQsetnonblocking(listener->pg, 1) == 0 &&
           PQsendQuery(listener->pg, text) == 1 && PQflush(listener->pg) >= 0;
}

static void on_notice(void *argument, const PGresult *notice)
{
    (void)argument;
    db_log_notice(notice);
}

static void on_dialled(void *owner, PGconn *pg, const char *reason)
{
    rq_listener *listener = owner;
    listener->pg = pg;
    if (pg == NULL) {
        retry(listener, reason);
        return;
    }
    listener->since_ms = rq_monotonic_ms();
    (void)PQsetNoticeReceiver(pg, on_notice, NULL);
    struct timeval limit = db_timeval(RQ_LIMIT_DB_PREPARE_MS);
    if (!send_listen(listener) ||
        event_assign(&listener->readable, listener->base, PQsocket(pg), EV_READ | EV_PERSIST, on_readable,
                     listener) != 0 ||
        event_add(&listener->readable, NULL) != 0 || event_add(&listener->timer, &limit) != 0) {
        retry_with_reason(listener);
    }
}

/* The time to connect has come, or LISTEN was not answered in time. */
static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    rq_listener *listener = argument;
    if (listener->pg != NULL) {
        retry(listener, "LISTEN was not answered in time");
        return;
    }
    db_dial_start(&listener->dial, &listener->conninfo);
}

rq_status rq_listener_new(struct event_base *base, const char *conninfo, const char *channel,
                          rq_listener_callback callback, void *argument, rq_listener **out_listener,
                          rq_error *error)
{
    rq_listener *listener = calloc(1, sizeof(*listener));
    char *channel_copy = strdup(channel);
    if (listener == NULL || channel_copy == NULL) {
        free(listener);
        free(channel_copy);
        return rq_fail(error, RQ_NOMEM, "no memory for a listener");
    }
    rq_status status = db_conninfo_init(&listener->conninfo, conninfo, 0, false, error);
    if (status != RQ_OK) {
        free(listener);
        free(channel_copy);
        return status;
    }
    listener->base = base;
    listener->channel = channel_copy;
    listener->callback = callback;
    listener->argument = argument;
    db_dial_init(&listener->dial, base, on_dialled, listener);
    (void)event_assign(&listener->readable, base, -1, EV_READ, on_readable, listener);
    (void)evtimer_assign(&listener->timer, base, on_timer, listener);
    event_active(&listener->timer, EV_TIMEOUT, 0);
    *out_listener = listener;
    return RQ_OK;
}

void rq_listener_free(rq_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    assert(!listener->is_calling);
    db_dial_stop(&listener->dial);
    (void)event_del(&listener->readable);
    (void)event_del(&listener->timer);
    PQfinish(listener->pg);
    db_conninfo_done(&listener->conninfo);
    free(listener->channel);
    free(listener);
}
