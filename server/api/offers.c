/* Offers: the terms an institution binds itself to, with their all-in annual cost computed at once (domain reference
 * 2.9: IRR of the monthly flows x 12, every fee included). */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#include "rongqiao/match.h"

static const rq_field rate_fields[] = {
    {.name = "base", .type = RQ_FIELD_WORD, .required = true, .list = "=fixed,lpr_1y,lpr_5y", .zh = "固定，或 LPR 加点", .en = "fixed, or points over the LPR"},
    {.name = "value_ppm", .type = RQ_FIELD_INTEGER, .required = true, .min = -30000, .max = 240000, .zh = "年利率或加点，百万分之一", .en = "yearly rate or points, ppm"},
};
static const rq_schema rate_schema = RQ_SCHEMA("OfferRate", rate_fields, NULL);

static const rq_field fields[] = {
    {.name = "application_id", .type = RQ_FIELD_UUID, .required = true, .zh = "申请", .en = "the application"},
    {.name = "amount_fen", .type = RQ_FIELD_INTEGER, .required = true, .min = 100000, .max = INT64_C(100000000000), .zh = "金额，分", .en = "amount, fen"},
    {.name = "term_months", .type = RQ_FIELD_INTEGER, .required = true, .min = 1, .max = 360, .zh = "期限，月", .en = "term, months"},
    {.name = "rate", .type = RQ_FIELD_OBJECT, .required = true, .schema = &rate_schema, .zh = "利率", .en = "the rate"},
    {.name = "repayment", .type = RQ_FIELD_WORD, .required = true, .list = "repayment", .zh = "还款方式", .en = "repayment method"},
    {.name = "fees", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 16, .schema = &rq_fee_schema, .zh = "全部费用", .en = "every fee"},
    {.name = "guarantee_required", .type = RQ_FIELD_BOOLEAN, .zh = "须担保", .en = "a guarantee is required"},
    {.name = "collateral_required", .type = RQ_FIELD_TEXT, .min = 1, .max = 500, .zh = "须提供的担保物", .en = "collateral required"},
    {.name = "conditions", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "放款条件", .en = "conditions of disbursement"},
    {.name = "prepayment_fee_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 100000, .zh = "提前还款费率", .en = "prepayment fee, ppm"},
    {.name = "penalty_rate_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 500000, .zh = "罚息年利率", .en = "penalty rate, ppm a year"},
    {.name = "cooling_off_days", .type = RQ_FIELD_INTEGER, .min = 0, .max = 30, .zh = "冷静期，天", .en = "cooling-off, days"},
    {.name = "valid_until", .type = RQ_FIELD_DATE, .required = true, .zh = "有效期至", .en = "valid until"},
    {.name = "binding", .type = RQ_FIELD_BOOLEAN, .zh = "是否具约束力，默认是；否则为意向", .en = "binding (true unless told) or indicative"},
};
static const rq_schema input = RQ_SCHEMA("NewOffer", fields, NULL);

static const rq_field counter_fields[] = {
    {.name = "amount_fen", .type = RQ_FIELD_INTEGER, .min = 100000, .max = INT64_C(100000000000), .zh = "希望金额，分", .en = "amount wished, fen"},
    {.name = "term_months", .type = RQ_FIELD_INTEGER, .min = 1, .max = 360, .zh = "希望期限，月", .en = "term wished, months"},
    {.name = "rate_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 240000, .zh = "希望年利率", .en = "yearly rate wished, ppm"},
    {.name = "note", .type = RQ_FIELD_TEXT, .required = true, .min = 2, .max = 500, .zh = "说明", .en = "in words"},
};
static const rq_schema counter_input = RQ_SCHEMA("Counter", counter_fields, NULL);

static const rq_field contract_fields[] = {
    {.name = "contract_no", .type = RQ_FIELD_CODE, .required = true, .min = 1, .max = 60, .zh = "合同编号", .en = "contract number"},
};
static const rq_schema contract_input = RQ_SCHEMA("Contract", contract_fields, NULL);

static const rq_field disburse_fields[] = {
    {.name = "funded_fen", .type = RQ_FIELD_INTEGER, .required = true, .min = 1, .max = INT64_C(100000000000), .zh = "放款金额，分", .en = "amount paid out, fen"},
    {.name = "funded_on", .type = RQ_FIELD_DATE, .required = true, .zh = "放款日期", .en = "paid out on"},
    {.name = "proof_no", .type = RQ_FIELD_CODE, .required = true, .min = 1, .max = 60, .zh = "凭证号", .en = "number of the proof"},
};
static void check_disburse(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *text = json_string_value(json_object_get(object, "funded_on"));
    rq_date date;
    (void)pointer;
    if (rq_date_parse(text, strlen(text), &date) && date > rq_today())
        rq_fault_add(faults, "/funded_on", "date_future", 0, NULL);
}
static const rq_schema disburse_input = RQ_SCHEMA("Disbursement", disburse_fields, check_disburse);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "state", .type = RQ_FIELD_WORD, .list = "=pending_approval,sent_back,offered,countered,accepted,contracted,disbursed,rejected,superseded,declined,expired,revoked,not_chosen,fell_through", .zh = "状态", .en = "state"},
    {.name = "need_id", .type = RQ_FIELD_UUID, .zh = "融资需求", .en = "need"},
    {.name = "application_id", .type = RQ_FIELD_UUID, .zh = "申请", .en = "application"},
    {.name = "institution_id", .type = RQ_FIELD_UUID, .zh = "机构", .en = "institution"},
    {.name = "region", .type = RQ_FIELD_REGION, .zh = "行政区划（含下级）", .en = "region with all below it"},
    {.name = "overdue", .type = RQ_FIELD_BOOLEAN, .zh = "是否逾期", .en = "past its deadline"},
};
static const rq_schema list_query = RQ_SCHEMA("OfferQuery", list_fields, NULL);

/* `ppm` of `fen`, to the nearest fen. */
static int64_t share_of(int64_t fen, int64_t ppm)
{
    return (int64_t)(((__int128)fen * ppm + 500000) / 1000000);
}

/* Takes the fees out of the flows: upfront ones at month 0, yearly ones at the start of each year. */
static void take_fees(const json_t *fees, int64_t amount, rq_cash_flow *flows, size_t count)
{
    for (size_t i = 0; i < json_array_size(fees); i++) {
        const json_t *fee = json_array_get(fees, i);
        int64_t value = json_integer_value(json_object_get(fee, "value"));
        bool yearly = strcmp(json_string_value(json_object_get(fee, "when")), "yearly") == 0;
        if (strcmp(json_string_value(json_object_get(fee, "basis")), "share") == 0)
            value = share_of(amount, value);
        for (size_t month = 0; month + 1 < count; month += 12) {
            flows[month].fen -= value;
            if (!yearly)
                break;
        }
    }
}

/* The yearly rate of the offer: fixed, or the LPR of today (the prelude's answer) plus points. */
static int64_t rate_of(const rq_call *call)
{
    const json_t *rate = json_object_get(call->input, "rate");
    const char *base = json_string_value(json_object_get(rate, "base"));
    int64_t value = json_integer_value(json_object_get(rate, "value_ppm"));
    if (strcmp(base, "fixed") == 0)
        return value;
    json_t *lpr = json_loads(call->facts, 0, NULL);
    value += json_integer_value(json_object_get(lpr, base));
    json_decref(lpr);
    return value;
}

static rq_step compute_cost(rq_call *call)
{
    int64_t amount = json_integer_value(json_object_get(call->input, "amount_fen"));
    int32_t term = (int32_t)json_integer_value(json_object_get(call->input, "term_months"));
    const char *repayment = json_string_value(json_object_get(call->input, "repayment"));
    int method = rq_word_index(rq_vocabulary("repayment"), repayment, strlen(repayment));
    rq_cash_flow flows[361];
    int64_t cost_ppm, repaid = 0, rate_ppm = rate_of(call);
    if (rate_ppm < 0 || rate_ppm > 240000) {
        rq_call_refuse_field(call, "/rate/value_ppm", "refused");
        return RQ_STEP_ANSWERED;
    }
    size_t count = rq_loan_flows(amount, rate_ppm, term, (unsigned)method, flows, sizeof(flows) / sizeof(flows[0]));
    take_fees(json_object_get(call->input, "fees"), amount, flows, count);
    for (size_t i = 1; i < count; i++)
        repaid -= flows[i].fen;
    if (count == 0 || flows[0].fen <= 0 || rq_all_in_cost(flows, count, &cost_ppm, NULL) != RQ_OK) {
        rq_call_refuse_field(call, "/fees", "refused");
        return RQ_STEP_ANSWERED;
    }
    call->computed = rq_arena_printf(call->arena,
                                     "{\"rate_ppm\":%lld,\"net_disbursed_fen\":%lld,\"total_repayable_fen\":%lld,\"cost_ppm\":%lld}",
                                     (long long)rate_ppm, (long long)flows[0].fen, (long long)repaid, (long long)cost_ppm);
    if (call->computed)
        return RQ_STEP_ON;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

enum {
    READERS = RQ_ROLE_ENTERPRISE | RQ_ROLES_BANK | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR,
    MOVING = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH,
};
#define MOVE(name, who, zh_text, en_text)                                                                                       \
    {                                                                                                                           \
        .method = RQ_POST, .path = "/v1/offers/{id}/" name, .roles = (who), .input = &rq_reason_input, .statement = "offers/move", \
        .kind = "offer", .action = name, .flags = MOVING | RQ_ROUTE_NO_BODY, .reply = "Offer", .zh = zh_text, .en = en_text     \
    }
static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/offers", .roles = RQ_ROLE_BANK_MAKER, .input = &input, .prelude = "offers/prepare", .compute = compute_cost, .statement = "offers/create", .kind = "offer", .action = "propose", .flags = RQ_ROUTE_KEY, .reply = "Offer", .zh = "拟定授信方案", .en = "Propose an offer"},
    {.method = RQ_GET, .path = "/v1/offers", .roles = READERS, .input = &list_query, .statement = "offers/list", .reply = "List", .zh = "授信方案列表", .en = "Offers"},
    {.method = RQ_GET, .path = "/v1/offers/{id}", .roles = READERS, .statement = "offers/get", .reply = "Offer", .zh = "授信方案", .en = "One offer"},
    MOVE("approve", RQ_ROLE_BANK_CHECKER, "审批通过", "Approve"),
    MOVE("send_back", RQ_ROLE_BANK_CHECKER, "退回修改", "Send back to the maker"),
    MOVE("reject", RQ_ROLE_BANK_CHECKER, "审批否决", "Reject"),
    MOVE("accept", RQ_ROLE_ENTERPRISE, "接受", "Accept"),
    MOVE("decline", RQ_ROLE_ENTERPRISE, "谢绝", "Decline"),
    MOVE("revoke", RQ_ROLE_BANK_CHECKER, "撤销", "Revoke"),
    MOVE("fall_through", RQ_ROLE_BANK_CHECKER, "未落地", "Fell through"),
    {.method = RQ_POST, .path = "/v1/offers/{id}/counter", .roles = RQ_ROLE_ENTERPRISE, .input = &counter_input, .statement = "offers/counter", .kind = "offer", .action = "counter", .flags = MOVING, .reply = "Offer", .zh = "议价", .en = "Ask for other terms"},
    {.method = RQ_POST, .path = "/v1/offers/{id}/contract", .roles = RQ_ROLE_BANK_CHECKER, .input = &contract_input, .statement = "offers/contract", .kind = "offer", .action = "contract", .flags = MOVING, .reply = "Offer", .zh = "签约", .en = "Record the contract"},
    {.method = RQ_POST, .path = "/v1/offers/{id}/disburse", .roles = RQ_ROLE_BANK_CHECKER, .input = &disburse_input, .statement = "offers/disburse", .kind = "offer", .action = "disburse", .flags = MOVING, .reply = "Offer", .zh = "放款", .en = "Record the money"},
};
const rq_routes rq_offer_routes = RQ_ROUTES(rows);
