/* A private PostgreSQL cluster for tests: its own directory, socket and free port on 127.0.0.1, nothing
 * shared, gone at exit. Started as root it runs as the user postgres (or nobody). */
#ifndef RONGQIAO_TESTS_CLUSTER_H
#define RONGQIAO_TESTS_CLUSTER_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct test_cluster test_cluster;

typedef enum cluster_stop_mode { CLUSTER_FAST, CLUSTER_IMMEDIATE } cluster_stop_mode;

/* Makes and starts a cluster with checksums and fsync on. `settings` ("name=value", null-ended, may be
 * null) go to postgresql.conf. Null, with the reason on standard error, when it can't. The process that
 * called must outlive it: the cluster dies with it. */
test_cluster *cluster_start(const char *const *settings);
/* Lets clients connect with TLS under a self-signed certificate, from the next start on. */
bool cluster_enable_tls(test_cluster *cluster);
/* Stops the server; its data stay. */
void cluster_stop(test_cluster *cluster, cluster_stop_mode mode);
/* Starts it again on the same port. */
bool cluster_resume(test_cluster *cluster);
bool cluster_restart(test_cluster *cluster, cluster_stop_mode mode);
/* Stops it and removes its directories; also done at exit. */
void cluster_free(test_cluster *cluster);

/* A superuser's conninfo of the database postgres, over the socket and over TCP. */
const char *cluster_conninfo(const test_cluster *cluster);
const char *cluster_conninfo_tcp(const test_cluster *cluster);
/* Creates an empty database and writes its conninfo, over the socket, into `out_conninfo`. */
bool cluster_create_database(const test_cluster *cluster, const char *name, char *out_conninfo, size_t size);
pid_t cluster_pid(const test_cluster *cluster);

#endif
