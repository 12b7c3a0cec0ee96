/* Reads the fields of a JSON object one by one. The first failure is kept, with the path of the key
 * ("tiers[0].when[1].op"), and every read after it is a no-op, so that a caller checks once at the end. */
#ifndef RONGQIAO_MATCH_FIELDS_H
#define RONGQIAO_MATCH_FIELDS_H

#include "internal.h"

enum { RQ_FIELDS_PATH_MAX = 96 };

typedef struct rq_fields {
    const json_t *object;
    char path[RQ_FIELDS_PATH_MAX]; /* "" or "tiers[0]." */
    rq_arena *arena;               /* for texts and lists; may be null where there are none */
    rq_error *error;
    rq_status status;
} rq_fields;

rq_fields rq_fields_of(const json_t *object, rq_arena *arena, rq_error *error);
/* An object within: element `index` of the list `key`, or with SIZE_MAX the object `key` itself. */
rq_fields rq_fields_within(const rq_fields *parent, const json_t *object, const char *key, size_t index);
/* Takes over the child's failure. */
void rq_fields_leave(rq_fields *parent, const rq_fields *child);
void rq_fields_fail(rq_fields *fields, const char *key, const char *reason);

/* Null for a key that is absent or null. */
const json_t *rq_fields_get(const rq_fields *fields, const char *key);
/* A whole number; `absent` when there is none. */
int64_t rq_fields_int(rq_fields *fields, const char *key, int64_t min, int64_t max, int64_t absent);
void rq_fields_numbers(rq_fields *fields, const rq_number *numbers, size_t count, void *out_struct);
bool rq_fields_bool(rq_fields *fields, const char *key, bool absent);
/* Null when absent; a copy in the arena. */
const char *rq_fields_text(rq_fields *fields, const char *key);
/* A UUID, lower-cased, that must be there. */
void rq_fields_id(rq_fields *fields, const char *key, char out_id[RQ_UUID_TEXT + 1]);
/* The index of one of `names`; `absent` when there is none. */
unsigned rq_fields_choice(rq_fields *fields, const char *key, const char *const *names, size_t count,
                          unsigned absent);
unsigned rq_fields_word(rq_fields *fields, const char *key, const char *list, unsigned absent);
/* A set as bits: a list of words, or one word. */
uint64_t rq_fields_set(rq_fields *fields, const char *key, const char *list);
rq_date rq_fields_date(rq_fields *fields, const char *key, rq_date absent);
/* The list `key` and room for its elements in the arena; null and 0 when absent or empty. */
const json_t *rq_fields_list(rq_fields *fields, const char *key, size_t element_size, void **out_room,
                             size_t *out_count);

/* "330000" -> 330000. */
bool rq_region_parse(const json_t *value, uint32_t *out_region);

#endif
