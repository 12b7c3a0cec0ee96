/* A bump allocator that lives as long as one exchange (or one match): many small allocations,
 * one free. Bounded: an arena never grows past the limit it was made with. Not thread safe. */
#ifndef RONGQIAO_ARENA_H
#define RONGQIAO_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "rongqiao/status.h"

typedef struct rq_arena rq_arena;

/* An arena that may hold at most `limit_bytes`; null when memory is short. Owned by the caller. */
rq_arena *rq_arena_new(size_t limit_bytes) RQ_MUST_CHECK;
void rq_arena_free(rq_arena *arena);

/* Forgets every allocation but keeps the first block for the next use. */
void rq_arena_reset(rq_arena *arena);

/* Zeroed memory aligned for any type; null at the limit or when memory is short. */
void *rq_arena_alloc(rq_arena *arena, size_t size) RQ_MUST_CHECK;
/* The same with whatever is in it, for what is written whole before it is read. */
void *rq_arena_room(rq_arena *arena, size_t size) RQ_MUST_CHECK;
/* Whether it gave null since it was made or reset: what came of that may lack something. */
bool rq_arena_ran_short(const rq_arena *arena);

/* `count` zeroed elements of `size` bytes; null on overflow of the product too. */
void *rq_arena_array(rq_arena *arena, size_t count, size_t size) RQ_MUST_CHECK;

/* NUL-terminated copies. */
char *rq_arena_strndup(rq_arena *arena, const char *text, size_t length) RQ_MUST_CHECK;
char *rq_arena_printf(rq_arena *arena, const char *format, ...) RQ_PRINTF(2, 3) RQ_MUST_CHECK;

#endif
