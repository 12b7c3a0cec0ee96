/* Drawing numbers. */
#ifndef RONGQIAO_TESTS_BENCH_DRAW_H
#define RONGQIAO_TESTS_BENCH_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dice {
    uint64_t state;
} dice;

/* splitmix64 */
static inline uint64_t roll(dice *from)
{
    uint64_t z = from->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Dice of their own for number `number` of kind `kind`. */
static inline dice dice_for(uint64_t seed, uint64_t kind, uint64_t number)
{
    dice first = {seed ^ kind << 56 ^ number * UINT64_C(0x2545f4914f6cdd1d)};
    return (dice){roll(&first) ^ number};
}

static inline int64_t between(dice *from, int64_t low, int64_t high)
{
    return low + (int64_t)(roll(from) % (uint64_t)(high - low + 1));
}

static inline bool chance(dice *from, int64_t per_cent)
{
    return between(from, 1, 100) <= per_cent;
}

#define PICK(from, list) ((list)[(size_t)between(from, 0, (int64_t)(sizeof(list) / sizeof((list)[0])) - 1)])

#endif
