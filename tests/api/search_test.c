/* Search: finds by any part of a name and by the beginning of a number, and only what the asker may see. */
#include "world.h"

static const char *encoded(const char *text)
{
    const char *out = "";
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        out = textf("%s%%%02X", out, *c);
    return out;
}

/* "[kind title] [kind title] ..." of what is found. */
static const char *found(const test_user *user, const char *words)
{
    json_t *items =
        member_of(expect(200, user, "GET", textf("/v1/search?q=%s", encoded(words)), NULL), "items");
    const char *text = "";
    for (size_t i = 0; i < json_array_size(items); i++)
        text = textf("%s[%s %s]", text, text_of(json_array_get(items, i), "kind"),
                     text_of(json_array_get(items, i), "title"));
    return text;
}

static bool finds(const test_user *user, const char *words, const char *hit)
{
    return strstr(found(user, words), hit) != NULL;
}

static const char name_a[] = "[enterprise 杭州甲企业有限公司]";

static void name_is_found_by_any_part_of_it(void **state)
{
    static const char *const words[] = {"杭州甲企业有限公司", "州甲", "甲企", " 甲 企业", "有限公司"};
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++)
        assert_true(finds(&world.operator, words[i], name_a));
    assert_string_equal(found(&world.operator, "无此企业"), "");
    assert_true(finds(&world.maker_a, "甲银", "[institution 甲银行]"));
    assert_true(finds(&world.enterprise_a, "信用贷", "[product 甲银行信用贷]"));
    assert_true(finds(&world.enterprise_b, "贴息", "[programme 浙江贴息]"));
    /* Wide and narrow letters are one. */
    expect(201, &world.operator, "POST", "/v1/enterprises", enterprise_document("ＡＢＣ科技公司", HANGZHOU));
    assert_true(finds(&world.operator, "abc科", "[enterprise ＡＢＣ科技公司]"));
}

static void number_is_found_by_its_beginning(void **state)
{
    (void)state;
    json_t *need = get(200, &world.enterprise_a, "needs", need_post(&world.enterprise_a, NULL));
    const char *number = text_of(need, "request_no"), *hit = textf("[need %s", number);
    assert_true(finds(&world.enterprise_a, number, hit));
    assert_true(finds(&world.zhejiang, textf("%.12s", number), hit));
    const char *uscc = house_sql("select uscc from enterprise where id = '%s'", world.id_a);
    assert_true(finds(&world.operator, textf("%.10s", uscc), name_a));
    /* The exact number comes first. */
    assert_int_equal(strncmp(found(&world.operator, number), hit, strlen(hit)), 0);
}

static void nothing_is_found_that_may_not_be_seen(void **state)
{
    (void)state;
    assert_false(finds(&world.guangdong, "杭州甲", name_a));
    assert_true(finds(&world.zhejiang, "杭州甲", name_a));
    assert_true(finds(&world.enterprise_a, "杭州甲", name_a));
    assert_false(finds(&world.enterprise_b, "杭州甲", name_a));
    const test_user *const banks[] = {&world.maker_a, &world.maker_b, &world.reviewer};
    for (size_t i = 0; i < COUNT(banks); i++)
        assert_string_equal(found(banks[i], "杭州甲企业"), "");
    /* The enterprise applies at bank A: there it is found, with the application. */
    apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    assert_true(finds(&world.maker_a, "杭州甲", name_a));
    assert_true(finds(&world.maker_a, "杭州甲", "[application 杭州甲企业有限公司 甲银行]"));
    assert_false(finds(&world.maker_b, "杭州甲", "杭州甲"));
    /* Drafts of the shelf are their institution's. */
    expect(201, &world.maker_b, "POST", "/v1/products", loan_document("credit_loan", "未上架之物"));
    assert_true(finds(&world.maker_b, "未上架", "[product 未上架之物]"));
    assert_false(finds(&world.maker_a, "未上架", "[product"));
    expect_problem(401, "unauthenticated", NULL, "GET", "/v1/search?q=ab", NULL);
}

static void finding_an_enterprise_is_a_look_at_it(void **state)
{
    (void)state;
    found(&world.auditor, "广州乙");
    assert_int_equal(
        house_count("select count(*) from enterprise_view where what = 'search' and viewer_id = '%s' "
                    "and enterprise_id = '%s'",
                    world.auditor.id, world.id_b),
        1);
}

static void marks_of_patterns_stand_for_themselves(void **state)
{
    (void)state;
    assert_string_equal(found(&world.operator, "%%"), "");
    assert_string_equal(found(&world.operator, "__"), "");
    assert_string_equal(found(&world.operator, "\\'"), "");
    expect_problem(422, "validation_failed", &world.operator, "GET", textf("/v1/search?q=%s", encoded("甲")),
                   NULL);
    json_t *few =
        expect(200, &world.operator, "GET", textf("/v1/search?limit=1&q=%s", encoded("银行")), NULL);
    assert_int_equal(json_array_size(member_of(few, "items")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(name_is_found_by_any_part_of_it),        API_TEST(number_is_found_by_its_beginning),
        API_TEST(nothing_is_found_that_may_not_be_seen),  API_TEST(finding_an_enterprise_is_a_look_at_it),
        API_TEST(marks_of_patterns_stand_for_themselves),
    };
    return cmocka_run_group_tests_name("api.search", tests, world_open, world_close);
}
