/* rongqiao serve: the process from start to drain. */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin.h"
#include "audit.h"
#include "commands.h"
#include "keys.h"
#include "rongqiao/db.h"
#include "rongqiao/jobs.h"
#include "rongqiao/log.h"

enum { WORKERS_MAX = 64, OWN_FILES = 64 /* of the process, beside its clients and lanes */ };

typedef struct process {
    const rq_config *config;
    struct event_base *base;
    struct event *signals[3], *drain_event, *announce_event;
    rq_tls *tls;
    rq_throttle *throttle;
    rq_hash_pool *hash_pool;
    rq_market *market;
    rq_announcer *announcer;
    rq_files *portal;
    rq_relay *relay;
    rq_worker *workers[WORKERS_MAX];
    size_t worker_count;
    rq_follower *follower;
    rq_clocks *clocks;
    rq_sealer *sealer;
    rq_admin admin;
    int listen_fd, admin_fd;
    uint16_t port, admin_port;
    int64_t drain_waited_ms;
    bool draining, told_workers;
} process;

enum { DRAIN_STEP_MS = 50 };

/* Tells systemd (NOTIFY_SOCKET) where we are; without it there is nobody to tell. */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof(address.sun_path))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, path, strlen(path));
    if (address.sun_path[0] == '@')
        address.sun_path[0] = 0;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0)
        RQ_LOG(RQ_LOG_WARNING, "notify_failed", RQ_LOG_TEXT("state", state));
    if (fd >= 0)
        close(fd);
}

static void publish(void *argument, rq_catalogue *catalogue)
{
    process *self = argument;
    for (size_t i = 0; i < self->worker_count; i++)
        rq_worker_set_catalogue(self->workers[i], rq_catalogue_ref(catalogue));
    rq_announcer_set_catalogue(self->announcer, catalogue);
}

static void on_announce(evutil_socket_t fd, short what, void *argument)
{
    process *self = argument;
    (void)fd;
    (void)what;
    rq_announcer_wake(self->announcer);
}

/* One step of the drain: first only "not ready", then no new connections, then wait for what is in flight. */
static void on_drain_step(evutil_socket_t fd, short what, void *argument)
{
    process *self = argument;
    bool drained = true;
    (void)fd;
    (void)what;
    self->drain_waited_ms += DRAIN_STEP_MS;
    if (!self->told_workers && self->drain_waited_ms >= self->config->drain_delay_ms) {
        for (size_t i = 0; i < self->worker_count; i++)
            rq_worker_drain(self->workers[i]);
        close(self->listen_fd);
        self->listen_fd = -1;
        self->told_workers = true;
    }
    for (size_t i = 0; i < self->worker_count; i++)
        drained &= rq_worker_is_drained(self->workers[i]);
    if (drained || self->drain_waited_ms >= self->config->drain_delay_ms + self->config->drain_ms)
        event_base_loopbreak(self->base);
}

static void on_terminate(evutil_socket_t signal_number, short what, void *argument)
{
    static const struct timeval step = {.tv_usec = DRAIN_STEP_MS * 1000};
    process *self = argument;
    (void)what;
    if (self->draining) {
        event_base_loopbreak(self->base);
        return;
    }
    RQ_LOG(RQ_LOG_INFO, "draining", RQ_LOG_NUMBER("signal", signal_number));
    notify("STOPPING=1");
    self->draining = self->admin.stopping = true;
    event_add(self->drain_event, &step);
}

static void on_hangup(evutil_socket_t signal_number, short what, void *argument)
{
    process *self = argument;
    rq_error error = {0};
    (void)signal_number;
    (void)what;
    if (rq_tls_reload(self->tls, &error) == RQ_OK)
        RQ_LOG(RQ_LOG_INFO, "certificate_reloaded");
    else
        RQ_LOG(RQ_LOG_ERROR, "certificate_kept", RQ_LOG_TEXT("reason", error.message));
}

static rq_status check_database(const rq_config *config, rq_error *error)
{
    PGconn *connection = NULL;
    bool unsealed = false;
    rq_status status = rq_connect_blocking(config->database, &connection, error);
    if (status == RQ_OK)
        status = rq_api_check_tables(connection, error);
    if (status == RQ_OK)
        status = keys_check(config, connection, &unsealed, error);
    if (status == RQ_OK && unsealed)
        RQ_LOG(RQ_LOG_WARNING, "personal_data_not_sealed", RQ_LOG_TEXT("run", "rongqiao keys rotate"));
    if (connection)
        PQfinish(connection);
    return status;
}

static size_t wanted_workers(const rq_config *config)
{
    size_t wanted = (size_t)config->workers;
    if (wanted == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        wanted = cores < 1 ? 1 : (size_t)cores;
    }
    return wanted < WORKERS_MAX ? wanted : WORKERS_MAX;
}

/* How many clients each worker may have, so that however many come, the lanes can connect again. */
static uint32_t connections_within_files(const rq_config *config, size_t workers)
{
    struct rlimit files;
    uint32_t wanted = config->connections_max;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    rlim_t kept = OWN_FILES + workers * (config->read_connections + config->write_connections +
                                         config->slow_connections + 8);
    rlim_t left = files.rlim_cur > kept ? (files.rlim_cur - kept) / workers : 0;
    if (files.rlim_cur == RLIM_INFINITY || left >= wanted)
        return wanted;
    RQ_LOG(RQ_LOG_WARNING, "connections_limited", RQ_LOG_NUMBER("files", files.rlim_cur),
           RQ_LOG_NUMBER("connections_max", wanted), RQ_LOG_NUMBER("connections", left),
           RQ_LOG_TEXT("advice", "raise the limit of open files (ulimit -n, LimitNOFILE)"));
    return left < 16 ? 16 : (uint32_t)left;
}

static rq_status start_workers(process *self, rq_error *error)
{
    size_t wanted = wanted_workers(self->config);
    uint32_t connections = connections_within_files(self->config, wanted);
    rq_status status = RQ_OK;
    for (size_t i = 0; i < wanted && status == RQ_OK; i++) {
        rq_worker_setup setup = {.config = self->config,
                                 .listen_fd = fcntl(self->listen_fd, F_DUPFD_CLOEXEC, 0),
                                 .connections_max = connections,
                                 .tls = self->tls,
                                 .throttle = self->throttle,
                                 .hash_pool = self->hash_pool,
                                 .market = self->market,
                                 .portal = self->portal,
                                 .relay = self->relay};
        if (setup.listen_fd < 0)
            return rq_fail(error, RQ_IO, "cannot duplicate the listening socket");
        status = rq_worker_start(&setup, &self->workers[i], error);
        if (status == RQ_OK)
            self->worker_count++;
    }
    return status;
}

static rq_status write_port_file(const process *self, rq_error *error)
{
    const char *path = self->config->port_file;
    if (!path[0])
        return RQ_OK;
    char temporary[RQ_CONFIG_TEXT + 8];
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    FILE *file = fopen(temporary, "w");
    if (!file)
        return rq_fail(error, RQ_IO, "cannot write the port file %.200s", path);
    fprintf(file, "%u %u\n", self->port, self->admin_port);
    if (fclose(file) != 0 || rename(temporary, path) != 0)
        return rq_fail(error, RQ_IO, "cannot write the port file %.200s", path);
    return RQ_OK;
}

static rq_status open_events(process *self, rq_error *error)
{
    const struct {
        int number;
        event_callback_fn callback;
    } rows[] = {{SIGTERM, on_terminate}, {SIGINT, on_terminate}, {SIGHUP, on_hangup}};
    self->base = event_base_new();
    bool fine = self->base != NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && fine; i++) {
        self->signals[i] = evsignal_new(self->base, rows[i].number, rows[i].callback, self);
        fine = self->signals[i] && event_add(self->signals[i], NULL) == 0;
    }
    if (fine)
        self->drain_event = event_new(self->base, -1, EV_PERSIST, on_drain_step, self);
    return fine && self->drain_event ? RQ_OK : rq_fail(error, RQ_IO, "cannot set up the process' event loop");
}

/* Looks every `job_interval_ms` whether a listed product waits to be told. */
static rq_status start_announcing(process *self, rq_error *error)
{
    const int64_t interval_ms = self->config->job_interval_ms;
    const struct timeval interval = {.tv_sec = interval_ms / 1000, .tv_usec = interval_ms % 1000 * 1000};
    self->announce_event = event_new(self->base, -1, EV_PERSIST, on_announce, self);
    return self->announce_event && event_add(self->announce_event, &interval) == 0
               ? RQ_OK
               : rq_fail(error, RQ_IO, "cannot set up the announcer's clock");
}

static rq_status open_process(process *self, rq_error *error)
{
    const rq_config *config = self->config;
    rq_status status = check_database(config, error);
    if (status == RQ_OK)
        status = open_events(self, error);
    if (status == RQ_OK)
        status =
            rq_tls_new(config->certificate_file, config->key_file, config->client_ca_file, &self->tls, error);
    if (status == RQ_OK)
        status = rq_listen(config->listen_address, (uint16_t)config->listen_port, &self->listen_fd,
                           &self->port, error);
    if (status == RQ_OK)
        status = rq_listen(config->admin_address, (uint16_t)config->admin_port, &self->admin_fd,
                           &self->admin_port, error);
    if (status == RQ_OK)
        status = rq_throttle_new(&self->throttle, error);
    if (status == RQ_OK)
        status = rq_hash_pool_new(RQ_LIMIT_HASH_THREADS, (unsigned)config->login_cost_log2, &self->hash_pool,
                                  error);
    if (status == RQ_OK)
        status = rq_market_new(config->database, config->market_refresh_seconds * 1000, &self->market, error);
    if (status == RQ_OK)
        status = rq_announcer_new(config, self->market, &self->announcer, error);
    if (status == RQ_OK)
        status = rq_portal_read(config->portal_dir, &self->portal, error);
    if (status == RQ_OK)
        status = rq_relay_new(config, &self->relay, error);
    if (status == RQ_OK)
        status = start_workers(self, error);
    if (status == RQ_OK)
        status = rq_relay_start(self->relay, self->workers, self->worker_count, error);
    if (status == RQ_OK)
        status = rq_follower_start(config->database, publish, self, &self->follower, error);
    if (status == RQ_OK)
        status = rq_clocks_start(config->database, config->job_interval_ms, (int)config->idempotency_hours,
                                 (int64_t)config->learn_interval_minutes * 60000, &self->clocks, error);
    if (status == RQ_OK) {
        rq_sealer_settings sealing = audit_sealer_settings(config);
        status = rq_sealer_start(&sealing, &self->sealer, error);
    }
    self->admin.sealer = self->sealer;
    self->admin.workers = self->workers;
    self->admin.worker_count = self->worker_count;
    self->admin.announcer = self->announcer;
    if (status == RQ_OK)
        status = start_announcing(self, error);
    if (status == RQ_OK)
        status = rq_admin_open(&self->admin, self->base, self->admin_fd, error);
    if (status == RQ_OK)
        status = write_port_file(self, error);
    return status;
}

static void close_process(process *self)
{
    rq_clocks_stop(self->clocks);
    rq_relay_stop(self->relay);
    rq_follower_stop(self->follower);
    rq_worker_net_free(self->admin.net);
    /* These first: what they leave goes back to the workers. */
    rq_hash_pool_free(self->hash_pool);
    rq_market_free(self->market);
    rq_announcer_free(self->announcer);
    for (size_t i = 0; i < self->worker_count; i++)
        rq_worker_stop(self->workers[i]);
    rq_sealer_stop(self->sealer); /* after the last write */
    rq_relay_free(self->relay);
    rq_files_free(self->portal);
    rq_throttle_free(self->throttle);
    rq_tls_free(self->tls);
    if (self->listen_fd >= 0)
        close(self->listen_fd);
    if (self->admin_fd >= 0)
        close(self->admin_fd);
    for (size_t i = 0; i < 3; i++)
        if (self->signals[i])
            event_free(self->signals[i]);
    if (self->drain_event)
        event_free(self->drain_event);
    if (self->announce_event)
        event_free(self->announce_event);
    if (self->base)
        event_base_free(self->base);
}

int rq_command_serve(const rq_config *config, int argc, char **argv)
{
    process self = {.config = config, .listen_fd = -1, .admin_fd = -1};
    rq_error error = {0};
    (void)argv;
    if (argc > 0) {
        fputs("rongqiao: serve takes no arguments\n", stderr);
        return 2;
    }
    rq_status status = open_process(&self, &error);
    if (status == RQ_OK) {
        RQ_LOG(RQ_LOG_INFO, "serving", RQ_LOG_TEXT("address", config->listen_address),
               RQ_LOG_NUMBER("port", self.port), RQ_LOG_NUMBER("admin_port", self.admin_port),
               RQ_LOG_NUMBER("workers", self.worker_count));
        notify("READY=1");
        event_base_dispatch(self.base);
    } else {
        RQ_LOG(RQ_LOG_ERROR, "not_serving", RQ_LOG_TEXT("reason", error.message));
    }
    close_process(&self);
    RQ_LOG(RQ_LOG_INFO, "stopped");
    return status == RQ_OK ? 0 : 1;
}
