/* Offers: terms, rounds and validity; one accepted of many, one slot for one enterprise, however they race.
 */
#include <pthread.h>

#include "world.h"

/* A need of the enterprise with an approved offer of bank A for the product. */
typedef struct chance {
    const test_user *enterprise;
    const char *need, *application, *offer;
} chance;

static chance make_chance(const test_user *enterprise, const char *product)
{
    chance made = {.enterprise = enterprise, .need = need_post(enterprise, NULL)};
    made.application = apply_for(enterprise, made.need, product);
    made.offer = offer_make(&world.maker_a, &world.checker_a, made.application, NULL);
    return made;
}

static const char *limited_product(const char *limit, int64_t value)
{
    json_t *document = loan_document("credit_loan", textf("限额产品 %s", fresh_key()));
    json_object_set_new(document, limit, json_integer(value));
    return product_publish(&world.maker_a, &world.checker_a, document);
}

/* Capacity ----------------------------------------------------------------------------------------- */

enum { ROUNDS = 12 };

typedef struct runner {
    pthread_t thread;
    pthread_barrier_t *start;
    test_user user;
    const char *offer;
    test_answer *answer;
} runner;

static void *accept_at_once(void *argument)
{
    runner *self = argument;
    pthread_barrier_wait(self->start);
    self->answer = ask(&self->user, "POST", textf("/v1/offers/%s/accept", self->offer), NULL);
    return NULL;
}

/* Both accept at the same moment. */
static void race(runner runners[2])
{
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, 2);
    for (size_t i = 0; i < 2; i++) {
        runners[i].start = &start;
        runners[i].user.client = client_new();
        /* A connection that is open already does not give one of them a head start. */
        check_status(ask(&runners[i].user, "GET", "/v1/sessions/current", NULL), 200);
    }
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&runners[i].thread, NULL, accept_at_once, &runners[i]), 0);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(runners[i].thread, NULL);
        client_free(runners[i].user.client);
    }
    pthread_barrier_destroy(&start);
}

static void two_enterprises_cannot_take_the_last_slot(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const char *product = limited_product("capacity_cases", 1);
        const chance chances[2] = {make_chance(&world.enterprise_a, product),
                                   make_chance(&world.enterprise_b, product)};
        runner runners[2];
        for (size_t i = 0; i < 2; i++)
            runners[i] = (runner){.user = *chances[i].enterprise, .offer = chances[i].offer};
        race(runners);
        assert_non_null(runners[0].answer);
        size_t winner = runners[0].answer->status == 200 ? 0 : 1, loser = 1 - winner;
        assert_string_equal(text_of(check_status(runners[winner].answer, 200), "state"), "accepted");
        check_problem(runners[loser].answer, 409, "product_capacity_exhausted");
        json_t *offer = get(200, chances[loser].enterprise, "offers", chances[loser].offer);
        assert_string_equal(text_of(offer, "state"), "offered");
        assert_string_equal(
            text_of(get(200, chances[loser].enterprise, "needs", chances[loser].need), "state"), "offered");
        assert_int_equal(house_count("select cases from product_capacity where product_id = '%s'", product),
                         1);
    }
}

static void slot_that_falls_through_is_free_again(void **state)
{
    (void)state;
    const char *product = limited_product("capacity_cases", 1);
    chance first = make_chance(&world.enterprise_a, product),
           second = make_chance(&world.enterprise_b, product);
    move(200, first.enterprise, "offers", first.offer, "accept", NULL);
    assert_int_equal(number_of(get(200, NULL, "products", product), "capacity_cases_left"), 0);
    move_problem(409, "product_capacity_exhausted", second.enterprise, "offers", second.offer, "accept",
                 NULL);
    move(200, &world.checker_a, "offers", first.offer, "fall_through", reason("R22"));
    assert_string_equal(text_of(get(200, first.enterprise, "needs", first.need), "state"), "open");
    move(200, second.enterprise, "offers", second.offer, "accept", NULL);
}

static void capacity_in_money_is_kept_too(void **state)
{
    (void)state;
    const char *product = limited_product("capacity_fen", 5000000 * YUAN);
    chance first = make_chance(&world.enterprise_a, product),
           second = make_chance(&world.enterprise_b, product);
    move(200, first.enterprise, "offers", first.offer, "accept", NULL);
    assert_int_equal(number_of(get(200, NULL, "products", product), "capacity_fen_left"), 2000000 * YUAN);
    move_problem(409, "product_capacity_exhausted", second.enterprise, "offers", second.offer, "accept",
                 NULL);
    assert_int_equal(number_of(get(200, NULL, "products", product), "capacity_fen_left"), 2000000 * YUAN);
}

/* Competition -------------------------------------------------------------------------------------- */

static void accepting_one_offer_closes_the_others_of_the_need(void **state)
{
    (void)state;
    chance made = make_chance(&world.enterprise_a, world.credit_a);
    const char *other = apply_for(&world.enterprise_a, made.need, world.guaranteed_b);
    const char *pending =
        text_of(expect(201, &world.maker_b, "POST", "/v1/offers", offer_document(other, NULL)), "id");
    move(200, made.enterprise, "offers", made.offer, "accept", NULL);
    assert_string_equal(text_of(get(200, &world.maker_b, "offers", pending), "state"), "not_chosen");
    assert_string_equal(text_of(get(200, &world.maker_b, "applications", other), "state"), "not_chosen");
    move_problem(409, "transition_not_allowed", &world.checker_b, "offers", pending, "approve", NULL);
    expect_problem(409, "need_not_open", made.enterprise, "POST", "/v1/applications",
                   doc("{ss ss}", "need_id", made.need, "product_id", world.guaranteed_b));
}

static void two_offers_of_one_need_are_not_both_accepted(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 2; round++) {
        chance made = make_chance(&world.enterprise_a, world.credit_a);
        const char *other = apply_for(&world.enterprise_a, made.need, world.guaranteed_b);
        const char *rival = offer_make(&world.maker_b, &world.checker_b, other, NULL);
        runner runners[2] = {{.user = world.enterprise_a, .offer = made.offer},
                             {.user = world.enterprise_a, .offer = rival}};
        race(runners);
        size_t accepted = 0;
        for (size_t i = 0; i < 2; i++) {
            assert_non_null(runners[i].answer);
            accepted += runners[i].answer->status == 200;
            assert_true(runners[i].answer->status == 200 || runners[i].answer->status == 409);
        }
        assert_int_equal(accepted, 1);
        assert_int_equal(
            house_count("select count(*) from offer where need_id = '%s' and state = 'accepted'", made.need),
            1);
        assert_int_equal(
            house_count("select count(*) from offer where need_id = '%s' and state = 'not_chosen'",
                        made.need),
            1);
    }
}

static void need_takes_so_many_claims_and_no_bank_twice(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, doc("{si}", "max_claims", 1));
    const char *claim =
        text_of(expect(201, &world.maker_a, "POST", "/v1/applications", doc("{ss}", "need_id", need)), "id");
    expect_problem(409, "application_exists", &world.maker_a, "POST", "/v1/applications",
                   doc("{ss}", "need_id", need));
    expect_problem(409, "need_claims_full", &world.maker_b, "POST", "/v1/applications",
                   doc("{ss}", "need_id", need));
    /* The enterprise's own choice is no claim. */
    apply_for(&world.enterprise_a, need, world.guaranteed_b);
    move(200, &world.enterprise_a, "applications", claim, "withdraw", NULL);
    expect(201, &world.maker_a, "POST", "/v1/applications", doc("{ss}", "need_id", need));
}

/* Versions ----------------------------------------------------------------------------------------- */

static void stale_version_is_refused(void **state)
{
    (void)state;
    chance made = make_chance(&world.enterprise_a, world.credit_a);
    const char *path = textf("/v1/offers/%s", made.offer);
    test_answer *seen = ask(made.enterprise, "GET", path, NULL);
    const char *version = answer_header(seen, "ETag");
    assert_string_equal(version, textf("\"%lld\"", (long long)number_of(seen->json, "version")));
    test_answer *stale = ask_raw(made.enterprise, "POST", textf("%s/accept", path),
                                 textf("Idempotency-Key: %s\r\nIf-Match: \"1\"\r\n", fresh_key()), NULL);
    json_t *problem = check_problem(stale, 412, "version_changed");
    assert_int_equal(number_of(problem, "version"), number_of(seen->json, "version"));
    assert_string_equal(text_of(get(200, made.enterprise, "offers", made.offer), "state"), "offered");
    test_answer *fresh =
        ask_raw(made.enterprise, "POST", textf("%s/accept", path),
                textf("Idempotency-Key: %s\r\nIf-Match: %s\r\n", fresh_key(), version), NULL);
    check_status(fresh, 200);
    assert_string_not_equal(answer_header(fresh, "ETag"), version);
    test_answer *any = ask_raw(
        &world.checker_a, "POST", textf("%s/fall_through", path),
        textf("Idempotency-Key: %s\r\nIf-Match: *\r\nContent-Type: application/json\r\n", fresh_key()),
        "{\"reason_code\":\"R22\",\"reason_text\":\"企业改用自有资金，不再提款\"}");
    check_status(any, 200);
}

/* Terms -------------------------------------------------------------------------------------------- */

static void offer_past_its_day_cannot_be_accepted(void **state)
{
    (void)state;
    chance made = make_chance(&world.enterprise_a, world.credit_a);
    house_sql("update offer set valid_until = '%s' where id = '%s'", day_from_today(-1), made.offer);
    move_problem(409, "offer_expired", made.enterprise, "offers", made.offer, "accept", NULL);
    house_sql("update offer set valid_until = '%s' where id = '%s'", day_from_today(0), made.offer);
    move(200, made.enterprise, "offers", made.offer, "accept", NULL);
}

static void offer_must_still_be_valid_when_it_is_made(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    json_t *problem =
        expect_problem(422, "offer_already_expired", &world.maker_a, "POST", "/v1/offers",
                       offer_document(application, doc("{ss}", "valid_until", day_from_today(-1))));
    assert_string_equal(text_of(problem, "errors.0.pointer"), "/valid_until");
}

static void offer_states_its_whole_cost(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    json_t *offer =
        expect(201, &world.maker_a, "POST", "/v1/offers",
               offer_document(application, doc("{s[{ss ss ss si}]}", "fees", "name_zh", "评估费", "basis",
                                               "share", "when", "upfront", "value", 10000)));
    /* 3,000,000 less 1 %; twelve times 4.35 %/12, and the principal. */
    assert_int_equal(number_of(offer, "net_disbursed_fen"), 2970000 * YUAN);
    assert_int_equal(number_of(offer, "total_repayable_fen"), 3130500 * YUAN);
    assert_true(number_of(offer, "cost_ppm") > 53000 && number_of(offer, "cost_ppm") < 55000);
}

static void offer_costs_what_its_package_did_guarantee_and_all(void **state)
{
    (void)state;
    /* Where no programme pays some of it. */
    const char *application =
        apply_for(&world.enterprise_b, need_post(&world.enterprise_b, NULL), world.guaranteed_b);
    json_t *applied = get(200, &world.maker_b, "applications", application);
    json_int_t rate = number_of(applied, "package.rate_ppm");
    json_t *terms = doc("{sb s{ss sI} ss}", "guarantee_required", 1, "rate", "base", "fixed", "value_ppm",
                        rate, "repayment", text_of(applied, "package.repayment"));
    json_t *offer = expect(201, &world.maker_b, "POST", "/v1/offers", offer_document(application, terms));
    assert_int_equal(number_of(offer, "amount_fen"), number_of(applied, "package.amount_fen"));
    assert_int_equal(number_of(offer, "cost_ppm"), number_of(applied, "package.cost_ppm"));
    assert_true(number_of(offer, "cost_ppm") > rate + 8000);
    assert_true(json_is_true(json_object_get(offer, "cost_is_whole")));
    assert_string_equal(text_of(offer, "backing_fees.0.source"), "package");
    assert_int_equal(number_of(offer, "backing_fees.0.value"), 8000);
    assert_int_equal(number_of(offer, "backing_fees.0.total_fen"), 24000 * YUAN);
    assert_int_equal(number_of(offer, "net_disbursed_fen"), (3000000 - 24000) * YUAN);
    assert_int_equal(number_of(offer, "first_payment_fen"), (3000000 * YUAN * rate / 12 + 500000) / 1000000);
}

static void offer_says_that_the_fee_of_its_guarantee_is_not_known_until_it_is(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application =
        text_of(expect(201, &world.maker_b, "POST", "/v1/applications", doc("{ss}", "need_id", need)), "id");
    const char *offer =
        offer_make(&world.maker_b, &world.checker_b, application, doc("{sb}", "guarantee_required", 1));
    json_t *unknown = get(200, &world.enterprise_a, "offers", offer);
    assert_false(json_is_true(json_object_get(unknown, "cost_is_whole")));
    assert_true(json_array_size(json_object_get(unknown, "backing_fees")) == 0);
    assert_int_equal(number_of(unknown, "cost_ppm"), 43500);

    guarantee_approve(&world.enterprise_a, application, world.guarantee);
    json_t *known = get(200, &world.enterprise_a, "offers", offer);
    assert_true(json_is_true(json_object_get(known, "cost_is_whole")));
    assert_string_equal(text_of(known, "backing_fees.0.source"), "case");
    assert_true(number_of(known, "cost_ppm") > 43500 + 8000);
    assert_int_equal(number_of(known, "version"), number_of(unknown, "version") + 1);
    test_answer *stale = ask_raw(&world.enterprise_a, "POST", textf("/v1/offers/%s/accept", offer),
                                 textf("Idempotency-Key: %s\r\nIf-Match: \"%lld\"\r\n", fresh_key(),
                                       (long long)number_of(unknown, "version")),
                                 NULL);
    check_problem(stale, 412, "version_changed");

    json_t *terms = doc("{ss sI si s{ss si} ss sb}", "application_id", application, "amount_fen",
                        3000000 * YUAN, "term_months", 12, "rate", "base", "fixed", "value_ppm", 43500,
                        "repayment", "interest_first", "guarantee_required", 1);
    json_t *cost = expect(200, &world.maker_b, "POST", "/v1/offers/preview", terms);
    assert_int_equal(number_of(cost, "cost_ppm"), number_of(known, "cost_ppm"));
}

static void accepted_offer_keeps_the_cost_that_was_read(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.guaranteed_b);
    const char *offer =
        offer_make(&world.maker_b, &world.checker_b, application, doc("{sb}", "guarantee_required", 1));
    json_t *accepted = move(200, &world.enterprise_a, "offers", offer, "accept", NULL);
    guarantee_approve(&world.enterprise_a, application, world.guarantee);
    json_t *after = get(200, &world.enterprise_a, "offers", offer);
    assert_int_equal(number_of(after, "version"), number_of(accepted, "version"));
    assert_string_equal(text_of(after, "backing_fees.0.source"), "package");
}

static void points_over_the_prime_rate_are_dated(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    int64_t lpr = house_count("select lpr_1y_ppm from lpr order by published_on desc limit 1");
    json_t *offer =
        expect(201, &world.maker_a, "POST", "/v1/offers",
               offer_document(application, doc("{s{ss si}}", "rate", "base", "lpr_1y", "value_ppm", -2000)));
    assert_int_equal(number_of(offer, "rate_ppm"), lpr - 2000);
    assert_int_equal(number_of(offer, "spread_ppm"), -2000);
    assert_string_equal(text_of(offer, "lpr_date"), house_sql("select max(published_on)::text from lpr"));
}

static void enterprise_may_ask_for_other_terms_twice(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    for (int round = 1; round <= 3; round++) {
        const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
        assert_int_equal(number_of(get(200, &world.enterprise_a, "offers", offer), "round"), round);
        expect_problem(409, "offer_exists", &world.maker_a, "POST", "/v1/offers",
                       offer_document(application, NULL));
        json_t *countered = move(200, &world.enterprise_a, "offers", offer, "counter",
                                 doc("{si ss}", "rate_ppm", 38000, "note", "希望利率低一些"));
        assert_int_equal(number_of(countered, "counter.rate_ppm"), 38000);
        assert_string_equal(text_of(get(200, &world.maker_a, "applications", application), "state"),
                            "investigating");
    }
    expect_problem(409, "transition_not_allowed", &world.maker_a, "POST", "/v1/offers",
                   offer_document(application, NULL));
}

static void papers_may_be_asked_for_twice(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    for (int i = 0; i < 2; i++) {
        move(200, &world.maker_a, "applications", application, "request_papers", reason("R15"));
        move(200, &world.enterprise_a, "applications", application, "supply", NULL);
    }
    move_problem(409, "paper_stops_exhausted", &world.maker_a, "applications", application, "request_papers",
                 reason("R15"));
}

static void loan_that_wants_a_guarantee_is_not_contracted_without_one(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.guaranteed_b);
    const char *offer =
        offer_make(&world.maker_b, &world.checker_b, application, doc("{sb}", "guarantee_required", 1));
    move(200, &world.enterprise_a, "offers", offer, "accept", NULL);
    move_problem(409, "guarantee_missing", &world.checker_b, "offers", offer, "contract",
                 doc("{ss}", "contract_no", "HT-1"));
    guarantee_approve(&world.enterprise_a, application, world.guarantee);
    move(200, &world.checker_b, "offers", offer, "contract", doc("{ss}", "contract_no", "HT-1"));
    json_t *above = move(
        422, &world.checker_b, "offers", offer, "disburse",
        doc("{sI ss ss}", "funded_fen", 3000001 * YUAN, "funded_on", day_from_today(0), "proof_no", "PZ-1"));
    assert_string_equal(text_of(above, "errors.0.pointer"), "/funded_fen");
}

static void terms_are_priced_without_being_kept(void **state)
{
    (void)state;
    const char *text =
        "{\"amount_fen\":100000000,\"term_months\":12,\"rate\":{\"base\":\"fixed\",\"value_ppm\":40000},"
        "\"repayment\":\"interest_first\",\"fees\":[{\"name_zh\":\"评估费\",\"basis\":\"share\","
        "\"when\":\"upfront\",\"value\":3000}]}";
    json_int_t before = house_count("select count(*) from offer");
    json_t *cost = expect(200, &world.maker_a, "POST", "/v1/offers/preview", json_loads(text, 0, NULL));
    assert_int_equal(number_of(cost, "rate_ppm"), 40000);
    assert_int_equal(number_of(cost, "net_disbursed_fen"), 99700000);
    assert_true(number_of(cost, "cost_ppm") > 43000 && number_of(cost, "cost_ppm") < 43500);
    assert_true(number_of(cost, "first_payment_fen") < number_of(cost, "last_payment_fen"));
    assert_int_equal(house_count("select count(*) from offer"), before);
    expect_problem(403, "forbidden", &world.enterprise_a, "POST", "/v1/offers/preview",
                   json_loads(text, 0, NULL));
}

static void guarantor_reads_the_offer_that_its_case_backs(void **state)
{
    (void)state;
    chance made = make_chance(&world.enterprise_a, world.credit_a);
    get(404, &world.reviewer, "offers", made.offer);
    expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
           doc("{ss ss}", "application_id", made.application, "product_id", world.guarantee));
    assert_string_equal(text_of(get(200, &world.reviewer, "offers", made.offer), "id"), made.offer);
}

/* Endings ------------------------------------------------------------------------------------------ */

static void need_that_all_refuse_is_unmet_and_can_open_again(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    move(200, &world.maker_a, "applications", application, "propose_refusal", reason("R02"));
    move(200, &world.checker_a, "applications", application, "refuse", NULL);
    assert_string_equal(text_of(get(200, &world.enterprise_a, "needs", need), "state"), "unmet");
    json_t *open = move(200, &world.enterprise_a, "needs", need, "reopen", NULL);
    assert_string_equal(text_of(open, "state"), "open");
    apply_for(&world.enterprise_a, need, world.credit_a);
}

static void withdrawn_need_takes_everything_with_it(void **state)
{
    (void)state;
    chance made = make_chance(&world.enterprise_a, world.credit_a);
    json_t *guarantee =
        expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
               doc("{ss ss}", "application_id", made.application, "product_id", world.guarantee));
    move(200, &world.enterprise_a, "needs", made.need, "withdraw", NULL);
    assert_string_equal(text_of(get(200, &world.maker_a, "applications", made.application), "state"),
                        "withdrawn");
    assert_string_equal(text_of(get(200, &world.maker_a, "offers", made.offer), "state"), "not_chosen");
    assert_string_equal(
        text_of(get(200, &world.reviewer, "guarantee-cases", text_of(guarantee, "id")), "state"),
        "withdrawn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(two_enterprises_cannot_take_the_last_slot),
        API_TEST(slot_that_falls_through_is_free_again),
        API_TEST(capacity_in_money_is_kept_too),
        API_TEST(accepting_one_offer_closes_the_others_of_the_need),
        API_TEST(two_offers_of_one_need_are_not_both_accepted),
        API_TEST(need_takes_so_many_claims_and_no_bank_twice),
        API_TEST(stale_version_is_refused),
        API_TEST(offer_past_its_day_cannot_be_accepted),
        API_TEST(offer_must_still_be_valid_when_it_is_made),
        API_TEST(offer_states_its_whole_cost),
        API_TEST(offer_costs_what_its_package_did_guarantee_and_all),
        API_TEST(offer_says_that_the_fee_of_its_guarantee_is_not_known_until_it_is),
        API_TEST(accepted_offer_keeps_the_cost_that_was_read),
        API_TEST(points_over_the_prime_rate_are_dated),
        API_TEST(enterprise_may_ask_for_other_terms_twice),
        API_TEST(papers_may_be_asked_for_twice),
        API_TEST(loan_that_wants_a_guarantee_is_not_contracted_without_one),
        API_TEST(terms_are_priced_without_being_kept),
        API_TEST(guarantor_reads_the_offer_that_its_case_backs),
        API_TEST(need_that_all_refuse_is_unmet_and_can_open_again),
        API_TEST(withdrawn_need_takes_everything_with_it),
    };
    house_settings = "log_level = error\njob_interval_ms = 60000\n";
    return cmocka_run_group_tests_name("api.offers", tests, world_open, world_close);
}
