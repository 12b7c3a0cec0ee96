#include "market_desk.h"

#include <stdlib.h>

#include "rongqiao/clock.h"
#include "rongqiao/demand.h"
#include "rongqiao/log.h"
#include "worker.h"

enum { QUESTION_ARENA = 64 << 20 };

/* Work that answers a call from its worker's thread. */
typedef struct question {
    rq_side_job side;
    rq_call *call; /* touched on the worker's thread alone */
    bool (*work)(void *argument, rq_buffer *answer);
    void (*release)(void *argument);
    void *argument;
    rq_buffer answer;
    bool is_answered;
} question;

/* What is asked about a product. */
typedef struct inquiry {
    rq_market *market;
    rq_catalogue *catalogue;
    rq_arena *arena;
    rq_product product;
} inquiry;

struct rq_market {
    rq_side_pool *side;   /* of one thread */
    rq_open_needs *needs; /* of the thread alone */
};

/* ---- an answer ---- */

static void write_count(rq_json *json, const char *key, const rq_reverse_count *count)
{
    rq_json_object(json, key);
    rq_json_int(json, "needs", (int64_t)count->needs);
    rq_json_int(json, "amount_fen", count->amount_fen);
    rq_json_object_end(json);
}

/* What a looser rule asks for: a number, a flag, or words. */
static void write_value(rq_json *json, const rq_rule *rule, int64_t value)
{
    rq_word_list words = rq_vocabulary(rq_facts[rule->fact].list);
    if (!words.first) {
        rq_json_int(json, "value", value);
        return;
    }
    rq_json_array(json, "value");
    for (size_t i = 0; i < words.count; i++)
        if ((uint64_t)value >> i & 1)
            rq_json_string(json, NULL, words.first[i].name);
    rq_json_array_end(json);
}

static void write_trial(rq_json *json, const rq_product *product, const rq_trial *trial)
{
    rq_json_object(json, NULL);
    if (trial->rule >= 0) {
        const rq_rule *rule = &product->rules[trial->rule];
        rq_json_int(json, "rule", trial->rule);
        rq_json_string(json, "fact", rq_facts[rule->fact].name);
        rq_json_string(json, "op", rq_op_names[rule->op]);
    } else {
        rq_json_string(json, "bound", trial->bound);
    }
    if (trial->is_dropped)
        rq_json_null(json, "value");
    else if (trial->rule >= 0)
        write_value(json, &product->rules[trial->rule], trial->value);
    else
        rq_json_int(json, "value", trial->value);
    rq_json_int(json, "more_needs", trial->more_needs);
    rq_json_int(json, "more_amount_fen", trial->more_fen);
    rq_json_object_end(json);
}

static bool write_answer(const inquiry *asked, const rq_reverse_options *options, const rq_outlook *outlook,
                         rq_buffer *out)
{
    char as_of[RQ_RFC3339_TEXT + 1];
    const rq_open_needs *needs = asked->market->needs;
    rq_json json = rq_json_on(out);
    rq_rfc3339(rq_open_needs_as_of_ms(needs), as_of);
    rq_json_object(&json, NULL);
    rq_json_string(&json, "as_of", as_of);
    rq_json_int(&json, "open_needs", (int64_t)rq_demand_size(rq_open_needs_demand(needs)));
    rq_json_int(&json, "considered", (int64_t)outlook->now.considered);
    write_count(&json, "eligible", &outlook->now.eligible);
    write_count(&json, "unknown", &outlook->now.unknown);
    write_count(&json, "near", &outlook->now.near);
    rq_json_bool(&json, "guarantee_assumed", options->guarantee == RQ_PASS);
    rq_json_bool(&json, "insurance_assumed", options->insurance == RQ_PASS);
    rq_json_array(&json, "trials");
    for (size_t i = 0; i < outlook->trial_count; i++)
        write_trial(&json, &asked->product, &outlook->trials[i]);
    rq_json_array_end(&json);
    rq_json_object_end(&json);
    return !out->failed;
}

static bool count_market(void *argument, rq_buffer *out)
{
    inquiry *asked = argument;
    rq_outlook outlook;
    rq_error error = {0};
    rq_reverse_options options = rq_reverse_options_of(asked->catalogue, rq_today());
    if (!rq_open_needs_refresh(asked->market->needs))
        return false;
    if (rq_reverse_outlook(rq_open_needs_demand(asked->market->needs), &asked->product, &options,
                           asked->arena, &outlook, &error) != RQ_OK) {
        RQ_LOG(RQ_LOG_ERROR, "market_not_counted", RQ_LOG_TEXT("reason", error.message));
        return false;
    }
    return write_answer(asked, &options, &outlook, out);
}

static void free_inquiry(void *argument)
{
    inquiry *asked = argument;
    rq_catalogue_unref(asked->catalogue);
    rq_arena_free(asked->arena);
    free(asked);
}

rq_status rq_market_ask(rq_market *market, rq_call *call, const json_t *product, rq_error *error)
{
    inquiry *asked = call->worker->catalogue ? calloc(1, sizeof(*asked)) : NULL;
    if (!asked)
        return RQ_BUSY;
    asked->market = market;
    asked->catalogue = rq_catalogue_ref(call->worker->catalogue);
    asked->arena = rq_arena_new(QUESTION_ARENA);
    rq_status status =
        asked->arena ? rq_product_decode(product, asked->arena, &asked->product, error) : RQ_NOMEM;
    if (status == RQ_OK)
        return rq_market_run(market, call, count_market, free_inquiry, asked);
    free_inquiry(asked);
    return status;
}

/* ---- questions ---- */

static void free_question(rq_side_job *side)
{
    question *asked = (question *)side;
    asked->release(asked->argument);
    rq_buffer_done(&asked->answer);
    free(asked);
}

static void work(rq_side_job *side)
{
    question *asked = (question *)side;
    asked->is_answered = asked->work(asked->argument, &asked->answer);
}

static void deliver(rq_worker *worker, rq_side_job *side)
{
    static const rq_reply_header headers[] = {{"Content-Type", "application/json"},
                                              {"Cache-Control", "no-store"}};
    question *asked = (question *)side;
    (void)worker;
    if (asked->call->abandoned)
        rq_call_answer(asked->call, 503, NULL, 0, NULL, 0);
    else if (asked->is_answered)
        rq_call_answer(asked->call, 200, asked->answer.data, asked->answer.length, headers, 2);
    else
        rq_call_refuse(asked->call, "unavailable", NULL, NULL);
    free_question(side);
}

rq_status rq_market_run(rq_market *market, rq_call *call, bool (*run)(void *argument, rq_buffer *answer),
                        void (*release)(void *argument), void *argument)
{
    question *asked = calloc(1, sizeof(*asked));
    if (!asked) {
        release(argument);
        return RQ_NOMEM;
    }
    rq_buffer_init(&asked->answer, RQ_LIMIT_REPLY_BYTES);
    asked->side = (rq_side_job){.worker = call->worker, .work = work, .done = deliver, .drop = free_question};
    asked->call = call;
    asked->work = run;
    asked->release = release;
    asked->argument = argument;
    if (rq_side_pool_submit(market->side, &asked->side))
        return RQ_OK;
    free_question(&asked->side);
    return RQ_BUSY;
}

/* ---- life ---- */

rq_status rq_market_new(const char *conninfo, int64_t refresh_ms, rq_market **out_market, rq_error *error)
{
    rq_market *market = calloc(1, sizeof(*market));
    rq_open_needs *needs = rq_open_needs_new(conninfo, refresh_ms);
    rq_status status = market && needs ? rq_side_pool_new(1, RQ_LIMIT_MARKET_QUEUE, &market->side, error)
                                       : rq_fail(error, RQ_NOMEM, "no memory for the market's desk");
    if (status != RQ_OK) {
        rq_open_needs_free(needs);
        free(market);
        return status;
    }
    market->needs = needs;
    *out_market = market;
    return RQ_OK;
}

bool rq_market_submit(rq_market *market, rq_side_job *job)
{
    return rq_side_pool_submit(market->side, job);
}

rq_open_needs *rq_market_needs(rq_market *market)
{
    return market->needs;
}

void rq_market_free(rq_market *market)
{
    if (!market)
        return;
    rq_side_pool_free(market->side);
    rq_open_needs_free(market->needs);
    free(market);
}
