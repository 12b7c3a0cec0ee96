/* Random small rounds against the definition of stability by brute force, and the independent pass against
 * the same definition on results that are not stable. */
#include "round_support.h"

enum { ROUNDS = 10000, SMALL_NEEDS = 6, SMALL_INSTITUTIONS = 4 };

static void slots_of(const round_world *world, const rq_round_result *result, uint32_t *out_slots)
{
    for (uint32_t i = 0; i < world->input.institution_count; i++)
        out_slots[i] = result->places[i].slots;
}

/* Grants number `code` of all that are possible; false when there are no more. */
static bool grants_of_code(const round_world *world, uint64_t code, uint32_t *out_granted)
{
    for (uint32_t n = 0; n < world->input.need_count; n++) {
        uint32_t choices = world->needs[n].wish_count + 1;
        out_granted[n] = code % choices == choices - 1 ? RQ_ROUND_NONE : (uint32_t)(code % choices);
        code /= choices;
    }
    return code == 0;
}

/* RQ_ROUND_NONE is the largest, so less is better. */
static void random_round_is_the_best_stable_result_for_every_need(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned with_others = 0, by_money = 0, by_limit = 0;
    for (int round = 0; round < ROUNDS; round++) {
        round_world world;
        uint32_t slots[SMALL_INSTITUTIONS], granted[SMALL_NEEDS];
        draw_round(&world, &seed, 1 + (uint32_t)draw_below(&seed, SMALL_NEEDS),
                   1 + (uint32_t)draw_below(&seed, SMALL_INSTITUTIONS));
        rq_round_result *result = run_round(&world);
        slots_of(&world, result, slots);
        assert_int_equal(blocking_pairs(&world, slots, result->granted), 0);
        unsigned stable = 0;
        for (uint64_t code = 0; grants_of_code(&world, code, granted); code++) {
            if (blocking_pairs(&world, slots, granted) != 0)
                continue;
            stable++;
            for (uint32_t n = 0; n < world.input.need_count; n++)
                assert_true(result->granted[n] <= granted[n]);
        }
        assert_in_range(stable, 1, 1000);
        with_others += stable > 1;
        by_limit += world.input.slots_total > 0;
        for (uint32_t i = 0; i < world.input.institution_count; i++)
            by_money += result->places[i].full == RQ_ROUND_MONEY && result->places[i].taken > 0;
        rq_round_free(result);
    }
    /* The draw hits what it is meant to hit. */
    assert_in_range(with_others, 20, ROUNDS);
    assert_in_range(by_money, 200, ROUNDS * SMALL_INSTITUTIONS);
    assert_in_range(by_limit, 200, ROUNDS);
}

static void pass_counts_the_blocking_pairs_of_any_grants(void **state)
{
    (void)state;
    uint64_t seed = 7;
    unsigned blocked = 0, unfit = 0;
    for (int round = 0; round < ROUNDS; round++) {
        round_world world;
        uint32_t slots[INSTITUTIONS_MAX];
        rq_round_proof proof;
        draw_round(&world, &seed, 20, 6);
        rq_round_result *result = run_round(&world);
        slots_of(&world, result, slots);
        for (uint32_t n = 0; n < 20; n++)
            if (draw_below(&seed, 4) == 0)
                result->granted[n] = draw_below(&seed, 2) == 0 || world.needs[n].wish_count == 0
                                         ? RQ_ROUND_NONE
                                         : (uint32_t)draw_below(&seed, world.needs[n].wish_count);
        uint32_t expected = blocking_pairs(&world, slots, result->granted);
        assert_int_equal(rq_round_check(&world.input, result, &proof, NULL), RQ_OK);
        if (expected == UINT32_MAX) {
            assert_true(proof.overfull > 0);
            unfit++;
        } else {
            assert_int_equal(proof.blocking_pairs, expected);
            assert_int_equal(proof.overfull, 0);
            blocked += expected > 0;
        }
        rq_round_free(result);
    }
    assert_in_range(blocked, 200, ROUNDS);
    assert_in_range(unfit, 200, ROUNDS);
}

static void pass_finds_what_is_forged(void **state)
{
    (void)state;
    round_world world;
    rq_round_proof proof;
    uint64_t seed = 3;
    draw_round(&world, &seed, 30, 8);
    world.institutions[0].slots = 3;
    world.institutions[0].money_fen = RQ_ROUND_NO_LIMIT;
    rq_round_result *result = run_round(&world);
#define FORGED(field, value, found)                                                                          \
    do {                                                                                                     \
        __typeof__(field) kept_value = (field);                                                              \
        (field) = (value);                                                                                   \
        assert_int_equal(rq_round_check(&world.input, result, &proof, NULL), RQ_OK);                         \
        assert_true(proof.found > 0);                                                                        \
        assert_false(rq_round_proof_holds(&proof));                                                          \
        (field) = kept_value;                                                                                \
    } while (0)
    FORGED(result->granted[0], WISHES_MAX, unfit_grants);
    FORGED(result->places[0].taken, 99, wrong_places);
    FORGED(result->places[0].taken_fen, 1, wrong_places);
    FORGED(result->places[0].last, 77, wrong_places);
    FORGED(result->places[0].slots, 99, wrong_slots);
    FORGED(result->places[0].slots, 1, overfull);
#undef FORGED
    assert_int_equal(rq_round_check(&world.input, result, &proof, NULL), RQ_OK);
    assert_true(rq_round_proof_holds(&proof));
    rq_round_free(result);
}

static void order_of_the_lists_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (int round = 0; round < 300; round++) {
        round_world world, turned;
        draw_round(&world, &seed, 40, 6);
        world.input.slots_total = world.input.slots_local =
            0; /* the rest of a share goes by place in the list */
        turned = world;
        turned.input.needs = turned.needs;
        turned.input.wishes = turned.wishes;
        turned.input.institutions = turned.institutions;
        for (uint32_t n = 0; n < 40; n++)
            turned.needs[n] = world.needs[39 - n];
        for (uint32_t i = 0; i < 6; i++)
            turned.institutions[i] = world.institutions[5 - i];
        for (size_t w = 0; w < turned.input.wish_count; w++)
            turned.wishes[w].institution = 5 - world.wishes[w].institution;
        rq_round_result *one = run_round(&world), *other = run_round(&turned);
        for (uint32_t n = 0; n < 40; n++)
            assert_int_equal(one->granted[n], other->granted[39 - n]);
        assert_int_equal(one->proposals, other->proposals);
        rq_round_free(one);
        rq_round_free(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_round_is_the_best_stable_result_for_every_need),
        cmocka_unit_test(pass_counts_the_blocking_pairs_of_any_grants),
        cmocka_unit_test(pass_finds_what_is_forged),
        cmocka_unit_test(order_of_the_lists_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
