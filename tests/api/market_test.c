/* The market of a product: what it would find among the open needs, and what each of its terms keeps away. */
#include "world.h"

static json_t *what_if(json_t *document)
{
    return expect(200, &world.maker_a, "POST", "/v1/products/what-if", document);
}

static json_t *with_rule(json_t *document, const char *fact, const char *op, json_t *value)
{
    json_object_set_new(document, "rules", doc("[{ss ss so}]", "fact", fact, "op", op, "value", value));
    return document;
}

/* The trial of the first rule that asks for `value`; null: the one without the rule. */
static const json_t *trial_with(const json_t *market, const json_int_t *value)
{
    const json_t *trials = member_of(market, "trials");
    for (size_t i = 0; i < json_array_size(trials); i++) {
        const json_t *trial = json_array_get(trials, i), *asked = member_of(trial, "value");
        if (json_integer_value(member_of(trial, "rule")) == 0 && member_of(trial, "rule") &&
            (value ? json_is_integer(asked) && json_integer_value(asked) == *value : json_is_null(asked)))
            return trial;
    }
    return NULL;
}

static void bank_sees_how_many_open_needs_a_product_would_serve(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    need_post(&world.enterprise_b, NULL);
    json_t *market = what_if(loan_document("credit_loan", "试算"));
    long long open =
        house_count("select count(*) from need where state in ('open', 'claimed', 'offered', 'stalled')");
    assert_int_equal(number_of(market, "open_needs"), open);
    assert_int_equal(number_of(market, "eligible.needs"), open);
    assert_int_equal(
        number_of(market, "eligible.amount_fen"),
        house_count("select sum(amount_fen) from need where state in ('open', 'claimed', 'offered', "
                    "'stalled')"));
    assert_int_equal(json_array_size(member_of(market, "trials")), 0);
}

static void each_term_tells_what_it_keeps_away(void **state)
{
    const json_int_t eighteen = 18;
    (void)state;
    need_post(&world.enterprise_a, doc("{s{si}}", "facts", "lenders", 7));
    json_t *market =
        what_if(with_rule(loan_document("credit_loan", "至多一家"), "lenders", "le", json_integer(4)));
    json_int_t open = number_of(market, "open_needs");
    assert_int_equal(number_of(market, "near.needs"), 1);
    const json_t *without = trial_with(market, NULL), *doubled = trial_with(market, &(json_int_t){8});
    assert_non_null(without);
    assert_int_equal(number_of(without, "more_needs"), open - number_of(market, "eligible.needs"));
    assert_non_null(doubled);
    assert_int_equal(number_of(doubled, "more_needs"), 1);
    assert_string_equal(text_of(doubled, "fact"), "lenders");
    assert_string_equal(text_of(doubled, "op"), "le");
    assert_null(trial_with(market, &eighteen));
}

static void region_that_is_not_served_has_no_market(void **state)
{
    (void)state;
    json_t *document = loan_document("credit_loan", "只在广东");
    json_object_set_new(document, "regions", doc("[s]", GUANGDONG));
    json_t *market = what_if(document);
    assert_int_equal(
        number_of(market, "considered"),
        house_count("select count(*) from need where province = '44' and state in ('open', 'claimed', "
                    "'offered', 'stalled')"));
}

static void institution_sees_the_market_of_its_own_product_only(void **state)
{
    (void)state;
    const char *path = textf("/v1/products/%s/market", world.credit_a);
    json_t *market = expect(200, &world.maker_a, "GET", path, NULL);
    assert_true(number_of(market, "open_needs") > 0);
    assert_true(number_of(market, "eligible.needs") > 0);
    expect(200, &world.zhejiang, "GET", path, NULL);
    expect_problem(404, "not_found", &world.maker_b, "GET", path, NULL);
    expect_problem(403, "forbidden", &world.enterprise_a, "GET", path, NULL);
}

static void need_that_is_withdrawn_leaves_the_market(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    json_int_t before = number_of(what_if(loan_document("credit_loan", "试算")), "open_needs");
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
    assert_int_equal(number_of(what_if(loan_document("credit_loan", "试算")), "open_needs"), before - 1);
}

static void product_that_breaks_a_rule_is_refused_as_when_it_is_listed(void **state)
{
    (void)state;
    json_t *document =
        with_rule(loan_document("credit_loan", "坏规则"), "revenue_fen", "in", json_integer(1));
    json_t *problem =
        expect_problem(422, "validation_failed", &world.maker_a, "POST", "/v1/products/what-if", document);
    assert_string_equal(text_of(problem, "errors.0.pointer"), "/rules/0/op");
    assert_int_equal(house_count("select count(*) from product where name_zh in ('试算', '坏规则')"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bank_sees_how_many_open_needs_a_product_would_serve),
        cmocka_unit_test(each_term_tells_what_it_keeps_away),
        cmocka_unit_test(region_that_is_not_served_has_no_market),
        cmocka_unit_test(institution_sees_the_market_of_its_own_product_only),
        cmocka_unit_test(need_that_is_withdrawn_leaves_the_market),
        cmocka_unit_test(product_that_breaks_a_rule_is_refused_as_when_it_is_listed),
    };
    house_settings = "log_level = error\nmarket_refresh_seconds = 0\n";
    return cmocka_run_group_tests_name("api.market", tests, world_open, world_close);
}
