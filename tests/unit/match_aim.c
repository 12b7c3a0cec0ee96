#include "match_aim.h"

int64_t aim_most(rq_fact fact)
{
    switch (rq_facts[fact].type) {
    case RQ_FACT_TYPE_money:
        return fact == RQ_FACT_amount_fen ? INT64_C(10000000000000) : INT64_C(1000000000000000000);
    case RQ_FACT_TYPE_flag:
        return 1;
    default:
        return fact == RQ_FACT_term_months ? 360 : 1000000000;
    }
}

int64_t aim_words(rq_fact fact)
{
    return (INT64_C(1) << rq_vocabulary(rq_facts[fact].list).count) - 1;
}

int64_t aim_any_word(int64_t words)
{
    for (int64_t skip = world_between(0, 61); skip > 0; skip--) {
        int64_t left = words & (words - 1);
        words = left != 0 ? left : words;
    }
    return words & -words;
}

rq_date aim_any_day(void)
{
    return rq_date_from_civil(2026, 11, 24) + (rq_date)world_between(-3, 3);
}

/* ---- rules ---- */

static int64_t share_asked(rq_fact fact)
{
    static const int64_t near_one[] = {500000, 999999, 999999, 1000000, 1000001, 1000001, 1000001, 2000000};
    if (fact == RQ_FACT_amount_fen) {
        return near_one[world_between(0, 7)];
    }
    return world_chance(5) ? world_between(1, 1000000000)
                           : world_between(1, 20) * 100000 + world_between(-1, 1);
}

static int64_t words_asked(rq_fact fact)
{
    int64_t all = aim_words(fact), one = aim_any_word(all), two = aim_any_word(all & ~one);
    if (world_chance(40)) {
        return one;
    }
    /* at least one is not asked for, so that a need may have others */
    return (one | two | (world_value(fact) & world_value(fact))) & ~aim_any_word(all & ~one & ~two);
}

static int64_t number_asked(rq_fact fact)
{
    int64_t most = aim_most(fact);
    if (fact == RQ_FACT_term_months) {
        return world_between(3, 358);
    }
    if (world_chance(6)) {
        const int64_t extremes[] = {0, 1, 2, 3, most - 2, most - 1, most};
        return extremes[world_between(0, 6)];
    }
    return 2 + (most > 1000000000 ? world_between(0, 100) * 10 * WAN + world_between(0, 3)
                                  : world_between(0, 60) * (world_chance(50) ? 1 : 10000));
}

static rq_rule target_of(rq_fact fact, ref_condition place, rq_op op)
{
    rq_rule rule = {.fact = fact,
                    .op = op,
                    .hard = place != REF_soft,
                    .weight = (int32_t)world_between(1, 100),
                    .repair = (unsigned)world_between(0, RQ_INDEX(repair, nobody) - 1)};
    if (place == REF_final || (place != REF_hard && world_chance(20))) {
        rule.repair = RQ_INDEX(repair, nobody);
    }
    rule.value = op == RQ_OP_ratio_ge                       ? share_asked(fact)
                 : fact_is_set(fact)                        ? words_asked(fact)
                 : rq_facts[fact].type == RQ_FACT_TYPE_flag ? world_between(0, 1)
                                                            : number_asked(fact);
    return rule;
}

/* The turn of a fact's places and operators that a seed comes to. */
static rq_rule target_in_turn(uint64_t seed, rq_fact fact, ref_condition *out_place)
{
    rq_op ops[RQ_OPS];
    size_t count = 0;
    for (int op = 0; op < RQ_OPS; op++) {
        if (sides_of(fact, (rq_op)op) != 0) {
            ops[count++] = (rq_op)op;
        }
    }
    uint64_t turn = seed + 7 * (uint64_t)fact;
    *out_place = (ref_condition)(turn % RULE_PLACES);
    return target_of(fact, *out_place, ops[turn / RULE_PLACES % count]);
}

/* ---- products that carry them ---- */

/* A loan that asks for nothing. */
static int add_friendly(world *w, unsigned kind, int institution)
{
    int at = world_add(w);
    rq_product *p = &w->products[at], bare = bare_product(1, kind);
    memcpy(bare.id, p->id, sizeof bare.id);
    id_of(institution, bare.institution_id);
    bare.rate = (rq_rate){RQ_RATE_fixed, 30000 + world_between(0, 8) * 500, RQ_UNSET};
    bare.record = p->record;
    bare.repayments = world_chance(50) ? RQ_BIT(repayment, interest_first) : 0;
    bare.rules = w->rules[at];
    bare.tiers = w->tiers[at];
    *p = bare;
    return at;
}

static unsigned any_loan_kind(void)
{
    return (unsigned)world_between(0, RQ_INDEX(kind, equity));
}

static void add_company(world *w, int at)
{
    rq_product *p = &w->products[at];
    int64_t more = world_chance(70) ? 0 : world_between(1, RULES_MAX - 1);
    for (; more > 0; more--) {
        rq_rule rule = world_rule();
        if (p->rule_count > 0 && world_chance(20)) {
            rule = w->rules[at][0]; /* the same once more, a little different */
            rule.value += rule.op <= RQ_OP_lt && !fact_is_set(rule.fact) && rule.value < 1000 ? 1 : 0;
            rule.value = rq_facts[rule.fact].type == RQ_FACT_TYPE_flag ? 1 : rule.value;
        }
        w->rules[at][p->rule_count++] = rule;
    }
}

static void carry_in_tier(world *w, const rq_rule *rule)
{
    int at = add_friendly(w, any_loan_kind(), (int)world_between(1, INSTITUTIONS));
    rq_product *p = &w->products[at];
    p->tier_count = (size_t)world_between(1, TIERS_MAX);
    bool is_close = world_chance(30); /* only the upper end of the rate tells the tiers apart */
    for (size_t i = 0; i < p->tier_count; i++) {
        bool is_first = i == 0;
        w->tier_rules[at][i][0] = is_first ? *rule : world_rule();
        w->tier_rules[at][i][1] = world_rule();
        w->tiers[at][i] = (rq_tier){.when = w->tier_rules[at][i],
                                    .when_count = is_first && world_chance(70) ? 1 : 2,
                                    .amount_max_fen = RQ_UNSET,
                                    .term_max_months = RQ_UNSET,
                                    .rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET}};
        if (is_close) {
            w->tiers[at][i].rate = (rq_rate){RQ_RATE_fixed, 40000, 40000 + world_between(0, 2) * 500};
        } else if (world_chance(30)) {
            w->tiers[at][i].rate = world_rate();
        }
        if (!is_close && world_chance(is_first ? 20 : 60)) {
            w->tiers[at][i].amount_max_fen = world_between(1, 1000) * WAN;
        }
        if (world_chance(20)) {
            w->tiers[at][i].term_max_months = world_between(6, 60);
        }
        w->tiers[at][i].needs_guarantee = world_chance(10);
    }
    if (world_chance(40)) {
        p->amount_max_fen = world_between(1, 50) * WAN; /* which a tier may raise */
    }
    add_company(w, at);
}

static int add_partner(world *w, int loan)
{
    bool insures = world_chance(35);
    rq_product *p = &w->products[loan];
    int at = add_friendly(w, insures ? RQ_INDEX(kind, insurance) : RQ_INDEX(kind, guarantee),
                          (int)world_between(1, INSTITUTIONS));
    rq_product *partner = &w->products[at];
    p->guarantee = insures ? RQ_BACKING_optional : RQ_BACKING_required;
    p->insurance = insures ? RQ_BACKING_required : RQ_BACKING_none;
    partner->rate = (rq_rate){RQ_RATE_none, RQ_UNSET, RQ_UNSET};
    partner->fee_ppm = world_between(0, 2) * 500;
    partner->coverage_ppm = world_chance(50) ? RQ_UNSET : 800000;
    partner->partners = (const char(*)[RQ_UUID_TEXT + 1]) w->partners[at];
    partner->partner_count = 1;
    memcpy(w->partners[at][0], p->institution_id, sizeof w->partners[at][0]);
    return at;
}

static void carry_by_partner(world *w, const rq_rule *rule)
{
    int loan = add_friendly(w, any_loan_kind(), 1 + (int)rule->fact);
    int at = add_partner(w, loan);
    w->rules[at][0] = *rule;
    w->products[at].rule_count = 1;
}

static void carry_by_programme(world *w, const rq_rule *rule)
{
    unsigned kind = any_loan_kind();
    if (w->programme_count == PROGRAMMES) {
        return;
    }
    int at = w->programme_count++;
    rq_programme *g = &w->programmes[at];
    *g = bare_programme(at * 7919 % 1000 + 1, RQ_PROGRAMME_risk_pool);
    g->kinds = UINT64_C(1) << kind;
    if (world_chance(30) && kind != RQ_INDEX(kind, equity) && kind != RQ_INDEX(kind, bridge)) {
        g->type = RQ_PROGRAMME_interest_subsidy;
        g->share_ppm = world_between(1, 10) * 100000;
    }
    g->rules = w->programme_rules[at];
    w->programme_rules[at][0] = *rule;
    g->rule_count = 1;
    (void)add_friendly(w, kind, (int)world_between(1, INSTITUTIONS));
}

static void carry(world *w, const rq_rule *rule, ref_condition place)
{
    if (place == REF_tier) {
        carry_in_tier(w, rule);
    } else if (place == REF_partner) {
        carry_by_partner(w, rule);
    } else if (place == REF_programme) {
        carry_by_programme(w, rule);
    } else {
        int at = add_friendly(w, any_loan_kind(), (int)world_between(1, INSTITUTIONS));
        w->rules[at][0] = *rule;
        w->products[at].rule_count = 1;
        add_company(w, at);
    }
}

/* ---- products with bounds ---- */

static void draw_validity(rq_date *from, rq_date *to)
{
    *from = world_chance(40) ? aim_any_day() : INT32_MIN;
    *to = world_chance(40) ? aim_any_day() : INT32_MAX;
}

static void remember_edge(aim *at, int product)
{
    if (at->edge_count < (int)(sizeof at->edges / sizeof at->edges[0])) {
        at->edges[at->edge_count++] = product;
    }
}

static void add_edge_loan(aim *at)
{
    int place = world_add(&at->world);
    rq_product *p = &at->world.products[place];
    if (p->kind > RQ_INDEX(kind, equity)) {
        p->kind = RQ_INDEX(kind, credit_loan);
    }
    if (world_chance(20)) {
        p->kind = RQ_INDEX(kind, bridge);
        p->term_min_days = world_between(2, 8);
        p->term_max_days = world_chance(50) ? world_between(8, 20) : RQ_UNSET;
    }
    if (p->tier_count > 0 && world_chance(50)) {
        at->world.tiers[place][0].when_count = 0; /* it applies to all */
        at->world.tiers[place][0].amount_max_fen = world_between(5, 100) * 10 * WAN;
    }
    p->rule_count = world_chance(70) ? 0 : p->rule_count;
    p->guarantee = world_chance(80) ? RQ_BACKING_none : p->guarantee;
    p->insurance = world_chance(80) ? RQ_BACKING_none : p->insurance;
    if (world_chance(30)) {
        draw_validity(&p->valid_from, &p->valid_to);
    }
    if (world_chance(20)) {
        p->capacity_cases_left = world_between(0, 3);
    }
    remember_edge(at, place);
}

/* A loan whose own maximum is less than that of a tier of which it is not always known whether it applies. */
static void add_edge_guess(aim *at)
{
    world *w = &at->world;
    int place = add_friendly(w, any_loan_kind(), (int)world_between(1, INSTITUTIONS));
    rq_product *p = &w->products[place];
    p->amount_max_fen = world_between(10, 100) * WAN;
    p->tier_count = (size_t)world_between(1, 2);
    for (size_t i = 0; i < p->tier_count; i++) {
        for (int k = 0; k < 2; k++) {
            rq_fact fact = (rq_fact)world_between(RQ_FACT_purpose, RQ_FACTS - 1);
            w->tier_rules[place][i][k] = hard_rule(fact, RQ_OP_ne, world_value(fact));
        }
        w->tiers[place][i] = (rq_tier){.when = w->tier_rules[place][i],
                                       .when_count = 2,
                                       .amount_max_fen = world_between(20, 500) * WAN,
                                       .term_max_months = RQ_UNSET,
                                       .rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET}};
    }
    remember_edge(at, place);
}

static void add_edge_partner(aim *at)
{
    world *w = &at->world;
    int loan = add_friendly(w, any_loan_kind(), 40 + at->edge_count), place = add_partner(w, loan);
    rq_product *p = &w->products[place];
    world_lists(w, place);
    p->rule_count = 0;
    p->region_count = world_chance(40) ? p->region_count : 0;
    p->industries_out_count = world_chance(40) ? 1 : 0;
    p->amount_min_fen = world_chance(75) ? world_between(1, 100) * WAN : RQ_UNSET;
    p->amount_max_fen = world_chance(75) ? world_between(100, 900) * WAN : RQ_UNSET;
    p->term_min_months = world_chance(30) ? world_between(2, 12) : RQ_UNSET;
    p->term_max_months = world_chance(50) ? world_between(12, 60) : RQ_UNSET;
    p->capacity_fen_left = world_chance(30) ? world_between(10, 800) * WAN : RQ_UNSET;
    p->capacity_cases_left = world_chance(20) ? world_between(0, 3) : RQ_UNSET;
    p->partner_count = world_chance(60) ? 1 : 0;
    if (world_chance(15)) {
        id_of(39, w->partners[place][0]);
    }
    if (world_chance(40)) {
        draw_validity(&p->valid_from, &p->valid_to);
    }
    remember_edge(at, place);
}

/* Almost the same product under another id: the order has to tell them apart. */
static void add_copy(world *w)
{
    int from = (int)world_between(0, w->product_count - 1), at = world_add(w);
    rq_product *copy = &w->products[at];
    char id[RQ_UUID_TEXT + 1];
    memcpy(id, copy->id, sizeof id);
    *copy = w->products[from];
    memcpy(copy->id, id, sizeof id);
    if (world_chance(50) && copy->rate.base == RQ_RATE_fixed) {
        /* past the cap a higher cost does not lower the score */
        w->products[from].rate = (rq_rate){RQ_RATE_fixed, 300000, RQ_UNSET};
        copy->rate = (rq_rate){RQ_RATE_fixed, 300000 + world_between(0, 2) * 10000, RQ_UNSET};
    }
}

static void draw_frame(world *w)
{
    int32_t left = 100, parts[RQ_SCORE_PARTS];
    if (world_chance(75)) {
        return;
    }
    w->lpr_1y_ppm = (int32_t)world_between(0, 60) * 1000;
    w->lpr_5y_ppm = (int32_t)world_between(0, 60) * 1000;
    for (int i = 0; i < RQ_SCORE_PARTS; i++) {
        parts[i] = i + 1 < RQ_SCORE_PARTS ? (int32_t)world_between(0, left) : left;
        left -= parts[i];
    }
    w->weights = (rq_weights){(int32_t)world_between(0, 9),
                              parts[4],
                              parts[1],
                              parts[2],
                              parts[0],
                              parts[3],
                              (int32_t)world_between(0, 10) * 100000,
                              (int32_t)world_between(0, 30),
                              (int32_t)(world_chance(10) ? 1 : world_between(1, 40) * 10000),
                              (int32_t)(world_chance(10) ? 1 : world_between(1, 1000)),
                              (int32_t)(world_chance(50) ? 0 : world_between(1, 3))};
}

/* Besides those that are aimed: a few; many, so that sets take more than a word; or there is about nothing at
 * all. */
enum { RANDOM_PROGRAMMES = 8 };
typedef enum size { SIZE_usual, SIZE_large, SIZE_tiny } size;

static size draw_size(void)
{
    int64_t lot = world_between(1, 20);
    return lot == 1 ? SIZE_large : lot == 2 ? SIZE_tiny : SIZE_usual;
}

static int random_products(size how_large)
{
    return how_large == SIZE_large  ? (int)world_between(150, 240)
           : how_large == SIZE_tiny ? 0
                                    : (int)world_between(0, 16);
}

void aim_draw(aim *out, uint64_t seed)
{
    world *w = &out->world;
    out->seed = seed;
    out->edge_count = 0;
    world_draw_few(w, seed, 0, RANDOM_PROGRAMMES);
    w->programme_count = (int)world_between(0, RANDOM_PROGRAMMES);
    size how_large = draw_size();
    bool is_tiny = how_large == SIZE_tiny, is_of_one_kind = how_large == SIZE_large && world_chance(50);
    int count = random_products(how_large);
    unsigned kind = any_loan_kind();
    draw_frame(w);
    for (int i = 0; i < w->programme_count; i++) {
        draw_validity(&w->programmes[i].valid_from, &w->programmes[i].valid_to);
    }
    for (int i = 0; i < count; i++) {
        rq_product *p = &w->products[world_add(w)];
        if (is_of_one_kind && p->kind <= RQ_INDEX(kind, equity)) {
            p->kind = kind;
            p->region_count = 0;
        }
    }
    for (int fact = 0; fact < RQ_FACTS; fact++) {
        ref_condition place;
        out->targets[fact] = target_in_turn(seed, (rq_fact)fact, &place);
        if (!is_tiny || world_chance(5)) {
            carry(w, &out->targets[fact], place);
        }
    }
    for (int i = 0; i < (is_tiny ? 1 : 6); i++) {
        add_edge_loan(out);
    }
    for (int i = 0; i < 2 && !is_tiny; i++) {
        add_edge_guess(out);
    }
    for (int i = 0; i < 4 && !is_tiny; i++) {
        add_edge_partner(out);
    }
    for (int i = 0; i < 2; i++) {
        add_copy(w);
    }
}
