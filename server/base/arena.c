#include "rongqiao/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#endif

enum { ARENA_ALIGNMENT = sizeof(max_align_t) < 16 ? 16 : _Alignof(max_align_t), ARENA_FIRST_BLOCK = 4096 };

typedef struct arena_block {
    struct arena_block *next; /* the block made before this one */
    size_t size;
    size_t used;
    _Alignas(ARENA_ALIGNMENT) unsigned char data[];
} arena_block;

struct rq_arena {
    arena_block *newest;  /* list of all blocks; the first one made is at its end */
    arena_block *current; /* the block with the most room */
    size_t limit;
    size_t held; /* bytes of all blocks, never above `limit` */
    bool is_short;
};

/* Under AddressSanitizer what is not allocated must not be touched. */
static void poison(unsigned char *start, size_t size)
{
#ifdef ARENA_POISONS
    __asan_poison_memory_region(start, size);
#else
    (void)start;
    (void)size;
#endif
}

static void unpoison(unsigned char *start, size_t size)
{
#ifdef ARENA_POISONS
    __asan_unpoison_memory_region(start, size);
#else
    (void)start;
    (void)size;
#endif
}

static void block_free(arena_block *block)
{
    unpoison(block->data, block->size);
    free(block);
}

rq_arena *rq_arena_new(size_t limit_bytes)
{
    rq_arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->limit = limit_bytes;
    return arena;
}

void rq_arena_free(rq_arena *arena)
{
    if (!arena)
        return;
    for (arena_block *block = arena->newest; block;) {
        arena_block *next = block->next;
        block_free(block);
        block = next;
    }
    free(arena);
}

void rq_arena_reset(rq_arena *arena)
{
    arena_block *block = arena->newest;
    arena->is_short = false;
    if (!block)
        return;
    while (block->next) {
        arena_block *next = block->next;
        arena->held -= block->size;
        block_free(block);
        block = next;
    }
    block->used = 0;
    poison(block->data, block->size);
    arena->newest = arena->current = block;
    assert(arena->held == block->size);
}

/* Adds a block with room for `size` bytes: twice the last one where the limit allows. */
static arena_block *block_add(rq_arena *arena, size_t size)
{
    assert(arena->held <= arena->limit);
    size_t left = arena->limit - arena->held;
    if (size > left)
        return NULL;
    size_t wanted = ARENA_FIRST_BLOCK;
    if (arena->newest)
        wanted = arena->newest->size > SIZE_MAX / 2 ? SIZE_MAX : arena->newest->size * 2;
    if (wanted > left)
        wanted = left;
    if (wanted < size)
        wanted = size;
    if (wanted > SIZE_MAX - sizeof(arena_block))
        return NULL;
    arena_block *block = malloc(sizeof *block + wanted);
    if (!block)
        return NULL;
    block->next = arena->newest;
    block->size = wanted;
    block->used = 0;
    poison(block->data, wanted);
    arena->newest = block;
    arena->held += wanted;
    return block;
}

void *rq_arena_room(rq_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGNMENT)
        return NULL;
    /* Empty allocations get an address of their own too. */
    size_t rounded = (size + !size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    arena_block *block = arena->current;
    if (!block || rounded > block->size - block->used) {
        block = block_add(arena, rounded);
        arena->is_short |= !block;
        if (!block)
            return NULL;
        /* A block made for one big allocation doesn't retire one that has more room. */
        if (!arena->current || block->size - rounded > arena->current->size - arena->current->used)
            arena->current = block;
    }
    unsigned char *start = block->data + block->used;
    block->used += rounded;
    assert(block->used <= block->size);
    unpoison(start, size);
    return start;
}

void *rq_arena_alloc(rq_arena *arena, size_t size)
{
    void *start = rq_arena_room(arena, size);
    return start != NULL ? memset(start, 0, size) : NULL;
}

bool rq_arena_ran_short(const rq_arena *arena)
{
    return arena->is_short;
}

void *rq_arena_array(rq_arena *arena, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return rq_arena_alloc(arena, total);
}

char *rq_arena_strndup(rq_arena *arena, const char *text, size_t length)
{
    size_t kept = strnlen(text, length);
    char *copy = rq_arena_alloc(arena, kept + 1);
    if (copy)
        memcpy(copy, text, kept);
    return copy;
}

char *rq_arena_printf(rq_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    char *text = NULL;
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0)
        text = rq_arena_alloc(arena, (size_t)length + 1);
    if (text && vsnprintf(text, (size_t)length + 1, format, again) != length)
        text = NULL;
    va_end(again);
    va_end(arguments);
    return text;
}
