/* What a worker holds; shared by the files of this folder only. */
#ifndef RONGQIAO_API_WORKER_H
#define RONGQIAO_API_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "call.h"
#include "login.h"
#include "private.h"
#include "rongqiao/api.h"
#include "rongqiao/db.h"
#include "streams.h"

enum { RQ_STATUS_CLASSES = 6, RQ_LATENCY_BUCKETS = 12, RQ_PRINCIPALS = 2048, RQ_VIEWS = 4096 };

/* Upper bounds of the latency histogram, in microseconds. */
extern const int64_t rq_latency_bounds_us[RQ_LATENCY_BUCKETS];

/* Whose rate a request was over. */
typedef enum rq_limit { RQ_LIMIT_OF_ADDRESS, RQ_LIMIT_OF_PRINCIPAL, RQ_LIMITS } rq_limit;
extern const char *const rq_limit_names[RQ_LIMITS];

typedef struct rq_worker_counters {
    atomic_uint_fast64_t replies[RQ_STATUS_CLASSES]; /* by the status' first digit */
    atomic_uint_fast64_t latency[RQ_LATENCY_BUCKETS + 1];
    atomic_uint_fast64_t latency_sum_us;
    atomic_uint_fast64_t matches;
    atomic_uint_fast64_t match_us;
    atomic_uint_fast64_t limited[RQ_LIMITS];
    atomic_uint_fast64_t logins_failed, logins_held, passwords_hashed;
    atomic_uint_fast64_t streams_open;
    atomic_uint_fast64_t streams_refused;
    atomic_uint_fast64_t events_sent;
    atomic_uint_fast64_t catalogue_version; /* of the snapshot in use; 0: none yet */
} rq_worker_counters;

/* A principal that was resolved a moment ago. */
typedef struct rq_principal_slot {
    char token_hash[RQ_SHA256_HEX + 1];
    int64_t resolved_ms;
    rq_principal principal;
} rq_principal_slot;

/* A look at an enterprise's data that was noted a moment ago. */
typedef struct rq_view_slot {
    uint8_t digest[16]; /* of the viewer and what was seen */
    int64_t noted_ms;
} rq_view_slot;

/* A function posted from another thread. */
typedef struct rq_posted rq_posted;

struct rq_worker {
    const rq_config *config;
    pthread_t thread;
    struct event_base *base;
    rq_worker_net *net;
    rq_db *db;
    rq_throttle *throttle;
    rq_hash_pool *hash_pool;
    rq_market *market;
    int listen_fd;
    const rq_files *portal;  /* null: none is served */
    rq_catalogue *catalogue; /* the thread's own pointer */
    rq_principal_slot *principals;
    rq_view_slot *views;
    rq_private_keys private_keys;
    rq_relay *relay;
    rq_streams streams;
    rq_logins logins;
    unsigned totp_roles; /* must log in with one-time codes */

    pthread_mutex_t post_lock;
    rq_posted *posted, **posted_tail;
    bool stopping; /* under post_lock */
    int wake_fd;
    struct event *wake_event;
    struct event *pulse_event;

    atomic_bool is_ready;
    bool has_begun; /* to take connections: from when it could serve for the first time */
    atomic_bool is_drained;
    rq_worker_counters counters;
};

/* A worker whose loop (`base`) its caller runs, where rq_worker_start() has a thread do it; and its end. */
rq_status rq_worker_open(const rq_worker_setup *setup, rq_worker **out_worker, rq_error *error) RQ_MUST_CHECK;
void rq_worker_close(rq_worker *worker);

/* Hashes `password` (copied) with the parameters of `expected` (a stored hash, copied; null: a new salt),
 * then calls `done` on the worker's thread. False when the queue is full. */
typedef void (*rq_hash_done)(rq_worker *worker, void *argument, bool equal, const char *hash);
bool rq_hash_pool_submit(rq_hash_pool *pool, rq_worker *worker, const char *password, const char *expected,
                         rq_hash_done done, void *argument);

/* The principal of a token if it was resolved within the cache's time, or null. */
const rq_principal *rq_principal_cached(rq_worker *worker, const char *token_hash);
/* Whether the token was somebody's within the last quarter of an hour, as far as the worker remembers. */
bool rq_principal_is_familiar(rq_worker *worker, const char *token_hash);
void rq_principal_remember(rq_worker *worker, const char *token_hash, const rq_principal *principal);
void rq_principal_forget(rq_worker *worker, const char *token_hash);
/* Fills a principal from the JSON of sessions/resolve; false when it is not one. */
bool rq_principal_parse(const char *text, rq_principal *out_principal);

/* The routes, and the one that a request means. */
extern const rq_routes *const rq_all_routes[];
extern const size_t rq_all_routes_count;
/* Finds the route; `out_id` gets the path's identifier (a slice of `path`), `out_allow` the bits of the
 * methods the path takes when it exists at all. */
const rq_route *rq_route_find(rq_method method, rq_slice path, rq_slice *out_id, unsigned *out_allow);

#endif
