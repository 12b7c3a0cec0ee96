/* Notifications and live events: who is told what, that nothing is missed or comes twice, and how streams
 * end. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rongqiao/clock.h"
#include "world.h"

static bool all_is_published(void *argument)
{
    (void)argument;
    return house_count("select count(*) from notification where id is null") == 0;
}

/* A stream of this user after a number (null: from now on, and what was told before is past). */
static test_client *listen_as(const test_user *user, const char *after)
{
    test_client *client = client_new();
    assert_true(after || eventually(all_is_published, NULL));
    const char *last = after ? textf("Last-Event-ID: %s\r\n", after) : "";
    test_answer *answer =
        client_open_stream(client, "/v1/events", textf("Authorization: Bearer %s\r\n%s", user->token, last));
    check_status(answer, 200);
    assert_string_equal(answer_header(answer, "Content-Type"), "text/event-stream");
    assert_string_equal(answer_header(answer, "Cache-Control"), "no-store");
    return client;
}

typedef struct test_event {
    const char *id, *kind;
    json_t *document;
} test_event;

/* The next event; comments and the like are passed over. */
static test_event next_event(test_client *client)
{
    static const char shape[] = "id: %31[0-9]\nevent: notification\ndata: %n";
    for (;;) {
        const char *piece = client_read_piece(client, NULL);
        char id[32];
        int length = 0;
        assert_non_null(piece);
        if (sscanf(piece, shape, id, &length) != 1)
            continue;
        assert_true(length > 0);
        size_t size = strlen(piece + length);
        assert_string_equal(piece + length + size - 2, "\n\n");
        json_t *document = json_loads(piece + length, JSON_DISABLE_EOF_CHECK, NULL);
        assert_non_null(document);
        house_keep(document, (void (*)(void *))json_decref);
        assert_string_equal(textf("%" PRId64, number_of(document, "id")), id);
        return (test_event){textf("%s", id), text_of(document, "kind"), document};
    }
}

static test_event expect_event(test_client *client, const char *kind, const char *subject)
{
    test_event event = next_event(client);
    assert_string_equal(event.kind, kind);
    assert_string_equal(text_of(event.document, "subject_id"), subject);
    return event;
}

/* Tells one user something, as a case would. */
static void tell(const test_user *user, const char *kind)
{
    house_sql("select app.notify('user', '%s', '%s', 'test', '%s', '{\"n\": 1}')", user->id, kind, user->id);
}

/* Waits until a stream of this user has ended of itself, in order. */
static void assert_ends(test_client *client)
{
    bool clean = false;
    while (client_read_piece(client, &clean))
        continue;
    assert_true(clean);
    client_free(client);
}

static bool no_stream_is_open(void *argument)
{
    (void)argument;
    return metric("rongqiao_streams_open") == 0;
}

/* Who is told what
 * ------------------------------------------------------------------------------------------- */

static void parties_of_a_case_hear_of_its_moves_and_nobody_else(void **state)
{
    (void)state;
    test_client *maker = listen_as(&world.maker_a, NULL), *checker = listen_as(&world.checker_a, NULL),
                *owner = listen_as(&world.enterprise_a, NULL), *other = listen_as(&world.maker_b, NULL);
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    test_event told = expect_event(maker, "application.received", application);
    assert_string_equal(text_of(told.document, "subject_kind"), "application");
    assert_string_equal(text_of(told.document, "params.need_id"), need);
    assert_string_equal(text_of(told.document, "params.origin"), "apply");
    expect_event(checker, "application.received", application);
    const char *offer = offer_make(&world.maker_a, &world.checker_a, application, NULL);
    expect_event(checker, "offer.pending_approval", offer);
    told =
        expect_event(owner, "offer.offered", offer); /* the first: the rest were the enterprise's own acts */
    assert_string_equal(text_of(told.document, "params.institution_id"), world.bank_a);
    assert_true(*text_of(told.document, "params.institution_zh"));
    move(200, &world.enterprise_a, "offers", offer, "accept", NULL);
    expect_event(maker, "offer.accepted", offer); /* not its own proposal in between */
    /* The other bank hears of what comes to itself alone. */
    const char *second = need_post(&world.enterprise_a, NULL);
    expect_event(other, "application.received", apply_for(&world.enterprise_a, second, world.guaranteed_b));
    test_client *const all[] = {maker, checker, owner, other};
    for (size_t i = 0; i < COUNT(all); i++)
        client_free(all[i]);
}

static void reason_goes_to_whom_it_is_given(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL);
    const char *application = apply_for(&world.enterprise_a, need, world.credit_a);
    test_client *owner = listen_as(&world.enterprise_a, NULL);
    move(200, &world.maker_a, "applications", application, "request_papers", reason("R15"));
    test_event told = expect_event(owner, "application.action_required", application);
    assert_string_equal(text_of(told.document, "params.reason_code"), "R15");
    assert_string_equal(text_of(told.document, "params.from"), "received");
    assert_string_equal(text_of(told.document, "params.state"), "action_required");
    client_free(owner);
}

static void nothing_that_is_told_to_a_bank_says_whose_the_need_is(void **state)
{
    (void)state;
    need_post(&world.enterprise_a, NULL);
    assert_int_equal(house_count("select count(*) from notification where party_kind = 'institution' and "
                                 "(params::text like '%%%s%%' or params::text like '%%杭州甲%%')",
                                 world.id_a),
                     0);
    assert_true(house_count("select count(*) from notification where party_kind = 'institution'") > 0);
}

static void nearest_authority_hears_of_a_verification_that_waits(void **state)
{
    test_user user;
    (void)state;
    test_client *zhejiang = listen_as(&world.zhejiang, NULL), *guangdong = listen_as(&world.guangdong, NULL);
    user_make(&user, "unverified", "enterprise", NULL);
    json_t *document = enterprise_document("杭州待核企业有限公司", HANGZHOU);
    json_object_set_new(document, "uscc", json_string("91330106MA00000000"));
    json_object_set_new(document, "uscc_confirmed", json_true());
    const char *id = text_of(expect(201, &user, "POST", "/v1/enterprises", document), "id");
    expect_event(zhejiang, "verification.pending", id);
    user_leave(&user);
    user_login(&user, "unverified");
    test_client *owner = listen_as(&user, NULL);
    expect(200, &world.zhejiang, "POST", textf("/v1/enterprises/%s/verify", id),
           doc("{ss ss}", "verification", "verified", "note", "已电话核实无误"));
    expect_event(owner, "verification.verified", id);
    tell(&world.guangdong, "test.last");
    assert_string_equal(next_event(guangdong).kind, "test.last"); /* and nothing before it */
    client_free(zhejiang);
    client_free(guangdong);
    client_free(owner);
    user_leave(&user);
}

/* Lists
 * ------------------------------------------------------------------------------------------------------- */

static bool is_told(void *argument)
{
    return json_array_size(member_of(expect(200, argument, "GET", "/v1/notifications", NULL), "items")) >= 5;
}

static void list_is_paged_and_knows_what_is_unread(void **state)
{
    test_user user;
    (void)state;
    user_make(&user, "reader", "auditor", NULL);
    for (int i = 1; i <= 5; i++)
        tell(&user, textf("test.%d", i));
    assert_true(eventually(is_told, &user));
    json_t *first = expect(200, &user, "GET", "/v1/notifications?limit=2", NULL);
    assert_string_equal(text_of(first, "items.0.kind"), "test.5");
    assert_true(json_is_false(member_of(first, "items.0.read")));
    assert_int_equal(number_of(first, "unread"), 5);
    const char *next = textf("/v1/notifications?limit=4&cursor=%" PRId64, number_of(first, "next_cursor"));
    json_t *second = expect(200, &user, "GET", next, NULL);
    assert_int_equal(json_array_size(member_of(second, "items")), 3);
    assert_string_equal(text_of(second, "items.2.kind"), "test.1");
    assert_true(json_is_null(member_of(second, "next_cursor")));

    json_int_t up_to = number_of(second, "items.0.id");
    json_t *marked = expect(200, &user, "POST", "/v1/notifications/read", doc("{sI}", "up_to", up_to));
    assert_int_equal(number_of(marked, "unread"), 2);
    json_t *unread = expect(200, &user, "GET", "/v1/notifications?unread=true", NULL);
    assert_int_equal(json_array_size(member_of(unread, "items")), 2);
    assert_int_equal(number_of(unread, "unread"), 2);
    /* Never back, and never ahead of what there is. */
    expect(200, &user, "POST", "/v1/notifications/read", doc("{si}", "up_to", 0));
    assert_int_equal(number_of(expect(200, &user, "GET", "/v1/notifications", NULL), "unread"), 2);
    marked = expect(200, &user, "POST", "/v1/notifications/read",
                    doc("{sI}", "up_to", (json_int_t)999999999999999));
    assert_true(number_of(marked, "up_to") <= house_count("select max(id) from notification"));
    assert_int_equal(number_of(marked, "unread"), 0);
    user_leave(&user);
}

static void event_is_the_document_of_the_list(void **state)
{
    (void)state;
    test_client *client = listen_as(&world.auditor, NULL);
    tell(&world.auditor, "test.same");
    test_event event = next_event(client);
    json_t *list = expect(200, &world.auditor, "GET", "/v1/notifications?limit=1", NULL);
    assert_true(json_equal(event.document, member_of(list, "items.0")));
    client_free(client);
}

/* Nothing is missed and nothing comes twice
 * ------------------------------------------------------------------- */

static void stream_goes_on_after_the_number_that_the_client_has(void **state)
{
    (void)state;
    test_client *client = listen_as(&world.auditor, NULL);
    for (int i = 1; i <= 3; i++)
        tell(&world.auditor, textf("test.%d", i));
    test_event first = next_event(client), second = next_event(client), third = next_event(client);
    client_free(client);
    client = listen_as(&world.auditor, first.id);
    assert_string_equal(next_event(client).id, second.id);
    assert_string_equal(next_event(client).id, third.id);
    tell(&world.auditor, "test.4");
    assert_string_equal(next_event(client).kind, "test.4");
    client_free(client);
    /* The same by the query, which a header overrules. */
    client = client_new();
    check_status(client_open_stream(client, textf("/v1/events?after=%s", second.id),
                                    textf("Authorization: Bearer %s\r\n", world.auditor.token)),
                 200);
    assert_string_equal(next_event(client).id, third.id);
    client_free(client);
    client = client_new();
    check_status(client_open_stream(client, textf("/v1/events?after=%s", first.id),
                                    textf("Authorization: Bearer %s\r\nLast-Event-ID: %s\r\n",
                                          world.auditor.token, third.id)),
                 200);
    assert_string_equal(next_event(client).kind, "test.4");
    client_free(client);
}

static void number_that_is_none_is_refused(void **state)
{
    static const char *const wrong[] = {"abc", "-1", "1 2", "12345678901234567890"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        check_problem(
            ask_raw(&world.auditor, "GET", "/v1/events", textf("Last-Event-ID: %s\r\n", wrong[i]), NULL), 422,
            "validation_failed");
    test_client *client = client_new();
    const char *headers = textf("Authorization: Bearer %s\r\n", world.auditor.token);
    check_status(client_call(client, "HEAD", "/v1/events", headers, NULL, 0), 200);
    check_status(client_call(client, "GET", "/livez", "", NULL, 0), 200); /* on the same connection */
    client_free(client);
}

/* Each told in the transaction of its writer: one that began first and ends last must not be passed over. */
static void what_is_written_first_and_committed_last_is_not_missed(void **state)
{
    (void)state;
    test_client *client = listen_as(&world.auditor, NULL);
    PGconn *slow = house_connect(house.owner);
    PQclear(PQexec(slow, "begin"));
    PQclear(PQexec(slow, textf("select app.notify('user', '%s', 'test.slow', 'test', '%s', null)",
                               world.auditor.id, world.auditor.id)));
    tell(&world.auditor, "test.quick");
    test_event quick = next_event(client);
    assert_string_equal(quick.kind, "test.quick");
    test_client *late = listen_as(&world.auditor, quick.id);
    PQclear(PQexec(slow, "commit"));
    PQfinish(slow);
    assert_string_equal(next_event(client).kind, "test.slow");
    assert_string_equal(next_event(late).kind, "test.slow");
    client_free(client);
    client_free(late);
}

static void long_absence_and_a_busy_present_join_without_a_seam(void **state)
{
    enum { BEFORE = 250, SINCE = 200 };
    (void)state;
    test_client *client = listen_as(&world.auditor, NULL);
    tell(&world.auditor, "test.begin");
    const char *begin = next_event(client).id;
    client_free(client);
    house_sql(
        "select app.notify('user', '%s', 'test.' || n, 'test', '%s', null) from generate_series(1, %d) n",
        world.auditor.id, world.auditor.id, BEFORE);
    client = listen_as(&world.auditor, begin);
    for (int i = BEFORE + 1; i <= BEFORE + SINCE; i++)
        tell(&world.auditor, textf("test.%d", i));
    for (int i = 1; i <= BEFORE + SINCE; i++)
        assert_string_equal(next_event(client).kind, textf("test.%d", i));
    client_free(client);
}

static void streams_of_both_workers_and_of_a_new_server_miss_nothing(void **state)
{
    (void)state;
    test_client *clients[6];
    assert_true(eventually(no_stream_is_open, NULL));
    for (size_t i = 0; i < COUNT(clients); i++)
        clients[i] = listen_as(&world.auditor, NULL);
    tell(&world.auditor, "test.before");
    const char *last = NULL;
    for (size_t i = 0; i < COUNT(clients); i++)
        last = next_event(clients[i]).id;
    house_stop_server(); /* the drain ends them in order */
    for (size_t i = 0; i < COUNT(clients); i++)
        assert_ends(clients[i]);
    tell(&world.auditor, "test.between");
    house_start_server();
    test_client *client = listen_as(&world.auditor, last);
    tell(&world.auditor, "test.after");
    assert_string_equal(next_event(client).kind, "test.between");
    assert_string_equal(next_event(client).kind, "test.after");
    client_free(client);
}

static void listener_that_lost_its_connection_catches_up(void **state)
{
    (void)state;
    test_client *client = listen_as(&world.auditor, NULL);
    tell(&world.auditor, "test.before");
    assert_string_equal(next_event(client).kind, "test.before");
    house_sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'rongqiao_app' "
              "and query "
              "like 'listen%%'");
    tell(&world.auditor, "test.after");
    assert_string_equal(next_event(client).kind, "test.after");
    client_free(client);
}

/* Ends
 * -------------------------------------------------------------------------------------------------------- */

static void stream_ends_with_its_session(void **state)
{
    test_user user;
    (void)state;
    user_make(&user, "leaver", "auditor", NULL);
    test_client *client = listen_as(&user, NULL);
    int64_t since_ms = rq_monotonic_ms();
    check_status(ask(&user, "DELETE", "/v1/sessions/current", NULL), 204);
    assert_ends(client);
    assert_true(rq_monotonic_ms() - since_ms < 5000); /* a second, and what a busy machine adds */
    user_leave(&user);

    user_login(&user, "leaver");
    client = listen_as(&user, NULL);
    house_sql("update session set expires_at = now() + interval '1 second' where user_id = '%s'", user.id);
    assert_ends(client);
    user_leave(&user);

    user_login(&user, "leaver");
    client = listen_as(&user, NULL);
    move(200, &world.operator, "users", user.id, "disable", NULL);
    assert_ends(client);
    user_leave(&user);
}

static void open_stream_does_not_keep_a_session_alive(void **state)
{
    test_user user;
    (void)state;
    user_make(&user, "idler", "auditor", NULL);
    test_client *client = listen_as(&user, NULL);
    house_sql(
        "update session set last_seen_at = now() - interval '14 minutes 58 seconds' where user_id = '%s'",
        user.id);
    assert_ends(client);
    expect_problem(401, "unauthenticated", &user, "GET", "/v1/notifications", NULL);
    user_leave(&user);
}

static bool may_listen(void *argument)
{
    test_client *client = client_new();
    test_answer *answer = client_open_stream(
        client, "/v1/events", textf("Authorization: Bearer %s\r\n", ((test_user *)argument)->token));
    client_free(client);
    return answer && answer->status == 200;
}

static void streams_of_one_user_are_bounded(void **state)
{
    test_client *clients[6];
    (void)state;
    assert_true(eventually(no_stream_is_open, NULL));
    int64_t refused = metric("rongqiao_streams_refused_total");
    for (size_t i = 0; i < COUNT(clients); i++)
        clients[i] = listen_as(&world.auditor, NULL);
    assert_int_equal(metric("rongqiao_streams_open"), 6);
    test_answer *answer = ask_raw(&world.auditor, "GET", "/v1/events", "", NULL);
    check_problem(answer, 429, "too_many_streams");
    assert_non_null(answer_header(answer, "Retry-After"));
    assert_int_equal(metric("rongqiao_streams_refused_total"), refused + 1);
    client_free(listen_as(&world.operator, NULL)); /* others have their own */
    client_free(clients[0]);
    assert_true(eventually(may_listen, &world.auditor));
    for (size_t i = 1; i < COUNT(clients); i++)
        client_free(clients[i]);
}

static void streams_of_the_process_are_bounded(void **state)
{
    const test_user *const users[] = {&world.auditor, &world.operator, & world.maker_b };
    test_client *clients[16];
    (void)state;
    assert_true(eventually(no_stream_is_open, NULL));
    for (size_t i = 0; i < COUNT(clients); i++)
        clients[i] = listen_as(users[i % 3], NULL);
    check_problem(ask_raw(&world.maker_a, "GET", "/v1/events", "", NULL), 503, "unavailable");
    for (size_t i = 0; i < COUNT(clients); i++)
        client_free(clients[i]);
    assert_true(eventually(no_stream_is_open, NULL));
}

/* More than the sockets hold; the reader never looks. */
static void reader_that_takes_nothing_is_cut_and_harms_nobody(void **state)
{
    (void)state;
    assert_true(eventually(no_stream_is_open, NULL));
    test_client *idle = listen_as(&world.auditor, NULL), *alive = listen_as(&world.operator, NULL);
    house_sql("select app.notify('user', '%s', 'test.big', 'test', '%s', jsonb_build_object('t', repeat('x', "
              "30000))) "
              "from generate_series(1, 600)",
              world.auditor.id, world.auditor.id);
    tell(&world.operator, "test.small");
    assert_string_equal(next_event(alive).kind, "test.small");
    client_free(alive);
    assert_true(eventually(no_stream_is_open, NULL));
    client_free(idle);
}

static void silence_is_broken_by_a_beat(void **state)
{
    (void)state;
    test_client *client = listen_as(&world.auditor, NULL);
    assert_string_equal(client_read_piece(client, NULL), "retry: 2000\n\n");
    assert_string_equal(client_read_piece(client, NULL), ": beat\n\n");
    client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(parties_of_a_case_hear_of_its_moves_and_nobody_else),
        API_TEST(reason_goes_to_whom_it_is_given),
        API_TEST(nothing_that_is_told_to_a_bank_says_whose_the_need_is),
        API_TEST(nearest_authority_hears_of_a_verification_that_waits),
        API_TEST(list_is_paged_and_knows_what_is_unread),
        API_TEST(event_is_the_document_of_the_list),
        API_TEST(stream_goes_on_after_the_number_that_the_client_has),
        API_TEST(number_that_is_none_is_refused),
        API_TEST(what_is_written_first_and_committed_last_is_not_missed),
        API_TEST(long_absence_and_a_busy_present_join_without_a_seam),
        API_TEST(streams_of_both_workers_and_of_a_new_server_miss_nothing),
        API_TEST(listener_that_lost_its_connection_catches_up),
        API_TEST(stream_ends_with_its_session),
        API_TEST(open_stream_does_not_keep_a_session_alive),
        API_TEST(streams_of_one_user_are_bounded),
        API_TEST(streams_of_the_process_are_bounded),
        API_TEST(reader_that_takes_nothing_is_cut_and_harms_nobody),
        API_TEST(silence_is_broken_by_a_beat),
    };
    house_settings =
        "log_level = error\nworkers = 2\nstreams_per_user = 6\nstreams_max = 16\nwrite_stall_ms = 1500\n";
    return cmocka_run_group_tests_name("api.events", tests, world_open, world_close);
}
