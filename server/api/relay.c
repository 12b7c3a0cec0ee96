/* The relay: publishes notifications that were committed, follows what any instance has published, and hands
 * it to the workers, whose streams it also counts. One thread with connections of its own. */
#include "relay.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rongqiao/db.h"
#include "rongqiao/ids.h"
#include "rongqiao/log.h"
#include "streams.h"

enum { PUBLISH_MS = 200, RETRY_MS = 2000, FORGET_SECONDS = 3600, PAGE_ROWS = 500 };

typedef struct place {
    char user_id[RQ_UUID_TEXT + 1];
    unsigned streams;
} place;

struct rq_relay {
    const rq_config *config;
    pthread_mutex_t lock; /* of the places */
    place *places;
    size_t users, streams;

    /* of the thread alone */
    pthread_t thread;
    struct event_base *base;
    struct event *stop_event, *publish_event, *read_event, *forget_event;
    int stop_fd;
    rq_listener *listener;
    PGconn *connection;
    rq_worker *const *workers;
    size_t worker_count;
    int64_t upto; /* what the workers have been told; -1: nothing yet */
};

/* Places
 * ------------------------------------------------------------------------------------------------------ */

/* The user's place, or the one after the last. */
static place *find_place(rq_relay *relay, const char *user_id)
{
    size_t i = 0;
    while (i < relay->users && strcmp(relay->places[i].user_id, user_id) != 0)
        i++;
    return &relay->places[i];
}

rq_admission rq_relay_admit(rq_relay *relay, const char *user_id)
{
    rq_admission admission = RQ_ADMITTED;
    pthread_mutex_lock(&relay->lock);
    place *own = find_place(relay, user_id);
    bool is_new = own == relay->places + relay->users;
    if (!is_new && own->streams >= relay->config->streams_per_user)
        admission = RQ_USER_HAS_ENOUGH;
    else if (relay->streams >= relay->config->streams_max)
        admission = RQ_PROCESS_IS_FULL;
    if (admission == RQ_ADMITTED && is_new) {
        *own = (place){.streams = 0};
        memcpy(own->user_id, user_id, strlen(user_id));
        relay->users++;
    }
    if (admission == RQ_ADMITTED) {
        own->streams++;
        relay->streams++;
    }
    pthread_mutex_unlock(&relay->lock);
    return admission;
}

void rq_relay_dismiss(rq_relay *relay, const char *user_id)
{
    pthread_mutex_lock(&relay->lock);
    place *own = find_place(relay, user_id);
    relay->streams--;
    if (--own->streams == 0)
        *own = relay->places[--relay->users];
    pthread_mutex_unlock(&relay->lock);
}

/* News
 * -------------------------------------------------------------------------------------------------------- */

void rq_news_unref(rq_news *news)
{
    if (atomic_fetch_sub(&news->references, 1) > 1)
        return;
    PQclear(news->rows);
    free(news);
}

/* Hands the rows (taken over) to every worker; false when memory is short, and then nobody has them. */
static bool tell_workers(rq_relay *relay, int64_t from, int64_t upto, PGresult *rows)
{
    rq_news *news = calloc(1, sizeof(*news));
    if (!news) {
        PQclear(rows);
        return false;
    }
    *news =
        (rq_news){.references = (unsigned)relay->worker_count + 1, .from = from, .upto = upto, .rows = rows};
    for (size_t i = 0; i < relay->worker_count; i++)
        if (!rq_worker_post(relay->workers[i], rq_streams_take_news, news))
            rq_news_unref(news); /* what it missed, its streams read by themselves with the next news */
    rq_news_unref(news);
    relay->upto = upto;
    return true;
}

static PGresult *ask(rq_relay *relay, const char *statement, const char *const *parameters, int count)
{
    return rq_run_as_system(&relay->connection, relay->config->database, statement, parameters, count);
}

/* The number that a statement returns; -1 when it failed. */
static int64_t ask_number(rq_relay *relay, const char *statement)
{
    PGresult *result = ask(relay, statement, NULL, 0);
    int64_t number = result ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : -1;
    PQclear(result);
    return number;
}

/* One page of what was published since; false when it could not be read. */
static bool read_page(rq_relay *relay, bool *out_more)
{
    char after[24], limit[16];
    (void)snprintf(after, sizeof(after), "%lld", (long long)relay->upto);
    (void)snprintf(limit, sizeof(limit), "%d", PAGE_ROWS);
    const char *const parameters[] = {after, limit};
    PGresult *rows = ask(relay, "notifications/published", parameters, 2);
    int count = rows ? PQntuples(rows) : 0;
    *out_more = count == PAGE_ROWS;
    if (count == 0) {
        bool is_read = rows != NULL;
        PQclear(rows);
        return is_read;
    }
    return tell_workers(relay, relay->upto, strtoll(PQgetvalue(rows, count - 1, RQ_NEWS_ID), NULL, 10), rows);
}

static void later(struct event *event, int milliseconds)
{
    struct timeval delay = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    event_add(event, &delay);
}

/* Of what was published before this process began, the workers are told the last number only. */
static bool begin_news(rq_relay *relay)
{
    int64_t head = relay->upto < 0 ? ask_number(relay, "notifications/head") : relay->upto;
    return head >= 0 && (relay->upto >= 0 || tell_workers(relay, head, head, NULL));
}

static void on_read(evutil_socket_t fd, short what, void *argument)
{
    rq_relay *relay = argument;
    bool more = true, is_read = begin_news(relay);
    (void)fd;
    (void)what;
    while (is_read && more)
        is_read = read_page(relay, &more);
    if (!is_read)
        later(relay->read_event, RETRY_MS);
}

/* "" says that something was published, a user's id that the user's sessions or rights changed. Null: the
 * connection is new, and either may have been missed. */
static void on_notified(void *argument, const char *payload)
{
    rq_relay *relay = argument;
    bool is_user = payload && payload[0];
    if (!is_user)
        later(relay->read_event, 0);
    if (payload && !is_user)
        return;
    for (size_t i = 0; i < relay->worker_count; i++) {
        char *user_id = is_user ? strdup(payload) : NULL;
        if (is_user && !user_id)
            continue; /* its streams are checked within seconds anyway */
        if (!rq_worker_post(relay->workers[i], rq_streams_check_user, user_id))
            free(user_id);
    }
}

static void on_publish(evutil_socket_t fd, short what, void *argument)
{
    rq_relay *relay = argument;
    (void)fd;
    (void)what;
    later(relay->publish_event, ask_number(relay, "notifications/publish") < 0 ? RETRY_MS : PUBLISH_MS);
}

static void on_forget(evutil_socket_t fd, short what, void *argument)
{
    rq_relay *relay = argument;
    (void)fd;
    (void)what;
    (void)ask_number(relay, "notifications/forget");
}

/* Life
 * -------------------------------------------------------------------------------------------------------- */

static void on_stop(evutil_socket_t fd, short what, void *argument)
{
    rq_relay *relay = argument;
    (void)fd;
    (void)what;
    event_base_loopbreak(relay->base);
}

static void *run(void *argument)
{
    rq_relay *relay = argument;
    event_base_dispatch(relay->base);
    return NULL;
}

rq_status rq_relay_new(const rq_config *config, rq_relay **out_relay, rq_error *error)
{
    rq_relay *relay = calloc(1, sizeof(*relay));
    /* One more than can be taken, which find_place() may point at. */
    place *places = calloc((size_t)config->streams_max + 1, sizeof(*places));
    if (!relay || !places) {
        free(relay);
        free(places);
        return rq_fail(error, RQ_NOMEM, "no memory for the relay");
    }
    relay->config = config;
    relay->places = places;
    relay->stop_fd = -1;
    relay->upto = -1;
    pthread_mutex_init(&relay->lock, NULL);
    *out_relay = relay;
    return RQ_OK;
}

static bool make_events(rq_relay *relay)
{
    static const struct timeval forget = {.tv_sec = FORGET_SECONDS};
    relay->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    relay->base = event_base_new();
    if (!relay->base || relay->stop_fd < 0)
        return false;
    relay->stop_event = event_new(relay->base, relay->stop_fd, EV_READ, on_stop, relay);
    relay->publish_event = event_new(relay->base, -1, 0, on_publish, relay);
    relay->read_event = event_new(relay->base, -1, 0, on_read, relay);
    relay->forget_event = event_new(relay->base, -1, EV_PERSIST, on_forget, relay);
    if (!relay->stop_event || !relay->publish_event || !relay->read_event || !relay->forget_event)
        return false;
    later(relay->publish_event, PUBLISH_MS);
    return event_add(relay->stop_event, NULL) == 0 && event_add(relay->forget_event, &forget) == 0;
}

rq_status rq_relay_start(rq_relay *relay, rq_worker *const *workers, size_t worker_count, rq_error *error)
{
    relay->workers = workers;
    relay->worker_count = worker_count;
    if (!make_events(relay))
        return rq_fail(error, RQ_IO, "cannot set up the relay's event loop");
    rq_status status = rq_listener_new(relay->base, relay->config->database, "rongqiao_notification",
                                       on_notified, relay, &relay->listener, error);
    if (status == RQ_OK && pthread_create(&relay->thread, NULL, run, relay) != 0) {
        rq_listener_free(relay->listener);
        relay->listener = NULL;
        status = rq_fail(error, RQ_IO, "cannot start the relay's thread");
    }
    return status;
}

void rq_relay_stop(rq_relay *relay)
{
    const uint64_t one = 1;
    if (!relay || !relay->listener)
        return;
    while (write(relay->stop_fd, &one, sizeof(one)) != sizeof(one))
        usleep(1000);
    pthread_join(relay->thread, NULL);
    rq_listener_free(relay->listener);
    relay->listener = NULL;
}

void rq_relay_free(rq_relay *relay)
{
    if (!relay)
        return;
    struct event *events[] = {relay->stop_event, relay->publish_event, relay->read_event,
                              relay->forget_event};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (events[i])
            event_free(events[i]);
    if (relay->stop_fd >= 0)
        close(relay->stop_fd);
    if (relay->connection)
        PQfinish(relay->connection);
    if (relay->base)
        event_base_free(relay->base);
    pthread_mutex_destroy(&relay->lock);
    free(relay->places);
    free(relay);
}
