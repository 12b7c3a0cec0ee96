/* The input of a request: its body or query against the route's schema, and its idempotency key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rongqiao/json_memory.h"
#include "stages.h"

/* A JSON document for `value` that lives in the arena; null when memory is short. */
static const char *dump(rq_call *call, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = text ? rq_arena_strndup(call->arena, text, strlen(text)) : NULL;
    rq_json_free(text);
    return copy;
}

/* Where in the document Jansson stopped, for the reply. */
static void refuse_json(rq_call *call, const json_error_t *error)
{
    bool duplicate = json_error_code(error) == json_error_duplicate_key;
    rq_faults faults = {.arena = call->arena};
    char *extension;
    const rq_request *request = rq_exchange_request(call->exchange);
    const char *pointer =
        rq_json_pointer_at(call->arena, request->body.data, error->position > 0 ? (size_t)error->position : 0,
                           request->body.length);
    if (duplicate)
        rq_fault_add(&faults, pointer, "repeated", 0, NULL);
    extension = rq_arena_printf(call->arena, "{\"line\":%d,\"column\":%d,\"pointer\":\"%s\"}", error->line,
                                error->column, duplicate ? "" : pointer);
    rq_call_refuse(call, duplicate ? "json_duplicate_key" : "json_malformed", duplicate ? &faults : NULL,
                   duplicate ? NULL : extension);
}

static bool media_type_is(rq_slice value, const char *type)
{
    size_t length = strlen(type);
    return value.length >= length && strncasecmp(value.data, type, length) == 0 &&
           (value.length == length || value.data[length] == ';' || value.data[length] == ' ');
}

/* Reads the body into call->input; false when the call was refused. */
static bool read_body(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice type = rq_request_header(request, "Content-Type");
    json_error_t error;
    if (request->body.length == 0 && (call->route->flags & RQ_ROUTE_NO_BODY)) {
        call->input = json_object();
        return true;
    }
    if ((call->route->flags & RQ_ROUTE_CSV) && media_type_is(type, "text/csv"))
        return true; /* the computing stage reads it */
    if (!media_type_is(type, "application/json")) {
        rq_call_refuse(call, "media_type_unsupported", NULL, NULL);
        return false;
    }
    /* Jansson takes a NUL after a number for the end of it: refuse it before. */
    if (memchr(request->body.data ? request->body.data : "", 0, request->body.length)) {
        rq_call_refuse(call, "json_malformed", NULL, NULL);
        return false;
    }
    call->input = json_loadb(request->body.data ? request->body.data : "", request->body.length,
                             JSON_REJECT_DUPLICATES, &error);
    if (!call->input) {
        refuse_json(call, &error);
        return false;
    }
    return true;
}

static const rq_schema empty_schema = {.name = "Empty"};

/* Puts If-Match beside the input, where the statement looks for it. */
static void take_if_match(rq_call *call)
{
    rq_slice match = rq_request_header(rq_exchange_request(call->exchange), "If-Match");
    if ((call->route->flags & RQ_ROUTE_IF_MATCH) && match.data && json_is_object(call->input) &&
        !rq_slice_is(match, "*"))
        json_object_set_new(call->input, "if_match", json_stringn(match.data, match.length));
}

/* The query of a request that has a body too. */
static void read_query(rq_call *call, rq_faults *faults)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    json_t *query =
        rq_schema_from_query(call->route->query, request->query.data, request->query.length, faults);
    if (query)
        rq_schema_check(call->route->query, query, "", faults);
    call->query_text = query ? dump(call, query) : NULL;
    json_decref(query);
}

bool rq_input_write(rq_call *call)
{
    call->input_text = call->input ? dump(call, call->input) : "null";
    return call->input_text != NULL;
}

bool rq_input_read(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    if (call->route->method == RQ_GET && !call->route->input && request->query.length == 0) {
        call->input_text = "{}";
        return true;
    }
    const rq_schema *schema = call->route->input ? call->route->input : &empty_schema;
    rq_faults faults = {.arena = call->arena};
    bool has_body =
        call->route->method == RQ_POST || call->route->method == RQ_PUT || call->route->method == RQ_PATCH;
    if (has_body && !read_body(call))
        return false;
    if (!has_body) {
        call->input = rq_schema_from_query(schema, request->query.data, request->query.length, &faults);
        if (call->input && call->route->input && !json_object_get(call->input, "limit"))
            for (size_t i = 0; i < schema->count; i++)
                if (strcmp(schema->fields[i].name, "limit") == 0)
                    json_object_set_new(call->input, "limit", json_integer(20));
    } else if (call->route->query) {
        read_query(call, &faults);
    } else if (request->query.length > 0) {
        rq_fault_add(&faults, "", "unknown_key", 0, NULL);
    }
    if (call->input)
        rq_schema_check(schema, call->input, "", &faults);
    if (faults.count > 0) {
        rq_call_refuse(call, "validation_failed", &faults, NULL);
        return false;
    }
    take_if_match(call);
    if (!rq_input_write(call) || (call->route->query && !call->query_text)) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    return true;
}

/* The Idempotency-Key (an RFC 8941 string, or bare) and the fingerprint of what it stands for. */
bool rq_key_read(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_slice key = rq_request_header(request, "Idempotency-Key");
    uint8_t digest[RQ_SHA256_BYTES];
    char hex[RQ_SHA256_HEX + 1];
    if (!(call->route->flags & RQ_ROUTE_KEY))
        return true;
    if (!key.data) {
        rq_call_refuse(call, "idempotency_key_required", NULL, NULL);
        return false;
    }
    if (key.length >= 2 && key.data[0] == '"' && key.data[key.length - 1] == '"')
        key = (rq_slice){key.data + 1, key.length - 2};
    bool fits = key.length >= 1 && key.length <= 255;
    for (size_t i = 0; i < key.length && fits; i++)
        fits = key.data[i] > 0x20 && key.data[i] < 0x7f && key.data[i] != '"' && key.data[i] != '\\';
    if (!fits) {
        rq_call_refuse(call, "idempotency_key_malformed", NULL, NULL);
        return false;
    }
    size_t head = strlen(rq_method_names[request->method]) + 1 + request->target.length + 1;
    char *text = rq_arena_alloc(call->arena, head + request->body.length + 1);
    call->key = rq_arena_strndup(call->arena, key.data, key.length);
    if (text) {
        snprintf(text, head + 1, "%s %.*s\n", rq_method_names[request->method], (int)request->target.length,
                 request->target.data);
        if (request->body.length > 0)
            memcpy(text + head, request->body.data, request->body.length);
    }
    if (!text || !call->key || rq_sha256(text, head + request->body.length, digest, NULL) != RQ_OK) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return false;
    }
    rq_hex(digest, sizeof(digest), hex);
    call->fingerprint = rq_arena_strndup(call->arena, hex, RQ_SHA256_HEX);
    return true;
}
