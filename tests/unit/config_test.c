#include <unistd.h>

#include "rongqiao/buffer.h"
#include "rongqiao/config.h"
#include "rongqiao/limits.h"
#include "test.h"

/* No variable of the one who runs the tests may decide. */
static int forget_environment(void **state)
{
    (void)state;
    return clearenv();
}

/* Loads `content` as a file; the reason of a failure names it "FILE". */
static rq_status load_bytes(const char *content, size_t length, rq_config *out_config, rq_error *error)
{
    char path[] = "/tmp/rongqiao-config-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, length), length);
    close(file);
    *error = (rq_error){.message = ""};
    rq_status status = rq_config_load(path, out_config, error);
    unlink(path);
    size_t path_length = strlen(path);
    if (status && strncmp(error->message, path, path_length) == 0) {
        memmove(error->message + 4, error->message + path_length, strlen(error->message + path_length) + 1);
        memcpy(error->message, "FILE", 4);
    }
    return status;
}

static rq_status load(const char *content, rq_config *out_config, rq_error *error)
{
    return load_bytes(content, strlen(content), out_config, error);
}

static rq_config loaded(const char *content)
{
    rq_config config;
    rq_error error;
    if (load(content, &config, &error))
        fail_msg("%s", error.message);
    return config;
}

static void assert_refused(const char *content, const char *reason)
{
    rq_config config;
    rq_error error;
    assert_int_equal(load(content, &config, &error), RQ_INVALID);
    assert_string_equal(error.message, reason);
}

/* Both texts are the caller's to free. */
static char *written_by_describe(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    rq_config_describe(out);
    fclose(out);
    return text;
}

static char *written_by_print(const rq_config *config)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    rq_config_print(config, out);
    fclose(out);
    return text;
}

static void without_file_and_environment_every_setting_has_its_default(void **state)
{
    (void)state;
    rq_config config;
    memset(&config, 0xff, sizeof config);
    assert_int_equal(rq_config_load(NULL, &config, NULL), RQ_OK);
#define SECTION(title)
#define TEXT(name, standard, doc) assert_string_equal(config.name, standard);
#define PATH(name, standard, doc) assert_string_equal(config.name, standard);
#define SECRET(name, standard, doc) assert_string_equal(config.name, standard);
#define CHOICE(type, name, standard, words, doc) assert_int_equal(config.name, standard);
#define INTEGER(type, name, standard, minimum, maximum, doc) assert_int_equal(config.name, standard);
#include "rongqiao/settings.def"
#undef SECTION
#undef TEXT
#undef PATH
#undef SECRET
#undef CHOICE
#undef INTEGER
}

static void the_defaults_that_operators_rely_on_stay(void **state)
{
    (void)state;
    rq_config config = loaded("");
    assert_string_equal(config.listen_address, "127.0.0.1");
    assert_int_equal(config.listen_port, 8443);
    assert_string_equal(config.admin_address, "127.0.0.1");
    assert_int_equal(config.admin_port, 9443);
    assert_int_equal(config.workers, 0);
    assert_string_equal(config.certificate_file, "");
    assert_string_equal(config.database, "dbname=rongqiao user=rongqiao_app");
    assert_string_equal(config.migrations_directory, "migrations");
    assert_int_equal(config.log_level, RQ_LOG_INFO);
    assert_int_equal(config.idle_ms, 60000);
    assert_int_equal(config.login_cost_log2, 15);
    assert_string_equal(config.port_file, "");
}

static void a_file_changes_what_it_names_and_nothing_else(void **state)
{
    (void)state;
    rq_config config = loaded("listen_port = 443\nlog_level = debug\nlane_wait_ms = 1500\n"
                              "certificate_file = /etc/rongqiao/server.pem\n");
    assert_int_equal(config.listen_port, 443);
    assert_int_equal(config.log_level, RQ_LOG_DEBUG);
    assert_int_equal(config.lane_wait_ms, 1500);
    assert_string_equal(config.certificate_file, "/etc/rongqiao/server.pem");
    assert_int_equal(config.admin_port, 9443);
}

static void comments_blank_lines_and_white_space_say_nothing(void **state)
{
    (void)state;
    rq_config config = loaded("# a comment\n\n   \t\n  # listen_port = 1\n\tworkers=3\r\n"
                              "  read_depth   =\t8  \r\nadmin_port = 0");
    assert_int_equal(config.listen_port, 8443);
    assert_int_equal(config.workers, 3);
    assert_int_equal(config.read_depth, 8);
    assert_int_equal(config.admin_port, 0);
}

static void a_value_is_the_rest_of_its_line(void **state)
{
    (void)state;
    rq_config config = loaded("database = host=/run/pg user=app password='a # b'\nport_file =\n");
    assert_string_equal(config.database, "host=/run/pg user=app password='a # b'");
    assert_string_equal(config.port_file, "");
}

static void the_environment_wins_over_the_file(void **state)
{
    (void)state;
    setenv("RONGQIAO_LISTEN_PORT", "10443", 1);
    setenv("RONGQIAO_PORT_FILE", "/run/rongqiao/ports", 1);
    setenv("RONGQIAO_LOG_LEVEL", "error", 1);
    rq_config config = loaded("listen_port = 443\nadmin_port = 444\n");
    assert_int_equal(config.listen_port, 10443);
    assert_int_equal(config.admin_port, 444);
    assert_string_equal(config.port_file, "/run/rongqiao/ports");
    assert_int_equal(config.log_level, RQ_LOG_ERROR);
}

static void the_environment_can_empty_a_text(void **state)
{
    (void)state;
    setenv("RONGQIAO_CERTIFICATE_FILE", "", 1);
    rq_config config = loaded("certificate_file = x.pem\n");
    assert_string_equal(config.certificate_file, "");
}

static void a_bad_variable_is_refused_by_its_name(void **state)
{
    (void)state;
    rq_config config;
    rq_error error = {0};
    setenv("RONGQIAO_WORKERS", "65", 1);
    assert_int_equal(rq_config_load(NULL, &config, &error), RQ_INVALID);
    assert_string_equal(error.message, "RONGQIAO_WORKERS: workers must be at most 64");
    setenv("RONGQIAO_WORKERS", "", 1);
    assert_int_equal(rq_config_load(NULL, &config, &error), RQ_INVALID);
    assert_string_equal(error.message, "RONGQIAO_WORKERS: workers must be a whole number");
}

static void variables_that_are_no_settings_are_left_to_others(void **state)
{
    (void)state;
    rq_config config;
    setenv("RONGQIAO_SERVICE_HOST", "10.0.0.1", 1);
    assert_int_equal(rq_config_load(NULL, &config, NULL), RQ_OK);
}

static void an_unknown_key_is_refused_with_file_and_line(void **state)
{
    (void)state;
    assert_refused("\n# x\nlisten_prot = 443\n", "FILE:3: there is no setting listen_prot");
    assert_refused("Listen_port = 443\n", "FILE:1: there is no setting Listen_port");
    assert_refused("listen = 443\n", "FILE:1: there is no setting listen");
    assert_refused(" = 443\n", "FILE:1: there is no setting ");
    assert_refused("Addresses = x\n", "FILE:1: there is no setting Addresses");
}

static void a_key_given_twice_is_refused_with_both_lines(void **state)
{
    (void)state;
    assert_refused("workers = 2\n\nread_depth = 4\nworkers = 2\n",
                   "FILE:4: workers was already set on line 1");
}

static void a_line_without_equals_sign_is_refused_and_not_quoted(void **state)
{
    (void)state;
    assert_refused("workers 2\n", "FILE:1: this is no \"key = value\" line");
    assert_refused("database = host=db\n  password:geheim\n", "FILE:2: this is no \"key = value\" line");
}

static void what_is_no_whole_number_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "-1", "+1", "1.5", "0x10", "2 000", "1e3", "two", "5s", "'5'"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[64];
        snprintf(line, sizeof line, "read_depth = %s\n", wrong[i]);
        assert_refused(line, "FILE:1: read_depth must be a whole number");
    }
}

static void numbers_too_big_for_any_type_are_refused(void **state)
{
    (void)state;
    assert_refused("listen_port = 65536\n", "FILE:1: listen_port must be at most 65535");
    assert_refused("listen_port = 18446744073709551617\n", "FILE:1: listen_port must be at most 65535");
    assert_refused("drain_ms = 99999999999999999999999999999999999999\n",
                   "FILE:1: drain_ms must be at most 600000");
}

static void leading_zeros_do_not_change_a_number(void **state)
{
    (void)state;
    assert_int_equal(loaded("workers = 000000000000000000000000007\n").workers, 7);
}

/* Loads a file of one number; false when it was refused. */
static bool takes(const char *key, int64_t number, rq_config *out_config)
{
    char line[128], reason[160];
    snprintf(line, sizeof line, "%s = %lld\n", key, (long long)number);
    rq_error error;
    if (load(line, out_config, &error) == RQ_OK)
        return true;
    snprintf(reason, sizeof reason, "FILE:1: %s must be ", key);
    assert_memory_equal(error.message, reason, strlen(reason));
    return false;
}

static void every_number_takes_its_bounds_and_nothing_past_them(void **state)
{
    (void)state;
    rq_config config;
#define SECTION(title)
#define TEXT(name, standard, doc)
#define PATH(name, standard, doc)
#define SECRET(name, standard, doc)
#define CHOICE(type, name, standard, words, doc)
#define INTEGER(type, name, standard, minimum, maximum, doc)                                                 \
    assert_true(takes(#name, minimum, &config) && config.name == minimum);                                   \
    assert_true(takes(#name, maximum, &config) && config.name == maximum);                                   \
    assert_false(takes(#name, (int64_t)(minimum)-1, &config));                                               \
    assert_false(takes(#name, (int64_t)(maximum) + 1, &config));
#include "rongqiao/settings.def"
#undef SECTION
#undef TEXT
#undef PATH
#undef SECRET
#undef CHOICE
#undef INTEGER
}

static void a_choice_is_one_of_its_words(void **state)
{
    (void)state;
    assert_int_equal(loaded("log_level = warning\n").log_level, RQ_LOG_WARNING);
    const char *reason = "FILE:1: log_level must be one of debug, info, warning, error";
    assert_refused("log_level = warn\n", reason);
    assert_refused("log_level = INFO\n", reason);
    assert_refused("log_level = 1\n", reason);
    assert_refused("log_level =\n", reason);
}

static void the_longest_text_is_taken_and_a_longer_one_refused(void **state)
{
    (void)state;
    char line[2048] = "key_file = ";
    size_t start = strlen(line);
    memset(line + start, 'k', RQ_CONFIG_TEXT);
    rq_config config = loaded(line);
    assert_string_equal(config.key_file, line + start);
    line[start + RQ_CONFIG_TEXT] = 'k';
    assert_refused(line, "FILE:1: key_file must be at most 1023 bytes");
}

static void control_characters_in_a_text_are_refused(void **state)
{
    (void)state;
    assert_refused("key_file = a\tb\n", "FILE:1: key_file must not have control characters");
    assert_refused("key_file = a\x1b[0m\n", "FILE:1: key_file must not have control characters");
    rq_config config;
    rq_error error;
    static const char with_nul[] = "key_file = a\0\nworkers = 1\n";
    assert_int_equal(load_bytes(with_nul, sizeof with_nul - 1, &config, &error), RQ_INVALID);
    assert_string_equal(error.message, "FILE:1: key_file must not have control characters");
}

static void a_text_may_be_chinese(void **state)
{
    (void)state;
    assert_string_equal(loaded("key_file = /etc/融桥/密钥.pem\n").key_file, "/etc/融桥/密钥.pem");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    rq_config config;
    rq_error error = {0};
    assert_int_equal(rq_config_load("/nowhere/rongqiao.conf", &config, &error), RQ_IO);
    assert_string_equal(error.message, "/nowhere/rongqiao.conf: No such file or directory");
    assert_int_equal(rq_config_load("/tmp", &config, &error), RQ_IO);
    assert_string_equal(error.message, "/tmp: Is a directory");
}

static void a_huge_file_is_refused(void **state)
{
    (void)state;
    enum { BYTES = 1 << 19 };
    char *content = malloc(BYTES);
    assert_non_null(content);
    memset(content, '\n', BYTES);
    rq_config config;
    rq_error error;
    assert_int_equal(load_bytes(content, BYTES, &config, &error), RQ_INVALID);
    assert_string_equal(error.message, "FILE: more than 262144 bytes");
    free(content);
}

static void a_long_path_does_not_push_the_reason_out(void **state)
{
    (void)state;
    char path[300] = "/tmp/";
    size_t length = strlen(path);
    for (; length < 240; length++)
        path[length] = length % 2 ? '/' : '.';
    memcpy(path + length, "rongqiao-XXXXXX", sizeof "rongqiao-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "workers = 65\n", 13), 13);
    close(file);
    rq_config config;
    rq_error error = {0};
    assert_int_equal(rq_config_load(path, &config, &error), RQ_INVALID);
    unlink(path);
    const char *tail = strstr(error.message, "rongqiao-");
    assert_non_null(tail);
    assert_string_equal(tail + strlen("rongqiao-XXXXXX"), ":1: workers must be at most 64");
}

static void no_reason_quotes_a_secret(void **state)
{
    (void)state;
    char content[4096] = "workers = 1\ndatabase = password=geheim";
    size_t start = strlen(content);
    memset(content + start, 'x', 1500);
    rq_config config;
    rq_error error;
    assert_int_equal(load(content, &config, &error), RQ_INVALID);
    assert_string_equal(error.message, "FILE:2: database must be at most 1023 bytes");
    assert_int_equal(load("database = geheim\x01\n", &config, &error), RQ_INVALID);
    assert_null(strstr(error.message, "geheim"));
    assert_int_equal(load("password = geheim\n", &config, &error), RQ_INVALID);
    assert_null(strstr(error.message, "geheim"));
}

static void printing_shows_every_setting_but_no_secret(void **state)
{
    (void)state;
    rq_config config = loaded("database = host=db password=geheim\nmigration_database =\nworkers = 4\n");
    char *text = written_by_print(&config);
    assert_null(strstr(text, "geheim"));
    assert_non_null(strstr(text, "\ndatabase = ********\n"));
    assert_non_null(strstr(text, "\nmigration_database =\n"));
    assert_non_null(strstr(text, "\nworkers = 4\n"));
    assert_non_null(strstr(text, "\nlog_level = info\n"));
    assert_non_null(strstr(text, "\nport_file =\n"));
    free(text);
}

static void what_is_printed_loads_to_the_same_settings(void **state)
{
    (void)state;
    rq_config config = loaded("listen_address = ::1\nlisten_port = 1\nworkers = 5\nlog_level = error\n"
                              "idle_ms = 3600000\nkey_file = k.pem\ndatabase =\nmigration_database =\n");
    char *text = written_by_print(&config);
    rq_config again = loaded(text);
    assert_memory_equal(&again, &config, sizeof config);
    free(text);
}

/* Lines "#key = value" become "key = value". */
static void uncomment(char *text)
{
    char *to = text;
    bool is_line_start = true;
    for (const char *from = text; *from; from++) {
        bool is_mark = is_line_start && from[0] == '#' && from[1] != ' ' && from[1] != '\n';
        is_line_start = *from == '\n';
        if (!is_mark)
            *to++ = *from;
    }
    *to = '\0';
}

static void the_description_loads_as_the_defaults_with_and_without_its_comment_marks(void **state)
{
    (void)state;
    rq_config standard = loaded("");
    char *text = written_by_describe();
    rq_config config = loaded(text);
    assert_memory_equal(&config, &standard, sizeof config);
    size_t before = strlen(text);
    uncomment(text);
    assert_true(strlen(text) < before);
    config = loaded(text);
    assert_memory_equal(&config, &standard, sizeof config);
    free(text);
}

static void the_description_has_bounds_variable_and_meaning(void **state)
{
    (void)state;
    char *text = written_by_describe();
    assert_non_null(strstr(text, "\n\n# Worker threads; 0 means one per core.\n"
                                 "# A whole number from 0 to 64. RONGQIAO_WORKERS\n#workers = 0\n"));
    assert_non_null(strstr(text, "# One of debug, info, warning, error. RONGQIAO_LOG_LEVEL\n"));
    assert_non_null(strstr(text, "# A path of at most 1023 bytes. RONGQIAO_KEY_FILE\n#key_file =\n"));
    assert_non_null(
        strstr(text, "# A secret text of at most 1023 bytes; never printed. RONGQIAO_DATABASE\n"));
    free(text);
}

static void the_example_file_is_the_description(void **state)
{
    (void)state;
    FILE *file = fopen(RQ_SOURCE_DIR "/deploy/rongqiao.conf", "r");
    assert_non_null(file);
    rq_buffer content;
    rq_buffer_init(&content, 1 << 20);
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        rq_buffer_append(&content, part, got);
    fclose(file);
    char *text = written_by_describe();
    assert_string_equal(rq_buffer_cstring(&content), text);
    free(text);
    rq_buffer_done(&content);
}

#define CLEAN(test) cmocka_unit_test_setup(test, forget_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(without_file_and_environment_every_setting_has_its_default),
        CLEAN(the_defaults_that_operators_rely_on_stay),
        CLEAN(a_file_changes_what_it_names_and_nothing_else),
        CLEAN(comments_blank_lines_and_white_space_say_nothing),
        CLEAN(a_value_is_the_rest_of_its_line),
        CLEAN(the_environment_wins_over_the_file),
        CLEAN(the_environment_can_empty_a_text),
        CLEAN(a_bad_variable_is_refused_by_its_name),
        CLEAN(variables_that_are_no_settings_are_left_to_others),
        CLEAN(an_unknown_key_is_refused_with_file_and_line),
        CLEAN(a_key_given_twice_is_refused_with_both_lines),
        CLEAN(a_line_without_equals_sign_is_refused_and_not_quoted),
        CLEAN(what_is_no_whole_number_is_refused),
        CLEAN(numbers_too_big_for_any_type_are_refused),
        CLEAN(leading_zeros_do_not_change_a_number),
        CLEAN(every_number_takes_its_bounds_and_nothing_past_them),
        CLEAN(a_choice_is_one_of_its_words),
        CLEAN(the_longest_text_is_taken_and_a_longer_one_refused),
        CLEAN(control_characters_in_a_text_are_refused),
        CLEAN(a_text_may_be_chinese),
        CLEAN(a_file_that_cannot_be_read_is_named),
        CLEAN(a_huge_file_is_refused),
        CLEAN(a_long_path_does_not_push_the_reason_out),
        CLEAN(no_reason_quotes_a_secret),
        CLEAN(printing_shows_every_setting_but_no_secret),
        CLEAN(what_is_printed_loads_to_the_same_settings),
        CLEAN(the_description_loads_as_the_defaults_with_and_without_its_comment_marks),
        CLEAN(the_description_has_bounds_variable_and_meaning),
        CLEAN(the_example_file_is_the_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
