#include "match_cells.h"

enum { ENOUGH = 3, JUDGED_MAX = 4096 };

#define NAME(name) #name,
static const char *const side_names[SIDE_COUNT] = {SIDES(NAME)};
static const char *const condition_names[REF_CONDITIONS] = {REF_RULES(NAME) REF_BOUNDS(NAME) REF_LISTS(NAME)};
#undef NAME

/* ---- sides ---- */

static side side_of_number(int64_t have, int64_t bound)
{
    if (have == RQ_UNSET) {
        return SIDE_missing;
    }
    __int128 over = (__int128)have - bound;
    return over < -1 ? SIDE_far_below : over > 1 ? SIDE_far_above : (side)(SIDE_at + (int)over);
}

static side side_of_set(int64_t have, int64_t asked)
{
    if (have == RQ_UNSET) {
        return SIDE_missing;
    }
    if (have == 0) {
        return SIDE_empty;
    }
    if ((have & asked) == 0) {
        return SIDE_apart;
    }
    if (have == asked) {
        return SIDE_same;
    }
    return (have & ~asked) == 0 ? SIDE_part : (asked & ~have) == 0 ? SIDE_more : SIDE_crossed;
}

int64_t least_covering(const rq_rule *rule, int64_t amount_fen)
{
    __int128 fen = ((__int128)amount_fen * 1000000 + rule->value - 1) / rule->value;
    return fen < INT64_MAX ? (int64_t)fen : INT64_MAX;
}

side side_of(const rq_rule *rule, int64_t have, int64_t amount_fen)
{
    if (fact_is_set(rule->fact)) {
        return side_of_set(have, rule->value);
    }
    if (rule->op == RQ_OP_ratio_ge) {
        return side_of_number(have, least_covering(rule, amount_fen));
    }
    return side_of_number(have, rule->value);
}

#define SIDE(name) (1U << SIDE_##name)

unsigned sides_of(rq_fact fact, rq_op op)
{
    const unsigned near = SIDE(just_below) | SIDE(at) | SIDE(just_above);
    const unsigned number = near | SIDE(far_below) | SIDE(far_above);
    const unsigned word = SIDE(apart) | SIDE(same) | SIDE(part);
    /* a need has an amount, so the fact of that name is never missing */
    unsigned sides = fact == RQ_FACT_amount_fen ? 0 : SIDE(missing);
    bool has_op = op == RQ_OP_eq || op == RQ_OP_ne;
    switch (rq_facts[fact].type) {
    case RQ_FACT_TYPE_money:
        has_op = op <= RQ_OP_lt || op == RQ_OP_ratio_ge;
        sides |= number;
        break;
    case RQ_FACT_TYPE_share:
    case RQ_FACT_TYPE_count:
    case RQ_FACT_TYPE_months:
        has_op = op <= RQ_OP_lt;
        sides |= number;
        break;
    case RQ_FACT_TYPE_flag:
        sides |= near;
        break;
    case RQ_FACT_TYPE_word:
        has_op = has_op || op == RQ_OP_in || op == RQ_OP_not_in;
        sides |= word;
        break;
    case RQ_FACT_TYPE_words:
        has_op = has_op || (op >= RQ_OP_in && op <= RQ_OP_has_all);
        sides |= word | SIDE(empty) | SIDE(more) | SIDE(crossed);
        break;
    }
    return has_op ? sides : 0;
}

static unsigned sides_of_bound(ref_condition condition)
{
    const unsigned number =
        SIDE(far_below) | SIDE(just_below) | SIDE(at) | SIDE(just_above) | SIDE(far_above);
    if (condition == REF_cases || condition == REF_partner_cases) {
        return number & ~SIDE(far_below); /* one case is asked for */
    }
    return condition >= REF_term_min && condition <= REF_days_max ? number | SIDE(missing) : number;
}

/* ---- ways of lists ---- */

static const char *const region_ways[] = {"none listed",    "same",          "city above",
                                          "province above", "country",       "listed below",
                                          "same city",      "same province", "elsewhere"};
static const char *const industry_ways[] = {"none listed", "1 sign",       "2 signs", "3 signs",  "4 signs",
                                            "5 signs",     "listed below", "near",    "elsewhere"};
static const char *const kind_ways[] = {"none listed", "listed", "not listed"};
static const char *const verdict_ways[] = {"pass", "fail", "unknown"};

static unsigned way_of_region(const uint32_t *listed, size_t count, uint32_t region)
{
    unsigned best = count == 0 ? 0 : 8;
    for (size_t i = 0; i < count; i++) {
        uint32_t one = listed[i], city = region / 100 * 100, province = region / 10000 * 10000;
        bool is_below = (region % 10000 == 0 && one / 10000 == region / 10000) ||
                        (region % 100 == 0 && one / 100 == region / 100);
        unsigned way = one == region                   ? 1
                       : one == city                   ? 2
                       : one == province               ? 3
                       : one == 0                      ? 4
                       : is_below                      ? 5
                       : one / 100 == region / 100     ? 6
                       : one / 10000 == region / 10000 ? 7
                                                       : 8;
        best = way < best ? way : best;
    }
    return best;
}

static unsigned way_of_industry(const char (*listed)[8], size_t count, const char *industry)
{
    unsigned best = count == 0 ? 0 : 8;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(listed[i]), same = 0;
        while (same < length && listed[i][same] == industry[same]) {
            same++;
        }
        unsigned way = same == length ? (unsigned)length : industry[same] == 0 ? 6 : same > 0 ? 7 : 8;
        best = way < best ? way : best;
    }
    return best;
}

static unsigned way_of(const ref_judged *one, const rq_need *need)
{
    const rq_product *p = one->of; /* but where it is a programme */
    const rq_programme *g = one->of;
    switch (one->condition) {
    case REF_region:
    case REF_partner_region:
        return way_of_region(p->regions, p->region_count, need->region);
    case REF_industry_in:
    case REF_partner_industry_in:
        return way_of_industry(p->industries_in, p->industries_in_count, need->industry);
    case REF_industry_out:
    case REF_partner_industry_out:
        return way_of_industry(p->industries_out, p->industries_out_count, need->industry);
    case REF_programme_region:
        return way_of_region(g->regions, g->region_count, need->region);
    case REF_programme_kind:
        return g->kinds == 0 ? 0 : one->verdict == 'y' ? 1 : 2;
    case REF_lender:
        return p->partner_count == 0 ? 0 : one->verdict == 'y' ? 1 : 2;
    default:
        return one->verdict == 'y' ? 0 : one->verdict == 'n' ? 1 : 2;
    }
}

static const char *const *ways_of(ref_condition condition, size_t *out_count)
{
    switch (condition) {
    case REF_region:
    case REF_partner_region:
    case REF_programme_region:
        *out_count = LIST_WAYS;
        return region_ways;
    case REF_industry_in:
    case REF_industry_out:
    case REF_partner_industry_in:
    case REF_partner_industry_out:
        *out_count = LIST_WAYS;
        return industry_ways;
    case REF_programme_kind:
    case REF_lender:
        *out_count = 3;
        return kind_ways;
    default:
        *out_count = condition == REF_repayment ? 2 : 3;
        return verdict_ways;
    }
}

/* ---- what is met ---- */

static uint32_t *cell_of(cells *met, const ref_judged *one, const rq_need *need)
{
    if (one->condition <= REF_programme) {
        const rq_rule *rule = one->of;
        return &met->rules[one->condition][rule->fact][rule->op][side_of(rule, one->have, need->amount_fen)];
    }
    if (one->condition < REF_region) {
        return &met->bounds[one->condition - REF_amount_min][side_of_number(one->have, one->bound)];
    }
    return &met->lists[one->condition - REF_region][way_of(one, need)];
}

typedef struct trial {
    ref_judged *all;
    size_t count;
    const ref_judged *forced; /* null: all are taken down */
    char verdict;
} trial;

static char take_down(void *self, const ref_judged *one)
{
    trial *now = self;
    if (now->forced != NULL) {
        bool is_it = one->of == now->forced->of && one->condition == now->forced->condition;
        return is_it ? now->verdict : one->verdict;
    }
    if (now->count < JUDGED_MAX) {
        now->all[now->count++] = *one;
    }
    return one->verdict;
}

static bool is_same_row(const row *a, const row *b)
{
    if (a->is_open != b->is_open || a->class != b->class || a->class < 0) {
        return a->is_open == b->is_open && a->class == b->class;
    }
    return a->guarantee == b->guarantee && a->insurance == b->insurance && a->tier == b->tier &&
           a->amount == b->amount && a->rate == b->rate && a->cost == b->cost && a->score == b->score &&
           a->fails == b->fails && a->unknowns == b->unknowns && a->repayment == b->repayment &&
           a->programme_count == b->programme_count &&
           memcmp(a->programmes, b->programmes, a->programme_count * sizeof a->programmes[0]) == 0;
}

/* Whether the answer would be another one if this verdict were. */
static bool is_decisive(trial *now, const ref_judged *one, const world *w, const row *told,
                        const rq_need *need)
{
    static const char verdicts[] = {'y', 'n', '?'};
    bool differs = false;
    now->forced = one;
    for (size_t i = 0; i < 3 && !differs; i++) {
        now->verdict = verdicts[i];
        if (verdicts[i] != one->verdict) {
            row other = ref_evaluate(w, told->product, need);
            differs = !is_same_row(told, &other);
        }
    }
    now->forced = NULL;
    return differs;
}

void cells_add(cells *met, const world *w, const rq_product *product, const rq_need *need)
{
    static ref_judged all[JUDGED_MAX];
    trial now = {.all = all};
    ref_watch(take_down, &now);
    row told = ref_evaluate(w, product, need);
    size_t count = now.count;
    assert_true(count < JUDGED_MAX);
    for (size_t i = 0; i < count; i++) {
        uint32_t *cell = cell_of(met, &all[i], need);
        if (*cell < ENOUGH) {
            *cell += is_decisive(&now, &all[i], w, &told, need);
        }
    }
    ref_watch(NULL, NULL);
    if (told.is_open) {
        met->fails[told.fails < 3 ? told.fails : 3][told.unknowns > 0]++;
    }
}

void cells_add_order(cells *met, const row *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const row *a = &rows[i - 1], *b = &rows[i];
        if (a->class == b->class && a->score == b->score &&
            (a->class != RQ_NEAR_MISS || a->fails == b->fails)) {
            met->ties[a->cost == b->cost]++;
        }
    }
}

/* ---- what is not ---- */

static size_t count_one(uint32_t hits, const char *what, const char *where, const char *which,
                        const char *how, size_t *reachable)
{
    ++*reachable;
    if (hits == 0) {
        print_message("never met: %s %s %s: %s\n", what, where, which, how);
    }
    return hits > 0;
}

static size_t count_rules(const cells *met, unsigned from, unsigned to, size_t *reachable)
{
    size_t hit = 0;
    for (unsigned fact = 0; fact < RQ_FACTS; fact++) {
        for (unsigned op = 0; op < RQ_OPS; op++) {
            for (unsigned at = 0; at < SIDE_COUNT; at++) {
                uint32_t hits = 0;
                for (unsigned place = from; place < to; place++) {
                    hits += met->rules[place][fact][op][at];
                }
                if ((sides_of((rq_fact)fact, (rq_op)op) >> at & 1) == 1) {
                    hit += count_one(hits, to - from == 1 ? condition_names[from] : "rule",
                                     rq_facts[fact].name, rq_op_names[op], side_names[at], reachable);
                }
            }
        }
    }
    return hit;
}

size_t cells_count(const cells *met, bool in_every_place, size_t *out_reachable)
{
    size_t hit = 0, ways;
    *out_reachable = 0;
    for (unsigned place = 0; place < RULE_PLACES && in_every_place; place++) {
        hit += count_rules(met, place, place + 1, out_reachable);
    }
    if (!in_every_place) {
        hit += count_rules(met, 0, RULE_PLACES, out_reachable);
    }
    for (unsigned i = 0; i < BOUNDS; i++) {
        for (unsigned at = 0; at < SIDE_COUNT; at++) {
            if ((sides_of_bound((ref_condition)(REF_amount_min + i)) >> at & 1) == 1) {
                hit += count_one(met->bounds[i][at], condition_names[REF_amount_min + i], "bound", "",
                                 side_names[at], out_reachable);
            }
        }
    }
    for (unsigned i = 0; i < REF_CONDITIONS - REF_region; i++) {
        const char *const *names = ways_of((ref_condition)(REF_region + i), &ways);
        for (size_t way = 0; way < ways; way++) {
            hit += count_one(met->lists[i][way], condition_names[REF_region + i], "list", "", names[way],
                             out_reachable);
        }
    }
    for (unsigned fails = 0; fails < 4; fails++) {
        static const char *const names[] = {"none", "one", "two", "more"};
        hit += count_one(met->fails[fails][0], "hard fails", names[fails], "", "all known", out_reachable);
        hit +=
            count_one(met->fails[fails][1], "hard fails", names[fails], "", "facts lacking", out_reachable);
    }
    hit += count_one(met->ties[0], "tie", "", "", "told apart by cost", out_reachable);
    hit += count_one(met->ties[1], "tie", "", "", "told apart by id", out_reachable);
    return hit;
}
