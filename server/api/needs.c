/* Needs and their matches. A need is matched where it is posted: the facts are read, the engine runs on the
 * worker's snapshot, and need and match are stored in one transaction. */

#include <stdlib.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/json_memory.h"
#include "rongqiao/log.h"
#include "routes.h"
#include "worker.h"

static const rq_field need_fields[] = {
    {"enterprise_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "企业（平台代为发布时）",
     "the enterprise, when the operator posts for it"},
    {"kinds", RQ_FIELD_WORDS, true, 1, 11, "kind", NULL, "可接受的融资方式", "kinds of finance accepted"},
    {"amount_fen", RQ_FIELD_INTEGER, true, 100000, INT64_C(100000000000), NULL, NULL,
     "金额，分（1,000 元至 10 亿元）", "amount, fen (1,000 to 1,000,000,000 yuan)"},
    {"amount_min_fen", RQ_FIELD_INTEGER, false, 1, INT64_C(100000000000), NULL, NULL, "最低可接受金额，分",
     "least acceptable amount, fen"},
    {"term_months", RQ_FIELD_INTEGER, false, 1, 360, NULL, NULL, "期限，月", "term, months"},
    {"term_days", RQ_FIELD_INTEGER, false, 1, 30, NULL, NULL, "期限，天（转贷）", "term, days (bridge)"},
    {"max_rate_ppm", RQ_FIELD_INTEGER, false, 0, 240000, NULL, NULL, "可接受最高年利率，百万分之一",
     "highest acceptable yearly rate, ppm"},
    {"purpose", RQ_FIELD_WORD, true, 0, 0, "purpose", NULL, "用途", "purpose"},
    {"purpose_detail", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "用途说明", "the purpose in words"},
    {"repayments", RQ_FIELD_WORDS, false, 0, 5, "repayment", NULL, "还款方式（空为不限）",
     "repayment methods; none: any"},
    {"collateral", RQ_FIELD_WORDS, false, 0, 9, "collateral", NULL, "担保物", "collateral"},
    {"needed_by", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "用款日期", "money needed by"},
    {"max_claims", RQ_FIELD_INTEGER, false, 1, 10, NULL, NULL, "最多接单家数，默认 3",
     "claims at most; 3 unless told"},
    {"visibility", RQ_FIELD_WORD, false, 0, 0, "=open,invited,dispatch,anonymous", NULL, "公开范围",
     "who sees it"},
    {"facts", RQ_FIELD_NEED_FACTS, false, 0, 0, NULL, NULL, "本次融资的事实（订单、知识产权价值等）",
     "facts of this need: order, value of IP ..."},
    {"submit", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "立即提交，默认是；否则存为草稿",
     "submit at once (true unless told) or keep as a draft"},
};

static void check_need(const json_t *need, const char *pointer, rq_faults *faults)
{
    const json_t *kinds = json_object_get(need, "kinds"),
                 *amount_min = json_object_get(need, "amount_min_fen");
    const char *needed_by = json_string_value(json_object_get(need, "needed_by"));
    json_int_t amount = json_integer_value(json_object_get(need, "amount_fen"));
    rq_date date;
    if (json_is_integer(amount_min) && json_integer_value(amount_min) > amount)
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/amount_min_fen", pointer), "too_large",
                     amount, NULL);
    if (!json_is_integer(json_object_get(need, "term_months")) &&
        !json_is_integer(json_object_get(need, "term_days")))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/term_months", pointer), "either", 0,
                     "term_months, term_days");
    for (size_t i = 0; i < json_array_size(kinds); i++)
        if (rq_list_has("=guarantee,insurance", json_string_value(json_array_get(kinds, i))))
            rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/kinds/%zu", pointer, i), "backing_alone",
                         0, NULL);
    if (needed_by && rq_date_parse(needed_by, strlen(needed_by), &date)) {
        const char *at = rq_arena_printf(faults->arena, "%s/needed_by", pointer);
        if (date < rq_today())
            rq_fault_add(faults, at, "date_past", 0, NULL);
        else if (date > rq_today() + 365)
            rq_fault_add(faults, at, "date_far", 0, NULL);
    }
}
static const rq_schema need_input = RQ_SCHEMA("NewNeed", need_fields, check_need);

static const rq_field list_fields[] = {
    RQ_CASE_PAGE_FIELDS,
    {"state", RQ_FIELD_WORD, false, 0, 0,
     "=draft,checking,returned,open,claimed,offered,accepted,contracted,funded,closed,withdrawn,unmet,"
     "stalled,expired",
     NULL, "状态", "state"},
    {"enterprise_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "企业", "enterprise"},
    RQ_DRILL_FIELDS,
    {"step", RQ_FIELD_WORD, false, 0, 0, "=posted,asked,matched,offered,guaranteed,funded", NULL,
     "到达过的步骤（指定机构时为其步骤）；asked 为申请过担保",
     "step reached; with an institution, by it; asked: for a guarantee"},
    {"by", RQ_FIELD_WORD, false, 0, 0, "=posted,step", NULL, "起止日针对发布日（默认）或该步骤之日",
     "what from and to are about: the posting (unless told) or the step"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "到达过该机构", "reached this institution"},
    {"to_claim", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "本机构尚未接单或放弃",
     "waits for the asker's institution to claim it or pass"},
};
static const rq_schema list_query = RQ_SCHEMA("NeedQuery", list_fields, rq_check_due_list);

/* Runs the engine on call->facts and writes its result; false when the call was refused. */
static bool run_engine(rq_call *call, rq_match_result *out_result, rq_buffer *out)
{
    rq_worker *worker = call->worker;
    rq_need need;
    rq_error error = {0};
    json_t *facts = json_loads(call->facts, 0, NULL);
    int64_t started_us = rq_monotonic_us();
    rq_status status = facts ? rq_need_decode(facts, &need, &error) : RQ_NOMEM;
    json_decref(facts);
    if (status == RQ_OK && !worker->catalogue)
        status = RQ_BUSY;
    if (status == RQ_OK)
        status = rq_match(worker->catalogue, &need, &rq_match_published, call->arena, out_result, &error);
    if (status == RQ_OK) {
        rq_json json = rq_json_on(out);
        rq_match_render(out_result, &json);
        status = out->failed ? RQ_NOMEM : RQ_OK;
    }
    atomic_fetch_add_explicit(&worker->counters.matches, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->counters.match_us, (uint_fast64_t)(rq_monotonic_us() - started_us),
                              memory_order_relaxed);
    if (status == RQ_INVALID) {
        RQ_LOG(RQ_LOG_WARNING, "need_not_decoded", RQ_LOG_TEXT("request_id", rq_exchange_id(call->exchange)),
               RQ_LOG_TEXT("reason", error.message));
        rq_call_refuse(call, "value_refused", NULL, NULL);
    } else if (status != RQ_OK) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
    }
    return status == RQ_OK;
}

static void write_package_rows(const char *class, const rq_package *packages, size_t count, rq_json *json)
{
    for (size_t i = 0; i < count; i++) {
        const rq_package *package = &packages[i];
        rq_json_object(json, NULL);
        rq_json_string(json, "class", class);
        rq_json_int(json, "rank", (int64_t)i + 1);
        rq_json_string(json, "product_id", package->product->id);
        rq_json_string(json, "institution_id", package->product->institution_id);
        if (package->guarantee) {
            rq_json_string(json, "guarantee_product_id", package->guarantee->id);
            rq_json_string(json, "guarantor_id", package->guarantee->institution_id);
        }
        if (package->insurance)
            rq_json_string(json, "insurance_product_id", package->insurance->id);
        rq_json_int(json, "amount_fen", package->amount_fen);
        if (package->rate_ppm != RQ_UNSET)
            rq_json_int(json, "rate_ppm", package->rate_ppm);
        if (package->cost_ppm != RQ_UNSET)
            rq_json_int(json, "cost_ppm", package->cost_ppm);
        rq_json_int(json, "score_ppm", package->score_ppm);
        rq_json_object_end(json);
    }
}

/* What of a result is kept as rows, so that PostgreSQL need not take the whole of it apart. */
static void write_rows(const rq_match_result *result, rq_buffer *out)
{
    rq_json json = rq_json_on(out);
    rq_json_object(&json, NULL);
    rq_json_int(&json, "catalogue_version", result->catalogue_version);
    rq_json_int(&json, "weights_version", result->weights_version);
    rq_json_int(&json, "considered", (int64_t)result->considered);
    rq_json_int(&json, "eligible_total", (int64_t)result->eligible_total);
    rq_json_int(&json, "unknown_total", (int64_t)result->unknown_total);
    rq_json_int(&json, "near_total", (int64_t)result->near_total);
    rq_json_array(&json, "packages");
    write_package_rows("eligible", result->eligible, result->eligible_count, &json);
    write_package_rows("unknown", result->unknown, result->unknown_count, &json);
    write_package_rows("near", result->near, result->near_count, &json);
    rq_json_array_end(&json);
    rq_json_object_end(&json);
}

static const char *kept(rq_call *call, const rq_buffer *buffer)
{
    return buffer->failed ? NULL : rq_arena_strndup(call->arena, buffer->data, buffer->length);
}

static rq_step match_to_store(rq_call *call)
{
    rq_match_result result;
    rq_buffer out, rows;
    uint8_t digest[RQ_SHA256_BYTES];
    char hex[RQ_SHA256_HEX + 1];
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    rq_buffer_init(&rows, RQ_LIMIT_REPLY_BYTES);
    bool matched = run_engine(call, &result, &out);
    if (matched) {
        write_rows(&result, &rows);
        call->computed = kept(call, &out);
        call->packages = kept(call, &rows);
        if (rq_sha256(out.data, out.length, digest, NULL) == RQ_OK) {
            rq_hex(digest, sizeof(digest), hex);
            call->digest = rq_arena_strndup(call->arena, hex, RQ_SHA256_HEX);
        }
    }
    rq_buffer_done(&out);
    rq_buffer_done(&rows);
    if (!matched)
        return RQ_STEP_ANSWERED;
    if (call->computed && call->packages && call->digest)
        return RQ_STEP_ON;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

static rq_step preview(rq_call *call)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    rq_match_result result;
    rq_buffer out;
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    if (run_engine(call, &result, &out))
        rq_call_answer(call, 200, out.data, out.length, headers, 2);
    rq_buffer_done(&out);
    return RQ_STEP_ANSWERED;
}

static const rq_field green_fields[] = {
    {"green_channel", RQ_FIELD_WORD, true, 0, 0, "=none,key_list,disaster,wage,first_loan", NULL,
     "绿色通道类别", "the green channel"},
    {"note", RQ_FIELD_TEXT, true, 5, 500, NULL, NULL, "依据", "on what ground"},
};
static const rq_schema green_input = RQ_SCHEMA("GreenChannel", green_fields, NULL);

static const rq_field decline_fields[] = {
    {"reason_code", RQ_FIELD_WORD, true, 0, 0, rq_refusal_codes, NULL, "原因代码", "reason, one of the list"},
    {"reason_text", RQ_FIELD_TEXT, true, 10, 500, NULL, NULL, "原因说明", "the reason in words"},
};
static const rq_schema decline_input = RQ_SCHEMA("Decline", decline_fields, NULL);

static const rq_field explain_fields[] = {
    {"product", RQ_FIELD_UUID, true, 0, 0, NULL, NULL, "产品", "the product to explain"},
};
static const rq_schema explain_query = RQ_SCHEMA("ExplainQuery", explain_fields, NULL);

/* Writes why a product fits a need or does not: every rule, and the facts it was judged on with source and
 * date. */
static rq_status write_explanation(rq_call *call, const json_t *facts, rq_json *json, rq_error *error)
{
    const rq_catalogue *catalogue = call->worker->catalogue;
    const char *product = json_string_value(json_object_get(call->input, "product"));
    rq_need need;
    rq_package package;
    bool open;
    rq_status status = catalogue ? rq_need_decode(facts, &need, error) : RQ_BUSY;
    if (status == RQ_OK)
        status = rq_match_explain(catalogue, &need, product, call->arena, &package, &open, error);
    if (status == RQ_OK && strcmp(call->principal.side, "institution") == 0 &&
        strcmp(package.product->institution_id, call->principal.org_id) != 0)
        status = rq_fail(error, RQ_INVALID, "product_id: another institution's");
    if (status != RQ_OK)
        return status;
    char *known = json_dumps(json_object_get(facts, "facts"), JSON_COMPACT);
    rq_json_object(json, NULL);
    rq_json_string(json, "need_id", call->id);
    rq_json_int(json, "catalogue_version", rq_catalogue_version(catalogue));
    rq_json_bool(json, "open", open);
    rq_package_render(&package, "package", 1, json);
    if (known)
        rq_json_raw(json, "facts", known, strlen(known));
    rq_json_object_end(json);
    rq_json_free(known);
    return known ? RQ_OK : RQ_NOMEM;
}

static rq_step explain(rq_call *call)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    rq_error error = {0};
    rq_buffer out;
    rq_buffer_init(&out, RQ_LIMIT_REPLY_BYTES);
    rq_json json = rq_json_on(&out);
    json_t *facts = json_loads(call->facts, 0, NULL);
    rq_status status = facts ? write_explanation(call, facts, &json, &error) : RQ_NOMEM;
    json_decref(facts);
    if (status == RQ_OK && !out.failed)
        rq_call_answer(call, 200, out.data, out.length, headers, 2);
    else if (status == RQ_INVALID)
        rq_call_refuse(call, "product_unknown", NULL, NULL);
    else
        rq_call_refuse(call, "unavailable", NULL, NULL);
    rq_buffer_done(&out);
    return RQ_STEP_ANSWERED;
}

enum {
    POSTERS = RQ_ROLE_ENTERPRISE | RQ_ROLE_OPERATOR,
    READERS =
        RQ_ROLE_ENTERPRISE | RQ_ROLES_INSTITUTION | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR,
};
#define MOVE(name, who, zh_text, en_text)                                                                    \
    {                                                                                                        \
        .method = RQ_POST, .path = "/v1/needs/{id}/" name, .roles = (who), .input = &rq_reason_input,        \
        .statement = "needs/move", .kind = "need", .action = name,                                           \
        .flags = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH | RQ_ROUTE_NO_BODY, .reply = "Need", .zh = zh_text,        \
        .en = en_text                                                                                        \
    }
static const rq_route need_rows[] = {
    RQ_ROUTE(POST, "/v1/needs", POSTERS, &need_input, "needs/create", RQ_ROUTE_KEY, "Need", "发布融资需求",
             "Post a need", .prelude = "needs/prepare", .compute = match_to_store, .kind = "need",
             .action = "create"),
    RQ_ROUTE(GET, "/v1/needs", READERS, &list_query, "needs/list", 0, "List", "融资需求列表", "Needs"),
    RQ_ROUTE(GET, "/v1/needs/{id}", READERS, NULL, "needs/get", 0, "Need", "融资需求", "One need"),
    RQ_ROUTE(GET, "/v1/needs/{id}/history", READERS, NULL, "needs/history", 0, "History",
             "融资需求经过（含其申请、方案与担保）",
             "What happened to a need and to the cases that came of it"),
    RQ_ROUTE(GET, "/v1/needs/{id}/matches",
             RQ_ROLE_ENTERPRISE | RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR | RQ_ROLE_AUDITOR, NULL,
             "needs/matches", 0, "MatchResult", "匹配结果", "The last stored match"),
    RQ_ROUTE(POST, "/v1/needs/{id}/matches", POSTERS, NULL, "needs/rematch", RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY,
             "MatchResult", "重新匹配", "Match again", .prelude = "needs/prepare-stored",
             .compute = match_to_store),
    RQ_ROUTE(GET, "/v1/needs/{id}/explain", READERS, &explain_query, NULL, 0, "Explanation",
             "为什么符合、为什么不符合（机构限本机构产品）",
             "Why a product fits, or why not; institutions ask about their own",
             .prelude = "needs/prepare-stored", .compute = explain),
    RQ_ROUTE(POST, "/v1/needs/{id}/submit", POSTERS, NULL, "needs/submit", RQ_ROUTE_KEY | RQ_ROUTE_NO_BODY,
             "Need", "提交", "Submit a draft", .prelude = "needs/prepare-stored", .compute = match_to_store,
             .kind = "need", .action = "submit"),
    RQ_ROUTE(POST, "/v1/needs/{id}/green_channel", RQ_ROLE_AUTHORITY | RQ_ROLE_OPERATOR, &green_input,
             "needs/green-channel", RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH, "Need", "开通绿色通道",
             "Open the green channel"),
    RQ_ROUTE(POST, "/v1/needs/{id}/decline", RQ_ROLE_BANK_MAKER, &decline_input, "needs/decline",
             RQ_ROUTE_KEY, "Need", "不接单并说明原因", "Leave a need to others, and say why"),
    MOVE("pass", RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY, "校验通过", "Pass the check"),
    MOVE("return", RQ_ROLE_OPERATOR | RQ_ROLE_AUTHORITY, "退回补正", "Return for correction"),
    MOVE("withdraw", RQ_ROLE_ENTERPRISE, "撤回", "Withdraw"),
    MOVE("confirm", RQ_ROLE_ENTERPRISE, "确认收款并办结", "Confirm the money came"),
    MOVE("reopen", RQ_ROLE_ENTERPRISE | RQ_ROLE_AUTHORITY, "修复后重新开放", "Open again after a repair"),
};
const rq_routes rq_need_routes = RQ_ROUTES(need_rows);

static const rq_route match_rows[] = {
    RQ_ROUTE(POST, "/v1/matches/preview", POSTERS, &need_input, NULL, 0, "MatchResult", "试算匹配（不保存）",
             "Match without storing", .prelude = "needs/prepare", .compute = preview),
};
const rq_routes rq_match_routes = RQ_ROUTES(match_rows);
