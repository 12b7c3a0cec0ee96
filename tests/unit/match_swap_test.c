/* Snapshots are swapped under full load: the server's own workers match all the time while one product after
 * the other changes as fast as it can be published, by the functions that the server publishes with. Every
 * answer is held against the reference's for the version that it says.
 *
 * RQ_SWAP_SECONDS, or "long" (a minute), makes it longer. */
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/worker.h"
#include "match_compare.h"
#include "rongqiao/clock.h"
#include "rongqiao/log.h"

enum { WORKERS = 3, LISTED = 300, CHANGING = 16, STATES = 2 * CHANGING, READINGS = 6, LONG_SECONDS = 60 };

static int64_t run_ms = 700;

/* Version v is state v % STATES: CHANGING products become others one by one, and then themselves again. */
typedef struct stage {
    world own, other;
    rq_need needs[READINGS];
    row rows[STATES][READINGS][LISTED];
    ref_answer answers[STATES][READINGS];
    atomic_bool is_over;
} stage;

typedef struct reader {
    const stage *on;
    rq_worker *worker;
    rq_arena *arena;
    int64_t last_version; /* of the worker's thread, like the rest */
    size_t turn, versions;
    atomic_size_t matches, wrong;
    atomic_bool is_done;
    char difference[DIFFERENCE_TEXT];
} reader;

static const rq_product *product_at(const stage *on, int64_t version, int at)
{
    int64_t state = version % STATES;
    bool is_other = state <= CHANGING ? at < state : at >= state - CHANGING;
    return is_other ? &on->other.products[at] : &on->own.products[at];
}

static void set_stage(stage *on)
{
    static rq_product kept[CHANGING];
    world_draw_few(&on->other, 8, CHANGING, 0);
    world_draw_few(&on->own, 7, LISTED, 20);
    for (int i = 0; i < READINGS; i++) {
        on->needs[i] = world_need_at_bounds(&on->own);
    }
    memcpy(kept, on->own.products, sizeof kept);
    for (int i = 0; i < CHANGING; i++) {
        memcpy(on->other.products[i].id, kept[i].id, sizeof kept[i].id);
    }
    for (int state = 0; state < STATES; state++) {
        /* the reference sees the world as it is in this state; its rows keep the places of the products */
        for (int i = 0; i < CHANGING; i++) {
            rq_product now = kept[i];
            bool is_other = product_at(on, state, i) == &on->other.products[i];
            on->own.products[i] = is_other ? on->other.products[i] : now;
        }
        for (int i = 0; i < READINGS; i++) {
            on->answers[state][i] = ref_answer_of(&on->own, &on->needs[i], on->rows[state][i]);
        }
    }
    memcpy(on->own.products, kept, sizeof kept);
}

/* ---- readers ---- */

static bool is_right(reader *self, const rq_catalogue *catalogue, size_t number)
{
    rq_match_options options = options_of((int)number);
    rq_match_result result;
    rq_error error = {0};
    options.per_institution = 0; /* the institutions of the rows are another state's */
    if (rq_match(catalogue, &self->on->needs[number], &options, self->arena, &result, &error) != RQ_OK) {
        (void)snprintf(self->difference, sizeof self->difference, "%.200s", error.message);
        return false;
    }
    return result.catalogue_version == rq_catalogue_version(catalogue) &&
           is_same_answer(&result, &self->on->answers[result.catalogue_version % STATES][number], &options,
                          self->difference);
}

/* On the worker's thread, behind what was posted before: a new snapshot, say. */
static void match_once(rq_worker *worker, void *argument)
{
    reader *self = argument;
    int64_t version = rq_catalogue_version(worker->catalogue);
    bool is_older = version < self->last_version;
    self->versions += version > self->last_version;
    self->last_version = version;
    bool is_good = is_right(self, worker->catalogue, self->turn++ % READINGS) && !is_older;
    rq_arena_reset(self->arena);
    atomic_fetch_add(is_good ? &self->matches : &self->wrong, 1);
    if (atomic_load(&self->on->is_over) || !is_good || !rq_worker_post(worker, match_once, self)) {
        atomic_store(&self->is_done, true);
    }
}

static int listening(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static void start(reader *self, const stage *on, const rq_config *config, rq_catalogue *first)
{
    rq_worker_setup setup = {.config = config, .listen_fd = listening()};
    rq_error error = {0};
    self->on = on;
    self->arena = rq_arena_new((size_t)64 << 20);
    assert_non_null(self->arena);
    if (rq_worker_start(&setup, &self->worker, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    rq_worker_set_catalogue(self->worker, rq_catalogue_ref(first));
    assert_true(rq_worker_post(self->worker, match_once, self));
}

/* ---- the writer ---- */

/* One product changes. Its name and its promise are new each time, so that the snapshots' pool fills with
 * what nobody uses any more, and is built anew now and then. */
static rq_catalogue *next_of(const rq_catalogue *last, const stage *on)
{
    int64_t version = rq_catalogue_version(last) + 1;
    char name[64];
    rq_product product = *product_at(on, version, (int)((version - 1) % CHANGING));
    (void)snprintf(name, sizeof name, "某产品 %lld", (long long)version);
    product.name_zh = name;
    product.promised_hours = version % 1000000;
    rq_catalogue_changes changes = {.version = version,
                                    .changed = &product,
                                    .changed_count = 1,
                                    .has_programmes = version % 7 == 0,
                                    .programmes = on->own.programmes,
                                    .programme_count = (size_t)on->own.programme_count};
    rq_catalogue *next = NULL;
    rq_error error = {0};
    if (rq_catalogue_update(last, &changes, &next, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return next;
}

static bool is_going_on(reader *readers)
{
    bool is_good = true, is_enough = true;
    for (int i = 0; i < WORKERS; i++) {
        is_good = is_good && atomic_load(&readers[i].wrong) == 0;
        is_enough = is_enough && atomic_load(&readers[i].matches) >= 50;
    }
    return is_good && !is_enough;
}

static void every_answer_under_load_is_the_one_of_its_version(void **state)
{
    (void)state;
    static stage on;
    static reader readers[WORKERS];
    static rq_config config;
    size_t rebuilt = 0, matches = 0, versions = 0;
    assert_int_equal(rq_config_load(NULL, &config, NULL), RQ_OK);
    (void)snprintf(config.database, sizeof config.database, "host=/nonexistent");
    rq_log_set_level(RQ_LOG_ERROR); /* there is no database, and none is asked */
    set_stage(&on);
    rq_catalogue *last = world_catalogue(&on.own, STATES);
    for (int i = 0; i < WORKERS; i++) {
        start(&readers[i], &on, &config, last);
    }
    int64_t until_ms = rq_monotonic_ms() + run_ms;
    while (rq_monotonic_ms() < until_ms || is_going_on(readers)) {
        rq_catalogue *next = next_of(last, &on);
        rebuilt += rq_catalogue_bytes(next) < rq_catalogue_bytes(last) * 3 / 4;
        for (int i = 0; i < WORKERS; i++) {
            rq_worker_set_catalogue(readers[i].worker, rq_catalogue_ref(next));
        }
        rq_catalogue_unref(last);
        last = next;
    }
    int64_t swaps = rq_catalogue_version(last) - STATES;
    atomic_store(&on.is_over, true);
    for (int i = 0; i < WORKERS; i++) {
        while (!atomic_load(&readers[i].is_done)) {
            (void)usleep(1000);
        }
        rq_worker_stop(readers[i].worker);
        rq_arena_free(readers[i].arena);
        if (atomic_load(&readers[i].wrong) > 0) {
            fail_msg("version %lld: %s", (long long)readers[i].last_version, readers[i].difference);
        }
        matches += atomic_load(&readers[i].matches);
        versions += readers[i].versions;
        assert_true(readers[i].versions >= 2);
    }
    rq_catalogue_unref(last);
    print_message("%lld swaps (the pool anew %zu times), %zu matches by %d workers, none wrong; each saw %zu "
                  "versions\n",
                  (long long)swaps, rebuilt, matches, WORKERS, versions / WORKERS);
    assert_true(run_ms < LONG_SECONDS * 1000 || rebuilt > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_under_load_is_the_one_of_its_version),
    };
    const char *seconds = getenv("RQ_SWAP_SECONDS");
    run_ms = seconds != NULL                            ? strtol(seconds, NULL, 10) * 1000
             : argc > 1 && strcmp(argv[1], "long") == 0 ? LONG_SECONDS * 1000
                                                        : run_ms;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
