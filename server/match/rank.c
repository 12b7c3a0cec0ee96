/* The best of a class: the published order, and the cap per institution. */
#include <stdlib.h>
#include <string.h>

#include "rank.h"

/* The published order: fewer fails, higher score, lower cost (unknown last), lower id. */
static bool comes_before(const rq_place *a, const rq_place *b)
{
    if (a->fails != b->fails) {
        return a->fails < b->fails;
    }
    if (a->score_ppm != b->score_ppm) {
        return a->score_ppm > b->score_ppm;
    }
    if (a->cost_ppm != b->cost_ppm) {
        return a->cost_ppm != RQ_UNSET && (b->cost_ppm == RQ_UNSET || a->cost_ppm < b->cost_ppm);
    }
    return memcmp(rq_row_label_of(a->row)->id, rq_row_label_of(b->row)->id, RQ_UUID_BYTES) < 0;
}

static void swap(rq_ranking *best, size_t a, size_t b)
{
    rq_place kept = best->places[a];
    best->places[a] = best->places[b];
    best->places[b] = kept;
}

static void sift_up(rq_ranking *best, size_t at)
{
    while (at > 0 && comes_before(&best->places[(at - 1) / 2], &best->places[at])) {
        swap(best, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(rq_ranking *best, size_t at)
{
    for (;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < best->count; child++) {
            if (comes_before(&best->places[worst], &best->places[child])) {
                worst = child;
            }
        }
        if (worst == at) {
            return;
        }
        swap(best, at, worst);
        at = worst;
    }
}

/* Where the worst of the institution's places is once it has as many as it may, else SIZE_MAX. */
static size_t capped_at(const rq_ranking *best, const rq_row *row)
{
    size_t held = 0, worst = SIZE_MAX;
    for (size_t i = 0; best->per_institution > 0 && i < best->count; i++) {
        if (!rq_is_same_institution(best->pool, best->places[i].row->institution, row->institution)) {
            continue;
        }
        held++;
        if (worst == SIZE_MAX || comes_before(&best->places[worst], &best->places[i])) {
            worst = i;
        }
    }
    return best->per_institution > 0 && held >= best->per_institution ? worst : SIZE_MAX;
}

/* Keeping the best under a cap per institution and a total is greedy: a newcomer pushes out the worst
 * of those it can't stand beside, the institution's when that is at its cap, else anybody's. */
void rq_rank_offer(rq_ranking *best, rq_place newcomer)
{
    bool is_full = best->count == best->limit;
    if (best->limit == 0 || (is_full && !comes_before(&newcomer, &best->places[0]))) {
        return;
    }
    size_t loser = capped_at(best, newcomer.row);
    if (loser != SIZE_MAX) {
        if (!comes_before(&newcomer, &best->places[loser])) {
            return;
        }
        best->places[loser] = newcomer;
        sift_down(best, loser);
        return;
    }
    if (!is_full) {
        best->places[best->count++] = newcomer;
        sift_up(best, best->count - 1);
        return;
    }
    best->places[0] = newcomer;
    sift_down(best, 0);
}

static int by_place(const void *a, const void *b)
{
    const rq_place *left = a, *right = b;
    return comes_before(left, right) ? -1 : comes_before(right, left);
}

rq_status rq_rank_init(rq_ranking *best, size_t limit, size_t per_institution, size_t most,
                       const rq_pool *pool, rq_arena *arena, rq_error *error)
{
    best->limit = limit < most ? limit : most;
    best->per_institution = per_institution;
    best->count = 0;
    best->pool = pool;
    best->places = rq_arena_room(arena, (best->limit + 1) * sizeof *best->places);
    return best->places != NULL ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for %zu packages", limit);
}

void rq_rank_sort(rq_ranking *best)
{
    if (best->count > 0) {
        qsort(best->places, best->count, sizeof *best->places, by_place);
    }
}
