/* The arithmetic of loans once more, for the reference: plain loops, and a yearly rate by fine bisection. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_LOAN_H
#define RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_LOAN_H

#include "match_support.h"

/* value * by / per, half up */
int64_t half_up(int64_t value, int64_t by, int64_t per);

/* Months 1 to at most 360. */
typedef struct ref_loan {
    int64_t interest[361], payment[361], owed[361]; /* owed: after the payment */
} ref_loan;

void ref_schedule(int64_t amount, int64_t rate, int64_t term, unsigned method, ref_loan *out);
/* The yearly rate in ppm that balances the flows of months 0 to `term`; RQ_UNSET where none does from -90 %
 * to 1000 %. */
int64_t ref_irr(const int64_t *flow, int64_t term);

#endif
