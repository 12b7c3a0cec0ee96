#include "match_reference_loan.h"

int64_t half_up(int64_t value, int64_t by, int64_t per)
{
    __int128 product = (__int128)value * by;
    __int128 whole = product / per;
    return (int64_t)((product - whole * per) * 2 >= per ? whole + 1 : whole);
}

static int64_t ref_balance_after(int64_t amount, int64_t rate, int64_t term, int64_t instalment)
{
    int64_t balance = amount;
    for (int64_t month = 0; month < term; month++) {
        if (balance <= 0 || balance > amount) {
            return balance;
        }
        balance = balance + half_up(balance, rate, 12000000) - instalment;
    }
    return balance;
}

static int64_t ref_instalment(int64_t amount, int64_t rate, int64_t term)
{
    int64_t too_small = 0, enough = amount + half_up(amount, rate, 12000000);
    while (enough - too_small > 1) {
        int64_t middle = (enough + too_small) / 2;
        if (ref_balance_after(amount, rate, term, middle) <= 0) {
            enough = middle;
        } else {
            too_small = middle;
        }
    }
    return enough;
}

void ref_schedule(int64_t amount, int64_t rate, int64_t term, unsigned method, ref_loan *out)
{
    int64_t instalment =
        method == RQ_INDEX(repayment, equal_instalment) ? ref_instalment(amount, rate, term) : 0;
    int64_t unpaid = 0;
    memset(out, 0, sizeof *out);
    out->owed[0] = amount;
    for (int64_t m = 1; m <= term; m++) {
        int64_t owed = out->owed[m - 1];
        int64_t interest = half_up(owed, rate, 12000000), principal = 0;
        out->interest[m] = interest;
        if (method == RQ_INDEX(repayment, equal_instalment)) {
            principal = instalment - interest > owed ? owed : instalment - interest;
        }
        if (method == RQ_INDEX(repayment, equal_principal)) {
            principal = amount / term;
        }
        if (m == term) {
            principal = owed;
        }
        if (method == RQ_INDEX(repayment, bullet)) {
            unpaid += interest;
            out->payment[m] = m == term ? principal + unpaid : 0;
        } else {
            out->payment[m] = principal + interest;
        }
        out->owed[m] = owed - principal;
    }
}

static long double ref_value(const int64_t *flow, int64_t term, long double yearly)
{
    long double sum = 0, power = 1;
    for (int64_t m = 0; m <= term; m++) {
        sum += (long double)flow[m] / power;
        power *= 1 + yearly / 12;
    }
    return sum;
}

/* Halves round up, and what a half lacks by less than rounding makes is one. */
int64_t ref_irr(const int64_t *flow, int64_t term)
{
    int64_t low = -900000, high = 10000000;
    long double gross = 0;
    for (int64_t m = 0; m <= term; m++) {
        gross += flow[m] < 0 ? -(long double)flow[m] : (long double)flow[m];
    }
    long double nothing = gross * 1e-13L, at_low = ref_value(flow, term, -0.9L),
                at_high = ref_value(flow, term, 10);
    bool rises = at_low < -nothing && at_high > nothing, falls = at_low > nothing && at_high < -nothing;
    while (low < high && (rises || falls)) {
        int64_t middle = low + (high - low) / 2;
        long double value = ref_value(flow, term, ((long double)middle + 0.5L) / 1000000);
        bool is_past = rises ? value > nothing : value < -nothing;
        high = is_past ? middle : high;
        low = is_past ? low : middle + 1;
    }
    return rises || falls ? high : RQ_UNSET;
}
