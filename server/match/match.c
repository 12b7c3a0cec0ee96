/* The pass over the catalogue: screen, judge, price, score, and keep the best of each class. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* All that the order needs. Products lie in order of id, so their index stands for it. */
typedef struct place {
    size_t fails; /* compared for near misses alone; 0 elsewhere */
    int64_t score_ppm;
    int64_t cost_ppm;
    const rq_product *product;
} place;

/* The best `limit` places seen so far as a heap with the worst on top. */
typedef struct ranking {
    place *places;
    size_t count;
    size_t limit;
    size_t per_institution; /* 0: no cap */
} ranking;

/* The published order: fewer fails, higher score, lower cost (unknown last), lower id. */
static bool comes_before(const place *a, const place *b)
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
    return a->product < b->product;
}

static void swap(ranking *best, size_t a, size_t b)
{
    place kept = best->places[a];
    best->places[a] = best->places[b];
    best->places[b] = kept;
}

static void sift_up(ranking *best, size_t at)
{
    while (at > 0 && comes_before(&best->places[(at - 1) / 2], &best->places[at])) {
        swap(best, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(ranking *best, size_t at)
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
static size_t capped_at(const ranking *best, const rq_product *product)
{
    size_t held = 0, worst = SIZE_MAX;
    for (size_t i = 0; best->per_institution > 0 && i < best->count; i++) {
        if (strcmp(best->places[i].product->institution_id, product->institution_id) != 0) {
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
static void offer(ranking *best, place newcomer)
{
    bool is_full = best->count == best->limit;
    if (best->limit == 0 || (is_full && !comes_before(&newcomer, &best->places[0]))) {
        return;
    }
    size_t loser = capped_at(best, newcomer.product);
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
    const place *left = a, *right = b;
    return comes_before(left, right) ? -1 : comes_before(right, left);
}

static rq_status ranking_init(ranking *best, size_t limit, size_t per_institution, size_t most,
                              rq_arena *arena, rq_error *error)
{
    best->limit = limit < most ? limit : most;
    best->per_institution = per_institution;
    best->count = 0;
    best->places = rq_arena_array(arena, best->limit + 1, sizeof *best->places);
    return best->places != NULL ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for %zu packages", limit);
}

/* Evaluates a product in full; `checks` is scratch that out_package->checks points to. */
static void evaluate(const rq_session *session, const rq_product *product, rq_check *checks,
                     rq_package *out_package)
{
    rq_terms terms;
    rq_package_judge(session, product, checks, &terms, out_package);
    rq_package_price(session, &terms, out_package);
    rq_package_score(session, out_package);
    (void)rq_package_classify(out_package);
}

static bool keep_checks(rq_package *package, rq_arena *arena)
{
    rq_check *checks = rq_arena_array(arena, package->check_count + 1, sizeof *checks);
    if (checks == NULL) {
        return false;
    }
    memcpy(checks, package->checks, package->check_count * sizeof *checks);
    package->checks = checks;
    return true;
}

/* The winners were told apart by their places alone; here they are evaluated again, to keep. */
static rq_status award(const rq_session *session, ranking *best, rq_check *scratch, rq_arena *arena,
                       const rq_package **out_packages, rq_error *error)
{
    rq_package *packages = rq_arena_array(arena, best->count + 1, sizeof *packages);
    bool is_kept = packages != NULL;
    qsort(best->places, best->count, sizeof *best->places, by_place);
    for (size_t i = 0; is_kept && i < best->count; i++) {
        evaluate(session, best->places[i].product, scratch, &packages[i]);
        assert(packages[i].score_ppm == best->places[i].score_ppm);
        is_kept = keep_checks(&packages[i], arena);
    }
    *out_packages = packages;
    return is_kept ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory for %zu packages", best->count);
}

/* Judges one product that is open to the need and gives it its place. */
static void consider(const rq_session *session, const rq_product *product, rq_check *scratch,
                     ranking rankings[3], size_t totals[3])
{
    rq_package package;
    rq_terms terms;
    rq_package_judge(session, product, scratch, &terms, &package);
    if (!rq_package_classify(&package)) {
        return;
    }
    totals[package.class]++;
    if (rankings[package.class].limit == 0) {
        return;
    }
    rq_package_price(session, &terms, &package);
    rq_package_score(session, &package);
    offer(&rankings[package.class],
          (place){package.fail_count, package.score_ppm, package.cost_ppm, product});
}
static_assert(RQ_ELIGIBLE == 0 && RQ_NEEDS_FACTS == 1 && RQ_NEAR_MISS == 2, "classes index the rankings");

rq_status rq_match(const rq_catalogue *catalogue, const rq_need *need, const rq_match_options *options,
                   rq_arena *arena, rq_match_result *out_result, rq_error *error)
{
    rq_session session;
    ranking rankings[3];
    size_t totals[3] = {0}, considered = 0;
    const size_t limits[3] = {options->top, options->top_unknown, options->top_near};
    rq_status status = rq_session_init(&session, catalogue, need, arena, error);
    for (size_t i = 0; i < 3 && status == RQ_OK; i++) {
        status = ranking_init(&rankings[i], limits[i], i == RQ_ELIGIBLE ? options->per_institution : 0,
                              catalogue->product_count, arena, error);
    }
    if (status != RQ_OK) {
        return status;
    }
    rq_check *scratch = rq_arena_array(arena, RQ_MATCH_CHECKS_MAX, sizeof *scratch);
    if (scratch == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory to match a need");
    }
    for (size_t kind = 0; kind < RQ_MATCH_KINDS_MAX; kind++) {
        if ((need->kinds >> kind & 1) == 0) {
            continue;
        }
        for (size_t i = catalogue->kind_start[kind]; i < catalogue->kind_start[kind + 1]; i++) {
            const rq_screen *screen = &catalogue->screens[i];
            if (rq_screen_is_open(screen, &session)) {
                considered++;
                consider(&session, &catalogue->products[screen->product], scratch, rankings, totals);
            }
        }
    }
    const rq_package *packages[3] = {0};
    for (size_t i = 0; i < 3 && status == RQ_OK; i++) {
        status = award(&session, &rankings[i], scratch, arena, &packages[i], error);
    }
    *out_result = (rq_match_result){
        .catalogue_version = catalogue->version,
        .weights_version = catalogue->weights.version,
        .considered = considered,
        .eligible_total = totals[RQ_ELIGIBLE],
        .unknown_total = totals[RQ_NEEDS_FACTS],
        .near_total = totals[RQ_NEAR_MISS],
        .eligible = packages[RQ_ELIGIBLE],
        .eligible_count = rankings[RQ_ELIGIBLE].count,
        .unknown = packages[RQ_NEEDS_FACTS],
        .unknown_count = rankings[RQ_NEEDS_FACTS].count,
        .near = packages[RQ_NEAR_MISS],
        .near_count = rankings[RQ_NEAR_MISS].count,
    };
    return status;
}

rq_status rq_match_explain(const rq_catalogue *catalogue, const rq_need *need, const char *product_id,
                           rq_arena *arena, rq_package *out_package, bool *out_open, rq_error *error)
{
    const rq_product *product = rq_catalogue_find(catalogue, product_id);
    if (product == NULL) {
        return rq_fail(error, RQ_INVALID, "product_id: no such product in catalogue %lld",
                       (long long)catalogue->version);
    }
    rq_session session;
    rq_status status = rq_session_init(&session, catalogue, need, arena, error);
    if (status != RQ_OK) {
        return status;
    }
    rq_check *checks = rq_arena_array(arena, RQ_MATCH_CHECKS_MAX, sizeof *checks);
    if (checks == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory to explain a product");
    }
    evaluate(&session, product, checks, out_package);
    rq_screen screen = rq_screen_of(product, 0);
    *out_open = (need->kinds >> product->kind & 1) != 0 && rq_screen_is_open(&screen, &session);
    return RQ_OK;
}
