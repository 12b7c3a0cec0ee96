/* The rule of the house: imports run one way only (server/README.md). Reads every #include of the
 * sources and fails when a layer takes what is not below it. */
#include <ftw.h>

#include "test.h"

typedef enum layer { BASE, MATCH, CREDIT, NET, DB, API, JOBS, MAIN, LAYERS, UNKNOWN = LAYERS } layer;

static const char *const layer_names[LAYERS] = {"base", "match", "credit", "net",
                                                "db",   "api",   "jobs",   "main"};

#define MAY(layer) (1u << (layer))

/* What each layer may include besides itself. Peers never include each other. */
static const unsigned may_include[LAYERS] = {
    [BASE] = 0,
    [MATCH] = MAY(BASE),
    [CREDIT] = MAY(BASE),
    [NET] = MAY(BASE),
    [DB] = MAY(BASE),
    [API] = MAY(BASE) | MAY(MATCH) | MAY(CREDIT) | MAY(NET) | MAY(DB),
    [JOBS] = MAY(BASE) | MAY(MATCH) | MAY(CREDIT) | MAY(NET) | MAY(DB),
    [MAIN] = MAY(BASE) | MAY(MATCH) | MAY(CREDIT) | MAY(NET) | MAY(DB) | MAY(API) | MAY(JOBS),
};

/* Which layer each file of include/rongqiao belongs to. */
static const struct {
    const char *name;
    layer layer;
} headers[] = {
    {"audit.h", BASE},  {"keyring.h", BASE},    {"signing.h", BASE},     {"arena.h", BASE},
    {"banned.h", BASE}, {"buffer.h", BASE},     {"clock.h", BASE},       {"config.h", BASE},
    {"digest.h", BASE}, {"ids.h", BASE},        {"limits.h", BASE},      {"log.h", BASE},
    {"status.h", BASE}, {"settings.def", BASE}, {"vocabulary.h", BASE},  {"vocabulary.def", BASE},
    {"match.h", MATCH}, {"demand.h", MATCH},    {"facts.def", MATCH},    {"round.h", MATCH},
    {"http.h", NET},    {"files.h", NET},       {"net.h", NET},          {"db.h", DB},
    {"api.h", API},     {"jobs.h", JOBS},       {"json_memory.h", BASE}, {"throttle.h", BASE},
    {"totp.h", BASE},   {"proxies.h", BASE},
};

/* Libraries that a layer's idea rules out: match and credit are pure, net knows no SQL, base waits for
 * nothing. */
static const struct {
    const char *prefix;
    unsigned forbidden_in;
} libraries[] = {
    {"event2/", MAY(BASE) | MAY(MATCH) | MAY(CREDIT)},
    {"libpq", MAY(BASE) | MAY(MATCH) | MAY(CREDIT) | MAY(NET)},
    {"openssl/", MAY(MATCH) | MAY(CREDIT)},
    {"sys/socket.h", MAY(BASE) | MAY(MATCH) | MAY(CREDIT)},
    {"time.h", MAY(MATCH) | MAY(CREDIT)},
};

static layer layer_of_header(const char *name)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (strcmp(headers[i].name, name) == 0)
            return headers[i].layer;
    return UNKNOWN;
}

/* The layer of a file by its path from the root: its folder below server, or its row above. */
static layer layer_of_file(const char *path)
{
    static const char public_folder[] = "include/rongqiao/", server_folder[] = "server/";
    if (strncmp(path, public_folder, sizeof public_folder - 1) == 0)
        return layer_of_header(path + sizeof public_folder - 1);
    if (strncmp(path, server_folder, sizeof server_folder - 1) != 0)
        return UNKNOWN;
    path += sizeof server_folder - 1;
    const char *slash = strchr(path, '/');
    if (!slash)
        return MAIN;
    for (int i = BASE; i < MAIN; i++)
        if (strlen(layer_names[i]) == (size_t)(slash - path) &&
            strncmp(layer_names[i], path, (size_t)(slash - path)) == 0)
            return (layer)i;
    return UNKNOWN;
}

/* What is wrong with `from` including `target` (quoted or in angle brackets), or null. */
static const char *fault_of_include(layer from, const char *target, bool is_quoted)
{
    static const char own[] = "rongqiao/";
    layer to = from;
    if (strncmp(target, own, sizeof own - 1) == 0) {
        to = layer_of_header(target + sizeof own - 1);
    } else if (is_quoted) {
        /* A header beside its source; one of another folder has that folder in its path. */
        const char *path = strncmp(target, "../", 3) == 0 ? target + 3 : target;
        char full[256];
        snprintf(full, sizeof full, "server/%s", path);
        if (strchr(path, '/'))
            to = layer_of_file(full);
        else if (path != target)
            to = MAIN;
    } else {
        for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
            if (strncmp(target, libraries[i].prefix, strlen(libraries[i].prefix)) == 0 &&
                libraries[i].forbidden_in & MAY(from))
                return "a library that this layer does without";
    }
    if (to == UNKNOWN)
        return "a header of no known layer (list it in tests/unit/layers_test.c)";
    if (to != from && !(may_include[from] & MAY(to)))
        return "a layer that is not below";
    return NULL;
}

/* Takes the target of an #include line; false for any other line. */
static bool read_include(const char *line, char *out_target, size_t size, bool *out_is_quoted)
{
    line += strspn(line, " \t");
    if (*line++ != '#')
        return false;
    line += strspn(line, " \t");
    if (strncmp(line, "include", 7) != 0)
        return false;
    line += 7 + strspn(line + 7, " \t");
    *out_is_quoted = *line == '"';
    if (*line != '"' && *line != '<')
        return false;
    size_t length = strcspn(line + 1, *out_is_quoted ? "\"" : ">");
    assert_true(length < size);
    memcpy(out_target, line + 1, length);
    out_target[length] = '\0';
    return true;
}

/* nftw() has no place for an argument. */
static struct {
    unsigned files, includes, faults;
} found;

static void check_file(const char *path, const char *name)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return; /* removed meanwhile */
    layer from = layer_of_file(name);
    if (from == UNKNOWN) {
        print_error("%s belongs to no layer (list it in tests/unit/layers_test.c)\n", name);
        found.faults++;
    }
    char line[1024], target[256];
    bool is_quoted = false;
    found.files++;
    for (unsigned number = 1; from != UNKNOWN && fgets(line, sizeof line, file); number++) {
        if (!read_include(line, target, sizeof target, &is_quoted))
            continue;
        found.includes++;
        const char *fault = fault_of_include(from, target, is_quoted);
        if (fault) {
            print_error("%s:%u: %s includes %s: %s\n", name, number, layer_names[from], target, fault);
            found.faults++;
        }
    }
    fclose(file);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)where;
    size_t length = strlen(path);
    const char *name = path + strlen(RQ_SOURCE_DIR "/");
    /* The portal and the SQL files have no C. */
    bool is_c = length > 2 && (strcmp(path + length - 2, ".c") == 0 || strcmp(path + length - 2, ".h") == 0);
    bool is_public = strncmp(name, "include/", 8) == 0;
    if (type == FTW_F && (is_c || is_public) && strncmp(name, "server/portal/", 14) != 0)
        check_file(path, name);
    return 0;
}

static void no_layer_includes_what_it_may_not(void **state)
{
    (void)state;
    enum { OPEN_FOLDERS = 16 };
    memset(&found, 0, sizeof found);
    assert_int_equal(nftw(RQ_SOURCE_DIR "/include/rongqiao", visit, OPEN_FOLDERS, FTW_PHYS), 0);
    unsigned public_files = found.files;
    assert_int_equal(nftw(RQ_SOURCE_DIR "/server", visit, OPEN_FOLDERS, FTW_PHYS), 0);
    /* Had it looked in the wrong place, it would have found nothing and been content. */
    assert_in_range(public_files, 16, 1000);
    assert_in_range(found.files - public_files, 10, 10000);
    assert_in_range(found.includes, 60, 100000);
    assert_int_equal(found.faults, 0);
}

static void every_listed_header_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/include/rongqiao/%s", RQ_SOURCE_DIR, headers[i].name);
        FILE *file = fopen(path, "r");
        if (!file)
            fail_msg("%s is listed and missing", path);
        fclose(file);
    }
}

static void a_layer_may_include_itself_and_what_is_below(void **state)
{
    (void)state;
    assert_null(fault_of_include(NET, "rongqiao/http.h", true));
    assert_null(fault_of_include(NET, "rongqiao/arena.h", true));
    assert_null(fault_of_include(NET, "tls_internal.h", true));
    assert_null(fault_of_include(NET, "net/tls_internal.h", true));
    assert_null(fault_of_include(NET, "event2/event.h", false));
    assert_null(fault_of_include(API, "rongqiao/db.h", true));
    assert_null(fault_of_include(JOBS, "rongqiao/match.h", true));
    assert_null(fault_of_include(MAIN, "api/router.h", true));
    assert_null(fault_of_include(BASE, "stdio.h", false));
}

static void peers_may_not_include_each_other(void **state)
{
    (void)state;
    assert_non_null(fault_of_include(MATCH, "rongqiao/db.h", true));
    assert_non_null(fault_of_include(NET, "rongqiao/db.h", true));
    assert_non_null(fault_of_include(DB, "rongqiao/http.h", true));
    assert_non_null(fault_of_include(CREDIT, "rongqiao/match.h", true));
    assert_non_null(fault_of_include(DB, "net/tls_internal.h", true));
    assert_non_null(fault_of_include(DB, "../net/tls_internal.h", true));
    assert_non_null(fault_of_include(API, "../jobs/outbox.h", true));
}

static void a_layer_may_not_include_what_is_above(void **state)
{
    (void)state;
    assert_non_null(fault_of_include(BASE, "rongqiao/match.h", true));
    assert_non_null(fault_of_include(BASE, "../db/lane.h", true));
    assert_non_null(fault_of_include(DB, "api/router.h", true));
    assert_non_null(fault_of_include(API, "../main.h", true));
    assert_non_null(fault_of_include(BASE, "rongqiao/net.h", false));
}

static void pure_layers_may_not_include_what_waits(void **state)
{
    (void)state;
    assert_non_null(fault_of_include(MATCH, "event2/event.h", false));
    assert_non_null(fault_of_include(MATCH, "libpq-fe.h", false));
    assert_non_null(fault_of_include(NET, "libpq-fe.h", false));
    assert_non_null(fault_of_include(CREDIT, "time.h", false));
}

static void an_unlisted_header_is_a_fault(void **state)
{
    (void)state;
    assert_non_null(fault_of_include(API, "rongqiao/new.h", true));
    assert_int_equal(layer_of_file("include/rongqiao/new.h"), UNKNOWN);
    assert_int_equal(layer_of_file("server/new/new.c"), UNKNOWN);
    assert_int_equal(layer_of_file("server/main.c"), MAIN);
    assert_int_equal(layer_of_file("server/db/lane.c"), DB);
}

static void includes_are_read_in_every_way_they_are_written(void **state)
{
    (void)state;
    char target[64];
    bool is_quoted = false;
    assert_true(read_include("#include \"rongqiao/db.h\"\n", target, sizeof target, &is_quoted));
    assert_string_equal(target, "rongqiao/db.h");
    assert_true(is_quoted);
    assert_true(read_include("  #  include\t<libpq-fe.h> /* why */\n", target, sizeof target, &is_quoted));
    assert_string_equal(target, "libpq-fe.h");
    assert_false(is_quoted);
    assert_false(read_include("/* #include \"rongqiao/db.h\" */\n", target, sizeof target, &is_quoted));
    assert_false(read_include("#define X\n", target, sizeof target, &is_quoted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_layer_includes_what_it_may_not),
        cmocka_unit_test(every_listed_header_is_there),
        cmocka_unit_test(a_layer_may_include_itself_and_what_is_below),
        cmocka_unit_test(peers_may_not_include_each_other),
        cmocka_unit_test(a_layer_may_not_include_what_is_above),
        cmocka_unit_test(pure_layers_may_not_include_what_waits),
        cmocka_unit_test(an_unlisted_header_is_a_fault),
        cmocka_unit_test(includes_are_read_in_every_way_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
