#include "conninfo.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/digest.h"
#include "rongqiao/limits.h"
#include "rongqiao/log.h"

/* Used where the given conninfo says nothing. */
static const struct {
    const char *keyword, *value;
} defaults[] = {
    {"application_name", "rongqiao"}, {"tcp_user_timeout", "5000"}, {"keepalives", "1"},
    {"keepalives_idle", "30"},        {"keepalives_interval", "5"}, {"keepalives_count", "3"},
    {"gssencmode", "disable"}, /* looking for Kerberos tickets blocks */
};
enum { DEFAULTS = sizeof(defaults) / sizeof(defaults[0]), OPTIONS_BYTES = 512 };

static const char *given(const PQconninfoOption *parsed, const char *keyword)
{
    for (const PQconninfoOption *option = parsed; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0) {
            return option->val;
        }
    }
    return NULL;
}

static bool is_numeric(const char *host, size_t length)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    if (length >= sizeof(text)) {
        return false;
    }
    memcpy(text, host, length);
    text[length] = '\0';
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* Counts the hosts; one that has to be looked up gets a warning, since the look-up blocks a worker. */
static int64_t count_hosts(const PQconninfoOption *parsed)
{
    const char *addresses = given(parsed, "hostaddr");
    const char *hosts = addresses != NULL && *addresses != '\0' ? addresses : given(parsed, "host");
    int64_t count = 1;
    bool blocks = false;
    while (hosts != NULL && *hosts != '\0') {
        size_t length = strcspn(hosts, ",");
        blocks = blocks || (length > 0 && *hosts != '/' && *hosts != '@' && !is_numeric(hosts, length));
        hosts += length;
        if (*hosts == ',') {
            hosts++;
            count++;
        }
    }
    if (blocks) {
        RQ_LOG(RQ_LOG_WARNING, "database_host_is_a_name",
               RQ_LOG_TEXT("advice", "connecting waits for its look-up: give hostaddr"));
    }
    return count;
}

/* Seconds as libpq reads connect_timeout; anything odd falls back to the default. */
static int64_t connect_ms(const PQconninfoOption *parsed)
{
    const char *text = given(parsed, "connect_timeout");
    long seconds = text == NULL ? 0 : strtol(text, NULL, 10);
    return (seconds >= 1 && seconds <= 600 ? seconds * 1000 : RQ_LIMIT_DB_CONNECT_MS) * count_hosts(parsed);
}

/* Settings travel in the start-up packet, so that a new connection costs no further round trip. Compiling a
 * plan takes longer than running any of ours. */
static rq_status make_options(db_conninfo *conninfo, int64_t statement_timeout_ms, bool plans_anew,
                              rq_error *error)
{
    const char *before = given(conninfo->parsed, "options");
    before = before == NULL ? "" : before;
    size_t size = strlen(before) + OPTIONS_BYTES;
    conninfo->options = malloc(size);
    if (conninfo->options == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for a conninfo");
    }
    int used = snprintf(conninfo->options, size, "%s -c timezone=UTC -c jit=off%s", before,
                        plans_anew ? " -c plan_cache_mode=force_custom_plan" : "");
    if (statement_timeout_ms >= 0) {
        (void)snprintf(conninfo->options + used, size - (size_t)used,
                       " -c statement_timeout=%lld -c lock_timeout=%d"
                       " -c idle_in_transaction_session_timeout=%d",
                       (long long)statement_timeout_ms, RQ_LIMIT_DB_LOCK_MS, RQ_LIMIT_DB_IDLE_TRANSACTION_MS);
    }
    return RQ_OK;
}

static void add(db_conninfo *conninfo, size_t *count, const char *keyword, const char *value)
{
    conninfo->keywords[*count] = keyword;
    conninfo->values[*count] = value;
    (*count)++;
}

rq_status db_conninfo_init(db_conninfo *conninfo, const char *text, int64_t statement_timeout_ms,
                           bool plans_anew, rq_error *error)
{
    memset(conninfo, 0, sizeof(*conninfo));
    char *why = NULL;
    conninfo->parsed = PQconninfoParse(text, &why);
    if (conninfo->parsed == NULL) {
        rq_status status = rq_fail(error, RQ_INVALID, "conninfo: %s", why == NULL ? "no memory" : why);
        PQfreemem(why);
        return status;
    }
    rq_status status = make_options(conninfo, statement_timeout_ms, plans_anew, error);
    if (status != RQ_OK) {
        db_conninfo_done(conninfo);
        return status;
    }

    size_t options = 0;
    while (conninfo->parsed[options].keyword != NULL) {
        options++;
    }
    size_t room = options + DEFAULTS + 3;
    conninfo->keywords = calloc(room, sizeof(char *));
    conninfo->values = calloc(room, sizeof(char *));
    if (conninfo->keywords == NULL || conninfo->values == NULL) {
        db_conninfo_done(conninfo);
        return rq_fail(error, RQ_NOMEM, "no memory for a conninfo");
    }
    size_t count = 0;
    for (size_t i = 0; i < options; i++) {
        const PQconninfoOption *option = &conninfo->parsed[i];
        if (option->val != NULL && strcmp(option->keyword, "options") != 0) {
            add(conninfo, &count, option->keyword, option->val);
        }
    }
    for (size_t i = 0; i < DEFAULTS; i++) {
        if (given(conninfo->parsed, defaults[i].keyword) == NULL) {
            add(conninfo, &count, defaults[i].keyword, defaults[i].value);
        }
    }
    if (given(conninfo->parsed, "client_encoding") == NULL) {
        add(conninfo, &count, "client_encoding", "UTF8");
    }
    add(conninfo, &count, "options", conninfo->options);
    conninfo->connect_ms = connect_ms(conninfo->parsed);
    return RQ_OK;
}

void db_conninfo_done(db_conninfo *conninfo)
{
    PQconninfoFree(conninfo->parsed);
    free(conninfo->keywords);
    free(conninfo->values);
    free(conninfo->options);
    memset(conninfo, 0, sizeof(*conninfo));
}

int64_t db_jitter_ms(int64_t bound_ms)
{
    uint64_t number = 0;
    if (bound_ms <= 0) {
        return 0;
    }
    if (rq_random(&number, sizeof(number), NULL) != RQ_OK) {
        number = (uint64_t)rq_monotonic_us(); /* only spreads load: a poor number will do */
    }
    return (int64_t)(number % (uint64_t)bound_ms);
}

int64_t db_backoff_ms(unsigned failures)
{
    int64_t bound = RQ_LIMIT_DB_BACKOFF_FIRST_MS;
    for (unsigned i = 0; i < failures && bound < RQ_LIMIT_DB_BACKOFF_MAX_MS; i++) {
        bound *= 2;
    }
    if (bound > RQ_LIMIT_DB_BACKOFF_MAX_MS) {
        bound = RQ_LIMIT_DB_BACKOFF_MAX_MS;
    }
    return 1 + db_jitter_ms(bound);
}

void db_reason(const PGconn *pg, char out_reason[DB_REASON_BYTES])
{
    const char *message = pg == NULL ? "no memory for a connection" : PQerrorMessage(pg);
    size_t length = 0;
    for (; message[length] != '\0' && length < DB_REASON_BYTES - 1; length++) {
        out_reason[length] = message[length];
        if (message[length] == '\n' || message[length] == '\t') {
            out_reason[length] = ' ';
        }
    }
    while (length > 0 && out_reason[length - 1] == ' ') {
        length--;
    }
    out_reason[length] = '\0';
}

void db_log_notice(const PGresult *notice)
{
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *code = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    bool warns = severity != NULL && strcmp(severity, "WARNING") == 0;
    RQ_LOG(warns ? RQ_LOG_WARNING : RQ_LOG_DEBUG, "database_notice", RQ_LOG_TEXT("sqlstate", code),
           RQ_LOG_TEXT("message", message == NULL ? PQresultErrorMessage(notice) : message));
}
