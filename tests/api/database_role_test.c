/* What the server's database role can do when somebody else speaks for it: no more than the server needs. */
#include "world.h"

static PGconn *app;

/* The SQLSTATE of a statement in a transaction that is rolled back; "00000" when it went through. */
static const char *state_of(const char *sql)
{
    PQclear(PQexec(app, "begin"));
    PGresult *result = PQexec(app, sql);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *copy = textf("%s", sqlstate ? sqlstate : "00000");
    PQclear(result);
    PQclear(PQexec(app, "rollback"));
    return copy;
}

static void check_denied(const char *sql)
{
    const char *sqlstate = state_of(sql);
    if (strcmp(sqlstate, "42501") != 0)
        print_error("%s: %s\n", sql, sqlstate);
    assert_string_equal(sqlstate, "42501");
}

/* The value of a query in a transaction that began with the settings. */
static int64_t count_as(const char *settings, const char *sql)
{
    PQclear(PQexec(app, "begin"));
    PQclear(PQexec(app, settings));
    PGresult *result = PQexec(app, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        print_error("%s: %s", sql, PQresultErrorMessage(result));
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    int64_t count = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQclear(PQexec(app, "rollback"));
    return count;
}

static void audit_cannot_be_changed(void **state)
{
    (void)state;
    const char *before = house_sql("select md5(string_agg(a::text, '' order by id)) from audit_event a");
    assert_true(house_count("select count(*) from audit_event") > 10);
    check_denied("update audit_event set action = 'nothing'");
    check_denied("delete from audit_event");
    check_denied("truncate audit_event");
    check_denied("alter table audit_event disable trigger all");
    check_denied("drop table audit_event");
    check_denied("drop trigger audit_event_append_only on audit_event");
    check_denied("insert into audit_event select * from audit_event on conflict (id, province) do update set "
                 "side = 'x'");
    assert_string_equal(house_sql("select md5(string_agg(a::text, '' order by id)) from audit_event a"),
                        before);
}

static void audit_cannot_be_changed_by_its_owner_unnoticed(void **state)
{
    (void)state;
    PGconn *owner = house_connect(house.owner);
    static const char *const tries[] = {"update audit_event set action = 'nothing'",
                                        "delete from audit_event", "truncate audit_event"};
    for (size_t i = 0; i < COUNT(tries); i++) {
        PGresult *result = PQexec(owner, tries[i]);
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
        PQclear(result);
    }
    PQfinish(owner);
}

static void nothing_can_be_made_altered_or_taken_away(void **state)
{
    static const char *const statements[] = {
        "create table loot (x int)",
        "create table app.loot (x int)",
        "create schema loot",
        "create temporary table loot (x int)",
        "create function app.loot() returns int language sql as 'select 1'",
        "create or replace function app.side() returns text language sql as 'select ''operator'''",
        "create role loot",
        "create extension dblink",
        "create policy loot on need using (true)",
        "alter table need disable row level security",
        "alter table need no force row level security",
        "alter table need owner to rongqiao_app",
        "alter table need drop constraint need_pkey",
        "alter policy need_read on need using (true)",
        "drop policy need_read on need",
        "drop table need",
        "truncate need",
        "truncate session",
        "alter function app.resolve(text) owner to rongqiao_app",
        "alter role rongqiao_app superuser",
        "alter role rongqiao_app bypassrls",
        "alter role rongqiao_definer login password 'x'",
        "alter database rongqiao set log_statement = 'all'",
        "alter system set log_statement = 'all'",
        "grant rongqiao_definer to rongqiao_app",
        "comment on table need is 'mine'",
        "select pg_reload_conf()",
        "security label on table need is 'x'",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(statements); i++) {
        const char *sqlstate = state_of(statements[i]);
        bool is_denied = strcmp(sqlstate, "42501") == 0 ||
                         strcmp(sqlstate, "22023") == 0 || /* no label provider */
                         strcmp(sqlstate, "25001") == 0;
        if (!is_denied)
            print_error("%s: %s\n", statements[i], sqlstate);
        assert_true(is_denied);
    }
    /* What cannot be in a transaction block is refused for the right, too. */
    PGresult *result = PQexec(app, "alter system set log_statement = 'all'");
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
    PQclear(result);
    result = PQexec(app, "create database loot");
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
    PQclear(result);
}

static void no_other_role_can_be_had(void **state)
{
    (void)state;
    check_denied("set role rongqiao_definer");
    check_denied("set role postgres");
    check_denied("set session authorization postgres");
    check_denied("set session_replication_role = 'replica'"); /* would silence triggers */
    assert_int_equal(house_count("select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member "
                                 "where r.rolname = 'rongqiao_app'"),
                     0);
    assert_int_equal(
        house_count("select count(*) from pg_roles where rolname = 'rongqiao_app' and (rolsuper or "
                    "rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)"),
        0);
    assert_int_equal(
        house_count("select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where "
                    "r.rolname = 'rongqiao_app'"),
        0);
    assert_int_equal(house_count("select count(*) from pg_proc p join pg_roles r on r.oid = p.proowner where "
                                 "r.rolname = 'rongqiao_app'"),
                     0);
}

static void secrets_and_the_machine_are_out_of_reach(void **state)
{
    static const char *const statements[] = {
        "select * from pg_authid",
        "select passwd from pg_shadow",
        "select password_hash from app_user",
        "select * from app_user",
        "select token_hash from session limit 0; select key_hash from api_key; select secret from totp",
        "select * from totp",
        "select * from recovery_code",
        "select * from login_device",
        "select pg_read_file('/etc/passwd')",
        "select pg_ls_dir('.')",
        "select lo_import('/etc/passwd')",
        "copy need to '/tmp/loot'",
        "copy need to program 'cat'",
        "copy enterprise_tag from program 'id'",
        "select pg_stat_file('base')",
        "select pg_switch_wal()",
        "select pg_create_restore_point('x')",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(statements); i++)
        check_denied(statements[i]);
    /* It sees that others are connected, and nothing of what they ask. */
    assert_int_equal(count_as("select 1",
                              "select count(*) from pg_stat_activity where usename = 'postgres' and query "
                              "not in ('<insufficient privilege>', '')"),
                     0);
}

static void every_tenant_table_has_forced_row_security_and_a_policy(void **state)
{
    (void)state;
    const char *open =
        house_sql("select coalesce(string_agg(c.relname, ' ' order by c.relname), '') from pg_class c "
                  "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not "
                  "(c.relrowsecurity and "
                  "c.relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid)) "
                  "and has_any_column_privilege('rongqiao_app', c.oid, 'select, insert, update') "
                  "and exists (select from pg_attribute a where a.attrelid = c.oid and not a.attisdropped "
                  "and a.attname in "
                  "('enterprise_id', 'institution_id', 'user_id', 'need_id', 'case_id', 'application_id', "
                  "'offer_id', 'org_id', "
                  "'round_id', 'subject_id', 'viewer_id', 'made_by', 'created_by', 'province', 'login'))");
    assert_string_equal(open, "");
    assert_true(house_count("select count(*) from pg_class where relnamespace = 'public'::regnamespace and "
                            "relrowsecurity and relforcerowsecurity") > 25);
}

static void without_saying_who_asks_no_tenants_row_is_seen(void **state)
{
    (void)state;
    static const char *const tables[] = {"need",        "application",     "offer",        "guarantee_case",
                                         "enterprise",  "match",           "match_run",    "consent",
                                         "audit_event", "session",         "app_user",     "api_key",
                                         "idempotency", "enterprise_fact", "notification", "enterprise_view"};
    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        const char *sql = textf("select count(id) from (select 1 as id from %s) t", tables[i]);
        bool is_empty = strcmp(tables[i], "consent") == 0 || strcmp(tables[i], "api_key") == 0 ||
                        strcmp(tables[i], "enterprise_fact") == 0;
        if (!is_empty && house_count("select count(*) from %s", tables[i]) == 0)
            fail_msg("the world has no %s: what is not seen proves nothing", tables[i]);
        assert_int_equal(count_as("select 1", sql), 0);
        /* Nor when a setting of before is left empty, as set_config() leaves it. */
        assert_int_equal(
            count_as("select set_config('app.user_id', '', true), set_config('app.org_id', '', true), "
                     "set_config('app.side', '', true), set_config('app.region', '', true)",
                     sql),
            0);
    }
}

static const char *enter_as(const test_user *user, const char *side, const char *org, const char *region)
{
    return textf("select app.enter('%s', '%s', '%s', '', '%s', '', null, null, null)", user->id, side, org,
                 region);
}

static void one_tenant_sees_nothing_of_anothers(void **state)
{
    (void)state;
    const char *own = enter_as(&world.enterprise_a, "enterprise", world.id_a, "");
    const char *other = enter_as(&world.enterprise_b, "enterprise", world.id_b, "");
    static const char *const tables[] = {"need", "application", "offer", "guarantee_case"};
    for (size_t i = 0; i < COUNT(tables); i++) {
        const char *sql = textf("select count(*) from %s", tables[i]);
        assert_true(count_as(own, sql) > 0);
        assert_int_equal(count_as(other, sql), 0);
        assert_int_equal(count_as(other, textf("select count(*) from %s where enterprise_id = '%s'",
                                               tables[i], world.id_a)),
                         0);
    }
    assert_int_equal(
        count_as(enter_as(&world.guangdong, "authority", "", GUANGDONG), "select count(*) from need"), 0);
    assert_true(count_as(enter_as(&world.zhejiang, "authority", "", ZHEJIANG), "select count(*) from need") >
                0);
    assert_int_equal(count_as(enter_as(&world.maker_b, "institution", world.bank_b, ""),
                              textf("select count(*) from offer where institution_id = '%s'", world.bank_a)),
                     0);
    /* A row cannot be written in another's name either. */
    PQclear(PQexec(app, "begin"));
    PQclear(PQexec(app, other));
    PGresult *result =
        PQexec(app, textf("insert into consent (province, enterprise_id, institution_id, purpose, "
                          "text_version, valid_to, created_by) values ('33', '%s', '%s', 'x', '1', "
                          "now(), '%s')",
                          world.id_a, world.bank_a, world.enterprise_b.id));
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
    PQclear(result);
    PQclear(PQexec(app, "rollback"));
}

/* The side "system" is the definer's: who only says so may read what it reads, and move nothing. */
static void definer_functions_are_guarded_and_their_path_is_fixed(void **state)
{
    (void)state;
    assert_string_equal(
        house_sql("select coalesce(string_agg(p.proname, ' '), '') from pg_proc p where p.prosecdef and "
                  "p.pronamespace in ('app'::regnamespace, 'public'::regnamespace) and "
                  "(p.proowner <> case p.proname when 'make_months' then 'rongqiao_keeper' else "
                  "'rongqiao_definer' end::regrole or not exists (select from "
                  "unnest(p.proconfig) c where c like 'search_path=%%pg_temp'))"),
        "");
    /* The keeper of the monthly tables has that one function, and nothing but those tables. */
    assert_string_equal(house_sql("select string_agg(distinct t.name, ' ' order by t.name) from pg_class c left join "
                                  "month_table t on c.relname = t.name or c.relname ~ ('^' || t.name || "
                                  "'_[0-9]{4}_[0-9]{2}$') where c.relkind in ('r', 'p', 'v', 'S') and c.relowner = "
                                  "'rongqiao_keeper'::regrole"),
                        "audit_event enterprise_view match match_run");
    assert_int_equal(house_count("select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where "
                                 "n.nspname = 'public' and c.relowner <> 'rongqiao_keeper'::regrole and "
                                 "c.relkind in ('r', 'p') and has_table_privilege('rongqiao_keeper', c.oid, "
                                 "'select, insert, update, delete, truncate') and c.relname <> 'month_table'"),
                     0);
    assert_int_equal(house_count("select count(*) from pg_auth_members where roleid = 'rongqiao_keeper'::regrole or "
                                 "member = 'rongqiao_keeper'::regrole"),
                     0);
    /* Whoever is not named has no way to them: the schemas are closed. */
    assert_int_equal(house_count("select count(*) from pg_namespace where nspname in ('app', 'public') and "
                                 "has_schema_privilege('public', oid, 'usage, create')"),
                     0);
    assert_int_equal(house_count("select count(*) from pg_namespace where nspname = 'public' and "
                                 "has_schema_privilege('rongqiao_app', oid, 'create')"),
                     0);
    assert_int_equal(
        house_count("select count(*) from pg_class where relkind in ('r', 'p') and relnamespace = "
                    "'public'::regnamespace and has_table_privilege('rongqiao_app', oid, "
                    "'truncate, references, trigger')"),
        0);
}

static int open_world(void **state)
{
    if (world_open(state) != 0)
        return -1;
    const char *need = need_post(&world.enterprise_a, NULL);
    (void)offer_make(&world.maker_a, &world.checker_a, apply_for(&world.enterprise_a, need, world.credit_a),
                     NULL);
    need = need_post(&world.enterprise_a, NULL);
    (void)guarantee_approve(&world.enterprise_a, apply_for(&world.enterprise_a, need, world.guaranteed_b),
                            world.guarantee);
    expect(200, &world.zhejiang, "GET", textf("/v1/needs/%s", need), NULL);
    app = house_connect(house.app);
    return house_sweep(state);
}

static int close_world(void **state)
{
    PQfinish(app);
    return world_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(audit_cannot_be_changed),
        API_TEST(audit_cannot_be_changed_by_its_owner_unnoticed),
        API_TEST(nothing_can_be_made_altered_or_taken_away),
        API_TEST(no_other_role_can_be_had),
        API_TEST(secrets_and_the_machine_are_out_of_reach),
        API_TEST(every_tenant_table_has_forced_row_security_and_a_policy),
        API_TEST(without_saying_who_asks_no_tenants_row_is_seen),
        API_TEST(one_tenant_sees_nothing_of_anothers),
        API_TEST(definer_functions_are_guarded_and_their_path_is_fixed),
    };
    return cmocka_run_group_tests_name("api.database_role", tests, open_world, close_world);
}
