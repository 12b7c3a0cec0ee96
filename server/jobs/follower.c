#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rongqiao/db.h"
#include "rongqiao/jobs.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"

enum { COMPARE_SECONDS = 30, RETRY_MS = 500 };

struct rq_follower {
    pthread_t thread;
    struct event_base *base;
    struct event *stop_event, *compare_event, *load_event;
    int stop_fd;
    rq_listener *listener;
    PGconn *connection;
    const char *conninfo;
    rq_follower_publish publish;
    void *argument;
    rq_catalogue *current; /* the snapshot handed out last, or null */
};

static void load_later(rq_follower *follower, int milliseconds)
{
    struct timeval delay = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    event_add(follower->load_event, &delay);
}

/* The document that a statement returns, or null. */
static json_t *ask(rq_follower *follower, const char *statement, const char *parameter)
{
    PGresult *result = rq_run_as_system(&follower->connection, follower->conninfo, statement, &parameter, 1);
    json_t *document =
        result ? json_loadb(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0), 0, NULL) : NULL;
    PQclear(result);
    return document;
}

/* Makes the next snapshot of the last one and what changed; null where that can't be. */
static rq_catalogue *follow_changes(rq_follower *follower)
{
    char since[24];
    rq_catalogue *next = NULL;
    rq_error error = {0};
    if (!follower->current)
        return NULL;
    (void)snprintf(since, sizeof(since), "%lld", (long long)rq_catalogue_version(follower->current));
    json_t *document = ask(follower, "catalogue/changes", since);
    if (document && json_is_false(json_object_get(document, "is_whole")) &&
        rq_catalogue_changed_by_json(follower->current, document, &next, &error) != RQ_OK)
        RQ_LOG(RQ_LOG_WARNING, "catalogue_not_changed", RQ_LOG_TEXT("reason", error.message));
    json_decref(document);
    return next;
}

static rq_catalogue *load_whole(rq_follower *follower)
{
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    if (rq_catalogue_load(&follower->connection, follower->conninfo, NULL, &catalogue, &error) != RQ_OK)
        RQ_LOG(RQ_LOG_ERROR, "catalogue_not_loaded", RQ_LOG_TEXT("reason", error.message));
    return catalogue;
}

/* Null when a document lacks something that Jansson had no memory for. */
static rq_catalogue *if_complete(rq_catalogue *catalogue)
{
    if (!rq_json_ran_short())
        return catalogue;
    RQ_LOG(RQ_LOG_WARNING, "catalogue_short_of_memory");
    rq_catalogue_unref(catalogue);
    return NULL;
}

/* Hands out the catalogue of now: changed where that is possible, else loaded as a whole; a failure is tried
 * again. */
static void load(rq_follower *follower)
{
    rq_catalogue *catalogue = if_complete(follow_changes(follower));
    bool is_whole = !catalogue;
    if (is_whole)
        catalogue = if_complete(load_whole(follower));
    if (!catalogue) {
        load_later(follower, RETRY_MS);
        return;
    }
    RQ_LOG(RQ_LOG_INFO, "catalogue", RQ_LOG_NUMBER("version", rq_catalogue_version(catalogue)),
           RQ_LOG_NUMBER("products", rq_catalogue_size(catalogue)),
           RQ_LOG_TEXT("loaded", is_whole ? "whole" : "changes"));
    rq_catalogue_unref(follower->current);
    follower->current = rq_catalogue_ref(catalogue);
    follower->publish(follower->argument, catalogue);
}

static void on_load(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    load(argument);
}

/* Several changes of one moment are one load. */
static void on_change(void *argument, const char *payload)
{
    (void)payload;
    load_later(argument, 5);
}

static void on_compare(evutil_socket_t fd, short what, void *argument)
{
    rq_follower *follower = argument;
    (void)fd;
    (void)what;
    PGresult *result =
        rq_run_as_system(&follower->connection, follower->conninfo, "catalogue/version", NULL, 0);
    int64_t version = follower->current ? rq_catalogue_version(follower->current) : -1;
    if (result && strtoll(PQgetvalue(result, 0, 0), NULL, 10) != version)
        load_later(follower, 0);
    PQclear(result);
}

static void on_stop(evutil_socket_t fd, short what, void *argument)
{
    rq_follower *follower = argument;
    (void)fd;
    (void)what;
    event_base_loopbreak(follower->base);
}

static void *run(void *argument)
{
    rq_follower *follower = argument;
    event_base_dispatch(follower->base);
    return NULL;
}

static void free_follower(rq_follower *follower)
{
    rq_listener_free(follower->listener);
    rq_catalogue_unref(follower->current);
    struct event *events[] = {follower->stop_event, follower->compare_event, follower->load_event};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            event_free(events[i]);
    if (follower->stop_fd >= 0)
        close(follower->stop_fd);
    if (follower->connection)
        PQfinish(follower->connection);
    if (follower->base)
        event_base_free(follower->base);
    free(follower);
}

rq_status rq_follower_start(const char *conninfo, rq_follower_publish publish, void *argument,
                            rq_follower **out_follower, rq_error *error)
{
    static const struct timeval compare = {.tv_sec = COMPARE_SECONDS};
    rq_follower *follower = calloc(1, sizeof(*follower));
    rq_status status;
    if (!follower)
        return rq_fail(error, RQ_NOMEM, "no memory for the follower");
    follower->conninfo = conninfo;
    follower->publish = publish;
    follower->argument = argument;
    follower->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    follower->base = event_base_new();
    if (follower->base && follower->stop_fd >= 0) {
        follower->stop_event = event_new(follower->base, follower->stop_fd, EV_READ, on_stop, follower);
        follower->compare_event = event_new(follower->base, -1, EV_PERSIST, on_compare, follower);
        follower->load_event = event_new(follower->base, -1, 0, on_load, follower);
    }
    if (!follower->stop_event || !follower->compare_event || !follower->load_event ||
        event_add(follower->stop_event, NULL) != 0 || event_add(follower->compare_event, &compare) != 0)
        status = rq_fail(error, RQ_IO, "cannot set up the follower's event loop");
    else
        status = rq_listener_new(follower->base, conninfo, "rongqiao_catalogue", on_change, follower,
                                 &follower->listener, error);
    if (status == RQ_OK && pthread_create(&follower->thread, NULL, run, follower) != 0)
        status = rq_fail(error, RQ_IO, "cannot start the follower's thread");
    if (status != RQ_OK) {
        free_follower(follower);
        return status;
    }
    *out_follower = follower;
    return RQ_OK;
}

void rq_follower_stop(rq_follower *follower)
{
    const uint64_t one = 1;
    if (!follower)
        return;
    while (write(follower->stop_fd, &one, sizeof(one)) != sizeof(one))
        usleep(1000);
    pthread_join(follower->thread, NULL);
    free_follower(follower);
}
