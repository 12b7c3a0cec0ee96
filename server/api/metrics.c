#include <inttypes.h>

#include "announcer.h"
#include "worker.h"

#define LOAD(counter) atomic_load_explicit(&(counter), memory_order_relaxed)

/* One counter of all workers added up. */
#define SUM(expression)                                                                                      \
    ({                                                                                                       \
        uint_fast64_t sum_ = 0;                                                                              \
        for (size_t w = 0; w < count; w++)                                                                   \
            sum_ += LOAD((expression));                                                                      \
        sum_;                                                                                                \
    })

static void head(rq_buffer *out, const char *name, const char *type, const char *help)
{
    rq_buffer_printf(out, "# HELP rongqiao_%s %s\n# TYPE rongqiao_%s %s\n", name, help, name, type);
}

static void write_net(rq_worker *const *workers, size_t count, rq_buffer *out)
{
    const struct {
        const char *name, *type, *help;
        size_t offset;
    } rows[] = {
        {"connections_accepted_total", "counter", "Connections accepted.",
         offsetof(rq_net_counters, accepted)},
        {"connections_rejected_total", "counter", "Connections closed at once over a cap.",
         offsetof(rq_net_counters, rejected)},
        {"connections_limited_total", "counter", "Connections closed at once over their address' rate.",
         offsetof(rq_net_counters, limited)},
        {"handshakes_failed_total", "counter", "TLS handshakes that failed or timed out.",
         offsetof(rq_net_counters, handshakes_failed)},
        {"connections_open", "gauge", "Connections open now.", offsetof(rq_net_counters, open_now)},
        {"requests_total", "counter", "Requests read whole.", offsetof(rq_net_counters, requests)},
        {"requests_refused_total", "counter", "Inputs refused by the parser.",
         offsetof(rq_net_counters, refused)},
        {"connections_timed_out_total", "counter", "Connections past a deadline.",
         offsetof(rq_net_counters, timed_out)},
        {"requests_abandoned_total", "counter", "Requests whose client had gone.",
         offsetof(rq_net_counters, abandoned)},
        {"streams_begun_total", "counter", "Streams of live events that began.",
         offsetof(rq_net_counters, streams_begun)},
        {"streams_cut_total", "counter", "Streams whose reader let them pile up.",
         offsetof(rq_net_counters, streams_cut)},
        {"received_bytes_total", "counter", "Bytes of requests.", offsetof(rq_net_counters, bytes_in)},
        {"sent_bytes_total", "counter", "Bytes of replies.", offsetof(rq_net_counters, bytes_out)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint_fast64_t sum = 0;
        for (size_t w = 0; w < count; w++) {
            const char *base = (const char *)rq_worker_net_counters(workers[w]->net);
            sum += atomic_load_explicit((const atomic_uint_fast64_t *)(const void *)(base + rows[i].offset),
                                        memory_order_relaxed);
        }
        head(out, rows[i].name, rows[i].type, rows[i].help);
        rq_buffer_printf(out, "rongqiao_%s %" PRIuFAST64 "\n", rows[i].name, sum);
    }
}

static void write_db(rq_worker *const *workers, size_t count, rq_buffer *out)
{
    static const char *const lanes[RQ_LANES] = {"read", "write", "slow"};
    const struct {
        const char *name, *type, *help;
        size_t offset;
    } rows[] = {
        {"db_calls_total", "counter", "Segments sent or tried.", offsetof(rq_db_counters, calls)},
        {"db_refused_total", "counter", "Segments that PostgreSQL refused.",
         offsetof(rq_db_counters, refused)},
        {"db_unavailable_total", "counter", "Segments never sent.", offsetof(rq_db_counters, unavailable)},
        {"db_unknown_total", "counter", "Segments whose outcome is unknown.",
         offsetof(rq_db_counters, unknown)},
        {"db_connects_total", "counter", "Connections made.", offsetof(rq_db_counters, connects)},
        {"db_connect_failures_total", "counter", "Connections that failed.",
         offsetof(rq_db_counters, connect_failures)},
        {"db_queued", "gauge", "Segments waiting for a connection.", offsetof(rq_db_counters, queued_now)},
        {"db_in_flight", "gauge", "Segments sent and not answered.", offsetof(rq_db_counters, in_flight_now)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(out, rows[i].name, rows[i].type, rows[i].help);
        for (unsigned lane = 0; lane < RQ_LANES; lane++) {
            uint_fast64_t sum = 0;
            for (size_t w = 0; w < count; w++) {
                const char *base = (const char *)rq_db_counters_of(workers[w]->db, (rq_lane)lane);
                sum +=
                    atomic_load_explicit((const atomic_uint_fast64_t *)(const void *)(base + rows[i].offset),
                                         memory_order_relaxed);
            }
            rq_buffer_printf(out, "rongqiao_%s{lane=\"%s\"} %" PRIuFAST64 "\n", rows[i].name, lanes[lane],
                             sum);
        }
    }
}

static void write_announcer(const rq_announcer *announcer, rq_buffer *out)
{
    const rq_announcer_counters *counters = rq_announcer_counters_of(announcer);
    head(out, "announcements_total", "counter", "Listed products told to the end.");
    rq_buffer_printf(out, "rongqiao_announcements_total %" PRIuFAST64 "\n", LOAD(counters->products));
    head(out, "announcements_told_total", "counter", "Enterprises told of a listed product.");
    rq_buffer_printf(out, "rongqiao_announcements_told_total %" PRIuFAST64 "\n", LOAD(counters->told));
    head(out, "announcements_held_total", "counter",
         "Needs that fit and that the bounds kept from being told.");
    rq_buffer_printf(out, "rongqiao_announcements_held_total %" PRIuFAST64 "\n", LOAD(counters->held));
}

void rq_metrics_write(rq_worker *const *workers, size_t count, const rq_announcer *announcer, rq_buffer *out)
{
    uint_fast64_t so_far = 0;
    write_net(workers, count, out);
    write_db(workers, count, out);
    head(out, "replies_total", "counter", "Replies by class of status.");
    for (unsigned class = 1; class < RQ_STATUS_CLASSES; class ++)
        rq_buffer_printf(out, "rongqiao_replies_total{class=\"%uxx\"} %" PRIuFAST64 "\n", class,
                         SUM(workers[w]->counters.replies[class]));
    head(out, "request_seconds", "histogram", "From the whole request to its reply.");
    for (size_t i = 0; i < RQ_LATENCY_BUCKETS; i++) {
        so_far += SUM(workers[w]->counters.latency[i]);
        rq_buffer_printf(out, "rongqiao_request_seconds_bucket{le=\"%.6g\"} %" PRIuFAST64 "\n",
                         (double)rq_latency_bounds_us[i] / 1e6, so_far);
    }
    so_far += SUM(workers[w]->counters.latency[RQ_LATENCY_BUCKETS]);
    rq_buffer_printf(out, "rongqiao_request_seconds_bucket{le=\"+Inf\"} %" PRIuFAST64 "\n", so_far);
    rq_buffer_printf(out,
                     "rongqiao_request_seconds_sum %.6f\nrongqiao_request_seconds_count %" PRIuFAST64 "\n",
                     (double)SUM(workers[w]->counters.latency_sum_us) / 1e6, so_far);
    head(out, "matches_total", "counter", "Needs matched by the engine.");
    rq_buffer_printf(out, "rongqiao_matches_total %" PRIuFAST64 "\n", SUM(workers[w]->counters.matches));
    head(out, "match_seconds_total", "counter", "Time spent in the engine.");
    rq_buffer_printf(out, "rongqiao_match_seconds_total %.6f\n",
                     (double)SUM(workers[w]->counters.match_us) / 1e6);
    head(out, "catalogue_version", "gauge", "Version of the catalogue that each worker matches against.");
    for (size_t w = 0; w < count; w++)
        rq_buffer_printf(out, "rongqiao_catalogue_version{worker=\"%zu\"} %" PRIuFAST64 "\n", w,
                         atomic_load_explicit(&workers[w]->counters.catalogue_version, memory_order_relaxed));
    head(out, "streams_open", "gauge", "Streams of live events open now.");
    rq_buffer_printf(out, "rongqiao_streams_open %" PRIuFAST64 "\n", SUM(workers[w]->counters.streams_open));
    head(out, "streams_refused_total", "counter", "Streams refused over a bound.");
    rq_buffer_printf(out, "rongqiao_streams_refused_total %" PRIuFAST64 "\n",
                     SUM(workers[w]->counters.streams_refused));
    head(out, "events_sent_total", "counter", "Events sent on streams.");
    rq_buffer_printf(out, "rongqiao_events_sent_total %" PRIuFAST64 "\n",
                     SUM(workers[w]->counters.events_sent));
    head(out, "requests_limited_total", "counter", "Requests answered 429, by whose rate.");
    for (unsigned whose = 0; whose < RQ_LIMITS; whose++)
        rq_buffer_printf(out, "rongqiao_requests_limited_total{by=\"%s\"} %" PRIuFAST64 "\n",
                         rq_limit_names[whose], SUM(workers[w]->counters.limited[whose]));
    head(out, "password_hashes_total", "counter", "Passwords given to the hashing threads.");
    rq_buffer_printf(out, "rongqiao_password_hashes_total %" PRIuFAST64 "\n",
                     SUM(workers[w]->counters.passwords_hashed));
    head(out, "logins_held_total", "counter", "Log-ins held up because many try passwords of that login.");
    rq_buffer_printf(out, "rongqiao_logins_held_total %" PRIuFAST64 "\n",
                     SUM(workers[w]->counters.logins_held));
    head(out, "logins_failed_total", "counter", "Wrong passwords and codes.");
    rq_buffer_printf(out, "rongqiao_logins_failed_total %" PRIuFAST64 "\n",
                     SUM(workers[w]->counters.logins_failed));
    write_announcer(announcer, out);
}
