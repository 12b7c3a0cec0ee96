/* Rounds as JSON: the input and the result as the bytes that are hashed, and an export checked against them.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "round_internal.h"

#define FORMAT "rongqiao-round/1"
/* The most text that one round's input or result may take. */
#define TEXT_MAX ((size_t)4 << 30)

/* ---- decoding ---- */

static void read_id(rq_fields *fields, char out_id[RQ_ROUND_ID_TEXT + 1])
{
    const json_t *value = rq_fields_get(fields, "id");
    size_t length = json_is_string(value) ? json_string_length(value) : 0;
    if (length < 1 || length > RQ_ROUND_ID_TEXT || strlen(json_string_value(value)) != length) {
        rq_fields_fail(fields, "id", "not a text of 1 to 36 bytes");
        return;
    }
    memcpy(out_id, json_string_value(value), length);
}

/* The list `key`, or null and a failure. */
static const json_t *read_list(rq_fields *fields, const char *key, size_t max)
{
    const json_t *list = rq_fields_get(fields, key);
    if (!json_is_array(list) || json_array_size(list) > max) {
        rq_fields_fail(fields, key, "not a list, or too long");
        return NULL;
    }
    return list;
}

static void *make_room(rq_fields *fields, const char *key, size_t count, size_t size)
{
    void *room = fields->status == RQ_OK ? rq_arena_array(fields->arena, count + 1, size) : NULL;
    if (fields->status == RQ_OK && room == NULL) {
        fields->status = rq_fail(fields->error, RQ_NOMEM, "%s: no memory for %zu", key, count);
    }
    return room;
}

static void read_institutions(rq_fields *fields, rq_round_input *input)
{
    const json_t *list = read_list(fields, "institutions", RQ_ROUND_INSTITUTIONS_MAX);
    size_t count = json_array_size(list);
    rq_round_institution *all = make_room(fields, "institutions", count, sizeof *all);
    for (size_t i = 0; i < count && fields->status == RQ_OK; i++) {
        rq_fields one = rq_fields_within(fields, json_array_get(list, i), "institutions", i);
        read_id(&one, all[i].id);
        all[i].is_local = rq_fields_bool(&one, "local", false);
        all[i].slots = (uint32_t)rq_fields_int(&one, "slots", 0, RQ_ROUND_SLOTS_MAX, 0);
        all[i].money_fen = rq_fields_int(&one, "money_fen", 0, RQ_ROUND_MONEY_MAX_FEN, RQ_ROUND_NO_LIMIT);
        rq_fields_leave(fields, &one);
    }
    input->institutions = all;
    input->institution_count = (uint32_t)count;
}

/* One wish is a pair [index of the institution, score_ppm]. */
static void read_wishes(rq_fields *fields, const json_t *list, rq_round_wish *out_wishes)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        const json_t *institution = json_array_get(pair, 0), *score = json_array_get(pair, 1);
        if (json_array_size(pair) != 2 || !json_is_integer(institution) || !json_is_integer(score) ||
            json_integer_value(institution) < 0 ||
            json_integer_value(institution) >= RQ_ROUND_INSTITUTIONS_MAX || json_integer_value(score) < 0 ||
            json_integer_value(score) > RQ_ROUND_SCORE_MAX_PPM) {
            rq_fields_fail(fields, "wishes", "not pairs of an institution's index and a score");
            return;
        }
        out_wishes[i] = (rq_round_wish){.institution = (uint32_t)json_integer_value(institution),
                                        .score_ppm = (int32_t)json_integer_value(score)};
    }
}

static size_t count_wishes(const json_t *needs)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(needs); i++) {
        count += json_array_size(json_object_get(json_array_get(needs, i), "wishes"));
    }
    return count;
}

static void read_needs(rq_fields *fields, rq_round_input *input)
{
    const json_t *list = read_list(fields, "needs", RQ_ROUND_NEEDS_MAX);
    size_t count = json_array_size(list), wish_count = count_wishes(list), at = 0;
    if (wish_count > RQ_ROUND_ALL_WISHES_MAX) {
        rq_fields_fail(fields, "needs", "too many wishes");
    }
    rq_round_need *all = make_room(fields, "needs", count, sizeof *all);
    rq_round_wish *wishes = make_room(fields, "wishes", wish_count, sizeof *wishes);
    for (size_t i = 0; i < count && fields->status == RQ_OK; i++) {
        rq_fields one = rq_fields_within(fields, json_array_get(list, i), "needs", i);
        const json_t *mine = read_list(&one, "wishes", RQ_ROUND_WISHES_MAX);
        read_id(&one, all[i].id);
        all[i].is_first_loan = rq_fields_bool(&one, "first_loan", false);
        all[i].waited_days = (int32_t)rq_fields_int(&one, "waited_days", 0, RQ_ROUND_WAIT_MAX_DAYS, 0);
        all[i].amount_fen = rq_fields_int(&one, "amount_fen", 1, RQ_ROUND_AMOUNT_MAX_FEN, 0);
        all[i].wish_from = (uint32_t)at;
        all[i].wish_count = (uint32_t)json_array_size(mine);
        read_wishes(&one, mine, wishes + at);
        at += json_array_size(mine);
        rq_fields_leave(fields, &one);
    }
    input->needs = all;
    input->need_count = (uint32_t)count;
    input->wishes = wishes;
    input->wish_count = wish_count;
}

rq_status rq_round_input_decode(const json_t *document, const char *seed, rq_arena *arena,
                                rq_round_input *out_input, rq_error *error)
{
    rq_fields fields = rq_fields_of(document, arena, error);
    rq_round_input input = {0};
    if (rq_fields_int(&fields, "rule_version", 0, INT32_MAX, 0) != RQ_ROUND_RULE_VERSION) {
        rq_fields_fail(&fields, "rule_version", "a rule that this version does not know");
    }
    input.band_ppm = (int32_t)rq_fields_int(&fields, "band_ppm", 1, RQ_ROUND_SCORE_MAX_PPM, 0);
    input.slots_total = (uint32_t)rq_fields_int(&fields, "slots_total", 0, UINT32_MAX, 0);
    input.slots_local = (uint32_t)rq_fields_int(&fields, "slots_local", 0, UINT32_MAX, 0);
    input.seed = rq_arena_strndup(arena, seed, strlen(seed));
    read_institutions(&fields, &input);
    read_needs(&fields, &input);
    if (fields.status == RQ_OK && input.seed == NULL) {
        fields.status = rq_fail(error, RQ_NOMEM, "seed: no memory");
    }
    if (fields.status != RQ_OK) {
        return fields.status;
    }
    *out_input = input;
    return rq_round_input_check(out_input, error);
}

/* ---- rendering ---- */

void rq_round_input_render(const rq_round_input *input, rq_json *json)
{
    rq_json_object(json, NULL);
    rq_json_int(json, "rule_version", RQ_ROUND_RULE_VERSION);
    rq_json_int(json, "band_ppm", input->band_ppm);
    rq_json_int(json, "slots_total", input->slots_total);
    rq_json_int(json, "slots_local", input->slots_local);
    rq_json_array(json, "institutions");
    for (uint32_t i = 0; i < input->institution_count; i++) {
        const rq_round_institution *it = &input->institutions[i];
        rq_json_object(json, NULL);
        rq_json_string(json, "id", it->id);
        rq_json_bool(json, "local", it->is_local);
        rq_json_int(json, "slots", it->slots);
        if (it->money_fen == RQ_ROUND_NO_LIMIT) {
            rq_json_null(json, "money_fen");
        } else {
            rq_json_int(json, "money_fen", it->money_fen);
        }
        rq_json_object_end(json);
    }
    rq_json_array_end(json);
    rq_json_array(json, "needs");
    for (uint32_t i = 0; i < input->need_count; i++) {
        const rq_round_need *need = &input->needs[i];
        rq_json_object(json, NULL);
        rq_json_string(json, "id", need->id);
        rq_json_bool(json, "first_loan", need->is_first_loan);
        rq_json_int(json, "waited_days", need->waited_days);
        rq_json_int(json, "amount_fen", need->amount_fen);
        rq_json_array(json, "wishes");
        for (uint32_t k = 0; k < need->wish_count; k++) {
            rq_json_array(json, NULL);
            rq_json_int(json, NULL, input->wishes[need->wish_from + k].institution);
            rq_json_int(json, NULL, input->wishes[need->wish_from + k].score_ppm);
            rq_json_array_end(json);
        }
        rq_json_array_end(json);
        rq_json_object_end(json);
    }
    rq_json_array_end(json);
    rq_json_object_end(json);
}

static void render_need(const rq_round_input *input, const rq_round_result *result, uint32_t index,
                        rq_json *json)
{
    const rq_round_need *need = &input->needs[index];
    const rq_round_wish *wishes = input->wishes + need->wish_from;
    uint32_t granted = result->granted[index];
    rq_json_object(json, NULL);
    rq_json_string(json, "id", need->id);
    if (granted == RQ_ROUND_NONE) {
        rq_json_null(json, "institution");
        rq_json_null(json, "wish");
    } else {
        rq_json_string(json, "institution", input->institutions[wishes[granted].institution].id);
        rq_json_int(json, "wish", (int64_t)granted + 1);
    }
    rq_json_array(json, "refused");
    for (uint32_t k = 0; k < need->wish_count && k < granted; k++) {
        uint32_t institution = wishes[k].institution;
        rq_json_array(json, NULL);
        rq_json_int(json, NULL, institution);
        rq_json_string(json, NULL, rq_round_full_names[result->places[institution].full]);
        rq_json_string(json, NULL, rq_round_ahead_names[rq_round_explain(input, result, index, k)]);
        rq_json_array_end(json);
    }
    rq_json_array_end(json);
    rq_json_object_end(json);
}

void rq_round_result_render(const rq_round_input *input, const rq_round_result *result, rq_json *json)
{
    rq_json_object(json, NULL);
    rq_json_int(json, "matched", result->matched);
    rq_json_int(json, "proposals", (int64_t)result->proposals);
    rq_json_array(json, "institutions");
    for (uint32_t i = 0; i < input->institution_count; i++) {
        const rq_round_place *place = &result->places[i];
        rq_json_object(json, NULL);
        rq_json_string(json, "id", input->institutions[i].id);
        rq_json_int(json, "slots", place->slots);
        rq_json_int(json, "taken", place->taken);
        rq_json_int(json, "taken_fen", place->taken_fen);
        rq_json_string(json, "full", rq_round_full_names[place->full]);
        rq_json_string(json, "last", place->last == RQ_ROUND_NONE ? NULL : input->needs[place->last].id);
        rq_json_object_end(json);
    }
    rq_json_array_end(json);
    rq_json_array(json, "needs");
    for (uint32_t i = 0; i < input->need_count; i++) {
        render_need(input, result, i, json);
    }
    rq_json_array_end(json);
    rq_json_object_end(json);
}

void rq_round_proof_render(const rq_round_proof *proof, rq_json *json)
{
    rq_json_object(json, NULL);
    rq_json_int(json, "needs", proof->needs);
    rq_json_int(json, "blocking_pairs", (int64_t)proof->blocking_pairs);
    rq_json_int(json, "unfit_grants", proof->unfit_grants);
    rq_json_int(json, "overfull", proof->overfull);
    rq_json_int(json, "wrong_slots", proof->wrong_slots);
    rq_json_int(json, "wrong_places", proof->wrong_places);
    rq_json_object_end(json);
}

rq_status rq_round_hash(const char *data, size_t length, char out_text[RQ_SHA256_HEX + 1], rq_error *error)
{
    uint8_t digest[RQ_SHA256_BYTES] = {0};
    rq_status status = rq_sha256(data, length, digest, error);
    rq_hex(digest, sizeof digest, out_text);
    return status;
}

/* ---- an export ---- */

/* The grants and places that an exported result claims, as a result; what is not there is RQ_ROUND_NONE or 0.
 */
static rq_round_result *read_result(const rq_round_input *input, const json_t *document)
{
    rq_round_result *result = rq_round_result_new(input);
    const json_t *needs = json_object_get(document, "needs");
    const json_t *institutions = json_object_get(document, "institutions");
    for (uint32_t i = 0; result != NULL && i < input->need_count; i++) {
        json_int_t wish = json_integer_value(json_object_get(json_array_get(needs, i), "wish"));
        result->granted[i] = wish >= 1 && wish <= UINT32_MAX ? (uint32_t)(wish - 1) : RQ_ROUND_NONE;
    }
    for (uint32_t i = 0; result != NULL && i < input->institution_count; i++) {
        const json_t *one = json_array_get(institutions, i);
        const char *full = json_string_value(json_object_get(one, "full"));
        rq_round_place *place = &result->places[i];
        place->slots = (uint32_t)json_integer_value(json_object_get(one, "slots"));
        place->taken = (uint32_t)json_integer_value(json_object_get(one, "taken"));
        place->taken_fen = json_integer_value(json_object_get(one, "taken_fen"));
        place->last = RQ_ROUND_NONE;
        for (unsigned f = RQ_ROUND_OPEN; full != NULL && f <= RQ_ROUND_MONEY; f++) {
            place->full = strcmp(full, rq_round_full_names[f]) == 0 ? (rq_round_full)f : place->full;
        }
    }
    for (uint32_t i = 0; result != NULL && i < input->need_count; i++) {
        if (result->granted[i] < input->needs[i].wish_count) {
            uint32_t at = input->wishes[input->needs[i].wish_from + result->granted[i]].institution;
            const char *last = json_string_value(json_object_get(json_array_get(institutions, at), "last"));
            bool is_it = last != NULL && strcmp(last, input->needs[i].id) == 0;
            result->places[at].last = is_it ? i : result->places[at].last;
        }
    }
    return result;
}

/* Whether the text in `json` has the exported hash. */
static bool has_hash(const rq_buffer *text, const json_t *document, const char *key)
{
    char hash[RQ_SHA256_HEX + 1];
    const char *exported = json_string_value(json_object_get(document, key));
    return !text->failed && exported != NULL &&
           rq_round_hash(text->data, text->length, hash, NULL) == RQ_OK && strcmp(exported, hash) == 0;
}

/* The rule's own result against the exported one: the same document, and the exported hash. */
static rq_status compare_results(const rq_round_input *input, const json_t *document,
                                 rq_round_verdict *verdict, rq_error *error)
{
    rq_buffer text;
    rq_round_result *result = NULL;
    rq_buffer_init(&text, TEXT_MAX);
    rq_status status = rq_round_run(input, &result, error);
    if (status == RQ_OK) {
        rq_json json = rq_json_on(&text);
        rq_round_result_render(input, result, &json);
        json_t *own = text.failed ? NULL : json_loadb(text.data, text.length, 0, NULL);
        status = own != NULL ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for the result");
        verdict->matched = result->matched;
        verdict->result_holds = own != NULL && has_hash(&text, document, "result_hash") &&
                                json_equal(own, json_object_get(document, "result"));
        json_decref(own);
        rq_round_free(result);
    }
    rq_buffer_done(&text);
    return status;
}

rq_status rq_round_verify(const json_t *document, rq_arena *arena, rq_round_verdict *out_verdict,
                          rq_error *error)
{
    const char *format = json_string_value(json_object_get(document, "format"));
    const char *seed = json_string_value(json_object_get(document, "seed"));
    rq_round_verdict verdict = {0};
    rq_round_input input;
    rq_buffer text;
    if (format == NULL || strcmp(format, FORMAT) != 0 || seed == NULL) {
        return rq_fail(error, RQ_INVALID,
                       "no exported round: \"format\" is not \"" FORMAT "\", or no \"seed\"");
    }
    rq_status status = rq_round_input_decode(json_object_get(document, "input"), seed, arena, &input, error);
    if (status != RQ_OK) {
        return status;
    }
    verdict.needs = input.need_count;
    verdict.institutions = input.institution_count;
    rq_buffer_init(&text, TEXT_MAX);
    rq_buffer_text(&text, seed);
    verdict.seed_holds = has_hash(&text, document, "seed_hash");
    rq_buffer_clear(&text);
    rq_json json = rq_json_on(&text);
    rq_round_input_render(&input, &json);
    verdict.input_holds = has_hash(&text, document, "input_hash");
    rq_buffer_done(&text);
    status = compare_results(&input, document, &verdict, error);
    rq_round_result *exported =
        status == RQ_OK ? read_result(&input, json_object_get(document, "result")) : NULL;
    if (exported != NULL) {
        status = rq_round_check(&input, exported, &verdict.proof, error);
        verdict.proof_holds = status == RQ_OK && rq_round_proof_holds(&verdict.proof);
    } else if (status == RQ_OK) {
        status = rq_fail(error, RQ_NOMEM, "no memory for the exported result");
    }
    rq_round_free(exported);
    *out_verdict = verdict;
    return status;
}
