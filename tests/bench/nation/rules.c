/* What products of each kind ask of an enterprise. */
#include "market.h"

#define WAN INT64_C(1000000)
#define SET(list, name) ((int64_t)RQ_BIT(list, name))

static void add(rule_list *to, rq_fact fact, rq_op op, int64_t value)
{
    if (to->count < RULES_MAX) {
        to->rules[to->count++] = (rq_rule){.fact = fact,
                                           .op = op,
                                           .value = value,
                                           .hard = true,
                                           .weight = 1,
                                           .repair = rq_facts[fact].repair};
    }
}

static void add_clean_record(dice *from, rule_list *to)
{
    if (chance(from, 92)) {
        add(to, RQ_FACT_dishonest_listed, RQ_OP_eq, 0);
    }
    if (chance(from, 85)) {
        add(to, RQ_FACT_abnormal_listed, RQ_OP_eq, 0);
    }
    if (chance(from, 55)) {
        add(to, RQ_FACT_court_executed, RQ_OP_eq, 0);
    }
    if (chance(from, 85)) {
        add(to, RQ_FACT_overdue_fen, RQ_OP_le, 0);
    }
    if (chance(from, 30)) {
        add(to, RQ_FACT_tax_arrears_fen, RQ_OP_le, 0);
    }
}

static void add_standing(dice *from, rule_list *to)
{
    static const int64_t months[] = {3, 6, 12, 12, 12, 18, 24, 24, 24, 36, 36, 60};
    static const int64_t revenues[] = {30, 50, 100, 100, 200, 200, 300, 500, 500, 800, 1000, 2000, 3000};
    static const int64_t ratios[] = {55, 60, 65, 70, 70, 75, 80};
    if (chance(from, 88)) {
        add(to, RQ_FACT_age_months, RQ_OP_ge, PICK(from, months));
    }
    if (chance(from, 45)) {
        add(to, RQ_FACT_revenue_fen, RQ_OP_ge, PICK(from, revenues) * WAN);
    }
    if (chance(from, 35)) {
        add(to, RQ_FACT_debt_ratio_ppm, RQ_OP_le, PICK(from, ratios) * 10000);
    }
    if (chance(from, 12)) {
        add(to, RQ_FACT_profitable, RQ_OP_eq, 1);
    }
    if (chance(from, 55)) {
        bool with_medium = chance(from, 50);
        add(to, RQ_FACT_size_class, RQ_OP_in,
            SET(size, micro) | SET(size, small) | (with_medium ? SET(size, medium) : 0));
    }
}

static void add_tax_and_credit(dice *from, rule_list *to)
{
    static const int64_t paid[] = {1, 2, 3, 5, 5, 10, 20};
    static const int64_t months[] = {6, 12, 12, 24};
    if (chance(from, 55)) {
        int64_t grades = SET(tax_grade, A) | SET(tax_grade, B);
        grades |= chance(from, 60) ? SET(tax_grade, M) : 0;
        grades |= chance(from, 15) ? SET(tax_grade, C) : 0;
        add(to, RQ_FACT_tax_grade, RQ_OP_in, grades);
    }
    if (chance(from, 25)) {
        add(to, RQ_FACT_tax_paid_12m_fen, RQ_OP_ge, PICK(from, paid) * WAN);
    }
    if (chance(from, 15)) {
        add(to, RQ_FACT_tax_months, RQ_OP_ge, PICK(from, months));
    }
    if (chance(from, 28)) {
        add(to, RQ_FACT_lenders, RQ_OP_le, between(from, 2, 6));
    }
    if (chance(from, 28)) {
        add(to, RQ_FACT_credit_enquiries_3m, RQ_OP_le, between(from, 2, 6) * 2);
    }
    if (chance(from, 12)) {
        add(to, RQ_FACT_settlement_account, RQ_OP_eq, 1);
    }
    if (chance(from, 4)) {
        add(to, RQ_FACT_first_loan, RQ_OP_eq, 1);
    }
}

static void add_of_kind(dice *from, unsigned kind, rule_list *to)
{
    switch (kind) {
    case RQ_INDEX(kind, order_loan):
        add(to, RQ_FACT_collateral, RQ_OP_in, SET(collateral, order));
        add(to, RQ_FACT_contract_fen, RQ_OP_ratio_ge, between(from, 5, 9) * 100000);
        break;
    case RQ_INDEX(kind, factoring):
    case RQ_INDEX(kind, receivable_pledge):
        add(to, RQ_FACT_collateral, RQ_OP_in, SET(collateral, receivable));
        add(to, RQ_FACT_receivable_fen, RQ_OP_ratio_ge, between(from, 6, 9) * 100000);
        if (chance(from, 50)) {
            add(to, RQ_FACT_debtor_confirmed, RQ_OP_eq, 1);
        }
        break;
    case RQ_INDEX(kind, ip_pledge):
        add(to, RQ_FACT_collateral, RQ_OP_in, SET(collateral, ip));
        add(to, RQ_FACT_ip_value_fen, RQ_OP_ratio_ge, between(from, 3, 6) * 100000);
        if (chance(from, 60)) {
            add(to, RQ_FACT_tags, RQ_OP_in,
                SET(tag, high_tech) | SET(tag, tech_sme) | (chance(from, 50) ? SET(tag, srdi) : 0));
        }
        break;
    case RQ_INDEX(kind, inventory_pledge):
        add(to, RQ_FACT_collateral, RQ_OP_in, SET(collateral, inventory));
        add(to, RQ_FACT_collateral_value_fen, RQ_OP_ratio_ge, between(from, 5, 7) * 100000);
        break;
    case RQ_INDEX(kind, mortgage):
        add(to, RQ_FACT_collateral, RQ_OP_in,
            SET(collateral, property) | (chance(from, 25) ? SET(collateral, equipment) : 0));
        add(to, RQ_FACT_collateral_value_fen, RQ_OP_ratio_ge, between(from, 5, 8) * 100000);
        break;
    default:
        break;
    }
    if (chance(from, 25)) {
        int64_t purposes = SET(purpose, working_capital) | SET(purpose, materials) |
                           (chance(from, 50) ? SET(purpose, equipment) | SET(purpose, upgrade) : 0) |
                           (chance(from, 30) ? SET(purpose, research) | SET(purpose, wages) : 0);
        add(to, RQ_FACT_purpose, RQ_OP_in, purposes);
    }
}

static void add_wishes(dice *from, rule_list *to)
{
    for (int i = 0; chance(from, 35) && i < 2; i++) {
        add(to, i == 0 ? RQ_FACT_tags : RQ_FACT_settlement_account, i == 0 ? RQ_OP_in : RQ_OP_eq,
            i == 0 ? SET(tag, srdi) | SET(tag, high_tech) | SET(tag, tech_sme) : 1);
        if (to->count > 0) {
            to->rules[to->count - 1].hard = false;
            to->rules[to->count - 1].weight = (int32_t)between(from, 1, 3);
        }
    }
}

void draw_rules(dice *from, unsigned kind, rule_list *out)
{
    out->count = 0;
    add_clean_record(from, out);
    if (kind == RQ_INDEX(kind, guarantee) || kind == RQ_INDEX(kind, insurance)) {
        out->count = out->count > 3 ? 3 : out->count;
        return;
    }
    add_standing(from, out);
    add_tax_and_credit(from, out);
    add_of_kind(from, kind, out);
    add_wishes(from, out);
    for (size_t i = 0; i < out->count; i++) {
        if (out->rules[i].fact == RQ_FACT_dishonest_listed && chance(from, 20)) {
            out->rules[i].text_zh = "企业及法定代表人未被列入失信被执行人名单";
            out->rules[i].text_en = "neither the firm nor its legal representative is on the dishonesty list";
        }
    }
}

/* One to three tiers by qualification, each with more money or a better rate. */
size_t draw_tiers(dice *from, const rq_product *product, rq_tier tiers[TIERS_MAX],
                  rq_rule rules[TIERS_MAX][1])
{
    static const int64_t tags[TIERS_MAX] = {SET(tag, tech_sme) | SET(tag, innovative_sme),
                                            SET(tag, high_tech), SET(tag, srdi) | SET(tag, little_giant)};
    size_t count = (size_t)between(from, 1, TIERS_MAX);
    for (size_t i = 0; i < count; i++) {
        rules[i][0] = (rq_rule){.fact = RQ_FACT_tags,
                                .op = RQ_OP_in,
                                .value = tags[i],
                                .hard = true,
                                .weight = 1,
                                .repair = rq_facts[RQ_FACT_tags].repair};
        tiers[i] = (rq_tier){.when = rules[i],
                             .when_count = 1,
                             .amount_max_fen = product->amount_max_fen / 2 * (int64_t)(i + 3),
                             .term_max_months = RQ_UNSET,
                             .rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET},
                             .needs_guarantee = false};
    }
    return count;
}
