/* Who asks too often: token buckets, and back-offs after failures, in bounded memory that all threads share
 * without a lock. A name (an address, a user, a login) is one word of a table of fixed size; the word changes
 * by compare-and-swap, so a limit holds for the whole process however its connections spread over workers. */
#ifndef RONGQIAO_THROTTLE_H
#define RONGQIAO_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

typedef struct rq_throttle rq_throttle;
rq_status rq_throttle_new(rq_throttle **out_throttle, rq_error *error) RQ_MUST_CHECK;
void rq_throttle_free(rq_throttle *throttle);

/* What a name is the name of; the same text of two kinds is two names. */
typedef enum rq_throttle_kind {
    RQ_THROTTLE_CONNECTIONS, /* of an address */
    RQ_THROTTLE_ADDRESS,     /* requests of an address that come with no principal */
    RQ_THROTTLE_GUESSES,     /* tokens of an address that are nobody's */
    RQ_THROTTLE_PRINCIPAL,
    RQ_THROTTLE_LOGIN_ADDRESS, /* wrong passwords from an address */
    RQ_THROTTLE_LOGIN,         /* wrong passwords of a login */
    RQ_THROTTLE_CODE,          /* wrong one-time codes of a user who is logged in */
    RQ_THROTTLE_LOGIN_PARTY,   /* a login together with an address or a device */
} rq_throttle_kind;

/* The place of a name in the tables: keyed by a secret of the process (SipHash-2-4), so that nobody can find
 * names that meet another's. */
typedef uint64_t rq_throttle_key;
rq_throttle_key rq_throttle_key_of(const rq_throttle *throttle, rq_throttle_kind kind, const void *name,
                                   size_t length);
/* The key of an address in text form; of IPv6 the network of 64 bits, which is one customer's (RFC 6177). */
rq_throttle_key rq_throttle_key_of_address(const rq_throttle *throttle, rq_throttle_kind kind,
                                           const char *address);

/* A bucket of `burst` tokens that gets one each `interval_us`; 0: no limit. */
typedef struct rq_quota {
    int64_t interval_us;
    unsigned burst;
} rq_quota;
/* `per_second` tokens a second; 0: no limit. */
rq_quota rq_quota_of(unsigned per_second, unsigned burst);

/* Takes one token: 0, or the microseconds until there is one (and none is taken). `now_us` is the monotonic
 * clock's. Thread safe, as all of the following. */
int64_t rq_throttle_take(rq_throttle *throttle, rq_throttle_key key, rq_quota quota, int64_t now_us);
/* What rq_throttle_take() would say, without taking. */
int64_t rq_throttle_wait(const rq_throttle *throttle, rq_throttle_key key, rq_quota quota, int64_t now_us);

/* A back-off: from the `free`th failure on each earns a pause, 1 s, 2 s, 4 s, up to RQ_BACKOFF_MAX_MS; all is
 * forgotten so long after the last pause. */
enum { RQ_BACKOFF_MAX_MS = 900000 };
/* Milliseconds that the pause still lasts; 0: none. `now_ms` is the monotonic clock's. */
int64_t rq_backoff_wait(const rq_throttle *throttle, rq_throttle_key key, int64_t now_ms);
void rq_backoff_fail(rq_throttle *throttle, rq_throttle_key key, unsigned free, int64_t now_ms);
void rq_backoff_forget(rq_throttle *throttle, rq_throttle_key key, int64_t now_ms);

/* SipHash-2-4 (Aumasson and Bernstein 2012) of `data` under a key of two words. */
uint64_t rq_siphash(const uint64_t key[2], const void *data, size_t length);

#endif
