/* What the operator steers: the calendar, the weights of the score with a trial before, and how the jobs do.
 */
#include "world.h"

/* Calendar ----------------------------------------------------------------------------------------- */

/* A Wednesday two to three weeks ahead, on which and around which nothing is announced. */
static const char *quiet_wednesday(void)
{
    return house_sql(
        "select min(d)::date::text from generate_series(current_date + 14, current_date + 60, "
        "interval '1 day') d where extract(isodow from d) = 3 and not exists (select from holiday h "
        "where h.day between d::date - 2 and d::date + 2)");
}

static int64_t hours_over(const char *day)
{
    return house_count(
        "select app.working_minutes(timestamp '%s' at time zone 'Asia/Shanghai' - interval '1 day', "
        "timestamp '%s' at time zone 'Asia/Shanghai' + interval '2 days') / 60",
        day, day);
}

static json_t *announce(const char *day, bool is_workday, bool removes)
{
    json_t *one =
        doc("{ss sb ss ss}", "day", day, "is_workday", is_workday, "name", "临时放假", "name_en", "closed");
    if (removes)
        json_object_set_new(one, "remove", json_true());
    return expect(200, &world.operator, "POST", "/v1/reference/calendar", doc("{s[o]}", "days", one));
}

static void announced_day_is_not_counted_and_the_numbers_stay_whole(void **state)
{
    (void)state;
    const char *day = quiet_wednesday();
    int64_t before = hours_over(day), days = house_count("select count(*) from working_day");
    announce(day, false, false);
    assert_int_equal(hours_over(day), before - 8);
    assert_int_equal(house_count("select count(*) from holiday where day = '%s' and name_en = 'closed'", day),
                     1);
    assert_int_equal(house_count("select count(*) from working_day"), days - 1);
    assert_int_equal(house_count("select max(seq) from working_day"), days - 1);
    /* A Saturday that is made up for. */
    const char *saturday = house_sql("select (date '%s' + 3)::text", day);
    announce(saturday, true, false);
    assert_int_equal(house_count("select count(*) from working_day where day = '%s'", saturday), 1);
    announce(saturday, true, true);
    announce(day, false, true);
    assert_int_equal(hours_over(day), before);
    assert_int_equal(house_count("select count(*) from holiday where name = '临时放假'"), 0);
}

static void calendar_is_public_and_its_past_stays(void **state)
{
    (void)state;
    json_t *year = expect(200, NULL, "GET", "/v1/reference/calendar?year=2026", NULL);
    assert_true(json_array_size(member_of(year, "items")) > 10);
    assert_true(*text_of(year, "last_day"));
    for (size_t i = 0; i < json_array_size(member_of(year, "items")); i++)
        assert_true(*text_of(json_array_get(member_of(year, "items"), i), "name_en")); /* the notice's days */
    const char *before = house_rows();
    json_t *past = expect_problem(
        422, "validation_failed", &world.operator, "POST", "/v1/reference/calendar",
        doc("{s[{ss sb ss}]}", "days", "day", day_from_today(-1), "is_workday", 0, "name", "昨日"));
    assert_string_equal(text_of(past, "errors.0.pointer"), "/days/0/day");
    expect_problem(422, "calendar_too_far", &world.operator, "POST", "/v1/reference/calendar",
                   doc("{s[{ss sb ss}]}", "days", "day", "2099-01-01", "is_workday", 0, "name", "远日"));
    assert_string_equal(house_rows(), before);
}

/* Weights ------------------------------------------------------------------------------------------ */

static json_t *weights_of(int cost, int likelihood, int speed, int fit, int service, const char *reason)
{
    json_t *document = doc("{si si si si si}", "cost", cost, "likelihood", likelihood, "speed", speed, "fit",
                           fit, "service", service);
    if (reason)
        json_object_set_new(document, "reason", json_string(reason));
    return document;
}

static void weights_are_checked(void **state)
{
    (void)state;
    static const char path[] = "/v1/reference/weights";
    int64_t before = house_count("select count(*) from score_weights");
    json_t *sum = expect_problem(422, "validation_failed", &world.operator, "POST", path,
                                 weights_of(40, 25, 20, 15, 10, "五项合计超过一百的权重"));
    assert_string_equal(text_of(sum, "errors.0.code"), "weights_sum");
    expect_problem(422, "validation_failed", &world.operator, "POST", path,
                   doc("{si ss}", "cost", 30, "reason", "只给一项是不够的，须五项同给"));
    expect_problem(422, "validation_failed", &world.operator, "POST", path,
                   weights_of(30, 25, 20, 15, 10, NULL));
    json_t *past = weights_of(30, 25, 20, 15, 10, "生效日已过的权重，不应接受");
    json_object_set_new(past, "valid_from", json_string(day_from_today(-1)));
    expect_problem(422, "validation_failed", &world.operator, "POST", path, past);
    expect_problem(403, "forbidden", &world.zhejiang, "POST", path,
                   weights_of(30, 25, 20, 15, 10, "政府不能调整权重"));
    assert_int_equal(house_count("select count(*) from score_weights"), before);
}

static int64_t weights_seen(void)
{
    return number_of(expect(200, &world.enterprise_a, "POST", "/v1/matches/preview", need_document(NULL)),
                     "weights_version");
}

static void new_version_is_published_and_matched_by(void **state)
{
    (void)state;
    int64_t before = weights_seen();
    json_t *made = expect(201, &world.operator, "POST", "/v1/reference/weights",
                          weights_of(20, 30, 25, 15, 10, "答复速度与可能性更受企业重视"));
    assert_int_equal(number_of(made, "version"), before + 1);
    assert_true(json_is_true(member_of(made, "is_published")));
    /* What was not named stays as it was. */
    assert_int_equal(number_of(made, "hours_cap"), 240);
    catalogue_await(&world.enterprise_a);
    assert_int_equal(weights_seen(), before + 1);
    json_t *list = expect(200, NULL, "GET", "/v1/reference/weights", NULL);
    assert_int_equal(number_of(list, "items.0.speed"), 25);
    assert_string_equal(text_of(list, "items.0.reason"), "答复速度与可能性更受企业重视");
}

static void reasons_of_the_first_weights_are_told_in_both_languages(void **state)
{
    (void)state;
    static const char *const told[][2] = {{"首次公布：", "First publication: "},
                                          {"每项需求最多显示", "At most five packages "}};
    json_t *items = member_of(expect(200, NULL, "GET", "/v1/reference/weights", NULL), "items");
    size_t found = 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        int64_t version = number_of(item, "version");
        if (version > 2)
            continue;
        found++;
        const char *reason = text_of(item, "reason");
        assert_ptr_equal(strstr(reason, told[version - 1][0]), reason);
        assert_non_null(strstr(reason, told[version - 1][1]));
    }
    assert_int_equal(found, 2);
}

static bool is_published(void *plan)
{
    return house_count("select count(*) from score_weights_plan where id = '%s' and version is not null",
                       (const char *)plan) == 1;
}

static void weights_of_a_later_day_wait_for_it(void **state)
{
    (void)state;
    json_t *later = weights_of(50, 20, 10, 10, 10, "自明日起以成本为先的权重");
    json_object_set_new(later, "valid_from", json_string(day_from_today(1)));
    int64_t before = house_count("select max(version) from score_weights");
    json_t *made = expect(201, &world.operator, "POST", "/v1/reference/weights", later);
    assert_true(json_is_false(member_of(made, "is_published")));
    assert_int_equal(house_count("select max(version) from score_weights"), before);
    json_t *list = expect(200, NULL, "GET", "/v1/reference/weights", NULL);
    assert_int_equal(json_array_size(member_of(list, "planned")),
                     0); /* until it is in force, the operator's */
    list = expect(200, &world.operator, "GET", "/v1/reference/weights", NULL);
    assert_string_equal(text_of(list, "planned.0.valid_from"), day_from_today(1));
    house_sql("update score_weights_plan set valid_from = valid_from - 1 where id = '%s'",
              text_of(made, "id"));
    char plan[40];
    snprintf(plan, sizeof(plan), "%s", text_of(made, "id"));
    assert_true(eventually(is_published, plan));
    assert_int_equal(house_count("select (document ->> 'cost')::int from score_weights where version = %lld",
                                 (long long)before + 1),
                     50);
}

static void trial_tells_what_would_change_and_changes_nothing(void **state)
{
    (void)state;
    /* A cheap product that nobody knows against one that answers slowly: the order follows the weights. */
    json_t *cheap = loan_document("credit_loan", "低价信用贷");
    json_object_set_new(cheap, "rate",
                        doc("{ss si si}", "base", "fixed", "low_ppm", 20000, "high_ppm", 21000));
    product_publish(&world.maker_b, &world.checker_b, cheap);
    house_sql("insert into institution_record (institution_id, kind, size, province, from_version, answers, "
              "approvals, "
              "likelihood_ppm, hours, fulfilled_ppm) select '%s', '*', '*', '*', app.bump_catalogue(), 400, "
              "4, 10000, "
              "230, 0",
              world.bank_b);
    catalogue_await(&world.enterprise_a);
    for (int i = 0; i < 3; i++)
        need_post(&world.enterprise_a, doc("{s[s]}", "kinds", "credit_loan"));
    const char *before = house_rows();
    json_t *cost = expect(200, &world.operator, "POST", "/v1/reference/weights/what-if",
                          weights_of(100, 0, 0, 0, 0, NULL));
    json_t *record = expect(200, &world.operator, "POST", "/v1/reference/weights/what-if",
                            weights_of(0, 100, 0, 0, 0, NULL));
    json_t *same = expect(200, &world.operator, "POST", "/v1/reference/weights/what-if", json_object());
    assert_int_equal(number_of(same, "needs"), number_of(cost, "needs"));
    assert_true(number_of(cost, "needs") >= 3);
    assert_int_equal(number_of(same, "top1_changes"), 0);
    assert_int_equal(number_of(same, "top5_changes"), 0);
    /* The two extremes disagree about the first: at least one of them differs from today's. */
    assert_true(number_of(cost, "top1_changes") + number_of(record, "top1_changes") >= 3);
    json_t *with_example = number_of(cost, "top1_changes") > 0 ? cost : record;
    assert_true(*text_of(with_example, "examples.0.before.0.product_zh"));
    assert_non_null(json_object_get(member_of(with_example, "examples.0.before.0"), "product_en"));
    assert_non_null(json_object_get(member_of(with_example, "examples.0.before.0"), "institution_en"));
    assert_string_not_equal(text_of(with_example, "examples.0.before.0.product_id"),
                            text_of(with_example, "examples.0.after.0.product_id"));
    assert_string_equal(house_rows(), before);
    expect_problem(422, "validation_failed", &world.operator, "POST", "/v1/reference/weights/what-if",
                   weights_of(1, 1, 1, 1, 1, NULL));
}

/* Users -------------------------------------------------------------------------------------------- */

static void users_are_found_by_login_name_role_and_whether_they_are_barred(void **state)
{
    (void)state;
    const struct {
        const char *login, *name, *role;
    } made[] = {{"findme-auditor", "钱审计", "auditor"}, {"findme-other", "孙运营", "operator"}};
    char ids[COUNT(made)][40];
    for (size_t i = 0; i < COUNT(made); i++) {
        json_t *user = expect(201, &world.operator, "POST", "/v1/users",
                              doc("{ss ss ss s[s]}", "login", made[i].login, "name", made[i].name, "password",
                                  "a-first-password", "roles", made[i].role));
        snprintf(ids[i], sizeof ids[i], "%s", text_of(user, "id"));
    }
    expect(200, &world.operator, "POST", textf("/v1/users/%s/disable", ids[1]), NULL);
    const struct {
        const char *query;
        size_t found;
    } rows[] = {{"name=FINDME", 2},
                {"name=%E9%92%B1%E5%AE%A1", 1},
                {"name=findme&role=auditor", 1},
                {"name=findme&barred=true", 1},
                {"name=findme&barred=true&role=auditor", 0},
                {"name=%25", 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *list = expect(200, &world.operator, "GET", textf("/v1/users?%s", rows[i].query), NULL);
        assert_int_equal(json_array_size(member_of(list, "items")), rows[i].found);
        for (size_t k = 0; k < rows[i].found; k++)
            assert_true(json_is_false(member_of(json_array_get(member_of(list, "items"), k), "has_totp")));
    }
}

/* Jobs --------------------------------------------------------------------------------------------- */

static bool have_run(void *argument)
{
    (void)argument;
    return house_count("select count(*) from job where last_at is null") == 0;
}

static void jobs_tell_their_last_and_next_run(void **state)
{
    (void)state;
    assert_true(eventually(have_run, NULL));
    json_t *items = member_of(expect(200, &world.operator, "GET", "/v1/jobs", NULL), "items");
    assert_int_equal(json_array_size(items), 7);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *job = json_array_get(items, i);
        assert_true(*text_of(job, "last_at") && *text_of(job, "next_at"));
        assert_true(json_is_false(member_of(job, "is_late")));
        assert_true(number_of(job, "interval_ms") > 0);
    }
    house_sql("update job set last_at = last_at - interval '1 day' where name = 'records'");
    assert_true(house_count(
        "select count(*) from job where name = 'records' and last_at < now() - interval '1 hour'"));
    expect_problem(403, "forbidden", &world.zhejiang, "GET", "/v1/jobs", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(announced_day_is_not_counted_and_the_numbers_stay_whole),
        API_TEST(calendar_is_public_and_its_past_stays),
        API_TEST(weights_are_checked),
        API_TEST(reasons_of_the_first_weights_are_told_in_both_languages),
        API_TEST(new_version_is_published_and_matched_by),
        API_TEST(weights_of_a_later_day_wait_for_it),
        API_TEST(trial_tells_what_would_change_and_changes_nothing),
        API_TEST(users_are_found_by_login_name_role_and_whether_they_are_barred),
        API_TEST(jobs_tell_their_last_and_next_run),
    };
    return cmocka_run_group_tests_name("api.operator", tests, world_open, world_close);
}
