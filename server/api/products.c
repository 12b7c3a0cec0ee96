/* Products and the machine-readable terms they are listed with; programmes of public aid. */
#include <string.h>

#include "import.h"
#include "routes.h"

#define MONEY_MAX INT64_C(100000000000000)
static const char backing[] = "=none,optional,required";

static const rq_field tier_fields[] = {
    {.name = "when", .type = RQ_FIELD_OBJECTS, .required = true, .min = 0, .max = 8, .schema = &rq_rule_schema, .zh = "适用条件", .en = "who gets these terms"},
    {.name = "amount_max_fen", .type = RQ_FIELD_INTEGER, .min = 1, .max = MONEY_MAX, .zh = "最高金额，分", .en = "largest amount, fen"},
    {.name = "term_max_months", .type = RQ_FIELD_INTEGER, .min = 1, .max = 360, .zh = "最长期限，月", .en = "longest term, months"},
    {.name = "rate", .type = RQ_FIELD_OBJECT, .schema = &rq_rate_schema, .zh = "利率", .en = "the rate"},
    {.name = "needs_guarantee", .type = RQ_FIELD_BOOLEAN, .zh = "须担保", .en = "open only with a guarantee"},
};
static const rq_schema tier_schema = RQ_SCHEMA("Tier", tier_fields, NULL);

static const rq_field day_fee_fields[] = {
    {.name = "up_to_day", .type = RQ_FIELD_INTEGER, .required = true, .min = 1, .max = 60, .zh = "至第几日", .en = "up to this day"},
    {.name = "ppm_per_day", .type = RQ_FIELD_INTEGER, .required = true, .min = 0, .max = 10000, .zh = "日费率，百万分之一", .en = "ppm a day"},
};
static const rq_schema day_fee_schema = RQ_SCHEMA("DayFee", day_fee_fields, NULL);

static void check_order(const json_t *object, const char *low, const char *high, const char *pointer, rq_faults *faults)
{
    const json_t *a = json_object_get(object, low), *b = json_object_get(object, high);
    if (json_is_integer(a) && json_is_integer(b) && json_integer_value(b) < json_integer_value(a))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/%s", pointer, high), "order", json_integer_value(a), NULL);
}

/* Fields that only some kinds have. */
static void check_product(const json_t *object, const char *pointer, rq_faults *faults)
{
    static const struct {
        const char *field, *kinds;
    } only[] = {
        {"term_min_days", "=bridge"},  {"term_max_days", "=bridge"},
        {"day_fees", "=bridge"},       {"coverage_ppm", "=guarantee,insurance"},
        {"fee_ppm", "=guarantee,insurance"}, {"counter_guarantee", "=guarantee"},
        {"partners", "=guarantee,insurance"}, {"recourse", "=factoring"},
        {"advance_rate_ppm", "=factoring"}, {"pledge_rate_ppm", "=receivable_pledge,ip_pledge,inventory_pledge,mortgage"},
    };
    const char *kind = json_string_value(json_object_get(object, "kind"));
    for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
        const json_t *given = json_object_get(object, only[i].field);
        if (given && !json_is_null(given) && !rq_list_has(only[i].kinds, kind))
            rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/%s", pointer, only[i].field), "not_for_kind", 0, kind);
    }
    check_order(object, "amount_min_fen", "amount_max_fen", pointer, faults);
    check_order(object, "term_min_months", "term_max_months", pointer, faults);
    check_order(object, "term_min_days", "term_max_days", pointer, faults);
}

static const rq_field product_fields[] = {
    {.name = "institution_id", .type = RQ_FIELD_UUID, .zh = "机构（平台代为上架时）", .en = "the institution, when the operator lists for it"},
    {.name = "product_no", .type = RQ_FIELD_CODE, .min = 1, .max = 40, .zh = "产品编号", .en = "product number"},
    {.name = "kind", .type = RQ_FIELD_WORD, .required = true, .list = "kind", .zh = "产品类型", .en = "kind of finance"},
    {.name = "name_zh", .type = RQ_FIELD_TEXT, .required = true, .min = 2, .max = 120, .zh = "产品名称", .en = "name in Chinese"},
    {.name = "name_en", .type = RQ_FIELD_TEXT, .min = 2, .max = 120, .zh = "英文名称", .en = "name in English"},
    {.name = "amount_min_fen", .type = RQ_FIELD_INTEGER, .min = 1, .max = MONEY_MAX, .zh = "最低金额，分", .en = "smallest amount, fen"},
    {.name = "amount_max_fen", .type = RQ_FIELD_INTEGER, .min = 1, .max = MONEY_MAX, .zh = "最高金额，分", .en = "largest amount, fen"},
    {.name = "term_min_months", .type = RQ_FIELD_INTEGER, .min = 1, .max = 360, .zh = "最短期限，月", .en = "shortest term, months"},
    {.name = "term_max_months", .type = RQ_FIELD_INTEGER, .min = 1, .max = 360, .zh = "最长期限，月", .en = "longest term, months"},
    {.name = "term_min_days", .type = RQ_FIELD_INTEGER, .min = 1, .max = 60, .zh = "最短天数（转贷）", .en = "shortest term, days (bridge)"},
    {.name = "term_max_days", .type = RQ_FIELD_INTEGER, .min = 1, .max = 60, .zh = "最长天数（转贷）", .en = "longest term, days (bridge)"},
    {.name = "rate", .type = RQ_FIELD_OBJECT, .schema = &rq_rate_schema, .zh = "利率", .en = "the published rate"},
    {.name = "repayments", .type = RQ_FIELD_WORDS, .min = 0, .max = 8, .list = "repayment", .zh = "还款方式", .en = "repayment methods"},
    {.name = "fees", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 16, .schema = &rq_fee_schema, .zh = "费用", .en = "fees"},
    {.name = "day_fees", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 8, .schema = &day_fee_schema, .zh = "转贷日费", .en = "bridge fees by day"},
    {.name = "regions", .type = RQ_FIELD_REGIONS, .min = 0, .max = 400, .zh = "服务区域（空为全国）", .en = "regions served; none: the whole country"},
    {.name = "industries_in", .type = RQ_FIELD_INDUSTRIES, .min = 0, .max = 400, .zh = "适用行业（空为全部）", .en = "industries served; none: all"},
    {.name = "industries_out", .type = RQ_FIELD_INDUSTRIES, .min = 0, .max = 400, .zh = "不适用行业", .en = "industries not served"},
    {.name = "rules", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 40, .schema = &rq_rule_schema, .zh = "准入规则", .en = "rules of eligibility"},
    {.name = "tiers", .type = RQ_FIELD_OBJECTS, .min = 0, .max = 16, .schema = &tier_schema, .zh = "分档条款", .en = "tiers by qualification and collateral"},
    {.name = "guarantee", .type = RQ_FIELD_WORD, .list = backing, .zh = "是否须担保", .en = "whether it wants a guarantee"},
    {.name = "insurance", .type = RQ_FIELD_WORD, .list = backing, .zh = "是否须保险", .en = "whether it wants insurance"},
    {.name = "fee_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 100000, .zh = "年担保费率/保费率", .en = "yearly guarantee fee or premium, ppm"},
    {.name = "coverage_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = "承担比例", .en = "share of the loss borne, ppm"},
    {.name = "counter_guarantee", .type = RQ_FIELD_BOOLEAN, .zh = "是否要反担保", .en = "whether a counter-guarantee is asked"},
    {.name = "partners", .type = RQ_FIELD_UUIDS, .min = 0, .max = 200, .zh = "合作机构（空为全部）", .en = "institutions it works with; none: all"},
    {.name = "recourse", .type = RQ_FIELD_BOOLEAN, .zh = "有无追索", .en = "with recourse (factoring)"},
    {.name = "disclosed", .type = RQ_FIELD_BOOLEAN, .zh = "明保理", .en = "disclosed (factoring)"},
    {.name = "advance_rate_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = "融资比例", .en = "advance rate, ppm (factoring)"},
    {.name = "pledge_rate_ppm", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = "质押率", .en = "pledge rate, ppm"},
    {.name = "promised_hours", .type = RQ_FIELD_INTEGER, .min = 0, .max = 2000, .zh = "承诺答复，工作小时", .en = "promised answer, working hours"},
    {.name = "capacity_cases", .type = RQ_FIELD_INTEGER, .min = 0, .max = 1000000, .zh = "每月笔数上限", .en = "cases a month"},
    {.name = "capacity_fen", .type = RQ_FIELD_INTEGER, .min = 0, .max = MONEY_MAX, .zh = "每月金额上限，分", .en = "amount a month, fen"},
    {.name = "valid_from", .type = RQ_FIELD_DATE, .zh = "生效日", .en = "valid from"},
    {.name = "valid_to", .type = RQ_FIELD_DATE, .zh = "失效日", .en = "valid to"},
    {.name = "documents", .type = RQ_FIELD_TEXT, .min = 1, .max = 1000, .zh = "所需材料", .en = "papers wanted"},
    {.name = "conditions_zh", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "其他条件（中文）", .en = "further conditions in Chinese, not evaluated"},
    {.name = "conditions_en", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "其他条件（英文）", .en = "further conditions in English, not evaluated"},
    {.name = "source_url", .type = RQ_FIELD_TEXT, .min = 1, .max = 500, .zh = "资料来源", .en = "where the terms are published"},
    {.name = "source_note", .type = RQ_FIELD_TEXT, .min = 1, .max = 2000, .zh = "来源说明", .en = "what the source says beside"},
    {.name = "source_date", .type = RQ_FIELD_TEXT, .min = 1, .max = 20, .zh = "资料日期", .en = "the source's date"},
};
static const rq_schema product_input = RQ_SCHEMA("NewProduct", product_fields, check_product);

static const rq_field list_fields[] = {
    RQ_PAGE_FIELDS,
    {.name = "kind", .type = RQ_FIELD_WORD, .list = "kind", .zh = "类型", .en = "kind"},
    {.name = "institution_id", .type = RQ_FIELD_UUID, .zh = "机构", .en = "institution"},
    {.name = "state", .type = RQ_FIELD_WORD, .list = "=draft,in_review,online,paused,offline", .zh = "状态", .en = "state"},
    {.name = "q", .type = RQ_FIELD_TEXT, .min = 1, .max = 60, .zh = "名称包含", .en = "the name holds"},
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
#define MOVE(name, who, zh_text, en_text)                                                                                                   \
    {                                                                                                                                       \
        .method = RQ_POST, .path = "/v1/products/{id}/" name, .roles = (who), .input = &rq_reason_input, .statement = "products/move",      \
        .kind = "product", .action = name, .flags = RQ_ROUTE_KEY | RQ_ROUTE_IF_MATCH | RQ_ROUTE_NO_BODY, .reply = "Product", .zh = zh_text, \
        .en = en_text                                                                                                                       \
    }
static const rq_route rows[] = {
    {.method = RQ_POST, .path = "/v1/products", .roles = MAKERS, .input = &product_input, .statement = "products/create", .kind = "product", .action = "create", .flags = RQ_ROUTE_KEY, .reply = "Product", .zh = "新建产品", .en = "Draft a product"},
    {.method = RQ_GET, .path = "/v1/products", .roles = RQ_ROLE_PUBLIC, .input = &list_query, .statement = "products/list", .reply = "List", .zh = "产品列表", .en = "The shelf"},
    {.method = RQ_POST, .path = "/v1/products/import", .roles = MAKERS, .input = &rq_import_input, .compute = read_import, .statement = "products/import", .action = "create", .flags = RQ_ROUTE_KEY | RQ_ROUTE_CSV, .body_limit = RQ_LIMIT_IMPORT_BODY_BYTES, .reply = "ImportReport", .zh = "批量导入产品", .en = "Import products"},
    {.method = RQ_GET, .path = "/v1/products/{id}", .roles = RQ_ROLE_PUBLIC, .statement = "products/get", .reply = "Product", .zh = "产品详情", .en = "One product"},
    {.method = RQ_PUT, .path = "/v1/products/{id}", .roles = MAKERS, .input = &product_input, .statement = "products/update", .flags = RQ_ROUTE_IF_MATCH, .reply = "Product", .zh = "修改产品", .en = "Replace a product's terms"},
    MOVE("submit", MAKERS, "提交审核", "Submit for review"),
    MOVE("publish", CHECKERS, "上架", "Publish"),
    MOVE("send_back", CHECKERS, "退回", "Send back"),
    MOVE("pause", CHECKERS, "暂停", "Pause"),
    MOVE("resume", CHECKERS, "恢复", "Resume"),
    MOVE("retire", CHECKERS, "下架", "Take off the shelf"),
};
const rq_routes rq_product_routes = RQ_ROUTES(rows);
