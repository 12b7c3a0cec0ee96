/* What the files of the matching engine share and nobody else sees: limits, rules, bounds, the arithmetic
 * of a loan, wording. The snapshot's layout: row.h, block.h, snapshot.h; the state of one match: session.h.
 */
#ifndef RONGQIAO_MATCH_INTERNAL_H
#define RONGQIAO_MATCH_INTERNAL_H

#include "rongqiao/match.h"

enum {
    RQ_MATCH_RULES_MAX = 64, /* of a product, a programme or a tier */
    RQ_MATCH_TIERS_MAX = 16,
    RQ_MATCH_FEES_MAX = 16,
    RQ_MATCH_DAY_FEES_MAX = 16,
    RQ_MATCH_LIST_MAX = 4096, /* regions, industries or partners of a product */
    RQ_MATCH_CHECKS_MAX = RQ_CHECK_SOURCES + 2 * RQ_MATCH_RULES_MAX,
    RQ_MATCH_TERM_MAX = 360, /* months: domain reference 2.4 */
    RQ_MATCH_DAYS_MAX = 366,
    RQ_MATCH_CELLS_MAX = 1000, /* of a record */
    RQ_MATCH_CELL_HOURS_MAX = INT16_MAX,
    RQ_MATCH_RATE_MAX_PPM = 1000000,  /* 100 % a year */
    RQ_MATCH_COST_MAX_PPM = 10000000, /* 1000 % a year: what costs more has no all-in cost */
    RQ_MATCH_KINDS_MAX = 64,          /* as many as a set has bits */
    RQ_MATCH_PPM = 1000000,
};
/* The largest loan (100 bn yuan) and the largest money fact; sums of flows stay below 2^53. */
#define RQ_MATCH_AMOUNT_MAX_FEN INT64_C(10000000000000)
#define RQ_MATCH_MONEY_MAX_FEN INT64_C(1000000000000000000)
#define RQ_MATCH_NUMBER_MAX INT64_C(1000000000)

/* value * numerator / denominator, half up, in 128 bits where 64 are too few; all are >= 0 and
 * denominator > 0. */
static inline int64_t rq_scaled(int64_t value, int64_t numerator, int64_t denominator)
{
    uint64_t product, half = (uint64_t)denominator / 2;
    if (!__builtin_mul_overflow((uint64_t)value, (uint64_t)numerator, &product) &&
        !__builtin_add_overflow(product, half, &product)) {
        return (int64_t)(product / (uint64_t)denominator);
    }
    return (int64_t)(((__int128)value * numerator + denominator / 2) / denominator);
}

/* ---- rules.c ---- */

/* Whether `op` makes sense on a fact of this type, and `value` is in the type's bounds for it. */
bool rq_rule_is_valid(const rq_rule *rule);
/* A fact that was not given is RQ_NOT_KNOWN, never RQ_FAIL. */
rq_verdict rq_rule_judge(const rq_rule *rule, const rq_need *need);
/* For a failed rule the value nearest to the need's that passes; else the rule's own boundary. For
 * has_all the missing words, for in and eq the words that pass, for ne and not_in the words left. */
int64_t rq_rule_needed(const rq_rule *rule, const rq_need *need);
/* All hard rules together: fail beats unknown beats pass. `out_missing` (may be null) gets the first
 * rule that lacks its fact, or null. */
rq_verdict rq_rules_judge(const rq_rule *rules, size_t count, const rq_need *need,
                          const rq_rule **out_missing);
bool rq_fact_is_set(rq_fact fact);

/* ---- bounds.c ---- */

/* Whether every number, list and rule is within the bounds of the field; the message names the key. */
rq_status rq_product_check(const rq_product *product, rq_error *error) RQ_MUST_CHECK;
rq_status rq_programme_check(const rq_programme *programme, rq_error *error) RQ_MUST_CHECK;
rq_status rq_need_check(const rq_need *need, rq_error *error) RQ_MUST_CHECK;
rq_status rq_weights_check(const rq_weights *weights, rq_error *error) RQ_MUST_CHECK;

/* A number of a struct: its key in JSON, where it is, and its bounds when it is not RQ_UNSET. */
typedef struct rq_number {
    const char *key;
    size_t offset; /* of an int64_t */
    int64_t min, max;
} rq_number;
extern const rq_number rq_product_numbers[];
extern const size_t rq_product_number_count;
extern const rq_number rq_programme_numbers[];
extern const size_t rq_programme_number_count;
extern const rq_number rq_need_numbers[];
extern const size_t rq_need_number_count;

/* Where a cell is in the order of a record's cells. */
static inline uint32_t rq_record_key(const rq_record_cell *cell)
{
    return (uint32_t)cell->province << 8 | cell->size;
}

/* The bits of all words of a list. */
uint64_t rq_list_mask(const char *list);

/* ---- cost.c ---- */

/* What a loan does month by month; index 0 is the disbursement, then 1..term. */
typedef struct rq_schedule {
    int32_t term;
    int64_t interest[RQ_MATCH_TERM_MAX + 1]; /* charged for the month, whenever it is paid */
    int64_t paid[RQ_MATCH_TERM_MAX + 1];
    int64_t balance[RQ_MATCH_TERM_MAX + 1]; /* principal outstanding after the payment */
} rq_schedule;
/* False when the method is unknown or a number is out of bounds. */
bool rq_schedule_make(int64_t amount_fen, int64_t rate_ppm, int32_t term_months, unsigned repayment,
                      rq_schedule *out_schedule) RQ_MUST_CHECK;

/* A guarantee's fee or a premium of year `year` (0: the first): of the principal then outstanding. */
int64_t rq_backing_fen(const rq_schedule *loan, int32_t year, int64_t fee_ppm);

/* ---- irr.c ---- */

/* rq_all_in_cost, quicker the nearer `near_ppm` is to what comes out. */
rq_status rq_cost_near(const rq_cash_flow *flows, size_t count, int64_t near_ppm, int64_t *out_ppm,
                       rq_error *error) RQ_MUST_CHECK;

/* ---- wording.c ---- */

/* What the values of a check are. */
typedef enum rq_unit {
    RQ_UNIT_money,
    RQ_UNIT_share,
    RQ_UNIT_count,
    RQ_UNIT_months,
    RQ_UNIT_days,
    RQ_UNIT_flag,
    RQ_UNIT_word,
    RQ_UNIT_words,
    RQ_UNITS
} rq_unit;
rq_unit rq_check_unit(const rq_check *check);
/* The vocabulary that word and words values are of. */
rq_word_list rq_check_words(const rq_check *check);

typedef enum rq_language { RQ_ZH, RQ_EN, RQ_LANGUAGES } rq_language;
enum { RQ_WORDING_MAX = 1024 };
/* A bounded text, NUL-terminated; the longest wording of the tables fits. */
typedef struct rq_wording {
    char text[RQ_WORDING_MAX];
    size_t length;
} rq_wording;

/* What a check asks for: the rule's own text, or ours. */
void rq_wording_condition(rq_wording *wording, const rq_check *check, rq_language language);
/* The smallest change that flips a failed check. */
void rq_wording_change(rq_wording *wording, const rq_check *check, rq_language language);

#endif
