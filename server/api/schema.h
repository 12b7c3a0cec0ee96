/* Input schemas as rows of fields. One table validates, names the reasons, and prints the OpenAPI document.
 */
#ifndef RONGQIAO_API_SCHEMA_H
#define RONGQIAO_API_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/arena.h"
#include "rongqiao/buffer.h"
#include "rongqiao/limits.h"

typedef enum rq_field_type {
    RQ_FIELD_TEXT,    /* min..max characters; no control characters but line feed */
    RQ_FIELD_INTEGER, /* min..max */
    RQ_FIELD_BOOLEAN,
    RQ_FIELD_DATE, /* YYYY-MM-DD, a day that exists */
    RQ_FIELD_UUID,
    RQ_FIELD_WORD,     /* one word of `list` */
    RQ_FIELD_WORDS,    /* distinct words of `list`, min..max of them */
    RQ_FIELD_REGION,   /* six digits, GB/T 2260 */
    RQ_FIELD_INDUSTRY, /* GB/T 4754 class, with or without its section letter */
    RQ_FIELD_CODE,     /* letters, digits and a few marks, min..max: codes, logins, numbers of papers */
    RQ_FIELD_UUIDS,
    RQ_FIELD_REGIONS,
    RQ_FIELD_INDUSTRIES, /* prefixes too */
    RQ_FIELD_OBJECT,     /* of `schema` */
    RQ_FIELD_OBJECTS,    /* list of `schema`, min..max of them */
    RQ_FIELD_FACTS,      /* {fact: {value, source, as_of}}; `schema` unused */
    RQ_FIELD_NEED_FACTS, /* {fact: value} */
    RQ_FIELD_FACT_VALUE, /* any value a rule may compare with; checked with its fact */
    RQ_FIELD_TYPES,
} rq_field_type;

typedef struct rq_schema rq_schema;

/* One field; tables write its members in this order. `min` and `max` are characters, values or elements, by
 * the type. */
typedef struct rq_field {
    const char *name;
    rq_field_type type;
    bool required;
    int64_t min, max;
    const char *list; /* a list of the vocabulary, or an own comma-separated one: "=bank,guarantor" */
    const rq_schema *schema;
    const char *zh, *en; /* what it means, with its unit */
} rq_field;

/* One thing wrong with the input. */
typedef struct rq_fault {
    const char *pointer; /* RFC 6901 */
    const char *code;    /* row of the table of fault texts */
    int64_t bound;       /* what the text's %s stands for, when it is a number */
    const char *word;    /* or a word */
} rq_fault;

typedef struct rq_faults {
    rq_fault list[RQ_LIMIT_PROBLEM_FIELDS];
    size_t count;
    rq_arena *arena;
} rq_faults;

/* Adds a fault; beyond the limit further ones are dropped (the input is refused anyway). */
void rq_fault_add(rq_faults *faults, const char *pointer, const char *code, int64_t bound, const char *word);

/* A rule over several fields, after each has passed by itself. */
typedef void (*rq_schema_rule)(const json_t *object, const char *pointer, rq_faults *faults);

struct rq_schema {
    const char *name; /* of the OpenAPI component */
    const rq_field *fields;
    size_t count;
    rq_schema_rule rule;
    bool is_partial; /* a change: what is absent stays, null clears what may be left out */
};

#define RQ_SCHEMA(schema_name, field_table, schema_rule)                                                     \
    {                                                                                                        \
        .name = (schema_name), .fields = (field_table),                                                      \
        .count = sizeof(field_table) / sizeof((field_table)[0]), .rule = (schema_rule)                       \
    }

/* Checks `value` against `schema`, collecting every fault below `pointer`. Unknown keys are faults. */
void rq_schema_check(const rq_schema *schema, const json_t *value, const char *pointer, rq_faults *faults);

/* Checks that `value` can be a value of the fact, as what is known or as a rule's operand (`operand`). */
void rq_fact_value_check(int fact, const json_t *value, bool operand, const char *pointer, rq_faults *faults);

/* Turns the decoded name and value pairs of a query into an object of the schema's types. */
json_t *rq_schema_from_query(const rq_schema *schema, const char *query, size_t length, rq_faults *faults);

/* Turns one CSV record into an object of the schema's types: empty cells are absent, lists are
 * separated by '|'. `header` names the fields; nested fields are JSON text. */
json_t *rq_schema_from_cells(const rq_schema *schema, char *const *header, char *const *cells, size_t count,
                             rq_faults *faults);

/* Whether `text` is a word of `list`: a list of the vocabulary, "facts", or "=a,b,c". */
bool rq_list_has(const char *list, const char *text);
/* Calls back for each word of a list, in order. */
void rq_list_each(const char *list, void (*each)(void *argument, const char *word, size_t length),
                  void *argument);

/* Writes the JSON Schema (OpenAPI 3.1) of a schema's object. */
void rq_schema_describe(const rq_schema *schema, const char *key, rq_json *json);
/* Writes the JSON Schema of one field. */
void rq_field_describe(const rq_field *field, const char *key, rq_json *json);

#endif
