/* Applications: an enterprise applies for a product, a bank claims an open need, an authority dispatches one.
 */
#include "routes.h"

static void check_application(const json_t *object, const char *pointer, rq_faults *faults)
{
    (void)pointer;
    if (json_is_string(json_object_get(object, "institution_id")) &&
        json_is_string(json_object_get(object, "product_id")))
        rq_fault_add(faults, "/institution_id", "repeated", 0, NULL); /* the product names its institution */
}

static const rq_field fields[] = {
    {"need_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "融资需求", "the need"},
    {"product_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "产品（企业申请时必填）",
     "the product; an enterprise must name one"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "派单机构",
     "the institution it is dispatched to"},
    {"note", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "备注", "a note"},
};
static const rq_schema input = RQ_SCHEMA("NewApplication", fields, check_application);

static const rq_field list_fields[] = {
    RQ_CASE_PAGE_FIELDS,
    {"state", RQ_FIELD_WORD, false, 0, 0,
     "=received,action_required,investigating,pending_approval,refusal_pending,offered,accepted,contracted,"
     "disbursed,refused,lapsed,expired,not_chosen,fell_through,withdrawn",
     NULL, "状态", "state"},
    {"need_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "融资需求", "need"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "机构", "institution"},
    RQ_DRILL_FIELDS,
    {"step", RQ_FIELD_WORD, false, 0, 0, "=received,answered,offered,refused,funded", NULL, "到达过的步骤",
     "step reached"},
    {"first_loan", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "首贷户",
     "never had a business loan when it posted"},
};
static const rq_schema list_query = RQ_SCHEMA("ApplicationQuery", list_fields, rq_check_due_list);

enum {
    READERS = RQ_ROLE_ENTERPRISE | RQ_ROLES_BANK | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR
};
#define MOVE(name, who, zh_text, en_text)                                                                    \
    {                                                                                                        \
        .method = RQ_POST, .path = "/v1/applications/{id}/" name, .roles = (who), .input = &rq_reason_input, \
        .statement = "applications/move", .kind = "application", .action = name,                             \
        .flags = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH | RQ_ROUTE_NO_BODY, .reply = "Application", .zh = zh_text, \
        .en = en_text                                                                                        \
    }
static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/applications",
             RQ_ROLE_ENTERPRISE | RQ_ROLE_BANK_MAKER | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, &input,
             "applications/create", RQ_ROUTE_KEY, "Application", "申请（企业）、接单（银行）或派单（政府）",
             "Apply (enterprise), claim (bank) or dispatch (authority)", .kind = "application",
             .action = "apply"),
    RQ_ROUTE(GET, "/v1/applications", READERS, &list_query, "applications/list", 0, "List", "申请列表",
             "Applications"),
    RQ_ROUTE(GET, "/v1/applications/{id}", READERS, NULL, "applications/get", 0, "Application", "申请",
             "One application"),
    RQ_ROUTE(GET, "/v1/applications/{id}/history", READERS, NULL, "applications/history", 0, "History",
             "申请经过（含其方案与担保）", "What happened to an application, its offers and guarantee cases"),
    MOVE("investigate", RQ_ROLE_BANK_MAKER, "开始尽调", "Begin the enquiry"),
    MOVE("request_papers", RQ_ROLE_BANK_MAKER, "要求补件", "Ask for papers"),
    MOVE("supply", RQ_ROLE_ENTERPRISE, "已补件", "Papers supplied"),
    MOVE("propose_refusal", RQ_ROLE_BANK_MAKER, "拟拒绝", "Propose a refusal"),
    MOVE("refuse", RQ_ROLE_BANK_CHECKER, "复核拒绝", "Confirm the refusal"),
    MOVE("send_back", RQ_ROLE_BANK_CHECKER, "退回经办", "Send back to the maker"),
    MOVE("withdraw", RQ_ROLE_ENTERPRISE, "撤回", "Withdraw"),
};
const rq_routes rq_application_routes = RQ_ROUTES(rows);
