/* The supply side: institutions with product lines, listed where they serve. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market.h"

#define WAN INT64_C(1000000)

/* Products of an institution; and the lines that they are listings of. */
enum { LISTINGS = 25, LINES = 12, NAMES_MAX = 96, SIZES = 4, KINDS = 16 };

static const int kind_weights[] = {30, 6, 5, 7, 5, 4, 16, 12, 2, 2, 2, 7, 2};
_Static_assert(sizeof kind_weights / sizeof kind_weights[0] == RQ_INDEX(kind, insurance) + 1, "every kind");

unsigned draw_weighted(dice *from, const int *weights, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += weights[i];
    }
    int64_t at = between(from, 0, sum - 1);
    unsigned chosen = 0;
    while (at >= weights[chosen]) {
        at -= weights[chosen++];
    }
    return chosen;
}

uint32_t draw_county(const nation *market, dice *from)
{
    return market->codes.counties[between(from, 0, (int64_t)market->codes.county_count - 1)];
}

static void write_id(dice *from, uint64_t number, char out_id[RQ_UUID_TEXT + 1])
{
    uint64_t random = roll(from);
    (void)snprintf(out_id, RQ_UUID_TEXT + 1, "%08x-%04x-7%03x-%04x-%012llx",
                   (unsigned)(0x19300000 + number / 40), (unsigned)(random >> 48),
                   (unsigned)(random >> 36 & 0xfff), (unsigned)(0x8000 | (random >> 20 & 0x3fff)),
                   (unsigned long long)(roll(from) >> 16));
}

/* ---- where ---- */

/* 3 % nationwide, 2 % in several provinces, 22 % in a province, 45 % in a city or three, 28 % in counties. */
static void draw_area(const nation *market, dice *from, uint32_t home, rq_product *product, uint32_t *regions)
{
    static const int levels[] = {3, 2, 22, 45, 28};
    unsigned level = draw_weighted(from, levels, 5);
    product->regions = regions;
    product->region_count = level == 0 ? 0 : level == 2 ? 1 : (size_t)between(from, 1, 3);
    for (size_t i = 0; i < product->region_count; i++) {
        uint32_t county = i == 0 ? home : draw_county(market, from);
        for (int tries = 0; level >= 3 && tries < 20000 && county / 10000 != home / 10000; tries++) {
            county = draw_county(market, from);
        }
        regions[i] = level == 4 ? county : level == 3 ? county / 100 * 100 : county / 10000 * 10000;
    }
    if (level == 1 && product->region_count == 1) {
        regions[product->region_count++] = draw_county(market, from) / 10000 * 10000;
    }
}

static void draw_industries(const nation *market, dice *from, rq_product *product, char (*lists)[8])
{
    static const char excluded[][8] = {"K70", "C25", "B06", "J66", "H62", "O80"};
    if (chance(from, 12)) {
        product->industries_in = (const char(*)[8])lists;
        product->industries_in_count = chance(from, 50) ? 1 : 3;
        for (size_t i = 0; i < product->industries_in_count; i++) {
            const char *division =
                market->codes.divisions[between(from, 0, (int64_t)market->codes.division_count - 1)];
            memcpy(lists[i], division, 8);
        }
        if (product->industries_in_count == 1) {
            memcpy(lists[0], chance(from, 70) ? "C" : "I\0", 2);
            memset(lists[0] + 1, 0, 7);
        }
    }
    if (chance(from, 18)) {
        product->industries_out = (const char(*)[8])(lists + 3);
        product->industries_out_count = 2;
        memcpy(lists[3], PICK(from, excluded), 8);
        memcpy(lists[4], PICK(from, excluded), 8);
    }
}

/* ---- terms ---- */

static void draw_terms(dice *from, rq_product *product)
{
    static const int64_t most[] = {30,  50,  100,  100,  200,  200,  300, 300,
                                   500, 500, 1000, 1000, 2000, 3000, 5000};
    static const int64_t least[] = {1, 5, 10, 10, 20, 50};
    static const int64_t terms[] = {6, 12, 12, 12, 24, 36, 36, 60};
    static const uint64_t methods[] = {4, 4, 5, 20, 21, 28, 12, 7, 1, 8};
    product->amount_max_fen = PICK(from, most) * WAN;
    product->amount_min_fen = chance(from, 35) ? PICK(from, least) * WAN : RQ_UNSET;
    if (product->amount_min_fen != RQ_UNSET && product->amount_min_fen > product->amount_max_fen) {
        product->amount_min_fen = product->amount_max_fen;
    }
    product->term_max_months = product->kind == RQ_INDEX(kind, mortgage) && chance(from, 50)
                                   ? between(from, 1, 3) * 60
                                   : PICK(from, terms);
    product->term_min_months = chance(from, 15) ? 3 : RQ_UNSET;
    product->repayments = chance(from, 85) ? PICK(from, methods) : 0;
    bool is_fixed = chance(from, 20);
    int64_t low = is_fixed ? between(from, 5, 24) * 5000 : between(from, -10, 70) * 500;
    product->rate = (rq_rate){is_fixed           ? RQ_RATE_fixed
                              : chance(from, 85) ? RQ_RATE_lpr_1y
                                                 : RQ_RATE_lpr_5y,
                              low, chance(from, 45) ? low + between(from, 1, 20) * 1000 : RQ_UNSET};
    if (product->kind == RQ_INDEX(kind, bridge)) {
        product->term_max_months = product->term_min_months = RQ_UNSET;
        product->term_min_days = 1;
        product->term_max_days = between(from, 10, 30);
    }
}

static void draw_fees(dice *from, rq_product *product, rq_fee *fees)
{
    static const int64_t shares[] = {1000, 2000, 3000, 5000};
    product->fees = fees;
    product->fee_count = chance(from, 12) ? 1 : 0;
    fees[0] = (rq_fee){.name_zh = "评估费",
                       .name_en = "appraisal",
                       .payee = "评估机构",
                       .basis = chance(from, 60) ? RQ_FEE_share : RQ_FEE_fixed,
                       .when = chance(from, 80) ? RQ_FEE_upfront : RQ_FEE_yearly};
    fees[0].value = fees[0].basis == RQ_FEE_share ? PICK(from, shares) : between(from, 1, 6) * 50000;
}

static void draw_limits(dice *from, rq_product *product)
{
    product->capacity_cases_left = chance(from, 8) ? between(from, 0, 30) : RQ_UNSET;
    product->capacity_fen_left = chance(from, 6) ? between(from, 1, 40) * 500 * WAN : RQ_UNSET;
    product->valid_to =
        chance(from, 25) ? rq_date_from_civil((int)between(from, 2026, 2028), 12, 31) : INT32_MAX;
    product->valid_from =
        chance(from, 10) ? rq_date_from_civil(2025, (int)between(from, 1, 12), 1) : INT32_MIN;
    product->promised_hours = chance(from, 60) ? between(from, 1, 10) * 24 : RQ_UNSET;
}

static void draw_record(dice *from, rq_product *product)
{
    int32_t answers = chance(from, 70) ? (int32_t)between(from, 5, 400) : 0;
    product->record = (rq_record){.answers = answers,
                                  .approvals = (int32_t)(answers * between(from, 25, 85) / 100),
                                  .median_hours = answers > 0 ? between(from, 8, 400) : RQ_UNSET,
                                  .fulfilled_ppm = answers > 0 ? (int32_t)between(from, 50, 98) * 10000 : -1};
}

/* The kind as a whole, and the sizes of the home province that were answered. */
static void draw_cells(dice *from, rq_record *record, uint32_t home, rq_record_cell *room)
{
    if (record->answers == 0) {
        return;
    }
    for (uint8_t size = 0; size <= SIZES; size++) {
        if (size > 0 && chance(from, 40)) {
            continue;
        }
        room[record->cell_count++] =
            (rq_record_cell){.province = size > 0 ? (uint8_t)(home / 10000) : 0,
                             .size = size,
                             .likelihood_ppm = (int32_t)between(from, 250, 850) * 1000,
                             .median_hours = (int16_t)between(from, 8, 400)};
    }
    record->cells = room;
}

static void draw_backing(dice *from, rq_product *product)
{
    product->guarantee = product->kind == RQ_INDEX(kind, guaranteed_loan) ? RQ_BACKING_required
                         : chance(from, 30)                               ? RQ_BACKING_optional
                                                                          : RQ_BACKING_none;
    product->insurance =
        product->kind == RQ_INDEX(kind, insured_loan) ? RQ_BACKING_required : RQ_BACKING_none;
    if (product->kind >= RQ_INDEX(kind, guarantee)) {
        product->fee_ppm = chance(from, 92) ? between(from, 3, 15) * 1000 : RQ_UNSET;
        product->coverage_ppm = between(from, 6, 10) * 100000;
        product->rate = (rq_rate){RQ_RATE_none, RQ_UNSET, RQ_UNSET};
        product->repayments = 0;
    }
}

/* ---- texts ---- */

static void draw_names(dice *institution, dice *line, uint32_t home, rq_product *product,
                       char (*room)[NAMES_MAX])
{
    static const char *const banks[][2] = {{"农村商业银行", "Rural Commercial Bank"},
                                           {"城市商业银行", "City Bank"},
                                           {"村镇银行", "Village Bank"},
                                           {"融资担保公司", "Guarantee Co."},
                                           {"商业保理公司", "Factoring Co."},
                                           {"银行分行", "Bank Branch"}};
    static const char *const first[][2] = {{"科创", "Tech"},      {"税务", "Tax"},      {"小微", "Micro"},
                                           {"惠农", "Farm"},      {"知产", "IP"},       {"订单", "Order"},
                                           {"园区", "Park"},      {"专精特新", "SRDI"}, {"稳岗", "Jobs"},
                                           {"流水", "Cash-flow"}, {"经营", "Business"}, {"续贷", "Renewal"}};
    static const char *const second[][2] = {
        {"快贷", "Express Loan"}, {"易贷", "Easy Loan"}, {"e贷", "e-Loan"},        {"信用贷", "Credit Loan"},
        {"通", "Link"},           {"宝", "Treasure"},    {"担保贷", "Backed Loan"}};
    const char *const *bank = PICK(institution, banks), *const *a = PICK(line, first),
                      *const *b = PICK(line, second);
    unsigned number = (unsigned)between(institution, 1, 999);
    (void)snprintf(room[0], NAMES_MAX, "%06u第%u%s", home, number, bank[0]);
    (void)snprintf(room[1], NAMES_MAX, "No. %u %s of %06u", number, bank[1], home);
    (void)snprintf(room[2], NAMES_MAX, "%s%s", a[0], b[0]);
    (void)snprintf(room[3], NAMES_MAX, "%s %s", a[1], b[1]);
    product->institution_zh = room[0];
    product->institution_en = room[1];
    product->name_zh = room[2];
    product->name_en = room[3];
}

/* ---- products ---- */

typedef struct shelf {
    rq_rule rules[RULES_MAX];
    rq_rule tier_rules[TIERS_MAX][1];
    rq_tier tiers[TIERS_MAX];
    rq_fee fees[1];
    uint32_t regions[4];
    char industries[5][8];
    char names[4][NAMES_MAX];
    rq_record_cell cells[1 + SIZES];
} shelf;

/* A listing has its line's rules, tiers and fees; amounts, rate and area are its own. */
static bool draw_product(nation *market, size_t number, rq_product *product, rq_arena *arena)
{
    shelf *room = rq_arena_alloc(arena, sizeof *room);
    if (room == NULL) {
        return false;
    }
    uint64_t seed = market->seed, institution_number = number / LISTINGS;
    dice institution = dice_for(seed, 1, institution_number), own = dice_for(seed, 3, number);
    uint32_t home = draw_county(market, &institution);
    dice line = dice_for(seed, 2, institution_number * LINES + (uint64_t)between(&own, 0, LINES - 1));
    *product = (rq_product){.term_min_months = RQ_UNSET,
                            .term_min_days = RQ_UNSET,
                            .term_max_days = RQ_UNSET,
                            .fee_ppm = RQ_UNSET,
                            .coverage_ppm = RQ_UNSET,
                            .counter_guarantee = -1};
    write_id(&own, number, product->id);
    write_id(&institution, institution_number, product->institution_id);
    product->kind = draw_weighted(&line, kind_weights, sizeof kind_weights / sizeof kind_weights[0]);
    draw_names(&institution, &line, home, product, room->names);
    rule_list rules;
    draw_rules(&line, product->kind, &rules);
    memcpy(room->rules, rules.rules, rules.count * sizeof rules.rules[0]);
    product->rules = room->rules;
    product->rule_count = rules.count;
    draw_fees(&line, product, room->fees);
    dice past = dice_for(seed, 4, institution_number * KINDS + product->kind);
    draw_record(&past, product);
    draw_cells(&past, &product->record, home, room->cells);
    draw_terms(&own, product);
    draw_backing(&line, product);
    draw_limits(&own, product);
    draw_area(market, &own, home, product, room->regions);
    draw_industries(market, &line, product, room->industries);
    if (product->kind < RQ_INDEX(kind, guarantee) && chance(&line, 13)) {
        product->tiers = room->tiers;
        product->tier_count = draw_tiers(&line, product, room->tiers, room->tier_rules);
    }
    return true;
}

const rq_product *nation_products(nation *market, size_t count, rq_arena *arena)
{
    rq_product *products = rq_arena_array(arena, count + 1, sizeof *products);
    for (size_t i = 0; products != NULL && i < count; i++) {
        if (!draw_product(market, i, &products[i], arena)) {
            return NULL;
        }
    }
    return products;
}

rq_catalogue *nation_catalogue(nation *market, size_t count)
{
    rq_arena *arena = rq_arena_new((size_t)16 << 30);
    rq_catalogue_input input = {.version = 1,
                                .lpr_1y_ppm = NATION_LPR_1Y_PPM,
                                .lpr_5y_ppm = NATION_LPR_5Y_PPM,
                                .weights = nation_weights(),
                                .product_count = count};
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    if (arena != NULL) {
        input.products = nation_products(market, count, arena);
        input.programmes = nation_programmes(market, &input.programme_count, arena);
    }
    if (input.products == NULL || input.programmes == NULL ||
        rq_catalogue_new(&input, &catalogue, &error) != RQ_OK) {
        (void)fprintf(stderr, "bench: no catalogue of %zu products: %s\n", count, error.message);
        catalogue = NULL;
    }
    rq_arena_free(arena);
    return catalogue;
}
