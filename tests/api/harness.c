#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rongqiao/clock.h"
#include "test.h"

enum { POLL_US = 10000, ARGUMENTS_MAX = 12, TABLES_TEXT = 4096 };

test_house house;
const char *house_settings = "log_level = error\n";
const char *house_preload, *house_preload_name, *house_preload_value;

/* What a test leaves to be freed ------------------------------------------------------------------- */

typedef struct kept {
    struct kept *next;
    void *pointer;
    void (*release)(void *pointer);
} kept;
static kept *kept_list;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

void *house_keep(void *pointer, void (*release)(void *pointer))
{
    kept *entry = pointer ? malloc(sizeof(*entry)) : NULL;
    if (!entry)
        abort(); /* a test without memory proves nothing */
    *entry = (kept){.pointer = pointer, .release = release};
    pthread_mutex_lock(&kept_lock);
    entry->next = kept_list;
    kept_list = entry;
    pthread_mutex_unlock(&kept_lock);
    return pointer;
}

int house_sweep(void **state)
{
    (void)state;
    while (kept_list) {
        kept *entry = kept_list;
        kept_list = entry->next;
        entry->release(entry->pointer);
        free(entry);
    }
    return 0;
}

const char *textf(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return house_keep(length < 0 ? NULL : text, free);
}

bool eventually(bool (*holds)(void *argument), void *argument)
{
    int64_t until_ms = rq_monotonic_ms() + HOUSE_PATIENCE_MS;
    while (!holds(argument)) {
        if (rq_monotonic_ms() >= until_ms)
            return false;
        usleep(POLL_US);
    }
    return true;
}

/* PostgreSQL --------------------------------------------------------------------------------------- */

PGconn *house_connect(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK)
        print_error("%s", PQerrorMessage(connection));
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    return connection;
}

static PGconn *owner;

static void owner_leave(void)
{
    PQfinish(owner);
    owner = NULL;
}

/* The owner's connection, opened anew after PostgreSQL was away. */
static PGconn *owner_connection(void)
{
    if (owner && PQstatus(owner) != CONNECTION_OK)
        owner_leave();
    if (!owner)
        owner = house_connect(house.owner);
    return owner;
}

static const char *first_value(const char *sql)
{
    PGconn *connection = owner_connection();
    PGresult *result = PQexec(connection, sql);
    if (PQstatus(connection) != CONNECTION_OK) { /* it was away since the last time */
        PQclear(result);
        connection = owner_connection();
        result = PQexec(connection, sql);
    }
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    const char *value = "";
    if (!done)
        print_error("%s%s\n", PQerrorMessage(connection), sql);
    else if (PQntuples(result) > 0 && PQnfields(result) > 0)
        value = textf("%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    assert_true(done);
    return value;
}

const char *house_sql(const char *format, ...)
{
    char *sql = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&sql, format, arguments);
    va_end(arguments);
    return first_value(house_keep(length < 0 ? NULL : sql, free));
}

int64_t house_count(const char *format, ...)
{
    char *sql = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&sql, format, arguments);
    va_end(arguments);
    return strtoll(first_value(house_keep(length < 0 ? NULL : sql, free)), NULL, 10);
}

const char *house_rows(void)
{
    return first_value(
        "select string_agg(relname || '=' || (xpath('/row/c/text()', query_to_xml(format("
        "'select count(*) as c from public.%I', relname), false, true, '')))[1]::text, ' ' order by "
        "relname) from pg_class where relkind in ('r', 'p') and not relispartition and "
        "relnamespace = 'public'::regnamespace and relname "
        "<> all ('{enterprise_view,audit_waiting,audit_seal,audit_checkpoint}')");
}

/* Folder, certificate, configuration --------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    if (house.folder[0])
        nftw(house.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    house.folder[0] = 0;
}

static void add_address(X509 *certificate)
{
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    assert_non_null(names);
    assert_int_equal(X509_add_ext(certificate, names, -1), 1);
    X509_EXTENSION_free(names);
}

void house_write_certificate(const char *common_name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_true(key && certificate);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24L * 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    add_address(certificate);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = fopen(textf("%s/server.crt", house.folder), "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    file = fopen(textf("%s/server.key", house.folder), "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

const char *house_write_config(const char *name, const char *lines)
{
    const char *path = textf("%s/%s", house.folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "listen_port = 0\nadmin_port = 0\nport_file = %s/ports\ncertificate_file = %s/server.crt\n"
            "key_file = %s/server.key\nlogin_cost_log2 = 10\ndrain_idle_ms = 0\nprivate_key_file = %s/private.keys\n"
            "database = %s\nmigration_database = %s\nmigrations_directory = " RQ_SOURCE_DIR
            "/migrations\n%s%s%s",
            house.folder, house.folder, house.folder, house.folder, house.app, house.owner,
            /* Nobody is told of a product while a test counts rows, but where it says when. */
            strstr(house_settings, "announce_delay") ? "" : "announce_delay_seconds = 86400\n",
            house_settings, lines);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Child processes ---------------------------------------------------------------------------------- */

/* In the child: quiet but for the log, dies with the test, runs the program. */
static void become_program(const char *const *arguments, int in, int out)
{
    char *argv[ARGUMENTS_MAX + 4] = {RQ_BINARY_DIR "/rongqiao", "--config", NULL};
    char path[HOUSE_PATH + 16], log[HOUSE_PATH + 16];
    size_t count = 3;
    snprintf(path, sizeof(path), "%s/rongqiao.conf", house.folder);
    snprintf(log, sizeof(log), "%s/server.log", house.folder);
    argv[2] = path;
    if (strcmp(arguments[0], "--config") == 0)
        count = 1;
    for (size_t i = 0; arguments[i] && count < ARGUMENTS_MAX; i++)
        argv[count++] = (char *)(uintptr_t)arguments[i];
    int err = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    if (house_preload && strcmp(arguments[0], "serve") == 0) {
        setenv("LD_PRELOAD", house_preload, 1);
        setenv(house_preload_name, house_preload_value, 1);
    }
    if (err < 0 || dup2(in, 0) < 0 || dup2(out < 0 ? err : out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

int house_run_text(const char *const *arguments, const char *input, char *out_text, size_t size)
{
    int to[2], from[2], status = 0;
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0)
        become_program(arguments, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    bool written = !input || write(to[1], input, strlen(input)) == (ssize_t)strlen(input);
    close(to[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(from[0], out_text + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    out_text[length] = 0;
    close(from[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return written && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int house_run(const char *const *arguments, const char *input, char *out_line, size_t size)
{
    char text[4096];
    int code = house_run_text(arguments, input, text, sizeof(text));
    if (out_line)
        snprintf(out_line, size, "%.*s", (int)strcspn(text, "\n"), text);
    return code;
}

void house_print_log(void)
{
    FILE *file = fopen(textf("%s/server.log", house.folder), "re");
    char text[6000];
    if (!file)
        return;
    if (fseek(file, -(long)(sizeof(text) - 1), SEEK_END) != 0)
        rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = 0;
    fclose(file);
    fprintf(stderr, "the server's log ends:\n%s\n", text);
}

static bool is_ready(void *argument)
{
    const char *path = argument;
    FILE *file = house.port == 0 ? fopen(path, "re") : NULL;
    if (file) {
        char line[64] = "";
        char *end = line;
        if (fgets(line, sizeof(line), file))
            house.port = (unsigned)strtoul(line, &end, 10);
        house.admin_port = (unsigned)strtoul(end, NULL, 10);
        fclose(file);
    }
    if (waitpid(house.server, &house.last_exit, WNOHANG) == house.server)
        house.server = 0;
    if (house.server == 0)
        return true; /* it will never be: the caller looks */
    test_client *client = house.port ? client_new() : NULL;
    test_answer *answer = client ? client_call(client, "GET", "/readyz", "", NULL, 0) : NULL;
    if (client)
        client_free(client);
    return answer && answer->status == 200;
}

void house_start_server(void)
{
    static const char *const serve[] = {"serve", NULL};
    const char *path = textf("%s/ports", house.folder);
    unlink(path);
    house.port = house.admin_port = 0;
    house.starts++;
    house.server = fork();
    if (house.server == 0)
        become_program(serve, open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    assert_true(house.server > 0);
    bool ready = eventually(is_ready, (void *)(uintptr_t)path) && house.server > 0;
    if (!ready)
        house_print_log();
    assert_true(ready);
}

static bool has_ended(void *argument)
{
    (void)argument;
    return waitpid(house.server, &house.last_exit, WNOHANG) == house.server;
}

static void end_server(int signal_number)
{
    if (house.server <= 0)
        return;
    kill(house.server, signal_number);
    if (!eventually(has_ended, NULL)) {
        kill(house.server, SIGKILL);
        waitpid(house.server, &house.last_exit, 0);
    }
    house.server = 0;
}

void house_stop_server(void)
{
    bool was_running = house.server > 0;
    end_server(SIGTERM);
    bool clean = !was_running || (WIFEXITED(house.last_exit) && WEXITSTATUS(house.last_exit) == 0);
    if (!clean)
        house_print_log();
    assert_true(clean);
}

void house_kill_server(void)
{
    end_server(SIGKILL);
}

/* The whole house ---------------------------------------------------------------------------------- */

static void leave(void)
{
    end_server(SIGKILL);
    remove_folder();
}

int house_open(void **state)
{
    static const char *const settings[] = {"fsync = off", "log_min_messages = warning", NULL};
    static const char *const migrate[] = {"migrate", NULL};
    static const char *const keys[] = {"keys", "make", NULL};
    static const char *const add[] = {"user", "add", HOUSE_OPERATOR, "Operator", "operator", NULL};
    (void)state;
    atexit(leave);
    signal(SIGPIPE, SIG_IGN);
    snprintf(house.folder, sizeof(house.folder), "%s", RQ_BINARY_DIR "/api-XXXXXX");
    if (!mkdtemp(house.folder))
        return -1;
    house.cluster = cluster_start(settings);
    if (!house.cluster ||
        !cluster_create_database(house.cluster, "rongqiao", house.owner, sizeof(house.owner)))
        return -1;
    /* The same address, as the server's role. */
    const char *user = strstr(house.owner, "user=postgres");
    snprintf(house.app, sizeof(house.app), "%.*suser=rongqiao_app%s", (int)(user - house.owner), house.owner,
             user + strlen("user=postgres"));
    house_write_certificate("first");
    house_write_config("rongqiao.conf", "");
    if (house_run(keys, NULL, NULL, 0) != 0 || house_run(migrate, NULL, NULL, 0) != 0 ||
        house_run(add, HOUSE_PASSWORD "\n", NULL, 0) != 0) {
        house_print_log();
        return -1;
    }
    house_start_server();
    return 0;
}

int house_close(void **state)
{
    house_stop_server();
    owner_leave();
    cluster_free(house.cluster);
    house.cluster = NULL;
    remove_folder();
    return house_sweep(state);
}
