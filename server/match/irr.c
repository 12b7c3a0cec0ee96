/* The yearly rate that a list of cash flows amounts to: a whole number of ppm, halves up.
 *
 * It is the smallest k such that the balancing rate lies below k + 1/2, found by bisection: 24 present
 * values, whatever the flows. Where money comes first and is only paid back after it, there is one balancing
 * rate and one k (Descartes), so a quick estimate may name it if it then proves it: the present value at
 * k + 1/2 must be above zero and that at k - 1/2 not, by far more than the estimate's own rounding. Where a
 * subsidy comes in between, the sum of all flows so far must change its sign but once: then there is one
 * positive rate (Norstrom), and what the bisection would see at negative ones is looked at as well. */
#include <assert.h>

#include "clones.h"
#include "internal.h"

enum { LOWEST_PPM = -900000, HIGHEST_PPM = RQ_MATCH_COST_MAX_PPM, LANES = 4 };

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

/* The sum of the lanes in a fixed order. */
static double sum_of(const double lanes[LANES])
{
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/* Whether what was received exceeds what was paid up to some month, and never again from then on. */
static bool turns_once(const monthly *flows)
{
    double total = 0.0;
    size_t turns = 0;
    bool owes = true;
    for (size_t i = 0; i < flows->groups * LANES; i++) {
        total += flows->paid[i];
        bool owes_now = total < flows->received;
        turns += owes_now != owes;
        owes = owes_now;
    }
    return turns == 1;
}

/* False when the flows have another shape, or so little is received that rounding matters. */
static bool shape_of(const rq_cash_flow *flows, size_t count, monthly *out)
{
    if (count < 2 || count > RQ_MATCH_TERM_MAX + 1 || flows[0].month != 0 || flows[0].fen <= 0) {
        return false;
    }
    size_t strays = 0;
    out->received = (double)flows[0].fen;
    out->groups = (count - 1 + LANES - 1) / LANES;
    for (size_t i = 0; i < LANES; i++) {
        out->paid[(out->groups - 1) * LANES + i] = 0.0;
    }
    for (size_t i = 1; i < count; i++) {
        out->paid[i - 1] = -(double)flows[i].fen;
        strays += flows[i].month != (int32_t)i;
    }
    double total[LANES] = {0.0}, gross[LANES] = {0.0}, moment[LANES] = {0.0};
    for (size_t group = 0; group < out->groups; group++) {
        const double *paid = out->paid + group * LANES;
        for (size_t lane = 0; lane < LANES; lane++) {
            total[lane] += paid[lane];
            gross[lane] += paid[lane] < 0.0 ? -paid[lane] : paid[lane];
            moment[lane] += paid[lane] * (double)(int)(group * LANES + lane + 1);
        }
    }
    out->total = sum_of(total);
    out->gross = out->received + sum_of(gross);
    out->months = sum_of(moment) / out->total;
    out->is_one_way = sum_of(gross) == out->total;
    bool is_simple = out->is_one_way || (out->total - out->received > 1e-6 * out->gross && turns_once(out));
    return strays == 0 && is_simple && out->total > 0.0 && out->months > 0.0 &&
           out->received * 1000.0 > out->gross;
}

/* What is received less the present value of what is paid, at two rates in ppm at once. The lanes are summed
 * apart, which a processor can do at once; the order of the sums is fixed, so the bits are too. */
RQ_EVERY_PROCESSOR static void balances_at(const monthly *flows, const double ppm[2], double out[2])
{
    double factor[2], square[2], step[2];
    double lanes[2][LANES] = {{0.0}};
    for (size_t k = 0; k < 2; k++) {
        factor[k] = 1.0 / (1.0 + ppm[k] / (12.0 * RQ_MATCH_PPM));
        square[k] = factor[k] * factor[k];
        step[k] = square[k] * square[k];
    }
    for (size_t group = flows->groups; group-- > 0;) {
        const double *paid = flows->paid + group * LANES;
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes[0][lane] = lanes[0][lane] * step[0] + paid[lane];
        }
        for (size_t lane = 0; lane < LANES; lane++) {
            lanes[1][lane] = lanes[1][lane] * step[1] + paid[lane];
        }
    }
    for (size_t k = 0; k < 2; k++) {
        double paid =
            (lanes[k][0] + lanes[k][1] * factor[k]) + (lanes[k][2] + lanes[k][3] * factor[k]) * square[k];
        out[k] = flows->received - paid * factor[k];
    }
}

/* From the mean time of payment. */
static double first_guess(const monthly *flows)
{
    double excess = flows->total / flows->received - 1.0;
    double continuous = 2.0 * excess / (2.0 + excess) * 12.0 / flows->months;
    return (continuous + continuous * continuous / 24.0) * RQ_MATCH_PPM;
}

/* The rate where a line through two of the values is zero. */
static double secant(const double rates[2], const double values[2])
{
    return rates[0] - values[0] * (rates[1] - rates[0]) / (values[1] - values[0]);
}

/* The k around which the values prove a change of sign, INT64_MIN when there is none to be found: the first
 * two rates are near what it should be, the next two are k - 1/2 and k + 1/2 around what they let expect. The
 * present values of two neighbouring k differ by far more than they are rounded, which is by less than 10^-12
 * of the gross. */
static int64_t bracket(const monthly *flows, double near)
{
    const double sure = flows->gross * 1.1e-12;
    double rates[2] = {near, first_guess(flows)}, values[2];
    if (rates[1] - rates[0] < 1.0 && rates[0] - rates[1] < 1.0) {
        rates[1] = rates[0] + 1.0;
    }
    balances_at(flows, rates, values);
    for (int round = 0; round < 6; round++) {
        double rate = secant(rates, values) + 0.5;
        if (!(rate > LOWEST_PPM / 2.0 && rate < HIGHEST_PPM / 2.0)) {
            return INT64_MIN;
        }
        int64_t ppm = (int64_t)rate;
        ppm -= (double)ppm > rate;
        rates[0] = (double)ppm - 0.5;
        rates[1] = (double)ppm + 0.5;
        balances_at(flows, rates, values);
        if (values[0] < -sure && values[1] > sure) {
            return ppm;
        }
    }
    return INT64_MIN;
}

/* Whether the bisection ends at `ppm` as well, which is positive and the only such rate: at the negative
 * rates that it tries, what is paid must be worth more than what is received. */
static bool is_where_bisection_ends(const monthly *flows, int64_t ppm)
{
    /* what a flow of the last month weighs at the lowest rate */
    const double factor = 1.0 / (1.0 + LOWEST_PPM / (12.0 * RQ_MATCH_PPM)),
                 step = factor * factor * factor * factor;
    double rates[2] = {LOWEST_PPM, LOWEST_PPM}, values[2], weight = 1.0;
    for (size_t i = 0; i < flows->groups; i++) {
        weight *= step;
    }
    double margins[2] = {-1e-12 * flows->gross * weight, -1e-12 * flows->gross * weight};
    size_t pending = 1;
    int64_t low = LOWEST_PPM, high = HIGHEST_PPM;
    while (low < 0) {
        int64_t middle = low + (high - low) / 2;
        if (middle >= ppm) {
            high = middle;
            continue;
        }
        low = middle + 1;
        if (middle < 0) {
            rates[pending] = (double)middle + 0.5;
            margins[pending++] = -1e-9 * flows->gross;
        }
        if (pending == 2) {
            balances_at(flows, rates, values);
            if (values[0] >= margins[0] || values[1] >= margins[1]) {
                return false;
            }
            pending = 0;
        }
    }
    if (pending == 1) {
        rates[1] = rates[0];
        balances_at(flows, rates, values);
    }
    return pending == 0 || values[0] < margins[0];
}

/* The k that a proof was found for, else INT64_MIN. */
static int64_t quick_rate(const rq_cash_flow *flows, size_t count, int64_t near_ppm)
{
    monthly shape;
    if (!shape_of(flows, count, &shape)) {
        return INT64_MIN;
    }
    int64_t ppm = bracket(&shape, (double)near_ppm);
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

rq_status rq_cost_near(const rq_cash_flow *flows, size_t count, int64_t near_ppm, int64_t *out_ppm,
                       rq_error *error)
{
    int64_t ppm = quick_rate(flows, count, near_ppm);
    if (ppm == INT64_MIN) {
        return bisect(flows, count, out_ppm, error);
    }
    *out_ppm = ppm;
    return RQ_OK;
}

rq_status rq_all_in_cost(const rq_cash_flow *flows, size_t count, int64_t *out_ppm, rq_error *error)
{
    return rq_cost_near(flows, count, 50000, out_ppm, error);
}
