/* The score: published, versioned weights over five parts, 100 points in all, in whole numbers.
 *
 * Published rules, w being the part's weight in points:
 *   cost        w x (cap - cost) / cap; nothing at or above the cap or without an all-in cost, w for a
 *               cost below zero
 *   likelihood  w x (approvals + prior x prior weight) / (answers + prior weight), of the institution as a
 *               whole; where there are answers to needs of the kind, w x what is published for the need's
 *               kind, size and province, else for the kind
 *   speed       w x (cap - median hours) / cap, likewise; without a measured time w / 2, whatever is promised
 *   fit         w x (50 % of the share of the amount that is met, 20 % for a term within bounds, 10 % for
 *               a wished repayment that the product publishes, 20 % of the weight of the soft rules that
 *               pass, all of it without soft rules)
 *   service     w x share of accepted offers that became money; unknown: w / 2
 * It says how a product fits a need. It is no credit rating of anybody. */
#include <assert.h>

#include "session.h"

/* w x share of the cap that is left. */
static int64_t below_cap(int64_t points, int64_t value, int64_t cap)
{
    if (value >= cap) {
        return 0;
    }
    int64_t left = value < 0 ? cap : cap - value;
    return points * RQ_MATCH_PPM * left / cap;
}

/* The cell with a key; null when there is none. */
static const rq_record_cell *find_cell(const rq_record *record, uint32_t key)
{
    size_t low = 0, high = record->cell_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rq_record_key(&record->cells[middle]) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < record->cell_count && rq_record_key(&record->cells[low]) == key ? &record->cells[low] : NULL;
}

/* The cell that answers for a need: its own, else the kind's as a whole, else none. */
static const rq_record_cell *cell_for(const rq_record *record, uint32_t key)
{
    const rq_record_cell *cell = find_cell(record, key);
    return cell != NULL ? cell : find_cell(record, 0);
}

static int64_t likelihood(const rq_weights *weights, const rq_record *record, const rq_record_cell *cell)
{
    if (cell != NULL) {
        return (int64_t)weights->likelihood * cell->likelihood_ppm;
    }
    int64_t trials = (int64_t)record->answers + weights->prior_weight;
    if (trials == 0) {
        return (int64_t)weights->likelihood * weights->prior_ppm;
    }
    int64_t yes =
        (int64_t)record->approvals * RQ_MATCH_PPM + (int64_t)weights->prior_ppm * weights->prior_weight;
    return weights->likelihood * (yes / trials);
}

static int64_t speed(const rq_weights *weights, const rq_record *record, const rq_record_cell *cell)
{
    int64_t hours = cell != NULL && cell->median_hours >= 0 ? cell->median_hours : record->median_hours;
    if (hours == RQ_UNSET) {
        return (int64_t)weights->speed * RQ_MATCH_PPM / 2;
    }
    return below_cap(weights->speed, hours, weights->hours_cap);
}

static int64_t service(const rq_weights *weights, const rq_record *record)
{
    if (record->fulfilled_ppm < 0) {
        return (int64_t)weights->service * RQ_MATCH_PPM / 2;
    }
    return (int64_t)weights->service * record->fulfilled_ppm;
}

static int64_t merit(const rq_weights *weights, const rq_record *record, const rq_record_cell *cell)
{
    return likelihood(weights, record, cell) + speed(weights, record, cell) + service(weights, record);
}

int64_t rq_score_of_record(const rq_session *session, const rq_row *row)
{
    if ((row->flags & RQ_ROW_HAS_CELLS) == 0) {
        return row->merit;
    }
    const rq_record record = rq_row_record_read(session->pool, rq_row_label_of(row));
    return merit(&session->catalogue->frame.weights, &record, cell_for(&record, session->cell_key));
}

int64_t rq_score_of_cost(const rq_frame *frame, int64_t cost_ppm)
{
    return cost_ppm == RQ_UNSET ? 0 : below_cap(frame->weights.cost, cost_ppm, frame->weights.cost_cap_ppm);
}

static_assert(RQ_MATCH_AMOUNT_MAX_FEN <= INT64_MAX / 500000, "half of the fit fits 64 bits");
int64_t rq_score_of_fit(const rq_session *session, const rq_row *row, const rq_fit *fit)
{
    const rq_need *need = session->need;
    int64_t met = fit->amount_fen < need->amount_fen ? fit->amount_fen : need->amount_fen;
    int64_t share = 500000 * met / need->amount_fen;
    bool is_offered =
        need->repayments != 0 ? (need->repayments & row->repayments) != 0 : row->repayments != 0;
    share += fit->is_in_term ? 200000 : 0;
    share += is_offered ? 100000 : 0;
    share += fit->soft_total > 0 ? 200000 * fit->soft_passed / fit->soft_total : 200000;
    return session->catalogue->frame.weights.fit * share;
}

static rq_fit fit_of(const rq_package *package)
{
    rq_fit fit = {.amount_fen = package->amount_fen, .is_in_term = true};
    for (size_t i = 0; i < package->check_count; i++) {
        const rq_check *check = &package->checks[i];
        if (!check->hard) {
            fit.soft_total += check->rule->weight;
            fit.soft_passed += check->verdict == RQ_PASS ? check->rule->weight : 0;
        }
        if (check->source == RQ_CHECK_term_min || check->source == RQ_CHECK_term_max) {
            fit.is_in_term = fit.is_in_term && check->verdict == RQ_PASS;
        }
    }
    return fit;
}

void rq_package_score(const rq_session *session, const rq_row *row, rq_package *package)
{
    const rq_frame *frame = &session->catalogue->frame;
    const rq_record record = rq_row_record_read(session->pool, rq_row_label_of(row));
    const rq_record_cell *cell = cell_for(&record, session->cell_key);
    const rq_fit fit = fit_of(package);
    package->parts_ppm[0] = rq_score_of_cost(frame, package->cost_ppm);
    package->parts_ppm[1] = likelihood(&frame->weights, &record, cell);
    package->parts_ppm[2] = speed(&frame->weights, &record, cell);
    package->parts_ppm[3] = rq_score_of_fit(session, row, &fit);
    package->parts_ppm[4] = service(&frame->weights, &record);
    package->score_ppm = 0;
    for (size_t i = 0; i < RQ_SCORE_PARTS; i++) {
        package->score_ppm += package->parts_ppm[i];
    }
}

/* ---- the bound ----
 *
 * Without programmes no loan costs less than its rate: fees only add to it, whatever the repayment, but
 * for one: where all is paid at maturity interest bears none, and the cost is at least
 * rate / (1 + rate x months / 24). Rounding to whole fen takes less than 48 fen a year from it. */

enum { BULLET_MONTHS = 12 };

/* Whether it may be priced as all at maturity though nobody wishes that. */
static bool is_bullet(const rq_row *row)
{
    uint64_t others = RQ_BIT(repayment, bullet) | RQ_BIT(repayment, revolving);
    return (row->repayments & RQ_BIT(repayment, bullet)) != 0 && (row->repayments & ~others) == 0;
}

static int64_t least_cost(const rq_row *row, int64_t rate_ppm, int64_t term_months)
{
    if (rate_ppm == RQ_UNSET || !is_bullet(row)) {
        return rate_ppm;
    }
    if (term_months == RQ_UNSET || term_months > BULLET_MONTHS) {
        return 0;
    }
    return rate_ppm * (24 * (int64_t)RQ_MATCH_PPM) / (24 * (int64_t)RQ_MATCH_PPM + rate_ppm * BULLET_MONTHS) -
           1;
}

/* The cheapest of its terms before fees and programmes, as points. */
static int64_t best_cost(const rq_pool *pool, const rq_frame *frame, const rq_row *row)
{
    const rq_rate own = rq_row_rate(row);
    int64_t cost = least_cost(row, rq_rate_charged(frame, row->kind, &own), rq_row_term_max(row));
    int64_t best = rq_score_of_cost(frame, cost);
    for (size_t i = 0; i < rq_row_tier_count(pool, row); i++) {
        const rq_tier *tier = rq_row_tier(pool, row, i);
        const rq_rate *rate = tier->rate.base != RQ_RATE_none ? &tier->rate : &own;
        int64_t term = tier->term_max_months != RQ_UNSET ? tier->term_max_months : rq_row_term_max(row);
        cost = least_cost(row, rq_rate_charged(frame, row->kind, rate), term);
        best = rq_score_of_cost(frame, cost) > best ? rq_score_of_cost(frame, cost) : best;
    }
    return row->kind == RQ_INDEX(kind, bridge) ? (int64_t)frame->weights.cost * RQ_MATCH_PPM : best;
}

/* Over all needs. */
static int64_t most_merit(const rq_weights *weights, const rq_record *record)
{
    int64_t most = merit(weights, record, NULL);
    for (size_t i = 0; i < record->cell_count; i++) {
        int64_t of_cell = merit(weights, record, &record->cells[i]);
        most = of_cell > most ? of_cell : most;
    }
    return most;
}

void rq_packed_weigh(const rq_pool *pool, const rq_frame *frame, rq_packed *packed)
{
    rq_row *row = &packed->row;
    if (row->kind == RQ_INDEX(kind, guarantee) || row->kind == RQ_INDEX(kind, insurance)) {
        const rq_row_more *more = rq_row_more_of(pool, row);
        row->bound = more->fee_ppm >= 0 ? INT32_MAX - more->fee_ppm : 0;
        row->merit = more->coverage_ppm;
        return;
    }
    const rq_record record = rq_row_record_read(pool, &packed->label);
    row->merit = (int32_t)most_merit(&frame->weights, &record);
    row->bound = (int32_t)(row->merit + best_cost(pool, frame, row));
}

/* Whether no rate below the loan's own, less what is paid back of the interest, can balance its flows. A
 * subsidy comes up to eleven months after what it is for, which at a negative rate of up to -90 % makes it
 * up to 2.55 times as heavy; repaid principal outweighs that while 1.52 x rate + 19.1 x fees < 1. */
static bool is_certain(int64_t rate_ppm, int64_t fee_ppm)
{
    return 152 * rate_ppm + 1910 * fee_ppm < 100 * (int64_t)RQ_MATCH_PPM;
}

/* What rounding to whole fen can take from a cost. */
static int64_t rounding_ppm(int64_t amount_fen)
{
    return 48 * (int64_t)RQ_MATCH_PPM / amount_fen + 3;
}

static int64_t reduced(const rq_relief *relief, int64_t rate_ppm, int64_t amount_fen)
{
    int64_t share = rq_scaled(rate_ppm, relief->share_ppm, RQ_MATCH_PPM) + 1;
    return rate_ppm - (share > relief->points_ppm ? share : relief->points_ppm) - rounding_ppm(amount_fen);
}

rq_relief rq_score_relief(const rq_session *session, const rq_block *block)
{
    const rq_weights *weights = &session->catalogue->frame.weights;
    int64_t whole = (int64_t)weights->cost * RQ_MATCH_PPM;
    unsigned kind = block->rows[0].kind;
    rq_relief relief = {.gain = whole};
    if ((session->need->repayments & RQ_BIT(repayment, bullet)) != 0) {
        return relief;
    }
    for (size_t i = 0; i < session->programme_count; i++) {
        const rq_programme *programme = session->programmes[i];
        if (programme->type > RQ_PROGRAMME_fee_subsidy ||
            (programme->kinds != 0 && (programme->kinds >> kind & 1) == 0)) {
            continue;
        }
        bool is_interest = programme->type == RQ_PROGRAMME_interest_subsidy;
        if (!is_interest && programme->share_ppm > relief.fee_share_ppm) {
            relief.fee_share_ppm = programme->share_ppm;
        }
        if (!is_certain(block->highest_ppm, is_interest ? 0 : session->catalogue->highest_fee_ppm)) {
            return relief;
        }
        if (is_interest && programme->share_ppm > relief.share_ppm) {
            relief.share_ppm = programme->share_ppm; /* RQ_UNSET is below every share */
        }
        if (is_interest && programme->points_ppm > relief.points_ppm) {
            relief.points_ppm = programme->points_ppm;
        }
    }
    int64_t amount =
        session->need->amount_fen < block->smallest_fen ? session->need->amount_fen : block->smallest_fen;
    int64_t lost = block->highest_ppm - reduced(&relief, block->highest_ppm, amount);
    int64_t gain = whole * lost / weights->cost_cap_ppm + 2;
    relief.gain = gain < whole ? gain : whole;
    relief.is_certain = gain < whole;
    return relief;
}

/* Whether the rate and the fees tell the least that a loan can cost. */
static bool is_foreseen(const rq_row *row, const rq_relief *relief)
{
    return relief->is_certain && !is_bullet(row) && row->kind != RQ_INDEX(kind, bridge);
}

int64_t rq_score_most(const rq_session *session, const rq_row *row, const rq_terms *terms,
                      const rq_relief *relief)
{
    const rq_frame *frame = &session->catalogue->frame;
    int64_t rate_ppm = rq_rate_charged(frame, row->kind, &terms->rate);
    if (!is_foreseen(row, relief)) {
        return row->bound - row->merit + relief->gain;
    }
    return rate_ppm == RQ_UNSET ? 0 : rq_score_of_cost(frame, reduced(relief, rate_ppm, terms->amount_fen));
}

/* A year's share of the amount. */
static int64_t fees_ppm(const rq_pool *pool, rq_ref ref, const rq_terms *terms)
{
    const rq_row_fees *fees = rq_pool_at(pool, ref);
    int64_t upfront = 0, yearly = 0;
    for (size_t i = 0; fees != NULL && i < fees->count; i++) {
        const rq_fee *fee = &fees->first[i];
        int64_t ppm =
            fee->basis == RQ_FEE_share ? fee->value : rq_scaled(RQ_MATCH_PPM, fee->value, terms->amount_fen);
        *(fee->when == RQ_FEE_upfront ? &upfront : &yearly) += ppm > 0 ? ppm - 1 : 0;
    }
    return upfront * 12 / terms->term_months + yearly;
}

/* At a rate y >= 0 a month a loan at r balances when y = r + (fees - what comes back) / balances, each by its
 * present value. The balances' is at most term x amount, and in a year at most 12 x the balance that it began
 * with, on which yearly fees fall; what comes back of the interest or of a fee comes later than it was paid.
 */
int64_t rq_score_most_backed(const rq_session *session, const rq_draft *draft, const rq_relief *relief)
{
    const rq_frame *frame = &session->catalogue->frame;
    const rq_row *row = draft->row, *partners[2] = {draft->guarantee, draft->insurance};
    const rq_terms *terms = &draft->terms;
    int64_t rate_ppm = rq_rate_charged(frame, row->kind, &terms->rate);
    if (!is_foreseen(row, relief) || rate_ppm == RQ_UNSET || terms->term_months == RQ_UNSET) {
        return INT64_MAX;
    }
    int64_t cost_ppm = reduced(relief, rate_ppm, terms->amount_fen);
    if (cost_ppm < 0) {
        return INT64_MAX;
    }
    cost_ppm += fees_ppm(session->pool, row->fees, terms);
    for (size_t i = 0; i < 2; i++) {
        if (partners[i] != NULL) {
            int64_t fee_ppm = rq_row_more_of(session->pool, partners[i])->fee_ppm;
            if (fee_ppm < 0) {
                return 0; /* not published: no cost */
            }
            cost_ppm += fees_ppm(session->pool, partners[i]->fees, terms);
            cost_ppm += fee_ppm - rq_scaled(fee_ppm, relief->fee_share_ppm, RQ_MATCH_PPM);
        }
    }
    return rq_score_of_cost(frame, cost_ppm - rounding_ppm(terms->amount_fen));
}
