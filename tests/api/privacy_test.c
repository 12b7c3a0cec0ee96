/* Whose rows: what a bank, another bank, another enterprise, another region and the public can see of a case,
 * at each moment of its life. */
#include "world.h"

static const char *const secrets[] = {"杭州甲企业有限公司", "李联系", "13800138000", "某路一号", "王法人"};

/* Fails when any of enterprise A's details is in the text. */
static void assert_nameless(const char *text)
{
    for (size_t i = 0; i < COUNT(secrets); i++)
        assert_null(strstr(text, secrets[i]));
    assert_null(strstr(text, house_sql("select uscc from enterprise where id = '%s'", world.id_a)));
}

static void assert_hidden(const test_user *user, const char *collection, const char *id)
{
    expect_problem(404, "not_found", user, "GET", textf("/v1/%s/%s", collection, id), NULL);
    const char *list = ask(user, "GET", textf("/v1/%s?limit=100", collection), NULL)->body;
    assert_null(strstr(list, id));
}

static void assert_shown(const test_user *user, const char *collection, const char *id)
{
    get(200, user, collection, id);
    const char *list = ask(user, "GET", textf("/v1/%s?limit=100", collection), NULL)->body;
    assert_non_null(strstr(list, id));
}

/* A case of enterprise A as far as an approved offer of bank A and a guarantee case. */
typedef struct example {
    const char *need, *application, *offer, *guarantee;
} example;

static example make_example(void)
{
    example made;
    made.need = need_post(&world.enterprise_a, NULL);
    made.application = apply_for(&world.enterprise_a, made.need, world.credit_a);
    made.offer = offer_make(&world.maker_a, &world.checker_a, made.application, NULL);
    made.guarantee =
        text_of(expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
                       doc("{ss ss}", "application_id", made.application, "product_id", world.guarantee)),
                "id");
    return made;
}

/* Ends what the enterprise has at the banks, so that the next test begins with strangers. */
static int part_ways(void **state)
{
    json_t *needs = member_of(expect(200, &world.enterprise_a, "GET", "/v1/needs?limit=100", NULL), "items");
    for (size_t i = 0; i < json_array_size(needs); i++)
        if (has_word(member_of(json_array_get(needs, i), "actions"), "withdraw"))
            move(200, &world.enterprise_a, "needs", text_of(json_array_get(needs, i), "id"), "withdraw",
                 NULL);
    return house_sweep(state);
}

static void bank_reads_a_need_but_not_whose_it_is(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const test_user *const banks[] = {&world.maker_a, &world.checker_b, &world.reviewer};
    for (size_t i = 0; i < COUNT(banks); i++) {
        test_answer *answer = ask(banks[i], "GET", textf("/v1/needs/%s", need), NULL);
        json_t *seen = check_status(answer, 200);
        assert_true(json_is_null(member_of(seen, "enterprise")));
        assert_int_equal(number_of(seen, "amount_fen"), 3000000 * YUAN);
        assert_nameless(answer->body);
        assert_nameless(ask(banks[i], "GET", "/v1/needs", NULL)->body);
        assert_hidden(banks[i], "enterprises", world.id_a);
    }
}

static void claim_does_not_tell_the_bank_whose_the_need_is(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    test_answer *claim = ask(&world.maker_b, "POST", "/v1/applications", doc("{ss}", "need_id", need));
    json_t *made = check_status(claim, 201);
    assert_string_equal(text_of(made, "origin"), "claim");
    assert_nameless(claim->body);
    assert_nameless(
        ask(&world.maker_b, "GET", textf("/v1/applications/%s", text_of(made, "id")), NULL)->body);
    assert_hidden(&world.maker_b, "enterprises", world.id_a);
}

static void bank_knows_the_enterprise_once_it_has_applied_there(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    json_t *seen = get(200, &world.maker_a, "applications", application);
    assert_string_equal(text_of(seen, "enterprise.name"), secrets[0]);
    assert_string_equal(text_of(seen, "enterprise.contact_mobile"), "13800138000");
    assert_string_equal(text_of(get(200, &world.checker_a, "enterprises", world.id_a), "contact_name"),
                        "李联系");
    assert_string_equal(text_of(get(200, &world.maker_a, "needs", need), "enterprise.name"), secrets[0]);
    assert_hidden(&world.maker_b, "enterprises", world.id_a);
    assert_nameless(ask(&world.maker_b, "GET", textf("/v1/needs/%s", need), NULL)->body);
    /* It takes the application back: the bank is a stranger again. */
    move(200, &world.enterprise_a, "applications", application, "withdraw", NULL);
    assert_hidden(&world.maker_a, "enterprises", world.id_a);
}

static void consent_opens_the_details_until_it_ends(void **state)
{
    (void)state;
    for (int by_time = 0; by_time < 2; by_time++) {
        json_t *consent = expect(201, &world.enterprise_a, "POST", "/v1/consents",
                                 doc("{ss ss ss}", "institution_id", world.bank_b, "purpose", "贷前了解",
                                     "valid_to", day_from_today(30)));
        get(200, &world.maker_b, "enterprises", world.id_a);
        assert_hidden(&world.maker_a, "enterprises", world.id_a);
        if (by_time)
            house_sql("update consent set valid_to = now() where id = '%s'", text_of(consent, "id"));
        else
            move(200, &world.enterprise_a, "consents", text_of(consent, "id"), "revoke", NULL);
        assert_hidden(&world.maker_b, "enterprises", world.id_a);
    }
}

static void other_bank_sees_neither_application_nor_offer(void **state)
{
    (void)state;
    example made = make_example();
    const test_user *const others[] = {&world.maker_b, &world.checker_b};
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_hidden(others[i], "applications", made.application);
        assert_hidden(others[i], "offers", made.offer);
        assert_hidden(others[i], "guarantee-cases", made.guarantee);
    }
    move_problem(404, "not_found", &world.maker_b, "applications", made.application, "investigate", NULL);
    move_problem(404, "not_found", &world.checker_b, "offers", made.offer, "revoke", reason("R19"));
    expect_problem(422, "application_unknown", &world.maker_b, "POST", "/v1/offers",
                   offer_document(made.application, NULL));
    assert_shown(&world.maker_a, "applications", made.application);
    assert_shown(&world.checker_a, "offers", made.offer);
}

static void other_enterprise_sees_nothing_of_the_case(void **state)
{
    (void)state;
    example made = make_example();
    const struct {
        const char *collection, *id, *action;
    } rows[] = {
        {"needs", made.need, "withdraw"},
        {"applications", made.application, "withdraw"},
        {"offers", made.offer, "accept"},
        {"guarantee-cases", made.guarantee, "withdraw"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_hidden(&world.enterprise_b, rows[i].collection, rows[i].id);
        move_problem(404, "not_found", &world.enterprise_b, rows[i].collection, rows[i].id, rows[i].action,
                     NULL);
        assert_shown(&world.enterprise_a, rows[i].collection, rows[i].id);
    }
    expect_problem(404, "not_found", &world.enterprise_b, "GET", textf("/v1/needs/%s/matches", made.need),
                   NULL);
    expect_problem(404, "not_found", &world.enterprise_b, "GET", textf("/v1/enterprises/%s", world.id_a),
                   NULL);
    expect_problem(404, "not_found", &world.enterprise_b, "PATCH", textf("/v1/enterprises/%s", world.id_a),
                   doc("{ss}", "name", "改名"));
    expect_problem(422, "need_unknown", &world.enterprise_b, "POST", "/v1/applications",
                   doc("{ss ss}", "need_id", made.need, "product_id", world.guaranteed_b));
    /* Naming the other in one's own need is no way in either: it stays one's own. */
    json_t *own = expect(201, &world.enterprise_b, "POST", "/v1/needs",
                         need_document(doc("{ss}", "enterprise_id", world.id_a)));
    assert_string_equal(text_of(own, "enterprise.id"), world.id_b);
}

static void authority_sees_its_region_and_no_other(void **state)
{
    test_user nation;
    (void)state;
    example made = make_example();
    user_make(&nation, textf("nation-%s", fresh_key()), "authority", "000000");
    const char *const rows[][2] = {{"needs", made.need},
                                   {"applications", made.application},
                                   {"offers", made.offer},
                                   {"guarantee-cases", made.guarantee},
                                   {"enterprises", world.id_a}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_hidden(&world.guangdong, rows[i][0], rows[i][1]);
        assert_shown(&world.zhejiang, rows[i][0], rows[i][1]);
        assert_shown(&nation, rows[i][0], rows[i][1]);
        assert_shown(&world.auditor, rows[i][0], rows[i][1]);
        assert_shown(&world.operator, rows[i][0], rows[i][1]);
    }
    move_problem(404, "not_found", &world.guangdong, "enterprises", world.id_a, "verify",
                 doc("{ss ss}", "verification", "rejected", "note", "不在本省的企业"));
    /* Asking for a region by its code opens nothing. */
    json_t *needs = expect(200, &world.guangdong, "GET", "/v1/needs?region=330000", NULL);
    assert_int_equal(json_array_size(member_of(needs, "items")), 0);
    assert_int_equal(
        number_of(expect(200, &world.guangdong, "GET", "/v1/statistics?region=330000", NULL), "total.needs"),
        0);
    user_leave(&nation);
}

static void enterprise_sees_an_offer_once_it_is_approved(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer =
        text_of(expect(201, &world.maker_a, "POST", "/v1/offers", offer_document(application, NULL)), "id");
    assert_hidden(&world.enterprise_a, "offers", offer);
    move_problem(404, "not_found", &world.enterprise_a, "offers", offer, "accept", NULL);
    move(200, &world.checker_a, "offers", offer, "approve", NULL);
    assert_shown(&world.enterprise_a, "offers", offer);
}

static void text_of_a_suspicion_is_withheld_from_the_enterprise(void **state)
{
    (void)state;
    static const char *const codes[] = {"R23", "R02"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        const char *application =
            apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
        move(200, &world.maker_a, "applications", application, "propose_refusal", reason(codes[i]));
        /* Until it is checked there is no refusal to see. */
        json_t *pending = get(200, &world.enterprise_a, "applications", application);
        assert_string_equal(text_of(pending, "state"), "investigating");
        assert_true(json_is_null(member_of(pending, "reason")));
        move(200, &world.checker_a, "applications", application, "refuse", NULL);
        json_t *refused = get(200, &world.enterprise_a, "applications", application);
        assert_string_equal(text_of(refused, "reason.code"), codes[i]);
        assert_true(*text_of(refused, "reason.steps_zh") && *text_of(refused, "reason.steps_en"));
        assert_int_equal(json_is_null(member_of(refused, "reason.text")), i == 0);
        assert_true(*text_of(get(200, &world.checker_a, "applications", application), "reason.text"));
    }
}

static void guarantor_sees_the_cases_that_came_to_it(void **state)
{
    test_user stranger;
    (void)state;
    example made = make_example();
    json_t *other = expect(201, &world.operator, "POST", "/v1/institutions",
                           doc("{ss ss}", "kind", "guarantor", "name_zh", textf("丁担保%s", fresh_key())));
    user_make(&stranger, textf("stranger-%s", fresh_key()), "guarantee_reviewer", text_of(other, "id"));
    assert_shown(&world.reviewer, "guarantee-cases", made.guarantee);
    get(200, &world.reviewer, "enterprises", world.id_a);
    assert_hidden(&stranger, "guarantee-cases", made.guarantee);
    assert_hidden(&stranger, "enterprises", world.id_a);
    move_problem(404, "not_found", &stranger, "guarantee-cases", made.guarantee, "review", NULL);
    user_leave(&stranger);
}

static void draft_is_its_makers_alone(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, doc("{sb}", "submit", 0));
    const char *invited = need_post(&world.enterprise_a, doc("{ss}", "visibility", "invited"));
    json_t *product =
        expect(201, &world.maker_a, "POST", "/v1/products", loan_document("credit_loan", "未上架的产品"));
    assert_hidden(&world.maker_a, "needs", need);
    assert_hidden(&world.maker_a, "needs", invited);
    assert_hidden(&world.maker_b, "products", text_of(product, "id"));
    assert_hidden(&world.enterprise_a, "products", text_of(product, "id"));
    assert_hidden(NULL, "products", text_of(product, "id"));
    assert_shown(&world.checker_a, "products", text_of(product, "id"));
    expect_problem(404, "not_found", &world.maker_b, "PUT", textf("/v1/products/%s", text_of(product, "id")),
                   loan_document("credit_loan", "改成别人的"));
}

static void people_see_their_colleagues_and_their_own_acts(void **state)
{
    (void)state;
    const struct {
        const test_user *user;
        int64_t colleagues;
    } rows[] = {{&world.maker_a, 2}, {&world.reviewer, 2}, {&world.enterprise_a, 1}, {&world.zhejiang, 1}};
    make_example();
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_answer *users = ask(rows[i].user, "GET", "/v1/users?limit=100", NULL);
        assert_int_equal(json_array_size(member_of(check_status(users, 200), "items")), rows[i].colleagues);
        assert_null(strstr(users->body, "scrypt"));
        json_t *events =
            member_of(expect(200, rows[i].user, "GET", "/v1/audit-events?limit=100", NULL), "items");
        assert_true(json_array_size(events) > 0 || rows[i].user == &world.reviewer);
        for (size_t k = 0; k < json_array_size(events); k++)
            assert_string_equal(text_of(json_array_get(events, k), "user_id"), rows[i].user->id);
    }
    assert_null(strstr(ask(&world.operator, "GET", "/v1/users?limit=100", NULL)->body, "scrypt"));
}

#define PRIVACY_TEST(name) cmocka_unit_test_teardown(name, part_ways)

/* The bank's own side of a need: how its products fit, what it did with it. */
static void bank_sees_how_its_own_products_fit_before_it_knows_whose_the_need_is(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *why = textf("/v1/needs/%s/explain?product=%s", need, world.credit_a);
    json_t *seen = get(200, &world.maker_a, "needs", need);
    assert_string_equal(text_of(seen, "fits.0.product_id"), world.credit_a);
    assert_true(number_of(seen, "fits.0.score_ppm") > 0);
    assert_null(strstr(ask(&world.maker_b, "GET", textf("/v1/needs/%s", need), NULL)->body, world.credit_a));
    assert_null(member_of(get(200, &world.enterprise_a, "needs", need), "fits"));
    expect_problem(404, "not_found", &world.maker_a, "GET", why, NULL);
    apply_for(&world.enterprise_a, need, world.credit_a);
    assert_string_equal(text_of(expect(200, &world.maker_a, "GET", why, NULL), "package.product.id"),
                        world.credit_a);
    expect_problem(422, "product_unknown", &world.maker_a, "GET",
                   textf("/v1/needs/%s/explain?product=%s", need, world.guaranteed_b), NULL);
}

static void need_that_a_bank_left_waits_for_it_no_longer(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *waiting = "/v1/needs?limit=100&to_claim=true", *path = textf("/v1/needs/%s/decline", need);
    assert_non_null(strstr(ask(&world.maker_a, "GET", waiting, NULL)->body, need));
    expect_problem(422, "validation_failed", &world.maker_a, "POST", path, doc("{ss}", "reason_code", "R02"));
    expect(200, &world.maker_a, "POST", path, reason("R02"));
    assert_null(strstr(ask(&world.maker_a, "GET", waiting, NULL)->body, need));
    assert_string_equal(text_of(get(200, &world.maker_a, "needs", need), "pass.reason_code"), "R02");
    assert_non_null(strstr(ask(&world.maker_b, "GET", waiting, NULL)->body, need));
    assert_true(json_is_null(member_of(get(200, &world.maker_b, "needs", need), "pass")));
    assert_null(member_of(get(200, &world.enterprise_a, "needs", need), "pass"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRIVACY_TEST(bank_reads_a_need_but_not_whose_it_is),
        PRIVACY_TEST(bank_sees_how_its_own_products_fit_before_it_knows_whose_the_need_is),
        PRIVACY_TEST(need_that_a_bank_left_waits_for_it_no_longer),
        PRIVACY_TEST(claim_does_not_tell_the_bank_whose_the_need_is),
        PRIVACY_TEST(bank_knows_the_enterprise_once_it_has_applied_there),
        PRIVACY_TEST(consent_opens_the_details_until_it_ends),
        PRIVACY_TEST(other_bank_sees_neither_application_nor_offer),
        PRIVACY_TEST(other_enterprise_sees_nothing_of_the_case),
        PRIVACY_TEST(authority_sees_its_region_and_no_other),
        PRIVACY_TEST(enterprise_sees_an_offer_once_it_is_approved),
        PRIVACY_TEST(text_of_a_suspicion_is_withheld_from_the_enterprise),
        PRIVACY_TEST(guarantor_sees_the_cases_that_came_to_it),
        PRIVACY_TEST(draft_is_its_makers_alone),
        PRIVACY_TEST(people_see_their_colleagues_and_their_own_acts),
    };
    return cmocka_run_group_tests_name("api.privacy", tests, world_open, world_close);
}
