/* The run of a round: deferred acceptance, the needs proposing. The rule is in rongqiao/round.h; this file is
 * its steps 3 and 4, round_order.c has steps 1 and 2.
 *
 * Layout: a need stands for its place in the order of ties, so that an institution's priority of a need is
 * one number (band above, place below) and its choice is a heap of these with the worst on top. The better of
 * the worst decides most proposals without touching the heap. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "round_internal.h"

/* One institution while the needs ask. `keys` is a min-heap of `count` priorities, the worst first. */
typedef struct chooser {
    uint64_t *keys;
    uint32_t count;
    uint32_t slots;
    int64_t money_fen;
    int64_t taken_fen;
} chooser;

/* A need while it asks; four in a cache line, because most of the time goes into fetching those let go. */
typedef struct asker {
    int64_t amount_fen;
    uint32_t wish_from;
    uint16_t wish_count;
    uint16_t next; /* wish to ask; one more than the wish it holds */
} asker;
static_assert(RQ_ROUND_WISHES_MAX < UINT16_MAX, "a wish does not fit an asker");

typedef struct asking {
    const rq_round_input *input;
    asker *askers; /* by place in the order of ties */
    chooser *choices;
    uint32_t *waiting; /* places of those let go */
    size_t waiting_count;
    uint64_t proposals;
} asking;

static uint64_t priority_key(const asking *run, uint32_t place, int32_t score_ppm)
{
    return (uint64_t)(score_ppm / run->input->band_ppm) << 32 | (UINT32_MAX - place);
}

static uint32_t place_of_key(uint64_t key)
{
    return UINT32_MAX - (uint32_t)key;
}

static void sift_up(uint64_t *keys, size_t at)
{
    uint64_t key = keys[at];
    while (at > 0 && keys[(at - 1) / 2] > key) {
        keys[at] = keys[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    keys[at] = key;
}

/* Puts `key` where the root was, and lets it sink. */
static void sink(uint64_t *keys, size_t count, uint64_t key)
{
    size_t at = 0, child = 1;
    while (child < count) {
        child += child + 1 < count && keys[child + 1] < keys[child];
        if (keys[child] >= key) {
            break;
        }
        keys[at] = keys[child];
        at = child;
        child = 2 * at + 1;
    }
    keys[at] = key;
}

static void let_go(asking *run, uint64_t key)
{
    run->waiting[run->waiting_count++] = place_of_key(key);
}

/* Whether the worst of those taken would still be chosen: the money before it is below the gate. */
static bool is_gate_open(const chooser *choice, int64_t worst_fen)
{
    return choice->money_fen == RQ_ROUND_NO_LIMIT || choice->taken_fen - worst_fen < choice->money_fen;
}

/* Lets the worst go until the choice is one again. */
static void close_gate(asking *run, chooser *choice)
{
    while (choice->count > 0) {
        uint64_t worst = choice->keys[0];
        int64_t worst_fen = run->askers[place_of_key(worst)].amount_fen;
        if (is_gate_open(choice, worst_fen)) {
            return;
        }
        choice->taken_fen -= worst_fen;
        choice->count--;
        sink(choice->keys, choice->count, choice->keys[choice->count]);
        let_go(run, worst);
    }
}

/* Takes a need into the choice, or not; whoever loses by it waits. */
static bool ask(asking *run, chooser *choice, uint64_t key, int64_t amount_fen)
{
    bool has_slot = choice->count < choice->slots;
    bool has_money = choice->money_fen == RQ_ROUND_NO_LIMIT || choice->taken_fen < choice->money_fen;
    if (!(has_slot && has_money) && (choice->count == 0 || key < choice->keys[0])) {
        return false;
    }
    choice->taken_fen += amount_fen;
    if (has_slot) {
        choice->keys[choice->count] = key;
        sift_up(choice->keys, choice->count++);
    } else {
        uint64_t worst = choice->keys[0];
        choice->taken_fen -= run->askers[place_of_key(worst)].amount_fen;
        sink(choice->keys, choice->count, key);
        let_go(run, worst);
    }
    if (choice->money_fen != RQ_ROUND_NO_LIMIT) {
        close_gate(run, choice);
    }
    return true;
}

/* The need at `place` asks down its list until it is taken, at least for now. */
static void propose(asking *run, uint32_t place)
{
    asker *need = &run->askers[place];
    const rq_round_wish *wishes = run->input->wishes + need->wish_from;
    while (need->next < need->wish_count) {
        const rq_round_wish *wish = &wishes[need->next++];
        run->proposals++;
        if (ask(run, &run->choices[wish->institution], priority_key(run, place, wish->score_ppm),
                need->amount_fen)) {
            return;
        }
    }
    need->next = 0; /* holds nothing, and is never let go again */
}

static void run_all(asking *run)
{
    enum { AHEAD = 16 };
    for (uint32_t place = 0; place < run->input->need_count; place++) {
        if (place + AHEAD < run->input->need_count) {
            __builtin_prefetch(run->input->wishes + run->askers[place + AHEAD].wish_from);
        }
        propose(run, place);
        while (run->waiting_count > 0) {
            propose(run, run->waiting[--run->waiting_count]);
        }
    }
}

/* Heaps for as many as can be taken: the slots, or all who wish. Null when memory is short. */
static uint64_t *make_choices(asking *run, const uint32_t *slots)
{
    const rq_round_input *input = run->input;
    size_t total = 0;
    for (uint32_t i = 0; i < input->institution_count; i++) {
        run->choices[i].slots = slots[i];
        run->choices[i].money_fen = input->institutions[i].money_fen;
    }
    for (size_t w = 0; w < input->wish_count; w++) {
        run->choices[input->wishes[w].institution].count++;
    }
    for (uint32_t i = 0; i < input->institution_count; i++) {
        total += run->choices[i].count < slots[i] ? run->choices[i].count : slots[i];
    }
    uint64_t *keys = calloc(total + 1, sizeof *keys);
    uint64_t *next = keys;
    for (uint32_t i = 0; keys != NULL && i < input->institution_count; i++) {
        run->choices[i].keys = next;
        next += run->choices[i].count < slots[i] ? run->choices[i].count : slots[i];
        run->choices[i].count = 0;
    }
    return keys;
}

static void make_askers(asking *run, const uint32_t *by_place)
{
    for (uint32_t place = 0; place < run->input->need_count; place++) {
        const rq_round_need *need = &run->input->needs[by_place[place]];
        run->askers[place] = (asker){.amount_fen = need->amount_fen,
                                     .wish_from = need->wish_from,
                                     .wish_count = (uint16_t)need->wish_count};
    }
}

static void fill_result(const asking *run, const uint32_t *by_place, rq_round_result *result)
{
    result->proposals = run->proposals;
    for (uint32_t place = 0; place < run->input->need_count; place++) {
        uint16_t next = run->askers[place].next;
        result->granted[by_place[place]] = next == 0 ? RQ_ROUND_NONE : next - 1U;
    }
    for (uint32_t i = 0; i < run->input->institution_count; i++) {
        const chooser *choice = &run->choices[i];
        bool is_spent = choice->money_fen != RQ_ROUND_NO_LIMIT && choice->taken_fen >= choice->money_fen;
        result->places[i] = (rq_round_place){
            .slots = choice->slots,
            .taken = choice->count,
            .taken_fen = choice->taken_fen,
            .last = choice->count > 0 ? by_place[place_of_key(choice->keys[0])] : RQ_ROUND_NONE,
            .full = choice->count == choice->slots ? RQ_ROUND_SLOTS
                    : is_spent                     ? RQ_ROUND_MONEY
                                                   : RQ_ROUND_OPEN,
        };
        result->matched += choice->count;
    }
}

rq_round_result *rq_round_result_new(const rq_round_input *input)
{
    size_t places = input->institution_count * sizeof(rq_round_place);
    rq_round_result *result = calloc(1, sizeof *result + places + (input->need_count + 1) * sizeof(uint32_t));
    if (result != NULL) {
        result->places = (rq_round_place *)(result + 1);
        result->granted = (uint32_t *)((char *)result->places + places);
    }
    return result;
}

rq_status rq_round_run(const rq_round_input *input, rq_round_result **out_result, rq_error *error)
{
    asking run = {.input = input};
    rq_status status = rq_round_input_check(input, error);
    if (status != RQ_OK) {
        return status;
    }
    uint64_t *keys = NULL;
    uint32_t *by_place = calloc((size_t)input->need_count + 1, sizeof *by_place);
    uint32_t *slots = calloc((size_t)input->institution_count + 1, sizeof *slots);
    rq_round_result *result = rq_round_result_new(input);
    run.waiting = calloc((size_t)input->need_count + 1, sizeof *run.waiting);
    run.askers = calloc((size_t)input->need_count + 1, sizeof *run.askers);
    run.choices = calloc((size_t)input->institution_count + 1, sizeof *run.choices);
    if (by_place == NULL || slots == NULL || result == NULL || run.waiting == NULL || run.askers == NULL ||
        run.choices == NULL || rq_round_share_slots(input, slots) != RQ_OK ||
        (keys = make_choices(&run, slots)) == NULL) {
        status = rq_fail(error, RQ_NOMEM, "no memory for a round of %u needs", input->need_count);
    } else {
        status = rq_round_order(input, by_place, error);
    }
    if (status == RQ_OK) {
        make_askers(&run, by_place);
        run_all(&run);
        fill_result(&run, by_place, result);
        *out_result = result;
    } else {
        rq_round_free(result);
    }
    free(keys);
    free(by_place);
    free(slots);
    free(run.waiting);
    free(run.askers);
    free(run.choices);
    return status;
}

void rq_round_free(rq_round_result *result)
{
    free(result);
}
