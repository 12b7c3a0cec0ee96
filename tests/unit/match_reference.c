#include "match_reference.h"
#include "match_reference_loan.h"

enum { LPR_1Y = 30000, LPR_5Y = 35000 };

/* A code and the codes below it start with the same digits once trailing "00" pairs are cut. */
static bool ref_region(uint32_t served, uint32_t region)
{
    char a[16], b[16];
    (void)snprintf(a, sizeof a, "%06u", served);
    (void)snprintf(b, sizeof b, "%06u", region);
    size_t length = 6;
    while (length >= 2 && a[length - 1] == '0' && a[length - 2] == '0') {
        length -= 2;
    }
    return strncmp(a, b, length) == 0;
}

static bool ref_regions(const uint32_t *regions, size_t count, uint32_t region)
{
    bool found = count == 0;
    for (size_t i = 0; i < count; i++) {
        found = ref_region(regions[i], region) || found;
    }
    return found;
}

static bool ref_industry(const char (*list)[8], size_t count, const char *industry)
{
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        found = strstr(industry, list[i]) == industry || found;
    }
    return found;
}

bool ref_open(const rq_product *p, const rq_need *need)
{
    int64_t needed = need->amount_min_fen;
    if (p->amount_min_fen != RQ_UNSET && p->amount_min_fen > needed) {
        needed = p->amount_min_fen;
    }
    if (p->valid_from > need->as_of || p->valid_to < need->as_of || p->capacity_cases_left == 0) {
        return false;
    }
    if (p->capacity_fen_left != RQ_UNSET && p->capacity_fen_left < needed) {
        return false;
    }
    if (!ref_regions(p->regions, p->region_count, need->region)) {
        return false;
    }
    if (p->industries_in_count > 0 &&
        !ref_industry(p->industries_in, p->industries_in_count, need->industry)) {
        return false;
    }
    return !ref_industry(p->industries_out, p->industries_out_count, need->industry);
}

static char ref_rule(const rq_rule *rule, const rq_need *need)
{
    if (!need->facts[rule->fact].known) {
        return '?';
    }
    int64_t x = need->facts[rule->fact].value, v = rule->value;
    bool yes = false;
    if (rule->op == RQ_OP_eq) {
        yes = x == v;
    } else if (rule->op == RQ_OP_ne) {
        yes = x != v;
    } else if (rule->op == RQ_OP_ge) {
        yes = x >= v;
    } else if (rule->op == RQ_OP_gt) {
        yes = x > v;
    } else if (rule->op == RQ_OP_le) {
        yes = x <= v;
    } else if (rule->op == RQ_OP_lt) {
        yes = x < v;
    } else if (rule->op == RQ_OP_ratio_ge) {
        yes = (__int128)x * v >= (__int128)need->amount_fen * 1000000;
    } else {
        int common = 0, asked = 0;
        for (int bit = 0; bit < 62; bit++) {
            asked += (int)(v >> bit & 1);
            common += (v >> bit & 1) == 1 && (x >> bit & 1) == 1;
        }
        yes = rule->op == RQ_OP_in ? common > 0 : rule->op == RQ_OP_not_in ? common == 0 : common == asked;
    }
    return yes ? 'y' : 'n';
}

/* 'y', '?' or 'n' for all hard rules (or all rules) together */
static char ref_rules(const rq_rule *rules, size_t count, const rq_need *need, bool soft_too)
{
    int no = 0, unknown = 0;
    for (size_t i = 0; i < count; i++) {
        if (rules[i].hard || soft_too) {
            char verdict = ref_rule(&rules[i], need);
            no += verdict == 'n';
            unknown += verdict == '?';
        }
    }
    return no > 0 ? 'n' : unknown > 0 ? '?' : 'y';
}

static int64_t or_huge(int64_t value)
{
    return value == RQ_UNSET ? INT64_MAX : value;
}

/* Whether partner a is to be taken before b. */
static bool ref_partner_before(const rq_product *a, char verdict_a, const rq_product *b, char verdict_b)
{
    if (verdict_a != verdict_b) {
        return verdict_a == 'y';
    }
    if (or_huge(a->fee_ppm) != or_huge(b->fee_ppm)) {
        return or_huge(a->fee_ppm) < or_huge(b->fee_ppm);
    }
    if (a->coverage_ppm != b->coverage_ppm) {
        return a->coverage_ppm > b->coverage_ppm; /* RQ_UNSET is the least number of all */
    }
    return strcmp(a->id, b->id) < 0;
}

static bool ref_backs(const rq_product *partner, const rq_product *loan, int64_t amount, int64_t term)
{
    if (amount > or_huge(partner->amount_max_fen) || amount < partner->amount_min_fen) {
        return false;
    }
    if (term != RQ_UNSET && (term > or_huge(partner->term_max_months) || term < partner->term_min_months)) {
        return false;
    }
    if (partner->capacity_fen_left != RQ_UNSET && partner->capacity_fen_left < amount) {
        return false;
    }
    for (size_t i = 0; i < partner->partner_count; i++) {
        if (strcmp(partner->partners[i], loan->institution_id) == 0) {
            return true;
        }
    }
    return partner->partner_count == 0;
}

static const rq_product *ref_partner(const world *w, const rq_need *need, unsigned kind,
                                     const rq_product *loan, int64_t amount, int64_t term, char *out_verdict)
{
    const rq_product *best = NULL;
    char best_verdict = 'n';
    for (int i = 0; i < w->product_count; i++) {
        const rq_product *p = &w->products[i];
        if (p->kind != kind || !ref_open(p, need) || !ref_backs(p, loan, amount, term)) {
            continue;
        }
        char verdict = ref_rules(p->rules, p->rule_count, need, false);
        if (verdict != 'n' && (best == NULL || ref_partner_before(p, verdict, best, best_verdict))) {
            best = p;
            best_verdict = verdict;
        }
    }
    *out_verdict = best_verdict;
    return best;
}

typedef struct ref_terms {
    int tier;
    int64_t max, term_max, amount, term, low, high;
    bool backed;
} ref_terms;

static int64_t ref_rate(const rq_rate *rate, int64_t end)
{
    if (rate->base == RQ_RATE_none || end == RQ_UNSET) {
        return RQ_UNSET;
    }
    int64_t value = end + (rate->base == RQ_RATE_lpr_1y ? LPR_1Y : rate->base == RQ_RATE_lpr_5y ? LPR_5Y : 0);
    return value > 0 ? value : 0;
}

static ref_terms ref_terms_of(const rq_product *p, int tier, const rq_need *need)
{
    ref_terms t = {tier,
                   p->amount_max_fen,
                   p->term_max_months,
                   need->amount_fen,
                   need->term_months,
                   0,
                   0,
                   p->guarantee == RQ_BACKING_required};
    rq_rate rate = p->rate;
    if (tier >= 0) {
        const rq_tier *x = &p->tiers[tier];
        if (x->amount_max_fen != RQ_UNSET) {
            t.max = x->amount_max_fen;
        }
        if (x->term_max_months != RQ_UNSET) {
            t.term_max = x->term_max_months;
        }
        if (x->rate.base != RQ_RATE_none) {
            rate = x->rate;
        }
        t.backed = t.backed || x->needs_guarantee;
    }
    t.low = ref_rate(&rate, rate.low_ppm);
    t.high = ref_rate(&rate, rate.high_ppm);
    if (t.amount < p->amount_min_fen) {
        t.amount = p->amount_min_fen;
    }
    if (t.amount > or_huge(t.max)) {
        t.amount = t.max;
    }
    if (p->capacity_fen_left != RQ_UNSET && t.amount > p->capacity_fen_left) {
        t.amount = p->capacity_fen_left;
    }
    if (t.term != RQ_UNSET && t.term < p->term_min_months) {
        t.term = p->term_min_months;
    }
    if (t.term != RQ_UNSET && t.term > or_huge(t.term_max)) {
        t.term = t.term_max;
    }
    return t;
}

static bool ref_better(const ref_terms *a, const ref_terms *b)
{
    if (or_huge(a->max) != or_huge(b->max)) {
        return or_huge(a->max) > or_huge(b->max);
    }
    if (or_huge(a->low) != or_huge(b->low)) {
        return or_huge(a->low) < or_huge(b->low);
    }
    return or_huge(a->high) < or_huge(b->high);
}

static ref_terms ref_choose(const world *w, const rq_product *p, const rq_need *need, bool *out_is_guess)
{
    ref_terms sure = ref_terms_of(p, -1, need), guess = sure;
    bool any_sure = false, any_guess = false;
    for (int i = 0; i < (int)p->tier_count; i++) {
        ref_terms t = ref_terms_of(p, i, need);
        char verdict = ref_rules(p->tiers[i].when, p->tiers[i].when_count, need, true);
        if (p->tiers[i].needs_guarantee && verdict != 'n') {
            char partner;
            (void)ref_partner(w, need, RQ_INDEX(kind, guarantee), p, t.amount, t.term, &partner);
            verdict = partner == 'n' ? 'n' : partner == '?' ? '?' : verdict;
        }
        if (verdict == 'y' && (!any_sure || ref_better(&t, &sure))) {
            sure = t;
            any_sure = true;
        }
        if (verdict == '?' && or_huge(t.max) >= need->amount_min_fen &&
            (!any_guess || ref_better(&t, &guess))) {
            guess = t;
            any_guess = true;
        }
    }
    *out_is_guess = any_guess && or_huge(sure.max) < need->amount_min_fen;
    return *out_is_guess ? guess : sure;
}

/* ---- programmes and cost ---- */

static int64_t ref_subsidy(const rq_programme *g, int64_t interest, int64_t rate, int64_t fee)
{
    int64_t money;
    if (g->type == RQ_PROGRAMME_fee_subsidy) {
        money = half_up(fee, g->share_ppm, 1000000);
    } else if (g->points_ppm != RQ_UNSET) {
        money = g->points_ppm >= rate ? interest : half_up(interest, g->points_ppm, rate);
    } else {
        money = half_up(interest, g->share_ppm, 1000000);
    }
    return money > or_huge(g->cap_fen) ? g->cap_fen : money;
}

static bool ref_programme_fits(const rq_programme *g, const rq_product *p, const rq_need *need)
{
    return (g->kinds == 0 || (g->kinds & (UINT64_C(1) << p->kind)) != 0) && g->valid_from <= need->as_of &&
           g->valid_to >= need->as_of && ref_regions(g->regions, g->region_count, need->region) &&
           ref_rules(g->rules, g->rule_count, need, false) == 'y';
}

/* What a kind of partner takes at the start of a year. */
static int64_t ref_backing(const rq_product *partner, int64_t owed)
{
    return partner != NULL ? half_up(owed, partner->fee_ppm, 1000000) : 0;
}

static int64_t ref_loan_cost(const world *w, const rq_need *need, int64_t term, row *r)
{
    ref_loan loan;
    int64_t flow[73] = {0}, interest[7] = {0}, backing[7] = {0};
    int years = (int)((term + 11) / 12);
    ref_schedule(r->amount, r->rate, term, r->repayment, &loan);
    flow[0] = r->amount;
    for (int64_t m = 1; m <= term; m++) {
        flow[m] -= loan.payment[m];
        interest[(m - 1) / 12] += loan.interest[m];
    }
    const rq_product *payers[3] = {r->product, r->guarantee, r->insurance};
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; payers[k] != NULL && i < payers[k]->fee_count; i++) {
            const rq_fee *fee = &payers[k]->fees[i];
            int64_t money = fee->basis == RQ_FEE_fixed ? fee->value : half_up(r->amount, fee->value, 1000000);
            for (int64_t m = 0; m < (fee->when == RQ_FEE_yearly ? term : 1); m += 12) {
                flow[m] -= money;
            }
        }
    }
    for (int y = 0; y < years; y++) {
        backing[y] =
            ref_backing(r->guarantee, loan.owed[12 * y]) + ref_backing(r->insurance, loan.owed[12 * y]);
        flow[12 * y] -= backing[y];
    }
    for (int type = RQ_PROGRAMME_interest_subsidy; type <= RQ_PROGRAMME_fee_subsidy; type++) {
        const rq_programme *best = NULL;
        int64_t most = 0;
        for (int i = 0; i < w->programme_count; i++) {
            const rq_programme *g = &w->programmes[i];
            int64_t money = 0;
            for (int y = 0; y < years && (int)g->type == type && ref_programme_fits(g, r->product, need);
                 y++) {
                money += ref_subsidy(g, interest[y], r->rate, backing[y]);
            }
            if (money > most || (money == most && best != NULL && money > 0 && strcmp(g->id, best->id) < 0)) {
                best = g;
                most = money;
            }
        }
        for (int y = 0; best != NULL && y < years; y++) {
            int64_t end = 12 * (y + 1) > term ? term : 12 * (y + 1);
            flow[end] += ref_subsidy(best, interest[y], r->rate, backing[y]);
        }
        if (best != NULL) {
            r->programmes[r->programme_count++] = best;
        }
    }
    return ref_irr(flow, term);
}

static int64_t ref_bridge_cost(const row *r, int64_t days)
{
    const rq_product *p = r->product;
    int64_t ppm = 0;
    if (p->day_fee_count == 0) {
        if (r->rate == RQ_UNSET) {
            return RQ_UNSET;
        }
        ppm = half_up(r->rate, days, 365);
    }
    for (int64_t day = 1; day <= days && p->day_fee_count > 0; day++) {
        size_t step = 0;
        while (step + 1 < p->day_fee_count && day > p->day_fees[step].up_to_day) {
            step++;
        }
        ppm += p->day_fees[step].ppm_per_day;
    }
    const rq_product *payers[3] = {p, r->guarantee, r->insurance};
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; payers[k] != NULL && i < payers[k]->fee_count; i++) {
            const rq_fee *fee = &payers[k]->fees[i];
            ppm += fee->basis == RQ_FEE_share ? fee->value : half_up(fee->value, 1000000, r->amount);
        }
        ppm += k > 0 && payers[k] != NULL ? payers[k]->fee_ppm : 0;
    }
    return half_up(ppm, 365, days);
}

static unsigned ref_repayment(const rq_product *p, const rq_need *need)
{
    for (unsigned m = 0; m < 5; m++) {
        bool offered = p->repayments == 0 || (p->repayments >> m & 1) == 1;
        if (offered && (need->repayments >> m & 1) == 1) {
            return m;
        }
    }
    if (need->repayments == 0 && (p->repayments == 0 || (p->repayments >> 2 & 1) == 1)) {
        return RQ_INDEX(repayment, interest_first);
    }
    unsigned first = 0;
    while ((p->repayments >> first & 1) == 0) {
        first++;
    }
    return first;
}

static void ref_pools(const world *w, const rq_need *need, row *r)
{
    char last[RQ_UUID_TEXT + 1] = "";
    for (;;) {
        const rq_programme *next = NULL; /* the lowest id above the last one */
        for (int i = 0; i < w->programme_count; i++) {
            const rq_programme *g = &w->programmes[i];
            bool is_kind = g->type == RQ_PROGRAMME_risk_pool || (g->type == RQ_PROGRAMME_bridge_fund &&
                                                                 r->product->kind == RQ_INDEX(kind, bridge));
            if (is_kind && strcmp(g->id, last) > 0 && (next == NULL || strcmp(g->id, next->id) < 0) &&
                ref_programme_fits(g, r->product, need)) {
                next = g;
            }
        }
        if (next == NULL || r->programme_count == 4) {
            return;
        }
        memcpy(last, next->id, sizeof last);
        r->programmes[r->programme_count++] = next;
    }
}

/* The cell of the need's size and province, else that of neither, else none. */
static const rq_record_cell *ref_cell(const rq_record *record, const rq_need *need)
{
    const rq_record_cell *whole = NULL;
    const rq_fact_value *size = &need->facts[RQ_FACT_size_class];
    for (size_t i = 0; i < record->cell_count; i++) {
        const rq_record_cell *cell = &record->cells[i];
        bool is_size = size->known ? cell->size > 0 && size->value == INT64_C(1) << (cell->size - 1) : cell->size == 0;
        if (cell->province == need->region / 10000 && is_size) {
            return cell;
        }
        whole = cell->province == 0 && cell->size == 0 ? cell : whole;
    }
    return whole;
}

static int64_t ref_score(const row *r, const rq_need *need, bool in_term, int64_t soft_yes, int64_t soft_all)
{
    rq_weights x = usual_weights();
    const rq_record *record = &r->product->record;
    int64_t score = 0;
    if (r->cost != RQ_UNSET && r->cost < x.cost_cap_ppm) {
        int64_t cost = r->cost < 0 ? 0 : r->cost;
        score += x.cost * INT64_C(1000000) * (x.cost_cap_ppm - cost) / x.cost_cap_ppm;
    }
    const rq_record_cell *cell = ref_cell(record, need);
    int64_t hours = cell != NULL && cell->median_hours != -1 ? cell->median_hours : record->median_hours;
    score += x.likelihood * (cell != NULL ? cell->likelihood_ppm
                                          : (record->approvals * INT64_C(1000000) +
                                             (int64_t)x.prior_ppm * x.prior_weight) /
                                                (record->answers + x.prior_weight));
    if (hours == RQ_UNSET) {
        score += x.speed * INT64_C(500000);
    } else if (hours < x.hours_cap) {
        score += x.speed * INT64_C(1000000) * (x.hours_cap - hours) / x.hours_cap;
    }
    int64_t met = r->amount > need->amount_fen ? need->amount_fen : r->amount;
    int64_t fit = 500000 * met / need->amount_fen + (in_term ? 200000 : 0);
    uint64_t wished = need->repayments != 0 ? need->repayments : 31;
    fit += (wished & r->product->repayments) != 0 ? 100000 : 0;
    fit += soft_all == 0 ? 200000 : 200000 * soft_yes / soft_all;
    score += x.fit * fit;
    score += x.service * (record->fulfilled_ppm == -1 ? INT64_C(500000) : record->fulfilled_ppm);
    return score;
}

static void ref_count(row *r, char verdict, unsigned repair, bool *hopeless)
{
    r->fails += verdict == 'n';
    r->unknowns += verdict == '?';
    *hopeless = *hopeless || (verdict == 'n' && repair == RQ_INDEX(repair, nobody));
}

static char ref_bound(int64_t value, int64_t min, int64_t max)
{
    return value == RQ_UNSET ? '?' : value >= min && value <= max ? 'y' : 'n';
}

static void ref_price(const world *w, const rq_need *need, const ref_terms *t, row *r)
{
    const rq_product *p = r->product;
    bool is_bridge = p->kind == RQ_INDEX(kind, bridge), is_equity = p->kind == RQ_INDEX(kind, equity);
    r->repayment = ref_repayment(p, need);
    r->rate = is_equity ? RQ_UNSET : t->high != RQ_UNSET ? t->high : t->low;
    bool complete = (r->guarantee == NULL || r->guarantee->fee_ppm != RQ_UNSET) &&
                    (r->insurance == NULL || r->insurance->fee_ppm != RQ_UNSET);
    if (is_bridge && complete && need->term_days != RQ_UNSET) {
        int64_t days = need->term_days < p->term_min_days            ? p->term_min_days
                       : need->term_days > or_huge(p->term_max_days) ? p->term_max_days
                                                                     : need->term_days;
        r->cost = ref_bridge_cost(r, days);
    } else if (!is_bridge && complete && r->rate != RQ_UNSET && t->term != RQ_UNSET) {
        r->cost = ref_loan_cost(w, need, t->term, r);
    }
}

row ref_evaluate(const world *w, const rq_product *p, const rq_need *need)
{
    row r = {.class = -1, .product = p, .cost = RQ_UNSET, .rate = RQ_UNSET};
    bool guess, hopeless = false, in_term = true;
    const unsigned self = RQ_INDEX(repair, enterprise), guarantor = RQ_INDEX(repair, guarantor);
    ref_terms t = ref_choose(w, p, need, &guess);
    bool is_bridge = p->kind == RQ_INDEX(kind, bridge), is_equity = p->kind == RQ_INDEX(kind, equity);
    r.tier = t.tier;
    r.amount = t.amount;
    if (p->amount_min_fen != RQ_UNSET) {
        ref_count(&r, need->amount_fen >= p->amount_min_fen ? 'y' : 'n', self, &hopeless);
    }
    if (t.max != RQ_UNSET) {
        ref_count(&r, guess ? '?' : need->amount_min_fen <= t.max ? 'y' : 'n', self, &hopeless);
    }
    int64_t asked = is_bridge ? need->term_days : need->term_months;
    int64_t shortest = is_bridge ? p->term_min_days : p->term_min_months;
    int64_t longest = is_bridge ? p->term_max_days : t.term_max;
    if (shortest != RQ_UNSET) {
        char verdict = ref_bound(asked, shortest, INT64_MAX);
        ref_count(&r, verdict, self, &hopeless);
        in_term = in_term && verdict == 'y';
    }
    if (longest != RQ_UNSET) {
        char verdict = ref_bound(asked, 0, longest);
        ref_count(&r, verdict, self, &hopeless);
        in_term = in_term && verdict == 'y';
    }
    if (!is_equity && need->max_rate_ppm != RQ_UNSET && t.low != RQ_UNSET) {
        ref_count(&r, t.low <= need->max_rate_ppm ? 'y' : 'n', self, &hopeless);
    }
    if (need->repayments != 0 && p->repayments != 0) {
        ref_count(&r, (need->repayments & p->repayments) != 0 ? 'y' : 'n', self, &hopeless);
    }
    int64_t soft_yes = 0, soft_all = 0;
    for (size_t i = 0; i < p->rule_count; i++) {
        char verdict = ref_rule(&p->rules[i], need);
        if (p->rules[i].hard) {
            ref_count(&r, verdict, p->rules[i].repair, &hopeless);
        } else {
            soft_all += p->rules[i].weight;
            soft_yes += verdict == 'y' ? p->rules[i].weight : 0;
        }
    }
    for (size_t i = 0; guess && i < p->tiers[t.tier].when_count; i++) {
        r.unknowns += ref_rule(&p->tiers[t.tier].when[i], need) == '?';
    }
    char verdict;
    if (t.backed) {
        r.guarantee = ref_partner(w, need, RQ_INDEX(kind, guarantee), p, t.amount, t.term, &verdict);
        ref_count(&r, verdict, guarantor, &hopeless);
    }
    if (p->insurance == RQ_BACKING_required) {
        r.insurance = ref_partner(w, need, RQ_INDEX(kind, insurance), p, t.amount, t.term, &verdict);
        ref_count(&r, verdict, guarantor, &hopeless);
    }
    if (r.fails > 2 || hopeless) {
        return r;
    }
    r.class = r.fails > 0 ? RQ_NEAR_MISS : r.unknowns > 0 ? RQ_NEEDS_FACTS : RQ_ELIGIBLE;
    ref_price(w, need, &t, &r);
    ref_pools(w, need, &r);
    r.score = ref_score(&r, need, in_term, soft_yes, soft_all);
    return r;
}

int ref_order(const void *a, const void *b)
{
    const row *x = a, *y = b;
    if (x->class != y->class) {
        return x->class < y->class ? -1 : 1;
    }
    if (x->class == RQ_NEAR_MISS && x->fails != y->fails) {
        return x->fails < y->fails ? -1 : 1;
    }
    if (x->score != y->score) {
        return x->score > y->score ? -1 : 1;
    }
    if (or_huge(x->cost) != or_huge(y->cost)) {
        return or_huge(x->cost) < or_huge(y->cost) ? -1 : 1;
    }
    return strcmp(x->product->id, y->product->id);
}
