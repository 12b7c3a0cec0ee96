/* The rule of a round, part by part, on rounds small enough to follow by hand. */
#include "round_support.h"

/* Domain reference 4.4: five firms, banks with two, one and one slot. The places on the banks' lists are
 * scores. */
static void vector_init(round_world *world)
{
    static const char *const lists[3] = {"34125", "1543", "2315"};
    static const char *const wishes[5] = {"ABC", "AC", "BAC", "AB", "CBA"};
    static const uint32_t slots[3] = {2, 1, 1};
    round_init(world);
    for (int i = 0; i < 3; i++)
        add_institution(world, (const char[]){(char)('A' + i), 0}, slots[i]);
    for (int n = 0; n < 5; n++) {
        add_need(world, (const char[]){'e', (char)('1' + n), 0});
        for (const char *wish = wishes[n]; *wish; wish++) {
            const char *list = lists[*wish - 'A'], *at = strchr(list, '1' + n);
            assert_non_null(at);
            add_wish(world, (uint32_t)(*wish - 'A'), 900000 - (int32_t)(at - list) * 100000);
        }
    }
}

static void reference_vector_gives_its_result(void **state)
{
    (void)state;
    const uint32_t expected[5] = {1, 2, 0, 0, RQ_ROUND_NONE};
    round_world world;
    vector_init(&world);
    rq_round_result *result = run_round(&world);
    for (uint32_t n = 0; n < 5; n++)
        assert_int_equal(institution_of(&world, result, n), expected[n]);
    assert_int_equal(result->matched, 4);
    rq_round_free(result);
}

static void reference_vector_has_no_other_stable_result(void **state)
{
    (void)state;
    const uint32_t slots[3] = {2, 1, 1};
    round_world world;
    vector_init(&world);
    rq_round_result *result = run_round(&world);
    unsigned stable = 0, all = 0;
    uint32_t granted[5] = {0};
    for (uint32_t code = 0; code < 4 * 3 * 4 * 3 * 4; code++, all++) {
        uint32_t rest = code;
        for (uint32_t n = 0; n < 5; n++) {
            uint32_t choices = world.needs[n].wish_count + 1;
            granted[n] = rest % choices == choices - 1 ? RQ_ROUND_NONE : rest % choices;
            rest /= choices;
        }
        if (blocking_pairs(&world, slots, granted) == 0) {
            assert_memory_equal(granted, result->granted, sizeof granted);
            stable++;
        }
    }
    assert_int_equal(all, 576);
    assert_int_equal(stable, 1);
    rq_round_free(result);
}

static void refused_need_is_told_by_what(void **state)
{
    (void)state;
    round_world world;
    vector_init(&world);
    rq_round_result *result = run_round(&world);
    for (uint32_t k = 0; k < 3; k++)
        assert_int_equal(rq_round_explain(&world.input, result, 4, k), RQ_ROUND_BY_SCORE);
    assert_int_equal(result->places[0].full, RQ_ROUND_SLOTS);
    assert_int_equal(result->places[0].taken, 2);
    assert_int_equal(result->places[0].last, 3);
    rq_round_free(result);
}

/* `count` needs that wish for one institution, all with the same score. */
static void queue_init(round_world *world, uint32_t slots, uint32_t count)
{
    round_init(world);
    add_institution(world, "bank", slots);
    for (uint32_t n = 0; n < count; n++) {
        char id[16];
        snprintf(id, sizeof id, "e%u", n);
        add_need(world, id);
        add_wish(world, 0, 500000);
    }
}

static void longest_wait_goes_first_among_equal_bands(void **state)
{
    (void)state;
    round_world world;
    queue_init(&world, 1, 3);
    world.needs[0].waited_days = 10;
    world.needs[1].waited_days = 11;
    world.needs[2].waited_days = 3;
    world.wishes[0].score_ppm = 509999; /* the same band of one point as 500,000 */
    world.needs[0].is_first_loan = true;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->granted[1], 0);
    assert_int_equal(result->matched, 1);
    assert_int_equal(rq_round_explain(&world.input, result, 0, 0), RQ_ROUND_BY_WAIT);
    rq_round_free(result);
    world.wishes[0].score_ppm = 510000; /* the next band */
    result = run_round(&world);
    assert_int_equal(result->granted[0], 0);
    assert_int_equal(rq_round_explain(&world.input, result, 1, 0), RQ_ROUND_BY_SCORE);
    rq_round_free(result);
}

static void first_loan_goes_first_among_equal_waits(void **state)
{
    (void)state;
    round_world world;
    queue_init(&world, 1, 3);
    world.needs[2].is_first_loan = true;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->granted[2], 0);
    assert_int_equal(rq_round_explain(&world.input, result, 0, 0), RQ_ROUND_BY_FIRST_LOAN);
    rq_round_free(result);
}

static void lot_of_the_seed_decides_what_is_left(void **state)
{
    (void)state;
    round_world world;
    queue_init(&world, 1, 8);
    unsigned winners = 0;
    for (int seed = 0; seed < 40; seed++) {
        char text[16];
        snprintf(text, sizeof text, "%d", seed);
        world.input.seed = text;
        rq_round_result *result = run_round(&world);
        uint32_t winner = result->places[0].last;
        for (uint32_t n = 0; n < 8; n++)
            assert_true(n == winner || goes_first(&world, 0, winner, n));
        assert_int_equal(rq_round_explain(&world.input, result, winner == 0 ? 1 : 0, 0), RQ_ROUND_BY_DRAW);
        winners |= 1U << winner;
        rq_round_free(result);
    }
    assert_int_equal(winners, 0xff); /* with 40 seeds everyone wins once: no need is favoured by its place */
}

static void money_is_overfilled_by_less_than_the_last_loan(void **state)
{
    (void)state;
    round_world world;
    queue_init(&world, 10, 4);
    world.institutions[0].money_fen = 250;
    for (uint32_t n = 0; n < 4; n++)
        world.wishes[n].score_ppm = 900000 - (int32_t)n * 100000;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->places[0].taken, 3);
    assert_int_equal(result->places[0].taken_fen, 300);
    assert_int_equal(result->places[0].full, RQ_ROUND_MONEY);
    assert_int_equal(result->granted[3], RQ_ROUND_NONE);
    rq_round_free(result);
    world.institutions[0].money_fen = 200; /* exactly two */
    result = run_round(&world);
    assert_int_equal(result->places[0].taken_fen, 200);
    rq_round_free(result);
}

static void better_large_loan_pushes_out_several_small_ones(void **state)
{
    (void)state;
    round_world world;
    queue_init(&world, 10, 4);
    world.institutions[0].money_fen = 250;
    world.needs[3].amount_fen = 240;
    world.wishes[3].score_ppm = 900000;
    for (uint32_t n = 0; n < 3; n++)
        world.wishes[n].score_ppm = 800000 - (int32_t)n * 100000;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->granted[3], 0);
    assert_int_equal(result->granted[0], 0);
    assert_int_equal(result->granted[1], RQ_ROUND_NONE);
    assert_int_equal(result->granted[2], RQ_ROUND_NONE);
    assert_int_equal(result->places[0].taken_fen, 340);
    rq_round_free(result);
}

static void nobody_waits_while_money_and_a_slot_are_left(void **state)
{
    (void)state;
    round_world world;
    queue_init(&world, 2, 3);
    world.institutions[0].money_fen = 1;
    world.needs[0].amount_fen = 1000;
    world.wishes[0].score_ppm = 900000;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->places[0].taken, 1); /* larger than the money, yet nothing was taken before it */
    assert_int_equal(result->granted[0], 0);
    rq_round_free(result);
    world.institutions[0].money_fen = 0;
    result = run_round(&world);
    assert_int_equal(result->matched, 0);
    assert_int_equal(rq_round_explain(&world.input, result, 0, 0), RQ_ROUND_BY_NOBODY);
    assert_int_equal(result->places[0].full, RQ_ROUND_MONEY);
    rq_round_free(result);
}

/* A large bank, two local ones, and needs that would all rather go to the large one. */
static void crowd_init(round_world *world)
{
    round_init(world);
    add_institution(world, "large", 100);
    add_institution(world, "local 1", 6);
    add_institution(world, "local 2", 3);
    world->institutions[1].is_local = world->institutions[2].is_local = true;
    for (uint32_t n = 0; n < 20; n++) {
        char id[16];
        snprintf(id, sizeof id, "e%u", n);
        add_need(world, id);
        add_wish(world, 0, 500000);
        add_wish(world, 1, 500000);
        add_wish(world, 2, 500000);
    }
}

static void kept_slots_go_to_local_institutions(void **state)
{
    (void)state;
    round_world world;
    crowd_init(&world);
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->places[0].taken, 20); /* a round without a limit: the large bank takes all */
    rq_round_free(result);
    world.input.slots_total = 15;
    world.input.slots_local = 6;
    result = run_round(&world);
    /* 6 kept: 4 and 2. The other 9 by claims of 100, 2 and 1: 8.74, 0.17, 0.09. */
    assert_int_equal(result->places[0].taken, 9);
    assert_int_equal(result->places[1].taken, 4);
    assert_int_equal(result->places[2].taken, 2);
    assert_int_equal(result->matched, 15);
    rq_round_free(result);
}

static void kept_slots_that_nobody_local_offers_stay_empty(void **state)
{
    (void)state;
    round_world world;
    crowd_init(&world);
    world.institutions[1].slots = 1;
    world.institutions[2].slots = 0;
    world.input.slots_total = 10;
    world.input.slots_local = 6;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->places[0].slots, 4);
    assert_int_equal(result->places[1].slots, 1);
    assert_int_equal(result->matched, 5);
    rq_round_free(result);
}

static void slots_beyond_what_is_offered_are_not_made(void **state)
{
    (void)state;
    round_world world;
    crowd_init(&world);
    world.input.slots_total = 1000;
    world.input.slots_local = 500;
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->places[0].slots, 100);
    assert_int_equal(result->places[1].slots, 6);
    assert_int_equal(result->places[2].slots, 3);
    rq_round_free(result);
}

static void round_of_nobody_is_a_round(void **state)
{
    (void)state;
    round_world world;
    round_init(&world);
    rq_round_result *result = run_round(&world);
    assert_int_equal(result->matched, 0);
    rq_round_free(result);
    add_need(&world, "alone");
    result = run_round(&world);
    assert_int_equal(result->granted[0], RQ_ROUND_NONE);
    rq_round_free(result);
}

static void assert_refused(const round_world *world, const char *message)
{
    rq_round_result *result = NULL;
    rq_error error = {0};
    assert_int_equal(rq_round_run(&world->input, &result, &error), RQ_INVALID);
    assert_null(result);
    assert_string_equal(error.message, message);
}

static void input_out_of_bounds_is_refused_with_its_place(void **state)
{
    (void)state;
    round_world world;
#define REFUSED(change, message)                                                                             \
    vector_init(&world);                                                                                     \
    change;                                                                                                  \
    assert_refused(&world, message)
    REFUSED(world.input.seed = "", "seed: 1 to 128 bytes");
    REFUSED(world.input.band_ppm = 0, "band_ppm: 1 to 1000000");
    REFUSED(world.input.slots_local = 1, "slots_local: at most slots_total");
    REFUSED(world.institutions[1].id[0] = 0, "institutions[1].id: 1 to 36 bytes");
    REFUSED(world.institutions[1].id[0] = 'A', "institutions[1].id: there twice");
    REFUSED(world.institutions[2].money_fen = -2, "institutions[2].money_fen: out of range");
    REFUSED(world.needs[4].id[1] = '1', "needs[4].id: there twice");
    REFUSED(world.needs[0].amount_fen = 0, "needs[0].amount_fen: out of range");
    REFUSED(world.needs[3].waited_days = -1, "needs[3].waited_days: 0 to 36500");
    REFUSED(world.needs[1].wish_count = 65, "needs[1].wishes: at most 64, within the list");
    REFUSED(world.needs[4].wish_count = 4, "needs[4].wishes: at most 64, within the list");
    REFUSED(world.wishes[1].institution = 3, "needs[0].wishes[1].institution: unknown or repeated");
    REFUSED(world.wishes[1].institution = 0, "needs[0].wishes[1].institution: unknown or repeated");
    REFUSED(world.wishes[4].score_ppm = 1000001, "needs[1].wishes[1].score_ppm: 0 to 1000000");
#undef REFUSED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vector_gives_its_result),
        cmocka_unit_test(reference_vector_has_no_other_stable_result),
        cmocka_unit_test(refused_need_is_told_by_what),
        cmocka_unit_test(longest_wait_goes_first_among_equal_bands),
        cmocka_unit_test(first_loan_goes_first_among_equal_waits),
        cmocka_unit_test(lot_of_the_seed_decides_what_is_left),
        cmocka_unit_test(money_is_overfilled_by_less_than_the_last_loan),
        cmocka_unit_test(better_large_loan_pushes_out_several_small_ones),
        cmocka_unit_test(nobody_waits_while_money_and_a_slot_are_left),
        cmocka_unit_test(kept_slots_go_to_local_institutions),
        cmocka_unit_test(kept_slots_that_nobody_local_offers_stay_empty),
        cmocka_unit_test(slots_beyond_what_is_offered_are_not_made),
        cmocka_unit_test(round_of_nobody_is_a_round),
        cmocka_unit_test(input_out_of_bounds_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
