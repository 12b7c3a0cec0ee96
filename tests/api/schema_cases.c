#include "schema_cases.h"

#include "api/import.h"
#include "api/worker.h"
#include "rongqiao/clock.h"
#include "rongqiao/vocabulary.h"

static const char nobody[] = "00000000-0000-7000-8000-000000000000";
static const char never[] = "never_00000000-0000-7000-8000-000000000000"; /* a cursor by deadline */

const test_user *user_for(const rq_route *route)
{
    const struct {
        unsigned bit;
        const test_user *user;
    } users[] = {{RQ_ROLE_ENTERPRISE, &world.enterprise_a}, {RQ_ROLE_BANK_MAKER, &world.maker_a},
                 {RQ_ROLE_BANK_CHECKER, &world.checker_a}, {RQ_ROLE_GUARANTEE_REVIEWER, &world.reviewer},
                 {RQ_ROLE_GUARANTEE_CHECKER, &world.checker}, {RQ_ROLE_AUTHORITY, &world.zhejiang},
                 {
                     RQ_ROLE_OPERATOR,
                     &world.operator},
                     {RQ_ROLE_AUDITOR, &world.auditor},
    };
    for (size_t i = 0; i < COUNT(users) && !(route->roles & RQ_ROLE_PUBLIC); i++)
        if (route->roles & users[i].bit)
            return users[i].user;
    assert_true(route->roles & RQ_ROLE_PUBLIC);
    return NULL;
}

const char *path_for(const rq_route *route)
{
    const char *hole = strstr(route->path, "{id}");
    return hole ? textf("%.*s%s%s", (int)(hole - route->path), route->path, nobody, hole + 4) : route->path;
}

bool has_body(const rq_route *route)
{
    return route->method == RQ_POST || route->method == RQ_PUT || route->method == RQ_PATCH;
}

void each_route(void (*visit)(const rq_route *route))
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++)
            visit(&rq_all_routes[i]->rows[j]);
}

/* Values ------------------------------------------------------------------------------------------- */

static void take_word(void *argument, const char *word, size_t length)
{
    json_array_append_new(argument, json_stringn(word, length));
}

/* The first `count` words of a list. */
static json_t *words(const char *list, size_t count)
{
    json_t *all = json_array();
    rq_list_each(list, take_word, all);
    while (json_array_size(all) > count)
        json_array_remove(all, json_array_size(all) - 1);
    return all;
}

static json_t *letters(int64_t count)
{
    char text[64];
    assert_true(count < (int64_t)sizeof(text));
    memset(text, 'a', sizeof(text));
    return json_stringn(text, (size_t)(count > 0 ? count : 1));
}

static json_t *today(void)
{
    char text[RQ_DATE_TEXT + 1];
    rq_date_format(rq_today(), text);
    return json_string(text);
}

/* Values that no bound makes up. */
static const char *known_value(const rq_field *field)
{
    const char *const rows[][2] = {{"legal_rep_id", "11010519491231002X"},
                                   {"contact_mobile", "13800138000"},
                                   {"uscc", "91350100M000100Y43"}, /* GB 32100's own example */
                                   {"cursor", field->min > 36 ? never : nobody}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (field->type == RQ_FIELD_CODE && strcmp(rows[i][0], field->name) == 0)
            return rows[i][1];
    return NULL;
}

json_t *value_for(const rq_field *field)
{
    if (known_value(field))
        return json_string(known_value(field));
    switch (field->type) {
    case RQ_FIELD_TEXT:
    case RQ_FIELD_CODE:
        return letters(field->min);
    case RQ_FIELD_INTEGER:
        return json_integer(field->min);
    case RQ_FIELD_BOOLEAN:
        return json_false();
    case RQ_FIELD_DATE:
        return today();
    case RQ_FIELD_UUID:
        return json_string(nobody);
    case RQ_FIELD_WORD: {
        json_t *list = words(field->list, 1), *word = json_incref(json_array_get(list, 0));
        json_decref(list);
        return word;
    }
    case RQ_FIELD_WORDS:
        return words(field->list, 1);
    case RQ_FIELD_REGION:
        return json_string(HANGZHOU);
    case RQ_FIELD_INDUSTRY:
        return json_string("C2770");
    case RQ_FIELD_UUIDS:
        return doc("[s]", nobody);
    case RQ_FIELD_REGIONS:
        return doc("[s]", ZHEJIANG);
    case RQ_FIELD_INDUSTRIES:
        return doc("[s]", "C27");
    case RQ_FIELD_OBJECT:
        return base_document(field->schema);
    case RQ_FIELD_OBJECTS:
        return doc("[o]", base_document(field->schema));
    case RQ_FIELD_FACTS:
        return doc("{s{si}}", "employees", "value", 7);
    case RQ_FIELD_NEED_FACTS:
        return doc("{si}", "employees", 7);
    case RQ_FIELD_FACT_VALUE:
        return json_integer(7);
    default:
        fail_msg("no value for the type of %s", field->name);
        return NULL;
    }
}

/* Adds what a rule of the schema misses; false when nothing is missing any more. */
static bool repair(json_t *document, const rq_schema *schema, const rq_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        for (size_t j = 0; j < schema->count; j++)
            if (strcmp(schema->fields[j].name, faults->list[i].pointer + 1) == 0 &&
                strcmp(faults->list[i].code, "either") == 0)
                return json_object_set_new(document, schema->fields[j].name, value_for(&schema->fields[j])) ==
                       0;
    return false;
}

json_t *base_document(const rq_schema *schema)
{
    json_t *document = json_object();
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].required && !schema->is_partial)
            json_object_set_new(document, schema->fields[i].name, value_for(&schema->fields[i]));
    if (schema == &rq_import_input) /* its one field is open: each line is checked by itself */
        json_object_set_new(document, "items", doc("[{}]"));
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_faults faults = {.arena = arena};
    rq_schema_check(schema, document, "", &faults);
    while (faults.count > 0 && repair(document, schema, &faults)) {
        faults.count = 0;
        rq_schema_check(schema, document, "", &faults);
    }
    if (faults.count > 0)
        print_error("%s: %s %s\n", schema->name, faults.list[0].pointer, faults.list[0].code);
    assert_int_equal(faults.count, 0);
    rq_arena_free(arena);
    return document;
}

/* Places ------------------------------------------------------------------------------------------- */

/* What a pointer without escapes points at. */
static json_t *at_pointer(json_t *document, const char *pointer)
{
    json_t *at = document;
    while (*pointer) {
        char key[64];
        size_t length = strcspn(pointer + 1, "/");
        snprintf(key, sizeof(key), "%.*s", (int)length, pointer + 1);
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
        pointer += 1 + length;
    }
    assert_non_null(at);
    return at;
}

static void walk(const rq_route *route, json_t *root, const char *object_pointer, const rq_schema *schema,
                 void (*visit)(const field_place *place))
{
    for (size_t i = 0; i < schema->count; i++) {
        const rq_field *field = &schema->fields[i];
        field_place place = {.route = route, .user = user_for(route), .schema = schema, .field = field};
        place.pointer = textf("%s/%s", object_pointer, field->name);
        place.document = json_deep_copy(root);
        place.object = at_pointer(place.document, object_pointer);
        json_object_set_new(place.object, field->name,
                            schema == &rq_import_input ? doc("[{}]") : value_for(field));
        json_t *nested = field->schema ? json_deep_copy(place.document) : NULL;
        visit(&place);
        json_decref(place.document);
        if (nested)
            walk(route, nested,
                 field->type == RQ_FIELD_OBJECTS ? textf("%s/0", place.pointer) : place.pointer,
                 field->schema, visit);
        json_decref(nested);
    }
}

void each_body_field(void (*visit)(const field_place *place))
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            if (!has_body(route) || !route->input)
                continue;
            json_t *base = base_document(route->input);
            walk(route, base, "", route->input, visit);
            json_decref(base);
        }
}

void each_query_field(void (*visit)(const rq_route *route, const rq_field *field))
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            for (size_t k = 0; !has_body(route) && route->input && k < route->input->count; k++)
                visit(route, &route->input->fields[k]);
        }
}

const char *text_with(const field_place *place, const char *raw)
{
    static const char mark[] = "\"@the value@\"";
    json_object_set_new(place->object, place->field->name, json_string("@the value@"));
    char *text = json_dumps(place->document, JSON_COMPACT);
    const char *hole = strstr(text, mark);
    const char *whole = textf("%.*s%s%s", (int)(hole - text), text, raw, hole + sizeof(mark) - 1);
    free(text);
    return whole;
}
