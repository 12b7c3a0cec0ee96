#include "match_aim.h"

static int64_t set_at(const rq_rule *rule, side at)
{
    int64_t asked = rule->value, others = aim_words(rule->fact) & ~asked;
    bool has_many = rq_facts[rule->fact].type == RQ_FACT_TYPE_words;
    int64_t in = aim_any_word(asked), out = others != 0 ? aim_any_word(others) : 0;
    switch (at) {
    case SIDE_apart:
        return has_many && world_chance(30) ? others : out != 0 ? out : RQ_UNSET;
    case SIDE_same:
        return has_many ? asked : in;
    case SIDE_more:
        return asked | out;
    case SIDE_crossed:
        return in | out;
    case SIDE_empty:
        return 0;
    default:
        return in;
    }
}

/* A value on this side of the rule; RQ_UNSET where none is. */
static int64_t value_at(const rq_rule *rule, side at, int64_t amount_fen)
{
    int64_t most = aim_most(rule->fact), pivot = rule->value;
    if (fact_is_set(rule->fact)) {
        return set_at(rule, at);
    }
    if (rule->op == RQ_OP_ratio_ge) {
        pivot = least_covering(rule, amount_fen);
    }
    if (pivot > most) {
        return at == SIDE_far_below ? world_between(0, most) : RQ_UNSET;
    }
    int64_t value = pivot + (int64_t)at - (int64_t)SIDE_at;
    if (at == SIDE_far_below) {
        value = pivot >= 2 ? world_between(0, pivot - 2) : -1;
    } else if (at == SIDE_far_above) {
        value = world_chance(10) ? most : pivot + world_between(2, pivot + 10);
    }
    return value >= 0 && value <= most ? value : RQ_UNSET;
}

/* The side whose turn it is. */
static side side_in_turn(const rq_rule *rule, uint64_t turn)
{
    side sides[SIDE_COUNT];
    size_t count = 0;
    for (int at = 0; at < SIDE_COUNT; at++) {
        if ((sides_of(rule->fact, rule->op) >> at & 1) == 1) {
            sides[count++] = (side)at;
        }
    }
    return sides[turn % count];
}

static int64_t near_to(int64_t bound)
{
    int64_t value = bound + world_between(-1, 1);
    return value > 0 ? value : 1;
}

static const rq_product *any_edge(const aim *at)
{
    return &at->world.products[at->edges[world_between(0, at->edge_count - 1)]];
}

/* One of the amounts that a product names, or RQ_UNSET. */
static int64_t amount_of(const rq_product *p)
{
    const int64_t bounds[] = {p->amount_min_fen, p->amount_max_fen, p->capacity_fen_left,
                              p->tier_count > 0 ? p->tiers[0].amount_max_fen : RQ_UNSET,
                              p->tier_count > 1 ? p->tiers[1].amount_max_fen : RQ_UNSET};
    return bounds[world_between(0, p->tier_count > 0 ? 4 : 2)];
}

static int64_t term_of(const rq_product *p)
{
    const int64_t bounds[] = {p->term_min_months, p->term_max_months,
                              p->tier_count > 0 ? p->tiers[0].term_max_months : RQ_UNSET};
    return bounds[world_between(0, p->tier_count > 0 ? 2 : 1)];
}

/* Of any edge that names one. */
static int64_t bound_of(const aim *at, int64_t (*number_of)(const rq_product *))
{
    int64_t bound = RQ_UNSET;
    for (int i = 0; i < 12 && bound == RQ_UNSET; i++) {
        bound = number_of(any_edge(at));
    }
    return bound != RQ_UNSET ? near_to(bound) : RQ_UNSET;
}

static void aim_amount(const aim *at, rq_need *need, uint64_t turn)
{
    const rq_rule *rule = &at->targets[RQ_FACT_amount_fen];
    int64_t amount;
    if (turn % 2 == 0 && rule->op == RQ_OP_ratio_ge) {
        static const int64_t sizes[] = {500000, 1500000, 100000000};
        amount = sizes[(turn / 2 + at->seed) % 3] + world_between(0, 9);
    } else if (turn % 2 == 0) {
        amount = value_at(rule, side_in_turn(rule, turn / 2 + at->seed), 0);
    } else {
        amount = bound_of(at, amount_of);
    }
    if (amount < 1) { /* RQ_UNSET too */
        return;
    }
    int64_t most = aim_most(RQ_FACT_amount_fen), more = amount + world_between(0, 100) * WAN;
    amount = amount < most ? amount : most;
    bool is_least = turn % 2 == 1 && world_chance(50);
    if (is_least) {
        set_amount(need, more < most ? more : most, amount);
    } else {
        int64_t least = amount / world_between(1, 6);
        set_amount(need, amount, world_chance(50) ? amount : least > 0 ? least : 1);
    }
}

static void aim_term(const aim *at, rq_need *need, uint64_t turn)
{
    const rq_rule *rule = &at->targets[RQ_FACT_term_months];
    const rq_product *p = any_edge(at);
    if (turn / 2 % 2 == 0) {
        side which = side_in_turn(rule, turn + turn / 4 + at->seed + at->seed / 36);
        int64_t months = which != SIDE_missing ? value_at(rule, which, 0) : RQ_UNSET;
        if (which == SIDE_missing) {
            need->term_months = RQ_UNSET;
            need->facts[RQ_FACT_term_months].known = false;
        } else if (months > 0) {
            set_term(need, months);
        }
        return;
    }
    int64_t months = bound_of(at, term_of), days = world_chance(50) ? p->term_min_days : p->term_max_days;
    if (months != RQ_UNSET) {
        set_term(need, months);
    }
    if (days != RQ_UNSET) {
        need->term_days = near_to(days);
    }
}

static void aim_rate_and_day(const aim *at, rq_need *need)
{
    const world *w = &at->world;
    const rq_product *p = any_edge(at);
    const rq_rate *rate = p->tier_count > 0 && world_chance(50) ? &p->tiers[0].rate : &p->rate;
    if (rate->base != RQ_RATE_none && rate->low_ppm != RQ_UNSET && world_chance(50)) {
        int64_t base = rate->base == RQ_RATE_lpr_1y   ? w->lpr_1y_ppm
                       : rate->base == RQ_RATE_lpr_5y ? w->lpr_5y_ppm
                                                      : 0;
        int64_t low = rate->low_ppm + base + world_between(-1, 1);
        need->max_rate_ppm = low > 0 ? low : 0;
    }
    need->as_of = world_chance(50) ? aim_any_day() : need->as_of;
}

static void aim_fact(const aim *at, rq_need *need, rq_fact fact, uint64_t turn)
{
    const rq_rule *rule = &at->targets[fact];
    side which = side_in_turn(rule, turn);
    if (which == SIDE_missing) {
        need->facts[fact].known = false;
        return;
    }
    int64_t value = value_at(rule, which, need->amount_fen);
    if (value != RQ_UNSET) {
        know(need, fact, value);
    }
}

rq_need aim_need(const aim *at, int number)
{
    rq_need need = world_need();
    need.kinds = world_chance(85) ? (UINT64_C(1) << (RQ_INDEX(kind, equity) + 1)) - 1 : need.kinds;
    need.repayments = world_chance(50) ? 0 : need.repayments;
    aim_amount(at, &need, (uint64_t)number);
    aim_term(at, &need, (uint64_t)number);
    aim_rate_and_day(at, &need);
    for (int fact = RQ_FACT_term_months + 1; fact < RQ_FACTS; fact++) {
        if (world_chance(92)) {
            aim_fact(at, &need, (rq_fact)fact, (uint64_t)number + (uint64_t)fact);
        }
    }
    return need;
}
