/* Row level security from below: what the server's role can do in PostgreSQL itself, whatever the server
 * asks. */
#include "world.h"

static PGconn *app;

static int connect_app(void **state)
{
    (void)state;
    app = house_connect(house.app);
    return 0;
}

static int leave_app(void **state)
{
    PQfinish(app);
    return house_sweep(state);
}

/* Runs SQL as the server's role: its first value, or the SQLSTATE of the refusal. */
static const char *as_app(const char *sql)
{
    PGresult *result = PQexec(app, sql);
    ExecStatusType status = PQresultStatus(result);
    const char *value = "";
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
        value = textf("%s", PQgetvalue(result, 0, 0));
    else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        value = textf("%s", PQresultErrorField(result, PG_DIAG_SQLSTATE));
    PQclear(result);
    return value;
}

/* Enters as a user for the transaction that the caller began. */
static void enter(const test_user *user, const char *side, const char *org, const char *roles)
{
    assert_string_equal(as_app(textf("select app.enter('%s', '%s', '%s', '%s', null, 'r', null, null, null)",
                                     user->id, side, org, roles)),
                        "");
}

static void server_role_can_do_little(void **state)
{
    (void)state;
    assert_string_equal(
        house_sql(
            "select rolsuper or rolcreatedb or rolcreaterole or rolbypassrls or rolreplication or rolinherit "
            "from pg_roles where rolname = 'rongqiao_app'"),
        "f");
    assert_int_equal(
        house_count("select count(*) from pg_auth_members where member = 'rongqiao_app'::regrole"), 0);
    assert_int_equal(house_count("select count(*) from pg_class where relowner = 'rongqiao_app'::regrole"),
                     0);
    assert_int_equal(house_count("select count(*) from pg_proc where proowner = 'rongqiao_app'::regrole"), 0);
    assert_string_equal(as_app("create table public.mine (a int)"), "42501");
    assert_string_equal(as_app("create table app.mine (a int)"), "42501");
    assert_string_equal(as_app("create function app.f() returns int language sql as 'select 1'"), "42501");
    assert_string_equal(as_app("set role rongqiao_definer"), "42501");
}

/* Tables without row level security hold what everybody may read, and the server's role cannot write them. */
static void table_of_rows_that_are_somebodys_is_guarded(void **state)
{
    (void)state;
    assert_string_equal(house_sql("select coalesce(string_agg(relname, ' ' order by relname), '') from "
                                  "pg_class c where relkind in ('r', 'p') and not relispartition and "
                                  "relnamespace = 'public'::regnamespace and exists (select from pg_policy "
                                  "where polrelid = c.oid) and not "
                                  "(relrowsecurity and relforcerowsecurity)"),
                        "");
    assert_string_equal(house_sql("select coalesce(string_agg(relname, ' ' order by relname), '') from "
                                  "pg_class c where relkind in ('r', 'p') and not relispartition and "
                                  "relnamespace = 'public'::regnamespace and relrowsecurity and not exists "
                                  "(select from pg_policy where polrelid "
                                  "= c.oid)"),
                        "");
    /* A month's table is reached by its whole alone. */
    assert_int_equal(house_count("select count(*) from pg_class where relkind = 'r' and relispartition and not "
                                 "(relrowsecurity and relforcerowsecurity and relowner = "
                                 "'rongqiao_keeper'::regrole) or relispartition and (has_table_privilege("
                                 "'rongqiao_app', oid, 'select, insert, update, delete') or has_table_privilege("
                                 "'rongqiao_definer', oid, 'select, insert, update, delete'))"),
                     0);
    assert_string_equal(house_sql("select string_agg(relname, ' ' order by relname) from pg_class c where "
                                  "relkind = 'r' and relnamespace = "
                                  "'public'::regnamespace and not relrowsecurity and "
                                  "has_any_column_privilege('rongqiao_app', oid, 'insert, "
                                  "update') or relname = 'never'"),
                        "score_weights");
}

static void nobody_sees_a_row_of_anybody(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    const char *tables = house_sql("select string_agg(relname, ' ' order by relname) from pg_class where "
                                   "relkind = 'r' and relnamespace = "
                                   "'public'::regnamespace and relrowsecurity and relname <> all "
                                   "('{institution,product,programme,product_history,"
                                   "programme_history,product_capacity,institution_record}')");
    unsigned seen = 0;
    for (const char *at = tables; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *count = as_app(textf("select count(*) from (select 1 from %.*s) t", (int)length, at));
        bool is_closed = strcmp(count, "42501") == 0; /* not even to count: functions alone read it */
        if (strcmp(count, "0") != 0 && !is_closed)
            print_error("%.*s: %s\n", (int)length, at, count);
        assert_true(is_closed || strcmp(count, "0") == 0);
        at += length;
        seen++;
    }
    assert_true(seen >= 15);
    /* The shelf is public, drafts are not on it. */
    expect(201, &world.maker_a, "POST", "/v1/products", loan_document("credit_loan", "草稿"));
    assert_string_equal(as_app("select count(*) from product where state <> 'online'"), "0");
    assert_string_not_equal(as_app("select count(*) from product"), "0");
}

static void settings_end_with_their_transaction(void **state)
{
    (void)state;
    as_app("begin");
    enter(&world.operator, "operator", "", "operator");
    assert_string_not_equal(as_app("select count(*) from enterprise"), "0");
    as_app("commit");
    assert_string_equal(as_app("select count(*) from enterprise"), "0");
    assert_string_equal(
        as_app("select app.side() || coalesce(app.user_id()::text, '') || coalesce(app.org_id()::text, '')"),
        "");
}

static void enterprise_cannot_write_rows_of_another(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_b, NULL);
    const char *const refused[] = {
        textf("insert into consent (province, enterprise_id, institution_id, purpose, text_version, "
              "valid_to, created_by) values "
              "('44', '%s', '%s', 'x', '1', now(), '%s')",
              world.id_b, world.bank_a, world.enterprise_a.id),
        textf("insert into enterprise_fact (enterprise_id, province, fact, value, source) values ('%s', "
              "'44', 'employees', '1', "
              "'tax')",
              world.id_b),
        textf("insert into application (province, need_id, enterprise_id, institution_id, origin, "
              "region_code, green_channel, "
              "state) values ('44', '%s', '%s', '%s', 'apply', '440106', 'none', 'received')",
              need, world.id_b, world.bank_a),
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        as_app("begin");
        enter(&world.enterprise_a, "enterprise", world.id_a, "enterprise");
        as_app("select set_config('app.action', 'apply', true)");
        assert_string_equal(as_app(refused[i]), "42501");
        as_app("rollback");
    }
    as_app("begin");
    enter(&world.enterprise_a, "enterprise", world.id_a, "enterprise");
    assert_string_equal(
        as_app(textf("update need set max_claims = 9 where id = '%s' returning 'changed'", need)), "");
    as_app("rollback");
}

static void case_moves_only_along_its_transitions(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    static const char *const states[] = {"funded", "accepted", "closed", "claimed", "no_such_state"};
    for (size_t i = 0; i < COUNT(states); i++) {
        as_app("begin");
        enter(&world.enterprise_a, "enterprise", world.id_a, "enterprise");
        as_app("select set_config('app.action', 'accept', true)");
        assert_string_equal(as_app(textf("update need set state = '%s' where id = '%s'", states[i], need)),
                            "RQ409");
        as_app("rollback");
    }
}

static void audit_trail_only_grows(void **state)
{
    static const char *const changes[] = {"update audit_event set action = 'x'", "delete from audit_event",
                                          "truncate audit_event"};
    (void)state;
    assert_true(house_count("select count(*) from audit_event") > 0);
    for (size_t i = 0; i < COUNT(changes); i++) {
        as_app("begin");
        enter(&world.operator, "operator", "", "operator");
        assert_string_equal(as_app(changes[i]), "42501");
        as_app("rollback");
        /* The owner can't by accident, either. */
        PGconn *owner = house_connect(house.owner);
        PGresult *result = PQexec(owner, changes[i]);
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
        PQclear(result);
        PQfinish(owner);
    }
    assert_string_equal(as_app("alter table audit_event disable trigger all"), "42501");
}

static void server_role_cannot_reach_what_it_has_no_business_with(void **state)
{
    static const char *const refused[] = {
        "select password_hash from app_user",
        "select * from app_user",
        "update app_user set roles = '{operator}'",
        "update app_user set password_hash = 'x'",
        "delete from app_user",
        "insert into session (token_hash, user_id, idle_seconds, expires_at) values ('x', gen_random_uuid(), "
        "1, now())",
        "update session set expires_at = now()",
        "delete from need",
        "delete from offer",
        "delete from idempotency",
        "update match_run set result = ''",
        "update guarantee_entry set gross_fen = 1",
        "update product_capacity set cases = 0",
        "update catalogue set version = 1",
        "update transition set roles = '{enterprise}'",
        "delete from refusal_reason",
        "update region set name_zh = 'x'",
        "insert into holiday values ('2030-01-01', true, 'x')",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        as_app("begin");
        enter(&world.operator, "operator", "", "operator");
        const char *code = as_app(refused[i]);
        if (strcmp(code, "42501") != 0)
            print_error("%s: %s\n", refused[i], code);
        assert_string_equal(code, "42501");
        as_app("rollback");
    }
}

#define ROWS_TEST(name) cmocka_unit_test_setup_teardown(name, connect_app, leave_app)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROWS_TEST(server_role_can_do_little),
        ROWS_TEST(table_of_rows_that_are_somebodys_is_guarded),
        ROWS_TEST(nobody_sees_a_row_of_anybody),
        ROWS_TEST(settings_end_with_their_transaction),
        ROWS_TEST(enterprise_cannot_write_rows_of_another),
        ROWS_TEST(case_moves_only_along_its_transitions),
        ROWS_TEST(audit_trail_only_grows),
        ROWS_TEST(server_role_cannot_reach_what_it_has_no_business_with),
    };
    return cmocka_run_group_tests_name("api.rows", tests, world_open, world_close);
}
