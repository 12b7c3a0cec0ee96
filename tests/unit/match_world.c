#include "match_world.h"

static uint64_t seed;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t)(draw() % (uint64_t)(high - low + 1));
}

static bool chance(int64_t per_cent)
{
    return between(1, 100) <= per_cent;
}

static int64_t maybe(int64_t per_cent, int64_t low, int64_t high)
{
    int64_t value = between(low, high);
    return chance(per_cent) ? value : RQ_UNSET;
}

static const uint32_t some_regions[] = {330000, 330100, 330106, 320000, 320500, 310000, 0, 330200};
static const char some_industries[][8] = {"C", "C26", "C2614", "C39", "F", "F51", "I65", "A0", "C261", "C2"};
enum { SOME_REGIONS = 8, SOME_INDUSTRIES = 10 };
static const uint32_t need_regions[] = {330106, 330106, 330100, 330203, 320505,
                                        310115, 440305, 330108, 330000};
static const char need_industries[][8] = {"C2614", "C2611", "C3911", "F5132", "I6513", "A0111", "C26"};

static int64_t draw_set(rq_fact fact)
{
    int64_t all = (INT64_C(1) << rq_vocabulary(rq_facts[fact].list).count) - 1;
    int64_t bits = (int64_t)draw() & (int64_t)draw() & all;
    return bits != 0 ? bits : 1;
}

static int64_t draw_value(rq_fact fact)
{
    switch (rq_facts[fact].type) {
    case RQ_FACT_TYPE_money:
        return between(0, 100) * 10 * WAN;
    case RQ_FACT_TYPE_share:
        return between(0, 100) * 10000;
    case RQ_FACT_TYPE_count:
        return between(0, 12);
    case RQ_FACT_TYPE_months:
        return between(0, 60);
    case RQ_FACT_TYPE_flag:
        return between(0, 1);
    case RQ_FACT_TYPE_word:
        return INT64_C(1) << between(0, (int64_t)rq_vocabulary(rq_facts[fact].list).count - 1);
    case RQ_FACT_TYPE_words:
        return draw_set(fact);
    }
    return 0;
}

static rq_rule draw_rule(void)
{
    rq_fact fact = (rq_fact)between(0, RQ_FACTS - 1);
    rq_fact_type type = rq_facts[fact].type;
    rq_rule rule = {.fact = fact, .hard = chance(75), .weight = (int32_t)between(1, 5)};
    rule.repair = chance(90) ? rq_facts[fact].repair : RQ_INDEX(repair, nobody);
    rule.value = draw_value(fact);
    if (type == RQ_FACT_TYPE_flag) {
        rule.op = chance(80) ? RQ_OP_eq : RQ_OP_ne;
    } else if (type == RQ_FACT_TYPE_word || type == RQ_FACT_TYPE_words) {
        static const rq_op ops[] = {RQ_OP_in, RQ_OP_in, RQ_OP_not_in, RQ_OP_eq, RQ_OP_ne, RQ_OP_has_all};
        rule.op = ops[between(0, type == RQ_FACT_TYPE_words ? 5 : 4)];
        rule.value = rule.op == RQ_OP_eq || rule.op == RQ_OP_has_all ? rule.value : draw_set(fact);
    } else {
        static const rq_op ops[] = {RQ_OP_ge, RQ_OP_le, RQ_OP_gt, RQ_OP_lt, RQ_OP_ne, RQ_OP_ratio_ge};
        rule.op = ops[between(0, type == RQ_FACT_TYPE_money ? 5 : 4)];
        if (rule.op == RQ_OP_ratio_ge) {
            rule.value = between(1, 10) * 100000;
        } else if (rule.op == RQ_OP_ge || rule.op == RQ_OP_gt) {
            rule.value /= 3;
        }
    }
    return rule;
}

static rq_rate draw_rate(void)
{
    rq_rate rate = {(rq_rate_base)between(RQ_RATE_fixed, RQ_RATE_lpr_5y), RQ_UNSET, RQ_UNSET};
    int64_t low = between(rate.base == RQ_RATE_fixed ? 20000 : -4000, 60000) / 500 * 500;
    rate.low_ppm = chance(85) ? low : RQ_UNSET;
    rate.high_ppm = maybe(60, low, low + 40000);
    if (rate.low_ppm == RQ_UNSET && rate.high_ppm == RQ_UNSET) {
        rate.base = RQ_RATE_none;
    }
    return rate;
}

static void draw_tiers(world *w, int at)
{
    rq_product *product = &w->products[at];
    product->tiers = w->tiers[at];
    product->tier_count = chance(35) ? (size_t)between(1, TIERS_MAX) : 0;
    for (size_t i = 0; i < product->tier_count; i++) {
        w->tier_rules[at][i][0] = draw_rule();
        w->tier_rules[at][i][1] = draw_rule();
        w->tiers[at][i] = (rq_tier){.when = w->tier_rules[at][i],
                                    .when_count = (size_t)between(0, 2),
                                    .amount_max_fen = maybe(70, 5, 100),
                                    .term_max_months = maybe(30, 6, 60),
                                    .needs_guarantee = chance(25)};
        if (w->tiers[at][i].amount_max_fen != RQ_UNSET) {
            w->tiers[at][i].amount_max_fen *= 10 * WAN;
        }
        w->tiers[at][i].rate = chance(50) ? draw_rate() : (rq_rate){RQ_RATE_none, RQ_UNSET, RQ_UNSET};
    }
}

static void draw_lists(world *w, int at)
{
    rq_product *product = &w->products[at];
    product->regions = w->regions[at];
    product->region_count = chance(40) ? 0 : (size_t)between(1, 3);
    for (size_t i = 0; i < product->region_count; i++) {
        w->regions[at][i] = some_regions[between(0, SOME_REGIONS - 1)];
    }
    product->industries_in = w->industries_in[at];
    product->industries_in_count = chance(80) ? 0 : (size_t)between(1, 2);
    for (size_t i = 0; i < product->industries_in_count; i++) {
        memcpy(w->industries_in[at][i], some_industries[between(0, SOME_INDUSTRIES - 1)], 8);
    }
    product->industries_out = w->industries_out[at];
    product->industries_out_count = chance(85) ? 0 : 1;
    memcpy(w->industries_out[at][0], some_industries[between(1, SOME_INDUSTRIES - 1)], 8);
    product->rules = w->rules[at];
    product->rule_count = (size_t)between(0, RULES_MAX);
    for (size_t i = 0; i < product->rule_count; i++) {
        w->rules[at][i] = draw_rule();
    }
}

static void draw_fees(world *w, int at)
{
    rq_product *product = &w->products[at];
    product->fees = w->fees[at];
    product->fee_count = chance(60) ? 0 : (size_t)between(1, 3);
    for (size_t i = 0; i < product->fee_count; i++) {
        rq_fee *fee = &w->fees[at][i];
        *fee = (rq_fee){.basis = chance(50) ? RQ_FEE_share : RQ_FEE_fixed,
                        .when = chance(50) ? RQ_FEE_upfront : RQ_FEE_yearly};
        fee->value = fee->basis == RQ_FEE_share ? between(0, 8000) : between(0, 3000) * YUAN;
    }
    if (product->kind == RQ_INDEX(kind, bridge)) {
        product->day_fees = w->day_fees[at];
        product->day_fee_count = (size_t)between(0, 2);
        w->day_fees[at][0] = (rq_day_fee){(int32_t)between(1, 9), (int32_t)between(100, 300)};
        w->day_fees[at][1] = (rq_day_fee){(int32_t)between(10, 20), (int32_t)between(300, 500)};
        product->term_min_days = maybe(20, 1, 5);
        product->term_max_days = maybe(70, 10, 30);
    }
}

static void draw_partner(world *w, int at)
{
    rq_product *product = &w->products[at];
    product->fee_ppm = chance(85) ? between(2, 20) * 1000 : RQ_UNSET;
    product->coverage_ppm = chance(80) ? between(5, 10) * 100000 : RQ_UNSET;
    product->partners = (const char(*)[RQ_UUID_TEXT + 1]) w->partners[at];
    product->partner_count = chance(50) ? 0 : 8;
    for (int i = 0; i < 8; i++) {
        id_of((int)between(1, INSTITUTIONS), w->partners[at][i]);
    }
    product->rule_count = product->rule_count > 2 ? 2 : product->rule_count;
}

/* In their order, each once: the kind as a whole, then some sizes of two provinces. */
static void draw_cells(world *w, int at)
{
    static const rq_record_cell places[6] = {{0, 0, 0, 0},  {31, 1, 0, 0}, {31, 2, 0, 0},
                                             {33, 1, 0, 0}, {33, 2, 0, 0}, {33, 4, 0, 0}};
    rq_record *record = &w->products[at].record;
    uint32_t count = 0;
    for (size_t i = 0; i < 6 && record->answers > 0; i++) {
        if (chance(50)) {
            w->cells[at][count] = places[i];
            w->cells[at][count].likelihood_ppm = (int32_t)between(0, 1000000);
            w->cells[at][count++].median_hours = (int16_t)(chance(80) ? between(0, 400) : -1);
        }
    }
    record->cells = w->cells[at];
    record->cell_count = count;
}

static void draw_product(world *w, int at, int number)
{
    rq_product *product = &w->products[at];
    unsigned kind = (unsigned)between(0, RQ_INDEX(kind, equity));
    if (chance(8)) {
        kind = chance(70) ? RQ_INDEX(kind, guarantee) : RQ_INDEX(kind, insurance);
    }
    *product = bare_product(number, kind);
    id_of((int)between(1, INSTITUTIONS), product->institution_id);
    draw_lists(w, at);
    product->amount_min_fen = chance(30) ? between(1, 50) * WAN : RQ_UNSET;
    product->amount_max_fen = chance(85) ? between(50, 1000) * WAN : RQ_UNSET;
    product->term_min_months = maybe(15, 1, 6);
    product->term_max_months = maybe(80, 6, 60);
    product->rate = chance(90) ? draw_rate() : (rq_rate){RQ_RATE_none, RQ_UNSET, RQ_UNSET};
    product->repayments = chance(70) ? draw() & draw() & 31 : 0;
    product->guarantee = chance(15) ? RQ_BACKING_required : (rq_backing)between(0, 1);
    product->insurance = chance(8) ? RQ_BACKING_required : (rq_backing)between(0, 1);
    product->capacity_cases_left = maybe(20, 0, 5);
    product->capacity_fen_left = chance(20) ? between(10, 800) * WAN : RQ_UNSET;
    product->valid_from = chance(10) ? rq_date_from_civil(2026, (int)between(10, 12), 1) : INT32_MIN;
    product->valid_to = chance(20) ? rq_date_from_civil(2026, (int)between(10, 12), 28) : INT32_MAX;
    draw_tiers(w, at);
    draw_fees(w, at);
    if (kind > RQ_INDEX(kind, equity)) {
        draw_partner(w, at);
    }
    int32_t answers = chance(60) ? (int32_t)between(0, 200) : 0;
    product->record = (rq_record){.answers = answers,
                                  .approvals = (int32_t)between(0, answers),
                                  .median_hours = maybe(60, 1, 900),
                                  .fulfilled_ppm = chance(60) ? (int32_t)between(0, 1000000) : -1};
    if (chance(10)) {
        product->record = (rq_record){.median_hours = RQ_UNSET, .fulfilled_ppm = -1};
    }
    draw_cells(w, at);
}

static void draw_programme(world *w, int at)
{
    rq_programme *programme = &w->programmes[at];
    *programme = bare_programme(at * 7919 % 1000 + 1, (rq_programme_type)between(0, 3));
    programme->kinds = chance(50) ? 0 : draw() & 0x7ff;
    programme->regions = w->programme_regions[at];
    programme->region_count = chance(30) ? 0 : 1;
    w->programme_regions[at][0] = some_regions[between(0, SOME_REGIONS - 1)];
    programme->rules = w->programme_rules[at];
    programme->rule_count = (size_t)between(0, 2);
    w->programme_rules[at][0] = draw_rule();
    w->programme_rules[at][1] = draw_rule();
    bool is_interest = programme->type == RQ_PROGRAMME_interest_subsidy;
    if (is_interest && chance(50)) {
        programme->points_ppm = between(1, 10) * 5000;
    } else {
        programme->share_ppm = between(1, 10) * 100000;
    }
    programme->cap_fen = chance(60) ? between(0, 30) * 1000 * YUAN : RQ_UNSET;
    programme->valid_to = chance(10) ? rq_date_from_civil(2026, 6, 30) : INT32_MAX;
}

rq_need world_need(void)
{
    rq_need need = plain_need();
    need.kinds = (draw() & draw() & 0x7ff);
    need.kinds = need.kinds != 0 ? need.kinds : 1;
    int64_t amount = between(1, 120) * between(1, 8) * WAN;
    set_amount(&need, amount, chance(40) ? amount : amount / between(1, 6));
    set_term(&need, between(1, 60));
    if (chance(5)) {
        need.term_months = RQ_UNSET;
        need.facts[RQ_FACT_term_months].known = false;
    }
    need.term_days = maybe(50, 1, 30);
    need.max_rate_ppm = maybe(30, 30000, 120000);
    need.repayments = chance(50) ? draw() & 31 : 0;
    need.region = need_regions[between(0, 8)];
    memcpy(need.industry, need_industries[between(0, 6)], 8);
    for (int fact = RQ_FACT_purpose; fact < RQ_FACTS; fact++) {
        if (chance(80)) {
            know(&need, (rq_fact)fact, draw_value((rq_fact)fact));
        }
    }
    return need;
}

/* One of the numbers next to `bound`, and sometimes any other. */
static int64_t near_to(int64_t bound)
{
    int64_t value = bound + between(-1, 1);
    return value > 0 ? value : 0;
}

static void move_to_rule(rq_need *need, const rq_rule *rule)
{
    bool is_set = fact_is_set(rule->fact);
    if (rule->op == RQ_OP_ratio_ge) {
        know(need, rule->fact,
             near_to(need->amount_fen / rule->value * 1000000 +
                     need->amount_fen % rule->value * 1000000 / rule->value));
    } else if (rq_facts[rule->fact].type == RQ_FACT_TYPE_flag) {
        know(need, rule->fact, between(0, 1));
    } else if (is_set) {
        int64_t words = rq_facts[rule->fact].type == RQ_FACT_TYPE_words;
        int64_t value = rule->value & (words && chance(50) ? (int64_t)draw() : rule->value);
        know(need, rule->fact, value != 0 && (words || (value & (value - 1)) == 0) ? value : value & -value);
    } else {
        know(need, rule->fact, near_to(rule->value));
    }
}

static void move_to_terms(rq_need *need, const rq_product *product)
{
    int64_t amounts[] = {product->amount_min_fen, product->amount_max_fen, product->capacity_fen_left,
                         product->tier_count > 0 ? product->tiers[0].amount_max_fen : RQ_UNSET};
    int64_t amount = amounts[between(0, 3)];
    if (amount != RQ_UNSET && amount > 1) {
        amount = near_to(amount);
        set_amount(need, chance(50) ? amount : amount + between(0, 100) * WAN, amount);
    }
    int64_t term = chance(50) ? product->term_max_months : product->term_min_months;
    if (term != RQ_UNSET && chance(70)) {
        term = near_to(term);
        set_term(need, term > 0 ? term : 1);
    }
    int64_t days = chance(50) ? product->term_max_days : product->term_min_days;
    if (days != RQ_UNSET) {
        days = near_to(days);
        need->term_days = days > 0 ? days : 1;
    }
    if (product->rate.low_ppm != RQ_UNSET && chance(30)) {
        int64_t base = product->rate.base == RQ_RATE_lpr_1y   ? 30000
                       : product->rate.base == RQ_RATE_lpr_5y ? 35000
                                                              : 0;
        need->max_rate_ppm = near_to(product->rate.low_ppm + base);
    }
    if (product->valid_to != INT32_MAX && chance(30)) {
        need->as_of = (rq_date)(product->valid_to + between(-1, 1));
    }
}

rq_need world_need_at_bounds(const world *w)
{
    rq_need need = world_need();
    need.kinds |= UINT64_C(1) << between(0, RQ_INDEX(kind, equity));
    for (int64_t round = between(1, 4); round > 0; round--) {
        const rq_product *product = &w->products[between(0, w->product_count - 1)];
        if (product->kind <= RQ_INDEX(kind, equity)) {
            need.kinds |= UINT64_C(1) << product->kind;
        }
        move_to_terms(&need, product);
        for (size_t i = 0; i < product->rule_count; i++) {
            if (product->rules[i].fact > RQ_FACT_term_months) {
                move_to_rule(&need, &product->rules[i]);
            }
        }
        for (size_t i = 0; i < product->tier_count; i++) {
            for (size_t k = 0; k < product->tiers[i].when_count; k++) {
                if (product->tiers[i].when[k].fact > RQ_FACT_term_months) {
                    move_to_rule(&need, &product->tiers[i].when[k]);
                }
            }
        }
    }
    return need;
}

bool fact_is_set(rq_fact fact)
{
    return rq_facts[fact].type == RQ_FACT_TYPE_word || rq_facts[fact].type == RQ_FACT_TYPE_words;
}

int64_t world_between(int64_t low, int64_t high)
{
    return between(low, high);
}

bool world_chance(int64_t per_cent)
{
    return chance(per_cent);
}

rq_rule world_rule(void)
{
    return draw_rule();
}

rq_rate world_rate(void)
{
    return draw_rate();
}

void world_lists(world *w, int at)
{
    draw_lists(w, at);
}

/* Ids in another order than places. */
static int number_of(int at)
{
    return at * 1237 % PRODUCTS + 1;
}

int world_add(world *w)
{
    assert_true(w->product_count < PRODUCTS);
    draw_product(w, w->product_count, number_of(w->product_count));
    return w->product_count++;
}

int64_t world_value(rq_fact fact)
{
    return draw_value(fact);
}

rq_catalogue *world_catalogue(const world *w, int64_t version)
{
    rq_catalogue_input input = {.version = version,
                                .lpr_1y_ppm = w->lpr_1y_ppm,
                                .lpr_5y_ppm = w->lpr_5y_ppm,
                                .weights = w->weights,
                                .products = w->products,
                                .product_count = (size_t)w->product_count,
                                .programmes = w->programmes,
                                .programme_count = (size_t)w->programme_count};
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    if (rq_catalogue_new(&input, &catalogue, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return catalogue;
}

void world_redraw(world *w, int at)
{
    char *end;
    draw_product(w, at, (int)strtol(w->products[at].id + 24, &end, 10));
}

void world_draw_few(world *w, uint64_t from_seed, int products, int programmes)
{
    seed = from_seed;
    w->lpr_1y_ppm = 30000;
    w->lpr_5y_ppm = 35000;
    w->weights = usual_weights();
    w->product_count = products;
    w->programme_count = programmes;
    for (int i = 0; i < products; i++) {
        draw_product(w, i, number_of(i));
    }
    for (int i = 0; i < programmes; i++) {
        draw_programme(w, i);
    }
}

void world_draw(world *w, uint64_t from_seed)
{
    world_draw_few(w, from_seed, PRODUCTS, PROGRAMMES);
}
