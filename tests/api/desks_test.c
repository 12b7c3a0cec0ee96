/* What people work with at their desks: lists by deadline, the queues' counts, the history of a case as each
 * of its parties may know it, and the number that a notification is about. */
#include "world.h"

/* By deadline ---------------------------------------------------------------------------------------- */

enum { CASES = 7 };

/* Applications to bank A whose deadlines are so many minutes from now; 0: none. */
static void applications_due(const int minutes[CASES], const char *out_ids[CASES])
{
    for (size_t i = 0; i < CASES; i++) {
        out_ids[i] = apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
        house_sql("update application set deadline_at = %s where id = '%s'",
                  minutes[i] ? textf("now() + interval '%d minutes'", minutes[i]) : "null", out_ids[i]);
    }
}

/* Where `id` is among the first `count`, or -1. */
static int place_of(const char *const *ids, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(ids[i], id) == 0)
            return (int)i;
    return -1;
}

static void list_by_deadline_goes_on_where_it_stopped_whatever_moves(void **state)
{
    /* In the order made; as they fall due: 4, 0, 2 and 6 (one moment, by id), 1, then 3 and 5 that never do.
     */
    static const int minutes[CASES] = {-30, 600, 45, 0, -6000, 0, 45};
    static const int expected[CASES] = {4, 0, 2, 6, 1, 3, 5};
    const char *ids[CASES], *cursor = NULL;
    size_t seen = 0;
    (void)state;
    applications_due(minutes, ids);
    house_sql("update application set deadline_at = (select deadline_at from application where id = '%s') "
              "where id = '%s'",
              ids[2], ids[6]);
    for (int pages = 0; pages < 50; pages++) {
        json_t *page = expect(200, &world.maker_a, "GET",
                              textf("/v1/applications?order=deadline&limit=2%s%s", cursor ? "&cursor=" : "",
                                    cursor ? cursor : ""),
                              NULL);
        const json_t *items = member_of(page, "items");
        for (size_t i = 0; i < json_array_size(items); i++) {
            int place = place_of(ids, CASES, text_of(json_array_get(items, i), "id"));
            if (place < 0)
                continue; /* another test's */
            assert_int_equal(place, expected[seen]);
            seen++;
        }
        /* The row that the cursor stands on goes elsewhere: nothing is left out or comes twice for it. */
        if (seen == 2)
            house_sql("update application set deadline_at = now() - interval '9000 minutes' where id = '%s'",
                      ids[0]);
        cursor = *text_of(page, "next") ? text_of(page, "next") : NULL;
        if (!cursor)
            break;
    }
    assert_int_equal(seen, CASES);
}

static void cursor_of_one_order_is_refused_in_another(void **state)
{
    static const char *const queries[] = {"order=deadline&cursor=00000000-0000-7000-8000-000000000000",
                                          "cursor=never_00000000-0000-7000-8000-000000000000",
                                          "order=deadline&cursor=17x_00000000-0000-7000-8000-000000000000",
                                          "order=deadline&cursor=never_00000000-0000-7000-8000-00000000000z"};
    (void)state;
    for (size_t i = 0; i < COUNT(queries); i++) {
        json_t *problem = expect_problem(422, "validation_failed", &world.maker_a, "GET",
                                         textf("/v1/applications?%s", queries[i]), NULL);
        assert_string_equal(text_of(problem, "errors.0.pointer"), "/cursor");
        assert_string_equal(text_of(problem, "errors.0.code"), "cursor");
    }
}

/* How many rows a list has over all its pages. */
static int64_t rows_of(const test_user *user, const char *path)
{
    int64_t rows = 0;
    const char *cursor = "";
    for (int pages = 0; pages < 50; pages++) {
        json_t *page = expect(200, user, "GET", textf("%s&limit=20%s", path, cursor), NULL);
        rows += (int64_t)json_array_size(member_of(page, "items"));
        if (!*text_of(page, "next"))
            return rows;
        cursor = textf("&cursor=%s", text_of(page, "next"));
    }
    return -1;
}

static void desk_counts_what_its_lists_hold(void **state)
{
    static const int minutes[CASES] = {-30, 600, 45, 0, -6000, 479, 90};
    static const char *const queues[][2] = {
        {"to_claim", "/v1/needs?to_claim=true"},
        {"mine", "/v1/applications?waits_for=institution"},
        {"soon", "/v1/applications?waits_for=institution&due_within_hours=8"},
        {"late", "/v1/applications?overdue=true"},
        {"waiting", "/v1/applications?waits_for=enterprise"},
    };
    const char *ids[CASES];
    (void)state;
    applications_due(minutes, ids);
    move(200, &world.maker_a, "applications", ids[1], "request_papers", reason("R15"));
    need_post(&world.enterprise_b, NULL);
    json_t *desk = expect(200, &world.checker_a, "GET", "/v1/statistics/desk", NULL);
    for (size_t i = 0; i < COUNT(queues); i++) {
        assert_true(number_of(desk, queues[i][0]) > 0);
        assert_int_equal(number_of(desk, queues[i][0]),
                         rows_of(&world.checker_a, textf("%s&order=deadline", queues[i][1])));
    }
    expect_problem(403, "forbidden", &world.reviewer, "GET", "/v1/statistics/desk", NULL);
}

static void guarantors_queue_has_what_is_under_review(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    const char *id = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    const char *review = "/v1/guarantee-cases?order=deadline&stage=review";
    int64_t before = rows_of(&world.reviewer, review);
    assert_true(before > 0);
    move(200, &world.checker, "guarantee-cases", id, "take_effect", NULL);
    assert_int_equal(rows_of(&world.reviewer, review), before - 1);
    json_t *in_force =
        expect(200, &world.reviewer, "GET", "/v1/guarantee-cases?stage=in_force&limit=1", NULL);
    assert_string_equal(text_of(in_force, "items.0.id"), id);
}

static void overdue_cases_of_every_kind_come_in_one_list(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    const char *guarantee = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    const char *const late[][2] = {
        {"need", need}, {"application", application}, {"offer", offer}, {"guarantee_case", guarantee}};
    const char *number = text_of(get(200, &world.enterprise_a, "needs", need), "request_no"), *cursor = "";
    for (size_t i = 0; i < COUNT(late); i++)
        house_sql("update %s set deadline_at = now() - interval '%zu years' where id = '%s'", late[i][0],
                  10 - i, late[i][1]);
    for (size_t i = 0; i < COUNT(late); i++) {
        json_t *page = expect(200, &world.zhejiang, "GET",
                              textf("/v1/statistics/overdue-cases?limit=1%s", cursor), NULL);
        assert_string_equal(text_of(page, "items.0.kind"), late[i][0]);
        assert_string_equal(text_of(page, "items.0.id"), late[i][1]);
        assert_true(json_is_true(member_of(page, "items.0.is_overdue")));
        if (i < 3)
            assert_string_equal(text_of(page, "items.0.no"), number);
        cursor = textf("&cursor=%s", text_of(page, "next"));
    }
    json_t *elsewhere = expect(200, &world.guangdong, "GET", "/v1/statistics/overdue-cases?limit=100", NULL);
    for (size_t i = 0; i < json_array_size(member_of(elsewhere, "items")); i++)
        assert_string_not_equal(text_of(json_array_get(member_of(elsewhere, "items"), i), "id"), need);
    expect_problem(403, "forbidden", &world.maker_a, "GET", "/v1/statistics/overdue-cases", NULL);
}

/* Numbers -------------------------------------------------------------------------------------------- */

static void notification_names_the_number_of_its_case(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *number = text_of(get(200, &world.enterprise_a, "needs", need), "request_no");
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    const char *guarantee = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    expect(201, &world.zhejiang, "POST", "/v1/nudges",
           doc("{ss ss ss}", "subject_kind", "offer", "subject_id", offer, "message", "请尽快答复"));
    static const char numbered[] =
        "select count(*) from notification where subject_id = '%s' and kind = '%s' "
        "and params ->> 'no' = '%s'";
    assert_int_equal(house_count(numbered, application, "application.received", number), 2);
    assert_int_equal(house_count(numbered, offer, "offer.offered", number), 1);
    assert_int_equal(house_count(numbered, offer, "nudge", number), 1);
    assert_int_equal(
        house_count(numbered, guarantee, "guarantee_case.approved",
                    text_of(get(200, &world.enterprise_a, "guarantee-cases", guarantee), "case_no")),
        2);
    assert_int_equal(
        house_count("select count(*) from notification where not params ? 'no' and subject_kind in "
                    "('need', 'application', 'offer', 'guarantee_case')"),
        0);
}

/* A document as text. */
static const char *json_text(const json_t *document)
{
    return house_keep(json_dumps(document, JSON_COMPACT), free);
}

/* History -------------------------------------------------------------------------------------------- */

/* The moves of one case in its or another's history, latest first: "from>to from>to". */
static const char *moves_in(const json_t *history, const char *id)
{
    const json_t *items = member_of(history, "items");
    const char *text = "";
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *move = json_array_get(items, i);
        if (strcmp(text_of(move, "subject.id"), id) == 0)
            text = textf("%s%s%s>%s", text, *text ? " " : "", text_of(move, "from_state"),
                         text_of(move, "to_state"));
    }
    return text;
}

static json_t *history_of(int status, const test_user *user, const char *collection, const char *id)
{
    return expect(status, user, "GET", textf("/v1/%s/%s/history", collection, id), NULL);
}

static void parties_read_the_moves_and_who_made_them(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    move(200, &world.maker_a, "applications", application, "request_papers", reason("R15"));
    move(200, &world.enterprise_a, "applications", application, "supply", NULL);
    json_t *own = history_of(200, &world.enterprise_a, "applications", application);
    assert_string_equal(moves_in(own, application),
                        "action_required>received received>action_required >received");
    assert_string_equal(text_of(own, "items.0.by.role"), "enterprise");
    assert_string_equal(text_of(own, "items.1.by.role"), "bank_maker");
    assert_string_equal(text_of(own, "items.1.by.institution_id"), world.bank_a);
    assert_true(*text_of(own, "items.1.by.name_zh"));
    assert_string_equal(text_of(own, "items.1.reason.code"), "R15");
    json_t *given = reason("R15");
    assert_string_equal(text_of(own, "items.1.reason.text"), text_of(given, "reason_text"));
    json_decref(given);
    /* The bank reads the same, and of the need what is its own. */
    json_t *banks = history_of(200, &world.checker_a, "applications", application);
    assert_string_equal(moves_in(banks, application), moves_in(own, application));
    assert_non_null(strstr(moves_in(history_of(200, &world.maker_a, "needs", need), need), "open>claimed"));
    /* The need's history has the application's, to whoever may see both. */
    assert_string_equal(moves_in(history_of(200, &world.zhejiang, "needs", need), application),
                        moves_in(own, application));
}

static void history_is_hidden_with_its_case(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const test_user *const strangers[] = {&world.maker_b, &world.enterprise_b, &world.guangdong};
    for (size_t i = 0; i < COUNT(strangers); i++)
        history_of(404, strangers[i], "applications", application);
    history_of(404, &world.enterprise_b, "needs", need);
    history_of(404, &world.maker_b, "needs", need); /* it sees the open need, and is no party to it */
    history_of(404, &world.enterprise_a, "offers", application);
    /* Once it is, it reads nothing of the other bank, not even whose offer moved the need. */
    offer_make(&world.maker_a, &world.checker_a, application, NULL);
    apply_for(&world.enterprise_a, need, world.guaranteed_b);
    json_t *others = history_of(200, &world.maker_b, "needs", need);
    assert_string_equal(moves_in(others, application), "");
    assert_non_null(strstr(moves_in(others, need), "claimed>offered"));
    assert_null(strstr(json_text(others), world.bank_a));
}

static void proposal_is_its_institutions_until_it_is_confirmed(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    move(200, &world.maker_a, "applications", application, "investigate", NULL);
    move(200, &world.maker_a, "applications", application, "propose_refusal", reason("R02"));
    assert_string_equal(
        moves_in(history_of(200, &world.enterprise_a, "applications", application), application),
        "received>investigating >received");
    move(200, &world.checker_a, "applications", application, "send_back", NULL);
    move(200, &world.maker_a, "applications", application, "propose_refusal", reason("R03"));
    move(200, &world.checker_a, "applications", application, "refuse", NULL);
    json_t *told = history_of(200, &world.enterprise_a, "applications", application);
    assert_string_equal(moves_in(told, application),
                        "investigating>refused received>investigating >received");
    assert_string_equal(text_of(told, "items.0.reason.code"), "R03");
    assert_string_equal(text_of(told, "items.0.by.role"), "bank_checker");
    json_t *known = history_of(200, &world.maker_a, "applications", application);
    assert_string_equal(moves_in(known, application),
                        "refusal_pending>refused investigating>refusal_pending "
                        "refusal_pending>investigating investigating>refusal_pending "
                        "received>investigating >received");
}

static void offers_history_begins_for_the_enterprise_with_its_approval(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    assert_string_equal(moves_in(history_of(200, &world.enterprise_a, "offers", offer), offer), ">offered");
    assert_string_equal(moves_in(history_of(200, &world.maker_a, "offers", offer), offer),
                        "pending_approval>offered >pending_approval");
    const char *guarantee = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    json_t *guarantors = history_of(200, &world.reviewer, "guarantee-cases", guarantee);
    assert_string_equal(moves_in(guarantors, guarantee),
                        "pending_approval>approved reviewing>pending_approval applied>reviewing >applied");
    assert_string_equal(text_of(guarantors, "items.0.by.role"), "guarantee_checker");
}

static void history_names_nobody_and_tells_no_notes(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    guarantee_approve(&world.enterprise_a, application, world.guarantee);
    expect(
        201, &world.zhejiang, "POST", "/v1/nudges",
        doc("{ss ss ss}", "subject_kind", "application", "subject_id", application, "message", "内部催办"));
    expect(200, &world.maker_b, "POST", textf("/v1/needs/%s/decline", need),
           doc("{ss ss}", "reason_code", "R02", "reason_text", "不符合我行当前的行业投向政策"));
    const test_user *const readers[] = {&world.enterprise_a, &world.maker_a, &world.reviewer, &world.zhejiang,
                                        &world.operator};
    for (size_t i = 0; i < COUNT(readers); i++) {
        const char *text = json_text(history_of(200, readers[i], "needs", need));
        const char *const secrets[] = {world.maker_a.id,  world.enterprise_a.id,
                                       world.reviewer.id, world.enterprise_a.login,
                                       "现金流可覆盖",    "内部催办",
                                       "行业投向政策",    "王法人",
                                       "13800138000"};
        for (size_t k = 0; k < COUNT(secrets); k++)
            if (strstr(text, secrets[k]))
                fail_msg("%s reads %s in %s", readers[i]->login, secrets[k], text);
    }
}

/* Products ------------------------------------------------------------------------------------------- */

static void application_names_its_product_in_both_languages(void **state)
{
    (void)state;
    json_t *document = loan_document("credit_loan", "双语产品");
    json_object_set_new(document, "name_en", json_string("Loan in two languages"));
    const char *product = product_publish(&world.maker_a, &world.checker_a, document);
    catalogue_await(&world.enterprise_a);
    const char *application = apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), product);
    json_t *found = get(200, &world.maker_a, "applications", application);
    assert_string_equal(text_of(found, "product_zh"), "双语产品");
    assert_string_equal(text_of(found, "product_en"), "Loan in two languages");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(list_by_deadline_goes_on_where_it_stopped_whatever_moves),
        API_TEST(cursor_of_one_order_is_refused_in_another),
        API_TEST(desk_counts_what_its_lists_hold),
        API_TEST(guarantors_queue_has_what_is_under_review),
        API_TEST(overdue_cases_of_every_kind_come_in_one_list),
        API_TEST(notification_names_the_number_of_its_case),
        API_TEST(parties_read_the_moves_and_who_made_them),
        API_TEST(history_is_hidden_with_its_case),
        API_TEST(proposal_is_its_institutions_until_it_is_confirmed),
        API_TEST(offers_history_begins_for_the_enterprise_with_its_approval),
        API_TEST(history_names_nobody_and_tells_no_notes),
        API_TEST(application_names_its_product_in_both_languages),
    };
    house_settings = "log_level = error\njob_interval_ms = 60000\n";
    return cmocka_run_group_tests_name("api.desks", tests, world_open, world_close);
}
