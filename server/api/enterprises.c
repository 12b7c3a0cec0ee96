/* Enterprises: profiles with sources and dates, the check of their codes, verification, imports. */
#include <string.h>

#include "import.h"
#include "private.h"
#include "rongqiao/clock.h"
#include "rongqiao/ids.h"
#include "routes.h"
#include "stages.h"
#include "worker.h"

static const rq_field tag_fields[] = {
    {"tag", RQ_FIELD_WORD, true, 0, 0, "tag", NULL, "资质标签", "the qualification"},
    {"issuer", RQ_FIELD_TEXT, false, 1, 120, NULL, NULL, "认定机关", "who granted it"},
    {"valid_from", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "有效期起", "valid from"},
    {"valid_to", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "有效期止", "valid to"},
};
static const rq_schema tag_schema = RQ_SCHEMA("Tag", tag_fields, NULL);

static const char statuses[] = "=existing,operating,revoked,deregistered,moved_out,suspended,liquidation";
#define MONEY_MAX INT64_C(1000000000000000)

static bool is_mobile(const char *text)
{
    return text[0] == '1' && text[1] >= '3' && text[1] <= '9' && strspn(text, "0123456789") == 11 &&
           strlen(text) == 11;
}

/* A small x is taken for the X that it stands for. */
static bool is_resident_id(const char *text)
{
    char upper[19];
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof(upper); i++)
        upper[i] = i < length && text[i] == 'x' ? 'X' : text[i < length ? i : length];
    return rq_resident_id_is_valid(upper, length);
}

/* The personal data of a profile, or of a search for them. */
static void check_private(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *mobile = json_string_value(json_object_get(object, "contact_mobile"));
    const char *id = json_string_value(json_object_get(object, "legal_rep_id"));
    if (mobile && !is_mobile(mobile))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/contact_mobile", pointer), "mobile", 0, NULL);
    if (id && !is_resident_id(id))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/legal_rep_id", pointer), "resident_id", 0,
                     NULL);
}

/* What GB 32100 and GB 11714 say of a code of at most 18 characters, upper-cased first. */
static rq_uscc_result uscc_result(const char *code)
{
    char upper[19];
    size_t length = strlen(code);
    if (length >= sizeof(upper))
        return RQ_USCC_LENGTH;
    for (size_t i = 0; i <= length; i++)
        upper[i] = code[i] >= 'a' && code[i] <= 'z' ? (char)(code[i] - 'a' + 'A') : code[i];
    return rq_uscc_check(upper, length);
}

/* What has not the form is no code. Codes were issued whose check characters do not fit: whoever confirms
 * that the licence says so registers it, and a person verifies it. */
static void check_code(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *code = json_string_value(json_object_get(object, "uscc"));
    rq_uscc_result result = code ? uscc_result(code) : RQ_USCC_OK;
    bool has_form = result != RQ_USCC_ALPHABET && result != RQ_USCC_REGION;
    if (result == RQ_USCC_OK || result == RQ_USCC_LENGTH || /* the field's own bounds say so */
        (has_form && json_is_true(json_object_get(object, "uscc_confirmed"))))
        return;
    rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/uscc", pointer), has_form ? "uscc_check" : "uscc",
                 0, NULL);
}

static void check_profile(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *established = json_string_value(json_object_get(object, "established_on"));
    rq_date date;
    if (established && rq_date_parse(established, strlen(established), &date) && date > rq_today())
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/established_on", pointer), "date_future", 0,
                     NULL);
    check_code(object, pointer, faults);
    check_private(object, pointer, faults);
}

static const rq_field new_fields[] = {
    {"uscc", RQ_FIELD_CODE, true, 18, 18, NULL, NULL, "统一社会信用代码 GB 32100",
     "unified social credit code, GB 32100"},
    {"uscc_confirmed", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL,
     "校验位不符的代码确与营业执照一致；转人工核验",
     "the licence really says so, though the check character does not fit; a person verifies it"},
    {"name", RQ_FIELD_TEXT, true, 2, 120, NULL, NULL, "企业名称", "name"},
    {"legal_rep_name", RQ_FIELD_TEXT, false, 1, 60, NULL, NULL, "法定代表人", "legal representative"},
    {"legal_rep_id", RQ_FIELD_CODE, false, 18, 18, NULL, NULL,
     "法定代表人身份证号；加密保存，只回显前 3 位后 4 位",
     "legal representative's identity number; kept encrypted, shown masked"},
    {"registered_capital_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "注册资本，分",
     "registered capital, fen"},
    {"established_on", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "成立日期", "established on"},
    {"reg_status", RQ_FIELD_WORD, false, 0, 0, statuses, NULL, "登记状态", "registration status"},
    {"region_code", RQ_FIELD_REGION, true, 0, 0, NULL, NULL, "行政区划 GB/T 2260", "region, GB/T 2260"},
    {"address", RQ_FIELD_TEXT, false, 1, 200, NULL, NULL, "地址", "address"},
    {"industry_code", RQ_FIELD_INDUSTRY, true, 0, 0, NULL, NULL, "行业小类 GB/T 4754",
     "industry class, GB/T 4754"},
    {"main_business", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "主营业务", "main business"},
    {"employees", RQ_FIELD_INTEGER, false, 0, 10000000, NULL, NULL, "从业人员，人", "employees"},
    {"revenue_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "营业收入，分", "annual revenue, fen"},
    {"total_assets_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "资产总额，分",
     "total assets, fen"},
    {"fiscal_year", RQ_FIELD_INTEGER, false, 2000, 2100, NULL, NULL, "会计年度",
     "fiscal year of the figures"},
    {"contact_name", RQ_FIELD_TEXT, false, 1, 60, NULL, NULL, "联系人", "contact"},
    {"contact_mobile", RQ_FIELD_CODE, false, 11, 11, NULL, NULL, "联系手机；加密保存，按角色掩码",
     "contact's mobile number; kept encrypted, masked by role"},
    {"tags", RQ_FIELD_OBJECTS, false, 0, 16, NULL, &tag_schema, "资质", "qualifications"},
    {"facts", RQ_FIELD_FACTS, false, 0, 0, NULL, NULL, "事实，附来源与日期",
     "facts, each with source and date"},
};
static const rq_schema new_input = RQ_SCHEMA("NewEnterprise", new_fields, check_profile);

/* The profile alone; what is absent stays, what is null is cleared. */
enum { PROFILE_FIELDS = 18 };
static const rq_schema change_input = {.name = "EnterpriseChange",
                                       .fields = new_fields,
                                       .count = PROFILE_FIELDS,
                                       .rule = check_profile,
                                       .is_partial = true};

static const rq_field facts_fields[] = {
    {"facts", RQ_FIELD_FACTS, true, 0, 0, NULL, NULL, "事实；值为 null 即删除",
     "facts; a null value forgets one"},
};
static const rq_schema facts_input = RQ_SCHEMA("Facts", facts_fields, NULL);

static const rq_field tags_fields[] = {
    {"tags", RQ_FIELD_OBJECTS, true, 1, 16, NULL, &tag_schema, "资质", "qualifications"},
};
static const rq_schema tags_input = RQ_SCHEMA("Tags", tags_fields, NULL);

static const rq_field verify_fields[] = {
    {"verification", RQ_FIELD_WORD, true, 0, 0, "=verified,rejected", NULL, "核验结论", "the finding"},
    {"note", RQ_FIELD_TEXT, true, 5, 500, NULL, NULL, "核验依据", "the evidence"},
};
static const rq_schema verify_input = RQ_SCHEMA("Verification", verify_fields, NULL);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {"order", RQ_FIELD_WORD, false, 0, 0, "=newest,oldest", NULL, "次序，默认新登记者在前",
     "newest first unless told"},
    RQ_DRILL_FIELDS,
    /* What is said of a need, the region too then, is said of one and the same. */
    {"step", RQ_FIELD_WORD, false, 0, 0, "=posted,asked,matched,offered,guaranteed,funded", NULL,
     "其需求到达过的步骤；asked 为申请过担保", "step that a need of it reached; asked: for a guarantee"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "其需求到达过该机构",
     "a need of it reached this institution"},
    {"first_loan", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "首贷户",
     "never had a business loan when it posted"},
    {"verification", RQ_FIELD_WORD, false, 0, 0, "=verified,pending,rejected", NULL, "核验状态",
     "verification"},
    {"uscc", RQ_FIELD_CODE, false, 1, 32, NULL, NULL, "统一社会信用代码", "unified social credit code"},
};
static const rq_schema list_query = RQ_SCHEMA("EnterpriseQuery", list_fields, rq_check_period);

static rq_step check_uscc(rq_call *call)
{
    const char *code = json_string_value(json_object_get(call->input, "uscc"));
    call->computed =
        code ? rq_arena_printf(call->arena, "{\"uscc_check\":\"%s\"}", rq_uscc_result_name(uscc_result(code)))
             : "{}";
    if (call->computed && rq_input_write(call))
        return RQ_STEP_ON;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

/* A user who registers its enterprise acts for it from the next request on: whoever it was is forgotten. */
static rq_step register_enterprise(rq_call *call)
{
    rq_principal_forget(call->worker, call->token_hash);
    return rq_private_seal_new(call, call->input) ? check_uscc(call) : RQ_STEP_ANSWERED;
}

static rq_step change_enterprise(rq_call *call)
{
    return rq_private_seal(call, call->input, call->id) ? check_uscc(call) : RQ_STEP_ANSWERED;
}

/* Adds what the check found to the lines of an import, and seals what is personal. */
static bool finish_lines(rq_call *call, json_t *lines)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        json_t *line = json_array_get(lines, i), *item = json_object_get(line, "item");
        const char *code = json_string_value(json_object_get(item, "uscc"));
        json_object_set_new(line, "uscc_check", json_string(rq_uscc_result_name(uscc_result(code))));
        if (!rq_private_seal_new(call, item))
            return false;
    }
    return true;
}

static rq_step read_import(rq_call *call)
{
    return rq_import_read(call, &new_input, finish_lines);
}

static const rq_field find_fields[] = {
    {"legal_rep_id", RQ_FIELD_CODE, false, 18, 18, NULL, NULL, "法定代表人身份证号",
     "legal representative's identity number"},
    {"contact_mobile", RQ_FIELD_CODE, false, 11, 11, NULL, NULL, "联系手机", "contact's mobile number"},
};
static void check_find(const json_t *object, const char *pointer, rq_faults *faults)
{
    check_private(object, pointer, faults);
    if (json_object_size(object) == 0)
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/legal_rep_id", pointer), "either", 0,
                     "legal_rep_id, contact_mobile");
}
static const rq_schema find_input = RQ_SCHEMA("EnterpriseFind", find_fields, check_find);

enum {
    PARTIES =
        RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR
};
static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/enterprises", RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR, &new_input, "enterprises/create",
             RQ_ROUTE_KEY, "Enterprise", "登记企业", "Register an enterprise",
             .compute = register_enterprise),
    RQ_ROUTE(GET, "/v1/enterprises", PARTIES, &list_query, "enterprises/list", 0, "List", "企业列表",
             "Enterprises"),
    RQ_ROUTE(POST, "/v1/enterprises/import", RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY, &rq_import_input,
             "enterprises/import", RQ_ROUTE_KEY | RQ_ROUTE_CSV, "ImportReport", "批量导入企业",
             "Import enterprises", .query = &rq_import_query, .compute = read_import,
             .body_limit = RQ_LIMIT_IMPORT_BODY_BYTES),
    RQ_ROUTE(POST, "/v1/enterprises/find", RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY | RQ_ROLE_AUDITOR,
             &find_input, "enterprises/find", 0, "List", "按身份证号或手机查企业",
             "Find enterprises by identity number or phone", .compute = rq_private_hashes),
    RQ_ROUTE(GET, "/v1/enterprises/{id}", PARTIES, NULL, "enterprises/get", 0, "Enterprise", "企业档案",
             "One enterprise"),
    RQ_ROUTE(PATCH, "/v1/enterprises/{id}", RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR, &change_input,
             "enterprises/update", RQ_ROUTE_IF_MATCH, "Enterprise", "修改企业档案", "Change a profile",
             .compute = change_enterprise),
    RQ_ROUTE(POST, "/v1/enterprises/{id}/facts", RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY,
             &facts_input, "enterprises/facts", RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH, "Enterprise", "登记事实",
             "Record facts"),
    RQ_ROUTE(POST, "/v1/enterprises/{id}/tags", RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, &tags_input,
             "enterprises/tags", RQ_ROUTE_KEY, "Enterprise", "认定资质", "Confirm qualifications"),
    RQ_ROUTE(POST, "/v1/enterprises/{id}/verify", RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, &verify_input,
             "enterprises/verify", RQ_ROUTE_KEY, "Enterprise", "人工核验", "Verify by hand"),
};
const rq_routes rq_enterprise_routes = RQ_ROUTES(rows);
