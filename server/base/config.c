#include "rongqiao/config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/buffer.h"
#include "rongqiao/limits.h"

/* A configuration file is read whole; this is many times a sensible one. */
enum { CONFIG_FILE_BYTES = 1 << 18 };

typedef enum setting_type {
    SETTING_SECTION,
    SETTING_TEXT,
    SETTING_PATH,
    SETTING_SECRET,
    SETTING_CHOICE,
    SETTING_INTEGER
} setting_type;

/* One row of settings.def. A section is a row too, with its title as key. */
typedef struct setting_row {
    setting_type type;
    const char *key;
    size_t offset, size; /* of the member of rq_config */
    const char *text;    /* default of a text, path or secret */
    int64_t number;      /* default of an integer or choice */
    int64_t minimum, maximum;
    const char *const *words; /* of a choice; `maximum` is the place of the last */
    const char *doc;
} setting_row;

static const char *const log_levels[] = {
    [RQ_LOG_DEBUG] = "debug",
    [RQ_LOG_INFO] = "info",
    [RQ_LOG_WARNING] = "warning",
    [RQ_LOG_ERROR] = "error",
};

#define MEMBER(name) .key = #name, .offset = offsetof(rq_config, name), .size = sizeof((rq_config *)0)->name
#define SECTION(title) {.type = SETTING_SECTION, .key = title},
#define TEXT(name, standard, about) {.type = SETTING_TEXT, MEMBER(name), .text = standard, .doc = about},
#define PATH(name, standard, about) {.type = SETTING_PATH, MEMBER(name), .text = standard, .doc = about},
#define SECRET(name, standard, about) {.type = SETTING_SECRET, MEMBER(name), .text = standard, .doc = about},
#define CHOICE(c_type, name, standard, choices, about)                                                       \
    {.type = SETTING_CHOICE,                                                                                 \
     MEMBER(name),                                                                                           \
     .number = standard,                                                                                     \
     .maximum = sizeof choices / sizeof choices[0] - 1,                                                      \
     .words = choices,                                                                                       \
     .doc = about},
#define INTEGER(c_type, name, standard, least, most, about)                                                  \
    {.type = SETTING_INTEGER,                                                                                \
     MEMBER(name),                                                                                           \
     .number = standard,                                                                                     \
     .minimum = least,                                                                                       \
     .maximum = most,                                                                                        \
     .doc = about},
static const setting_row settings[] = {
#include "rongqiao/settings.def"
};
#undef SECTION
#undef TEXT
#undef PATH
#undef SECRET
#undef CHOICE
#undef INTEGER

enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* Defaults keep their own bounds, and numbers fit their members. */
#define SECTION(title)
#define TEXT(name, standard, doc) static_assert(sizeof standard <= RQ_CONFIG_TEXT + 1, #name);
#define PATH(name, standard, doc) static_assert(sizeof standard <= RQ_CONFIG_TEXT + 1, #name);
#define SECRET(name, standard, doc) static_assert(sizeof standard <= RQ_CONFIG_TEXT + 1, #name);
#define CHOICE(type, name, standard, words, doc)                                                             \
    static_assert(sizeof(type) == sizeof(int) && standard < sizeof words / sizeof words[0], #name);
#define INTEGER(type, name, standard, least, most, doc)                                                      \
    static_assert(0 <= least && least <= standard && standard <= most && (type)most == most, #name);
#include "rongqiao/settings.def"
#undef SECTION
#undef TEXT
#undef PATH
#undef SECRET
#undef CHOICE
#undef INTEGER

/* Where a value comes from, for the reason of a failure. */
typedef struct value_origin {
    char text[128]; /* "conf/x.conf:12" or "RONGQIAO_LISTEN_PORT" */
} value_origin;

typedef struct span {
    const char *data;
    size_t length;
} span;

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static span trimmed(span text)
{
    while (text.length && is_space(text.data[0]))
        text = (span){text.data + 1, text.length - 1};
    while (text.length && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

static void store_number(rq_config *config, const setting_row *setting, int64_t number)
{
    void *member = (char *)config + setting->offset;
    switch (setting->size) {
    case sizeof(uint16_t):
        *(uint16_t *)member = (uint16_t)number;
        break;
    case sizeof(uint32_t):
        *(uint32_t *)member = (uint32_t)number;
        break;
    default:
        assert(setting->size == sizeof(int64_t));
        *(int64_t *)member = number;
    }
}

static int64_t stored_number(const rq_config *config, const setting_row *setting)
{
    const void *member = (const char *)config + setting->offset;
    switch (setting->size) {
    case sizeof(uint16_t):
        return *(const uint16_t *)member;
    case sizeof(uint32_t):
        return *(const uint32_t *)member;
    default:
        assert(setting->size == sizeof(int64_t));
        return *(const int64_t *)member;
    }
}

static void store_text(rq_config *config, const setting_row *setting, span text)
{
    assert(text.length < setting->size);
    char *member = (char *)config + setting->offset;
    memset(member, 0, setting->size);
    memcpy(member, text.data, text.length);
}

static void store_default(rq_config *config, const setting_row *setting)
{
    if (setting->text)
        store_text(config, setting, (span){setting->text, strlen(setting->text)});
    else
        store_number(config, setting, setting->number);
}

static rq_status take_integer(rq_config *config, const setting_row *setting, span value,
                              const value_origin *origin, rq_error *error)
{
    int64_t number = 0;
    bool is_number = value.length > 0;
    for (size_t i = 0; i < value.length && is_number; i++) {
        is_number = value.data[i] >= '0' && value.data[i] <= '9';
        /* Stops growing once it is out of every bound. */
        if (number <= setting->maximum)
            number = number * 10 + (value.data[i] - '0');
    }
    if (!is_number)
        return rq_fail(error, RQ_INVALID, "%s: %s must be a whole number", origin->text, setting->key);
    if (number < setting->minimum)
        return rq_fail(error, RQ_INVALID, "%s: %s must be at least %" PRId64, origin->text, setting->key,
                       setting->minimum);
    if (number > setting->maximum)
        return rq_fail(error, RQ_INVALID, "%s: %s must be at most %" PRId64, origin->text, setting->key,
                       setting->maximum);
    store_number(config, setting, number);
    return RQ_OK;
}

/* "debug, info, warning, error" */
static void list_words(const setting_row *setting, rq_buffer *out)
{
    for (int64_t i = 0; i <= setting->maximum; i++)
        rq_buffer_printf(out, "%s%s", i ? ", " : "", setting->words[i]);
}

static rq_status take_choice(rq_config *config, const setting_row *setting, span value,
                             const value_origin *origin, rq_error *error)
{
    for (int64_t i = 0; i <= setting->maximum; i++)
        if (strlen(setting->words[i]) == value.length &&
            memcmp(setting->words[i], value.data, value.length) == 0) {
            store_number(config, setting, i);
            return RQ_OK;
        }
    rq_buffer words;
    rq_buffer_init(&words, 128);
    list_words(setting, &words);
    const char *list = rq_buffer_cstring(&words);
    (void)rq_fail(error, RQ_INVALID, "%s: %s must be one of %s", origin->text, setting->key,
                  list ? list : "its words");
    rq_buffer_done(&words);
    return RQ_INVALID;
}

static rq_status take_text(rq_config *config, const setting_row *setting, span value,
                           const value_origin *origin, rq_error *error)
{
    if (value.length > RQ_CONFIG_TEXT)
        return rq_fail(error, RQ_INVALID, "%s: %s must be at most %d bytes", origin->text, setting->key,
                       RQ_CONFIG_TEXT);
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f)
            return rq_fail(error, RQ_INVALID, "%s: %s must not have control characters", origin->text,
                           setting->key);
    store_text(config, setting, value);
    return RQ_OK;
}

static rq_status take(rq_config *config, const setting_row *setting, span value, const value_origin *origin,
                      rq_error *error)
{
    switch (setting->type) {
    case SETTING_INTEGER:
        return take_integer(config, setting, value, origin, error);
    case SETTING_CHOICE:
        return take_choice(config, setting, value, origin, error);
    default:
        return take_text(config, setting, value, origin, error);
    }
}

static const setting_row *find(span key)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].type != SETTING_SECTION && strlen(settings[i].key) == key.length &&
            memcmp(settings[i].key, key.data, key.length) == 0)
            return &settings[i];
    return NULL;
}

/* The end of a long path says more than its start. */
static value_origin origin_in_file(const char *path, unsigned line)
{
    size_t length = strlen(path);
    bool is_long = length > 100;
    value_origin at;
    snprintf(at.text, sizeof at.text, "%s%s:%u", is_long ? "..." : "", is_long ? path + length - 100 : path,
             line);
    return at;
}

/* `set_on` has, for each setting, the line that gave it, or 0. */
static rq_status take_line(rq_config *config, span line, const char *path, unsigned number,
                           unsigned set_on[SETTINGS], rq_error *error)
{
    line = trimmed(line);
    if (!line.length || line.data[0] == '#')
        return RQ_OK;
    value_origin at = origin_in_file(path, number);
    const char *equals = memchr(line.data, '=', line.length);
    if (!equals) /* the line is not quoted: it may be a part of a secret */
        return rq_fail(error, RQ_INVALID, "%s: this is no \"key = value\" line", at.text);
    span key = trimmed((span){line.data, (size_t)(equals - line.data)});
    span value = trimmed((span){equals + 1, line.length - (size_t)(equals - line.data) - 1});
    const setting_row *setting = find(key);
    if (!setting)
        return rq_fail(error, RQ_INVALID, "%s: there is no setting %.*s", at.text,
                       key.length < 64 ? (int)key.length : 64, key.data);
    unsigned *first = &set_on[setting - settings];
    if (*first)
        return rq_fail(error, RQ_INVALID, "%s: %s was already set on line %u", at.text, setting->key, *first);
    *first = number;
    return take(config, setting, value, &at, error);
}

static rq_status take_lines(rq_config *config, span rest, const char *path, rq_error *error)
{
    unsigned set_on[SETTINGS] = {0};
    rq_status status = RQ_OK;
    for (unsigned number = 1; !status && rest.length; number++) {
        const char *end = memchr(rest.data, '\n', rest.length);
        size_t length = end ? (size_t)(end - rest.data) : rest.length;
        status = take_line(config, (span){rest.data, length}, path, number, set_on, error);
        length += end != NULL;
        rest = (span){rest.data + length, rest.length - length};
    }
    return status;
}

static rq_status take_file(rq_config *config, const char *path, rq_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return rq_fail(error, RQ_IO, "%s: %s", path, strerror(errno));
    rq_buffer content;
    rq_buffer_init(&content, CONFIG_FILE_BYTES);
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        rq_buffer_append(&content, part, got);
    rq_status status;
    if (ferror(file))
        status = rq_fail(error, RQ_IO, "%s: %s", path, strerror(errno));
    else if (content.failed)
        status = rq_fail(error, RQ_INVALID, "%s: more than %d bytes", path, CONFIG_FILE_BYTES);
    else
        status = take_lines(config, (span){content.data, content.length}, path, error);
    fclose(file);
    rq_buffer_done(&content);
    return status;
}

static value_origin variable_of(const setting_row *setting)
{
    value_origin name = {"RONGQIAO_"};
    size_t length = strlen(name.text);
    for (const char *c = setting->key; *c && length < sizeof name.text - 1; c++)
        name.text[length++] = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    return name;
}

rq_status rq_config_load(const char *path, rq_config *out_config, rq_error *error)
{
    memset(out_config, 0, sizeof *out_config);
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].type != SETTING_SECTION)
            store_default(out_config, &settings[i]);
    rq_status status = path ? take_file(out_config, path, error) : RQ_OK;
    for (size_t i = 0; i < SETTINGS && !status; i++) {
        if (settings[i].type == SETTING_SECTION)
            continue;
        value_origin variable = variable_of(&settings[i]);
        const char *value = getenv(variable.text);
        if (value)
            status = take(out_config, &settings[i], (span){value, strlen(value)}, &variable, error);
    }
    return status;
}

/* What may stand after the equals sign. */
static void describe_type(const setting_row *setting, FILE *out)
{
    switch (setting->type) {
    case SETTING_INTEGER:
        fprintf(out, "A whole number from %" PRId64 " to %" PRId64 ".", setting->minimum, setting->maximum);
        break;
    case SETTING_CHOICE:
        fputs("One of", out);
        for (int64_t i = 0; i <= setting->maximum; i++)
            fprintf(out, "%s %s", i ? "," : "", setting->words[i]);
        fputc('.', out);
        break;
    case SETTING_SECRET:
        fprintf(out, "A secret text of at most %d bytes; never printed.", RQ_CONFIG_TEXT);
        break;
    default:
        fprintf(out, "A %s of at most %d bytes.", setting->type == SETTING_PATH ? "path" : "text",
                RQ_CONFIG_TEXT);
    }
}

/* "key = value", without a blank at the end when the value is empty. */
static void print_line(const rq_config *config, const setting_row *setting, FILE *out)
{
    fprintf(out, "%s =", setting->key);
    const char *text = (const char *)config + setting->offset;
    if (setting->type == SETTING_INTEGER)
        fprintf(out, " %" PRId64, stored_number(config, setting));
    else if (setting->type == SETTING_CHOICE)
        fprintf(out, " %s", setting->words[stored_number(config, setting)]);
    else if (*text)
        fprintf(out, " %s", text);
    fputc('\n', out);
}

void rq_config_describe(FILE *out)
{
    rq_config standard;
    memset(&standard, 0, sizeof standard);
    fputs("# Settings of Rongqiao: every one, with its default. A setting is changed by a line \"key = "
          "value\"\n"
          "# here, or by the environment variable named with it, which wins. Lines that start with # say\n"
          "# nothing; values have no quotes and no escapes.\n",
          out);
    for (size_t i = 0; i < SETTINGS; i++) {
        const setting_row *setting = &settings[i];
        if (setting->type == SETTING_SECTION) {
            fprintf(out, "\n## %s\n", setting->key);
            continue;
        }
        store_default(&standard, setting);
        fprintf(out, "\n# %s\n# ", setting->doc);
        describe_type(setting, out);
        fprintf(out, " %s\n#", variable_of(setting).text);
        print_line(&standard, setting, out);
    }
}

void rq_config_print(const rq_config *config, FILE *out)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        const setting_row *setting = &settings[i];
        const char *text = (const char *)config + setting->offset;
        if (setting->type == SETTING_SECRET && *text)
            fprintf(out, "%s = ********\n", setting->key);
        else if (setting->type != SETTING_SECTION)
            print_line(config, setting, out);
    }
}
