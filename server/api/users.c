/* Users, made by operators, and the keys of institutions' systems (made on the command line, so that the key
 * itself passes through no log and no table). */
#include <stdlib.h>
#include <string.h>

#include "rongqiao/json_memory.h"
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
    rq_json_free(text);
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

#define ROLES                                                                                                \
    "=enterprise,bank_maker,bank_checker,guarantee_reviewer,guarantee_checker,authority,operator,auditor"
static const rq_field user_fields[] = {
    {"login", RQ_FIELD_CODE, true, 3, 64, NULL, NULL, "用户名", "the login"},
    {"name", RQ_FIELD_TEXT, true, 1, 60, NULL, NULL, "姓名", "the person's name"},
    {"password", RQ_FIELD_TEXT, true, 12, 256, NULL, NULL, "初始密码", "the first password"},
    {"roles", RQ_FIELD_WORDS, true, 1, 4, ROLES, NULL, "角色", "the roles"},
    {"enterprise_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "所属企业", "the enterprise it acts for"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "所属机构", "the institution it acts for"},
    {"region_code", RQ_FIELD_REGION, false, 0, 0, NULL, NULL, "主管区域，000000 为全国",
     "the authority's region; 000000: the country"},
};
static const rq_schema user_input = RQ_SCHEMA("NewUser", user_fields, NULL);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {"name", RQ_FIELD_TEXT, false, 1, 60, NULL, NULL, "用户名或姓名的一部分",
     "part of the login or the name"},
    {"role", RQ_FIELD_WORD, false, 0, 0, ROLES, NULL, "角色", "a role"},
    {"barred", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "已停用", "barred"},
};
static const rq_schema list_query = RQ_SCHEMA("UserQuery", list_fields, NULL);

static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/users", RQ_ROLE_OPERATOR, &user_input, "users/create", RQ_ROUTE_KEY, "User",
             "新建用户", "Make a user", .compute = hash_password),
    RQ_ROUTE(GET, "/v1/users", RQ_ROLE_ANYBODY, &list_query, "users/list", 0, "List", "用户列表", "Users"),
    RQ_ROUTE(POST, "/v1/users/{id}/disable", RQ_ROLE_OPERATOR, NULL, "users/disable",
             RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, "User", "停用用户", "Bar a user"),
    RQ_ROUTE(POST, "/v1/users/{id}/reset-totp", RQ_ROLE_OPERATOR, NULL, "users/reset-totp",
             RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, "Object", "重置用户的动态验证码",
             "Take a user's one-time codes away"),
    RQ_ROUTE(GET, "/v1/api-keys", RQ_ROLES_INSTITUTION | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, NULL,
             "api-keys/list", 0, "List", "接口密钥", "Keys of the institution's systems"),
    RQ_ROUTE(POST, "/v1/api-keys/{id}/revoke", RQ_ROLES_INSTITUTION | RQ_ROLE_OPERATOR, NULL,
             "api-keys/revoke", RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY, "Object", "作废接口密钥", "Revoke a key"),
};
const rq_routes rq_user_routes = RQ_ROUTES(rows);
