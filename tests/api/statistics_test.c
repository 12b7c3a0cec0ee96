/* The figures of supervision: what they count, for whom, and that each is the list it names. */
#include "world.h"

/* Enterprise A: one need that only matched, one with an offer, one that bank B paid under a guarantee, forty
 * days ago. Enterprise B: one that was never a borrower before and was refused, then paid by bank A. */
static int open_with_cases(void **state);

static void pay(const test_user *enterprise, const test_user *checker, const char *offer, int64_t fen)
{
    move(200, enterprise, "offers", offer, "accept", NULL);
    move(200, checker, "offers", offer, "contract", doc("{ss}", "contract_no", textf("HT-%s", offer)));
    move(200, checker, "offers", offer, "disburse",
         doc("{sI ss ss}", "funded_fen", fen, "funded_on", day_from_today(0), "proof_no", "PZ-1"));
}

static void refuse_application(const test_user *maker, const test_user *checker, const char *application)
{
    move(200, maker, "applications", application, "propose_refusal", reason("R02"));
    move(200, checker, "applications", application, "refuse", NULL);
}

static void age(const char *need, int days)
{
    static const char *const rows[][2] = {
        {"need", "id"}, {"application", "need_id"}, {"guarantee_case", "need_id"}};
    for (size_t i = 0; i < COUNT(rows); i++)
        house_sql("update %s set created_at = created_at - interval '%d days' where %s = '%s'", rows[i][0],
                  days, rows[i][1], need);
    house_sql("update need set posted_at = posted_at - interval '%1$d days', "
              "first_match_at = first_match_at - interval '%1$d days', "
              "first_offer_at = first_offer_at - interval '%1$d days', "
              "funded_at = funded_at - interval '%1$d days' where id = '%2$s'",
              days, need);
    house_sql("update application set offered_at = offered_at - interval '%1$d days', "
              "funded_at = funded_at - interval '%1$d days' where need_id = '%2$s'",
              days, need);
}

static void make_cases_of_a(void)
{
    need_post(&world.enterprise_a, NULL);
    const char *offered = need_post(&world.enterprise_a,
                                    doc("{s[s] sI}", "kinds", "credit_loan", "amount_fen", 2000000 * YUAN));
    offer_make(&world.maker_a, &world.checker_a, apply_for(&world.enterprise_a, offered, world.credit_a),
               doc("{sI}", "amount_fen", 2000000 * YUAN));
    const char *paid = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, paid, world.guaranteed_b);
    const char *offer =
        offer_make(&world.maker_b, &world.checker_b, application, doc("{sb}", "guarantee_required", 1));
    const char *guarantee = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    move(200, &world.checker, "guarantee-cases", guarantee, "take_effect", NULL);
    pay(&world.enterprise_a, &world.checker_b, offer, 2500000 * YUAN);
    age(paid, 40);
    expect(201, &world.enterprise_a, "POST", "/v1/needs", need_document(doc("{sb}", "submit", 0)));
}

static void make_cases_of_b(void)
{
    const char *need = need_post(&world.enterprise_b, doc("{s{sb}}", "facts", "first_loan", 1));
    refuse_application(&world.maker_b, &world.checker_b,
                       apply_for(&world.enterprise_b, need, world.guaranteed_b));
    const char *application = apply_for(&world.enterprise_b, need, world.credit_a);
    pay(&world.enterprise_b, &world.checker_a,
        offer_make(&world.maker_a, &world.checker_a, application, NULL), 1000000 * YUAN);
}

static int open_with_cases(void **state)
{
    if (world_open(state) != 0)
        return -1;
    make_cases_of_a();
    make_cases_of_b();
    return house_sweep(state);
}

/* From a figure to its list ------------------------------------------------------------------------ */

static unsigned followed;

static const char *word_of(const json_t *value)
{
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    return json_is_string(value) ? json_string_value(value)
                                 : textf("%lld", (long long)json_integer_value(value));
}

/* The list that `figure` of `row` counts, as a query. */
static const char *query_of(const json_t *report, const json_t *figure, const char *row_filter,
                            const json_t *row)
{
    json_t *query = house_keep(json_deep_copy(member_of(report, "filter")), (void (*)(void *))json_decref);
    const char *key, *text = "limit=2";
    json_t *value;
    json_object_foreach(member_of(figure, "filter"), key, value) json_object_set(query, key, value);
    json_object_foreach(member_of(report, row_filter), key, value)
        json_object_set(query, key, member_of(row, json_string_value(value)));
    json_object_foreach(query, key, value) text = textf("%s&%s=%s", text, key, word_of(value));
    return textf("/v1/%s?%s", text_of(figure, "list"), text);
}

/* How many rows the list has over all its pages, or what a field adds up to. */
static int64_t total_of(const test_user *user, const char *path, const char *adds_up)
{
    int64_t total = 0;
    const char *cursor = "";
    for (unsigned pages = 0; cursor; pages++) {
        json_t *page = expect(200, user, "GET", textf("%s%s", path, cursor), NULL);
        json_t *items = member_of(page, "items");
        assert_true(pages < 50);
        for (size_t i = 0; i < json_array_size(items); i++)
            total += *adds_up ? number_of(json_array_get(items, i), adds_up) : 1;
        const char *next = text_of(page, "next");
        cursor = *next ? textf("&cursor=%s", next) : NULL;
    }
    return total;
}

/* A median or a rate has the list of the cases that it is taken over; beside it stands how many those are. */
static const char *taken_over(const json_t *figure, const json_t *row, const char *field)
{
    static const char *const counts[][2] = {
        {"regions.median_offer_hours", "offers"},
        {"trend.median_offer_hours", "offered"},
        {"institutions.median_answer_hours", "answered"},
        {"institutions.yes_ppm", "answered"},
        {"guarantors.median_answer_hours", "answered"},
        {"guarantors.yes_ppm", "answered"},
        {"funnel.median_hours", "cases"},
        {"funnel.share_ppm", "share_of_cases"},
        {"overdue.oldest_deadline_at", "cases"},
    };
    for (size_t i = 0; i < COUNT(counts); i++)
        if (strcmp(text_of(figure, "code"), counts[i][0]) == 0)
            return counts[i][1];
    const char *unit = text_of(figure, "unit");
    assert_true(strcmp(unit, "cases") == 0 || strcmp(unit, "enterprises") == 0 || strcmp(unit, "fen") == 0);
    assert_non_null(json_object_get(row, field));
    return field;
}

static void follow(const test_user *user, const json_t *report, const char *field, const json_t *figure,
                   const char *row_filter, const json_t *row, const char *value_field)
{
    /* A bank may count enterprises that it may not list. */
    if (!json_is_string(member_of(figure, "list"))) {
        assert_string_equal(text_of(figure, "unit"), "enterprises");
        return;
    }
    if (json_is_null(member_of(row, value_field))) /* of nothing there is no median */
        return;
    int64_t value = number_of(row, taken_over(figure, row, value_field));
    const char *path = query_of(report, figure, row_filter, row);
    int64_t total = total_of(user, path, text_of(figure, "adds_up"));
    if (total != value)
        print_error("%s: %s is %lld, %s has %lld\n", user->login, field, (long long)value, path,
                    (long long)total);
    assert_int_equal(total, value);
    followed++;
}

/* Every figure of every row of a report with rows. */
static void follow_rows(const test_user *user, const json_t *report, const char *items, const char *figures,
                        const char *row_filter)
{
    const json_t *rows = member_of(report, items);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *field;
        json_t *figure;
        json_object_foreach(member_of(report, figures), field, figure)
        {
            assert_non_null(json_object_get(row, field));
            follow(user, report, field, figure, row_filter, row, field);
        }
    }
}

static void follow_funnel(const test_user *user, const json_t *report)
{
    const json_t *steps = member_of(report, "steps"), *figures = member_of(report, "figures");
    assert_int_equal(json_array_size(steps), 5);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *row = json_array_get(steps, i);
        const char *step = text_of(row, "step"), *amount = textf("%s_fen", step);
        follow(user, report, step, json_object_get(figures, step), "none", row, "cases");
        follow(user, report, amount, json_object_get(figures, amount), "none", row, "amount_fen");
        follow(user, report, "median_hours", json_object_get(figures, "median_hours"), "row_filter", row,
               "median_hours");
        follow(user, report, "share_ppm", json_object_get(figures, "share_ppm"), "share_row_filter", row,
               "share_ppm");
    }
    static const char *const whole[] = {"funded_enterprises", "first_time_borrowers"};
    for (size_t i = 0; i < COUNT(whole); i++)
        follow(user, report, whole[i], json_object_get(figures, whole[i]), "none", report, whole[i]);
}

static void every_figure_is_the_list_it_names(void **state)
{
    (void)state;
    const test_user *const users[] = {&world.zhejiang, &world.guangdong, &world.operator, & world.auditor,
                                      &world.maker_a,  &world.checker_b, &world.reviewer};
    const char *const filters[] = {
        "",
        textf("?from=%s", day_from_today(-30)),
        textf("?to=%s", day_from_today(-1)),
        "?kind=guaranteed_loan",
        "?channel=none",
        "?channel=any",
        "?region=330100",
        textf("?institution_id=%s", world.bank_b),
        textf("?institution_id=%s&kind=credit_loan&region=000000", world.guarantor)};
    followed = 0;
    for (size_t u = 0; u < COUNT(users); u++)
        for (size_t f = 0; f < COUNT(filters); f++) {
            follow_funnel(users[u],
                          expect(200, users[u], "GET", textf("/v1/statistics/funnel%s", filters[f]), NULL));
            json_t *banks =
                expect(200, users[u], "GET", textf("/v1/statistics/institutions%s", filters[f]), NULL);
            follow_rows(users[u], banks, "items", "figures", "row_filter");
            follow_rows(users[u], banks, "guarantors", "guarantor_figures", "guarantor_row_filter");
        }
    assert_true(followed > 500);
}

static void every_figure_of_a_region_or_time_is_the_list_it_names(void **state)
{
    (void)state;
    const test_user *const users[] = {&world.zhejiang, &world.maker_a};
    const char *const paths[] = {"regions", "regions?region=330100", "regions?region=330106",
                                 textf("trend?step=week&from=%s", day_from_today(-45)), "trend?step=month"};
    followed = 0;
    for (size_t u = 0; u < COUNT(users); u++)
        for (size_t p = 0; p < COUNT(paths); p++)
            follow_rows(users[u], expect(200, users[u], "GET", textf("/v1/statistics/%s", paths[p]), NULL),
                        "items", "figures", "row_filter");
    follow_rows(&world.operator, expect(200, &world.operator, "GET", "/v1/statistics/regions", NULL), "items",
                "figures", "row_filter");
    assert_true(followed > 500);
}

/* Ages what a case waits for; the enterprise's turn is nobody's overdue. */
static void make_late(const char *table, const char *where, int days)
{
    house_sql("update %s set deadline_at = now() - interval '%d days' where deadline_at is not null and %s",
              table, days, where);
}

static void overdue_counts_are_the_lists_of_what_waits_for_that_side(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.guaranteed_b);
    offer_make(&world.maker_b, &world.checker_b, application, doc("{sb}", "guarantee_required", 1));
    expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
           doc("{ss ss}", "application_id", application, "product_id", world.guarantee));
    const char *waiting = apply_for(&world.enterprise_a, need, world.credit_a);
    make_late("application", textf("id in ('%s', '%s')", application, waiting), 3);
    make_late("offer", textf("application_id = '%s'", application), 2);
    make_late("guarantee_case", textf("application_id = '%s'", application), 4);
    json_t *report = expect(200, &world.zhejiang, "GET", "/v1/statistics/overdue", NULL);
    followed = 0;
    follow_rows(&world.zhejiang, report, "items", "figures", "row_filter");
    follow_rows(&world.zhejiang,
                expect(200, &world.zhejiang, "GET", "/v1/statistics/overdue?region=330100", NULL), "items",
                "figures", "row_filter");
    assert_true(followed >= 20);
    /* The offer that the enterprise has to answer is nobody's; the application and the guarantee case are. */
    json_t *rows = member_of(report, "items");
    int64_t of_a = 0, of_b = 0, of_guarantor = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *id = text_of(row, "institution_id");
        *(strcmp(id, world.bank_a) == 0   ? &of_a
          : strcmp(id, world.bank_b) == 0 ? &of_b
                                          : &of_guarantor) += number_of(row, "cases");
    }
    assert_int_equal(of_a, 1);
    assert_int_equal(of_b, 0);
    assert_int_equal(of_guarantor, 1);
    json_t *late = expect(200, &world.zhejiang, "GET",
                          textf("/v1/statistics/overdue-cases?institution_id=%s", world.bank_b), NULL);
    assert_int_equal(json_array_size(member_of(late, "items")), 3);
    house_sql("update application set deadline_at = now() + interval '9 days' where need_id = '%s'", need);
    house_sql("update offer set deadline_at = now() + interval '9 days' where need_id = '%s'", need);
    house_sql("update guarantee_case set deadline_at = now() + interval '9 days' where need_id = '%s'", need);
}

static json_t *nudge_of(const char *need)
{
    return doc("{ss ss ss}", "subject_kind", "need", "subject_id", need, "message", "请尽快答复");
}

static void nudge_is_offered_where_it_would_reach_somebody(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_b, NULL);
    static const char one[] = "/v1/statistics/overdue-cases?limit=1";
    make_late("need", textf("id = '%s'", need), 900);
    json_t *late = expect(200, &world.guangdong, "GET", one, NULL);
    assert_string_equal(text_of(late, "items.0.id"), need);
    assert_true(json_is_false(member_of(late, "items.0.can_nudge")));
    expect_problem(409, "nobody_to_nudge", &world.guangdong, "POST", "/v1/nudges", nudge_of(need));
    apply_for(&world.enterprise_b, need, world.credit_a);
    make_late("need", textf("id = '%s'", need), 900);
    assert_true(
        json_is_true(member_of(expect(200, &world.guangdong, "GET", one, NULL), "items.0.can_nudge")));
    json_t *made = expect(201, &world.guangdong, "POST", "/v1/nudges", nudge_of(need));
    assert_non_null(json_object_get(member_of(made, "parties.0"), "name_en"));
    assert_true(
        json_is_false(member_of(expect(200, &world.guangdong, "GET", one, NULL), "items.0.can_nudge")));
    house_sql("update need set deadline_at = now() + interval '9 days' where id = '%s'", need);
}

/* Who counts what ---------------------------------------------------------------------------------- */

static int64_t step_of(const json_t *funnel, size_t step, const char *field)
{
    return number_of(json_array_get(member_of(funnel, "steps"), step), field);
}

static void assert_steps(const test_user *user, const char *query, const int64_t cases[5], int64_t funded_fen)
{
    json_t *funnel = expect(200, user, "GET", textf("/v1/statistics/funnel%s", query), NULL);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(step_of(funnel, i, "cases"), cases[i]);
    assert_int_equal(step_of(funnel, 4, "amount_fen"), funded_fen);
    assert_true(*text_of(funnel, "as_of"));
}

static void funnel_counts_what_the_asker_may_count(void **state)
{
    (void)state;
    assert_steps(&world.zhejiang, "", (int64_t[]){3, 3, 2, 1, 1}, 2500000 * YUAN);
    assert_steps(&world.guangdong, "", (int64_t[]){1, 1, 1, 0, 1}, 1000000 * YUAN);
    assert_steps(&world.operator, "", (int64_t[]){4, 4, 3, 1, 2}, 3500000 * YUAN);
    assert_steps(&world.zhejiang, "?region=440000", (int64_t[]){0, 0, 0, 0, 0}, 0);
    /* A bank counts its own, whatever institution it names. */
    assert_steps(&world.maker_a, "", (int64_t[]){2, 2, 2, 0, 1}, 1000000 * YUAN);
    assert_steps(&world.maker_b, textf("?institution_id=%s", world.bank_a), (int64_t[]){2, 2, 1, 1, 1},
                 2500000 * YUAN);
    assert_steps(&world.reviewer, "", (int64_t[]){1, 1, 1, 1, 1}, 2500000 * YUAN);
    json_t *country = expect(200, &world.operator, "GET", "/v1/statistics/funnel", NULL);
    assert_int_equal(number_of(country, "funded_enterprises"), 2);
    assert_int_equal(number_of(country, "first_time_borrowers"), 1);
    expect_problem(403, "forbidden", &world.enterprise_a, "GET", "/v1/statistics/funnel", NULL);
}

static void share_of_a_step_is_of_what_contains_it(void **state)
{
    static const struct {
        const char *of;
        int64_t cases, share_ppm;
    } shares[5] = {{"", 0, 0},
                   {"posted", 4, 1000000},
                   {"posted", 4, 750000},
                   {"asked", 1, 1000000},
                   {"offered", 3, 666666}};
    const test_user *const users[] = {&world.operator, & world.zhejiang, &world.guangdong, &world.maker_a,
                                      &world.maker_b, &world.reviewer};
    (void)state;
    json_t *country = expect(200, &world.operator, "GET", "/v1/statistics/funnel", NULL);
    for (size_t i = 0; i < 5; i++) {
        const json_t *step = json_array_get(member_of(country, "steps"), i);
        assert_string_equal(text_of(step, "share_of"), shares[i].of);
        assert_int_equal(i == 0 ? 0 : number_of(step, "share_of_cases"), shares[i].cases);
        assert_int_equal(i == 0 ? 0 : number_of(step, "share_ppm"), shares[i].share_ppm);
    }
    /* Whoever asks, no step is more than what it is a share of; of nothing there is no share. */
    for (size_t u = 0; u < COUNT(users); u++) {
        json_t *funnel = expect(200, users[u], "GET", "/v1/statistics/funnel", NULL);
        for (size_t i = 1; i < 5; i++) {
            const json_t *step = json_array_get(member_of(funnel, "steps"), i);
            assert_true(number_of(step, "cases") <= number_of(step, "share_of_cases"));
            assert_int_equal(json_is_null(member_of(step, "share_ppm")),
                             number_of(step, "share_of_cases") == 0);
        }
    }
}

static void league_table_tells_answers_and_money(void **state)
{
    (void)state;
    json_t *report = expect(200, &world.operator, "GET", "/v1/statistics/institutions", NULL);
    json_t *first = json_array_get(member_of(report, "items"), 0);
    assert_string_equal(text_of(first, "institution_id"), world.bank_b);
    assert_int_equal(number_of(first, "received"), 2);
    assert_int_equal(number_of(first, "answered"), 2);
    assert_int_equal(number_of(first, "offered"), 1);
    assert_int_equal(number_of(first, "refused"), 1);
    assert_int_equal(number_of(first, "yes_ppm"), 500000);
    assert_int_equal(number_of(first, "funded_amount_fen"), 2500000 * YUAN);
    json_t *second = json_array_get(member_of(report, "items"), 1);
    assert_int_equal(number_of(second, "yes_ppm"), 1000000);
    assert_int_equal(number_of(second, "first_loans"), 1);
    assert_int_equal(json_array_size(member_of(report, "guarantors")), 1);
    json_t *own = expect(200, &world.maker_a, "GET", "/v1/statistics/institutions", NULL);
    assert_int_equal(json_array_size(member_of(own, "items")), 1);
    assert_string_equal(text_of(own, "items.0.institution_id"), world.bank_a);
}

static void regions_are_one_level_below_with_their_names(void **state)
{
    (void)state;
    json_t *cities = expect(200, &world.zhejiang, "GET", "/v1/statistics/regions", NULL);
    json_t *hangzhou = json_array_get(member_of(cities, "items"), 0);
    assert_string_equal(text_of(hangzhou, "region_code"), "330100");
    assert_string_equal(text_of(hangzhou, "name_zh"), "杭州市");
    assert_int_equal(number_of(hangzhou, "needs"), 3);
    assert_true(json_array_size(member_of(cities, "items")) >= 11);
    json_t *provinces = expect(200, &world.operator, "GET", "/v1/statistics/regions", NULL);
    int64_t needs = 0;
    for (size_t i = 0; i < json_array_size(member_of(provinces, "items")); i++)
        needs += number_of(json_array_get(member_of(provinces, "items"), i), "needs");
    assert_int_equal(needs, 4);
}

static void regions_are_of_the_level_that_is_asked_for(void **state)
{
    (void)state;
    json_t *items =
        member_of(expect(200, &world.guangdong, "GET", "/v1/statistics/regions?level=county", NULL), "items");
    size_t counties = 0, cities = 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *row = json_array_get(items, i);
        const char *level = text_of(row, "level");
        assert_int_equal(strncmp(text_of(row, "region_code"), "44", 2), 0);
        if (strcmp(level, "county") == 0) {
            counties++;
            assert_string_equal(text_of(row, "parent"), textf("%.4s00", text_of(row, "region_code")));
        } else if (json_is_false(member_of(row, "is_exact"))) {
            cities++; /* Dongguan and Zhongshan have no counties */
            assert_string_equal(level, "prefecture");
        }
    }
    assert_true(counties > 100);
    assert_int_equal(cities, 2);
    json_t *country = expect(200, &world.operator, "GET", "/v1/statistics/regions?level=prefecture", NULL);
    int64_t needs = 0;
    for (size_t i = 0; i < json_array_size(member_of(country, "items")); i++)
        needs += number_of(json_array_get(member_of(country, "items"), i), "needs");
    assert_int_equal(needs, number_of(expect(200, &world.operator, "GET", "/v1/statistics/funnel", NULL),
                                      "steps.0.cases"));
    assert_true(json_array_size(member_of(country, "items")) > 300);
    /* Never above the region that is asked about. */
    json_t *city =
        expect(200, &world.guangdong, "GET", "/v1/statistics/regions?region=440100&level=province", NULL);
    assert_string_equal(text_of(city, "items.0.level"), "county");
    assert_null(json_object_get(member_of(city, "filter"), "level"));
}

static void trend_is_bounded_and_whole(void **state)
{
    (void)state;
    json_t *days = expect(200, &world.zhejiang, "GET", "/v1/statistics/trend", NULL);
    assert_int_equal(json_array_size(member_of(days, "items")), 30);
    assert_string_equal(text_of(days, "items.29.to"), day_from_today(0));
    assert_int_equal(number_of(days, "items.29.posted"), 2);
    expect_problem(422, "period_too_long", &world.zhejiang, "GET", "/v1/statistics/trend?from=2000-01-01",
                   NULL);
    json_t *backwards = expect_problem(422, "validation_failed", &world.zhejiang, "GET",
                                       "/v1/statistics/trend?from=2026-02-02&to=2026-02-01", NULL);
    assert_string_equal(text_of(backwards, "errors.0.pointer"), "/to");
}

/* Working time ------------------------------------------------------------------------------------- */

static void working_time_between_is_what_the_deadlines_count(void **state)
{
    /* Friday, a weekend, and the National Day week of 2025 (1 to 8 October, with work on 28 September and
     * 11). */
    static const struct {
        const char *from, *to;
        int64_t minutes;
    } rows[] = {
        {"2025-09-05 16:00", "2025-09-08 10:00", 120}, {"2025-09-05 18:00", "2025-09-06 12:00", 0},
        {"2025-09-28 09:00", "2025-09-28 17:00", 480}, {"2025-09-30 16:30", "2025-10-09 09:30", 60},
        {"2025-09-05 08:00", "2025-09-05 23:00", 480}, {"2025-09-08 10:00", "2025-09-08 10:00", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(
            house_count("select app.working_minutes('%s+08', '%s+08')", rows[i].from, rows[i].to),
            rows[i].minutes);
    /* The other way round: the moment so many working hours later is so many minutes away. */
    assert_int_equal(
        house_count("select count(*) from generate_series(1, 200, 7) h, "
                    "generate_series(timestamptz '2025-09-01', '2025-10-20', '5 hours 13 minutes') t "
                    "where app.working_minutes(t, app.add_working_hours(t, h)) <> h * 60"),
        0);
}

static void every_figure_has_its_definition_in_both_languages(void **state)
{
    (void)state;
    json_t *items = member_of(expect(200, NULL, "GET", "/v1/reference/figures", NULL), "items");
    assert_true(json_array_size(items) > 40);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        assert_true(*text_of(item, "text_zh") && *text_of(item, "text_en"));
        assert_string_equal(text_of(item, "code"),
                            textf("%s.%s", text_of(item, "report"), text_of(item, "field")));
        assert_true(*text_of(item, "list"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(every_figure_is_the_list_it_names),
        API_TEST(every_figure_of_a_region_or_time_is_the_list_it_names),
        API_TEST(funnel_counts_what_the_asker_may_count),
        API_TEST(share_of_a_step_is_of_what_contains_it),
        API_TEST(league_table_tells_answers_and_money),
        API_TEST(regions_are_one_level_below_with_their_names),
        API_TEST(regions_are_of_the_level_that_is_asked_for),
        API_TEST(trend_is_bounded_and_whole),
        API_TEST(working_time_between_is_what_the_deadlines_count),
        API_TEST(every_figure_has_its_definition_in_both_languages),
        API_TEST(overdue_counts_are_the_lists_of_what_waits_for_that_side),
        API_TEST(nudge_is_offered_where_it_would_reach_somebody),
    };
    return cmocka_run_group_tests_name("api.statistics", tests, open_with_cases, world_close);
}
