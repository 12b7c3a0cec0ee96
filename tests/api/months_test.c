/* What grows without end lies a month to a table: the coming ones are made by themselves, an old one goes into the archive
 * while the server goes on, and nothing that is still needed does. */
#include <sys/stat.h>

#include "world.h"

enum { FORMER_MONTHS = 3, ROWS = 40, OUTPUT = 1 << 20, FILE_BYTES = 1 << 14 };
static char *output;
static const char *ended; /* a need that is over: what old months are filled with */

static const char *month(int ago)
{
    return house_sql("select to_char(app.month_of(now()) - make_interval(months => %d), 'YYYY-MM')", ago);
}

static const char *table_of(const char *name, const char *of_month)
{
    return textf("%s_%.4s_%s", name, of_month, of_month + 5);
}

static void run_file(const char *name, const char *settings)
{
    char *text = house_keep(calloc(1, FILE_BYTES), free);
    FILE *file = fopen(textf("%s/tests/data/%s", RQ_SOURCE_DIR, name), "re");
    assert_non_null(file);
    assert_in_range(fread(text, 1, FILE_BYTES, file), 1, FILE_BYTES - 1);
    fclose(file);
    house_sql("set client_min_messages = warning; %s; %s", settings, text);
}

static void fill(const char *of_month)
{
    run_file("former_rows.sql",
             textf("set test.rows = %d; set test.month = '%s'; set test.need = '%s'", ROWS, of_month, ended));
}

/* As a superuser may, past every guard. */
static void tamper(const char *sql)
{
    house_sql("set session_replication_role = replica; %s; set session_replication_role = origin", sql);
}

static int months(const char *verb, const char *of_month)
{
    return house_run_text((const char *const[]){"months", verb, of_month, NULL}, NULL, output, OUTPUT);
}

static bool all_is_sealed(void *argument)
{
    (void)argument;
    return house_count("select count(*) from audit_waiting") == 0;
}

static bool is_table(void *name)
{
    return house_count("select count(*) from pg_class where relname = '%s' and relispartition", (const char *)name) == 1;
}

static int open_old_world(void **state)
{
    output = malloc(OUTPUT);
    house_settings = "log_level = error\njob_interval_ms = 100\n";
    if (!output || world_open(state) != 0)
        return -1;
    const char *folder = textf("%s/checkpoints", house.folder);
    house_write_config("rongqiao.conf",
                       textf("audit_key_file = %s/audit.pem\naudit_public_key_file = %s/audit-public.pem\n"
                             "audit_checkpoint_directory = %s\naudit_checkpoint_seconds = 0\n",
                             house.folder, house.folder, folder));
    if (mkdir(folder, 0700) != 0 ||
        house_run((const char *const[]){"audit", "key", NULL}, NULL, NULL, 0) != 0)
        return -1;
    house_stop_server();
    run_file("former_months.sql", textf("set test.months = %d", FORMER_MONTHS));
    house_start_server();
    ended = strdup(need_post(&world.enterprise_a, NULL));
    expect(200, &world.zhejiang, "GET", textf("/v1/needs/%s", ended), NULL);
    move(200, &world.enterprise_a, "needs", ended, "withdraw", NULL);
    return house_sweep(state);
}

static int close_old_world(void **state)
{
    free(output);
    free((char *)ended);
    return world_close(state);
}

static void coming_months_are_made_before_they_begin(void **state)
{
    (void)state;
    const char *last = house_sql("select to_char(app.month_of(now()) + interval '3 months', 'YYYY-MM')");
    const char *part = table_of("match_run", last);
    assert_int_equal(house_count("select count(*) from pg_class where relname = '%s'", part), 1);
    house_sql("drop table %s, %s", part, table_of("audit_event", last));
    assert_true(eventually(is_table, (void *)part));
    assert_true(eventually(is_table, (void *)table_of("audit_event", last)));
    /* Made as the others are: nobody but the keeper's has rights on it, and its row security is on. */
    assert_int_equal(house_count("select count(*) from pg_class where relname in ('%s', '%s') and relrowsecurity and "
                                 "relforcerowsecurity and relowner = 'rongqiao_keeper'::regrole and relacl is null",
                                 part, table_of("audit_event", last)),
                     2);
    assert_int_equal(house_count("select count(*) from job where name = 'months' and runs > 0"), 1);
}

static void what_is_needed_stays(void **state)
{
    (void)state;
    assert_int_equal(months("detach", month(0)), 1);
    assert_int_equal(months("detach", month(-1)), 1);
    assert_int_equal(months("detach", "1999-12"), 1);
    assert_int_equal(months("detach", "1999-13"), 2);
    assert_int_equal(months("detach", "; drop"), 2);
    assert_int_equal(months("drop", month(1)), 2);
    /* A need under way that was matched then; its trail may wait for its seal too, or not any more. */
    fill(month(1));
    const char *one = house_sql("select id from need where request_no like 'COPY-%%' limit 1");
    tamper(textf("update need set state = 'open' where id = '%s'", one));
    assert_int_equal(months("detach", month(1)), 1);
    tamper(textf("update need set state = 'closed' where id = '%s'", one));
    house_stop_server();
    house_sql("insert into audit_waiting (id, province) select id, province from %s on conflict do nothing",
              table_of("audit_event", month(1)));
    assert_int_equal(months("detach", month(1)), 1);
    assert_int_equal(house_count("select count(*) from pg_class where relnamespace = 'archive'::regnamespace and "
                                 "relkind = 'r'"),
                     0);
    house_sql("delete from audit_waiting w using audit_seal s where s.event_id = w.id");
    house_start_server();
}

static void old_month_goes_into_the_archive(void **state)
{
    const char *old = month(2);
    (void)state;
    fill(old);
    assert_true(eventually(all_is_sealed, NULL));
    const char *need = house_sql("select n.id from need n join %s r on r.id = n.run_id limit 1",
                                 table_of("match_run", old));
    expect(200, &world.enterprise_a, "GET", textf("/v1/needs/%s/matches", need), NULL);
    int64_t rows = house_count("select count(*) from match_run");
    assert_int_equal(months("detach", old), 0);
    assert_non_null(strstr(output, table_of("archive.match_run", old)));
    assert_int_equal(house_count("select count(*) from match_run"), rows - ROWS);
    assert_int_equal(house_count("select count(*) from archive.match_run"), ROWS);
    assert_int_equal(house_count("select count(*) from archive.audit_event"), ROWS);
    assert_int_equal(house_count("select count(*) from archive.enterprise_view"), ROWS);
    assert_true(house_count("select count(*) from archive.match") >= ROWS);
    assert_int_equal(months("detach", old), 0); /* there is nothing left to do */

    /* The need is still there; its match says where it is, to who may see it. */
    expect(200, &world.enterprise_a, "GET", textf("/v1/needs/%s", need), NULL);
    expect_problem(410, "match_archived", &world.enterprise_a, "GET", textf("/v1/needs/%s/matches", need), NULL);
    expect_problem(404, "not_found", &world.enterprise_b, "GET", textf("/v1/needs/%s/matches", need), NULL);

    /* The archive is read by nobody but the trail's verifier, and changed by nobody of the server's. */
    static const char *const tries[] = {"select from archive.match_run", "select from archive.enterprise_view",
                                        "delete from archive.audit_event", "truncate archive.audit_event",
                                        "insert into archive.audit_event select * from audit_event",
                                        "alter table audit_event rename to gone"};
    PGconn *app = house_connect(house.app);
    for (size_t i = 0; i < COUNT(tries); i++) {
        PGresult *result = PQexec(app, tries[i]);
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
        PQclear(result);
    }
    PQfinish(app);
}

static void trail_is_verified_with_its_archive(void **state)
{
    static const char *const verify[] = {"audit", "verify", NULL};
    const char *part = textf("archive.%s", table_of("audit_event", month(2)));
    (void)state;
    int code = house_run_text(verify, NULL, output, OUTPUT);
    if (code != 0)
        print_error("%s\n", output);
    assert_int_equal(code, 0);
    tamper(textf("update %s set action = 'nothing' where id = (select id from %s order by id limit 1)", part, part));
    assert_int_equal(house_run_text(verify, NULL, output, OUTPUT), 1);
    assert_non_null(strstr(output, "\"fault\":\"row_changed\""));
    /* Changed by its owner as by anybody: the archive is append only too. */
    PGconn *owner = house_connect(house.owner);
    PGresult *result = PQexec(owner, textf("delete from %s", part));
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
    PQclear(result);
    PQfinish(owner);
    house_sql("drop table %s", part);
    assert_int_equal(house_run_text(verify, NULL, output, OUTPUT), 1);
    assert_non_null(strstr(output, "\"fault\":\"row_missing\""));
}

static void interrupted_command_is_carried_on(void **state)
{
    const char *old = month(3), *part = table_of("match", old);
    (void)state;
    house_sql("alter table match detach partition %s concurrently", part);
    assert_int_equal(months(NULL, NULL), 0);
    assert_non_null(strstr(output, "in service"));
    assert_int_equal(months("detach", old), 0);
    assert_int_equal(house_count("select count(*) from pg_inherits where inhparent = 'archive.match'::regclass and "
                                 "inhrelid = 'archive.%s'::regclass", part),
                     1);
    assert_int_equal(house_count("select count(*) from pg_class where relnamespace = 'public'::regnamespace and relname "
                                 "like '%%\\_%.4s\\_%s'", old, old + 5),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(coming_months_are_made_before_they_begin),
        API_TEST(what_is_needed_stays),
        API_TEST(old_month_goes_into_the_archive),
        API_TEST(trail_is_verified_with_its_archive),
        API_TEST(interrupted_command_is_carried_on),
    };
    return cmocka_run_group_tests(tests, open_old_world, close_old_world);
}
