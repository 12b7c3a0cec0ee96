/* One product before many needs against the same pairs explained one by one. */
#include "match_world.h"
#include "rongqiao/demand.h"

enum { NEEDS = 6000, ASKED = 400, FIRST = 7 };

static bool is_hopeless(const rq_package *package)
{
    bool hopeless = package->fail_count > 2;
    for (size_t i = 0; i < package->check_count; i++) {
        const rq_check *check = &package->checks[i];
        hopeless = hopeless ||
                   (check->hard && check->verdict == RQ_FAIL && check->repair == RQ_INDEX(repair, nobody));
    }
    return hopeless;
}

static void same_count(const rq_reverse_count *ours, const rq_reverse_count *theirs, const char *what, int at)
{
    if (ours->needs != theirs->needs || ours->amount_fen != theirs->amount_fen) {
        fail_msg("product %d: %llu %s, not %llu", at, (unsigned long long)ours->needs, what,
                 (unsigned long long)theirs->needs);
    }
}

/* Explains each pair before a catalogue of this product alone: nobody backs it. */
static void expect(const rq_product *product, const rq_need *needs, size_t count, rq_arena *arena,
                   rq_reverse_result *out, uint32_t first[FIRST])
{
    rq_catalogue *catalogue = catalogue_of(product, 1, NULL, 0);
    rq_reverse_count *counts[3] = {&out->eligible, &out->unknown, &out->near};
    *out = (rq_reverse_result){.considered = 0};
    for (size_t i = 0; i < count; i++) {
        rq_package package;
        bool is_open;
        assert_int_equal(rq_match_explain(catalogue, &needs[i], product->id, arena, &package, &is_open, NULL),
                         RQ_OK);
        out->considered += is_open;
        bool is_shown = is_open && !is_hopeless(&package);
        rq_arena_reset(arena);
        if (!is_shown) {
            continue;
        }
        counts[package.class]->needs++;
        counts[package.class]->amount_fen += needs[i].amount_fen;
        if (package.class == RQ_ELIGIBLE && out->first_count < FIRST) {
            first[out->first_count++] = (uint32_t)i;
        }
    }
    rq_catalogue_unref(catalogue);
}

/* The first round fills more than one block of a province, the second none. */
static rq_demand *demand_of(const world *w, rq_need *needs, size_t count)
{
    rq_demand *demand = NULL;
    assert_int_equal(rq_demand_new(&demand, NULL), RQ_OK);
    for (size_t i = 0; i < count; i++) {
        needs[i] = world_need_at_bounds(w);
        needs[i].as_of = rq_date_from_civil(2026, 11, 24);
        rq_error error = {0};
        if (rq_demand_add(demand, &needs[i], &error) != RQ_OK) {
            fail_msg("%s", error.message);
        }
    }
    assert_int_equal(rq_demand_seal(demand, NULL), RQ_OK);
    assert_int_equal(rq_demand_size(demand), count);
    return demand;
}

static const rq_reverse_options nobody_backs = {
    .lpr_1y_ppm = 30000, .lpr_5y_ppm = 35000, .guarantee = RQ_FAIL, .insurance = RQ_FAIL, .first = FIRST};

static void a_product_meets_the_needs_that_would_meet_it(void **state)
{
    (void)state;
    static world w;
    static rq_need needs[NEEDS];
    size_t eligible = 0, unknown = 0, near = 0;
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    for (int round = 0; round < 2; round++) {
        world_draw_few(&w, 31 + (uint64_t)round, ASKED, 0);
        size_t count = round == 0 ? NEEDS : 200;
        rq_demand *demand = demand_of(&w, needs, count);
        for (int at = 0; at < ASKED; at += round == 0 ? 8 : 1) {
            rq_reverse_result ours, theirs;
            rq_reverse_options options = nobody_backs;
            uint32_t first[FIRST];
            if (w.products[at].kind > RQ_INDEX(kind, equity)) {
                continue;
            }
            options.as_of = rq_date_from_civil(2026, 11, 24);
            assert_int_equal(rq_reverse(demand, &w.products[at], &options, arena, &ours, NULL), RQ_OK);
            assert_true(ours.first_count <= FIRST);
            uint32_t kept[FIRST];
            memcpy(kept, ours.first, ours.first_count * sizeof kept[0]);
            rq_arena_reset(arena);
            expect(&w.products[at], needs, count, arena, &theirs, first);
            assert_int_equal(ours.considered, theirs.considered);
            same_count(&ours.eligible, &theirs.eligible, "eligible", at);
            same_count(&ours.unknown, &theirs.unknown, "unknown", at);
            same_count(&ours.near, &theirs.near, "near", at);
            assert_int_equal(ours.first_count, theirs.first_count);
            assert_memory_equal(kept, first, ours.first_count * sizeof kept[0]);
            eligible += ours.eligible.needs;
            unknown += ours.unknown.needs;
            near += ours.near.needs;
        }
        rq_demand_free(demand);
    }
    assert_true(eligible > 1000 && unknown > 1000 && near > 1000);
    print_message("eligible %zu, lacking facts %zu, near misses %zu\n", eligible, unknown, near);
    rq_arena_free(arena);
}

static void a_laxer_rule_tells_how_many_more_would_qualify(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    rq_rule age = hard_rule(RQ_FACT_age_months, RQ_OP_ge, 24);
    product.rules = &age;
    product.rule_count = 1;
    rq_demand *demand = NULL;
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    assert_int_equal(rq_demand_new(&demand, NULL), RQ_OK);
    for (int months = 1; months <= 36; months++) {
        rq_need need = plain_need();
        know(&need, RQ_FACT_age_months, months);
        assert_int_equal(rq_demand_add(demand, &need, NULL), RQ_OK);
    }
    assert_int_equal(rq_demand_seal(demand, NULL), RQ_OK);
    static const struct {
        bool is_dropped;
        int64_t months, more;
    } steps[] = {{true, 0, 23}, {false, 18, 6}, {false, 12, 12}, {false, 6, 18}};
    rq_outlook outlook;
    assert_int_equal(rq_reverse_outlook(demand, &product, &nobody_backs, arena, &outlook, NULL), RQ_OK);
    assert_int_equal(outlook.now.eligible.needs, 13);
    assert_int_equal(outlook.trial_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(outlook.trials[i].rule, 0);
        assert_int_equal(outlook.trials[i].is_dropped, steps[i].is_dropped);
        assert_int_equal(outlook.trials[i].value, steps[i].months);
        assert_int_equal(outlook.trials[i].more_needs, steps[i].more);
        assert_int_equal(outlook.trials[i].more_fen, steps[i].more * 100 * WAN);
    }
    rq_demand_free(demand);
    rq_arena_free(arena);
}

/* The product with one term looser, made here once more from what the trial says. */
static rq_product loosened(const rq_product *product, const rq_trial *trial, rq_rule rules[64])
{
    rq_product changed = *product;
    if (trial->rule < 0) {
        int64_t *bound = strcmp(trial->bound, "amount_min_fen") == 0    ? &changed.amount_min_fen
                         : strcmp(trial->bound, "amount_max_fen") == 0  ? &changed.amount_max_fen
                         : strcmp(trial->bound, "term_min_months") == 0 ? &changed.term_min_months
                                                                        : &changed.term_max_months;
        *bound = trial->is_dropped ? RQ_UNSET : trial->value;
        return changed;
    }
    changed.rule_count = 0;
    for (size_t i = 0; i < product->rule_count; i++) {
        if ((int)i == trial->rule && trial->is_dropped) {
            continue;
        }
        rules[changed.rule_count] = product->rules[i];
        if ((int)i == trial->rule) {
            rules[changed.rule_count].value = trial->value;
        }
        changed.rule_count++;
    }
    changed.rules = rules;
    return changed;
}

static void the_outlook_tells_what_each_term_keeps_away(void **state)
{
    (void)state;
    static world w;
    static rq_need needs[NEEDS];
    size_t drops = 0, steps = 0, bounds = 0;
    rq_arena *arena = rq_arena_new((size_t)64 << 20), *other = rq_arena_new((size_t)64 << 20);
    world_draw_few(&w, 77, 60, 0);
    rq_demand *demand = demand_of(&w, needs, 2000);
    for (int at = 0; at < 60; at++) {
        rq_reverse_options options = nobody_backs;
        rq_outlook outlook;
        options.as_of = rq_date_from_civil(2026, 11, 24);
        if (w.products[at].kind > RQ_INDEX(kind, equity)) {
            continue;
        }
        assert_int_equal(rq_reverse_outlook(demand, &w.products[at], &options, arena, &outlook, NULL), RQ_OK);
        for (size_t i = 0; i < outlook.trial_count; i++) {
            const rq_trial *trial = &outlook.trials[i];
            rq_rule rules[64];
            rq_reverse_result then;
            const rq_product changed = loosened(&w.products[at], trial, rules);
            assert_int_equal(rq_reverse(demand, &changed, &options, other, &then, NULL), RQ_OK);
            assert_int_equal(then.eligible.needs, outlook.now.eligible.needs + (uint64_t)trial->more_needs);
            assert_int_equal(then.eligible.amount_fen, outlook.now.eligible.amount_fen + trial->more_fen);
            assert_true(trial->more_needs > 0);
            drops += trial->is_dropped;
            steps += !trial->is_dropped;
            bounds += trial->rule < 0;
            rq_arena_reset(other);
        }
        rq_arena_reset(arena);
    }
    assert_true(drops > 30 && steps > 30 && bounds > 10);
    print_message("%zu terms keep needs away, %zu looser steps bring some, %zu of them bounds\n", drops,
                  steps, bounds);
    rq_demand_free(demand);
    rq_arena_free(arena);
    rq_arena_free(other);
}

static void an_index_that_is_not_sealed_answers_nothing(void **state)
{
    (void)state;
    rq_product product = plain_loan(1);
    rq_need need = plain_need();
    rq_demand *demand = NULL;
    rq_reverse_result result;
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    assert_int_equal(rq_demand_new(&demand, NULL), RQ_OK);
    assert_int_equal(rq_reverse(demand, &product, &nobody_backs, arena, &result, NULL), RQ_INVALID);
    assert_int_equal(rq_demand_seal(demand, NULL), RQ_OK);
    assert_int_equal(rq_demand_add(demand, &need, NULL), RQ_INVALID);
    assert_int_equal(rq_reverse(demand, &product, &nobody_backs, arena, &result, NULL), RQ_OK);
    assert_int_equal(result.considered, 0);
    rq_demand_free(demand);
    rq_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_meets_the_needs_that_would_meet_it),
        cmocka_unit_test(a_laxer_rule_tells_how_many_more_would_qualify),
        cmocka_unit_test(the_outlook_tells_what_each_term_keeps_away),
        cmocka_unit_test(an_index_that_is_not_sealed_answers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
