/* Announcements: enterprises hear of a listed product that newly serves their open needs, once, whatever
 * happens to the instances that tell. */
#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

/* Needs and products ------------------------------------------------------------------------------- */

/* Ends what an earlier test left open. */
static int withdraw_needs(void **state)
{
    const char *ids = house_sql("select string_agg(id::text, ' ') from need where state = 'open'");
    for (; *ids; ids += strspn(ids, " ")) {
        const char *id = textf("%.36s", ids);
        const bool is_of_a = house_count("select count(*) from need where id = '%s' and enterprise_id = '%s'",
                                         id, world.id_a) == 1;
        move(200, is_of_a ? &world.enterprise_a : &world.enterprise_b, "needs", id, "withdraw", NULL);
        ids += 36;
    }
    return house_sweep(state);
}

static json_t *loan_in(const char *name, const char *region)
{
    json_t *document = loan_document("credit_loan", name);
    if (region)
        json_object_set_new(document, "regions", doc("[s]", region));
    return document;
}

static const char *publish(json_t *document)
{
    return product_publish(&world.maker_a, &world.checker_a, document);
}

/* Takes a product off the shelf and puts it back with other terms. */
static void relist(const char *product, json_t *document)
{
    move(200, &world.checker_a, "products", product, "pause", NULL);
    expect(200, &world.maker_a, "PUT", textf("/v1/products/%s", product), document);
    move(200, &world.checker_a, "products", product, "resume", NULL);
}

/* What was told ------------------------------------------------------------------------------------ */

static bool nothing_waits(void *argument)
{
    (void)argument;
    return house_count("select count(*) from product_announcement where finished_at is null") == 0;
}

static void await_announcements(void)
{
    assert_true(eventually(nothing_waits, NULL));
}

static int64_t told(const char *product, const char *enterprise)
{
    return house_count("select count(*) from notification where kind = 'product_fits' and "
                       "party_kind = 'enterprise' and party_id = '%s' and params ->> 'product_id' = '%s'",
                       enterprise, product);
}

/* Of the version that was listed last. */
static int64_t outcome(const char *product, const char *column)
{
    return house_count("select %s from product_announcement where product_id = '%s' order by from_version "
                       "desc limit 1",
                       column, product);
}

/* Who is told -------------------------------------------------------------------------------------- */

static void enterprise_hears_live_of_a_product_that_serves_its_need(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    int64_t told_before = metric("rongqiao_announcements_told_total");
    test_client *client = client_new();
    check_status(client_open_stream(client, "/v1/events",
                                    textf("Authorization: Bearer %s\r\n", world.enterprise_a.token)),
                 200);
    const char *product = publish(loan_in("新上架贷", ZHEJIANG));
    const char *piece;
    do {
        piece = client_read_piece(client, NULL);
        assert_non_null(piece);
    } while (!strstr(piece, "\"product_fits\""));
    client_free(client);
    json_t *event = house_keep(json_loads(strstr(piece, "data: ") + 6, JSON_DISABLE_EOF_CHECK, NULL),
                               (void (*)(void *))json_decref);
    assert_string_equal(text_of(event, "kind"), "product_fits");
    assert_string_equal(text_of(event, "subject_kind"), "need");
    assert_string_equal(text_of(event, "subject_id"), need);
    assert_string_equal(text_of(event, "params.product_id"), product);
    assert_string_equal(text_of(event, "params.product_zh"), "新上架贷");
    assert_string_equal(text_of(event, "params.institution_id"), world.bank_a);
    assert_string_equal(text_of(event, "params.institution_zh"), "甲银行");
    assert_string_equal(text_of(event, "params.no"),
                        text_of(get(200, &world.enterprise_a, "needs", need), "request_no"));
    assert_int_equal(number_of(event, "params.needs"), 1);
    await_announcements();
    assert_int_equal(outcome(product, "told"), 1);
    assert_int_equal(outcome(product, "fits"), 1);
    assert_int_equal(metric("rongqiao_announcements_told_total"), told_before + 1);
    /* What it then finds when it matches again. */
    json_t *match = expect(200, &world.enterprise_a, "POST", textf("/v1/needs/%s/matches", need), NULL);
    bool is_found = false;
    for (size_t i = 0; i < json_array_size(member_of(match, "eligible")); i++)
        is_found |= strcmp(text_of(match, textf("eligible.%zu.product.id", i)), product) == 0;
    assert_true(is_found);
}

static void enterprise_whose_need_does_not_fit_is_not_told(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    need_post(&world.enterprise_b, NULL);
    const char *product = publish(loan_in("只在广东", GUANGDONG));
    await_announcements();
    assert_int_equal(told(product, world.id_a), 0);
    assert_int_equal(told(product, world.id_b), 1);
}

static void product_without_a_market_tells_nobody(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    const char *product = publish(loan_in("只在海南", "460000"));
    await_announcements();
    assert_int_equal(outcome(product, "told"), 0);
    assert_int_equal(outcome(product, "fits"), 0);
}

static void need_whose_match_has_the_product_is_not_told(void **state)
{
    (void)state;
    const char *product = publish(loan_in("已匹配贷", ZHEJIANG));
    catalogue_await(&world.enterprise_a);
    need_post(&world.enterprise_a, NULL);
    json_t *cheaper = loan_in("已匹配贷", ZHEJIANG);
    json_object_set_new(cheaper, "promised_hours", json_integer(20));
    relist(product, cheaper);
    await_announcements();
    assert_int_equal(outcome(product, "fits"), 1);
    assert_int_equal(told(product, world.id_a), 0);
}

static void need_that_is_not_open_is_not_told(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    move(200, &world.enterprise_a, "needs", need, "withdraw", NULL);
    const char *product = publish(loan_in("来晚了", ZHEJIANG));
    await_announcements();
    assert_int_equal(told(product, world.id_a), 0);
}

/* The reverse match assumes a guarantor; the match looks for one and finds none for this amount. */
static void need_that_no_guarantor_backs_is_not_told(void **state)
{
    (void)state;
    need_post(&world.enterprise_a,
              doc("{sI sI}", "amount_fen", 40000000 * YUAN, "amount_min_fen", 40000000 * YUAN));
    need_post(&world.enterprise_b, NULL);
    json_t *document = loan_document("guaranteed_loan", "要担保");
    json_object_set_new(document, "amount_max_fen", json_integer(50000000 * YUAN));
    json_object_set_new(document, "guarantee", json_string("required"));
    const char *product = publish(document);
    await_announcements();
    assert_int_equal(outcome(product, "fits"), 2);
    assert_int_equal(told(product, world.id_a), 0);
    assert_int_equal(told(product, world.id_b), 1);
}

static void enterprise_with_several_needs_is_told_once(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    const char *newest = need_post(&world.enterprise_a, doc("{si}", "term_months", 24));
    const char *product = publish(loan_in("一告而已", ZHEJIANG));
    await_announcements();
    assert_int_equal(told(product, world.id_a), 1);
    assert_string_equal(house_sql("select subject_id || ' ' || (params ->> 'needs') from notification "
                                  "where kind = 'product_fits' and params ->> 'product_id' = '%s'",
                                  product),
                        textf("%s 2", newest));
}

/* Once --------------------------------------------------------------------------------------------- */

static void changed_product_tells_those_whom_it_newly_serves(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    need_post(&world.enterprise_b, NULL);
    const char *product = publish(loan_in("先广东后全国", GUANGDONG));
    await_announcements();
    relist(product, loan_in("先广东后全国", NULL));
    await_announcements();
    assert_int_equal(outcome(product, "fits"), 2);
    assert_int_equal(told(product, world.id_a), 1);
    assert_int_equal(told(product, world.id_b), 1);
    /* Back on the shelf as it was: it serves nobody newly. */
    move(200, &world.checker_a, "products", product, "pause", NULL);
    move(200, &world.checker_a, "products", product, "resume", NULL);
    await_announcements();
    assert_int_equal(told(product, world.id_a) + told(product, world.id_b), 2);
}

static void telling_again_tells_nobody(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    const char *product = publish(loan_in("再告一遍", ZHEJIANG));
    await_announcements();
    house_sql("update product_announcement set finished_at = null where product_id = '%s'", product);
    await_announcements();
    assert_int_equal(told(product, world.id_a), 1);
    assert_int_equal(outcome(product, "told"), 1);
}

static bool telling_stands_at_the_lock(void *argument)
{
    (void)argument;
    return house_count("select count(*) from pg_stat_activity where query like '%%tell_of_product%%' and "
                       "usename = 'rongqiao_app' and wait_event_type = 'Lock'") > 0;
}

/* Locks a row of the need that is told last, in the order of the ids: its page cannot be told. */
static PGconn *hold_last_need(void)
{
    PGconn *holder = house_connect(house.owner);
    PQclear(PQexec(holder, "begin"));
    PQclear(PQexec(holder, "select from need where id = (select id from need where state = 'open' "
                           "order by id desc limit 1) for update"));
    return holder;
}

static void server_that_dies_while_telling_is_followed_by_one_that_tells_once(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    PGconn *holder = hold_last_need();
    const char *product = publish(loan_in("中途而废", ZHEJIANG));
    assert_true(eventually(telling_stands_at_the_lock, NULL));
    house_kill_server();
    PQfinish(holder);
    assert_int_equal(told(product, world.id_a), 0);
    house_start_server();
    await_announcements();
    assert_int_equal(told(product, world.id_a), 1);
    assert_int_equal(outcome(product, "told"), 1);
}

/* As many enterprises as fill pages, each with a copy of one need and of its match. */
static void copy_need(const char *need, int copies)
{
    house_sql(
        "set session_replication_role = replica;"
        "insert into enterprise select (jsonb_populate_record(e, jsonb_build_object("
        "'id', md5('e' || i)::uuid, 'uscc', 'COPY' || i))).* from enterprise e, generate_series(1, %d) i "
        "where e.id = '%s';"
        "insert into need select (jsonb_populate_record(n, jsonb_build_object("
        "'id', md5('n' || i)::uuid, 'enterprise_id', md5('e' || i), 'run_id', '00' || substr(md5('m' || i), 3), "
        "'request_no', 'COPY' || i))).* "
        "from need n, generate_series(1, %d) i where n.id = '%s';"
        "insert into match_run select (jsonb_populate_record(m, jsonb_build_object("
        "'id', '00' || substr(md5('m' || i), 3), 'need_id', md5('n' || i)))).* "
        "from match_run m, generate_series(1, %d) i where m.need_id = '%s';"
        "reset session_replication_role",
        copies, world.id_a, copies, need, copies, need);
}

static const char *telling_product;
static bool part_is_told(void *argument)
{
    (void)argument;
    return outcome(telling_product, "told") > 0 && telling_stands_at_the_lock(NULL);
}

static void server_that_dies_between_pages_is_followed_by_one_that_tells_the_rest(void **state)
{
    enum { COPIES = 1200 };
    (void)state;
    copy_need(need_post(&world.enterprise_a, NULL), COPIES);
    PGconn *holder = hold_last_need();
    const char *product = telling_product = publish(loan_in("千家万户", ZHEJIANG));
    assert_true(eventually(part_is_told, NULL));
    house_kill_server();
    PQfinish(holder);
    int64_t part = outcome(product, "told");
    assert_true(part > 0 && part <= COPIES);
    house_start_server();
    await_announcements();
    assert_int_equal(outcome(product, "told"), COPIES + 1);
    assert_int_equal(outcome(product, "fits"), COPIES + 1);
    assert_int_equal(outcome(product, "held"), 0);
    assert_string_equal(
        house_sql("select count(*) || ' ' || count(distinct party_id) from notification where kind = "
                  "'product_fits' and params ->> 'product_id' = '%s'",
                  product),
        textf("%d %d", COPIES + 1, COPIES + 1));
    house_sql("set session_replication_role = replica; update need set state = 'withdrawn' where request_no "
              "like 'COPY%%'; reset session_replication_role");
}

static bool has_written_its_ports(void *argument)
{
    return access(argument, R_OK) == 0;
}

/* Another instance on the same database, when it is ready to tell. */
static pid_t start_second_server(void)
{
    const char *path = house_write_config("second.conf", ""), *ports = textf("%s/ports", house.folder);
    unlink(ports);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(RQ_BINARY_DIR "/rongqiao", "rongqiao", "--config", path, "serve", (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    assert_true(eventually(has_written_its_ports, (void *)(uintptr_t)ports));
    return child;
}

static void two_instances_tell_once(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    need_post(&world.enterprise_b, NULL);
    pid_t second = start_second_server();
    const char *products[4];
    for (size_t i = 0; i < COUNT(products); i++)
        products[i] = publish(loan_in(textf("两台之一 %zu", i), NULL));
    await_announcements();
    /* The one that tells dies; the other goes on. */
    house_kill_server();
    house_sql("update product_announcement set finished_at = null where product_id = '%s'", products[0]);
    await_announcements();
    for (size_t i = 0; i < COUNT(products); i++) {
        assert_int_equal(told(products[i], world.id_a), 1);
        assert_int_equal(told(products[i], world.id_b), 1);
    }
    int status = 0;
    kill(second, SIGTERM);
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    house_start_server();
}

/* Bounds ------------------------------------------------------------------------------------------- */

/* Starts the server anew with a setting. */
static void restart_with(const char *variable, const char *value)
{
    house_stop_server();
    if (value)
        setenv(variable, value, 1);
    else
        unsetenv(variable);
    house_start_server();
}

static void no_more_are_told_than_is_set_and_the_rest_is_counted(void **state)
{
    (void)state;
    restart_with("RONGQIAO_ANNOUNCE_MOST", "1");
    need_post(&world.enterprise_a, NULL); /* the oldest */
    need_post(&world.enterprise_b, NULL);
    need_post(&world.enterprise_b, doc("{si}", "term_months", 24));
    const char *product = publish(loan_in("至多一家", NULL));
    await_announcements();
    assert_int_equal(told(product, world.id_a), 1);
    assert_int_equal(told(product, world.id_b), 0);
    assert_int_equal(outcome(product, "told"), 1);
    assert_int_equal(outcome(product, "held"), 2);
    restart_with("RONGQIAO_ANNOUNCE_MOST", NULL);
}

static void enterprise_is_not_told_of_more_products_a_day_than_is_set(void **state)
{
    (void)state;
    house_sql("update product_told set told_at = now() - interval '2 days'");
    restart_with("RONGQIAO_ANNOUNCE_DAILY", "2");
    need_post(&world.enterprise_a, NULL);
    int64_t before = house_count("select count(*) from notification where kind = 'product_fits'");
    for (int i = 0; i < 3; i++) {
        publish(loan_in(textf("一日三告 %d", i), ZHEJIANG));
        await_announcements();
    }
    assert_int_equal(house_count("select count(*) from notification where kind = 'product_fits'"),
                     before + 2);
    restart_with("RONGQIAO_ANNOUNCE_DAILY", NULL);
}

static void product_that_leaves_the_shelf_before_it_is_told_is_not_told(void **state)
{
    (void)state;
    restart_with("RONGQIAO_ANNOUNCE_DELAY_SECONDS", "3600");
    need_post(&world.enterprise_a, NULL);
    const char *product = publish(loan_in("昙花一现", ZHEJIANG));
    assert_int_equal(outcome(product, "count(*) over ()"), 1);
    assert_false(nothing_waits(NULL));
    move(200, &world.checker_a, "products", product, "pause", NULL);
    assert_true(nothing_waits(NULL));
    restart_with("RONGQIAO_ANNOUNCE_DELAY_SECONDS", NULL);
    assert_int_equal(told(product, world.id_a), 0);
}

/* Seen --------------------------------------------------------------------------------------------- */

static bool shows_the_job(void *argument)
{
    const char **out_told = argument;
    json_t *items = member_of(expect(200, &world.operator, "GET", "/v1/jobs", NULL), "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *job = json_array_get(items, i);
        if (strcmp(text_of(job, "name"), "announcements") != 0)
            continue;
        *out_told = textf("%d %d", (int)number_of(job, "moved.products"),
                          (int)number_of(job, "moved.enterprises_told"));
        return *text_of(job, "last_at") && number_of(job, "moved.products") == 1;
    }
    return false;
}

static void operator_sees_the_job_and_its_last_result(void **state)
{
    const char *seen = "";
    (void)state;
    need_post(&world.enterprise_a, NULL);
    publish(loan_in("作业可见", ZHEJIANG));
    await_announcements();
    assert_true(eventually(shows_the_job, &seen));
    assert_string_equal(seen, "1 1");
}

int main(void)
{
#define ANNOUNCEMENT_TEST(name) cmocka_unit_test_teardown(name, withdraw_needs)
    const struct CMUnitTest tests[] = {
        ANNOUNCEMENT_TEST(enterprise_hears_live_of_a_product_that_serves_its_need),
        ANNOUNCEMENT_TEST(enterprise_whose_need_does_not_fit_is_not_told),
        ANNOUNCEMENT_TEST(product_without_a_market_tells_nobody),
        ANNOUNCEMENT_TEST(need_whose_match_has_the_product_is_not_told),
        ANNOUNCEMENT_TEST(need_that_is_not_open_is_not_told),
        ANNOUNCEMENT_TEST(need_that_no_guarantor_backs_is_not_told),
        ANNOUNCEMENT_TEST(enterprise_with_several_needs_is_told_once),
        ANNOUNCEMENT_TEST(changed_product_tells_those_whom_it_newly_serves),
        ANNOUNCEMENT_TEST(telling_again_tells_nobody),
        ANNOUNCEMENT_TEST(server_that_dies_while_telling_is_followed_by_one_that_tells_once),
        ANNOUNCEMENT_TEST(server_that_dies_between_pages_is_followed_by_one_that_tells_the_rest),
        ANNOUNCEMENT_TEST(two_instances_tell_once),
        ANNOUNCEMENT_TEST(no_more_are_told_than_is_set_and_the_rest_is_counted),
        ANNOUNCEMENT_TEST(enterprise_is_not_told_of_more_products_a_day_than_is_set),
        ANNOUNCEMENT_TEST(product_that_leaves_the_shelf_before_it_is_told_is_not_told),
        ANNOUNCEMENT_TEST(operator_sees_the_job_and_its_last_result),
    };
    house_settings = "log_level = error\nmarket_refresh_seconds = 0\nannounce_delay_seconds = 0\n"
                     "job_interval_ms = 100\n";
    return cmocka_run_group_tests_name("api.announcements", tests, world_open, world_close);
}
