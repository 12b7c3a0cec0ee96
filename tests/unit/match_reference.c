#include "match_reference.h"
#include "match_reference_judge.h"
#include "match_reference_price.h"

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
    bool fits = ref_at_most(partner, REF_partner_amount_max, amount, partner->amount_max_fen) == 'y';
    fits = ref_at_least(partner, REF_partner_amount_min, amount, partner->amount_min_fen) == 'y' && fits;
    if (term != RQ_UNSET) {
        fits = ref_at_most(partner, REF_partner_term_max, term, partner->term_max_months) == 'y' && fits;
        fits = ref_at_least(partner, REF_partner_term_min, term, partner->term_min_months) == 'y' && fits;
    }
    if (partner->capacity_fen_left != RQ_UNSET) {
        fits = ref_at_least(partner, REF_partner_capacity, partner->capacity_fen_left, amount) == 'y' && fits;
    }
    bool is_named = partner->partner_count == 0;
    for (size_t i = 0; i < partner->partner_count; i++) {
        is_named = is_named || strcmp(partner->partners[i], loan->institution_id) == 0;
    }
    return ref_holds(partner, REF_lender, is_named) && fits;
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
        char verdict = ref_rules(p->rules, p->rule_count, need, REF_partner);
        if (verdict != 'n' && (best == NULL || ref_partner_before(p, verdict, best, best_verdict))) {
            best = p;
            best_verdict = verdict;
        }
    }
    bool guarantees = kind == RQ_INDEX(kind, guarantee);
    *out_verdict =
        ref_say(loan, guarantees ? REF_guarantee : REF_insurance, RQ_UNSET, RQ_UNSET, best_verdict);
    return best;
}

static int64_t ref_rate(const world *w, const rq_rate *rate, int64_t end)
{
    if (rate->base == RQ_RATE_none || end == RQ_UNSET) {
        return RQ_UNSET;
    }
    int64_t value = end;
    value += rate->base == RQ_RATE_lpr_1y ? w->lpr_1y_ppm : rate->base == RQ_RATE_lpr_5y ? w->lpr_5y_ppm : 0;
    return value < 0 ? 0 : value > 1000000 ? 1000000 : value;
}

static ref_terms ref_terms_of(const world *w, const rq_product *p, int tier, const rq_need *need)
{
    ref_terms t = {tier,
                   p->amount_max_fen,
                   p->term_max_months,
                   need->amount_fen,
                   need->term_months,
                   0,
                   0,
                   p->guarantee == RQ_BACKING_required,
                   RQ_RATE_none,
                   p,
                   p,
                   p};
    rq_rate rate = p->rate;
    if (tier >= 0) {
        const rq_tier *x = &p->tiers[tier];
        if (x->amount_max_fen != RQ_UNSET) {
            t.max = x->amount_max_fen;
            t.max_of = x;
        }
        if (x->term_max_months != RQ_UNSET) {
            t.term_max = x->term_max_months;
            t.term_max_of = x;
        }
        if (x->rate.base != RQ_RATE_none) {
            rate = x->rate;
            t.rate_of = x;
        }
        t.backed = t.backed || x->needs_guarantee;
    }
    t.base = rate.base;
    t.low = ref_rate(w, &rate, rate.low_ppm);
    t.high = ref_rate(w, &rate, rate.high_ppm);
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
    ref_terms sure = ref_terms_of(w, p, -1, need), guess = sure;
    bool any_sure = false, any_guess = false;
    for (int i = 0; i < (int)p->tier_count; i++) {
        ref_terms t = ref_terms_of(w, p, i, need);
        char verdict = ref_rules(p->tiers[i].when, p->tiers[i].when_count, need, REF_tier);
        if (p->tiers[i].needs_guarantee && verdict != 'n') {
            char partner;
            (void)ref_partner(w, need, RQ_INDEX(kind, guarantee), p, t.amount, t.term, &partner);
            verdict = partner == 'n' ? 'n' : partner == '?' ? '?' : verdict;
        }
        if (verdict == 'y' && (!any_sure || ref_better(&t, &sure))) {
            sure = t;
            any_sure = true;
        }
        bool may_carry = verdict == '?' &&
                         ref_at_most(&p->tiers[i], REF_guess_amount_max, need->amount_min_fen, t.max) == 'y';
        if (may_carry && (!any_guess || ref_better(&t, &guess))) {
            guess = t;
            any_guess = true;
        }
    }
    *out_is_guess =
        any_guess && ref_at_most(sure.max_of, REF_sure_amount_max, need->amount_min_fen, sure.max) == 'n';
    return *out_is_guess ? guess : sure;
}

static void ref_count(row *r, char verdict, unsigned repair, bool *hopeless)
{
    r->fails += verdict == 'n';
    r->unknowns += verdict == '?';
    *hopeless = *hopeless || (verdict == 'n' && repair == RQ_INDEX(repair, nobody));
}

/* The conditions that come with the terms; whether the term is within bounds. */
static bool ref_bounds(const rq_product *p, const rq_need *need, const ref_terms *t, bool guess, row *r)
{
    const unsigned self = RQ_INDEX(repair, enterprise);
    bool is_bridge = p->kind == RQ_INDEX(kind, bridge), is_equity = p->kind == RQ_INDEX(kind, equity);
    bool in_term = true, hopeless = false;
    if (p->amount_min_fen != RQ_UNSET) {
        char verdict = ref_at_least(p, REF_amount_min, need->amount_fen, p->amount_min_fen);
        ref_count(r, verdict, self, &hopeless);
    }
    if (t->max != RQ_UNSET) {
        ref_condition own = t->max_of == p ? REF_amount_max : REF_tier_amount_max;
        ref_count(r, guess ? '?' : ref_at_most(t->max_of, own, need->amount_min_fen, t->max), self,
                  &hopeless);
    }
    int64_t asked = is_bridge ? need->term_days : need->term_months;
    int64_t shortest = is_bridge ? p->term_min_days : p->term_min_months;
    int64_t longest = is_bridge ? p->term_max_days : t->term_max;
    if (shortest != RQ_UNSET) {
        char verdict = ref_at_least(p, is_bridge ? REF_days_min : REF_term_min, asked, shortest);
        ref_count(r, verdict, self, &hopeless);
        in_term = in_term && verdict == 'y';
    }
    if (longest != RQ_UNSET) {
        ref_condition own = t->term_max_of == p ? REF_term_max : REF_tier_term_max;
        char verdict = is_bridge ? ref_at_most(p, REF_days_max, asked, longest)
                                 : ref_at_most(t->term_max_of, own, asked, longest);
        ref_count(r, verdict, self, &hopeless);
        in_term = in_term && verdict == 'y';
    }
    if (!is_equity && need->max_rate_ppm != RQ_UNSET && t->low != RQ_UNSET) {
        ref_condition base = t->base == RQ_RATE_fixed    ? REF_rate_fixed
                             : t->base == RQ_RATE_lpr_1y ? REF_rate_lpr_1y
                                                         : REF_rate_lpr_5y;
        ref_count(r, ref_at_least(t->rate_of, base, need->max_rate_ppm, t->low), self, &hopeless);
    }
    if (need->repayments != 0 && p->repayments != 0) {
        bool offered = ref_holds(p, REF_repayment, (need->repayments & p->repayments) != 0);
        ref_count(r, offered ? 'y' : 'n', self, &hopeless);
    }
    return in_term;
}

row ref_evaluate(const world *w, const rq_product *p, const rq_need *given)
{
    rq_need whole = *given;
    const rq_need *need = &whole;
    if (whole.amount_min_fen == RQ_UNSET) {
        whole.amount_min_fen = whole.amount_fen; /* all or nothing */
    }
    row r = {.class = -1, .product = p, .cost = RQ_UNSET, .rate = RQ_UNSET};
    bool guess, hopeless = false;
    const unsigned guarantor = RQ_INDEX(repair, guarantor);
    if ((need->kinds >> p->kind & 1) == 0 || !ref_open(p, need)) {
        return r;
    }
    r.is_open = true;
    ref_terms t = ref_choose(w, p, need, &guess);
    r.tier = t.tier;
    r.amount = t.amount;
    bool in_term = ref_bounds(p, need, &t, guess, &r);
    int64_t soft_yes = 0, soft_all = 0;
    for (size_t i = 0; i < p->rule_count; i++) {
        const rq_rule *rule = &p->rules[i];
        bool is_final = rule->repair == RQ_INDEX(repair, nobody);
        char verdict = ref_rule(rule, need, !rule->hard ? REF_soft : is_final ? REF_final : REF_hard);
        if (rule->hard) {
            ref_count(&r, verdict, rule->repair, &hopeless);
        } else {
            soft_all += rule->weight;
            soft_yes += verdict == 'y' ? rule->weight : 0;
        }
    }
    for (size_t i = 0; guess && i < p->tiers[t.tier].when_count; i++) {
        r.unknowns += ref_rule(&p->tiers[t.tier].when[i], need, REF_tier) == '?';
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
    ref_score(&w->weights, &r, need, in_term, soft_yes, soft_all);
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
