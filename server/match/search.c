/* The best of a group: rows come in order of what they could score at most, which is cheap to say; those that
 * could be kept wait in a queue, so that what costs most, the all-in cost, is reckoned for the most promising
 * first. */
#include "harvest.h"

/* Where the search is in a block: rows lie in order of their bound. */
typedef struct cursor {
    int64_t most; /* of the word's products, but for their fit */
    const rq_found *at;
    size_t word;
    uint64_t left; /* of the word */
} cursor;

static bool advance(cursor *at, rq_group which)
{
    while (at->left == 0) {
        if (++at->word >= at->at->block->words) {
            return false;
        }
        at->left = at->at->sets[which][at->word];
    }
    at->most = at->at->block->tops[at->word] + at->at->relief.gain;
    return true;
}

/* A heap with the most promising cursor on top. */
static void sift(cursor *heap, size_t count, size_t at)
{
    for (;;) {
        size_t best = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
            best = heap[child].most > heap[best].most ? child : best;
        }
        if (best == at) {
            return;
        }
        cursor kept = heap[at];
        heap[at] = heap[best];
        heap[best] = kept;
        at = best;
    }
}

/* Products that wait for their cost, the most promising on top of the heap. Each has a slot; the heap's
 * places past `count` hold the free ones. */
typedef struct queue {
    struct {
        int64_t most;
        size_t slot;
    } * heap;
    rq_prospect *slots;
    size_t count, room;
} queue;

static bool queue_init(queue *waiting, size_t room, rq_arena *arena)
{
    *waiting = (queue){.heap = rq_arena_room(arena, room * sizeof *waiting->heap),
                       .slots = rq_arena_room(arena, room * sizeof *waiting->slots),
                       .room = room};
    for (size_t i = 0; waiting->heap != NULL && i < room; i++) {
        waiting->heap[i].slot = i;
    }
    return waiting->heap != NULL && waiting->slots != NULL;
}

static void queue_swap(queue *waiting, size_t a, size_t b)
{
    const int64_t most = waiting->heap[a].most;
    const size_t slot = waiting->heap[a].slot;
    waiting->heap[a] = waiting->heap[b];
    waiting->heap[b].most = most;
    waiting->heap[b].slot = slot;
}

/* The slot that the next product may be written to. */
static rq_prospect *queue_room(const queue *waiting)
{
    return &waiting->slots[waiting->heap[waiting->count].slot];
}

/* Takes in what was written there. */
static void queue_push(queue *waiting)
{
    size_t at = waiting->count++;
    waiting->heap[at].most = waiting->slots[waiting->heap[at].slot].most;
    for (; at > 0 && waiting->heap[(at - 1) / 2].most < waiting->heap[at].most; at = (at - 1) / 2) {
        queue_swap(waiting, at, (at - 1) / 2);
    }
}

static const rq_prospect *queue_pop(queue *waiting)
{
    const rq_prospect *top = &waiting->slots[waiting->heap[0].slot];
    queue_swap(waiting, 0, --waiting->count);
    for (size_t at = 0;;) {
        size_t best = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < waiting->count; child++) {
            best = waiting->heap[child].most > waiting->heap[best].most ? child : best;
        }
        if (best == at) {
            return top;
        }
        queue_swap(waiting, at, best);
        at = best;
    }
}

/* Reckons the cost of the most promising one. */
static void settle(rq_session *session, queue *waiting, size_t fails, rq_ranking *best)
{
    const rq_prospect *prospect = queue_pop(waiting);
    int64_t least = rq_rank_least(best, fails);
    rq_place place = {.fails = fails, .row = prospect->draft.row};
    if (prospect->most >= least) {
        place.score_ppm = rq_appraise_score(session, prospect, &place.cost_ppm);
        rq_rank_offer(best, place);
    }
}

enum { FETCHED = 6 }; /* rows at once */

/* Looks at the products of the cursor's word, or ends the block where nothing more of it can be kept. */
static void take_word(rq_session *session, cursor *at, size_t fails, int64_t best_fit, queue *waiting,
                      rq_ranking *best)
{
    const rq_block *block = at->at->block;
    uint64_t ahead = at->left;
    for (size_t i = 0; i < FETCHED && ahead != 0; i++, ahead &= ahead - 1) {
        size_t place = at->word * 64 + (size_t)__builtin_ctzll(ahead);
        __builtin_prefetch(&block->rows[place]);
        __builtin_prefetch(&block->labels[place]);
    }
    for (; at->left != 0; at->left &= at->left - 1) {
        const rq_row *row = &block->rows[at->word * 64 + (size_t)__builtin_ctzll(at->left)];
        uint64_t others = at->left & (at->left - 1);
        if (others != 0) {
            size_t next = at->word * 64 + (size_t)__builtin_ctzll(others);
            __builtin_prefetch(rq_pool_at(session->pool, block->labels[next].record));
        }
        int64_t least = rq_rank_least(best, fails);
        if (least != INT64_MIN && row->bound + at->at->relief.gain < least - best_fit) {
            at->left = 0;
            at->word = RQ_BLOCK_WORDS;
            return;
        }
        if (waiting->count == waiting->room) {
            settle(session, waiting, fails, best);
        }
        if (rq_appraise_most(session, row, &at->at->relief, rq_rank_least(best, fails),
                             queue_room(waiting))) {
            queue_push(waiting);
        }
    }
}

rq_status rq_search(rq_session *session, const rq_harvest *all, rq_group which, size_t fails,
                    rq_ranking *best, rq_error *error)
{
    const int64_t best_fit = (int64_t)session->catalogue->frame.weights.fit * RQ_MATCH_PPM;
    size_t count = 0;
    queue waiting;
    cursor *heap = rq_arena_room(session->arena, (all->count + 1) * sizeof *heap);
    if (heap == NULL || !queue_init(&waiting, best->limit, session->arena)) {
        return rq_fail(error, RQ_NOMEM, "no memory to search");
    }
    for (size_t i = 0; i < all->count; i++) {
        cursor at = {.at = &all->blocks[i], .left = all->blocks[i].sets[which][0]};
        if (advance(&at, which)) {
            heap[count++] = at;
        }
    }
    for (size_t i = count / 2; i-- > 0;) {
        sift(heap, count, i);
    }
    while (count > 0) {
        int64_t least = rq_rank_least(best, fails);
        if (least != INT64_MIN && heap[0].most < least - best_fit) {
            break;
        }
        take_word(session, &heap[0], fails, best_fit, &waiting, best);
        if (!advance(&heap[0], which)) {
            heap[0] = heap[--count];
        }
        sift(heap, count, 0);
    }
    while (waiting.count > 0) {
        settle(session, &waiting, fails, best);
    }
    return RQ_OK;
}
