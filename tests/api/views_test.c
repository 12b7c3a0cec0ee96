/* Who looked at what of an enterprise: every look is in the book before its answer is out, and the enterprise
 * reads it. */
#include "world.h"

/* How many looks of this user at this object the book has. */
static int64_t looks(const test_user *user, const char *what, const char *subject)
{
    return house_count(
        "select count(*) from enterprise_view where viewer_id = '%s' and what = '%s' and subject_id = '%s'",
        user->id, what, subject);
}

static void every_document_that_is_read_is_noted(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *guarantee =
        text_of(expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
                       doc("{ss ss}", "application_id", application, "product_id", world.guarantee)),
                "id");
    const struct {
        const test_user *user;
        const char *collection, *what, *id;
    } rows[] = {
        {&world.maker_a, "enterprises", "enterprise", world.id_a},
        {&world.zhejiang, "enterprises", "enterprise", world.id_a},
        {&world.maker_b, "needs", "need", need}, /* it does not know whose, but it looked */
        {&world.auditor, "needs", "need", need},
        {&world.maker_a, "applications", "application", application},
        {&world.reviewer, "guarantee-cases", "guarantee_case", guarantee},
        {&world.operator, "guarantee-cases", "guarantee_case", guarantee},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(looks(rows[i].user, rows[i].what, rows[i].id), 0);
        get(200, rows[i].user, rows[i].collection, rows[i].id);
        assert_int_equal(looks(rows[i].user, rows[i].what, rows[i].id), 1);
    }
    expect(200, &world.zhejiang, "GET", textf("/v1/needs/%s/matches", need), NULL);
    assert_int_equal(looks(&world.zhejiang, "match", need), 1);
    expect(200, &world.auditor, "GET", textf("/v1/needs/%s/explain?product=%s", need, world.credit_a), NULL);
    assert_int_equal(looks(&world.auditor, "match", need), 1);
}

static void list_is_a_look_at_each_enterprise_it_names(void **state)
{
    (void)state;
    const char *known = need_post(&world.enterprise_b, NULL), *unknown = need_post(&world.enterprise_b, NULL);
    const char *application = apply_for(&world.enterprise_b, known, world.guaranteed_b);
    expect(200, &world.checker_b, "GET", "/v1/needs?limit=100", NULL);
    assert_int_equal(looks(&world.checker_b, "need", known), 1);
    expect(200, &world.checker_a, "GET", "/v1/needs?limit=100", NULL);
    assert_int_equal(looks(&world.checker_a, "need", unknown), 0);
    expect(200, &world.checker_b, "GET", "/v1/applications?limit=100", NULL);
    assert_int_equal(looks(&world.checker_b, "application", application), 1);
    expect(200, &world.guangdong, "GET", "/v1/enterprises?limit=100", NULL);
    assert_int_equal(looks(&world.guangdong, "enterprise", world.id_b), 1);
    assert_int_equal(
        house_count("select count(*) from enterprise_view where viewer_id = '%s' and enterprise_id = '%s'",
                    world.guangdong.id, world.id_a),
        0);
    /* What lies beyond the page was not seen. */
    expect(200, &world.auditor, "GET", "/v1/needs?limit=1", NULL);
    assert_int_equal(looks(&world.auditor, "need", known), 0);
}

static void looks_of_a_minute_are_one_and_of_a_day_one_row(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    for (int i = 0; i < 3; i++)
        get(200, &world.checker_a, "needs", need);
    assert_int_equal(
        house_count("select times from enterprise_view where viewer_id = '%s' and subject_id = '%s'",
                    world.checker_a.id, need),
        1);
    /* Another worker, or the same a minute later. */
    house_sql("update enterprise_view set last_at = last_at - interval '2 minutes' where subject_id = '%s'",
              need);
    house_stop_server();
    house_start_server();
    get(200, &world.checker_a, "needs", need);
    assert_int_equal(
        house_count("select times from enterprise_view where viewer_id = '%s' and subject_id = '%s'",
                    world.checker_a.id, need),
        2);
}

static void enterprise_reads_who_looked_and_is_not_noted_itself(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL),
               *path = textf("/v1/enterprises/%s/views", world.id_a);
    get(200, &world.enterprise_a, "needs", need);
    get(200, &world.maker_b, "needs", need);
    json_t *last = json_array_get(member_of(expect(200, &world.enterprise_a, "GET", path, NULL), "items"), 0);
    assert_string_equal(text_of(last, "viewer_name"), world.maker_b.login);
    assert_string_equal(text_of(last, "institution_name"), "乙银行");
    assert_string_equal(text_of(last, "what"), "need");
    assert_string_equal(text_of(last, "subject_id"), need);
    assert_true(*text_of(last, "at"));
    assert_int_equal(house_count("select count(*) from enterprise_view where side = 'enterprise'"), 0);
    expect_problem(404, "not_found", &world.enterprise_b, "GET", path, NULL);
    expect_problem(403, "forbidden", &world.maker_b, "GET", path, NULL);
    expect_problem(404, "not_found", &world.guangdong, "GET", path, NULL);
}

static void supervisors_read_the_looks_of_their_region(void **state)
{
    (void)state;
    get(200, &world.maker_a, "needs", need_post(&world.enterprise_b, NULL));
    json_t *here =
        expect(200, &world.guangdong, "GET", textf("/v1/views?institution_id=%s", world.bank_a), NULL);
    assert_int_equal(json_array_size(member_of(here, "items")), 1);
    assert_string_equal(text_of(here, "items.0.enterprise_id"), world.id_b);
    assert_string_equal(text_of(here, "items.0.enterprise_name"), "广州乙企业有限公司");
    json_t *all =
        expect(200, &world.auditor, "GET", textf("/v1/views?limit=100&from=%s", day_from_today(0)), NULL);
    assert_int_equal(json_array_size(member_of(all, "items")),
                     house_count("select count(*) from enterprise_view"));
    json_t *none = expect(200, &world.auditor, "GET", textf("/v1/views?to=%s", day_from_today(-1)), NULL);
    assert_int_equal(json_array_size(member_of(none, "items")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(every_document_that_is_read_is_noted),
        API_TEST(list_is_a_look_at_each_enterprise_it_names),
        API_TEST(looks_of_a_minute_are_one_and_of_a_day_one_row),
        API_TEST(enterprise_reads_who_looked_and_is_not_noted_itself),
        API_TEST(supervisors_read_the_looks_of_their_region),
    };
    return cmocka_run_group_tests_name("api.views", tests, world_open, world_close);
}
