/* Idempotency-Key: whatever is sent twice happens once, and is answered twice in the same words. */
#include <pthread.h>
#include <unistd.h>

#include "world.h"

static test_answer *post_with_key(const test_user *user, const char *path, const char *key, const char *body)
{
    return ask_raw(user, "POST", path,
                   textf("Content-Type: application/json\r\n%s%s%s", key ? "Idempotency-Key: " : "",
                         key ? key : "", key ? "\r\n" : ""),
                   body);
}

static const char *need_text(json_t *more)
{
    json_t *need = need_document(more);
    char *text = json_dumps(need, JSON_COMPACT);
    json_decref(need);
    return house_keep(text, free);
}

static int64_t need_count(void)
{
    return house_count("select count(*) from need");
}

static void key_is_required_on_every_post_that_makes_or_moves(void **state)
{
    (void)state;
    const char *before = house_rows();
    check_problem(post_with_key(&world.enterprise_a, "/v1/needs", NULL, need_text(NULL)), 400,
                  "idempotency_key_required");
    check_problem(post_with_key(&world.maker_a, textf("/v1/products/%s/submit", world.credit_a), NULL, "{}"),
                  400, "idempotency_key_required");
    assert_string_equal(house_rows(), before);
}

static void key_must_be_1_to_255_visible_characters(void **state)
{
    char longest[256], too_long[257];
    (void)state;
    memset(longest, 'k', sizeof(longest));
    memset(too_long, 'k', sizeof(too_long));
    longest[255] = too_long[256] = 0;
    const char *const malformed[] = {"\"\"", "two words", "\"half", "back\\slash", too_long};
    for (size_t i = 0; i < COUNT(malformed); i++)
        check_problem(post_with_key(&world.enterprise_a, "/v1/needs", malformed[i], need_text(NULL)), 400,
                      "idempotency_key_malformed");
    check_status(post_with_key(&world.enterprise_a, "/v1/needs", longest, need_text(NULL)), 201);
}

static void replay_gives_the_same_bytes_and_makes_no_second_row(void **state)
{
    (void)state;
    const char *key = fresh_key(), *body = need_text(NULL);
    test_answer *first = post_with_key(&world.enterprise_a, "/v1/needs", key, body);
    check_status(first, 201);
    assert_null(answer_header(first, "Idempotent-Replayed"));
    /* What happens to the need later does not change the first answer. */
    move(200, &world.enterprise_a, "needs", text_of(first->json, "id"), "withdraw", NULL);
    const char *rows = house_rows();
    /* An RFC 8941 string and the bare word are one key. */
    const char *const forms[] = {key, textf("\"%s\"", key)};
    for (size_t i = 0; i < COUNT(forms); i++) {
        test_answer *again = post_with_key(&world.enterprise_a, "/v1/needs", forms[i], body);
        check_status(again, 201);
        assert_string_equal(answer_header(again, "Idempotent-Replayed"), "true");
        assert_string_equal(again->body, first->body);
        assert_string_equal(answer_header(again, "Location"), answer_header(first, "Location"));
        assert_string_equal(answer_header(again, "ETag"), answer_header(first, "ETag"));
        assert_string_equal(answer_header(again, "Content-Type"), answer_header(first, "Content-Type"));
    }
    assert_string_equal(house_rows(), rows);
}

static void moves_are_replayed_too(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, NULL), *key = fresh_key();
    const char *path = textf("/v1/needs/%s/withdraw", need);
    test_answer *first = post_with_key(&world.enterprise_a, path, key, "{}");
    check_status(first, 200);
    test_answer *again = post_with_key(&world.enterprise_a, path, key, "{}");
    check_status(again, 200);
    assert_string_equal(again->body, first->body);
    assert_int_equal(
        house_count("select count(*) from audit_event where case_id = '%s' and action = 'withdraw'", need),
        1);
    /* Under a key of its own it is a second withdrawal, which the state does not allow. */
    check_problem(post_with_key(&world.enterprise_a, path, fresh_key(), "{}"), 409, "transition_not_allowed");
}

static void key_stands_for_one_request_only(void **state)
{
    (void)state;
    const char *key = fresh_key();
    test_answer *first = post_with_key(&world.enterprise_a, "/v1/needs", key, need_text(NULL));
    check_status(first, 201);
    const char *rows = house_rows();
    check_problem(
        post_with_key(&world.enterprise_a, "/v1/needs", key, need_text(doc("{si}", "term_months", 24))), 422,
        "idempotency_key_reused");
    check_problem(post_with_key(&world.enterprise_a,
                                textf("/v1/needs/%s/withdraw", text_of(first->json, "id")), key, "{}"),
                  422, "idempotency_key_reused");
    assert_string_equal(house_rows(), rows);
}

static void same_key_of_another_user_is_another_key(void **state)
{
    (void)state;
    const char *key = fresh_key();
    json_t *first = check_status(post_with_key(&world.enterprise_a, "/v1/needs", key, need_text(NULL)), 201);
    test_answer *other = post_with_key(&world.enterprise_b, "/v1/needs", key, need_text(NULL));
    json_t *second = check_status(other, 201);
    assert_null(answer_header(other, "Idempotent-Replayed"));
    assert_string_not_equal(text_of(first, "id"), text_of(second, "id"));
    assert_string_equal(text_of(second, "region_code"), GUANGZHOU);
}

static void refused_input_is_not_kept(void **state)
{
    (void)state;
    const char *key = fresh_key();
    check_problem(
        post_with_key(&world.enterprise_a, "/v1/needs", key, need_text(doc("{si}", "term_months", 0))), 422,
        "validation_failed");
    check_problem(post_with_key(&world.enterprise_a, "/v1/needs", key, "{\"kinds\":"), 400, "json_malformed");
    assert_int_equal(house_count("select count(*) from idempotency where key = '%s'", key), 0);
    test_answer *good = post_with_key(&world.enterprise_a, "/v1/needs", key, need_text(NULL));
    check_status(good, 201);
    assert_null(answer_header(good, "Idempotent-Replayed"));
}

static void refused_move_is_not_kept_and_may_be_tried_again(void **state)
{
    (void)state;
    const char *need = need_post(&world.enterprise_a, doc("{sb}", "submit", 0)), *key = fresh_key();
    const char *path = textf("/v1/applications");
    json_t *document = doc("{ss ss}", "need_id", need, "product_id", world.credit_a);
    char *body = house_keep(json_dumps(document, JSON_COMPACT), free);
    json_decref(document);
    check_problem(post_with_key(&world.enterprise_a, path, key, body), 409, "need_not_open");
    assert_int_equal(house_count("select count(*) from idempotency where key = '%s'", key), 0);
    move(200, &world.enterprise_a, "needs", need, "submit", NULL);
    check_status(post_with_key(&world.enterprise_a, path, key, body), 201);
}

static void answer_of_not_found_is_not_kept(void **state)
{
    (void)state;
    const char *key = fresh_key(), *path = "/v1/needs/00000000-0000-7000-8000-000000000000/withdraw";
    for (int i = 0; i < 2; i++)
        check_problem(post_with_key(&world.enterprise_a, path, key, "{}"), 404, "not_found");
    assert_int_equal(house_count("select count(*) from idempotency where key = '%s'", key), 0);
}

static void every_kept_answer_is_whole(void **state)
{
    (void)state;
    assert_true(house_count("select count(*) from idempotency") > 0);
    assert_int_equal(house_count("select count(*) from idempotency where status is null or body is null"), 0);
}

/* Twenty at once ----------------------------------------------------------------------------------- */

enum { AT_ONCE = 20, ROUNDS = 5 };

typedef struct racer {
    pthread_t thread;
    pthread_barrier_t *start;
    test_user user; /* of enterprise A, with a connection of its own */
    const char *key, *body;
    test_answer *answer;
} racer;

static void *race(void *argument)
{
    racer *self = argument;
    pthread_barrier_wait(self->start);
    /* A refusal for haste may be repeated under the same key: that is what the key is for. */
    for (int attempt = 0; attempt < 20; attempt++) {
        self->answer = post_with_key(&self->user, "/v1/needs", self->key, self->body);
        if (self->answer && self->answer->status != 409 && self->answer->status != 503)
            break;
        usleep(50000);
    }
    return NULL;
}

static void twenty_requests_with_one_key_make_one_need(void **state)
{
    racer racers[AT_ONCE];
    pthread_barrier_t start;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        const char *key = fresh_key(), *body = need_text(doc("{si}", "term_months", 6 + round));
        int64_t before = need_count();
        pthread_barrier_init(&start, NULL, AT_ONCE);
        for (size_t i = 0; i < AT_ONCE; i++) {
            racers[i] = (racer){.start = &start, .user = world.enterprise_a, .key = key, .body = body};
            racers[i].user.client = client_new();
            assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        }
        for (size_t i = 0; i < AT_ONCE; i++) {
            pthread_join(racers[i].thread, NULL);
            client_free(racers[i].user.client);
        }
        pthread_barrier_destroy(&start);
        size_t made = 0;
        for (size_t i = 0; i < AT_ONCE; i++) {
            check_status(racers[i].answer, 201);
            made += answer_header(racers[i].answer, "Idempotent-Replayed") == NULL;
            assert_string_equal(racers[i].answer->body, racers[0].answer->body);
        }
        assert_int_equal(made, 1);
        assert_int_equal(need_count(), before + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        API_TEST(key_is_required_on_every_post_that_makes_or_moves),
        API_TEST(key_must_be_1_to_255_visible_characters),
        API_TEST(replay_gives_the_same_bytes_and_makes_no_second_row),
        API_TEST(moves_are_replayed_too),
        API_TEST(key_stands_for_one_request_only),
        API_TEST(same_key_of_another_user_is_another_key),
        API_TEST(refused_input_is_not_kept),
        API_TEST(refused_move_is_not_kept_and_may_be_tried_again),
        API_TEST(answer_of_not_found_is_not_kept),
        API_TEST(twenty_requests_with_one_key_make_one_need),
        API_TEST(every_kept_answer_is_whole),
    };
    return cmocka_run_group_tests_name("api.idempotency", tests, world_open, world_close);
}
