#include "round_support.h"

void round_init(round_world *world)
{
    *world = (round_world){.input = {.band_ppm = 10000, .seed = "seed"}};
    world->input.institutions = world->institutions;
    world->input.needs = world->needs;
    world->input.wishes = world->wishes;
}

uint32_t add_institution(round_world *world, const char *id, uint32_t slots)
{
    uint32_t index = world->input.institution_count++;
    assert_in_range(index, 0, INSTITUTIONS_MAX - 1);
    rq_round_institution *it = &world->institutions[index];
    snprintf(it->id, sizeof it->id, "%s", id);
    it->slots = slots;
    it->money_fen = RQ_ROUND_NO_LIMIT;
    return index;
}

uint32_t add_need(round_world *world, const char *id)
{
    uint32_t index = world->input.need_count++;
    assert_in_range(index, 0, NEEDS_MAX - 1);
    rq_round_need *need = &world->needs[index];
    snprintf(need->id, sizeof need->id, "%s", id);
    need->amount_fen = 100;
    need->wish_from = (uint32_t)world->input.wish_count;
    return index;
}

void add_wish(round_world *world, uint32_t institution, int32_t score_ppm)
{
    rq_round_need *need = &world->needs[world->input.need_count - 1];
    assert_in_range(need->wish_count, 0, WISHES_MAX - 1);
    world->wishes[world->input.wish_count++] = (rq_round_wish){institution, score_ppm};
    need->wish_count++;
}

rq_round_result *run_round(const round_world *world)
{
    rq_round_result *result = NULL;
    rq_round_proof proof;
    rq_error error = {0};
    if (rq_round_run(&world->input, &result, &error) != RQ_OK)
        fail_msg("%s", error.message);
    if (rq_round_check(&world->input, result, &proof, &error) != RQ_OK)
        fail_msg("%s", error.message);
    if (!rq_round_proof_holds(&proof))
        fail_msg("blocking %llu unfit %u overfull %u slots %u places %u",
                 (unsigned long long)proof.blocking_pairs, proof.unfit_grants, proof.overfull,
                 proof.wrong_slots, proof.wrong_places);
    assert_int_equal(proof.needs, world->input.need_count);
    return result;
}

uint32_t institution_of(const round_world *world, const rq_round_result *result, uint32_t need)
{
    uint32_t granted = result->granted[need];
    return granted == RQ_ROUND_NONE ? RQ_ROUND_NONE
                                    : world->wishes[world->needs[need].wish_from + granted].institution;
}

uint64_t draw_below(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

void draw_round(round_world *world, uint64_t *state, uint32_t needs, uint32_t institutions)
{
    uint64_t bands = draw_below(state, 2) == 0 ? 3 : 50; /* many ties, or hardly any */
    round_init(world);
    for (uint32_t i = 0; i < institutions; i++) {
        char id[16];
        snprintf(id, sizeof id, "b%u", i);
        add_institution(world, id, (uint32_t)draw_below(state, 3));
        world->institutions[i].is_local = draw_below(state, 2) == 0;
        if (draw_below(state, 2) == 0)
            world->institutions[i].money_fen = (int64_t)draw_below(state, 500);
    }
    if (draw_below(state, 3) == 0) {
        world->input.slots_total = 1 + (uint32_t)draw_below(state, 6);
        world->input.slots_local = (uint32_t)draw_below(state, world->input.slots_total + 1);
    }
    for (uint32_t n = 0; n < needs; n++) {
        char id[16];
        snprintf(id, sizeof id, "e%u", n);
        add_need(world, id);
        world->needs[n].amount_fen = 50 + (int64_t)draw_below(state, 5) * 60;
        world->needs[n].waited_days = (int32_t)draw_below(state, 2);
        world->needs[n].is_first_loan = draw_below(state, 3) == 0;
        uint32_t wished = 0;
        for (uint64_t k = draw_below(state, institutions + 1); k > 0; k--) {
            uint32_t institution = (uint32_t)draw_below(state, institutions);
            if ((wished >> institution & 1) == 0)
                add_wish(world, institution,
                         (int32_t)draw_below(state, bands) * 10000 + (int32_t)draw_below(state, 10000));
            wished |= 1U << institution;
        }
    }
}

static const rq_round_wish *wish_for(const round_world *world, uint32_t institution, uint32_t need)
{
    const rq_round_need *it = &world->needs[need];
    for (uint32_t k = 0; k < it->wish_count; k++)
        if (world->wishes[it->wish_from + k].institution == institution)
            return &world->wishes[it->wish_from + k];
    fail_msg("need %u does not wish for %u", need, institution);
    return NULL;
}

bool goes_first(const round_world *world, uint32_t institution, uint32_t left, uint32_t right)
{
    const rq_round_need *a = &world->needs[left], *b = &world->needs[right];
    int32_t left_band = wish_for(world, institution, left)->score_ppm / world->input.band_ppm;
    int32_t right_band = wish_for(world, institution, right)->score_ppm / world->input.band_ppm;
    if (left_band != right_band)
        return left_band > right_band;
    if (a->waited_days != b->waited_days)
        return a->waited_days > b->waited_days;
    if (a->is_first_loan != b->is_first_loan)
        return a->is_first_loan;
    uint8_t lots[2][RQ_SHA256_BYTES];
    for (int i = 0; i < 2; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s%s", world->input.seed, i == 0 ? a->id : b->id);
        assert_int_equal(rq_sha256(text, strlen(text), lots[i], NULL), RQ_OK);
    }
    return memcmp(lots[0], lots[1], 8) < 0;
}

bool chooses(const round_world *world, uint32_t institution, uint32_t slots, const bool *asking,
             uint32_t need)
{
    const rq_round_institution *it = &world->institutions[institution];
    uint32_t ahead = 0;
    int64_t ahead_fen = 0;
    for (uint32_t other = 0; other < world->input.need_count; other++) {
        if (asking[other] && other != need && goes_first(world, institution, other, need)) {
            ahead++;
            ahead_fen += world->needs[other].amount_fen;
        }
    }
    /* Those ahead that are not chosen leave nothing for whoever comes after them. */
    return ahead < slots && (it->money_fen == RQ_ROUND_NO_LIMIT || ahead_fen < it->money_fen);
}

uint32_t blocking_pairs(const round_world *world, const uint32_t *slots, const uint32_t *granted)
{
    uint32_t blocking = 0;
    for (uint32_t i = 0; i < world->input.institution_count; i++) {
        bool taken[NEEDS_MAX] = {0};
        for (uint32_t n = 0; n < world->input.need_count; n++)
            taken[n] = granted[n] != RQ_ROUND_NONE &&
                       world->wishes[world->needs[n].wish_from + granted[n]].institution == i;
        for (uint32_t n = 0; n < world->input.need_count; n++)
            if (taken[n] && !chooses(world, i, slots[i], taken, n))
                return UINT32_MAX;
        for (uint32_t n = 0; n < world->input.need_count; n++)
            for (uint32_t k = 0; k < world->needs[n].wish_count && k < granted[n]; k++)
                if (world->wishes[world->needs[n].wish_from + k].institution == i)
                    blocking += chooses(world, i, slots[i], taken, n);
    }
    return blocking;
}
