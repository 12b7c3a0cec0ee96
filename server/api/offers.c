/* Offers: the terms an institution binds itself to, with their all-in annual cost computed at once (domain
 * reference 2.9: IRR of the monthly flows x 12, every fee included, a guarantee's and an insurance's too). */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#include "rongqiao/json_memory.h"
#include "rongqiao/match.h"

static const rq_field rate_fields[] = {
    {"base", RQ_FIELD_WORD, true, 0, 0, "=fixed,lpr_1y,lpr_5y", NULL, "固定，或 LPR 加点",
     "fixed, or points over the LPR"},
    {"value_ppm", RQ_FIELD_INTEGER, true, -30000, 240000, NULL, NULL, "年利率或加点，百万分之一",
     "yearly rate or points, ppm"},
};
static const rq_schema rate_schema = RQ_SCHEMA("OfferRate", rate_fields, NULL);

#define TERM_FIELDS                                                                                          \
    {"amount_fen", RQ_FIELD_INTEGER, true,         100000, INT64_C(100000000000), NULL,                      \
     NULL,         "金额，分",       "amount, fen"},                                                         \
        {"term_months", RQ_FIELD_INTEGER, true, 1, 360, NULL, NULL, "期限，月", "term, months"},             \
        {"rate", RQ_FIELD_OBJECT, true, 0, 0, NULL, &rate_schema, "利率", "the rate"},                       \
        {"repayment", RQ_FIELD_WORD, true, 0, 0, "repayment", NULL, "还款方式", "repayment method"},         \
    {                                                                                                        \
        "fees", RQ_FIELD_OBJECTS, false, 0, 16, NULL, &rq_fee_schema, "全部费用", "every fee"                \
    }
#define GUARANTEE_FIELD                                                                                      \
    {                                                                                                        \
        "guarantee_required", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "须担保，其费用计入综合成本",       \
            "a guarantee is required; its fee counts in the all-in cost"                                     \
    }
static const rq_field term_fields[] = {
    TERM_FIELDS,
    {"application_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "申请，其担保的费用据此而知",
     "the application, by which the guarantee's fee is known"},
    GUARANTEE_FIELD,
};
static const rq_schema term_input = RQ_SCHEMA("OfferTerms", term_fields, NULL);

static const rq_field fields[] = {
    {"application_id", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "申请", "the application"},
    TERM_FIELDS,
    GUARANTEE_FIELD,
    {"collateral_required", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "须提供的担保物",
     "collateral required"},
    {"conditions", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "放款条件", "conditions of disbursement"},
    {"prepayment_fee_ppm", RQ_FIELD_INTEGER, false, 0, 100000, NULL, NULL, "提前还款费率",
     "prepayment fee, ppm"},
    {"penalty_rate_ppm", RQ_FIELD_INTEGER, false, 0, 500000, NULL, NULL, "罚息年利率",
     "penalty rate, ppm a year"},
    {"cooling_off_days", RQ_FIELD_INTEGER, false, 0, 30, NULL, NULL, "冷静期，天", "cooling-off, days"},
    {"valid_until", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "有效期至", "valid until"},
    {"binding", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "是否具约束力，默认是；否则为意向",
     "binding (true unless told) or indicative"},
};
static const rq_schema input = RQ_SCHEMA("NewOffer", fields, NULL);

static const rq_field counter_fields[] = {
    {"amount_fen", RQ_FIELD_INTEGER, false, 100000, INT64_C(100000000000), NULL, NULL, "希望金额，分",
     "amount wished, fen"},
    {"term_months", RQ_FIELD_INTEGER, false, 1, 360, NULL, NULL, "希望期限，月", "term wished, months"},
    {"rate_ppm", RQ_FIELD_INTEGER, false, 0, 240000, NULL, NULL, "希望年利率", "yearly rate wished, ppm"},
    {"note", RQ_FIELD_TEXT, true, 2, 500, NULL, NULL, "说明", "in words"},
};
static const rq_schema counter_input = RQ_SCHEMA("Counter", counter_fields, NULL);

static const rq_field contract_fields[] = {
    {"contract_no", RQ_FIELD_CODE, true, 1, 60, NULL, NULL, "合同编号", "contract number"},
};
static const rq_schema contract_input = RQ_SCHEMA("Contract", contract_fields, NULL);

static const rq_field disburse_fields[] = {
    {"funded_fen", RQ_FIELD_INTEGER, true, 1, INT64_C(100000000000), NULL, NULL, "放款金额，分",
     "amount paid out, fen"},
    {"funded_on", RQ_FIELD_DATE, true, 0, 0, NULL, NULL, "放款日期", "paid out on"},
    {"proof_no", RQ_FIELD_CODE, true, 1, 60, NULL, NULL, "凭证号", "number of the proof"},
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
    RQ_CASE_PAGE_FIELDS,
    {"state", RQ_FIELD_WORD, false, 0, 0,
     "=pending_approval,sent_back,offered,countered,accepted,contracted,disbursed,rejected,superseded,"
     "declined,expired,revoked,not_chosen,fell_through",
     NULL, "状态", "state"},
    {"need_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "融资需求", "need"},
    {"application_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "申请", "application"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "机构", "institution"},
    RQ_DRILL_FIELDS,
};
static const rq_schema list_query = RQ_SCHEMA("OfferQuery", list_fields, rq_check_due_list);

/* `ppm` of `fen`, to the nearest fen. */
static int64_t share_of(int64_t fen, int64_t ppm)
{
    return (int64_t)(((__int128)fen * ppm + 500000) / 1000000);
}

static bool says(const json_t *fee, const char *member, const char *word)
{
    const char *text = json_string_value(json_object_get(fee, member));
    return text && strcmp(text, word) == 0;
}

/* Takes the fees out of the flows: upfront ones at month 0, yearly ones at the start of each year. Their sum.
 */
static int64_t take_fees(const json_t *fees, int64_t amount, rq_cash_flow *flows, size_t count)
{
    int64_t taken = 0;
    for (size_t i = 0; i < json_array_size(fees); i++) {
        const json_t *fee = json_array_get(fees, i);
        int64_t value = json_integer_value(json_object_get(fee, "value"));
        if (!says(fee, "basis", "fixed"))
            value = share_of(amount, value);
        for (size_t month = 0; month + 1 < count; month += 12) {
            flows[month].fen -= value;
            taken += value;
            if (!says(fee, "when", "yearly"))
                break;
        }
    }
    return taken;
}

/* The yearly rate of the offer: fixed, or the LPR of today (the prelude's answer) plus points. */
static int64_t rate_of(const json_t *terms, const json_t *facts)
{
    const json_t *rate = json_object_get(terms, "rate");
    const char *base = json_string_value(json_object_get(rate, "base"));
    int64_t value = json_integer_value(json_object_get(rate, "value_ppm"));
    return strcmp(base, "fixed") == 0 ? value : value + json_integer_value(json_object_get(facts, base));
}

/* What the backings cost in all, which the flows lose: the yearly fee of each as the engine's packages take
 * it, and what else its product lists. Each keeps its sum instead of that list. */
static void take_backings(json_t *backings, int64_t amount, int64_t rate_ppm, int32_t term, unsigned method,
                          rq_cash_flow *flows, size_t count)
{
    for (size_t i = 0; i < json_array_size(backings); i++) {
        json_t *backing = json_array_get(backings, i);
        int64_t taken = take_fees(json_object_get(backing, "fees"), amount, flows, count) +
                        rq_take_backing(amount, rate_ppm, term, method,
                                        json_integer_value(json_object_get(backing, "value")),
                                        json_integer_value(json_object_get(backing, "subsidy_ppm")), flows);
        json_object_del(backing, "fees");
        json_object_set_new(backing, "total_fen", json_integer(taken));
    }
}

/* What terms cost with all that stands behind them (what app.backings() tells in the facts, which it
 * changes). RQ_INVALID: no rate balances the flows. */
static rq_status reckon(rq_arena *arena, const json_t *terms, int64_t rate_ppm, const json_t *facts,
                        const char **out_text)
{
    int64_t amount = json_integer_value(json_object_get(terms, "amount_fen"));
    int32_t term = (int32_t)json_integer_value(json_object_get(terms, "term_months"));
    const char *repayment = json_string_value(json_object_get(terms, "repayment"));
    unsigned method = (unsigned)rq_word_index(rq_vocabulary("repayment"), repayment, strlen(repayment));
    json_t *backings = json_object_get(facts, "backings");
    rq_cash_flow flows[361];
    int64_t cost_ppm, repaid = 0;
    size_t count = rq_loan_flows(amount, rate_ppm, term, method, flows, sizeof(flows) / sizeof(flows[0]));
    if (count == 0)
        return RQ_INVALID;
    int64_t first = -flows[1].fen, last = -flows[count - 1].fen;
    take_fees(json_object_get(terms, "fees"), amount, flows, count);
    take_backings(backings, amount, rate_ppm, term, method, flows, count);
    for (size_t i = 1; i < count; i++)
        repaid -= flows[i].fen;
    if (flows[0].fen <= 0 || rq_all_in_cost(flows, count, &cost_ppm, NULL) != RQ_OK)
        return RQ_INVALID;
    char *fees = json_dumps(backings, JSON_COMPACT);
    *out_text =
        fees ? rq_arena_printf(arena,
                               "{\"rate_ppm\":%lld,\"net_disbursed_fen\":%lld,\"total_repayable_fen\":%lld,"
                               "\"cost_ppm\":%lld,\"first_payment_fen\":%lld,\"last_payment_fen\":%lld,"
                               "\"backing_fees\":%s,\"cost_is_whole\":%s}",
                               (long long)rate_ppm, (long long)flows[0].fen, (long long)repaid,
                               (long long)cost_ppm, (long long)first, (long long)last, fees,
                               json_is_true(json_object_get(facts, "cost_is_whole")) ? "true" : "false")
             : NULL;
    rq_json_free(fees);
    return *out_text ? RQ_OK : RQ_NOMEM;
}

static rq_step compute_cost(rq_call *call)
{
    json_t *facts = json_loads(call->facts, 0, NULL);
    int64_t rate_ppm = facts ? rate_of(call->input, facts) : 0;
    bool in_bounds = rate_ppm >= 0 && rate_ppm <= 240000;
    rq_status status = !facts      ? RQ_NOMEM
                       : in_bounds ? reckon(call->arena, call->input, rate_ppm, facts, &call->computed)
                                   : RQ_INVALID;
    json_decref(facts);
    if (status == RQ_OK)
        return RQ_STEP_ON;
    if (status == RQ_INVALID)
        rq_call_refuse_field(call, in_bounds ? "/fees" : "/rate/value_ppm", "refused");
    else
        rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

rq_step rq_offer_reckon_anew(rq_call *call)
{
    json_t *facts = json_loads(call->facts, 0, NULL);
    const json_t *terms = json_object_get(facts, "offer");
    rq_status status = facts ? RQ_OK : RQ_NOMEM;
    if (json_is_object(terms))
        status = reckon(call->arena, terms, json_integer_value(json_object_get(terms, "rate_ppm")), facts,
                        &call->computed);
    json_decref(facts);
    if (status == RQ_OK || status == RQ_INVALID)
        return RQ_STEP_ON;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

static rq_step answer_cost(rq_call *call)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    if (compute_cost(call) == RQ_STEP_ON)
        rq_call_answer(call, 200, call->computed, strlen(call->computed), headers, 2);
    return RQ_STEP_ANSWERED;
}

enum {
    READERS = RQ_ROLE_ENTERPRISE | RQ_ROLES_BANK | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR,
    MOVING = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH,
};
#define MOVE(name, who, zh_text, en_text)                                                                    \
    {                                                                                                        \
        .method = RQ_POST, .path = "/v1/offers/{id}/" name, .roles = (who), .input = &rq_reason_input,       \
        .statement = "offers/move", .kind = "offer", .action = name, .flags = MOVING | RQ_ROUTE_NO_BODY,     \
        .reply = "Offer", .zh = zh_text, .en = en_text                                                       \
    }
static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/offers", RQ_ROLE_BANK_MAKER, &input, "offers/create", RQ_ROUTE_KEY, "Offer",
             "拟定授信方案", "Propose an offer", .prelude = "offers/prepare", .compute = compute_cost,
             .kind = "offer", .action = "propose"),
    RQ_ROUTE(POST, "/v1/offers/preview", RQ_ROLES_BANK, &term_input, NULL, 0, "OfferCost",
             "试算综合年化成本（不保存）", "The all-in annual cost of terms, without keeping them",
             .prelude = "offers/prepare", .compute = answer_cost),
    RQ_ROUTE(GET, "/v1/offers", READERS, &list_query, "offers/list", 0, "List", "授信方案列表", "Offers"),
    RQ_ROUTE(GET, "/v1/offers/{id}", READERS | RQ_ROLES_GUARANTOR, NULL, "offers/get", 0, "Offer", "授信方案",
             "One offer"),
    RQ_ROUTE(GET, "/v1/offers/{id}/history", READERS | RQ_ROLES_GUARANTOR, NULL, "offers/history", 0,
             "History", "授信方案经过", "What happened to an offer"),
    MOVE("approve", RQ_ROLE_BANK_CHECKER, "审批通过", "Approve"),
    MOVE("send_back", RQ_ROLE_BANK_CHECKER, "退回修改", "Send back to the maker"),
    MOVE("reject", RQ_ROLE_BANK_CHECKER, "审批否决", "Reject"),
    MOVE("accept", RQ_ROLE_ENTERPRISE, "接受", "Accept"),
    MOVE("decline", RQ_ROLE_ENTERPRISE, "谢绝", "Decline"),
    MOVE("revoke", RQ_ROLE_BANK_CHECKER, "撤销", "Revoke"),
    MOVE("fall_through", RQ_ROLE_BANK_CHECKER, "未落地", "Fell through"),
    RQ_ROUTE(POST, "/v1/offers/{id}/counter", RQ_ROLE_ENTERPRISE, &counter_input, "offers/counter", MOVING,
             "Offer", "议价", "Ask for other terms", .kind = "offer", .action = "counter"),
    RQ_ROUTE(POST, "/v1/offers/{id}/contract", RQ_ROLE_BANK_CHECKER, &contract_input, "offers/contract",
             MOVING, "Offer", "签约", "Record the contract", .kind = "offer", .action = "contract"),
    RQ_ROUTE(POST, "/v1/offers/{id}/disburse", RQ_ROLE_BANK_CHECKER, &disburse_input, "offers/disburse",
             MOVING, "Offer", "放款", "Record the money", .kind = "offer", .action = "disburse"),
};
const rq_routes rq_offer_routes = RQ_ROUTES(rows);
