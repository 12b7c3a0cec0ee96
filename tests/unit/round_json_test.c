/* Rounds as JSON: canonical bytes, refusals with the bad key, and the check of an export. */
#include "round_support.h"

static const char document[] = "{\"rule_version\": 1, \"band_ppm\": 10000, \"slots_total\": 4, "
                               "\"slots_local\": 1, \"note\": \"ignored\","
                               " \"institutions\": ["
                               "  {\"slots\": 2, \"id\": \"A\", \"local\": true, \"money_fen\": null},"
                               "  {\"id\": \"B\", \"slots\": 3, \"money_fen\": 150}],"
                               " \"needs\": ["
                               "  {\"id\": \"e1\", \"first_loan\": true, \"waited_days\": 3, \"amount_fen\": "
                               "100, \"wishes\": [[1, 500000], [0, 1]]},"
                               "  {\"id\": \"e2\", \"amount_fen\": 100, \"wishes\": [[1, 505000]]},"
                               "  {\"id\": \"e3\", \"amount_fen\": 100, \"wishes\": [[1, 400000]]}]}";
static const char canonical[] =
    "{\"rule_version\":1,\"band_ppm\":10000,\"slots_total\":4,\"slots_local\":1,"
    "\"institutions\":[{\"id\":\"A\",\"local\":true,\"slots\":2,\"money_fen\":null},"
    "{\"id\":\"B\",\"local\":false,\"slots\":3,\"money_fen\":150}],"
    "\"needs\":[{\"id\":\"e1\",\"first_loan\":true,\"waited_days\":3,\"amount_fen\":100,\"wishes\":[[1,"
    "500000],[0,1]]},"
    "{\"id\":\"e2\",\"first_loan\":false,\"waited_days\":0,\"amount_fen\":100,\"wishes\":[[1,505000]]},"
    "{\"id\":\"e3\",\"first_loan\":false,\"waited_days\":0,\"amount_fen\":100,\"wishes\":[[1,400000]]}]}";
static const char outcome[] =
    "{\"matched\":2,\"proposals\":3,"
    "\"institutions\":[{\"id\":\"A\",\"slots\":2,\"taken\":0,\"taken_fen\":0,\"full\":\"open\",\"last\":null}"
    ","
    "{\"id\":\"B\",\"slots\":2,\"taken\":2,\"taken_fen\":200,\"full\":\"slots\",\"last\":\"e2\"}],"
    "\"needs\":[{\"id\":\"e1\",\"institution\":\"B\",\"wish\":1,\"refused\":[]},"
    "{\"id\":\"e2\",\"institution\":\"B\",\"wish\":1,\"refused\":[]},"
    "{\"id\":\"e3\",\"institution\":null,\"wish\":null,\"refused\":"
    "[[1,\"slots\",\"score\"]]}]}";

static rq_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = rq_arena_new(64 << 20);
    return arena == NULL;
}

static int drop_arena(void **state)
{
    (void)state;
    rq_arena_free(arena);
    return 0;
}

static rq_round_input decode(const char *text)
{
    rq_error error = {0};
    rq_round_input input = {0};
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    if (rq_round_input_decode(json, "seed", arena, &input, &error) != RQ_OK)
        fail_msg("%s", error.message);
    json_decref(json);
    return input;
}

static void input_is_rendered_as_canonical_bytes(void **state)
{
    (void)state;
    rq_buffer text;
    rq_buffer_init(&text, 1 << 16);
    for (int again = 0; again < 2; again++) {
        rq_round_input input = decode(again ? rq_buffer_cstring(&text) : document);
        rq_buffer_clear(&text);
        rq_json json = rq_json_on(&text);
        rq_round_input_render(&input, &json);
        assert_string_equal(rq_buffer_cstring(&text), canonical);
    }
    rq_buffer_done(&text);
}

static void result_is_rendered_with_its_reasons(void **state)
{
    (void)state;
    rq_round_result *result = NULL;
    rq_round_input input = decode(document);
    rq_buffer text;
    rq_buffer_init(&text, 1 << 16);
    assert_int_equal(rq_round_run(&input, &result, NULL), RQ_OK);
    rq_json json = rq_json_on(&text);
    rq_round_result_render(&input, result, &json);
    assert_string_equal(rq_buffer_cstring(&text), outcome);
    rq_buffer_done(&text);
    rq_round_free(result);
}

/* Puts `value` (JSON) at `key` of `object`. */
static void put(json_t *object, const char *key, const char *value)
{
    json_t *json = json_loads(value, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    assert_int_equal(json_object_set_new(object, key, json), 0);
}

static void bad_input_is_refused_with_the_key(void **state)
{
    (void)state;
    static const struct {
        const char *list; /* null: the document itself; else its first element */
        const char *key, *value, *message;
    } cases[] = {
        {NULL, "rule_version", "2", "rule_version: a rule that this version does not know"},
        {NULL, "band_ppm", "0", "band_ppm: must be 1 to 1000000"},
        {NULL, "institutions", "{}", "institutions: not a list, or too long"},
        {NULL, "needs", "7", "needs: not a list, or too long"},
        {NULL, "slots_local", "5", "slots_local: at most slots_total"},
        {"institutions", "id", "\"0123456789012345678901234567890123456\"",
         "institutions[0].id: not a text of 1 to 36 bytes"},
        {"institutions", "id", "\"B\"", "institutions[1].id: there twice"},
        {"institutions", "slots", "-1", "institutions[0].slots: must be 0 to 4194304"},
        {"needs", "amount_fen", "0", "needs[0].amount_fen: must be 1 to 10000000000000"},
        {"needs", "wishes", "null", "needs[0].wishes: not a list, or too long"},
        {"needs", "wishes", "[[0, 1, 2]]",
         "needs[0].wishes: not pairs of an institution's index and a score"},
        {"needs", "wishes", "[[0, 1.5]]", "needs[0].wishes: not pairs of an institution's index and a score"},
        {"needs", "wishes", "[7]", "needs[0].wishes: not pairs of an institution's index and a score"},
        {"needs", "wishes", "[[2, 1]]", "needs[0].wishes[0].institution: unknown or repeated"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rq_error error = {0};
        rq_round_input input;
        json_t *json = json_loads(document, 0, NULL);
        put(cases[i].list ? json_array_get(json_object_get(json, cases[i].list), 0) : json, cases[i].key,
            cases[i].value);
        assert_int_equal(rq_round_input_decode(json, "seed", arena, &input, &error), RQ_INVALID);
        assert_string_equal(error.message, cases[i].message);
        json_decref(json);
    }
}

/* The export of the round above. */
static json_t *export_round(void)
{
    char seed_hash[65], input_hash[65], result_hash[65];
    assert_int_equal(rq_round_hash("seed", 4, seed_hash, NULL), RQ_OK);
    assert_int_equal(rq_round_hash(canonical, strlen(canonical), input_hash, NULL), RQ_OK);
    assert_int_equal(rq_round_hash(outcome, strlen(outcome), result_hash, NULL), RQ_OK);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "format", "rongqiao-round/1", "seed", "seed",
                  "seed_hash", seed_hash, "input_hash", input_hash, "result_hash", result_hash, "input",
                  json_loads(document, 0, NULL), "result", json_loads(outcome, 0, NULL));
    assert_non_null(json);
    return json;
}

static void assert_verdict(const json_t *json, bool seed, bool input, bool result, bool proof)
{
    rq_round_verdict verdict;
    rq_error error = {0};
    if (rq_round_verify(json, arena, &verdict, &error) != RQ_OK)
        fail_msg("%s", error.message);
    assert_int_equal(verdict.seed_holds, seed);
    assert_int_equal(verdict.input_holds, input);
    assert_int_equal(verdict.result_holds, result);
    assert_int_equal(verdict.proof_holds, proof);
    assert_int_equal(verdict.needs, 3);
    assert_int_equal(verdict.institutions, 2);
}

static void true_export_holds(void **state)
{
    (void)state;
    json_t *json = export_round();
    assert_verdict(json, true, true, true, true);
    json_decref(json);
}

static void forged_export_is_found_out(void **state)
{
    (void)state;
    json_t *json = export_round();
    put(json, "seed", "\"other\"");
    assert_verdict(json, false, true, true, true);
    json_decref(json);

    json = export_round(); /* a score that was raised after the sealing, and nothing else */
    put(json_array_get(json_object_get(json_object_get(json, "input"), "needs"), 1), "wishes",
        "[[1, 506000]]");
    assert_verdict(json, true, false, true, true);
    json_decref(json);

    json = export_round(); /* e3 in the place of e2 */
    json_t *needs = json_object_get(json_object_get(json, "result"), "needs");
    put(json_array_get(needs, 1), "wish", "null");
    put(json_array_get(needs, 2), "wish", "1");
    assert_verdict(json, true, true, false, false);
    json_decref(json);

    json = export_round(); /* another reason than the true one */
    put(json_array_get(json_object_get(json_object_get(json, "result"), "needs"), 2), "refused", "[]");
    assert_verdict(json, true, true, false, true);
    json_decref(json);

    json = export_round();
    put(json, "result_hash", "\"\"");
    assert_verdict(json, true, true, false, true);
    json_decref(json);
}

static void what_is_no_export_is_refused(void **state)
{
    (void)state;
    rq_round_verdict verdict;
    rq_error error = {0};
    json_t *json = export_round();
    put(json, "format", "\"rongqiao-round/2\"");
    assert_int_equal(rq_round_verify(json, arena, &verdict, &error), RQ_INVALID);
    assert_int_equal(rq_round_verify(json_object_get(json, "input"), arena, &verdict, &error), RQ_INVALID);
    put(json, "format", "\"rongqiao-round/1\"");
    put(json, "result", "null"); /* nothing granted, nothing said */
    assert_verdict(json, true, true, false, false);
    put(json, "input", "null");
    assert_int_equal(rq_round_verify(json, arena, &verdict, &error), RQ_INVALID);
    assert_string_equal(error.message, "not an object");
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_is_rendered_as_canonical_bytes),
        cmocka_unit_test(result_is_rendered_with_its_reasons),
        cmocka_unit_test(bad_input_is_refused_with_the_key),
        cmocka_unit_test(true_export_holds),
        cmocka_unit_test(forged_export_is_found_out),
        cmocka_unit_test(what_is_no_export_is_refused),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
