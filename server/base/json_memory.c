#include "rongqiao/json_memory.h"

#include <jansson.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* Jansson 2.14's parser does not look whether a text that it reads could grow, and then reads past its end: what it asks
 * for must be there. When malloc has nothing, it is had from here, untouched until then, so that a parse ends in order
 * and its caller hears that memory ran short. It holds what a body of 1 MiB can become. */
enum { RESERVE = 48 << 20, ALIGNMENT = 16 };
static _Alignas(ALIGNMENT) unsigned char reserve[RESERVE];
static struct {
    pthread_mutex_t lock;
    size_t used, held; /* bytes from its beginning; blocks that are not given back */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool is_short;

static void *take(size_t size)
{
    void *memory = NULL;
    pthread_mutex_lock(&state.lock);
    if (size <= RESERVE && (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT <= RESERVE - state.used) {
        memory = reserve + state.used;
        state.used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        state.held++;
    }
    pthread_mutex_unlock(&state.lock);
    return memory;
}

static void *watched_malloc(size_t size)
{
    void *memory = malloc(size);
    if (memory)
        return memory;
    is_short = true;
    return take(size);
}

static void watched_free(void *memory)
{
    if ((uintptr_t)memory - (uintptr_t)reserve >= RESERVE) {
        free(memory);
        return;
    }
    pthread_mutex_lock(&state.lock);
    if (--state.held == 0)
        state.used = 0;
    pthread_mutex_unlock(&state.lock);
}

void rq_json_free(void *text)
{
    watched_free(text);
}

void rq_json_watch_memory(void)
{
    json_set_alloc_funcs(watched_malloc, watched_free);
}

bool rq_json_ran_short(void)
{
    bool was_short = is_short;
    is_short = false;
    return was_short;
}
