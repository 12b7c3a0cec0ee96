/* Guarantees after the money: claim, indemnity, compensation, recovery, each split by the liability borne. */
#include "world.h"

/* A guarantee in force for a loan of 3,000,000 yuan of bank A to enterprise A. */
static const char *guarantee_in_force(void)
{
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer =
        offer_make(&world.maker_a, &world.checker_a, application, doc("{sb}", "guarantee_required", 1));
    const char *id = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    move(200, &world.enterprise_a, "offers", offer, "accept", NULL);
    move(200, &world.checker_a, "offers", offer, "contract", doc("{ss}", "contract_no", "HT-9"));
    move(200, &world.checker, "guarantee-cases", id, "take_effect", NULL);
    move(200, &world.checker_a, "offers", offer, "disburse",
         doc("{sI ss ss}", "funded_fen", 3000000 * YUAN, "funded_on", day_from_today(0), "proof_no", "PZ-9"));
    return id;
}

static json_t *step(int status, const test_user *user, const char *id, const char *action, json_t *body)
{
    return move(status, user, "guarantee-cases", id, action, body);
}

static json_t *money(int64_t yuan)
{
    return doc("{sI ss}", "gross_fen", yuan * YUAN, "on", day_from_today(0));
}

/* As far as a claim of 1,000,000 yuan. */
static const char *claim_in_review(void)
{
    const char *id = guarantee_in_force();
    step(200, &world.maker_a, id, "notify_claim", NULL);
    step(200, &world.checker_a, id, "submit_claim", doc("{sI}", "claim_fen", 1000000 * YUAN));
    return id;
}

/* The last entry of the case: its kind, and in thousands of yuan what each party bears or gets. */
static void assert_last_entry(const json_t *guarantee, const char *kind, int64_t bank, int64_t direct,
                              int64_t province, int64_t national)
{
    json_t *entries = member_of(guarantee, "entries");
    const json_t *entry = json_array_get(entries, json_array_size(entries) - 1);
    assert_string_equal(text_of(entry, "kind"), kind);
    assert_int_equal(number_of(entry, "bank_fen"), bank * 1000 * YUAN);
    assert_int_equal(number_of(entry, "direct_fen"), direct * 1000 * YUAN);
    assert_int_equal(number_of(entry, "province_fen"), province * 1000 * YUAN);
    assert_int_equal(number_of(entry, "national_fen"), national * 1000 * YUAN);
}

static void loss_and_recovery_are_split_by_the_liability_borne(void **state)
{
    (void)state;
    const char *id = claim_in_review();
    json_t *paid = step(200, &world.checker, id, "indemnify", money(1000000));
    assert_last_entry(paid, "indemnity", 200, 400, 200, 200);
    step(200, &world.reviewer, id, "request_compensation", NULL);
    json_t *wrong = step(422, &world.checker, id, "receive_compensation", money(399999));
    assert_string_equal(text_of(wrong, "code"), "compensation_differs");
    assert_string_equal(text_of(wrong, "errors.0.pointer"), "/gross_fen");
    assert_int_equal(number_of(wrong, "expected_fen"), 400000 * YUAN);
    json_t *compensated = step(200, &world.checker, id, "receive_compensation", money(400000));
    assert_last_entry(compensated, "compensation", 0, -400, 200, 200);
    step(200, &world.reviewer, id, "plan_recovery", doc("{ss}", "recovery_deadline", day_from_today(365)));
    json_t *recovered = step(200, &world.reviewer, id, "record_recovery", money(300000));
    assert_last_entry(recovered, "recovery", 60, 120, 60, 60);
    json_t *done = step(200, &world.checker, id, "complete", NULL);
    assert_string_equal(text_of(done, "state"), "recovered");
    assert_int_equal(json_array_size(member_of(done, "entries")), 3);
}

static void parts_of_an_odd_sum_add_up_to_the_fen(void **state)
{
    (void)state;
    const char *id = claim_in_review();
    step(200, &world.checker, id, "indemnify", money(1000000));
    step(200, &world.reviewer, id, "plan_recovery", doc("{ss}", "recovery_deadline", day_from_today(365)));
    static const int64_t odd[][2] = {{1, 0}, {7, 3}, {333333, 1}, {99999999, 12345678}};
    for (size_t i = 0; i < COUNT(odd); i++)
        step(200, &world.reviewer, id, "record_recovery",
             doc("{sI sI ss}", "gross_fen", odd[i][0], "cost_fen", odd[i][1], "on", day_from_today(0)));
    json_t *entries = member_of(get(200, &world.reviewer, "guarantee-cases", id), "entries");
    assert_int_equal(json_array_size(entries), 1 + COUNT(odd));
    for (size_t i = 0; i < COUNT(odd); i++) {
        const json_t *entry = json_array_get(entries, i + 1);
        int64_t sum = number_of(entry, "bank_fen") + number_of(entry, "direct_fen") +
                      number_of(entry, "province_fen") + number_of(entry, "national_fen");
        assert_int_equal(sum, odd[i][0] - odd[i][1]);
        assert_true(number_of(entry, "bank_fen") >= 0 && number_of(entry, "direct_fen") >= 0);
    }
}

static void own_shares_are_taken_and_must_be_whole(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *id =
        text_of(expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
                       doc("{ss ss}", "application_id", application, "product_id", world.guarantee)),
                "id");
    step(200, &world.reviewer, id, "review", NULL);
    json_t *broken = step(422, &world.reviewer, id, "propose",
                          doc("{si ss si si}", "fee_ppm", 8000, "note", "经营正常", "share_bank_ppm", 300000,
                              "share_direct_ppm", 700000));
    assert_string_equal(text_of(broken, "code"), "validation_failed");
    json_t *proposed =
        step(200, &world.reviewer, id, "propose",
             doc("{si ss si si si si}", "fee_ppm", 12000, "note", "经营正常，可以担保", "share_bank_ppm",
                 300000, "share_direct_ppm", 700000, "share_province_ppm", 0, "share_national_ppm", 0));
    assert_int_equal(number_of(proposed, "shares.bank_ppm"), 300000);
    assert_true(json_is_true(member_of(proposed, "fee_above_cap"))); /* above 1 %: flagged */
    /* The opinion is the lenders'. */
    assert_string_equal(text_of(get(200, &world.maker_a, "guarantee-cases", id), "review_note"),
                        "经营正常，可以担保");
    assert_true(json_is_null(member_of(get(200, &world.enterprise_a, "guarantee-cases", id), "review_note")));
}

static void indemnity_and_claim_stay_within_what_was_guaranteed(void **state)
{
    (void)state;
    const char *id = guarantee_in_force();
    step(200, &world.maker_a, id, "notify_claim", NULL);
    json_t *above = step(422, &world.checker_a, id, "submit_claim", doc("{sI}", "claim_fen", 3000001 * YUAN));
    assert_string_equal(text_of(above, "errors.0.pointer"), "/claim_fen");
    step(200, &world.checker_a, id, "submit_claim", doc("{sI}", "claim_fen", 1000000 * YUAN));
    move_problem(422, "indemnity_above_claim", &world.checker, "guarantee-cases", id, "indemnify",
                 money(1000001));
    assert_int_equal(json_array_size(member_of(get(200, &world.checker, "guarantee-cases", id), "entries")),
                     0);
}

static void written_off_account_is_kept_and_still_recovers(void **state)
{
    (void)state;
    const char *id = claim_in_review();
    step(200, &world.checker, id, "indemnify", money(1000000));
    step(200, &world.reviewer, id, "plan_recovery", doc("{ss}", "recovery_deadline", day_from_today(365)));
    json_t *longer = doc("{ss ss ss}", "recovery_deadline", day_from_today(730), "reason_code", "R24",
                         "reason_text", "债务人进入破产重整程序，债权分配方案尚未裁定");
    step(200, &world.checker, id, "extend", longer);
    step(200, &world.reviewer, id, "propose_write_off",
         doc("{ss}", "evidence", "法院终结执行裁定，债务人无可供执行财产"));
    json_t *kept = step(200, &world.checker, id, "write_off", NULL);
    assert_string_equal(text_of(kept, "state"), "written_off");
    json_t *late = step(200, &world.reviewer, id, "record_recovery", money(100000));
    assert_last_entry(late, "recovery", 20, 40, 20, 20);
    assert_string_equal(text_of(late, "state"), "written_off");
}

static void filing_month_must_be_a_month(void **state)
{
    (void)state;
    const char *id = guarantee_in_force();
    static const char *const wrong[] = {"2026-13", "2026-00", "26-11-1", "AAAAAAA"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        json_t *problem = step(422, &world.reviewer, id, "file", doc("{ss}", "filing_month", wrong[i]));
        assert_string_equal(text_of(problem, "errors.0.pointer"), "/filing_month");
    }
    json_t *unknown = step(422, &world.reviewer, id, "file",
                           doc("{ss ss}", "filing_month", "2026-11", "re_guarantor_id", world.id_a));
    assert_string_equal(text_of(unknown, "errors.0.pointer"), "/re_guarantor_id");
    json_t *filed = step(200, &world.reviewer, id, "file", doc("{ss}", "filing_month", "2026-11"));
    assert_string_equal(text_of(filed, "state"), "reinsured");
    step(200, &world.checker_a, id, "release", NULL);
}

static void bank_may_file_in_batch_and_the_guarantor_checks(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    json_t *batch =
        doc("{ss ss sb}", "application_id", application, "product_id", world.guarantee, "batch", 1);
    json_t *filed = expect(201, &world.checker_a, "POST", "/v1/guarantee-cases", batch);
    assert_string_equal(text_of(filed, "state"), "batch_filed");
    json_t *checked = step(200, &world.checker, text_of(filed, "id"), "check", NULL);
    assert_string_equal(text_of(checked, "state"), "approved");
    /* One live case for an application and a guarantor. */
    expect_problem(409, "guarantee_exists", &world.enterprise_a, "POST", "/v1/guarantee-cases",
                   doc("{ss ss}", "application_id", application, "product_id", world.guarantee));
}

static void refused_guarantee_tells_the_enterprise_why(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    const char *id =
        text_of(expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
                       doc("{ss ss}", "application_id", application, "product_id", world.guarantee)),
                "id");
    step(200, &world.reviewer, id, "review", NULL);
    step(200, &world.reviewer, id, "propose_refusal", reason("R03"));
    step(200, &world.checker, id, "refuse", NULL);
    json_t *seen = get(200, &world.enterprise_a, "guarantee-cases", id);
    assert_string_equal(text_of(seen, "state"), "refused");
    assert_string_equal(text_of(seen, "reason.code"), "R03");
    assert_true(*text_of(seen, "reason.text") && *text_of(seen, "reason.steps_zh"));
}

/* Exposure and checklist ---------------------------------------------------------------------------- */

static const json_t *limit_of(const json_t *exposure, const char *code)
{
    const json_t *limits = member_of(exposure, "limits");
    for (size_t i = 0; i < json_array_size(limits); i++)
        if (strcmp(text_of(json_array_get(limits, i), "code"), code) == 0)
            return json_array_get(limits, i);
    fail_msg("no limit %s", code);
    return NULL;
}

static json_t *exposure_of(const test_user *user, const char *query)
{
    return expect(200, user, "GET", textf("/v1/institutions/%s/exposure%s", world.guarantor, query), NULL);
}

static void exposure_is_the_liability_in_force_against_net_assets(void **state)
{
    (void)state;
    house_sql("update institution set net_assets_fen = 2000000000 where id = '%s'", world.guarantor);
    json_t *before = exposure_of(&world.reviewer, "");
    int64_t whole = number_of(before, "in_force.liability_fen"), cases = number_of(before, "in_force.cases");
    assert_int_equal(number_of(limit_of(before, "leverage"), "used_fen"), whole);
    assert_int_equal(number_of(limit_of(before, "leverage"), "limit_fen"), INT64_C(20000000000));
    assert_int_equal(number_of(limit_of(before, "single"), "limit_fen"), 200000000);
    assert_true(json_is_null(member_of(limit_of(before, "group"), "used_fen")));

    const char *need = need_post(&world.enterprise_b, NULL);
    const char *application = apply_for(&world.enterprise_b, need, world.credit_a);
    const char *id = guarantee_approve(&world.enterprise_b, application, world.guarantee);
    json_t *agreed = exposure_of(&world.checker, textf("?case_id=%s", id));
    assert_int_equal(number_of(agreed, "in_force.liability_fen"), whole);
    assert_int_equal(number_of(agreed, "case.liability_fen"), 2400000 * YUAN); /* 80 % of 3,000,000 */
    assert_int_equal(number_of(agreed, "case.whole_fen"), whole + 2400000 * YUAN);
    assert_true(has_word(member_of(agreed, "case.exceeds"), "single")); /* above 2,000,000 yuan */
    assert_false(has_word(member_of(agreed, "case.exceeds"), "leverage"));

    move(200, &world.checker, "guarantee-cases", id, "take_effect", NULL);
    json_t *after = exposure_of(&world.operator, "");
    assert_int_equal(number_of(after, "in_force.liability_fen"), whole + 2400000 * YUAN);
    assert_int_equal(number_of(after, "in_force.cases"), cases + 1);
    assert_true(json_array_size(member_of(after, "by_bank")) >= 1);
    assert_string_equal(text_of(after, "scope"), "whole");
    assert_string_equal(text_of(exposure_of(&world.guangdong, ""), "scope"), "region");
    expect_problem(403, "forbidden", &world.maker_a, "GET",
                   textf("/v1/institutions/%s/exposure", world.guarantor), NULL);
    expect_problem(404, "not_found", &world.reviewer, "GET",
                   textf("/v1/institutions/%s/exposure", world.bank_a), NULL);
}

/* How many cases of the guarantor a query lists. */
static int64_t listed(const char *query)
{
    int64_t count = 0;
    for (const char *cursor = NULL;;) {
        json_t *page = expect(200, &world.reviewer, "GET",
                              textf("/v1/guarantee-cases?limit=100%s%s%s", query, cursor ? "&cursor=" : "",
                                    cursor ? cursor : ""),
                              NULL);
        count += (int64_t)json_array_size(member_of(page, "items"));
        if (!*text_of(page, "next"))
            return count;
        cursor = text_of(page, "next");
    }
}

static void list_of_a_stage_has_the_cases_that_the_book_counts(void **state)
{
    (void)state;
    const char *ended = guarantee_in_force();
    move(200, &world.checker_a, "guarantee-cases", ended, "release", NULL);
    const char *claimed = claim_in_review(), *paid = claim_in_review();
    step(200, &world.checker, paid, "indemnify", money(1000000));
    const char *application =
        apply_for(&world.enterprise_b, need_post(&world.enterprise_b, NULL), world.credit_a);
    guarantee_approve(&world.enterprise_b, application, world.guarantee);
    expect(201, &world.enterprise_b, "POST", "/v1/guarantee-cases",
           doc("{ss ss}", "application_id",
               apply_for(&world.enterprise_b, need_post(&world.enterprise_b, NULL), world.credit_a),
               "product_id", world.guarantee));
    json_t *book = exposure_of(&world.reviewer, "");
    static const char *const stages[] = {"in_force", "agreed", "asked"};
    for (size_t i = 0; i < COUNT(stages); i++) {
        int64_t cases = number_of(book, textf("%s.cases", stages[i]));
        assert_true(cases > 0);
        assert_int_equal(listed(textf("&stage=%s", stages[i])), cases);
    }
    static const char *const parties[][3] = {{"by_bank", "bank_id", "institution_id"},
                                             {"by_enterprise", "enterprise_id", "enterprise_id"}};
    for (size_t i = 0; i < COUNT(parties); i++) {
        const json_t *rows = member_of(book, parties[i][0]);
        assert_true(json_array_size(rows) > 0);
        for (size_t j = 0; j < json_array_size(rows); j++) {
            const json_t *row = json_array_get(rows, j);
            assert_int_equal(
                listed(textf("&stage=in_force&%s=%s", parties[i][1], text_of(row, parties[i][2]))),
                number_of(row, "cases"));
        }
    }
    /* What was ever in force is in force, has a claim on its way, or ended. */
    assert_int_equal(listed("&stage=in_force&state=claim_review") +
                         listed("&stage=in_force&state=claim_notified") + listed("&step=in_force"),
                     listed("&stage=in_force") + listed("&stage=claims") + listed("&stage=ended"));
    static const struct {
        const char *state;
        int in_force, claims, ended;
    } places[] = {{"released", 0, 0, 1}, {"claim_review", 1, 1, 0}, {"indemnified", 0, 1, 0}};
    const char *const ids[] = {ended, claimed, paid};
    for (size_t i = 0; i < COUNT(places); i++) {
        assert_string_equal(text_of(get(200, &world.reviewer, "guarantee-cases", ids[i]), "state"),
                            places[i].state);
        assert_int_equal(listed(textf("&stage=in_force&state=%s", places[i].state)) > 0, places[i].in_force);
        assert_int_equal(listed(textf("&stage=claims&state=%s", places[i].state)) > 0, places[i].claims);
        assert_int_equal(listed(textf("&stage=ended&state=%s", places[i].state)) > 0, places[i].ended);
    }
}

static void checklist_keeps_who_found_what_when(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    json_t *made = expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
                          doc("{ss ss}", "application_id", application, "product_id", world.guarantee));
    const char *id = text_of(made, "id"), *path = textf("/v1/guarantee-cases/%s/checklist", id);
    assert_null(member_of(made, "checklist"));
    json_t *empty = expect(200, &world.reviewer, "GET", path, NULL);
    assert_true(json_is_false(member_of(empty, "is_complete")));
    size_t count = json_array_size(member_of(empty, "items"));
    assert_int_equal(
        count, json_array_size(
                   member_of(expect(200, NULL, "GET", "/v1/reference/guarantee-checklist", NULL), "items")));
    assert_string_equal(text_of(empty, "items.8.computed"), "met"); /* the bank's 20 % */

    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            all, doc("{ss ss}", "code", text_of(empty, textf("items.%zu.code", i)), "finding", "met"));
    json_t *filled = expect(200, &world.reviewer, "POST", path, doc("{so}", "items", all));
    assert_true(json_is_true(member_of(filled, "checklist.is_complete")));
    json_t *again =
        expect(200, &world.checker, "POST", path,
               doc("{s[{ss ss ss}]}", "items", "code", "G04", "finding", "not_met", "note", "现金流不足"));
    assert_int_equal(number_of(again, "checklist.not_met"), 1);
    assert_string_equal(text_of(again, "checklist.items.3.found_by_name"), world.checker.login);
    assert_int_equal(
        house_count("select count(*) from guarantee_check where case_id = '%s' and item = 'G04'", id), 2);

    json_t *bare = expect_problem(422, "validation_failed", &world.reviewer, "POST", path,
                                  doc("{s[{ss ss}]}", "items", "code", "G04", "finding", "not_met"));
    assert_string_equal(text_of(bare, "errors.0.pointer"), "/items/0/note");
    expect_problem(422, "validation_failed", &world.reviewer, "POST", path,
                   doc("{s[{ss ss}]}", "items", "code", "G99", "finding", "met"));
    assert_null(member_of(get(200, &world.maker_a, "guarantee-cases", id), "checklist"));
    expect_problem(403, "forbidden", &world.maker_a, "GET", path, NULL);
    move(200, &world.enterprise_a, "guarantee-cases", id, "withdraw", NULL);
    expect_problem(409, "transition_not_allowed", &world.reviewer, "POST", path,
                   doc("{s[{ss ss}]}", "items", "code", "G01", "finding", "met"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(loss_and_recovery_are_split_by_the_liability_borne),
        API_TEST(parts_of_an_odd_sum_add_up_to_the_fen),
        API_TEST(own_shares_are_taken_and_must_be_whole),
        API_TEST(indemnity_and_claim_stay_within_what_was_guaranteed),
        API_TEST(written_off_account_is_kept_and_still_recovers),
        API_TEST(filing_month_must_be_a_month),
        API_TEST(bank_may_file_in_batch_and_the_guarantor_checks),
        API_TEST(refused_guarantee_tells_the_enterprise_why),
        API_TEST(exposure_is_the_liability_in_force_against_net_assets),
        API_TEST(list_of_a_stage_has_the_cases_that_the_book_counts),
        API_TEST(checklist_keeps_who_found_what_when),
    };
    return cmocka_run_group_tests_name("api.guarantee_cases", tests, world_open, world_close);
}
