/* Schemas that several collections share. */
#include "routes.h"

#include <string.h>

#include "rongqiao/match.h"

static const rq_field page_fields[] = {RQ_PAGE_FIELDS};
const rq_schema rq_page_query = RQ_SCHEMA("PageQuery", page_fields, NULL);

static const char refusal_codes[] = "=R01,R02,R03,R04,R05,R06,R07,R08,R09,R10,R11,R12,R13,R14,R15,R16,R17,R18,R19,R20,"
                                    "R21,R22,R23,R24";
static const rq_field reason_fields[] = {
    {.name = "reason_code", .type = RQ_FIELD_WORD, .list = refusal_codes, .zh = "原因代码", .en = "reason, one of the list"},
    {.name = "reason_text", .type = RQ_FIELD_TEXT, .min = 10, .max = 500, .zh = "原因说明", .en = "the reason in words"},
    {.name = "note", .type = RQ_FIELD_TEXT, .min = 1, .max = 500, .zh = "备注", .en = "a note"},
};
const rq_schema rq_reason_input = RQ_SCHEMA("Move", reason_fields, NULL);

/* A rule's operator and value must fit its fact. */
static void check_rule(const json_t *rule, const char *pointer, rq_faults *faults)
{
    const char *name = json_string_value(json_object_get(rule, "fact"));
    const char *op = json_string_value(json_object_get(rule, "op"));
    const json_t *value = json_object_get(rule, "value");
    const char *at = rq_arena_printf(faults->arena, "%s/value", pointer);
    int fact = rq_fact_index(name, strlen(name));
    rq_fact_type type = rq_facts[fact].type;
    bool is_set = type == RQ_FACT_TYPE_word || type == RQ_FACT_TYPE_words;
    bool set_op = strcmp(op, "in") == 0 || strcmp(op, "not_in") == 0 || strcmp(op, "has_all") == 0;
    bool equality = strcmp(op, "eq") == 0 || strcmp(op, "ne") == 0;
    bool fits = is_set ? set_op || (equality && type == RQ_FACT_TYPE_word)
                       : type == RQ_FACT_TYPE_flag ? equality
                                                   : !set_op && (strcmp(op, "ratio_ge") != 0 || type == RQ_FACT_TYPE_money);
    if (strcmp(op, "has_all") == 0 && type != RQ_FACT_TYPE_words)
        fits = false;
    if (!fits) {
        const char *op_at = rq_arena_printf(faults->arena, "%s/op", pointer);
        rq_fault_add(faults, op_at, "operator_unfit", 0, NULL);
    } else {
        rq_fact_value_check(fact, value, true, at, faults);
    }
}

static const rq_field rule_fields[] = {
    {.name = "fact", .type = RQ_FIELD_WORD, .required = true, .list = "facts", .zh = "事实", .en = "the fact asked about"},
    {.name = "op",
     .type = RQ_FIELD_WORD,
     .required = true,
     .list = "=eq,ne,ge,gt,le,lt,in,not_in,has_all,ratio_ge",
     .zh = "运算符",
     .en = "the operator"},
    {.name = "value", .type = RQ_FIELD_FACT_VALUE, .required = true, .zh = "要求的值", .en = "the value wanted"},
    {.name = "hard", .type = RQ_FIELD_BOOLEAN, .zh = "是否硬性条件，默认是", .en = "decides eligibility; true unless told"},
    {.name = "weight", .type = RQ_FIELD_INTEGER, .min = 1, .max = 100, .zh = "软条件权重", .en = "weight of a soft rule"},
    {.name = "repair", .type = RQ_FIELD_WORD, .list = "repair", .zh = "谁可修复", .en = "who can repair it"},
    {.name = "text_zh", .type = RQ_FIELD_TEXT, .min = 1, .max = 300, .zh = "中文说明", .en = "the rule in Chinese"},
    {.name = "text_en", .type = RQ_FIELD_TEXT, .min = 1, .max = 300, .zh = "英文说明", .en = "the rule in English"},
};
const rq_schema rq_rule_schema = RQ_SCHEMA("Rule", rule_fields, check_rule);

static void check_rate(const json_t *rate, const char *pointer, rq_faults *faults)
{
    const json_t *low = json_object_get(rate, "low_ppm"), *high = json_object_get(rate, "high_ppm");
    if (json_is_integer(low) && json_is_integer(high) && json_integer_value(high) < json_integer_value(low))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/high_ppm", pointer), "order", json_integer_value(low), NULL);
}

static const rq_field rate_fields[] = {
    {.name = "base",
     .type = RQ_FIELD_WORD,
     .required = true,
     .list = "=fixed,lpr_1y,lpr_5y",
     .zh = "固定，或 LPR 加点",
     .en = "fixed, or points over the LPR"},
    {.name = "low_ppm", .type = RQ_FIELD_INTEGER, .min = -30000, .max = 1000000, .zh = "下限，百万分之一", .en = "lower end, ppm a year"},
    {.name = "high_ppm", .type = RQ_FIELD_INTEGER, .min = -30000, .max = 1000000, .zh = "上限，百万分之一", .en = "upper end, ppm a year"},
};
const rq_schema rq_rate_schema = RQ_SCHEMA("Rate", rate_fields, check_rate);

static const rq_field fee_fields[] = {
    {.name = "name_zh", .type = RQ_FIELD_TEXT, .required = true, .min = 1, .max = 60, .zh = "费用名称", .en = "the fee in Chinese"},
    {.name = "name_en", .type = RQ_FIELD_TEXT, .min = 1, .max = 60, .zh = "英文名称", .en = "the fee in English"},
    {.name = "payee", .type = RQ_FIELD_TEXT, .min = 1, .max = 60, .zh = "收款方", .en = "who is paid"},
    {.name = "basis", .type = RQ_FIELD_WORD, .required = true, .list = "=share,fixed", .zh = "按比例或定额", .en = "share of the amount, or fixed"},
    {.name = "when", .type = RQ_FIELD_WORD, .required = true, .list = "=upfront,yearly", .zh = "一次或按年", .en = "once at the start, or yearly"},
    {.name = "value",
     .type = RQ_FIELD_INTEGER,
     .required = true,
     .min = 0,
     .max = INT64_C(10000000000),
     .zh = "百万分之一，或分",
     .en = "ppm of the amount, or fen"},
};
const rq_schema rq_fee_schema = RQ_SCHEMA("Fee", fee_fields, NULL);
