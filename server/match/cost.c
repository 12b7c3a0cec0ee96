/* The arithmetic of a loan: what is paid each month, exact to the fen, and the yearly rate that a list
 * of flows amounts to.
 *
 * Published rules. Interest of a month is balance x rate / 12, half up to the fen. Equal instalments:
 * the smallest instalment that settles in the term; the last payment settles the rest. Equal principal:
 * amount / term, rounded down, the last payment settling the rest. All at maturity: the months' interest
 * does not bear interest. Revolving is priced like interest first: fully drawn. */
#include <assert.h>

#include "internal.h"

static int64_t month_interest(int64_t balance, int64_t rate_ppm)
{
    return rq_scaled(balance, rate_ppm, (int64_t)12 * RQ_MATCH_PPM);
}

/* Whether paying `instalment` every month leaves nothing after `term` months. */
static bool settles(int64_t amount, int64_t rate_ppm, int32_t term, int64_t instalment)
{
    int64_t balance = amount;
    for (int32_t month = 0; month < term && balance > 0; month++) {
        balance += month_interest(balance, rate_ppm) - instalment;
        if (balance > amount) {
            return false; /* it doesn't even pay the interest */
        }
    }
    return balance <= 0;
}

/* The balance after a payment falls as the instalment rises, so that the smallest one is well defined.
 * The annuity formula in whole numbers lands within a fen or two of it; then we walk. */
static int64_t smallest_instalment(int64_t amount, int64_t rate_ppm, int32_t term)
{
    const int64_t unit = 1000000000;
    const int64_t year = (int64_t)12 * RQ_MATCH_PPM;
    __int128 grown = amount, saved = 0;
    for (int32_t month = 0; month < term; month++) {
        grown += (grown * rate_ppm + year / 2) / year;
        saved += (saved * rate_ppm + year / 2) / year + unit;
    }
    int64_t instalment = (int64_t)(grown * unit / saved);
    if (instalment < 1) {
        instalment = 1;
    }
    while (!settles(amount, rate_ppm, term, instalment)) {
        instalment++;
    }
    while (instalment > 1 && settles(amount, rate_ppm, term, instalment - 1)) {
        instalment--;
    }
    return instalment;
}

bool rq_schedule_make(int64_t amount_fen, int64_t rate_ppm, int32_t term_months, unsigned repayment,
                      rq_schedule *out_schedule)
{
    if (amount_fen < 1 || amount_fen > RQ_MATCH_AMOUNT_MAX_FEN || rate_ppm < 0 ||
        rate_ppm > RQ_MATCH_RATE_MAX_PPM || term_months < 1 || term_months > RQ_MATCH_TERM_MAX ||
        repayment > RQ_INDEX(repayment, revolving)) {
        return false;
    }
    bool is_annuity = repayment == RQ_INDEX(repayment, equal_instalment);
    bool is_linear = repayment == RQ_INDEX(repayment, equal_principal);
    bool is_bullet = repayment == RQ_INDEX(repayment, bullet);
    int64_t instalment = is_annuity ? smallest_instalment(amount_fen, rate_ppm, term_months) : 0;
    int64_t balance = amount_fen, unpaid_interest = 0;

    out_schedule->term = term_months;
    out_schedule->interest[0] = 0;
    out_schedule->paid[0] = 0;
    out_schedule->balance[0] = amount_fen;
    for (int32_t month = 1; month <= term_months; month++) {
        int64_t interest = month_interest(balance, rate_ppm);
        int64_t principal = 0;
        if (month == term_months) {
            principal = balance;
        } else if (is_annuity) {
            principal = instalment - interest < balance ? instalment - interest : balance;
        } else if (is_linear) {
            principal = amount_fen / term_months;
        }
        unpaid_interest += interest;
        int64_t paid = principal;
        if (!is_bullet || month == term_months) {
            paid += unpaid_interest;
            unpaid_interest = 0;
        }
        balance -= principal;
        out_schedule->interest[month] = interest;
        out_schedule->paid[month] = paid;
        out_schedule->balance[month] = balance;
    }
    assert(balance == 0);
    return true;
}

size_t rq_loan_flows(int64_t amount_fen, int64_t rate_ppm, int32_t term_months, unsigned repayment,
                     rq_cash_flow *out_flows, size_t capacity)
{
    rq_schedule schedule;
    if (!rq_schedule_make(amount_fen, rate_ppm, term_months, repayment, &schedule) ||
        capacity < (size_t)term_months + 1) {
        return 0;
    }
    out_flows[0] = (rq_cash_flow){0, amount_fen};
    for (int32_t month = 1; month <= term_months; month++) {
        out_flows[month] = (rq_cash_flow){month, -schedule.paid[month]};
    }
    return (size_t)term_months + 1;
}

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

/* The answer is a whole number of ppm, so we look for it among whole numbers: the smallest k such that
 * the balancing rate lies below k + 1/2. Bisection needs 24 present values, whatever the flows. Halves
 * round up: they do occur (a single payment), so what is zero but for the rounding of doubles counts as
 * zero; that is less than a millionth of a ppm. */
rq_status rq_all_in_cost(const rq_cash_flow *flows, size_t count, int64_t *out_ppm, rq_error *error)
{
    int64_t low = -900000, high = 10000000;
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
