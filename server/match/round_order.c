/* Before the needs ask: is the input sound, who goes first where scores are equal (step 1), and how many
 * slots each institution has (step 2). */
#include <stdlib.h>
#include <string.h>

#include "round_internal.h"

const char *const rq_round_full_names[] = {"open", "slots", "money"};
const char *const rq_round_ahead_names[] = {"score", "wait", "first_loan", "draw", "nobody"};

/* ---- bounds ---- */

static bool is_id(const char *id)
{
    size_t length = strnlen(id, RQ_ROUND_ID_TEXT + 1);
    return length >= 1 && length <= RQ_ROUND_ID_TEXT;
}

/* FNV-1a, 64 bits, folded to the table's size. */
static size_t slot_of_id(const char *id, size_t mask)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *id != '\0'; id++) {
        hash = (hash ^ (uint8_t)*id) * UINT64_C(1099511628211);
    }
    return (size_t)(hash ^ hash >> 29) & mask;
}

/* The index of an id that is there twice, or `count`; SIZE_MAX when memory is short. Element i of `ids` is
 * `stride` bytes after element i - 1. */
static size_t find_repeated(const char *ids, size_t stride, size_t count)
{
    size_t size = 16;
    while (size < 2 * count) {
        size *= 2;
    }
    uint32_t *table = calloc(size, sizeof *table); /* index + 1 */
    if (table == NULL) {
        return SIZE_MAX;
    }
    size_t repeated = count;
    for (size_t i = 0; i < count && repeated == count; i++) {
        const char *id = ids + i * stride;
        size_t at = slot_of_id(id, size - 1);
        for (; table[at] != 0 && repeated == count; at = (at + 1) & (size - 1)) {
            if (strcmp(ids + (table[at] - 1) * stride, id) == 0) {
                repeated = i;
            }
        }
        table[at] = (uint32_t)i + 1;
    }
    free(table);
    return repeated;
}

static rq_status check_rules(const rq_round_input *input, rq_error *error)
{
    size_t seed_length = input->seed == NULL ? 0 : strnlen(input->seed, RQ_ROUND_SEED_TEXT + 1);
    if (seed_length < 1 || seed_length > RQ_ROUND_SEED_TEXT) {
        return rq_fail(error, RQ_INVALID, "seed: 1 to %d bytes", RQ_ROUND_SEED_TEXT);
    }
    if (input->band_ppm < 1 || input->band_ppm > RQ_ROUND_SCORE_MAX_PPM) {
        return rq_fail(error, RQ_INVALID, "band_ppm: 1 to %d", RQ_ROUND_SCORE_MAX_PPM);
    }
    if (input->slots_local > input->slots_total) {
        return rq_fail(error, RQ_INVALID, "slots_local: at most slots_total");
    }
    if (input->need_count > RQ_ROUND_NEEDS_MAX || input->institution_count > RQ_ROUND_INSTITUTIONS_MAX ||
        input->wish_count > RQ_ROUND_ALL_WISHES_MAX) {
        return rq_fail(error, RQ_INVALID, "more than %d needs, %d institutions or %zu wishes",
                       RQ_ROUND_NEEDS_MAX, RQ_ROUND_INSTITUTIONS_MAX, RQ_ROUND_ALL_WISHES_MAX);
    }
    return RQ_OK;
}

static rq_status check_institution(const rq_round_institution *it, uint32_t index, rq_error *error)
{
    if (!is_id(it->id)) {
        return rq_fail(error, RQ_INVALID, "institutions[%u].id: 1 to %d bytes", index, RQ_ROUND_ID_TEXT);
    }
    if (it->slots > RQ_ROUND_SLOTS_MAX) {
        return rq_fail(error, RQ_INVALID, "institutions[%u].slots: 0 to %d", index, RQ_ROUND_SLOTS_MAX);
    }
    if (it->money_fen != RQ_ROUND_NO_LIMIT && (it->money_fen < 0 || it->money_fen > RQ_ROUND_MONEY_MAX_FEN)) {
        return rq_fail(error, RQ_INVALID, "institutions[%u].money_fen: out of range", index);
    }
    return RQ_OK;
}

/* `last_wish` holds, by institution, the last need that wished for it, plus one. */
static rq_status check_need(const rq_round_input *input, uint32_t index, uint32_t *last_wish, rq_error *error)
{
    const rq_round_need *need = &input->needs[index];
    if (!is_id(need->id)) {
        return rq_fail(error, RQ_INVALID, "needs[%u].id: 1 to %d bytes", index, RQ_ROUND_ID_TEXT);
    }
    if (need->waited_days < 0 || need->waited_days > RQ_ROUND_WAIT_MAX_DAYS) {
        return rq_fail(error, RQ_INVALID, "needs[%u].waited_days: 0 to %d", index, RQ_ROUND_WAIT_MAX_DAYS);
    }
    if (need->amount_fen < 1 || need->amount_fen > RQ_ROUND_AMOUNT_MAX_FEN) {
        return rq_fail(error, RQ_INVALID, "needs[%u].amount_fen: out of range", index);
    }
    if (need->wish_count > RQ_ROUND_WISHES_MAX || need->wish_from > input->wish_count ||
        need->wish_count > input->wish_count - need->wish_from) {
        return rq_fail(error, RQ_INVALID, "needs[%u].wishes: at most %d, within the list", index,
                       RQ_ROUND_WISHES_MAX);
    }
    for (uint32_t i = 0; i < need->wish_count; i++) {
        const rq_round_wish *wish = &input->wishes[need->wish_from + i];
        if (wish->institution >= input->institution_count || last_wish[wish->institution] == index + 1) {
            return rq_fail(error, RQ_INVALID, "needs[%u].wishes[%u].institution: unknown or repeated", index,
                           i);
        }
        if (wish->score_ppm < 0 || wish->score_ppm > RQ_ROUND_SCORE_MAX_PPM) {
            return rq_fail(error, RQ_INVALID, "needs[%u].wishes[%u].score_ppm: 0 to %d", index, i,
                           RQ_ROUND_SCORE_MAX_PPM);
        }
        last_wish[wish->institution] = index + 1;
    }
    return RQ_OK;
}

static rq_status check_repeated(const char *ids, size_t stride, size_t count, const char *list,
                                rq_error *error)
{
    size_t repeated = count == 0 ? 0 : find_repeated(ids, stride, count);
    if (repeated == SIZE_MAX) {
        return rq_fail(error, RQ_NOMEM, "no memory for %zu ids", count);
    }
    return repeated == count ? RQ_OK : rq_fail(error, RQ_INVALID, "%s[%zu].id: there twice", list, repeated);
}

rq_status rq_round_input_check(const rq_round_input *input, rq_error *error)
{
    rq_status status = check_rules(input, error);
    if (status != RQ_OK) {
        return status;
    }
    uint32_t *last_wish = calloc((size_t)input->institution_count + 1, sizeof *last_wish);
    if (last_wish == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory for %u institutions", input->institution_count);
    }
    for (uint32_t i = 0; i < input->institution_count && status == RQ_OK; i++) {
        status = check_institution(&input->institutions[i], i, error);
    }
    for (uint32_t i = 0; i < input->need_count && status == RQ_OK; i++) {
        status = check_need(input, i, last_wish, error);
    }
    free(last_wish);
    if (status == RQ_OK && input->institution_count > 0) {
        status = check_repeated(input->institutions[0].id, sizeof *input->institutions,
                                input->institution_count, "institutions", error);
    }
    if (status == RQ_OK && input->need_count > 0) {
        status = check_repeated(input->needs[0].id, sizeof *input->needs, input->need_count, "needs", error);
    }
    return status;
}

/* ---- step 1: the order of ties ---- */

typedef struct tie {
    uint64_t draw; /* the first eight bytes of the digest, big-endian */
    uint32_t turn; /* longer waits first, first loans before others */
    uint32_t need;
} tie;

static uint32_t turn_of(const rq_round_need *need)
{
    return (uint32_t)(RQ_ROUND_WAIT_MAX_DAYS - need->waited_days) * 2 + (need->is_first_loan ? 0 : 1);
}

static rq_status draw_lot(const char *seed, const char *id, uint64_t *out_draw, rq_error *error)
{
    char text[RQ_ROUND_SEED_TEXT + RQ_ROUND_ID_TEXT];
    uint8_t digest[RQ_SHA256_BYTES];
    size_t seed_length = strlen(seed), id_length = strlen(id);
    memcpy(text, seed, seed_length);
    memcpy(text + seed_length, id, id_length);
    rq_status status = rq_sha256(text, seed_length + id_length, digest, error);
    for (int i = 0; i < 8; i++) {
        *out_draw = *out_draw << 8 | digest[i];
    }
    return status;
}

/* qsort_r's order; `needs` settles what eight bytes leave open. */
static int compare_ties(const void *left, const void *right, void *needs)
{
    const tie *a = left, *b = right;
    const rq_round_need *all = needs;
    if (a->turn != b->turn) {
        return a->turn < b->turn ? -1 : 1;
    }
    if (a->draw != b->draw) {
        return a->draw < b->draw ? -1 : 1;
    }
    return strcmp(all[a->need].id, all[b->need].id);
}

rq_status rq_round_order(const rq_round_input *input, uint32_t *out_by_place, rq_error *error)
{
    rq_status status = RQ_OK;
    tie *ties = calloc((size_t)input->need_count + 1, sizeof *ties);
    if (ties == NULL) {
        return rq_fail(error, RQ_NOMEM, "no memory to order %u needs", input->need_count);
    }
    for (uint32_t i = 0; i < input->need_count && status == RQ_OK; i++) {
        ties[i].need = i;
        ties[i].turn = turn_of(&input->needs[i]);
        status = draw_lot(input->seed, input->needs[i].id, &ties[i].draw, error);
    }
    if (status == RQ_OK) {
        qsort_r(ties, input->need_count, sizeof *ties, compare_ties, (void *)input->needs);
        for (uint32_t place = 0; place < input->need_count; place++) {
            out_by_place[place] = ties[place].need;
        }
    }
    free(ties);
    return status;
}

/* ---- step 2: the slots ---- */

typedef struct share {
    uint64_t claim;
    uint64_t rest; /* of seats * claim / claims */
    uint32_t institution;
    uint32_t seats;
} share;

static int compare_rests(const void *left, const void *right)
{
    const share *a = left, *b = right;
    if (a->rest != b->rest) {
        return a->rest > b->rest ? -1 : 1;
    }
    return a->institution < b->institution ? -1 : a->institution > b->institution;
}

/* Shares `seats` by the claims, largest remainders first; with enough for all, all get what they claim. */
static void share_out(share *shares, size_t count, uint64_t seats)
{
    uint64_t claims = 0, given = 0;
    for (size_t i = 0; i < count; i++) {
        claims += shares[i].claim;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned __int128 product = (unsigned __int128)seats * shares[i].claim;
        bool is_enough = claims <= seats;
        shares[i].seats = (uint32_t)(is_enough ? shares[i].claim : (uint64_t)(product / claims));
        shares[i].rest = is_enough ? 0 : (uint64_t)(product % claims);
        given += shares[i].seats;
    }
    if (claims > seats) {
        qsort(shares, count, sizeof *shares, compare_rests);
        for (size_t i = 0; given < seats; i++, given++) {
            shares[i].seats++;
        }
    }
}

rq_status rq_round_share_slots(const rq_round_input *input, uint32_t *out_slots)
{
    uint32_t count = input->institution_count;
    for (uint32_t i = 0; i < count; i++) {
        out_slots[i] = input->slots_total == 0 ? input->institutions[i].slots : 0;
    }
    if (input->slots_total == 0) {
        return RQ_OK;
    }
    share *shares = calloc((size_t)count + 1, sizeof *shares);
    if (shares == NULL) {
        return RQ_NOMEM;
    }
    for (int pass = 0; pass < 2; pass++) {
        /* First the slots kept for local institutions, then the rest for all. */
        bool is_kept = pass == 0;
        for (uint32_t i = 0; i < count; i++) {
            bool may_claim = !is_kept || input->institutions[i].is_local;
            uint64_t claim = may_claim ? input->institutions[i].slots - out_slots[i] : 0;
            shares[i] = (share){.claim = claim, .institution = i};
        }
        share_out(shares, count, is_kept ? input->slots_local : input->slots_total - input->slots_local);
        for (uint32_t i = 0; i < count; i++) {
            out_slots[shares[i].institution] += shares[i].seats;
        }
    }
    free(shares);
    return RQ_OK;
}

/* ---- why not ---- */

rq_round_ahead rq_round_explain(const rq_round_input *input, const rq_round_result *result, uint32_t need,
                                uint32_t wish)
{
    const rq_round_need *mine = &input->needs[need];
    const rq_round_wish *asked = &input->wishes[mine->wish_from + wish];
    uint32_t last = result->places[asked->institution].last;
    if (last == RQ_ROUND_NONE) {
        return RQ_ROUND_BY_NOBODY;
    }
    const rq_round_need *other = &input->needs[last];
    int32_t score_ppm = input->wishes[other->wish_from + result->granted[last]].score_ppm;
    if (score_ppm / input->band_ppm != asked->score_ppm / input->band_ppm) {
        return RQ_ROUND_BY_SCORE;
    }
    if (other->waited_days != mine->waited_days) {
        return RQ_ROUND_BY_WAIT;
    }
    return other->is_first_loan != mine->is_first_loan ? RQ_ROUND_BY_FIRST_LOAN : RQ_ROUND_BY_DRAW;
}
