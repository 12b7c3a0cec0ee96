#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/jobs.h"
#include "rongqiao/log.h"
#include "session.h"

enum { FOLLOWER_ARENA = 1 << 30, COMPARE_SECONDS = 30, RETRY_MS = 500 };

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
    int64_t version; /* of the snapshot handed out last; -1: none */
};

/* Decodes the online products and programmes; what does not decode is left out and logged. */
static size_t decode_products(const json_t *list, rq_arena *arena, rq_product *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        rq_error error = {0};
        if (rq_product_decode(json_array_get(list, i), arena, &out[count], &error) == RQ_OK)
            count++;
        else
            RQ_LOG(RQ_LOG_ERROR, "product_not_decoded",
                   RQ_LOG_TEXT("product_id", json_string_value(json_object_get(json_array_get(list, i), "id"))),
                   RQ_LOG_TEXT("reason", error.message));
    }
    return count;
}

static size_t decode_programmes(const json_t *list, rq_arena *arena, rq_programme *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        rq_error error = {0};
        if (rq_programme_decode(json_array_get(list, i), arena, &out[count], &error) == RQ_OK)
            count++;
        else
            RQ_LOG(RQ_LOG_ERROR, "programme_not_decoded",
                   RQ_LOG_TEXT("programme_id", json_string_value(json_object_get(json_array_get(list, i), "id"))),
                   RQ_LOG_TEXT("reason", error.message));
    }
    return count;
}

static int32_t number(const json_t *object, const char *key)
{
    return (int32_t)json_integer_value(json_object_get(object, key));
}

static rq_weights decode_weights(const json_t *w)
{
    return (rq_weights){.version = number(w, "version"),
                        .cost = number(w, "cost"),
                        .likelihood = number(w, "likelihood"),
                        .speed = number(w, "speed"),
                        .fit = number(w, "fit"),
                        .service = number(w, "service"),
                        .prior_ppm = number(w, "prior_ppm"),
                        .prior_weight = number(w, "prior_weight"),
                        .cost_cap_ppm = number(w, "cost_cap_ppm"),
                        .hours_cap = number(w, "hours_cap")};
}

static rq_status build(const json_t *document, rq_catalogue **out_catalogue, rq_error *error)
{
    const json_t *products = json_object_get(document, "products"), *programmes = json_object_get(document, "programmes");
    const json_t *lpr = json_object_get(document, "lpr");
    const char *lpr_date = json_string_value(json_object_get(lpr, "published_on"));
    rq_arena *arena = rq_arena_new(FOLLOWER_ARENA);
    rq_product *product_rows = arena ? rq_arena_array(arena, json_array_size(products) + 1, sizeof(rq_product)) : NULL;
    rq_programme *programme_rows =
        arena ? rq_arena_array(arena, json_array_size(programmes) + 1, sizeof(rq_programme)) : NULL;
    rq_status status = RQ_NOMEM;
    if (product_rows && programme_rows) {
        rq_catalogue_input input = {
            .version = json_integer_value(json_object_get(document, "version")),
            .lpr_1y_ppm = number(lpr, "lpr_1y_ppm"),
            .lpr_5y_ppm = number(lpr, "lpr_5y_ppm"),
            .weights = decode_weights(json_object_get(document, "weights")),
            .products = product_rows,
            .programmes = programme_rows,
        };
        if (lpr_date && !rq_date_parse(lpr_date, strlen(lpr_date), &input.lpr_date))
            input.lpr_date = 0;
        input.product_count = decode_products(products, arena, product_rows);
        input.programme_count = decode_programmes(programmes, arena, programme_rows);
        status = rq_catalogue_new(&input, out_catalogue, error);
    }
    rq_arena_free(arena);
    return status;
}

static void load_later(rq_follower *follower, int milliseconds)
{
    struct timeval delay = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    event_add(follower->load_event, &delay);
}

/* Loads the catalogue of now and hands it out; a failure is tried again. */
static void load(rq_follower *follower)
{
    const char *const newest = NULL;
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    PGresult *result = rq_run_as_system(&follower->connection, follower->conninfo, "catalogue/load", &newest, 1);
    json_t *document = result ? json_loadb(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0), 0, NULL) : NULL;
    rq_status status = document ? build(document, &catalogue, &error) : RQ_IO;
    PQclear(result);
    json_decref(document);
    if (status != RQ_OK) {
        if (error.message[0])
            RQ_LOG(RQ_LOG_ERROR, "catalogue_not_built", RQ_LOG_TEXT("reason", error.message));
        load_later(follower, RETRY_MS);
        return;
    }
    follower->version = rq_catalogue_version(catalogue);
    RQ_LOG(RQ_LOG_INFO, "catalogue", RQ_LOG_NUMBER("version", follower->version),
           RQ_LOG_NUMBER("products", rq_catalogue_size(catalogue)));
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
    PGresult *result = rq_run_as_system(&follower->connection, follower->conninfo, "catalogue/version", NULL, 0);
    if (result && strtoll(PQgetvalue(result, 0, 0), NULL, 10) != follower->version)
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
    follower->version = -1;
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
        status = rq_listener_new(follower->base, conninfo, "rongqiao_catalogue", on_change, follower, &follower->listener,
                                 error);
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
