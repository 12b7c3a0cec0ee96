/* Comparisons of small integers, many at once: plain loops that a compiler makes vectors of. */
#include <assert.h>
#include <string.h>

#include "clones.h"
#include "verdicts.h"

/* Codes from..to-1 pass; with `is_inverse` they fail and the others pass. */
typedef struct passing {
    uint32_t from, to;
    bool is_inverse;
} passing;

/* How many of the values lie below `value`; likely `hint`, or a few more or less. */
static uint32_t values_below(const rq_demand_column *column, int64_t value, uint32_t hint)
{
    const uint32_t guesses[] = {hint, hint - 1, hint + 7, hint - 8};
    uint32_t low = 0, high = column->distinct;
    for (size_t i = 0; low < high; i++) {
        uint32_t at = i < sizeof guesses / sizeof guesses[0] ? guesses[i] : low + (high - low) / 2;
        if (at < low || at >= high) {
            continue;
        }
        if (column->values[at] < value) {
            low = at + 1;
        } else {
            high = at;
        }
    }
    return low;
}

static passing passing_of(const rq_demand_column *column, rq_relation relation, int64_t bound, uint32_t *hint)
{
    uint32_t below = values_below(column, bound, *hint);
    bool is_there = below < column->distinct && column->values[below] == bound;
    *hint = below;
    switch (relation) {
    case RQ_AT_LEAST:
        return (passing){below, column->distinct, false};
    case RQ_AT_MOST:
        return (passing){0, below + is_there, false};
    case RQ_EQUAL:
    case RQ_UNEQUAL:
        return (passing){below, below + is_there, relation == RQ_UNEQUAL};
    default:
        break;
    }
    assert(false);
    return (passing){0, 0, false};
}

RQ_EVERY_PROCESSOR static void add_bytes(const uint8_t *restrict codes, size_t count, passing range,
                                         uint8_t *restrict fails, uint8_t *restrict unknown)
{
    const uint8_t from = (uint8_t)range.from, width = (uint8_t)(range.to - range.from);
    const uint8_t inverse = range.is_inverse;
    for (size_t i = 0; i < count; i++) {
        uint8_t code = codes[i], is_unknown = code == RQ_DEMAND_UNKNOWN_BYTE;
        uint8_t is_outside = (uint8_t)(code - from) >= width;
        fails[i] = (uint8_t)(fails[i] + ((is_outside ^ inverse) & (is_unknown ^ 1)));
        unknown[i] |= is_unknown;
    }
}

RQ_EVERY_PROCESSOR static void add_shorts(const uint16_t *restrict codes, size_t count, passing range,
                                          uint8_t *restrict fails, uint8_t *restrict unknown)
{
    const uint16_t from = (uint16_t)range.from, width = (uint16_t)(range.to - range.from);
    const uint16_t inverse = range.is_inverse;
    for (size_t i = 0; i < count; i++) {
        uint16_t code = codes[i], is_unknown = code == RQ_DEMAND_UNKNOWN_SHORT;
        uint16_t is_outside = (uint16_t)(code - from) >= width;
        fails[i] = (uint8_t)(fails[i] + ((is_outside ^ inverse) & (is_unknown ^ 1)));
        unknown[i] = (uint8_t)(unknown[i] | is_unknown);
    }
}

/* Fails where (set & mask) == wanted, or with `is_inverse` where it differs. */
RQ_EVERY_PROCESSOR static void add_words(const uint16_t *restrict sets, size_t count, uint16_t mask,
                                         uint16_t wanted, bool is_inverse, uint8_t *restrict fails,
                                         uint8_t *restrict unknown)
{
    const uint16_t inverse = is_inverse;
    for (size_t i = 0; i < count; i++) {
        uint16_t is_unknown = (uint16_t)(sets[i] >> 15), equals = (sets[i] & mask) == wanted;
        fails[i] = (uint8_t)(fails[i] + ((equals ^ inverse) & (is_unknown ^ 1)));
        unknown[i] = (uint8_t)(unknown[i] | is_unknown);
    }
}

static void add_set(const uint16_t *sets, size_t count, rq_relation relation, int64_t bound, uint8_t *fails,
                    uint8_t *unknown)
{
    /* a bound with words that no need can have: all-of and equal always fail, the others see the rest */
    bool is_beyond = bound >= RQ_DEMAND_UNKNOWN_WORDS;
    uint16_t words = (uint16_t)(bound & (RQ_DEMAND_UNKNOWN_WORDS - 1)), every = RQ_DEMAND_UNKNOWN_WORDS - 1;
    switch (relation) {
    case RQ_ANY_OF:
        add_words(sets, count, words, 0, false, fails, unknown);
        return;
    case RQ_NONE_OF:
        add_words(sets, count, words, 0, true, fails, unknown);
        return;
    case RQ_ALL_OF:
        add_words(sets, count, is_beyond ? 0 : words, is_beyond ? 0 : words, !is_beyond, fails, unknown);
        return;
    case RQ_EQUAL:
        add_words(sets, count, is_beyond ? 0 : every, is_beyond ? 0 : words, !is_beyond, fails, unknown);
        return;
    default:
        add_words(sets, count, every, is_beyond ? (uint16_t)(every + 1U) : words, false, fails, unknown);
        return;
    }
}

static uint32_t code_at(const rq_demand_column *column, size_t at)
{
    if (column->shape == RQ_DEMAND_BYTES) {
        uint8_t code = ((const uint8_t *)column->codes)[at];
        return code == RQ_DEMAND_UNKNOWN_BYTE ? RQ_DEMAND_UNKNOWN_SHORT : code;
    }
    return ((const uint16_t *)column->codes)[at];
}

/* have x share >= the amount */
static void add_share(const rq_demand_range *range, const rq_demand_column *column, int64_t share,
                      uint8_t *fails, uint8_t *unknown)
{
    const rq_demand_column *amounts = &range->block->columns[RQ_INPUT_amount];
    uint16_t open[RQ_DEMAND_ROWS + 1];
    size_t count = 0;
    for (size_t i = range->from; i < range->to; i++) {
        open[count] = (uint16_t)i;
        count += range->open[i];
    }
    for (size_t k = 0; k < count; k++) {
        size_t i = open[k];
        uint32_t code = code_at(column, i);
        if (code == RQ_DEMAND_UNKNOWN_SHORT) {
            unknown[i] = 1;
        } else {
            __int128 covered = (__int128)column->values[code] * share;
            fails[i] = (uint8_t)(fails[i] +
                                 (covered < (__int128)amounts->values[code_at(amounts, i)] * RQ_MATCH_PPM));
        }
    }
}

/* What the next blocks will be asked first comes into the cache meanwhile. */
static void fetch_ahead(const rq_demand_range *range, int at, uint32_t hint)
{
    if (range->after != NULL) {
        __builtin_prefetch(&range->after->columns[at]);
    }
    if (range->next != NULL) {
        const rq_demand_column *column = &range->next->columns[at];
        __builtin_prefetch(column->values != NULL ? column->values + hint : NULL);
        __builtin_prefetch(column->codes);
    }
}

void rq_verdicts_add(const rq_demand_range *range, int at, rq_relation relation, int64_t bound,
                     uint8_t *fails, uint8_t *unknown)
{
    const rq_demand_column *column = &range->block->columns[at];
    size_t from = range->from, count = range->to - from;
    uint32_t *hint = &range->hints[at];
    fetch_ahead(range, at, *hint);
    if (column->shape == RQ_DEMAND_ABSENT) {
        memset(unknown + from, 1, count);
    } else if (column->shape == RQ_DEMAND_WORDS) {
        add_set((const uint16_t *)column->codes + from, count, relation, bound, fails + from, unknown + from);
    } else if (relation == RQ_SHARE) {
        add_share(range, column, bound, fails, unknown);
    } else if (column->shape == RQ_DEMAND_BYTES) {
        add_bytes((const uint8_t *)column->codes + from, count, passing_of(column, relation, bound, hint),
                  fails + from, unknown + from);
    } else {
        add_shorts((const uint16_t *)column->codes + from, count, passing_of(column, relation, bound, hint),
                   fails + from, unknown + from);
    }
}
