/* The n-th allocation of a worker fails, n = 1, 2, ..., under each of the main routes, in the whole process:
 * our code, libpq, OpenSSL, libevent, Jansson. Nothing crashes, nothing leaks, the client gets the answer, a
 * 503 or the end of its connection, and the same request works the next time. */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/failing_memory.h"
#include "rongqiao/clock.h"
#include "world.h"

#ifndef FAILING_MEMORY_LIBRARY
#define FAILING_MEMORY_LIBRARY ""
#endif

enum {
    POINTS_MAX = 5000,
    POINTS_BEYOND = 3, /* that were not met, until the request is taken to need no more */
    SETTLE_REQUESTS = 40,
    SAMPLES = 20,
    TRIES = 800,
    PAUSE_US = 10000,
    DROUGHT_US = 150000,
    ANSWER_MS = 10000,
    DROUGHT_STRIDE = 7,
    NOISE_BLOCKS = 8
};

static failing_memory *memory;

/* Arming ------------------------------------------------------------------------------------------- */

static void end_drought(int signal_number)
{
    (void)signal_number;
    atomic_store(&memory->is_armed, 0);
}

/* The allocation after `point` more ones fails, and with `lasts` all after it, for a while. */
static void arm(long point, bool lasts)
{
    atomic_store(&memory->failed, 0);
    atomic_store(&memory->lasts, lasts);
    atomic_store(&memory->left, point);
    atomic_store(&memory->is_armed, 1);
    if (lasts)
        setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = DROUGHT_US}}, NULL);
}

/* Whether the point was met. */
static bool disarm(void)
{
    setitimer(ITIMER_REAL, &(struct itimerval){{0}, {0}}, NULL);
    atomic_store(&memory->is_armed, 0);
    return atomic_load(&memory->failed) > 0;
}

static int thread_called(const char *name)
{
    const char *folder = textf("/proc/%d/task", (int)house.server);
    DIR *tasks = opendir(folder);
    int found = 0;
    assert_non_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks));) {
        char text[32] = "";
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(textf("%s/%s/comm", folder, entry->d_name), "re");
        if (file && fgets(text, sizeof(text), file) && strncmp(text, name, strlen(name)) == 0)
            found = (int)strtol(entry->d_name, NULL, 10);
        if (file)
            fclose(file);
    }
    closedir(tasks);
    assert_true(found > 0);
    return found;
}

/* Blocks held when the process is at rest: the fewest seen. */
static long blocks_held(void)
{
    long fewest = LONG_MAX;
    for (int i = 0; i < SAMPLES; i++) {
        long now = atomic_load(&memory->live);
        fewest = now < fewest ? now : fewest;
        usleep(PAUSE_US);
    }
    return fewest;
}

/* One route ---------------------------------------------------------------------------------------- */

typedef struct route {
    const test_user *user; /* null: nobody */
    const char *method, *path, *headers, *body;
    int status;
    bool is_fresh; /* each time over a new connection, hence with a handshake */
} route;

static test_answer *send_once(const route *to, const char *key)
{
    const char *headers =
        strcmp(to->method, "POST") == 0 ? textf("Idempotency-Key: %s\r\n%s", key, to->headers) : to->headers;
    if (to->is_fresh && to->user)
        client_close(to->user->client);
    return ask_raw(to->user, to->method, to->path, headers, to->body);
}

static void expect_alive(const route *to, long point)
{
    if (waitpid(house.server, &house.last_exit, WNOHANG) == 0)
        return;
    house.server = 0;
    house_print_log();
    fail_msg("the server ended at allocation %ld of %s %s", point, to->method, to->path);
}

/* Sends until it works; memory is there, and what broke must mend itself soon. */
static void expect_it_works(const route *to, const char *key, long point)
{
    const test_answer *answer = NULL;
    for (int i = 0; i < TRIES; i++) {
        answer = send_once(to, key);
        if (answer && answer->status == to->status)
            return;
        if (answer && answer->status != 503)
            break;
        usleep(PAUSE_US);
    }
    house_print_log();
    fail_msg("after allocation %ld of %s %s: %d %s", point, to->method, to->path, answer ? answer->status : 0,
             answer ? answer->body : "no answer");
}

static bool run_point(const route *to, long point, bool lasts)
{
    const char *key = fresh_key();
    int64_t began_ms = rq_monotonic_ms();
    arm(point, lasts);
    const test_answer *answer = send_once(to, key);
    bool met = disarm();
    expect_alive(to, point);
    if (answer && answer->status != to->status && answer->status != 503)
        fail_msg("allocation %ld of %s %s: %d %s", point, to->method, to->path, answer->status, answer->body);
    if (rq_monotonic_ms() - began_ms > ANSWER_MS)
        house_print_log();
    if (rq_monotonic_ms() - began_ms > ANSWER_MS)
        fail_msg("allocation %ld of %s %s: %lld ms without an answer", point, to->method, to->path,
                 (long long)(rq_monotonic_ms() - began_ms));
    expect_it_works(to, key, point);
    return met;
}

/* Every `stride`th point in turn, until the request needs no more; how many there are. */
static long run_points(const route *to, bool lasts, long stride)
{
    long point = 0;
    for (int beyond = 0; beyond < POINTS_BEYOND; point += stride) {
        assert_true(point < POINTS_MAX);
        beyond = run_point(to, point, lasts) ? 0 : beyond + 1;
    }
    return point - POINTS_BEYOND * stride;
}

static void settle(const route *to)
{
    for (int i = 0; i < SETTLE_REQUESTS; i++)
        expect_it_works(to, fresh_key(), -1);
}

static void torture(const route *to)
{
    settle(to);
    assert_true(run_points(to, true, DROUGHT_STRIDE) > 0); /* also fills what is kept for the next time */
    settle(to);
    long before = blocks_held();
    long points = run_points(to, false, 1);
    settle(to);
    long after = blocks_held();
    if (after > before + NOISE_BLOCKS)
        fail_msg("%s %s: %ld blocks leaked over %ld failed allocations", to->method, to->path, after - before,
                 points);
}

/* The routes --------------------------------------------------------------------------------------- */

static const char *compact(json_t *document)
{
    char *text = house_keep(json_dumps(document, JSON_COMPACT), free);
    json_decref(document);
    return text;
}

static const char *need_body(void)
{
    return compact(need_document(NULL));
}

static void torture_get(const test_user *user, const char *path, const char *headers, bool is_fresh)
{
    torture(&(route){user, "GET", path, headers, NULL, 200, is_fresh});
}

static void handshake_and_answer_from_memory(void **state)
{
    (void)state;
    torture_get(&world.enterprise_a, "/livez", "", true);
}

static void lists_and_single_rows(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    torture_get(&world.enterprise_a, "/v1/needs?limit=5", "", false);
    torture_get(&world.enterprise_a, textf("/v1/needs/%s", need), "", false);
    torture_get(&world.enterprise_a, "/v1/needs?limit=5", "Accept: text/csv\r\n", false);
}

static void reports(void **state)
{
    (void)state;
    torture_get(&world.zhejiang, "/v1/statistics/funnel", "", false);
}

static void documents_from_memory(void **state)
{
    (void)state;
    torture_get(NULL, "/v1/openapi.json", "", false);
}

static void matching_without_keeping(void **state)
{
    (void)state;
    torture(&(route){&world.enterprise_a, "POST", "/v1/matches/preview", "Content-Type: application/json\r\n",
                     need_body(), 200, false});
}

static void posting_a_need(void **state)
{
    (void)state;
    int64_t before = house_count("select count(*) from need");
    int64_t keys = house_count("select count(*) from idempotency");
    torture(&(route){&world.enterprise_a, "POST", "/v1/needs", "Content-Type: application/json\r\n",
                     need_body(), 201, false});
    /* Each key made one need, however often it was sent. */
    assert_int_equal(house_count("select count(*) from need") - before,
                     house_count("select count(*) from idempotency") - keys);
}

static void importing_lines(void **state)
{
    (void)state;
    const char *csv =
        textf("uscc,name,region_code,industry_code\n%s,\"a \"\"b\"\"\",330106,C2614\n%s,c,330106,C2614\n",
              fresh_uscc(HANGZHOU), fresh_uscc(HANGZHOU));
    torture(&(route){&world.operator, "POST", "/v1/enterprises/import?dry_run=true",
                     "Content-Type: text/csv\r\n", csv, 200, false});
}

static void sealing_and_showing_personal_data(void **state)
{
    (void)state;
    const char *json = "Content-Type: application/json\r\n", *path = textf("/v1/enterprises/%s", world.id_a);
    torture(&(route){&world.enterprise_a, "PATCH", path, json,
                     "{\"contact_mobile\":\"13900005678\",\"legal_rep_id\":\"11010519491231002X\"}", 200, false});
    torture_get(&world.enterprise_a, path, "", false);
    torture(&(route){&world.operator, "POST", "/v1/enterprises/find", json, "{\"contact_mobile\":\"13900005678\"}", 200,
                     false});
    /* Nothing of it was kept in clear, however often memory ended on the way. */
    assert_int_equal(house_count("select count(*) from enterprise where id = '%s' and contact_mobile_sealed like "
                                 "'rqs1.%%' and legal_rep_id_sealed like 'rqs1.%%'", world.id_a),
                     1);
}

static void refused_input(void **state)
{
    (void)state;
    const char *headers = "Content-Type: application/json\r\n";
    torture(&(route){&world.enterprise_a, "POST", "/v1/needs", headers, "{\"kinds\":[1,", 400, false});
    torture(
        &(route){&world.enterprise_a, "POST", "/v1/needs", headers, "{\"kinds\":[],\"x\":1}", 422, false});
}

static void logging_in(void **state)
{
    (void)state;
    torture(&(route){NULL, "POST", "/v1/sessions", "Content-Type: application/json\r\n",
                     compact(doc("{ss ss}", "login", world.auditor.login, "password", HOUSE_PASSWORD)), 201,
                     false});
}

/* -------------------------------------------------------------------------------------------------- */

static char shared_path[] = "/dev/shm/rongqiao-memory-XXXXXX";

static int open_house(void **state)
{
    int fd = mkstemp(shared_path);
    if (fd < 0 || ftruncate(fd, sizeof(*memory)) != 0)
        return -1;
    memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return -1;
    house_preload = FAILING_MEMORY_LIBRARY;
    house_preload_name = FAILING_MEMORY_FILE;
    house_preload_value = shared_path;
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = end_drought, .sa_flags = SA_RESTART}, NULL);
    if (world_open(state) != 0)
        return -1;
    atomic_store(&memory->thread, thread_called("worker"));
    return 0;
}

static int close_house(void **state)
{
    int closed = world_close(state);
    unlink(shared_path);
    return closed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(handshake_and_answer_from_memory),
        API_TEST(documents_from_memory),
        API_TEST(lists_and_single_rows),
        API_TEST(reports),
        API_TEST(matching_without_keeping),
        API_TEST(posting_a_need),
        API_TEST(importing_lines),
        API_TEST(sealing_and_showing_personal_data),
        API_TEST(refused_input),
        API_TEST(logging_in),
    };
    house_settings =
        "log_level = error\nworkers = 1\njob_interval_ms = 60000\nlogin_failures_max = 50\n"
        /* Where libpq has no memory for the end of an answer it waits for another one: for so long. */
        "read_timeout_ms = 1000\nwrite_timeout_ms = 1000\nslow_timeout_ms = 1000\n";
    return cmocka_run_group_tests_name("api.memory", tests, open_house, close_house);
}
