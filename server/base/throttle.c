/* The tables behind rate limits. A word is 16 bits of the name's hash (which of those that meet in a set) and
 * 48 bits of state. Eight words are a set, one cache line; a name lives in the set that its hash picks.
 *
 * A bucket's state is the time at which it will be full again (the theoretical arrival time of the generic
 * cell rate algorithm, ITU-T I.371): one number says all that "tokens and when they were counted" would. A
 * bucket that is full is the same as none, so only such are given up for new names: giving up loses nothing,
 * and no flood of names resets anybody's bucket. When all eight of a set are owing, a new name shares the
 * word that owes least; to fill the table so takes as many names at once that all owe.
 *
 * A back-off's state is the number of failures and the end of the pause they earned. Each live one has cost a
 * password's hash within the last quarter of an hour, and the process cannot make as many hashes in that time
 * as the table has words; where a set is full all the same, the one nearest to being forgotten goes. */
#include "rongqiao/throttle.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/digest.h"

enum { SETS = 8192, WAYS = 8, STATE_BITS = 48, TRIES = 64, FAILURE_BITS = 6 };
#define STATE_MASK ((UINT64_C(1) << STATE_BITS) - 1)
/* Times are counted modulo 2^48 us, 8 years; what is further ahead than this is long past. */
#define HORIZON_US (INT64_C(1) << 40)
/* Of a back-off: failures, then milliseconds until which to wait, modulo 2^42. */
#define UNTIL_MASK ((UINT64_C(1) << (STATE_BITS - FAILURE_BITS)) - 1)

typedef struct word_set {
    atomic_uint_fast64_t words[WAYS];
} word_set;
static_assert(sizeof(word_set) == 64, "a set is a cache line");

struct rq_throttle {
    word_set *buckets, *backoffs;
    uint64_t secret[2];
};

/* How much of a word's state still matters at `now`; 0: the word is free. */
typedef int64_t (*owing_of)(uint64_t state, int64_t now);

/* The word of a name. */
typedef struct place {
    atomic_uint_fast64_t *at;
    uint64_t word;
    bool is_own;    /* the name's word of before */
    bool is_shared; /* another name's, for want of a free one */
} place;

rq_status rq_throttle_new(rq_throttle **out_throttle, rq_error *error)
{
    rq_throttle *throttle = calloc(1, sizeof(*throttle));
    if (throttle) {
        throttle->buckets = aligned_alloc(sizeof(word_set), SETS * sizeof(word_set));
        throttle->backoffs = aligned_alloc(sizeof(word_set), SETS * sizeof(word_set));
    }
    rq_status status = RQ_OK;
    if (!throttle || !throttle->buckets || !throttle->backoffs)
        status = rq_fail(error, RQ_NOMEM, "no memory for the tables of throttle");
    else
        status = rq_random(throttle->secret, sizeof(throttle->secret), error);
    if (status != RQ_OK) {
        rq_throttle_free(throttle);
        return status;
    }
    memset(throttle->buckets, 0, SETS * sizeof(word_set));
    memset(throttle->backoffs, 0, SETS * sizeof(word_set));
    *out_throttle = throttle;
    return RQ_OK;
}

void rq_throttle_free(rq_throttle *throttle)
{
    if (!throttle)
        return;
    free(throttle->buckets);
    free(throttle->backoffs);
    free(throttle);
}

rq_throttle_key rq_throttle_key_of(const rq_throttle *throttle, rq_throttle_kind kind, const void *name,
                                   size_t length)
{
    const uint64_t secret[2] = {throttle->secret[0], throttle->secret[1] ^ (uint64_t)kind};
    return rq_siphash(secret, name, length);
}

rq_throttle_key rq_throttle_key_of_address(const rq_throttle *throttle, rq_throttle_kind kind,
                                           const char *address)
{
    enum { NETWORK_BYTES = 8 };
    struct in6_addr v6;
    if (strchr(address, ':') && inet_pton(AF_INET6, address, &v6) == 1)
        return rq_throttle_key_of(throttle, kind, &v6, NETWORK_BYTES);
    return rq_throttle_key_of(throttle, kind, address, strlen(address));
}

static uint64_t tag_of(rq_throttle_key key)
{
    return key >> STATE_BITS;
}

/* The name's word, else a free one, else the one that owes least. */
static place find(word_set *table, rq_throttle_key key, owing_of owing, int64_t now)
{
    word_set *set = &table[key % SETS];
    place free_place = {0}, least = {0};
    int64_t least_owing = INT64_MAX;
    for (int i = 0; i < WAYS; i++) {
        uint64_t word = atomic_load_explicit(&set->words[i], memory_order_relaxed);
        int64_t owes = owing(word & STATE_MASK, now);
        if (owes == 0) {
            free_place = (place){.at = &set->words[i], .word = word};
        } else if (word >> STATE_BITS == tag_of(key)) {
            return (place){.at = &set->words[i], .word = word, .is_own = true};
        } else if (owes < least_owing) {
            least_owing = owes;
            least = (place){.at = &set->words[i], .word = word, .is_shared = true};
        }
    }
    return free_place.at ? free_place : least;
}

/* Writes the state unless another thread was first; a shared word keeps its name. */
static bool store(const place *where, rq_throttle_key key, uint64_t state)
{
    uint_fast64_t expected = where->word;
    uint64_t tag = where->is_shared ? where->word >> STATE_BITS : tag_of(key);
    return atomic_compare_exchange_weak_explicit(where->at, &expected,
                                                 tag << STATE_BITS | (state & STATE_MASK),
                                                 memory_order_relaxed, memory_order_relaxed);
}

/* Buckets ------------------------------------------------------------------------------------------ */

rq_quota rq_quota_of(unsigned per_second, unsigned burst)
{
    return (rq_quota){per_second ? 1000000 / per_second : 0, burst ? burst : 1};
}

/* Microseconds until the bucket is full. */
static int64_t until_full(uint64_t state, int64_t now_us)
{
    int64_t ahead = (int64_t)((state - (uint64_t)now_us) & STATE_MASK);
    return ahead > HORIZON_US ? 0 : ahead;
}

/* Microseconds until a bucket that is full in `ahead` has a token. */
static int64_t until_token(int64_t ahead, rq_quota quota)
{
    int64_t most = (int64_t)(quota.burst - 1) * quota.interval_us;
    return ahead > most ? ahead - most : 0;
}

int64_t rq_throttle_take(rq_throttle *throttle, rq_throttle_key key, rq_quota quota, int64_t now_us)
{
    if (quota.interval_us == 0)
        return 0;
    /* Whoever fails to write has seen another thread succeed, so this ends. */
    for (int i = 0; i < TRIES; i++) {
        place where = find(throttle->buckets, key, until_full, now_us);
        int64_t ahead = until_full(where.word & STATE_MASK, now_us);
        int64_t wait = until_token(ahead, quota);
        if (wait > 0)
            return wait;
        if (store(&where, key, (uint64_t)(now_us + ahead + quota.interval_us)))
            return 0;
    }
    return 0;
}

int64_t rq_throttle_wait(const rq_throttle *throttle, rq_throttle_key key, rq_quota quota, int64_t now_us)
{
    if (quota.interval_us == 0)
        return 0;
    place where = find(throttle->buckets, key, until_full, now_us);
    return until_token(until_full(where.word & STATE_MASK, now_us), quota);
}

/* Back-offs ---------------------------------------------------------------------------------------- */

static unsigned failures_of(uint64_t state)
{
    return (unsigned)(state >> (STATE_BITS - FAILURE_BITS));
}

/* Milliseconds of the pause that are left; negative: so long ago it ended. */
static int64_t pause_left(uint64_t state, int64_t now_ms)
{
    uint64_t ahead = (state - (uint64_t)now_ms) & UNTIL_MASK;
    return ahead > UNTIL_MASK / 2 ? (int64_t)ahead - (int64_t)UNTIL_MASK - 1 : (int64_t)ahead;
}

/* Milliseconds until the failures are forgotten. */
static int64_t until_forgotten(uint64_t state, int64_t now_ms)
{
    int64_t left = pause_left(state, now_ms) + RQ_BACKOFF_MAX_MS;
    return failures_of(state) == 0 || left < 0 ? 0 : left;
}

static int64_t pause_of(unsigned failures, unsigned free)
{
    enum { DOUBLINGS = 10 };
    if (failures < free)
        return 0;
    unsigned doublings = failures - free < DOUBLINGS ? failures - free : DOUBLINGS;
    int64_t pause_ms = INT64_C(1000) << doublings;
    return pause_ms < RQ_BACKOFF_MAX_MS ? pause_ms : RQ_BACKOFF_MAX_MS;
}

int64_t rq_backoff_wait(const rq_throttle *throttle, rq_throttle_key key, int64_t now_ms)
{
    place where = find(throttle->backoffs, key, until_forgotten, now_ms);
    int64_t left = where.is_own ? pause_left(where.word & STATE_MASK, now_ms) : 0;
    return left > 0 ? left : 0;
}

void rq_backoff_fail(rq_throttle *throttle, rq_throttle_key key, unsigned free, int64_t now_ms)
{
    for (int i = 0; i < TRIES; i++) {
        place where = find(throttle->backoffs, key, until_forgotten, now_ms);
        uint64_t state = where.word & STATE_MASK;
        bool goes_on = where.is_own;
        where.is_shared = false;
        unsigned failures = goes_on ? failures_of(state) + 1 : 1;
        if (failures >= 1u << FAILURE_BITS)
            failures = (1u << FAILURE_BITS) - 1;
        uint64_t until = (uint64_t)(now_ms + pause_of(failures, free)) & UNTIL_MASK;
        if (store(&where, key, (uint64_t)failures << (STATE_BITS - FAILURE_BITS) | until))
            return;
    }
}

void rq_backoff_forget(rq_throttle *throttle, rq_throttle_key key, int64_t now_ms)
{
    place where = find(throttle->backoffs, key, until_forgotten, now_ms);
    if (where.is_own)
        (void)store(&where, key, 0);
}
