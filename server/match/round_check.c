/* The independent pass over a round's result. It knows the rule (rongqiao/round.h) and nothing of how the run
 * goes about it: it lays out what each institution took in its order of priority, with the money before each,
 * and then asks for every wish that a need would rather have whether the institution would choose it. */
#include <stdlib.h>
#include <string.h>

#include "rongqiao/round.h"

/* A need as one institution ranks it. */
typedef struct taker {
    int32_t band;
    int32_t waited_days;
    bool is_first_loan;
    uint8_t lot[8]; /* of SHA-256(seed, id) */
    const char *id;
    int64_t amount_fen;
    int64_t before_fen; /* money taken by those ahead of it */
} taker;

typedef struct review {
    const rq_round_input *input;
    const rq_round_result *result;
    uint8_t (*lots)[8]; /* by need */
    taker *claims;      /* what the institutions took, one institution after the other, each in order */
    size_t *from;       /* by institution, where its claims begin; one more at the end */
    rq_round_proof *proof;
} review;

static taker claim_of(const review *look, uint32_t index, int32_t score_ppm)
{
    const rq_round_need *need = &look->input->needs[index];
    taker claim = {.band = score_ppm / look->input->band_ppm,
                   .waited_days = need->waited_days,
                   .is_first_loan = need->is_first_loan,
                   .id = need->id,
                   .amount_fen = need->amount_fen};
    memcpy(claim.lot, look->lots[index], sizeof claim.lot);
    return claim;
}

/* Negative when `left` goes before `right`. */
static int compare_claims(const void *left, const void *right)
{
    const taker *a = left, *b = right;
    if (a->band != b->band) {
        return a->band > b->band ? -1 : 1;
    }
    if (a->waited_days != b->waited_days) {
        return a->waited_days > b->waited_days ? -1 : 1;
    }
    if (a->is_first_loan != b->is_first_loan) {
        return a->is_first_loan ? -1 : 1;
    }
    int lots = memcmp(a->lot, b->lot, sizeof a->lot);
    return lots != 0 ? lots : strcmp(a->id, b->id);
}

static rq_status draw_lots(review *look, rq_error *error)
{
    const rq_round_input *input = look->input;
    rq_status status = RQ_OK;
    for (uint32_t i = 0; i < input->need_count && status == RQ_OK; i++) {
        char text[RQ_ROUND_SEED_TEXT + RQ_ROUND_ID_TEXT + 1];
        uint8_t digest[RQ_SHA256_BYTES];
        int length = snprintf(text, sizeof text, "%s%s", input->seed, input->needs[i].id);
        status = rq_sha256(text, (size_t)length, digest, error);
        memcpy(look->lots[i], digest, sizeof look->lots[i]);
    }
    return status;
}

/* The institution that the result grants to a need, or RQ_ROUND_NONE; `out_wish` gets the wish. */
static uint32_t grant_of(const review *look, uint32_t need, const rq_round_wish **out_wish)
{
    uint32_t granted = look->result->granted[need];
    if (granted >= look->input->needs[need].wish_count) {
        return RQ_ROUND_NONE;
    }
    *out_wish = &look->input->wishes[look->input->needs[need].wish_from + granted];
    return (*out_wish)->institution;
}

/* Counts what each institution took into from[i + 1], and adds it up. */
static void count_claims(review *look)
{
    const rq_round_wish *wish = NULL;
    for (uint32_t need = 0; need < look->input->need_count; need++) {
        uint32_t institution = grant_of(look, need, &wish);
        if (institution != RQ_ROUND_NONE) {
            look->from[institution + 1]++;
        } else if (look->result->granted[need] != RQ_ROUND_NONE) {
            look->proof->unfit_grants++;
        }
    }
    for (uint32_t i = 0; i < look->input->institution_count; i++) {
        look->from[i + 1] += look->from[i];
    }
}

/* `next` is a copy of the beginnings. */
static void lay_out(review *look, size_t *next)
{
    const rq_round_wish *wish = NULL;
    for (uint32_t need = 0; need < look->input->need_count; need++) {
        uint32_t institution = grant_of(look, need, &wish);
        if (institution != RQ_ROUND_NONE) {
            look->claims[next[institution]++] = claim_of(look, need, wish->score_ppm);
        }
    }
    for (uint32_t i = 0; i < look->input->institution_count; i++) {
        taker *mine = look->claims + look->from[i];
        size_t count = look->from[i + 1] - look->from[i];
        qsort(mine, count, sizeof *mine, compare_claims);
        for (size_t k = 1; k < count; k++) {
            mine[k].before_fen = mine[k - 1].before_fen + mine[k - 1].amount_fen;
        }
    }
}

static void check_places(review *look)
{
    for (uint32_t i = 0; i < look->input->institution_count; i++) {
        const rq_round_place *place = &look->result->places[i];
        const taker *mine = look->claims + look->from[i];
        size_t count = look->from[i + 1] - look->from[i];
        int64_t money_fen = look->input->institutions[i].money_fen;
        bool has_money = money_fen != RQ_ROUND_NO_LIMIT;
        int64_t taken_fen = count == 0 ? 0 : mine[count - 1].before_fen + mine[count - 1].amount_fen;
        rq_round_full full = RQ_ROUND_OPEN;
        if (count >= place->slots) {
            full = RQ_ROUND_SLOTS;
        } else if (has_money && taken_fen >= money_fen) {
            full = RQ_ROUND_MONEY;
        }
        if (count > place->slots || (count > 0 && has_money && mine[count - 1].before_fen >= money_fen)) {
            look->proof->overfull++;
        }
        bool is_last = count == 0 ? place->last == RQ_ROUND_NONE
                                  : place->last < look->input->need_count &&
                                        strcmp(look->input->needs[place->last].id, mine[count - 1].id) == 0;
        if (place->taken != count || place->taken_fen != taken_fen || place->full != full || !is_last) {
            look->proof->wrong_places++;
        }
    }
}

/* Step 2 by its properties: nobody has more than it offers; the others together have no more than what is not
 * kept; all is given away that is asked for; and nobody lacks a slot that a smaller claim was given beyond
 * its share (two shares, so two roundings). */
static void check_slots(review *look)
{
    const rq_round_input *input = look->input;
    uint64_t offered = 0, offered_local = 0, given = 0, given_others = 0;
    for (uint32_t i = 0; i < input->institution_count; i++) {
        const rq_round_institution *it = &input->institutions[i];
        offered += it->slots;
        offered_local += it->is_local ? it->slots : 0;
        given += look->result->places[i].slots;
        given_others += it->is_local ? 0 : look->result->places[i].slots;
        bool is_wrong = input->slots_total == 0 ? look->result->places[i].slots != it->slots
                                                : look->result->places[i].slots > it->slots;
        look->proof->wrong_slots += is_wrong;
    }
    if (input->slots_total == 0) {
        return;
    }
    uint64_t kept = offered_local < input->slots_local ? offered_local : input->slots_local;
    uint64_t shared = input->slots_total - input->slots_local, wanted = offered - kept;
    uint64_t pool = wanted < shared ? wanted : shared;
    look->proof->wrong_slots += given != kept + pool;
    look->proof->wrong_slots += given_others > shared;
    for (uint32_t i = 0; i < input->institution_count; i++) {
        const rq_round_institution *it = &input->institutions[i];
        double own = it->is_local && offered_local > 0 ? (double)kept * it->slots / (double)offered_local : 0;
        double share = own + (wanted > 0 ? (double)pool * (it->slots - own) / (double)wanted : 0);
        double off = share - look->result->places[i].slots;
        look->proof->wrong_slots += off > 2 || off < -2;
    }
}

/* Whether the institution would choose a need beside those it took: how many are ahead, and their money. */
static bool would_choose(const review *look, uint32_t institution, const taker *claim)
{
    const taker *mine = look->claims + look->from[institution];
    size_t low = 0, count = look->from[institution + 1] - look->from[institution], high = count;
    int64_t money_fen = look->input->institutions[institution].money_fen;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_claims(&mine[middle], claim) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    int64_t before_fen = low < count ? mine[low].before_fen
                         : count > 0 ? mine[count - 1].before_fen + mine[count - 1].amount_fen
                                     : 0;
    return low < look->result->places[institution].slots &&
           (money_fen == RQ_ROUND_NO_LIMIT || before_fen < money_fen);
}

static void count_blocking(review *look)
{
    for (uint32_t index = 0; index < look->input->need_count; index++) {
        const rq_round_need *need = &look->input->needs[index];
        uint32_t granted = look->result->granted[index];
        uint32_t better = granted < need->wish_count ? granted : need->wish_count;
        for (uint32_t k = 0; k < better; k++) {
            const rq_round_wish *wish = &look->input->wishes[need->wish_from + k];
            taker claim = claim_of(look, index, wish->score_ppm);
            look->proof->blocking_pairs += would_choose(look, wish->institution, &claim);
        }
    }
    look->proof->needs = look->input->need_count;
}

rq_status rq_round_check(const rq_round_input *input, const rq_round_result *result,
                         rq_round_proof *out_proof, rq_error *error)
{
    review look = {.input = input, .result = result, .proof = out_proof};
    size_t *next = NULL;
    *out_proof = (rq_round_proof){0};
    rq_status status = rq_round_input_check(input, error);
    if (status != RQ_OK) {
        return status;
    }
    size_t institutions = (size_t)input->institution_count + 1;
    look.lots = calloc((size_t)input->need_count + 1, sizeof *look.lots);
    look.claims = calloc((size_t)input->need_count + 1, sizeof *look.claims);
    look.from = calloc(institutions, sizeof *look.from);
    next = calloc(institutions, sizeof *next);
    if (look.lots == NULL || look.claims == NULL || look.from == NULL || next == NULL) {
        status = rq_fail(error, RQ_NOMEM, "no memory to check %u needs", input->need_count);
    } else {
        status = draw_lots(&look, error);
    }
    if (status == RQ_OK) {
        count_claims(&look);
        memcpy(next, look.from, institutions * sizeof *next);
        lay_out(&look, next);
        check_places(&look);
        check_slots(&look);
        count_blocking(&look);
    }
    free(look.lots);
    free(look.claims);
    free(look.from);
    free(next);
    return status;
}

bool rq_round_proof_holds(const rq_round_proof *proof)
{
    return proof->blocking_pairs == 0 && proof->unfit_grants == 0 && proof->overfull == 0 &&
           proof->wrong_slots == 0 && proof->wrong_places == 0;
}
