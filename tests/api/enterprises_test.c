/* Enterprises: codes and their verification, size classes, facts and qualifications with their sources,
 * imports. */
#include "world.h"

/* Registers by the operator's hand. */
static json_t *register_one(json_t *more)
{
    json_t *document = enterprise_document(textf("登记企业%s", fresh_key()), HANGZHOU);
    if (more)
        json_object_update(document, more);
    json_decref(more);
    return expect(201, &world.operator, "POST", "/v1/enterprises", document);
}

/* Codes -------------------------------------------------------------------------------------------- */

static void published_codes_get_the_right_answer(void **state)
{
    /* From tests/data/uscc: issued codes, and codes that fail one check each. */
    static const struct {
        const char *code, *check, *fault;
    } rows[] = {
        {"911101026662879416", "ok", NULL},
        {"91110105MA018WY219", "ok", NULL},
        {"91430111MAEXLE0M5P", "ok", NULL},
        {"92340605MA2PBQAH7E", "check", "uscc_check"},
        {"91310000631295002H", "organisation", "uscc_check"},
        {"914403A01922038216", NULL, "uscc"},
        {"9111010266628794I6", NULL, "uscc"},
        {"923406321MA2PBN145R", NULL, "too_long"},
        {"9111010266628794", NULL, "too_short"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *document = enterprise_document("代码各异的企业", HANGZHOU);
        json_object_set_new(document, "uscc", json_string(rows[i].code));
        if (rows[i].fault) {
            json_t *problem = expect_problem(422, "validation_failed", &world.operator, "POST",
                                             "/v1/enterprises", json_deep_copy(document));
            assert_int_equal(json_array_size(member_of(problem, "errors")), 1);
            assert_string_equal(text_of(problem, "errors.0.pointer"), "/uscc");
            assert_string_equal(text_of(problem, "errors.0.code"), rows[i].fault);
            assert_true(*text_of(problem, "errors.0.detail_zh") && *text_of(problem, "errors.0.detail_en"));
        }
        /* A licence may say what no check makes: whoever confirms it waits for a person. What is no code at
         * all is none. */
        if (rows[i].fault)
            json_object_set_new(document, "uscc_confirmed", json_true());
        json_t *made =
            expect(rows[i].check ? 201 : 422, &world.operator, "POST", "/v1/enterprises", document);
        if (!rows[i].check)
            continue;
        assert_string_equal(text_of(made, "uscc_check"), rows[i].check);
        assert_string_equal(text_of(made, "verification"),
                            strcmp(rows[i].check, "ok") == 0 ? "verified" : "pending");
    }
}

static void code_is_taken_in_either_case_and_only_once(void **state)
{
    (void)state;
    json_t *made = register_one(doc("{ss}", "uscc", "9131000063159284xq"));
    assert_string_equal(text_of(made, "uscc"), "9131000063159284XQ");
    const char *code = fresh_uscc(HANGZHOU);
    register_one(doc("{ss}", "uscc", code));
    json_t *twice = enterprise_document("另一家企业", HANGZHOU);
    json_object_set_new(twice, "uscc", json_string(code));
    json_t *problem = expect_problem(409, "uscc_taken", &world.operator, "POST", "/v1/enterprises", twice);
    assert_string_equal(text_of(problem, "errors.0.pointer"), "/uscc");
    expect_problem(409, "enterprise_already_registered", &world.enterprise_a, "POST", "/v1/enterprises",
                   enterprise_document("第二家企业", HANGZHOU));
}

/* Page by page, each once, and what came last at the end. */
static void queue_goes_from_the_longest_here(const char *last)
{
    const char *cursor = "", *before = "";
    for (unsigned pages = 0; cursor; pages++) {
        assert_true(pages < 50);
        json_t *page =
            expect(200, &world.zhejiang, "GET",
                   textf("/v1/enterprises?verification=pending&order=oldest&limit=1%s", cursor), NULL);
        const char *id = text_of(page, "items.0.id"), *next = text_of(page, "next");
        assert_true(strcmp(before, id) < 0);
        before = id;
        cursor = *next ? textf("&cursor=%s", next) : NULL;
    }
    assert_string_equal(before, last);
}

static void need_of_a_pending_enterprise_waits_for_its_verification(void **state)
{
    test_user user;
    (void)state;
    user_make(&user, "pending", "enterprise", NULL);
    json_t *document = enterprise_document("待核验企业", HANGZHOU);
    json_object_set_new(document, "uscc", json_string("91330106MA00000000"));
    json_object_set_new(document, "uscc_confirmed", json_true());
    json_t *made = expect(201, &user, "POST", "/v1/enterprises", document);
    assert_string_equal(text_of(made, "verification"), "pending");
    const char *need = need_post(&user, NULL);
    assert_string_equal(text_of(get(200, &user, "needs", need), "state"), "checking");
    json_t *waiting =
        expect(200, &world.zhejiang, "GET", "/v1/enterprises?verification=pending&limit=100", NULL);
    assert_true(json_array_size(member_of(waiting, "items")) > 0);
    queue_goes_from_the_longest_here(text_of(made, "id"));
    json_t *verified = move(200, &world.zhejiang, "enterprises", text_of(made, "id"), "verify",
                            doc("{ss ss}", "verification", "verified", "note", "已核对营业执照原件"));
    assert_string_equal(text_of(verified, "verification"), "verified");
    assert_int_equal(number_of(verified, "needs_opened"), 1);
    assert_string_equal(text_of(get(200, &user, "needs", need), "state"), "open");
    user_leave(&user);
}

static void unknown_region_or_industry_is_named(void **state)
{
    static const char *const rows[][3] = {{"region_code", "330199", "region_unknown"},
                                          {"industry_code", "C9999", "industry_unknown"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *document = enterprise_document("地区行业", HANGZHOU);
        json_object_set_new(document, rows[i][0], json_string(rows[i][1]));
        json_t *problem =
            expect_problem(422, rows[i][2], &world.operator, "POST", "/v1/enterprises", document);
        assert_string_equal(text_of(problem, "errors.0.pointer"), textf("/%s", rows[i][0]));
    }
}

/* Size classes ------------------------------------------------------------------------------------- */

static void every_published_vector_of_the_size_rules_holds(void **state)
{
    FILE *file = fopen(RQ_SOURCE_DIR "/tests/data/sme/sme_test_vectors.csv", "re");
    char line[256];
    unsigned rows = 0;
    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    while (fgets(line, sizeof(line), file)) {
        char *cells[5], *at = line;
        line[strcspn(line, "\r\n")] = 0;
        for (size_t i = 0; i < COUNT(cells); i++)
            cells[i] = strsep(&at, ",");
        assert_non_null(cells[4]);
        const char *found = house_sql(
            "select app.size_class_of_group('%s', nullif('%s', '')::bigint, nullif('%s', '')::bigint * "
            "1000000, nullif('%s', '')::bigint * 1000000)",
            cells[0], cells[1], cells[2], cells[3]);
        if (strcmp(found, cells[4]) != 0)
            print_error("%s,%s,%s,%s\n", cells[0], cells[1], cells[2], cells[3]);
        assert_string_equal(found, cells[4]);
        rows++;
    }
    fclose(file);
    assert_true(rows >= 90);
}

static void size_is_computed_from_what_is_registered(void **state)
{
    static const struct {
        const char *industry;
        int employees;
        int64_t revenue_wan;
        const char *size;
    } rows[] = {
        {"C2770", 1000, 40000, "large"}, {"C2770", 999, 40000, "medium"}, {"C2770", 300, 1999, "small"},
        {"C2770", 19, 50000, "micro"},   {"0111", 5, 500, "medium"},      {"C1311", 20, 300, "small"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *made = register_one(doc("{ss si sI}", "industry_code", rows[i].industry, "employees",
                                        rows[i].employees, "revenue_fen", rows[i].revenue_wan * 1000000));
        assert_string_equal(text_of(made, "size_class"), rows[i].size);
        assert_string_equal(text_of(made, "facts.size_class.source"), "computed");
    }
    json_t *unknown = register_one(doc("{sn}", "employees"));
    assert_true(json_is_null(member_of(unknown, "size_class")));
    assert_null(member_of(unknown, "facts.size_class"));
    /* A change of the figures changes the class. */
    const char *id = text_of(unknown, "id");
    json_t *changed =
        expect(200, &world.operator, "PATCH", textf("/v1/enterprises/%s", id), doc("{si}", "employees", 10));
    assert_string_equal(text_of(changed, "size_class"), "micro");
}

/* Facts and qualifications ------------------------------------------------------------------------- */

static void enterprise_can_only_declare_its_facts(void **state)
{
    (void)state;
    json_t *facts = doc("{s{s{si ss ss} s{ss}}}", "facts", "tax_paid_12m_fen", "value", 88800, "source",
                        "tax", "as_of", "2026-06-30", "tax_grade", "value", "A");
    json_t *declared = move(200, &world.enterprise_a, "enterprises", world.id_a, "facts", facts);
    assert_string_equal(text_of(declared, "facts.tax_paid_12m_fen.source"), "declared");
    assert_string_equal(text_of(declared, "facts.tax_paid_12m_fen.as_of"), "2026-06-30");
    json_t *confirmed = move(200, &world.zhejiang, "enterprises", world.id_a, "facts",
                             doc("{s{s{ss ss}}}", "facts", "tax_grade", "value", "B", "source", "tax"));
    assert_string_equal(text_of(confirmed, "facts.tax_grade.source"), "tax");
    assert_string_equal(text_of(confirmed, "facts.tax_grade.value"), "B");
    assert_int_equal(number_of(confirmed, "facts.tax_paid_12m_fen.value"), 88800);
    json_t *forgotten = move(200, &world.enterprise_a, "enterprises", world.id_a, "facts",
                             doc("{s{s{sn}}}", "facts", "tax_paid_12m_fen", "value"));
    assert_null(member_of(forgotten, "facts.tax_paid_12m_fen"));
    assert_int_equal(number_of(forgotten, "version"), number_of(declared, "version") + 2);
}

static void qualifications_are_confirmed_by_the_authority(void **state)
{
    (void)state;
    json_t *document = enterprise_document("专精特新企业", HANGZHOU);
    test_user user;
    user_make(&user, "qualified", "enterprise", NULL);
    json_object_set_new(document, "tags",
                        doc("[{ss} {ss ss}]", "tag", "srdi", "tag", "high_tech", "valid_to", "2020-01-01"));
    json_t *made = expect(201, &user, "POST", "/v1/enterprises", document);
    assert_string_equal(text_of(made, "tags.0.source"), "declared");
    /* The one that has run out is kept and does not count. */
    assert_int_equal(json_array_size(member_of(made, "tags")), 2);
    assert_int_equal(json_array_size(member_of(made, "facts.tags.value")), 1);
    const char *id = text_of(made, "id");
    expect_problem(403, "forbidden", &user, "POST", textf("/v1/enterprises/%s/tags", id), json_object());
    json_t *confirmed = move(
        200, &world.zhejiang, "enterprises", id, "tags",
        doc("{s[{ss ss ss}]}", "tags", "tag", "srdi", "issuer", "浙江省经信厅", "valid_to", "2031-12-31"));
    const json_t *tags = member_of(confirmed, "tags");
    assert_int_equal(json_array_size(tags), 2);
    for (size_t i = 0; i < json_array_size(tags); i++) {
        bool is_srdi = strcmp(text_of(json_array_get(tags, i), "tag"), "srdi") == 0;
        assert_string_equal(text_of(json_array_get(tags, i), "source"), is_srdi ? "authority" : "declared");
    }
    json_t *backwards = move(
        422, &world.zhejiang, "enterprises", id, "tags",
        doc("{s[{ss ss ss}]}", "tags", "tag", "srdi", "valid_from", "2031-01-01", "valid_to", "2030-01-01"));
    assert_string_equal(text_of(backwards, "errors.0.pointer"), "/tags");
    user_leave(&user);
}

/* What a need of the enterprise is matched with. */
static const char *tags_for(const test_user *enterprise, json_t *more)
{
    const char *need = need_post(enterprise, more);
    return house_sql("select jsonb_path_query_array(input::jsonb, '$.facts.tags.value[*]') from match_run "
                     "where need_id = '%s' order by id desc limit 1",
                     need);
}

static void declared_qualifications_hide_no_confirmed_one(void **state)
{
    (void)state;
    test_user user;
    const char *id = enterprise_make(&user, "tagged", "资质企业", HANGZHOU);
    move(200, &world.zhejiang, "enterprises", id, "tags", doc("{s[{ss}]}", "tags", "tag", "srdi"));
    json_t *confirmed = get(200, &user, "enterprises", id);
    assert_string_equal(text_of(confirmed, "facts.tags.source"), "authority");
    json_t *both = move(200, &user, "enterprises", id, "facts",
                        doc("{s{s{s[s]}}}", "facts", "tags", "value", "high_tech"));
    assert_string_equal(text_of(both, "facts.tags.value.0"), "high_tech");
    assert_string_equal(text_of(both, "facts.tags.value.1"), "srdi");
    assert_int_equal(json_array_size(member_of(both, "facts.tags.value")), 2);
    assert_string_equal(text_of(both, "facts.tags.source"), "declared"); /* no better than its weakest */
    assert_string_equal(tags_for(&user, NULL), "[\"high_tech\", \"srdi\"]");
    /* Nor does what a need says of itself, or an empty list. */
    json_t *none = move(200, &user, "enterprises", id, "facts", doc("{s{s{s[]}}}", "facts", "tags", "value"));
    assert_int_equal(json_array_size(member_of(none, "facts.tags.value")), 1);
    assert_string_equal(text_of(none, "facts.tags.value.0"), "srdi");
    assert_string_equal(text_of(none, "facts.tags.source"), "authority");
    user_leave(&user);
}

static void change_keeps_what_it_does_not_name(void **state)
{
    (void)state;
    json_t *made = register_one(NULL);
    const char *path = textf("/v1/enterprises/%s", text_of(made, "id"));
    json_t *renamed = expect(200, &world.operator, "PATCH", path, doc("{ss}", "name", "改名以后的企业"));
    assert_string_equal(text_of(renamed, "former_names.0"), text_of(made, "name"));
    assert_string_equal(text_of(renamed, "contact_mobile"), text_of(made, "contact_mobile"));
    assert_string_equal(text_of(renamed, "verification"), "verified");
    json_t *recoded = expect(200, &world.operator, "PATCH", path,
                             doc("{ss sb}", "uscc", "91330106MA11111111", "uscc_confirmed", 1));
    assert_string_equal(text_of(recoded, "verification"), "pending");
    test_answer *stale =
        ask_raw(&world.operator, "PATCH", path, "Content-Type: application/json\r\nIf-Match: \"1\"\r\n",
                "{\"name\":\"不会改成这样\"}");
    check_problem(stale, 412, "version_changed");
    json_t *moved = expect(422, &world.operator, "PATCH", path, doc("{ss}", "region_code", GUANGZHOU));
    assert_string_equal(text_of(moved, "errors.0.pointer"), "/region_code");
    json_t *nearby = expect(200, &world.operator, "PATCH", path, doc("{ss}", "region_code", "330108"));
    assert_string_equal(text_of(nearby, "region_code"), "330108");
}

static void change_clears_what_is_null_and_may_be_left_out(void **state)
{
    (void)state;
    static const char *const optional[] = {"address",   "main_business", "contact_name", "contact_mobile",
                                           "employees", "revenue_fen",   "fiscal_year",  "established_on"};
    json_t *made =
        register_one(doc("{ss ss ss ss sI si ss}", "address", "文三路 1 号", "main_business", "电子元件",
                         "contact_name", "王五", "contact_mobile", "13812345678", "revenue_fen", 100 * YUAN,
                         "fiscal_year", 2025, "established_on", "2015-05-05"));
    const char *path = textf("/v1/enterprises/%s", text_of(made, "id"));
    json_t *body = json_object();
    for (size_t i = 0; i < COUNT(optional); i++) {
        assert_false(json_is_null(member_of(made, optional[i])));
        json_object_set_new(body, optional[i], json_null());
    }
    json_t *cleared = expect(200, &world.operator, "PATCH", path, body);
    for (size_t i = 0; i < COUNT(optional); i++)
        assert_true(json_is_null(member_of(cleared, optional[i])));
    assert_string_equal(text_of(cleared, "name"), text_of(made, "name"));
    assert_int_equal(
        house_count("select count(*) from enterprise where id = '%s' and contact_mobile_hash is null"
                    " and contact_mobile_sealed is null",
                    text_of(made, "id")),
        1);
    static const char *const required[] = {"name", "uscc", "region_code", "industry_code"};
    for (size_t i = 0; i < COUNT(required); i++) {
        json_t *problem = expect_problem(422, "validation_failed", &world.operator, "PATCH", path,
                                         doc("{sn}", required[i]));
        assert_string_equal(text_of(problem, "errors.0.pointer"), textf("/%s", required[i]));
        assert_string_equal(text_of(problem, "errors.0.code"), "required");
    }
}

static void registration_says_whose_word_it_is_and_since_when(void **state)
{
    (void)state;
    json_t *before = get(200, &world.enterprise_a, "enterprises", world.id_a);
    assert_string_equal(text_of(before, "registration_source"), "declared");
    assert_true(*text_of(before, "verified_at"));
    move(200, &world.enterprise_a, "enterprises", world.id_a, "facts",
         doc("{s{s{si}}}", "facts", "credit_enquiries_3m", "value", 1));
    json_t *same = get(200, &world.enterprise_a, "enterprises", world.id_a);
    assert_string_equal(text_of(same, "registration_as_of"), text_of(before, "registration_as_of"));
    json_t *changed = expect(200, &world.operator, "PATCH", textf("/v1/enterprises/%s", world.id_a),
                             doc("{ss}", "address", "文三路 2 号"));
    assert_string_equal(text_of(changed, "registration_source"), "authority");
    assert_string_not_equal(text_of(changed, "registration_as_of"), text_of(before, "registration_as_of"));
    assert_string_equal(text_of(changed, "verified_at"), text_of(before, "verified_at"));

    json_t *doubted = register_one(doc("{ss sb}", "uscc", "91330106MA33333333", "uscc_confirmed", 1));
    assert_true(json_is_null(member_of(doubted, "verified_at")));
    json_t *verified = move(200, &world.zhejiang, "enterprises", text_of(doubted, "id"), "verify",
                            doc("{ss ss}", "verification", "verified", "note", "已核对营业执照原件"));
    assert_true(*text_of(verified, "verified_at"));
}

static void list_is_filtered_and_paged(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++)
        register_one(NULL);
    int64_t total =
        house_count("select count(*) from enterprise where region_code between '330000' and '339999'");
    const char *path = "/v1/enterprises?region=330000&limit=3";
    const char *cursor = "", *last = "g";
    int64_t seen = 0;
    for (int page = 0; page < 100; page++) {
        json_t *list = expect(200, &world.operator, "GET",
                              textf("%s%s%s", path, *cursor ? "&cursor=" : "", cursor), NULL);
        json_t *items = member_of(list, "items");
        for (size_t i = 0; i < json_array_size(items); i++, seen++) {
            const char *id = text_of(json_array_get(items, i), "id");
            assert_true(strcmp(id, last) < 0); /* newest first, none twice */
            last = id;
        }
        cursor = text_of(list, "next");
        if (!*cursor)
            break;
        assert_int_equal(json_array_size(items), 3);
    }
    assert_int_equal(seen, total);
}

/* Imports ------------------------------------------------------------------------------------------ */

static json_t *import_csv(const char *text)
{
    return check_status(
        ask_raw(&world.operator, "POST", "/v1/enterprises/import",
                textf("Content-Type: text/csv; charset=utf-8\r\nIdempotency-Key: %s\r\n", fresh_key()), text),
        200);
}

/* The report's entry of a line. */
static const json_t *line_of(const json_t *report, int64_t line)
{
    const json_t *lines = member_of(report, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++)
        if (number_of(json_array_get(lines, i), "line") == line)
            return json_array_get(lines, i);
    fail_msg("the report has no line %lld", (long long)line);
    return NULL;
}

static void assert_refused(const json_t *line, const char *code, const char *pointer, const char *zh,
                           const char *en)
{
    assert_string_equal(text_of(line, "verdict"), "refused");
    assert_string_equal(text_of(line, "code"), code);
    assert_string_equal(text_of(line, "errors.0.pointer"), pointer);
    assert_string_equal(text_of(line, "errors.0.code"), code);
    assert_string_equal(text_of(line, "errors.0.detail_zh"), zh);
    assert_string_equal(text_of(line, "errors.0.detail_en"), en);
}

static void csv_import_keeps_the_good_lines_and_says_why_of_the_bad(void **state)
{
    (void)state;
    const char *first = fresh_uscc(HANGZHOU), *second = fresh_uscc(HANGZHOU), *third = fresh_uscc(HANGZHOU);
    int64_t before = house_count("select count(*) from enterprise");
    json_t *report = import_csv(
        textf("\xef\xbb\xbfuscc,name,region_code,industry_code,employees,address,facts,uscc_confirmed\r\n"
              "%s,\"引号\"\"里的\"\"企业\",330106,C2770,10,\"一号,二层\n东侧\",\"{\"\"tax_"
              "grade\"\":{\"\"value\"\":\"\"A\"\"}}\",\r\n"
              "%s,人数不对的企业,330106,C2770,many,,,\r\n"
              "%s,代码重复的企业,330106,C2770,,,,\r\n"
              "\r\n"
              "%s,地区不存在的企业,330199,C2770,,,,\r\n"
              "91330106MA22222222,代码待核的企业,330106,C2770,,,,true\r\n"
              "%s,少一格的企业,330106,C2770\r\n"
              "%s,好企业,330106,2770,,,,\r\n",
              first, second, first, second, second, third));
    assert_int_equal(number_of(report, "accepted"), 3);
    assert_int_equal(number_of(report, "refused"), 4);
    assert_int_equal(house_count("select count(*) from enterprise"), before + 3);
    /* The first record takes two lines of the file. */
    const char *id = text_of(line_of(report, 2), "id");
    json_t *made = get(200, &world.operator, "enterprises", id);
    assert_string_equal(text_of(made, "name"), "引号\"里的\"企业");
    assert_string_equal(text_of(made, "address"), "一号,二层\n东侧");
    assert_string_equal(text_of(made, "facts.tax_grade.value"), "A");
    assert_string_equal(text_of(line_of(report, 4), "errors.0.pointer"), "/employees");
    assert_string_equal(text_of(line_of(report, 4), "errors.0.code"), "type_integer");
    /* What PostgreSQL refuses is said as the API says it of one enterprise. */
    assert_refused(line_of(report, 5), "uscc_taken", "/uscc", "该统一社会信用代码已登记",
                   "The unified social credit code is registered already");
    assert_refused(line_of(report, 7), "region_unknown", "/region_code", "行政区划代码不存在",
                   "The region code does not exist");
    assert_string_equal(text_of(line_of(report, 8), "verification"), "pending");
    const json_t *short_line = line_of(report, 9);
    assert_string_equal(text_of(short_line, "errors.0.code"), "too_few");
    assert_non_null(strstr(text_of(short_line, "errors.0.detail_en"), "8 elements"));
    assert_true(*text_of(line_of(report, 10), "id"));
}

/* Every table but the answers kept under their keys. */
static const char *rows_but_answers(void)
{
    const char *rows = house_rows(), *at = strstr(rows, " idempotency=");
    assert_non_null(at);
    return textf("%.*s%s", (int)(at - rows), rows, at + 1 + strcspn(at + 1, " "));
}

static void dry_run_tells_the_verdicts_and_keeps_nothing(void **state)
{
    (void)state;
    const char *code = fresh_uscc(HANGZHOU);
    json_t *there = register_one(NULL), *taken = enterprise_document("已登记", HANGZHOU);
    json_object_set(taken, "uscc", member_of(there, "uscc"));
    json_t *first = enterprise_document("试导一", HANGZHOU), *twice = enterprise_document("试导二", HANGZHOU);
    json_object_set_new(first, "uscc", json_string(code));
    json_object_set_new(twice, "uscc", json_string(code));
    const char *before = rows_but_answers();
    json_t *report = expect(200, &world.operator, "POST", "/v1/enterprises/import?dry_run=true",
                            doc("{s[o o o i]}", "items", first, twice, taken, 7));
    assert_string_equal(rows_but_answers(), before);
    assert_int_equal(number_of(report, "accepted"), 1);
    assert_int_equal(number_of(report, "refused"), 3);
    assert_string_equal(text_of(line_of(report, 1), "verdict"), "accepted");
    assert_string_equal(text_of(line_of(report, 1), "verification"), "verified");
    assert_null(member_of(line_of(report, 1), "id"));
    assert_string_equal(text_of(line_of(report, 2), "code"), "uscc_taken");
    assert_string_equal(text_of(line_of(report, 3), "existing_id"), text_of(there, "id"));
    assert_string_equal(text_of(line_of(report, 4), "errors.0.code"), "type_object");
    json_t *odd = expect_problem(422, "validation_failed", &world.operator, "POST",
                                 "/v1/enterprises/import?dry_run=perhaps", doc("{s[{}]}", "items"));
    assert_string_equal(text_of(odd, "errors.0.pointer"), "/dry_run");
}

static void authority_imports_its_region_and_no_other(void **state)
{
    (void)state;
    json_t *items = doc("{s[o o]}", "items", enterprise_document("本省企业", HANGZHOU),
                        enterprise_document("外省企业", GUANGZHOU));
    json_t *report = expect(200, &world.zhejiang, "POST", "/v1/enterprises/import", items);
    assert_string_equal(text_of(line_of(report, 1), "verdict"), "accepted");
    assert_refused(line_of(report, 2), "not_found", "", "未找到，或您无权查看",
                   "Not found, or not yours to see");
}

static void json_import_reports_line_by_line(void **state)
{
    (void)state;
    json_t *good = enterprise_document("导入一", HANGZHOU), *bad = enterprise_document("导入二", HANGZHOU);
    json_object_set_new(bad, "no_such_key", json_true());
    json_t *items = doc("{s[o o i o]}", "items", good, bad, 7, enterprise_document("导入三", GUANGZHOU));
    json_t *report = expect(200, &world.operator, "POST", "/v1/enterprises/import", items);
    assert_int_equal(number_of(report, "accepted"), 2);
    assert_int_equal(number_of(report, "refused"), 2);
    assert_true(*text_of(line_of(report, 1), "id") && *text_of(line_of(report, 4), "id"));
    assert_string_equal(text_of(line_of(report, 2), "errors.0.pointer"), "/no_such_key");
    assert_string_equal(text_of(line_of(report, 3), "errors.0.code"), "type_object");
}

static void import_that_is_no_table_is_refused_whole(void **state)
{
    static const char *const texts[] = {"", "\"open", "a\"b,c\n1,2"};
    (void)state;
    const char *before = house_rows();
    for (size_t i = 0; i < COUNT(texts); i++) {
        test_answer *answer =
            ask_raw(&world.operator, "POST", "/v1/enterprises/import",
                    textf("Content-Type: text/csv\r\nIdempotency-Key: %s\r\n", fresh_key()), texts[i]);
        assert_non_null(answer);
        bool refused =
            answer->status == 422 || (answer->status == 200 && number_of(answer->json, "accepted") == 0);
        assert_true(refused);
    }
    assert_int_equal(house_count("select count(*) from enterprise"),
                     strtoll(strstr(before, " enterprise=") + 12, NULL, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(published_codes_get_the_right_answer),
        API_TEST(code_is_taken_in_either_case_and_only_once),
        API_TEST(need_of_a_pending_enterprise_waits_for_its_verification),
        API_TEST(unknown_region_or_industry_is_named),
        API_TEST(every_published_vector_of_the_size_rules_holds),
        API_TEST(size_is_computed_from_what_is_registered),
        API_TEST(enterprise_can_only_declare_its_facts),
        API_TEST(qualifications_are_confirmed_by_the_authority),
        API_TEST(declared_qualifications_hide_no_confirmed_one),
        API_TEST(change_keeps_what_it_does_not_name),
        API_TEST(change_clears_what_is_null_and_may_be_left_out),
        API_TEST(registration_says_whose_word_it_is_and_since_when),
        API_TEST(list_is_filtered_and_paged),
        API_TEST(csv_import_keeps_the_good_lines_and_says_why_of_the_bad),
        API_TEST(json_import_reports_line_by_line),
        API_TEST(dry_run_tells_the_verdicts_and_keeps_nothing),
        API_TEST(authority_imports_its_region_and_no_other),
        API_TEST(import_that_is_no_table_is_refused_whole),
    };
    return cmocka_run_group_tests_name("api.enterprises", tests, world_open, world_close);
}
