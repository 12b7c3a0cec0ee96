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

static bool is_partner_of(const rq_pool *pool, const rq_row *partner, rq_ref institution)
{
    if ((partner->flags & RQ_ROW_HAS_PARTNERS) == 0) {
        return true;
    }
    const rq_row_ids *partners = rq_pool_at(pool, rq_row_more_of(pool, partner)->partners);
    const rq_row_institution *lender = rq_pool_at(pool, institution);
    for (size_t i = 0; i < partners->count; i++) {
        if (memcmp(partners->first[i], lender->id, RQ_UUID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_within(int64_t value, int64_t min, int64_t max)
{
    return value == RQ_UNSET || ((min == RQ_UNSET || value >= min) && (max == RQ_UNSET || value <= max));
}

/* What the capacity still allows; one without a case left is not open, and not asked. */
static int64_t room_of(const rq_pool *pool, const rq_row *row)
{
    return (row->flags & RQ_ROW_HAS_CAPACITY) == 0 ? INT64_MAX : rq_row_more_of(pool, row)->capacity_fen;
}

static bool can_back(const rq_pool *pool, const rq_row *partner, const rq_row *loan, int64_t amount_fen,
                     int64_t term_months)
{
    return is_within(amount_fen, partner->amount_min_fen, partner->amount_max_fen) &&
           is_within(term_months, rq_row_term_min(partner), rq_row_term_max(partner)) &&
           room_of(pool, partner) >= amount_fen && is_partner_of(pool, partner, loan->institution);
}

const rq_candidate *rq_partner_find(rq_session *session, int role, const rq_row *loan, int64_t amount_fen,
                                    int64_t term_months, rq_verdict *out_verdict)
{
    const rq_candidate *lacking = NULL, *candidate;
    for (size_t i = 0; (candidate = rq_session_candidate(session, role, i)) != NULL; i++) {
        if ((candidate->missing != NULL && lacking != NULL) ||
            !can_back(session->pool, candidate->row, loan, amount_fen, term_months)) {
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

bool rq_session_is_backed(rq_session *session)
{
    const rq_candidate *candidate;
    if (session->is_backed != RQ_BACKED_NOT_ASKED) {
        return session->is_backed == RQ_BACKED_YES;
    }
    session->is_backed = RQ_BACKED_NO;
    for (size_t i = 0; (candidate = rq_session_candidate(session, RQ_PARTNER_guarantee, i)) != NULL; i++) {
        const rq_row *row = candidate->row;
        if (candidate->missing == NULL && (row->flags & RQ_ROW_HAS_PARTNERS) == 0 &&
            can_back(session->pool, row, row, session->need->amount_fen, session->need->term_months)) {
            session->is_backed = RQ_BACKED_YES;
            break;
        }
    }
    return session->is_backed == RQ_BACKED_YES;
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

int64_t rq_lent_fen(const rq_session *session, const rq_row *row, int64_t amount_max_fen)
{
    int64_t amount = clamped(session->need->amount_fen, row->amount_min_fen, amount_max_fen);
    int64_t room = room_of(session->pool, row);
    return room >= session->least_fen && room < amount ? room : amount;
}

int64_t rq_lent_months(const rq_session *session, const rq_row *row, int64_t term_max_months)
{
    return clamped(session->need->term_months, rq_row_term_min(row), term_max_months);
}

/* The product's terms with those of tier `index` (-1: none) laid over them. */
static void lay_terms(const rq_session *session, const rq_row *row, int index, rq_terms *terms)
{
    *terms = (rq_terms){
        .tier = index,
        .verdict = RQ_PASS,
        .amount_max_fen = row->amount_max_fen,
        .term_max_months = rq_row_term_max(row),
        .rate = rq_row_rate(row),
        .needs_guarantee = row->guarantee == RQ_BACKING_required,
        .term_days = RQ_UNSET,
    };
    if (index >= 0) {
        const rq_tier *tier = rq_row_tier(session->pool, row, (size_t)index);
        terms->amount_max_fen = tier->amount_max_fen != RQ_UNSET ? tier->amount_max_fen : row->amount_max_fen;
        terms->term_max_months =
            tier->term_max_months != RQ_UNSET ? tier->term_max_months : terms->term_max_months;
        terms->rate = tier->rate.base != RQ_RATE_none ? tier->rate : terms->rate;
        terms->needs_guarantee = terms->needs_guarantee || tier->needs_guarantee;
    }
    terms->amount_fen = rq_lent_fen(session, row, terms->amount_max_fen);
    terms->term_months = rq_lent_months(session, row, terms->term_max_months);
    if (row->kind == RQ_INDEX(kind, bridge)) {
        const rq_row_more *more = rq_row_more_of(session->pool, row);
        terms->term_days = clamped(session->need->term_days, rq_row_number(more->term_min_days, 0),
                                   rq_row_number(more->term_max_days, 0));
    }
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

/* What the need makes of a tier: its conditions, and the guarantee that it may need. */
static rq_verdict weigh_tier(rq_session *session, const rq_row *row, size_t index, rq_terms *out_terms)
{
    const rq_tier *tier = rq_row_tier(session->pool, row, index);
    rq_verdict verdict = judge_tier(session, tier), backed = RQ_PASS;
    if (verdict == RQ_FAIL) {
        return RQ_FAIL;
    }
    lay_terms(session, row, (int)index, out_terms);
    if (tier->needs_guarantee) {
        (void)rq_partner_find(session, RQ_PARTNER_guarantee, row, out_terms->amount_fen,
                              out_terms->term_months, &backed);
    }
    out_terms->verdict = backed < verdict ? backed : verdict;
    return out_terms->verdict;
}

void rq_terms_choose(rq_session *session, const rq_row *row, rq_terms *out_terms)
{
    const rq_frame *frame = &session->catalogue->frame;
    lay_terms(session, row, -1, out_terms);
    size_t count = rq_row_tier_count(session->pool, row);
    rq_terms terms, unknown;
    bool has_unknown = false;
    for (size_t i = 0; i < count; i++) {
        rq_verdict verdict = weigh_tier(session, row, i, &terms);
        if (verdict == RQ_PASS && (out_terms->tier < 0 || is_better(frame, &terms, out_terms))) {
            *out_terms = terms;
        } else if (verdict == RQ_NOT_KNOWN && compare_known(terms.amount_max_fen, session->least_fen) >= 0 &&
                   (!has_unknown || is_better(frame, &terms, &unknown))) {
            unknown = terms;
            has_unknown = true;
        }
    }
    if (has_unknown && compare_known(out_terms->amount_max_fen, session->least_fen) < 0) {
        *out_terms = unknown;
    }
}
