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
 *   x 365 / days. */
#include <assert.h>

#include "internal.h"

enum { YEARS_MAX = RQ_MATCH_TERM_MAX / 12 };

/* The cost of a package, year by year, before programmes. */
typedef struct sheet {
    const rq_schedule *loan;
    int64_t rate_ppm;
    int64_t upfront_fen;
    int32_t years;
    int64_t interest_fen[YEARS_MAX];
    int64_t backing_fen[YEARS_MAX]; /* guarantee fee and premium */
    int64_t yearly_fen[YEARS_MAX];  /* other yearly fees */
} sheet;

static int64_t rate_end(const rq_catalogue *catalogue, const rq_rate *rate, int64_t end)
{
    if (end == RQ_UNSET || rate->base == RQ_RATE_none) {
        return RQ_UNSET;
    }
    int64_t base = rate->base == RQ_RATE_lpr_1y   ? catalogue->lpr_1y_ppm
                   : rate->base == RQ_RATE_lpr_5y ? catalogue->lpr_5y_ppm
                                                  : 0;
    int64_t value = base + end;
    if (value < 0) {
        return 0;
    }
    return value < RQ_MATCH_RATE_MAX_PPM ? value : RQ_MATCH_RATE_MAX_PPM;
}

int64_t rq_rate_low(const rq_catalogue *catalogue, const rq_rate *rate)
{
    return rate_end(catalogue, rate, rate->low_ppm);
}

int64_t rq_rate_high(const rq_catalogue *catalogue, const rq_rate *rate)
{
    return rate_end(catalogue, rate, rate->high_ppm);
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
    unsigned first = 0;
    while ((choice >> first & 1) == 0) {
        first++;
    }
    return first;
}

static int64_t fee_fen(const rq_fee *fee, int64_t amount_fen)
{
    return fee->basis == RQ_FEE_share ? rq_scaled(amount_fen, fee->value, RQ_MATCH_PPM) : fee->value;
}

static void add_fees(sheet *costs, const rq_product *product, int64_t amount_fen)
{
    for (size_t i = 0; product != NULL && i < product->fee_count; i++) {
        int64_t fen = fee_fen(&product->fees[i], amount_fen);
        if (product->fees[i].when == RQ_FEE_upfront) {
            costs->upfront_fen += fen;
            continue;
        }
        for (int32_t year = 0; year < costs->years; year++) {
            costs->yearly_fen[year] += fen;
        }
    }
}

static void add_backing(sheet *costs, const rq_product *partner)
{
    for (int32_t year = 0; partner != NULL && year < costs->years; year++) {
        costs->backing_fen[year] +=
            rq_scaled(costs->loan->balance[12 * year], partner->fee_ppm, RQ_MATCH_PPM);
    }
}

static sheet sheet_of(const rq_schedule *loan, const rq_package *package)
{
    sheet costs = {.loan = loan, .rate_ppm = package->rate_ppm, .years = (loan->term + 11) / 12};
    for (int32_t month = 1; month <= loan->term; month++) {
        costs.interest_fen[(month - 1) / 12] += loan->interest[month];
    }
    add_fees(&costs, package->product, package->amount_fen);
    add_fees(&costs, package->guarantee, package->amount_fen);
    add_fees(&costs, package->insurance, package->amount_fen);
    add_backing(&costs, package->guarantee);
    add_backing(&costs, package->insurance);
    return costs;
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

static void add_programme(rq_package *package, const rq_programme *programme)
{
    if (programme != NULL && package->programme_count < RQ_PACKAGE_PROGRAMMES_MAX) {
        package->programmes[package->programme_count++] = programme;
    }
}

static void add_pools(const rq_session *session, rq_package *package)
{
    unsigned kind = package->product->kind;
    for (size_t i = 0; i < session->programme_count; i++) {
        const rq_programme *programme = session->programmes[i];
        bool fits = programme->type == RQ_PROGRAMME_risk_pool ||
                    (programme->type == RQ_PROGRAMME_bridge_fund && kind == RQ_INDEX(kind, bridge));
        if (fits && serves_kind(programme, kind)) {
            add_programme(package, programme);
        }
    }
}

static int64_t cost_of(const sheet *costs, const rq_package *package)
{
    const rq_schedule *loan = costs->loan;
    rq_cash_flow flows[RQ_MATCH_TERM_MAX + 1];
    flows[0] = (rq_cash_flow){0, package->amount_fen - costs->upfront_fen};
    for (int32_t month = 1; month <= loan->term; month++) {
        flows[month] = (rq_cash_flow){month, -loan->paid[month]};
    }
    for (int32_t year = 0; year < costs->years; year++) {
        int32_t end = 12 * (year + 1) < loan->term ? 12 * (year + 1) : loan->term;
        flows[12 * year].fen -= costs->backing_fen[year] + costs->yearly_fen[year];
        for (size_t i = 0; i < package->programme_count; i++) {
            if (package->programmes[i]->type <= RQ_PROGRAMME_fee_subsidy) {
                flows[end].fen += subsidy_fen(package->programmes[i], costs, year);
            }
        }
    }
    int64_t ppm;
    return rq_all_in_cost(flows, (size_t)loan->term + 1, &ppm, NULL) == RQ_OK ? ppm : RQ_UNSET;
}
static_assert(RQ_PROGRAMME_interest_subsidy == 0 && RQ_PROGRAMME_fee_subsidy == 1, "subsidies come first");

static int64_t bridge_fees_ppm(const rq_package *package, const rq_product *product)
{
    int64_t ppm = 0;
    for (size_t i = 0; product != NULL && i < product->fee_count; i++) {
        const rq_fee *fee = &product->fees[i];
        ppm += fee->basis == RQ_FEE_share ? fee->value
                                          : rq_scaled(fee->value, RQ_MATCH_PPM, package->amount_fen);
    }
    if (product != NULL && product != package->product) {
        ppm += product->fee_ppm;
    }
    return ppm;
}

static int64_t bridge_cost(const rq_package *package, int64_t days)
{
    const rq_product *product = package->product;
    int64_t ppm = 0, from = 0;
    for (size_t i = 0; i < product->day_fee_count && from < days; i++) {
        const rq_day_fee *step = &product->day_fees[i];
        bool is_last = i + 1 == product->day_fee_count;
        int64_t to = is_last || step->up_to_day > days ? days : step->up_to_day;
        ppm += (to - from) * step->ppm_per_day;
        from = to;
    }
    if (product->day_fee_count == 0) {
        if (package->rate_ppm == RQ_UNSET) {
            return RQ_UNSET;
        }
        ppm = rq_scaled(package->rate_ppm, days, 365);
    }
    ppm += bridge_fees_ppm(package, product) + bridge_fees_ppm(package, package->guarantee) +
           bridge_fees_ppm(package, package->insurance);
    return rq_scaled(ppm, 365, days);
}

static bool has_fee(const rq_product *partner)
{
    return partner == NULL || partner->fee_ppm != RQ_UNSET;
}

void rq_package_price(const rq_session *session, const rq_terms *terms, rq_package *package)
{
    const rq_product *product = package->product;
    bool has_rate = product->kind != RQ_INDEX(kind, equity);
    int64_t low = rq_rate_low(session->catalogue, &terms->rate);
    int64_t high = rq_rate_high(session->catalogue, &terms->rate);
    package->rate_is_floor = has_rate && high == RQ_UNSET && low != RQ_UNSET;
    package->rate_ppm = !has_rate ? RQ_UNSET : high != RQ_UNSET ? high : low;
    package->repayment = assumed_repayment(session->need->repayments, product->repayments);
    package->cost_ppm = RQ_UNSET;

    bool is_priced = has_rate && has_fee(package->guarantee) && has_fee(package->insurance);
    rq_schedule loan;
    if (product->kind == RQ_INDEX(kind, bridge)) {
        if (is_priced && terms->term_days != RQ_UNSET) {
            package->cost_ppm = bridge_cost(package, terms->term_days);
        }
    } else if (is_priced && package->rate_ppm != RQ_UNSET && terms->term_months != RQ_UNSET &&
               rq_schedule_make(package->amount_fen, package->rate_ppm, (int32_t)terms->term_months,
                                package->repayment, &loan)) {
        sheet costs = sheet_of(&loan, package);
        add_programme(package, best_subsidy(session, RQ_PROGRAMME_interest_subsidy, product->kind, &costs));
        add_programme(package, best_subsidy(session, RQ_PROGRAMME_fee_subsidy, product->kind, &costs));
        package->cost_ppm = cost_of(&costs, package);
    }
    add_pools(session, package);
}
