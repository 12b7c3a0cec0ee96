/* What the tests of the matching engine build on: small products, needs and catalogues, all unset but
 * for what a test is about. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_SUPPORT_H
#define RONGQIAO_TESTS_UNIT_MATCH_SUPPORT_H

#include "rongqiao/match.h"
#include "test.h"

#define YUAN INT64_C(100)
#define WAN (INT64_C(10000) * YUAN)

/* "00000000-0000-7000-8000-000000000007" for 7. */
void id_of(int number, char out_id[RQ_UUID_TEXT + 1]);
/* A product with an id, an institution (both `number`) and names; nothing else is published. */
rq_product bare_product(int number, unsigned kind);
/* A credit loan of up to 500 万 for up to 36 months at 4 % to 5 %, interest first. */
rq_product plain_loan(int number);
rq_programme bare_programme(int number, rq_programme_type type);
/* 100 万 for 12 months in Hangzhou, class C2614, credit loan, on 2026-11-24; no fact known but those two. */
rq_need plain_need(void);
void set_amount(rq_need *need, int64_t amount_fen, int64_t least_fen);
void set_term(rq_need *need, int64_t months);
void know(rq_need *need, rq_fact fact, int64_t value);
rq_rule hard_rule(rq_fact fact, rq_op op, int64_t value);
rq_weights usual_weights(void);

/* A catalogue of version 7 with an LPR of 3.00 % and 3.50 %; fails the test when it is refused. */
rq_catalogue *catalogue_of(const rq_product *products, size_t product_count, const rq_programme *programmes,
                           size_t programme_count);

/* A need against products; what a test asks about lives until match_done. */
typedef struct match_run {
    rq_catalogue *catalogue;
    rq_arena *arena;
    rq_match_result result;
} match_run;
match_run run_match(const rq_product *products, size_t product_count, const rq_programme *programmes,
                    size_t programme_count, const rq_need *need);
void match_done(match_run *run);
/* The check of this source, or null. */
const rq_check *find_check(const rq_package *package, rq_check_source source);

#endif
