/* Tells enterprises of listed products that newly serve their open needs. PostgreSQL keeps what waits and
 * what was told (the migration called "announcements"); here the engine finds the needs: the reverse match
 * those that fit, then for each that may be told the match itself, partners and all. A step is short, so that
 * questions about products' markets come in between. */
#include "announcer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "market_desk.h"
#include "rongqiao/clock.h"
#include "rongqiao/db.h"
#include "rongqiao/limits.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"

enum { FINDING_ARENA = 64 << 20, PAGE_ARENA = 8 << 20, NUMBER_TEXT = 24 };
typedef char need_id[RQ_UUID_TEXT + 1];

/* The version of a product that is being told. */
typedef struct announcement {
    char product[RQ_UUID_TEXT + 1], from_version[NUMBER_TEXT];
    need_id *needs; /* that fit, the oldest first */
    size_t count, at;
    uint64_t fits, held;
} announcement;

struct rq_announcer {
    rq_side_job side; /* submitted again and again, once at a time */
    const rq_config *config;
    rq_market *market;
    rq_announcer_counters counters;

    pthread_mutex_t lock;
    bool is_queued;
    rq_catalogue *catalogue; /* the newest; null: none yet */

    /* of the desk's thread alone */
    PGconn *connection; /* holds the advisory lock of the one who tells */
    announcement current;
    bool is_telling, is_unfinished;
};

static PGresult *run(rq_announcer *self, const char *statement, const char *const *parameters, int count)
{
    return rq_run_as_system(&self->connection, self->config->database, statement, parameters, count);
}

static const char *number_text(char out[NUMBER_TEXT], int64_t number)
{
    (void)snprintf(out, NUMBER_TEXT, "%lld", (long long)number);
    return out;
}

static void forget(rq_announcer *self)
{
    free(self->current.needs);
    self->current = (announcement){0};
    self->is_telling = false;
}

/* The newest catalogue, when it has come as far as a version; a reference of the caller's. */
static rq_catalogue *catalogue_since(rq_announcer *self, int64_t version)
{
    pthread_mutex_lock(&self->lock);
    bool is_there = self->catalogue && rq_catalogue_version(self->catalogue) >= version;
    rq_catalogue *catalogue = is_there ? rq_catalogue_ref(self->catalogue) : NULL;
    pthread_mutex_unlock(&self->lock);
    return catalogue;
}

/* ---- the needs that fit ---- */

/* Keeps the ids: a question may have the open needs read again before all is told. */
static bool keep_needs(announcement *one, const rq_open_needs *needs, const rq_reverse_result *found)
{
    one->needs = found->first_count > 0 ? calloc(found->first_count, sizeof(*one->needs)) : NULL;
    if (found->first_count > 0 && !one->needs)
        return false;
    for (size_t i = 0; i < found->first_count; i++)
        rq_open_needs_id(needs, found->first[i], one->needs[i]);
    one->count = found->first_count;
    one->fits = found->eligible.needs;
    one->held = found->eligible.needs - found->first_count;
    return true;
}

/* A product that the engine does not take serves nothing. */
static bool find_needs(announcement *one, const rq_open_needs *needs, const rq_catalogue *catalogue,
                       const char *text)
{
    rq_arena *arena = rq_arena_new(FINDING_ARENA);
    json_t *document = json_loads(text, 0, NULL);
    rq_product product;
    rq_reverse_result found = {0};
    rq_error error = {0};
    rq_reverse_options options = rq_reverse_options_of(catalogue, rq_today());
    options.first = RQ_LIMIT_ANNOUNCED_NEEDS;
    rq_status status = arena && document ? rq_product_decode(document, arena, &product, &error) : RQ_NOMEM;
    if (status == RQ_OK)
        status = rq_reverse(rq_open_needs_demand(needs), &product, &options, arena, &found, &error);
    if (status == RQ_INVALID)
        RQ_LOG(RQ_LOG_ERROR, "product_not_announced", RQ_LOG_TEXT("product", one->product),
               RQ_LOG_TEXT("reason", error.message));
    bool is_found = (status == RQ_OK || status == RQ_INVALID) && keep_needs(one, needs, &found);
    json_decref(document);
    rq_arena_free(arena);
    return is_found;
}

/* Whether the open needs were read after the version fell due, `due_ms` ago: a need that is not among them
 * was matched with the version in the catalogue. They are not read more often than for the market. */
static bool has_needs_since(rq_announcer *self, int64_t due_ms)
{
    rq_open_needs *needs = rq_market_needs(self->market);
    int64_t due_at_ms = rq_monotonic_ms() - due_ms;
    bool is_new = rq_open_needs_demand(needs) && rq_open_needs_read_at_ms(needs) >= due_at_ms;
    return is_new || (rq_open_needs_refresh(needs) && rq_open_needs_read_at_ms(needs) >= due_at_ms);
}

static bool begin(rq_announcer *self, const PGresult *row)
{
    enum { PRODUCT, FROM_VERSION, DOCUMENT, AGE_MS };
    announcement *one = &self->current;
    int64_t delay_ms = self->config->announce_delay_seconds * 1000;
    rq_catalogue *catalogue = catalogue_since(self, strtoll(PQgetvalue(row, 0, FROM_VERSION), NULL, 10));
    (void)snprintf(one->product, sizeof(one->product), "%s", PQgetvalue(row, 0, PRODUCT));
    (void)snprintf(one->from_version, sizeof(one->from_version), "%s", PQgetvalue(row, 0, FROM_VERSION));
    self->is_telling =
        catalogue && has_needs_since(self, strtoll(PQgetvalue(row, 0, AGE_MS), NULL, 10) - delay_ms) &&
        find_needs(one, rq_market_needs(self->market), catalogue, PQgetvalue(row, 0, DOCUMENT));
    if (!self->is_telling)
        forget(self);
    rq_catalogue_unref(catalogue);
    return self->is_telling;
}

/* Takes the version that has waited longest; false when there is none, or not yet what it takes. */
static bool take_next(rq_announcer *self)
{
    char delay[NUMBER_TEXT], interval[NUMBER_TEXT];
    const char *const parameters[] = {number_text(delay, self->config->announce_delay_seconds),
                                      number_text(interval, self->config->job_interval_ms)};
    PGresult *row = run(self, "announcements/next", parameters, 2);
    bool has_begun = row && PQntuples(row) == 1 && begin(self, row);
    PQclear(row);
    return has_begun;
}

/* ---- a page ---- */

/* "{id,id}" of needs, as PostgreSQL reads an array. */
static void begin_list(rq_buffer *out)
{
    rq_buffer_init(out, RQ_LIMIT_ANNOUNCE_PAGE * (RQ_UUID_TEXT + 1) + 3);
    rq_buffer_text(out, "{");
}

static void add_to_list(rq_buffer *out, const char *id)
{
    rq_buffer_printf(out, "%s%s", out->length > 1 ? "," : "", id);
}

static const char *end_list(rq_buffer *out)
{
    rq_buffer_text(out, "}");
    return rq_buffer_cstring(out);
}

/* Whether a match of today would show the product to the need as a package that it may ask for. RQ_NOMEM: nobody can
 * tell; a need that the engine does not take is not served. */
static rq_status is_served(const rq_catalogue *catalogue, const char *product, const char *input, rq_arena *arena,
                           bool *out_served)
{
    rq_need need;
    rq_package package;
    bool is_open = false;
    json_t *document = json_loads(input, 0, NULL);
    rq_status status = document ? rq_need_decode(document, &need, NULL) : RQ_NOMEM;
    rq_arena_reset(arena);
    if (status == RQ_OK) {
        need.as_of = rq_today();
        status = rq_match_explain(catalogue, &need, product, arena, &package, &is_open, NULL);
    }
    json_decref(document);
    *out_served = status == RQ_OK && is_open && package.class == RQ_ELIGIBLE;
    return status == RQ_NOMEM || rq_json_ran_short() ? RQ_NOMEM : RQ_OK;
}

/* Of the next needs, lists those whose enterprises are to be told; false when PostgreSQL or memory fails. */
static bool list_served(rq_announcer *self, const rq_catalogue *catalogue, size_t end, rq_buffer *out,
                        int *out_count)
{
    const announcement *one = &self->current;
    rq_buffer asked;
    begin_list(&asked);
    for (size_t i = one->at; i < end; i++)
        add_to_list(&asked, one->needs[i]);
    const char *const parameters[] = {one->product, one->from_version, end_list(&asked)};
    PGresult *rows = parameters[2] ? run(self, "announcements/page", parameters, 3) : NULL;
    rq_arena *arena = rq_arena_new(PAGE_ARENA);
    bool is_listed = rows && arena;
    *out_count = 0;
    for (int row = 0; is_listed && row < PQntuples(rows); row++) {
        bool served = false;
        is_listed = is_served(catalogue, one->product, PQgetvalue(rows, row, 1), arena, &served) == RQ_OK;
        if (is_listed && served) {
            add_to_list(out, PQgetvalue(rows, row, 0));
            ++*out_count;
        }
    }
    rq_arena_free(arena);
    PQclear(rows);
    rq_buffer_done(&asked);
    return is_listed;
}

/* Tells the enterprises of a list of needs; `out_over`: the version ended, or another instance tells. */
static bool tell(rq_announcer *self, const char *list, bool *out_full, bool *out_over)
{
    announcement *one = &self->current;
    char most[NUMBER_TEXT], daily[NUMBER_TEXT];
    const char *const parameters[] = {one->product, one->from_version, list,
                                      number_text(most, self->config->announce_most),
                                      number_text(daily, self->config->announce_daily)};
    PGresult *row = list ? run(self, "announcements/tell", parameters, 5) : NULL;
    if (!row)
        return false;
    *out_over = PQntuples(row) == 0;
    if (!*out_over) {
        one->held += strtoull(PQgetvalue(row, 0, 1), NULL, 10);
        *out_full = PQgetvalue(row, 0, 2)[0] == 't';
        atomic_fetch_add_explicit(&self->counters.told, strtoull(PQgetvalue(row, 0, 0), NULL, 10),
                                  memory_order_relaxed);
    }
    PQclear(row);
    return true;
}

/* True when there is more to do at once. */
static bool tell_page(rq_announcer *self)
{
    announcement *one = &self->current;
    size_t left = one->count - one->at,
           end = one->at + (left < RQ_LIMIT_ANNOUNCE_PAGE ? left : RQ_LIMIT_ANNOUNCE_PAGE);
    rq_catalogue *catalogue = catalogue_since(self, 0);
    rq_buffer list;
    int count = 0;
    bool is_full = false, is_over = false;
    begin_list(&list);
    bool is_told = catalogue && list_served(self, catalogue, end, &list, &count) &&
                   (count == 0 || tell(self, end_list(&list), &is_full, &is_over));
    rq_buffer_done(&list);
    rq_catalogue_unref(catalogue);
    one->at = end;
    if (is_full) {
        one->held += one->count - end;
        one->at = one->count;
    }
    if (!is_told || is_over)
        forget(self); /* if it still waits, it is taken again from its beginning: who was told is known */
    return is_told;
}

/* True when the next may be looked for at once. */
static bool finish(rq_announcer *self)
{
    const announcement *one = &self->current;
    char fits[NUMBER_TEXT], held[NUMBER_TEXT], interval[NUMBER_TEXT];
    const char *const parameters[] = {one->product, one->from_version, number_text(fits, (int64_t)one->fits),
                                      number_text(held, (int64_t)one->held),
                                      number_text(interval, self->config->job_interval_ms)};
    PGresult *row = run(self, "announcements/finish", parameters, 5);
    bool is_finished = row != NULL;
    if (is_finished && !PQgetisnull(row, 0, 0)) {
        RQ_LOG(RQ_LOG_INFO, "announced", RQ_LOG_TEXT("product", one->product),
               RQ_LOG_NUMBER("fits", one->fits), RQ_LOG_TEXT("told", PQgetvalue(row, 0, 0)),
               RQ_LOG_NUMBER("held", one->held));
        atomic_fetch_add_explicit(&self->counters.products, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&self->counters.held, one->held, memory_order_relaxed);
    }
    PQclear(row);
    forget(self);
    return is_finished;
}

/* ---- steps ---- */

static void step(rq_side_job *side)
{
    rq_announcer *self = (rq_announcer *)side;
    if (!self->is_telling)
        self->is_unfinished = take_next(self);
    else if (self->current.at < self->current.count)
        self->is_unfinished = tell_page(self);
    else
        self->is_unfinished = finish(self);
}

/* After a step, or where none could be made: goes on behind whatever questions wait. */
static void step_ended(rq_side_job *side)
{
    rq_announcer *self = (rq_announcer *)side;
    pthread_mutex_lock(&self->lock);
    self->is_queued = self->is_unfinished && rq_market_submit(self->market, side);
    pthread_mutex_unlock(&self->lock);
}

void rq_announcer_wake(rq_announcer *self)
{
    pthread_mutex_lock(&self->lock);
    if (!self->is_queued)
        self->is_queued = rq_market_submit(self->market, &self->side);
    pthread_mutex_unlock(&self->lock);
}

void rq_announcer_set_catalogue(rq_announcer *self, rq_catalogue *catalogue)
{
    pthread_mutex_lock(&self->lock);
    rq_catalogue *old = self->catalogue;
    self->catalogue = catalogue;
    pthread_mutex_unlock(&self->lock);
    rq_catalogue_unref(old);
}

const rq_announcer_counters *rq_announcer_counters_of(const rq_announcer *announcer)
{
    return &announcer->counters;
}

/* ---- life ---- */

rq_status rq_announcer_new(const rq_config *config, rq_market *market, rq_announcer **out_announcer,
                           rq_error *error)
{
    rq_announcer *self = calloc(1, sizeof(*self));
    if (!self)
        return rq_fail(error, RQ_NOMEM, "no memory for the announcer");
    self->side = (rq_side_job){.work = step, .drop = step_ended};
    self->config = config;
    self->market = market;
    pthread_mutex_init(&self->lock, NULL);
    *out_announcer = self;
    return RQ_OK;
}

void rq_announcer_free(rq_announcer *self)
{
    if (!self)
        return;
    forget(self);
    rq_catalogue_unref(self->catalogue);
    if (self->connection)
        PQfinish(self->connection);
    pthread_mutex_destroy(&self->lock);
    free(self);
}
