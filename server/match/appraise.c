/* What the sieve leaves open, one product at a time and without writing checks: the class of composed
 * products, and scores. package.c says the same in full; match.c asserts that the two agree. */
#include <assert.h>

#include "session.h"

static void take(rq_verdict verdict, size_t *fails, bool *unknown)
{
    *fails += verdict == RQ_FAIL;
    *unknown = *unknown || verdict == RQ_NOT_KNOWN;
}

static bool is_above(int64_t value, int64_t most)
{
    return most != RQ_UNSET && value > most;
}

/* The bounds that tiers can move. */
static void judge_terms(const rq_session *session, const rq_row *row, const rq_terms *terms, size_t *fails,
                        bool *unknown)
{
    const rq_need *need = session->need;
    if (terms->verdict == RQ_NOT_KNOWN) {
        /* the conditions of the tier, and the maximum that would come with it */
        *unknown = true;
    } else {
        *fails += is_above(session->least_fen, terms->amount_max_fen);
    }
    if (row->kind != RQ_INDEX(kind, bridge) && terms->term_max_months != RQ_UNSET) {
        take(need->term_months == RQ_UNSET                 ? RQ_NOT_KNOWN
             : need->term_months <= terms->term_max_months ? RQ_PASS
                                                           : RQ_FAIL,
             fails, unknown);
    }
    if (row->kind != RQ_INDEX(kind, equity) && need->max_rate_ppm != RQ_UNSET) {
        int64_t low = rq_rate_low(&session->catalogue->frame, &terms->rate);
        *fails += low != RQ_UNSET && need->max_rate_ppm < low;
    }
}

void rq_appraise_class(rq_session *session, const rq_row *row, size_t *out_fails, bool *out_unknown)
{
    int64_t amount_fen, term_months;
    bool needs_guarantee = row->guarantee == RQ_BACKING_required;
    rq_verdict verdict;
    *out_fails = 0;
    *out_unknown = false;
    if (row->tiers != 0) {
        rq_terms terms;
        rq_terms_choose(session, row, &terms);
        judge_terms(session, row, &terms, out_fails, out_unknown);
        amount_fen = terms.amount_fen;
        term_months = terms.term_months;
        needs_guarantee = terms.needs_guarantee;
    } else {
        amount_fen = rq_lent_fen(session, row, row->amount_max_fen);
        term_months = rq_lent_months(session, row, rq_row_term_max(row));
    }
    if (needs_guarantee) {
        (void)rq_partner_find(session, RQ_PARTNER_guarantee, row, amount_fen, term_months, &verdict);
        take(verdict, out_fails, out_unknown);
    }
    if (row->insurance == RQ_BACKING_required) {
        (void)rq_partner_find(session, RQ_PARTNER_insurance, row, amount_fen, term_months, &verdict);
        take(verdict, out_fails, out_unknown);
    }
}

static bool is_in_term(const rq_session *session, const rq_row *row, const rq_terms *terms)
{
    int64_t have = session->need->term_months, min = rq_row_term_min(row), max = terms->term_max_months;
    if (row->kind == RQ_INDEX(kind, bridge)) {
        const rq_row_more *more = rq_row_more_of(session->pool, row);
        have = session->need->term_days;
        min = rq_row_number(more->term_min_days, 0);
        max = rq_row_number(more->term_max_days, 0);
    }
    if (min == RQ_UNSET && max == RQ_UNSET) {
        return true;
    }
    return have != RQ_UNSET && (min == RQ_UNSET || have >= min) && (max == RQ_UNSET || have <= max);
}

static void weigh_soft(const rq_session *session, const rq_row *row, rq_fit *fit)
{
    size_t count = (row->flags & RQ_ROW_HAS_SOFT) != 0 ? rq_row_rule_count(session->pool, row) : 0;
    for (size_t i = 0; i < count; i++) {
        const rq_rule *rule = rq_row_rule(session->pool, row, i);
        if (!rule->hard) {
            fit->soft_total += rule->weight;
            fit->soft_passed += rq_rule_judge(rule, session->need) == RQ_PASS ? rule->weight : 0;
        }
    }
}

static const rq_row *joined(rq_session *session, int role, const rq_row *row, const rq_terms *terms)
{
    rq_verdict verdict;
    const rq_candidate *partner =
        rq_partner_find(session, role, row, terms->amount_fen, terms->term_months, &verdict);
    return partner != NULL ? partner->row : NULL;
}

bool rq_appraise_most(rq_session *session, const rq_row *row, const rq_relief *relief, int64_t least_score,
                      rq_prospect *out)
{
    *out = (rq_prospect){.draft.row = row};
    const rq_terms *terms = &out->draft.terms;
    rq_terms_choose(session, row, &out->draft.terms);
    rq_fit fit = {.amount_fen = terms->amount_fen, .is_in_term = is_in_term(session, row, terms)};
    /* first as if every soft rule passed: to look at them costs more than to look at nothing */
    int64_t most_cost = rq_score_most(session, row, terms, relief);
    int64_t fullest = most_cost + rq_score_of_fit(session, row, &fit);
    if (row->merit + fullest < least_score) {
        return false;
    }
    int64_t merit = rq_score_of_record(session, row);
    if (merit + fullest < least_score) {
        return false;
    }
    weigh_soft(session, row, &fit);
    out->known = merit + rq_score_of_fit(session, row, &fit);
    if (out->known + most_cost < least_score) {
        return false;
    }
    if (terms->needs_guarantee) {
        out->draft.guarantee = joined(session, RQ_PARTNER_guarantee, row, terms);
    }
    if (row->insurance == RQ_BACKING_required) {
        out->draft.insurance = joined(session, RQ_PARTNER_insurance, row, terms);
    }
    int64_t most_backed = rq_score_most_backed(session, &out->draft, relief);
    out->most = out->known + (most_backed < most_cost ? most_backed : most_cost);
    return out->most >= least_score;
}

int64_t rq_appraise_score(rq_session *session, const rq_prospect *prospect, int64_t *out_cost)
{
    const rq_programme *subsidies[2];
    *out_cost = rq_draft_cost(session, &prospect->draft, subsidies);
    int64_t score = prospect->known + rq_score_of_cost(&session->catalogue->frame, *out_cost);
    assert(score <= prospect->most);
    return score;
}
