/* Every condition of one product for one need, with what was found. */
#include <assert.h>

#include "session.h"

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

static void judge_term(const rq_session *session, const rq_row *row, const rq_terms *terms, rq_check *checks,
                       rq_package *package)
{
    const rq_need *need = session->need;
    if (row->kind == RQ_INDEX(kind, bridge)) {
        const rq_row_more *more = rq_row_more_of(session->pool, row);
        add_bound(package, checks, RQ_CHECK_term_min, -1, RQ_OP_ge, need->term_days,
                  rq_row_number(more->term_min_days, 0));
        add_bound(package, checks, RQ_CHECK_term_max, -1, RQ_OP_le, need->term_days,
                  rq_row_number(more->term_max_days, 0));
        return;
    }
    add_bound(package, checks, RQ_CHECK_term_min, RQ_FACT_term_months, RQ_OP_ge, need->term_months,
              rq_row_term_min(row));
    add_bound(package, checks, RQ_CHECK_term_max, RQ_FACT_term_months, RQ_OP_le, need->term_months,
              terms->term_max_months);
}

static void judge_bounds(const rq_session *session, const rq_row *row, const rq_terms *terms,
                         rq_check *checks, rq_package *package)
{
    const rq_need *need = session->need;
    add_bound(package, checks, RQ_CHECK_amount_min, RQ_FACT_amount_fen, RQ_OP_ge, need->amount_fen,
              row->amount_min_fen);
    add_bound(package, checks, RQ_CHECK_amount_max, RQ_FACT_amount_fen, RQ_OP_le, session->least_fen,
              terms->amount_max_fen);
    judge_term(session, row, terms, checks, package);
    if (need->max_rate_ppm != RQ_UNSET && row->kind != RQ_INDEX(kind, equity)) {
        add_bound(package, checks, RQ_CHECK_rate, -1, RQ_OP_ge, need->max_rate_ppm,
                  rq_rate_low(&session->catalogue->frame, &terms->rate));
    }
    if (need->repayments != 0 && row->repayments != 0) {
        add_check(package, checks,
                  (rq_check){.source = RQ_CHECK_repayment,
                             .verdict = (need->repayments & row->repayments) != 0 ? RQ_PASS : RQ_FAIL,
                             .hard = true,
                             .fact = -1,
                             .op = RQ_OP_in,
                             .have_known = true,
                             .have = (int64_t)need->repayments,
                             .needed = row->repayments,
                             .repair = RQ_INDEX(repair, enterprise)});
    }
}

/* Joins the best partner and says so in a check; `fact` of an unknown one names what it lacks first. */
static const rq_row *join(rq_session *session, int role, const rq_row *row, const rq_terms *terms,
                          rq_check *checks, rq_package *package)
{
    rq_verdict verdict;
    const rq_candidate *partner =
        rq_partner_find(session, role, row, terms->amount_fen, terms->term_months, &verdict);
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
    return partner != NULL ? partner->row : NULL;
}

/* The maximum is that of a tier of which we can't say that it applies, nor which of its conditions fail. */
static void doubt_tier(const rq_session *session, const rq_draft *draft, rq_check *checks,
                       rq_package *package)
{
    const rq_tier *tier = rq_row_tier(session->pool, draft->row, (size_t)draft->terms.tier);
    for (size_t i = 0; i < tier->when_count; i++) {
        if (rq_rule_judge(&tier->when[i], session->need) == RQ_NOT_KNOWN) {
            add_rule(package, checks, &tier->when[i], RQ_CHECK_tier, (size_t)draft->terms.tier,
                     session->need);
        }
    }
}

void rq_package_judge(rq_session *session, const rq_row *row, rq_check *checks, rq_draft *out_draft,
                      rq_package *out_package)
{
    *out_draft = (rq_draft){.row = row};
    rq_terms_choose(session, row, &out_draft->terms);
    const rq_terms *terms = &out_draft->terms;
    *out_package = (rq_package){.tier = terms->tier, .amount_fen = terms->amount_fen, .checks = checks};
    judge_bounds(session, row, terms, checks, out_package);
    for (size_t i = 0; terms->verdict == RQ_NOT_KNOWN && i < out_package->check_count; i++) {
        if (checks[i].source == RQ_CHECK_amount_max) {
            checks[i].verdict = RQ_NOT_KNOWN;
            out_package->unknown_count++;
        }
    }
    size_t rule_count = rq_row_rule_count(session->pool, row);
    for (size_t i = 0; i < rule_count; i++) {
        add_rule(out_package, checks, rq_row_rule(session->pool, row, i), RQ_CHECK_rule, i, session->need);
    }
    if (terms->verdict == RQ_NOT_KNOWN) {
        doubt_tier(session, out_draft, checks, out_package);
    }
    if (terms->needs_guarantee) {
        out_draft->guarantee = join(session, RQ_PARTNER_guarantee, row, terms, checks, out_package);
    }
    if (row->insurance == RQ_BACKING_required) {
        out_draft->insurance = join(session, RQ_PARTNER_insurance, row, terms, checks, out_package);
    }
}

void rq_package_classify(rq_package *package)
{
    package->class = package->fail_count > 0      ? RQ_NEAR_MISS
                     : package->unknown_count > 0 ? RQ_NEEDS_FACTS
                                                  : RQ_ELIGIBLE;
}
