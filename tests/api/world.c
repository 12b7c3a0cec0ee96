#include "world.h"

#include "rongqiao/clock.h"

test_world world;

/* Codes and days ----------------------------------------------------------------------------------- */

/* The value of a character in GB 32100's alphabet (no I, O, S, V, Z). */
static unsigned uscc_value(char c)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    return (unsigned)(strchr(alphabet, c) - alphabet);
}

const char *uscc_of(const char *region, unsigned serial)
{
    static const unsigned organisation_weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};
    char code[24];
    unsigned sum = 0, weight = 1;
    snprintf(code, sizeof(code), "91%.6s%08u", region, serial % 100000000);
    for (size_t i = 0; i < 8; i++)
        sum += (unsigned)(code[8 + i] - '0') * organisation_weights[i];
    unsigned check = (11 - sum % 11) % 11;
    code[16] = check == 10 ? 'X' : (char)('0' + check);
    sum = 0;
    for (size_t i = 0; i < 17; i++) {
        sum += uscc_value(code[i]) * weight;
        weight = weight * 3 % 31;
    }
    code[17] = "0123456789ABCDEFGHJKLMNPQRTUWXY"[(31 - sum % 31) % 31];
    return textf("%.18s", code);
}

const char *fresh_uscc(const char *region)
{
    static unsigned serial = 10000000;
    return uscc_of(region, serial++);
}

const char *day_from_today(int days)
{
    return house_sql("select ((now() at time zone 'Asia/Shanghai')::date + %d)::text", days);
}

/* People ------------------------------------------------------------------------------------------- */

void user_make(test_user *user, const char *login, const char *role, const char *owner)
{
    json_t *document =
        doc("{ss ss ss s[s]}", "login", login, "name", login, "password", HOUSE_PASSWORD, "roles", role);
    bool of_institution =
        strstr("bank_maker bank_checker guarantee_reviewer guarantee_checker", role) != NULL;
    if (owner && of_institution)
        json_object_set_new(document, "institution_id", json_string(owner));
    else if (owner && strcmp(role, "authority") == 0)
        json_object_set_new(document, "region_code", json_string(owner));
    else if (owner)
        json_object_set_new(document, "enterprise_id", json_string(owner));
    expect(201, &world.operator, "POST", "/v1/users", document);
    user_login(user, login);
}

json_t *enterprise_document(const char *name, const char *region)
{
    return doc("{ss ss ss ss ss ss ss si sI sI ss ss ss}", "uscc", fresh_uscc(region), "name", name,
               "region_code", region, "industry_code", "C2770", "established_on", "2015-06-01",
               "legal_rep_name", "王法人", "legal_rep_id", "11010519491231002X", "employees", 120,
               "revenue_fen", 50000000 * YUAN, "total_assets_fen", 40000000 * YUAN, "contact_name", "李联系",
               "contact_mobile", "13800138000", "address", "某路一号");
}

const char *enterprise_make(test_user *user, const char *login, const char *name, const char *region)
{
    user_make(user, login, "enterprise", NULL);
    return text_of(expect(201, user, "POST", "/v1/enterprises", enterprise_document(name, region)), "id");
}

static void institution_make(char out_id[40], const char *kind, const char *name)
{
    json_t *made = expect(201, &world.operator, "POST", "/v1/institutions",
                          doc("{ss ss ss}", "kind", kind, "name_zh", name, "region_code", "000000"));
    snprintf(out_id, 40, "%s", text_of(made, "id"));
}

/* The shelf ---------------------------------------------------------------------------------------- */

json_t *loan_document(const char *kind, const char *name)
{
    return doc("{ss ss sI sI si si s{ss si si} s[ss] si}", "kind", kind, "name_zh", name, "amount_min_fen",
               100000 * YUAN, "amount_max_fen", 10000000 * YUAN, "term_min_months", 3, "term_max_months", 36,
               "rate", "base", "fixed", "low_ppm", 39000, "high_ppm", 45000, "repayments", "equal_instalment",
               "interest_first", "promised_hours", 40);
}

const char *product_publish(const test_user *maker, const test_user *checker, json_t *document)
{
    const char *id = text_of(expect(201, maker, "POST", "/v1/products", document), "id");
    move(200, maker, "products", id, "submit", NULL);
    move(200, checker, "products", id, "publish", NULL);
    return id;
}

typedef struct catalogue_wait {
    const test_user *enterprise;
    int64_t version;
} catalogue_wait;

static bool sees_catalogue(void *argument)
{
    const catalogue_wait *wait = argument;
    test_answer *answer = ask(wait->enterprise, "POST", "/v1/matches/preview", need_document(NULL));
    return answer && answer->status == 200 && number_of(answer->json, "catalogue_version") >= wait->version;
}

void catalogue_await(const test_user *enterprise)
{
    catalogue_wait wait = {enterprise, house_count("select version from catalogue")};
    assert_true(eventually(sees_catalogue, &wait));
}

static void fill_shelf(void)
{
    json_t *loan = loan_document("guaranteed_loan", "乙银行担保贷");
    json_object_set_new(loan, "guarantee", json_string("required"));
    snprintf(world.credit_a, 40, "%s",
             product_publish(&world.maker_a, &world.checker_a, loan_document("credit_loan", "甲银行信用贷")));
    snprintf(world.guaranteed_b, 40, "%s", product_publish(&world.maker_b, &world.checker_b, loan));
    json_t *guarantee =
        doc("{ss ss sI sI si si si si sb}", "kind", "guarantee", "name_zh", "融资担保", "amount_min_fen",
            100000 * YUAN, "amount_max_fen", 20000000 * YUAN, "term_min_months", 1, "term_max_months", 60,
            "fee_ppm", 8000, "coverage_ppm", 800000, "counter_guarantee", 0);
    snprintf(world.guarantee, 40, "%s", product_publish(&world.reviewer, &world.checker, guarantee));
    json_t *programme = expect(201, &world.zhejiang, "POST", "/v1/programmes",
                               doc("{ss ss s[s] si sI}", "type", "interest_subsidy", "name_zh", "浙江贴息",
                                   "regions", ZHEJIANG, "share_ppm", 200000, "cap_fen", 500000 * YUAN));
    snprintf(world.programme, 40, "%s", text_of(programme, "id"));
}

int world_open(void **state)
{
    if (house_open(state) != 0)
        return -1;
    user_login(&world.operator, HOUSE_OPERATOR);
    user_make(&world.second_operator, "second-operator", "operator", NULL);
    user_make(&world.auditor, "auditor", "auditor", NULL);
    user_make(&world.zhejiang, "zhejiang", "authority", ZHEJIANG);
    user_make(&world.guangdong, "guangdong", "authority", GUANGDONG);
    institution_make(world.bank_a, "bank", "甲银行");
    institution_make(world.bank_b, "bank", "乙银行");
    institution_make(world.guarantor, "guarantor", "丙融资担保公司");
    user_make(&world.maker_a, "maker-a", "bank_maker", world.bank_a);
    user_make(&world.checker_a, "checker-a", "bank_checker", world.bank_a);
    user_make(&world.maker_b, "maker-b", "bank_maker", world.bank_b);
    user_make(&world.checker_b, "checker-b", "bank_checker", world.bank_b);
    user_make(&world.reviewer, "reviewer", "guarantee_reviewer", world.guarantor);
    user_make(&world.checker, "checker", "guarantee_checker", world.guarantor);
    snprintf(world.id_a, 40, "%s",
             enterprise_make(&world.enterprise_a, "enterprise-a", "杭州甲企业有限公司", HANGZHOU));
    snprintf(world.id_b, 40, "%s",
             enterprise_make(&world.enterprise_b, "enterprise-b", "广州乙企业有限公司", GUANGZHOU));
    fill_shelf();
    catalogue_await(&world.enterprise_a);
    catalogue_await(&world.enterprise_b);
    return house_sweep(state);
}

int world_close(void **state)
{
    test_user *const users[] = {
        &world.operator, &world.second_operator, &world.auditor,   &world.zhejiang, &world.guangdong,    &world.maker_a,
        &world.checker_a, &world.maker_b,        &world.checker_b, &world.reviewer, &world.checker,      &world.enterprise_a,
        &world.enterprise_b,
    };
    for (size_t i = 0; i < COUNT(users); i++)
        user_leave(users[i]);
    return house_close(state);
}

/* Cases -------------------------------------------------------------------------------------------- */

static json_t *merged(json_t *document, json_t *more)
{
    if (more)
        json_object_update(document, more);
    json_decref(more);
    return document;
}

json_t *need_document(json_t *more)
{
    return merged(doc("{s[ss] sI sI si ss ss}", "kinds", "credit_loan", "guaranteed_loan", "amount_fen",
                      3000000 * YUAN, "amount_min_fen", 1000000 * YUAN, "term_months", 12, "purpose",
                      "working_capital", "purpose_detail", "采购原料"),
                  more);
}

const char *need_post(const test_user *enterprise, json_t *more)
{
    return text_of(expect(201, enterprise, "POST", "/v1/needs", need_document(more)), "id");
}

const char *apply_for(const test_user *enterprise, const char *need, const char *product)
{
    return text_of(expect(201, enterprise, "POST", "/v1/applications",
                          doc("{ss ss}", "need_id", need, "product_id", product)),
                   "id");
}

json_t *offer_document(const char *application, json_t *more)
{
    return merged(doc("{ss sI si s{ss si} ss ss}", "application_id", application, "amount_fen",
                      3000000 * YUAN, "term_months", 12, "rate", "base", "fixed", "value_ppm", 43500,
                      "repayment", "interest_first", "valid_until", day_from_today(20)),
                  more);
}

const char *offer_make(const test_user *maker, const test_user *checker, const char *application,
                       json_t *more)
{
    const char *id =
        text_of(expect(201, maker, "POST", "/v1/offers", offer_document(application, more)), "id");
    move(200, checker, "offers", id, "approve", NULL);
    return id;
}

const char *guarantee_approve(const test_user *enterprise, const char *application, const char *product)
{
    const char *id = text_of(expect(201, enterprise, "POST", "/v1/guarantee-cases",
                                    doc("{ss ss}", "application_id", application, "product_id", product)),
                             "id");
    move(200, &world.reviewer, "guarantee-cases", id, "review", NULL);
    move(200, &world.reviewer, "guarantee-cases", id, "propose",
         doc("{si ss}", "fee_ppm", 8000, "note", "经营正常，现金流可覆盖"));
    move(200, &world.checker, "guarantee-cases", id, "approve", NULL);
    return id;
}

json_t *move(int status, const test_user *user, const char *collection, const char *id, const char *action,
             json_t *body)
{
    return expect(status, user, "POST", textf("/v1/%s/%s/%s", collection, id, action), body);
}

json_t *move_problem(int status, const char *code, const test_user *user, const char *collection,
                     const char *id, const char *action, json_t *body)
{
    return expect_problem(status, code, user, "POST", textf("/v1/%s/%s/%s", collection, id, action), body);
}

json_t *get(int status, const test_user *user, const char *collection, const char *id)
{
    return expect(status, user, "GET", textf("/v1/%s/%s", collection, id), NULL);
}

json_t *reason(const char *code)
{
    return doc("{ss ss}", "reason_code", code, "reason_text",
               "近一年经营现金流不足以覆盖拟贷款的本金和利息支出");
}
