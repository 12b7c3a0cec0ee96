#include "match_reference_price.h"
#include "match_reference_judge.h"
#include "match_reference_loan.h"

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
    bool kind = ref_holds(g, REF_programme_kind, g->kinds == 0 || (g->kinds & (UINT64_C(1) << p->kind)) != 0);
    bool valid = ref_valid(g, REF_programme_from, g->valid_from, g->valid_to, need->as_of);
    bool here = ref_holds(g, REF_programme_region, ref_regions(g->regions, g->region_count, need->region));
    return ref_rules(g->rules, g->rule_count, need, REF_programme) == 'y' && kind && valid && here;
}

/* What a kind of partner takes at the start of a year. */
static int64_t ref_backing(const rq_product *partner, int64_t owed)
{
    return partner != NULL ? half_up(owed, partner->fee_ppm, 1000000) : 0;
}

static int64_t ref_loan_cost(const world *w, const rq_need *need, int64_t term, row *r)
{
    ref_loan loan;
    int64_t flow[361] = {0}, interest[30] = {0}, backing[30] = {0};
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
    __int128 ppm = 0, amount = r->amount;
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
            ppm += fee->basis == RQ_FEE_share ? (__int128)fee->value
                                              : ((__int128)fee->value * 2000000 + amount) / (2 * amount);
        }
        ppm += k > 0 && payers[k] != NULL ? payers[k]->fee_ppm : 0;
    }
    ppm = (ppm * 730 + days) / (2 * days);
    return ppm > 10000000 ? RQ_UNSET : (int64_t)ppm; /* 1000 % a year */
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

void ref_pools(const world *w, const rq_need *need, row *r)
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
        bool is_size =
            size->known ? cell->size > 0 && size->value == INT64_C(1) << (cell->size - 1) : cell->size == 0;
        if (cell->province == need->region / 10000 && is_size) {
            return cell;
        }
        whole = cell->province == 0 && cell->size == 0 ? cell : whole;
    }
    return whole;
}

static int64_t ref_likelihood(const rq_weights *x, const rq_record *record)
{
    if (record->answers + x->prior_weight == 0) {
        return x->prior_ppm;
    }
    return (record->approvals * INT64_C(1000000) + (int64_t)x->prior_ppm * x->prior_weight) /
           (record->answers + x->prior_weight);
}

void ref_score(const rq_weights *x, row *r, const rq_need *need, bool in_term, int64_t soft_yes,
               int64_t soft_all)
{
    const rq_record *record = &r->product->record;
    if (r->cost != RQ_UNSET && r->cost < x->cost_cap_ppm) {
        int64_t cost = r->cost < 0 ? 0 : r->cost;
        r->parts[0] = x->cost * INT64_C(1000000) * (x->cost_cap_ppm - cost) / x->cost_cap_ppm;
    }
    const rq_record_cell *cell = ref_cell(record, need);
    int64_t hours = cell != NULL && cell->median_hours != -1 ? cell->median_hours : record->median_hours;
    r->parts[1] = x->likelihood * (cell != NULL ? cell->likelihood_ppm : ref_likelihood(x, record));
    if (hours == RQ_UNSET) {
        r->parts[2] = x->speed * INT64_C(500000);
    } else if (hours < x->hours_cap) {
        r->parts[2] = x->speed * INT64_C(1000000) * (x->hours_cap - hours) / x->hours_cap;
    }
    int64_t met = r->amount > need->amount_fen ? need->amount_fen : r->amount;
    int64_t fit = (int64_t)((__int128)500000 * met / need->amount_fen) + (in_term ? 200000 : 0);
    uint64_t wished = need->repayments != 0 ? need->repayments : 31;
    fit += (wished & r->product->repayments) != 0 ? 100000 : 0;
    fit += soft_all == 0 ? 200000 : 200000 * soft_yes / soft_all;
    r->parts[3] = x->fit * fit;
    r->parts[4] = x->service * (record->fulfilled_ppm == -1 ? INT64_C(500000) : record->fulfilled_ppm);
    for (int i = 0; i < RQ_SCORE_PARTS; i++) {
        r->score += r->parts[i];
    }
}

void ref_price(const world *w, const rq_need *need, const ref_terms *t, row *r)
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
