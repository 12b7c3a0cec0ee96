#include "cluster.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rongqiao/clock.h"

enum { CLUSTERS_MAX = 8, PATH_BYTES = 512, CONNINFO_BYTES = 768, READY_MS = 60000, POLL_US = 20000 };

struct test_cluster {
    char root[PATH_BYTES]; /* data and log */
    char data[PATH_BYTES + 8];
    char sockets[PATH_BYTES]; /* a short path: a socket's may have 107 bytes */
    char binaries[PATH_BYTES];
    char conninfo[CONNINFO_BYTES], conninfo_tcp[CONNINFO_BYTES];
    unsigned port;
    uid_t user;
    gid_t group;
    pid_t owner; /* the process that made it */
    pid_t server;
};

/* What atexit() has to remove. */
static test_cluster *open_clusters[CLUSTERS_MAX];

static void free_all(void)
{
    for (unsigned i = 0; i < CLUSTERS_MAX; i++) {
        cluster_free(open_clusters[i]);
    }
}

static bool keep(test_cluster *cluster)
{
    static bool is_registered;
    if (!is_registered) {
        is_registered = atexit(free_all) == 0;
    }
    for (unsigned i = 0; is_registered && i < CLUSTERS_MAX; i++) {
        if (open_clusters[i] == NULL) {
            open_clusters[i] = cluster;
            return true;
        }
    }
    return false;
}

/* Runs in the child: becomes the server's user, dies with the test, is quiet, and executes. */
static void become(const test_cluster *cluster, const char *log, char *const *arguments)
{
    (void)setpgid(0, 0); /* an interrupt from the terminal is the test's to handle */
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setgid(cluster->group) != 0 || setuid(cluster->user) != 0)) {
        _exit(126);
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir("/") != 0) {
        _exit(126);
    }
    (void)setenv("LC_ALL", "C", 1);
    (void)unsetenv("PGDATA");
    (void)execvp(arguments[0], arguments);
    _exit(127);
}

static pid_t spawn(const test_cluster *cluster, char *const *arguments)
{
    char log[PATH_BYTES + 8];
    (void)snprintf(log, sizeof(log), "%s/log", cluster->root);
    pid_t child = fork();
    if (child == 0) {
        become(cluster, log, arguments);
    }
    return child;
}

static bool run(const test_cluster *cluster, char *const *arguments)
{
    int status = 0;
    pid_t child = spawn(cluster, arguments);
    if (child < 0) {
        return false;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)fprintf(stderr, "cluster: %s failed (%d), see %s/log\n", arguments[0], status, cluster->root);
        return false;
    }
    return true;
}

static void find_user(test_cluster *cluster)
{
    cluster->user = geteuid();
    cluster->group = getegid();
    const struct passwd *user = cluster->user == 0 ? getpwnam("postgres") : NULL;
    if (cluster->user == 0 && user == NULL) {
        user = getpwnam("nobody");
    }
    if (user != NULL) {
        cluster->user = user->pw_uid;
        cluster->group = user->pw_gid;
    }
}

static void find_binaries(test_cluster *cluster)
{
    static const char debian[] = "/usr/lib/postgresql/15/bin/";
    (void)snprintf(cluster->binaries, sizeof(cluster->binaries), "%s",
                   access(debian, X_OK) == 0 ? debian : "");
}

static bool make_directory(test_cluster *cluster, const char *template, char *out_path)
{
    (void)snprintf(out_path, PATH_BYTES, "%s", template);
    if (mkdtemp(out_path) == NULL) {
        (void)fprintf(stderr, "cluster: %s: %s\n", template, strerror(errno));
        return false;
    }
    return geteuid() != 0 || chown(out_path, cluster->user, cluster->group) == 0;
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        port = ntohs(address.sin_port);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return port;
}

static bool configure(const test_cluster *cluster, const char *const *settings)
{
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof(path), "%s/postgresql.auto.conf", cluster->data);
    FILE *file = fopen(path, "ae");
    if (file == NULL) {
        return false;
    }
    (void)fprintf(file,
                  "port = %u\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\n"
                  "max_connections = 100\nauthentication_timeout = 10s\nlogging_collector = "
                  "off\nlog_min_messages = fatal\n",
                  cluster->port, cluster->sockets);
    for (const char *const *setting = settings; setting != NULL && *setting != NULL; setting++) {
        (void)fprintf(file, "%s\n", *setting);
    }
    return fclose(file) == 0;
}

static bool initialise(test_cluster *cluster, const char *const *settings)
{
    find_user(cluster);
    find_binaries(cluster);
    cluster->port = free_port();
    if (cluster->port == 0 || !make_directory(cluster, "/var/tmp/rongqiao-cluster-XXXXXX", cluster->root) ||
        !make_directory(cluster, "/tmp/rq-XXXXXX", cluster->sockets)) {
        return false;
    }
    char initdb[PATH_BYTES + 16];
    (void)snprintf(cluster->data, sizeof(cluster->data), "%s/data", cluster->root);
    (void)snprintf(initdb, sizeof(initdb), "%sinitdb", cluster->binaries);
    (void)snprintf(cluster->conninfo, sizeof(cluster->conninfo),
                   "host=%s port=%u user=postgres dbname=postgres", cluster->sockets, cluster->port);
    (void)snprintf(cluster->conninfo_tcp, sizeof(cluster->conninfo_tcp),
                   "host=127.0.0.1 port=%u user=postgres dbname=postgres", cluster->port);
    /* --no-sync spares only the making: the server itself syncs. */
    char *arguments[] = {initdb,     "-D", cluster->data, "-k",          "--auth=trust", "-U",
                         "postgres", "-E", "UTF8",        "--no-locale", "--no-sync",    NULL};
    return run(cluster, arguments) && configure(cluster, settings);
}

static bool is_ready(const test_cluster *cluster)
{
    return PQping(cluster->conninfo) == PQPING_OK;
}

bool cluster_resume(test_cluster *cluster)
{
    char postgres[PATH_BYTES + 16];
    (void)snprintf(postgres, sizeof(postgres), "%spostgres", cluster->binaries);
    char *arguments[] = {postgres, "-D", cluster->data, NULL};
    cluster->server = spawn(cluster, arguments);
    int64_t until_ms = rq_monotonic_ms() + READY_MS;
    while (cluster->server > 0 && rq_monotonic_ms() < until_ms) {
        if (is_ready(cluster)) {
            return true;
        }
        if (waitpid(cluster->server, NULL, WNOHANG) == cluster->server) {
            cluster->server = 0;
        }
        (void)usleep(POLL_US);
    }
    (void)fprintf(stderr, "cluster: the server did not start, see %s/log\n", cluster->root);
    cluster_stop(cluster, CLUSTER_IMMEDIATE);
    return false;
}

void cluster_stop(test_cluster *cluster, cluster_stop_mode mode)
{
    if (cluster->server <= 0) {
        return;
    }
    (void)kill(cluster->server, mode == CLUSTER_FAST ? SIGINT : SIGQUIT);
    int64_t until_ms = rq_monotonic_ms() + READY_MS;
    while (waitpid(cluster->server, NULL, WNOHANG) == 0) {
        if (rq_monotonic_ms() >= until_ms) {
            (void)kill(cluster->server, SIGKILL);
            (void)waitpid(cluster->server, NULL, 0);
            break;
        }
        (void)usleep(POLL_US);
    }
    cluster->server = 0;
}

bool cluster_restart(test_cluster *cluster, cluster_stop_mode mode)
{
    cluster_stop(cluster, mode);
    return cluster_resume(cluster);
}

test_cluster *cluster_start(const char *const *settings)
{
    test_cluster *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    made->owner = getpid();
    if (!keep(made)) {
        free(made);
        return NULL;
    }
    if (!initialise(made, settings) || !cluster_resume(made)) {
        cluster_free(made);
        return NULL;
    }
    return made;
}

bool cluster_enable_tls(test_cluster *cluster)
{
    char key[PATH_BYTES + 32], certificate[PATH_BYTES + 32];
    (void)snprintf(key, sizeof(key), "%s/server.key", cluster->data);
    (void)snprintf(certificate, sizeof(certificate), "%s/server.crt", cluster->data);
    char *arguments[] = {"openssl",
                         "req",
                         "-x509",
                         "-newkey",
                         "ec",
                         "-pkeyopt",
                         "ec_paramgen_curve:P-256",
                         "-nodes",
                         "-days",
                         "2",
                         "-subj",
                         "/CN=127.0.0.1",
                         "-keyout",
                         key,
                         "-out",
                         certificate,
                         NULL};
    char path[PATH_BYTES + 32];
    (void)snprintf(path, sizeof(path), "%s/postgresql.auto.conf", cluster->data);
    FILE *file = fopen(path, "ae");
    if (file == NULL) {
        return false;
    }
    (void)fputs("ssl = on\n", file);
    return fclose(file) == 0 && run(cluster, arguments);
}

static void remove_tree(char *path)
{
    char *arguments[] = {"rm", "-rf", "--", path, NULL};
    pid_t child = path[0] == '\0' ? -1 : fork();
    if (child == 0) {
        (void)execvp(arguments[0], arguments);
        _exit(127);
    }
    if (child > 0) {
        (void)waitpid(child, NULL, 0);
    }
}

void cluster_free(test_cluster *cluster)
{
    if (cluster == NULL) {
        return;
    }
    for (unsigned i = 0; i < CLUSTERS_MAX; i++) {
        if (open_clusters[i] == cluster) {
            open_clusters[i] = NULL;
        }
    }
    if (cluster->owner == getpid()) { /* a forked child has none of it */
        cluster_stop(cluster, CLUSTER_IMMEDIATE);
        remove_tree(cluster->root);
        remove_tree(cluster->sockets);
    }
    free(cluster);
}

const char *cluster_conninfo(const test_cluster *cluster)
{
    return cluster->conninfo;
}

const char *cluster_conninfo_tcp(const test_cluster *cluster)
{
    return cluster->conninfo_tcp;
}

bool cluster_create_database(const test_cluster *cluster, const char *name, char *out_conninfo, size_t size)
{
    char sql[PATH_BYTES];
    (void)snprintf(sql, sizeof(sql), "create database %s", name);
    PGconn *connection = PQconnectdb(cluster->conninfo);
    PGresult *result = PQexec(connection, sql);
    bool is_made = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!is_made) {
        (void)fprintf(stderr, "cluster: %s", PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
    (void)snprintf(out_conninfo, size, "host=%s port=%u user=postgres dbname=%s", cluster->sockets,
                   cluster->port, name);
    return is_made;
}

pid_t cluster_pid(const test_cluster *cluster)
{
    return cluster->server;
}
