/* The portal's files over real TLS: pages and assets, their caching, their forms, the rules for browsers. */
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static const char page_text[] = "<!doctype html><title>Rongqiao</title>";
static char portal[64], setting[128];

static void put(const char *name, const char *content)
{
    FILE *file = fopen(textf("%s/%s", portal, name), "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static int portal_open(void **state)
{
    snprintf(portal, sizeof(portal), "/tmp/rongqiao-portal-XXXXXX");
    if (!mkdtemp(portal) || mkdir(textf("%s/assets", portal), 0700) != 0)
        return -1;
    put("index.html", page_text);
    put("favicon.svg", "<svg/>");
    put("assets/app-1a2b.js", "let plain");
    put("assets/app-1a2b.js.gz", "GZ");
    put("assets/app-1a2b.js.br", "BRO");
    snprintf(setting, sizeof(setting), "log_level = error\nworkers = 1\nportal_dir = %s\n", portal);
    house_settings = setting;
    return house_open(state);
}

static int portal_close(void **state)
{
    static const char *const names[] = {"assets/app-1a2b.js.br",
                                        "assets/app-1a2b.js.gz",
                                        "assets/app-1a2b.js",
                                        "favicon.svg",
                                        "index.html",
                                        "assets",
                                        ""};
    for (size_t i = 0; i < COUNT(names); i++)
        remove(textf("%s/%s", portal, names[i]));
    return house_close(state);
}

static test_answer *fetch(const char *method, const char *path, const char *headers)
{
    test_answer *answer = ask_raw(NULL, method, path, headers, NULL);
    assert_non_null(answer);
    return answer;
}

static void assert_header(const test_answer *answer, const char *name, const char *value)
{
    const char *given = answer_header(answer, name);
    if (!given || strcmp(given, value) != 0)
        print_error("%s: %s\n", name, given ? given : "(none)");
    assert_string_equal(given ? given : "", value);
}

static void index_is_the_page_of_every_address_of_the_portal(void **state)
{
    static const struct {
        const char *path, *headers;
    } rows[] = {
        {"/", ""},
        {"/", "Accept: */*\r\n"},
        {"/index.html", ""},
        {"/needs/0190-deep/offers?l=en", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"},
        {"/v1x", "Accept: text/html\r\n"},
        {"/..%2f..%2fetc/passwd", "Accept: text/html\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_answer *answer = fetch("GET", rows[i].path, rows[i].headers);
        assert_int_equal(answer->status, 200);
        assert_string_equal(answer->body, page_text);
        assert_header(answer, "Content-Type", "text/html; charset=utf-8");
        assert_header(answer, "Cache-Control", "no-cache");
        assert_header(answer, "Vary", "Accept, Accept-Encoding");
        assert_null(answer_header(answer, "Content-Encoding"));
    }
}

static void what_is_no_page_is_not_found(void **state)
{
    static const struct {
        const char *path, *headers;
    } rows[] = {
        {"/needs", ""},
        {"/needs", "Accept: */*\r\n"},
        {"/needs", "Accept: text/html;q=0\r\n"},
        {"/v1/no-such-thing", "Accept: text/html\r\n"},
        {"/v1", "Accept: text/html\r\n"},
        {"/assets/app-0000.js", "Accept: text/html\r\n"},
        {"/assets/app-1a2b.js.br", "Accept: text/html\r\n"},
        {"/assets/", "Accept: text/html\r\n"},
        {"/assets", "Accept: text/html\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_problem(fetch("GET", rows[i].path, rows[i].headers), 404, "not_found");
    check_problem(fetch("GET", "/assets/../index.html", "Accept: text/html\r\n"), 400, "bad_request");
    assert_int_equal(fetch("GET", "/livez", "Accept: text/html\r\n")->json != NULL, true);
}

static void index_is_sent_again_only_when_it_has_changed(void **state)
{
    (void)state;
    const char *etag = answer_header(fetch("GET", "/", ""), "ETag");
    assert_non_null(etag);
    test_answer *same =
        fetch("GET", "/anything", textf("Accept: text/html\r\nIf-None-Match: \"x\", W/%s\r\n", etag));
    assert_int_equal(same->status, 304);
    assert_int_equal(same->length, 0);
    assert_header(same, "ETag", etag);
    assert_header(same, "Cache-Control", "no-cache");
    assert_null(answer_header(same, "Content-Type"));
    assert_int_equal(fetch("GET", "/", "If-None-Match: \"x\"\r\n")->status, 200);
}

static void assets_are_kept_for_good_in_the_form_the_client_takes(void **state)
{
    static const struct {
        const char *accepted, *coding, *body;
    } rows[] = {
        {"", NULL, "let plain"},
        {"Accept-Encoding: gzip, deflate, br, zstd\r\n", "br", "BRO"},
        {"Accept-Encoding: gzip\r\n", "gzip", "GZ"},
        {"Accept-Encoding: br;q=0, identity\r\n", NULL, "let plain"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_answer *answer = fetch("GET", "/assets/app-1a2b.js", rows[i].accepted);
        assert_int_equal(answer->status, 200);
        assert_string_equal(answer->body, rows[i].body);
        assert_header(answer, "Cache-Control", "public, max-age=31536000, immutable");
        assert_header(answer, "Content-Type", "text/javascript; charset=utf-8");
        assert_header(answer, "Vary", "Accept-Encoding");
        if (rows[i].coding)
            assert_header(answer, "Content-Encoding", rows[i].coding);
        else
            assert_null(answer_header(answer, "Content-Encoding"));
    }
}

static void head_tells_the_length_and_sends_nothing(void **state)
{
    (void)state;
    test_client *client = client_new();
    test_answer *answer =
        client_call(client, "HEAD", "/assets/app-1a2b.js", "Accept-Encoding: br\r\n", NULL, 0);
    assert_int_equal(answer->status, 200);
    assert_header(answer, "Content-Length", "3");
    assert_int_equal(answer->length, 0);
    assert_int_equal(client_call(client, "GET", "/livez", "", NULL, 0)->status, 200); /* nothing in between */
    client_free(client);
}

static void pages_take_no_other_method(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    (void)state;
    for (size_t i = 0; i < COUNT(methods); i++) {
        test_answer *answer = fetch(methods[i], "/", "Content-Length: 0\r\n");
        check_problem(answer, 405, "method_not_allowed");
        assert_header(answer, "Allow", "GET, HEAD");
    }
}

/* What every answer owes to browsers. */
static void assert_guarded(const test_answer *answer)
{
    assert_header(answer, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    assert_header(answer, "X-Content-Type-Options", "nosniff");
    assert_header(answer, "Referrer-Policy", "no-referrer");
    assert_header(answer, "Cross-Origin-Opener-Policy", "same-origin");
    assert_header(answer, "Cross-Origin-Resource-Policy", "same-origin");
    assert_header(answer, "Permissions-Policy",
                  "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

static void every_answer_carries_the_rules_for_browsers(void **state)
{
    static const char strict[] = "default-src 'none'; frame-ancestors 'none'";
    static const char page[] =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types vue";
    static const struct {
        const char *path, *headers, *policy;
    } rows[] = {
        {"/", "", page},
        {"/favicon.svg", "", page},
        {"/assets/app-1a2b.js", "", page},
        {"/assets/none.js", "", strict},
        {"/v1/products", "", strict},
        {"/v1/needs", "", strict},
        {"/livez", "", strict},
        {"/livez", "Content-Length: x\r\n", strict}, /* the parser refuses it */
        {"/livez", "Transfer-Encoding: gzip\r\n", strict},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_answer *answer = fetch("GET", rows[i].path, rows[i].headers);
        assert_guarded(answer);
        assert_header(answer, "Content-Security-Policy", rows[i].policy);
    }
    assert_int_equal(fetch("GET", "/livez", "Content-Length: x\r\n")->status, 400);
}

static void folder_without_an_index_refuses_to_start(void **state)
{
    static const char *const serve[] = {"serve", NULL}, *const check[] = {"check", NULL};
    (void)state;
    house_stop_server();
    assert_int_equal(house_run(check, NULL, NULL, 0), 0);
    assert_int_equal(rename(textf("%s/index.html", portal), textf("%s/page.html", portal)), 0);
    assert_int_equal(house_run(serve, NULL, NULL, 0), 1);
    assert_int_equal(house_run(check, NULL, NULL, 0), 1);
    assert_int_equal(rename(textf("%s/page.html", portal), textf("%s/index.html", portal)), 0);
    house_start_server();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(index_is_the_page_of_every_address_of_the_portal),
        API_TEST(what_is_no_page_is_not_found),
        API_TEST(index_is_sent_again_only_when_it_has_changed),
        API_TEST(assets_are_kept_for_good_in_the_form_the_client_takes),
        API_TEST(head_tells_the_length_and_sends_nothing),
        API_TEST(pages_take_no_other_method),
        API_TEST(every_answer_carries_the_rules_for_browsers),
        API_TEST(folder_without_an_index_refuses_to_start),
    };
    return cmocka_run_group_tests_name("api.portal", tests, portal_open, portal_close);
}
