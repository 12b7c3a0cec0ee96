#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "rongqiao/json_memory.h"
#include "stages.h"
#include "worker.h"

static const struct {
    const char *statement, *columns;
} lists[] = {
#define COLUMNS(statement, columns) {statement, columns},
#include "columns.def"
#undef COLUMNS
};

struct rq_sheet {
    const char *columns;
    rq_buffer out;
    size_t rows;
    char *next; /* the cursor of the page after the last one that was taken, as JSON; null: there is none */
    bool is_paged; /* the route takes cursor and limit */
};

const char *rq_sheet_columns(const rq_route *route)
{
    for (size_t i = 0; route->method == RQ_GET && route->statement && i < sizeof(lists) / sizeof(lists[0]);
         i++)
        if (strcmp(lists[i].statement, route->statement) == 0)
            return lists[i].columns;
    return NULL;
}

static bool is_wanted(const rq_call *call)
{
    rq_slice accept = rq_request_header(rq_exchange_request(call->exchange), "Accept");
    int csv = rq_accept_weight(accept, "text/csv");
    return csv > 0 && csv >= rq_accept_weight(accept, "application/json");
}

static bool takes(const rq_route *route, const char *name)
{
    for (size_t i = 0; route->input && i < route->input->count; i++)
        if (strcmp(route->input->fields[i].name, name) == 0)
            return true;
    return false;
}

bool rq_sheet_begin(rq_call *call)
{
    const char *columns = rq_sheet_columns(call->route);
    if (!columns || !is_wanted(call))
        return true;
    rq_sheet *sheet = calloc(1, sizeof(*sheet)); /* the answer takes it, when the call's arena is gone */
    if (!sheet) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    sheet->columns = columns;
    sheet->is_paged = takes(call->route, "cursor") && takes(call->route, "limit");
    rq_buffer_init(&sheet->out, RQ_LIMIT_REPLY_BYTES);
    rq_csv_write_head(&sheet->out, columns);
    call->sheet = sheet;
    if (!sheet->is_paged)
        return true;
    json_object_set_new(call->input, "limit", json_integer(RQ_LIMIT_SHEET_PAGE));
    if (rq_input_write(call))
        return true;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return false;
}

bool rq_sheet_take(rq_call *call, const char *body, size_t length)
{
    rq_sheet *sheet = call->sheet;
    json_t *page = json_loadb(body, length, 0, NULL);
    const json_t *items = json_object_get(page, "items"), *next = json_object_get(page, "next");
    if (!next)
        next = json_object_get(page, "next_cursor");
    size_t count = json_array_size(items), room = RQ_LIMIT_SHEET_ROWS - sheet->rows;
    for (size_t i = 0; i < count && i < room; i++)
        rq_csv_write_row(&sheet->out, sheet->columns, json_array_get(items, i));
    sheet->rows += count < room ? count : room;
    rq_json_free(sheet->next);
    bool has_next = sheet->is_paged && next && !json_is_null(next);
    sheet->next = has_next ? json_dumps(next, JSON_ENCODE_ANY) : NULL;
    bool is_taken = page && !sheet->out.failed && (!has_next || sheet->next);
    json_decref(page);
    return is_taken;
}

bool rq_sheet_turns(rq_call *call)
{
    rq_sheet *sheet = call->sheet;
    if (!sheet->next || sheet->rows >= RQ_LIMIT_SHEET_ROWS)
        return false;
    json_object_set_new(call->input, "cursor", json_loads(sheet->next, JSON_DECODE_ANY, NULL));
    call->broken |= !rq_input_write(call);
    return true;
}

/* "needs.csv" of "/v1/needs", "places.csv" of "/v1/rounds/{id}/places". */
static const char *disposition(rq_call *call)
{
    const char *name = strrchr(call->route->path, '/') + 1;
    return rq_arena_printf(call->arena, "attachment; filename=\"%s.csv\"", name);
}

void rq_sheet_answer(rq_call *call)
{
    const rq_sheet *sheet = call->sheet;
    rq_reply_header headers[5] = {{"Content-Type", "text/csv; charset=utf-8; header=present"},
                                  {"Cache-Control", "no-store"}};
    size_t count = 2;
    const char *name = disposition(call);
    if (name)
        headers[count++] = (rq_reply_header){"Content-Disposition", name};
    if (sheet->next) {
        size_t length = strlen(sheet->next);
        bool is_text = sheet->next[0] == '"';
        const char *cursor =
            rq_arena_strndup(call->arena, sheet->next + is_text, is_text ? length - 2 : length);
        headers[count++] = (rq_reply_header){"X-Next-Cursor", cursor ? cursor : ""};
    }
    rq_call_answer(call, 200, sheet->out.data, sheet->out.length, headers, count);
}

void rq_sheet_free(rq_sheet *sheet)
{
    if (!sheet)
        return;
    rq_json_free(sheet->next);
    rq_buffer_done(&sheet->out);
    free(sheet);
}
