/* Chance, time, and what is told of the play. The clock of libc is ours: libevent and the server ask it. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rongqiao/status.h"

enum { LINE_BYTES = 512 };

static struct {
    uint64_t seed, state, sum;
    int64_t now_ms;
    bool is_shown;
} world;

/* SplitMix64. */
static uint64_t draw(void)
{
    uint64_t z = world.state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void sim_seed(uint64_t seed)
{
    bool is_shown = world.is_shown;
    memset(&world, 0, sizeof world);
    world.seed = world.state = seed;
    world.now_ms = 1000000;
    world.sum = UINT64_C(0xcbf29ce484222325);
    world.is_shown = is_shown;
}

uint32_t sim_below(uint32_t bound)
{
    return bound == 0 ? 0 : (uint32_t)(draw() >> 32) % bound;
}

bool sim_once_in(uint32_t times)
{
    return sim_below(times) == 0;
}

int64_t sim_now_ms(void)
{
    return world.now_ms;
}

void sim_advance_ms(int64_t ms)
{
    world.now_ms += ms;
}

void sim_show_all(bool is_shown)
{
    world.is_shown = is_shown;
}

void sim_tell(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const char *at = line; *at; at++)
        world.sum = (world.sum ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    if (world.is_shown)
        printf("%9lld  %s\n", (long long)world.now_ms, line);
}

uint64_t sim_sum(void)
{
    return world.sum;
}

void sim_fail(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "seed %llu: ", (unsigned long long)world.seed);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nplay it again: simulate --show %llu\n", (unsigned long long)world.seed);
    abort();
}

/* What the process asks the system for ------------------------------------------------------------- */

/* In front of libc's, also for libevent. */
int clock_gettime(clockid_t clock, struct timespec *out_now)
{
    int64_t offset_ms = clock == CLOCK_REALTIME ? INT64_C(1790000000000) : 0;
    int64_t now_ms = world.now_ms + offset_ms;
    *out_now =
        (struct timespec){.tv_sec = (time_t)(now_ms / 1000), .tv_nsec = (long)(now_ms % 1000) * 1000000};
    return 0;
}

/* In place of the server's own (--wrap): it jitters back-offs and begins the ids of exchanges. */
rq_status __wrap_rq_random(void *out, size_t length, rq_error *error);
rq_status __wrap_rq_random(void *out, size_t length, rq_error *error)
{
    unsigned char *bytes = out;
    (void)error;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)draw();
    return RQ_OK;
}
