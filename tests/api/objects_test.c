/* Whose objects are whose: every route with {id}, taken from the route table, against every user of the
 * world. An object that is not theirs is answered like an identifier that was never given out, and nothing
 * that somebody tries on another's object changes anything. */
#include "schema_cases.h"

/* The people, a letter each, so that a row can say who. */
static const struct {
    char letter;
    unsigned bit;
    const test_user *user;
} people[] = {{'a', RQ_ROLE_ENTERPRISE, &world.enterprise_a}, {'b', RQ_ROLE_ENTERPRISE, &world.enterprise_b},
              {'m', RQ_ROLE_BANK_MAKER, &world.maker_a}, {'c', RQ_ROLE_BANK_CHECKER, &world.checker_a},
              {'n', RQ_ROLE_BANK_MAKER, &world.maker_b}, {'d', RQ_ROLE_BANK_CHECKER, &world.checker_b},
              {'r', RQ_ROLE_GUARANTEE_REVIEWER, &world.reviewer},
              {'g', RQ_ROLE_GUARANTEE_CHECKER, &world.checker}, {'z', RQ_ROLE_AUTHORITY, &world.zhejiang},
              {'y', RQ_ROLE_AUTHORITY, &world.guangdong},
              {
                  'o',
                  RQ_ROLE_OPERATOR,
                  &world.operator},
                  {'u', RQ_ROLE_AUDITOR, &world.auditor},
};
#define EVERYBODY "abmcndrgzyou"

/* An object of each kind; `sees` may know that it is there, `acts` has some business with it. The longest
 * path that a route's begins with is its row: a route without one fails the test. */
typedef struct object {
    const char *path;
    const char *sees, *acts;
    char id[40];
} object;
static object objects[] = {
    {.path = "/v1/sessions/{id}", .sees = "z", .acts = "z"},
    {.path = "/v1/users/{id}", .sees = "o", .acts = "o"},
    {.path = "/v1/api-keys/{id}", .sees = "mcou", .acts = "mco"},
    {.path = "/v1/enterprises/{id}", .sees = "amcndrgzou", .acts = "azo"},
    {.path = "/v1/enterprises/{id}/views", .sees = "azou", .acts = "azou"},
    {.path = "/v1/consents/{id}", .sees = "amcou", .acts = "a"},
    {.path = "/v1/institutions/{id}", .sees = EVERYBODY, .acts = "o"},
    {.path = "/v1/institutions/{id}/exposure", .sees = "rgzyou", .acts = "rg"},
    {.path = "/v1/products/{id}", .sees = "mczyou", .acts = "mco"},
    {.path = "/v1/programmes/{id}", .sees = EVERYBODY, .acts = "zo"},
    {.path = "/v1/needs/{id}", .sees = "amczou", .acts = "amzo"},
    {.path = "/v1/needs/{id}/matches", .sees = "azou", .acts = "azo"},
    {.path = "/v1/needs/{id}/explain", .sees = "amczou", .acts = "amczou"},
    {.path = "/v1/applications/{id}", .sees = "amczou", .acts = "amczo"},
    {.path = "/v1/offers/{id}", .sees = "amczou", .acts = "amc"},
    {.path = "/v1/guarantee-cases/{id}", .sees = "andrgzou", .acts = "andrg"},
    {.path = "/v1/rounds/{id}", .sees = "zou", .acts = "zo"},
};

static object *object_of(const rq_route *route)
{
    object *found = NULL;
    for (size_t i = 0; i < COUNT(objects); i++) {
        size_t length = strlen(objects[i].path);
        bool fits = strncmp(route->path, objects[i].path, length) == 0 &&
                    (route->path[length] == 0 || route->path[length] == '/');
        if (fits && (!found || length > strlen(found->path)))
            found = &objects[i];
    }
    return found;
}

static bool has_hole(const rq_route *route)
{
    return strstr(route->path, "{id}") != NULL;
}

static void require_row(const rq_route *route)
{
    if (has_hole(route) && !object_of(route))
        fail_msg("%s has no row in tests/api/objects_test.c: whose are its objects?", route->path);
}

static void every_route_with_an_object_has_its_row(void **state)
{
    (void)state;
    each_route(require_row);
    for (size_t i = 0; i < COUNT(objects); i++)
        assert_true(strlen(objects[i].id) == 36);
}

static const char *path_with(const rq_route *route, const char *id)
{
    const char *hole = strstr(route->path, "{id}");
    return textf("%.*s%s%s", (int)(hole - route->path), route->path, id, hole + 4);
}

/* A valid request, so that nothing but the object can be what is wrong. */
static test_answer *try(const rq_route *route, const test_user *user, const char *id)
{
    json_t *body = !has_body(route) ? NULL : route->input ? base_document(route->input) : json_object();
    const char *path = path_with(route, id);
    if (!has_body(route) && route->input)
        for (size_t i = 0; i < route->input->count; i++) {
            const rq_field *field = &route->input->fields[i];
            if (!field->required)
                continue;
            json_t *value = value_for(field);
            path = textf("%s%c%s=%s", path, strchr(path, '?') ? '&' : '?', field->name,
                         json_string_value(value));
            json_decref(value);
        }
    return ask(user, rq_method_names[route->method], path, body);
}

static bool may_take(const rq_route *route, unsigned bit)
{
    return route->roles & (bit | RQ_ROLE_PUBLIC);
}

/* Status, media type and words but for what names the request. */
static const char *words_of(const test_answer *answer)
{
    assert_non_null(answer);
    if (answer->json)
        json_object_del(answer->json, "request_id");
    char *body = answer->json ? json_dumps(answer->json, JSON_SORT_KEYS) : strdup(answer->body);
    const char *words = textf("%d %s %s", answer->status, answer_header(answer, "Content-Type"), body);
    free(body);
    return words;
}

/* An identifier that nobody was ever given. */
static const char unused[] = "0192f0c1-0000-7000-8000-00000000dead";
static unsigned tried;

static void probe(const rq_route *route)
{
    const object *target = has_hole(route) ? object_of(route) : NULL;
    for (size_t i = 0; target && i < COUNT(people); i++) {
        if (!may_take(route, people[i].bit) || strchr(target->sees, people[i].letter))
            continue;
        tried++;
        test_answer *foreign = try(route, people[i].user, target->id);
        assert_non_null(foreign);
        if (foreign->status != 404 && foreign->status != 422)
            print_error("%s %s %s\n", people[i].user->login, rq_method_names[route->method], route->path);
        /* A place of a round that is named in the input is looked for before the round. */
        if (strcmp(text_of(foreign->json, "code"), "round_place_unknown") != 0)
            check_problem(foreign, 404, "not_found");
        assert_string_equal(words_of(foreign), words_of(try(route, people[i].user, unused)));
    }
}

static void foreign_object_is_answered_like_one_that_never_was(void **state)
{
    (void)state;
    tried = 0;
    each_route(probe);
    assert_true(tried > 180);
}

static void look(const rq_route *route)
{
    const object *target = has_hole(route) && route->method == RQ_GET ? object_of(route) : NULL;
    for (size_t i = 0; target && i < COUNT(people); i++) {
        if (!may_take(route, people[i].bit) || !strchr(target->sees, people[i].letter))
            continue;
        tried++;
        test_answer *answer = try(route, people[i].user, target->id);
        bool is_seen = answer && (answer->status == 200 || answer->status == 422);
        bool is_later = answer && answer->status == 404 && strstr(route->path, "/rounds/{id}/export");
        if (!is_seen && !is_later)
            print_error("%s %s: %d %s\n", people[i].user->login, route->path, answer ? answer->status : 0,
                        answer ? answer->body : "");
        assert_true(is_seen || is_later);
    }
}

static void own_object_is_shown(void **state)
{
    (void)state;
    tried = 0;
    each_route(look);
    assert_true(tried > 100);
}

/* Every row of every table but those that say who looked, who is logged in, and what was answered. */
static const char *everything(void)
{
    return house_sql(
        "select md5(string_agg(md5(query_to_xml(format('select t::text from public.%%I t order by 1', "
        "relname), "
        "false, true, '')::text), '' order by relname)) from pg_class where relkind in ('r', 'p') and "
        "not relispartition and relnamespace = "
        "'public'::regnamespace and relname not in ('enterprise_view', 'session', 'idempotency', 'job', "
        "'job_run', 'institution_record', 'record_cell')");
}

static void meddle(const rq_route *route)
{
    const object *target = has_hole(route) && route->method != RQ_GET ? object_of(route) : NULL;
    for (size_t i = 0; target && i < COUNT(people); i++) {
        if (!may_take(route, people[i].bit) || strchr(target->acts, people[i].letter))
            continue;
        tried++;
        test_answer *answer = try(route, people[i].user, target->id);
        int status = answer ? answer->status : 0;
        bool is_refused = status == 403 || status == 404 || status == 409 || status == 422;
        if (!is_refused)
            print_error("%s %s %s: %d %s\n", people[i].user->login, rq_method_names[route->method],
                        route->path, status, answer ? answer->body : "");
        assert_true(is_refused);
    }
}

static void nobody_changes_what_is_not_theirs(void **state)
{
    (void)state;
    const char *before = everything();
    tried = 0;
    each_route(meddle);
    assert_true(tried > 100);
    assert_string_equal(everything(), before);
}

/* Identifiers inside a document ---------------------------------------------------------------------- */

static const object *object_named(const char *field)
{
    static const struct {
        const char *field, *path;
    } rows[] = {
        {"need_id", "/v1/needs/{id}"},           {"application_id", "/v1/applications/{id}"},
        {"product_id", "/v1/products/{id}"},     {"offer_id", "/v1/offers/{id}"},
        {"case_id", "/v1/guarantee-cases/{id}"}, {"enterprise_id", "/v1/enterprises/{id}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t j = 0; j < COUNT(objects); j++)
            if (strcmp(rows[i].field, field) == 0 && strcmp(rows[i].path, objects[j].path) == 0)
                return &objects[j];
    return NULL;
}

static const char *words_with(const field_place *place, const test_user *user, const char *id)
{
    json_object_set_new(place->object, place->field->name, json_string(id));
    test_answer *answer =
        ask(user, rq_method_names[place->route->method], place->route->path, json_deep_copy(place->document));
    assert_non_null(answer);
    if (answer->status < 400 || answer->status > 499)
        print_error("%s %s with %s: %d %s\n", user->login, place->route->path, place->pointer, answer->status,
                    answer->body);
    assert_in_range(answer->status, 400, 499);
    return words_of(answer);
}

static void probe_field(const field_place *place)
{
    const object *target = place->field->type == RQ_FIELD_UUID && !has_hole(place->route)
                               ? object_named(place->field->name)
                               : NULL;
    for (size_t i = 0; target && i < COUNT(people); i++) {
        /* An enterprise acts for itself, whatever it says. */
        bool is_moot =
            people[i].bit == RQ_ROLE_ENTERPRISE && strcmp(place->field->name, "enterprise_id") == 0;
        if (!may_take(place->route, people[i].bit) || strchr(target->sees, people[i].letter) || is_moot)
            continue;
        tried++;
        assert_string_equal(words_with(place, people[i].user, target->id),
                            words_with(place, people[i].user, unused));
    }
}

static void foreign_object_inside_a_document_is_unknown_like_one_that_never_was(void **state)
{
    (void)state;
    const char *before = everything();
    tried = 0;
    each_body_field(probe_field);
    assert_true(tried > 5);
    assert_string_equal(everything(), before);
}

/* The world's objects ------------------------------------------------------------------------------ */

static void set(const char *path, const char *id)
{
    for (size_t i = 0; i < COUNT(objects); i++)
        if (strncmp(objects[i].path, path, strlen(path)) == 0)
            snprintf(objects[i].id, sizeof(objects[i].id), "%s", id);
}

static void make_cases(void)
{
    const char *need = need_post(&world.enterprise_a, doc("{ss}", "visibility", "invited"));
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    set("/v1/needs/", need);
    set("/v1/applications/", application);
    set("/v1/offers/", offer_make(&world.maker_a, &world.checker_a, application, NULL));
    const char *second = need_post(&world.enterprise_a, doc("{ss}", "visibility", "invited"));
    application = apply_for(&world.enterprise_a, second, world.guaranteed_b);
    set("/v1/guarantee-cases/", guarantee_approve(&world.enterprise_a, application, world.guarantee));
}

static void make_rest(void)
{
    char key[64];
    const char *const add[] = {"key", "add", world.bank_a, "core", "bank_maker", "30", NULL};
    assert_int_equal(house_run(add, NULL, key, sizeof(key)), 0);
    set("/v1/api-keys/", house_sql("select id::text from api_key"));
    set("/v1/sessions/", house_sql("select id::text from session where user_id = '%s'", world.zhejiang.id));
    set("/v1/users/", world.second_operator.id);
    set("/v1/enterprises/", world.id_a);
    set("/v1/institutions/", world.guarantor);
    set("/v1/programmes/", world.programme);
    json_t *draft =
        expect(201, &world.maker_a, "POST", "/v1/products", loan_document("credit_loan", "甲银行草稿"));
    set("/v1/products/", text_of(draft, "id"));
    json_t *consent = expect(201, &world.enterprise_a, "POST", "/v1/consents",
                             doc("{ss ss ss}", "institution_id", world.bank_a, "purpose", "pre_loan",
                                 "valid_to", day_from_today(30)));
    set("/v1/consents/", text_of(consent, "id"));
    json_t *round =
        expect(201, &world.zhejiang, "POST", "/v1/rounds",
               doc("{ss ss ss ss si si}", "name", "杭州对接会", "region_code", ZHEJIANG, "registers_until",
                   day_from_today(3), "venue", "线上", "slots_total", 4, "slots_local", 1));
    set("/v1/rounds/", text_of(round, "id"));
}

static int open_world(void **state)
{
    if (world_open(state) != 0)
        return -1;
    make_cases();
    make_rest();
    return house_sweep(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(every_route_with_an_object_has_its_row),
        API_TEST(foreign_object_is_answered_like_one_that_never_was),
        API_TEST(foreign_object_inside_a_document_is_unknown_like_one_that_never_was),
        API_TEST(own_object_is_shown),
        API_TEST(nobody_changes_what_is_not_theirs),
    };
    house_settings = "log_level = error\njob_interval_ms = 60000\n";
    return cmocka_run_group_tests_name("api.objects", tests, open_world, world_close);
}
