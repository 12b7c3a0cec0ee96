#include "rongqiao/json_memory.h"

#include <jansson.h>
#include <stdlib.h>

static _Thread_local bool is_short;

static void *watched_malloc(size_t size)
{
    void *memory = malloc(size);
    is_short |= !memory;
    return memory;
}

void rq_json_watch_memory(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

bool rq_json_ran_short(void)
{
    bool was_short = is_short;
    is_short = false;
    return was_short;
}
