/* Judges one product for one need: which terms apply, which partners join, and every condition.
 *
 * Published rules.
 * - Among the tiers whose conditions all pass, the one with the highest maximum amount applies, then the
 *   lowest rate (low end, then high end; unpublished last), then the first. It applies even where it is
 *   below the product's own maximum: a tier is more specific than the product. A tier that needs a
 *   guarantee counts only with a partner.
 * - Where those terms can't carry the least acceptable amount, but a tier that merely lacks facts could,
 *   the best such tier is shown, and amount and conditions are "not known" instead of failed.
 * - The amount lent is the wished amount, raised to the product's minimum, cut to the maximum that
 *   applies and to the capacity left. Terms are clamped likewise: a near miss is shown as it would be.
 * - The joined partner is the first of the ranking in catalogue.c that backs the amount and term and
 *   works with the lender; one whose rules all pass comes before any that lacks facts. */
#include <assert.h>
#include <string.h>

#include "internal.h"

static bool is_partner_of(const rq_product *partner, const char *institution_id)
{
    for (size_t i = 0; i < partner->partner_count; i++) {
        if (strcmp(partner->partners[i], institution_id) == 0) {
            return true;
        }
    }
    return partner->partner_count == 0;
}

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return value == RQ_UNSET || ((min == RQ_UNSET || value >= min) && (max == RQ_UNSET || value <= max));
}

/* Returns null and RQ_FAIL when nobody can back the loan. */
static const rq_candidate *find_partner(const rq_session *session, int role, const rq_product *loan,
                                        const rq_terms *terms, rq_verdict *out_verdict)
{
    const rq_candidate *lacking = NULL;
    for (size_t i = 0; i < session->candidate_count[role]; i++) {
        const rq_candidate *candidate = &session->candidates[role][i];
        const rq_product *partner = candidate->product;
        if (!is_within(terms->amount_fen, partner->amount_min_fen, partner->amount_max_fen) ||
            !is_within(terms->term_months, partner->term_min_months, partner->term_max_months) ||
            candidate->room_fen < terms->amount_fen || !is_partner_of(partner, loan->institution_id)) {
            continue;
        }
        if (candidate->missing == NULL) {
            *out_verdict = RQ_PASS;
            return candidate;
        }
        if (lacking == NULL) {
            lacking = candidate;
        }
    }
    *out_verdict = lacking != NULL ? RQ_NOT_KNOWN : RQ_FAIL;
    return lacking;
}

static int64_t clamped(int64_t value, int64_t min, int64_t max)
{
    if (value == RQ_UNSET) {
        return RQ_UNSET;
    }
    if (min != RQ_UNSET && value < min) {
        value = min;
    }
    return max != RQ_UNSET && value > max ? max : value;
}

/* The product's terms with those of `tier` (null: none) laid over them. */
static rq_terms terms_of(const rq_session *session, const rq_product *product, const rq_tier *tier)
{
    const rq_need *need = session->need;
    rq_terms terms = {
        .tier = tier != NULL ? (int)(tier - product->tiers) : -1,
        .verdict = RQ_PASS,
        .amount_max_fen = product->amount_max_fen,
        .term_max_months = product->term_max_months,
        .rate = product->rate,
        .needs_guarantee = product->guarantee == RQ_BACKING_required,
    };
    if (tier != NULL) {
        terms.amount_max_fen = tier->amount_max_fen != RQ_UNSET ? tier->amount_max_fen : terms.amount_max_fen;
        terms.term_max_months =
            tier->term_max_months != RQ_UNSET ? tier->term_max_months : terms.term_max_months;
        terms.rate = tier->rate.base != RQ_RATE_none ? tier->rate : terms.rate;
        terms.needs_guarantee = terms.needs_guarantee || tier->needs_guarantee;
    }
    terms.amount_fen = clamped(need->amount_fen, product->amount_min_fen, terms.amount_max_fen);
    int64_t room = product->capacity_fen_left;
    if (room != RQ_UNSET && room >= session->least_fen && room < terms.amount_fen) {
        terms.amount_fen = room;
    }
    terms.term_months = clamped(need->term_months, product->term_min_months, terms.term_max_months);
    terms.term_days = clamped(need->term_days, product->term_min_days, product->term_max_days);
    return terms;
}

/* Unpublished counts as more than any number: an open maximum, an unknown rate. */
static int compare_known(int64_t a, int64_t b)
{
    a = a == RQ_UNSET ? INT64_MAX : a;
    b = b == RQ_UNSET ? INT64_MAX : b;
    return a < b ? -1 : a > b;
}

static bool is_better(const rq_catalogue *catalogue, const rq_terms *terms, const rq_terms *best)
{
    int order = compare_known(best->amount_max_fen, terms->amount_max_fen);
    if (order == 0) {
        order = compare_known(rq_rate_low(catalogue, &terms->rate), rq_rate_low(catalogue, &best->rate));
    }
    if (order == 0) {
        order = compare_known(rq_rate_high(catalogue, &terms->rate), rq_rate_high(catalogue, &best->rate));
    }
    return order < 0;
}

static rq_terms choose_terms(const rq_session *session, const rq_product *product)
{
    rq_terms known = terms_of(session, product, NULL), unknown = known;
    bool has_unknown = false;
    for (size_t i = 0; i < product->tier_count; i++) {
        const rq_tier *tier = &product->tiers[i];
        rq_terms terms = terms_of(session, product, tier);
        terms.verdict = RQ_PASS;
        for (size_t k = 0; k < tier->when_count && terms.verdict != RQ_FAIL; k++) {
            rq_verdict verdict = rq_rule_judge(&tier->when[k], session->need);
            terms.verdict = verdict < terms.verdict ? verdict : terms.verdict;
        }
        if (terms.verdict != RQ_FAIL && tier->needs_guarantee) {
            rq_verdict verdict;
            (void)find_partner(session, RQ_PARTNER_guarantee, product, &terms, &verdict);
            terms.verdict = verdict < terms.verdict ? verdict : terms.verdict;
        }
        if (terms.verdict == RQ_PASS && (known.tier < 0 || is_better(session->catalogue, &terms, &known))) {
            known = terms;
        } else if (terms.verdict == RQ_NOT_KNOWN &&
                   compare_known(terms.amount_max_fen, session->least_fen) >= 0 &&
                   (!has_unknown || is_better(session->catalogue, &terms, &unknown))) {
            unknown = terms;
            has_unknown = true;
        }
    }
    bool is_enough = compare_known(known.amount_max_fen, session->least_fen) >= 0;
    return is_enough || !has_unknown ? known : unknown;
}
static_assert(RQ_FAIL < RQ_NOT_KNOWN && RQ_NOT_KNOWN < RQ_PASS, "the worst verdict is the least");

static void add_check(rq_package *package, rq_check *checks, rq_check check)
{
    assert(package->check_count < RQ_MATCH_CHECKS_MAX);
    checks[package->check_count++] = check;
    if (check.hard) {
        package->fail_count += check.verdict == RQ_FAIL;
        package->unknown_count += check.verdict == RQ_NOT_KNOWN;
    }
}

/* A condition `have` op `bound`; a bound that is not published is none. */
static void add_bound(rq_package *package, rq_check *checks, rq_check_source source, int fact, rq_op op,
                      int64_t have, int64_t bound)
{
    if (bound == RQ_UNSET) {
        return;
    }
    rq_verdict verdict = RQ_NOT_KNOWN;
    if (have != RQ_UNSET) {
        verdict = (op == RQ_OP_ge ? have >= bound : have <= bound) ? RQ_PASS : RQ_FAIL;
    }
    add_check(package, checks,
              (rq_check){.source = source,
                         .verdict = verdict,
                         .hard = true,
                         .fact = fact,
                         .op = op,
                         .have_known = have != RQ_UNSET,
                         .have = have != RQ_UNSET ? have : 0,
                         .needed = bound,
                         .repair = RQ_INDEX(repair, enterprise)});
}

static void add_rule(rq_package *package, rq_check *checks, const rq_rule *rule, rq_check_source source,
                     size_t index, const rq_need *need)
{
    const rq_fact_value *fact = &need->facts[rule->fact];
    add_check(package, checks,
              (rq_check){.source = source,
                         .index = (uint16_t)index,
                         .verdict = rq_rule_judge(rule, need),
                         .hard = source == RQ_CHECK_tier || rule->hard,
                         .fact = (int)rule->fact,
                         .op = rule->op,
                         .have_known = fact->known,
                         .have = fact->known ? fact->value : 0,
                         .needed = rq_rule_needed(rule, need),
                         .repair = rule->repair,
                         .rule = rule});
}

static void judge_bounds(const rq_session *session, const rq_product *product, const rq_terms *terms,
                         rq_check *checks, rq_package *package)
{
    const rq_need *need = session->need;
    add_bound(package, checks, RQ_CHECK_amount_min, RQ_FACT_amount_fen, RQ_OP_ge, need->amount_fen,
              product->amount_min_fen);
    add_bound(package, checks, RQ_CHECK_amount_max, RQ_FACT_amount_fen, RQ_OP_le, session->least_fen,
              terms->amount_max_fen);
    if (product->kind == RQ_INDEX(kind, bridge)) {
        add_bound(package, checks, RQ_CHECK_term_min, -1, RQ_OP_ge, need->term_days, product->term_min_days);
        add_bound(package, checks, RQ_CHECK_term_max, -1, RQ_OP_le, need->term_days, product->term_max_days);
    } else {
        add_bound(package, checks, RQ_CHECK_term_min, RQ_FACT_term_months, RQ_OP_ge, need->term_months,
                  product->term_min_months);
        add_bound(package, checks, RQ_CHECK_term_max, RQ_FACT_term_months, RQ_OP_le, need->term_months,
                  terms->term_max_months);
    }
    if (need->max_rate_ppm != RQ_UNSET && product->kind != RQ_INDEX(kind, equity)) {
        add_bound(package, checks, RQ_CHECK_rate, -1, RQ_OP_ge, need->max_rate_ppm,
                  rq_rate_low(session->catalogue, &terms->rate));
    }
    if (need->repayments != 0 && product->repayments != 0) {
        add_check(package, checks,
                  (rq_check){.source = RQ_CHECK_repayment,
                             .verdict = (need->repayments & product->repayments) != 0 ? RQ_PASS : RQ_FAIL,
                             .hard = true,
                             .fact = -1,
                             .op = RQ_OP_in,
                             .have_known = true,
                             .have = (int64_t)need->repayments,
                             .needed = (int64_t)product->repayments,
                             .repair = RQ_INDEX(repair, enterprise)});
    }
}

/* Joins the best partner and says so in a check; `fact` of an unknown one names what it lacks first. */
static const rq_product *join(const rq_session *session, int role, const rq_product *product,
                              const rq_terms *terms, rq_check *checks, rq_package *package)
{
    rq_verdict verdict;
    const rq_candidate *partner = find_partner(session, role, product, terms, &verdict);
    add_check(package, checks,
              (rq_check){.source = role == RQ_PARTNER_guarantee ? RQ_CHECK_guarantee : RQ_CHECK_insurance,
                         .verdict = verdict,
                         .hard = true,
                         .fact = verdict == RQ_NOT_KNOWN ? (int)partner->missing->fact : -1,
                         .op = RQ_OP_eq,
                         .have_known = verdict != RQ_NOT_KNOWN,
                         .have = verdict == RQ_PASS,
                         .needed = 1,
                         .repair = RQ_INDEX(repair, guarantor)});
    return partner != NULL ? partner->product : NULL;
}

void rq_package_judge(const rq_session *session, const rq_product *product, rq_check *checks,
                      rq_terms *out_terms, rq_package *out_package)
{
    rq_terms terms = choose_terms(session, product);
    *out_package = (rq_package){
        .product = product, .tier = terms.tier, .amount_fen = terms.amount_fen, .checks = checks};
    judge_bounds(session, product, &terms, checks, out_package);
    if (terms.verdict == RQ_NOT_KNOWN) {
        /* the maximum is that of a tier of which we can't say that it applies */
        for (size_t i = 0; i < out_package->check_count; i++) {
            if (checks[i].source == RQ_CHECK_amount_max) {
                checks[i].verdict = RQ_NOT_KNOWN;
                out_package->unknown_count++;
            }
        }
    }
    for (size_t i = 0; i < product->rule_count; i++) {
        add_rule(out_package, checks, &product->rules[i], RQ_CHECK_rule, i, session->need);
    }
    if (terms.verdict == RQ_NOT_KNOWN) {
        const rq_tier *tier = &product->tiers[terms.tier];
        for (size_t i = 0; i < tier->when_count; i++) {
            if (rq_rule_judge(&tier->when[i], session->need) == RQ_NOT_KNOWN) {
                add_rule(out_package, checks, &tier->when[i], RQ_CHECK_tier, (size_t)terms.tier,
                         session->need);
            }
        }
    }
    if (terms.needs_guarantee) {
        out_package->guarantee = join(session, RQ_PARTNER_guarantee, product, &terms, checks, out_package);
    }
    if (product->insurance == RQ_BACKING_required) {
        out_package->insurance = join(session, RQ_PARTNER_insurance, product, &terms, checks, out_package);
    }
    *out_terms = terms;
}

bool rq_package_classify(rq_package *package)
{
    package->class = package->fail_count > 0      ? RQ_NEAR_MISS
                     : package->unknown_count > 0 ? RQ_NEEDS_FACTS
                                                  : RQ_ELIGIBLE;
    if (package->fail_count > 2) {
        return false;
    }
    for (size_t i = 0; i < package->check_count; i++) {
        const rq_check *check = &package->checks[i];
        if (check->hard && check->verdict == RQ_FAIL && check->repair == RQ_INDEX(repair, nobody)) {
            return false;
        }
    }
    return true;
}
