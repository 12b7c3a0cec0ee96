/* What migrations keep ready for documents is what the rows say: a need's own members, and the states' words
 * and actions. */
#include "world.h"

#define ADDED "00000000-0000-7000-8000-000000000001"

/* Members of a need's document that are not what its columns are. */
#define MISSAID                                                                                              \
    "set timezone = 'UTC'; "                                                                                 \
    "select coalesce(string_agg(distinct m.key, ' '), '') from need n, "                                     \
    "lateral jsonb_each(('{' || n.members || '}')::jsonb - 'steps') m "                                      \
    "where to_jsonb(n) -> m.key is distinct from m.value "                                                   \
    "or ('{' || n.members || '}')::jsonb -> 'steps' is distinct from jsonb_build_object('posted_at', "       \
    "n.posted_at, 'matched_at', n.first_match_at, 'offered_at', n.first_offer_at, 'guaranteed_at', "         \
    "n.guaranteed_at, 'funded_at', n.funded_at)"

static void need_is_told_as_its_row_says(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    offer_make(&world.maker_a, &world.checker_a, application, NULL);
    assert_int_equal(house_count("select count(*) from need where members = ''"), 0);
    assert_string_equal(house_sql(MISSAID), "");

    /* whoever writes, wherever the clock stands, whatever the text holds */
    house_sql("set timezone = 'Asia/Shanghai'; "
              "update need set amount_fen = amount_fen + 100, purpose_detail = '\"引号\" \\ {括号}' "
              "where id = '%s'",
              need);
    assert_string_equal(house_sql(MISSAID), "");
    json_t *document = get(200, &world.enterprise_a, "needs", need);
    assert_string_equal(text_of(document, "purpose_detail"), "\"引号\" \\ {括号}");
    assert_int_equal(json_integer_value(json_object_get(document, "amount_fen")),
                     house_count("select amount_fen from need where id = '%s'", need));
    assert_string_equal(text_of(document, "state"), "offered");
    house_sql("update need set members = 'forged' where id = '%s'", need);
    assert_string_equal(house_sql(MISSAID), "");
}

/* A role is looked up only where the table of transitions says the same, whoever made the case. */
static void actions_of_a_state_are_its_transitions(void **state)
{
    (void)state;
    assert_string_equal(house_sql("select actions -> 'enterprise' ? 'withdraw' from case_state "
                                  "where kind = 'need' and state = 'open'"),
                        "t");
    assert_string_equal(house_sql("select actions -> 'bank_checker' from case_state "
                                  "where kind = 'offer' and state = 'pending_approval'"),
                        "");
    json_t *roles =
        json_loads(house_sql("select jsonb_agg(distinct role) from transition, unnest(roles) role"), 0, NULL);
    assert_true(json_array_size(roles) >= 7);
    size_t at;
    json_t *role;
    json_array_foreach(roles, at, role)
    {
        const char *name = json_string_value(role);
        assert_string_equal(
            house_sql("set app.roles = '%s'; set app.user_id = '" ADDED "'; "
                      "select coalesce(string_agg(s.kind || '/' || s.state, ' '), '') from case_state s "
                      "where s.actions ? '%s' and (s.actions -> '%s' <> app.actions(s.kind, s.state, null) "
                      "or s.actions -> '%s' <> app.actions(s.kind, s.state, '" ADDED "'))",
                      name, name, name, name),
            "");
        assert_true(house_count("select count(*) from case_state where actions ? '%s'", name) > 0);
    }
    json_decref(roles);
}

/* A transition that is added or taken away is known at once. */
static void actions_follow_the_transitions(void **state)
{
    (void)state;
    house_sql("insert into transition (kind, from_state, action, to_state, roles) "
              "values ('need', 'open', 'zz_added', 'withdrawn', '{enterprise}')");
    const char *need = need_post(&world.enterprise_a, NULL);
    json_t *actions = json_object_get(get(200, &world.enterprise_a, "needs", need), "actions");
    assert_string_equal(json_string_value(json_array_get(actions, json_array_size(actions) - 1)), "zz_added");
    house_sql("update transition set mark = 'checker' where action = 'zz_added'");
    assert_string_equal(house_sql("select actions ? 'enterprise' from case_state "
                                  "where kind = 'need' and state = 'open'"),
                        "f");
    house_sql("delete from transition where action = 'zz_added'");
    actions = json_object_get(get(200, &world.enterprise_a, "needs", need), "actions");
    assert_int_equal(json_array_size(actions), 1);
    assert_string_equal(json_string_value(json_array_get(actions, 0)), "withdraw");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(need_is_told_as_its_row_says, house_sweep),
        cmocka_unit_test_teardown(actions_of_a_state_are_its_transitions, house_sweep),
        cmocka_unit_test_teardown(actions_follow_the_transitions, house_sweep),
    };
    return cmocka_run_group_tests_name("api.documents", tests, world_open, world_close);
}
