/* Products and the machine-readable terms they are listed with; programmes of public aid. */
#include <string.h>

#include "import.h"
#include "market.h"
#include "routes.h"

#define MONEY_MAX INT64_C(100000000000000)
static const char backing[] = "=none,optional,required";

static const rq_field tier_fields[] = {
    {"when", RQ_FIELD_OBJECTS, true, 0, 8, NULL, &rq_rule_schema, "适用条件", "who gets these terms"},
    {"amount_max_fen", RQ_FIELD_INTEGER, false, 1, MONEY_MAX, NULL, NULL, "最高金额，分",
     "largest amount, fen"},
    {"term_max_months", RQ_FIELD_INTEGER, false, 1, 360, NULL, NULL, "最长期限，月", "longest term, months"},
    {"rate", RQ_FIELD_OBJECT, false, 0, 0, NULL, &rq_rate_schema, "利率", "the rate"},
    {"needs_guarantee", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "须担保", "open only with a guarantee"},
};
static const rq_schema tier_schema = RQ_SCHEMA("Tier", tier_fields, NULL);

static const rq_field day_fee_fields[] = {
    {"up_to_day", RQ_FIELD_INTEGER, true, 1, 60, NULL, NULL, "至第几日", "up to this day"},
    {"ppm_per_day", RQ_FIELD_INTEGER, true, 0, 10000, NULL, NULL, "日费率，百万分之一", "ppm a day"},
};
static const rq_schema day_fee_schema = RQ_SCHEMA("DayFee", day_fee_fields, NULL);

static void check_order(const json_t *object, const char *low, const char *high, const char *pointer,
                        rq_faults *faults)
{
    const json_t *a = json_object_get(object, low), *b = json_object_get(object, high);
    if (json_is_integer(a) && json_is_integer(b) && json_integer_value(b) < json_integer_value(a))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/%s", pointer, high), "order",
                     json_integer_value(a), NULL);
}

/* Fields that only some kinds have. */
static void check_product(const json_t *object, const char *pointer, rq_faults *faults)
{
    static const struct {
        const char *field, *kinds;
    } only[] = {
        {"term_min_days", "=bridge"},
        {"term_max_days", "=bridge"},
        {"day_fees", "=bridge"},
        {"coverage_ppm", "=guarantee,insurance"},
        {"fee_ppm", "=guarantee,insurance"},
        {"counter_guarantee", "=guarantee"},
        {"partners", "=guarantee,insurance"},
        {"recourse", "=factoring"},
        {"advance_rate_ppm", "=factoring"},
        {"pledge_rate_ppm", "=receivable_pledge,ip_pledge,inventory_pledge,mortgage"},
    };
    const char *kind = json_string_value(json_object_get(object, "kind"));
    for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
        const json_t *given = json_object_get(object, only[i].field);
        if (given && !json_is_null(given) && !rq_list_has(only[i].kinds, kind))
            rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/%s", pointer, only[i].field),
                         "not_for_kind", 0, kind);
    }
    check_order(object, "amount_min_fen", "amount_max_fen", pointer, faults);
    check_order(object, "term_min_months", "term_max_months", pointer, faults);
    check_order(object, "term_min_days", "term_max_days", pointer, faults);
}

static const rq_field product_fields[] = {
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "机构（平台代为上架时）",
     "the institution, when the operator lists for it"},
    {"product_no", RQ_FIELD_CODE, false, 1, 40, NULL, NULL, "产品编号", "product number"},
    {"kind", RQ_FIELD_WORD, true, 0, 0, "kind", NULL, "产品类型", "kind of finance"},
    {"name_zh", RQ_FIELD_TEXT, true, 2, 120, NULL, NULL, "产品名称", "name in Chinese"},
    {"name_en", RQ_FIELD_TEXT, false, 2, 120, NULL, NULL, "英文名称", "name in English"},
    {"amount_min_fen", RQ_FIELD_INTEGER, false, 1, MONEY_MAX, NULL, NULL, "最低金额，分",
     "smallest amount, fen"},
    {"amount_max_fen", RQ_FIELD_INTEGER, false, 1, MONEY_MAX, NULL, NULL, "最高金额，分",
     "largest amount, fen"},
    {"term_min_months", RQ_FIELD_INTEGER, false, 1, 360, NULL, NULL, "最短期限，月", "shortest term, months"},
    {"term_max_months", RQ_FIELD_INTEGER, false, 1, 360, NULL, NULL, "最长期限，月", "longest term, months"},
    {"term_min_days", RQ_FIELD_INTEGER, false, 1, 60, NULL, NULL, "最短天数（转贷）",
     "shortest term, days (bridge)"},
    {"term_max_days", RQ_FIELD_INTEGER, false, 1, 60, NULL, NULL, "最长天数（转贷）",
     "longest term, days (bridge)"},
    {"rate", RQ_FIELD_OBJECT, false, 0, 0, NULL, &rq_rate_schema, "利率", "the published rate"},
    {"repayments", RQ_FIELD_WORDS, false, 0, 8, "repayment", NULL, "还款方式", "repayment methods"},
    {"fees", RQ_FIELD_OBJECTS, false, 0, 16, NULL, &rq_fee_schema, "费用", "fees"},
    {"day_fees", RQ_FIELD_OBJECTS, false, 0, 8, NULL, &day_fee_schema, "转贷日费", "bridge fees by day"},
    {"regions", RQ_FIELD_REGIONS, false, 0, 400, NULL, NULL, "服务区域（空为全国）",
     "regions served; none: the whole country"},
    {"industries_in", RQ_FIELD_INDUSTRIES, false, 0, 400, NULL, NULL, "适用行业（空为全部）",
     "industries served; none: all"},
    {"industries_out", RQ_FIELD_INDUSTRIES, false, 0, 400, NULL, NULL, "不适用行业", "industries not served"},
    {"rules", RQ_FIELD_OBJECTS, false, 0, 40, NULL, &rq_rule_schema, "准入规则", "rules of eligibility"},
    {"tiers", RQ_FIELD_OBJECTS, false, 0, 16, NULL, &tier_schema, "分档条款",
     "tiers by qualification and collateral"},
    {"guarantee", RQ_FIELD_WORD, false, 0, 0, backing, NULL, "是否须担保", "whether it wants a guarantee"},
    {"insurance", RQ_FIELD_WORD, false, 0, 0, backing, NULL, "是否须保险", "whether it wants insurance"},
    {"fee_ppm", RQ_FIELD_INTEGER, false, 0, 100000, NULL, NULL, "年担保费率/保费率",
     "yearly guarantee fee or premium, ppm"},
    {"coverage_ppm", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "承担比例",
     "share of the loss borne, ppm"},
    {"counter_guarantee", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "是否要反担保",
     "whether a counter-guarantee is asked"},
    {"partners", RQ_FIELD_UUIDS, false, 0, 200, NULL, NULL, "合作机构（空为全部）",
     "institutions it works with; none: all"},
    {"recourse", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "有无追索", "with recourse (factoring)"},
    {"disclosed", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "明保理", "disclosed (factoring)"},
    {"advance_rate_ppm", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "融资比例",
     "advance rate, ppm (factoring)"},
    {"pledge_rate_ppm", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "质押率", "pledge rate, ppm"},
    {"promised_hours", RQ_FIELD_INTEGER, false, 0, 2000, NULL, NULL, "承诺答复，工作小时",
     "promised answer, working hours"},
    {"capacity_cases", RQ_FIELD_INTEGER, false, 0, 1000000, NULL, NULL, "每月笔数上限", "cases a month"},
    {"capacity_fen", RQ_FIELD_INTEGER, false, 0, MONEY_MAX, NULL, NULL, "每月金额上限，分",
     "amount a month, fen"},
    {"valid_from", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "生效日", "valid from"},
    {"valid_to", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "失效日", "valid to"},
    {"documents", RQ_FIELD_TEXT, false, 1, 1000, NULL, NULL, "所需材料", "papers wanted"},
    {"conditions_zh", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "其他条件（中文）",
     "further conditions in Chinese, not evaluated"},
    {"conditions_en", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "其他条件（英文）",
     "further conditions in English, not evaluated"},
    {"source_url", RQ_FIELD_TEXT, false, 1, 500, NULL, NULL, "资料来源", "where the terms are published"},
    {"source_note", RQ_FIELD_TEXT, false, 1, 2000, NULL, NULL, "来源说明", "what the source says beside"},
    {"source_date", RQ_FIELD_TEXT, false, 1, 20, NULL, NULL, "资料日期", "the source's date"},
};
static const rq_schema product_input = RQ_SCHEMA("NewProduct", product_fields, check_product);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {"kind", RQ_FIELD_WORD, false, 0, 0, "kind", NULL, "类型", "kind"},
    {"institution_id", RQ_FIELD_UUID, false, 0, 0, NULL, NULL, "机构", "institution"},
    {"state", RQ_FIELD_WORD, false, 0, 0, "=draft,in_review,online,paused,offline", NULL, "状态", "state"},
    {"q", RQ_FIELD_TEXT, false, 1, 60, NULL, NULL, "名称包含", "the name holds"},
};
static const rq_schema list_query = RQ_SCHEMA("ProductQuery", list_fields, NULL);

static rq_step read_import(rq_call *call)
{
    return rq_import_read(call, &product_input, NULL);
}

enum {
    MAKERS = RQ_ROLE_BANK_MAKER | RQ_ROLE_GUARANTEE_REVIEWER | RQ_ROLE_OPERATOR,
    CHECKERS = RQ_ROLE_BANK_CHECKER | RQ_ROLE_GUARANTEE_CHECKER | RQ_ROLE_OPERATOR,
};
#define MOVE(name, who, zh_text, en_text)                                                                    \
    {                                                                                                        \
        .method = RQ_POST, .path = "/v1/products/{id}/" name, .roles = (who), .input = &rq_reason_input,     \
        .statement = "products/move", .kind = "product", .action = name,                                     \
        .flags = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH | RQ_ROUTE_NO_BODY, .reply = "Product", .zh = zh_text,     \
        .en = en_text                                                                                        \
    }
static const rq_route rows[] = {
    RQ_ROUTE(POST, "/v1/products", MAKERS, &product_input, "products/create", RQ_ROUTE_KEY, "Product",
             "新建产品", "Draft a product", .kind = "product", .action = "create"),
    RQ_ROUTE(GET, "/v1/products", RQ_ROLE_PUBLIC, &list_query, "products/list", 0, "List", "产品列表",
             "The shelf"),
    RQ_ROUTE(POST, "/v1/products/import", MAKERS, &rq_import_input, "products/import",
             RQ_ROUTE_KEY | RQ_ROUTE_CSV, "ImportReport", "批量导入产品", "Import products",
             .query = &rq_import_query, .compute = read_import, .action = "create",
             .body_limit = RQ_LIMIT_IMPORT_BODY_BYTES),
    RQ_ROUTE(GET, "/v1/products/{id}", RQ_ROLE_PUBLIC, NULL, "products/get", 0, "Product", "产品详情",
             "One product"),
    RQ_ROUTE(PUT, "/v1/products/{id}", MAKERS, &product_input, "products/update", RQ_ROUTE_IF_MATCH,
             "Product", "修改产品", "Replace a product's terms"),
    RQ_ROUTE(POST, "/v1/products/what-if", MAKERS | CHECKERS, &product_input, NULL, 0, "Market",
             "试算产品的市场（不保存）", "The market of a product as it is sent, without keeping it",
             .compute = rq_market_of_input),
    RQ_ROUTE(GET, "/v1/products/{id}/market", MAKERS | CHECKERS | RQ_ROLE_AUTHORITY | RQ_ROLE_AUDITOR, NULL,
             NULL, 0, "Market", "产品的市场：符合的需求，以及各条款挡住的需求",
             "The open needs a product serves, and what each term keeps away", .prelude = "market/product",
             .compute = rq_market_of_stored),
    MOVE("submit", MAKERS, "提交审核", "Submit for review"),
    MOVE("publish", CHECKERS, "上架", "Publish"),
    MOVE("send_back", CHECKERS, "退回", "Send back"),
    MOVE("pause", CHECKERS, "暂停", "Pause"),
    MOVE("resume", CHECKERS, "恢复", "Resume"),
    MOVE("retire", CHECKERS, "下架", "Take off the shelf"),
};
const rq_routes rq_product_routes = RQ_ROUTES(rows);
