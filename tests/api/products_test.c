/* Products: what may be listed and how it is published, and how the shelf reaches the matches, which can be
 * had again. */
#include "rongqiao/digest.h"
#include "rongqiao/vocabulary.h"
#include "world.h"

/* The package of a product in a list of a match, or null. */
static const json_t *package_of(const json_t *match, const char *list, const char *product)
{
    const json_t *packages = member_of(match, list);
    for (size_t i = 0; i < json_array_size(packages); i++)
        if (strcmp(text_of(json_array_get(packages, i), "product.id"), product) == 0)
            return json_array_get(packages, i);
    return NULL;
}

static json_t *preview(json_t *more)
{
    catalogue_await(&world.enterprise_a);
    return expect(200, &world.enterprise_a, "POST", "/v1/matches/preview", need_document(more));
}

/* Listing ------------------------------------------------------------------------------------------ */

static void product_of_every_kind_can_be_listed(void **state)
{
    rq_word_list kinds = rq_vocabulary("kind");
    (void)state;
    assert_true(kinds.count >= 13);
    for (size_t i = 0; i < kinds.count; i++) {
        json_t *made = expect(201, &world.maker_a, "POST", "/v1/products",
                              doc("{ss ss}", "kind", kinds.first[i].name, "name_zh", kinds.first[i].zh));
        assert_string_equal(text_of(made, "kind"), kinds.first[i].name);
        assert_string_equal(text_of(made, "state"), "draft");
        assert_string_equal(text_of(made, "institution_id"), world.bank_a);
        /* What is not published stays unknown. */
        assert_null(member_of(made, "rate"));
    }
}

static void field_of_another_kind_is_named(void **state)
{
    static const struct {
        const char *kind, *field;
        int value;
    } rows[] = {
        {"credit_loan", "term_min_days", 3},
        {"credit_loan", "coverage_ppm", 800000},
        {"mortgage", "fee_ppm", 5000},
        {"credit_loan", "advance_rate_ppm", 800000},
        {"factoring", "pledge_rate_ppm", 500000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *document = loan_document(rows[i].kind, "不适用的字段");
        json_object_set_new(document, rows[i].field, json_integer(rows[i].value));
        json_t *problem =
            expect_problem(422, "validation_failed", &world.maker_a, "POST", "/v1/products", document);
        assert_string_equal(text_of(problem, "errors.0.pointer"), textf("/%s", rows[i].field));
        assert_string_equal(text_of(problem, "errors.0.code"), "not_for_kind");
    }
    json_t *document = loan_document("credit_loan", "上限低于下限");
    json_object_set_new(document, "amount_max_fen", json_integer(1));
    json_t *problem =
        expect_problem(422, "validation_failed", &world.maker_a, "POST", "/v1/products", document);
    assert_string_equal(text_of(problem, "errors.0.pointer"), "/amount_max_fen");
}

static void operator_and_value_of_a_rule_must_fit_its_fact(void **state)
{
    static const struct {
        const char *fact, *op, *value, *pointer, *code;
    } rows[] = {
        {"revenue_fen", "in", "[1]", "/rules/0/op", "operator_unfit"},
        {"revenue_fen", "has_all", "1", "/rules/0/op", "operator_unfit"},
        {"age_months", "ratio_ge", "1", "/rules/0/op", "operator_unfit"},
        {"first_loan", "ge", "true", "/rules/0/op", "operator_unfit"},
        {"tax_grade", "ge", "\"A\"", "/rules/0/op", "operator_unfit"},
        {"tax_grade", "has_all", "[\"A\"]", "/rules/0/op", "operator_unfit"},
        {"tags", "eq", "\"srdi\"", "/rules/0/op", "operator_unfit"},
        {"revenue_fen", "ge", "\"much\"", "/rules/0/value", "type_integer"},
        {"revenue_fen", "ge", "-1", "/rules/0/value", "too_small"},
        {"first_loan", "eq", "1", "/rules/0/value", "type_boolean"},
        {"tax_grade", "in", "[\"A\",\"Z\"]", "/rules/0/value/1", "word"},
        {"tags", "has_all", "[\"srdi\",\"srdi\"]", "/rules/0/value/1", "repeated"},
        {"no_such_fact", "eq", "1", "/rules/0/fact", "word"},
        {"revenue_fen", "almost", "1", "/rules/0/op", "word"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *value = json_loads(rows[i].value, JSON_DECODE_ANY, NULL);
        json_t *document = loan_document("credit_loan", "规则");
        json_object_set_new(document, "rules",
                            doc("[{ss ss so}]", "fact", rows[i].fact, "op", rows[i].op, "value", value));
        json_t *problem =
            expect_problem(422, "validation_failed", &world.maker_a, "POST", "/v1/products", document);
        assert_string_equal(text_of(problem, "errors.0.pointer"), rows[i].pointer);
        assert_string_equal(text_of(problem, "errors.0.code"), rows[i].code);
    }
}

static void terms_come_back_as_they_were_posted(void **state)
{
    (void)state;
    json_t *document = loan_document("ip_pledge", "知识产权质押贷");
    json_object_set_new(document, "tiers",
                        doc("[{s[{ss ss s[s]}] sI s{ss si}} {s[{ss ss sI}] si sb}]", "when", "fact", "tags",
                            "op", "in", "value", "little_giant", "amount_max_fen", 30000000 * YUAN, "rate",
                            "base", "lpr_1y", "high_ppm", 5000, "when", "fact", "ip_value_fen", "op", "ge",
                            "value", 10000000 * YUAN, "term_max_months", 60, "needs_guarantee", 1));
    json_object_set_new(
        document, "fees",
        doc("[{ss ss ss si}]", "name_zh", "评估费", "basis", "fixed", "when", "upfront", "value", 300000));
    json_object_set_new(document, "pledge_rate_ppm", json_integer(400000));
    json_t *posted = json_deep_copy(document);
    json_t *made = expect(201, &world.maker_a, "POST", "/v1/products", document);
    json_t *read = get(200, &world.checker_a, "products", text_of(made, "id"));
    const char *key;
    json_t *value;
    json_object_foreach(posted, key, value) assert_true(json_equal(member_of(read, key), value));
    json_decref(posted);
}

static void operator_lists_for_an_institution_with_four_eyes(void **state)
{
    (void)state;
    json_t *document = loan_document("credit_loan", "平台代上架");
    expect_problem(422, "institution_unknown", &world.operator, "POST", "/v1/products",
                   json_deep_copy(document));
    json_object_set_new(document, "institution_id", json_string(world.bank_b));
    const char *id = text_of(expect(201, &world.operator, "POST", "/v1/products", document), "id");
    move(200, &world.operator, "products", id, "submit", NULL);
    move_problem(403, "maker_cannot_check", &world.operator, "products", id, "publish", NULL);
    json_t *online = move(200, &world.second_operator, "products", id, "publish", NULL);
    assert_string_equal(text_of(online, "institution_id"), world.bank_b);
    move(200, &world.second_operator, "products", id, "retire", NULL);
}

static void csv_of_products_is_imported_as_drafts(void **state)
{
    (void)state;
    test_answer *answer = ask_raw(&world.maker_a, "POST", "/v1/products/import",
                                  textf("Content-Type: text/csv\r\nIdempotency-Key: %s\r\n", fresh_key()),
                                  "kind,name_zh,amount_max_fen,regions,rate\n"
                                  "credit_loan,表格产品,500000000,330000|440000,\"{\"\"base\"\":\"\"lpr_"
                                  "1y\"\",\"\"high_ppm\"\":3000}\"\n"
                                  "no_such_kind,坏行,1,,\n");
    json_t *report = check_status(answer, 200);
    assert_int_equal(number_of(report, "accepted"), 1);
    assert_string_equal(text_of(report, "lines.1.errors.0.pointer"), "/kind");
    int64_t before = house_count("select count(*) from product");
    json_t *tried = expect(200, &world.maker_a, "POST", "/v1/products/import?dry_run=true",
                           doc("{s[o]}", "items", loan_document("credit_loan", "试导产品")));
    assert_string_equal(text_of(tried, "lines.0.verdict"), "accepted");
    assert_int_equal(house_count("select count(*) from product"), before);
    json_t *made = get(200, &world.maker_a, "products", text_of(report, "lines.0.id"));
    assert_string_equal(text_of(made, "state"), "draft");
    assert_string_equal(text_of(made, "regions.1"), GUANGDONG);
    assert_string_equal(text_of(made, "rate.base"), "lpr_1y");
}

/* The shelf and the matches ------------------------------------------------------------------------ */

static void change_of_the_shelf_reaches_the_matches(void **state)
{
    (void)state;
    json_t *document = loan_document("credit_loan", "随上随下的产品");
    json_object_set_new(document, "rate",
                        doc("{ss si si}", "base", "lpr_1y", "low_ppm", 1000, "high_ppm", 2500));
    const char *id = product_publish(&world.maker_a, &world.checker_a, document);
    const json_t *package = package_of(preview(NULL), "eligible", id);
    assert_non_null(package);
    int64_t lpr = house_count("select lpr_1y_ppm from lpr order by published_on desc limit 1");
    assert_int_equal(number_of(package, "rate_ppm"), lpr + 2500);
    move(200, &world.checker_a, "products", id, "pause", NULL);
    assert_null(package_of(preview(NULL), "eligible", id));
    move(200, &world.checker_a, "products", id, "resume", NULL);
    assert_non_null(package_of(preview(NULL), "eligible", id));
    /* A new prime rate moves its rate. */
    house_sql("insert into lpr (published_on, lpr_1y_ppm, lpr_5y_ppm) values (current_date, 20000, 25000)");
    assert_int_equal(number_of(package_of(preview(NULL), "eligible", id), "rate_ppm"), 22500);
    move(200, &world.checker_a, "products", id, "retire", NULL);
    assert_null(package_of(preview(NULL), "eligible", id));
}

static void programme_lowers_the_cost_where_it_applies(void **state)
{
    (void)state;
    int64_t with = number_of(package_of(preview(NULL), "eligible", world.credit_a), "cost_ppm");
    json_t *elsewhere = expect(200, &world.enterprise_b, "POST", "/v1/matches/preview", need_document(NULL));
    int64_t without = number_of(package_of(elsewhere, "eligible", world.credit_a), "cost_ppm");
    assert_true(with < without);
    move(200, &world.zhejiang, "programmes", world.programme, "retire", NULL);
    assert_int_equal(number_of(package_of(preview(NULL), "eligible", world.credit_a), "cost_ppm"), without);
}

static void product_whose_month_is_full_is_not_offered(void **state)
{
    (void)state;
    json_t *document = loan_document("credit_loan", "只有一个名额");
    json_object_set_new(document, "capacity_cases", json_integer(1));
    const char *id = product_publish(&world.maker_a, &world.checker_a, document);
    assert_non_null(package_of(preview(NULL), "eligible", id));
    const char *application = apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), id);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    move(200, &world.enterprise_a, "offers", offer, "accept", NULL);
    assert_null(package_of(preview(NULL), "eligible", id));
    move(200, &world.checker_a, "offers", offer, "fall_through", reason("R22"));
    assert_non_null(package_of(preview(NULL), "eligible", id));
    move(200, &world.checker_a, "products", id, "retire", NULL);
}

static void rules_decide_between_eligible_unknown_and_near(void **state)
{
    static const struct {
        const char *rule, *list;
    } rows[] = {
        {"{\"fact\":\"employees\",\"op\":\"ge\",\"value\":100}", "eligible"},
        {"{\"fact\":\"employees\",\"op\":\"ge\",\"value\":121}", "near"},
        {"{\"fact\":\"court_executed\",\"op\":\"eq\",\"value\":false}", "unknown"},
    };
    const char *ids[COUNT(rows)];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *document = loan_document("credit_loan", textf("规则产品%zu", i));
        json_object_set_new(document, "rules", doc("[o]", json_loads(rows[i].rule, 0, NULL)));
        ids[i] = product_publish(&world.maker_a, &world.checker_a, document);
    }
    json_t *match = preview(NULL);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_non_null(package_of(match, rows[i].list, ids[i]));
    /* It says of itself that it is no credit rating. */
    assert_true(strlen(text_of(match, "notice")) > 0 || json_is_object(member_of(match, "notice")));
}

/* Stored and replayed ------------------------------------------------------------------------------ */

static void preview_is_what_would_be_stored(void **state)
{
    static const char *const lists[] = {"eligible", "unknown", "near"};
    (void)state;
    json_t *seen = preview(NULL);
    const char *need = need_post(&world.enterprise_a, NULL);
    json_t *stored = get(200, &world.enterprise_a, "needs", textf("%s/matches", need));
    for (size_t i = 0; i < COUNT(lists); i++)
        assert_true(json_equal(member_of(seen, lists[i]), member_of(stored, lists[i])));
    assert_int_equal(number_of(seen, "catalogue_version"), number_of(stored, "catalogue_version"));
    int64_t before = house_count("select count(*) from match_run");
    preview(NULL);
    assert_int_equal(house_count("select count(*) from match_run"), before);
}

static void stored_match_has_its_versions_and_its_digest(void **state)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char hex[RQ_SHA256_HEX + 1];
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *result = house_sql("select result from match_run where need_id = '%s'", need);
    assert_int_equal(rq_sha256(result, strlen(result), digest, NULL), RQ_OK);
    rq_hex(digest, sizeof(digest), hex);
    test_answer *answer = ask(&world.enterprise_a, "GET", textf("/v1/needs/%s/matches", need), NULL);
    json_t *match = check_status(answer, 200);
    assert_string_equal(text_of(match, "digest"), hex);
    /* The engine's own bytes are passed on as they are. */
    assert_int_equal(strncmp(answer->body, result, strlen(result) - 1), 0);
    assert_int_equal(number_of(match, "weights_version"),
                     house_count("select max(version) from score_weights"));
    assert_int_equal(number_of(match, "catalogue_version"), house_count("select version from catalogue"));
    assert_int_equal(
        house_count("select count(*) from match where need_id = '%s' and class = 'eligible'", need),
        json_array_size(member_of(match, "eligible")));
}

static void every_stored_match_can_be_had_again(void **state)
{
    static const char *const replay[] = {"replay", NULL};
    char line[256];
    (void)state;
    need_post(&world.enterprise_b,
              doc("{sI sI}", "amount_fen", 200000 * YUAN, "amount_min_fen", 200000 * YUAN));
    assert_int_equal(house_run(replay, NULL, line, sizeof(line)), 0);
    json_t *report = house_keep(json_loads(line, 0, NULL), (void (*)(void *))json_decref);
    assert_int_equal(number_of(report, "same"), house_count("select count(*) from match_run"));
    assert_int_equal(number_of(report, "different"), 0);
    /* One byte of one result, and it shows. */
    house_sql("update match_run set result = overlay(result placing '9' from position('rank\":1' in result) "
              "+ 6 for 1) where id = "
              "(select id from match_run order by id desc limit 1)");
    assert_int_equal(house_run(replay, NULL, line, sizeof(line)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(product_of_every_kind_can_be_listed),
        API_TEST(field_of_another_kind_is_named),
        API_TEST(operator_and_value_of_a_rule_must_fit_its_fact),
        API_TEST(terms_come_back_as_they_were_posted),
        API_TEST(operator_lists_for_an_institution_with_four_eyes),
        API_TEST(csv_of_products_is_imported_as_drafts),
        API_TEST(rules_decide_between_eligible_unknown_and_near),
        API_TEST(preview_is_what_would_be_stored),
        API_TEST(stored_match_has_its_versions_and_its_digest),
        API_TEST(change_of_the_shelf_reaches_the_matches),
        API_TEST(product_whose_month_is_full_is_not_offered),
        API_TEST(programme_lowers_the_cost_where_it_applies),
        API_TEST(every_stored_match_can_be_had_again),
    };
    return cmocka_run_group_tests_name("api.products", tests, world_open, world_close);
}
