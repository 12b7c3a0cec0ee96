/* Takes arbitrary bytes as the body or the query of every kind of request: JSON, then the route's schema,
 * then the parameter of its statement. What passes must come through a second reading unchanged; what does
 * not must give a problem document that is JSON in both languages. The first byte chooses the schema. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/problem.h"
#include "api/worker.h"
#include "rongqiao/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCHEMAS_MAX = 256, ARENA_BYTES = 8 << 20 };

/* Every input and query of the table of routes, once. */
static size_t gather(const rq_schema **out)
{
    size_t count = 0;
    for (size_t i = 0; i < rq_all_routes_count; i++) {
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            const rq_schema *both[] = {route->input, route->query};
            for (size_t k = 0; k < 2; k++) {
                size_t known = 0;
                while (known < count && out[known] != both[k])
                    known++;
                if (both[k] && known == count && count < SCHEMAS_MAX)
                    out[count++] = both[k];
            }
        }
    }
    return count;
}

static void refuse(const rq_faults *faults)
{
    const rq_language languages[] = {RQ_CHINESE, RQ_ENGLISH};
    for (size_t i = 0; i < 2; i++) {
        rq_buffer text;
        rq_buffer_init(&text, 1 << 22);
        rq_problem_write(rq_problem_find("validation_failed"), languages[i], "01J00000000000000000000000",
                         faults, NULL, &text);
        assert(!text.failed);
        json_t *problem = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
        assert(problem && json_array_size(json_object_get(problem, "errors")) == faults->count);
        json_decref(problem);
        rq_buffer_done(&text);
    }
}

static void check(const rq_schema *schema, const json_t *input, rq_faults *faults)
{
    rq_schema_check(schema, input, "", faults);
    if (faults->count > 0) {
        refuse(faults);
        return;
    }
    char *parameter = json_dumps(input, JSON_COMPACT | JSON_ENCODE_ANY);
    assert(parameter);
    json_t *again = json_loads(parameter, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    assert(again && json_equal(again, input));
    json_decref(again);
    free(parameter);
}

static void take_body(const rq_schema *schema, const char *text, size_t length, rq_arena *arena)
{
    rq_faults faults = {.arena = arena};
    json_error_t error;
    json_t *input = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (input)
        check(schema, input, &faults);
    else
        (void)rq_json_pointer_at(arena, text, error.position > 0 ? (size_t)error.position : 0, length);
    json_decref(input);
}

static void take_query(const rq_schema *schema, const char *text, size_t length, rq_arena *arena)
{
    rq_faults faults = {.arena = arena};
    json_t *input = rq_schema_from_query(schema, text, length, &faults);
    if (input)
        check(schema, input, &faults);
    json_decref(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const rq_schema *schemas[SCHEMAS_MAX];
    static size_t count;
    if (count == 0)
        count = gather(schemas);
    if (size < 2)
        return 0;
    rq_arena *arena = rq_arena_new(ARENA_BYTES);
    const rq_schema *schema = schemas[data[0] % count];
    const char *text = (const char *)data + 1;
    if (!memchr(text, 0, size - 1)) /* such a body is refused before it is read */
        take_body(schema, text, size - 1, arena);
    take_query(schema, text, size - 1, arena);
    rq_arena_free(arena);
    return 0;
}
