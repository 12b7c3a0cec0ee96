/* Lists as CSV, over the real server: every list, every column, many pages, the limit, and what stays as it
 * is. */
#include "api/import.h"
#include "api/sheet.h"
#include "api/worker.h"
#include "schema_cases.h"

enum { CELLS_MAX = 64 };
static const char csv[] = "Accept: text/csv\r\n";

static bool is_list(const rq_route *route)
{
    static const char *const replies[] = {"List", "Report", "InstitutionReport", "Notifications"};
    for (size_t i = 0; i < COUNT(replies) && route->method == RQ_GET && route->reply; i++)
        if (strcmp(route->reply, replies[i]) == 0)
            return true;
    return false;
}

static unsigned lists;

static void check_columns(const rq_route *route)
{
    bool has = rq_sheet_columns(route) != NULL;
    if (has != is_list(route))
        print_error("%s %s\n", rq_method_names[route->method], route->path);
    assert_int_equal(has, is_list(route));
    lists += has;
}

static void every_list_has_columns_and_nothing_else_has(void **state)
{
    (void)state;
    lists = 0;
    each_route(check_columns);
    assert_true(lists > 30);
}

/* The rows of a sheet below its head, each with as many cells as there are columns. */
static size_t count_rows(const test_answer *answer, const char *columns)
{
    size_t at = 3, lines = 0, rows = 0;
    int width = 1;
    char *cells[CELLS_MAX], *text = house_keep(calloc(1, answer->length + 1), free);
    for (const char *c = columns; *c; c++)
        width += *c == ',';
    assert_string_equal(answer_header(answer, "Content-Type"), "text/csv; charset=utf-8; header=present");
    assert_string_equal(answer_header(answer, "Cache-Control"), "no-store");
    assert_memory_equal(answer->body, "\xef\xbb\xbf", 3);
    assert_int_equal(strncmp(answer->body + 3, columns, strlen(columns)), 0);
    assert_memory_equal(answer->body + 3 + strlen(columns), "\r\n", 2);
    assert_memory_equal(answer->body + answer->length - 2, "\r\n", 2);
    memcpy(text, answer->body, answer->length);
    for (int count; (count = rq_csv_next(text, answer->length, &at, cells, CELLS_MAX, &lines)) != 0; rows++)
        assert_int_equal(count, width);
    return rows - 1;
}

/* A member that a document has only when its maker gave it. */
static bool is_given(const char *path, const char *column)
{
    rq_slice id, slice = {path, strlen(path)};
    unsigned allow;
    const rq_route *maker = rq_route_find(RQ_POST, slice, &id, &allow);
    for (size_t i = 0; maker && maker->input && i < maker->input->count; i++)
        if (strcmp(maker->input->fields[i].name, column) == 0)
            return true;
    return false;
}

static void check_member(const json_t *item, const char *column, const char *path)
{
    if (is_given(path, column))
        return;
    const json_t *at = item;
    for (const char *c = column; *c && json_is_object(at);) {
        size_t length = strcspn(c, ".");
        const json_t *next = json_object_getn(at, c, length);
        if (!next)
            print_error("%s: %s is no member\n", path, column);
        assert_non_null(next);
        at = next;
        c += length + (c[length] == '.');
    }
}

static char round_id[40];

/* Where there is something to see. */
static const char *full_path(const rq_route *route)
{
    const char *hole = strstr(route->path, "{id}");
    if (strstr(route->path, "/search"))
        return "/v1/search?q=%E6%9D%AD%E5%B7%9E";
    if (!hole)
        return route->path;
    const char *id = strstr(route->path, "rounds") ? round_id : world.id_a;
    return textf("%.*s%s%s", (int)(hole - route->path), route->path, id, hole + 4);
}

static unsigned filled;

static void compare_with_json(const rq_route *route)
{
    static const test_user *const users[] = {&world.enterprise_a, &world.maker_a, &world.checker_a,
                                             &world.reviewer, &world.zhejiang,
                                             &world.operator, & world.auditor };
    const char *columns = rq_sheet_columns(route), *path = columns ? full_path(route) : NULL;
    for (size_t i = 0; path && i < COUNT(users); i++) {
        test_answer *answer = ask_raw(users[i], "GET", path, "", NULL);
        const json_t *items = member_of(answer->json, "items");
        if (answer->status != 200 || json_array_size(items) == 0)
            continue;
        for (const char *at = columns; *at;) {
            size_t length = strcspn(at, ",");
            check_member(json_array_get(items, 0), textf("%.*s", (int)length, at), route->path);
            at += length + (at[length] == ',');
        }
        test_answer *sheet = ask_raw(users[i], "GET", path, csv, NULL);
        check_status(sheet, 200);
        bool more = json_is_string(member_of(answer->json, "next"));
        size_t rows = count_rows(sheet, columns);
        assert_true(more ? rows > json_array_size(items) : rows == json_array_size(items));
        filled++;
        return;
    }
}

static void every_column_is_a_member_of_the_documents(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    offer_make(&world.maker_a, &world.checker_a, application, NULL);
    expect(201, &world.enterprise_a, "POST", "/v1/guarantee-cases",
           doc("{ss ss}", "application_id", application, "product_id", world.guarantee));
    expect(200, &world.maker_a, "GET", "/v1/needs", NULL);
    house_sql("select app.notify('user', '%s', 'test', 'test', '%s', null)", world.auditor.id,
              world.auditor.id);
    house_sql("update application set deadline_at = now() - interval '1 hour' where id = '%s'", application);
    json_t *round = expect(201, &world.zhejiang, "POST", "/v1/rounds",
                           doc("{ss ss ss si}", "name", "春季对接会", "region_code", ZHEJIANG,
                               "registers_until", day_from_today(7), "slots_total", 1));
    snprintf(round_id, sizeof(round_id), "%s", text_of(round, "id"));
    move(200, &world.zhejiang, "rounds", round_id, "open", NULL);
    move(200, &world.enterprise_a, "rounds", round_id, "needs", doc("{ss}", "need_id", need));
    move(200, &world.maker_a, "rounds", round_id, "institutions", doc("{si}", "slots", 3));
    filled = 0;
    each_route(compare_with_json);
    print_message("%u lists had something to show\n", filled);
    assert_true(filled >= 28);
}

/* Pages
 * ------------------------------------------------------------------------------------------------------- */

static const char *columns_of(const char *path)
{
    rq_slice id, slice = {path, strlen(path)};
    unsigned allow;
    return rq_sheet_columns(rq_route_find(RQ_GET, slice, &id, &allow));
}

static bool all_is_published(void *argument)
{
    (void)argument;
    return house_count("select count(*) from notification where id is null") == 0;
}

static void sheet_holds_all_pages_in_order(void **state)
{
    (void)state;
    house_sql("insert into institution (kind, name_zh, region_code) select 'factor', '保理公司' || n, "
              "'330000' from "
              "generate_series(1, 450) n");
    test_answer *answer = ask_raw(NULL, "GET", "/v1/institutions?kind=factor&limit=1", csv, NULL);
    check_status(answer, 200);
    assert_int_equal(count_rows(answer, columns_of("/v1/institutions")), 450);
    assert_null(answer_header(answer, "X-Next-Cursor"));
    assert_string_equal(answer_header(answer, "Content-Disposition"),
                        "attachment; filename=\"institutions.csv\"");
    for (int n = 1; n <= 450; n++) {
        const char *name = textf("factor,保理公司%d,", n), *first = strstr(answer->body, name);
        assert_non_null(first);
        assert_null(strstr(first + 1, name));
    }
    /* Newest first, across the pages' seams too. */
    for (const char *line = strstr(answer->body, "\r\n") + 2, *next; (next = strstr(line, "\r\n")) && next[2];
         line = next + 2)
        assert_true(strncmp(line, next + 2, 36) > 0);
}

static void sheet_beyond_the_limit_says_where_to_go_on(void **state)
{
    (void)state;
    house_sql("select count(app.notify('user', '%s', 'test.' || n, 'test', '%s', null)) from "
              "generate_series(1, %d) n",
              world.operator.id, world.operator.id, RQ_LIMIT_SHEET_ROWS + 50);
    assert_true(eventually(all_is_published, NULL));
    test_answer *first = ask_raw(&world.operator, "GET", "/v1/notifications", csv, NULL);
    check_status(first, 200);
    const char *cursor = answer_header(first, "X-Next-Cursor");
    assert_non_null(cursor);
    assert_int_equal(count_rows(first, columns_of("/v1/notifications")), RQ_LIMIT_SHEET_ROWS);
    test_answer *rest =
        ask_raw(&world.operator, "GET", textf("/v1/notifications?cursor=%s", cursor), csv, NULL);
    check_status(rest, 200);
    assert_null(answer_header(rest, "X-Next-Cursor"));
    assert_int_equal(count_rows(rest, columns_of("/v1/notifications")), 50);
    assert_non_null(strstr(first->body, ",test.51,"));
    assert_null(strstr(first->body, ",test.50,"));
    assert_non_null(strstr(rest->body, ",test.50,"));
}

/* What it is not
 * ---------------------------------------------------------------------------------------------- */

static void json_comes_unless_csv_is_wanted_more(void **state)
{
    static const struct {
        const char *path, *accept;
        bool is_csv;
    } rows[] = {
        {"/v1/institutions", "*/*", false},
        {"/v1/institutions", "application/json, text/csv;q=0.5", false},
        {"/v1/institutions", "text/csv;q=0", false},
        {"/v1/institutions", "text/csv, application/json;q=0.5", true},
        {"/v1/institutions", "text/csv, */*;q=0.1", true},
        {"/v1/openapi.json", "text/csv", false},
        {"/livez", "text/csv", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_answer *answer =
            ask_raw(NULL, "GET", rows[i].path, textf("Accept: %s\r\n", rows[i].accept), NULL);
        check_status(answer, 200);
        assert_int_equal(strncmp(answer_header(answer, "Content-Type"), "text/csv", 8) == 0, rows[i].is_csv);
    }
    test_client *client = client_new();
    test_answer *head = client_call(client, "HEAD", "/v1/institutions", csv, NULL, 0);
    check_status(head, 200);
    assert_true(strtoul(answer_header(head, "Content-Length"), NULL, 10) > 0);
    client_free(client);
}

static void refusals_stay_problem_documents(void **state)
{
    (void)state;
    check_problem(ask_raw(&world.maker_a, "GET", "/v1/needs?x=1", csv, NULL), 422, "validation_failed");
    check_problem(ask_raw(NULL, "GET", "/v1/needs", csv, NULL), 401, "unauthenticated");
    check_problem(ask_raw(&world.auditor, "GET", textf("/v1/rounds/%s/needs", world.id_a), csv, NULL), 404,
                  "not_found");
}

static void formula_in_a_name_is_disarmed(void **state)
{
    (void)state;
    house_sql("insert into institution (kind, name_zh, region_code) values ('fund', "
              "'=HYPERLINK(\"http://x\")', '330000')");
    test_answer *answer = ask_raw(NULL, "GET", "/v1/institutions?kind=fund", csv, NULL);
    assert_non_null(strstr(answer->body, ",fund,\"'=HYPERLINK(\"\"http://x\"\")\","));
}

static void look_by_csv_is_noted_like_any_other(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    apply_for(&world.enterprise_a, need, world.guaranteed_b);
    house_sql("delete from enterprise_view");
    test_answer *answer = ask_raw(&world.checker_b, "GET", "/v1/applications", csv, NULL);
    check_status(answer, 200);
    assert_non_null(strstr(answer->body, need));
    assert_true(
        house_count("select count(*) from enterprise_view where viewer_id = '%s'", world.checker_b.id) > 0);
}

static void sheet_shows_what_the_asker_may_see(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    test_answer *bank = ask_raw(&world.maker_b, "GET", "/v1/enterprises", csv, NULL);
    check_status(bank, 200);
    test_answer *own = ask_raw(&world.enterprise_b, "GET", "/v1/enterprises", csv, NULL);
    assert_null(strstr(own->body, world.id_a));
    assert_int_equal(count_rows(own, columns_of("/v1/enterprises")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(every_list_has_columns_and_nothing_else_has),
        API_TEST(every_column_is_a_member_of_the_documents),
        API_TEST(sheet_holds_all_pages_in_order),
        API_TEST(sheet_beyond_the_limit_says_where_to_go_on),
        API_TEST(json_comes_unless_csv_is_wanted_more),
        API_TEST(refusals_stay_problem_documents),
        API_TEST(formula_in_a_name_is_disarmed),
        API_TEST(look_by_csv_is_noted_like_any_other),
        API_TEST(sheet_shows_what_the_asker_may_see),
    };
    return cmocka_run_group_tests_name("api.sheets", tests, world_open, world_close);
}
