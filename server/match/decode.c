/* JSON -> products, programmes, needs and rules. Keys and shapes: match.h; bounds: bounds.c. */
#include <stdlib.h>
#include <string.h>

#include "fields.h"

static const char *const rate_bases[] = {"none", "fixed", "lpr_1y", "lpr_5y"};
static const char *const fee_bases[] = {"share", "fixed"};
static const char *const fee_moments[] = {"upfront", "yearly"};
static const char *const backings[] = {"none", "optional", "required"};
static const char *const programme_types[] = {"interest_subsidy", "fee_subsidy", "risk_pool", "bridge_fund"};
#define CHOICE(fields, key, names, absent)                                                                   \
    rq_fields_choice(fields, key, names, sizeof(names) / sizeof((names)[0]), absent)

/* ---- rules ---- */

/* A number, a flag, a word or words, as the fact's type wants it. */
static int64_t read_fact_value(rq_fields *fields, rq_fact fact, bool is_ratio)
{
    rq_fact_type type = rq_facts[fact].type;
    const json_t *value = rq_fields_get(fields, "value");
    if (value == NULL) {
        rq_fields_fail(fields, "value", "missing");
        return 0;
    }
    if (type == RQ_FACT_TYPE_flag) {
        return rq_fields_bool(fields, "value", false);
    }
    if (rq_fact_is_set(fact)) {
        if (type == RQ_FACT_TYPE_words && !json_is_array(value) && !json_is_string(value)) {
            rq_fields_fail(fields, "value", "not a list of words");
        }
        return (int64_t)rq_fields_set(fields, "value", rq_facts[fact].list);
    }
    bool is_money = type == RQ_FACT_TYPE_money && !is_ratio;
    return rq_fields_int(fields, "value", 0, is_money ? RQ_MATCH_MONEY_MAX_FEN : RQ_MATCH_NUMBER_MAX, 0);
}

static void read_rule(rq_fields *fields, rq_rule *rule)
{
    const json_t *name = rq_fields_get(fields, "fact");
    int fact = json_is_string(name) ? rq_fact_index(json_string_value(name), json_string_length(name)) : -1;
    if (fact < 0) {
        rq_fields_fail(fields, "fact", "missing, or no such fact");
        return;
    }
    rule->fact = (rq_fact)fact;
    unsigned op = rq_fields_choice(fields, "op", rq_op_names, RQ_OPS, RQ_OPS);
    if (op == RQ_OPS) {
        rq_fields_fail(fields, "op", "missing");
        return;
    }
    rule->op = (rq_op)op;
    rule->value = read_fact_value(fields, rule->fact, rule->op == RQ_OP_ratio_ge);
    rule->hard = rq_fields_bool(fields, "hard", true);
    rule->weight = (int32_t)rq_fields_int(fields, "weight", 1, 100, 1);
    rule->repair = rq_fields_word(fields, "repair", "repair", rq_facts[fact].repair);
    rule->text_zh = rq_fields_text(fields, "text_zh");
    rule->text_en = rq_fields_text(fields, "text_en");
    if (fields->status == RQ_OK && !rq_rule_is_valid(rule)) {
        rq_fields_fail(fields, "op", "operator or value does not suit the fact");
    }
}

static void read_rules(rq_fields *fields, const char *key, const rq_rule **out_rules, size_t *out_count)
{
    void *room;
    const json_t *list = rq_fields_list(fields, key, sizeof(rq_rule), &room, out_count);
    rq_rule *rules = room;
    for (size_t i = 0; i < *out_count; i++) {
        rq_fields element = rq_fields_within(fields, json_array_get(list, i), key, i);
        read_rule(&element, &rules[i]);
        rq_fields_leave(fields, &element);
    }
    *out_rules = rules;
}

rq_status rq_rules_decode(const json_t *list, rq_arena *arena, const rq_rule **out_rules, size_t *out_count,
                          rq_error *error)
{
    *out_rules = NULL;
    *out_count = 0;
    if (list == NULL || json_is_null(list)) {
        return RQ_OK;
    }
    json_t *document = json_pack("{s:O}", "rules", list);
    if (document == NULL) {
        return rq_fail(error, RQ_NOMEM, "rules: no memory");
    }
    rq_fields fields = rq_fields_of(document, arena, error);
    read_rules(&fields, "rules", out_rules, out_count);
    json_decref(document);
    return fields.status;
}

/* ---- lists ---- */

static void read_regions(rq_fields *fields, const uint32_t **out_regions, size_t *out_count)
{
    void *room;
    const json_t *list = rq_fields_list(fields, "regions", sizeof(uint32_t), &room, out_count);
    uint32_t *regions = room;
    for (size_t i = 0; i < *out_count; i++) {
        if (!rq_region_parse(json_array_get(list, i), &regions[i])) {
            rq_fields_fail(fields, "regions", "not six-digit codes");
        }
    }
    *out_regions = regions;
}

static void read_industries(rq_fields *fields, const char *key, const char (**out_industries)[8],
                            size_t *out_count)
{
    void *room;
    const json_t *list = rq_fields_list(fields, key, 8, &room, out_count);
    char(*industries)[8] = room;
    for (size_t i = 0; i < *out_count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_string(value) || json_string_length(value) > 7) {
            rq_fields_fail(fields, key, "not prefixes like C or C2614");
            break;
        }
        memcpy(industries[i], json_string_value(value), json_string_length(value));
    }
    *out_industries = (const char(*)[8])industries;
}

static void read_partners(rq_fields *fields, rq_product *product)
{
    void *room;
    const json_t *list = rq_fields_list(fields, "partners", RQ_UUID_TEXT + 1, &room, &product->partner_count);
    char(*partners)[RQ_UUID_TEXT + 1] = room;
    for (size_t i = 0; i < product->partner_count; i++) {
        json_t *holder = json_pack("{s:O}", "partners", json_array_get(list, i));
        rq_fields element = rq_fields_within(fields, holder, "", SIZE_MAX);
        element.path[0] = '\0';
        rq_fields_id(&element, "partners", partners[i]);
        rq_fields_leave(fields, &element);
        json_decref(holder);
    }
    product->partners = (const char(*)[RQ_UUID_TEXT + 1]) partners;
}

/* ---- products ---- */

static rq_rate read_rate(rq_fields *fields)
{
    rq_rate rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET};
    const json_t *object = rq_fields_get(fields, "rate");
    if (object == NULL) {
        return rate;
    }
    rq_fields within = rq_fields_within(fields, object, "rate", SIZE_MAX);
    rate.base = (rq_rate_base)CHOICE(&within, "base", rate_bases, RQ_RATE_none);
    int64_t least = rate.base == RQ_RATE_fixed ? 0 : -RQ_MATCH_RATE_MAX_PPM;
    rate.low_ppm = rq_fields_int(&within, "low_ppm", least, RQ_MATCH_RATE_MAX_PPM, RQ_UNSET);
    rate.high_ppm = rq_fields_int(&within, "high_ppm", least, RQ_MATCH_RATE_MAX_PPM, RQ_UNSET);
    if (rate.base == RQ_RATE_none && (rate.low_ppm != RQ_UNSET || rate.high_ppm != RQ_UNSET)) {
        rq_fields_fail(&within, "base", "missing");
    }
    rq_fields_leave(fields, &within);
    return rate;
}

static void read_tiers(rq_fields *fields, rq_product *product)
{
    void *room;
    const json_t *list = rq_fields_list(fields, "tiers", sizeof(rq_tier), &room, &product->tier_count);
    rq_tier *tiers = room;
    for (size_t i = 0; i < product->tier_count; i++) {
        rq_fields element = rq_fields_within(fields, json_array_get(list, i), "tiers", i);
        read_rules(&element, "when", &tiers[i].when, &tiers[i].when_count);
        tiers[i].amount_max_fen =
            rq_fields_int(&element, "amount_max_fen", 1, RQ_MATCH_AMOUNT_MAX_FEN, RQ_UNSET);
        tiers[i].term_max_months = rq_fields_int(&element, "term_max_months", 1, RQ_MATCH_TERM_MAX, RQ_UNSET);
        tiers[i].rate = read_rate(&element);
        tiers[i].needs_guarantee = rq_fields_bool(&element, "needs_guarantee", false);
        rq_fields_leave(fields, &element);
    }
    product->tiers = tiers;
}

static void read_fees(rq_fields *fields, rq_product *product)
{
    void *room;
    const json_t *list = rq_fields_list(fields, "fees", sizeof(rq_fee), &room, &product->fee_count);
    rq_fee *fees = room;
    for (size_t i = 0; i < product->fee_count; i++) {
        rq_fields element = rq_fields_within(fields, json_array_get(list, i), "fees", i);
        fees[i].name_zh = rq_fields_text(&element, "name_zh");
        fees[i].name_en = rq_fields_text(&element, "name_en");
        fees[i].payee = rq_fields_text(&element, "payee");
        fees[i].basis = (rq_fee_basis)CHOICE(&element, "basis", fee_bases, RQ_FEE_share);
        fees[i].when = (rq_fee_when)CHOICE(&element, "when", fee_moments, RQ_FEE_upfront);
        int64_t most = fees[i].basis == RQ_FEE_share ? RQ_MATCH_PPM : RQ_MATCH_AMOUNT_MAX_FEN;
        fees[i].value = rq_fields_int(&element, "value", 0, most, RQ_UNSET);
        if (fees[i].value == RQ_UNSET) {
            rq_fields_fail(&element, "value", "missing");
        }
        rq_fields_leave(fields, &element);
    }
    product->fees = fees;
}

static void read_day_fees(rq_fields *fields, rq_product *product)
{
    void *room;
    const json_t *list =
        rq_fields_list(fields, "day_fees", sizeof(rq_day_fee), &room, &product->day_fee_count);
    rq_day_fee *fees = room;
    for (size_t i = 0; i < product->day_fee_count; i++) {
        rq_fields element = rq_fields_within(fields, json_array_get(list, i), "day_fees", i);
        fees[i].up_to_day = (int32_t)rq_fields_int(&element, "up_to_day", 1, RQ_MATCH_DAYS_MAX, 0);
        fees[i].ppm_per_day = (int32_t)rq_fields_int(&element, "ppm_per_day", 0, RQ_MATCH_PPM, -1);
        if (fees[i].up_to_day == 0 || fees[i].ppm_per_day < 0) {
            rq_fields_fail(&element, "up_to_day", "this or ppm_per_day is missing");
        }
        rq_fields_leave(fields, &element);
    }
    product->day_fees = fees;
}

/* "33" as 33; absent: 0. */
static uint8_t read_province(rq_fields *fields)
{
    const char *text = rq_fields_text(fields, "province");
    if (text == NULL) {
        return 0;
    }
    bool is_code = strlen(text) == 2 && text[0] >= '1' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
    if (!is_code) {
        rq_fields_fail(fields, "province", "not the two digits of a province");
        return 0;
    }
    return (uint8_t)((text[0] - '0') * 10 + text[1] - '0');
}

static int by_record_key(const void *a, const void *b)
{
    uint32_t left = rq_record_key(a), right = rq_record_key(b);
    return left < right ? -1 : left > right;
}

static void read_cells(rq_fields *fields, rq_record *record)
{
    void *room;
    size_t count;
    const json_t *list = rq_fields_list(fields, "cells", sizeof(rq_record_cell), &room, &count);
    rq_record_cell *cells = room;
    for (size_t i = 0; i < count; i++) {
        rq_fields element = rq_fields_within(fields, json_array_get(list, i), "cells", i);
        cells[i].province = read_province(&element);
        cells[i].size = (uint8_t)(rq_fields_word(&element, "size", "size", UINT32_MAX) + 1);
        cells[i].likelihood_ppm = (int32_t)rq_fields_int(&element, "likelihood_ppm", 0, RQ_MATCH_PPM, 0);
        cells[i].median_hours =
            (int16_t)rq_fields_int(&element, "median_hours", 0, RQ_MATCH_CELL_HOURS_MAX, -1);
        rq_fields_leave(fields, &element);
    }
    if (count > 1) {
        qsort(cells, count, sizeof *cells, by_record_key);
    }
    record->cells = cells;
    record->cell_count = (uint32_t)count;
}

static rq_record read_record(rq_fields *fields)
{
    rq_record record = {.median_hours = RQ_UNSET, .fulfilled_ppm = -1};
    const json_t *object = rq_fields_get(fields, "record");
    if (object == NULL) {
        return record;
    }
    rq_fields within = rq_fields_within(fields, object, "record", SIZE_MAX);
    record.answers = (int32_t)rq_fields_int(&within, "answers", 0, RQ_MATCH_NUMBER_MAX, 0);
    record.approvals = (int32_t)rq_fields_int(&within, "approvals", 0, record.answers, 0);
    record.median_hours = rq_fields_int(&within, "median_hours", 0, RQ_MATCH_NUMBER_MAX, RQ_UNSET);
    record.fulfilled_ppm = (int32_t)rq_fields_int(&within, "fulfilled_ppm", 0, RQ_MATCH_PPM, -1);
    read_cells(&within, &record);
    rq_fields_leave(fields, &within);
    return record;
}

rq_status rq_product_decode(const json_t *document, rq_arena *arena, rq_product *out_product, rq_error *error)
{
    rq_fields fields = rq_fields_of(document, arena, error);
    rq_product product = {0};
    rq_fields_id(&fields, "id", product.id);
    rq_fields_id(&fields, "institution_id", product.institution_id);
    product.institution_zh = rq_fields_text(&fields, "institution_zh");
    product.institution_en = rq_fields_text(&fields, "institution_en");
    product.name_zh = rq_fields_text(&fields, "name_zh");
    product.name_en = rq_fields_text(&fields, "name_en");
    product.kind = rq_fields_word(&fields, "kind", "kind", UINT32_MAX);
    if (product.kind == UINT32_MAX) {
        rq_fields_fail(&fields, "kind", "missing");
    }
    rq_fields_numbers(&fields, rq_product_numbers, rq_product_number_count, &product);
    product.rate = read_rate(&fields);
    product.repayments = rq_fields_set(&fields, "repayments", "repayment");
    read_regions(&fields, &product.regions, &product.region_count);
    read_industries(&fields, "industries_in", &product.industries_in, &product.industries_in_count);
    read_industries(&fields, "industries_out", &product.industries_out, &product.industries_out_count);
    read_rules(&fields, "rules", &product.rules, &product.rule_count);
    read_tiers(&fields, &product);
    read_fees(&fields, &product);
    product.guarantee = (rq_backing)CHOICE(&fields, "guarantee", backings, RQ_BACKING_none);
    product.insurance = (rq_backing)CHOICE(&fields, "insurance", backings, RQ_BACKING_none);
    read_day_fees(&fields, &product);
    product.valid_from = rq_fields_date(&fields, "valid_from", INT32_MIN);
    product.valid_to = rq_fields_date(&fields, "valid_to", INT32_MAX);
    bool has_counter = rq_fields_get(&fields, "counter_guarantee") != NULL;
    product.counter_guarantee = has_counter ? rq_fields_bool(&fields, "counter_guarantee", false) : -1;
    read_partners(&fields, &product);
    product.record = read_record(&fields);
    if (fields.status != RQ_OK) {
        return fields.status;
    }
    *out_product = product;
    return rq_product_check(out_product, error);
}

rq_status rq_programme_decode(const json_t *document, rq_arena *arena, rq_programme *out_programme,
                              rq_error *error)
{
    rq_fields fields = rq_fields_of(document, arena, error);
    rq_programme programme = {0};
    rq_fields_id(&fields, "id", programme.id);
    programme.name_zh = rq_fields_text(&fields, "name_zh");
    programme.name_en = rq_fields_text(&fields, "name_en");
    unsigned type = CHOICE(&fields, "type", programme_types, UINT32_MAX);
    if (type == UINT32_MAX) {
        rq_fields_fail(&fields, "type", "missing");
    }
    programme.type = (rq_programme_type)type;
    programme.kinds = rq_fields_set(&fields, "kinds", "kind");
    read_regions(&fields, &programme.regions, &programme.region_count);
    read_rules(&fields, "rules", &programme.rules, &programme.rule_count);
    rq_fields_numbers(&fields, rq_programme_numbers, rq_programme_number_count, &programme);
    programme.valid_from = rq_fields_date(&fields, "valid_from", INT32_MIN);
    programme.valid_to = rq_fields_date(&fields, "valid_to", INT32_MAX);
    if (fields.status != RQ_OK) {
        return fields.status;
    }
    *out_programme = programme;
    return rq_programme_check(out_programme, error);
}

/* ---- needs ---- */

static void read_facts(rq_fields *fields, rq_need *need)
{
    const json_t *object = rq_fields_get(fields, "facts");
    if (object == NULL) {
        return;
    }
    rq_fields within = rq_fields_within(fields, object, "facts", SIZE_MAX);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        int fact = rq_fact_index(name, strlen(name));
        if (fact < 0) {
            rq_fields_fail(&within, name, "no such fact");
            break;
        }
        if (json_is_null(value) || within.status != RQ_OK) {
            continue;
        }
        rq_fields one = rq_fields_within(&within, value, name, SIZE_MAX);
        rq_fact_value *known = &need->facts[fact];
        if (rq_fields_get(&one, "value") != NULL) {
            known->value = read_fact_value(&one, (rq_fact)fact, false);
            known->known = true;
            if (rq_facts[fact].type == RQ_FACT_TYPE_word && (known->value & (known->value - 1)) != 0) {
                rq_fields_fail(&one, "value", "one word, not several");
            }
        }
        known->source = (uint8_t)rq_fields_word(&one, "source", "source", RQ_INDEX(source, declared));
        known->as_of = rq_fields_date(&one, "as_of", INT32_MIN);
        rq_fields_leave(&within, &one);
    }
    rq_fields_leave(fields, &within);
}

/* The need's own numbers are facts too, and rules may ask for them. */
static void set_own_fact(rq_need *need, rq_fact fact, int64_t value)
{
    need->facts[fact] = (rq_fact_value){.known = value != RQ_UNSET,
                                        .value = value != RQ_UNSET ? value : 0,
                                        .source = RQ_INDEX(source, declared),
                                        .as_of = need->as_of};
}

rq_status rq_need_decode(const json_t *document, rq_need *out_need, rq_error *error)
{
    rq_fields fields = rq_fields_of(document, NULL, error);
    rq_need need = {0};
    need.kinds = rq_fields_set(&fields, "kinds", "kind");
    rq_fields_numbers(&fields, rq_need_numbers, rq_need_number_count, &need);
    if (need.amount_min_fen == RQ_UNSET) {
        need.amount_min_fen = need.amount_fen;
    }
    need.repayments = rq_fields_set(&fields, "repayments", "repayment");
    if (!rq_region_parse(rq_fields_get(&fields, "region"), &need.region)) {
        rq_fields_fail(&fields, "region", "missing, or not a six-digit code");
    }
    const json_t *industry = rq_fields_get(&fields, "industry");
    if (!json_is_string(industry) || json_string_length(industry) > 7) {
        rq_fields_fail(&fields, "industry", "missing, or not a code like C2614");
    } else {
        memcpy(need.industry, json_string_value(industry), json_string_length(industry));
    }
    if (rq_fields_get(&fields, "as_of") == NULL) {
        rq_fields_fail(&fields, "as_of", "missing");
    }
    need.as_of = rq_fields_date(&fields, "as_of", 0);
    for (size_t i = 0; i < RQ_FACTS; i++) {
        need.facts[i].as_of = INT32_MIN;
    }
    read_facts(&fields, &need);
    if (fields.status != RQ_OK) {
        return fields.status;
    }
    set_own_fact(&need, RQ_FACT_amount_fen, need.amount_fen);
    set_own_fact(&need, RQ_FACT_term_months, need.term_months);
    *out_need = need;
    return rq_need_check(out_need, error);
}

/* ---- weights ---- */

static int32_t weight(const json_t *document, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(document, key));
    return value > INT32_MAX || value < INT32_MIN ? -1 : (int32_t)value; /* out of bounds either way */
}

rq_weights rq_weights_decode(const json_t *document)
{
    return (rq_weights){.version = weight(document, "version"),
                        .cost = weight(document, "cost"),
                        .likelihood = weight(document, "likelihood"),
                        .speed = weight(document, "speed"),
                        .fit = weight(document, "fit"),
                        .service = weight(document, "service"),
                        .prior_ppm = weight(document, "prior_ppm"),
                        .prior_weight = weight(document, "prior_weight"),
                        .cost_cap_ppm = weight(document, "cost_cap_ppm"),
                        .hours_cap = weight(document, "hours_cap"),
                        .per_institution = weight(document, "per_institution")};
}
