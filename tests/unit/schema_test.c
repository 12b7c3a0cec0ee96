/* What the table of fields promises to the rules that read several of them. */
#include "api/schema.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int asked, without_day;

static void read_day(const json_t *object, const char *pointer, rq_faults *faults)
{
    (void)pointer;
    (void)faults;
    asked++;
    without_day += !json_string_value(json_object_get(object, "day"));
}

static const rq_field part_fields[] = {
    {"day", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "日期", "day"},
};
static const rq_schema part_schema = RQ_SCHEMA("Part", part_fields, read_day);
static const rq_field whole_fields[] = {
    {"parts", RQ_FIELD_OBJECTS, true, 0, 60, NULL, &part_schema, "各项", "parts"},
};
static const rq_schema whole_schema = RQ_SCHEMA("Whole", whole_fields, NULL);

static size_t faults_of(const char *text)
{
    rq_faults faults = {.arena = rq_arena_new(1 << 20)};
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    asked = without_day = 0;
    rq_schema_check(&whole_schema, value, "", &faults);
    json_decref(value);
    rq_arena_free(faults.arena);
    return faults.count;
}

static void rule_is_asked_of_what_its_fields_allow(void **state)
{
    (void)state;
    assert_int_equal(faults_of("{\"parts\":[{\"day\":\"2026-11-26\"},{},{\"day\":\"2026-11-27\"}]}"), 1);
    assert_int_equal(asked, 2);
    assert_int_equal(without_day, 0);
}

/* Past the most faults that are told, too: nothing says any more that a field was missing. */
static void rule_is_not_asked_past_the_most_faults(void **state)
{
    char text[1024];
    size_t at = (size_t)snprintf(text, sizeof(text), "{\"parts\":[");
    (void)state;
    for (int i = 0; i < 59; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "{},");
    snprintf(text + at, sizeof(text) - at, "{\"day\":7}]}");
    assert_int_equal(faults_of(text), RQ_LIMIT_PROBLEM_FIELDS);
    assert_int_equal(asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_is_asked_of_what_its_fields_allow),
        cmocka_unit_test(rule_is_not_asked_past_the_most_faults),
    };
    return cmocka_run_group_tests_name("unit.schema", tests, NULL, NULL);
}
