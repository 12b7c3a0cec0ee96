/* Clocks: deadlines on working time, and what the server does by itself when one has run out. */
#include "world.h"

typedef struct awaited {
    const char *table, *id, *state;
} awaited;

static bool has_state(void *argument)
{
    const awaited *wait = argument;
    return house_count("select count(*) from %s where id = '%s' and state = '%s'", wait->table, wait->id,
                       wait->state) == 1;
}

static void await_state(const char *table, const char *id, const char *state)
{
    awaited wait = {table, id, state};
    assert_true(eventually(has_state, &wait));
}

static void make_late(const char *table, const char *id)
{
    house_sql("update %s set deadline_at = now() - interval '1 second' where id = '%s'", table, id);
}

static void deadlines_count_working_hours_only(void **state)
{
    static const struct {
        const char *start;
        int hours;
        const char *end;
    } rows[] = {
        {"2026-11-23 10:00", 4, "2026-11-23 14:00"},  {"2026-11-23 15:00", 4, "2026-11-24 11:00"},
        {"2026-11-27 16:30", 1, "2026-11-30 09:30"}, /* over a weekend */
        {"2026-11-28 12:00", 8, "2026-11-30 17:00"}, /* from a Saturday */
        {"2026-11-23 07:00", 8, "2026-11-23 17:00"}, /* before opening */
        {"2026-11-23 20:00", 1, "2026-11-24 10:00"}, /* after closing */
        {"2026-11-23 09:00", 8, "2026-11-23 17:00"},  {"2026-11-23 17:00", 8, "2026-11-24 17:00"},
        {"2026-09-30 16:00", 2, "2026-10-08 10:00"}, /* over the National Day holiday */
        {"2026-10-09 16:00", 8, "2026-10-10 16:00"}, /* a Saturday that is worked */
        {"2026-02-13 16:00", 8, "2026-02-14 16:00"}, /* another, before the Spring Festival */
        {"2026-02-14 16:00", 8, "2026-02-24 16:00"},  {"2026-11-23 10:00", 80, "2026-12-07 10:00"},
        {"2026-12-31 12:00", 40, "2027-01-07 12:00"}, /* a year whose holidays are not announced: weekends
                                                         only */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(
            house_sql("select to_char(app.add_working_hours('%s+08', %d) at time zone 'Asia/Shanghai', "
                      "'YYYY-MM-DD HH24:MI')",
                      rows[i].start, rows[i].hours),
            rows[i].end);
}

/* The hours of a case's clock, from its own row. */
static void assert_clock(const char *table, const char *id, int hours)
{
    assert_string_equal(
        house_sql("select deadline_at = app.add_working_hours(state_since, %d) from %s where id = '%s'",
                  hours, table, id),
        "t");
}

static void cases_have_the_clock_of_their_state(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    assert_clock("need", need, 24);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    assert_clock("need", need, 80);
    assert_clock("application", application, 8);
    json_t *seen = get(200, &world.maker_a, "applications", application);
    assert_string_equal(text_of(seen, "waits_for"), "institution");
    assert_true(json_is_false(member_of(seen, "is_overdue")) && *text_of(seen, "deadline_at"));
    make_late("application", application);
    assert_true(json_is_true(member_of(get(200, &world.maker_a, "applications", application), "is_overdue")));
    json_t *late = expect(200, &world.maker_a, "GET", "/v1/applications?overdue=true", NULL);
    assert_string_equal(text_of(late, "items.0.id"), application);
    json_t *overdue = expect(200, &world.zhejiang, "GET", "/v1/statistics/overdue", NULL);
    assert_string_equal(text_of(overdue, "items.0.institution_id"), world.bank_a);
    assert_int_equal(number_of(overdue, "items.0.applications"), 1);
    json_t *elsewhere = expect(200, &world.guangdong, "GET", "/v1/statistics/overdue", NULL);
    assert_int_equal(json_array_size(member_of(elsewhere, "items")), 0);
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
}

static void green_channel_runs_shorter_for_need_and_application(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    json_t *green = move(200, &world.zhejiang, "needs", need, "green_channel",
                         doc("{ss ss}", "green_channel", "disaster", "note", "防汛救灾重点企业"));
    assert_string_equal(text_of(green, "green_channel"), "disaster");
    assert_clock("need", need, 24);
    move(200, &world.maker_a, "applications", application, "investigate", NULL);
    assert_string_equal(text_of(get(200, &world.maker_a, "applications", application), "green_channel"),
                        "disaster");
    assert_clock("application", application, 24);
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
}

static void listed_enterprise_has_the_green_channel_at_once(void **state)
{
    (void)state;
    move(200, &world.guangdong, "enterprises", world.id_b, "tags",
         doc("{s[{ss ss}]}", "tags", "tag", "epidemic_key", "issuer", "广东省工信厅"));
    const char *need = need_post(&world.enterprise_b, NULL);
    assert_string_equal(text_of(get(200, &world.enterprise_b, "needs", need), "green_channel"), "key_list");
    assert_clock("need", need, 8);
    move(200, &world.enterprise_b, "needs", need, "withdraw", NULL);
}

static void offer_past_its_day_expires(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    house_sql("update offer set valid_until = '%s' where id = '%s'", day_from_today(-1), offer);
    await_state("offer", offer, "expired");
    assert_string_equal(text_of(get(200, &world.enterprise_a, "applications", application), "state"),
                        "expired");
    assert_string_equal(text_of(get(200, &world.enterprise_a, "needs", need), "state"), "open");
    move_problem(409, "transition_not_allowed", &world.enterprise_a, "offers", offer, "accept", NULL);
    assert_int_equal(
        house_count(
            "select count(*) from audit_event where case_id = '%s' and action = 'expire' and side = 'system'",
            offer),
        1);
}

static void application_without_its_papers_lapses(void **state)
{
    (void)state;
    const char *application =
        apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    move(200, &world.maker_a, "applications", application, "request_papers", reason("R15"));
    make_late("application", application);
    await_state("application", application, "lapsed");
    /* It ended for want of these papers. */
    assert_string_equal(text_of(get(200, &world.enterprise_a, "applications", application), "reason.code"),
                        "R15");
}

static void claim_that_is_let_lie_is_void_and_counts_against_the_bank(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *claim =
        text_of(expect(201, &world.maker_b, "POST", "/v1/applications", doc("{ss}", "need_id", need)), "id");
    make_late("application", claim);
    await_state("application", claim, "lapsed");
    assert_int_equal(number_of(get(200, NULL, "institutions", world.bank_b), "strikes"), 1);
    assert_string_equal(text_of(get(200, &world.enterprise_a, "needs", need), "state"), "open");
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
}

static void need_that_nobody_takes_stalls_and_in_the_end_expires(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    make_late("need", need);
    await_state("need", need, "stalled");
    apply_for(&world.enterprise_a, need, world.credit_a); /* a stalled need can still be taken */
    assert_string_equal(text_of(get(200, &world.enterprise_a, "needs", need), "state"), "claimed");
    const char *old = need_post(&world.enterprise_a, NULL);
    house_sql("update need set created_at = now() - interval '91 days' where id = '%s'", old);
    await_state("need", old, "expired");
}

static void money_that_is_not_confirmed_counts_as_arrived(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    move(200, &world.enterprise_a, "offers", offer, "accept", NULL);
    move(200, &world.checker_a, "offers", offer, "contract", doc("{ss}", "contract_no", "HT-7"));
    move(200, &world.checker_a, "offers", offer, "disburse",
         doc("{sI ss ss}", "funded_fen", 3000000 * YUAN, "funded_on", day_from_today(0), "proof_no", "PZ-7"));
    make_late("need", need);
    await_state("need", need, "closed");
}

static bool is_forgotten(void *argument)
{
    return house_count("select count(*) from idempotency where key = '%s'", (const char *)argument) == 0;
}

static void old_idempotency_keys_are_forgotten(void **state)
{
    (void)state;
    const char *key = fresh_key();
    test_answer *first = ask_raw(&world.zhejiang, "POST", textf("/v1/programmes/%s/retire", world.programme),
                                 textf("Idempotency-Key: %s\r\n", key), NULL);
    check_status(first, 200);
    assert_int_equal(house_count("select count(*) from idempotency where key = '%s'", key), 1);
    house_sql("update idempotency set created_at = now() - interval '25 hours' where key = '%s'", key);
    assert_true(eventually(is_forgotten, (void *)(uintptr_t)key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(deadlines_count_working_hours_only),
        API_TEST(cases_have_the_clock_of_their_state),
        API_TEST(green_channel_runs_shorter_for_need_and_application),
        API_TEST(listed_enterprise_has_the_green_channel_at_once),
        API_TEST(offer_past_its_day_expires),
        API_TEST(application_without_its_papers_lapses),
        API_TEST(claim_that_is_let_lie_is_void_and_counts_against_the_bank),
        API_TEST(need_that_nobody_takes_stalls_and_in_the_end_expires),
        API_TEST(money_that_is_not_confirmed_counts_as_arrived),
        API_TEST(old_idempotency_keys_are_forgotten),
    };
    house_settings = "log_level = error\njob_interval_ms = 100\n";
    return cmocka_run_group_tests_name("api.clocks", tests, world_open, world_close);
}
