/* Every compiled-in statement against the migrated schema, and what the schema owes to every key. */
#include "rongqiao/db.h"
#include "test.h"

static void every_statement_is_prepared_as_the_server_would(void **state)
{
    (void)state;
    PGconn *app = house_connect(house.app);
    assert_true(rq_statement_count > 60);
    for (size_t i = 0; i < rq_statement_count; i++) {
        const rq_statement *statement = &rq_statements[i];
        assert_ptr_equal(rq_statement_find(statement->name), statement);
        PGresult *result = PQprepare(app, statement->name, statement->text, 0, NULL);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            print_error("%s: %s", statement->name, PQresultErrorMessage(result));
        assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
        PQclear(result);
        /* The header names as many parameters as the text has. */
        result = PQdescribePrepared(app, statement->name);
        int named = statement->parameters[0] ? 1 : 0;
        for (const char *at = statement->parameters; *at; at++)
            named += *at == ' ';
        if (PQnparams(result) != named)
            print_error("%s: %d parameters, its header names %d\n", statement->name, PQnparams(result),
                        named);
        assert_int_equal(PQnparams(result), named);
        PQclear(result);
    }
    PQfinish(app);
}

static void statement_of_the_read_lane_only_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < rq_statement_count; i++) {
        const char *text = rq_statements[i].text;
        bool writes = strstr(text, "insert into") || strstr(text, "update ") || strstr(text, "delete from");
        if (writes && rq_statements[i].lane != RQ_LANE_WRITE)
            print_error("%s writes outside the write lane\n", rq_statements[i].name);
        assert_true(!writes || rq_statements[i].lane == RQ_LANE_WRITE);
    }
}

/* A key whose rows are looked up from the other side needs an index that begins with it; of a key of two the
 * identifier alone finds the row. */
static void every_foreign_key_is_indexed(void **state)
{
    (void)state;
    assert_true(house_count("select count(*) from pg_constraint where contype = 'f'") > 30);
    assert_string_equal(
        house_sql(
            "select coalesce(string_agg(conrelid::regclass || '.' || conname, ' ' order by 1), '') "
            "from (select c.conrelid, c.conname, c.conkey from pg_constraint c where c.contype = 'f' and not "
            "exists ("
            "select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = any (c.conkey) and "
            "i.indisvalid and "
            "(select attname from pg_attribute a where a.attrelid = c.conrelid and a.attnum = i.indkey[0]) "
            "<> 'province' and "
            "(i.indpred is null or pg_get_expr(i.indpred, i.indrelid) like '%%IS NOT NULL%%'))) missing"),
        "");
}

static void every_growing_table_has_the_province_in_its_key(void **state)
{
    (void)state;
    assert_string_equal(house_sql("select coalesce(string_agg(t.oid::regclass::text, ' '), '') from pg_class "
                                  "t where t.relkind = 'r' and "
                                  "t.relnamespace = 'public'::regnamespace and exists (select from "
                                  "pg_attribute a where a.attrelid = t.oid and "
                                  "a.attname in ('enterprise_id', 'need_id', 'case_id') and a.attnotnull) "
                                  "and not exists (select from pg_index i "
                                  "join pg_attribute p on p.attrelid = t.oid and p.attnum = any (i.indkey) "
                                  "where i.indrelid = t.oid and "
                                  "i.indisprimary and p.attname = 'province')"),
                        "");
}

static void migration_is_done_once(void **state)
{
    static const char *const migrate[] = {"migrate", NULL};
    char line[128];
    (void)state;
    const char *before = house_rows();
    assert_int_equal(house_run(migrate, NULL, line, sizeof(line)), 0);
    assert_string_equal(line, "0 migrations applied");
    assert_string_equal(house_rows(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(every_statement_is_prepared_as_the_server_would),
        API_TEST(statement_of_the_read_lane_only_reads),
        API_TEST(every_foreign_key_is_indexed),
        API_TEST(every_growing_table_has_the_province_in_its_key),
        API_TEST(migration_is_done_once),
    };
    return cmocka_run_group_tests_name("api.statements", tests, house_open, house_close);
}
