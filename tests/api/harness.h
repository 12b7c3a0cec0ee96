/* The house that a test program lives in: a private PostgreSQL, migrated by the program itself, and the real
 * server as a child process with its own certificate and ports. One a program; made in the group's setup. */
#ifndef RONGQIAO_TESTS_API_HARNESS_H
#define RONGQIAO_TESTS_API_HARNESS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/cluster.h"

enum { HOUSE_PATH = 512, HOUSE_PATIENCE_MS = 60000 };
#define HOUSE_OPERATOR "root-operator"
#define HOUSE_PASSWORD "correct horse battery staple"

typedef struct test_house {
    test_cluster *cluster;
    char folder[HOUSE_PATH];
    char owner[1024], app[1024]; /* conninfos: the tables' owner, and the server's role */
    pid_t server;
    unsigned port, admin_port;
    unsigned starts; /* of the server: connections of an earlier one are gone */
    int last_exit;   /* wait status of the server that was stopped last */
} test_house;
extern test_house house;

/* Settings of this program beside the usual ones, one a line; set before house_open(). Errors only are logged
 * unless told. */
extern const char *house_settings;
/* A library that is loaded before the server's own (LD_PRELOAD), and a variable for it; null: none. */
extern const char *house_preload, *house_preload_name, *house_preload_value;

/* Makes the house with its first operator and starts the server; removes all of it. For cmocka's group. */
int house_open(void **state);
int house_close(void **state);
/* Frees what the test's answers, texts and documents took; a test's teardown. */
int house_sweep(void **state);

/* Starts the server and waits until it says that it is ready. Fails the test when it doesn't. */
void house_start_server(void);
/* Sends SIGTERM and waits: the exit code must be 0 (a sanitizer's finding is not). */
void house_stop_server(void);
void house_kill_server(void);
/* Prints the end of the server's log, for a failure. */
void house_print_log(void);
/* Writes a new self-signed certificate for 127.0.0.1 with this common name. */
void house_write_certificate(const char *common_name);

/* Runs `rongqiao --config ... ARGUMENTS` with `input` on its standard input; its exit code. Its first line of
 * output goes to `out_line` (may be null). */
int house_run(const char *const *arguments, const char *input, char *out_line, size_t size);
/* The same, with all of its output. */
int house_run_text(const char *const *arguments, const char *input, char *out_text, size_t size);
/* Writes a configuration file of this name with extra lines. */
const char *house_write_config(const char *name, const char *lines);

/* Runs SQL as the owner; the first value of the result, or "". Fails the test when PostgreSQL refuses. */
const char *house_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t house_count(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How many rows each table has, as one text: equal texts mean that nothing was stored (but who looked,
 * and the seals that follow what was stored before). */
const char *house_rows(void);
/* A connection as the owner or as the server's role. */
PGconn *house_connect(const char *conninfo);

/* Text that lives until the test's end. */
const char *textf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Keeps `pointer` for free() at the test's end. Thread safe. */
void *house_keep(void *pointer, void (*release)(void *pointer));

/* Waits until `holds(argument)`, for HOUSE_PATIENCE_MS at most. */
bool eventually(bool (*holds)(void *argument), void *argument);

#endif
