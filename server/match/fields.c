/* Reads the fields of a JSON object; see fields.h. */
#include "fields.h"

#include <stdio.h>
#include <string.h>

rq_fields rq_fields_of(const json_t *object, rq_arena *arena, rq_error *error)
{
    rq_fields fields = {.object = object, .arena = arena, .error = error, .status = RQ_OK};
    if (!json_is_object(object)) {
        fields.status = rq_fail(error, RQ_INVALID, "not an object");
    }
    return fields;
}

rq_fields rq_fields_within(const rq_fields *parent, const json_t *object, const char *key, size_t index)
{
    rq_fields fields = {
        .object = object, .arena = parent->arena, .error = parent->error, .status = parent->status};
    if (index == SIZE_MAX) {
        (void)snprintf(fields.path, sizeof fields.path, "%.40s%s.", parent->path, key);
    } else {
        (void)snprintf(fields.path, sizeof fields.path, "%.40s%s[%zu].", parent->path, key, index);
    }
    if (fields.status == RQ_OK && !json_is_object(object)) {
        rq_fields_fail(&fields, "", "not an object");
    }
    return fields;
}

void rq_fields_leave(rq_fields *parent, const rq_fields *child)
{
    parent->status = child->status;
}

void rq_fields_fail(rq_fields *fields, const char *key, const char *reason)
{
    if (fields->status == RQ_OK) {
        fields->status = rq_fail(fields->error, RQ_INVALID, "%s%.60s: %s", fields->path, key, reason);
    }
}

const json_t *rq_fields_get(const rq_fields *fields, const char *key)
{
    const json_t *value = fields->status == RQ_OK ? json_object_get(fields->object, key) : NULL;
    return json_is_null(value) ? NULL : value;
}

int64_t rq_fields_int(rq_fields *fields, const char *key, int64_t min, int64_t max, int64_t absent)
{
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return absent;
    }
    if (!json_is_integer(value)) {
        rq_fields_fail(fields, key, "not a whole number");
        return absent;
    }
    int64_t number = json_integer_value(value);
    if (number < min || number > max) {
        char reason[96];
        (void)snprintf(reason, sizeof reason, "must be %lld to %lld", (long long)min, (long long)max);
        rq_fields_fail(fields, key, reason);
        return absent;
    }
    return number;
}

void rq_fields_numbers(rq_fields *fields, const rq_number *numbers, size_t count, void *out_struct)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = rq_fields_int(fields, numbers[i].key, numbers[i].min, numbers[i].max, RQ_UNSET);
        memcpy((char *)out_struct + numbers[i].offset, &value, sizeof value);
    }
}

bool rq_fields_bool(rq_fields *fields, const char *key, bool absent)
{
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return absent;
    }
    if (!json_is_boolean(value)) {
        rq_fields_fail(fields, key, "not true or false");
    }
    return json_is_true(value);
}

const char *rq_fields_text(rq_fields *fields, const char *key)
{
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_string(value)) {
        rq_fields_fail(fields, key, "not a text");
        return NULL;
    }
    const char *text = rq_arena_strndup(fields->arena, json_string_value(value), json_string_length(value));
    if (text == NULL) {
        fields->status = rq_fail(fields->error, RQ_NOMEM, "%s%s: no memory", fields->path, key);
    }
    return text;
}

void rq_fields_id(rq_fields *fields, const char *key, char out_id[RQ_UUID_TEXT + 1])
{
    const json_t *value = rq_fields_get(fields, key);
    if (!json_is_string(value) || !rq_uuid_is_valid(json_string_value(value), json_string_length(value))) {
        rq_fields_fail(fields, key, "not a UUID");
        return;
    }
    const char *text = json_string_value(value);
    for (size_t i = 0; i < RQ_UUID_TEXT; i++) {
        out_id[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 'a' : text[i]);
    }
    out_id[RQ_UUID_TEXT] = '\0';
}

unsigned rq_fields_choice(rq_fields *fields, const char *key, const char *const *names, size_t count,
                          unsigned absent)
{
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return absent;
    }
    for (size_t i = 0; json_is_string(value) && i < count; i++) {
        if (strcmp(json_string_value(value), names[i]) == 0) {
            return (unsigned)i;
        }
    }
    rq_fields_fail(fields, key, "no such word");
    return absent;
}

static int word_index(const json_t *value, rq_word_list list)
{
    return json_is_string(value) ? rq_word_index(list, json_string_value(value), json_string_length(value))
                                 : -1;
}

unsigned rq_fields_word(rq_fields *fields, const char *key, const char *list, unsigned absent)
{
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return absent;
    }
    int index = word_index(value, rq_vocabulary(list));
    if (index < 0) {
        rq_fields_fail(fields, key, "no such word");
        return absent;
    }
    return (unsigned)index;
}

uint64_t rq_fields_set(rq_fields *fields, const char *key, const char *list)
{
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return 0;
    }
    uint64_t bits = 0;
    rq_word_list words = rq_vocabulary(list);
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < count; i++) {
        int index = word_index(json_is_array(value) ? json_array_get(value, i) : value, words);
        if (index < 0) {
            rq_fields_fail(fields, key, "no such word");
            return 0;
        }
        bits |= UINT64_C(1) << index;
    }
    return bits;
}

rq_date rq_fields_date(rq_fields *fields, const char *key, rq_date absent)
{
    const json_t *value = rq_fields_get(fields, key);
    rq_date date = absent;
    if (value != NULL && (!json_is_string(value) ||
                          !rq_date_parse(json_string_value(value), json_string_length(value), &date))) {
        rq_fields_fail(fields, key, "not a date like 2026-11-24");
        return absent;
    }
    return date;
}

const json_t *rq_fields_list(rq_fields *fields, const char *key, size_t element_size, void **out_room,
                             size_t *out_count)
{
    *out_room = NULL;
    *out_count = 0;
    const json_t *value = rq_fields_get(fields, key);
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_array(value) || json_array_size(value) > RQ_MATCH_LIST_MAX) {
        rq_fields_fail(fields, key, "not a list, or too long");
        return NULL;
    }
    if (json_array_size(value) == 0) {
        return NULL;
    }
    *out_room = rq_arena_array(fields->arena, json_array_size(value), element_size);
    if (*out_room == NULL) {
        fields->status = rq_fail(fields->error, RQ_NOMEM, "%s%s: no memory", fields->path, key);
        return NULL;
    }
    *out_count = json_array_size(value);
    return value;
}

bool rq_region_parse(const json_t *value, uint32_t *out_region)
{
    if (!json_is_string(value) || json_string_length(value) != 6) {
        return false;
    }
    const char *text = json_string_value(value);
    uint32_t region = 0;
    for (size_t i = 0; i < 6; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        region = region * 10 + (uint32_t)(text[i] - '0');
    }
    *out_region = region;
    return true;
}
