/* What the files of the matching engine share and nobody else sees: limits, the snapshot's layout,
 * and the state of one match. */
#ifndef RONGQIAO_MATCH_INTERNAL_H
#define RONGQIAO_MATCH_INTERNAL_H

#include <stdatomic.h>

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
    RQ_MATCH_RATE_MAX_PPM = 1000000, /* 100 % a year */
    RQ_MATCH_KINDS_MAX = 64,         /* as many as a set has bits */
    RQ_MATCH_PPM = 1000000,
};
/* The largest loan (100 bn yuan) and the largest money fact; sums of flows stay below 2^53. */
#define RQ_MATCH_AMOUNT_MAX_FEN INT64_C(10000000000000)
#define RQ_MATCH_MONEY_MAX_FEN INT64_C(1000000000000000000)
#define RQ_MATCH_NUMBER_MAX INT64_C(1000000000)
/* The most memory that one snapshot may take. */
#define RQ_MATCH_CATALOGUE_BYTES ((size_t)4 << 30)

/* value * numerator / denominator, half up, in 128 bits; all are >= 0 and denominator > 0. */
static inline int64_t rq_scaled(int64_t value, int64_t numerator, int64_t denominator)
{
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

/* The bits of all words of a list. */
uint64_t rq_list_mask(const char *list);

/* ---- catalogue.c ---- */

/* The columns of the structural screen, one row a product, kind by kind. */
typedef struct rq_screen {
    uint32_t product; /* index in products */
    rq_date valid_from, valid_to;
    int64_t room_fen; /* what its capacity still allows: 0 with no case left, INT64_MAX without a limit */
    int64_t amount_min_fen; /* 0: none */
    const uint32_t *regions;
    const char (*industries_in)[8];
    const char (*industries_out)[8];
    uint16_t region_count, industries_in_count, industries_out_count;
} rq_screen;

enum { RQ_PARTNER_guarantee, RQ_PARTNER_insurance, RQ_PARTNERS };

struct rq_catalogue {
    atomic_uint references;
    rq_arena *arena; /* holds this struct too */
    int64_t version;
    int64_t lpr_1y_ppm, lpr_5y_ppm;
    rq_weights weights;
    rq_product *products; /* by id */
    size_t product_count;
    rq_screen *screens; /* product_count rows; in a kind by id */
    size_t kind_start[RQ_MATCH_KINDS_MAX + 1];
    const rq_product **partners[RQ_PARTNERS]; /* lowest fee first (unknown last), best coverage, id */
    size_t partner_count[RQ_PARTNERS];
    rq_programme *programmes; /* by id */
    size_t programme_count;
};

rq_screen rq_screen_of(const rq_product *product, size_t index);
/* The product with this id, or null. */
const rq_product *rq_catalogue_find(const rq_catalogue *catalogue, const char *id);

/* ---- session.c ---- */

/* A guarantee or insurance product that is open to the need and whose hard rules do not fail. */
typedef struct rq_candidate {
    const rq_product *product;
    int64_t room_fen;
    const rq_rule *missing; /* the first rule that lacks its fact; null: all hard rules pass */
} rq_candidate;

/* One need before one catalogue: what is the same for every product. */
typedef struct rq_session {
    const rq_catalogue *catalogue;
    const rq_need *need;
    int64_t least_fen;                     /* the least acceptable amount */
    uint32_t regions[4];                   /* the need's region, then its city, its province, the country */
    rq_candidate *candidates[RQ_PARTNERS]; /* in the catalogue's order */
    size_t candidate_count[RQ_PARTNERS];
    const rq_programme **programmes; /* open to the region on the day, hard rules pass; by id */
    size_t programme_count;
} rq_session;

/* Fails with RQ_INVALID when the need breaks a bound, RQ_NOMEM when the arena is full. */
rq_status rq_session_init(rq_session *session, const rq_catalogue *catalogue, const rq_need *need,
                          rq_arena *arena, rq_error *error) RQ_MUST_CHECK;
/* The structural conditions but for the kind. */
bool rq_screen_is_open(const rq_screen *screen, const rq_session *session);

/* ---- package.c ---- */

/* The terms that a package is priced on. */
typedef struct rq_terms {
    int tier;                                /* -1: the product's own */
    rq_verdict verdict;                      /* whether the need meets the tier's conditions */
    int64_t amount_max_fen, term_max_months; /* RQ_UNSET: not published */
    rq_rate rate;
    bool needs_guarantee;
    int64_t amount_fen;  /* what would be lent */
    int64_t term_months; /* RQ_UNSET: not known */
    int64_t term_days;   /* likewise */
} rq_terms;

/* Judges every condition of `product`: terms, partners and checks (written to `checks`, which has
 * RQ_MATCH_CHECKS_MAX places and is what out_package->checks points to). No cost, no score yet. */
void rq_package_judge(const rq_session *session, const rq_product *product, rq_check *checks,
                      rq_terms *out_terms, rq_package *out_package);
/* Whether match shows it, and its class: no hard fail, or one or two that somebody can repair. */
bool rq_package_classify(rq_package *package);

/* ---- price.c ---- */

/* The published ends of `rate` with the LPR added, never below zero; RQ_UNSET where not published. */
int64_t rq_rate_low(const rq_catalogue *catalogue, const rq_rate *rate);
int64_t rq_rate_high(const rq_catalogue *catalogue, const rq_rate *rate);
/* Fills programmes, rate, repayment and all-in cost of a judged package. */
void rq_package_price(const rq_session *session, const rq_terms *terms, rq_package *package);

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

/* ---- score.c ---- */

/* Fills parts and score of a priced package. */
void rq_package_score(const rq_session *session, rq_package *package);

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
