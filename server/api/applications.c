/* Applications: an enterprise applies for a product, a bank claims an open need, an authority dispatches one. */
#include "routes.h"

static void check_application(const json_t *object, const char *pointer, rq_faults *faults)
{
    (void)pointer;
    if (json_is_string(json_object_get(object, "institution_id")) && json_is_string(json_object_get(object, "product_id")))
        rq_fault_add(faults, "/institution_id", "repeated", 0, NULL); /* the product names its institution */
}

static const rq_field fields[] = {
    {.name = "need_id", .type = RQ_FIELD_UUID, .required = true, .zh = "融资需求", .en = "the need"},
    {.name = "product_id", .type = RQ_FIELD_UUID, .zh = "产品（企业申请时必填）", .en = "the product; an enterprise must name one"},
    {.name = "institution_id", .type = RQ_FIELD_UUID, .zh = "派单机构", .en = "the institution it is dispatched to"},
    {.name = "note", .type = RQ_FIELD_TEXT, .min = 1, .max = 500, .zh = "备注", .en = "a note"},
};
static const rq_schema input = RQ_SCHEMA("NewApplication", fields, check_application);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "state", .type = RQ_FIELD_WORD, .list = "=received,action_required,investigating,pending_approval,refusal_pending,offered,accepted,contracted,disbursed,refused,lapsed,expired,not_chosen,fell_through,withdrawn", .zh = "状态", .en = "state"},
    {.name = "need_id", .type = RQ_FIELD_UUID, .zh = "融资需求", .en = "need"},
    {.name = "institution_id", .type = RQ_FIELD_UUID, .zh = "机构", .en = "institution"},
    {.name = "region", .type = RQ_FIELD_REGION, .zh = "行政区划（含下级）", .en = "region with all below it"},
    {.name = "overdue", .type = RQ_FIELD_BOOLEAN, .zh = "是否逾期", .en = "past its deadline"},
};
static const rq_schema list_query = RQ_SCHEMA("ApplicationQuery", list_fields, NULL);

enum { READERS = RQ_ROLE_ENTERPRISE | RQ_ROLES_BANK | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR };
#define MOVE(name, who, zh_text, en_text)                                                                                       \
    {                                                                                                                           \
        .method = RQ_POST, .path = "/v1/applications/{id}/" name, .roles = (who), .input = &rq_reason_input,                    \
        .statement = "applications/move", .kind = "application", .action = name,                                                \
        .flags = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH | RQ_ROUTE_NO_BODY, .reply = "Application", .zh = zh_text, .en = en_text      \
    }
static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/applications", .roles = RQ_ROLE_ENTERPRISE | RQ_ROLE_BANK_MAKER | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, .input = &input, .statement = "applications/create", .kind = "application", .action = "apply", .flags = RQ_ROUTE_KEY, .reply = "Application", .zh = "申请（企业）、接单（银行）或派单（政府）", .en = "Apply (enterprise), claim (bank) or dispatch (authority)"},
    {.method = RQ_GET, .path = "/v1/applications", .roles = READERS, .input = &list_query, .statement = "applications/list", .reply = "List", .zh = "申请列表", .en = "Applications"},
    {.method = RQ_GET, .path = "/v1/applications/{id}", .roles = READERS, .statement = "applications/get", .reply = "Application", .zh = "申请", .en = "One application"},
    MOVE("investigate", RQ_ROLE_BANK_MAKER, "开始尽调", "Begin the enquiry"),
    MOVE("request_papers", RQ_ROLE_BANK_MAKER, "要求补件", "Ask for papers"),
    MOVE("supply", RQ_ROLE_ENTERPRISE, "已补件", "Papers supplied"),
    MOVE("propose_refusal", RQ_ROLE_BANK_MAKER, "拟拒绝", "Propose a refusal"),
    MOVE("refuse", RQ_ROLE_BANK_CHECKER, "复核拒绝", "Confirm the refusal"),
    MOVE("send_back", RQ_ROLE_BANK_CHECKER, "退回经办", "Send back to the maker"),
    MOVE("withdraw", RQ_ROLE_ENTERPRISE, "撤回", "Withdraw"),
};
const rq_routes rq_application_routes = RQ_ROUTES(rows);
