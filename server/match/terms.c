/* Which terms of a product apply to a need, and which partner backs them.
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
 * - The joined partner is the first by rank (snapshot.h) that backs the amount and term and works with the
 *   lender; one whose rules all pass comes before any that lacks facts. */
#include <assert.h>

#include "session.h"

static bool is_partner_of(const rq_pool *pool, const rq_row_more *more, rq_ref institution)
{
    const rq_row_refs *partners = rq_pool_at(pool, more->partners);
    for (size_t i = 0; partners != NULL && i < partners->count; i++) {
        if (partners->first[i] == institution) {
            return true;
        }
    }
    return partners == NULL;
}

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return value == RQ_UNSET || ((min == RQ_UNSET || value >= min) && (max == RQ_UNSET || value <= max));
}

/* What the capacity still allows; one without a case left is not open, and not asked. */
static int64_t room_of(const rq_row_more *more)
{
    return more->capacity_fen == RQ_UNSET ? INT64_MAX : more->capacity_fen;
}

const rq_candidate *rq_partner_find(rq_session *session, int role, const rq_row *loan, const rq_terms *terms,
                                    rq_verdict *out_verdict)
{
    const rq_candidate *lacking = NULL;
    rq_session_find_candidates(session, role);
    for (size_t i = 0; i < session->candidate_count[role]; i++) {
        const rq_candidate *candidate = &session->candidates[role][i];
        const rq_row *partner = candidate->row;
        const rq_row_more *more = rq_row_more_of(session->pool, partner);
        if ((candidate->missing != NULL && lacking != NULL) ||
            !is_within(terms->amount_fen, partner->amount_min_fen, partner->amount_max_fen) ||
            !is_within(terms->term_months, rq_row_term_min(partner), rq_row_term_max(partner)) ||
            room_of(more) < terms->amount_fen || !is_partner_of(session->pool, more, loan->institution)) {
            continue;
        }
        if (candidate->missing == NULL) {
            *out_verdict = RQ_PASS;
            return candidate;
        }
        lacking = candidate;
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

/* The product's terms with those of tier `index` (-1: none) laid over them. */
static rq_terms terms_of(const rq_session *session, const rq_row *row, int index)
{
    const rq_need *need = session->need;
    const rq_row_more *more = rq_row_more_of(session->pool, row);
    rq_terms terms = {
        .tier = index,
        .verdict = RQ_PASS,
        .amount_max_fen = row->amount_max_fen,
        .term_max_months = rq_row_term_max(row),
        .rate = rq_row_rate(row),
        .needs_guarantee = rq_row_guarantee(row) == RQ_BACKING_required,
        .term_days = RQ_UNSET,
    };
    if (index >= 0) {
        const rq_tier *tier = rq_row_tier(session->pool, row, (size_t)index);
        terms.amount_max_fen = tier->amount_max_fen != RQ_UNSET ? tier->amount_max_fen : terms.amount_max_fen;
        terms.term_max_months =
            tier->term_max_months != RQ_UNSET ? tier->term_max_months : terms.term_max_months;
        terms.rate = tier->rate.base != RQ_RATE_none ? tier->rate : terms.rate;
        terms.needs_guarantee = terms.needs_guarantee || tier->needs_guarantee;
    }
    terms.amount_fen = clamped(need->amount_fen, row->amount_min_fen, terms.amount_max_fen);
    int64_t room = more->capacity_fen;
    if (room != RQ_UNSET && room >= session->least_fen && room < terms.amount_fen) {
        terms.amount_fen = room;
    }
    terms.term_months = clamped(need->term_months, rq_row_term_min(row), terms.term_max_months);
    if (row->kind == RQ_INDEX(kind, bridge)) {
        terms.term_days = clamped(need->term_days, rq_row_number(more->term_min_days, 0),
                                  rq_row_number(more->term_max_days, 0));
    }
    return terms;
}

/* Unpublished counts as more than any number: an open maximum, an unknown rate. */
static int compare_known(int64_t a, int64_t b)
{
    a = a == RQ_UNSET ? INT64_MAX : a;
    b = b == RQ_UNSET ? INT64_MAX : b;
    return a < b ? -1 : a > b;
}

static bool is_better(const rq_frame *frame, const rq_terms *terms, const rq_terms *best)
{
    int order = compare_known(best->amount_max_fen, terms->amount_max_fen);
    if (order == 0) {
        order = compare_known(rq_rate_low(frame, &terms->rate), rq_rate_low(frame, &best->rate));
    }
    if (order == 0) {
        order = compare_known(rq_rate_high(frame, &terms->rate), rq_rate_high(frame, &best->rate));
    }
    return order < 0;
}

static rq_verdict judge_tier(const rq_session *session, const rq_tier *tier)
{
    rq_verdict worst = RQ_PASS;
    for (size_t k = 0; k < tier->when_count && worst != RQ_FAIL; k++) {
        rq_verdict verdict = rq_rule_judge(&tier->when[k], session->need);
        worst = verdict < worst ? verdict : worst;
    }
    return worst;
}
static_assert(RQ_FAIL < RQ_NOT_KNOWN && RQ_NOT_KNOWN < RQ_PASS, "the worst verdict is the least");

rq_terms rq_terms_choose(rq_session *session, const rq_row *row)
{
    const rq_frame *frame = &session->catalogue->frame;
    rq_terms known = terms_of(session, row, -1), unknown = known;
    bool has_unknown = false;
    size_t count = rq_row_tier_count(session->pool, row);
    for (size_t i = 0; i < count; i++) {
        const rq_tier *tier = rq_row_tier(session->pool, row, i);
        rq_verdict verdict = judge_tier(session, tier);
        if (verdict == RQ_FAIL) {
            continue;
        }
        rq_terms terms = terms_of(session, row, (int)i);
        if (tier->needs_guarantee) {
            rq_verdict backed;
            (void)rq_partner_find(session, RQ_PARTNER_guarantee, row, &terms, &backed);
            verdict = backed < verdict ? backed : verdict;
        }
        terms.verdict = verdict;
        if (verdict == RQ_PASS && (known.tier < 0 || is_better(frame, &terms, &known))) {
            known = terms;
        } else if (verdict == RQ_NOT_KNOWN && compare_known(terms.amount_max_fen, session->least_fen) >= 0 &&
                   (!has_unknown || is_better(frame, &terms, &unknown))) {
            unknown = terms;
            has_unknown = true;
        }
    }
    bool is_enough = compare_known(known.amount_max_fen, session->least_fen) >= 0;
    return is_enough || !has_unknown ? known : unknown;
}
