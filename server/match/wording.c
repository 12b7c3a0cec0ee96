/* Checks in words, Chinese and English, from tables: money in 万元 and CNY, rates in per cent. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* What a check that is no rule speaks of. */
typedef struct subject {
    const char *name[RQ_LANGUAGES];
    rq_unit unit;
} subject;

static const subject subjects[RQ_CHECK_SOURCES] = {
    [RQ_CHECK_amount_min] = {{"融资金额", "amount"}, RQ_UNIT_money},
    [RQ_CHECK_amount_max] = {{"可接受的最低金额", "least acceptable amount"}, RQ_UNIT_money},
    [RQ_CHECK_term_min] = {{"期限", "term"}, RQ_UNIT_months},
    [RQ_CHECK_term_max] = {{"期限", "term"}, RQ_UNIT_months},
    [RQ_CHECK_rate] = {{"可接受的最高年利率", "highest acceptable yearly rate"}, RQ_UNIT_share},
    [RQ_CHECK_repayment] = {{"还款方式", "repayment"}, RQ_UNIT_words},
    [RQ_CHECK_guarantee] = {{"合格的担保机构担保", "backing by an eligible guarantee institution"},
                            RQ_UNIT_flag},
    [RQ_CHECK_insurance] = {{"合格的贷款保证保险", "cover by an eligible loan insurance"}, RQ_UNIT_flag},
};

/* Conditions by operator; {fact} and {value} are filled in. */
static const char *const conditions[RQ_OPS][RQ_LANGUAGES] = {
    [RQ_OP_eq] = {"{fact}：{value}", "{fact}: {value}"},
    [RQ_OP_ne] = {"{fact}不为：{value}", "{fact} is not: {value}"},
    [RQ_OP_ge] = {"{fact}不低于 {value}", "{fact} is at least {value}"},
    [RQ_OP_gt] = {"{fact}高于 {value}", "{fact} is above {value}"},
    [RQ_OP_le] = {"{fact}不高于 {value}", "{fact} is at most {value}"},
    [RQ_OP_lt] = {"{fact}低于 {value}", "{fact} is below {value}"},
    [RQ_OP_in] = {"{fact}为以下之一：{value}", "{fact} is one of: {value}"},
    [RQ_OP_not_in] = {"{fact}不含：{value}", "{fact} is none of: {value}"},
    [RQ_OP_has_all] = {"{fact}包含全部：{value}", "{fact} has all of: {value}"},
    [RQ_OP_ratio_ge] = {"{fact}的 {value} 不低于融资金额", "{value} of {fact} covers the amount"},
};

typedef enum change {
    CHANGE_rise,
    CHANGE_fall,
    CHANGE_become,
    CHANGE_one_of,
    CHANGE_drop,
    CHANGE_add,
    CHANGES
} change;
static const char *const changes[CHANGES][RQ_LANGUAGES] = {
    [CHANGE_rise] = {"{fact}需增加 {value}", "{fact} must rise by {value}"},
    [CHANGE_fall] = {"{fact}需减少 {value}", "{fact} must fall by {value}"},
    [CHANGE_become] = {"{fact}需为：{value}", "{fact} must be: {value}"},
    [CHANGE_one_of] = {"{fact}需为以下之一：{value}", "{fact} must be one of: {value}"},
    [CHANGE_drop] = {"{fact}不得为：{value}", "{fact} must not be: {value}"},
    [CHANGE_add] = {"{fact}需补充：{value}", "{fact} must also have: {value}"},
};

/* Conditions and changes alike where a partner is what is asked for. */
static const char *const backing[RQ_LANGUAGES] = {"需要{fact}", "needs {fact}"};

static void append(rq_wording *wording, const char *text, size_t length)
{
    size_t room = RQ_WORDING_MAX - 1 - wording->length;
    assert(length <= room); /* the tables are ours, and their longest lists fit */
    if (length > room) {
        return;
    }
    memcpy(wording->text + wording->length, text, length);
    wording->length += length;
    wording->text[wording->length] = '\0';
}

static void append_text(rq_wording *wording, const char *text)
{
    append(wording, text, strlen(text));
}

/* `value` / 10^digits without needless zeros; or, grouped, with commas and every digit: 499,999.50. */
static void append_decimal(rq_wording *wording, int64_t value, int digits, bool grouped)
{
    char text[32];
    int64_t scale = 1;
    for (int i = 0; i < digits; i++) {
        scale *= 10;
    }
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int length = snprintf(text, sizeof text, "%" PRIu64, magnitude / (uint64_t)scale);
    if (value < 0) {
        append_text(wording, "-");
    }
    for (int i = 0; i < length; i++) {
        if (grouped && i > 0 && (length - i) % 3 == 0) {
            append_text(wording, ",");
        }
        append(wording, &text[i], 1);
    }
    uint64_t rest = magnitude % (uint64_t)scale;
    if (rest != 0) {
        length = snprintf(text, sizeof text, ".%0*" PRIu64, digits, rest);
        while (!grouped && text[length - 1] == '0') {
            length--;
        }
        append(wording, text, (size_t)length);
    }
}

static void append_words(rq_wording *wording, rq_word_list list, int64_t bits, rq_language language)
{
    bool is_first = true;
    for (size_t i = 0; i < list.count; i++) {
        if ((bits >> i & 1) == 0) {
            continue;
        }
        if (!is_first) {
            append_text(wording, language == RQ_ZH ? "、" : ", ");
        }
        append_text(wording, language == RQ_ZH ? list.first[i].zh : list.first[i].en);
        is_first = false;
    }
    if (is_first) {
        append_text(wording, language == RQ_ZH ? "无" : "none");
    }
}

static void append_value(rq_wording *wording, rq_unit unit, rq_word_list list, int64_t value, bool is_change,
                         rq_language language)
{
    bool is_zh = language == RQ_ZH;
    switch (unit) {
    case RQ_UNIT_money:
        append_text(wording, is_zh ? "" : "CNY ");
        append_decimal(wording, value, is_zh ? 6 : 2, !is_zh);
        append_text(wording, is_zh ? " 万元" : "");
        return;
    case RQ_UNIT_share:
        append_decimal(wording, value, 4, false);
        append_text(wording, !is_change ? " %" : is_zh ? " 个百分点" : " percentage points");
        return;
    case RQ_UNIT_count:
        append_decimal(wording, value, 0, false);
        return;
    case RQ_UNIT_months:
        append_decimal(wording, value, 0, false);
        append_text(wording, is_zh ? " 个月" : value == 1 ? " month" : " months");
        return;
    case RQ_UNIT_days:
        append_decimal(wording, value, 0, false);
        append_text(wording, is_zh ? " 天" : value == 1 ? " day" : " days");
        return;
    case RQ_UNIT_flag:
        append_text(wording, value != 0 ? (is_zh ? "是" : "yes") : (is_zh ? "否" : "no"));
        return;
    case RQ_UNIT_word:
    case RQ_UNIT_words:
        append_words(wording, list, value, language);
        return;
    case RQ_UNITS:
        break;
    }
}

rq_unit rq_check_unit(const rq_check *check)
{
    static const rq_unit units[] = {
        [RQ_FACT_TYPE_money] = RQ_UNIT_money, [RQ_FACT_TYPE_share] = RQ_UNIT_share,
        [RQ_FACT_TYPE_count] = RQ_UNIT_count, [RQ_FACT_TYPE_months] = RQ_UNIT_months,
        [RQ_FACT_TYPE_flag] = RQ_UNIT_flag,   [RQ_FACT_TYPE_word] = RQ_UNIT_word,
        [RQ_FACT_TYPE_words] = RQ_UNIT_words,
    };
    if (check->rule != NULL) {
        return units[rq_facts[check->rule->fact].type];
    }
    bool is_term = check->source == RQ_CHECK_term_min || check->source == RQ_CHECK_term_max;
    return is_term && check->fact < 0 ? RQ_UNIT_days : subjects[check->source].unit;
}

rq_word_list rq_check_words(const rq_check *check)
{
    if (check->rule != NULL) {
        return rq_vocabulary(rq_facts[check->rule->fact].list);
    }
    return rq_vocabulary(check->source == RQ_CHECK_repayment ? "repayment" : "none");
}

static const char *name_of(const rq_check *check, rq_language language)
{
    if (check->rule == NULL) {
        return subjects[check->source].name[language];
    }
    const rq_fact_info *fact = &rq_facts[check->rule->fact];
    return language == RQ_ZH ? fact->zh : fact->en;
}

static bool is_backing(const rq_check *check)
{
    return check->source == RQ_CHECK_guarantee || check->source == RQ_CHECK_insurance;
}

static void fill(rq_wording *wording, const char *pattern, const rq_check *check, rq_unit unit, int64_t value,
                 bool is_change, rq_language language)
{
    static const char fact_mark[] = "{fact}", value_mark[] = "{value}";
    wording->length = 0;
    wording->text[0] = '\0';
    while (*pattern != '\0') {
        if (strncmp(pattern, fact_mark, sizeof fact_mark - 1) == 0) {
            append_text(wording, name_of(check, language));
            pattern += sizeof fact_mark - 1;
        } else if (strncmp(pattern, value_mark, sizeof value_mark - 1) == 0) {
            append_value(wording, unit, rq_check_words(check), value, is_change, language);
            pattern += sizeof value_mark - 1;
        } else {
            size_t length = strcspn(pattern, "{");
            append(wording, pattern, length);
            pattern += length;
        }
    }
}

void rq_wording_condition(rq_wording *wording, const rq_check *check, rq_language language)
{
    int64_t value = check->rule != NULL ? check->rule->value : check->needed;
    rq_unit unit = check->op == RQ_OP_ratio_ge ? RQ_UNIT_share : rq_check_unit(check);
    const char *pattern = is_backing(check) ? backing[language] : conditions[check->op][language];
    fill(wording, pattern, check, unit, value, false, language);
}

void rq_wording_change(rq_wording *wording, const rq_check *check, rq_language language)
{
    rq_unit unit = rq_check_unit(check);
    if (unit < RQ_UNIT_flag) {
        bool rises = check->needed > check->have;
        int64_t difference = rises ? check->needed - check->have : check->have - check->needed;
        fill(wording, changes[rises ? CHANGE_rise : CHANGE_fall][language], check, unit, difference, true,
             language);
        return;
    }
    change kind = CHANGE_become;
    int64_t value = check->needed;
    if (unit != RQ_UNIT_flag) {
        if (check->op == RQ_OP_in) {
            kind = CHANGE_one_of;
        } else if (check->op == RQ_OP_has_all) {
            kind = CHANGE_add;
        } else if (check->op == RQ_OP_ne || check->op == RQ_OP_not_in) {
            kind = CHANGE_drop;
            value = check->rule->value & check->have;
        }
    }
    const char *pattern = is_backing(check) ? backing[language] : changes[kind][language];
    fill(wording, pattern, check, unit, value, true, language);
}
static_assert(RQ_UNIT_money < RQ_UNIT_flag && RQ_UNIT_share < RQ_UNIT_flag && RQ_UNIT_count < RQ_UNIT_flag &&
                  RQ_UNIT_months < RQ_UNIT_flag && RQ_UNIT_days < RQ_UNIT_flag,
              "numbers come before flags and words");
