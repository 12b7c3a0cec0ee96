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

/* The open ones of a block whose hard rules do not fail; how many. */
static size_t sift_partners(const rq_session *session, const rq_block *block, uint64_t *out_set)
{
    rq_sieve sieve;
    rq_block_sieve(block, &session->inputs, &sieve);
    for (size_t w = 0; w < block->words; w++) {
        out_set[w] = sieve.open[w] & ~(sieve.ended[w] | sieve.ones[w] | sieve.twos[w] | sieve.more[w]);
    }
    return rq_set_size(out_set, block->words);
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

static void advance(rq_partner_cursor *at)
{
    at->row = NULL;
    while (at->left == 0) {
        if (at->cluster == NULL || at->block == at->cluster->block_count) {
            return;
        }
        if (++at->word >= at->cluster->blocks[at->block]->words) {
            at->word = 0;
            if (++at->block == at->cluster->block_count) {
                return;
            }
        }
        at->left = at->sets[at->block * RQ_BLOCK_WORDS + at->word];
    }
    at->row = &at->cluster->blocks[at->block]->rows[at->word * 64 + (size_t)__builtin_ctzll(at->left)];
    at->left &= at->left - 1;
}

/* Sifts a cluster and sets the cursor to its first candidate; how many there are. */
static size_t seek(rq_session *session, const rq_cluster *cluster, rq_partner_cursor *out_cursor)
{
    size_t found = 0;
    *out_cursor = (rq_partner_cursor){.cluster = cluster};
    if (cluster == NULL) {
        return 0;
    }
    uint64_t *sets = rq_arena_array(session->arena, cluster->block_count, RQ_BLOCK_WORDS * sizeof *sets);
    if (sets == NULL) {
        session->failed = true;
        out_cursor->cluster = NULL;
        return 0;
    }
    for (size_t i = 0; i < cluster->block_count; i++) {
        found += sift_partners(session, cluster->blocks[i], sets + i * RQ_BLOCK_WORDS);
    }
    out_cursor->sets = sets;
    out_cursor->left = sets[0];
    advance(out_cursor);
    return found;
}

/* In the clusters of the province and of no single one. */
static void seek_partners(rq_session *session, int role)
{
    rq_partners *partners = &session->partners[role];
    unsigned kind = role == RQ_PARTNER_guarantee ? RQ_INDEX(kind, guarantee) : RQ_INDEX(kind, insurance);
    unsigned province = session->need->region / 10000;
    partners->is_sought = true;
    partners->total = seek(session, session->catalogue->clusters[kind][0], &partners->cursors[0]);
    partners->total += seek(session, province != 0 ? session->catalogue->clusters[kind][province] : NULL,
                            &partners->cursors[1]);
    partners->merged = rq_arena_room(session->arena, (partners->total + 1) * sizeof *partners->merged);
    if (partners->merged == NULL || session->failed) {
        partners->total = 0;
        session->failed = true;
    }
}

static void merge_one(const rq_session *session, rq_partners *partners)
{
    const rq_row *a = partners->cursors[0].row, *b = partners->cursors[1].row;
    bool is_first =
        b == NULL || (a != NULL && rq_row_order(a, rq_row_label_of(a), b, rq_row_label_of(b)) < 0);
    const rq_row *row = is_first ? a : b;
    partners->merged[partners->merged_count++] = (rq_candidate){row, missing_rule(session, row)};
    advance(&partners->cursors[is_first ? 0 : 1]);
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

static uint32_t cell_key_of(const rq_need *need)
{
    const rq_fact_value *size = &need->facts[RQ_FACT_size_class];
    bool is_sized = size->known && size->value > 0;
    return rq_record_key(&(rq_record_cell){
        .province = (uint8_t)(need->region / 10000),
        .size = is_sized ? (uint8_t)(1 + __builtin_ctzll((uint64_t)size->value)) : 0,
    });
}

rq_status rq_session_init(rq_session *session, const rq_catalogue *catalogue, const rq_need *need,
                          rq_arena *arena, rq_error *error)
{
    rq_status status = rq_need_check(need, error);
    if (status != RQ_OK) {
        return status;
    }
    /* not the prices: they are large, and those that are not used are never read */
    memset(session, 0, offsetof(rq_session, prices));
    session->catalogue = catalogue;
    session->pool = catalogue->pool;
    session->need = need;
    session->arena = arena;
    session->least_fen = need->amount_min_fen == RQ_UNSET ? need->amount_fen : need->amount_min_fen;
    session->cell_key = cell_key_of(need);
    rq_inputs_of(need, session->least_fen, &session->inputs);
    if (!find_programmes(session)) {
        return rq_fail(error, RQ_NOMEM, "no memory to match a need");
    }
    return RQ_OK;
}
