/* The OpenAPI 3.1 document, made of the tables that route and validate. */
#include <stdio.h>
#include <string.h>

#include "rongqiao/api.h"
#include "sheet.h"
#include "worker.h"

enum { SCHEMAS_MAX = 192, PATHS_MAX = 320 };

typedef struct schema_set {
    const rq_schema *list[SCHEMAS_MAX];
    size_t count;
} schema_set;

/* Adds a schema and those its fields refer to. */
static void collect(schema_set *set, const rq_schema *schema)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->list[i] == schema)
            return;
    if (set->count == SCHEMAS_MAX)
        return;
    set->list[set->count++] = schema;
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].schema)
            collect(set, schema->fields[i].schema);
}

static void write_reference(rq_json *json, const char *key, const char *where, const char *name)
{
    char text[96];
    snprintf(text, sizeof(text), "#/components/%s/%s", where, name);
    rq_json_object(json, key);
    rq_json_string(json, "$ref", text);
    rq_json_object_end(json);
}

static void write_parameter(rq_json *json, const char *name, const char *where, bool required,
                            const rq_field *field)
{
    rq_json_object(json, NULL);
    rq_json_string(json, "name", name);
    rq_json_string(json, "in", where);
    rq_json_bool(json, "required", required);
    if (field) {
        rq_field_describe(field, "schema", json);
    } else {
        rq_json_object(json, "schema");
        rq_json_string(json, "type", "string");
        rq_json_object_end(json);
    }
    rq_json_object_end(json);
}

static void write_parameters(const rq_route *route, rq_json *json)
{
    static const rq_field id = {.name = "id", .type = RQ_FIELD_UUID};
    static const rq_field key = {.name = "Idempotency-Key", .type = RQ_FIELD_CODE, .min = 1, .max = 255};
    rq_json_array(json, "parameters");
    if (strstr(route->path, "{id}"))
        write_parameter(json, "id", "path", true, &id);
    if (route->flags & RQ_ROUTE_KEY)
        write_parameter(json, "Idempotency-Key", "header", true, &key);
    if (route->flags & RQ_ROUTE_IF_MATCH)
        write_parameter(json, "If-Match", "header", false, NULL);
    if (route->method == RQ_GET && route->input)
        for (size_t i = 0; i < route->input->count; i++)
            write_parameter(json, route->input->fields[i].name, "query", route->input->fields[i].required,
                            &route->input->fields[i]);
    for (size_t i = 0; route->query && i < route->query->count; i++)
        write_parameter(json, route->query->fields[i].name, "query", route->query->fields[i].required,
                        &route->query->fields[i]);
    rq_json_array_end(json);
}

static void write_body(const rq_route *route, rq_json *json)
{
    rq_json_object(json, "requestBody");
    rq_json_bool(json, "required", !(route->flags & RQ_ROUTE_NO_BODY));
    rq_json_object(json, "content");
    rq_json_object(json, "application/json");
    write_reference(json, "schema", "schemas", route->input->name);
    rq_json_object_end(json);
    if (route->flags & RQ_ROUTE_CSV) {
        rq_json_object(json, "text/csv");
        rq_json_object(json, "schema");
        rq_json_string(json, "type", "string");
        rq_json_object_end(json);
        rq_json_object_end(json);
    }
    rq_json_object_end(json);
    rq_json_object_end(json);
}

/* A list as CSV: its first line, and the cursor that says that there was more than one sheet holds. */
static void write_sheet(rq_json *json, const char *columns)
{
    rq_json_object(json, "text/csv");
    rq_json_object(json, "schema");
    rq_json_string(json, "type", "string");
    rq_json_string(json, "description", columns);
    rq_json_object_end(json);
    rq_json_object_end(json);
}

static void write_sheet_headers(rq_json *json)
{
    char text[192];
    snprintf(
        text, sizeof(text),
        "text/csv: 超过 %d 行时为续取的 cursor / the cursor to go on with when there are more than %d rows",
        RQ_LIMIT_SHEET_ROWS, RQ_LIMIT_SHEET_ROWS);
    rq_json_object(json, "headers");
    rq_json_object(json, "X-Next-Cursor");
    rq_json_string(json, "description", text);
    rq_json_object(json, "schema");
    rq_json_string(json, "type", "string");
    rq_json_object_end(json);
    rq_json_object_end(json);
    rq_json_object_end(json);
}

static void write_response(rq_json *json, const char *status, const char *text, const char *type,
                           const char *schema, const char *columns)
{
    rq_json_object(json, status);
    rq_json_string(json, "description", text);
    if (columns)
        write_sheet_headers(json);
    if (schema) {
        rq_json_object(json, "content");
        rq_json_object(json, type);
        write_reference(json, "schema", "schemas", schema);
        rq_json_object_end(json);
        if (columns)
            write_sheet(json, columns);
        rq_json_object_end(json);
    }
    rq_json_object_end(json);
}

/* 201 for what makes something at the collection itself, 204 for what ends something, 200 for the rest. */
static const char *success_status(const rq_route *route)
{
    if (route->method == RQ_DELETE)
        return "204";
    bool makes = route->method == RQ_POST && !strstr(route->path, "{id}") &&
                 !strstr(route->path, "/import") && !strstr(route->path, "/preview") &&
                 !strstr(route->path, "/what-if") && !strstr(route->path, "/calendar") &&
                 !strstr(route->path, "/read");
    return makes ? "201" : "200";
}

/* "post_v1_needs_id_withdraw" */
static void operation_id(const rq_route *route, char *out, size_t size)
{
    size_t at = 0;
    for (const char *c = rq_method_names[route->method]; *c && at + 1 < size; c++)
        out[at++] = (char)(*c | 0x20);
    for (const char *c = route->path; *c && at + 1 < size; c++)
        if (*c == '/' || *c == '-' || *c == '.')
            out[at++] = '_';
        else if (*c != '{' && *c != '}')
            out[at++] = *c;
    out[at] = 0;
}

static void write_operation(const rq_route *route, rq_json *json)
{
    char method[8], id[128], text[512];
    size_t at = 0;
    for (const char *c = rq_method_names[route->method]; *c; c++)
        method[at++] = (char)(*c | 0x20);
    method[at] = 0;
    operation_id(route, id, sizeof(id));
    snprintf(text, sizeof(text), "%s / %s", route->zh, route->en);
    rq_json_object(json, method);
    rq_json_string(json, "operationId", id);
    rq_json_string(json, "summary", text);
    if (route->roles & RQ_ROLE_PUBLIC) {
        rq_json_array(json, "security");
        rq_json_array_end(json);
    }
    write_parameters(route, json);
    if (route->method != RQ_GET && route->method != RQ_DELETE && route->input)
        write_body(route, json);
    rq_json_object(json, "responses");
    write_response(json, success_status(route), "OK", route->media ? route->media : "application/json",
                   route->reply, rq_sheet_columns(route));
    write_response(json, "default", "RFC 9457", "application/problem+json", "Problem", NULL);
    rq_json_object_end(json);
    rq_json_object_end(json);
}

/* What a path takes, whichever tables its routes are in. */
static void write_path(const char *path, rq_json *json)
{
    rq_json_object(json, path);
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++)
            if (strcmp(rq_all_routes[i]->rows[j].path, path) == 0)
                write_operation(&rq_all_routes[i]->rows[j], json);
    rq_json_object_end(json);
}

static void write_paths(rq_json *json)
{
    const char *written[PATHS_MAX];
    size_t count = 0;
    rq_json_object(json, "paths");
    for (size_t i = 0; i < rq_all_routes_count; i++) {
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const char *path = rq_all_routes[i]->rows[j].path;
            bool seen = count == PATHS_MAX;
            for (size_t k = 0; k < count; k++)
                seen |= strcmp(written[k], path) == 0;
            if (seen)
                continue;
            written[count++] = path;
            write_path(path, json);
        }
    }
    rq_json_object_end(json);
}

/* Replies are JSON that PostgreSQL builds; their components name what is always there. */
static void write_replies(rq_json *json)
{
    static const struct {
        const char *name, *required; /* comma separated */
    } replies[] = {
        {"Status", "status"},
        {"OpenApi", "openapi,info,paths"},
        {"Session", "id,expires_at,user_id,side,roles,name"},
        {"List", "items,next"},
        {"Object", ""},
        {"User", "id"},
        {"Consent", "id"},
        {"Enterprise", "id,uscc,uscc_check,verification,name,region_code,industry_code,facts,version"},
        {"Institution", "id,kind,name_zh,status,version"},
        {"Product", "id,product_no,institution_id,kind,name_zh,state,actions,version"},
        {"Programme", "id,type,name_zh,state,version"},
        {"Need", "id,request_no,kinds,amount_fen,state,actions,version"},
        {"MatchResult", "catalogue_version,weights_version,notice,considered,eligible_total,unknown_total,"
                        "near_total,eligible,unknown,near"},
        {"Explanation", "need_id,catalogue_version,open,package,facts"},
        {"Application", "id,need_id,institution,origin,state,actions,version"},
        {"Offer", "id,application_id,need_id,amount_fen,term_months,rate_ppm,cost_ppm,cost_is_whole,"
                  "net_disbursed_fen,total_repayable_fen,valid_until,state,actions,version"},
        {"OfferCost",
         "rate_ppm,net_disbursed_fen,total_repayable_fen,cost_ppm,first_payment_fen,last_payment_fen,"
         "cost_is_whole"},
        {"GuaranteeCase", "id,case_no,need_id,application_id,principal_fen,shares,state,actions,version"},
        {"Round", "id,round_no,name,region_code,seed_hash,state,actions,version"},
        {"RoundPlace", "id,round_id,run_no,need_id,amount_fen,wish"},
        {"RoundExport", "format,seed,seed_hash,input,input_hash,result,result_hash,proof"},
        {"RoundStatistics",
         "needs,needs_fen,matched,matched_fen,intents,intent_fen,days,figures,day_figures"},
        {"Statistics", "total,by_kind,by_size,by_industry,by_county"},
        {"Market",
         "as_of,open_needs,considered,eligible,unknown,near,guarantee_assumed,insurance_assumed,trials"},
        {"Nudge", "id,subject_kind,subject_id,subject_state,parties,message,made_by_name,made_at"},
        {"Weights", "id,version,reason,valid_from,is_published,cost,likelihood,speed,fit,service"},
        {"WeightsTrialResult", "catalogue_version,needs,top1_changes,top5_changes,examples"},
        {"Exposure",
         "as_of,institution_id,scope,net_assets_fen,in_force,agreed,asked,limits,by_enterprise,by_bank,"
         "money,case"},
        {"Desk", "as_of,to_claim,mine,soon,late,waiting"},
        {"History", "subject_kind,subject_id,items"},
        {"Funnel",
         "as_of,filter,figures,row_filter,share_row_filter,steps,funded_enterprises,first_time_borrowers"},
        {"Report", "as_of,filter,figures,row_filter,items"},
        {"InstitutionReport", "as_of,filter,figures,row_filter,items,guarantor_figures,guarantor_row_filter,"
                              "guarantors"},
        {"Notification", "id,kind,subject_kind,subject_id,params,created_at,read"},
        {"Notifications", "items,next_cursor,unread"},
        {"NotificationsRead", "up_to,unread"},
        {"ImportReport", "accepted,refused,lines"},
        {"Problem", "type,title,status,code,request_id"},
    };
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        rq_json_object(json, replies[i].name);
        rq_json_string(json, "type", "object");
        if (replies[i].required[0]) {
            rq_json_array(json, "required");
            for (const char *at = replies[i].required; *at;) {
                size_t length = strcspn(at, ",");
                rq_json_string_n(json, NULL, at, length);
                at += length + (at[length] == ',');
            }
            rq_json_array_end(json);
        }
        rq_json_object_end(json);
    }
}

/* Either will do: a program's token, or a browser's cookie (with X-CSRF-Token where something changes). */
static void write_security(rq_json *json)
{
    static const char *const schemes[] = {"bearer", "cookie"};
    rq_json_array(json, "security");
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        rq_json_object(json, NULL);
        rq_json_array(json, schemes[i]);
        rq_json_array_end(json);
        rq_json_object_end(json);
    }
    rq_json_array_end(json);
}

static void write_security_schemes(rq_json *json)
{
    rq_json_object(json, "securitySchemes");
    rq_json_object(json, "bearer");
    rq_json_string(json, "type", "http");
    rq_json_string(json, "scheme", "bearer");
    rq_json_string(json, "description",
                   "A session's token, or an institution's key; a key that is bound to client certificates "
                   "works on connections that showed one of them (RFC 8705)");
    rq_json_object_end(json);
    rq_json_object(json, "cookie");
    rq_json_string(json, "type", "apiKey");
    rq_json_string(json, "in", "cookie");
    rq_json_string(json, "name", "__Host-session");
    rq_json_object_end(json);
    rq_json_object_end(json);
}

void rq_openapi_write(rq_buffer *out)
{
    schema_set set = {.count = 0};
    rq_json json = rq_json_on(out);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "openapi", "3.1.0");
    rq_json_object(&json, "info");
    rq_json_string(&json, "title", "融桥 Rongqiao");
    rq_json_string(&json, "version", "1");
    rq_json_string(&json, "description",
                   "金额单位为分，利率与比例单位为百万分之一（3.45 % = 34500），时间为 UTC。/ Money is in "
                   "fen, rates and "
                   "shares in millionths (3.45 % = 34500), time in UTC.");
    rq_json_object_end(&json);
    write_security(&json);
    write_paths(&json);
    rq_json_object(&json, "components");
    write_security_schemes(&json);
    rq_json_object(&json, "schemas");
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++)
            if (rq_all_routes[i]->rows[j].input)
                collect(&set, rq_all_routes[i]->rows[j].input);
    for (size_t i = 0; i < set.count; i++)
        rq_schema_describe(set.list[i], set.list[i]->name, &json);
    write_replies(&json);
    rq_json_object_end(&json);
    rq_json_object_end(&json);
    rq_json_object_end(&json);
}
