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

int64_t ref_irr(const int64_t *flow, int64_t term)
{
    long double low = -0.9L, high = 10.0L;
    for (int step = 0; step < 54; step++) {
        long double rate = (low + high) / 2, sum = 0, power = 1;
        for (int64_t m = 0; m <= term; m++) {
            sum += (long double)flow[m] / power;
            power *= 1 + rate / 12;
        }
        if (sum < 0) {
            low = rate;
        } else {
            high = rate;
        }
    }
    /* halves round up, and a half that lacks a ten-millionth is one */
    long double ppm = (low + high) / 2 * 1000000 + 0.5L + 1e-7L;
    int64_t whole = (int64_t)ppm;
    return (long double)whole > ppm ? whole - 1 : whole;
}
