/* Personal data: sealed before PostgreSQL sees them, masked by who asks, found by keyed hash, sealed anew
 * under a new key while serving, and never shown when anything about them is wrong. */
#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/keyring.h"
#include "world.h"

#define MOBILE "13912345678"
#define MASKED_MOBILE "139****5678"
#define RESIDENT_ID "33010619800101003X"
#define MASKED_ID "330***********003X"
#define SEALED_COLUMNS "contact_mobile_sealed, contact_mobile_hash, legal_rep_id_sealed, legal_rep_id_hash"

static json_t *person_document(const char *name, const char *region)
{
    json_t *document = enterprise_document(name, region);
    json_object_set_new(document, "contact_mobile", json_string(MOBILE));
    json_object_set_new(document, "legal_rep_id", json_string(RESIDENT_ID));
    return document;
}

static char enterprise[40]; /* of the user `owner`, in Hangzhou */
static test_user owner;

static int open_persons(void **state)
{
    if (world_open(state) != 0)
        return -1;
    user_make(&owner, "owner-of-data", "enterprise", NULL);
    json_t *made =
        expect(201, &owner, "POST", "/v1/enterprises", person_document("有个人信息公司", HANGZHOU));
    snprintf(enterprise, sizeof(enterprise), "%s", text_of(made, "id"));
    return house_sweep(state);
}

static int close_persons(void **state)
{
    user_leave(&owner);
    return world_close(state);
}

static void assert_seen(const test_user *user, const char *mobile)
{
    json_t *seen = get(200, user, "enterprises", enterprise);
    assert_string_equal(text_of(seen, "contact_mobile"), mobile);
    assert_string_equal(text_of(seen, "legal_rep_id"), MASKED_ID);
}

static const char *list_of(const test_user *user, const char *path, const char *headers)
{
    test_answer *answer = ask_raw(user, "GET", path, headers, NULL);
    assert_int_equal(answer->status, 200);
    return answer->body;
}

static void who_has_to_call_sees_the_number_and_others_its_ends(void **state)
{
    (void)state;
    assert_seen(&owner, MOBILE);
    assert_seen(&world.operator, MASKED_MOBILE);
    assert_seen(&world.zhejiang, MASKED_MOBILE);
    assert_seen(&world.auditor, MASKED_MOBILE);
    const char *need = need_post(&owner, NULL);
    const char *application = apply_for(&owner, need, world.credit_a);
    assert_seen(&world.maker_a, MOBILE);
    assert_string_equal(
        text_of(get(200, &world.maker_a, "applications", application), "enterprise.contact_mobile"), MOBILE);
    assert_string_equal(
        text_of(get(200, &world.zhejiang, "applications", application), "enterprise.contact_mobile"),
        MASKED_MOBILE);
    get(404, &world.maker_b, "enterprises", enterprise);
    /* Lists and sheets too. */
    static const char csv[] = "Accept: text/csv\r\n";
    assert_non_null(strstr(list_of(&world.zhejiang, "/v1/enterprises?limit=100", ""), MASKED_MOBILE));
    assert_non_null(strstr(list_of(&world.zhejiang, "/v1/enterprises", csv), MASKED_MOBILE));
    assert_non_null(strstr(list_of(&world.zhejiang, "/v1/enterprises", csv), MASKED_ID));
    assert_null(strstr(list_of(&world.zhejiang, "/v1/enterprises?limit=100", ""), MOBILE));
    assert_null(strstr(list_of(&world.zhejiang, "/v1/enterprises", csv), MOBILE));
    assert_non_null(strstr(list_of(&world.maker_a, "/v1/applications", csv), MOBILE));
    move(200, &owner, "needs", need, "withdraw", NULL);
}

static void reply_that_is_repeated_is_masked_alike(void **state)
{
    (void)state;
    test_user user;
    user_make(&user, "repeats-itself", "enterprise", NULL);
    char *body = house_keep(
        json_dumps(house_keep(person_document("重放公司", HANGZHOU), (void (*)(void *))json_decref), 0),
        free);
    const char *key = textf("Idempotency-Key: %s\r\nContent-Type: application/json\r\n", fresh_key());
    test_answer *first = ask_raw(&user, "POST", "/v1/enterprises", key, body);
    test_answer *again = ask_raw(&user, "POST", "/v1/enterprises", key, body);
    check_status(first, 201);
    check_status(again, 201);
    assert_non_null(answer_header(again, "Idempotent-Replayed"));
    assert_string_equal(first->body, again->body);
    assert_string_equal(text_of(again->json, "contact_mobile"), MOBILE);
    assert_string_equal(text_of(again->json, "legal_rep_id"), MASKED_ID);
    user_leave(&user);
}

static void assert_fault(const char *field, const char *value, const char *code)
{
    json_t *document = enterprise_document("错误公司", HANGZHOU);
    json_object_set_new(document, field, json_string(value));
    json_t *problem =
        expect_problem(422, "validation_failed", &world.operator, "POST", "/v1/enterprises", document);
    assert_string_equal(text_of(problem, "errors.0.pointer"), textf("/%s", field));
    assert_string_equal(text_of(problem, "errors.0.code"), code);
    char *text = house_keep(json_dumps(problem, 0), free);
    assert_null(strstr(text, value));
}

static void number_that_cannot_be_is_refused_and_not_repeated(void **state)
{
    (void)state;
    assert_fault("contact_mobile", "12912345678", "mobile");
    assert_fault("contact_mobile", "1391234567a", "mobile");
    assert_fault("legal_rep_id", "330106198001010030", "resident_id");
    assert_fault("legal_rep_id", "330106198002300010", "resident_id");
    assert_fault("legal_rep_id", "33010619800101003", "too_short");
}

static void profile_changes_what_is_personal(void **state)
{
    (void)state;
    const char *path = textf("/v1/enterprises/%s", enterprise);
    json_t *changed = expect(200, &owner, "PATCH", path, doc("{ss}", "contact_mobile", "13787654321"));
    assert_string_equal(text_of(changed, "contact_mobile"), "13787654321");
    assert_string_equal(text_of(changed, "legal_rep_id"), MASKED_ID);
    expect(200, &owner, "PATCH", path,
           doc("{ss ss}", "contact_mobile", MOBILE, "legal_rep_id", "33010619800101003x"));
    expect(200, &owner, "PATCH", path, doc("{si}", "employees", 60));
    assert_seen(&owner, MOBILE);
    json_t *cleared = expect(200, &owner, "PATCH", path, doc("{sn}", "contact_mobile"));
    assert_true(json_is_null(member_of(cleared, "contact_mobile")));
    assert_string_equal(text_of(cleared, "legal_rep_id"), MASKED_ID);
    expect(200, &owner, "PATCH", path, doc("{ss}", "contact_mobile", MOBILE));
    assert_seen(&owner, MOBILE);
}

static const char *found_by(const test_user *user, const char *field, const char *value)
{
    json_t *found = expect(200, user, "POST", "/v1/enterprises/find", doc("{ss}", field, value));
    const char *ids = "";
    for (size_t i = 0; i < json_array_size(member_of(found, "items")); i++)
        ids = textf("%s%s ", ids, text_of(found, textf("items.%zu.id", i)));
    return ids;
}

static void enterprise_is_found_by_phone_and_by_id_number(void **state)
{
    (void)state;
    assert_non_null(strstr(found_by(&world.zhejiang, "contact_mobile", MOBILE), enterprise));
    assert_non_null(strstr(found_by(&world.operator, "legal_rep_id", RESIDENT_ID), enterprise));
    assert_non_null(strstr(found_by(&world.auditor, "legal_rep_id", "33010619800101003x"), enterprise));
    assert_string_equal(found_by(&world.guangdong, "contact_mobile", MOBILE), ""); /* not of its region */
    assert_string_equal(found_by(&world.operator, "contact_mobile", "13912345679"), "");
    expect_problem(403, "forbidden", &world.maker_a, "POST", "/v1/enterprises/find",
                   doc("{ss}", "contact_mobile", MOBILE));
    expect_problem(422, "validation_failed", &world.operator, "POST", "/v1/enterprises/find", json_object());
    /* An authority's look is noted. */
    assert_true(
        house_count("select count(*) from enterprise_view where enterprise_id = '%s' and side = 'authority'",
                    enterprise) > 0);
}

static void import_seals_every_line(void **state)
{
    (void)state;
    test_answer *answer = ask_raw(&world.operator, "POST", "/v1/enterprises/import",
                                  textf("Idempotency-Key: %s\r\nContent-Type: text/csv\r\n", fresh_key()),
                                  textf("uscc,name,region_code,industry_code,contact_mobile,legal_rep_id\n%s,"
                                        "导入一公司,330106,C2770,13812340001,"
                                        "%s\n%s,导入二公司,330106,C2770,23812340001,\n",
                                        fresh_uscc(HANGZHOU), RESIDENT_ID, fresh_uscc(HANGZHOU)));
    check_status(answer, 200);
    assert_int_equal(number_of(answer->json, "accepted"), 1);
    const char *id = text_of(answer->json, "lines.0.id");
    assert_string_equal(text_of(get(200, &world.operator, "enterprises", id), "contact_mobile"),
                        "138****0001");
    assert_non_null(strstr(found_by(&world.operator, "contact_mobile", "13812340001"), id));
}

/* At rest ----------------------------------------------------------------------------------------------- */

/* How often a word stands in what a command prints. */
static int count_in(const char *command, const char *word)
{
    static char text[1 << 16];
    int count = 0;
    size_t kept = 0, total = 0;
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    for (size_t got; (got = fread(text + kept, 1, sizeof(text) - 1 - kept, pipe)) > 0;) {
        size_t length = kept + got;
        total += got;
        for (const char *at = text; (at = memmem(at, length - (size_t)(at - text), word, strlen(word))); at++)
            count++;
        kept = strlen(word) - 1 < length ? strlen(word) - 1 : length; /* a word across two pieces */
        memmove(text, text + length - kept, kept);
    }
    assert_int_equal(pclose(pipe), 0);
    assert_true(total > 1000);
    return count;
}

static void plain_text_is_nowhere_in_a_dump_and_nowhere_in_the_log(void **state)
{
    (void)state;
    const char *dump = textf("pg_dump --inserts -d \"%s\" 2>&1", house.owner);
    assert_true(count_in(dump, "有个人信息公司") > 0);
    assert_true(count_in(dump, "rqs1.01") > 2);
    static const char *const words[] = {MOBILE,        RESIDENT_ID,   "13787654321",
                                        "13812340001", "13800138000", "11010519491231002X"};
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_int_equal(count_in(dump, words[i]), 0);
        assert_int_equal(count_in(textf("cat %s/server.log", house.folder), words[i]), 0);
    }
}

static void assert_unreadable(const char *id)
{
    expect_problem(500, "private_data_unreadable", &world.operator, "GET", textf("/v1/enterprises/%s", id),
                   NULL);
    const char *command =
        textf("tail -n 20 %s/server.log; head -c 1000 /dev/zero | tr '\\0' ' '", house.folder);
    assert_true(count_in(command, "private_data_unreadable") > 0);
}

static void value_that_was_touched_is_refused(void **state)
{
    (void)state;
    const char *kept = house_sql("select contact_mobile_sealed from enterprise where id = '%s'", enterprise);
    /* One digit of it. */
    house_sql(
        "update enterprise set contact_mobile_sealed = overlay(contact_mobile_sealed placing (case when "
        "substr(contact_mobile_sealed, 50, 1) = '0' then '1' else '0' end) from 50 for 1) where id = '%s'",
        enterprise);
    assert_unreadable(enterprise);
    /* Another row's, and another column's of the same row. */
    house_sql("update enterprise set contact_mobile_sealed = (select contact_mobile_sealed from enterprise "
              "where id = "
              "'%s') where id = '%s'",
              world.id_a, enterprise);
    assert_unreadable(enterprise);
    house_sql("update enterprise set contact_mobile_sealed = legal_rep_id_sealed where id = '%s'",
              enterprise);
    assert_unreadable(enterprise);
    house_sql("update enterprise set contact_mobile_sealed = 'rqs1.' where id = '%s'", enterprise);
    assert_unreadable(enterprise);
    house_sql("update enterprise set contact_mobile_sealed = '%s' where id = '%s'", kept, enterprise);
    assert_seen(&owner, MOBILE);
}

/* Keys -------------------------------------------------------------------------------------------------- */

static const char *key_file(void)
{
    return textf("%s/private.keys", house.folder);
}

static char *read_keys(void)
{
    FILE *file = fopen(key_file(), "re");
    char *text = house_keep(calloc(1, 8192), free);
    assert_non_null(file);
    assert_true(fread(text, 1, 8191, file) > 0);
    fclose(file);
    return text;
}

static void write_keys(const char *text)
{
    FILE *file = fopen(textf("%s.beside", key_file()), "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(textf("%s.beside", key_file()), 0600), 0);
    assert_int_equal(rename(textf("%s.beside", key_file()), key_file()), 0);
}

static int keys(const char *what, char *line, size_t size)
{
    return house_run((const char *const[]){"keys", what, NULL}, NULL, line, size);
}

static int64_t sealed_by(const char *kind)
{
    return house_count(
        "select count(*) filter (where substr(contact_mobile_sealed, 6, 10) = '%s') + count(*) filter "
        "(where substr(legal_rep_id_sealed, 6, 10) = '%s') from enterprise",
        kind, kind);
}

static void key_is_changed_while_serving(void **state)
{
    (void)state;
    char line[128];
    const char *before =
        house_sql("select string_agg(id || version::text || updated_at::text, ' ' order by id) from "
                  "enterprise");
    int64_t values =
        house_count("select count(contact_mobile_sealed) + count(legal_rep_id_sealed) from enterprise");
    assert_int_equal(sealed_by("0100000001"), values);
    assert_int_equal(keys("add", line, sizeof(line)), 0);
    assert_string_equal(line, "2");
    assert_seen(&owner, MOBILE); /* what the old key sealed is still read */
    assert_int_equal(keys("rotate", line, sizeof(line)), 0);
    assert_string_equal(
        line, textf("{\"resealed\":%lld,\"unreadable\":0,\"changed_meanwhile\":0}",
                    (long long)house_count("select count(*) from enterprise where "
                                           "contact_mobile_sealed is not null or legal_rep_id_sealed "
                                           "is not null")));
    assert_int_equal(sealed_by("0100000002"), values);
    assert_seen(&owner, MOBILE);
    assert_non_null(strstr(found_by(&world.operator, "contact_mobile", MOBILE), enterprise));
    /* It is no change of the profiles. */
    assert_string_equal(
        house_sql(
            "select string_agg(id || version::text || updated_at::text, ' ' order by id) from enterprise"),
        before);
    /* New values are sealed by the new key, without a restart; the old one can go. */
    json_t *made =
        expect(201, &world.operator, "POST", "/v1/enterprises", person_document("新密钥公司", HANGZHOU));
    assert_int_equal(sealed_by("0100000002"), values + 2);
    const char *whole = read_keys(), *old = strstr(whole, "\n1 ") + 1;
    write_keys(textf("%.*s%s", (int)(old - whole), whole, strchr(old, '\n') + 1));
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 0);
    usleep(1100000); /* the time in which servers notice */
    assert_string_equal(
        text_of(get(200, &world.operator, "enterprises", text_of(made, "id")), "contact_mobile"),
        MASKED_MOBILE);
    assert_seen(&owner, MOBILE);
    assert_int_equal(keys("rotate", line, sizeof(line)), 0);
    assert_string_equal(line, "{\"resealed\":0,\"unreadable\":0,\"changed_meanwhile\":0}");
}

static void cipher_is_changed_by_a_setting(void **state)
{
    (void)state;
    char line[128];
    house_stop_server();
    house_write_config("rongqiao.conf", "private_cipher = sm4\n");
    house_start_server();
    assert_seen(&owner, MOBILE);
    assert_non_null(strstr(found_by(&world.operator, "contact_mobile", MOBILE), enterprise));
    json_t *made =
        expect(201, &world.operator, "POST", "/v1/enterprises", person_document("国密公司", HANGZHOU));
    assert_int_equal(sealed_by("0200000002"), 2);
    assert_non_null(strstr(found_by(&world.operator, "legal_rep_id", RESIDENT_ID), text_of(made, "id")));
    assert_int_equal(keys("rotate", line, sizeof(line)), 0);
    assert_int_equal(sealed_by("0100000002"), 0);
    assert_seen(&owner, MOBILE);
    assert_non_null(strstr(found_by(&world.operator, "contact_mobile", MOBILE), enterprise));
}

static void values_from_before_are_masked_and_sealed_by_rotation(void **state)
{
    (void)state;
    char line[128];
    house_sql("update enterprise set contact_mobile_sealed = '13700137000', contact_mobile_hash = null where "
              "id = '%s'",
              world.id_b);
    assert_string_equal(text_of(get(200, &world.operator, "enterprises", world.id_b), "contact_mobile"),
                        "137****7000");
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 1);
    expect(200, &world.enterprise_b, "PATCH", textf("/v1/enterprises/%s", world.id_b),
           doc("{si}", "employees", 9));
    assert_int_equal(keys("rotate", line, sizeof(line)), 0);
    assert_string_equal(line, "{\"resealed\":1,\"unreadable\":0,\"changed_meanwhile\":0}");
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 0);
    assert_string_equal(text_of(get(200, &world.enterprise_b, "enterprises", world.id_b), "contact_mobile"),
                        "13700137000");
    assert_non_null(strstr(found_by(&world.operator, "contact_mobile", "13700137000"), world.id_b));
}

/* The first start after this fails, and `check` says so; the server that runs does not answer with garbage.
 */
static void assert_not_served(void)
{
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 1);
    assert_int_equal(house_run((const char *const[]){"serve", NULL}, NULL, NULL, 0), 1);
}

static void wrong_or_missing_key_is_told_before_serving(void **state)
{
    (void)state;
    const char *right = read_keys();
    char *wrong = house_keep(strdup(right), free);
    wrong[2] = wrong[2] == '0' ? '1' : '0'; /* of the key, behind its id */
    write_keys(wrong);
    assert_not_served();
    usleep(1100000);
    assert_unreadable(enterprise);
    write_keys(textf("9%s", right + 1)); /* the key under another id */
    assert_not_served();
    write_keys("2 00\n");
    assert_not_served();
    unlink(key_file());
    assert_not_served();
    house_stop_server();
    write_keys(right);
    const char *path = house_write_config("without.conf", "");
    FILE *file = fopen(path, "re");
    char *text = house_keep(calloc(1, 8192), free);
    assert_true(fread(text, 1, 8191, file) > 0);
    fclose(file);
    memcpy(strstr(text, "private_key_file"), "#rivate_key_file", 16);
    file = fopen(path, "we");
    assert_true(fputs(text, file) >= 0);
    fclose(file);
    assert_int_equal(house_run((const char *const[]){"--config", path, "check", NULL}, NULL, NULL, 0), 1);
    house_start_server();
    assert_seen(&owner, MOBILE);
}

static void without_keys_nothing_personal_is_taken(void **state)
{
    (void)state;
    house_stop_server();
    house_sql("update enterprise set (" SEALED_COLUMNS ") = (null, null, null, null)");
    const char *path = textf("%s/rongqiao.conf", house.folder);
    house_write_config("rongqiao.conf", "");
    FILE *file = fopen(path, "r+e");
    char *text = house_keep(calloc(1, 8192), free);
    assert_true(fread(text, 1, 8191, file) > 0);
    rewind(file);
    memcpy(strstr(text, "private_key_file"), "#rivate_key_file", 16);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
    house_start_server();
    assert_int_equal(house_run((const char *const[]){"check", NULL}, NULL, NULL, 0), 0);
    expect_problem(503, "private_keys_missing", &world.operator, "POST", "/v1/enterprises",
                   person_document("无密钥公司", HANGZHOU));
    expect_problem(503, "private_keys_missing", &world.operator, "POST", "/v1/enterprises/find",
                   doc("{ss}", "contact_mobile", MOBILE));
    json_t *document = person_document("无密钥公司", HANGZHOU);
    json_object_del(document, "contact_mobile");
    json_object_del(document, "legal_rep_id");
    json_t *made = expect(201, &world.operator, "POST", "/v1/enterprises", document);
    assert_true(json_is_null(member_of(made, "contact_mobile")));
    assert_int_equal(keys("nothing", NULL, 0), 2);
    assert_int_equal(keys("rotate", NULL, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(who_has_to_call_sees_the_number_and_others_its_ends),
        API_TEST(reply_that_is_repeated_is_masked_alike),
        API_TEST(number_that_cannot_be_is_refused_and_not_repeated),
        API_TEST(profile_changes_what_is_personal),
        API_TEST(enterprise_is_found_by_phone_and_by_id_number),
        API_TEST(import_seals_every_line),
        API_TEST(plain_text_is_nowhere_in_a_dump_and_nowhere_in_the_log),
        API_TEST(value_that_was_touched_is_refused),
        API_TEST(key_is_changed_while_serving),
        API_TEST(cipher_is_changed_by_a_setting),
        API_TEST(values_from_before_are_masked_and_sealed_by_rotation),
        API_TEST(wrong_or_missing_key_is_told_before_serving),
        API_TEST(without_keys_nothing_personal_is_taken),
    };
    house_settings = "log_level = debug\n";
    return cmocka_run_group_tests_name("api.personal_data", tests, open_persons, close_persons);
}
