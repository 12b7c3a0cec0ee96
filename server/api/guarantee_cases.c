/* Guarantee cases: review, force, filing, claim, indemnity, compensation, recovery, write-off (domain reference 3.4). */
#include "routes.h"

#define MONEY_MAX INT64_C(100000000000)
static const rq_field new_fields[] = {
    {.name = "application_id", .type = RQ_FIELD_UUID, .required = true, .zh = "申请", .en = "the application to back"},
    {.name = "product_id", .type = RQ_FIELD_UUID, .required = true, .zh = "担保产品", .en = "the guarantee product"},
    {.name = "batch", .type = RQ_FIELD_BOOLEAN, .zh = "批量备案（总对总）", .en = "filed in batch by the bank"},
};
static const rq_schema new_input = RQ_SCHEMA("NewGuaranteeCase", new_fields, NULL);

static void check_shares(const json_t *object, const char *pointer, rq_faults *faults)
{
    static const char *const names[] = {"share_bank_ppm", "share_direct_ppm", "share_province_ppm", "share_national_ppm"};
    json_int_t sum = 0;
    int given = 0;
    (void)pointer;
    for (size_t i = 0; i < 4; i++) {
        const json_t *share = json_object_get(object, names[i]);
        given += json_is_integer(share);
        sum += json_integer_value(share);
    }
    if (given != 0 && (given != 4 || sum != 1000000))
        rq_fault_add(faults, "/share_bank_ppm", "shares_whole", 0, NULL);
}
#define SHARE(which, zh_text, en_text) {.name = "share_" which "_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = zh_text, .en = en_text}
static const rq_field propose_fields[] = {
    {.name = "fee_ppm", .type = RQ_FIELD_INTEGER, .required = true, .min = 0, .max = 30000, .zh = "年担保费率（超过 1 % 会提示）", .en = "yearly fee, ppm; above 1 % is flagged"},
    {.name = "fee_paid_by", .type = RQ_FIELD_WORD, .list = "=enterprise,government,bank", .zh = "付费方", .en = "who pays the fee"},
    {.name = "fee_subsidy_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = "保费补贴比例", .en = "share of the fee that is subsidised"},
    {.name = "counter_guarantee", .type = RQ_FIELD_TEXT, .min = 5, .max = 500, .zh = "反担保及理由（原则上取消）", .en = "counter-guarantee and why; none in principle"},
    SHARE("bank", "银行分担", "the bank's share"),
    SHARE("direct", "担保机构分担", "the guarantor's share"),
    SHARE("province", "省级再担保分担", "the province's share"),
    SHARE("national", "国家融资担保基金分担", "the national fund's share"),
    {.name = "note", .type = RQ_FIELD_TEXT, .required = true, .min = 5, .max = 2000, .zh = "尽调意见", .en = "due diligence note"},
};
static const rq_schema propose_input = RQ_SCHEMA("GuaranteeProposal", propose_fields, check_shares);

static const rq_field effect_fields[] = {
    {.name = "effective_on", .type = RQ_FIELD_DATE, .zh = "生效日", .en = "in force from"},
    {.name = "fee_paid_by", .type = RQ_FIELD_WORD, .list = "=enterprise,government,bank", .zh = "付费方", .en = "who paid the fee"},
};
static const rq_schema effect_input = RQ_SCHEMA("GuaranteeEffect", effect_fields, NULL);
static const rq_field file_fields[] = {
    {.name = "filing_month", .type = RQ_FIELD_CODE, .required = true, .min = 7, .max = 7, .zh = "备案月份 YYYY-MM", .en = "month of the filing, YYYY-MM"},
    {.name = "re_guarantor_id", .type = RQ_FIELD_UUID, .zh = "再担保机构", .en = "the re-guarantor"},
};
static const rq_schema file_input = RQ_SCHEMA("GuaranteeFiling", file_fields, NULL);
static const rq_field claim_fields[] = {
    {.name = "claim_fen", .type = RQ_FIELD_INTEGER, .required = true, .min = 1, .max = MONEY_MAX, .zh = "索赔金额，分", .en = "the loss claimed, fen"},
};
static const rq_schema claim_input = RQ_SCHEMA("GuaranteeClaim", claim_fields, NULL);
static const rq_field money_fields[] = {
    {.name = "gross_fen", .type = RQ_FIELD_INTEGER, .required = true, .min = 1, .max = MONEY_MAX, .zh = "金额，分（代偿为损失总额）", .en = "fen; for an indemnity the whole loss"},
    {.name = "cost_fen", .type = RQ_FIELD_INTEGER, .min = 0, .max = MONEY_MAX, .zh = "追偿费用，分", .en = "cost of the recovery, fen"},
    {.name = "on", .type = RQ_FIELD_DATE, .required = true, .zh = "日期", .en = "on this day"},
};
static const rq_schema money_input = RQ_SCHEMA("GuaranteeMoney", money_fields, NULL);
static const rq_field plan_fields[] = {
    {.name = "recovery_deadline", .type = RQ_FIELD_DATE, .required = true, .zh = "追偿期限", .en = "recover until"},
    {.name = "reason_code", .type = RQ_FIELD_CODE, .min = 3, .max = 3, .zh = "延长原因代码", .en = "reason of an extension"},
    {.name = "reason_text", .type = RQ_FIELD_TEXT, .min = 10, .max = 500, .zh = "延长原因", .en = "the reason in words"},
};
static const rq_schema plan_input = RQ_SCHEMA("RecoveryPlan", plan_fields, NULL);
static const rq_field write_off_fields[] = {
    {.name = "evidence", .type = RQ_FIELD_TEXT, .required = true, .min = 10, .max = 2000, .zh = "核销依据", .en = "the evidence"},
};
static const rq_schema write_off_input = RQ_SCHEMA("WriteOffProposal", write_off_fields, NULL);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "state", .type = RQ_FIELD_CODE, .min = 1, .max = 30, .zh = "状态", .en = "state"},
    {.name = "need_id", .type = RQ_FIELD_UUID, .zh = "融资需求", .en = "need"},
    {.name = "guarantor_id", .type = RQ_FIELD_UUID, .zh = "担保机构", .en = "guarantor"},
    {.name = "region", .type = RQ_FIELD_REGION, .zh = "行政区划（含下级）", .en = "region with all below it"},
    {.name = "overdue", .type = RQ_FIELD_BOOLEAN, .zh = "是否逾期", .en = "past its deadline"},
};
static const rq_schema list_query = RQ_SCHEMA("GuaranteeQuery", list_fields, NULL);

enum {
    READERS = RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR,
    MOVING = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH,
    REVIEWER = RQ_ROLE_GUARANTEE_REVIEWER,
    CHECKER = RQ_ROLE_GUARANTEE_CHECKER,
};
#define MOVE_WITH(name, who, schema, sql, more, zh_text, en_text)                                                              \
    {                                                                                                                          \
        .method = RQ_POST, .path = "/v1/guarantee-cases/{id}/" name, .roles = (who), .input = (schema), .statement = sql,      \
        .kind = "guarantee_case", .action = name, .flags = MOVING | (more), .reply = "GuaranteeCase", .zh = zh_text,           \
        .en = en_text                                                                                                          \
    }
#define MOVE(name, who, zh_text, en_text) MOVE_WITH(name, who, &rq_reason_input, "guarantee-cases/move", RQ_ROUTE_NO_BODY, zh_text, en_text)
static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/guarantee-cases", .roles = RQ_ROLE_ENTERPRISE | RQ_ROLES_BANK, .input = &new_input, .statement = "guarantee-cases/create", .kind = "guarantee_case", .action = "apply", .flags = RQ_ROUTE_KEY, .reply = "GuaranteeCase", .zh = "申请担保", .en = "Ask for a guarantee"},
    {.method = RQ_GET, .path = "/v1/guarantee-cases", .roles = READERS, .input = &list_query, .statement = "guarantee-cases/list", .reply = "List", .zh = "担保业务列表", .en = "Guarantee cases"},
    {.method = RQ_GET, .path = "/v1/guarantee-cases/{id}", .roles = READERS, .statement = "guarantee-cases/get", .reply = "GuaranteeCase", .zh = "担保业务", .en = "One guarantee case"},
    MOVE("review", REVIEWER, "开始尽调", "Begin the review"),
    MOVE_WITH("propose", REVIEWER, &propose_input, "guarantee-cases/propose", 0, "拟同意", "Propose to guarantee"),
    MOVE("propose_refusal", REVIEWER, "拟拒绝", "Propose a refusal"),
    MOVE("approve", CHECKER, "审批同意", "Approve"),
    MOVE("refuse", CHECKER, "复核拒绝", "Refuse"),
    MOVE("send_back", CHECKER, "退回", "Send back"),
    MOVE("check", CHECKER, "批量合规审核", "Check a batch filing"),
    MOVE_WITH("take_effect", CHECKER, &effect_input, "guarantee-cases/take-effect", RQ_ROUTE_NO_BODY, "生效", "Put in force"),
    MOVE_WITH("file", REVIEWER, &file_input, "guarantee-cases/file", 0, "再担保备案", "File with the re-guarantor"),
    MOVE("release", RQ_ROLE_BANK_CHECKER, "解保", "Release"),
    MOVE("renew", RQ_ROLE_BANK_CHECKER, "续保", "Renew"),
    MOVE("notify_claim", RQ_ROLE_BANK_MAKER, "出险通知", "Notify a default"),
    MOVE("cure", RQ_ROLE_ENTERPRISE | RQ_ROLE_BANK_MAKER, "恢复正常", "The arrears are paid"),
    MOVE_WITH("submit_claim", RQ_ROLE_BANK_CHECKER, &claim_input, "guarantee-cases/submit-claim", 0, "提交索赔", "Submit the claim"),
    MOVE_WITH("indemnify", CHECKER, &money_input, "guarantee-cases/indemnify", 0, "代偿", "Pay the indemnity"),
    MOVE("deny", CHECKER, "拒赔", "Deny the claim"),
    MOVE("request_compensation", REVIEWER, "申请补偿", "Ask for compensation"),
    MOVE_WITH("receive_compensation", CHECKER, &money_input, "guarantee-cases/compensate", 0, "补偿到账", "Compensation received"),
    MOVE_WITH("plan_recovery", REVIEWER, &plan_input, "guarantee-cases/plan-recovery", 0, "追偿计划", "Plan the recovery"),
    MOVE_WITH("extend", CHECKER, &plan_input, "guarantee-cases/plan-recovery", 0, "延长追偿期", "Extend the recovery"),
    MOVE_WITH("record_recovery", REVIEWER, &money_input, "guarantee-cases/recover", 0, "追回入账", "Record money recovered"),
    MOVE("complete", CHECKER, "追回结案", "Recovered in full"),
    MOVE_WITH("propose_write_off", REVIEWER, &write_off_input, "guarantee-cases/propose-write-off", 0, "拟核销", "Propose a write-off"),
    MOVE("write_off", CHECKER, "核销（账销案存）", "Write off; the account stays"),
    MOVE("keep_recovering", CHECKER, "不予核销", "Keep recovering"),
    MOVE("withdraw", RQ_ROLE_ENTERPRISE, "撤回", "Withdraw"),
};
const rq_routes rq_guarantee_routes = RQ_ROUTES(rows);
