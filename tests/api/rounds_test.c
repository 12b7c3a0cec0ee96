/* A matchmaking round from its plan to its report, who sees what of it on the way, and an export that anybody
 * can run again. */
#include "world.h"

enum { NEEDS = 3 };

/* What the tests, in their order, make and look at. */
static char round_id[40], needs[NEEDS][40], places[NEEDS][40];

static const char *round_path(const char *rest)
{
    return textf("/v1/rounds/%s%s", round_id, rest);
}

static json_t *plan_document(void)
{
    return doc("{ss ss ss ss si si}", "name", "杭州对接会", "region_code", ZHEJIANG, "registers_until",
               day_from_today(3), "venue", "线上", "slots_total", 4, "slots_local", 1);
}

static json_t *round_now(const test_user *user)
{
    return get(200, user, "rounds", round_id);
}

static json_t *move_round(int status, const char *action)
{
    return move(status, &world.zhejiang, "rounds", round_id, action, NULL);
}

/* The item of a list whose `key` says `value`, or null. */
static json_t *item_where(json_t *list, const char *key, const char *value)
{
    json_t *items = member_of(list, "items");
    for (size_t i = 0; i < json_array_size(items); i++)
        if (strcmp(text_of(json_array_get(items, i), key), value) == 0)
            return json_array_get(items, i);
    return NULL;
}

static size_t size_of(const test_user *user, const char *rest)
{
    return json_array_size(member_of(expect(200, user, "GET", round_path(rest), NULL), "items"));
}

static void seed_is_committed_when_the_round_is_planned(void **state)
{
    (void)state;
    json_t *round = expect(201, &world.zhejiang, "POST", "/v1/rounds", plan_document());
    snprintf(round_id, sizeof round_id, "%s", text_of(round, "id"));
    assert_string_equal(text_of(round, "state"), "planned");
    assert_int_equal(strlen(text_of(round, "seed_hash")), 64);
    assert_true(json_is_null(member_of(round, "seed")));
    /* The seed is there, and nobody reads it by the server's role, not even who runs the round. */
    assert_int_equal(house_count("select count(*) from round_seed where round_id = '%s'", round_id), 1);
    PGconn *app = house_connect(house.app);
    PGresult *seeds =
        PQexec(app, "select set_config('app.side', 'operator', false), (select count(*) from round_seed)");
    assert_string_equal(PQgetvalue(seeds, 0, 1), "0");
    PQclear(seeds);
    PQfinish(app);
    get(404, &world.enterprise_a, "rounds", round_id);
    get(404, &world.guangdong, "rounds", round_id);
    expect_problem(404, "not_found", &world.guangdong, "POST", "/v1/rounds", plan_document());
    move_problem(404, "not_found", &world.guangdong, "rounds", round_id, "open", NULL);
}

static void plan_keeps_no_more_slots_than_there_are(void **state)
{
    (void)state;
    json_t *plan = plan_document();
    json_object_set_new(plan, "slots_local", json_integer(5));
    json_t *problem = expect_problem(422, "validation_failed", &world.zhejiang, "POST", "/v1/rounds", plan);
    assert_string_equal(text_of(problem, "errors.0.pointer"), "/slots_local");
}

static void parties_register_while_the_registration_is_open(void **state)
{
    (void)state;
    for (int i = 0; i < NEEDS; i++)
        snprintf(needs[i], sizeof needs[i], "%s", need_post(&world.enterprise_a, NULL));
    expect_problem(404, "not_found", &world.enterprise_a, "POST", round_path("/needs"),
                   doc("{ss}", "need_id", needs[0]));
    move_round(200, "open");
    for (int i = 0; i < NEEDS; i++)
        expect(200, &world.enterprise_a, "POST", round_path("/needs"), doc("{ss}", "need_id", needs[i]));
    const char *elsewhere = need_post(&world.enterprise_b, NULL);
    expect_problem(422, "round_elsewhere", &world.enterprise_b, "POST", round_path("/needs"),
                   doc("{ss}", "need_id", elsewhere));
    expect_problem(422, "need_unknown", &world.enterprise_b, "POST", round_path("/needs"),
                   doc("{ss}", "need_id", needs[0]));
    expect(200, &world.maker_a, "POST", round_path("/institutions"), doc("{si}", "slots", 9));
    expect(200, &world.checker_a, "POST", round_path("/institutions"), /* it changes its mind */
           doc("{si sI}", "slots", 1, "money_fen", 1000000 * YUAN));
    expect(200, &world.maker_b, "POST", round_path("/institutions"),
           doc("{si s[s]}", "slots", 1, "kinds", "guaranteed_loan"));
    expect(200, &world.enterprise_a, "POST", round_path("/leave"), doc("{ss}", "need_id", needs[0]));
    assert_int_equal(number_of(round_now(&world.maker_b), "counts.needs"), NEEDS - 1);
    expect(200, &world.enterprise_a, "POST", round_path("/needs"), doc("{ss}", "need_id", needs[0]));
    assert_int_equal(number_of(round_now(&world.maker_b), "counts.needs"), NEEDS);
    assert_int_equal(size_of(&world.enterprise_a, "/needs"), NEEDS);
    assert_int_equal(size_of(&world.enterprise_b, "/needs"), 0);
    assert_int_equal(size_of(&world.maker_a, "/institutions"), 1); /* not what the other bank brings */
    assert_int_equal(size_of(&world.zhejiang, "/institutions"), 2);
}

static void who_seals_the_lists_reads_whose_needs_they_are(void **state)
{
    (void)state;
    json_t *items = member_of(expect(200, &world.zhejiang, "GET", round_path("/needs"), NULL), "items");
    assert_int_equal(json_array_size(items), NEEDS);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *id = text_of(item, "need_id");
        assert_string_equal(text_of(item, "request_no"),
                            text_of(get(200, &world.enterprise_a, "needs", id), "request_no"));
        assert_string_equal(text_of(item, "enterprise.id"), world.id_a);
        assert_true(*text_of(item, "enterprise.name"));
        assert_int_equal(
            house_count("select count(*) from enterprise_view where viewer_id = '%s' and what = 'need' and "
                        "subject_id = '%s'",
                        world.zhejiang.id, id),
            1); /* a look as any other */
    }
    expect(200, &world.enterprise_a, "POST", round_path("/leave"), doc("{ss}", "need_id", needs[0]));
    assert_int_equal(size_of(&world.zhejiang, "/needs?left=false"), NEEDS - 1);
    assert_int_equal(size_of(&world.zhejiang, "/needs?left=true"), 1);
    expect(200, &world.enterprise_a, "POST", round_path("/needs"), doc("{ss}", "need_id", needs[0]));
    assert_int_equal(size_of(&world.zhejiang, "/institutions?left=true"), 0);
}

static void sealing_tells_hash_and_seed_and_ends_the_registration(void **state)
{
    (void)state;
    move_problem(409, "transition_not_allowed", &world.zhejiang, "rounds", round_id, "run", NULL);
    json_t *sealed = move_round(200, "seal");
    assert_string_equal(text_of(sealed, "state"), "sealed");
    assert_int_equal(strlen(text_of(sealed, "seed")), 64);
    assert_int_equal(strlen(text_of(sealed, "sealed.0.input_hash")), 64);
    assert_string_equal(house_sql("select encode(sha256('%s'), 'hex')", text_of(sealed, "seed")),
                        text_of(sealed, "seed_hash"));
    assert_string_equal(text_of(round_now(&world.enterprise_a), "sealed.0.input_hash"),
                        text_of(sealed, "sealed.0.input_hash"));
    expect_problem(409, "round_not_registering", &world.enterprise_a, "POST", round_path("/leave"),
                   doc("{ss}", "need_id", needs[0]));
    expect_problem(409, "round_not_registering", &world.maker_a, "POST", round_path("/institutions"),
                   doc("{si}", "slots", 5));
    move_problem(409, "transition_not_allowed", &world.zhejiang, "rounds", round_id, "seal", NULL);
}

static void result_is_nobodys_before_it_is_published(void **state)
{
    (void)state;
    json_t *round = move_round(200, "run");
    assert_string_equal(text_of(round, "state"), "matching");
    assert_int_equal(number_of(round, "proof.blocking_pairs"), 0);
    assert_int_equal(number_of(round, "proof.needs"), NEEDS);
    assert_int_equal(size_of(&world.zhejiang, "/places"), NEEDS);
    assert_int_equal(size_of(&world.enterprise_a, "/places"), 0);
    assert_int_equal(size_of(&world.maker_a, "/places"), 0);
    expect_problem(404, "not_found", &world.enterprise_a, "GET", round_path("/export"), NULL);
    expect_problem(404, "not_found", NULL, "GET", round_path("/export"), NULL);
}

static void each_side_sees_its_own_result_with_reasons(void **state)
{
    (void)state;
    move_round(200, "publish");
    json_t *mine = expect(200, &world.enterprise_a, "GET", round_path("/places"), NULL);
    json_t *items = member_of(mine, "items");
    int with = 0, without = 0;
    assert_int_equal(json_array_size(items), NEEDS);
    for (size_t i = 0; i < NEEDS; i++) {
        const json_t *place = json_array_get(items, i);
        snprintf(places[i], sizeof places[i], "%s", text_of(place, "id"));
        bool is_matched = !json_is_null(member_of(place, "institution"));
        with += is_matched;
        without += !is_matched;
        if (is_matched)
            continue;
        /* One slot each, two wishes: both were full, and the draw decided among three needs that are alike.
         */
        assert_int_equal(json_array_size(member_of(place, "refused")), 2);
        assert_string_equal(text_of(place, "refused.0.full"), "slots");
        assert_string_equal(text_of(place, "refused.0.ahead"), "draw");
    }
    assert_int_equal(with, 2);
    assert_int_equal(without, 1);
    json_t *of_bank = expect(200, &world.maker_a, "GET", round_path("/places"), NULL);
    assert_int_equal(json_array_size(member_of(of_bank, "items")), 1);
    assert_true(json_is_null(member_of(of_bank, "items.0.enterprise"))); /* not before it accepts */
    assert_int_equal(size_of(&world.enterprise_b, "/places"), 0);
    assert_int_equal(size_of(&world.reviewer, "/places"), 0);
    assert_int_equal(size_of(&world.maker_b, "/institutions"), 2);
}

/* The exit code of `rongqiao round verify` over this text. */
static int verify(const char *name, const char *text)
{
    const char *path = textf("%s/%s", house.folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return house_run((const char *const[]){"round", "verify", path, NULL}, NULL, NULL, 0);
}

static void anybody_can_run_the_export_again(void **state)
{
    (void)state;
    test_answer *answer = ask(NULL, "GET", round_path("/export"), NULL);
    check_status(answer, 200);
    assert_int_equal(verify("round.json", answer->body), 0);
    for (int i = 0; i < NEEDS; i++) /* nothing of the book is in it */
        assert_null(strstr(answer->body, needs[i]));
    assert_null(strstr(answer->body, world.id_a));
    json_t *needs_then = member_of(answer->json, "input.needs");
    json_object_set_new(json_array_get(needs_then, 0), "waited_days", json_integer(99));
    char *forged = json_dumps(answer->json, 0);
    assert_non_null(forged);
    house_keep(forged, free);
    assert_int_equal(verify("forged.json", forged), 1);
    assert_int_equal(verify("nothing.json", "{}"), 1);
}

static void declined_place_goes_to_who_had_none(void **state)
{
    (void)state;
    json_t *of_b = expect(200, &world.maker_b, "GET", round_path("/places"), NULL);
    const char *place = text_of(of_b, "items.0.id");
    expect_problem(409, "round_not_now", &world.maker_b, "POST", round_path("/confirm"),
                   doc("{ss ss}", "place_id", place, "answer", "declined"));
    json_t *asked = move_round(200, "ask");
    assert_int_equal(
        house_count(
            "select extract(epoch from confirm_until - state_since)::int / 3600 from round where id = '%s'",
            text_of(asked, "id")),
        48);
    expect_problem(422, "round_place_unknown", &world.maker_a, "POST", round_path("/confirm"),
                   doc("{ss ss}", "place_id", place, "answer", "accepted")); /* another bank's */
    expect(200, &world.maker_b, "POST", round_path("/confirm"),
           doc("{ss ss}", "place_id", place, "answer", "declined"));
    json_t *again = move_round(200, "rerun");
    assert_int_equal(number_of(again, "run_no"), 2);
    assert_int_equal(number_of(again, "published_run"), 1);
    move_round(200, "publish");
    json_t *second = expect(200, &world.enterprise_a, "GET", round_path("/places?run=2"), NULL);
    assert_int_equal(json_array_size(member_of(second, "items")),
                     2); /* the one without, and the one declined */
    assert_int_equal(size_of(&world.maker_b, "/places?run=2"), 1);
    assert_int_equal(size_of(&world.maker_a, "/places?run=2"), 0);
    json_t *new_place =
        member_of(expect(200, &world.maker_b, "GET", round_path("/places?run=2"), NULL), "items.0");
    assert_string_not_equal(text_of(new_place, "registration_id"), text_of(of_b, "items.0.registration_id"));
    test_answer *export = ask(NULL, "GET", round_path("/export"), NULL);
    check_status(export, 200);
    assert_int_equal(number_of(export->json, "run"), 2);
    assert_int_equal(verify("second.json", export->body), 0);
    test_answer *first = ask(NULL, "GET", round_path("/export?run=1"), NULL);
    assert_int_equal(verify("first.json", first->body), 0);
}

static void enterprise_that_accepts_is_known_to_its_institution(void **state)
{
    (void)state;
    move_round(200, "ask");
    json_t *of_a = expect(200, &world.maker_a, "GET", round_path("/places"), NULL);
    const char *place = text_of(of_a, "items.0.id");
    assert_true(json_is_null(member_of(of_a, "items.0.enterprise")));
    expect(200, &world.enterprise_a, "POST", round_path("/confirm"),
           doc("{ss ss}", "place_id", place, "answer", "accepted"));
    expect(200, &world.maker_a, "POST", round_path("/confirm"),
           doc("{ss ss}", "place_id", place, "answer", "accepted"));
    of_a = expect(200, &world.maker_a, "GET", round_path("/places"), NULL);
    assert_string_equal(text_of(of_a, "items.0.enterprise.id"), world.id_a);
    assert_non_null(item_where(of_a, "enterprise_answer", "accepted"));
}

/* Ticks, unless the server's own clock is just at it. */
static bool is_meeting(void *argument)
{
    (void)argument;
    house_sql("select app.tick_rounds()");
    return strcmp(house_sql("select state from round where id = '%s'", round_id), "meeting") == 0;
}

static void after_48_hours_the_round_goes_on_by_itself(void **state)
{
    (void)state;
    json_t *of_a = expect(200, &world.maker_a, "GET", round_path("/places"), NULL);
    house_sql("update round set confirm_until = now() - interval '1 minute' where id = '%s' returning 1",
              round_id);
    expect_problem(409, "round_not_now", &world.maker_a, "POST", round_path("/confirm"),
                   doc("{ss ss}", "place_id", text_of(of_a, "items.0.id"), "answer", "declined"));
    assert_true(eventually(is_meeting, NULL));
    assert_string_equal(text_of(round_now(&world.enterprise_a), "state"), "meeting");
}

/* What a row adds to a figure: one, its field, or what the side told on that day. */
static int64_t added_by(const json_t *row, const json_t *figure, int day)
{
    const char *field = text_of(figure, "adds_up");
    const bool is_told = strncmp(field, "follow_ups.", 11) == 0;
    int64_t sum = *field && !is_told ? number_of(row, field) : !*field;
    const json_t *told = is_told ? member_of(row, "follow_ups") : NULL;
    const char *side =
        strcmp(text_of(figure, "filter.step"), "confirmed") == 0 ? "enterprise" : "institution";
    for (size_t i = 0; i < json_array_size(told); i++)
        if (number_of(json_array_get(told, i), "day") == day &&
            strcmp(text_of(json_array_get(told, i), "side"), side) == 0)
            sum += number_of(json_array_get(told, i), field + 11);
    return sum;
}

/* Each figure is what the rows of its list come to; returns how many figures there are. */
static size_t follow_figures(const json_t *figures, const json_t *values, int day)
{
    const char *field;
    json_t *figure;
    json_object_foreach((json_t *)figures, field, figure)
    {
        const char *list = strrchr(text_of(figure, "list"), '/'), *key;
        char query[100] = "?limit=100";
        json_t *value;
        int64_t sum = 0;
        if (strcmp(list, "/institutions") == 0)
            query[1] = '\0';
        json_object_foreach(member_of(figure, "filter"), key, value) snprintf(
            query + strlen(query), sizeof query - strlen(query), "&%s=%s", key,
            json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : json_string_value(value));
        if (day)
            snprintf(query + strlen(query), sizeof query - strlen(query), "&day=%d", day);
        const json_t *rows = member_of(
            expect(200, &world.zhejiang, "GET", round_path(textf("%s%s", list, query)), NULL), "items");
        for (size_t i = 0; i < json_array_size(rows); i++)
            sum += added_by(json_array_get(rows, i), figure, day);
        assert_int_equal(sum, number_of(values, field));
    }
    return json_object_size(figures);
}

static void every_figure_counts_the_rows_of_its_list(void)
{
    json_t *figures = expect(200, &world.zhejiang, "GET", round_path("/statistics"), NULL);
    json_t *values = json_deep_copy(figures);
    json_object_update(values, member_of(round_now(&world.zhejiang), "counts"));
    assert_int_equal(follow_figures(member_of(figures, "figures"), values, 0), 10);
    json_decref(values);
    assert_int_equal(follow_figures(member_of(figures, "day_figures"), member_of(figures, "days.0"), 7), 6);
    /* Nobody told anything on day 30. */
    assert_int_equal(size_of(&world.zhejiang, "/places?step=contacted&day=30"), 0);
}

static void intents_and_money_stand_side_by_side(void **state)
{
    (void)state;
    json_t *of_a = expect(200, &world.maker_a, "GET", round_path("/places"), NULL);
    const char *place = text_of(of_a, "items.0.id");
    expect(200, &world.maker_a, "POST", round_path("/intents"),
           doc("{ss sI}", "place_id", place, "intent_fen", 2500000 * YUAN));
    json_t *of_b = item_where(expect(200, &world.maker_b, "GET", round_path("/places"), NULL),
                              "institution_answer", "declined");
    expect_problem(409, "round_place_declined", &world.maker_b, "POST", round_path("/intents"),
                   doc("{ss sI}", "place_id", text_of(of_b, "id"), "intent_fen", 1 * YUAN));
    move_round(200, "record_intents");
    json_t *followed = move_round(200, "follow_up");
    assert_true(*text_of(followed, "deadline_at"));
    expect(200, &world.maker_a, "POST", round_path("/follow-ups"),
           doc("{ss si sb sI sI}", "place_id", place, "day", 7, "contacted", 1, "approved_fen",
               2000000 * YUAN, "funded_fen", 1500000 * YUAN));
    expect(200, &world.enterprise_a, "POST", round_path("/follow-ups"),
           doc("{ss si sb sI sI}", "place_id", place, "day", 7, "contacted", 1, "approved_fen",
               2000000 * YUAN, "funded_fen", 1200000 * YUAN));
    expect_problem(422, "validation_failed", &world.maker_a, "POST", round_path("/follow-ups"),
                   doc("{ss si sb sI sI}", "place_id", place, "day", 8, "contacted", 1, "approved_fen",
                       1 * YUAN, "funded_fen", 2 * YUAN));
    json_t *figures = expect(200, &world.auditor, "GET", round_path("/statistics"), NULL);
    assert_int_equal(number_of(figures, "needs"), NEEDS);
    assert_int_equal(number_of(figures, "needs_fen"), 3000000 * YUAN * NEEDS);
    assert_int_equal(number_of(figures, "matched"), 2);
    assert_int_equal(number_of(figures, "agreed"), 1);
    assert_int_equal(number_of(figures, "declined"), 1);
    assert_int_equal(number_of(figures, "intent_fen"), 2500000 * YUAN);
    assert_int_equal(number_of(figures, "days.0.approved_fen"), 2000000 * YUAN);
    assert_int_equal(number_of(figures, "days.0.funded_fen"), 1500000 * YUAN);
    assert_int_equal(number_of(figures, "days.0.confirmed_fen"), 1200000 * YUAN);
    every_figure_counts_the_rows_of_its_list();
    expect_problem(404, "not_found", &world.guangdong, "GET", round_path("/statistics"), NULL);
    json_t *reported = move_round(200, "report");
    assert_int_equal(number_of(reported, "report.intent_fen"), 2500000 * YUAN);
    assert_int_equal(json_array_size(member_of(move_round(200, "close"), "actions")), 0);
}

static void seal_refuses_lists_that_changed_meanwhile(void **state)
{
    (void)state;
    json_t *round = expect(201, &world.operator, "POST", "/v1/rounds", plan_document());
    const char *id = text_of(round, "id");
    move(200, &world.operator, "rounds", id, "open", NULL);
    assert_string_equal(
        house_sql("do $$ begin perform set_config('app.side', 'operator', true), set_config('app.roles', "
                  "'operator', true), "
                  "set_config('app.action', 'seal', true); "
                  "perform app.seal_round('%s', '{}', '{\"needs\": []}', '{}', 'x'); "
                  "raise exception 'sealed'; exception when sqlstate 'RQ409' then null; end $$",
                  id),
        "");
    json_t *sealed = move(200, &world.operator, "rounds", id, "seal", NULL); /* nobody came: still a round */
    assert_string_equal(text_of(sealed, "state"), "sealed");
    move(200, &world.operator, "rounds", id, "run", NULL);
    move(200, &world.operator, "rounds", id, "publish", NULL);
    test_answer *export = ask(NULL, "GET", textf("/v1/rounds/%s/export", id), NULL);
    check_status(export, 200);
    assert_int_equal(verify("empty.json", export->body), 0);
}

/* As many needs as one round takes, each with 20 wishes, and slots for a third of them: the largest that is
 * sealed, run, stored and told at once. The needs are copies of one, made behind the guard's back. */
static void round_of_5000_needs_is_sealed_run_and_told(void **state)
{
    (void)state;
    enum { MOST = 5000, INSTITUTIONS = 20 };
    const char *need = need_post(&world.enterprise_a, NULL);
    json_t *round = expect(201, &world.zhejiang, "POST", "/v1/rounds", plan_document());
    const char *id = text_of(round, "id");
    move(200, &world.zhejiang, "rounds", id, "open", NULL);
    house_sql(
        "set session_replication_role = replica; update round set slots_total = 0, slots_local = 0 where id "
        "= '%s'; "
        "insert into institution (kind, name_zh, region_code) select 'bank', '银行' || i, '330000' "
        "from generate_series(1, %d) i; "
        "insert into round_institution (round_id, institution_id, is_local, slots, money_fen) "
        "select '%s', id, true, %d, null from institution where name_zh like '银行%%'; "
        "create temp table copy as select * from need where id = '%s'; "
        "create temp table copies as select app.uuid_v7() as id from generate_series(1, %d); "
        "insert into need select (jsonb_populate_record(c, jsonb_build_object('id', x.id))).* from copy c, "
        "copies x; "
        "insert into round_need (province, round_id, need_id, enterprise_id, region_code, amount_fen, "
        "waits_since, "
        "first_loan, packages) select c.province, '%s', x.id, c.enterprise_id, c.region_code, c.amount_fen, "
        "c.created_at - random() * interval '90 days', random() < 0.2, (select jsonb_agg(jsonb_build_object("
        "'institution', i.id, 'kind', 'credit_loan', 'score_ppm', (random() * 1000000)::int) order by "
        "md5(i.id::text "
        "|| x.id::text)) from institution i where i.name_zh like '银行%%') from copy c, copies x; "
        "set session_replication_role = origin",
        id, INSTITUTIONS, id, MOST / INSTITUTIONS / 3, need, MOST, id);
    expect_problem(409, "round_full", &world.enterprise_a, "POST", textf("/v1/rounds/%s/needs", id),
                   doc("{ss}", "need_id", need));
    move(200, &world.zhejiang, "rounds", id, "seal", NULL);
    json_t *ran = move(200, &world.zhejiang, "rounds", id, "run", NULL);
    assert_int_equal(number_of(ran, "proof.needs"), MOST);
    assert_int_equal(number_of(ran, "proof.blocking_pairs"), 0);
    move(200, &world.zhejiang, "rounds", id, "publish", NULL);
    test_answer *export = ask(NULL, "GET", textf("/v1/rounds/%s/export", id), NULL);
    check_status(export, 200);
    assert_int_equal(number_of(export->json, "result.matched"), MOST / INSTITUTIONS / 3 * INSTITUTIONS);
    assert_int_equal(verify("large.json", export->body), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(seed_is_committed_when_the_round_is_planned),
        API_TEST(plan_keeps_no_more_slots_than_there_are),
        API_TEST(parties_register_while_the_registration_is_open),
        API_TEST(who_seals_the_lists_reads_whose_needs_they_are),
        API_TEST(sealing_tells_hash_and_seed_and_ends_the_registration),
        API_TEST(result_is_nobodys_before_it_is_published),
        API_TEST(each_side_sees_its_own_result_with_reasons),
        API_TEST(anybody_can_run_the_export_again),
        API_TEST(declined_place_goes_to_who_had_none),
        API_TEST(enterprise_that_accepts_is_known_to_its_institution),
        API_TEST(after_48_hours_the_round_goes_on_by_itself),
        API_TEST(intents_and_money_stand_side_by_side),
        API_TEST(seal_refuses_lists_that_changed_meanwhile),
        API_TEST(round_of_5000_needs_is_sealed_run_and_told),
    };
    return cmocka_run_group_tests_name("api.rounds", tests, world_open, world_close);
}
