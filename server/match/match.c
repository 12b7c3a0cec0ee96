/* A need before the catalogue: sieve the blocks it meets, settle what sets can't, keep the best of each
 * class, and tell of those in full. */
#include <assert.h>
#include <string.h>

#include "harvest.h"

#include "rongqiao/limits.h"

/* Everything about one product; `checks` is scratch that out_package->checks points to. */
static void evaluate(rq_session *session, const rq_row *row, rq_check *checks, rq_draft *out_draft,
                     rq_package *out_package)
{
    rq_package_judge(session, row, checks, out_draft, out_package);
    rq_package_price(session, out_draft, out_package);
    rq_package_score(session, row, out_package);
    rq_package_classify(out_package);
}

static const rq_product *unpacked(const rq_session *session, const rq_row *row)
{
    rq_product *product = rq_arena_room(session->arena, sizeof *product);
    return product != NULL && rq_row_unpack(session->pool, row, rq_row_label_of(row), session->arena, product)
               ? product
               : NULL;
}

/* Puts the products into the package that the draft's rows stand for. */
static bool furnish(const rq_session *session, const rq_draft *draft, rq_package *package)
{
    package->product = unpacked(session, draft->row);
    package->guarantee = draft->guarantee != NULL ? unpacked(session, draft->guarantee) : NULL;
    package->insurance = draft->insurance != NULL ? unpacked(session, draft->insurance) : NULL;
    return package->product != NULL && (package->guarantee != NULL) == (draft->guarantee != NULL) &&
           (package->insurance != NULL) == (draft->insurance != NULL);
}

static bool keep_checks(rq_package *package, rq_arena *arena)
{
    rq_check *checks = rq_arena_room(arena, (package->check_count + 1) * sizeof *checks);
    if (checks == NULL) {
        return false;
    }
    memcpy(checks, package->checks, package->check_count * sizeof *checks);
    package->checks = checks;
    return true;
}

/* What telling of them will read comes into the cache meanwhile. */
static void fetch_ahead(const rq_session *session, const rq_ranking *best)
{
    for (size_t i = 0; i < best->count; i++) {
        const rq_row *row = best->places[i].row;
        __builtin_prefetch(rq_row_label_of(row));
        __builtin_prefetch(rq_pool_at(session->pool, row->rules));
        __builtin_prefetch(rq_pool_at(session->pool, row->institution));
        __builtin_prefetch(rq_pool_at(session->pool, row->more));
    }
    for (size_t i = 0; i < best->count; i++) {
        const rq_row_label *label = rq_row_label_of(best->places[i].row);
        __builtin_prefetch(rq_pool_at(session->pool, label->name));
        __builtin_prefetch(rq_pool_at(session->pool, label->record));
        __builtin_prefetch(rq_pool_at(session->pool, label->regions));
    }
}

/* The winners were told apart by their places alone; here they are told of. */
static rq_status award(rq_session *session, rq_ranking *best, rq_check *scratch,
                       const rq_package **out_packages, rq_error *error)
{
    rq_package *packages = rq_arena_room(session->arena, (best->count + 1) * sizeof *packages);
    bool is_kept = packages != NULL;
    rq_rank_sort(best);
    fetch_ahead(session, best);
    for (size_t i = 0; is_kept && i < best->count; i++) {
        rq_draft draft;
        evaluate(session, best->places[i].row, scratch, &draft, &packages[i]);
        assert(packages[i].score_ppm == best->places[i].score_ppm);
        is_kept = keep_checks(&packages[i], session->arena) && furnish(session, &draft, &packages[i]);
    }
    *out_packages = packages;
    return is_kept && !session->failed ? RQ_OK
                                       : rq_fail(error, RQ_NOMEM, "no memory for %zu packages", best->count);
}

/* Searches and awards class by class. */
static rq_status rank(rq_session *session, const rq_harvest *all, const rq_match_options *options,
                      rq_match_result *result, rq_error *error)
{
    static const struct {
        rq_group group;
        size_t fails;
    } searches[RQ_GROUPS] = {
        {RQ_GROUP_ELIGIBLE, 0}, {RQ_GROUP_UNKNOWN, 0}, {RQ_GROUP_NEAR_ONE, 1}, {RQ_GROUP_NEAR_TWO, 2}};
    const size_t cap = options->per_institution > 0
                           ? options->per_institution
                           : (size_t)session->catalogue->frame.weights.per_institution;
    const size_t limits[3] = {options->top, options->top_unknown, options->top_near};
    const size_t totals[3] = {result->eligible_total, result->unknown_total, result->near_total};
    const rq_package **packages[3] = {&result->eligible, &result->unknown, &result->near};
    size_t *counts[3] = {&result->eligible_count, &result->unknown_count, &result->near_count};
    rq_check scratch[RQ_MATCH_CHECKS_MAX];
    rq_status status = RQ_OK;
    for (size_t class = 0; class < 3 && status == RQ_OK; class ++) {
        rq_ranking best;
        status = rq_rank_init(&best, limits[class], class == RQ_ELIGIBLE ? cap : 0, totals[class],
                              session->pool, session->arena, error);
        for (size_t i = class;
             status == RQ_OK && best.limit > 0 && i < (class == RQ_NEAR_MISS ? 4 : class + 1); i++) {
            status = rq_search(session, all, searches[i].group, searches[i].fails, &best, error);
        }
        if (status == RQ_OK) {
            status = award(session, &best, scratch, packages[class], error);
            *counts[class] = best.count;
        }
    }
    return status;
}
static_assert(RQ_ELIGIBLE == 0 && RQ_NEEDS_FACTS == 1 && RQ_NEAR_MISS == 2, "the order of the searches");

const rq_match_options rq_match_published = {
    .top = RQ_LIMIT_MATCH_ELIGIBLE, .top_near = RQ_LIMIT_MATCH_NEAR, .top_unknown = RQ_LIMIT_MATCH_UNKNOWN};

rq_status rq_match(const rq_catalogue *catalogue, const rq_need *need, const rq_match_options *options,
                   rq_arena *arena, rq_match_result *out_result, rq_error *error)
{
    rq_session session;
    rq_harvest all;
    rq_status status = rq_session_init(&session, catalogue, need, arena, error);
    if (status == RQ_OK) {
        status = rq_gather(&session, &all, error);
    }
    if (status != RQ_OK) {
        return status;
    }
    *out_result =
        (rq_match_result){.catalogue_version = catalogue->frame.version,
                          .weights_version = catalogue->frame.weights.version,
                          .considered = all.considered,
                          .eligible_total = all.totals[RQ_GROUP_ELIGIBLE],
                          .unknown_total = all.totals[RQ_GROUP_UNKNOWN],
                          .near_total = all.totals[RQ_GROUP_NEAR_ONE] + all.totals[RQ_GROUP_NEAR_TWO]};
    return rank(&session, &all, options, out_result, error);
}

rq_status rq_match_explain(const rq_catalogue *catalogue, const rq_need *need, const char *product_id,
                           rq_arena *arena, rq_package *out_package, bool *out_open, rq_error *error)
{
    uint8_t id[RQ_UUID_BYTES];
    const rq_row *row = rq_uuid_read(product_id, id) ? rq_catalogue_find(catalogue, id, NULL) : NULL;
    if (row == NULL) {
        return rq_fail(error, RQ_INVALID, "product_id: no such product in catalogue %lld",
                       (long long)catalogue->frame.version);
    }
    rq_session session;
    rq_draft draft;
    rq_status status = rq_session_init(&session, catalogue, need, arena, error);
    if (status != RQ_OK) {
        return status;
    }
    rq_check *checks = rq_arena_array(arena, RQ_MATCH_CHECKS_MAX, sizeof *checks);
    if (checks != NULL) {
        evaluate(&session, row, checks, &draft, out_package);
    }
    if (checks == NULL || session.failed || !furnish(&session, &draft, out_package)) {
        return rq_fail(error, RQ_NOMEM, "no memory to explain a product");
    }
    *out_open = (need->kinds >> row->kind & 1) != 0 && rq_row_is_open(&session, row);
    return RQ_OK;
}
