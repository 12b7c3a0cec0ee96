/* A folder of files read into memory: what is found by which name, which form is sent, what is refused. */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/files.h"
#include "test.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/rongqiao-files-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *content)
{
    for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
        char parent[256];
        snprintf(parent, sizeof(parent), "%.*s", (int)(slash - name), name);
        mkdir(path_of(parent), 0700);
    }
    FILE *file = fopen(path_of(name), "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static rq_files *read_all(void)
{
    rq_files *files = NULL;
    rq_error error = {0};
    if (rq_files_read(folder, &files, &error) != RQ_OK)
        fail_msg("%s", error.message);
    return files;
}

static const rq_file *find(const rq_files *files, const char *path)
{
    return rq_files_find(files, (rq_slice){path, strlen(path)});
}

static rq_coding form(const rq_file *file, const char *accepted)
{
    return rq_file_form(file, (rq_slice){accepted, strlen(accepted)});
}

static void a_file_is_found_by_its_path_and_by_nothing_else(void **state)
{
    static const char *const others[] = {"",
                                         "/",
                                         "/assets",
                                         "/assets/",
                                         "/assets/app.js.br",
                                         "/assets/app.js/",
                                         "/app.js",
                                         "//index.html",
                                         "/assets/../index.html",
                                         "/./index.html",
                                         "/INDEX.HTML",
                                         "/index.html%00",
                                         "index.html",
                                         "/.hidden",
                                         "/.vite/manifest.json",
                                         "/%69ndex.html"};
    (void)state;
    put("index.html", "<!doctype html>");
    put("assets/app.js", "let a");
    put("assets/app.js.br", "BR");
    put(".hidden", "secret");
    put(".vite/manifest.json", "{}");
    rq_files *files = read_all();
    assert_int_equal(rq_files_count(files), 2);
    const rq_file *index = find(files, "/index.html"), *script = find(files, "/assets/app.js");
    assert_true(index && script);
    assert_string_equal(index->type, "text/html; charset=utf-8");
    assert_string_equal(script->type, "text/javascript; charset=utf-8");
    assert_int_equal(index->forms[RQ_IDENTITY].length, 15);
    assert_memory_equal(index->forms[RQ_IDENTITY].data, "<!doctype html>", 15);
    assert_memory_equal(script->forms[RQ_BROTLI].data, "BR", 2);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_null(find(files, others[i]));
    rq_files_free(files);
}

static void every_form_has_an_entity_tag_of_its_own(void **state)
{
    (void)state;
    put("a.css", "a{}");
    put("a.css.gz", "GZ");
    put("b.css", "a{}");
    rq_files *files = read_all();
    const rq_file *a = find(files, "/a.css"), *b = find(files, "/b.css");
    assert_int_equal(strlen(a->forms[RQ_IDENTITY].etag), 24);
    assert_int_equal(a->forms[RQ_IDENTITY].etag[0], '"');
    assert_string_equal(a->forms[RQ_IDENTITY].etag, b->forms[RQ_IDENTITY].etag);
    assert_string_not_equal(a->forms[RQ_IDENTITY].etag, a->forms[RQ_GZIP].etag);
    rq_files_free(files);
}

static void client_gets_the_form_it_wants_most(void **state)
{
    static const struct {
        const char *accepted;
        rq_coding form;
    } rows[] = {
        {"", RQ_IDENTITY},
        {"gzip, deflate, br, zstd", RQ_BROTLI},
        {"gzip", RQ_GZIP},
        {"gzip, br;q=0", RQ_GZIP},
        {"gzip;q=0.9, br;q=0.5", RQ_GZIP},
        {"*", RQ_BROTLI},
        {"*;q=0.1, br;q=0", RQ_GZIP},
        {"*;q=0", RQ_IDENTITY},
        {"identity, gzip;q=0.5", RQ_IDENTITY},
        {"deflate", RQ_IDENTITY},
    };
    (void)state;
    put("a.js", "a");
    put("a.js.gz", "g");
    put("a.js.br", "b");
    put("small.js", "a");
    rq_files *files = read_all();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(form(find(files, "/a.js"), rows[i].accepted), rows[i].form);
    assert_int_equal(form(find(files, "/small.js"), "br, gzip"), RQ_IDENTITY);
    rq_files_free(files);
}

static void expect_refused(const char *reason)
{
    rq_files *files = NULL;
    rq_error error = {0};
    assert_int_not_equal(rq_files_read(folder, &files, &error), RQ_OK);
    if (!strstr(error.message, reason))
        print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, reason));
    assert_null(files);
}

static void links_are_not_followed(void **state)
{
    (void)state;
    put("index.html", "x");
    assert_int_equal(symlink("/etc/passwd", path_of("passwd.txt")), 0);
    expect_refused("passwd.txt is neither a file nor a folder");
}

static void names_that_a_url_would_spell_otherwise_are_refused(void **state)
{
    (void)state;
    put("a b.js", "x");
    expect_refused("the name has more than");
}

static void compressed_form_of_nothing_is_refused(void **state)
{
    (void)state;
    put("a.js.br", "x");
    expect_refused("/a.js.br is the compressed form of nothing");
}

static void ending_of_no_known_type_is_refused(void **state)
{
    (void)state;
    put("a.exe", "x");
    expect_refused("/a.exe: no media type is known for it");
}

static void file_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    put("a.js", "x");
    assert_int_equal(truncate(path_of("a.js"), RQ_LIMIT_FILE_BYTES + 1), 0);
    expect_refused("is larger than");
    assert_int_equal(truncate(path_of("a.js"), RQ_LIMIT_FILE_BYTES), 0);
    rq_files_free(read_all());
}

static void too_many_files_and_too_deep_ones_are_refused(void **state)
{
    (void)state;
    put("1/2/3/4/5/6/7/8/a.js", "x");
    expect_refused("lies deeper than");
    assert_int_equal(remove(path_of("1/2/3/4/5/6/7/8/a.js")), 0);
    for (int i = 0; i <= RQ_LIMIT_FILES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "f%d.js", i);
        put(name, "x");
    }
    expect_refused("more than");
}

static void folder_that_is_not_there_is_refused(void **state)
{
    rq_files *files = NULL;
    rq_error error = {0};
    (void)state;
    assert_int_equal(rq_files_read("/nonexistent/portal", &files, &error), RQ_IO);
    assert_non_null(strstr(error.message, "/nonexistent/portal"));
}

#define FILES_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILES_TEST(a_file_is_found_by_its_path_and_by_nothing_else),
        FILES_TEST(every_form_has_an_entity_tag_of_its_own),
        FILES_TEST(client_gets_the_form_it_wants_most),
        FILES_TEST(links_are_not_followed),
        FILES_TEST(names_that_a_url_would_spell_otherwise_are_refused),
        FILES_TEST(compressed_form_of_nothing_is_refused),
        FILES_TEST(ending_of_no_known_type_is_refused),
        FILES_TEST(file_beyond_the_limit_is_refused),
        FILES_TEST(too_many_files_and_too_deep_ones_are_refused),
        FILES_TEST(folder_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests_name("unit.files", tests, NULL, NULL);
}
