#include "csv.h"

#include <stdlib.h>
#include <string.h>

#include "rongqiao/json_memory.h"

/* Calls back for each name of a list with commas between. */
static void each_column(const char *columns,
                        void (*each)(void *argument, const char *name, size_t length, bool is_first),
                        void *argument)
{
    for (const char *at = columns; *at;) {
        size_t length = strcspn(at, ",");
        each(argument, at, length, at == columns);
        at += length + (at[length] == ',');
    }
}

static void write_text(rq_buffer *out, const char *text, size_t length, bool is_foreign)
{
    bool is_formula = is_foreign && length > 0 && strchr("=+-@\t\r", text[0]) != NULL;
    bool is_quoted = false;
    for (size_t i = 0; i < length; i++)
        is_quoted |= text[i] == '"' || text[i] == ',' || text[i] == '\r' || text[i] == '\n';
    if (is_quoted)
        rq_buffer_append(out, "\"", 1);
    if (is_formula)
        rq_buffer_append(out, "'", 1);
    for (size_t at = 0; at < length;) {
        const char *quote = memchr(text + at, '"', length - at);
        size_t piece = quote ? (size_t)(quote - text) - at + 1 : length - at;
        rq_buffer_append(out, text + at, piece);
        if (quote)
            rq_buffer_append(out, "\"", 1);
        at += piece;
    }
    if (is_quoted)
        rq_buffer_append(out, "\"", 1);
}

/* Numbers and what has no form of its own, as JSON writes it. */
static void write_json(rq_buffer *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (text)
        write_text(out, text, strlen(text), false);
    else
        out->failed = true;
    rq_json_free(text);
}

static bool is_list_of_scalars(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_object(json_array_get(list, i)) || json_is_array(json_array_get(list, i)))
            return false;
    return json_is_array(list);
}

static void write_list(rq_buffer *out, const json_t *list)
{
    rq_buffer text;
    rq_buffer_init(&text, out->limit);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        if (i > 0)
            rq_buffer_append(&text, "|", 1);
        if (json_is_string(value))
            rq_buffer_append(&text, json_string_value(value), json_string_length(value));
        else
            write_json(&text, value);
    }
    write_text(out, text.data ? text.data : "", text.length, true);
    out->failed |= text.failed;
    rq_buffer_done(&text);
}

static void write_value(rq_buffer *out, const json_t *value)
{
    if (json_is_string(value))
        write_text(out, json_string_value(value), json_string_length(value), true);
    else if (is_list_of_scalars(value))
        write_list(out, value);
    else if (value && !json_is_null(value))
        write_json(out, value);
}

/* The member of the name, going down at each dot; null when it is not there. */
static const json_t *member_of(const json_t *document, const char *name, size_t length)
{
    const json_t *at = document;
    while (at && length > 0) {
        const char *dot = memchr(name, '.', length);
        size_t step = dot ? (size_t)(dot - name) : length;
        at = json_object_getn(at, name, step);
        name += step + (dot ? 1 : 0);
        length -= step + (dot ? 1 : 0);
    }
    return at;
}

static void write_name(void *argument, const char *name, size_t length, bool is_first)
{
    rq_buffer *out = argument;
    if (!is_first)
        rq_buffer_append(out, ",", 1);
    rq_buffer_append(out, name, length);
}

void rq_csv_write_head(rq_buffer *out, const char *columns)
{
    rq_buffer_text(out, "\xef\xbb\xbf");
    each_column(columns, write_name, out);
    rq_buffer_text(out, "\r\n");
}

typedef struct row {
    rq_buffer *out;
    const json_t *document;
} row;

static void write_cell(void *argument, const char *name, size_t length, bool is_first)
{
    row *of = argument;
    if (!is_first)
        rq_buffer_append(of->out, ",", 1);
    write_value(of->out, member_of(of->document, name, length));
}

void rq_csv_write_row(rq_buffer *out, const char *columns, const json_t *document)
{
    row of = {out, document};
    each_column(columns, write_cell, &of);
    rq_buffer_text(out, "\r\n");
}
