/* Users, made by operators, and the keys of institutions' systems (made on the command line, so that the key itself
 * passes through no log and no table). */
#include <stdlib.h>
#include <string.h>

#include "routes.h"
#include "worker.h"

static void on_hashed(rq_worker *worker, void *argument, bool equal, const char *hash)
{
    rq_call *call = argument;
    (void)worker;
    (void)equal;
    if (hash)
        call->computed = rq_arena_strndup(call->arena, hash, strlen(hash));
    if ((!call->computed || call->broken) && !call->abandoned)
        rq_call_refuse(call, "unavailable", NULL, NULL);
    else
        rq_call_continue(call);
}

/* What is stored holds nothing of the password: neither the input nor the fingerprint of the request. */
static bool strip_password(rq_call *call)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char hex[RQ_SHA256_HEX + 1];
    json_object_del(call->input, "password");
    char *text = json_dumps(call->input, JSON_COMPACT | JSON_SORT_KEYS);
    bool done = text && rq_sha256(text, strlen(text), digest, NULL) == RQ_OK;
    call->input_text = done ? rq_arena_strndup(call->arena, text, strlen(text)) : NULL;
    free(text);
    if (done) {
        rq_hex(digest, sizeof(digest), hex);
        call->fingerprint = rq_arena_strndup(call->arena, hex, RQ_SHA256_HEX);
    }
    return call->input_text && call->fingerprint;
}

static rq_step hash_password(rq_call *call)
{
    const char *password = json_string_value(json_object_get(call->input, "password"));
    if (rq_hash_pool_submit(call->worker->hash_pool, call->worker, password, NULL, on_hashed, call)) {
        call->broken = !strip_password(call);
        return RQ_STEP_WAIT;
    }
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

static const rq_field user_fields[] = {
    {.name = "login", .type = RQ_FIELD_CODE, .required = true, .min = 3, .max = 64, .zh = "用户名", .en = "the login"},
    {.name = "name", .type = RQ_FIELD_TEXT, .required = true, .min = 1, .max = 60, .zh = "姓名", .en = "the person's name"},
    {.name = "password", .type = RQ_FIELD_TEXT, .required = true, .min = 12, .max = 256, .zh = "初始密码", .en = "the first password"},
    {.name = "roles",
     .type = RQ_FIELD_WORDS,
     .required = true,
     .min = 1,
     .max = 4,
     .list = "=enterprise,bank_maker,bank_checker,guarantee_reviewer,guarantee_checker,authority,operator,auditor",
     .zh = "角色",
     .en = "the roles"},
    {.name = "enterprise_id", .type = RQ_FIELD_UUID, .zh = "所属企业", .en = "the enterprise it acts for"},
    {.name = "institution_id", .type = RQ_FIELD_UUID, .zh = "所属机构", .en = "the institution it acts for"},
    {.name = "region_code", .type = RQ_FIELD_REGION, .zh = "主管区域，000000 为全国", .en = "the authority's region; 000000: the country"},
};
static const rq_schema user_input = RQ_SCHEMA("NewUser", user_fields, NULL);

static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/users", .roles = RQ_ROLE_OPERATOR, .input = &user_input, .compute = hash_password, .statement = "users/create", .flags = RQ_ROUTE_KEY, .reply = "User", .zh = "新建用户", .en = "Make a user"},
    {.method = RQ_GET, .path = "/v1/users", .roles = RQ_ROLE_ANYBODY, .input = &rq_page_query, .statement = "users/list", .reply = "List", .zh = "用户列表", .en = "Users"},
    {.method = RQ_POST, .path = "/v1/users/{id}/disable", .roles = RQ_ROLE_OPERATOR, .statement = "users/disable", .flags = RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, .reply = "User", .zh = "停用用户", .en = "Bar a user"},
    {.method = RQ_GET, .path = "/v1/api-keys", .roles = RQ_ROLES_INSTITUTION | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, .statement = "api-keys/list", .reply = "List", .zh = "接口密钥", .en = "Keys of the institution's systems"},
    {.method = RQ_POST, .path = "/v1/api-keys/{id}/revoke", .roles = RQ_ROLES_INSTITUTION | RQ_ROLE_OPERATOR, .statement = "api-keys/revoke", .flags = RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, .reply = "Object", .zh = "作废接口密钥", .en = "Revoke a key"},
};
const rq_routes rq_user_routes = RQ_ROUTES(rows);
