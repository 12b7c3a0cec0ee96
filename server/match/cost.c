/* The arithmetic of a loan: what is paid each month, exact to the fen, and the yearly rate that a list
 * of flows amounts to.
 *
 * Published rules. Interest of a month is balance x rate / 12, half up to the fen. Equal instalments:
 * the smallest instalment that settles in the term; the last payment settles the rest. Equal principal:
 * amount / term, rounded down, the last payment settling the rest. All at maturity: the months' interest
 * does not bear interest. Revolving is priced like interest first: fully drawn. */
#include <assert.h>

#include "internal.h"

/* At most 10^13 fen x 10^6 ppm: it fits 64 bits. */
static int64_t month_interest(int64_t balance, int64_t rate_ppm)
{
    const uint64_t year = (uint64_t)12 * RQ_MATCH_PPM;
    return (int64_t)(((uint64_t)balance * (uint64_t)rate_ppm + year / 2) / year);
}
static_assert(RQ_MATCH_AMOUNT_MAX_FEN <= INT64_C(10000000000000) && RQ_MATCH_RATE_MAX_PPM <= 1000000,
              "a balance times a rate fits 64 bits");

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
 * The annuity formula lands within a fen or two of it; then we walk. */
static int64_t smallest_instalment(int64_t amount, int64_t rate_ppm, int32_t term)
{
    double growth = 1.0 + (double)rate_ppm / (12.0 * RQ_MATCH_PPM), grown = 1.0, saved = 0.0;
    for (int32_t month = 0; month < term; month++) {
        saved = saved * growth + 1.0;
        grown *= growth;
    }
    int64_t instalment = (int64_t)((double)amount * grown / saved);
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

int64_t rq_backing_fen(const rq_schedule *loan, int32_t year, int64_t fee_ppm)
{
    return rq_scaled(loan->balance[12 * year], fee_ppm, RQ_MATCH_PPM);
}

int64_t rq_take_backing(int64_t amount_fen, int64_t rate_ppm, int32_t term_months, unsigned repayment,
                        int64_t fee_ppm, int64_t subsidy_ppm, rq_cash_flow *flows)
{
    rq_schedule schedule;
    int64_t taken = 0;
    if (!rq_schedule_make(amount_fen, rate_ppm, term_months, repayment, &schedule)) {
        return 0;
    }
    for (int32_t year = 0; 12 * year < term_months; year++) {
        int32_t end = 12 * (year + 1) < term_months ? 12 * (year + 1) : term_months;
        int64_t fee = rq_backing_fen(&schedule, year, fee_ppm);
        flows[12 * year].fen -= fee;
        flows[end].fen += rq_scaled(fee, subsidy_ppm, RQ_MATCH_PPM);
        taken += fee;
    }
    return taken;
}
