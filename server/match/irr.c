/* The yearly rate that a list of cash flows amounts to: a whole number of ppm, halves up.
 *
 * It is the smallest k such that the balancing rate lies below k + 1/2, found by bisection: 24 present
 * values, whatever the flows. Where money comes first and is only paid back after it, there is one balancing
 * rate and one k (Descartes), so a quick estimate may name it if it then proves it: the present value at
 * k + 1/2 must be above zero and that at k - 1/2 not, by far more than the estimate's own rounding. Where a
 * subsidy comes in between, the sum of all flows so far must change its sign but once: then there is one
 * positive rate (Norstrom), and what the bisection would see at negative ones is looked at as well. */
#include <assert.h>

#include "internal.h"

enum { LOWEST_PPM = -900000, HIGHEST_PPM = 10000000, LANES = 4 };

/* Present value of the flows at a yearly rate of half_ppm / 2 millionths, by Horner's rule from the
 * last flow back. Only + - * / on doubles, so that every machine gets the same bits. */
static double present_value(const rq_cash_flow *flows, size_t count, int64_t half_ppm)
{
    double factor = 1.0 / (1.0 + (double)half_ppm / (2.0 * 12.0 * RQ_MATCH_PPM));
    double value = 0.0;
    for (size_t i = count; i-- > 0;) {
        value += (double)flows[i].fen;
        for (int32_t gap = flows[i].month - (i > 0 ? flows[i - 1].month : 0); gap > 0; gap--) {
            value *= factor;
        }
    }
    return value;
}

/* ---- the quick estimate ---- */

/* Money at month 0, then one flow a month. */
typedef struct monthly {
    double paid[(RQ_MATCH_TERM_MAX / LANES + 1) * LANES]; /* from month 1; below zero: received */
    size_t groups;                                        /* of LANES months */
    double received;
    double gross;
    double total;    /* of what is paid, less what is received */
    double months;   /* when, on average */
    bool is_one_way; /* nothing is received later */
} monthly;

/* False when the flows have another shape, or so little is received that rounding matters. */
static bool shape_of(const rq_cash_flow *flows, size_t count, monthly *out)
{
    if (count < 2 || count > RQ_MATCH_TERM_MAX + 1 || flows[0].month != 0 || flows[0].fen <= 0) {
        return false;
    }
    double total = 0.0, moment = 0.0, gross = 0.0;
    size_t turns = 0;
    bool owes = true; /* more was received than paid so far */
    out->received = (double)flows[0].fen;
    for (size_t i = 1; i < count; i++) {
        double paid = -(double)flows[i].fen;
        out->paid[i - 1] = paid;
        total += paid;
        moment += paid * (double)i;
        gross += paid < 0.0 ? -paid : paid;
        bool owes_now = total < out->received;
        turns += owes_now != owes;
        owes = owes_now;
        if (flows[i].month != (int32_t)i) {
            return false;
        }
    }
    out->groups = (count - 1 + LANES - 1) / LANES;
    for (size_t i = count - 1; i < out->groups * LANES; i++) {
        out->paid[i] = 0.0;
    }
    out->total = total;
    out->gross = out->received + gross;
    out->months = moment / total;
    out->is_one_way = gross == total;
    bool is_simple = out->is_one_way || (turns == 1 && total - out->received > 1e-6 * out->gross);
    return is_simple && total > 0.0 && moment > 0.0 && out->received * 1000.0 > out->gross;
}

/* What is received less the present value of what is paid. The lanes are summed apart, which a processor
 * can do at once; the order of the sums is fixed, so the bits are too. */
static double balance_at(const monthly *flows, double ppm)
{
    double factor = 1.0 / (1.0 + ppm / (12.0 * RQ_MATCH_PPM));
    double square = factor * factor, step = square * square;
    double lanes[LANES] = {0.0};
    for (size_t group = flows->groups; group-- > 0;) {
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes[lane] = lanes[lane] * step + flows->paid[group * LANES + lane];
        }
    }
    double paid = (lanes[0] + lanes[1] * factor) + (lanes[2] + lanes[3] * factor) * square;
    return flows->received - paid * factor;
}

/* A rate near the balancing one, in ppm: from the mean time of payment, then by secants. */
static double estimate(const monthly *flows)
{
    double excess = flows->total / flows->received - 1.0;
    double continuous = 2.0 * excess / (2.0 + excess) * 12.0 / flows->months;
    double rate = (continuous + continuous * continuous / 24.0) * RQ_MATCH_PPM;
    double slope = flows->received * flows->months / (12.0 * RQ_MATCH_PPM);
    double value = balance_at(flows, rate), next = rate - value / slope;
    for (int round = 0; round < 6; round++) {
        double moved = next - rate;
        if (!(next > LOWEST_PPM / 2.0 && next < HIGHEST_PPM / 2.0) || (moved < 0.05 && moved > -0.05)) {
            break;
        }
        double next_value = balance_at(flows, next);
        if (moved > 1.0 || moved < -1.0) {
            slope = (next_value - value) / moved;
        }
        rate = next;
        value = next_value;
        if (!(slope > 0.0)) {
            break;
        }
        next = rate - value / slope;
    }
    return next;
}

/* Whether the bisection ends at `ppm` as well, which is positive and the only such rate: at the negative
 * rates that it tries, what is paid must be worth more than what is received. */
static bool is_where_bisection_ends(const monthly *flows, int64_t ppm)
{
    int64_t low = LOWEST_PPM, high = HIGHEST_PPM;
    double weight = 1.0;
    for (size_t i = 0; i < flows->groups * LANES; i++) {
        weight /= 1.0 + LOWEST_PPM / (12.0 * RQ_MATCH_PPM);
    }
    const double margin = -1e-12 * flows->gross * weight;
    if (balance_at(flows, (double)low) >= margin) {
        return false;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (middle >= ppm) {
            high = middle;
            continue;
        }
        if (middle < 0 && balance_at(flows, (double)middle + 0.5) >= -1e-9 * flows->gross) {
            return false;
        }
        low = middle + 1;
    }
    return true;
}

/* The estimate's k where it proves itself, else INT64_MIN. The present values of two neighbouring k differ
 * by far more than they are rounded, which is by less than 10^-12 of the gross. */
static int64_t quick_rate(const rq_cash_flow *flows, size_t count)
{
    monthly shape;
    if (!shape_of(flows, count, &shape)) {
        return INT64_MIN;
    }
    double rate = estimate(&shape) + 0.5;
    if (!(rate > LOWEST_PPM / 2.0 && rate < HIGHEST_PPM / 2.0)) {
        return INT64_MIN;
    }
    int64_t ppm = (int64_t)rate;
    ppm -= (double)ppm > rate;
    double noise = shape.gross * 1e-13, margin = shape.gross * 1e-12;
    double above = balance_at(&shape, (double)ppm + 0.5), below = balance_at(&shape, (double)ppm - 0.5);
    if (!(above - noise > margin && below - noise < -margin)) {
        return INT64_MIN;
    }
    return shape.is_one_way || (ppm > 0 && is_where_bisection_ends(&shape, ppm)) ? ppm : INT64_MIN;
}

/* ---- the rule ---- */

/* Halves round up: they do occur (a single payment), so what is zero but for the rounding of doubles counts
 * as zero; that is less than a millionth of a ppm. */
static rq_status bisect(const rq_cash_flow *flows, size_t count, int64_t *out_ppm, rq_error *error)
{
    int64_t low = LOWEST_PPM, high = HIGHEST_PPM;
    double gross = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (flows[i].month < (i > 0 ? flows[i - 1].month : 0)) {
            return rq_fail(error, RQ_INVALID, "cash flows are not in order of month");
        }
        double fen = (double)flows[i].fen;
        gross += fen < 0.0 ? -fen : fen;
    }
    double noise = gross * 1e-13;
    double at_low = present_value(flows, count, 2 * low);
    double at_high = present_value(flows, count, 2 * high);
    if (!((at_low < -noise && at_high > noise) || (at_low > noise && at_high < -noise))) {
        return rq_fail(error, RQ_INVALID, "no rate from -90 %% to 1000 %% a year balances the cash flows");
    }
    bool rises = at_high > 0.0;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        double value = present_value(flows, count, 2 * middle + 1);
        if (rises ? value > noise : value < -noise) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *out_ppm = high;
    return RQ_OK;
}

rq_status rq_all_in_cost(const rq_cash_flow *flows, size_t count, int64_t *out_ppm, rq_error *error)
{
    int64_t ppm = quick_rate(flows, count);
    if (ppm == INT64_MIN) {
        return bisect(flows, count, out_ppm, error);
    }
    *out_ppm = ppm;
    return RQ_OK;
}
