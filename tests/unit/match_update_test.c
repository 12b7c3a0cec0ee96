/* A snapshot made from the last one and a few changes matches as one built from scratch does, byte for byte.
 */
#include "match_world.h"

enum { STEPS = 150, MATCHES = 3, FEW = 700 };

static rq_match_options options = {.top = 20, .top_near = 10, .top_unknown = 10};

static size_t rendered(const rq_catalogue *catalogue, const rq_need *need, rq_arena *arena, rq_buffer *out)
{
    rq_match_result result;
    rq_error error = {0};
    if (rq_match(catalogue, need, &options, arena, &result, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    rq_buffer_init(out, (size_t)16 << 20);
    rq_json json = rq_json_on(out);
    rq_match_render(&result, &json);
    assert_false(out->failed);
    rq_arena_reset(arena);
    return out->length;
}

static void same_answers(const rq_catalogue *a, const rq_catalogue *b, rq_arena *arena)
{
    assert_int_equal(rq_catalogue_size(a), rq_catalogue_size(b));
    assert_int_equal(rq_catalogue_version(a), rq_catalogue_version(b));
    for (int i = 0; i < MATCHES; i++) {
        rq_need need = world_need();
        rq_buffer first, second;
        size_t length = rendered(a, &need, arena, &first);
        assert_int_equal(rendered(b, &need, arena, &second), length);
        assert_memory_equal(first.data, second.data, length);
        rq_buffer_done(&first);
        rq_buffer_done(&second);
    }
}

/* Products of the world that are listed now. */
typedef struct listed {
    bool is_listed[PRODUCTS];
    rq_product now[PRODUCTS];
    size_t count;
} listed;

static void gather(listed *all, const world *w)
{
    all->count = 0;
    for (int i = 0; i < w->product_count; i++) {
        if (all->is_listed[i]) {
            all->now[all->count++] = w->products[i];
        }
    }
}

static rq_catalogue *rebuilt(listed *all, const world *w, int64_t version)
{
    gather(all, w);
    rq_catalogue_input input = {.version = version,
                                .lpr_1y_ppm = 30000,
                                .lpr_5y_ppm = 35000,
                                .weights = usual_weights(),
                                .products = all->now,
                                .product_count = all->count,
                                .programmes = w->programmes,
                                .programme_count = (size_t)w->programme_count};
    rq_catalogue *catalogue = NULL;
    assert_int_equal(rq_catalogue_new(&input, &catalogue, NULL), RQ_OK);
    return catalogue;
}

enum { CHANGES_MAX = 60 };

/* A random change: products drawn anew, listed or taken off. */
static rq_catalogue *changed(listed *all, world *w, const rq_catalogue *old, int64_t version)
{
    static rq_product redrawn[CHANGES_MAX];
    static char gone[CHANGES_MAX][RQ_UUID_TEXT + 1];
    bool is_named[PRODUCTS] = {false};
    rq_catalogue_changes changes = {
        .version = version, .changed = redrawn, .removed = (const char(*)[37])gone};
    int64_t count = world_between(0, 9) == 0 ? CHANGES_MAX : world_between(1, 3);
    for (int64_t i = 0; i < count; i++) {
        int at = (int)world_between(0, w->product_count - 1);
        if (is_named[at]) {
            continue;
        }
        is_named[at] = true;
        if (world_between(0, 3) == 0) {
            all->is_listed[at] = false;
            memcpy(gone[changes.removed_count++], w->products[at].id, sizeof gone[0]);
        } else {
            world_redraw(w, at);
            all->is_listed[at] = true;
            redrawn[changes.changed_count++] = w->products[at];
        }
    }
    changes.has_programmes = world_between(0, 9) == 0;
    changes.programmes = w->programmes;
    changes.programme_count = (size_t)w->programme_count;
    rq_catalogue *next = NULL;
    rq_error error = {0};
    if (rq_catalogue_update(old, &changes, &next, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return next;
}

static void a_changed_snapshot_answers_as_one_built_anew(void **state)
{
    (void)state;
    static world w;
    static listed all;
    world_draw_few(&w, 4711, FEW, 20);
    memset(all.is_listed, 0, sizeof all.is_listed);
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    rq_catalogue *catalogue = rebuilt(&all, &w, 1); /* of nothing */
    for (int step = 0; step < STEPS; step++) {
        rq_catalogue *next = changed(&all, &w, catalogue, step + 2);
        rq_catalogue *anew = rebuilt(&all, &w, step + 2);
        same_answers(next, anew, arena);
        rq_catalogue_unref(anew);
        rq_catalogue_unref(catalogue);
        catalogue = next;
    }
    rq_catalogue_unref(catalogue);
    rq_arena_free(arena);
}

static void an_unchanged_part_takes_no_new_memory_for_ever(void **state)
{
    (void)state;
    static world w;
    static listed all;
    world_draw_few(&w, 99, FEW, 5);
    memset(all.is_listed, 1, sizeof all.is_listed);
    rq_catalogue *catalogue = rebuilt(&all, &w, 1);
    size_t first = rq_catalogue_bytes(catalogue);
    for (int step = 0; step < 4000; step++) {
        int at = (int)world_between(0, w.product_count - 1);
        world_redraw(&w, at);
        rq_catalogue_changes changes = {.version = step + 2, .changed = &w.products[at], .changed_count = 1};
        rq_catalogue *next = NULL;
        assert_int_equal(rq_catalogue_update(catalogue, &changes, &next, NULL), RQ_OK);
        rq_catalogue_unref(catalogue);
        catalogue = next;
    }
    assert_true(rq_catalogue_bytes(catalogue) < 8 * first);
    rq_catalogue_unref(catalogue);
}

static void a_change_that_breaks_a_bound_leaves_the_snapshot_alone(void **state)
{
    (void)state;
    rq_product product = plain_loan(1), broken = plain_loan(2);
    rq_catalogue *catalogue = catalogue_of(&product, 1, NULL, 0), *next = NULL;
    broken.amount_max_fen = -1;
    rq_catalogue_changes changes = {.version = 8, .changed = &broken, .changed_count = 1};
    rq_error error = {0};
    assert_int_equal(rq_catalogue_update(catalogue, &changes, &next, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "amount_max_fen"));
    rq_product twice[2] = {plain_loan(3), plain_loan(3)};
    changes = (rq_catalogue_changes){.version = 8, .changed = twice, .changed_count = 2};
    assert_int_equal(rq_catalogue_update(catalogue, &changes, &next, &error), RQ_INVALID);
    assert_int_equal(rq_catalogue_size(catalogue), 1);
    rq_catalogue_unref(catalogue);
}

static void other_weights_match_as_a_snapshot_built_with_them(void **state)
{
    (void)state;
    static world w;
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    world_draw_few(&w, 11, FEW, 20);
    const rq_weights other = {.version = 9,
                              .cost = 5,
                              .likelihood = 10,
                              .speed = 60,
                              .fit = 20,
                              .service = 5,
                              .prior_ppm = 300000,
                              .prior_weight = 4,
                              .cost_cap_ppm = 90000,
                              .hours_cap = 40};
    const rq_catalogue_input input = {.version = 7,
                                      .lpr_1y_ppm = 30000,
                                      .lpr_5y_ppm = 35000,
                                      .weights = other,
                                      .products = w.products,
                                      .product_count = (size_t)w.product_count,
                                      .programmes = w.programmes,
                                      .programme_count = 20};
    rq_catalogue *usual = catalogue_of(w.products, (size_t)w.product_count, w.programmes, 20), *anew,
                 *reweighed;
    assert_int_equal(rq_catalogue_new(&input, &anew, NULL), RQ_OK);
    assert_int_equal(rq_catalogue_reweighed(usual, &other, &reweighed, NULL), RQ_OK);
    same_answers(anew, reweighed, arena);
    rq_weights wrong = other;
    wrong.cost++;
    rq_catalogue *none = NULL;
    assert_int_equal(rq_catalogue_reweighed(usual, &wrong, &none, NULL), RQ_INVALID);
    assert_null(none);
    rq_catalogue_unref(usual);
    rq_catalogue_unref(anew);
    rq_catalogue_unref(reweighed);
    rq_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_snapshot_answers_as_one_built_anew),
        cmocka_unit_test(an_unchanged_part_takes_no_new_memory_for_ever),
        cmocka_unit_test(a_change_that_breaks_a_bound_leaves_the_snapshot_alone),
        cmocka_unit_test(other_weights_match_as_a_snapshot_built_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
