/* An immutable snapshot of all products and programmes: one arena that owns copies of everything. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Copies into the snapshot's arena; the first allocation that fails is remembered. */
typedef struct copier {
    rq_arena *arena;
    bool failed;
} copier;

static void *copy(copier *to, const void *source, size_t count, size_t size)
{
    if (count == 0) {
        return NULL;
    }
    void *target = rq_arena_array(to->arena, count, size);
    if (target == NULL) {
        to->failed = true;
        return NULL;
    }
    memcpy(target, source, count * size);
    return target;
}

static const char *copy_text(copier *to, const char *text)
{
    return text != NULL ? copy(to, text, strlen(text) + 1, 1) : NULL;
}

static const rq_rule *copy_rules(copier *to, const rq_rule *source, size_t count)
{
    rq_rule *rules = copy(to, source, count, sizeof *rules);
    for (size_t i = 0; rules != NULL && i < count; i++) {
        rules[i].text_zh = copy_text(to, rules[i].text_zh);
        rules[i].text_en = copy_text(to, rules[i].text_en);
    }
    return rules;
}

static const rq_tier *copy_tiers(copier *to, const rq_tier *source, size_t count)
{
    rq_tier *tiers = copy(to, source, count, sizeof *tiers);
    for (size_t i = 0; tiers != NULL && i < count; i++) {
        tiers[i].when = copy_rules(to, tiers[i].when, tiers[i].when_count);
    }
    return tiers;
}

static const rq_fee *copy_fees(copier *to, const rq_fee *source, size_t count)
{
    rq_fee *fees = copy(to, source, count, sizeof *fees);
    for (size_t i = 0; fees != NULL && i < count; i++) {
        fees[i].name_zh = copy_text(to, fees[i].name_zh);
        fees[i].name_en = copy_text(to, fees[i].name_en);
        fees[i].payee = copy_text(to, fees[i].payee);
    }
    return fees;
}

static void copy_product(copier *to, rq_product *product)
{
    product->institution_zh = copy_text(to, product->institution_zh);
    product->institution_en = copy_text(to, product->institution_en);
    product->name_zh = copy_text(to, product->name_zh);
    product->name_en = copy_text(to, product->name_en);
    product->regions = copy(to, product->regions, product->region_count, sizeof *product->regions);
    product->industries_in =
        copy(to, product->industries_in, product->industries_in_count, sizeof *product->industries_in);
    product->industries_out =
        copy(to, product->industries_out, product->industries_out_count, sizeof *product->industries_out);
    product->rules = copy_rules(to, product->rules, product->rule_count);
    product->tiers = copy_tiers(to, product->tiers, product->tier_count);
    product->fees = copy_fees(to, product->fees, product->fee_count);
    product->day_fees = copy(to, product->day_fees, product->day_fee_count, sizeof *product->day_fees);
    product->partners = copy(to, product->partners, product->partner_count, sizeof *product->partners);
}

static void copy_programme(copier *to, rq_programme *programme)
{
    programme->name_zh = copy_text(to, programme->name_zh);
    programme->name_en = copy_text(to, programme->name_en);
    programme->regions = copy(to, programme->regions, programme->region_count, sizeof *programme->regions);
    programme->rules = copy_rules(to, programme->rules, programme->rule_count);
}

static int by_product_id(const void *a, const void *b)
{
    return strcmp(((const rq_product *)a)->id, ((const rq_product *)b)->id);
}

static int by_programme_id(const void *a, const void *b)
{
    return strcmp(((const rq_programme *)a)->id, ((const rq_programme *)b)->id);
}

/* Published rule: the lowest fee wins (a fee that is not published comes last), then the best coverage
 * (likewise), then the id. */
static int by_partner_rank(const void *a, const void *b)
{
    const rq_product *left = *(const rq_product *const *)a, *right = *(const rq_product *const *)b;
    int64_t left_fee = left->fee_ppm == RQ_UNSET ? INT64_MAX : left->fee_ppm;
    int64_t right_fee = right->fee_ppm == RQ_UNSET ? INT64_MAX : right->fee_ppm;
    if (left_fee != right_fee) {
        return left_fee < right_fee ? -1 : 1;
    }
    if (left->coverage_ppm != right->coverage_ppm) {
        return left->coverage_ppm > right->coverage_ppm ? -1 : 1;
    }
    return strcmp(left->id, right->id);
}

rq_screen rq_screen_of(const rq_product *product, size_t index)
{
    bool is_full = product->capacity_cases_left == 0;
    int64_t room = product->capacity_fen_left == RQ_UNSET ? INT64_MAX : product->capacity_fen_left;
    return (rq_screen){
        .product = (uint32_t)index,
        .valid_from = product->valid_from,
        .valid_to = product->valid_to,
        .room_fen = is_full ? 0 : room,
        .amount_min_fen = product->amount_min_fen == RQ_UNSET ? 0 : product->amount_min_fen,
        .regions = product->regions,
        .industries_in = product->industries_in,
        .industries_out = product->industries_out,
        .region_count = (uint16_t)product->region_count,
        .industries_in_count = (uint16_t)product->industries_in_count,
        .industries_out_count = (uint16_t)product->industries_out_count,
    };
}

/* Lays the screen rows out kind by kind, each kind in order of id (a counting sort keeps it). */
static void index_kinds(rq_catalogue *catalogue)
{
    size_t next[RQ_MATCH_KINDS_MAX] = {0};
    for (size_t i = 0; i < catalogue->product_count; i++) {
        next[catalogue->products[i].kind]++;
    }
    for (size_t kind = 0, start = 0; kind < RQ_MATCH_KINDS_MAX; kind++) {
        size_t count = next[kind];
        catalogue->kind_start[kind] = start;
        next[kind] = start;
        start += count;
        catalogue->kind_start[kind + 1] = start;
    }
    for (size_t i = 0; i < catalogue->product_count; i++) {
        const rq_product *product = &catalogue->products[i];
        catalogue->screens[next[product->kind]++] = rq_screen_of(product, i);
    }
}

static bool index_partners(rq_catalogue *catalogue, int role, unsigned kind)
{
    size_t start = catalogue->kind_start[kind];
    size_t count = catalogue->kind_start[kind + 1] - start;
    const rq_product **partners = rq_arena_array(catalogue->arena, count + 1, sizeof *partners);
    if (partners == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        partners[i] = &catalogue->products[catalogue->screens[start + i].product];
    }
    qsort(partners, count, sizeof *partners, by_partner_rank);
    catalogue->partners[role] = partners;
    catalogue->partner_count[role] = count;
    return true;
}

static rq_status check_input(const rq_catalogue_input *input, rq_error *error)
{
    rq_status status = rq_weights_check(&input->weights, error);
    if (status != RQ_OK) {
        return status;
    }
    if (input->product_count > UINT32_MAX || input->lpr_1y_ppm < 0 || input->lpr_5y_ppm < 0 ||
        input->lpr_1y_ppm > RQ_MATCH_RATE_MAX_PPM || input->lpr_5y_ppm > RQ_MATCH_RATE_MAX_PPM) {
        return rq_fail(error, RQ_INVALID, "catalogue: too many products, or an LPR out of bounds");
    }
    rq_error reason = {0};
    for (size_t i = 0; i < input->product_count; i++) {
        status = rq_product_check(&input->products[i], &reason);
        if (status != RQ_OK) {
            return rq_fail(error, status, "product %.36s: %s", input->products[i].id, reason.message);
        }
    }
    for (size_t i = 0; i < input->programme_count; i++) {
        status = rq_programme_check(&input->programmes[i], &reason);
        if (status != RQ_OK) {
            return rq_fail(error, status, "programme %.36s: %s", input->programmes[i].id, reason.message);
        }
    }
    return RQ_OK;
}

static rq_status check_unique(const rq_catalogue *catalogue, rq_error *error)
{
    for (size_t i = 1; i < catalogue->product_count; i++) {
        if (strcmp(catalogue->products[i - 1].id, catalogue->products[i].id) == 0) {
            return rq_fail(error, RQ_INVALID, "product %s: id is there twice", catalogue->products[i].id);
        }
    }
    for (size_t i = 1; i < catalogue->programme_count; i++) {
        if (strcmp(catalogue->programmes[i - 1].id, catalogue->programmes[i].id) == 0) {
            return rq_fail(error, RQ_INVALID, "programme %s: id is there twice", catalogue->programmes[i].id);
        }
    }
    return RQ_OK;
}

/* Fills a catalogue whose arena and counts are set; false when memory is short. */
static bool fill(rq_catalogue *catalogue, const rq_catalogue_input *input)
{
    copier to = {catalogue->arena, false};
    catalogue->products = copy(&to, input->products, input->product_count, sizeof *catalogue->products);
    catalogue->programmes =
        copy(&to, input->programmes, input->programme_count, sizeof *catalogue->programmes);
    catalogue->screens =
        rq_arena_array(catalogue->arena, input->product_count + 1, sizeof *catalogue->screens);
    if (to.failed || catalogue->screens == NULL) {
        return false;
    }
    for (size_t i = 0; i < catalogue->product_count; i++) {
        copy_product(&to, &catalogue->products[i]);
    }
    for (size_t i = 0; i < catalogue->programme_count; i++) {
        copy_programme(&to, &catalogue->programmes[i]);
    }
    if (to.failed) {
        return false;
    }
    if (catalogue->product_count > 0) {
        qsort(catalogue->products, catalogue->product_count, sizeof *catalogue->products, by_product_id);
    }
    if (catalogue->programme_count > 0) {
        qsort(catalogue->programmes, catalogue->programme_count, sizeof *catalogue->programmes,
              by_programme_id);
    }
    index_kinds(catalogue);
    return index_partners(catalogue, RQ_PARTNER_guarantee, RQ_INDEX(kind, guarantee)) &&
           index_partners(catalogue, RQ_PARTNER_insurance, RQ_INDEX(kind, insurance));
}

rq_status rq_catalogue_new(const rq_catalogue_input *input, rq_catalogue **out_catalogue, rq_error *error)
{
    rq_status status = check_input(input, error);
    if (status != RQ_OK) {
        return status;
    }
    rq_arena *arena = rq_arena_new(RQ_MATCH_CATALOGUE_BYTES);
    rq_catalogue *catalogue = arena != NULL ? rq_arena_alloc(arena, sizeof *catalogue) : NULL;
    if (catalogue == NULL) {
        rq_arena_free(arena);
        return rq_fail(error, RQ_NOMEM, "no memory for a catalogue");
    }
    atomic_init(&catalogue->references, 1);
    catalogue->arena = arena;
    catalogue->version = input->version;
    catalogue->lpr_1y_ppm = input->lpr_1y_ppm;
    catalogue->lpr_5y_ppm = input->lpr_5y_ppm;
    catalogue->weights = input->weights;
    catalogue->product_count = input->product_count;
    catalogue->programme_count = input->programme_count;
    if (!fill(catalogue, input)) {
        rq_arena_free(arena);
        return rq_fail(error, RQ_NOMEM, "no memory for %zu products", input->product_count);
    }
    status = check_unique(catalogue, error);
    if (status != RQ_OK) {
        rq_arena_free(arena);
        return status;
    }
    *out_catalogue = catalogue;
    return RQ_OK;
}

rq_catalogue *rq_catalogue_ref(rq_catalogue *catalogue)
{
    atomic_fetch_add_explicit(&catalogue->references, 1, memory_order_relaxed);
    return catalogue;
}

void rq_catalogue_unref(rq_catalogue *catalogue)
{
    if (catalogue != NULL &&
        atomic_fetch_sub_explicit(&catalogue->references, 1, memory_order_acq_rel) == 1) {
        rq_arena_free(catalogue->arena);
    }
}

int64_t rq_catalogue_version(const rq_catalogue *catalogue)
{
    return catalogue->version;
}

size_t rq_catalogue_size(const rq_catalogue *catalogue)
{
    return catalogue->product_count;
}

const rq_product *rq_catalogue_find(const rq_catalogue *catalogue, const char *id)
{
    size_t low = 0, high = catalogue->product_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(catalogue->products[middle].id, id);
        if (order == 0) {
            return &catalogue->products[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
