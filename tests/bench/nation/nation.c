/* The market itself: programmes, needs, weights. */
#include "nation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market.h"

#define WAN INT64_C(1000000)

nation *nation_new(const char *root, uint64_t seed)
{
    nation *market = calloc(1, sizeof *market);
    if (market != NULL && !codes_read(root, &market->codes)) {
        nation_free(market);
        return NULL;
    }
    if (market != NULL) {
        market->seed = seed;
    }
    return market;
}

void nation_free(nation *market)
{
    if (market != NULL) {
        codes_free(&market->codes);
        free(market);
    }
}

rq_weights nation_weights(void)
{
    return (rq_weights){.version = 1,
                        .cost = 30,
                        .likelihood = 25,
                        .speed = 20,
                        .fit = 15,
                        .service = 10,
                        .prior_ppm = 500000,
                        .prior_weight = 20,
                        .cost_cap_ppm = 240000,
                        .hours_cap = 240};
}

/* ---- programmes ---- */

enum { PROGRAMMES = 900 };

static const rq_rule programme_rules[][1] = {
    {{.fact = RQ_FACT_size_class, .op = RQ_OP_in, .value = 3, .hard = true, .weight = 1}},
    {{.fact = RQ_FACT_tags, .op = RQ_OP_in, .value = 2 | 4 | 8, .hard = true, .weight = 1}},
    {{.fact = RQ_FACT_first_loan, .op = RQ_OP_eq, .value = 1, .hard = true, .weight = 1}},
};

const rq_programme *nation_programmes(nation *market, size_t *out_count, rq_arena *arena)
{
    rq_programme *programmes = rq_arena_array(arena, PROGRAMMES, sizeof *programmes);
    uint32_t *regions = rq_arena_array(arena, PROGRAMMES, sizeof *regions);
    if (programmes == NULL || regions == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < PROGRAMMES; i++) {
        dice from = dice_for(market->seed, 4, i);
        uint32_t county = draw_county(market, &from);
        rq_programme *programme = &programmes[i];
        regions[i] = chance(&from, 20) ? county / 10000 * 10000 : county / 100 * 100;
        *programme = (rq_programme){
            .name_zh = "贴息与风险补偿",
            .type = (rq_programme_type)between(&from, 0, 3),
            .kinds = chance(&from, 60) ? 0 : RQ_BIT(kind, credit_loan) | RQ_BIT(kind, guaranteed_loan),
            .regions = &regions[i],
            .region_count = 1,
            .rules = PICK(&from, programme_rules),
            .rule_count = chance(&from, 80) ? 1 : 0,
            .share_ppm = between(&from, 2, 5) * 100000,
            .points_ppm = RQ_UNSET,
            .cap_fen = between(&from, 5, 50) * WAN,
            .valid_from = INT32_MIN,
            .valid_to = rq_date_from_civil(2027, 12, 31)};
        if (programme->type == RQ_PROGRAMME_interest_subsidy && chance(&from, 60)) {
            programme->share_ppm = RQ_UNSET;
            programme->points_ppm = between(&from, 1, 4) * 5000;
        }
        (void)snprintf(programme->id, sizeof programme->id, "00000000-0000-7000-8000-%012zu", i);
    }
    *out_count = PROGRAMMES;
    return programmes;
}

/* ---- needs ---- */

static void know(rq_need *need, rq_fact fact, int64_t value)
{
    need->facts[fact] = (rq_fact_value){.known = true, .value = value, .as_of = need->as_of};
}

static void know_some(rq_need *need, dice *from, int64_t per_cent, rq_fact fact, int64_t value)
{
    if (chance(from, per_cent)) {
        know(need, fact, value);
    }
}

/* 1 to `most`, small values more often: the square of an even draw. */
static int64_t skewed(dice *from, int64_t most)
{
    int64_t even = between(from, 1, 1000);
    return 1 + most * even / 1000 * even / 1000;
}

static void draw_facts(rq_need *need, dice *from)
{
    static const int sizes[] = {55, 35, 9, 1}, grades[] = {25, 45, 22, 6, 2};
    int64_t revenue = skewed(from, 5000) * WAN;
    know_some(need, from, 97, RQ_FACT_age_months, skewed(from, 240));
    know_some(need, from, 97, RQ_FACT_size_class, INT64_C(1) << draw_weighted(from, sizes, 4));
    know_some(need, from, 92, RQ_FACT_revenue_fen, revenue);
    know_some(need, from, 80, RQ_FACT_total_assets_fen, revenue * between(from, 5, 15) / 10);
    know_some(need, from, 75, RQ_FACT_debt_ratio_ppm, between(from, 15, 90) * 10000);
    know_some(need, from, 85, RQ_FACT_profitable, chance(from, 75));
    know_some(need, from, 90, RQ_FACT_employees, skewed(from, 300));
    know_some(need, from, 85, RQ_FACT_tax_grade, INT64_C(1) << draw_weighted(from, grades, 5));
    know_some(need, from, 75, RQ_FACT_tax_paid_12m_fen, skewed(from, 100) * WAN / 2);
    know_some(need, from, 70, RQ_FACT_tax_months, between(from, 0, 48));
    know_some(need, from, 60, RQ_FACT_invoiced_12m_fen, revenue);
    know_some(need, from, 80, RQ_FACT_first_loan, chance(from, 25));
    know_some(need, from, 80, RQ_FACT_lenders, between(from, 0, 5));
    know_some(need, from, 75, RQ_FACT_credit_enquiries_3m, between(from, 0, 12));
    know_some(need, from, 88, RQ_FACT_overdue_fen, chance(from, 95) ? 0 : 5 * WAN);
    know_some(need, from, 95, RQ_FACT_court_executed, chance(from, 2));
    know_some(need, from, 97, RQ_FACT_abnormal_listed, chance(from, 2));
    know_some(need, from, 97, RQ_FACT_dishonest_listed, chance(from, 1));
    know_some(need, from, 85, RQ_FACT_tax_arrears_fen, chance(from, 96) ? 0 : WAN);
    know_some(need, from, 60, RQ_FACT_settlement_account, chance(from, 40));
    know_some(need, from, 70, RQ_FACT_receipts_months, between(from, 0, 36));
    know_some(need, from, 90, RQ_FACT_tags, (int64_t)(roll(from) & roll(from) & roll(from) & 0x7ff));
}

static void draw_pledge(rq_need *need, dice *from)
{
    static const uint64_t pledges[] = {1, 1, 1, 1, 2, 2, 2, 4, 4, 8, 16, 32, 64, 256, 6, 66};
    uint64_t pledge = PICK(from, pledges);
    know_some(need, from, 95, RQ_FACT_collateral, (int64_t)pledge);
    int64_t value = need->amount_fen * between(from, 8, 25) / 10;
    if ((pledge & RQ_BIT(collateral, receivable)) != 0) {
        know_some(need, from, 80, RQ_FACT_receivable_fen, value);
        know_some(need, from, 60, RQ_FACT_debtor_confirmed, chance(from, 50));
    }
    if ((pledge & RQ_BIT(collateral, order)) != 0) {
        know_some(need, from, 85, RQ_FACT_contract_fen, value);
    }
    if ((pledge & RQ_BIT(collateral, ip)) != 0) {
        know_some(need, from, 70, RQ_FACT_ip_value_fen, value);
    }
    if ((pledge & (RQ_BIT(collateral, property) | RQ_BIT(collateral, inventory))) != 0) {
        know_some(need, from, 85, RQ_FACT_collateral_value_fen, value);
    }
    static const uint64_t kinds[9] = {0,
                                      RQ_BIT(kind, mortgage),
                                      RQ_BIT(kind, receivable_pledge) | RQ_BIT(kind, factoring),
                                      RQ_BIT(kind, ip_pledge),
                                      RQ_BIT(kind, inventory_pledge),
                                      RQ_BIT(kind, mortgage),
                                      RQ_BIT(kind, order_loan),
                                      0,
                                      RQ_BIT(kind, guaranteed_loan)};
    need->kinds = chance(from, 80) ? RQ_BIT(kind, credit_loan) : 0;
    for (unsigned i = 0; i < 9; i++) {
        need->kinds |= (pledge >> i & 1) != 0 ? kinds[i] : 0;
    }
    need->kinds |= need->kinds == 0 || chance(from, 35) ? RQ_BIT(kind, guaranteed_loan) : 0;
    need->kinds |= chance(from, 5) ? RQ_BIT(kind, insured_loan) : 0;
}

rq_need nation_need(const nation *market, uint64_t number)
{
    static const int64_t amounts[] = {10,  20,  30,  50,  50,  80,  100, 100,  100, 150,
                                      200, 200, 300, 300, 500, 500, 800, 1000, 2000};
    static const int64_t terms[] = {3, 6, 12, 12, 12, 12, 24, 36, 36, 60};
    static const uint64_t methods[] = {1, 4, 4, 5, 20};
    dice from = dice_for(market->seed, 5, number);
    rq_need need = {
        .term_days = RQ_UNSET, .max_rate_ppm = RQ_UNSET, .as_of = rq_date_from_civil(2026, 11, 24)};
    need.region = draw_county(market, &from);
    need.amount_fen = PICK(&from, amounts) * WAN;
    need.amount_min_fen = chance(&from, 45) ? need.amount_fen : need.amount_fen * between(&from, 4, 9) / 10;
    need.term_months = PICK(&from, terms);
    need.max_rate_ppm = chance(&from, 40) ? between(&from, 6, 20) * 5000 : RQ_UNSET;
    need.repayments = chance(&from, 30) ? PICK(&from, methods) : 0;
    const char *class = market->codes.classes[between(&from, 0, (int64_t)market->codes.class_count - 1)];
    memcpy(need.industry, class, sizeof need.industry);
    know(&need, RQ_FACT_amount_fen, need.amount_fen);
    know(&need, RQ_FACT_term_months, need.term_months);
    know(&need, RQ_FACT_purpose, INT64_C(1) << between(&from, 0, 7));
    draw_facts(&need, &from);
    draw_pledge(&need, &from);
    return need;
}
