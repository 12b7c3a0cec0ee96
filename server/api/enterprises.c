/* Enterprises: profiles with sources and dates, the check of their codes, verification, imports. */
#include <string.h>

#include "import.h"
#include "rongqiao/clock.h"
#include "rongqiao/ids.h"
#include "routes.h"

static const rq_field tag_fields[] = {
    {.name = "tag", .type = RQ_FIELD_WORD, .required = true, .list = "tag", .zh = "资质标签", .en = "the qualification"},
    {.name = "issuer", .type = RQ_FIELD_TEXT, .min = 1, .max = 120, .zh = "认定机关", .en = "who granted it"},
    {.name = "valid_from", .type = RQ_FIELD_DATE, .zh = "有效期起", .en = "valid from"},
    {.name = "valid_to", .type = RQ_FIELD_DATE, .zh = "有效期止", .en = "valid to"},
};
static const rq_schema tag_schema = RQ_SCHEMA("Tag", tag_fields, NULL);

static const char statuses[] = "=existing,operating,revoked,deregistered,moved_out,suspended,liquidation";
#define MONEY_MAX INT64_C(1000000000000000)

#define PROFILE_FIELDS(is_new)                                                                                                                        \
    {.name = "uscc", .type = RQ_FIELD_CODE, .required = (is_new), .min = 1, .max = 32, .zh = "统一社会信用代码", .en = "unified social credit code"},              \
    {.name = "name", .type = RQ_FIELD_TEXT, .required = (is_new), .min = 2, .max = 120, .zh = "企业名称", .en = "name"},                                     \
    {.name = "legal_rep_name", .type = RQ_FIELD_TEXT, .min = 1, .max = 60, .zh = "法定代表人", .en = "legal representative"},                                \
    {.name = "registered_capital_fen", .type = RQ_FIELD_INTEGER, .min = 0, .max = MONEY_MAX, .zh = "注册资本，分", .en = "registered capital, fen"},         \
    {.name = "established_on", .type = RQ_FIELD_DATE, .zh = "成立日期", .en = "established on"},                                                            \
    {.name = "reg_status", .type = RQ_FIELD_WORD, .list = statuses, .zh = "登记状态", .en = "registration status"},                                         \
    {.name = "region_code", .type = RQ_FIELD_REGION, .required = (is_new), .zh = "行政区划 GB/T 2260", .en = "region, GB/T 2260"},                           \
    {.name = "address", .type = RQ_FIELD_TEXT, .min = 1, .max = 200, .zh = "地址", .en = "address"},                                                        \
    {.name = "industry_code", .type = RQ_FIELD_INDUSTRY, .required = (is_new), .zh = "行业小类 GB/T 4754", .en = "industry class, GB/T 4754"},               \
    {.name = "main_business", .type = RQ_FIELD_TEXT, .min = 1, .max = 500, .zh = "主营业务", .en = "main business"},                                        \
    {.name = "employees", .type = RQ_FIELD_INTEGER, .min = 0, .max = 10000000, .zh = "从业人员，人", .en = "employees"},                                     \
    {.name = "revenue_fen", .type = RQ_FIELD_INTEGER, .min = 0, .max = MONEY_MAX, .zh = "营业收入，分", .en = "annual revenue, fen"},                        \
    {.name = "total_assets_fen", .type = RQ_FIELD_INTEGER, .min = 0, .max = MONEY_MAX, .zh = "资产总额，分", .en = "total assets, fen"},                     \
    {.name = "fiscal_year", .type = RQ_FIELD_INTEGER, .min = 2000, .max = 2100, .zh = "会计年度", .en = "fiscal year of the figures"},                       \
    {.name = "contact_name", .type = RQ_FIELD_TEXT, .min = 1, .max = 60, .zh = "联系人", .en = "contact"},                                                  \
    {.name = "contact_mobile", .type = RQ_FIELD_CODE, .min = 11, .max = 11, .zh = "联系手机", .en = "contact's mobile number"}

static void check_profile(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *established = json_string_value(json_object_get(object, "established_on"));
    const char *mobile = json_string_value(json_object_get(object, "contact_mobile"));
    rq_date date;
    if (established && rq_date_parse(established, strlen(established), &date) && date > rq_today())
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/established_on", pointer), "date_future", 0, NULL);
    if (mobile && !(mobile[0] == '1' && mobile[1] >= '3' && mobile[1] <= '9' && strspn(mobile, "0123456789") == 11))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/contact_mobile", pointer), "mobile", 0, NULL);
}

static const rq_field new_fields[] = {
    PROFILE_FIELDS(true),
    {.name = "tags", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 16, .schema = &tag_schema, .zh = "资质", .en = "qualifications"},
    {.name = "facts", .type = RQ_FIELD_FACTS, .zh = "事实，附来源与日期", .en = "facts, each with source and date"},
};
static const rq_schema new_input = RQ_SCHEMA("NewEnterprise", new_fields, check_profile);

static const rq_field change_fields[] = {PROFILE_FIELDS(false)};
static const rq_schema change_input = RQ_SCHEMA("EnterpriseChange", change_fields, check_profile);

static const rq_field facts_fields[] = {
    {.name = "facts", .type = RQ_FIELD_FACTS, .required = true, .zh = "事实；值为 null 即删除", .en = "facts; a null value forgets one"},
};
static const rq_schema facts_input = RQ_SCHEMA("Facts", facts_fields, NULL);

static const rq_field tags_fields[] = {
    {.name = "tags", .type = RQ_FIELD_OBJECTS, .required = true, .min = 1, .max = 16, .schema = &tag_schema, .zh = "资质", .en = "qualifications"},
};
static const rq_schema tags_input = RQ_SCHEMA("Tags", tags_fields, NULL);

static const rq_field verify_fields[] = {
    {.name = "verification", .type = RQ_FIELD_WORD, .required = true, .list = "=verified,rejected", .zh = "核验结论", .en = "the finding"},
    {.name = "note", .type = RQ_FIELD_TEXT, .required = true, .min = 5, .max = 500, .zh = "核验依据", .en = "the evidence"},
};
static const rq_schema verify_input = RQ_SCHEMA("Verification", verify_fields, NULL);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "region", .type = RQ_FIELD_REGION, .zh = "行政区划（含下级）", .en = "region with all below it"},
    {.name = "verification", .type = RQ_FIELD_WORD, .list = "=verified,pending,rejected", .zh = "核验状态", .en = "verification"},
    {.name = "uscc", .type = RQ_FIELD_CODE, .min = 1, .max = 32, .zh = "统一社会信用代码", .en = "unified social credit code"},
};
static const rq_schema list_query = RQ_SCHEMA("EnterpriseQuery", list_fields, NULL);

/* What GB 32100 and GB 11714 say of a code, upper-cased first. */
static const char *check_code(const char *code)
{
    char upper[33];
    size_t length = strlen(code);
    for (size_t i = 0; i < length && i < sizeof(upper); i++)
        upper[i] = code[i] >= 'a' && code[i] <= 'z' ? (char)(code[i] - 'a' + 'A') : code[i];
    return rq_uscc_result_name(rq_uscc_check(upper, length));
}

static rq_step check_uscc(rq_call *call)
{
    const char *code = json_string_value(json_object_get(call->input, "uscc"));
    call->computed = code ? rq_arena_printf(call->arena, "{\"uscc_check\":\"%s\"}", check_code(code)) : "{}";
    return RQ_STEP_ON;
}

/* Adds what the check found to a line of an import. */
static void finish_line(json_t *line)
{
    const char *code = json_string_value(json_object_get(json_object_get(line, "item"), "uscc"));
    json_object_set_new(line, "uscc_check", json_string(check_code(code)));
}

static rq_step read_import(rq_call *call)
{
    return rq_import_read(call, &new_input, finish_line);
}

enum { PARTIES = RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR };
static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/enterprises", .roles = RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR, .input = &new_input, .compute = check_uscc, .statement = "enterprises/create", .flags = RQ_ROUTE_KEY, .reply = "Enterprise", .zh = "登记企业", .en = "Register an enterprise"},
    {.method = RQ_GET, .path = "/v1/enterprises", .roles = PARTIES, .input = &list_query, .statement = "enterprises/list", .reply = "List", .zh = "企业列表", .en = "Enterprises"},
    {.method = RQ_POST, .path = "/v1/enterprises/import", .roles = RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY, .input = &rq_import_input, .compute = read_import, .statement = "enterprises/import", .flags = RQ_ROUTE_KEY | RQ_ROUTE_CSV, .body_limit = RQ_LIMIT_IMPORT_BODY_BYTES, .reply = "ImportReport", .zh = "批量导入企业", .en = "Import enterprises"},
    {.method = RQ_GET, .path = "/v1/enterprises/{id}", .roles = PARTIES, .statement = "enterprises/get", .reply = "Enterprise", .zh = "企业档案", .en = "One enterprise"},
    {.method = RQ_PATCH, .path = "/v1/enterprises/{id}", .roles = RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR, .input = &change_input, .compute = check_uscc, .statement = "enterprises/update", .flags = RQ_ROUTE_IF_MATCH, .reply = "Enterprise", .zh = "修改企业档案", .en = "Change a profile"},
    {.method = RQ_POST, .path = "/v1/enterprises/{id}/facts", .roles = RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY, .input = &facts_input, .statement = "enterprises/facts", .flags = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH, .reply = "Enterprise", .zh = "登记事实", .en = "Record facts"},
    {.method = RQ_POST, .path = "/v1/enterprises/{id}/tags", .roles = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, .input = &tags_input, .statement = "enterprises/tags", .flags = RQ_ROUTE_KEY, .reply = "Enterprise", .zh = "认定资质", .en = "Confirm qualifications"},
    {.method = RQ_POST, .path = "/v1/enterprises/{id}/verify", .roles = RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, .input = &verify_input, .statement = "enterprises/verify", .flags = RQ_ROUTE_KEY, .reply = "Enterprise", .zh = "人工核验", .en = "Verify by hand"},
};
const rq_routes rq_enterprise_routes = RQ_ROUTES(rows);
