/* Which products, in which group: what sets can tell, they tell; the others are judged one by one. */
#include "harvest.h"

static void move_to(rq_found *at, size_t word, uint64_t bit, size_t fails, bool is_unknown)
{
    if (fails <= 2) {
        rq_group target = fails > 0 ? (fails == 1 ? RQ_GROUP_NEAR_ONE : RQ_GROUP_NEAR_TWO)
                                    : (is_unknown ? RQ_GROUP_UNKNOWN : RQ_GROUP_ELIGIBLE);
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

static void settle_apart(rq_session *session, rq_found *at, const rq_sieve *sieve, size_t word,
                         uint64_t products)
{
    for (size_t i = 0; i < RQ_GROUPS; i++) {
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

static void gather_block(rq_session *session, const rq_block *block, rq_harvest *all)
{
    rq_sieve sieve;
    rq_block_sieve(block, &session->inputs, &sieve);
    rq_found *at = &all->blocks[all->count];
    at->block = block;
    uint64_t any = 0;
    for (size_t w = 0; w < block->words; w++) {
        uint64_t shown = sieve.open[w] & ~(sieve.ended[w] | sieve.more[w] | (sieve.ones[w] & sieve.twos[w]));
        uint64_t none = shown & ~(sieve.ones[w] | sieve.twos[w]);
        at->sets[RQ_GROUP_ELIGIBLE][w] = none & ~sieve.unknown[w];
        at->sets[RQ_GROUP_UNKNOWN][w] = none & sieve.unknown[w];
        at->sets[RQ_GROUP_NEAR_ONE][w] = shown & sieve.ones[w];
        at->sets[RQ_GROUP_NEAR_TWO][w] = shown & sieve.twos[w];
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
    for (size_t i = 0; i < RQ_GROUPS; i++) {
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

rq_status rq_gather(rq_session *session, rq_harvest *out_all, rq_error *error)
{
    const rq_cluster *clusters[2 * RQ_KINDS];
    size_t cluster_count = clusters_of(session->catalogue, session->need, clusters), blocks = 0;
    for (size_t i = 0; i < cluster_count; i++) {
        blocks += clusters[i]->block_count;
    }
    *out_all = (rq_harvest){.blocks = rq_arena_room(session->arena, (blocks + 1) * sizeof(rq_found))};
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
