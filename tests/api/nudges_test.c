/* Nudges: told to whoever a case waits for, kept, once a day, by supervision alone. */
#include "world.h"

static json_t *nudge_of(const char *kind, const char *id)
{
    return doc("{ss ss ss}", "subject_kind", kind, "subject_id", id, "message", "请尽快处理");
}

/* How many notifications of a nudge about this case the party has. */
static int64_t told(const char *party_kind, const char *party, const char *subject)
{
    return house_count(
        "select count(*) from notification where kind = 'nudge' and party_kind = '%s' and party_id = '%s' "
        "and subject_id = '%s'",
        party_kind, party, subject);
}

static void nudge_reaches_those_whose_turn_it_is(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *guarantee =
        text_of(expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
                       doc("{ss ss}", "application_id", application, "product_id", world.guarantee)),
                "id");
    json_t *made = expect(201, &world.zhejiang, "POST", "/v1/nudges", nudge_of("application", application));
    assert_string_equal(text_of(made, "parties.0.id"), world.bank_a);
    assert_string_equal(text_of(made, "parties.0.name_zh"), "甲银行");
    assert_string_equal(text_of(made, "made_by_name"), world.zhejiang.login);
    assert_int_equal(told("institution", world.bank_a, application), 1);
    expect(201, &world.operator, "POST", "/v1/nudges", nudge_of("guarantee_case", guarantee));
    assert_int_equal(told("institution", world.guarantor, guarantee), 1);
    expect(201, &world.zhejiang, "POST", "/v1/nudges", nudge_of("need", need));
    assert_int_equal(told("institution", world.bank_a, need), 1);
    /* With an offer on the table it is the enterprise's turn. */
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    expect(201, &world.zhejiang, "POST", "/v1/nudges", nudge_of("offer", offer));
    assert_int_equal(told("enterprise", world.id_a, offer), 1);
    assert_int_equal(
        house_count("select count(*) from audit_event where action = 'nudge' and case_id = '%s'", offer), 1);
}

static void nudge_is_refused_where_it_makes_no_sense(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    expect_problem(409, "nobody_to_nudge", &world.zhejiang, "POST", "/v1/nudges", nudge_of("need", need));
    expect_problem(422, "case_unknown", &world.guangdong, "POST", "/v1/nudges", nudge_of("need", need));
    expect_problem(422, "case_unknown", &world.zhejiang, "POST", "/v1/nudges", nudge_of("offer", need));
    expect_problem(403, "forbidden", &world.maker_a, "POST", "/v1/nudges", nudge_of("need", need));
    apply_for(&world.enterprise_a, need, world.credit_a);
    expect(201, &world.zhejiang, "POST", "/v1/nudges", nudge_of("need", need));
    expect_problem(409, "nudged_already", &world.operator, "POST", "/v1/nudges", nudge_of("need", need));
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
    house_sql("set session_replication_role = replica; delete from nudge where subject_id = '%s'; "
              "reset session_replication_role",
              need);
    expect_problem(409, "nobody_to_nudge", &world.zhejiang, "POST", "/v1/nudges", nudge_of("need", need));
}

static void nudges_are_read_by_both_sides(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_b, NULL);
    const char *application = apply_for(&world.enterprise_b, need, world.guaranteed_b);
    expect(201, &world.guangdong, "POST", "/v1/nudges", nudge_of("application", application));
    const char *path = textf("/v1/nudges?subject_id=%s", application);
    const struct {
        const test_user *user;
        size_t seen;
    } rows[] = {{&world.guangdong, 1}, {&world.zhejiang, 0}, {&world.auditor, 1}, {&world.maker_b, 1},
                {&world.maker_a, 0}, {&world.enterprise_b, 0},
                {&world.operator, 1 }, {&world.enterprise_a, 0}, {&world.reviewer, 0}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(json_array_size(member_of(expect(200, rows[i].user, "GET", path, NULL), "items")),
                         rows[i].seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(nudge_reaches_those_whose_turn_it_is),
        API_TEST(nudge_is_refused_where_it_makes_no_sense),
        API_TEST(nudges_are_read_by_both_sides),
    };
    return cmocka_run_group_tests_name("api.nudges", tests, world_open, world_close);
}
