/* The lives of cases: no move but those of the table of transitions, by no role but its own, with the reason
 * it asks for, and never maker and checker in one person. The table is read from the database; nothing of it
 * is repeated here. */
#include "schema_cases.h"

/* One case of each kind, owned by enterprise A, bank A and the guarantor; its state is set beneath the guard.
 */
typedef struct kind_row {
    const char *kind, *table, *collection;
    char id[40];
} kind_row;
static kind_row kinds[] = {
    {.kind = "need", .table = "need", .collection = "needs"},
    {.kind = "application", .table = "application", .collection = "applications"},
    {.kind = "offer", .table = "offer", .collection = "offers"},
    {.kind = "guarantee_case", .table = "guarantee_case", .collection = "guarantee-cases"},
    {.kind = "product", .table = "product", .collection = "products"},
};

/* Who may take part, with the side's one role. Of products only the bank's own people. */
static const struct {
    const test_user *user;
    unsigned bit;
    const char *role, *kinds;
} parties[] = {
    {&world.enterprise_a, RQ_ROLE_ENTERPRISE, "enterprise", "need application offer guarantee_case"},
    {&world.maker_a, RQ_ROLE_BANK_MAKER, "bank_maker", "application offer guarantee_case product"},
    {&world.checker_a, RQ_ROLE_BANK_CHECKER, "bank_checker", "application offer guarantee_case product"},
    {&world.reviewer, RQ_ROLE_GUARANTEE_REVIEWER, "guarantee_reviewer", "guarantee_case"},
    {&world.checker, RQ_ROLE_GUARANTEE_CHECKER, "guarantee_checker", "guarantee_case"},
    {&world.zhejiang, RQ_ROLE_AUTHORITY, "authority", "need"},
    {&world.operator, RQ_ROLE_OPERATOR, "operator", "need product"},
};

static json_t *table; /* the transitions as PostgreSQL has them */

static int open_with_cases(void **state)
{
    if (world_open(state) != 0)
        return -1;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    const char *guarantee = guarantee_approve(&world.enterprise_a, application, world.guarantee);
    json_t *product =
        expect(201, &world.maker_a, "POST", "/v1/products", loan_document("credit_loan", "流转之用"));
    const char *const ids[] = {need, application, offer, guarantee, text_of(product, "id")};
    for (size_t i = 0; i < COUNT(kinds); i++)
        snprintf(kinds[i].id, sizeof(kinds[i].id), "%s", ids[i]);
    table = json_loads(
        house_sql("select jsonb_agg(to_jsonb(t) order by kind, from_state, action) from transition t"), 0,
        NULL);
    assert_non_null(table);
    return house_sweep(state);
}

static int close_with_cases(void **state)
{
    json_decref(table);
    return world_close(state);
}

/* Puts the case into a state without asking the guard; nobody here made it. */
static void put_in(const kind_row *row, const char *state)
{
    const char *funded = strcmp(row->kind, "offer") != 0
                             ? ""
                             : textf(", funded_fen = %1$s, funded_on = %2$s, proof_no = %3$s",
                                     strcmp(state, "disbursed") == 0 ? "1" : "null",
                                     strcmp(state, "disbursed") == 0 ? "current_date" : "null",
                                     strcmp(state, "disbursed") == 0 ? "'P'" : "null");
    const char *people = strcmp(row->kind, "need") == 0 ? "" : ", made_by = null, checked_by = null";
    house_sql("begin; set local session_replication_role = replica; update %s set state = '%s', reason_code "
              "= null, "
              "reason_text = null%s%s where id = '%s'; commit",
              row->table, state, people, funded, row->id);
}

/* An enterprise does not see an offer that the bank has not approved. */
static bool is_hidden(const kind_row *row, const char *state, unsigned bit)
{
    return strcmp(row->kind, "offer") == 0 && bit == RQ_ROLE_ENTERPRISE &&
           strstr("pending_approval sent_back rejected", state) != NULL;
}

static test_answer *try_move(const kind_row *row, const rq_route *route, const test_user *user)
{
    json_t *body = base_document(route->input ? route->input : &rq_reason_input);
    return ask(user, "POST", textf("/v1/%s/%s/%s", row->collection, row->id, route->action), body);
}

static const json_t *transition_of(const kind_row *row, const char *state, const char *action)
{
    for (size_t i = 0; i < json_array_size(table); i++) {
        const json_t *transition = json_array_get(table, i);
        if (strcmp(text_of(transition, "kind"), row->kind) == 0 &&
            strcmp(text_of(transition, "from_state"), state) == 0 &&
            strcmp(text_of(transition, "action"), action) == 0)
            return transition;
    }
    return NULL;
}

/* What the table lets the role do in the state, in order; the test's to free by house_keep(). */
static json_t *allowed(const kind_row *row, const char *state, const char *role)
{
    json_t *actions = house_keep(json_array(), (void (*)(void *))json_decref);
    for (size_t i = 0; i < json_array_size(table); i++) {
        const json_t *transition = json_array_get(table, i);
        if (strcmp(text_of(transition, "kind"), row->kind) == 0 &&
            strcmp(text_of(transition, "from_state"), state) == 0 &&
            has_word(member_of(transition, "roles"), role))
            json_array_append(actions, member_of(transition, "action"));
    }
    return actions;
}

static unsigned refused_by_state, refused_by_role;

static void check_refusal(const kind_row *row, const char *state, const rq_route *route, size_t party)
{
    json_t *actions = allowed(row, state, parties[party].role);
    if (has_word(actions, route->action))
        return;
    test_answer *answer = try_move(row, route, parties[party].user);
    if (is_hidden(row, state, parties[party].bit)) {
        check_problem(answer, 404, "not_found");
    } else if (transition_of(row, state, route->action)) {
        json_t *problem = check_problem(answer, 403, "role_not_allowed");
        assert_true(json_array_size(member_of(problem, "roles")) > 0);
        refused_by_role++;
    } else {
        if (answer && answer->status != 409)
            print_error("%s %s in %s by %s\n", row->kind, route->action, state, parties[party].role);
        json_t *problem = check_problem(answer, 409, "transition_not_allowed");
        assert_string_equal(text_of(problem, "state"), state);
        assert_string_equal(text_of(problem, "action"), route->action);
        assert_true(json_equal(member_of(problem, "actions"), actions));
        refused_by_state++;
    }
}

static void try_moves(const kind_row *row, const char *state)
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            if (!route->kind || strcmp(route->kind, row->kind) != 0 || !strstr(route->path, "{id}/"))
                continue;
            for (size_t party = 0; party < COUNT(parties); party++)
                if ((route->roles & parties[party].bit) && strstr(parties[party].kinds, row->kind))
                    check_refusal(row, state, route, party);
        }
}

/* Calls for every state of the kind. */
static void each_state(const kind_row *row, void (*visit)(const kind_row *row, const char *state))
{
    const char *states = house_sql(
        "select string_agg(state, ' ' order by state) from case_state where kind = '%s'", row->kind);
    for (const char *at = states; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *state = textf("%.*s", (int)length, at);
        put_in(row, state);
        visit(row, state);
        at += length;
    }
}

static void move_that_the_table_does_not_have_is_refused_with_those_it_has(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *before = house_rows();
        each_state(&kinds[i], try_moves);
        assert_string_equal(house_rows(), before);
    }
    assert_true(refused_by_state > 300 && refused_by_role > 0);
}

static unsigned masked;

static void compare_actions(const kind_row *row, const char *state)
{
    for (size_t party = 0; party < COUNT(parties); party++) {
        if (!strstr(parties[party].kinds, row->kind) || is_hidden(row, state, parties[party].bit))
            continue;
        json_t *seen = get(200, parties[party].user, row->collection, row->id);
        assert_true(json_equal(member_of(seen, "actions"), allowed(row, state, parties[party].role)));
        /* What is proposed and not decided is its institution's own business: a bank's to the enterprise, a
         * guarantor's to the bank, too. */
        bool is_own =
            parties[party].bit != RQ_ROLE_ENTERPRISE &&
            (strcmp(row->kind, "guarantee_case") != 0 || (parties[party].bit & RQ_ROLES_GUARANTOR) != 0);
        const char *shown =
            is_own ? state
                   : house_sql(
                         "select coalesce(seen_as, state) from case_state where kind = '%s' and state = '%s'",
                         row->kind, state);
        assert_string_equal(text_of(seen, "state"), shown);
        masked += strcmp(shown, state) != 0;
        assert_true(*text_of(seen, "state_zh") && *text_of(seen, "state_en"));
    }
}

static void every_reply_says_what_its_reader_may_do_next(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++)
        each_state(&kinds[i], compare_actions);
    assert_int_equal(masked, 1 + 2 * 3);
}

/* Reasons ------------------------------------------------------------------------------------------ */

static unsigned reasons_asked;

static void try_without_reason(const kind_row *row, const char *state)
{
    for (size_t i = 0; i < rq_all_routes_count; i++)
        for (size_t j = 0; j < rq_all_routes[i]->count; j++) {
            const rq_route *route = &rq_all_routes[i]->rows[j];
            bool asks = route->kind && strcmp(route->kind, row->kind) == 0 &&
                        json_is_true(member_of(transition_of(row, state, route->action), "needs_reason"));
            for (size_t party = 0; asks && party < COUNT(parties); party++)
                if ((route->roles & parties[party].bit) && strstr(parties[party].kinds, row->kind)) {
                    json_t *problem =
                        check_problem(try_move(row, route, parties[party].user), 422, "reason_required");
                    assert_string_equal(text_of(problem, "errors.0.pointer"), "/reason_code");
                    reasons_asked++;
                }
        }
}

static void refusal_without_a_reason_is_not_taken(void **state)
{
    (void)state;
    const char *before = house_rows();
    for (size_t i = 0; i < COUNT(kinds); i++)
        each_state(&kinds[i], try_without_reason);
    assert_true(reasons_asked >= 10);
    assert_string_equal(house_rows(), before);
}

static void other_reason_needs_twenty_characters(void **state)
{
    (void)state;
    const kind_row *row = &kinds[1];
    const struct {
        const char *code, *text;
        int status;
    } rows[] = {{"R24", "一二三四五六七八九十一二三四五六七八九", 422},
                {"R02", "一二三四五六七八九十", 200},
                {"R24", "一二三四五六七八九十一二三四五六七八九十", 200}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        put_in(row, "received");
        json_t *answer = move(rows[i].status, &world.maker_a, row->collection, row->id, "propose_refusal",
                              doc("{ss ss}", "reason_code", rows[i].code, "reason_text", rows[i].text));
        if (rows[i].status == 422) {
            assert_string_equal(text_of(answer, "code"), "reason_too_short");
            assert_string_equal(text_of(answer, "errors.0.pointer"), "/reason_text");
        }
    }
    put_in(row, "received");
    json_t *unknown = move(422, &world.maker_a, row->collection, row->id, "propose_refusal",
                           doc("{ss ss}", "reason_code", "R25", "reason_text", "不在清单之内的原因代码"));
    assert_string_equal(text_of(unknown, "errors.0.pointer"), "/reason_code");
}

static void reason_of_one_move_does_not_serve_the_next(void **state)
{
    (void)state;
    const kind_row *row = &kinds[1];
    put_in(row, "received");
    move(200, &world.maker_a, row->collection, row->id, "request_papers", reason("R15"));
    move(200, &world.enterprise_a, row->collection, row->id, "supply", NULL);
    move_problem(422, "reason_required", &world.maker_a, row->collection, row->id, "propose_refusal", NULL);
}

/* A reason belongs to the state whose move gave it: these see it there, those not, and in the next state
 * nobody. */
static void assert_reason(const char *code, const test_user *user, const char *collection, const char *id)
{
    const json_t *told = member_of(get(200, user, collection, id), "reason");
    if (code)
        assert_string_equal(text_of(told, "code"), code);
    else
        assert_true(json_is_null(told));
}

static void reason_of_an_application_ends_with_its_state(void **state)
{
    (void)state;
    const char *id = apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
    move(200, &world.maker_a, "applications", id, "request_papers", reason("R15"));
    assert_reason("R15", &world.enterprise_a, "applications", id);
    move(200, &world.enterprise_a, "applications", id, "supply", NULL);
    assert_reason(NULL, &world.enterprise_a, "applications", id);
    assert_reason(NULL, &world.maker_a, "applications", id);
    json_t *offer = expect(201, &world.maker_a, "POST", "/v1/offers", offer_document(id, NULL));
    move(200, &world.checker_a, "offers", text_of(offer, "id"), "send_back", reason("R21"));
    assert_reason("R21", &world.maker_a, "applications", id); /* what the checker wants is the bank's own */
    assert_reason(NULL, &world.enterprise_a, "applications", id);
    const char *second = offer_make(&world.maker_a, &world.checker_a, id, NULL);
    assert_reason(NULL, &world.enterprise_a, "applications", id);
    assert_reason(NULL, &world.maker_a, "applications", id);
    move(200, &world.enterprise_a, "offers", second, "accept", NULL);
    assert_reason(NULL, &world.enterprise_a, "applications", id);
    move(200, &world.checker_a, "offers", second, "fall_through", reason("R14"));
    assert_reason("R14", &world.enterprise_a, "applications", id);
    assert_reason("R14", &world.enterprise_a, "offers", second);
}

static void reason_of_an_offer_is_told_where_it_waits_for_the_asker_or_has_ended(void **state)
{
    const struct {
        const char *state, *told;
    } rows[] = {{"offered", "R21"}, {"contracted", NULL}, {"revoked", "R21"}};
    const kind_row *row = &kinds[2];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        put_in(row, rows[i].state);
        house_sql(
            "begin; set local session_replication_role = replica; update offer set reason_code = 'R21', "
            "reason_text = '额度须再核' where id = '%s'; commit",
            row->id);
        assert_reason("R21", &world.maker_a, row->collection, row->id);
        assert_reason(rows[i].told, &world.enterprise_a, row->collection, row->id);
    }
}

/* What the enterprise wrote to the bank stays what it wrote; a move brings nothing that would be lost. */
static void note_of_an_application_is_whoever_wrote_it(void **state)
{
    (void)state;
    json_t *input = doc("{ss ss ss}", "need_id", need_post(&world.enterprise_a, NULL), "product_id",
                        world.credit_a, "note", "希望下月初放款");
    const char *id = text_of(expect(201, &world.enterprise_a, "POST", "/v1/applications", input), "id");
    json_t *refused =
        move(422, &world.maker_a, "applications", id, "investigate", doc("{ss}", "note", "内部意见"));
    assert_string_equal(text_of(refused, "errors.0.pointer"), "/note");
    move(200, &world.maker_a, "applications", id, "investigate", NULL);
    assert_string_equal(text_of(get(200, &world.enterprise_a, "applications", id), "note"), "希望下月初放款");
}

static void refusal_is_told_when_it_is_decided_and_not_before(void **state)
{
    const struct {
        const char *collection, *state;
        const test_user *maker, *checker, *strangers[2];
    } rows[] = {
        {"applications", "investigating", &world.maker_a, &world.checker_a, {&world.enterprise_a, NULL}},
        {"guarantee-cases",
         "reviewing",
         &world.reviewer,
         &world.checker,
         {&world.enterprise_a, &world.maker_a}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *kept = rows[i].collection, *id = kinds[i == 0 ? 1 : 3].id;
        put_in(&kinds[i == 0 ? 1 : 3], rows[i].state);
        for (int round = 0; round < 2; round++) {
            move(200, rows[i].maker, kept, id, "propose_refusal", reason("R02"));
            assert_reason("R02", rows[i].checker, kept, id);
            for (size_t j = 0; j < 2 && rows[i].strangers[j]; j++) {
                json_t *seen = get(200, rows[i].strangers[j], kept, id);
                assert_string_equal(text_of(seen, "state"), rows[i].state);
                assert_true(json_is_null(member_of(seen, "reason")));
            }
            move(200, rows[i].checker, kept, id, round == 0 ? "send_back" : "refuse", NULL);
            assert_reason(round == 0 ? NULL : "R02", rows[i].maker, kept, id);
            for (size_t j = 0; j < 2 && rows[i].strangers[j]; j++)
                assert_reason(round == 0 ? NULL : "R02", rows[i].strangers[j], kept, id);
        }
    }
}

static void returned_need_is_posted_again_without_the_reason(void **state)
{
    const kind_row *row = &kinds[0];
    (void)state;
    put_in(row, "checking");
    move(200, &world.operator, "needs", row->id, "return", reason("R16"));
    assert_reason("R16", &world.enterprise_a, "needs", row->id);
    move(200, &world.enterprise_a, "needs", row->id, "submit", NULL);
    assert_reason(NULL, &world.enterprise_a, "needs", row->id);
}

/* Runs what migration 0031 does once, again. */
static void drop_left_reasons(void)
{
    enum { BYTES = 64 * 1024 };
    char *text = house_keep(calloc(1, BYTES), free);
    FILE *file = fopen(textf("%s/migrations/0031_reasons.sql", RQ_SOURCE_DIR), "re");
    assert_non_null(file);
    assert_in_range(fread(text, 1, BYTES, file), 1, BYTES - 1);
    fclose(file);
    char *begin = strstr(text, "create function app.drop_left_reasons"),
         *end = strstr(text, "drop function app.drop_left");
    assert_true(begin && end && begin < end);
    *strchr(end, ';') = 0;
    house_sql("set client_min_messages = warning; %s", begin);
}

static void reasons_that_earlier_versions_left_are_dropped_and_no_others(void **state)
{
    const char *ids[4];
    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        ids[i] = apply_for(&world.enterprise_a, need_post(&world.enterprise_a, NULL), world.credit_a);
        move(200, &world.maker_a, "applications", ids[i], i == 2 ? "propose_refusal" : "request_papers",
             reason("R15"));
    }
    move(200, &world.enterprise_a, "applications", ids[1], "supply", NULL);
    move(200, &world.checker_a, "applications", ids[2], "refuse", NULL);
    move(200, &world.enterprise_a, "applications", ids[3], "withdraw", NULL);
    json_t *own = get(200, &world.maker_a, "applications", ids[0]);
    house_sql("update application set reason_code = 'R15', reason_text = '%s' where id in ('%s', '%s')",
              text_of(own, "reason.text"), ids[1], ids[3]);
    house_sql("update application set reason_text = 'an own word' where id = '%s'", ids[3]);
    drop_left_reasons();
    assert_reason("R15", &world.maker_a, "applications", ids[0]); /* the papers are still asked for */
    assert_reason(NULL, &world.maker_a, "applications", ids[1]);
    assert_reason("R15", &world.maker_a, "applications", ids[2]); /* the refusal that was confirmed */
    assert_reason("R15", &world.maker_a, "applications", ids[3]); /* given with the move, which needs none */
}

/* Maker and checker -------------------------------------------------------------------------------- */

static void both_roles(test_user *user, const char *login, const char *maker, const char *checker,
                       const char *institution)
{
    expect(201, &world.operator, "POST", "/v1/users",
           doc("{ss ss ss s[ss] ss}", "login", login, "name", login, "password", HOUSE_PASSWORD, "roles",
               maker, checker, "institution_id", institution));
    user_login(user, login);
}

static void assert_cannot_check(const test_user *maker, const kind_row *row, const char *action)
{
    json_t *seen = get(200, maker, row->collection, row->id);
    assert_false(has_word(member_of(seen, "actions"), action));
    move_problem(403, "maker_cannot_check", maker, row->collection, row->id, action, NULL);
}

static void maker_is_never_the_checker(void **state)
{
    test_user bank, guarantor;
    (void)state;
    both_roles(&bank, "both-bank", "bank_maker", "bank_checker", world.bank_a);
    both_roles(&guarantor, "both-guarantor", "guarantee_reviewer", "guarantee_checker", world.guarantor);

    put_in(&kinds[1], "received");
    move(200, &bank, "applications", kinds[1].id, "propose_refusal", reason("R02"));
    assert_cannot_check(&bank, &kinds[1], "refuse");
    move(200, &world.checker_a, "applications", kinds[1].id, "send_back", NULL);

    put_in(&kinds[3], "reviewing");
    move(200, &guarantor, "guarantee-cases", kinds[3].id, "propose",
         doc("{si ss}", "fee_ppm", 5000, "note", "同意提供担保"));
    assert_cannot_check(&guarantor, &kinds[3], "approve");
    move(200, &world.checker, "guarantee-cases", kinds[3].id, "approve", NULL);

    put_in(&kinds[4], "draft");
    move(200, &bank, "products", kinds[4].id, "submit", NULL);
    assert_cannot_check(&bank, &kinds[4], "publish");
    move(200, &world.checker_a, "products", kinds[4].id, "publish", NULL);
    user_leave(&bank);
    user_leave(&guarantor);
}

static void proposer_of_an_offer_cannot_approve_it(void **state)
{
    test_user bank;
    (void)state;
    both_roles(&bank, "both-offer", "bank_maker", "bank_checker", world.bank_a);
    const char *application =
        apply_for(&world.enterprise_b, need_post(&world.enterprise_b, NULL), world.credit_a);
    kind_row row = {.collection = "offers"};
    snprintf(row.id, sizeof(row.id), "%s",
             text_of(expect(201, &bank, "POST", "/v1/offers", offer_document(application, NULL)), "id"));
    assert_cannot_check(&bank, &row, "approve");
    move_problem(403, "maker_cannot_check", &bank, "offers", row.id, "reject", reason("R02"));
    move(200, &world.checker_a, "offers", row.id, "approve", NULL);
    user_leave(&bank);
}

/* Whoever changes a paused product's terms cannot put it back on the shelf alone. */
static void editor_of_a_paused_product_cannot_resume_it(void **state)
{
    test_user bank;
    (void)state;
    both_roles(&bank, "both-editor", "bank_maker", "bank_checker", world.bank_a);
    put_in(&kinds[4], "online");
    move(200, &bank, "products", kinds[4].id, "pause", NULL);
    expect(200, &bank, "PUT", textf("/v1/products/%s", kinds[4].id),
           loan_document("credit_loan", "改过条款"));
    assert_cannot_check(&bank, &kinds[4], "resume");
    json_t *back = move(200, &world.checker_a, "products", kinds[4].id, "resume", NULL);
    assert_string_equal(text_of(back, "name_zh"), "改过条款");
    /* On the shelf its terms stay as they are. */
    json_t *refused =
        expect_problem(409, "transition_not_allowed", &world.maker_a, "PUT",
                       textf("/v1/products/%s", kinds[4].id), loan_document("credit_loan", "再改"));
    assert_string_equal(text_of(refused, "state"), "online");
    user_leave(&bank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(move_that_the_table_does_not_have_is_refused_with_those_it_has),
        API_TEST(every_reply_says_what_its_reader_may_do_next),
        API_TEST(refusal_without_a_reason_is_not_taken),
        API_TEST(other_reason_needs_twenty_characters),
        API_TEST(reason_of_one_move_does_not_serve_the_next),
        API_TEST(reason_of_an_application_ends_with_its_state),
        API_TEST(reason_of_an_offer_is_told_where_it_waits_for_the_asker_or_has_ended),
        API_TEST(note_of_an_application_is_whoever_wrote_it),
        API_TEST(refusal_is_told_when_it_is_decided_and_not_before),
        API_TEST(returned_need_is_posted_again_without_the_reason),
        API_TEST(reasons_that_earlier_versions_left_are_dropped_and_no_others),
        API_TEST(maker_is_never_the_checker),
        API_TEST(proposer_of_an_offer_cannot_approve_it),
        API_TEST(editor_of_a_paused_product_cannot_resume_it),
    };
    house_settings = "log_level = error\njob_interval_ms = 60000\n";
    return cmocka_run_group_tests_name("api.cases", tests, open_with_cases, close_with_cases);
}
