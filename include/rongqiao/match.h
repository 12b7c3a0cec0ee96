/* The matching engine: an immutable catalogue in, a need in, ranked packages with the reason of every
 * verdict out. Pure: no I/O, no clock, no global state; equal input gives equal bytes of output.
 *
 * The result is a score of fit between a need and a product. It is no credit rating.
 *
 * Units: money int64 fen; rates and shares int32 millionths (ppm; 3.45 % = 34500); dates days since
 * 1970-01-01. Unknown is RQ_UNSET for numbers, never zero. */
#ifndef RONGQIAO_MATCH_H
#define RONGQIAO_MATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/arena.h"
#include "rongqiao/buffer.h"
#include "rongqiao/clock.h"
#include "rongqiao/ids.h"
#include "rongqiao/status.h"
#include "rongqiao/vocabulary.h"

/* A number that was not given or not published. */
#define RQ_UNSET INT64_MIN

#define FACT(name, type, list, repair, zh, en) RQ_FACT_##name,
typedef enum rq_fact {
#include "rongqiao/facts.def"
    RQ_FACTS
} rq_fact;
#undef FACT

typedef enum rq_fact_type {
    RQ_FACT_TYPE_money,
    RQ_FACT_TYPE_share,
    RQ_FACT_TYPE_count,
    RQ_FACT_TYPE_months,
    RQ_FACT_TYPE_flag,
    RQ_FACT_TYPE_word,
    RQ_FACT_TYPE_words,
} rq_fact_type;

/* What a fact is; rq_facts[RQ_FACT_age_months] and so on. */
typedef struct rq_fact_info {
    const char *name;
    rq_fact_type type;
    const char *list; /* vocabulary list of word and words, else "none" */
    unsigned repair;  /* index in the vocabulary list "repair" */
    const char *zh;
    const char *en;
} rq_fact_info;
extern const rq_fact_info rq_facts[RQ_FACTS];
/* The fact called `name`, or -1. */
int rq_fact_index(const char *name, size_t length);

/* Operators of rules. On word and words facts, values are bit sets. */
typedef enum rq_op {
    RQ_OP_eq,
    RQ_OP_ne,
    RQ_OP_ge,
    RQ_OP_gt,
    RQ_OP_le,
    RQ_OP_lt,
    RQ_OP_in,       /* word: is one of; words: has any of */
    RQ_OP_not_in,   /* word: is none of; words: has none of */
    RQ_OP_has_all,  /* words: has all of */
    RQ_OP_ratio_ge, /* money: fact * value / 1e6 >= the need's amount: "at most 70 % of the contract" */
    RQ_OPS
} rq_op;
extern const char *const rq_op_names[RQ_OPS];

/* One condition as data. Texts may be null; then the engine's own wording of fact, op and value is used. */
typedef struct rq_rule {
    rq_fact fact;
    rq_op op;
    int64_t value; /* number, 0/1, or bit set, by the fact's type */
    bool hard;     /* a hard rule decides eligibility; a soft one only moves the fit */
    int32_t weight;
    unsigned repair; /* index in the vocabulary list "repair" */
    const char *text_zh;
    const char *text_en;
} rq_rule;

typedef enum rq_rate_base { RQ_RATE_none, RQ_RATE_fixed, RQ_RATE_lpr_1y, RQ_RATE_lpr_5y } rq_rate_base;
/* A published rate: fixed, or points over the LPR of the catalogue. Either end may be RQ_UNSET. */
typedef struct rq_rate {
    rq_rate_base base;
    int64_t low_ppm;
    int64_t high_ppm;
} rq_rate;

typedef enum rq_fee_basis { RQ_FEE_share, RQ_FEE_fixed } rq_fee_basis;
typedef enum rq_fee_when { RQ_FEE_upfront, RQ_FEE_yearly } rq_fee_when;
typedef struct rq_fee {
    const char *name_zh;
    const char *name_en;
    const char *payee;
    rq_fee_basis basis;
    rq_fee_when when;
    int64_t value; /* ppm of the amount, or fen */
} rq_fee;

/* Better (or other) terms for those who meet all of `when`: by qualification, by collateral, ... The
 * tier with the highest amount among those that pass applies; with none, the product's own terms. */
typedef struct rq_tier {
    const rq_rule *when;
    size_t when_count;
    int64_t amount_max_fen;  /* RQ_UNSET: as the product */
    int64_t term_max_months; /* RQ_UNSET: as the product */
    rq_rate rate;            /* RQ_RATE_none: as the product */
    bool needs_guarantee;    /* this tier is open only with a guarantee partner */
} rq_tier;

typedef enum rq_backing { RQ_BACKING_none, RQ_BACKING_optional, RQ_BACKING_required } rq_backing;

/* Days up to and including `up_to_day` cost `ppm_per_day` of the amount (bridge funds). */
typedef struct rq_day_fee {
    int32_t up_to_day;
    int32_t ppm_per_day;
} rq_day_fee;

/* What the institution's answers to needs of one size and province say, for the product's kind, already
 * shrunk towards the kind as a whole. That one has neither size nor province. */
typedef struct rq_record_cell {
    uint8_t province;     /* first two digits of GB/T 2260; 0: all of them */
    uint8_t size;         /* 1 + index in the vocabulary list "size"; 0: every size */
    int16_t median_hours; /* -1: nothing known */
    int32_t likelihood_ppm;
} rq_record_cell;

/* What the institution's own past answers say; computed outside, from outcomes, never from payments. */
typedef struct rq_record {
    int32_t answers;       /* sample size; 0: nothing known */
    int32_t approvals;     /* of those */
    int64_t median_hours;  /* from application to answer; RQ_UNSET: nothing known */
    int32_t fulfilled_ppm; /* accepted offers that became money; -1: nothing known */
    uint32_t cell_count;
    const rq_record_cell *cells; /* by province, then size, each once; they come before what is above */
} rq_record;

/* One listed product. Strings and arrays belong to the catalogue (after rq_catalogue_new) or to the
 * arena it was decoded into. */
typedef struct rq_product {
    char id[RQ_UUID_TEXT + 1];
    char institution_id[RQ_UUID_TEXT + 1];
    const char *institution_zh;
    const char *institution_en; /* may be null */
    const char *name_zh;
    const char *name_en; /* may be null */
    unsigned kind;       /* index in the vocabulary list "kind" */
    int64_t amount_min_fen, amount_max_fen;
    int64_t term_min_months, term_max_months; /* RQ_UNSET for kind bridge */
    int64_t term_min_days, term_max_days;     /* kind bridge only */
    rq_rate rate;
    uint64_t repayments;     /* bits of the list "repayment"; 0: not published */
    const uint32_t *regions; /* GB/T 2260 codes served with all below them; none: the whole country */
    size_t region_count;
    const char (*industries_in)[8]; /* GB/T 4754 prefixes ("C", "C26", "C2614"); none: all */
    size_t industries_in_count;
    const char (*industries_out)[8];
    size_t industries_out_count;
    const rq_rule *rules;
    size_t rule_count;
    const rq_tier *tiers;
    size_t tier_count;
    const rq_fee *fees;
    size_t fee_count;
    rq_backing guarantee; /* whether the loan wants a guarantee partner */
    rq_backing insurance;
    const rq_day_fee *day_fees; /* kind bridge */
    size_t day_fee_count;
    int64_t promised_hours;
    int64_t capacity_cases_left, capacity_fen_left; /* RQ_UNSET: not limited */
    rq_date valid_from, valid_to;                   /* INT32_MIN / INT32_MAX: open ended */
    /* kinds guarantee and insurance */
    int64_t fee_ppm;                          /* yearly fee or premium on the loan's principal */
    int64_t coverage_ppm;                     /* share of the loan's loss that is borne */
    int counter_guarantee;                    /* 0, 1, or -1: not published */
    const char (*partners)[RQ_UUID_TEXT + 1]; /* institutions it works with; none: all */
    size_t partner_count;
    rq_record record;
} rq_product;

typedef enum rq_programme_type {
    RQ_PROGRAMME_interest_subsidy, /* a share of the interest, or points of rate, comes back yearly */
    RQ_PROGRAMME_fee_subsidy,      /* a share of the guarantee fee or premium comes back */
    RQ_PROGRAMME_risk_pool,        /* shares losses; does not change the cost */
    RQ_PROGRAMME_bridge_fund,
} rq_programme_type;
typedef struct rq_programme {
    char id[RQ_UUID_TEXT + 1];
    const char *name_zh;
    const char *name_en;
    rq_programme_type type;
    uint64_t kinds; /* bits of the list "kind"; 0: all */
    const uint32_t *regions;
    size_t region_count;
    const rq_rule *rules;
    size_t rule_count;
    int64_t share_ppm;  /* of interest or fee; RQ_UNSET when points are given */
    int64_t points_ppm; /* of the yearly rate; RQ_UNSET when a share is given */
    int64_t cap_fen;    /* a year and enterprise; RQ_UNSET: none */
    rq_date valid_from, valid_to;
} rq_programme;

/* The published weights of the score, in points; they add up to 100. */
typedef struct rq_weights {
    int32_t version;
    int32_t cost, likelihood, speed, fit, service;
    int32_t prior_ppm;       /* yes-rate assumed before any answer, */
    int32_t prior_weight;    /* ... worth this many answers */
    int32_t cost_cap_ppm;    /* a cost at or above it earns nothing */
    int32_t hours_cap;       /* an answer after so many hours earns nothing */
    int32_t per_institution; /* at most so many eligible packages of one institution are shown; 0: no cap */
} rq_weights;

/* The weights of a published document ({"version", "cost", ...}); what is absent is 0. */
rq_weights rq_weights_decode(const json_t *document);

typedef struct rq_catalogue rq_catalogue;

typedef struct rq_catalogue_input {
    int64_t version;
    int32_t lpr_1y_ppm, lpr_5y_ppm;
    rq_date lpr_date;
    rq_weights weights;
    const rq_product *products;
    size_t product_count;
    const rq_programme *programmes;
    size_t programme_count;
} rq_catalogue_input;

/* An immutable snapshot that owns copies of all of `input`. Reference count 1, owned by the caller.
 * Fails with RQ_NOMEM, or RQ_INVALID when a product breaks a bound (the message names it). */
rq_status rq_catalogue_new(const rq_catalogue_input *input, rq_catalogue **out_catalogue,
                           rq_error *error) RQ_MUST_CHECK;

/* What became different since a snapshot, LPR and weights apart. */
typedef struct rq_catalogue_changes {
    int64_t version;           /* of the next snapshot */
    const rq_product *changed; /* new, or in place of the one with the same id */
    size_t changed_count;
    const char (*removed)[RQ_UUID_TEXT + 1]; /* ids; one that is not there is no error */
    size_t removed_count;
    bool has_programmes; /* then these are all of them; else they stay */
    const rq_programme *programmes;
    size_t programme_count;
} rq_catalogue_changes;

/* The snapshot after `changes`, which matches as one built from scratch does; it shares with `old` all that
 * did not change, so that a few changes cost little. `old` stays as it is, and may be matched against
 * meanwhile; but one thread at a time may update the snapshots that descend from one rq_catalogue_new.
 * Reference count 1, owned by the caller. Fails as rq_catalogue_new does. */
rq_status rq_catalogue_update(const rq_catalogue *old, const rq_catalogue_changes *changes,
                              rq_catalogue **out_catalogue, rq_error *error) RQ_MUST_CHECK;
/* The same products under other weights, with memory of its own. RQ_INVALID when the weights are out of
 * bounds. */
rq_status rq_catalogue_reweighed(const rq_catalogue *old, const rq_weights *weights,
                                 rq_catalogue **out_catalogue, rq_error *error) RQ_MUST_CHECK;
/* References are atomic: a worker holds one while it matches. */
rq_catalogue *rq_catalogue_ref(rq_catalogue *catalogue);
void rq_catalogue_unref(rq_catalogue *catalogue);
int64_t rq_catalogue_version(const rq_catalogue *catalogue);
/* What every match with the snapshot rests on, besides the products themselves. */
typedef struct rq_catalogue_basis {
    int64_t version;
    int32_t weights_version, per_institution;
    int64_t lpr_1y_ppm, lpr_5y_ppm;
    size_t products;
} rq_catalogue_basis;
rq_catalogue_basis rq_catalogue_basis_of(const rq_catalogue *catalogue);
size_t rq_catalogue_size(const rq_catalogue *catalogue);
/* The memory that the snapshot takes, all in; what it shares with others counts in full. */
size_t rq_catalogue_bytes(const rq_catalogue *catalogue);

typedef struct rq_fact_value {
    bool known;
    int64_t value;  /* number, 0/1, or bit set, by the fact's type */
    uint8_t source; /* index in the vocabulary list "source" */
    rq_date as_of;  /* the day the value is of; INT32_MIN: not said */
} rq_fact_value;

/* A need with all that the enterprise's profile says at the moment of posting. */
typedef struct rq_need {
    uint64_t kinds; /* bits of the list "kind" that the enterprise accepts */
    int64_t amount_fen;
    int64_t amount_min_fen; /* the least it accepts; equal to amount_fen when it wants all or nothing */
    int64_t term_months;    /* RQ_UNSET when only term_days is given (bridge) */
    int64_t term_days;
    int64_t max_rate_ppm; /* RQ_UNSET: not said */
    uint64_t repayments;  /* bits; 0: any */
    uint32_t region;      /* GB/T 2260, six digits */
    char industry[8];     /* section letter and class: "C2614" */
    rq_date as_of;        /* today, given by the caller: the engine has no clock */
    rq_fact_value facts[RQ_FACTS];
} rq_need;

typedef enum rq_verdict { RQ_FAIL, RQ_NOT_KNOWN, RQ_PASS } rq_verdict;

/* The conditions every product has, beside its own rules. The structural ones (kind, region, industry,
 * validity, capacity) no enterprise can repair: failing one drops the product without a near miss. */
typedef enum rq_check_source {
    RQ_CHECK_rule,       /* rule `index` of the product */
    RQ_CHECK_amount_min, /* the amount is below the product's minimum */
    RQ_CHECK_amount_max, /* the product's (tier's) maximum is below what the need accepts */
    RQ_CHECK_term_min,
    RQ_CHECK_term_max,
    RQ_CHECK_rate,      /* the lowest published rate is above what the need accepts */
    RQ_CHECK_repayment, /* none of the wished repayment methods is offered */
    RQ_CHECK_guarantee, /* a guarantee is required and no partner is eligible */
    RQ_CHECK_insurance,
    RQ_CHECK_tier, /* a condition of tier `index`, whose terms the need's amount wants; only ever unknown */
    RQ_CHECK_SOURCES
} rq_check_source;
extern const char *const rq_check_names[RQ_CHECK_SOURCES];

/* One condition with what was found. `needed` is the value on the passing side of the rule that is
 * nearest to `have`: the smallest change that flips it. */
typedef struct rq_check {
    rq_check_source source;
    uint16_t index;
    rq_verdict verdict;
    bool hard;
    int fact; /* rq_fact, or -1 (rate, repayment, days; guarantee and insurance, but the fact that a
               * partner lacks where they are unknown) */
    rq_op op;
    bool have_known;
    int64_t have;
    int64_t needed;
    unsigned repair;
    const rq_rule *rule; /* for RQ_CHECK_rule and RQ_CHECK_tier, else null */
} rq_check;

enum { RQ_PACKAGE_PROGRAMMES_MAX = 4, RQ_SCORE_PARTS = 5 };
typedef enum rq_package_class { RQ_ELIGIBLE, RQ_NEEDS_FACTS, RQ_NEAR_MISS } rq_package_class;

/* A product with what it needs and what lowers its cost, for one need. */
typedef struct rq_package {
    rq_package_class class;
    const rq_product *product;
    const rq_product *guarantee; /* null: none joined */
    const rq_product *insurance;
    const rq_programme *programmes[RQ_PACKAGE_PROGRAMMES_MAX];
    size_t programme_count;
    int tier; /* index of the tier that applies, or -1 */
    int64_t amount_fen;
    int64_t rate_ppm;   /* the upper end of the published rate, or the lower when only that is known */
    bool rate_is_floor; /* only the lower end is published */
    int64_t cost_ppm;   /* all-in annual cost (IRR of the monthly flows x 12); RQ_UNSET without a rate, a
                         * term, or the fee of a joined partner, and where no cost up to 1000 % balances */
    unsigned repayment; /* index of the method that the cost assumes */
    int64_t score_ppm;  /* of 100 points: 1,000,000 = 1 point */
    int64_t parts_ppm[RQ_SCORE_PARTS]; /* cost, likelihood, speed, fit, service */
    const rq_check *checks;
    size_t check_count;
    size_t fail_count, unknown_count; /* hard ones */
} rq_package;
extern const char *const rq_score_part_names[RQ_SCORE_PARTS];

typedef struct rq_match_options {
    size_t top;             /* eligible packages to return */
    size_t top_near;        /* near misses (one or two repairable hard fails, nothing structural) */
    size_t top_unknown;     /* packages that only lack facts */
    size_t per_institution; /* at most so many eligible packages of one institution; 0: as the weights say */
} rq_match_options;
/* How many of each class are shown to everybody; the cap per institution is the published weights'. */
extern const rq_match_options rq_match_published;

/* The order inside each class: score descending, then cost ascending (unknown last), then the
 * product's id ascending. That is all; nothing else moves it. For near misses: fewer fails first. */
typedef struct rq_match_result {
    int64_t catalogue_version;
    int32_t weights_version;
    size_t considered; /* products of the wished kinds that are open to the region and industry */
    size_t eligible_total, unknown_total, near_total;
    const rq_package *eligible;
    size_t eligible_count;
    const rq_package *unknown;
    size_t unknown_count;
    const rq_package *near;
    size_t near_count;
} rq_match_result;

/* Matches `need` against `catalogue`. The result and all it points to live in `arena` and in the
 * catalogue: hold a reference until done with it. */
rq_status rq_match(const rq_catalogue *catalogue, const rq_need *need, const rq_match_options *options,
                   rq_arena *arena, rq_match_result *out_result, rq_error *error) RQ_MUST_CHECK;

/* Evaluates one product of the catalogue for a need in full, whatever its verdict; structural failures
 * too are told (out_open false); with any hard fail the class is RQ_NEAR_MISS. RQ_INVALID when the catalogue
 * has no product `product_id`. */
rq_status rq_match_explain(const rq_catalogue *catalogue, const rq_need *need, const char *product_id,
                           rq_arena *arena, rq_package *out_package, bool *out_open,
                           rq_error *error) RQ_MUST_CHECK;

/* Writes a result as canonical JSON (the bytes that are stored and replayed). */
void rq_match_render(const rq_match_result *result, rq_json *json);
void rq_package_render(const rq_package *package, const char *key, size_t rank, rq_json *json);

/* One cash flow at the end of month `month` (0: disbursement); positive is money to the enterprise. */
typedef struct rq_cash_flow {
    int32_t month;
    int64_t fen;
} rq_cash_flow;

/* The monthly internal rate of return x 12 in ppm, to the nearest ppm: the published all-in annual cost
 * (domain reference 2.9), halves up. Flows are in order of month. RQ_INVALID when no rate in -90 %..+1000 % a
 * year balances them. Deterministic: no libm, no contraction. */
rq_status rq_all_in_cost(const rq_cash_flow *flows, size_t count, int64_t *out_ppm,
                         rq_error *error) RQ_MUST_CHECK;

/* The loan's own flows for a repayment method (index in the list "repayment"): month 0 and then one a
 * month, exact to the fen, interest rounded half up each month, the last one settling the rest. Returns
 * the number written (term_months + 1), or 0 when `capacity` is too small or the method unknown. */
size_t rq_loan_flows(int64_t amount_fen, int64_t rate_ppm, int32_t term_months, unsigned repayment,
                     rq_cash_flow *out_flows, size_t capacity);

/* Takes a guarantee's fee out of the flows of the loan with these terms, as packages are priced: `fee_ppm` of
 * the principal then outstanding at months 0, 12, 24 ... before maturity; of it `subsidy_ppm` comes back at
 * the end of those 12 months, or at maturity. Returns the sum of the fees, 0 for terms that make no loan. */
int64_t rq_take_backing(int64_t amount_fen, int64_t rate_ppm, int32_t term_months, unsigned repayment,
                        int64_t fee_ppm, int64_t subsidy_ppm, rq_cash_flow *flows);

/* JSON as the API takes it and PostgreSQL keeps it -> structs. Unknown keys are ignored (PostgreSQL adds
 * its own), absent and null ones are unset. Strings point into `arena`. RQ_INVALID names the bad key.
 *
 * product: {"id", "institution_id", "institution_zh", "institution_en", "name_zh", "name_en", "kind",
 *   "amount_min_fen", "amount_max_fen", "term_min_months", "term_max_months", "term_min_days",
 *   "term_max_days", "rate": RATE, "repayments": [word], "regions": ["330000"],
 *   "industries_in": ["C"], "industries_out": ["C26"], "rules": [RULE],
 *   "tiers": [{"when": [RULE], "amount_max_fen", "term_max_months", "rate": RATE, "needs_guarantee"}],
 *   "fees": [{"name_zh", "name_en", "payee", "basis": "share"|"fixed", "when": "upfront"|"yearly", "value"}],
 *   "guarantee": "none"|"optional"|"required", "insurance": the same, "promised_hours",
 *   "day_fees": [{"up_to_day", "ppm_per_day"}], "valid_from": "2026-01-01", "valid_to",
 *   "fee_ppm", "coverage_ppm", "counter_guarantee": bool, "partners": [institution id],
 *   "capacity_cases_left", "capacity_fen_left",
 *   "record": {"answers", "approvals", "median_hours", "fulfilled_ppm",
 *     "cells": [{"province": "33", "size", "likelihood_ppm", "median_hours"}]}}
 * RATE: {"base": "fixed"|"lpr_1y"|"lpr_5y", "low_ppm", "high_ppm"}
 * RULE: {"fact": name, "op": name, "value": number | bool | word | [words], "hard": bool (true when
 *   absent), "weight": 1..100 (1 when absent), "repair": word, "text_zh", "text_en"}
 * programme: {"id", "name_zh", "name_en", "type": "interest_subsidy"|"fee_subsidy"|"risk_pool"|
 *   "bridge_fund", "kinds", "regions", "rules", "share_ppm", "points_ppm", "cap_fen", "valid_from",
 *   "valid_to"}
 * need: {"kinds": [word], "amount_fen", "amount_min_fen", "term_months", "term_days", "max_rate_ppm",
 *   "repayments": [word], "region", "industry", "as_of": "2026-11-24",
 *   "facts": {name: {"value", "source": word, "as_of": date}}}
 *   amount_fen and term_months become facts of the same name by themselves. */
rq_status rq_product_decode(const json_t *document, rq_arena *arena, rq_product *out_product,
                            rq_error *error) RQ_MUST_CHECK;
rq_status rq_programme_decode(const json_t *document, rq_arena *arena, rq_programme *out_programme,
                              rq_error *error) RQ_MUST_CHECK;
rq_status rq_need_decode(const json_t *document, rq_need *out_need, rq_error *error) RQ_MUST_CHECK;
rq_status rq_rules_decode(const json_t *list, rq_arena *arena, const rq_rule **out_rules, size_t *out_count,
                          rq_error *error) RQ_MUST_CHECK;

#endif
