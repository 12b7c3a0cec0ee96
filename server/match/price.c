/* What a package costs in all: the loan's flows, every published fee, the partners' fees, and the
 * programmes that pay some of it back; then the yearly rate of the lot.
 *
 * Published rules (domain reference 2.9).
 * - The rate is the upper end of the published one, or the lower end, marked as a floor, where only that
 *   is published. A product without a rate, a need without a term, or a joined partner whose fee is not
 *   published has no all-in cost: a cost that leaves something out is none. Equity has neither.
 * - The assumed repayment is the first wished method that is offered, else the first offered one; where
 *   the product is silent the first wished one; where the need is silent interest first if that is
 *   offered, as it is taken to be when both are silent.
 * - Fees upfront fall at month 0, yearly ones at months 0, 12, 24 ... before maturity, on the amount.
 *   Guarantee fee and premium fall on the same months, on the principal outstanding then. Fees that a
 *   partner's product lists count like the loan's own.
 * - An interest subsidy returns its share of the interest charged in every 12 months (points: points /
 *   rate of it, at most all) at the end of them, and of the rest at maturity; a fee subsidy returns its
 *   share of the year's guarantee fee and premium at the same moments. Both are capped a year.
 *   One of each is taken, the one that pays most, then the lowest id; one that pays nothing, or that
 *   can't be reckoned, is not joined. Risk pools, and for bridge finance bridge funds, follow by id.
 * - A bridge costs the sum of its daily prices (past the last step the last price goes on) and fees,
 *   x 365 / days.
 * - The cost of a loan is one from -90 % to 1000 % a year, or none where no such rate balances the flows; a
 *   bridge above 1000 % has none likewise. */
#include <assert.h>

#include "session.h"

enum { YEARS_MAX = RQ_MATCH_TERM_MAX / 12 };

/* The cost of a package, year by year, before programmes. */
typedef struct sheet {
    const rq_schedule *loan;
    int64_t amount_fen, rate_ppm;
    int64_t upfront_fen;
    int32_t years;
    int64_t interest_fen[YEARS_MAX];
    int64_t backing_fen[YEARS_MAX]; /* guarantee fee and premium */
    int64_t yearly_fen;             /* other yearly fees */
} sheet;

static int64_t rate_end(const rq_frame *frame, const rq_rate *rate, int64_t end)
{
    if (end == RQ_UNSET || rate->base == RQ_RATE_none) {
        return RQ_UNSET;
    }
    int64_t base = rate->base == RQ_RATE_lpr_1y   ? frame->lpr_1y_ppm
                   : rate->base == RQ_RATE_lpr_5y ? frame->lpr_5y_ppm
                                                  : 0;
    int64_t value = base + end;
    if (value < 0) {
        return 0;
    }
    return value < RQ_MATCH_RATE_MAX_PPM ? value : RQ_MATCH_RATE_MAX_PPM;
}

int64_t rq_rate_low(const rq_frame *frame, const rq_rate *rate)
{
    return rate_end(frame, rate, rate->low_ppm);
}

int64_t rq_rate_high(const rq_frame *frame, const rq_rate *rate)
{
    return rate_end(frame, rate, rate->high_ppm);
}

int64_t rq_rate_charged(const rq_frame *frame, unsigned kind, const rq_rate *rate)
{
    if (kind == RQ_INDEX(kind, equity)) {
        return RQ_UNSET;
    }
    int64_t high = rq_rate_high(frame, rate);
    return high != RQ_UNSET ? high : rq_rate_low(frame, rate);
}

static unsigned assumed_repayment(uint64_t wished, uint64_t offered)
{
    uint64_t choice = offered != 0 ? offered : wished;
    if (offered != 0 && (wished & offered) != 0) {
        choice = wished & offered;
    }
    bool is_silent = wished == 0 && (offered == 0 || (offered & RQ_BIT(repayment, interest_first)) != 0);
    if (is_silent) {
        return RQ_INDEX(repayment, interest_first);
    }
    return (unsigned)__builtin_ctzll(choice);
}

/* ---- loans ---- */

static void add_fees(sheet *costs, const rq_row_fees *fees)
{
    for (size_t i = 0; fees != NULL && i < fees->count; i++) {
        const rq_fee *fee = &fees->first[i];
        int64_t fen =
            fee->basis == RQ_FEE_share ? rq_scaled(costs->amount_fen, fee->value, RQ_MATCH_PPM) : fee->value;
        if (fee->when == RQ_FEE_upfront) {
            costs->upfront_fen += fen;
        } else {
            costs->yearly_fen += fen;
        }
    }
}

static void add_partner(sheet *costs, const rq_pool *pool, const rq_row *partner)
{
    if (partner == NULL) {
        return;
    }
    add_fees(costs, rq_pool_at(pool, partner->fees));
    int64_t fee_ppm = rq_row_more_of(pool, partner)->fee_ppm;
    for (int32_t year = 0; year < costs->years; year++) {
        costs->backing_fen[year] += rq_backing_fen(costs->loan, year, fee_ppm);
    }
}

static void fill_sheet(sheet *costs, const rq_pool *pool, const rq_schedule *loan, const rq_price *price)
{
    costs->loan = loan;
    costs->amount_fen = price->amount_fen;
    costs->rate_ppm = price->rate_ppm;
    costs->upfront_fen = 0;
    costs->yearly_fen = 0;
    costs->years = (loan->term + 11) / 12;
    for (int32_t year = 0, month = 1; year < costs->years; year++) {
        int64_t interest = 0;
        for (; month <= loan->term && month <= 12 * (year + 1); month++) {
            interest += loan->interest[month];
        }
        costs->interest_fen[year] = interest;
        costs->backing_fen[year] = 0;
    }
    add_fees(costs, rq_pool_at(pool, price->fees));
    add_partner(costs, pool, price->guarantee);
    add_partner(costs, pool, price->insurance);
}

/* What `programme` pays back for year `year`. */
static int64_t subsidy_fen(const rq_programme *programme, const sheet *costs, int32_t year)
{
    int64_t fen;
    if (programme->type == RQ_PROGRAMME_fee_subsidy) {
        fen = rq_scaled(costs->backing_fen[year], programme->share_ppm, RQ_MATCH_PPM);
    } else if (programme->share_ppm != RQ_UNSET) {
        fen = rq_scaled(costs->interest_fen[year], programme->share_ppm, RQ_MATCH_PPM);
    } else if (programme->points_ppm >= costs->rate_ppm) {
        fen = costs->interest_fen[year];
    } else {
        fen = rq_scaled(costs->interest_fen[year], programme->points_ppm, costs->rate_ppm);
    }
    return programme->cap_fen != RQ_UNSET && fen > programme->cap_fen ? programme->cap_fen : fen;
}

static bool serves_kind(const rq_programme *programme, unsigned kind)
{
    return programme->kinds == 0 || (programme->kinds >> kind & 1) != 0;
}

/* The programme of a subsidy type that pays most, or null. */
static const rq_programme *best_subsidy(const rq_session *session, rq_programme_type type, unsigned kind,
                                        const sheet *costs)
{
    const rq_programme *best = NULL;
    int64_t best_fen = 0;
    for (size_t i = 0; i < session->programme_count; i++) {
        const rq_programme *programme = session->programmes[i];
        if (programme->type != type || !serves_kind(programme, kind)) {
            continue;
        }
        int64_t fen = 0;
        for (int32_t year = 0; year < costs->years; year++) {
            fen += subsidy_fen(programme, costs, year);
        }
        if (fen > best_fen) {
            best = programme;
            best_fen = fen;
        }
    }
    return best;
}

static int64_t cost_of(const sheet *costs, const rq_price *price)
{
    const rq_schedule *loan = costs->loan;
    rq_cash_flow flows[RQ_MATCH_TERM_MAX + 1];
    flows[0] = (rq_cash_flow){0, price->amount_fen - costs->upfront_fen};
    for (int32_t month = 1; month <= loan->term; month++) {
        flows[month] = (rq_cash_flow){month, -loan->paid[month]};
    }
    for (int32_t year = 0; year < costs->years; year++) {
        int32_t end = 12 * (year + 1) < loan->term ? 12 * (year + 1) : loan->term;
        flows[12 * year].fen -= costs->backing_fen[year] + costs->yearly_fen;
        for (size_t i = 0; i < 2; i++) {
            if (price->subsidies[i] != NULL) {
                flows[end].fen += subsidy_fen(price->subsidies[i], costs, year);
            }
        }
    }
    int64_t ppm;
    return rq_cost_near(flows, (size_t)loan->term + 1, price->rate_ppm, &ppm, NULL) == RQ_OK ? ppm : RQ_UNSET;
}

static void reckon(const rq_session *session, rq_price *price)
{
    rq_schedule loan;
    sheet costs;
    price->cost_ppm = RQ_UNSET;
    price->subsidies[0] = price->subsidies[1] = NULL;
    if (!rq_schedule_make(price->amount_fen, price->rate_ppm, price->term_months, price->repayment, &loan)) {
        return;
    }
    fill_sheet(&costs, session->pool, &loan, price);
    price->subsidies[0] = best_subsidy(session, RQ_PROGRAMME_interest_subsidy, price->kind, &costs);
    price->subsidies[1] = best_subsidy(session, RQ_PROGRAMME_fee_subsidy, price->kind, &costs);
    price->cost_ppm = cost_of(&costs, price);
}

static bool is_same_loan(const rq_price *a, const rq_price *b)
{
    return a->amount_fen == b->amount_fen && a->rate_ppm == b->rate_ppm && a->guarantee == b->guarantee &&
           a->insurance == b->insurance && a->term_months == b->term_months && a->fees == b->fees &&
           a->kind == b->kind && a->repayment == b->repayment;
}

/* Many products cost the same, and the winners are asked for twice: each loan is reckoned once while its
 * place in the table is its own. */
static const rq_price *price_of(rq_session *session, const rq_price *loan)
{
    uint64_t hash = (uint64_t)loan->amount_fen * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (uint64_t)loan->rate_ppm ^ (uint64_t)loan->term_months << 24 ^ (uint64_t)loan->fees << 32 ^
            (uint64_t)loan->repayment << 56 ^ (uint64_t)loan->kind << 59) *
           UINT64_C(0x9fb21c651e98df25);
    hash = (hash ^ hash >> 32 ^ (uintptr_t)loan->guarantee ^ (uintptr_t)loan->insurance << 7) *
           UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 57);
    rq_price *place = &session->prices[at];
    bool is_used = (session->priced[at / 64] >> at % 64 & 1) != 0;
    if (!is_used || !is_same_loan(place, loan)) {
        session->priced[at / 64] |= UINT64_C(1) << at % 64;
        *place = *loan;
        reckon(session, place);
    }
    return place;
}
static_assert(RQ_SESSION_PRICES == 1 << 7, "seven bits of the hash choose the place");

/* ---- bridges ---- */

/* A small loan's fixed fees are more than 64 bits hold. */
static __int128 bridge_fees_ppm(const rq_session *session, const rq_row *row, int64_t amount_fen)
{
    const rq_row_fees *fees = row != NULL ? rq_pool_at(session->pool, row->fees) : NULL;
    __int128 ppm = 0;
    for (size_t i = 0; fees != NULL && i < fees->count; i++) {
        const rq_fee *fee = &fees->first[i];
        ppm += fee->basis == RQ_FEE_share
                   ? (__int128)fee->value
                   : ((__int128)fee->value * RQ_MATCH_PPM + amount_fen / 2) / amount_fen;
    }
    return ppm;
}

static __int128 partner_ppm(const rq_session *session, const rq_row *partner, int64_t amount_fen)
{
    return partner == NULL ? 0
                           : bridge_fees_ppm(session, partner, amount_fen) +
                                 rq_row_more_of(session->pool, partner)->fee_ppm;
}

static int64_t bridge_cost(const rq_session *session, const rq_draft *draft, int64_t rate_ppm)
{
    const rq_row_more *more = rq_row_more_of(session->pool, draft->row);
    const rq_row_day_fees *steps = rq_pool_at(session->pool, more->day_fees);
    int64_t days = draft->terms.term_days, amount_fen = draft->terms.amount_fen;
    int64_t from = 0;
    __int128 ppm = 0;
    for (size_t i = 0; steps != NULL && i < steps->count && from < days; i++) {
        const rq_day_fee *step = &steps->first[i];
        bool is_last = i + 1 == steps->count;
        int64_t to = is_last || step->up_to_day > days ? days : step->up_to_day;
        ppm += (to - from) * step->ppm_per_day;
        from = to;
    }
    if (steps == NULL) {
        if (rate_ppm == RQ_UNSET) {
            return RQ_UNSET;
        }
        ppm = rq_scaled(rate_ppm, days, 365);
    }
    ppm += bridge_fees_ppm(session, draft->row, amount_fen) +
           partner_ppm(session, draft->guarantee, amount_fen) +
           partner_ppm(session, draft->insurance, amount_fen);
    __int128 cost_ppm = (ppm * 365 + days / 2) / days;
    return cost_ppm <= RQ_MATCH_COST_MAX_PPM ? (int64_t)cost_ppm : RQ_UNSET;
}

/* ---- packages ---- */

static bool has_fee(const rq_session *session, const rq_row *partner)
{
    return partner == NULL || rq_row_more_of(session->pool, partner)->fee_ppm >= 0;
}

int64_t rq_draft_cost(rq_session *session, const rq_draft *draft, const rq_programme *out_subsidies[2])
{
    const rq_row *row = draft->row;
    int64_t rate_ppm = rq_rate_charged(&session->catalogue->frame, row->kind, &draft->terms.rate);
    out_subsidies[0] = out_subsidies[1] = NULL;
    if (row->kind == RQ_INDEX(kind, equity) || !has_fee(session, draft->guarantee) ||
        !has_fee(session, draft->insurance)) {
        return RQ_UNSET;
    }
    if (row->kind == RQ_INDEX(kind, bridge)) {
        return draft->terms.term_days != RQ_UNSET ? bridge_cost(session, draft, rate_ppm) : RQ_UNSET;
    }
    if (rate_ppm == RQ_UNSET || draft->terms.term_months == RQ_UNSET) {
        return RQ_UNSET;
    }
    const rq_price loan = {.amount_fen = draft->terms.amount_fen,
                           .rate_ppm = rate_ppm,
                           .guarantee = draft->guarantee,
                           .insurance = draft->insurance,
                           .term_months = (int32_t)draft->terms.term_months,
                           .fees = row->fees,
                           .kind = row->kind,
                           .repayment = assumed_repayment(session->need->repayments, row->repayments)};
    const rq_price *price = price_of(session, &loan);
    out_subsidies[0] = price->subsidies[0];
    out_subsidies[1] = price->subsidies[1];
    return price->cost_ppm;
}

static void add_programme(rq_package *package, const rq_programme *programme)
{
    if (programme != NULL && package->programme_count < RQ_PACKAGE_PROGRAMMES_MAX) {
        package->programmes[package->programme_count++] = programme;
    }
}

static void add_pools(const rq_session *session, unsigned kind, rq_package *package)
{
    for (size_t i = 0; i < session->programme_count; i++) {
        const rq_programme *programme = session->programmes[i];
        bool fits = programme->type == RQ_PROGRAMME_risk_pool ||
                    (programme->type == RQ_PROGRAMME_bridge_fund && kind == RQ_INDEX(kind, bridge));
        if (fits && serves_kind(programme, kind)) {
            add_programme(package, programme);
        }
    }
}

void rq_package_price(rq_session *session, const rq_draft *draft, rq_package *package)
{
    const rq_frame *frame = &session->catalogue->frame;
    const rq_row *row = draft->row;
    const rq_rate *rate = &draft->terms.rate;
    const rq_programme *subsidies[2];
    bool has_rate = row->kind != RQ_INDEX(kind, equity);
    package->rate_is_floor =
        has_rate && rq_rate_high(frame, rate) == RQ_UNSET && rq_rate_low(frame, rate) != RQ_UNSET;
    package->rate_ppm = rq_rate_charged(frame, row->kind, rate);
    package->repayment = assumed_repayment(session->need->repayments, row->repayments);
    package->cost_ppm = rq_draft_cost(session, draft, subsidies);
    add_programme(package, subsidies[0]);
    add_programme(package, subsidies[1]);
    add_pools(session, row->kind, package);
}
