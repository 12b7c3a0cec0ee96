/* An allocator that fails on demand, in front of the C library's (LD_PRELOAD), so that libpq, OpenSSL,
 * libevent and Jansson meet the same want of memory as our own code. */
#include "failing_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static failing_memory *shared;
static __thread pid_t own_thread;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(FAILING_MEMORY_FILE);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (mapped != MAP_FAILED)
        shared = mapped;
}

static bool fails(void)
{
    if (!shared || !atomic_load_explicit(&shared->is_armed, memory_order_relaxed))
        return false;
    if (own_thread == 0)
        own_thread = gettid();
    if (own_thread != atomic_load(&shared->thread))
        return false;
    long left = atomic_fetch_sub(&shared->left, 1);
    if (left > 0 || (left < 0 && !atomic_load(&shared->lasts)))
        return false;
    atomic_fetch_add(&shared->failed, 1);
    errno = ENOMEM;
    return true;
}

static void *taken(void *memory)
{
    if (memory && shared)
        atomic_fetch_add_explicit(&shared->live, 1, memory_order_relaxed);
    return memory;
}

void *malloc(size_t size)
{
    return fails() ? NULL : taken(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : taken(__libc_calloc(count, size));
}

void free(void *memory)
{
    if (memory && shared)
        atomic_fetch_sub_explicit(&shared->live, 1, memory_order_relaxed);
    __libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
    if (!memory)
        return malloc(size);
    if (size == 0) {
        free(memory);
        return NULL;
    }
    return fails() ? NULL : __libc_realloc(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, whole);
}

void *memalign(size_t alignment, size_t size)
{
    return fails() ? NULL : taken(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out_memory, size_t alignment, size_t size)
{
    int before = errno;
    void *memory = memalign(alignment, size);
    errno = before;
    if (!memory)
        return ENOMEM;
    *out_memory = memory;
    return 0;
}
