/* The engine is the reference: for every pair of a small catalogue and a need the same products in the same
 * classes and the same order, with the same terms, partners, programmes, costs and parts of the score;
 * whether the snapshot was built at once or grew by changes; and asked from the products' side likewise. What
 * the pairs met is measured, and a cell that none of them met fails the test (match_cells.h).
 *
 * RQ_PROVE_PAIRS, or "long", makes it longer, RQ_PROVE_SEED begins elsewhere; a failure says which two repeat
 * it. */
#include <stdlib.h>

#include "match_aim.h"
#include "match_compare.h"
#include "rongqiao/demand.h"

enum {
    SHORT_PAIRS = 1600,
    LONG_PAIRS = 20000,
    MEASURED_PAIRS = 10000,
    FIRST_SEED = 1,
    STEPS_MAX = 4,
    NAMED = 5
};

static uint64_t usual_pairs = SHORT_PAIRS;

typedef struct proof {
    aim aim;
    cells met;
    rq_arena *arena;
    rq_need needs[AIMED_NEEDS];
    row rows[PRODUCTS];
    size_t pairs, products, shown[3], changes, reversed, flips;
    char replay[96];
} proof;

static uint64_t number_from(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : standard;
}

/* ---- snapshots that grew ---- */

static rq_catalogue *after(const rq_catalogue *old, const rq_catalogue_changes *changes, const proof *p)
{
    rq_catalogue *next = NULL;
    rq_error error = {0};
    if (rq_catalogue_update(old, changes, &next, &error) != RQ_OK) {
        fail_msg("%s: %s", p->replay, error.message);
    }
    return next;
}

/* Products that this step lists, lists otherwise than in the end, or takes off; by chance. */
static rq_catalogue *random_step(const rq_catalogue *old, proof *p, bool *is_right, int64_t version)
{
    static rq_product changed[PRODUCTS];
    static char removed[PRODUCTS][RQ_UUID_TEXT + 1];
    const world *w = &p->aim.world;
    rq_catalogue_changes changes = {
        .version = version, .changed = changed, .removed = (const char(*)[RQ_UUID_TEXT + 1]) removed};
    for (int i = 0; i < w->product_count; i++) {
        int64_t lot = world_between(0, 9);
        if (lot > 4) {
            continue;
        }
        is_right[i] = lot < 3;
        if (lot == 4) {
            memcpy(removed[changes.removed_count++], w->products[i].id, sizeof removed[0]);
            continue;
        }
        rq_product *one = &changed[changes.changed_count++];
        *one = w->products[lot == 3 ? world_between(0, w->product_count - 1) : i];
        memcpy(one->id, w->products[i].id, sizeof one->id);
    }
    p->changes += changes.changed_count + changes.removed_count;
    return after(old, &changes, p);
}

/* The same snapshot by way of others: from some of the products, some of them wrong, to all as they are. */
static rq_catalogue *grown(proof *p)
{
    static rq_product missing[PRODUCTS];
    bool is_right[PRODUCTS] = {false};
    world *w = &p->aim.world;
    int products = w->product_count, programmes = w->programme_count;
    w->product_count = (int)world_between(0, products);
    w->programme_count = world_chance(50) ? programmes : 0;
    rq_catalogue *last = world_catalogue(w, 1);
    bool has_programmes = w->programme_count != programmes || world_chance(20);
    for (int i = 0; i < w->product_count; i++) {
        is_right[i] = true;
    }
    w->product_count = products;
    w->programme_count = programmes;
    int64_t steps = world_between(0, STEPS_MAX);
    for (int64_t step = 0; step < steps; step++) {
        rq_catalogue *next = random_step(last, p, is_right, step + 2);
        rq_catalogue_unref(last);
        last = next;
    }
    rq_catalogue_changes rest = {.version = 7,
                                 .changed = missing,
                                 .has_programmes = has_programmes,
                                 .programmes = w->programmes,
                                 .programme_count = (size_t)w->programme_count};
    for (int i = 0; i < products; i++) {
        if (!is_right[i]) {
            missing[rest.changed_count++] = w->products[i];
        }
    }
    rq_catalogue *full = after(last, &rest, p);
    rq_catalogue_unref(last);
    return full;
}

static void render(const rq_match_result *result, rq_buffer *out)
{
    rq_buffer_init(out, (size_t)64 << 20);
    rq_json json = rq_json_on(out);
    rq_match_render(result, &json);
    assert_false(out->failed);
}

/* ---- the change that flips a check ---- */

static bool would_pass(const rq_rule *rule, const rq_need *need, int64_t value)
{
    static world alone;
    rq_product one = bare_product(1, RQ_INDEX(kind, credit_loan));
    rq_need other = *need;
    rq_rule hard = *rule;
    alone.weights = usual_weights();
    other.kinds = RQ_BIT(kind, credit_loan);
    hard.hard = true;
    one.rules = &hard;
    one.rule_count = 1;
    other.facts[rule->fact].known = true;
    other.facts[rule->fact].value = value;
    return ref_evaluate(&alone, &one, &other).fails == 0;
}

/* What the check of a failed rule says is needed does pass, and nothing nearer does. */
static bool flips(const rq_check *check, const rq_need *need)
{
    const rq_rule *rule = check->rule;
    int64_t have = check->have, needed = check->needed;
    bool is_set = fact_is_set(rule->fact);
    if (is_set && rule->op == RQ_OP_has_all) {
        return (have & needed) == 0 && would_pass(rule, need, have | needed) &&
               !would_pass(rule, need, have | (needed & (needed - 1)));
    }
    if (is_set && rule->op != RQ_OP_eq) {
        bool has_many = rq_facts[rule->fact].type == RQ_FACT_TYPE_words, keeps_own = rule->op != RQ_OP_in;
        bool passes = !has_many || would_pass(rule, need, needed);
        passes = passes && (!has_many || !keeps_own || needed == (have & ~rule->value));
        for (int64_t left = needed; left != 0 && passes; left &= left - 1) {
            passes = would_pass(rule, need, left & -left);
        }
        return passes;
    }
    if (is_set || rule->op == RQ_OP_eq || rule->op == RQ_OP_ne) {
        return would_pass(rule, need, needed);
    }
    return would_pass(rule, need, needed) && !would_pass(rule, need, needed > have ? needed - 1 : needed + 1);
}

static void hold_flips(proof *p, const rq_package *packages, size_t count, const rq_need *need)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < packages[i].check_count; k++) {
            const rq_check *check = &packages[i].checks[k];
            if (check->source != RQ_CHECK_rule || check->verdict != RQ_FAIL) {
                continue;
            }
            if (!flips(check, need)) {
                fail_msg("%s: product %s, rule %d (%s %s %lld): %lld does not flip %lld", p->replay,
                         packages[i].product->id, check->index, rq_facts[check->fact].name,
                         rq_op_names[check->op], (long long)check->rule->value, (long long)check->needed,
                         (long long)check->have);
            }
            p->flips++;
        }
    }
}

/* ---- one pair ---- */

static rq_match_result asked(proof *p, const rq_catalogue *catalogue, int number,
                             const rq_match_options *options)
{
    rq_match_result result;
    rq_error error = {0};
    if (rq_match(catalogue, &p->needs[number], options, p->arena, &result, &error) != RQ_OK) {
        fail_msg("%s: need %d: %s", p->replay, number, error.message);
    }
    return result;
}

static void hold_pair(proof *p, const rq_catalogue *whole, const rq_catalogue *grew, int number)
{
    const world *w = &p->aim.world;
    const rq_need *need = &p->needs[number];
    char difference[DIFFERENCE_TEXT];
    rq_match_options options = options_of(number + (int)p->aim.seed);
    ref_answer right = ref_answer_of(w, need, p->rows);
    rq_match_result first = asked(p, whole, number, &options), second = asked(p, grew, number, &options);
    if (!is_same_answer(&first, &right, &options, difference)) {
        fail_msg("%s: need %d: %s", p->replay, number, difference);
    }
    rq_buffer one, other;
    render(&first, &one);
    render(&second, &other);
    if (one.length != other.length || memcmp(one.data, other.data, one.length) != 0) {
        fail_msg("%s: need %d: the snapshot that grew answers otherwise", p->replay, number);
    }
    rq_buffer_done(&one);
    rq_buffer_done(&other);
    hold_flips(p, first.near, first.near_count, need);
    rq_arena_reset(p->arena);
    for (int i = 0; i < w->product_count; i++) {
        cells_add(&p->met, w, &w->products[i], need);
    }
    cells_add_order(&p->met, right.rows, right.count);
    for (int class = 0; class < 3; class ++) {
        p->shown[class] += right.totals[class];
    }
    p->pairs++;
}

/* ---- the other way ---- */

/* Partners are as the caller of rq_reverse assumes them. */
static char assume(void *self, const ref_judged *one)
{
    static const char verdicts[] = {[RQ_FAIL] = 'n', [RQ_NOT_KNOWN] = '?', [RQ_PASS] = 'y'};
    const rq_reverse_options *options = self;
    return one->condition == REF_guarantee   ? verdicts[options->guarantee]
           : one->condition == REF_insurance ? verdicts[options->insurance]
                                             : one->verdict;
}

static rq_reverse_result expected(proof *p, const rq_product *product, rq_reverse_options *options,
                                  uint32_t first[NAMED])
{
    rq_reverse_result right = {.considered = 0};
    rq_reverse_count *counts[3] = {&right.eligible, &right.unknown, &right.near};
    ref_watch(assume, options);
    for (uint32_t i = 0; i < AIMED_NEEDS; i++) {
        rq_need need = p->needs[i];
        need.as_of = options->as_of;
        row told = ref_evaluate(&p->aim.world, product, &need);
        right.considered += told.is_open;
        if (told.class >= 0) {
            counts[told.class]->needs++;
            counts[told.class]->amount_fen += need.amount_fen;
        }
        if (told.class == RQ_ELIGIBLE && right.first_count < NAMED) {
            first[right.first_count++] = i;
        }
    }
    ref_watch(NULL, NULL);
    return right;
}

static void hold_reverse_of(proof *p, const rq_demand *demand, const rq_product *product,
                            rq_reverse_options *options)
{
    uint32_t first[NAMED];
    rq_reverse_result right = expected(p, product, options, first), ours;
    assert_int_equal(rq_reverse(demand, product, options, p->arena, &ours, NULL), RQ_OK);
    const rq_reverse_count pairs[3][2] = {
        {ours.eligible, right.eligible}, {ours.unknown, right.unknown}, {ours.near, right.near}};
    bool is_same = ours.considered == right.considered && ours.first_count == right.first_count;
    for (int i = 0; i < 3; i++) {
        is_same = is_same && pairs[i][0].needs == pairs[i][1].needs &&
                  pairs[i][0].amount_fen == pairs[i][1].amount_fen;
    }
    if (!is_same || memcmp(ours.first, first, ours.first_count * sizeof first[0]) != 0) {
        fail_msg("%s: product %s serves %d needs, not %d (eligible %d, not %d)", p->replay, product->id,
                 (int)ours.considered, (int)right.considered, (int)ours.eligible.needs,
                 (int)right.eligible.needs);
    }
    p->reversed += AIMED_NEEDS;
}

/* Every product before the needs of the catalogue. */
static void hold_reverse(proof *p)
{
    const world *w = &p->aim.world;
    rq_demand *demand = NULL;
    assert_int_equal(rq_demand_new(&demand, NULL), RQ_OK);
    for (int i = 0; i < AIMED_NEEDS; i++) {
        assert_int_equal(rq_demand_add(demand, &p->needs[i], NULL), RQ_OK);
    }
    assert_int_equal(rq_demand_seal(demand, NULL), RQ_OK);
    for (int i = 0; i < w->product_count; i++) {
        rq_reverse_options options = {.as_of = p->needs[i % AIMED_NEEDS].as_of,
                                      .lpr_1y_ppm = w->lpr_1y_ppm,
                                      .lpr_5y_ppm = w->lpr_5y_ppm,
                                      .guarantee = (rq_verdict)world_between(RQ_FAIL, RQ_PASS),
                                      .insurance = (rq_verdict)world_between(RQ_FAIL, RQ_PASS),
                                      .first = NAMED};
        if (w->products[i].kind <= RQ_INDEX(kind, equity)) {
            hold_reverse_of(p, demand, &w->products[i], &options);
            rq_arena_reset(p->arena);
        }
    }
    rq_demand_free(demand);
}

/* ---- all of them ---- */

static void hold_catalogue(proof *p, uint64_t seed)
{
    (void)snprintf(p->replay, sizeof p->replay, "RQ_PROVE_SEED=%llu RQ_PROVE_PAIRS=%d",
                   (unsigned long long)seed, AIMED_NEEDS);
    aim_draw(&p->aim, seed);
    rq_catalogue *whole = world_catalogue(&p->aim.world, 7), *grew = grown(p);
    assert_int_equal(rq_catalogue_size(whole), p->aim.world.product_count);
    assert_int_equal(rq_catalogue_size(grew), p->aim.world.product_count);
    for (int i = 0; i < AIMED_NEEDS; i++) {
        p->needs[i] = aim_need(&p->aim, i);
        hold_pair(p, whole, grew, i);
    }
    p->products += (size_t)p->aim.world.product_count;
    rq_catalogue_unref(whole);
    rq_catalogue_unref(grew);
    hold_reverse(p);
}

static void engine_and_reference_say_the_same_of_every_pair(void **state)
{
    (void)state;
    static proof p;
    uint64_t seed = number_from("RQ_PROVE_SEED", FIRST_SEED),
             pairs = number_from("RQ_PROVE_PAIRS", usual_pairs);
    size_t reachable, hit, catalogues = 0;
    p.arena = rq_arena_new((size_t)256 << 20);
    assert_non_null(p.arena);
    for (; p.pairs < pairs; catalogues++) {
        hold_catalogue(&p, seed + catalogues);
    }
    rq_arena_free(p.arena);
    print_message(
        "seeds from %llu: %zu pairs of %zu catalogues with %zu products in all: eligible %zu, lacking "
        "facts %zu, near misses %zu\n",
        (unsigned long long)seed, p.pairs, catalogues, p.products, p.shown[RQ_ELIGIBLE],
        p.shown[RQ_NEEDS_FACTS], p.shown[RQ_NEAR_MISS]);
    print_message("%zu changes of products, %zu pairs the other way, %zu changes that flip a rule\n",
                  p.changes, p.reversed, p.flips);
    if (p.pairs < SHORT_PAIRS) {
        return; /* a failure repeated */
    }
    hit = cells_count(&p.met, p.pairs >= MEASURED_PAIRS, &reachable);
    print_message("%zu of %zu cells met where they decide\n", hit, reachable);
    if (seed == FIRST_SEED || p.pairs >= MEASURED_PAIRS) {
        assert_int_equal(hit, reachable); /* elsewhere so few may leave out one or the other */
    }
}

int main(int argc, char **argv)
{
    usual_pairs = argc > 1 && strcmp(argv[1], "long") == 0 ? LONG_PAIRS : SHORT_PAIRS;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_and_reference_say_the_same_of_every_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
