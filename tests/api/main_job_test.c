/* The spine: from a posted need to the money, as the users would do it, and what the books say afterwards. */
#include "world.h"

/* What the first test made and the later ones look at. */
static char need[40], application_a[40], application_b[40], offer_a[40], offer_b[40], guarantee[40];

static void keep_id(char out_id[40], const char *id)
{
    assert_int_equal(strlen(id), 36);
    snprintf(out_id, 40, "%s", id);
}

static void match_holds_both_banks(void)
{
    json_t *match = get(200, &world.enterprise_a, "needs", textf("%s/matches", need));
    json_t *eligible = member_of(match, "eligible");
    bool has_credit = false, has_guaranteed = false;
    assert_int_equal(json_array_size(eligible), number_of(match, "eligible_total"));
    for (size_t i = 0; i < json_array_size(eligible); i++) {
        const json_t *package = json_array_get(eligible, i);
        assert_int_equal(number_of(package, "rank"), (int64_t)i + 1);
        has_credit |= strcmp(text_of(package, "product.id"), world.credit_a) == 0;
        if (strcmp(text_of(package, "product.id"), world.guaranteed_b) == 0) {
            has_guaranteed = true;
            assert_string_equal(text_of(package, "guarantee.id"), world.guarantee);
        }
        /* The subsidy takes a fifth of the interest off 4.5 %; the guarantee's fee comes on top. */
        assert_true(number_of(package, "cost_ppm") < 50000);
    }
    assert_true(has_credit && has_guaranteed);
}

static void need_becomes_money_and_the_competing_offer_closes(void **state)
{
    (void)state;
    keep_id(need, need_post(&world.enterprise_a, NULL));
    match_holds_both_banks();
    keep_id(application_a, apply_for(&world.enterprise_a, need, world.credit_a));
    keep_id(application_b, apply_for(&world.enterprise_a, need, world.guaranteed_b));
    assert_string_equal(text_of(get(200, &world.enterprise_a, "needs", need), "state"), "claimed");

    move(200, &world.maker_a, "applications", application_a, "investigate", NULL);
    keep_id(offer_a, offer_make(&world.maker_a, &world.checker_a, application_a, NULL));
    move(200, &world.maker_b, "applications", application_b, "investigate", NULL);
    keep_id(offer_b, offer_make(&world.maker_b, &world.checker_b, application_b,
                                doc("{sb s{ss si}}", "guarantee_required", 1, "rate", "base", "lpr_1y",
                                    "value_ppm", 4500)));
    json_t *need_now = get(200, &world.enterprise_a, "needs", need);
    assert_string_equal(text_of(need_now, "state"), "offered");

    keep_id(guarantee, guarantee_approve(&world.enterprise_a, application_b, world.guarantee));
    json_t *accepted = move(200, &world.enterprise_a, "offers", offer_b, "accept", NULL);
    assert_string_equal(text_of(accepted, "state"), "accepted");
    assert_string_equal(text_of(get(200, &world.enterprise_a, "offers", offer_a), "state"), "not_chosen");
    assert_string_equal(text_of(get(200, &world.enterprise_a, "applications", application_a), "state"),
                        "not_chosen");

    move(200, &world.checker_b, "offers", offer_b, "contract", doc("{ss}", "contract_no", "HT-2026-001"));
    move(200, &world.checker, "guarantee-cases", guarantee, "take_effect", NULL);
    json_t *money = move(
        200, &world.checker_b, "offers", offer_b, "disburse",
        doc("{sI ss ss}", "funded_fen", 3000000 * YUAN, "funded_on", day_from_today(0), "proof_no", "PZ-1"));
    assert_string_equal(text_of(money, "state"), "disbursed");
    assert_string_equal(text_of(get(200, &world.enterprise_a, "needs", need), "state"), "funded");
    json_t *closed = move(200, &world.enterprise_a, "needs", need, "confirm", NULL);
    assert_string_equal(text_of(closed, "state"), "closed");
    assert_int_equal(json_array_size(member_of(closed, "actions")), 0);
}

static void authority_sees_the_case_in_its_statistics(void **state)
{
    (void)state;
    json_t *statistics = expect(200, &world.zhejiang, "GET", "/v1/statistics", NULL);
    static const char *const counts[] = {"needs", "matched", "offered", "guaranteed", "funded"};
    for (size_t i = 0; i < COUNT(counts); i++) {
        assert_int_equal(number_of(statistics, textf("total.%s", counts[i])), 1);
        assert_int_equal(number_of(statistics, textf("total.%s_fen", counts[i])), 3000000 * YUAN);
        assert_int_equal(number_of(statistics, textf("by_county.0.%s", counts[i])), 1);
    }
    assert_string_equal(text_of(statistics, "by_county.0.key"), HANGZHOU);
    assert_string_equal(text_of(statistics, "by_industry.0.key"), "C");
    assert_int_equal(json_array_size(member_of(statistics, "by_kind")), 2);
    json_t *elsewhere = expect(200, &world.guangdong, "GET", "/v1/statistics", NULL);
    assert_int_equal(number_of(elsewhere, "total.needs"), 0);
    assert_int_equal(number_of(elsewhere, "total.funded_fen"), 0);
}

/* The trail of one case, oldest first, as "submit pass ...". */
static const char *trail_of(const char *id)
{
    json_t *events = member_of(
        expect(200, &world.auditor, "GET", textf("/v1/audit-events?case_id=%s&limit=100", id), NULL),
        "items");
    const char *text = "";
    for (size_t i = json_array_size(events); i-- > 0;) {
        const json_t *event = json_array_get(events, i);
        text = textf("%s%s%s", text, *text ? " " : "", text_of(event, "action"));
        assert_int_equal(strlen(text_of(event, "facts_digest")), 64);
        assert_true(*text_of(event, "user_id") && *text_of(event, "request_id"));
    }
    return text;
}

static void every_move_is_in_the_audit_trail(void **state)
{
    (void)state;
    assert_string_equal(trail_of(need), "submit pass claim offer accept contract fund confirm");
    assert_string_equal(trail_of(application_a), "apply investigate propose approve close");
    assert_string_equal(trail_of(application_b),
                        "apply investigate propose approve accept contract disburse");
    assert_string_equal(trail_of(offer_a), "propose approve close");
    assert_string_equal(trail_of(offer_b), "propose approve accept contract disburse");
    assert_string_equal(trail_of(guarantee), "apply review propose approve take_effect");
}

static void data_are_the_same_after_a_restart(void **state)
{
    (void)state;
    const char *const paths[] = {
        textf("/v1/needs/%s", need),
        textf("/v1/needs/%s/matches", need),
        textf("/v1/applications/%s", application_b),
        textf("/v1/offers/%s", offer_b),
        textf("/v1/guarantee-cases/%s", guarantee),
    };
    const char *before[COUNT(paths)];
    for (size_t i = 0; i < COUNT(paths); i++)
        before[i] = ask(&world.enterprise_a, "GET", paths[i], NULL)->body;
    house_stop_server();
    house_start_server();
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_string_equal(ask(&world.enterprise_a, "GET", paths[i], NULL)->body, before[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(need_becomes_money_and_the_competing_offer_closes),
        API_TEST(authority_sees_the_case_in_its_statistics),
        API_TEST(every_move_is_in_the_audit_trail),
        API_TEST(data_are_the_same_after_a_restart),
    };
    return cmocka_run_group_tests_name("api.main_job", tests, world_open, world_close);
}
