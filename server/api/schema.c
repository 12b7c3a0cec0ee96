#include "schema.h"

#include <stdio.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/ids.h"
#include "rongqiao/match.h"
#include "rongqiao/vocabulary.h"

void rq_fault_add(rq_faults *faults, const char *pointer, const char *code, int64_t bound, const char *word)
{
    if (faults->count < RQ_LIMIT_PROBLEM_FIELDS)
        faults->list[faults->count++] = (rq_fault){pointer ? pointer : "", code, bound, word};
}

/* `base`/key with the escapes of RFC 6901. */
static const char *pointer_to(rq_faults *faults, const char *base, const char *key)
{
    char escaped[160];
    size_t at = 0;
    for (const char *c = key; *c && at + 3 < sizeof(escaped); c++) {
        if (*c == '~' || *c == '/') {
            escaped[at++] = '~';
            escaped[at++] = *c == '~' ? '0' : '1';
        } else {
            escaped[at++] = *c;
        }
    }
    escaped[at] = 0;
    const char *text = rq_arena_printf(faults->arena, "%s/%s", base, escaped);
    return text ? text : base;
}

static const char *pointer_at(rq_faults *faults, const char *base, size_t index)
{
    const char *text = rq_arena_printf(faults->arena, "%s/%zu", base, index);
    return text ? text : base;
}

void rq_list_each(const char *list, void (*each)(void *argument, const char *word, size_t length),
                  void *argument)
{
    if (strcmp(list, "facts") == 0) {
        for (size_t i = 0; i < RQ_FACTS; i++)
            each(argument, rq_facts[i].name, strlen(rq_facts[i].name));
        return;
    }
    if (list[0] != '=') {
        rq_word_list words = rq_vocabulary(list);
        for (size_t i = 0; i < words.count; i++)
            each(argument, words.first[i].name, strlen(words.first[i].name));
        return;
    }
    for (const char *word = list + 1;;) {
        size_t length = strcspn(word, ",");
        each(argument, word, length);
        if (!word[length])
            return;
        word += length + 1;
    }
}

typedef struct list_search {
    const char *text;
    bool found;
} list_search;

static void compare_word(void *argument, const char *word, size_t length)
{
    list_search *search = argument;
    search->found |= strlen(search->text) == length && memcmp(search->text, word, length) == 0;
}

bool rq_list_has(const char *list, const char *text)
{
    list_search search = {text, false};
    rq_list_each(list, compare_word, &search);
    return search.found;
}

static void append_word(void *argument, const char *word, size_t length)
{
    rq_buffer *text = argument;
    rq_buffer_printf(text, "%s%.*s", text->length ? ", " : "", (int)length, word);
}

/* The words of a list for a fault's text; null for types without a list. */
static const char *list_text(rq_faults *faults, const char *list)
{
    rq_buffer text;
    if (!list)
        return NULL;
    rq_buffer_init(&text, 4096);
    rq_list_each(list, append_word, &text);
    const char *copy = text.failed ? NULL : rq_arena_strndup(faults->arena, text.data, text.length);
    rq_buffer_done(&text);
    return copy ? copy : list;
}

/* Characters of valid UTF-8 (Jansson has checked it), or -1 when a control character is among them. */
static int64_t count_characters(const char *text, size_t length)
{
    int64_t count = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f)
            return -1;
        count += (c & 0xc0) != 0x80;
    }
    return count;
}

static bool is_code(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@/()+ -")] ==
           0;
}

static bool all_digits(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789") == length;
}

static bool is_industry(const char *text, bool prefix)
{
    size_t letter = text[0] >= 'A' && text[0] <= 'T';
    size_t digits = strspn(text + letter, "0123456789");
    if (text[letter + digits])
        return false;
    return prefix ? digits <= 4 && digits != 1 && letter + digits > 0 : digits == 4;
}

/* The fault code of one string element of type `type`, or null. */
static const char *string_fault(rq_field_type type, const char *list, const char *text, size_t length)
{
    rq_date date;
    switch (type) {
    case RQ_FIELD_DATE:
        return rq_date_parse(text, length, &date) ? NULL : "date";
    case RQ_FIELD_UUID:
    case RQ_FIELD_UUIDS:
        return rq_uuid_is_valid(text, length) ? NULL : "uuid";
    case RQ_FIELD_WORD:
    case RQ_FIELD_WORDS:
        return rq_list_has(list, text) ? NULL : "word";
    case RQ_FIELD_REGION:
    case RQ_FIELD_REGIONS:
        return all_digits(text, 6) ? NULL : "region";
    case RQ_FIELD_INDUSTRY:
        return is_industry(text, false) ? NULL : "industry";
    case RQ_FIELD_INDUSTRIES:
        return is_industry(text, true) ? NULL : "industry";
    case RQ_FIELD_CODE:
        return is_code(text) ? NULL : "code";
    default:
        return NULL;
    }
}

static void check_string(const rq_field *field, const json_t *value, const char *pointer, rq_faults *faults)
{
    if (!json_is_string(value)) {
        rq_fault_add(faults, pointer, "type_string", 0, NULL);
        return;
    }
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    const char *code = string_fault(field->type, field->list, text, length);
    if (code) {
        rq_fault_add(faults, pointer, code, 0, list_text(faults, field->list));
        return;
    }
    if (field->type != RQ_FIELD_TEXT && field->type != RQ_FIELD_CODE)
        return;
    int64_t characters = count_characters(text, length);
    if (characters < 0)
        rq_fault_add(faults, pointer, "control", 0, NULL);
    else if (characters < field->min)
        rq_fault_add(faults, pointer, "too_short", field->min, NULL);
    else if (characters > field->max)
        rq_fault_add(faults, pointer, "too_long", field->max, NULL);
}

static void check_integer(const rq_field *field, const json_t *value, const char *pointer, rq_faults *faults)
{
    if (!json_is_integer(value))
        rq_fault_add(faults, pointer, "type_integer", 0, NULL);
    else if (json_integer_value(value) < field->min)
        rq_fault_add(faults, pointer, "too_small", field->min, NULL);
    else if (json_integer_value(value) > field->max)
        rq_fault_add(faults, pointer, "too_large", field->max, NULL);
}

static bool check_array(const rq_field *field, const json_t *value, const char *pointer, rq_faults *faults)
{
    if (!json_is_array(value))
        rq_fault_add(faults, pointer, "type_array", 0, NULL);
    else if ((int64_t)json_array_size(value) < field->min)
        rq_fault_add(faults, pointer, "too_few", field->min, NULL);
    else if ((int64_t)json_array_size(value) > field->max)
        rq_fault_add(faults, pointer, "too_many", field->max, NULL);
    else
        return true;
    return false;
}

static void check_strings(const rq_field *field, const json_t *value, const char *pointer, rq_faults *faults)
{
    if (!check_array(field, value, pointer, faults))
        return;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *element = json_array_get(value, i);
        const char *at = pointer_at(faults, pointer, i);
        if (!json_is_string(element)) {
            rq_fault_add(faults, at, "type_string", 0, NULL);
            continue;
        }
        const char *text = json_string_value(element);
        const char *code = string_fault(field->type, field->list, text, json_string_length(element));
        if (code)
            rq_fault_add(faults, at, code, 0, list_text(faults, field->list));
        for (size_t j = 0; j < i && !code; j++)
            if (json_equal(element, json_array_get(value, j))) {
                rq_fault_add(faults, at, "repeated", 0, NULL);
                break;
            }
    }
}

void rq_fact_value_check(int fact, const json_t *value, bool operand, const char *pointer, rq_faults *faults)
{
    const rq_fact_info *info = &rq_facts[fact];
    rq_field field = {.name = info->name, .list = info->list, .max = 32};
    switch (info->type) {
    case RQ_FACT_TYPE_flag:
        if (!json_is_boolean(value))
            rq_fault_add(faults, pointer, "type_boolean", 0, NULL);
        return;
    case RQ_FACT_TYPE_word:
        field.type = operand && json_is_array(value) ? RQ_FIELD_WORDS : RQ_FIELD_WORD;
        field.min = 1;
        break;
    case RQ_FACT_TYPE_words:
        field.type = operand && json_is_string(value) ? RQ_FIELD_WORD : RQ_FIELD_WORDS;
        field.min = operand;
        break;
    default:
        field.type = RQ_FIELD_INTEGER;
        field.min = 0;
        field.max = INT64_C(1000000000000000);
        check_integer(&field, value, pointer, faults);
        return;
    }
    if (field.type == RQ_FIELD_WORD)
        check_string(&field, value, pointer, faults);
    else
        check_strings(&field, value, pointer, faults);
}

static void check_facts(const json_t *object, bool with_source, const char *pointer, rq_faults *faults)
{
    static const rq_field fields[] = {
        {.name = "value", .type = RQ_FIELD_FACT_VALUE, .required = true},
        {.name = "source", .type = RQ_FIELD_WORD, .list = "source"},
        {.name = "as_of", .type = RQ_FIELD_DATE},
    };
    static const rq_schema known = RQ_SCHEMA("Fact", fields, NULL);
    const char *key;
    json_t *value;
    if (!json_is_object(object)) {
        rq_fault_add(faults, pointer, "type_object", 0, NULL);
        return;
    }
    json_object_foreach((json_t *)object, key, value)
    {
        const char *at = pointer_to(faults, pointer, key);
        int fact = rq_fact_index(key, strlen(key));
        if (fact < 0) {
            rq_fault_add(faults, at, "unknown_key", 0, NULL);
            continue;
        }
        if (!with_source) {
            rq_fact_value_check(fact, value, false, at, faults);
            continue;
        }
        rq_schema_check(&known, value, at, faults);
        const json_t *inner = json_object_get(value, "value");
        if (inner && !json_is_null(inner))
            rq_fact_value_check(fact, inner, false, pointer_to(faults, at, "value"), faults);
    }
}

static void check_objects(const rq_field *field, const json_t *value, const char *pointer, rq_faults *faults)
{
    if (!check_array(field, value, pointer, faults))
        return;
    for (size_t i = 0; i < json_array_size(value); i++)
        rq_schema_check(field->schema, json_array_get(value, i), pointer_at(faults, pointer, i), faults);
}

static void check_field(const rq_field *field, const json_t *value, const char *pointer, rq_faults *faults)
{
    switch (field->type) {
    case RQ_FIELD_INTEGER:
        check_integer(field, value, pointer, faults);
        break;
    case RQ_FIELD_BOOLEAN:
        if (!json_is_boolean(value))
            rq_fault_add(faults, pointer, "type_boolean", 0, NULL);
        break;
    case RQ_FIELD_WORDS:
    case RQ_FIELD_UUIDS:
    case RQ_FIELD_REGIONS:
    case RQ_FIELD_INDUSTRIES:
        check_strings(field, value, pointer, faults);
        break;
    case RQ_FIELD_OBJECT:
        rq_schema_check(field->schema, value, pointer, faults);
        break;
    case RQ_FIELD_OBJECTS:
        check_objects(field, value, pointer, faults);
        break;
    case RQ_FIELD_FACTS:
    case RQ_FIELD_NEED_FACTS:
        check_facts(value, field->type == RQ_FIELD_FACTS, pointer, faults);
        break;
    case RQ_FIELD_FACT_VALUE:
        if (json_is_real(value) || json_is_object(value))
            rq_fault_add(faults, pointer, "fact_value", 0, NULL);
        break;
    default:
        check_string(field, value, pointer, faults);
        break;
    }
}

static const rq_field *find_field(const rq_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    return NULL;
}

void rq_schema_check(const rq_schema *schema, const json_t *value, const char *pointer, rq_faults *faults)
{
    const char *key;
    json_t *member;
    size_t before = faults->count;
    if (!json_is_object(value)) {
        rq_fault_add(faults, pointer, "type_object", 0, NULL);
        return;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        const rq_field *field = find_field(schema, key);
        const char *at = pointer_to(faults, pointer, key);
        if (!field)
            rq_fault_add(faults, at, "unknown_key", 0, NULL);
        else if (!json_is_null(member))
            check_field(field, member, at, faults);
    }
    for (size_t i = 0; i < schema->count; i++) {
        const rq_field *field = &schema->fields[i];
        const json_t *given = json_object_get(value, field->name);
        bool is_missing =
            given ? json_is_null(given) && field->type != RQ_FIELD_FACT_VALUE : !schema->is_partial;
        if (field->required && is_missing)
            rq_fault_add(faults, pointer_to(faults, pointer, field->name), "required", 0, NULL);
    }
    /* A rule reads what the fields promise; past the most faults that are told nobody knows whether they
     * hold. */
    if (schema->rule && faults->count == before && before < RQ_LIMIT_PROBLEM_FIELDS)
        schema->rule(value, pointer, faults);
}
