/* Results as canonical JSON: the same keys in the same order, whole numbers only, null for what is not
 * known. These bytes are what is stored and replayed. */
#include <assert.h>

#include "internal.h"

static const char *const class_names[] = {
    [RQ_ELIGIBLE] = "eligible", [RQ_NEEDS_FACTS] = "unknown", [RQ_NEAR_MISS] = "near"};
static const char *const verdict_names[] = {
    [RQ_FAIL] = "fail", [RQ_NOT_KNOWN] = "unknown", [RQ_PASS] = "pass"};
static const char *const programme_types[] = {[RQ_PROGRAMME_interest_subsidy] = "interest_subsidy",
                                              [RQ_PROGRAMME_fee_subsidy] = "fee_subsidy",
                                              [RQ_PROGRAMME_risk_pool] = "risk_pool",
                                              [RQ_PROGRAMME_bridge_fund] = "bridge_fund"};
static const char *const notice[RQ_LANGUAGES] = {
    "本结果是融资需求与金融产品的适配度评分，不是信用评级；是否授信及条件由金融机构决定。",
    "This is a score of fit between a need and a product. It is no credit rating; whether to lend, and on "
    "what terms, is the institution's decision."};

static void number(rq_json *json, const char *key, int64_t value)
{
    if (value == RQ_UNSET) {
        rq_json_null(json, key);
    } else {
        rq_json_int(json, key, value);
    }
}

static void words(rq_json *json, const char *key, rq_word_list list, int64_t bits)
{
    rq_json_array(json, key);
    for (size_t i = 0; i < list.count; i++) {
        if ((bits >> i & 1) != 0) {
            rq_json_string(json, NULL, list.first[i].name);
        }
    }
    rq_json_array_end(json);
}

/* A value by the check's unit; `is_single` writes one word as a word, not as a list of one. */
static void check_value(rq_json *json, const char *key, const rq_check *check, int64_t value, bool is_single)
{
    rq_unit unit = rq_check_unit(check);
    if (unit == RQ_UNIT_flag) {
        rq_json_bool(json, key, value != 0);
    } else if (unit == RQ_UNIT_word || unit == RQ_UNIT_words) {
        rq_word_list list = rq_check_words(check);
        for (size_t i = 0; is_single && unit == RQ_UNIT_word && i < list.count; i++) {
            if (value == INT64_C(1) << i) {
                rq_json_string(json, key, list.first[i].name);
                return;
            }
        }
        words(json, key, list, value);
    } else {
        rq_json_int(json, key, value);
    }
}

static void check_text(rq_json *json, const char *key, const rq_check *check, rq_language language)
{
    const char *own = NULL;
    if (check->rule != NULL) {
        own = language == RQ_ZH ? check->rule->text_zh : check->rule->text_en;
    }
    rq_wording wording;
    if (own == NULL) {
        rq_wording_condition(&wording, check, language);
    }
    rq_json_string(json, key, own != NULL ? own : wording.text);
}

static void render_check(rq_json *json, const rq_check *check)
{
    rq_json_object(json, NULL);
    rq_json_string(json, "source", rq_check_names[check->source]);
    rq_json_int(json, "index", check->index);
    rq_json_string(json, "fact", check->fact >= 0 ? rq_facts[check->fact].name : NULL);
    rq_json_string(json, "op", rq_op_names[check->op]);
    rq_json_string(json, "verdict", verdict_names[check->verdict]);
    rq_json_bool(json, "hard", check->hard);
    if (check->have_known) {
        check_value(json, "have", check, check->have, true);
    } else {
        rq_json_null(json, "have");
    }
    check_value(json, "needed", check, check->needed, check->op == RQ_OP_eq);
    rq_json_string(json, "repair", rq_words[RQ_FIRST_repair + check->repair].name);
    check_text(json, "text_zh", check, RQ_ZH);
    check_text(json, "text_en", check, RQ_EN);
    if (check->verdict == RQ_FAIL) {
        rq_wording wording;
        rq_json_object(json, "change");
        rq_wording_change(&wording, check, RQ_ZH);
        rq_json_string(json, "zh", wording.text);
        rq_wording_change(&wording, check, RQ_EN);
        rq_json_string(json, "en", wording.text);
        rq_json_object_end(json);
    } else {
        rq_json_null(json, "change");
    }
    rq_json_object_end(json);
}

/* Opens the object and leaves it open for what the role adds. */
static void product_names(rq_json *json, const char *key, const rq_product *product)
{
    rq_json_object(json, key);
    rq_json_string(json, "id", product->id);
    rq_json_string(json, "institution_id", product->institution_id);
    rq_json_string(json, "institution_zh", product->institution_zh);
    rq_json_string(json, "institution_en", product->institution_en);
    rq_json_string(json, "name_zh", product->name_zh);
    rq_json_string(json, "name_en", product->name_en);
    rq_json_string(json, "kind", rq_words[RQ_FIRST_kind + product->kind].name);
}

static void render_partner(rq_json *json, const char *key, const rq_product *partner)
{
    if (partner == NULL) {
        rq_json_null(json, key);
        return;
    }
    product_names(json, key, partner);
    number(json, "fee_ppm", partner->fee_ppm);
    number(json, "coverage_ppm", partner->coverage_ppm);
    rq_json_object_end(json);
}

static void render_programmes(rq_json *json, const rq_package *package)
{
    rq_json_array(json, "programmes");
    for (size_t i = 0; i < package->programme_count; i++) {
        const rq_programme *programme = package->programmes[i];
        rq_json_object(json, NULL);
        rq_json_string(json, "id", programme->id);
        rq_json_string(json, "name_zh", programme->name_zh);
        rq_json_string(json, "name_en", programme->name_en);
        rq_json_string(json, "type", programme_types[programme->type]);
        rq_json_object_end(json);
    }
    rq_json_array_end(json);
}

static void render_terms(rq_json *json, const rq_package *package)
{
    if (package->tier >= 0) {
        rq_json_int(json, "tier", package->tier);
    } else {
        rq_json_null(json, "tier");
    }
    rq_json_int(json, "amount_fen", package->amount_fen);
    number(json, "rate_ppm", package->rate_ppm);
    rq_json_bool(json, "rate_is_floor", package->rate_is_floor);
    number(json, "cost_ppm", package->cost_ppm);
    rq_json_string(json, "repayment", rq_words[RQ_FIRST_repayment + package->repayment].name);
}

void rq_package_render(const rq_package *package, const char *key, size_t rank, rq_json *json)
{
    assert(package->class <= RQ_NEAR_MISS && package->tier >= -1);
    rq_json_object(json, key);
    rq_json_int(json, "rank", (int64_t)rank);
    rq_json_string(json, "class", class_names[package->class]);
    product_names(json, "product", package->product);
    rq_json_object_end(json);
    render_partner(json, "guarantee", package->guarantee);
    render_partner(json, "insurance", package->insurance);
    render_programmes(json, package);
    render_terms(json, package);
    rq_json_int(json, "score_ppm", package->score_ppm);
    rq_json_object(json, "parts");
    for (size_t i = 0; i < RQ_SCORE_PARTS; i++) {
        rq_json_int(json, rq_score_part_names[i], package->parts_ppm[i]);
    }
    rq_json_object_end(json);
    rq_json_int(json, "fail_count", (int64_t)package->fail_count);
    rq_json_int(json, "unknown_count", (int64_t)package->unknown_count);
    rq_json_array(json, "checks");
    for (size_t i = 0; i < package->check_count; i++) {
        render_check(json, &package->checks[i]);
    }
    rq_json_array_end(json);
    rq_json_object_end(json);
}

static void render_list(rq_json *json, const char *key, const rq_package *packages, size_t count)
{
    rq_json_array(json, key);
    for (size_t i = 0; i < count; i++) {
        rq_package_render(&packages[i], NULL, i + 1, json);
    }
    rq_json_array_end(json);
}

void rq_match_render(const rq_match_result *result, rq_json *json)
{
    rq_json_object(json, NULL);
    rq_json_int(json, "catalogue_version", result->catalogue_version);
    rq_json_int(json, "weights_version", result->weights_version);
    rq_json_object(json, "notice");
    rq_json_string(json, "zh", notice[RQ_ZH]);
    rq_json_string(json, "en", notice[RQ_EN]);
    rq_json_object_end(json);
    rq_json_int(json, "considered", (int64_t)result->considered);
    rq_json_int(json, "eligible_total", (int64_t)result->eligible_total);
    rq_json_int(json, "unknown_total", (int64_t)result->unknown_total);
    rq_json_int(json, "near_total", (int64_t)result->near_total);
    render_list(json, "eligible", result->eligible, result->eligible_count);
    render_list(json, "unknown", result->unknown, result->unknown_count);
    render_list(json, "near", result->near, result->near_count);
    rq_json_object_end(json);
}
