/* Guarantee cases: review, force, filing, claim, indemnity, compensation, recovery, write-off (domain
 * reference 3.4). */
#include <string.h>

#include "routes.h"

#define MONEY_MAX INT64_C(100000000000)
static const rq_field new_fields[] = {
    {"application_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "申请", "the application to back"},
    {"product_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "担保产品", "the guarantee product"},
    {"batch", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "批量备案（总对总）", "filed in batch by the bank"},
};
static const rq_schema new_input = RQ_SCHEMA("NewGuaranteeCase", new_fields, NULL);

static void check_shares(const json_t *object, const char *pointer, rq_faults *faults)
{
    static const char *const names[] = {"share_bank_ppm", "share_direct_ppm", "share_province_ppm",
                                        "share_national_ppm"};
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
#define SHARE(which, zh_text, en_text)                                                                       \
    {                                                                                                        \
        "share_" which "_ppm", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, zh_text, en_text             \
    }
static const rq_field propose_fields[] = {
    {"fee_ppm", RQ_FIELD_INTEGER, true, 0, 30000, NULL, NULL, "年担保费率（超过 1 % 会提示）",
     "yearly fee, ppm; above 1 % is flagged"},
    {"fee_paid_by", RQ_FIELD_WORD, false, 0, 0, "=enterprise,government,bank", NULL, "付费方",
     "who pays the fee"},
    {"fee_subsidy_ppm", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "保费补贴比例",
     "share of the fee that is subsidised"},
    {"counter_guarantee", RQ_FIELD_TEXT, false, 5, 500, NULL, NULL, "反担保及理由（原则上取消）",
     "counter-guarantee and why; none in principle"},
    SHARE("bank", "银行分担", "the bank's share"),
    SHARE("direct", "担保机构分担", "the guarantor's share"),
    SHARE("province", "省级再担保分担", "the province's share"),
    SHARE("national", "国家融资担保基金分担", "the national fund's share"),
    {"note", RQ_FIELD_TEXT, true, 5, 2000, NULL, NULL, "尽调意见", "due diligence note"},
};
static const rq_schema propose_input = RQ_SCHEMA("GuaranteeProposal", propose_fields, check_shares);

static const rq_field effect_fields[] = {
    {"effective_on", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "生效日", "in force from"},
    {"fee_paid_by", RQ_FIELD_WORD, false, 0, 0, "=enterprise,government,bank", NULL, "付费方",
     "who paid the fee"},
};
static const rq_schema effect_input = RQ_SCHEMA("GuaranteeEffect", effect_fields, NULL);
static const rq_field file_fields[] = {
    {"filing_month", RQ_FIELD_CODE, true, 7, 7, NULL, NULL, "备案月份 YYYY-MM",
     "month of the filing, YYYY-MM"},
    {"re_guarantor_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "再担保机构", "the re-guarantor"},
};
static const rq_schema file_input = RQ_SCHEMA("GuaranteeFiling", file_fields, NULL);
static const rq_field claim_fields[] = {
    {"claim_fen", RQ_FIELD_INTEGER, true, 1, MONEY_MAX, NULL, NULL, "索赔金额，分", "the loss claimed, fen"},
};
static const rq_schema claim_input = RQ_SCHEMA("GuaranteeClaim", claim_fields, NULL);
static const rq_field money_fields[] = {
    {"gross_fen", RQ_FIELD_INTEGER, true, 1, MONEY_MAX, NULL, NULL, "金额，分（代偿为损失总额）",
     "fen; for an indemnity the whole loss"},
    {"cost_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "追偿费用，分",
     "cost of the recovery, fen"},
    {"on", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "日期", "on this day"},
};
static const rq_schema money_input = RQ_SCHEMA("GuaranteeMoney", money_fields, NULL);
static const rq_field plan_fields[] = {
    {"recovery_deadline", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "追偿期限", "recover until"},
    {"reason_code", RQ_FIELD_CODE, false, 3, 3, NULL, NULL, "延长原因代码", "reason of an extension"},
    {"reason_text", RQ_FIELD_TEXT, false, 10, 500, NULL, NULL, "延长原因", "the reason in words"},
};
static const rq_schema plan_input = RQ_SCHEMA("RecoveryPlan", plan_fields, NULL);
static const rq_field write_off_fields[] = {
    {"evidence", RQ_FIELD_TEXT, true, 10, 2000, NULL, NULL, "核销依据", "the evidence"},
};
static const rq_schema write_off_input = RQ_SCHEMA("WriteOffProposal", write_off_fields, NULL);

/* A finding other than "met" says why. */
static void check_finding(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *finding = json_string_value(json_object_get(object, "finding"));
    if (finding && strcmp(finding, "met") != 0 && !json_object_get(object, "note"))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/note", pointer), "required", 0, NULL);
}
static const rq_field finding_fields[] = {
    {"code", RQ_FIELD_CODE, true, 3, 8, NULL, NULL, "清单项代码", "the item"},
    {"finding", RQ_FIELD_WORD, true, 0, 0, "=met,not_met,not_applicable", NULL, "结论", "what was found"},
    {"note", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "说明（除“符合”外必填）",
     "why; may be left out for met"},
};
static const rq_schema finding_schema = RQ_SCHEMA("Finding", finding_fields, check_finding);
static const rq_field checklist_fields[] = {
    {"items", RQ_FIELD_OBJECTS, true, 1, 32, NULL, &finding_schema, "各项结论", "the findings"},
};
static const rq_schema checklist_input = RQ_SCHEMA("Checklist", checklist_fields, NULL);

static const rq_field list_fields[] = {
    RQ_CASE_PAGE_FIELDS,
    {"state", RQ_FIELD_CODE, false, 1, 30, NULL, NULL, "状态", "state"},
    {"need_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "融资需求", "need"},
    {"guarantor_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "担保机构", "guarantor"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "担保机构或银行", "guarantor or bank"},
    {"bank_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "银行", "bank"},
    RQ_DRILL_FIELDS,
    {"step", RQ_FIELD_WORD, false, 0, 0, "=received,answered,approved,refused,in_force", NULL, "到达过的步骤",
     "step reached"},
    {"enterprise_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "企业", "enterprise"},
    {"stage", RQ_FIELD_WORD, false, 0, 0, "=review,asked,agreed,in_force,claims,ended", NULL,
     "所处阶段：审查中（至生效前），其中待决定、已同意；在保；出险至追偿；在保后已结束",
     "under review until in force (of these: asked for, agreed), in force, claim to recovery, or ended"},
};
static const rq_schema list_query = RQ_SCHEMA("GuaranteeQuery", list_fields, rq_check_due_list);

enum {
    READERS =
        RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR,
    MOVING = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH,
    REVIEWER = RQ_ROLE_GUARANTEE_REVIEWER,
    CHECKER = RQ_ROLE_GUARANTEE_CHECKER,
};
#define MOVE_WITH(name, who, schema, sql, more, zh_text, en_text)                                            \
    {                                                                                                        \
        .method = RQ_POST, .path = "/v1/guarantee-cases/{id}/" name, .roles = (who), .input = (schema),      \
        .statement = sql, .kind = "guarantee_case", .action = name, .flags = MOVING | (more),                \
        .reply = "GuaranteeCase", .zh = zh_text, .en = en_text                                               \
    }
#define MOVE(name, who, zh_text, en_text)                                                                    \
    MOVE_WITH(name, who, &rq_reason_input, "guarantee-cases/move", RQ_ROUTE_NO_BODY, zh_text, en_text)
static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/guarantee-cases", RQ_ROLE_ENTERPRISE | RQ_ROLES_BANK, &new_input,
             "guarantee-cases/create", RQ_ROUTE_KEY, "GuaranteeCase", "申请担保", "Ask for a guarantee",
             .kind = "guarantee_case", .action = "apply"),
    RQ_ROUTE(GET, "/v1/guarantee-cases", READERS, &list_query, "guarantee-cases/list", 0, "List",
             "担保业务列表", "Guarantee cases"),
    RQ_ROUTE(GET, "/v1/guarantee-cases/{id}", READERS, NULL, "guarantee-cases/get", 0, "GuaranteeCase",
             "担保业务", "One guarantee case"),
    RQ_ROUTE(GET, "/v1/guarantee-cases/{id}/history", READERS, NULL, "guarantee-cases/history", 0, "History",
             "担保业务经过", "What happened to a guarantee case"),
    RQ_ROUTE(GET, "/v1/guarantee-cases/{id}/checklist",
             RQ_ROLES_GUARANTOR | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, NULL,
             "guarantee-cases/checklist", 0, "Object", "审查清单", "The checklist"),
    RQ_ROUTE(POST, "/v1/guarantee-cases/{id}/checklist", RQ_ROLES_GUARANTOR, &checklist_input,
             "guarantee-cases/check-items", RQ_ROUTE_KEY, "GuaranteeCase", "填写审查清单",
             "Fill in the checklist"),
    MOVE("review", REVIEWER, "开始尽调", "Begin the review"),
    MOVE_WITH("propose", REVIEWER, &propose_input, "guarantee-cases/propose", 0, "拟同意",
              "Propose to guarantee"),
    MOVE("propose_refusal", REVIEWER, "拟拒绝", "Propose a refusal"),
    RQ_ROUTE(POST, "/v1/guarantee-cases/{id}/approve", CHECKER, &rq_reason_input, "guarantee-cases/approve",
             MOVING | RQ_ROUTE_NO_BODY, "GuaranteeCase", "审批同意", "Approve",
             .prelude = "guarantee-cases/backed-offer", .compute = rq_offer_reckon_anew,
             .kind = "guarantee_case", .action = "approve"),
    MOVE("refuse", CHECKER, "复核拒绝", "Refuse"),
    MOVE("send_back", CHECKER, "退回", "Send back"),
    MOVE("check", CHECKER, "批量合规审核", "Check a batch filing"),
    MOVE_WITH("take_effect", CHECKER, &effect_input, "guarantee-cases/take-effect", RQ_ROUTE_NO_BODY, "生效",
              "Put in force"),
    MOVE_WITH("file", REVIEWER, &file_input, "guarantee-cases/file", 0, "再担保备案",
              "File with the re-guarantor"),
    MOVE("release", RQ_ROLE_BANK_CHECKER, "解保", "Release"),
    MOVE("renew", RQ_ROLE_BANK_CHECKER, "续保", "Renew"),
    MOVE("notify_claim", RQ_ROLE_BANK_MAKER, "出险通知", "Notify a default"),
    MOVE("cure", RQ_ROLE_ENTERPRISE | RQ_ROLE_BANK_MAKER, "恢复正常", "The arrears are paid"),
    MOVE_WITH("submit_claim", RQ_ROLE_BANK_CHECKER, &claim_input, "guarantee-cases/submit-claim", 0,
              "提交索赔", "Submit the claim"),
    MOVE_WITH("indemnify", CHECKER, &money_input, "guarantee-cases/indemnify", 0, "代偿",
              "Pay the indemnity"),
    MOVE("deny", CHECKER, "拒赔", "Deny the claim"),
    MOVE("request_compensation", REVIEWER, "申请补偿", "Ask for compensation"),
    MOVE_WITH("receive_compensation", CHECKER, &money_input, "guarantee-cases/compensate", 0, "补偿到账",
              "Compensation received"),
    MOVE_WITH("plan_recovery", REVIEWER, &plan_input, "guarantee-cases/plan-recovery", 0, "追偿计划",
              "Plan the recovery"),
    MOVE_WITH("extend", CHECKER, &plan_input, "guarantee-cases/plan-recovery", 0, "延长追偿期",
              "Extend the recovery"),
    MOVE_WITH("record_recovery", REVIEWER, &money_input, "guarantee-cases/recover", 0, "追回入账",
              "Record money recovered"),
    MOVE("complete", CHECKER, "追回结案", "Recovered in full"),
    MOVE_WITH("propose_write_off", REVIEWER, &write_off_input, "guarantee-cases/propose-write-off", 0,
              "拟核销", "Propose a write-off"),
    MOVE("write_off", CHECKER, "核销（账销案存）", "Write off; the account stays"),
    MOVE("keep_recovering", CHECKER, "不予核销", "Keep recovering"),
    MOVE("withdraw", RQ_ROLE_ENTERPRISE, "撤回", "Withdraw"),
};
const rq_routes rq_guarantee_routes = RQ_ROUTES(rows);
