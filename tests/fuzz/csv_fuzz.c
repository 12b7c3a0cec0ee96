/* Takes arbitrary bytes as an imported CSV: its records, each against the schema of enterprises or products.
 * What was read must be read again from what we write of it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/import.h"
#include "api/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CELLS = 64, ROWS = 64, ARENA_BYTES = 8 << 20, TEXT_BYTES = 1 << 22 };

/* The schema of a line: that of what is made one by one. */
static const rq_schema *schema_of(const char *path)
{
    rq_slice id;
    unsigned allow;
    const rq_route *route = rq_route_find(RQ_POST, (rq_slice){path, strlen(path)}, &id, &allow);
    assert(route && route->input);
    return route->input;
}

/* Writes the cells as an object's members and reads the line again. */
static void write_and_read(char *const *cells, int count)
{
    json_t *row = json_object();
    char names[CELLS * 5] = "";
    for (int i = 0; i < count; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, "%sc%d", i ? "," : "", i);
        json_t *cell = json_string(cells[i]);
        if (!cell) { /* no UTF-8: the schema refuses it, too */
            json_decref(row);
            return;
        }
        json_object_set_new(row, names + at + (i > 0), cell);
    }
    rq_buffer text;
    rq_buffer_init(&text, TEXT_BYTES);
    rq_csv_write_row(&text, names, row);
    assert(!text.failed);
    char *again[CELLS];
    size_t at = 0, lines = 0;
    int found = rq_csv_next(text.data, text.length, &at, again, CELLS, &lines);
    assert(found == count && at == text.length);
    for (int i = 0; i < count; i++) {
        bool is_disarmed = cells[i][0] && strchr("=+-@\t\r", cells[i][0]);
        assert(strcmp(again[i] + is_disarmed, cells[i]) == 0 && (!is_disarmed || again[i][0] == '\''));
    }
    rq_buffer_done(&text);
    json_decref(row);
}

static void take(const rq_schema *schema, char *text, size_t length)
{
    rq_arena *arena = rq_arena_new(ARENA_BYTES);
    char *header[CELLS], *cells[CELLS];
    size_t at = 0, lines = 0;
    int columns = rq_csv_next(text, length, &at, header, CELLS, &lines);
    for (int row = 0; columns > 0 && row < ROWS; row++) {
        size_t before = at;
        int count = rq_csv_next(text, length, &at, cells, CELLS, &lines);
        if (count <= 0)
            break;
        assert(at > before && at <= length + 1);
        rq_faults faults = {.arena = arena};
        json_t *item =
            rq_schema_from_cells(schema, header, cells, (size_t)(count < columns ? count : columns), &faults);
        rq_schema_check(schema, item, "", &faults);
        json_decref(item);
        write_and_read(cells, count);
    }
    rq_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || memchr(data, 0, size)) /* an import with a NUL is refused as a whole */
        return 0;
    /* As the server has it: in memory of its own, a NUL behind it. */
    char *text = malloc(size);
    if (!text)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    take(schema_of(data[0] & 1 ? "/v1/products" : "/v1/enterprises"), text, size - 1);
    free(text);
    return 0;
}
