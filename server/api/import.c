#include "import.h"

#include <stdlib.h>
#include <string.h>

#include "rongqiao/json_memory.h"
#include "rongqiao/limits.h"

enum { CSV_CELLS = 64 };

/* The element schema is open here: each line is checked by itself so that one bad line spares the rest. */
static void check_items(const json_t *object, const char *pointer, rq_faults *faults)
{
    const json_t *items = json_object_get(object, "items");
    const char *at = rq_arena_printf(faults->arena, "%s/items", pointer);
    if (!json_is_array(items))
        rq_fault_add(faults, at, items ? "type_array" : "required", 0, NULL);
    else if (json_array_size(items) < 1)
        rq_fault_add(faults, at, "too_few", 1, NULL);
    else if (json_array_size(items) > RQ_LIMIT_IMPORT_ROWS)
        rq_fault_add(faults, at, "too_many", RQ_LIMIT_IMPORT_ROWS, NULL);
}
static const rq_field open_fields[] = {
    {"items", RQ_FIELD_FACT_VALUE, true, 0, 0, NULL, NULL, "各行", "the lines"},
};
const rq_schema rq_import_input = RQ_SCHEMA("Import", open_fields, check_items);
static const rq_field query_fields[] = {
    {"dry_run", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "只检查不保存", "check only, keep nothing"},
};
const rq_schema rq_import_query = RQ_SCHEMA("ImportQuery", query_fields, NULL);

int rq_csv_next(char *text, size_t length, size_t *at, char **cells, size_t cell_limit, size_t *out_lines)
{
    size_t count = 0, from = *at;
    if (from >= length)
        return 0;
    for (;;) {
        char *cell = text + from, *write = cell;
        bool quoted = from < length && text[from] == '"';
        if (count == cell_limit)
            return -1;
        from += quoted;
        for (; from < length; from++) {
            char c = text[from];
            if (quoted && c == '"' && from + 1 < length && text[from + 1] == '"') {
                *write++ = '"';
                from++;
            } else if (quoted && c == '"') {
                quoted = false;
            } else if (!quoted && (c == ',' || c == '\n' || c == '\r')) {
                break;
            } else {
                *out_lines += c == '\n';
                *write++ = c;
            }
        }
        if (quoted)
            return -1;
        char end = from < length ? text[from] : '\n';
        if (end == '\r' && from + 1 < length && text[from + 1] == '\n')
            from++;
        *write = 0;
        cells[count++] = cell;
        from++;
        if (end != ',')
            break;
    }
    *out_lines += 1;
    *at = from;
    return (int)count;
}

/* A refused line as the report shows it. */
static json_t *refused_line(size_t line, const rq_faults *faults)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < faults->count; i++) {
        char zh[RQ_FAULT_TEXT], en[RQ_FAULT_TEXT];
        rq_fault_write_texts(&faults->list[i], zh, en);
        json_array_append_new(errors,
                              json_pack("{s:s, s:s, s:s, s:s}", "pointer", faults->list[i].pointer, "code",
                                        faults->list[i].code, "detail_zh", zh, "detail_en", en));
    }
    json_t *refused = json_pack("{s:I, s:s, s:s, s:O}", "line", (json_int_t)line, "verdict", "refused",
                                "code", "validation_failed", "errors", errors);
    json_decref(errors);
    return refused;
}

/* Checks one line and puts it where it belongs. */
static void take_line(const rq_schema *schema, size_t line, json_t *item, rq_faults *faults, json_t *lines,
                      json_t *refused)
{
    rq_schema_check(schema, item, "", faults);
    if (faults->count > 0) {
        json_array_append_new(refused, refused_line(line, faults));
        return;
    }
    json_array_append_new(lines, json_pack("{s:I, s:O}", "line", (json_int_t)line, "item", item));
}

static bool read_csv(rq_call *call, const rq_schema *schema, json_t *lines, json_t *refused)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    char *text =
        rq_arena_strndup(call->arena, request->body.data ? request->body.data : "", request->body.length);
    size_t length = request->body.length, at = 0, line = 0;
    call->broken = !text;
    char *header[CSV_CELLS], *cells[CSV_CELLS];
    if (!text || memchr(text, 0, length))
        return false;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    int columns = rq_csv_next(text, length, &at, header, CSV_CELLS, &line);
    if (columns <= 0)
        return false;
    for (size_t rows = 0; rows < RQ_LIMIT_IMPORT_ROWS; rows++) {
        size_t first_line = line + 1;
        rq_faults faults = {.arena = call->arena};
        int count = rq_csv_next(text, length, &at, cells, CSV_CELLS, &line);
        if (count == 0)
            return true;
        if (count == 1 && cells[0][0] == 0)
            continue;
        if (count < 0) {
            rq_fault_add(&faults, "", "refused", 0, NULL);
            json_array_append_new(refused, refused_line(first_line, &faults));
            return true; /* the rest of the file is inside the open quote */
        }
        if (count != columns)
            rq_fault_add(&faults, "", count < columns ? "too_few" : "too_many", columns, NULL);
        json_t *item =
            rq_schema_from_cells(schema, header, cells, (size_t)(count < columns ? count : columns), &faults);
        take_line(schema, first_line, item, &faults, lines, refused);
        json_decref(item);
    }
    return at >= length;
}

static void read_json(rq_call *call, const rq_schema *schema, json_t *lines, json_t *refused)
{
    const json_t *items = json_object_get(call->input, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        rq_faults faults = {.arena = call->arena};
        take_line(schema, i + 1, json_array_get(items, i), &faults, lines, refused);
    }
}

rq_step rq_import_read(rq_call *call, const rq_schema *schema, bool (*finish)(rq_call *call, json_t *lines))
{
    json_t *lines = json_array(), *refused = json_array();
    bool read = true;
    if (call->input)
        read_json(call, schema, lines, refused);
    else
        read = read_csv(call, schema, lines, refused);
    if (read && finish && !finish(call, lines)) {
        json_decref(lines);
        json_decref(refused);
        return RQ_STEP_ANSWERED;
    }
    json_t *problems = rq_problem_table();
    json_t *all = json_pack("{s:O, s:O, s:O}", "lines", lines, "refused", refused, "problems", problems);
    json_decref(lines); /* json_pack() would not take them where memory is short */
    json_decref(refused);
    json_decref(problems);
    char *text = read && all ? json_dumps(all, JSON_COMPACT) : NULL;
    call->computed = text ? rq_arena_strndup(call->arena, text, strlen(text)) : NULL;
    rq_json_free(text);
    json_decref(all);
    if (!call->computed) {
        rq_call_refuse(call, read || call->broken ? "unavailable" : "import_malformed", NULL, NULL);
        return RQ_STEP_ANSWERED;
    }
    return RQ_STEP_ON;
}
