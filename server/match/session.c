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

#include "internal.h"

static bool serves_region(const uint32_t *regions, size_t count, const uint32_t ancestors[4])
{
    for (size_t i = 0; i < count; i++) {
        uint32_t code = regions[i];
        if (code == ancestors[0] || code == ancestors[1] || code == ancestors[2] || code == ancestors[3]) {
            return true;
        }
    }
    return count == 0;
}

static bool has_prefix_of(const char (*prefixes)[8], size_t count, const char *industry)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(industry, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool rq_screen_is_open(const rq_screen *screen, const rq_session *session)
{
    const rq_need *need = session->need;
    int64_t least = session->least_fen > screen->amount_min_fen ? session->least_fen : screen->amount_min_fen;
    return need->as_of >= screen->valid_from && need->as_of <= screen->valid_to &&
           screen->room_fen >= least &&
           serves_region(screen->regions, screen->region_count, session->regions) &&
           (screen->industries_in_count == 0 ||
            has_prefix_of(screen->industries_in, screen->industries_in_count, need->industry)) &&
           !has_prefix_of(screen->industries_out, screen->industries_out_count, need->industry);
}

/* Partners are judged once a need; which loan they may join is asked later. */
static bool find_candidates(rq_session *session, int role, rq_arena *arena)
{
    const rq_catalogue *catalogue = session->catalogue;
    size_t count = catalogue->partner_count[role];
    rq_candidate *candidates = rq_arena_array(arena, count + 1, sizeof *candidates);
    if (candidates == NULL) {
        return false;
    }
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const rq_product *partner = catalogue->partners[role][i];
        rq_screen screen = rq_screen_of(partner, 0);
        const rq_rule *missing = NULL;
        if (rq_screen_is_open(&screen, session) &&
            rq_rules_judge(partner->rules, partner->rule_count, session->need, &missing) != RQ_FAIL) {
            candidates[found++] = (rq_candidate){partner, screen.room_fen, missing};
        }
    }
    session->candidates[role] = candidates;
    session->candidate_count[role] = found;
    return true;
}

static bool find_programmes(rq_session *session, rq_arena *arena)
{
    const rq_catalogue *catalogue = session->catalogue;
    const rq_need *need = session->need;
    const rq_programme **programmes =
        rq_arena_array(arena, catalogue->programme_count + 1, sizeof *programmes);
    if (programmes == NULL) {
        return false;
    }
    size_t found = 0;
    for (size_t i = 0; i < catalogue->programme_count; i++) {
        const rq_programme *programme = &catalogue->programmes[i];
        if (need->as_of >= programme->valid_from && need->as_of <= programme->valid_to &&
            serves_region(programme->regions, programme->region_count, session->regions) &&
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
        .need = need,
        .least_fen = need->amount_min_fen == RQ_UNSET ? need->amount_fen : need->amount_min_fen,
        .regions = {need->region, need->region / 100 * 100, need->region / 10000 * 10000, 0},
    };
    if (!find_candidates(session, RQ_PARTNER_guarantee, arena) ||
        !find_candidates(session, RQ_PARTNER_insurance, arena) || !find_programmes(session, arena)) {
        return rq_fail(error, RQ_NOMEM, "no memory to match a need");
    }
    return RQ_OK;
}
