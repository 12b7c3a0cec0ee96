/* Who may ask for what: every route against every role, no role, and every method that it does not take. */
#include "api/worker.h"
#include "schema_cases.h"

typedef struct role_user {
    unsigned bit;
    const test_user *user;
} role_user;

static const role_user everybody[] = {
    {RQ_ROLE_ENTERPRISE, &world.enterprise_a}, {RQ_ROLE_BANK_MAKER, &world.maker_a},
    {RQ_ROLE_BANK_CHECKER, &world.checker_a}, {RQ_ROLE_GUARANTEE_REVIEWER, &world.reviewer},
    {RQ_ROLE_GUARANTEE_CHECKER, &world.checker}, {RQ_ROLE_AUTHORITY, &world.zhejiang},
    {
        RQ_ROLE_OPERATOR,
        &world.operator},
        {RQ_ROLE_AUDITOR, &world.auditor},
    };

static unsigned asked; /* of the test that runs: a loop over nothing proves nothing */

static test_answer *try_route(const rq_route *route, const test_user *user)
{
    asked++;
    return ask(user, rq_method_names[route->method], path_for(route), has_body(route) ? json_object() : NULL);
}

static void refuse_other_roles(const rq_route *route)
{
    for (size_t i = 0; i < COUNT(everybody); i++)
        if (!(route->roles & (everybody[i].bit | RQ_ROLE_PUBLIC))) {
            test_answer *answer = try_route(route, everybody[i].user);
            if (!answer || answer->status != 403)
                print_error("%s %s\n", everybody[i].user->login, route->path);
            check_problem(answer, 403, "forbidden");
        }
}

static void role_that_a_route_does_not_list_is_forbidden(void **state)
{
    (void)state;
    asked = 0;
    const char *before = house_rows();
    each_route(refuse_other_roles);
    assert_true(asked > 100);
    assert_string_equal(house_rows(), before);
}

static void refuse_nobody(const rq_route *route)
{
    test_answer *answer = route->roles & RQ_ROLE_PUBLIC ? NULL : try_route(route, NULL);
    if (!answer)
        return;
    check_problem(answer, 401, "unauthenticated");
    assert_non_null(answer_header(answer, "WWW-Authenticate"));
}

static void private_route_wants_a_token(void **state)
{
    (void)state;
    asked = 0;
    const char *before = house_rows();
    each_route(refuse_nobody);
    assert_true(asked > 50);
    assert_string_equal(house_rows(), before);
}

/* The role passes; what it then lacks is an object or its input. */
static void admit_listed_roles(const rq_route *route)
{
    for (size_t i = 0; i < COUNT(everybody); i++) {
        test_user leaver;
        const test_user *visitor = everybody[i].user;
        if (!(route->roles & (everybody[i].bit | RQ_ROLE_PUBLIC)))
            continue;
        if (route->method == RQ_DELETE) { /* logging out is a route, too */
            user_login(&leaver, everybody[i].user->login);
            visitor = &leaver;
        }
        test_answer *answer = try_route(route, visitor);
        int status = answer ? answer->status : 0;
        bool passed = status == 200 || status == 201 || status == 204 || status == 404 || status == 409 ||
                      status == 422;
        if (!passed)
            print_error("%s %s: %d %s\n", visitor->login, route->path, status, answer ? answer->body : "");
        assert_true(passed);
        if (visitor == &leaver)
            user_leave(&leaver);
    }
}

static void role_that_a_route_lists_passes(void **state)
{
    (void)state;
    asked = 0;
    each_route(admit_listed_roles);
    assert_true(asked > 100);
}

/* Methods and paths -------------------------------------------------------------------------------- */

/* Whether a path is of a route's form: "/v1/products/import" is also a product by that name. */
static bool fits(const char *pattern, const char *path)
{
    const char *hole = strchr(pattern, '{');
    if (!hole)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(hole - pattern);
    const char *after = strchr(path + (strlen(path) < before ? strlen(path) : before), '/');
    return strncmp(pattern, path, before) == 0 && strcmp(after ? after : "", strchr(hole, '}') + 1) == 0;
}

static bool takes(const char *path, rq_method method)
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++)
            if (rq_all_routes[i]->rows[j].method == method && fits(rq_all_routes[i]->rows[j].path, path))
                return true;
    return false;
}

/* Whether a comma-separated list has the word. */
static bool lists(const char *list, const char *word)
{
    for (const char *at = list; *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ",");
        if (strlen(word) == length && memcmp(at, word, length) == 0)
            return true;
        at += length;
    }
    return false;
}

static void try_other_methods(const rq_route *route)
{
    const char *path = path_for(route);
    static const rq_method methods[] = {RQ_GET, RQ_POST, RQ_PUT, RQ_PATCH, RQ_DELETE};
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (takes(path, methods[i]))
            continue;
        asked++;
        test_answer *answer = ask_raw(NULL, rq_method_names[methods[i]], path, "", NULL);
        check_problem(answer, 405, "method_not_allowed");
        const char *allow = answer_header(answer, "Allow");
        assert_non_null(allow);
        for (size_t k = 0; k < COUNT(methods); k++)
            assert_int_equal(lists(allow, rq_method_names[methods[k]]), takes(path, methods[k]));
        assert_int_equal(lists(allow, "HEAD"), takes(path, RQ_GET));
    }
}

static void other_method_is_refused_with_those_allowed(void **state)
{
    (void)state;
    asked = 0;
    each_route(try_other_methods);
    assert_true(asked > 200);
}

static void head_answers_like_get_without_the_body(void **state)
{
    (void)state;
    test_answer *get_answer = ask(NULL, "GET", "/v1/products", NULL),
                *head = ask(NULL, "HEAD", "/v1/products", NULL);
    check_status(get_answer, 200);
    check_status(head, 200);
    assert_string_equal(answer_header(head, "Content-Length"), answer_header(get_answer, "Content-Length"));
    assert_int_equal(head->length, 0);
}

static void unknown_path_is_not_found(void **state)
{
    static const char *const paths[] = {
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/needs/",
        "/V1/needs",
        "/v1/needs/x",
        "/v1/needs/x/y",
        "/v2/needs",
        "/v1/needsx",
        "/.git/config",
        "/metrics",
        "/v1/openapi.jsonx",
        "/v1/products/import/x",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        expect_problem(404, "not_found", NULL, "GET", paths[i], NULL);
        expect_problem(404, "not_found", &world.operator, "GET", paths[i], NULL);
    }
}

static void answers_with_data_are_for_no_cache_and_no_page(void **state)
{
    (void)state;
    test_answer *const answers[] = {
        ask(&world.enterprise_a, "GET", "/v1/needs", NULL),
        ask(&world.enterprise_a, "GET", "/v1/needs/x", NULL),
        ask(NULL, "GET", "/v1/needs", NULL),
        ask(&world.enterprise_a, "POST", "/v1/matches/preview", need_document(NULL)),
    };
    for (size_t i = 0; i < COUNT(answers); i++) {
        assert_string_equal(answer_header(answers[i], "Cache-Control"), "no-store");
        assert_string_equal(answer_header(answers[i], "X-Content-Type-Options"), "nosniff");
        assert_non_null(strstr(answer_header(answers[i], "Strict-Transport-Security"), "max-age=31536000"));
        assert_non_null(answer_header(answers[i], "Content-Security-Policy"));
        assert_null(answer_header(answers[i], "Server"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(role_that_a_route_does_not_list_is_forbidden),
        API_TEST(private_route_wants_a_token),
        API_TEST(role_that_a_route_lists_passes),
        API_TEST(other_method_is_refused_with_those_allowed),
        API_TEST(head_answers_like_get_without_the_body),
        API_TEST(unknown_path_is_not_found),
        API_TEST(answers_with_data_are_for_no_cache_and_no_page),
    };
    return cmocka_run_group_tests_name("api.access", tests, world_open, world_close);
}
