/* The routes as the tables have them, and for each input schema a valid document made from its fields, so
 * that a new field is tested because it exists. */
#ifndef RONGQIAO_TESTS_API_SCHEMA_CASES_H
#define RONGQIAO_TESTS_API_SCHEMA_CASES_H

#include "api/routes.h"
#include "api/worker.h"
#include "world.h"

/* One field of one route's input, in a document that is valid but for rules between fields. */
typedef struct field_place {
    const rq_route *route;
    const test_user *user; /* may take the route; null: anybody */
    json_t *document;
    json_t *object; /* inside the document: the one that has the field */
    const rq_schema *schema;
    const rq_field *field;
    const char *pointer; /* of the field */
} field_place;

/* A user of the world whose role the route takes; null for a public one. */
const test_user *user_for(const rq_route *route);
/* The path with an identifier nobody has in the place of {id}. */
const char *path_for(const rq_route *route);
bool has_body(const rq_route *route);
void each_route(void (*visit)(const rq_route *route));

/* A valid value of the field; the least document of the schema (what is required, and what its rule asks
 * for). */
json_t *value_for(const rq_field *field);
json_t *base_document(const rq_schema *schema);
/* Calls for every field of every route's body, nested ones too; the document is freed after the call. */
void each_body_field(void (*visit)(const field_place *place));
/* Calls for every field of every query. */
void each_query_field(void (*visit)(const rq_route *route, const rq_field *field));

/* The document as text with `raw` in the place of the field's value. */
const char *text_with(const field_place *place, const char *raw);

#endif
