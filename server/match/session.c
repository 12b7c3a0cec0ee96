/* What one need has in common for all products: its regions, the partners and programmes that are open
 * to it, and the structural screen.
 *
 * Published rules. A product serves a region when it lists the region's code, or the code of the city or
 * province it lies in (330000 serves 33xxxx, 330100 serves 3301xx), or 000000, or no region at all. It
 * serves an industry when a prefix of industries_in fits (or there is none) and no prefix of
 * industries_out does. It is open on the days valid_from to valid_to. It has room when a case is left and
 * the money left covers the least amount that would be lent: the need's least acceptable amount or the
 * product's minimum, whichever is more. No enterprise can repair these, so a product that fails one is
 * not told of in a match. */
#include <string.h>

#include "session.h"

static bool serves_region(const uint32_t *regions, size_t count, const int64_t ancestors[RQ_NEED_REGIONS])
{
    for (size_t i = 0; i < count; i++) {
        int64_t code = regions[i];
        if (code == ancestors[0] || code == ancestors[1] || code == ancestors[2] || code == ancestors[3]) {
            return true;
        }
    }
    return count == 0;
}

static bool has_prefix_of(const rq_row_industries *prefixes, const char *industry)
{
    for (size_t i = 0; prefixes != NULL && i < prefixes->count; i++) {
        if (strncmp(industry, prefixes->first[i], strlen(prefixes->first[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool rq_row_is_open(const rq_session *session, const rq_row *row)
{
    const rq_need *need = session->need;
    const rq_row_more *more = rq_row_more_of(session->pool, row);
    const rq_row_label *label = rq_row_label_of(row);
    const rq_row_regions *regions = rq_pool_at(session->pool, label->regions);
    const rq_row_industries *in = rq_row_industries_of(session->pool, label, false);
    int64_t least = session->least_fen > row->amount_min_fen ? session->least_fen : row->amount_min_fen;
    return need->as_of >= more->valid_from && need->as_of <= more->valid_to && more->capacity_cases != 0 &&
           (more->capacity_fen == RQ_UNSET || more->capacity_fen >= least) &&
           (regions == NULL || serves_region(regions->first, regions->count, session->inputs.regions)) &&
           (in == NULL || has_prefix_of(in, need->industry)) &&
           !has_prefix_of(rq_row_industries_of(session->pool, label, true), need->industry);
}

/* ---- partners ---- */

/* The open ones of a block whose hard rules do not fail, in their order. */
static size_t sift_partners(const rq_session *session, const rq_block *block, const rq_row **out_rows)
{
    rq_sieve sieve;
    size_t found = 0;
    rq_block_sieve(block, &session->inputs, &sieve);
    for (size_t w = 0; w < block->words; w++) {
        uint64_t left = sieve.open[w] & ~(sieve.ended[w] | sieve.ones[w] | sieve.twos[w] | sieve.more[w]);
        for (; left != 0; left &= left - 1) {
            out_rows[found++] = &block->rows[w * 64 + (size_t)__builtin_ctzll(left)];
        }
    }
    return found;
}

static const rq_rule *missing_rule(const rq_session *session, const rq_row *row)
{
    size_t count = rq_row_rule_count(session->pool, row);
    for (size_t i = 0; i < count; i++) {
        const rq_rule *rule = rq_row_rule(session->pool, row, i);
        if (rule->hard && !session->need->facts[rule->fact].known) {
            return rule;
        }
    }
    return NULL;
}

static size_t cluster_rows(const rq_cluster *cluster)
{
    size_t rows = 0;
    for (size_t i = 0; cluster != NULL && i < cluster->block_count; i++) {
        rows += cluster->blocks[i]->count;
    }
    return rows;
}

/* Sifts the clusters of the province and of no single one. */
static void seek_partners(rq_session *session, int role)
{
    rq_partners *partners = &session->partners[role];
    unsigned kind = role == RQ_PARTNER_guarantee ? RQ_INDEX(kind, guarantee) : RQ_INDEX(kind, insurance);
    unsigned province = session->need->region / 10000;
    const rq_cluster *clusters[2] = {session->catalogue->clusters[kind][0],
                                     province != 0 ? session->catalogue->clusters[kind][province] : NULL};
    size_t room = cluster_rows(clusters[0]) + cluster_rows(clusters[1]);
    partners->is_sought = true;
    partners->rows = rq_arena_array(session->arena, room + 1, sizeof(rq_row *));
    for (size_t c = 0; partners->rows != NULL && c < 2; c++) {
        partners->next[c] = partners->total;
        for (size_t i = 0; clusters[c] != NULL && i < clusters[c]->block_count; i++) {
            partners->total +=
                sift_partners(session, clusters[c]->blocks[i], partners->rows + partners->total);
        }
        partners->end[c] = partners->total;
    }
    partners->merged = rq_arena_array(session->arena, partners->total + 1, sizeof *partners->merged);
    if (partners->rows == NULL || partners->merged == NULL) {
        partners->total = 0;
        session->failed = true;
    }
}

static void merge_one(const rq_session *session, rq_partners *partners)
{
    bool has[2] = {partners->next[0] < partners->end[0], partners->next[1] < partners->end[1]};
    size_t from = has[0] ? 0 : 1;
    if (has[0] && has[1]) {
        const rq_row *a = partners->rows[partners->next[0]], *b = partners->rows[partners->next[1]];
        from = rq_row_order(a, rq_row_label_of(a), b, rq_row_label_of(b)) < 0 ? 0 : 1;
    }
    const rq_row *row = partners->rows[partners->next[from]++];
    partners->merged[partners->merged_count++] = (rq_candidate){row, missing_rule(session, row)};
}

const rq_candidate *rq_session_candidate(rq_session *session, int role, size_t index)
{
    rq_partners *partners = &session->partners[role];
    if (!partners->is_sought) {
        seek_partners(session, role);
    }
    if (index >= partners->total) {
        return NULL;
    }
    while (partners->merged_count <= index) {
        merge_one(session, partners);
    }
    return &partners->merged[index];
}

/* ---- programmes ---- */

static bool find_programmes(rq_session *session)
{
    const rq_policies *policies = session->catalogue->policies;
    const rq_need *need = session->need;
    unsigned province = need->region / 10000;
    size_t count = policies->of_province_count[province];
    const rq_programme **programmes = rq_arena_array(session->arena, count + 1, sizeof(rq_programme *));
    if (programmes == NULL) {
        return false;
    }
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const rq_programme *programme = &policies->programmes[policies->of_province[province][i]];
        if (need->as_of >= programme->valid_from && need->as_of <= programme->valid_to &&
            serves_region(programme->regions, programme->region_count, session->inputs.regions) &&
            rq_rules_judge(programme->rules, programme->rule_count, need, NULL) == RQ_PASS) {
            programmes[found++] = programme;
        }
    }
    session->programmes = programmes;
    session->programme_count = found;
    return true;
}

rq_status rq_session_init(rq_session *session, const rq_catalogue *catalogue, const rq_need *need,
                          rq_arena *arena, rq_error *error)
{
    rq_status status = rq_need_check(need, error);
    if (status != RQ_OK) {
        return status;
    }
    *session = (rq_session){
        .catalogue = catalogue,
        .pool = catalogue->pool,
        .need = need,
        .arena = arena,
        .least_fen = need->amount_min_fen == RQ_UNSET ? need->amount_fen : need->amount_min_fen,
        .prices = rq_arena_array(arena, RQ_SESSION_PRICES, sizeof(rq_price)),
    };
    rq_inputs_of(need, session->least_fen, &session->inputs);
    if (session->prices == NULL || !find_programmes(session)) {
        return rq_fail(error, RQ_NOMEM, "no memory to match a need");
    }
    return RQ_OK;
}
