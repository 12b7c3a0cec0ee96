/* The weights of the score: published by the operator as a new version, tried on the newest needs before. */
#include <stdlib.h>
#include <string.h>

#include "market_desk.h"
#include "rongqiao/clock.h"
#include "routes.h"
#include "worker.h"

static const char *const parts[] = {"cost", "likelihood", "speed", "fit", "service"};
enum { PARTS = sizeof(parts) / sizeof(parts[0]), TOP = 5, EXAMPLES = 10, TRIAL_ARENA = 64 << 20 };

/* The five parts are given together, and are the whole. */
static void check_parts(const json_t *object, const char *pointer, rq_faults *faults)
{
    json_int_t sum = 0;
    size_t given = 0;
    for (size_t i = 0; i < PARTS; i++) {
        given += json_object_get(object, parts[i]) != NULL;
        sum += json_integer_value(json_object_get(object, parts[i]));
    }
    if (given > 0 && (given < PARTS || sum != 100))
        rq_fault_add(faults, rq_arena_printf(faults->arena, "%s/cost", pointer), "weights_sum", 0, NULL);
}

static void check_plan(const json_t *object, const char *pointer, rq_faults *faults)
{
    const char *from = json_string_value(json_object_get(object, "valid_from"));
    const char *at = rq_arena_printf(faults->arena, "%s/valid_from", pointer);
    rq_date date;
    check_parts(object, pointer, faults);
    if (from && rq_date_parse(from, strlen(from), &date) && date < rq_today())
        rq_fault_add(faults, at, "date_past", 0, NULL);
    else if (from && rq_date_parse(from, strlen(from), &date) && date > rq_today() + 365)
        rq_fault_add(faults, at, "date_far", 0, NULL);
}

#define WEIGHT(word, low, high, zh_text, en_text)                                                            \
    {                                                                                                        \
        .name = (word), .type = RQ_FIELD_INTEGER, .min = (low), .max = (high), .zh = (zh_text),              \
        .en = (en_text)                                                                                      \
    }
#define WEIGHT_FIELDS                                                                                        \
    WEIGHT("cost", 0, 100, "成本，分", "points for the cost"),                                               \
        WEIGHT("likelihood", 0, 100, "可能性，分", "points for the likelihood"),                             \
        WEIGHT("speed", 0, 100, "速度，分", "points for the speed"),                                         \
        WEIGHT("fit", 0, 100, "契合，分", "points for the fit"),                                             \
        WEIGHT("service", 0, 100, "履约，分", "points for the service"),                                     \
        WEIGHT("prior_ppm", 0, 1000000, "无答复时假定的同意率，百万分之一",                                  \
               "yes-rate assumed before any answer, ppm"),                                                   \
        WEIGHT("prior_weight", 0, 100000, "该假定相当于多少次答复", "... worth so many answers"),            \
        WEIGHT("cost_cap_ppm", 1, 1000000, "成本达到此值不得分，百万分之一",                                 \
               "a cost at or above it earns nothing, ppm"),                                                  \
        WEIGHT("hours_cap", 1, 100000, "答复用时达到此小时数不得分",                                         \
               "an answer after so many hours earns nothing"),                                               \
        WEIGHT("per_institution", 0, 20, "同一机构最多展示几款，0 为不限",                                   \
               "at most so many packages of one institution; 0: no cap")
static const rq_field plan_fields[] = {
    WEIGHT_FIELDS,
    {"reason", RQ_FIELD_TEXT, true, 10, 500, NULL, NULL, "调整理由（公布）",
     "the reason, which is published"},
    {"valid_from", RQ_FIELD_DATE, false, 0, 0, NULL, NULL, "生效日，默认今日",
     "from this day on; today unless told"},
};
static const rq_schema plan_input = RQ_SCHEMA("NewWeights", plan_fields, check_plan);
static const rq_field trial_fields[] = {WEIGHT_FIELDS};
static const rq_schema trial_input = RQ_SCHEMA("WeightsTrial", trial_fields, check_parts);

/* Trying ------------------------------------------------------------------------------------------ */

/* A trial on its way: made by a worker, then the desk's. */
typedef struct trial {
    rq_catalogue *catalogue;
    json_t *needs, *weights; /* the weights to try */
} trial;

/* What the two ways make of one need. */
typedef struct comparison {
    rq_match_result before, after;
} comparison;

static void free_trial(void *argument)
{
    trial *self = argument;
    rq_catalogue_unref(self->catalogue);
    json_decref(self->needs);
    json_decref(self->weights);
    free(self);
}

static bool is_same_product(const comparison *pair, size_t i, size_t j)
{
    return strcmp(pair->before.eligible[i].product->id, pair->after.eligible[j].product->id) == 0;
}

static bool first_changes(const comparison *pair)
{
    if (pair->before.eligible_count == 0 || pair->after.eligible_count == 0)
        return pair->before.eligible_count != pair->after.eligible_count;
    return !is_same_product(pair, 0, 0);
}

/* Whether a product enters or leaves the first five. */
static bool top_changes(const comparison *pair)
{
    if (pair->before.eligible_count != pair->after.eligible_count)
        return true;
    for (size_t i = 0; i < pair->before.eligible_count; i++) {
        bool stays = false;
        for (size_t j = 0; j < pair->after.eligible_count; j++)
            stays |= is_same_product(pair, i, j);
        if (!stays)
            return true;
    }
    return false;
}

static void write_top(rq_json *json, const char *key, const rq_match_result *result)
{
    rq_json_array(json, key);
    for (size_t i = 0; i < result->eligible_count; i++) {
        const rq_package *package = &result->eligible[i];
        rq_json_object(json, NULL);
        rq_json_string(json, "product_id", package->product->id);
        rq_json_string(json, "product_zh", package->product->name_zh);
        rq_json_string(json, "product_en", package->product->name_en);
        rq_json_string(json, "institution_zh", package->product->institution_zh);
        rq_json_string(json, "institution_en", package->product->institution_en);
        rq_json_int(json, "score_ppm", package->score_ppm);
        rq_json_object_end(json);
    }
    rq_json_array_end(json);
}

/* Matches one stored need both ways; false when it could not be. */
static bool compare(const rq_catalogue *now, const rq_catalogue *then, const json_t *document,
                    rq_arena *arena, comparison *out_pair)
{
    static const rq_match_options options = {.top = TOP};
    rq_need need;
    rq_error error = {0};
    return rq_need_decode(document, &need, &error) == RQ_OK &&
           rq_match(now, &need, &options, arena, &out_pair->before, &error) == RQ_OK &&
           rq_match(then, &need, &options, arena, &out_pair->after, &error) == RQ_OK;
}

static void write_example(rq_json *json, const json_t *need, const comparison *pair)
{
    rq_json_object(json, NULL);
    rq_json_string(json, "need_id", json_string_value(json_object_get(need, "id")));
    rq_json_string(json, "request_no", json_string_value(json_object_get(need, "request_no")));
    rq_json_bool(json, "top1_changes", first_changes(pair));
    write_top(json, "before", &pair->before);
    write_top(json, "after", &pair->after);
    rq_json_object_end(json);
}

static bool try_needs(const trial *self, const rq_catalogue *then, rq_arena *arena, rq_json *json)
{
    int64_t tried = 0, firsts = 0, tops = 0, examples = 0;
    rq_json_array(json, "examples");
    for (size_t i = 0; i < json_array_size(self->needs); i++) {
        const json_t *need = json_array_get(self->needs, i);
        comparison pair;
        rq_arena_reset(arena);
        if (!compare(self->catalogue, then, json_object_get(need, "input"), arena, &pair))
            continue;
        bool first = first_changes(&pair), top = top_changes(&pair);
        tried++;
        firsts += first;
        tops += top;
        if ((first || top) && examples++ < EXAMPLES)
            write_example(json, need, &pair);
    }
    rq_json_array_end(json);
    rq_json_int(json, "needs", tried);
    rq_json_int(json, "top1_changes", firsts);
    rq_json_int(json, "top5_changes", tops);
    return tried > 0 || json_array_size(self->needs) == 0;
}

/* On the desk's thread. */
static bool try_weights(void *argument, rq_buffer *answer)
{
    trial *self = argument;
    rq_catalogue *then = NULL;
    rq_arena *arena = rq_arena_new(TRIAL_ARENA);
    rq_json json = rq_json_on(answer);
    rq_weights weights = rq_weights_decode(self->weights);
    bool done = arena && rq_catalogue_reweighed(self->catalogue, &weights, &then, NULL) == RQ_OK;
    rq_json_object(&json, NULL);
    rq_json_int(&json, "catalogue_version", rq_catalogue_version(self->catalogue));
    done = done && try_needs(self, then, arena, &json);
    rq_json_object_end(&json);
    rq_catalogue_unref(then);
    rq_arena_free(arena);
    return done && !answer->failed;
}

static rq_step begin_trial(rq_call *call)
{
    json_t *facts = json_loads(call->facts, 0, NULL);
    trial *self = facts && call->worker->catalogue ? calloc(1, sizeof(*self)) : NULL;
    if (self) {
        self->catalogue = rq_catalogue_ref(call->worker->catalogue);
        self->needs = json_incref(json_object_get(facts, "needs"));
        self->weights = json_incref(json_object_get(facts, "weights"));
        json_object_update(self->weights, call->input);
    }
    json_decref(facts);
    if (self && rq_market_run(call->worker->market, call, try_weights, free_trial, self) == RQ_OK)
        return RQ_STEP_WAIT;
    rq_call_refuse(call, "unavailable", NULL, NULL);
    return RQ_STEP_ANSWERED;
}

static const rq_route rows[] = {
    RQ_ROUTE(GET, "/v1/reference/weights", RQ_ROLE_PUBLIC, NULL, "reference/weights", 0, "List",
             "公布的评分权重", "The published weights"),
    RQ_ROUTE(POST, "/v1/reference/weights", RQ_ROLE_OPERATOR, &plan_input, "reference/publish-weights",
             RQ_ROUTE_KEY, "Weights", "公布评分权重", "Publish weights"),
    RQ_ROUTE(POST, "/v1/reference/weights/what-if", RQ_ROLE_OPERATOR, &trial_input, NULL, 0,
             "WeightsTrialResult", "在最近的需求上试算权重", "Try weights on the newest needs",
             .prelude = "reference/trial-needs", .compute = begin_trial),
};
const rq_routes rq_weight_routes = RQ_ROUTES(rows);
