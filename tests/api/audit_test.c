/* The trail's seal: it follows every commit and holds none up, and `rongqiao audit verify` finds whatever a
 * superuser does to rows, seals and checkpoints, and says which. */
#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/audit.h"
#include "world.h"

enum { OUTPUT = 1 << 20 };
#define SETTINGS "log_level = error\njob_interval_ms = 100\n"
static char *output; /* of the last verify */

static const char *checkpoint_folder(void)
{
    return textf("%s/checkpoints", house.folder);
}

/* The only file there is, or will be: tests end within a month, or have two. */
static const char *checkpoint_file(void)
{
    return textf("%s/audit-%s.jsonl", checkpoint_folder(),
                 house_sql("select to_char(now() at time zone 'UTC', 'YYYY-MM')"));
}

static void configure(const char *digest, const char *key)
{
    house_write_config(
        "rongqiao.conf",
        textf("audit_digest = %s\naudit_key_file = %s/%s.pem\naudit_public_key_file = "
              "%s/audit-public.pem\naudit_checkpoint_directory = %s\naudit_checkpoint_seconds = 0\n",
              digest, house.folder, key, house.folder, checkpoint_folder()));
}

static bool make_key(const char *name, const char *kind)
{
    char id[64];
    configure("sm3", name);
    return house_run((const char *const[]){"audit", "key", kind, NULL}, NULL, id, sizeof(id)) == 0 &&
           strlen(id) == RQ_SIGNING_ID;
}

static int open_sealed_world(void **state)
{
    output = malloc(OUTPUT);
    if (!output || world_open(state) != 0)
        return -1;
    house_settings = SETTINGS;
    if (mkdir(checkpoint_folder(), 0700) != 0 || !make_key("other", "ed25519"))
        return -1;
    unlink(textf("%s/audit-public.pem", house.folder)); /* the other key is nobody's */
    if (!make_key("second", "p256") || !make_key("first", "sm2"))
        return -1;
    configure("sm3", "first");
    house_stop_server();
    house_start_server();
    return 0;
}

static int close_sealed_world(void **state)
{
    free(output);
    return world_close(state);
}

static int verify(void)
{
    return house_run_text((const char *const[]){"audit", "verify", NULL}, NULL, output, OUTPUT);
}

static bool is_sealed(void *argument)
{
    (void)argument;
    return house_count("select count(*) from audit_waiting") == 0 &&
           house_count("select count(*) from audit_checkpoint where size = (select max(n) from audit_seal)") >
               0;
}

/* The line of a fault, or null. */
static json_t *fault_of(const char *kind)
{
    const char *at = strstr(output, textf("{\"fault\":\"%s\"", kind));
    const char *line = at ? textf("%.*s", (int)strcspn(at, "\n"), at) : NULL;
    json_t *found = line ? json_loads(line, 0, NULL) : NULL;
    return found ? house_keep(found, (void (*)(void *))json_decref) : NULL;
}

static void assert_whole(void)
{
    int code = verify();
    if (code != 0)
        print_error("%s\n", output);
    assert_int_equal(code, 0);
    assert_non_null(strstr(output, textf("{\"sealed\":%lld,\"waiting\":0,",
                                         (long long)house_count("select count(*) from audit_event"))));
}

static void every_row_is_sealed_and_vouched_for(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    assert_true(eventually(is_sealed, NULL));
    assert_true(house_count("select count(*) from audit_seal") > 12);
    assert_int_equal(house_count("select max(n) - count(*) from audit_seal"), 0);
    assert_int_equal(house_count("select count(*) from audit_seal where algorithm <> 'sm3'"), 0);
    assert_whole();
}

static void sealed_fields_are_all_that_a_row_has(void **state)
{
    (void)state;
    assert_int_equal(house_count("select count(*) from information_schema.columns where table_name = "
                                 "'audit_event' and table_schema = 'public'"),
                     RQ_AUDIT_FIELDS);
    for (size_t i = 0; i < RQ_AUDIT_FIELDS; i++)
        assert_int_equal(
            house_count(
                "select count(*) from information_schema.columns where table_name = 'audit_event' and "
                "table_schema = 'public' and column_name = '%s'",
                rq_audit_fields[i]),
            1);
}

/* What a superuser may do, and undo. The server is down meanwhile. -------------------------------------- */

static const char *const tables[] = {"audit_event", "audit_seal", "audit_waiting", "audit_checkpoint"};

static void tamper(const char *sql)
{
    house_sql("set client_min_messages = warning; set session_replication_role = replica; %s; set "
              "session_replication_role = origin",
              sql);
}

static int keep_trail(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    if (!eventually(is_sealed, NULL))
        return -1;
    house_stop_server();
    house_sql("create schema kept");
    for (size_t i = 0; i < COUNT(tables); i++)
        house_sql("create table kept.%s as table public.%s", tables[i], tables[i]);
    return house_run((const char *const[]){"audit", "verify", NULL}, NULL, NULL, 0);
}

static void restore_trail(void)
{
    for (size_t i = 0; i < COUNT(tables); i++)
        tamper(textf("truncate public.%s; insert into public.%s table kept.%s", tables[i], tables[i],
                     tables[i]));
}

static int serve_again(void **state)
{
    restore_trail();
    house_sql("set client_min_messages = warning; drop schema kept cascade");
    house_start_server();
    return house_sweep(state);
}

/* Verify says this of row `number` (0: whichever) after `sql`; then all is put back. */
static void assert_found(const char *sql, const char *fault, int64_t number)
{
    tamper(sql);
    int code = verify();
    json_t *found = fault_of(fault);
    bool right = code == 1 && found &&
                 (number == 0 || number_of(found, member_of(found, "number") ? "number" : "from") == number);
    if (!right)
        print_error("%s: exit %d, wanted %s of %lld\n%s\n", sql, code, fault, (long long)number, output);
    assert_true(right);
    assert_true(number == 0 || !member_of(found, "event_id") ||
                strcmp(text_of(found, "event_id"),
                       house_sql("select event_id from kept.audit_seal where n = %lld", (long long)number)) ==
                    0);
    restore_trail();
    assert_int_equal(verify(), 0);
}

static void change_of_any_field_is_found(void **state)
{
    (void)state;
    const char *fifth = "id = (select event_id from audit_seal where n = 5)";
    for (size_t i = 0; i < RQ_AUDIT_FIELDS; i++) {
        const char *field = rq_audit_fields[i];
        const char *value = strcmp(field, "at") == 0             ? "at + interval '1 microsecond'"
                            : strcmp(field, "province") == 0     ? "'99'"
                            : strcmp(field, "facts_digest") == 0 ? "repeat('0', 64)"
                            : strstr(field, "_id") || strcmp(field, "id") == 0 ? "app.uuid_v7()"
                                : textf("coalesce(%s, '') || ' '", field);
        bool is_key = strcmp(field, "id") == 0 || strcmp(field, "province") == 0;
        assert_found(textf("update audit_event set %s = %s where %s", field, value, fifth),
                     is_key ? "row_missing" : "row_changed", 5);
    }
}

/* Without leaving a gap. */
#define DROP_FIFTH_SEAL                                                                                      \
    "delete from audit_seal where n = 5; update audit_seal set n = n + 1000000 where n > 5; update "         \
    "audit_seal set n = n - 1000001 where n > 1000000"

static void row_that_is_gone_is_named(void **state)
{
    (void)state;
    const char *fifth = "delete from audit_event where id = (select event_id from audit_seal where n = 5)";
    assert_found(fifth, "row_missing", 5);
    assert_found(textf("%s; delete from audit_seal where n = 5", fifth), "seal_missing", 5);
    /* Closing the gap does not hide it. */
    assert_found(textf("%s; " DROP_FIFTH_SEAL, fifth), "row_changed", 0);
}

static void end_that_is_cut_off_is_found(void **state)
{
    (void)state;
    int64_t size = house_count("select max(n) from audit_seal");
    const int64_t left_over[] = {size - 1, size / 2, 1, 0};
    for (size_t i = 0; i < COUNT(left_over); i++)
        assert_found(
            textf("delete from audit_event where id in (select event_id from audit_seal where n > %lld); "
                  "delete from audit_seal where n > %lld",
                  (long long)left_over[i], (long long)left_over[i]),
            "rows_cut_off", left_over[i] + 1);
    /* Also with the database's own checkpoints and queue. */
    assert_found("truncate audit_event, audit_seal, audit_checkpoint, audit_waiting", "rows_cut_off", 1);
}

static void rows_that_changed_places_are_named(void **state)
{
    (void)state;
    const char *third = house_sql("select event_id from audit_seal where n = 3");
    const char *seventh = house_sql("select event_id from audit_seal where n = 7");
    /* Their seals ... */
    tamper("alter table audit_seal drop constraint audit_seal_event");
    assert_found(
        textf("update audit_seal set (event_id, province) = (select id, province from audit_event where id "
              "= case n when 3 then '%s'::uuid else '%s'::uuid end) where n in (3, 7)",
              seventh, third),
        "rows_swapped", 0);
    tamper("alter table audit_seal add constraint audit_seal_event unique (event_id, province)");
    /* ... or what they say, under their own ids. */
    assert_found(
        textf("update audit_event e set (at, request_id, user_id, side, org_id, kind, case_id, action, "
              "from_state, to_state, reason_code, reason_text, facts_digest) = (select o.at, o.request_id, "
              "o.user_id, o.side, o.org_id, o.kind, o.case_id, o.action, o.from_state, o.to_state, "
              "o.reason_code, o.reason_text, o.facts_digest from kept.audit_event o where o.id = case e.id "
              "when '%s' then '%s'::uuid else '%s'::uuid end) where e.id in ('%s', '%s')",
              third, seventh, third, third, seventh),
        house_count("select count(distinct province) from audit_event where id in ('%s', '%s')", third,
                    seventh) == 1
            ? "rows_swapped"
            : "row_changed",
        0);
}

static void row_that_was_put_in_is_named(void **state)
{
    (void)state;
    assert_found(
        "insert into audit_event (province, side, kind, case_id, action) values ('33', 'enterprise', "
        "'need', gen_random_uuid(), 'post')",
        "row_not_sealed", 0);
    assert_found("delete from audit_seal where n = (select max(n) from audit_seal)", "row_not_sealed", 0);
}

static void seal_that_was_changed_is_named(void **state)
{
    (void)state;
    assert_found("update audit_seal set hash = sha256('x') where n = 5", "seal_changed", 5);
    assert_found("update audit_seal set algorithm = 'sha256' where n = 5", "row_changed", 5);
}

/* Seals all rows anew in the order that they have: what somebody does who reads audit.h. */
static void reseal(void)
{
    const char *rows_sql =
        "select s.n, e.id, e.province, (extract(epoch from e.at) * 1000000)::bigint, e.request_id, "
        "e.user_id, "
        "e.side, e.org_id, e.kind, e.case_id, e.action, e.from_state, e.to_state, e.reason_code, "
        "e.reason_text, "
        "e.facts_digest from audit_seal s join audit_event e on e.id = s.event_id order by s.n";
    PGconn *owner = house_connect(house.owner);
    PGresult *rows = PQexec(owner, rows_sql);
    uint8_t seal[RQ_DIGEST_BYTES];
    char hex[RQ_DIGEST_HEX + 1];
    rq_buffer scratch;
    rq_buffer_init(&scratch, 1 << 20);
    assert_true(PQntuples(rows) > 12);
    assert_int_equal(rq_audit_begin(RQ_DIGEST_SM3, seal, NULL), RQ_OK);
    for (int row = 0; row < PQntuples(rows); row++) {
        const char *values[RQ_AUDIT_FIELDS];
        for (int i = 0; i < RQ_AUDIT_FIELDS; i++)
            values[i] = PQgetisnull(rows, row, i + 1) ? NULL : PQgetvalue(rows, row, i + 1);
        assert_int_equal(rq_audit_seal(RQ_DIGEST_SM3, seal, row + 1, values, &scratch, seal, NULL), RQ_OK);
        rq_hex(seal, sizeof(seal), hex);
        tamper(textf("update audit_seal set hash = '\\x%s' where n = %d", hex, row + 1));
    }
    rq_buffer_done(&scratch);
    PQclear(rows);
    PQfinish(owner);
}

static void assert_rewriting_is_found(const char *sql)
{
    tamper(sql);
    reseal();
    assert_int_equal(verify(), 1);
    json_t *found = fault_of("chain_rewritten");
    if (!found || fault_of("row_changed"))
        print_error("%s\n%s\n", sql, output);
    assert_non_null(found);
    assert_null(fault_of("row_changed")); /* within itself the chain is whole: the checkpoint knows better */
    assert_in_range(number_of(found, "from"), 1, 5);
    assert_true(number_of(found, "to") >= 5);
    restore_trail();
    assert_int_equal(verify(), 0);
}

static void chain_that_was_sealed_anew_is_found_by_its_checkpoint(void **state)
{
    (void)state;
    assert_rewriting_is_found(
        "update audit_event set action = 'nothing' where id = (select event_id from audit_seal "
        "where n = 5)");
    assert_rewriting_is_found(
        "delete from audit_event where id = (select event_id from audit_seal where n = 5); " DROP_FIFTH_SEAL);
    assert_rewriting_is_found(
        "insert into audit_event (province, side, kind, case_id, action) values ('33', 'enterprise', 'need', "
        "gen_random_uuid(), 'post'); update audit_seal set n = n + 1000000 where n >= 5; update audit_seal "
        "set n = n "
        "- 999999 where n > 1000000; insert into audit_seal (n, event_id, province, algorithm, hash) select "
        "5, id, "
        "province, 'sm3', sha256('') from audit_event order by at desc limit 1");
}

/* Checkpoints ------------------------------------------------------------------------------------------- */

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = house_keep(calloc(1, OUTPUT), free);
    assert_non_null(file);
    assert_true(fread(text, 1, OUTPUT - 1, file) > 0);
    fclose(file);
    return text;
}

static void write_all(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_checkpoints_found(const char *changed, const char *fault)
{
    const char *path = checkpoint_file();
    const char *whole = read_all(path);
    write_all(path, changed);
    int code = verify();
    if (code != 1 || !fault_of(fault))
        print_error("wanted %s\n%s\n", fault, output);
    assert_int_equal(code, 1);
    assert_non_null(fault_of(fault));
    write_all(path, whole);
    assert_int_equal(verify(), 0);
}

/* The text without its line `number` (from 0). */
static const char *without_line(const char *text, int number)
{
    const char *start = text;
    while (number-- > 0)
        start = strchr(start, '\n') + 1;
    return textf("%.*s%s", (int)(start - text), text, strchr(start, '\n') + 1);
}

static int lines_in(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void checkpoint_that_is_forged_or_gone_is_found(void **state)
{
    (void)state;
    const char *path = checkpoint_file();
    char *whole = read_all(path);
    int lines = lines_in(whole);
    assert_true(lines >= 3);
    char *forged = house_keep(strdup(whole), free);
    char *size = strstr(forged, "\"size\":") + 7;
    *size = *size == '9' ? '8' : (char)(*size + 1);
    assert_checkpoints_found(forged, "checkpoint_forged");
    assert_checkpoints_found("", "checkpoints_missing");
    assert_checkpoints_found(without_line(whole, 0), "checkpoint_missing");
    assert_checkpoints_found(without_line(whole, 1), "checkpoint_missing");
    assert_checkpoints_found(without_line(whole, lines - 1), "checkpoint_missing");
    assert_checkpoints_found(textf("%s{\"origin\":\"rongqiao\"}\n", whole), "checkpoint_unreadable");
    assert_int_equal(rename(path, textf("%s.away", path)), 0);
    assert_int_equal(verify(), 1);
    assert_non_null(fault_of("checkpoints_missing"));
    assert_non_null(fault_of("checkpoint_missing"));
    assert_int_equal(rename(textf("%s.away", path), path), 0);
    /* A copy kept elsewhere serves as well. */
    assert_int_equal(
        house_run((const char *const[]){"audit", "verify", checkpoint_folder(), NULL}, NULL, NULL, 0), 0);
    assert_int_equal(house_run((const char *const[]){"audit", "verify", "/nonexistent", NULL}, NULL, NULL, 0),
                     2);
}

/* Whoever rewrites the chain and signs it by a key of his own, or under another name. */
static void checkpoint_of_another_key_or_origin_is_found(void **state)
{
    (void)state;
    rq_signing_key *other = NULL, *first = NULL;
    rq_checkpoint next = {.origin = "rongqiao",
                          .number = house_count("select max(number) + 1 from audit_checkpoint"),
                          .size = 5};
    rq_checkpoint elsewhere = {.origin = "elsewhere", .number = next.number, .size = 5};
    char line[RQ_CHECKPOINT_LINE];
    const char *whole = read_all(checkpoint_file());
    assert_int_equal(rq_signing_key_load(textf("%s/other.pem", house.folder), &other, NULL), RQ_OK);
    assert_int_equal(rq_signing_key_load(textf("%s/first.pem", house.folder), &first, NULL), RQ_OK);
    assert_int_equal(rq_checkpoint_write(&next, "2026-01-01T00:00:00.000Z", other, line, NULL), RQ_OK);
    assert_checkpoints_found(textf("%s%s\n", whole, line), "checkpoint_of_unknown_key");
    assert_int_equal(rq_checkpoint_write(&elsewhere, "2026-01-01T00:00:00.000Z", first, line, NULL), RQ_OK);
    assert_checkpoints_found(textf("%s%s\n", whole, line), "checkpoint_of_another");
    assert_int_equal(rq_checkpoint_write(&next, "2026-01-01T00:00:00.000Z", first, line, NULL), RQ_OK);
    assert_checkpoints_found(textf("%s%s\n", whole, line), "checkpoint_out_of_order");
    rq_signing_key_free(other);
    rq_signing_key_free(first);
}

static void database_that_forgot_its_checkpoints_is_found(void **state)
{
    (void)state;
    assert_found("delete from audit_checkpoint where number > 1", "checkpoint_forgotten", 0);
}

/* The sealer at work ------------------------------------------------------------------------------------ */

static PGresult *run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
        print_error("%s: %s", sql, PQerrorMessage(connection));
    return result;
}

static bool is_chained(void *argument)
{
    return house_count("select count(*) from audit_seal where event_id = '%s'", (const char *)argument) == 1;
}

static void row_that_is_committed_late_is_sealed_all_the_same(void **state)
{
    (void)state;
    PGconn *slow = house_connect(house.owner);
    PQclear(run(slow, "begin"));
    PGresult *made =
        run(slow, "insert into audit_event (province, side, kind, case_id, action) values ('33', "
                  "'system', 'need', gen_random_uuid(), 'post') returning id");
    const char *id = textf("%s", PQgetvalue(made, 0, 0));
    PQclear(made);
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *later =
        house_sql("select id from audit_event where case_id = '%s' order by id limit 1", need);
    assert_true(eventually(is_chained, (void *)(uintptr_t)later));
    assert_true(strcmp(id, later) < 0);
    assert_int_equal(house_count("select count(*) from audit_seal where event_id = '%s'", id), 0);
    PQclear(run(slow, "commit"));
    PQfinish(slow);
    assert_true(eventually(is_chained, (void *)(uintptr_t)id));
    assert_true(eventually(is_sealed, NULL));
    assert_whole();
}

/* Whatever holds the chain up, commits go on. */
static void commits_do_not_wait_for_seals(void **state)
{
    (void)state;
    PGconn *blocker = house_connect(house.owner);
    PQclear(run(blocker, "begin; lock table audit_seal, audit_checkpoint in access exclusive mode; select "
                         "pg_advisory_xact_lock(hashtext('rongqiao_audit_seal'))"));
    const char *need = need_post(&world.enterprise_a, NULL);
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
    assert_true(house_count("select count(*) from audit_waiting") >= 2);
    PQclear(run(blocker, "rollback"));
    PQfinish(blocker);
    assert_true(eventually(is_sealed, NULL));
    assert_whole();
}

static bool is_late(void *argument)
{
    (void)argument;
    return house_count("select count(*) from audit_waiting") > 0;
}

static void one_instance_at_a_time_seals(void **state)
{
    (void)state;
    house_stop_server();
    PGconn *other = house_connect(house.app);
    PQclear(run(other, "select pg_advisory_lock(hashtext('rongqiao_audit_sealer'))"));
    house_start_server();
    need_post(&world.enterprise_a, NULL);
    for (int i = 0; i < 10; i++) /* several rounds of its jobs */
        usleep(50000);
    assert_true(is_late(NULL));
    PQfinish(other); /* the other instance ends */
    assert_true(eventually(is_sealed, NULL));
    assert_whole();
}

static void killed_sealer_goes_on_where_it_was(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        need_post(&world.enterprise_a, NULL);
        house_kill_server();
        house_start_server();
    }
    /* What a crash leaves of a line is no checkpoint and does not stay. */
    house_stop_server();
    write_all(checkpoint_file(), textf("%s{\"origin\":\"rong", read_all(checkpoint_file())));
    house_start_server();
    need_post(&world.enterprise_a, NULL);
    assert_true(eventually(is_sealed, NULL));
    assert_whole();
}

static void chain_goes_on_under_another_digest_and_key(void **state)
{
    (void)state;
    house_stop_server();
    configure("sha256", "second");
    house_start_server();
    need_post(&world.enterprise_a, NULL);
    assert_true(eventually(is_sealed, NULL));
    assert_int_equal(house_count("select count(distinct algorithm) from audit_seal"), 2);
    assert_whole();
}

static void figures_tell_of_seals(void **state)
{
    (void)state;
    assert_true(eventually(is_sealed, NULL));
    char command[256], text[1 << 15] = "";
    snprintf(command, sizeof(command), "curl --silent http://127.0.0.1:%u/metrics", house.admin_port);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    assert_true(fread(text, 1, sizeof(text) - 1, pipe) > 0);
    assert_int_equal(pclose(pipe), 0);
    static const char *const names[] = {"audit_rows_sealed_total", "audit_chain_size",
                                        "audit_lag_seconds",       "audit_checkpoints_total",
                                        "audit_failures_total 0",  "audit_alarms_total 0"};
    for (size_t i = 0; i < COUNT(names); i++)
        assert_non_null(strstr(text, textf("\nrongqiao_%s", names[i])));
}

static void server_role_can_only_add_and_seal_what_waits(void **state)
{
    static const char *const refused[] = {
        "update audit_event set action = 'x'",
        "delete from audit_event",
        "truncate audit_event",
        "update audit_seal set n = n + 1",
        "delete from audit_seal",
        "truncate audit_seal",
        "insert into audit_seal (n, event_id, province, algorithm, hash) values (1000000, gen_random_uuid(), "
        "'33', "
        "'sm3', sha256(''))",
        "update audit_checkpoint set size = 1",
        "delete from audit_checkpoint",
        "truncate audit_checkpoint",
        "insert into audit_checkpoint (number, size, line) values (1000000, 1, 'x')",
        "delete from audit_waiting",
        "update audit_waiting set province = '99'",
        "truncate audit_waiting",
        "insert into audit_waiting values (gen_random_uuid(), '33')",
        "drop trigger audit_event_awaits_seal on audit_event",
        "alter table audit_seal disable trigger all",
        "set session_replication_role = replica",
    };
    (void)state;
    assert_true(eventually(is_sealed, NULL));
    PGconn *app = house_connect(house.app);
    for (size_t i = 0; i < COUNT(refused); i++) {
        PGresult *result = PQexec(app, refused[i]);
        const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (!code || strcmp(code, "42501") != 0)
            print_error("%s: %s\n", refused[i], code ? code : "done");
        assert_string_equal(code ? code : "done", "42501");
        PQclear(result);
    }
    PQclear(PQexec(app, "select set_config('app.side', 'system', false)"));
    PGresult *result =
        PQexec(app, "select app.seal((select max(n) from audit_seal), 'sm3', '[{\"id\": "
                    "\"00000000-0000-0000-0000-000000000000\", \"province\": \"33\", \"hash\": "
                    "\"0000000000000000000000000000000000000000000000000000000000000000\"}]', 1)");
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "40001");
    PQclear(result);
    PQfinish(app);
    /* The owner can't by accident, either. */
    PGconn *owner = house_connect(house.owner);
    static const char *const changes[] = {"update audit_seal set n = n", "delete from audit_checkpoint",
                                          "truncate audit_seal"};
    for (size_t i = 0; i < COUNT(changes); i++) {
        result = PQexec(owner, changes[i]);
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
        PQclear(result);
    }
    PQfinish(owner);
}

static void half_a_setting_is_refused(void **state)
{
    (void)state;
    const char *path =
        house_write_config("half.conf", textf("audit_checkpoint_directory = %s\n", checkpoint_folder()));
    assert_int_equal(house_run((const char *const[]){"--config", path, "check", NULL}, NULL, NULL, 0), 1);
    path =
        house_write_config("half.conf", textf("audit_key_file = %s/first.pem\naudit_checkpoint_directory = "
                                              "/nonexistent\n",
                                              house.folder));
    assert_int_equal(house_run((const char *const[]){"--config", path, "check", NULL}, NULL, NULL, 0), 1);
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 0);
    assert_int_equal(house_run((const char *const[]){"audit", NULL}, NULL, NULL, 0), 2);
}

#define AT_REST(name) cmocka_unit_test_setup_teardown(name, keep_trail, serve_again)

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(every_row_is_sealed_and_vouched_for),
        API_TEST(sealed_fields_are_all_that_a_row_has),
        API_TEST(row_that_is_committed_late_is_sealed_all_the_same),
        API_TEST(commits_do_not_wait_for_seals),
        API_TEST(one_instance_at_a_time_seals),
        API_TEST(killed_sealer_goes_on_where_it_was),
        API_TEST(server_role_can_only_add_and_seal_what_waits),
        AT_REST(change_of_any_field_is_found),
        AT_REST(row_that_is_gone_is_named),
        AT_REST(end_that_is_cut_off_is_found),
        AT_REST(rows_that_changed_places_are_named),
        AT_REST(row_that_was_put_in_is_named),
        AT_REST(seal_that_was_changed_is_named),
        AT_REST(chain_that_was_sealed_anew_is_found_by_its_checkpoint),
        AT_REST(checkpoint_that_is_forged_or_gone_is_found),
        AT_REST(checkpoint_of_another_key_or_origin_is_found),
        AT_REST(database_that_forgot_its_checkpoints_is_found),
        API_TEST(figures_tell_of_seals),
        API_TEST(half_a_setting_is_refused),
        API_TEST(chain_goes_on_under_another_digest_and_key),
    };
    house_settings = SETTINGS "audit_digest = sm3\n";
    return cmocka_run_group_tests_name("api.audit", tests, open_sealed_world, close_sealed_world);
}
