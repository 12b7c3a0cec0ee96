/* Schemas over text (queries, CSV) and as text (OpenAPI). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/http.h"
#include "rongqiao/match.h"
#include "schema.h"

/* A whole number in plain decimal, nothing around it. */
static bool parse_integer(const char *text, int64_t *out_value)
{
    char *end;
    errno = 0;
    if (!((text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && text[1] >= '0' && text[1] <= '9')))
        return false;
    *out_value = strtoll(text, &end, 10);
    return errno == 0 && *end == 0;
}

/* The JSON value of one piece of text by its field's type; text that does not fit stays text, so that the
 * check names the fault. */
static json_t *value_of(const rq_field *field, const char *text)
{
    int64_t number;
    json_t *list;
    switch (field->type) {
    case RQ_FIELD_INTEGER:
        return parse_integer(text, &number) ? json_integer(number) : json_string(text);
    case RQ_FIELD_BOOLEAN:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            return json_boolean(text[0] == 't');
        return json_string(text);
    case RQ_FIELD_WORDS:
    case RQ_FIELD_UUIDS:
    case RQ_FIELD_REGIONS:
    case RQ_FIELD_INDUSTRIES:
        list = json_array();
        for (const char *at = text; list && *at;) {
            size_t length = strcspn(at, "|");
            json_array_append_new(list, json_stringn(at, length));
            at += length + (at[length] == '|');
        }
        return list;
    case RQ_FIELD_OBJECT:
    case RQ_FIELD_OBJECTS:
    case RQ_FIELD_FACTS:
    case RQ_FIELD_NEED_FACTS:
    case RQ_FIELD_FACT_VALUE:
        list = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        return list ? list : json_string(text);
    default:
        return json_string(text);
    }
}

static const rq_field *find_field(const rq_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    return NULL;
}

/* Puts one named text into the object; a fault when the name is unknown or doubled. */
static void put(json_t *object, const rq_schema *schema, const char *name, const char *text,
                rq_faults *faults)
{
    const rq_field *field = find_field(schema, name);
    const char *pointer = rq_arena_printf(faults->arena, "/%s", name);
    if (!field)
        rq_fault_add(faults, pointer, "unknown_key", 0, NULL);
    else if (json_object_get(object, name))
        rq_fault_add(faults, pointer, "repeated", 0, NULL);
    else if (json_object_set_new(object, name, value_of(field, text)) != 0)
        rq_fault_add(faults, pointer, "encoding", 0, NULL);
}

json_t *rq_schema_from_query(const rq_schema *schema, const char *query, size_t length, rq_faults *faults)
{
    json_t *object = json_object();
    for (size_t at = 0; object && at < length;) {
        const char *pair = query + at;
        const char *end = memchr(pair, '&', length - at);
        size_t pair_length = end ? (size_t)(end - pair) : length - at;
        const char *equals = memchr(pair, '=', pair_length);
        size_t name_length = equals ? (size_t)(equals - pair) : pair_length;
        size_t text_length = equals ? pair_length - name_length - 1 : 0;
        char *name = rq_arena_alloc(faults->arena, name_length + 1);
        char *text = rq_arena_alloc(faults->arena, text_length + 1);
        size_t decoded;
        at += pair_length + 1;
        if (pair_length == 0)
            continue;
        if (!name || !text || !rq_percent_decode(pair, name_length, true, name, &decoded)) {
            rq_fault_add(faults, "", "query_encoding", 0, NULL);
            break;
        }
        if (rq_percent_decode(equals ? equals + 1 : "", text_length, true, text, &decoded))
            put(object, schema, name, text, faults);
        else
            rq_fault_add(faults, find_field(schema, name) ? rq_arena_printf(faults->arena, "/%s", name) : "",
                         "query_encoding", 0, NULL);
    }
    return object;
}

json_t *rq_schema_from_cells(const rq_schema *schema, char *const *header, char *const *cells, size_t count,
                             rq_faults *faults)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < count; i++)
        if (cells[i][0])
            put(object, schema, header[i], cells[i], faults);
    return object;
}

/* Description ------------------------------------------------------------------------------------- */

static void write_word(void *argument, const char *word, size_t length)
{
    rq_json_string_n(argument, NULL, word, length);
}

static void describe_words(const char *list, rq_json *json)
{
    rq_json_string(json, "type", "string");
    rq_json_array(json, "enum");
    rq_list_each(list, write_word, json);
    rq_json_array_end(json);
}

static const char uuid_pattern[] = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
static const char region_pattern[] = "^[0-9]{6}$";
static const char industry_pattern[] = "^[A-T]?[0-9]{4}$";
static const char prefix_pattern[] = "^[A-T]?([0-9]{2,4})?$";

static void describe_pattern(const char *pattern, rq_json *json)
{
    rq_json_string(json, "type", "string");
    rq_json_string(json, "pattern", pattern);
}

/* The element schema of the list types. */
static void describe_element(const rq_field *field, rq_json *json)
{
    rq_json_object(json, "items");
    if (field->type == RQ_FIELD_WORDS)
        describe_words(field->list, json);
    else
        describe_pattern(field->type == RQ_FIELD_UUIDS     ? uuid_pattern
                         : field->type == RQ_FIELD_REGIONS ? region_pattern
                                                           : prefix_pattern,
                         json);
    rq_json_object_end(json);
}

static void describe_reference(const rq_schema *schema, rq_json *json)
{
    char reference[96];
    snprintf(reference, sizeof(reference), "#/components/schemas/%s", schema->name);
    rq_json_string(json, "$ref", reference);
}

static void describe_list(const rq_field *field, rq_json *json)
{
    rq_json_string(json, "type", "array");
    if (field->type == RQ_FIELD_OBJECTS) {
        rq_json_object(json, "items");
        describe_reference(field->schema, json);
        rq_json_object_end(json);
    } else {
        describe_element(field, json);
        rq_json_bool(json, "uniqueItems", true);
    }
    rq_json_int(json, "minItems", field->min);
    rq_json_int(json, "maxItems", field->max);
}

static void describe_fact(rq_json *json, const rq_fact_info *info)
{
    if (info->type == RQ_FACT_TYPE_flag) {
        rq_json_string(json, "type", "boolean");
    } else if (info->type == RQ_FACT_TYPE_word) {
        describe_words(info->list, json);
    } else if (info->type == RQ_FACT_TYPE_words) {
        rq_json_string(json, "type", "array");
        rq_json_object(json, "items");
        describe_words(info->list, json);
        rq_json_object_end(json);
    } else {
        rq_json_string(json, "type", "integer");
        rq_json_int(json, "minimum", 0);
    }
}

static void describe_facts(bool with_source, rq_json *json)
{
    rq_json_string(json, "type", "object");
    rq_json_bool(json, "additionalProperties", false);
    rq_json_object(json, "properties");
    for (size_t i = 0; i < RQ_FACTS; i++) {
        rq_json_object(json, rq_facts[i].name);
        if (with_source) {
            rq_json_string(json, "type", "object");
            rq_json_object(json, "properties");
            rq_json_object(json, "value");
            describe_fact(json, &rq_facts[i]);
            rq_json_object_end(json);
            rq_json_object(json, "source");
            describe_words("source", json);
            rq_json_object_end(json);
            rq_json_object(json, "as_of");
            rq_json_string(json, "type", "string");
            rq_json_string(json, "format", "date");
            rq_json_object_end(json);
            rq_json_object_end(json);
        } else {
            describe_fact(json, &rq_facts[i]);
        }
        rq_json_object_end(json);
    }
    rq_json_object_end(json);
}

static void describe_type(const rq_field *field, rq_json *json)
{
    switch (field->type) {
    case RQ_FIELD_TEXT:
    case RQ_FIELD_CODE:
        rq_json_string(json, "type", "string");
        rq_json_int(json, "minLength", field->min);
        rq_json_int(json, "maxLength", field->max);
        break;
    case RQ_FIELD_INTEGER:
        rq_json_string(json, "type", "integer");
        rq_json_string(json, "format", "int64");
        rq_json_int(json, "minimum", field->min);
        rq_json_int(json, "maximum", field->max);
        break;
    case RQ_FIELD_BOOLEAN:
        rq_json_string(json, "type", "boolean");
        break;
    case RQ_FIELD_DATE:
        rq_json_string(json, "type", "string");
        rq_json_string(json, "format", "date");
        break;
    case RQ_FIELD_UUID:
        describe_pattern(uuid_pattern, json);
        break;
    case RQ_FIELD_REGION:
        describe_pattern(region_pattern, json);
        break;
    case RQ_FIELD_INDUSTRY:
        describe_pattern(industry_pattern, json);
        break;
    case RQ_FIELD_WORD:
        describe_words(field->list, json);
        break;
    case RQ_FIELD_FACTS:
    case RQ_FIELD_NEED_FACTS:
        describe_facts(field->type == RQ_FIELD_FACTS, json);
        break;
    case RQ_FIELD_FACT_VALUE:
    case RQ_FIELD_OBJECT:
        break;
    default:
        describe_list(field, json);
        break;
    }
}

void rq_field_describe(const rq_field *field, const char *key, rq_json *json)
{
    char text[512];
    rq_json_object(json, key);
    if (field->type == RQ_FIELD_OBJECT)
        describe_reference(field->schema, json);
    else
        describe_type(field, json);
    if (field->zh) {
        snprintf(text, sizeof(text), "%s / %s", field->zh, field->en ? field->en : "");
        rq_json_string(json, "description", text);
    }
    rq_json_object_end(json);
}

/* A field of a change that null clears. */
static void describe_clearable(const rq_field *field, rq_json *json)
{
    rq_json_object(json, field->name);
    rq_json_array(json, "anyOf");
    rq_field_describe(field, NULL, json);
    rq_json_object(json, NULL);
    rq_json_string(json, "type", "null");
    rq_json_object_end(json);
    rq_json_array_end(json);
    rq_json_object_end(json);
}

void rq_schema_describe(const rq_schema *schema, const char *key, rq_json *json)
{
    bool any = false;
    rq_json_object(json, key);
    rq_json_string(json, "type", "object");
    rq_json_bool(json, "additionalProperties", false);
    rq_json_object(json, "properties");
    for (size_t i = 0; i < schema->count; i++) {
        const rq_field *field = &schema->fields[i];
        if (schema->is_partial && !field->required)
            describe_clearable(field, json);
        else
            rq_field_describe(field, field->name, json);
    }
    rq_json_object_end(json);
    for (size_t i = 0; i < schema->count; i++)
        any |= schema->fields[i].required && !schema->is_partial;
    if (any) {
        rq_json_array(json, "required");
        for (size_t i = 0; i < schema->count; i++)
            if (schema->fields[i].required)
                rq_json_string(json, NULL, schema->fields[i].name);
        rq_json_array_end(json);
    }
    rq_json_object_end(json);
}
