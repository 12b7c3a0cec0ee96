/* A need before the catalogue: sieve the blocks it meets, settle what sets can't, keep the best of each
 * class, and tell of those in full. */
#include <assert.h>
#include <string.h>

#include "rank.h"
#include "session.h"

#include "rongqiao/limits.h"

/* Near misses by the number of their fails: one is always better than two. */
typedef enum group { GROUP_ELIGIBLE, GROUP_UNKNOWN, GROUP_NEAR_ONE, GROUP_NEAR_TWO, GROUPS } group;

/* A block that the need met, and its products by group. */
typedef struct found {
    const rq_block *block;
    rq_relief relief;
    uint64_t sets[GROUPS][RQ_BLOCK_WORDS];
} found;

typedef struct harvest {
    found *blocks;
    size_t count;
    size_t considered;
    size_t totals[GROUPS];
} harvest;

/* ---- which products, in which group ---- */

static void move_to(found *at, size_t word, uint64_t bit, size_t fails, bool is_unknown)
{
    if (fails <= 2) {
        group target = fails > 0 ? (fails == 1 ? GROUP_NEAR_ONE : GROUP_NEAR_TWO)
                                 : (is_unknown ? GROUP_UNKNOWN : GROUP_ELIGIBLE);
        at->sets[target][word] |= bit;
    }
}

/* Some products are taken out of the sets and judged by themselves: the composed ones, and of the backed ones
 * those that would be lent another amount or term than wished, or all where a guarantee is not simply there.
 */
static uint64_t apart(rq_session *session, const rq_block *block, const rq_sieve *sieve, uint64_t shown,
                      size_t word)
{
    uint64_t composed = shown & block->composed[word], backed = shown & block->backed[word];
    if (backed != 0 && rq_session_is_backed(session)) {
        backed &= sieve->clamped[word];
    }
    return composed | backed;
}

static void settle_apart(rq_session *session, found *at, const rq_sieve *sieve, size_t word,
                         uint64_t products)
{
    for (size_t i = 0; i < GROUPS; i++) {
        at->sets[i][word] &= ~products;
    }
    for (uint64_t left = products; left != 0; left &= left - 1) {
        __builtin_prefetch(&at->block->rows[word * 64 + (size_t)__builtin_ctzll(left)]);
    }
    for (; products != 0; products &= products - 1) {
        uint64_t bit = products & ~(products - 1);
        size_t fails,
            before = ((sieve->ones[word] & bit) != 0) + 2 * (size_t)((sieve->twos[word] & bit) != 0);
        bool is_unknown;
        rq_appraise_class(session, &at->block->rows[word * 64 + (size_t)__builtin_ctzll(products)], &fails,
                          &is_unknown);
        move_to(at, word, bit, before + fails, is_unknown || (sieve->unknown[word] & bit) != 0);
    }
}

static void gather_block(rq_session *session, const rq_block *block, harvest *all)
{
    rq_sieve sieve;
    rq_block_sieve(block, &session->inputs, &sieve);
    found *at = &all->blocks[all->count];
    at->block = block;
    uint64_t any = 0;
    for (size_t w = 0; w < block->words; w++) {
        uint64_t shown = sieve.open[w] & ~(sieve.ended[w] | sieve.more[w] | (sieve.ones[w] & sieve.twos[w]));
        uint64_t none = shown & ~(sieve.ones[w] | sieve.twos[w]);
        at->sets[GROUP_ELIGIBLE][w] = none & ~sieve.unknown[w];
        at->sets[GROUP_UNKNOWN][w] = none & sieve.unknown[w];
        at->sets[GROUP_NEAR_ONE][w] = shown & sieve.ones[w];
        at->sets[GROUP_NEAR_TWO][w] = shown & sieve.twos[w];
        any |= shown;
        uint64_t single = apart(session, block, &sieve, shown, w);
        if (single != 0) {
            settle_apart(session, at, &sieve, w, single);
        }
    }
    all->considered += rq_set_size(sieve.open, block->words);
    if (any == 0) {
        return;
    }
    for (size_t i = 0; i < GROUPS; i++) {
        all->totals[i] += rq_set_size(at->sets[i], block->words);
    }
    at->relief = rq_score_relief(session, block);
    all->count++;
}

/* The clusters of the kinds that the need asks for: of its province, and of no single one. */
static size_t clusters_of(const rq_catalogue *catalogue, const rq_need *need,
                          const rq_cluster *out_clusters[2 * RQ_KINDS])
{
    unsigned province = need->region / 10000;
    size_t count = 0;
    for (uint64_t left = need->kinds; left != 0; left &= left - 1) {
        rq_cluster *const *of_kind = catalogue->clusters[__builtin_ctzll(left)];
        if (of_kind[0] != NULL) {
            out_clusters[count++] = of_kind[0];
        }
        if (province != 0 && of_kind[province] != NULL) {
            out_clusters[count++] = of_kind[province];
        }
    }
    return count;
}

static rq_status gather(rq_session *session, harvest *out_all, rq_error *error)
{
    const rq_cluster *clusters[2 * RQ_KINDS];
    size_t cluster_count = clusters_of(session->catalogue, session->need, clusters), blocks = 0;
    for (size_t i = 0; i < cluster_count; i++) {
        blocks += clusters[i]->block_count;
    }
    *out_all = (harvest){.blocks = rq_arena_array(session->arena, blocks + 1, sizeof(found))};
    if (out_all->blocks == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory to match a need");
    }
    for (size_t i = 0; i < cluster_count; i++) {
        for (size_t k = 0; k < clusters[i]->block_count; k++) {
            const rq_cluster *next = clusters[i + 1 < cluster_count ? i + 1 : i];
            rq_block_fetch_ahead(k + 1 < clusters[i]->block_count ? clusters[i]->blocks[k + 1]
                                                                  : next->blocks[0]);
            gather_block(session, clusters[i]->blocks[k], out_all);
        }
    }
    return session->failed ? rq_fail(error, RQ_NOMEM, "no memory to match a need") : RQ_OK;
}

/* ---- which of them are the best ---- */

/* Where the search is in a block: rows lie in order of their bound. */
typedef struct cursor {
    int64_t most; /* of the word's products, but for their fit */
    const found *at;
    size_t word;
    uint64_t left; /* of the word */
} cursor;

static bool advance(cursor *at, group which)
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

enum { FETCHED = 6 }; /* rows at once */

/* Offers the products of the cursor's word, or ends the block where nothing more of it can be kept. */
static void offer_word(rq_session *session, cursor *at, size_t fails, int64_t best_fit, rq_ranking *best)
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
        rq_place place = {.fails = fails, .row = row};
        if (rq_appraise_score(session, row, &at->at->relief, least, &place.score_ppm, &place.cost_ppm)) {
            rq_rank_offer(best, place);
        }
    }
}

static void search(rq_session *session, const harvest *all, group which, size_t fails, cursor *heap,
                   rq_ranking *best)
{
    const int64_t best_fit = (int64_t)session->catalogue->frame.weights.fit * RQ_MATCH_PPM;
    size_t count = 0;
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
            return;
        }
        offer_word(session, &heap[0], fails, best_fit, best);
        if (!advance(&heap[0], which)) {
            heap[0] = heap[--count];
        }
        sift(heap, count, 0);
    }
}

/* ---- telling of them ---- */

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
    rq_product *product = rq_arena_alloc(session->arena, sizeof *product);
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
    rq_check *checks = rq_arena_array(arena, package->check_count + 1, sizeof *checks);
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
    rq_package *packages = rq_arena_array(session->arena, best->count + 1, sizeof *packages);
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
static rq_status rank(rq_session *session, const harvest *all, const rq_match_options *options,
                      rq_match_result *result, rq_error *error)
{
    static const struct {
        group group;
        size_t fails;
    } searches[GROUPS] = {{GROUP_ELIGIBLE, 0}, {GROUP_UNKNOWN, 0}, {GROUP_NEAR_ONE, 1}, {GROUP_NEAR_TWO, 2}};
    const size_t cap = options->per_institution > 0
                           ? options->per_institution
                           : (size_t)session->catalogue->frame.weights.per_institution;
    const size_t limits[3] = {options->top, options->top_unknown, options->top_near};
    const size_t totals[3] = {result->eligible_total, result->unknown_total, result->near_total};
    const rq_package **packages[3] = {&result->eligible, &result->unknown, &result->near};
    size_t *counts[3] = {&result->eligible_count, &result->unknown_count, &result->near_count};
    rq_check scratch[RQ_MATCH_CHECKS_MAX];
    cursor *heap = rq_arena_array(session->arena, all->count + 1, sizeof *heap);
    rq_status status = heap != NULL ? RQ_OK : rq_fail(error, RQ_NOMEM, "no memory to match");
    for (size_t class = 0; class < 3 && status == RQ_OK; class ++) {
        rq_ranking best;
        status = rq_rank_init(&best, limits[class], class == RQ_ELIGIBLE ? cap : 0, totals[class],
                              session->pool, session->arena, error);
        for (size_t i = class;
             status == RQ_OK && best.limit > 0 && i < (class == RQ_NEAR_MISS ? 4 : class + 1); i++) {
            search(session, all, searches[i].group, searches[i].fails, heap, &best);
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
    harvest all;
    rq_status status = rq_session_init(&session, catalogue, need, arena, error);
    if (status == RQ_OK) {
        status = gather(&session, &all, error);
    }
    if (status != RQ_OK) {
        return status;
    }
    *out_result = (rq_match_result){.catalogue_version = catalogue->frame.version,
                                    .weights_version = catalogue->frame.weights.version,
                                    .considered = all.considered,
                                    .eligible_total = all.totals[GROUP_ELIGIBLE],
                                    .unknown_total = all.totals[GROUP_UNKNOWN],
                                    .near_total = all.totals[GROUP_NEAR_ONE] + all.totals[GROUP_NEAR_TWO]};
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
