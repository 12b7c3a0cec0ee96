/* The OpenAPI document against the tables it is made from: every route, every schema, every reference. */
#include "api/worker.h"
#include "schema_cases.h"

static json_t *document;

static int read_document(void **state)
{
    (void)state;
    test_answer *answer = ask(NULL, "GET", "/v1/openapi.json", NULL);
    document = json_deep_copy(check_status(answer, 200));
    return document ? 0 : -1;
}

static int drop_document(void **state)
{
    json_decref(document);
    return house_sweep(state);
}

static json_t *operation_of(const rq_route *route)
{
    char method[8] = "";
    const char *name = rq_method_names[route->method];
    for (size_t i = 0; name[i] && i < sizeof(method) - 1; i++)
        method[i] = (char)(name[i] | 0x20);
    return json_object_get(json_object_get(json_object_get(document, "paths"), route->path), method);
}

static void document_is_openapi_3_1(void **state)
{
    (void)state;
    assert_int_equal(strncmp(text_of(document, "openapi"), "3.1.", 4), 0);
    assert_true(*text_of(document, "info.title") && *text_of(document, "info.version"));
}

static unsigned operations;

static bool has_parameter(const json_t *operation, const char *in, const char *name)
{
    const json_t *parameters = member_of(operation, "parameters");
    for (size_t i = 0; i < json_array_size(parameters); i++)
        if (strcmp(text_of(json_array_get(parameters, i), "in"), in) == 0 &&
            strcmp(text_of(json_array_get(parameters, i), "name"), name) == 0)
            return true;
    return false;
}

static void check_operation(const rq_route *route)
{
    const json_t *operation = operation_of(route);
    if (!operation)
        print_error("%s %s is not in the document\n", rq_method_names[route->method], route->path);
    assert_non_null(operation);
    operations++;
    assert_true(*text_of(operation, "operationId") && *text_of(operation, "summary"));
    assert_int_equal(has_parameter(operation, "path", "id"), strstr(route->path, "{id}") != NULL);
    assert_int_equal(has_parameter(operation, "header", "Idempotency-Key"),
                     (route->flags & RQ_ROUTE_KEY) != 0);
    assert_int_equal(has_parameter(operation, "header", "If-Match"), (route->flags & RQ_ROUTE_IF_MATCH) != 0);
    for (size_t i = 0; route->query && i < route->query->count; i++)
        assert_true(has_parameter(operation, "query", route->query->fields[i].name));
    bool is_public = (route->roles & RQ_ROLE_PUBLIC) != 0;
    assert_int_equal(json_is_array(member_of(operation, "security")), is_public);
    if (has_body(route) && route->input) {
        const json_t *schema = member_of(operation, "requestBody.content.application/json.schema");
        assert_string_equal(text_of(schema, "$ref"), textf("#/components/schemas/%s", route->input->name));
    } else if (route->input) {
        for (size_t i = 0; i < route->input->count; i++)
            assert_true(has_parameter(operation, "query", route->input->fields[i].name));
    }
}

static void every_route_is_an_operation(void **state)
{
    (void)state;
    operations = 0;
    each_route(check_operation);
    assert_true(operations > 80);
}

static void nothing_is_an_operation_but_the_routes(void **state)
{
    (void)state;
    size_t found = 0;
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(document, "paths"), path, item) found += json_object_size(item);
    operations = 0;
    each_route(check_operation);
    assert_int_equal(found, operations);
}

static void check_schema(const rq_schema *schema)
{
    const json_t *described = json_object_get(member_of(document, "components.schemas"), schema->name);
    if (!described)
        print_error("%s is not described\n", schema->name);
    assert_non_null(described);
    assert_true(json_is_false(member_of(described, "additionalProperties")));
    const json_t *properties = member_of(described, "properties");
    assert_int_equal(json_object_size(properties), schema->count);
    for (size_t i = 0; i < schema->count; i++) {
        const rq_field *field = &schema->fields[i];
        const json_t *property = json_object_get(properties, field->name);
        assert_true(json_is_object(property));
        assert_int_equal(has_word(member_of(described, "required"), field->name),
                         field->required && !schema->is_partial);
        if (schema->is_partial && !field->required) {
            assert_string_equal(text_of(property, "anyOf.1.type"), "null"); /* clears it */
            property = member_of(property, "anyOf.0");
        }
        if (field->type == RQ_FIELD_INTEGER) {
            assert_int_equal(number_of(property, "minimum"), field->min);
            assert_int_equal(number_of(property, "maximum"), field->max);
        }
        if (field->schema)
            check_schema(field->schema);
    }
}

static void check_input(const rq_route *route)
{
    if (has_body(route) && route->input)
        check_schema(route->input);
}

static void every_input_schema_is_described_with_its_bounds(void **state)
{
    (void)state;
    each_route(check_input);
}

static unsigned references;

static void follow_references(const json_t *node)
{
    const char *key;
    json_t *value;
    size_t index;
    if (json_is_object(node)) {
        json_object_foreach((json_t *)(uintptr_t)node, key, value)
        {
            const char *target = strcmp(key, "$ref") == 0 ? json_string_value(value) : NULL;
            if (target) {
                char name[96];
                assert_int_equal(sscanf(target, "#/components/schemas/%95s", name), 1);
                assert_true(json_is_object(json_object_get(member_of(document, "components.schemas"), name)));
                references++;
            }
            follow_references(value);
        }
    } else if (json_is_array(node)) {
        json_array_foreach((json_t *)(uintptr_t)node, index, value) follow_references(value);
    }
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    references = 0;
    follow_references(document);
    assert_true(references > 100);
}

static void operation_identifiers_are_unique(void **state)
{
    (void)state;
    json_t *seen = house_keep(json_object(), (void (*)(void *))json_decref);
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            assert_null(json_object_get(seen, text_of(operation, "operationId")));
            json_object_set_new(seen, text_of(operation, "operationId"), json_true());
        }
    }
    assert_true(json_object_size(seen) > 80);
}

static void program_prints_the_same_document_without_a_server(void **state)
{
    (void)state;
    FILE *program = popen(RQ_BINARY_DIR "/rongqiao openapi", "re");
    assert_non_null(program);
    json_t *printed = json_loadf(program, JSON_DISABLE_EOF_CHECK, NULL);
    assert_int_equal(fgetc(program), '\n');
    assert_int_equal(pclose(program), 0);
    assert_true(json_equal(printed, document));
    json_decref(printed);
}

#define OPENAPI_TEST(name) cmocka_unit_test_setup_teardown(name, read_document, drop_document)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPENAPI_TEST(document_is_openapi_3_1),
        OPENAPI_TEST(every_route_is_an_operation),
        OPENAPI_TEST(nothing_is_an_operation_but_the_routes),
        OPENAPI_TEST(every_input_schema_is_described_with_its_bounds),
        OPENAPI_TEST(every_reference_leads_somewhere),
        OPENAPI_TEST(operation_identifiers_are_unique),
        OPENAPI_TEST(program_prints_the_same_document_without_a_server),
    };
    return cmocka_run_group_tests_name("api.openapi", tests, house_open, house_close);
}
