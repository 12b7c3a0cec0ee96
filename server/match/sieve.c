/* All products of a block before one need, 64 at a time: a few set operations a column, and the fails of
 * each product as a sum of bits. */
#include <assert.h>
#include <string.h>

#include "block.h"
#include "clones.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

int64_t rq_industry_key(const char *text, size_t length)
{
    int64_t key = 0;
    for (size_t i = 0; i < length; i++) {
        key = key << 8 | (unsigned char)text[i];
    }
    return key;
}

static void know(rq_inputs *inputs, int input, int64_t value)
{
    inputs->state[input] = RQ_INPUT_IS_KNOWN;
    inputs->value[input] = value;
}

static void know_or_ask(rq_inputs *inputs, int input, int64_t value)
{
    inputs->state[input] = RQ_INPUT_IS_UNKNOWN;
    if (value != RQ_UNSET) {
        know(inputs, input, value);
    }
}

/* The least share, in ppm, of `have` that covers the amount: INT64_MAX when none does. */
static int64_t least_share(int64_t have, int64_t amount_fen)
{
    if (have <= 0) {
        return INT64_MAX;
    }
    __int128 share = ((__int128)amount_fen * RQ_MATCH_PPM + have - 1) / have;
    return share > INT64_MAX ? INT64_MAX : (int64_t)share;
}

void rq_inputs_of(const rq_need *need, int64_t least_fen, rq_inputs *out_inputs)
{
    memset(out_inputs, 0, sizeof *out_inputs);
    for (size_t fact = 0; fact < RQ_FACTS; fact++) {
        out_inputs->state[fact] = RQ_INPUT_IS_UNKNOWN;
        if (need->facts[fact].known) {
            know(out_inputs, (int)fact, need->facts[fact].value);
            if (rq_facts[fact].type == RQ_FACT_TYPE_money) {
                out_inputs->share[fact] = least_share(need->facts[fact].value, need->amount_fen);
            }
        }
    }
    know(out_inputs, RQ_INPUT_amount, need->amount_fen);
    know(out_inputs, RQ_INPUT_least, least_fen);
    know_or_ask(out_inputs, RQ_INPUT_term_months, need->term_months);
    know_or_ask(out_inputs, RQ_INPUT_term_days, need->term_days);
    know(out_inputs, RQ_INPUT_day, need->as_of);
    if (need->max_rate_ppm != RQ_UNSET) {
        know(out_inputs, RQ_INPUT_max_rate, need->max_rate_ppm);
    }
    if (need->repayments != 0) {
        know(out_inputs, RQ_INPUT_repayments, (int64_t)need->repayments);
    }
    const uint32_t regions[RQ_NEED_REGIONS] = {need->region, need->region / 100 * 100,
                                               need->region / 10000 * 10000, 0};
    for (size_t i = 0; i < RQ_NEED_REGIONS; i++) {
        out_inputs->regions[i] = regions[i];
    }
    out_inputs->prefix_count = strnlen(need->industry, RQ_NEED_PREFIXES);
    for (size_t i = 0; i < out_inputs->prefix_count; i++) {
        out_inputs->prefixes[i] = rq_industry_key(need->industry, i + 1);
    }
}

/* ---- listings ---- */

/* Adds the products that list one of the codes to `set`. */
static void add_listed(const rq_block *block, const rq_listing *listing, const int64_t *codes, size_t count,
                       uint64_t *set)
{
    const int64_t *keys = block->values + listing->keys;
    for (size_t i = 0; i < count; i++) {
        size_t low = 0, size = listing->count;
        while (size > 0) {
            size_t half = size / 2;
            bool is_below = keys[low + half] < codes[i];
            low = is_below ? low + half + 1 : low;
            size = is_below ? size - half - 1 : half;
        }
        if (low == listing->count || keys[low] != codes[i]) {
            continue;
        }
        uint32_t start = block->starts[listing->starts + low];
        if ((start & RQ_LISTING_DENSE) != 0) {
            for (size_t w = 0; w < block->words; w++) {
                set[w] |= block->bits[(start & ~RQ_LISTING_DENSE) + w];
            }
            continue;
        }
        for (const uint16_t *cell = block->cells + start; *cell < RQ_BLOCK_ROWS; cell++) {
            set[*cell / 64] |= UINT64_C(1) << *cell % 64;
        }
    }
}

static void find_open(const rq_block *block, const rq_inputs *inputs, uint64_t *open)
{
    uint64_t here[RQ_BLOCK_WORDS], in[RQ_BLOCK_WORDS], out[RQ_BLOCK_WORDS] = {0};
    memcpy(here, block->everywhere, block->words * sizeof here[0]);
    memcpy(in, block->every_industry, block->words * sizeof in[0]);
    add_listed(block, &block->listings[RQ_LISTING_regions], inputs->regions, RQ_NEED_REGIONS, here);
    add_listed(block, &block->listings[RQ_LISTING_industries_in], inputs->prefixes, inputs->prefix_count, in);
    add_listed(block, &block->listings[RQ_LISTING_industries_out], inputs->prefixes, inputs->prefix_count,
               out);
    for (size_t w = 0; w < block->words; w++) {
        open[w] = block->open[w] & here[w] & in[w] & ~out[w];
    }
}

/* ---- columns ---- */

/* How many of the sorted bounds lie below `value`. */
ALWAYS_INLINE size_t bounds_below(const int64_t *bounds, size_t count, int64_t value)
{
    size_t low = 0;
    while (count > 4) {
        size_t half = count / 2;
        low = bounds[low + half - 1] < value ? low + half : low;
        count -= half;
    }
    size_t below = low;
    for (size_t i = 0; i < count; i++) {
        below += bounds[low + i] < value;
    }
    return below;
}

/* The products whose bound is one of the first `bound`. */
ALWAYS_INLINE void first_of(const rq_block *block, const rq_column *column, size_t bound, uint64_t *set,
                            const size_t words)
{
    const uint64_t *sets = block->bits + column->bits;
    size_t kept = column->step == 1 || bound == column->count ? (bound + column->step - 1U) / column->step
                                                              : bound / column->step;
    for (size_t w = 0; w < words; w++) {
        set[w] = kept > 0 ? sets[(kept - 1) * words + w] : 0;
    }
    if (column->step == 1 || bound == column->count) {
        return;
    }
    const uint16_t *ends = block->ends + column->ends, *cells = block->cells + column->cells;
    size_t from = kept > 0 ? ends[kept * column->step - 1] : 0, to = bound > 0 ? ends[bound - 1] : 0;
    for (size_t i = from; i < to; i++) {
        set[cells[i] / 64] |= UINT64_C(1) << cells[i] % 64;
    }
}

ALWAYS_INLINE const uint64_t *all_of(const rq_block *block, const rq_column *column, const size_t words)
{
    size_t sets = (column->count + (size_t)column->step - 1) / column->step;
    return block->bits + column->bits + (sets - 1) * words;
}

/* Takes the products of bound `bound` alone into `set`. */
ALWAYS_INLINE void add_bound(const rq_block *block, const rq_column *column, size_t bound, uint64_t *set,
                             const size_t words)
{
    if (column->step > 1) {
        const uint16_t *ends = block->ends + column->ends, *cells = block->cells + column->cells;
        for (size_t i = bound > 0 ? ends[bound - 1] : 0; i < ends[bound]; i++) {
            set[cells[i] / 64] |= UINT64_C(1) << cells[i] % 64;
        }
        return;
    }
    const uint64_t *upto = block->bits + column->bits + bound * words;
    for (size_t w = 0; w < words; w++) {
        set[w] |= bound > 0 ? upto[w] & ~upto[(ptrdiff_t)w - (ptrdiff_t)words] : upto[w];
    }
}

ALWAYS_INLINE bool meets_words(uint8_t relation, int64_t have, int64_t bound)
{
    return relation == RQ_ANY_OF    ? (have & bound) != 0
           : relation == RQ_NONE_OF ? (have & bound) == 0
                                    : (have & bound) == bound;
}

/* The products of a column that the need fails. */
ALWAYS_INLINE void failing(const rq_block *block, const rq_column *column, const rq_inputs *inputs,
                           uint64_t *set, const size_t words)
{
    const int64_t *bounds = block->values + column->values;
    int64_t have = inputs->value[column->input];
    const uint64_t *all = all_of(block, column, words);
    size_t bound;
    switch ((rq_relation)column->relation) {
    case RQ_AT_LEAST:
        bound = have == INT64_MAX ? column->count : bounds_below(bounds, column->count, have + 1);
        first_of(block, column, bound, set, words);
        for (size_t w = 0; w < words; w++) {
            set[w] = all[w] & ~set[w];
        }
        return;
    case RQ_AT_MOST:
        first_of(block, column, bounds_below(bounds, column->count, have), set, words);
        return;
    case RQ_SHARE:
        first_of(block, column, bounds_below(bounds, column->count, inputs->share[column->input]), set,
                 words);
        return;
    case RQ_EQUAL:
    case RQ_UNEQUAL:
        memset(set, 0, words * sizeof *set);
        bound = bounds_below(bounds, column->count, have);
        if (bound < column->count && bounds[bound] == have) {
            add_bound(block, column, bound, set, words);
        }
        for (size_t w = 0; w < words && column->relation == RQ_EQUAL; w++) {
            set[w] = all[w] & ~set[w];
        }
        return;
    case RQ_ANY_OF:
    case RQ_NONE_OF:
    case RQ_ALL_OF:
        break;
    }
    memset(set, 0, words * sizeof *set);
    for (size_t i = 0; i < column->count; i++) {
        if (!meets_words(column->relation, have, bounds[i])) {
            add_bound(block, column, i, set, words);
        }
    }
}

/* One more hard fail of each product of the set. */
ALWAYS_INLINE void add_fails(rq_sieve *out, const uint64_t *set, const size_t words)
{
    for (size_t w = 0; w < words; w++) {
        uint64_t carry = out->ones[w] & set[w];
        out->ones[w] ^= set[w];
        out->more[w] |= out->twos[w] & carry;
        out->twos[w] ^= carry;
    }
}

/* Whether another amount or term than the wished one would be lent under the bounds of a column. */
ALWAYS_INLINE void add_clamped(const rq_block *block, const rq_column *column, const rq_inputs *inputs,
                               const uint64_t *failing_set, rq_sieve *out, const size_t words)
{
    uint64_t set[RQ_BLOCK_WORDS];
    const uint64_t *clamped = failing_set;
    if (column->input == RQ_INPUT_least) {
        const int64_t *bounds = block->values + column->values;
        first_of(block, column, bounds_below(bounds, column->count, inputs->value[RQ_INPUT_amount]), set,
                 words);
        clamped = set;
    } else if (column->input != RQ_INPUT_amount && column->input != RQ_INPUT_term_months) {
        return;
    }
    for (size_t w = 0; w < words; w++) {
        out->clamped[w] |= clamped[w];
    }
}

ALWAYS_INLINE void sieve_columns(const rq_block *block, const rq_inputs *inputs, rq_sieve *out,
                                 const size_t words)
{
    for (size_t i = 0; i < block->plain_count; i++) {
        const rq_column *column = &block->columns[i];
        uint64_t set[RQ_BLOCK_WORDS];
        if (inputs->state[column->input] != RQ_INPUT_IS_KNOWN) {
            const uint64_t *all = all_of(block, column, words);
            for (size_t w = 0; w < words && inputs->state[column->input] == RQ_INPUT_IS_UNKNOWN; w++) {
                out->unknown[w] |= all[w];
            }
            continue;
        }
        failing(block, column, inputs, set, words);
        if (column->input >= RQ_FACTS) {
            add_clamped(block, column, inputs, set, out, words);
        }
        if (column->effect == RQ_EFFECT_fails) {
            add_fails(out, set, words);
        } else if (column->effect == RQ_EFFECT_ends) {
            for (size_t w = 0; w < words; w++) {
                out->ended[w] |= set[w];
            }
        } else {
            for (size_t w = 0; w < words; w++) {
                out->open[w] &= ~set[w];
            }
        }
    }
}

/* ---- tiers ---- */

/* By slot: where a tier does not apply or may not, and what fails under its terms. */
typedef struct tier_sets {
    uint64_t fails[RQ_TIER_SLOTS][RQ_BLOCK_WORDS], unknown[RQ_TIER_SLOTS][RQ_BLOCK_WORDS];
    uint64_t above[RQ_SLOTS][RQ_BLOCK_WORDS]; /* the least acceptable amount is above the maximum */
    uint64_t late[RQ_SLOTS][RQ_BLOCK_WORDS], undated[RQ_SLOTS][RQ_BLOCK_WORDS];
    uint64_t dear[RQ_SLOTS][RQ_BLOCK_WORDS];
    uint64_t taken[RQ_SLOTS][RQ_BLOCK_WORDS];
} tier_sets;

ALWAYS_INLINE void take_column(const rq_block *block, const rq_column *column, const rq_inputs *inputs,
                               tier_sets *tiers, const size_t words)
{
    uint64_t set[RQ_BLOCK_WORDS];
    bool is_when = column->effect == RQ_EFFECT_when;
    enum rq_input_state state = inputs->state[column->input];
    uint64_t *target = is_when                                 ? tiers->fails[column->slot]
                       : column->input == RQ_INPUT_least       ? tiers->above[column->slot]
                       : column->input == RQ_INPUT_term_months ? tiers->late[column->slot]
                                                               : tiers->dear[column->slot];
    if (state == RQ_INPUT_IS_FREE) {
        return;
    }
    if (state == RQ_INPUT_IS_UNKNOWN) {
        target = is_when ? tiers->unknown[column->slot] : tiers->undated[column->slot];
        memcpy(set, all_of(block, column, words), words * sizeof set[0]);
    } else {
        failing(block, column, inputs, set, words);
    }
    for (size_t w = 0; w < words; w++) {
        target[w] |= set[w];
    }
}

/* The first tier that passes is taken, else the own terms; where what is taken can't carry the least amount,
 * the first that may pass and could. */
ALWAYS_INLINE uint64_t take_tiers(const rq_block *block, tier_sets *tiers, size_t w, const size_t words)
{
    uint64_t left = block->tiered[w], lacking = 0, guesses = 0;
    for (size_t slot = 0; slot < RQ_TIER_SLOTS; slot++) {
        uint64_t passing =
            left & block->slots[slot * words + w] & ~tiers->fails[slot][w] & ~tiers->unknown[slot][w];
        tiers->taken[slot][w] = passing;
        left &= ~passing;
    }
    tiers->taken[RQ_SLOT_OWN][w] = left;
    for (size_t slot = 0; slot < RQ_SLOTS; slot++) {
        lacking |= tiers->taken[slot][w] & tiers->above[slot][w];
    }
    for (size_t slot = 0; slot < RQ_TIER_SLOTS && lacking != 0; slot++) {
        uint64_t guess = lacking & block->slots[slot * words + w] & ~tiers->fails[slot][w] &
                         tiers->unknown[slot][w] & ~tiers->above[slot][w];
        for (size_t other = 0; other < RQ_SLOTS; other++) {
            tiers->taken[other][w] &= ~guess;
        }
        tiers->taken[slot][w] |= guess;
        lacking &= ~guess;
        guesses |= guess;
    }
    return guesses;
}

ALWAYS_INLINE void sieve_tiers(const rq_block *block, const rq_inputs *inputs, rq_sieve *out,
                               const size_t words)
{
    tier_sets tiers;
    uint64_t above[RQ_BLOCK_WORDS] = {0}, late[RQ_BLOCK_WORDS] = {0}, dear[RQ_BLOCK_WORDS] = {0};
    memset(&tiers, 0, sizeof tiers);
    for (size_t i = block->plain_count; i < block->column_count; i++) {
        take_column(block, &block->columns[i], inputs, &tiers, words);
    }
    for (size_t w = 0; w < words; w++) {
        out->unknown[w] |= take_tiers(block, &tiers, w, words);
        for (size_t slot = 0; slot < RQ_SLOTS; slot++) {
            uint64_t taken = tiers.taken[slot][w];
            above[w] |= taken & tiers.above[slot][w];
            late[w] |= taken & tiers.late[slot][w];
            dear[w] |= taken & tiers.dear[slot][w];
            out->unknown[w] |= taken & tiers.undated[slot][w];
        }
    }
    add_fails(out, above, words);
    add_fails(out, late, words);
    add_fails(out, dear, words);
}

ALWAYS_INLINE void sieve_all(const rq_block *block, const rq_inputs *inputs, rq_sieve *out,
                             const size_t words)
{
    sieve_columns(block, inputs, out, words);
    if (block->plain_count < block->column_count) {
        sieve_tiers(block, inputs, out, words);
    }
}

RQ_EVERY_PROCESSOR static void sieve_block(const rq_block *block, const rq_inputs *inputs, rq_sieve *out)
{
    switch (block->words) {
    case 1:
        sieve_all(block, inputs, out, 1);
        return;
    case 2:
        sieve_all(block, inputs, out, 2);
        return;
    case 3:
        sieve_all(block, inputs, out, 3);
        return;
    case 4:
        sieve_all(block, inputs, out, 4);
        return;
    case 5:
        sieve_all(block, inputs, out, 5);
        return;
    case 6:
        sieve_all(block, inputs, out, 6);
        return;
    case 7:
        sieve_all(block, inputs, out, 7);
        return;
    default:
        sieve_all(block, inputs, out, RQ_BLOCK_WORDS);
        return;
    }
}

void rq_block_sieve(const rq_block *block, const rq_inputs *inputs, rq_sieve *out_sieve)
{
    memset(out_sieve, 0, sizeof *out_sieve);
    find_open(block, inputs, out_sieve->open);
    uint64_t any = 0;
    for (size_t w = 0; w < block->words; w++) {
        any |= out_sieve->open[w];
    }
    if (any != 0) {
        sieve_block(block, inputs, out_sieve);
    }
}

RQ_EVERY_PROCESSOR size_t rq_set_size(const uint64_t *set, size_t words)
{
    size_t size = 0;
    for (size_t w = 0; w < words; w++) {
        size += (size_t)__builtin_popcountll(set[w]);
    }
    return size;
}
