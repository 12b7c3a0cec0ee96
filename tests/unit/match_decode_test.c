/* JSON -> structs, and errors that name the key. */
#include "match_support.h"

static const char product_text[] =
    "{\"id\":\"0192AAAA-0000-7000-8000-000000000001\","
    "\"institution_id\":\"0192aaaa-0000-7000-8000-000000000009\",\"institution_zh\":\"某银行\","
    "\"name_zh\":\"科技贷\",\"name_en\":null,\"kind\":\"guaranteed_loan\",\"created_at\":\"ignored\","
    "\"amount_min_fen\":1000000,\"amount_max_fen\":500000000,\"term_max_months\":36,"
    "\"rate\":{\"base\":\"lpr_1y\",\"low_ppm\":-5000,\"high_ppm\":10000},"
    "\"repayments\":[\"interest_first\",\"bullet\"],\"regions\":[\"330000\",\"320500\"],"
    "\"industries_in\":[\"C\"],\"industries_out\":[\"C26\"],"
    "\"rules\":[{\"fact\":\"tax_grade\",\"op\":\"in\",\"value\":[\"A\",\"B\"],\"repair\":\"tax\","
    "\"text_zh\":\"纳税信用A、B级\"},"
    "{\"fact\":\"profitable\",\"op\":\"eq\",\"value\":true,\"hard\":false,\"weight\":3}],"
    "\"tiers\":[{\"when\":[{\"fact\":\"tags\",\"op\":\"in\",\"value\":\"srdi\"}],"
    "\"amount_max_fen\":1000000000,\"needs_guarantee\":true}],"
    "\"fees\":[{\"name_zh\":\"评估费\",\"payee\":\"评估机构\",\"basis\":\"fixed\",\"when\":\"upfront\","
    "\"value\":300000}],"
    "\"guarantee\":\"optional\",\"promised_hours\":48,\"valid_from\":\"2026-01-01\",\"valid_to\":null,"
    "\"counter_guarantee\":false,\"partners\":[\"0192AAAA-0000-7000-8000-00000000000A\"],"
    "\"capacity_cases_left\":3,"
    "\"record\":{\"answers\":10,\"approvals\":4,\"median_hours\":30,\"fulfilled_ppm\":800000,"
    "\"cells\":[{\"size\":\"small\",\"province\":\"33\",\"likelihood_ppm\":420000,\"median_hours\":26},"
    "{\"likelihood_ppm\":410000}]}}";

static const char need_text[] =
    "{\"kinds\":[\"credit_loan\",\"guaranteed_loan\"],\"amount_fen\":100000000,\"term_months\":12,"
    "\"repayments\":[],\"region\":\"330106\",\"industry\":\"C2614\",\"as_of\":\"2026-11-24\","
    "\"facts\":{\"revenue_fen\":{\"value\":2000000000,\"source\":\"tax\",\"as_of\":\"2025-12-31\"},"
    "\"tags\":{\"value\":[\"srdi\",\"high_tech\"]},\"tax_grade\":{\"value\":\"A\",\"source\":\"tax\"},"
    "\"first_loan\":{\"value\":true},\"employees\":{\"value\":null},\"lenders\":null}}";

static json_t *parsed(const char *text)
{
    json_error_t where;
    json_t *document = json_loads(text, 0, &where);
    if (document == NULL) {
        fail_msg("%s", where.text);
    }
    return document;
}

static void a_product_is_read_in_full(void **state)
{
    (void)state;
    json_t *document = parsed(product_text);
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_product product;
    rq_error error = {0};
    if (rq_product_decode(document, arena, &product, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    json_decref(document); /* nothing points into it */
    assert_string_equal(product.id, "0192aaaa-0000-7000-8000-000000000001");
    assert_string_equal(product.partners[0], "0192aaaa-0000-7000-8000-00000000000a");
    assert_null(product.name_en);
    assert_int_equal(product.kind, RQ_INDEX(kind, guaranteed_loan));
    assert_int_equal(product.term_min_months, RQ_UNSET);
    assert_int_equal(product.rate.base, RQ_RATE_lpr_1y);
    assert_int_equal(product.rate.low_ppm, -5000);
    assert_int_equal(product.repayments, RQ_BIT(repayment, interest_first) | RQ_BIT(repayment, bullet));
    assert_int_equal(product.regions[1], 320500);
    assert_string_equal(product.industries_out[0], "C26");
    assert_int_equal(product.rules[0].value, RQ_BIT(tax_grade, A) | RQ_BIT(tax_grade, B));
    assert_true(product.rules[0].hard);
    assert_false(product.rules[1].hard);
    assert_int_equal(product.rules[1].weight, 3);
    assert_int_equal(product.rules[1].repair, RQ_INDEX(repair, enterprise));
    assert_true(product.tiers[0].needs_guarantee);
    assert_int_equal(product.tiers[0].rate.base, RQ_RATE_none);
    assert_int_equal(product.tiers[0].when[0].value, RQ_BIT(tag, srdi));
    assert_int_equal(product.fees[0].basis, RQ_FEE_fixed);
    assert_int_equal(product.guarantee, RQ_BACKING_optional);
    assert_int_equal(product.valid_from, rq_date_from_civil(2026, 1, 1));
    assert_int_equal(product.valid_to, INT32_MAX);
    assert_int_equal(product.counter_guarantee, 0);
    assert_int_equal(product.capacity_fen_left, RQ_UNSET);
    assert_int_equal(product.record.approvals, 4);
    assert_int_equal(product.record.cell_count, 2);
    assert_int_equal(product.record.cells[0].province, 0);
    assert_int_equal(product.record.cells[0].median_hours, -1);
    assert_int_equal(product.record.cells[1].province, 33);
    assert_int_equal(product.record.cells[1].size, 1 + RQ_INDEX(size, small));
    assert_int_equal(product.record.cells[1].likelihood_ppm, 420000);
    rq_arena_free(arena);
}

static void a_need_is_read_with_its_facts(void **state)
{
    (void)state;
    json_t *document = parsed(need_text);
    rq_need need;
    rq_error error = {0};
    if (rq_need_decode(document, &need, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    json_decref(document);
    assert_int_equal(need.amount_min_fen, need.amount_fen);
    assert_int_equal(need.term_days, RQ_UNSET);
    assert_int_equal(need.region, 330106);
    assert_string_equal(need.industry, "C2614");
    assert_int_equal(need.facts[RQ_FACT_revenue_fen].value, 2000000000);
    assert_int_equal(need.facts[RQ_FACT_revenue_fen].source, RQ_INDEX(source, tax));
    assert_int_equal(need.facts[RQ_FACT_revenue_fen].as_of, rq_date_from_civil(2025, 12, 31));
    assert_int_equal(need.facts[RQ_FACT_tags].value, RQ_BIT(tag, srdi) | RQ_BIT(tag, high_tech));
    assert_int_equal(need.facts[RQ_FACT_first_loan].value, 1);
    assert_false(need.facts[RQ_FACT_employees].known);
    assert_false(need.facts[RQ_FACT_lenders].known);
    assert_true(need.facts[RQ_FACT_amount_fen].known);
    assert_int_equal(need.facts[RQ_FACT_term_months].value, 12);
}

static void a_programme_is_read(void **state)
{
    (void)state;
    json_t *document = parsed("{\"id\":\"0192aaaa-0000-7000-8000-000000000001\",\"name_zh\":\"贴息\","
                              "\"type\":\"interest_subsidy\",\"kinds\":[\"credit_loan\"],"
                              "\"points_ppm\":10000,\"regions\":[\"330000\"]}");
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_programme programme;
    rq_error error = {0};
    assert_int_equal(rq_programme_decode(document, arena, &programme, &error), RQ_OK);
    assert_int_equal(programme.points_ppm, 10000);
    assert_int_equal(programme.share_ppm, RQ_UNSET);
    assert_int_equal(programme.kinds, RQ_BIT(kind, credit_loan));
    json_object_set_new(document, "share_ppm", json_integer(500000));
    assert_int_equal(rq_programme_decode(document, arena, &programme, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "share_ppm"));
    json_decref(document);
    rq_arena_free(arena);
}

typedef struct damage {
    const char *key;
    const char *value; /* JSON; null: the key is taken away */
    const char *named; /* in the message */
} damage;

static void damaged(const char *text, const damage *with, bool is_need)
{
    json_t *document = parsed(text);
    if (with->value == NULL) {
        json_object_del(document, with->key);
    } else {
        json_error_t where;
        json_object_set_new(document, with->key, json_loads(with->value, JSON_DECODE_ANY, &where));
    }
    rq_arena *arena = rq_arena_new(1 << 20);
    rq_product product;
    rq_need need;
    rq_error error = {0};
    rq_status status = is_need ? rq_need_decode(document, &need, &error)
                               : rq_product_decode(document, arena, &product, &error);
    if (status != RQ_INVALID || strstr(error.message, with->named) == NULL) {
        fail_msg("%s = %s: \"%s\" does not name %s", with->key, with->value, error.message, with->named);
    }
    json_decref(document);
    rq_arena_free(arena);
}

static void what_is_wrong_with_a_product_is_named(void **state)
{
    (void)state;
    static const damage cases[] = {
        {"id", NULL, "id"},
        {"id", "\"7\"", "id"},
        {"institution_id", "7", "institution_id"},
        {"name_zh", NULL, "name_zh"},
        {"name_zh", "3", "name_zh"},
        {"kind", NULL, "kind"},
        {"kind", "\"loan\"", "kind"},
        {"amount_min_fen", "1.5", "amount_min_fen"},
        {"amount_min_fen", "0", "amount_min_fen"},
        {"amount_min_fen", "500000001", "amount_min_fen"},
        {"term_max_months", "361", "term_max_months"},
        {"rate", "{\"base\":\"fixed\",\"low_ppm\":-1}", "rate.low_ppm"},
        {"rate", "{\"base\":\"prime\"}", "rate.base"},
        {"rate", "{\"low_ppm\":5}", "rate.base"},
        {"rate", "{\"base\":\"fixed\",\"low_ppm\":9,\"high_ppm\":8}", "rate"},
        {"repayments", "[\"never\"]", "repayments"},
        {"regions", "[\"33\"]", "regions"},
        {"regions", "\"330000\"", "regions"},
        {"industries_in", "[\"26\"]", "industries_in"},
        {"rules", "{}", "rules"},
        {"rules", "[5]", "rules[0]"},
        {"rules", "[{\"op\":\"ge\",\"value\":1}]", "rules[0].fact"},
        {"rules", "[{\"fact\":\"age_months\",\"value\":1}]", "rules[0].op"},
        {"rules", "[{\"fact\":\"age_months\",\"op\":\"ge\"}]", "rules[0].value"},
        {"rules", "[{\"fact\":\"age_months\",\"op\":\"has_all\",\"value\":1}]", "rules[0].op"},
        {"rules", "[{\"fact\":\"tags\",\"op\":\"in\",\"value\":[\"big\"]}]", "rules[0].value"},
        {"rules", "[{\"fact\":\"tags\",\"op\":\"in\",\"value\":4}]", "rules[0].value"},
        {"rules", "[{\"fact\":\"profitable\",\"op\":\"eq\",\"value\":1}]", "rules[0].value"},
        {"rules", "[{\"fact\":\"lenders\",\"op\":\"le\",\"value\":1,\"weight\":0}]", "rules[0].weight"},
        {"rules", "[{\"fact\":\"lenders\",\"op\":\"le\",\"value\":1,\"repair\":\"me\"}]", "rules[0].repair"},
        {"tiers", "[{\"when\":[{\"fact\":\"lenders\",\"op\":\"no\"}]}]", "tiers[0].when[0].op"},
        {"tiers", "[{\"amount_max_fen\":0}]", "tiers[0].amount_max_fen"},
        {"fees", "[{\"basis\":\"share\"}]", "fees[0].value"},
        {"fees", "[{\"basis\":\"share\",\"value\":1000001}]", "fees[0].value"},
        {"day_fees", "[{\"up_to_day\":5}]", "day_fees[0]"},
        {"day_fees", "[{\"up_to_day\":5,\"ppm_per_day\":1},{\"up_to_day\":5,\"ppm_per_day\":1}]",
         "day_fees[1]"},
        {"guarantee", "\"maybe\"", "guarantee"},
        {"valid_from", "\"2026-02-30\"", "valid_from"},
        {"counter_guarantee", "1", "counter_guarantee"},
        {"partners", "[\"x\"]", "partners"},
        {"record", "{\"answers\":1,\"approvals\":2}", "record.approvals"},
        {"record", "{\"cells\":[{\"province\":\"3x\"}]}", "record.cells[0].province"},
        {"record", "{\"cells\":[{\"size\":\"giant\"}]}", "record.cells[0].size"},
        {"record", "{\"cells\":[{\"likelihood_ppm\":1000001}]}", "record.cells[0].likelihood_ppm"},
        {"record", "{\"cells\":[{\"likelihood_ppm\":1},{\"likelihood_ppm\":2}]}", "record.cells[1]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        damaged(product_text, &cases[i], false);
    }
}

static void what_is_wrong_with_a_need_is_named(void **state)
{
    (void)state;
    static const damage cases[] = {
        {"kinds", NULL, "kinds"},
        {"kinds", "[\"guarantee\"]", "kinds"},
        {"amount_fen", NULL, "amount_fen"},
        {"amount_fen", "\"100\"", "amount_fen"},
        {"amount_min_fen", "100000001", "amount_min_fen"},
        {"term_months", "0", "term_months"},
        {"max_rate_ppm", "-1", "max_rate_ppm"},
        {"region", NULL, "region"},
        {"region", "\"33010a\"", "region"},
        {"industry", "\"c2614\"", "industry"},
        {"as_of", NULL, "as_of"},
        {"facts", "[]", "facts"},
        {"facts", "{\"revenue\":{\"value\":1}}", "facts.revenue"},
        {"facts", "{\"revenue_fen\":1}", "facts.revenue_fen"},
        {"facts", "{\"revenue_fen\":{\"value\":\"1\"}}", "facts.revenue_fen.value"},
        {"facts", "{\"tax_grade\":{\"value\":[\"A\",\"B\"]}}", "facts.tax_grade.value"},
        {"facts", "{\"revenue_fen\":{\"value\":1,\"source\":\"rumour\"}}", "facts.revenue_fen.source"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        damaged(need_text, &cases[i], true);
    }
}

static void no_rules_are_an_empty_list(void **state)
{
    (void)state;
    rq_arena *arena = rq_arena_new(1 << 20);
    const rq_rule *rules;
    size_t count = 9;
    json_t *text = json_string("rules");
    assert_int_equal(rq_rules_decode(NULL, arena, &rules, &count, NULL), RQ_OK);
    assert_int_equal(count, 0);
    assert_int_equal(rq_rules_decode(text, arena, &rules, &count, NULL), RQ_INVALID);
    json_decref(text);
    rq_arena_free(arena);
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    rq_need need;
    json_t *list = json_array();
    assert_int_equal(rq_need_decode(list, &need, NULL), RQ_INVALID);
    assert_int_equal(rq_need_decode(NULL, &need, NULL), RQ_INVALID);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_read_in_full),
        cmocka_unit_test(a_need_is_read_with_its_facts),
        cmocka_unit_test(a_programme_is_read),
        cmocka_unit_test(what_is_wrong_with_a_product_is_named),
        cmocka_unit_test(what_is_wrong_with_a_need_is_named),
        cmocka_unit_test(no_rules_are_an_empty_list),
        cmocka_unit_test(what_is_no_object_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
