/* The bounds of every field, as tables: JSON is read by them and a snapshot is checked by them. */
#include <assert.h>
#include <string.h>

#include "row.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PRODUCT(name, min, max) {#name, offsetof(rq_product, name), min, max},
#define PROGRAMME(name, min, max) {#name, offsetof(rq_programme, name), min, max},
#define NEED(name, min, max) {#name, offsetof(rq_need, name), min, max},

const rq_number rq_product_numbers[] = {
    PRODUCT(amount_min_fen, 1, RQ_MATCH_AMOUNT_MAX_FEN) PRODUCT(amount_max_fen, 1, RQ_MATCH_AMOUNT_MAX_FEN)
        PRODUCT(term_min_months, 1, RQ_MATCH_TERM_MAX) PRODUCT(term_max_months, 1, RQ_MATCH_TERM_MAX)
            PRODUCT(term_min_days, 1, RQ_MATCH_DAYS_MAX) PRODUCT(term_max_days, 1, RQ_MATCH_DAYS_MAX)
                PRODUCT(promised_hours, 0, RQ_MATCH_NUMBER_MAX)
                    PRODUCT(capacity_cases_left, 0, RQ_MATCH_NUMBER_MAX)
                        PRODUCT(capacity_fen_left, 0, RQ_MATCH_MONEY_MAX_FEN)
                            PRODUCT(fee_ppm, 0, RQ_MATCH_PPM) PRODUCT(coverage_ppm, 1, RQ_MATCH_PPM)};
const size_t rq_product_number_count = COUNT(rq_product_numbers);

const rq_number rq_programme_numbers[] = {PROGRAMME(share_ppm, 1, RQ_MATCH_PPM) PROGRAMME(
    points_ppm, 1, RQ_MATCH_RATE_MAX_PPM) PROGRAMME(cap_fen, 0, RQ_MATCH_MONEY_MAX_FEN)};
const size_t rq_programme_number_count = COUNT(rq_programme_numbers);

const rq_number rq_need_numbers[] = {
    NEED(amount_fen, 1, RQ_MATCH_AMOUNT_MAX_FEN) NEED(amount_min_fen, 1, RQ_MATCH_AMOUNT_MAX_FEN)
        NEED(term_months, 1, RQ_MATCH_TERM_MAX) NEED(term_days, 1, RQ_MATCH_DAYS_MAX)
            NEED(max_rate_ppm, 0, RQ_MATCH_RATE_MAX_PPM)};
const size_t rq_need_number_count = COUNT(rq_need_numbers);

uint64_t rq_list_mask(const char *list)
{
    size_t count = rq_vocabulary(list).count;
    assert(count > 0 && count < 63);
    return (UINT64_C(1) << count) - 1;
}

static bool is_bounded(int64_t value, int64_t min, int64_t max)
{
    return value == RQ_UNSET || (value >= min && value <= max);
}

static bool is_ordered(int64_t low, int64_t high)
{
    return low == RQ_UNSET || high == RQ_UNSET || low <= high;
}

static rq_status check_numbers(const rq_number *numbers, size_t count, const void *object, rq_error *error)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value;
        memcpy(&value, (const char *)object + numbers[i].offset, sizeof value);
        if (!is_bounded(value, numbers[i].min, numbers[i].max)) {
            return rq_fail(error, RQ_INVALID, "%s: must be %lld to %lld", numbers[i].key,
                           (long long)numbers[i].min, (long long)numbers[i].max);
        }
    }
    return RQ_OK;
}

/* Ids are held as 16 bytes: a UUID in lower case is all they can be. */
static rq_status check_ids(const char *id, const char *key, rq_error *error)
{
    uint8_t bytes[RQ_UUID_BYTES];
    if (!rq_uuid_read(id, bytes)) {
        return rq_fail(error, RQ_INVALID, "%s: missing, or not a UUID in lower case", key);
    }
    return RQ_OK;
}

static rq_status check_rules(const rq_rule *rules, size_t count, const char *key, rq_error *error)
{
    if (count > RQ_MATCH_RULES_MAX) {
        return rq_fail(error, RQ_INVALID, "%s: more than %d", key, RQ_MATCH_RULES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!rq_rule_is_valid(&rules[i])) {
            return rq_fail(error, RQ_INVALID, "%s[%zu]: operator, value or weight does not suit the fact",
                           key, i);
        }
    }
    return RQ_OK;
}

static rq_status check_regions(const uint32_t *regions, size_t count, rq_error *error)
{
    if (count > RQ_MATCH_LIST_MAX) {
        return rq_fail(error, RQ_INVALID, "regions: more than %d", RQ_MATCH_LIST_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (regions[i] > 999999) {
            return rq_fail(error, RQ_INVALID, "regions[%zu]: not a six-digit code", i);
        }
    }
    return RQ_OK;
}

/* "", "C", "C26", "C261" or "C2614": a section of GB/T 4754 and up to four digits. */
static bool is_industry(const char text[8])
{
    size_t length = strnlen(text, 8);
    if (length < 1 || length > 5 || text[0] < 'A' || text[0] > 'T') {
        return false;
    }
    for (size_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return true;
}

static rq_status check_industries(const char (*list)[8], size_t count, const char *key, rq_error *error)
{
    if (count > RQ_MATCH_LIST_MAX) {
        return rq_fail(error, RQ_INVALID, "%s: more than %d", key, RQ_MATCH_LIST_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_industry(list[i])) {
            return rq_fail(error, RQ_INVALID, "%s[%zu]: not a prefix like C or C2614", key, i);
        }
    }
    return RQ_OK;
}

static rq_status check_rate(const rq_rate *rate, const char *key, rq_error *error)
{
    int64_t least = rate->base == RQ_RATE_fixed ? 0 : -RQ_MATCH_RATE_MAX_PPM;
    if ((unsigned)rate->base > RQ_RATE_lpr_5y || !is_bounded(rate->low_ppm, least, RQ_MATCH_RATE_MAX_PPM) ||
        !is_bounded(rate->high_ppm, least, RQ_MATCH_RATE_MAX_PPM) ||
        !is_ordered(rate->low_ppm, rate->high_ppm)) {
        return rq_fail(error, RQ_INVALID, "%s: base, low_ppm or high_ppm out of bounds", key);
    }
    return RQ_OK;
}

static rq_status check_tiers(const rq_product *product, rq_error *error)
{
    if (product->tier_count > RQ_MATCH_TIERS_MAX) {
        return rq_fail(error, RQ_INVALID, "tiers: more than %d", RQ_MATCH_TIERS_MAX);
    }
    for (size_t i = 0; i < product->tier_count; i++) {
        const rq_tier *tier = &product->tiers[i];
        rq_status status = check_rules(tier->when, tier->when_count, "tiers.when", error);
        if (status == RQ_OK && tier->rate.base != RQ_RATE_none) {
            status = check_rate(&tier->rate, "tiers.rate", error);
        }
        if (status != RQ_OK) {
            return status;
        }
        if (!is_bounded(tier->amount_max_fen, 1, RQ_MATCH_AMOUNT_MAX_FEN)) {
            return rq_fail(error, RQ_INVALID, "tiers[%zu].amount_max_fen: out of bounds", i);
        }
        if (!is_bounded(tier->term_max_months, 1, RQ_MATCH_TERM_MAX)) {
            return rq_fail(error, RQ_INVALID, "tiers[%zu].term_max_months: out of bounds", i);
        }
    }
    return RQ_OK;
}

static rq_status check_fees(const rq_product *product, rq_error *error)
{
    if (product->fee_count > RQ_MATCH_FEES_MAX || product->day_fee_count > RQ_MATCH_DAY_FEES_MAX) {
        return rq_fail(error, RQ_INVALID, "fees, day_fees: more than %d", RQ_MATCH_FEES_MAX);
    }
    for (size_t i = 0; i < product->fee_count; i++) {
        const rq_fee *fee = &product->fees[i];
        int64_t most = fee->basis == RQ_FEE_share ? RQ_MATCH_PPM : RQ_MATCH_AMOUNT_MAX_FEN;
        if ((unsigned)fee->basis > RQ_FEE_fixed || (unsigned)fee->when > RQ_FEE_yearly || fee->value < 0 ||
            fee->value > most) {
            return rq_fail(error, RQ_INVALID, "fees[%zu].value: out of bounds", i);
        }
    }
    for (size_t i = 0; i < product->day_fee_count; i++) {
        const rq_day_fee *fee = &product->day_fees[i];
        if (fee->up_to_day <= (i > 0 ? product->day_fees[i - 1].up_to_day : 0) ||
            fee->up_to_day > RQ_MATCH_DAYS_MAX || fee->ppm_per_day < 0 || fee->ppm_per_day > RQ_MATCH_PPM) {
            return rq_fail(error, RQ_INVALID, "day_fees[%zu]: days must rise, prices be 0 to 1000000", i);
        }
    }
    return RQ_OK;
}

static rq_status check_record(const rq_record *record, rq_error *error)
{
    if (record->answers < 0 || record->approvals < 0 || record->approvals > record->answers ||
        !is_bounded(record->median_hours, 0, RQ_MATCH_NUMBER_MAX) || record->fulfilled_ppm < -1 ||
        record->fulfilled_ppm > RQ_MATCH_PPM) {
        return rq_fail(error, RQ_INVALID, "record: out of bounds");
    }
    if (record->cell_count > RQ_MATCH_CELLS_MAX) {
        return rq_fail(error, RQ_INVALID, "record.cells: more than %d", RQ_MATCH_CELLS_MAX);
    }
    for (size_t i = 0; i < record->cell_count; i++) {
        const rq_record_cell *cell = &record->cells[i];
        bool is_first = i == 0 || rq_record_key(&record->cells[i - 1]) < rq_record_key(cell);
        if (!is_first || cell->province > 99 || cell->size > rq_vocabulary("size").count ||
            cell->likelihood_ppm < 0 || cell->likelihood_ppm > RQ_MATCH_PPM || cell->median_hours < -1) {
            return rq_fail(error, RQ_INVALID, "record.cells[%zu]: out of bounds, or there twice", i);
        }
    }
    return RQ_OK;
}

static rq_status check_orders(const rq_product *product, rq_error *error)
{
    if (!is_ordered(product->amount_min_fen, product->amount_max_fen)) {
        return rq_fail(error, RQ_INVALID, "amount_min_fen: above amount_max_fen");
    }
    if (!is_ordered(product->term_min_months, product->term_max_months)) {
        return rq_fail(error, RQ_INVALID, "term_min_months: above term_max_months");
    }
    if (!is_ordered(product->term_min_days, product->term_max_days)) {
        return rq_fail(error, RQ_INVALID, "term_min_days: above term_max_days");
    }
    return RQ_OK;
}

static rq_status check_words(const rq_product *product, rq_error *error)
{
    if (product->name_zh == NULL || product->institution_zh == NULL) {
        return rq_fail(error, RQ_INVALID, "name_zh, institution_zh: missing");
    }
    if (product->kind >= rq_vocabulary("kind").count) {
        return rq_fail(error, RQ_INVALID, "kind: no such kind");
    }
    if ((product->repayments & ~rq_list_mask("repayment")) != 0) {
        return rq_fail(error, RQ_INVALID, "repayments: no such method");
    }
    if ((unsigned)product->guarantee > RQ_BACKING_required ||
        (unsigned)product->insurance > RQ_BACKING_required) {
        return rq_fail(error, RQ_INVALID, "guarantee, insurance: no such word");
    }
    if (product->counter_guarantee < -1 || product->counter_guarantee > 1) {
        return rq_fail(error, RQ_INVALID, "counter_guarantee: not a flag");
    }
    if (product->partner_count > RQ_MATCH_LIST_MAX) {
        return rq_fail(error, RQ_INVALID, "partners: more than %d", RQ_MATCH_LIST_MAX);
    }
    return RQ_OK;
}

rq_status rq_product_check(const rq_product *product, rq_error *error)
{
    rq_status status = check_ids(product->id, "id", error);
    if (status == RQ_OK) {
        status = check_ids(product->institution_id, "institution_id", error);
    }
    if (status == RQ_OK) {
        status = check_words(product, error);
    }
    if (status == RQ_OK) {
        status = check_numbers(rq_product_numbers, rq_product_number_count, product, error);
    }
    if (status == RQ_OK) {
        status = check_orders(product, error);
    }
    if (status == RQ_OK) {
        status = check_rate(&product->rate, "rate", error);
    }
    if (status == RQ_OK) {
        status = check_regions(product->regions, product->region_count, error);
    }
    if (status == RQ_OK) {
        status =
            check_industries(product->industries_in, product->industries_in_count, "industries_in", error);
    }
    if (status == RQ_OK) {
        status =
            check_industries(product->industries_out, product->industries_out_count, "industries_out", error);
    }
    if (status == RQ_OK) {
        status = check_rules(product->rules, product->rule_count, "rules", error);
    }
    if (status == RQ_OK) {
        status = check_tiers(product, error);
    }
    if (status == RQ_OK) {
        status = check_fees(product, error);
    }
    for (size_t i = 0; status == RQ_OK && i < product->partner_count; i++) {
        status = check_ids(product->partners[i], "partners", error);
    }
    return status == RQ_OK ? check_record(&product->record, error) : status;
}

rq_status rq_programme_check(const rq_programme *programme, rq_error *error)
{
    rq_status status = check_ids(programme->id, "id", error);
    if (status == RQ_OK) {
        status = check_numbers(rq_programme_numbers, rq_programme_number_count, programme, error);
    }
    if (status == RQ_OK) {
        status = check_regions(programme->regions, programme->region_count, error);
    }
    if (status == RQ_OK) {
        status = check_rules(programme->rules, programme->rule_count, "rules", error);
    }
    if (status != RQ_OK) {
        return status;
    }
    if (programme->name_zh == NULL) {
        return rq_fail(error, RQ_INVALID, "name_zh: missing");
    }
    if ((programme->kinds & ~rq_list_mask("kind")) != 0) {
        return rq_fail(error, RQ_INVALID, "kinds: no such kind");
    }
    bool has_share = programme->share_ppm != RQ_UNSET, has_points = programme->points_ppm != RQ_UNSET;
    switch (programme->type) {
    case RQ_PROGRAMME_interest_subsidy:
        return has_share != has_points
                   ? RQ_OK
                   : rq_fail(error, RQ_INVALID, "share_ppm, points_ppm: give one of them");
    case RQ_PROGRAMME_fee_subsidy:
        return has_share && !has_points
                   ? RQ_OK
                   : rq_fail(error, RQ_INVALID, "share_ppm: a fee subsidy is a share, not points");
    case RQ_PROGRAMME_risk_pool:
    case RQ_PROGRAMME_bridge_fund:
        return RQ_OK;
    }
    return rq_fail(error, RQ_INVALID, "type: no such type");
}

/* The bounds that a fact's value has when it is read; of sets only that they are some. */
static rq_status check_facts(const rq_need *need, rq_error *error)
{
    static const int64_t most[] = {[RQ_FACT_TYPE_money] = RQ_MATCH_MONEY_MAX_FEN,
                                   [RQ_FACT_TYPE_share] = RQ_MATCH_NUMBER_MAX,
                                   [RQ_FACT_TYPE_count] = RQ_MATCH_NUMBER_MAX,
                                   [RQ_FACT_TYPE_months] = RQ_MATCH_NUMBER_MAX,
                                   [RQ_FACT_TYPE_flag] = 1,
                                   [RQ_FACT_TYPE_word] = INT64_MAX,
                                   [RQ_FACT_TYPE_words] = INT64_MAX};
    for (size_t fact = 0; fact < RQ_FACTS; fact++) {
        const rq_fact_value *known = &need->facts[fact];
        if (known->known && (known->value < 0 || known->value > most[rq_facts[fact].type])) {
            return rq_fail(error, RQ_INVALID, "facts.%s: out of bounds", rq_facts[fact].name);
        }
    }
    return RQ_OK;
}

/* The lists as they stand, without a look-up: needs are many. */
#define NEED_KINDS                                                                                           \
    (((UINT64_C(1) << (RQ_FIRST_tag - RQ_FIRST_kind)) - 1) &                                                 \
     ~(RQ_BIT(kind, guarantee) | RQ_BIT(kind, insurance)))
#define REPAYMENTS ((UINT64_C(1) << (RQ_FIRST_repair - RQ_FIRST_repayment)) - 1)

rq_status rq_need_check(const rq_need *need, rq_error *error)
{
    rq_status status = check_numbers(rq_need_numbers, rq_need_number_count, need, error);
    if (status != RQ_OK) {
        return status;
    }
    if (need->kinds == 0 || (need->kinds & ~NEED_KINDS) != 0) {
        return rq_fail(error, RQ_INVALID, "kinds: none, or not a kind that a need can ask for");
    }
    if (need->amount_fen == RQ_UNSET) {
        return rq_fail(error, RQ_INVALID, "amount_fen: missing");
    }
    if (!is_ordered(need->amount_min_fen, need->amount_fen)) {
        return rq_fail(error, RQ_INVALID, "amount_min_fen: above amount_fen");
    }
    if ((need->repayments & ~REPAYMENTS) != 0) {
        return rq_fail(error, RQ_INVALID, "repayments: no such method");
    }
    if (need->region > 999999) {
        return rq_fail(error, RQ_INVALID, "region: not a six-digit code");
    }
    if (!is_industry(need->industry)) {
        return rq_fail(error, RQ_INVALID, "industry: not a code like C2614");
    }
    return check_facts(need, error);
}

rq_status rq_weights_check(const rq_weights *weights, rq_error *error)
{
    const int32_t parts[RQ_SCORE_PARTS] = {weights->cost, weights->likelihood, weights->speed, weights->fit,
                                           weights->service};
    int64_t sum = 0;
    for (size_t i = 0; i < RQ_SCORE_PARTS; i++) {
        if (parts[i] < 0) {
            return rq_fail(error, RQ_INVALID, "weights.%s: negative", rq_score_part_names[i]);
        }
        sum += parts[i];
    }
    if (sum != 100) {
        return rq_fail(error, RQ_INVALID, "weights: they add up to %lld, not to 100", (long long)sum);
    }
    if (weights->prior_ppm < 0 || weights->prior_ppm > RQ_MATCH_PPM || weights->prior_weight < 0 ||
        weights->cost_cap_ppm < 1 || weights->hours_cap < 1 || weights->per_institution < 0) {
        return rq_fail(error, RQ_INVALID, "weights: a prior or a cap is out of bounds");
    }
    return RQ_OK;
}
