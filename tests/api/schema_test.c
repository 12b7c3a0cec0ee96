/* Bad input: every field of every schema of every route, made from the tables, is refused with the right
 * pointer, and nothing of it is stored. */
#include "api/worker.h"
#include "rongqiao/match.h"
#include "schema_cases.h"

static unsigned asked; /* requests of the test that runs */
static const char *rows_before;

static int count_rows(void **state)
{
    (void)state;
    asked = 0;
    rows_before = house_rows();
    return 0;
}

static int nothing_stored(void **state)
{
    bool same = strcmp(house_rows(), rows_before) == 0;
    if (!same)
        print_error("before: %s\nafter: %s\n", rows_before, house_rows());
    house_sweep(state);
    return same && asked > 0 ? 0 : -1;
}

/* Sends a body to the place's route. */
static test_answer *send_body(const rq_route *route, const test_user *user, const char *body)
{
    asked++;
    return ask_raw(user, rq_method_names[route->method], path_for(route),
                   textf("Content-Type: application/json\r\nIdempotency-Key: %s\r\n", fresh_key()), body);
}

static bool has_fault(const json_t *problem, const char *pointer, const char *code)
{
    const json_t *errors = member_of(problem, "errors");
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *fault = json_array_get(errors, i);
        if (strcmp(text_of(fault, "pointer"), pointer) == 0 && strcmp(text_of(fault, "code"), code) == 0)
            return *text_of(fault, "detail") && *text_of(fault, "detail_zh") && *text_of(fault, "detail_en");
    }
    return false;
}

static void check_fault(const test_answer *answer, const char *route, const char *pointer, const char *code)
{
    bool right = answer && answer->status == 422 &&
                 strcmp(text_of(answer->json, "code"), "validation_failed") == 0 &&
                 has_fault(answer->json, pointer, code);
    if (!right)
        print_error("%s: wanted %s at %s, got %s\n", route, code, pointer, answer ? answer->body : "nothing");
    assert_true(right);
}

/* Puts `value` into the field and wants this fault at this pointer. */
static void refuse_value(const field_place *place, json_t *value, const char *pointer, const char *code)
{
    json_object_set_new(place->object, place->field->name, value);
    char *body = json_dumps(place->document, JSON_COMPACT);
    test_answer *answer = send_body(place->route, place->user, body);
    free(body);
    check_fault(answer, place->route->path, pointer, code);
}

/* The open field of an import is one of items, which is all its schema says. */
static bool is_open(const field_place *place)
{
    return place->field->type == RQ_FIELD_FACT_VALUE && strcmp(place->field->name, "items") == 0;
}

static void leave_out(const field_place *place)
{
    if (!place->field->required || place->schema->is_partial)
        return;
    if (place->field->type != RQ_FIELD_FACT_VALUE)
        refuse_value(place, json_null(), place->pointer, "required");
    json_object_del(place->object, place->field->name);
    char *body = json_dumps(place->document, JSON_COMPACT);
    test_answer *answer = send_body(place->route, place->user, body);
    free(body);
    check_fault(answer, place->route->path, place->pointer, "required");
}

static void mistype(const field_place *place)
{
    switch (place->field->type) {
    case RQ_FIELD_INTEGER:
        refuse_value(place, json_string("7"), place->pointer, "type_integer");
        refuse_value(place, json_real(1.5), place->pointer, "type_integer");
        refuse_value(place, json_true(), place->pointer, "type_integer");
        break;
    case RQ_FIELD_BOOLEAN:
        refuse_value(place, json_string("true"), place->pointer, "type_boolean");
        refuse_value(place, json_integer(1), place->pointer, "type_boolean");
        break;
    case RQ_FIELD_WORDS:
    case RQ_FIELD_UUIDS:
    case RQ_FIELD_REGIONS:
    case RQ_FIELD_INDUSTRIES:
        refuse_value(place, doc("[i]", 7), textf("%s/0", place->pointer), "type_string");
        refuse_value(place, json_string("a"), place->pointer, "type_array");
        break;
    case RQ_FIELD_OBJECTS:
        refuse_value(place, doc("[i]", 7), textf("%s/0", place->pointer), "type_object");
        refuse_value(place, json_object(), place->pointer, "type_array");
        break;
    case RQ_FIELD_OBJECT:
    case RQ_FIELD_FACTS:
    case RQ_FIELD_NEED_FACTS:
        refuse_value(place, json_array(), place->pointer, "type_object");
        refuse_value(place, json_integer(7), place->pointer, "type_object");
        break;
    case RQ_FIELD_FACT_VALUE:
        if (is_open(place))
            refuse_value(place, json_string("x"), place->pointer, "type_array");
        else
            refuse_value(place, json_real(1.5), place->pointer, "fact_value");
        break;
    default:
        refuse_value(place, json_integer(7), place->pointer, "type_string");
        refuse_value(place, json_array(), place->pointer, "type_string");
    }
}

/* So many characters, each of three bytes where the type takes them. */
static json_t *characters(const rq_field *field, int64_t count)
{
    const char *one = field->type == RQ_FIELD_TEXT ? "融" : "a";
    size_t size = strlen(one);
    char *text = malloc((size_t)count * size + 1);
    for (int64_t i = 0; i < count; i++)
        memcpy(text + (size_t)i * size, one, size);
    json_t *string = json_stringn(text, (size_t)count * size);
    free(text);
    return string;
}

static json_t *elements(const rq_field *field, int64_t count)
{
    json_t *one = value_for(field), *list = json_array();
    for (int64_t i = 0; i < count; i++)
        json_array_append(list, json_array_get(one, 0));
    json_decref(one);
    return list;
}

static void exceed_bounds(const field_place *place)
{
    const rq_field *field = place->field;
    switch (field->type) {
    case RQ_FIELD_INTEGER:
        refuse_value(place, json_integer(field->min - 1), place->pointer, "too_small");
        refuse_value(place, json_integer(field->max + 1), place->pointer, "too_large");
        break;
    case RQ_FIELD_TEXT:
    case RQ_FIELD_CODE:
        if (field->min > 0)
            refuse_value(place, characters(field, field->min - 1), place->pointer, "too_short");
        refuse_value(place, characters(field, field->max + 1), place->pointer, "too_long");
        break;
    case RQ_FIELD_WORDS:
    case RQ_FIELD_UUIDS:
    case RQ_FIELD_REGIONS:
    case RQ_FIELD_INDUSTRIES:
    case RQ_FIELD_OBJECTS:
        if (field->min > 0)
            refuse_value(place, elements(field, field->min - 1), place->pointer, "too_few");
        refuse_value(place, elements(field, field->max + 1), place->pointer, "too_many");
        break;
    default:
        if (is_open(place))
            refuse_value(place, json_array(), place->pointer, "too_few");
    }
}

/* The value as it must be, with one thing wrong in it. */
static void break_content(const field_place *place)
{
    static const struct {
        rq_field_type type;
        const char *text, *code;
    } rows[] = {
        {RQ_FIELD_DATE, "2026-02-30", "date"},
        {RQ_FIELD_DATE, "2026-2-3", "date"},
        {RQ_FIELD_UUID, "not-a-uuid", "uuid"},
        {RQ_FIELD_WORD, "no_such_word", "word"},
        {RQ_FIELD_WORD, "", "word"},
        {RQ_FIELD_REGION, "33010", "region"},
        {RQ_FIELD_REGION, "33010六", "region"},
        {RQ_FIELD_INDUSTRY, "C27", "industry"},
        {RQ_FIELD_INDUSTRY, "c2770", "industry"},
        {RQ_FIELD_CODE, "<script>", "code"},
        {RQ_FIELD_TEXT, "bell\x07 and tail", "control"},
    };
    static const struct {
        rq_field_type type;
        const char *text, *code;
    } element_rows[] = {
        {RQ_FIELD_WORDS, "no_such_word", "word"},
        {RQ_FIELD_UUIDS, "0", "uuid"},
        {RQ_FIELD_REGIONS, "33", "region"},
        {RQ_FIELD_INDUSTRIES, "C2", "industry"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].type == place->field->type)
            refuse_value(place, json_string(rows[i].text), place->pointer, rows[i].code);
    for (size_t i = 0; i < COUNT(element_rows); i++)
        if (element_rows[i].type == place->field->type) {
            refuse_value(place, doc("[s]", element_rows[i].text), textf("%s/0", place->pointer),
                         element_rows[i].code);
            if (place->field->max >= 2)
                refuse_value(place, elements(place->field, 2), textf("%s/1", place->pointer), "repeated");
        }
}

/* What a fact of each type must not be, and the fault. */
static const char *break_fact(const rq_fact_info *fact, json_t **out_value)
{
    switch (fact->type) {
    case RQ_FACT_TYPE_flag:
        *out_value = json_integer(1);
        return "type_boolean";
    case RQ_FACT_TYPE_word:
        *out_value = json_string("no_such_word");
        return "word";
    case RQ_FACT_TYPE_words:
        *out_value = json_string("none");
        return "type_array";
    default:
        *out_value = json_integer(-1);
        return "too_small";
    }
}

static void break_facts(const field_place *place)
{
    bool sourced = place->field->type == RQ_FIELD_FACTS;
    if (!sourced && place->field->type != RQ_FIELD_NEED_FACTS)
        return;
    refuse_value(place, doc("{s{si}}", "no_such_fact", "value", 7), textf("%s/no_such_fact", place->pointer),
                 "unknown_key");
    for (size_t i = 0; i < RQ_FACTS; i++) {
        json_t *value;
        const char *code = break_fact(&rq_facts[i], &value);
        if (sourced)
            refuse_value(place, doc("{s{so}}", rq_facts[i].name, "value", value),
                         textf("%s/%s/value", place->pointer, rq_facts[i].name), code);
        else
            refuse_value(place, doc("{so}", rq_facts[i].name, value),
                         textf("%s/%s", place->pointer, rq_facts[i].name), code);
    }
    if (!sourced)
        return;
    refuse_value(place, doc("{s{si ss}}", "employees", "value", 7, "source", "hearsay"),
                 textf("%s/employees/source", place->pointer), "word");
    refuse_value(place, doc("{s{si ss}}", "employees", "value", 7, "as_of", "yesterday"),
                 textf("%s/employees/as_of", place->pointer), "date");
    refuse_value(place, doc("{s{ss}}", "employees", "as_of", "2026-01-01"),
                 textf("%s/employees/value", place->pointer), "required");
}

static void add_unknown_keys(const field_place *place)
{
    const char *parent = textf("%.*s", (int)(strrchr(place->pointer, '/') - place->pointer), place->pointer);
    if (place->field != &place->schema->fields[0])
        return; /* once an object */
    json_object_set_new(place->object, "no_such_key", json_true());
    refuse_value(place, value_for(place->field), textf("%s/no_such_key", parent), "unknown_key");
    json_object_del(place->object, "no_such_key");
    json_object_set_new(place->object, "a/b~c", json_true());
    refuse_value(place, value_for(place->field), textf("%s/a~1b~0c", parent), "unknown_key");
}

/* Text that is no JSON, and the place where that shows. */
static void check_malformed(const test_answer *answer, const char *route, const char *pointer)
{
    const char *found = answer ? text_of(answer->json, "pointer") : "";
    bool right = answer && answer->status == 400 &&
                 strcmp(text_of(answer->json, "code"), "json_malformed") == 0 &&
                 strncmp(found, pointer, strlen(pointer)) == 0;
    if (!right)
        print_error("%s: wanted json_malformed at %s, got %s\n", route, pointer,
                    answer ? answer->body : "nothing");
    assert_true(right);
}

static void double_the_key(const field_place *place)
{
    json_t *value = value_for(place->field);
    char *one = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *body = text_with(place, textf("%s,\"%s\":%s", one, place->field->name, one));
    free(one);
    json_decref(value);
    test_answer *answer = send_body(place->route, place->user, body);
    bool right = answer && answer->status == 400 &&
                 strcmp(text_of(answer->json, "code"), "json_duplicate_key") == 0 &&
                 has_fault(answer->json, place->pointer, "repeated");
    if (!right)
        print_error("%s: wanted a duplicate at %s, got %s\n", place->route->path, place->pointer,
                    answer ? answer->body : "");
    assert_true(right);
}

/* Another of the forms for each field in turn. */
static void break_encoding(const field_place *place)
{
    static const char *const broken[] = {"\"\xff\"", "\"\xc0\xaf\"", "\"\xe8\x9e\"", "\"\xed\xa0\x80\"",
                                         "\"\\ud800\""};
    check_malformed(send_body(place->route, place->user, text_with(place, broken[asked % COUNT(broken)])),
                    place->route->path, place->pointer);
}

static void open_brackets(const field_place *place)
{
    char brackets[RQ_LIMIT_BODY_BYTES + 1];
    size_t room = RQ_LIMIT_BODY_BYTES - strlen(text_with(place, ""));
    memset(brackets, '[', room);
    brackets[room] = 0;
    check_malformed(send_body(place->route, place->user, text_with(place, brackets)), place->route->path,
                    place->pointer);
}

#define BODY_TEST(name, visit)                                                                               \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        (void)state;                                                                                         \
        each_body_field(visit);                                                                              \
    }
BODY_TEST(missing_field_is_required, leave_out)
BODY_TEST(wrong_type_is_named, mistype)
BODY_TEST(value_out_of_bounds_is_named, exceed_bounds)
BODY_TEST(content_that_breaks_its_form_is_named, break_content)
BODY_TEST(fact_of_the_wrong_kind_is_named, break_facts)
BODY_TEST(unknown_key_is_named, add_unknown_keys)
BODY_TEST(duplicate_key_is_refused, double_the_key)
BODY_TEST(broken_utf8_is_refused, break_encoding)
BODY_TEST(field_of_64_kilobytes_of_brackets_is_refused, open_brackets)

/* Whole bodies, of routes with and without a schema ------------------------------------------------ */

static void send_whole(const rq_route *route)
{
    static const char *const malformed[] = {"7",          "\"x\"",   "{",     "{\"a\":1,}",
                                            "{\"a\":01}", "{'a':1}", "{} {}", "{\"a\":1e400}"};
    char brackets[RQ_LIMIT_BODY_BYTES + 1];
    const test_user *user = user_for(route);
    if (!has_body(route))
        return;
    for (size_t i = 0; i < COUNT(malformed); i++)
        check_malformed(send_body(route, user, malformed[i]), route->path, "");
    memset(brackets, '[', RQ_LIMIT_BODY_BYTES);
    brackets[RQ_LIMIT_BODY_BYTES] = 0;
    check_malformed(send_body(route, user, brackets), route->path, "/0/0/0/0");
    check_fault(send_body(route, user, "[]"), route->path, "", "type_object");
    check_fault(send_body(route, user, "{\"no_such_key\":1}"), route->path, "/no_such_key", "unknown_key");
    asked++;
    check_problem(ask_raw(user, rq_method_names[route->method], path_for(route),
                          textf("Content-Type: text/plain\r\nIdempotency-Key: %s\r\n", fresh_key()), "{}"),
                  415, "media_type_unsupported");
    check_fault(ask_raw(user, rq_method_names[route->method], textf("%s?x=1", path_for(route)),
                        textf("Content-Type: application/json\r\nIdempotency-Key: %s\r\n", fresh_key()),
                        "{}"),
                route->path, route->query ? "/x" : "", "unknown_key");
}

static void body_that_is_no_object_is_refused_everywhere(void **state)
{
    (void)state;
    each_route(send_whole);
}

static void nul_after_a_number_is_no_end(void **state)
{
    static const char body[] = "{\"kinds\":[\"credit_loan\"],\"amount_fen\":300000000\0,\"term_months\":12}";
    (void)state;
    test_answer *answer =
        client_call(world.enterprise_a.client, "POST", "/v1/needs",
                    textf("Authorization: Bearer %s\r\nContent-Type: application/json\r\nIdempotency-Key: "
                          "%s\r\n",
                          world.enterprise_a.token, fresh_key()),
                    body, sizeof(body) - 1);
    asked++;
    check_problem(answer, 400, "json_malformed");
}

/* Queries ------------------------------------------------------------------------------------------ */

static test_answer *send_query(const rq_route *route, const char *query)
{
    asked++;
    return ask_raw(user_for(route), rq_method_names[route->method], textf("%s?%s", path_for(route), query),
                   "", NULL);
}

static void refuse_query(const rq_route *route, const char *query, const char *pointer, const char *code)
{
    check_fault(send_query(route, query), textf("%s?%s", route->path, query), pointer, code);
}

static const char *query_text(const rq_field *field)
{
    json_t *value = value_for(field);
    const char *text = json_is_string(value)    ? textf("%s", json_string_value(value))
                       : json_is_integer(value) ? textf("%lld", (long long)json_integer_value(value))
                                                : "false";
    json_decref(value);
    return text;
}

/* The other fields that the query must have, "&a=1&b=2". */
static const char *required_beside(const rq_route *route, const rq_field *field)
{
    const char *text = "";
    for (size_t i = 0; i < route->input->count; i++)
        if (route->input->fields[i].required && &route->input->fields[i] != field)
            text =
                textf("%s&%s=%s", text, route->input->fields[i].name, query_text(&route->input->fields[i]));
    return text;
}

static void break_query(const rq_route *route, const rq_field *field)
{
    static const struct {
        rq_field_type type;
        const char *text, *code;
    } rows[] = {
        {RQ_FIELD_INTEGER, "many", "type_integer"},
        {RQ_FIELD_INTEGER, "7%20", "type_integer"},
        {RQ_FIELD_INTEGER, "0x10", "type_integer"},
        {RQ_FIELD_INTEGER, "99999999999999999999", "type_integer"},
        {RQ_FIELD_BOOLEAN, "maybe", "type_boolean"},
        {RQ_FIELD_DATE, "2026-02-30", "date"},
        {RQ_FIELD_UUID, "7", "uuid"},
        {RQ_FIELD_WORD, "no_such_word", "word"},
        {RQ_FIELD_REGION, "33", "region"},
        {RQ_FIELD_CODE, "%3Cscript%3E", "code"},
        {RQ_FIELD_TEXT, "%07bell", "control"},
    };
    const char *pointer = textf("/%s", field->name), *text = query_text(field);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].type == field->type)
            refuse_query(route, textf("%s=%s", field->name, rows[i].text), pointer, rows[i].code);
    if (field->type == RQ_FIELD_INTEGER) {
        refuse_query(route, textf("%s=%lld", field->name, (long long)field->min - 1), pointer, "too_small");
        refuse_query(route, textf("%s=%lld", field->name, (long long)field->max + 1), pointer, "too_large");
    } else if (field->type == RQ_FIELD_TEXT || field->type == RQ_FIELD_CODE) {
        refuse_query(route, textf("%s=%0*d", field->name, (int)field->max + 1, 0), pointer, "too_long");
    }
    refuse_query(route, textf("%s=%s&%s=%s", field->name, text, field->name, text), pointer, "repeated");
    refuse_query(route, textf("%s=%%ff", field->name), pointer, "query_encoding");
    refuse_query(route, textf("%s=%s&no_such_key=1", field->name, text), "/no_such_key", "unknown_key");
    refuse_query(route, textf("%%ff%s=1", field->name), "", "query_encoding");
    /* The valid value passes; what then is not found is the object. */
    check_status(send_query(route, textf("%s=%s%s", field->name, text, required_beside(route, field))),
                 strstr(route->path, "{id}") ? 404 : 200);
}

static void bad_query_is_named(void **state)
{
    (void)state;
    each_query_field(break_query);
}

static void bounds_are_told_in_yuan_and_per_cent(void **state)
{
    const struct {
        rq_fault fault;
        const char *zh, *en;
    } rows[] = {
        {{"/amount_fen", "too_large", 280000000, NULL},
         "不得大于 2800000 元",
         "must be at most 2800000 yuan"},
        {{"/items/0/fee_fen", "too_small", 1, NULL}, "不得小于 0.01 元", "must be at least 0.01 yuan"},
        {{"/a_fen", "too_small", -1050, NULL}, "不得小于 -10.5 元", "must be at least -10.5 yuan"},
        {{"/rate/value_ppm", "too_small", -5000, NULL}, "不得小于 -0.5 %", "must be at least -0.5 %"},
        {{"/rate_ppm", "too_large", 240000, NULL}, "不得大于 24 %", "must be at most 24 %"},
        {{"/term_months", "too_large", 360, NULL}, "不得大于 360", "must be at most 360"},
        {{"/kind", "word", 0, "a, b"}, "须为以下之一：a, b", "must be a word of: a, b"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char zh[RQ_FAULT_TEXT], en[RQ_FAULT_TEXT];
        rq_fault_write_texts(&rows[i].fault, zh, en);
        assert_string_equal(zh, rows[i].zh);
        assert_string_equal(en, rows[i].en);
    }
}

#define STORES_NOTHING(name) cmocka_unit_test_setup_teardown(name, count_rows, nothing_stored)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORES_NOTHING(missing_field_is_required),
        STORES_NOTHING(wrong_type_is_named),
        STORES_NOTHING(value_out_of_bounds_is_named),
        STORES_NOTHING(content_that_breaks_its_form_is_named),
        STORES_NOTHING(fact_of_the_wrong_kind_is_named),
        STORES_NOTHING(unknown_key_is_named),
        STORES_NOTHING(duplicate_key_is_refused),
        STORES_NOTHING(broken_utf8_is_refused),
        STORES_NOTHING(field_of_64_kilobytes_of_brackets_is_refused),
        STORES_NOTHING(body_that_is_no_object_is_refused_everywhere),
        STORES_NOTHING(nul_after_a_number_is_no_end),
        STORES_NOTHING(bad_query_is_named),
        cmocka_unit_test(bounds_are_told_in_yuan_and_per_cent),
    };
    return cmocka_run_group_tests_name("api.schema", tests, world_open, world_close);
}
