/* The API on its threads: workers that take requests from the net side, answer them from PostgreSQL and the
 * engine, and count what they do. */
#ifndef RONGQIAO_API_H
#define RONGQIAO_API_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "rongqiao/buffer.h"
#include "rongqiao/config.h"
#include "rongqiao/files.h"
#include "rongqiao/match.h"
#include "rongqiao/net.h"
#include "rongqiao/status.h"

/* Password hashing on threads of its own; bounded, so that log-ins cannot starve the rest. */
typedef struct rq_hash_pool rq_hash_pool;
rq_status rq_hash_pool_new(unsigned threads, unsigned cost_log2, rq_hash_pool **out_pool,
                           rq_error *error) RQ_MUST_CHECK;
/* Waits for the hash in progress; jobs not begun come back unhashed. Call before the workers stop. */
void rq_hash_pool_free(rq_hash_pool *pool);

/* What knows the open needs and counts those that a product serves. */
typedef struct rq_market rq_market;
rq_status rq_market_new(const char *conninfo, int64_t refresh_ms, rq_market **out_market,
                        rq_error *error) RQ_MUST_CHECK;
/* Waits for the question in work; the others are answered 503. Call before the workers stop. */
void rq_market_free(rq_market *market);

/* Tells enterprises of listed products that newly serve their open needs: works on the market's thread, on
 * one instance at a time. Every function is thread safe. */
typedef struct rq_announcer rq_announcer;
rq_status rq_announcer_new(const rq_config *config, rq_market *market, rq_announcer **out_announcer,
                           rq_error *error) RQ_MUST_CHECK;
/* Looks whether there is something to tell, soon. */
void rq_announcer_wake(rq_announcer *announcer);
/* Hands over a new snapshot (one reference). */
void rq_announcer_set_catalogue(rq_announcer *announcer, rq_catalogue *catalogue);
/* When the market has been freed. */
void rq_announcer_free(rq_announcer *announcer);

/* A password as it is stored: "scrypt$15$salt$key", salt and key in hexadecimal. */
enum { RQ_PASSWORD_HASH_TEXT = 128 };
rq_status rq_password_hash(const char *password, unsigned cost_log2, char out_text[RQ_PASSWORD_HASH_TEXT],
                           rq_error *error) RQ_MUST_CHECK;

/* One thread with its connections of clients and of PostgreSQL. */
typedef struct rq_worker rq_worker;

/* Publishes notifications and hands what is published to the streams of the workers; counts these. The
 * workers have it before its thread starts and after it has stopped. */
typedef struct rq_relay rq_relay;
rq_status rq_relay_new(const rq_config *config, rq_relay **out_relay, rq_error *error) RQ_MUST_CHECK;
rq_status rq_relay_start(rq_relay *relay, rq_worker *const *workers, size_t worker_count,
                         rq_error *error) RQ_MUST_CHECK;
/* Before the workers stop. */
void rq_relay_stop(rq_relay *relay);
/* When they have. */
void rq_relay_free(rq_relay *relay);

typedef struct rq_worker_setup {
    const rq_config *config; /* outlives the worker */
    int listen_fd;           /* the worker owns this duplicate */
    uint32_t connections_max;
    rq_tls *tls;
    rq_throttle *throttle; /* of all workers; outlives them */
    rq_hash_pool *hash_pool;
    rq_market *market;
    const rq_files *portal; /* outlives the worker; null: none */
    rq_relay *relay;        /* outlives the worker */
} rq_worker_setup;

/* Reads the portal's built files for the workers to serve; "" leaves `out_portal` null. RQ_INVALID when the
 * folder is none of a portal. */
rq_status rq_portal_read(const char *folder, rq_files **out_portal, rq_error *error) RQ_MUST_CHECK;

/* Makes a worker and starts its thread. */
rq_status rq_worker_start(const rq_worker_setup *setup, rq_worker **out_worker,
                          rq_error *error) RQ_MUST_CHECK;
/* Runs `function` on the worker's thread, soon. Thread safe; dropped once the worker is stopping. False when
 * memory is short. */
bool rq_worker_post(rq_worker *worker, void (*function)(rq_worker *worker, void *argument), void *argument);
/* Hands over a new snapshot (one reference goes to the worker). Thread safe. */
void rq_worker_set_catalogue(rq_worker *worker, rq_catalogue *catalogue);
/* Begins to drain: no new connections, what is in flight is answered. Thread safe. */
void rq_worker_drain(rq_worker *worker);
/* Whether the drain is over. Thread safe. */
bool rq_worker_is_drained(const rq_worker *worker);
/* Stops the thread and frees everything. */
void rq_worker_stop(rq_worker *worker);

/* Whether the worker has a catalogue and its database lanes work. Thread safe; as of at most a second ago. */
bool rq_worker_is_ready(const rq_worker *worker);

/* The metrics of all workers and of the announcer in Prometheus' text format. */
void rq_metrics_write(rq_worker *const *workers, size_t count, const rq_announcer *announcer, rq_buffer *out);

/* Compares the routes with the database's table of transitions, and the vocabularies with the database's;
 * RQ_INVALID names what differs. Before serving. */
rq_status rq_api_check_tables(PGconn *connection, rq_error *error) RQ_MUST_CHECK;

/* The OpenAPI 3.1 document of all routes. */
void rq_openapi_write(rq_buffer *out);

#endif
