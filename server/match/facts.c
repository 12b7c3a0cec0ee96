/* The table of facts and the names of what the engine reports. */
#include <assert.h>
#include <string.h>

#include "rongqiao/match.h"

#define FACT(name, type, list, who, zh, en)                                                                  \
    [RQ_FACT_##name] = {#name, RQ_FACT_TYPE_##type, #list, RQ_INDEX(repair, who), zh, en},
const rq_fact_info rq_facts[RQ_FACTS] = {
#include "rongqiao/facts.def"
};
#undef FACT

const char *const rq_op_names[RQ_OPS] = {
    [RQ_OP_eq] = "eq",           [RQ_OP_ne] = "ne",
    [RQ_OP_ge] = "ge",           [RQ_OP_gt] = "gt",
    [RQ_OP_le] = "le",           [RQ_OP_lt] = "lt",
    [RQ_OP_in] = "in",           [RQ_OP_not_in] = "not_in",
    [RQ_OP_has_all] = "has_all", [RQ_OP_ratio_ge] = "ratio_ge",
};
static_assert(RQ_OPS == 10, "an operator without a name");

const char *const rq_check_names[RQ_CHECK_SOURCES] = {
    [RQ_CHECK_rule] = "rule",
    [RQ_CHECK_amount_min] = "amount_min",
    [RQ_CHECK_amount_max] = "amount_max",
    [RQ_CHECK_term_min] = "term_min",
    [RQ_CHECK_term_max] = "term_max",
    [RQ_CHECK_rate] = "rate",
    [RQ_CHECK_repayment] = "repayment",
    [RQ_CHECK_guarantee] = "guarantee",
    [RQ_CHECK_insurance] = "insurance",
    [RQ_CHECK_tier] = "tier",
};
static_assert(RQ_CHECK_SOURCES == 10, "a check without a name");

const char *const rq_score_part_names[RQ_SCORE_PARTS] = {"cost", "likelihood", "speed", "fit", "service"};
static_assert(RQ_SCORE_PARTS == 5, "a part of the score without a name");
static_assert(RQ_FACTS <= UINT16_MAX, "facts are held in 16 bits");

int rq_fact_index(const char *name, size_t length)
{
    for (int fact = 0; fact < RQ_FACTS; fact++) {
        if (strlen(rq_facts[fact].name) == length && memcmp(rq_facts[fact].name, name, length) == 0) {
            return fact;
        }
    }
    return -1;
}
