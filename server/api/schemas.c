/* Schemas that several collections share. */
#include "routes.h"

#include <string.h>

#include "rongqiao/match.h"

static const rq_field page_fields[] = {RQ_PAGE_FIELDS};
const rq_schema rq_page_query = RQ_SCHEMA("PageQuery", page_fields, NULL);

const char rq_refusal_codes[] =
    "=R01,R02,R03,R04,R05,R06,R07,R08,R09,R10,R11,R12,R13,R14,R15,R16,R17,R18,R19,R20,"
    "R21,R22,R23,R24";
static const rq_field reason_fields[] = {
    {"reason_code", RQ_FIELD_WORD, false, 0, 0, rq_refusal_codes, NULL, "原因代码",
     "reason, one of the list"},
    {"reason_text", RQ_FIELD_TEXT, false, 10, 500, NULL, NULL, "原因说明", "the reason in words"},
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
                : type == RQ_FACT_TYPE_flag
                    ? equality
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
    {"fact", RQ_FIELD_WORD, true, 0, 0, "facts", NULL, "事实", "the fact asked about"},
    {"op", RQ_FIELD_WORD, true, 0, 0, "=eq,ne,ge,gt,le,lt,in,not_in,has_all,ratio_ge", NULL, "运算符",
     "the operator"},
    {"value", RQ_FIELD_FACT_VALUE, true, 0, 0, NULL, NULL, "要求的值", "the value wanted"},
    {"hard", RQ_FIELD_BOOLEAN, false, 0, 0, NULL, NULL, "是否硬性条件，默认是",
     "decides eligibility; true unless told"},
    {"weight", RQ_FIELD_INTEGER, false, 1, 100, NULL, NULL, "软条件权重", "weight of a soft rule"},
    {"repair", RQ_FIELD_WORD, false, 0, 0, "repair", NULL, "谁可修复", "who can repair it"},
    {"text_zh", RQ_FIELD_TEXT, false, 1, 300, NULL, NULL, "中文说明", "the rule in Chinese"},
    {"text_en", RQ_FIELD_TEXT, false, 1, 300, NULL, NULL, "英文说明", "the rule in English"},
};
const rq_schema rq_rule_schema = RQ_SCHEMA("Rule", rule_fields, check_rule);

static void check_rate(const json_t *rate, const char *pointer, rq_faults *faults)
{
    const json_t *low = json_object_get(rate, "low_ppm"), *high = json_object_get(rate, "high_ppm");
    if (json_is_integer(low) && json_is_integer(high) && json_integer_value(high) < json_integer_value(low))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/high_ppm", pointer), "order",
                     json_integer_value(low), NULL);
}

static const rq_field rate_fields[] = {
    {"base", RQ_FIELD_WORD, true, 0, 0, "=fixed,lpr_1y,lpr_5y", NULL, "固定，或 LPR 加点",
     "fixed, or points over the LPR"},
    {"low_ppm", RQ_FIELD_INTEGER, false, -30000, 1000000, NULL, NULL, "下限，百万分之一",
     "lower end, ppm a year"},
    {"high_ppm", RQ_FIELD_INTEGER, false, -30000, 1000000, NULL, NULL, "上限，百万分之一",
     "upper end, ppm a year"},
};
const rq_schema rq_rate_schema = RQ_SCHEMA("Rate", rate_fields, check_rate);

static const rq_field fee_fields[] = {
    {"name_zh", RQ_FIELD_TEXT, true, 1, 60, NULL, NULL, "费用名称", "the fee in Chinese"},
    {"name_en", RQ_FIELD_TEXT, false, 1, 60, NULL, NULL, "英文名称", "the fee in English"},
    {"payee", RQ_FIELD_TEXT, false, 1, 60, NULL, NULL, "收款方", "who is paid"},
    {"basis", RQ_FIELD_WORD, true, 0, 0, "=share,fixed", NULL, "按比例或定额",
     "share of the amount, or fixed"},
    {"when", RQ_FIELD_WORD, true, 0, 0, "=upfront,yearly", NULL, "一次或按年",
     "once at the start, or yearly"},
    {"value", RQ_FIELD_INTEGER, true, 0, INT64_C(10000000000), NULL, NULL, "百万分之一，或分",
     "ppm of the amount, or fen"},
};
const rq_schema rq_fee_schema = RQ_SCHEMA("Fee", fee_fields, NULL);
