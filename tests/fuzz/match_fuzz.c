/* Builds a catalogue out of arbitrary bytes and matches a need against it. What breaks a bound must be
 * refused; for the rest, the totals must be those of the products explained one by one, each of them must be
 * what the plain reference of the unit tests says, every list must be in the published order, a snapshot made
 * by changes must answer as one built at once, and from the products' side the need must be in the same
 * class. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "match/internal.h"
#include "rongqiao/demand.h"
#include "unit/match_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SHELVES = 12, RULES = 3, TIERS = 2, FEES = 2, LISTS = 3, CELLS = 2, POLICIES = 3, LEAST_INPUT = 16 };

typedef struct reader {
    const uint8_t *data;
    size_t left;
} reader;

static uint8_t byte(reader *from)
{
    if (from->left == 0) {
        return 0;
    }
    from->left--;
    return *from->data++;
}

static uint64_t up_to(reader *from, uint64_t most)
{
    return byte(from) % (most + 1);
}

/* Mostly a number within bounds, now and then an extreme one. */
static int64_t number(reader *from, int64_t scale)
{
    static const int64_t extremes[] = {0,
                                       1,
                                       -1,
                                       INT32_MAX,
                                       INT32_MIN,
                                       INT64_MAX,
                                       RQ_UNSET + 1,
                                       INT64_C(10000000000000),
                                       INT64_C(1000000000000000000)};
    uint8_t kind = byte(from);
    if (kind < 24) {
        return RQ_UNSET;
    }
    if (kind < 28) {
        return extremes[up_to(from, sizeof extremes / sizeof extremes[0] - 1)];
    }
    return (int64_t)(byte(from) & 31) * scale + (int64_t)up_to(from, 2) - 1;
}

static void id(reader *from, uint64_t most, char out[RQ_UUID_TEXT + 1])
{
    static const char pattern[RQ_UUID_TEXT + 1] = "00000000-0000-7000-8000-000000000000";
    uint64_t chosen = up_to(from, most);
    memcpy(out, pattern, sizeof pattern);
    out[RQ_UUID_TEXT - 1] = "0123456789abcdef"[chosen & 15];
    out[RQ_UUID_TEXT - 2] = chosen >= 250 ? 'X' : "0123456789abcdef"[chosen >> 4 & 15];
}

typedef struct shelf {
    rq_rule rules[RULES], when[TIERS][1];
    rq_tier tiers[TIERS];
    rq_fee fees[FEES];
    rq_day_fee days[FEES];
    uint32_t regions[LISTS];
    rq_record_cell cells[CELLS];
    char in[LISTS][8], out[LISTS][8], partners[LISTS][RQ_UUID_TEXT + 1];
} shelf;

static rq_rule rule(reader *from)
{
    rq_rule made = {.fact = (rq_fact)up_to(from, RQ_FACTS),
                    .op = (rq_op)up_to(from, RQ_OPS),
                    .hard = up_to(from, 3) > 0,
                    .weight = (int32_t)up_to(from, 20),
                    .repair = (unsigned)up_to(from, 9)};
    rq_fact_type type = made.fact < RQ_FACTS ? rq_facts[made.fact].type : RQ_FACT_TYPE_money;
    made.value = type == RQ_FACT_TYPE_flag && byte(from) > 8 ? (int64_t)up_to(from, 1)
                 : type >= RQ_FACT_TYPE_flag                 ? (int64_t)up_to(from, 31)
                 : made.op == RQ_OP_ratio_ge                 ? number(from, 200000)
                                                             : number(from, 100000);
    return made;
}

static rq_rate rate(reader *from)
{
    rq_rate made = {(rq_rate_base)up_to(from, 3), number(from, 5000), number(from, 9000)};
    if (made.low_ppm != RQ_UNSET && made.high_ppm != RQ_UNSET && made.high_ppm < made.low_ppm) {
        made.high_ppm = made.low_ppm;
    }
    return made;
}

static void industry(reader *from, char out[8])
{
    static const char some[][8] = {"C", "C2", "C26", "C261", "C2614", "F", "F51", "I65", "", "c26"};
    memcpy(out, some[up_to(from, byte(from) == 255 ? 9 : 7)], 8);
}

static void lists(reader *from, rq_product *product, shelf *room)
{
    static const uint32_t regions[] = {330106, 330100, 330000, 0, 320500, 320000, 110101, 123};
    product->regions = room->regions;
    product->region_count = up_to(from, LISTS);
    for (size_t i = 0; i < product->region_count; i++) {
        room->regions[i] = regions[up_to(from, 7)];
    }
    product->industries_in = (const char(*)[8])room->in;
    product->industries_in_count = up_to(from, 9) / 8;
    product->industries_out = (const char(*)[8])room->out;
    product->industries_out_count = up_to(from, 9) / 8;
    product->partners = (const char(*)[RQ_UUID_TEXT + 1]) room->partners;
    product->partner_count = up_to(from, 9) / 7;
    for (size_t i = 0; i < LISTS; i++) {
        industry(from, room->in[i]);
        industry(from, room->out[i]);
        id(from, 8, room->partners[i]);
    }
}

static void terms(reader *from, rq_product *product)
{
    product->amount_min_fen = number(from, 1000000);
    product->amount_max_fen = number(from, 30000000);
    product->term_min_months = number(from, 2);
    product->term_max_months = number(from, 6);
    product->term_min_days = number(from, 1);
    product->term_max_days = number(from, 3);
    product->rate = rate(from);
    product->repayments = up_to(from, 32);
    product->guarantee = (rq_backing)(up_to(from, 8) / 4);
    product->insurance = (rq_backing)(up_to(from, 8) / 4);
    product->promised_hours = number(from, 10);
    product->capacity_cases_left = up_to(from, 3) == 0 ? number(from, 1) : RQ_UNSET;
    product->capacity_fen_left = up_to(from, 3) == 0 ? number(from, 20000000) : RQ_UNSET;
    product->valid_from = up_to(from, 7) == 0 ? 20000 + (rq_date)up_to(from, 3) : INT32_MIN;
    product->valid_to = up_to(from, 7) == 0 ? 20000 + (rq_date)up_to(from, 3) : INT32_MAX;
    product->fee_ppm = number(from, 2000);
    product->coverage_ppm = number(from, 50000);
    product->counter_guarantee = (int)up_to(from, 2) - 1;
    product->record = (rq_record){.answers = (int32_t)up_to(from, 200),
                                  .approvals = (int32_t)up_to(from, 200),
                                  .median_hours = number(from, 20),
                                  .fulfilled_ppm = (int32_t)up_to(from, 100) * 10000 - 1};
    if (product->record.approvals > product->record.answers) {
        product->record.approvals = product->record.answers;
    }
}

/* The kind as a whole, and one size of a province. */
static void cells(reader *from, rq_record *record, shelf *room)
{
    room->cells[0] =
        (rq_record_cell){.likelihood_ppm = (int32_t)up_to(from, 100) * 10000, .median_hours = -1};
    room->cells[1] = (rq_record_cell){.province = 33,
                                      .size = (uint8_t)up_to(from, 4),
                                      .likelihood_ppm = (int32_t)up_to(from, 100) * 10000,
                                      .median_hours = (int16_t)(up_to(from, 30) * 10 - 1)};
    record->cells = room->cells;
    record->cell_count = (uint32_t)up_to(from, CELLS);
}

static rq_product draw(reader *from, shelf *room)
{
    rq_product product = {.institution_zh = "甲", .name_zh = "乙", .kind = (unsigned)up_to(from, 12)};
    id(from, byte(from) < 4 ? 255 : 30, product.id);
    id(from, 8, product.institution_id);
    lists(from, &product, room);
    terms(from, &product);
    cells(from, &product.record, room);
    product.rules = room->rules;
    product.rule_count = up_to(from, RULES);
    product.tiers = room->tiers;
    product.tier_count = up_to(from, 5) > 2 ? up_to(from, TIERS) : 0;
    product.fees = room->fees;
    product.fee_count = up_to(from, FEES);
    product.day_fees = room->days;
    product.day_fee_count = up_to(from, FEES);
    for (size_t i = 0; i < RULES; i++) {
        room->rules[i] = rule(from);
    }
    for (size_t i = 0; i < TIERS; i++) {
        room->when[i][0] = rule(from);
        room->tiers[i] = (rq_tier){room->when[i],   up_to(from, 1), number(from, 40000000),
                                   number(from, 7), rate(from),     up_to(from, 3) == 0};
    }
    for (size_t i = 0; i < FEES; i++) {
        room->fees[i] = (rq_fee){.basis = (rq_fee_basis)up_to(from, 1),
                                 .when = (rq_fee_when)up_to(from, 1),
                                 .value = (int64_t)up_to(from, 40) * 1000};
        room->days[i] = (rq_day_fee){(int32_t)(i * 8 + up_to(from, 9)), (int32_t)up_to(from, 200)};
    }
    return product;
}

static rq_programme programme(reader *from, size_t number_of, rq_rule *room)
{
    static const uint32_t region[] = {330000};
    rq_programme made = {.name_zh = "丙",
                         .type = (rq_programme_type)up_to(from, 3),
                         .kinds = up_to(from, 3) > 0 ? 0 : byte(from),
                         .regions = region,
                         .region_count = up_to(from, 1),
                         .rules = room,
                         .rule_count = up_to(from, 3) / 3,
                         .share_ppm = (int64_t)up_to(from, 100) * 10000,
                         .points_ppm = RQ_UNSET,
                         .cap_fen = number(from, 100000),
                         .valid_from = INT32_MIN,
                         .valid_to = INT32_MAX};
    *room = rule(from);
    if (made.type == RQ_PROGRAMME_interest_subsidy && up_to(from, 1) == 0) {
        made.share_ppm = RQ_UNSET;
        made.points_ppm = (int64_t)up_to(from, 60) * 1000 + 1;
    }
    reader chosen = {(const uint8_t[]){(uint8_t)number_of}, 1};
    id(&chosen, 30, made.id);
    return made;
}

static rq_need draw_need(reader *from)
{
    rq_need need = {.kinds = byte(from) | (uint64_t)up_to(from, 7) << 8,
                    .amount_fen = number(from, 10000000),
                    .amount_min_fen = number(from, 1000000),
                    .term_months = number(from, 3),
                    .term_days = number(from, 2),
                    .max_rate_ppm = number(from, 8000),
                    .repayments = up_to(from, 31),
                    .region = up_to(from, 3) > 0 ? 330106 : (uint32_t)up_to(from, 99) * 10000,
                    .as_of = 20000 + (rq_date)up_to(from, 3)};
    industry(from, need.industry);
    /* mostly within bounds: one fact that is not refuses the need */
    for (size_t fact = 0; fact < RQ_FACTS; fact++) {
        rq_fact_type type = rq_facts[fact].type;
        int64_t value = type == RQ_FACT_TYPE_flag    ? (int64_t)up_to(from, 1)
                        : type == RQ_FACT_TYPE_word  ? INT64_C(1) << up_to(from, 4)
                        : type == RQ_FACT_TYPE_words ? (int64_t)up_to(from, 31)
                                                     : number(from, 100000);
        need.facts[fact].known = value != RQ_UNSET && up_to(from, 3) > 0;
        need.facts[fact].value = value == -1 ? 0 : value;
    }
    return need;
}

/* A snapshot of the world's frame with these products. */
static rq_catalogue *snapshot_of(const world *all, const rq_product *products, size_t count,
                                 size_t programme_count)
{
    rq_catalogue_input input = {.version = 1,
                                .lpr_1y_ppm = all->lpr_1y_ppm,
                                .lpr_5y_ppm = all->lpr_5y_ppm,
                                .weights = all->weights,
                                .products = products,
                                .product_count = count,
                                .programmes = all->programmes,
                                .programme_count = programme_count};
    rq_catalogue *catalogue = NULL;
    return rq_catalogue_new(&input, &catalogue, NULL) == RQ_OK ? catalogue : NULL;
}

static bool is_in_order(const rq_package *a, const rq_package *b)
{
    if (a->class == RQ_NEAR_MISS && a->fail_count != b->fail_count) {
        return a->fail_count < b->fail_count;
    }
    if (a->score_ppm != b->score_ppm) {
        return a->score_ppm > b->score_ppm;
    }
    if (a->cost_ppm != b->cost_ppm) {
        return a->cost_ppm != RQ_UNSET && (b->cost_ppm == RQ_UNSET || a->cost_ppm < b->cost_ppm);
    }
    return strcmp(a->product->id, b->product->id) < 0;
}

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

/* ---- the reference ---- */

static bool is_same_partner(const rq_product *ours, const rq_product *theirs)
{
    return (ours == NULL) == (theirs == NULL) && (ours == NULL || strcmp(ours->id, theirs->id) == 0);
}

/* The reference reckons in other floating point: the last digit of a cost may differ. */
static bool is_about(int64_t ours, int64_t theirs)
{
    return (ours == RQ_UNSET) == (theirs == RQ_UNSET) && (ours == RQ_UNSET || llabs(ours - theirs) <= 1);
}

static void check_against_reference(const world *all, size_t at, const rq_need *need, const rq_package *ours,
                                    bool is_open, bool is_shown)
{
    row theirs = ref_evaluate(all, &all->products[at], need);
    assert(theirs.is_open == is_open);
    if (!is_open) {
        return;
    }
    assert(theirs.fails == ours->fail_count && theirs.unknowns == ours->unknown_count);
    assert(theirs.tier == ours->tier && theirs.amount == ours->amount_fen);
    assert((theirs.class >= 0) == is_shown);
    assert(is_same_partner(ours->guarantee, theirs.guarantee) &&
           is_same_partner(ours->insurance, theirs.insurance));
    if (is_shown) {
        assert(theirs.class == (int)ours->class && is_about(ours->cost_ppm, theirs.cost));
        assert(theirs.programme_count == ours->programme_count);
        for (size_t part = 1; part < RQ_SCORE_PARTS; part++) {
            assert(theirs.parts[part] == ours->parts_ppm[part]);
        }
    }
}

/* Partners are as the caller of rq_reverse assumes them. */
static char assume(void *self, const ref_judged *one)
{
    const rq_reverse_options *options = self;
    rq_verdict assumed = one->condition == REF_guarantee ? options->guarantee : options->insurance;
    bool is_partner = one->condition == REF_guarantee || one->condition == REF_insurance;
    return !is_partner ? one->verdict : assumed == RQ_PASS ? 'y' : assumed == RQ_FAIL ? 'n' : '?';
}

static void check_reverse(const world *all, const rq_need *need, rq_arena *arena)
{
    rq_demand *demand = NULL;
    rq_status status = rq_demand_new(&demand, NULL);
    assert(status == RQ_OK);
    status = rq_demand_add(demand, need, NULL);
    assert(status == RQ_OK);
    status = rq_demand_seal(demand, NULL);
    assert(status == RQ_OK);
    for (int i = 0; i < all->product_count; i++) {
        const rq_product *product = &all->products[i];
        rq_reverse_options options = {.as_of = need->as_of,
                                      .lpr_1y_ppm = all->lpr_1y_ppm,
                                      .lpr_5y_ppm = all->lpr_5y_ppm,
                                      .guarantee = (rq_verdict)(i % 3),
                                      .insurance = (rq_verdict)(i / 3 % 3),
                                      .first = 1};
        rq_reverse_result ours;
        status = rq_reverse(demand, product, &options, arena, &ours, NULL);
        assert(status == RQ_OK);
        ref_watch(assume, &options);
        row theirs = ref_evaluate(all, product, need);
        ref_watch(NULL, NULL);
        assert(ours.considered == theirs.is_open);
        assert(ours.eligible.needs == (theirs.class == RQ_ELIGIBLE) &&
               ours.first_count == ours.eligible.needs);
        assert(ours.unknown.needs == (theirs.class == RQ_NEEDS_FACTS));
        assert(ours.near.needs == (theirs.class == RQ_NEAR_MISS));
    }
    rq_demand_free(demand);
}

/* The first of a list is the best of all that are explained. */
static void check_against_explained(const rq_catalogue *catalogue, const world *all, const rq_need *need,
                                    const rq_match_result *result, rq_arena *arena)
{
    size_t totals[3] = {0}, considered = 0;
    const rq_package *lists[3] = {result->eligible, result->unknown, result->near};
    for (size_t i = 0; i < (size_t)all->product_count; i++) {
        rq_package package;
        bool is_open;
        rq_status status =
            rq_match_explain(catalogue, need, all->products[i].id, arena, &package, &is_open, NULL);
        assert(status == RQ_OK);
        check_against_reference(all, i, need, &package, is_open, is_open && !is_hopeless(&package));
        considered += is_open;
        if (is_open && !is_hopeless(&package)) {
            totals[package.class]++;
            assert(!is_in_order(&package, &lists[package.class][0]) ||
                   strcmp(package.product->id, lists[package.class][0].product->id) == 0);
        }
    }
    assert(considered == result->considered && totals[0] == result->eligible_total &&
           totals[1] == result->unknown_total && totals[2] == result->near_total);
}

static void render(const rq_match_result *result, rq_buffer *out)
{
    rq_buffer_init(out, (size_t)8 << 20);
    rq_json json = rq_json_on(out);
    rq_match_render(result, &json);
    assert(!out->failed);
}

static void check_order(const rq_package *packages, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        assert(is_in_order(&packages[i - 1], &packages[i]));
    }
}

static const rq_match_options options = {.top = 5, .top_near = 5, .top_unknown = 5, .per_institution = 1};

/* From half of the products, and the rest as changes. */
static void check_update(const world *all, const rq_need *need, const rq_buffer *expected, rq_arena *arena)
{
    size_t count = (size_t)all->product_count;
    rq_catalogue *half = snapshot_of(all, all->products, count / 2 + 1, (size_t)all->programme_count),
                 *full = NULL;
    assert(half != NULL);
    rq_catalogue_changes changes = {
        .version = 1, .changed = all->products + count / 2, .changed_count = count - count / 2};
    rq_status status = rq_catalogue_update(half, &changes, &full, NULL);
    assert(status == RQ_OK);
    rq_match_result result;
    status = rq_match(full, need, &options, arena, &result, NULL);
    assert(status == RQ_OK);
    rq_buffer out;
    render(&result, &out);
    assert(out.length == expected->length && memcmp(out.data, expected->data, out.length) == 0);
    rq_buffer_done(&out);
    rq_catalogue_unref(half);
    rq_catalogue_unref(full);
}

static void check(const world *all, const rq_catalogue *catalogue, const rq_need *need, rq_arena *arena)
{
    rq_match_result result;
    rq_buffer out;
    if (rq_match(catalogue, need, &options, arena, &result, NULL) != RQ_OK) {
        return;
    }
    check_order(result.eligible, result.eligible_count);
    check_order(result.unknown, result.unknown_count);
    check_order(result.near, result.near_count);
    check_against_explained(catalogue, all, need, &result, arena);
    render(&result, &out);
    if (all->product_count > 0) {
        check_update(all, need, &out, arena);
    }
    check_reverse(all, need, arena);
    rq_buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static shelf shelves[SHELVES];
    static rq_rule programme_rules[POLICIES];
    static world all;
    reader from = {data, size};
    if (size < LEAST_INPUT) {
        return 0;
    }
    rq_need need = draw_need(&from);
    all.lpr_1y_ppm = 30000;
    all.lpr_5y_ppm = 35000;
    all.weights =
        (rq_weights){1, 30, 25, 20, 15, 10, 400000, 20, (int32_t)up_to(&from, 24) * 10000 + 1, 240, 0};
    size_t count = up_to(&from, SHELVES - 1) + 1;
    all.product_count = 0;
    all.programme_count = (int)up_to(&from, POLICIES);
    for (int i = 0; i < all.programme_count; i++) {
        all.programmes[i] = programme(&from, (size_t)i, &programme_rules[i]);
    }
    for (size_t i = 0; i < count; i++) {
        rq_product *next = &all.products[all.product_count];
        *next = draw(&from, &shelves[all.product_count]);
        /* one product that breaks a bound must not hide the others */
        bool is_kept = rq_product_check(next, NULL) == RQ_OK;
        if (!is_kept && byte(&from) < 8) {
            rq_catalogue *refused = snapshot_of(&all, next, 1, 0);
            assert(refused == NULL);
        }
        all.product_count += is_kept;
    }
    rq_catalogue *catalogue =
        snapshot_of(&all, all.products, (size_t)all.product_count, (size_t)all.programme_count);
    rq_arena *arena = rq_arena_new((size_t)64 << 20);
    if (catalogue != NULL && arena != NULL) {
        check(&all, catalogue, &need, arena);
    }
    rq_arena_free(arena);
    rq_catalogue_unref(catalogue);
    return 0;
}
