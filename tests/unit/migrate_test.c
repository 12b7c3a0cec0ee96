/* Migrations on an empty database each. */
#include "test.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/db.h"
#include "support/cluster.h"
#include "support/lanes.h"

static test_cluster *server;

static int start(void **state)
{
    (void)state;
    server = cluster_start(NULL);
    return server == NULL;
}

static int stop(void **state)
{
    (void)state;
    cluster_free(server);
    return 0;
}

/* One test's directory of migrations and its database. */
typedef struct place {
    char directory[256];
    char conninfo[512];
    PGconn *connection;
    unsigned applied;
    rq_error error;
} place;

static void write_file(const place *here, const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", here->directory, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const place *here, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", here->directory, name);
    (void)unlink(path);
}

static void open_place(place *here, const char *database)
{
    char path[300];
    memset(here, 0, sizeof(*here));
    (void)snprintf(here->directory, sizeof(here->directory), RQ_BINARY_DIR "/migrations-XXXXXX");
    assert_non_null(mkdtemp(here->directory));
    (void)snprintf(path, sizeof(path), "%s/data", here->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(cluster_create_database(server, database, here->conninfo, sizeof(here->conninfo)));
    assert_int_equal(rq_connect_blocking(here->conninfo, &here->connection, &here->error), RQ_OK);
    write_file(here, "0001_base.sql",
               "create table region (code text primary key, name text not null);\n"
               "-- two\n"
               "\\copy region (code, name) from 'data/region.csv' with (format csv, header true)\n"
               "create table bank (id int primary key, region text references region);\n"
               "insert into bank values (1, '3301');\n");
    write_file(here, "data/region.csv", "code,name\n33,浙江\n3301,\"杭州, 市\"\n");
    write_file(here, "0002_more.sql", "alter table bank add column name text;\n");
}

static void close_place(place *here)
{
    static const char *const names[] = {"0001_base.sql", "0002_more.sql", "0002_again.sql",
                                        "0003_last.sql", "0004_gap.sql",  "data/region.csv"};
    PQfinish(here->connection);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        remove_file(here, names[i]);
    }
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/data", here->directory);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(here->directory), 0);
}

static rq_status migrate(place *here)
{
    return rq_migrate(here->connection, here->directory, &here->applied, &here->error);
}

static void assert_sql(const place *here, const char *sql, const char *expected)
{
    char value[256];
    lanes_sql(here->conninfo, sql, value, sizeof(value));
    assert_string_equal(value, expected);
}

static void migrations_apply_in_order_once_each(void **state)
{
    (void)state;
    place here;
    open_place(&here, "in_order");
    assert_int_equal(migrate(&here), RQ_OK);
    assert_int_equal(here.applied, 2);
    assert_int_equal(migrate(&here), RQ_OK);
    assert_int_equal(here.applied, 0);
    write_file(&here, "0003_last.sql", "alter table bank add column grade int;");
    assert_int_equal(migrate(&here), RQ_OK);
    assert_int_equal(here.applied, 1);
    assert_sql(&here, "select string_agg(name, ' ' order by version) from schema_migration",
               "0001_base.sql 0002_more.sql 0003_last.sql");
    assert_sql(&here, "select bool_and(sha256 ~ '^[0-9a-f]{64}$') from schema_migration", "t");
    close_place(&here);
}

static void csv_files_are_loaded_where_their_line_stands(void **state)
{
    (void)state;
    place here;
    open_place(&here, "csv_loaded");
    assert_int_equal(migrate(&here), RQ_OK);
    assert_sql(&here, "select string_agg(code || '=' || name, ';' order by code) from region",
               "33=浙江;3301=杭州, 市");
    assert_sql(&here, "select region from bank", "3301");
    close_place(&here);
}

static void changed_file_is_refused(void **state)
{
    (void)state;
    place here;
    open_place(&here, "changed_file");
    assert_int_equal(migrate(&here), RQ_OK);
    write_file(&here, "0002_more.sql", "alter table bank add column other text;\n");
    write_file(&here, "0003_last.sql", "create table never (id int);");
    assert_int_equal(migrate(&here), RQ_INVALID);
    assert_string_equal(here.error.message, "0002_more.sql has changed since it was applied");
    assert_sql(&here, "select to_regclass('never') is null", "t");
    close_place(&here);
}

static void changed_csv_file_is_refused(void **state)
{
    (void)state;
    place here;
    open_place(&here, "changed_csv");
    assert_int_equal(migrate(&here), RQ_OK);
    write_file(&here, "data/region.csv", "code,name\n33,浙江省\n");
    assert_int_equal(migrate(&here), RQ_INVALID);
    assert_string_equal(here.error.message, "0001_base.sql has changed since it was applied");
    close_place(&here);
}

static void gap_and_double_numbers_are_refused(void **state)
{
    (void)state;
    place here;
    open_place(&here, "gaps");
    write_file(&here, "0004_gap.sql", "select 1;");
    assert_int_equal(migrate(&here), RQ_INVALID);
    assert_non_null(strstr(here.error.message, "0004_gap.sql"));
    remove_file(&here, "0004_gap.sql");
    write_file(&here, "0002_again.sql", "select 1;");
    assert_int_equal(migrate(&here), RQ_INVALID);
    assert_non_null(strstr(here.error.message, "0002_more.sql"));
    assert_sql(&here, "select to_regclass('region') is null", "t");
    close_place(&here);
}

static void failing_file_rolls_back_whole_and_names_its_line(void **state)
{
    (void)state;
    place here;
    open_place(&here, "rolls_back");
    write_file(&here, "0003_last.sql",
               "create table half (id int);\ndelete from bank; delete from region;\n"
               "\\copy region (code, name) from 'data/region.csv'\n"
               "select '杭州';\nselect 1\n  from no_such_table;\n");
    assert_int_equal(migrate(&here), RQ_IO);
    assert_string_equal(here.error.message, "0003_last.sql:6: relation \"no_such_table\" does not exist");
    assert_int_equal(here.applied, 2);
    assert_sql(&here, "select to_regclass('half') is null", "t");
    assert_sql(&here, "select count(*) from bank", "1");
    assert_sql(&here, "select max(version) from schema_migration", "2");
    write_file(&here, "0003_last.sql", "create table whole (id int);");
    assert_int_equal(migrate(&here), RQ_OK);
    assert_int_equal(here.applied, 1);
    close_place(&here);
}

static void broken_csv_names_its_row(void **state)
{
    (void)state;
    place here;
    open_place(&here, "broken_csv");
    write_file(&here, "data/region.csv", "code,name\n33,浙江\n3301\n");
    assert_int_equal(migrate(&here), RQ_IO);
    assert_string_equal(here.error.message,
                        "0001_base.sql:3: missing data for column \"name\": COPY region, line 3: \"3301\"");
    remove_file(&here, "data/region.csv");
    assert_int_equal(migrate(&here), RQ_IO);
    assert_non_null(strstr(here.error.message, "data/region.csv: No such file or directory"));
    assert_sql(&here, "select to_regclass('region') is null", "t");
    close_place(&here);
}

static void copy_line_out_of_the_directory_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "\\copy region (code) from '/etc/passwd'\n",
        "\\copy region (code) from '../secret.csv'\n",
        "\\copy region (code) from data/region.csv\n",
        "\\copy region to 'data/region.csv'\n",
        "\\copy region (code) from 'data/region.csv' with (format binary)\n",
    };
    place here;
    open_place(&here, "copy_line");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        write_file(&here, "0002_more.sql", lines[i]);
        assert_int_equal(migrate(&here), RQ_INVALID);
        assert_string_equal(here.error.message,
                            "0002_more.sql:1: not \\copy table (columns) from 'data/file.csv'");
    }
    close_place(&here);
}

static void file_that_ends_the_transaction_is_refused(void **state)
{
    (void)state;
    place here;
    open_place(&here, "ends_transaction");
    write_file(&here, "0003_last.sql", "create table half (id int);\nrollback;\n");
    assert_int_equal(migrate(&here), RQ_INVALID);
    assert_string_equal(here.error.message, "0003_last.sql: the part from line 1 ends the transaction");
    assert_sql(&here, "select max(version) from schema_migration", "2");
    close_place(&here);
}

static void database_newer_than_the_directory_is_refused(void **state)
{
    (void)state;
    place here;
    open_place(&here, "newer");
    assert_int_equal(migrate(&here), RQ_OK);
    remove_file(&here, "0002_more.sql");
    assert_int_equal(migrate(&here), RQ_INVALID);
    assert_non_null(strstr(here.error.message, "0002_more.sql, which this version does not know"));
    close_place(&here);
}

static void *migrate_beside(void *argument)
{
    place *here = argument;
    place other = *here;
    if (rq_connect_blocking(here->conninfo, &other.connection, &other.error) != RQ_OK) {
        return NULL;
    }
    bool is_fine = migrate(&other) == RQ_OK;
    PQfinish(other.connection);
    return is_fine ? argument : NULL;
}

static void instances_that_start_together_migrate_once(void **state)
{
    (void)state;
    enum { INSTANCES = 4 };
    place here;
    pthread_t threads[INSTANCES];
    open_place(&here, "together");
    write_file(&here, "0003_last.sql", "select pg_sleep(0.2); create table once (id int);");
    for (unsigned i = 0; i < INSTANCES; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_beside, &here), 0);
    }
    for (unsigned i = 0; i < INSTANCES; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, &here);
    }
    assert_sql(&here, "select count(*) from schema_migration", "3");
    close_place(&here);
}

static void unreachable_server_is_told(void **state)
{
    (void)state;
    PGconn *connection = NULL;
    rq_error error;
    assert_int_equal(rq_connect_blocking("host=/nonexistent", &connection, &error), RQ_IO);
    assert_non_null(strstr(error.message, "/nonexistent"));
    assert_int_equal(rq_connect_blocking("no conninfo", &connection, &error), RQ_INVALID);
    assert_null(connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_apply_in_order_once_each),
        cmocka_unit_test(csv_files_are_loaded_where_their_line_stands),
        cmocka_unit_test(changed_file_is_refused),
        cmocka_unit_test(changed_csv_file_is_refused),
        cmocka_unit_test(gap_and_double_numbers_are_refused),
        cmocka_unit_test(failing_file_rolls_back_whole_and_names_its_line),
        cmocka_unit_test(broken_csv_names_its_row),
        cmocka_unit_test(copy_line_out_of_the_directory_is_refused),
        cmocka_unit_test(file_that_ends_the_transaction_is_refused),
        cmocka_unit_test(database_newer_than_the_directory_is_refused),
        cmocka_unit_test(instances_that_start_together_migrate_once),
        cmocka_unit_test(unreachable_server_is_told),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
