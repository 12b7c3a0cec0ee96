/* Plays seeds: simulate FIRST COUNT, or one of them with all that happens: simulate --show SEED. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/worker.h"
#include "rongqiao/config.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"
#include "rongqiao/throttle.h"
#include "sim.h"

enum { STEPS = 600, TURNS = 4, LAST_STEPS = 1500, LAST_STEP_MS = 50, DRAIN_STEPS = 400, PLAYED_TWICE = 8 };

static char folder[] = "/tmp/rq-sim-XXXXXX";
static rq_config config;
static rq_worker *worker;
static rq_throttle *throttle;
static char listen_path[64];

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0)
        sim_fail("cannot listen on %s: %s", path, strerror(errno));
    return fd;
}

static void begin(uint64_t seed)
{
    rq_error error = {.message = ""};
    sim_seed(seed);
    snprintf(listen_path, sizeof listen_path, "%s/server", folder);
    sim_postgres_open(folder);
    rq_worker_setup setup = {.config = &config, .listen_fd = listen_at(listen_path), .connections_max = 64};
    if (rq_throttle_new(&throttle, &error) != RQ_OK)
        sim_fail("no throttle: %s", error.message);
    setup.throttle = throttle;
    if (rq_worker_open(&setup, &worker, &error) != RQ_OK)
        sim_fail("no worker: %s", error.message);
    sim_clients_open(listen_path);
}

/* Everybody does what there is to do at this moment. */
static void turn(void)
{
    for (int i = 0; i < TURNS; i++) {
        if (event_base_loop(worker->base, EVLOOP_NONBLOCK) < 0)
            sim_fail("the loop broke");
        sim_postgres_read();
        sim_clients_read();
    }
}

static void step(bool *is_up)
{
    uint32_t what = sim_below(1000);
    if (what < 480) {
        sim_clients_act();
    } else if (what < 800) {
        for (uint32_t pieces = 1 + sim_below(5); pieces > 0 && sim_postgres_answer(); pieces--)
            ;
    } else if (what < 960) {
        sim_advance_ms(1 + sim_below(40));
    } else if (what < 980) {
        sim_advance_ms(500 + sim_below(2500));
    } else if (what < 982) {
        sim_advance_ms(12000);
    } else if (what < 994) {
        sim_postgres_cut();
    } else if (*is_up) {
        *is_up = false;
        sim_postgres_set_up(false);
    }
    if (!*is_up && sim_once_in(25)) {
        *is_up = true;
        sim_postgres_set_up(true);
    }
    turn();
}

/* From here on all goes well, and everybody must get what is theirs. */
static void finish(void)
{
    sim_postgres_set_up(true);
    sim_postgres_set_moody(false);
    for (int i = 0; i < LAST_STEPS; i++) {
        sim_clients_finish();
        while (sim_postgres_answer())
            turn();
        sim_advance_ms(LAST_STEP_MS);
        turn();
    }
    sim_clients_check();
    rq_worker_drain(worker);
    for (int i = 0; i < DRAIN_STEPS && !rq_worker_is_drained(worker); i++) {
        sim_advance_ms(LAST_STEP_MS);
        turn();
    }
    if (!rq_worker_is_drained(worker))
        sim_fail("the drain does not end");
}

static uint64_t play(uint64_t seed)
{
    bool is_up = true;
    begin(seed);
    sim_postgres_set_moody(sim_once_in(2));
    for (int i = 0; i < STEPS; i++)
        step(&is_up);
    finish();
    sim_clients_close();
    rq_worker_close(worker);
    rq_throttle_free(throttle);
    sim_postgres_close();
    unlink(listen_path);
    return sim_sum();
}

static void settle_in(void)
{
    rq_error error = {.message = ""};
    if (!mkdtemp(folder) || rq_config_load(NULL, &config, &error) != RQ_OK)
        sim_fail("cannot begin: %s", error.message);
    snprintf(config.database, sizeof config.database, "host=%s port=5432 user=sim dbname=sim", folder);
    rq_log_set_level(RQ_LOG_ERROR);
    rq_json_watch_memory();
}

int main(int argc, char **argv)
{
    bool shows = argc == 3 && strcmp(argv[1], "--show") == 0;
    uint64_t first = argc == 3 ? strtoull(argv[shows ? 2 : 1], NULL, 10) : 0;
    uint64_t count = shows ? 1 : argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (count == 0) {
        fputs("usage: simulate FIRST COUNT | --show SEED\n", stderr);
        return 2;
    }
    settle_in();
    sim_show_all(shows);
    for (uint64_t seed = first; seed < first + count; seed++) {
        uint64_t sum = play(seed);
        if (!shows && seed < first + PLAYED_TWICE && play(seed) != sum)
            sim_fail("it plays differently the second time");
    }
    rmdir(folder);
    printf("%llu seeds from %llu\n", (unsigned long long)count, (unsigned long long)first);
    return 0;
}
