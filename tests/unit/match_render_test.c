/* The stored form of a result: canonical, valid, and readable in both languages. */
#include "match_support.h"

/* Three products: one eligible with partner and subsidy, one that lacks facts, one near miss. */
static match_run sample_run(const rq_rule rules[5])
{
    rq_product products[4] = {plain_loan(1), plain_loan(2), plain_loan(3),
                              bare_product(4, RQ_INDEX(kind, guarantee))};
    products[0].guarantee = RQ_BACKING_required;
    products[0].name_en = "Technology \"loan\"";
    products[1].rules = &rules[0];
    products[1].rule_count = 1;
    products[2].rules = &rules[1];
    products[2].rule_count = 4;
    products[2].capacity_cases_left = 5;
    products[3].fee_ppm = 10000;
    rq_programme programme = bare_programme(5, RQ_PROGRAMME_interest_subsidy);
    programme.share_ppm = 500000;
    rq_need need = plain_need();
    know(&need, RQ_FACT_revenue_fen, 180 * WAN);
    know(&need, RQ_FACT_tags, (int64_t)RQ_BIT(tag, start_up));
    know(&need, RQ_FACT_tax_grade, (int64_t)RQ_BIT(tax_grade, A));
    know(&need, RQ_FACT_profitable, 1);
    return run_match(products, 4, &programme, 1, &need);
}

static void sample_rules(rq_rule rules[5])
{
    rules[0] = hard_rule(RQ_FACT_age_months, RQ_OP_ge, 12);
    rules[1] = hard_rule(RQ_FACT_revenue_fen, RQ_OP_ge, 200 * WAN);
    rules[2] = hard_rule(RQ_FACT_tags, RQ_OP_has_all, (int64_t)(RQ_BIT(tag, srdi) | RQ_BIT(tag, high_tech)));
    rules[3] = hard_rule(RQ_FACT_tax_grade, RQ_OP_in, (int64_t)(RQ_BIT(tax_grade, A) | RQ_BIT(tax_grade, B)));
    rules[4] = hard_rule(RQ_FACT_profitable, RQ_OP_eq, 1);
    rules[4].text_zh = "上一年度盈利";
}

static json_t *rendered(rq_buffer *buffer)
{
    rq_rule rules[5];
    sample_rules(rules);
    match_run run = sample_run(rules);
    rq_json json = rq_json_on(buffer);
    rq_match_render(&run.result, &json);
    match_done(&run);
    assert_false(buffer->failed);
    json_error_t where;
    json_t *document = json_loadb(buffer->data, buffer->length, JSON_REJECT_DUPLICATES, &where);
    if (document == NULL) {
        fail_msg("%s", where.text);
    }
    return document;
}

static json_t *at(const json_t *document, const char *list, size_t index)
{
    json_t *element = json_array_get(json_object_get(document, list), index);
    assert_non_null(element);
    return element;
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static void equal_input_gives_equal_bytes(void **state)
{
    (void)state;
    rq_buffer first, second;
    rq_buffer_init(&first, 1 << 20);
    rq_buffer_init(&second, 1 << 20);
    json_decref(rendered(&first));
    json_decref(rendered(&second));
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.data, second.data, first.length);
    rq_buffer_done(&first);
    rq_buffer_done(&second);
}

static void has_real(const json_t *value)
{
    size_t index;
    const char *key;
    json_t *child;
    assert_false(json_is_real(value));
    json_array_foreach(value, index, child)
    {
        has_real(child);
    }
    json_object_foreach((json_t *)value, key, child)
    {
        has_real(child);
    }
}

static void numbers_are_whole_and_versions_are_told(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    json_t *document = rendered(&buffer);
    has_real(document);
    assert_int_equal(json_integer_value(json_object_get(document, "catalogue_version")), 7);
    assert_int_equal(json_integer_value(json_object_get(document, "weights_version")), 1);
    assert_int_equal(json_integer_value(json_object_get(document, "considered")), 3);
    const json_t *notice = json_object_get(document, "notice");
    assert_non_null(strstr(text_at(notice, "zh"), "不是信用评级"));
    assert_non_null(strstr(text_at(notice, "en"), "no credit rating"));
    json_decref(document);
    rq_buffer_done(&buffer);
}

static void a_package_tells_partner_programme_cost_and_parts(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    json_t *document = rendered(&buffer);
    const json_t *package = at(document, "eligible", 0);
    assert_string_equal(text_at(package, "class"), "eligible");
    assert_int_equal(json_integer_value(json_object_get(package, "rank")), 1);
    assert_string_equal(text_at(json_object_get(package, "product"), "name_en"), "Technology \"loan\"");
    assert_string_equal(text_at(json_object_get(package, "product"), "kind"), "credit_loan");
    const json_t *guarantee = json_object_get(package, "guarantee");
    assert_int_equal(json_integer_value(json_object_get(guarantee, "fee_ppm")), 10000);
    assert_true(json_is_null(json_object_get(guarantee, "coverage_ppm")));
    assert_true(json_is_null(json_object_get(package, "insurance")));
    assert_true(json_is_null(json_object_get(package, "tier")));
    assert_string_equal(text_at(at(package, "programmes", 0), "type"), "interest_subsidy");
    assert_string_equal(text_at(package, "repayment"), "interest_first");
    int64_t sum = 0;
    const char *name;
    json_t *part;
    json_object_foreach(json_object_get(package, "parts"), name, part)
    {
        sum += json_integer_value(part);
    }
    assert_int_equal(sum, json_integer_value(json_object_get(package, "score_ppm")));
    json_decref(document);
    rq_buffer_done(&buffer);
}

static const json_t *rule_check(const json_t *package, size_t rule)
{
    size_t index;
    json_t *check;
    json_array_foreach(json_object_get(package, "checks"), index, check)
    {
        if (strcmp(text_at(check, "source"), "rule") == 0 &&
            json_integer_value(json_object_get(check, "index")) == (json_int_t)rule) {
            return check;
        }
    }
    fail_msg("no check of rule %zu", rule);
    return NULL;
}

static void a_failed_check_tells_the_smallest_change_in_both_languages(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    json_t *document = rendered(&buffer);
    const json_t *near = at(document, "near", 0);
    const json_t *revenue = rule_check(near, 0);
    assert_string_equal(text_at(revenue, "verdict"), "fail");
    assert_string_equal(text_at(revenue, "text_zh"), "营业收入不低于 200 万元");
    assert_string_equal(text_at(revenue, "text_en"), "annual revenue is at least CNY 2,000,000");
    assert_string_equal(text_at(json_object_get(revenue, "change"), "zh"), "营业收入需增加 20 万元");
    assert_string_equal(text_at(json_object_get(revenue, "change"), "en"),
                        "annual revenue must rise by CNY 200,000");
    const json_t *tags = rule_check(near, 1);
    assert_string_equal(text_at(json_object_get(tags, "change"), "zh"),
                        "资质标签需补充：专精特新、高新技术企业");
    assert_string_equal(json_string_value(at(tags, "have", 0)), "start_up");
    assert_string_equal(json_string_value(at(tags, "needed", 1)), "high_tech");
    assert_string_equal(text_at(tags, "repair"), "authority");
    json_decref(document);
    rq_buffer_done(&buffer);
}

static void values_are_words_flags_and_numbers(void **state)
{
    (void)state;
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    json_t *document = rendered(&buffer);
    const json_t *near = at(document, "near", 0);
    assert_string_equal(text_at(rule_check(near, 2), "have"), "A");
    assert_int_equal(json_array_size(json_object_get(rule_check(near, 2), "needed")), 2);
    const json_t *profit = rule_check(near, 3);
    assert_true(json_is_true(json_object_get(profit, "have")));
    assert_true(json_is_true(json_object_get(profit, "needed")));
    assert_string_equal(text_at(profit, "text_zh"), "上一年度盈利");
    assert_true(json_is_null(json_object_get(profit, "change")));
    const json_t *age = rule_check(at(document, "unknown", 0), 0);
    assert_string_equal(text_at(age, "verdict"), "unknown");
    assert_true(json_is_null(json_object_get(age, "have")));
    assert_int_equal(json_integer_value(json_object_get(age, "needed")), 12);
    json_decref(document);
    rq_buffer_done(&buffer);
}

/* Renders what one rule, whose fact fails or is not known, makes of a product. */
static void render_rule(rq_rule rule, bool is_known)
{
    rq_product product = plain_loan(1);
    product.rules = &rule;
    product.rule_count = 1;
    rq_catalogue_input input = {.weights = usual_weights(), .products = &product, .product_count = 1};
    rq_catalogue *catalogue = NULL;
    if (rq_catalogue_new(&input, &catalogue, NULL) != RQ_OK) {
        return; /* the operator does not suit the fact */
    }
    rq_need need = plain_need();
    need.facts[rule.fact] = (rq_fact_value){.known = is_known};
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_package package;
    bool is_open;
    assert_int_equal(rq_match_explain(catalogue, &need, product.id, arena, &package, &is_open, NULL), RQ_OK);
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    rq_json json = rq_json_on(&buffer);
    rq_package_render(&package, NULL, 1, &json);
    json_error_t where;
    json_t *document = json_loadb(buffer.data, buffer.length, 0, &where);
    assert_non_null(document);
    assert_true(strlen(text_at(rule_check(document, 0), "text_zh")) > 6);
    json_decref(document);
    rq_buffer_done(&buffer);
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
}

static void every_fact_and_operator_has_a_wording(void **state)
{
    (void)state;
    for (int fact = 0; fact < RQ_FACTS; fact++) {
        size_t words = rq_vocabulary(rq_facts[fact].list).count;
        int64_t value = words > 0 ? (INT64_C(1) << words) - 1 : 1;
        for (int op = 0; op < RQ_OPS; op++) {
            render_rule(hard_rule((rq_fact)fact, (rq_op)op, value), true);
            render_rule(hard_rule((rq_fact)fact, (rq_op)op, value), false);
        }
    }
}

static void every_condition_of_the_product_has_a_change(void **state)
{
    (void)state;
    rq_product products[3] = {plain_loan(1), plain_loan(2), bare_product(3, RQ_INDEX(kind, bridge))};
    products[0].amount_min_fen = products[0].amount_max_fen = 300 * WAN;
    products[0].term_min_months = products[0].term_max_months = 13;
    products[0].guarantee = products[0].insurance = RQ_BACKING_required;
    products[1].amount_max_fen = 50 * WAN + 50;
    products[2].term_max_days = 1;
    rq_need need = plain_need();
    need.kinds |= RQ_BIT(kind, bridge);
    need.term_days = 2;
    need.max_rate_ppm = 24999;
    need.repayments = RQ_BIT(repayment, bullet);
    rq_catalogue *catalogue = catalogue_of(products, 3, NULL, 0);
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_buffer buffer;
    rq_buffer_init(&buffer, 1 << 20);
    rq_json json = rq_json_on(&buffer);
    for (int i = 0; i < 3; i++) {
        rq_package package;
        bool is_open;
        assert_int_equal(rq_match_explain(catalogue, &need, products[i].id, arena, &package, &is_open, NULL),
                         RQ_OK);
        rq_package_render(&package, NULL, 1, &json);
    }
    static const char *const changes[] = {
        "融资金额需增加 200 万元",
        "期限需增加 1 个月",
        "term must rise by 1 month\"",
        "可接受的最高年利率需增加 1.5001 个百分点",
        "highest acceptable yearly rate must rise by 1.5001 percentage points",
        "还款方式需为以下之一：先息后本",
        "需要合格的担保机构担保",
        "needs cover by an eligible loan insurance",
        "可接受的最低金额需减少 49.99995 万元",
        "least acceptable amount must fall by CNY 499,999.50",
        "期限需减少 1 天",
    };
    const char *text = rq_buffer_cstring(&buffer);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (strstr(text, changes[i]) == NULL) {
            fail_msg("%s is not in %s", changes[i], text);
        }
    }
    rq_buffer_done(&buffer);
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_input_gives_equal_bytes),
        cmocka_unit_test(numbers_are_whole_and_versions_are_told),
        cmocka_unit_test(a_package_tells_partner_programme_cost_and_parts),
        cmocka_unit_test(a_failed_check_tells_the_smallest_change_in_both_languages),
        cmocka_unit_test(values_are_words_flags_and_numbers),
        cmocka_unit_test(every_fact_and_operator_has_a_wording),
        cmocka_unit_test(every_condition_of_the_product_has_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
