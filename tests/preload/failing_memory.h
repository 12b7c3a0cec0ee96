/* What a test shares with the allocator of the server under test (failing_memory.c, loaded before libc):
 * which allocation is to fail, and how many blocks are held. A file mapped by both. */
#ifndef RONGQIAO_TESTS_FAILING_MEMORY_H
#define RONGQIAO_TESTS_FAILING_MEMORY_H

#include <stdatomic.h>

#define FAILING_MEMORY_FILE "RONGQIAO_TEST_MEMORY"

typedef struct failing_memory {
    atomic_int thread;   /* whose allocations fail */
    atomic_int is_armed; /* set last */
    atomic_int lasts;    /* all fail from that one on, until it is disarmed */
    atomic_long left;    /* allocations until it is time */
    atomic_long failed;
    atomic_long live; /* blocks, of all threads */
} failing_memory;

#endif
