/* Rules as data: is one valid, does a need pass it, and what is the nearest value that would. */
#include <assert.h>

#include "internal.h"

#define OP(name) (1U << RQ_OP_##name)
enum { COMPARISONS = OP(eq) | OP(ne) | OP(ge) | OP(gt) | OP(le) | OP(lt) };

/* The operators that each type of fact has. */
static const unsigned type_ops[] = {
    [RQ_FACT_TYPE_money] = COMPARISONS | OP(ratio_ge),
    [RQ_FACT_TYPE_share] = COMPARISONS,
    [RQ_FACT_TYPE_count] = COMPARISONS,
    [RQ_FACT_TYPE_months] = COMPARISONS,
    [RQ_FACT_TYPE_flag] = OP(eq) | OP(ne),
    [RQ_FACT_TYPE_word] = OP(eq) | OP(ne) | OP(in) | OP(not_in),
    [RQ_FACT_TYPE_words] = OP(eq) | OP(ne) | OP(in) | OP(not_in) | OP(has_all),
};
static_assert(sizeof type_ops / sizeof type_ops[0] == RQ_FACT_TYPE_words + 1, "a type without operators");

bool rq_fact_is_set(rq_fact fact)
{
    return rq_facts[fact].type == RQ_FACT_TYPE_word || rq_facts[fact].type == RQ_FACT_TYPE_words;
}

/* Every word of the fact's list. */
static int64_t all_words(rq_fact fact)
{
    return (int64_t)rq_list_mask(rq_facts[fact].list);
}

bool rq_rule_is_valid(const rq_rule *rule)
{
    if ((unsigned)rule->fact >= RQ_FACTS || (unsigned)rule->op >= RQ_OPS) {
        return false;
    }
    rq_fact_type type = rq_facts[rule->fact].type;
    if ((type_ops[type] & (1U << rule->op)) == 0 || rule->weight < 1 || rule->weight > 100 ||
        rule->repair >= rq_vocabulary("repair").count) {
        return false;
    }
    if (rule->op == RQ_OP_ratio_ge) {
        return rule->value >= 1 && rule->value <= RQ_MATCH_NUMBER_MAX;
    }
    if (type == RQ_FACT_TYPE_flag) {
        return rule->value == 0 || rule->value == 1;
    }
    if (rq_fact_is_set(rule->fact)) {
        return rule->value > 0 && (rule->value & ~all_words(rule->fact)) == 0;
    }
    return rule->value >= 0 &&
           rule->value <= (type == RQ_FACT_TYPE_money ? RQ_MATCH_MONEY_MAX_FEN : RQ_MATCH_NUMBER_MAX);
}

static bool passes(const rq_rule *rule, int64_t have, int64_t amount_fen)
{
    switch (rule->op) {
    case RQ_OP_eq:
        return have == rule->value;
    case RQ_OP_ne:
        return have != rule->value;
    case RQ_OP_ge:
        return have >= rule->value;
    case RQ_OP_gt:
        return have > rule->value;
    case RQ_OP_le:
        return have <= rule->value;
    case RQ_OP_lt:
        return have < rule->value;
    case RQ_OP_in:
        return (have & rule->value) != 0;
    case RQ_OP_not_in:
        return (have & rule->value) == 0;
    case RQ_OP_has_all:
        return (have & rule->value) == rule->value;
    case RQ_OP_ratio_ge:
        return (__int128)have * rule->value >= (__int128)amount_fen * RQ_MATCH_PPM;
    case RQ_OPS:
        break;
    }
    return false;
}

rq_verdict rq_rule_judge(const rq_rule *rule, const rq_need *need)
{
    const rq_fact_value *fact = &need->facts[rule->fact];
    if (!fact->known) {
        return RQ_NOT_KNOWN;
    }
    return passes(rule, fact->value, need->amount_fen) ? RQ_PASS : RQ_FAIL;
}

/* What is left of the list (or of the enterprise's own set) without the words of the rule. */
static int64_t words_left(const rq_rule *rule, const rq_fact_value *fact)
{
    bool keeps_own = fact->known && rq_facts[rule->fact].type == RQ_FACT_TYPE_words;
    return (keeps_own ? fact->value : all_words(rule->fact)) & ~rule->value;
}

int64_t rq_rule_needed(const rq_rule *rule, const rq_need *need)
{
    const rq_fact_value *fact = &need->facts[rule->fact];
    switch (rule->op) {
    case RQ_OP_gt:
        return rule->value + 1;
    case RQ_OP_lt:
        return rule->value - 1;
    case RQ_OP_ne:
        if (rq_facts[rule->fact].type == RQ_FACT_TYPE_flag) {
            return 1 - rule->value;
        }
        return rq_fact_is_set(rule->fact) ? words_left(rule, fact) : rule->value + 1;
    case RQ_OP_not_in:
        return words_left(rule, fact);
    case RQ_OP_has_all:
        return fact->known && !passes(rule, fact->value, 0) ? rule->value & ~fact->value : rule->value;
    case RQ_OP_ratio_ge: {
        __int128 fen = ((__int128)need->amount_fen * RQ_MATCH_PPM + rule->value - 1) / rule->value;
        return fen < INT64_MAX ? (int64_t)fen : INT64_MAX;
    }
    default:
        return rule->value;
    }
}

rq_verdict rq_rules_judge(const rq_rule *rules, size_t count, const rq_need *need,
                          const rq_rule **out_missing)
{
    const rq_rule *missing = NULL;
    bool fails = false;
    for (size_t i = 0; i < count && !fails; i++) {
        rq_verdict verdict = rules[i].hard ? rq_rule_judge(&rules[i], need) : RQ_PASS;
        fails = verdict == RQ_FAIL;
        if (verdict == RQ_NOT_KNOWN && missing == NULL) {
            missing = &rules[i];
        }
    }
    if (out_missing != NULL) {
        *out_missing = missing;
    }
    if (fails) {
        return RQ_FAIL;
    }
    return missing != NULL ? RQ_NOT_KNOWN : RQ_PASS;
}
