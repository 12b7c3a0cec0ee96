/* The score: published, versioned weights over five parts, 100 points in all, in whole numbers.
 *
 * Published rules, w being the part's weight in points:
 *   cost        w x (cap - cost) / cap; nothing at or above the cap or without an all-in cost, w for a
 *               cost below zero
 *   likelihood  w x (approvals + prior x prior weight) / (answers + prior weight)
 *   speed       w x (cap - median hours) / cap; without a measured time w / 2, whatever is promised
 *   fit         w x (50 % of the share of the amount that is met, 20 % for a term within bounds, 10 % for
 *               a wished repayment that the product publishes, 20 % of the weight of the soft rules that
 *               pass, all of it without soft rules)
 *   service     w x share of accepted offers that became money; unknown: w / 2
 * It says how a product fits a need. It is no credit rating of anybody. */
#include "internal.h"

/* w x share of the cap that is left. */
static int64_t below_cap(int64_t points, int64_t value, int64_t cap)
{
    if (value >= cap) {
        return 0;
    }
    int64_t left = value < 0 ? cap : cap - value;
    return points * RQ_MATCH_PPM * left / cap;
}

static int64_t likelihood(const rq_weights *weights, const rq_record *record)
{
    int64_t trials = (int64_t)record->answers + weights->prior_weight;
    if (trials == 0) {
        return (int64_t)weights->likelihood * weights->prior_ppm;
    }
    int64_t yes =
        (int64_t)record->approvals * RQ_MATCH_PPM + (int64_t)weights->prior_ppm * weights->prior_weight;
    return weights->likelihood * (yes / trials);
}

static int64_t speed(const rq_weights *weights, const rq_record *record)
{
    if (record->median_hours == RQ_UNSET) {
        return (int64_t)weights->speed * RQ_MATCH_PPM / 2;
    }
    return below_cap(weights->speed, record->median_hours, weights->hours_cap);
}

static int64_t service(const rq_weights *weights, const rq_record *record)
{
    if (record->fulfilled_ppm < 0) {
        return (int64_t)weights->service * RQ_MATCH_PPM / 2;
    }
    return (int64_t)weights->service * record->fulfilled_ppm;
}

static int64_t soft_share(const rq_package *package, int64_t whole)
{
    int64_t passed = 0, total = 0;
    for (size_t i = 0; i < package->check_count; i++) {
        const rq_check *check = &package->checks[i];
        if (!check->hard) {
            total += check->rule->weight;
            passed += check->verdict == RQ_PASS ? check->rule->weight : 0;
        }
    }
    return total > 0 ? whole * passed / total : whole;
}

static int64_t fit_ppm(const rq_need *need, const rq_package *package)
{
    int64_t met = package->amount_fen < need->amount_fen ? package->amount_fen : need->amount_fen;
    int64_t fit = (int64_t)(((__int128)500000 * met) / need->amount_fen);
    bool is_in_term = true;
    for (size_t i = 0; i < package->check_count; i++) {
        const rq_check *check = &package->checks[i];
        if (check->source == RQ_CHECK_term_min || check->source == RQ_CHECK_term_max) {
            is_in_term = is_in_term && check->verdict == RQ_PASS;
        }
    }
    uint64_t offered = package->product->repayments;
    bool is_offered = need->repayments != 0 ? (need->repayments & offered) != 0 : offered != 0;
    return fit + (is_in_term ? 200000 : 0) + (is_offered ? 100000 : 0) + soft_share(package, 200000);
}

void rq_package_score(const rq_session *session, rq_package *package)
{
    const rq_weights *weights = &session->catalogue->weights;
    const rq_record *record = &package->product->record;
    int64_t cost = package->cost_ppm;
    package->parts_ppm[0] = cost == RQ_UNSET ? 0 : below_cap(weights->cost, cost, weights->cost_cap_ppm);
    package->parts_ppm[1] = likelihood(weights, record);
    package->parts_ppm[2] = speed(weights, record);
    package->parts_ppm[3] = weights->fit * fit_ppm(session->need, package);
    package->parts_ppm[4] = service(weights, record);
    package->score_ppm = 0;
    for (size_t i = 0; i < RQ_SCORE_PARTS; i++) {
        package->score_ppm += package->parts_ppm[i];
    }
}
