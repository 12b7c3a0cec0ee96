/* Products to rows and back. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

static_assert(sizeof(rq_row) == 64, "a row is one cache line");

/* ---- texts of ids ---- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash_at(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

bool rq_uuid_read(const char *text, uint8_t out_id[RQ_UUID_BYTES])
{
    size_t byte = 0;
    for (size_t at = 0; at < RQ_UUID_TEXT;) {
        if (is_dash_at(at)) {
            if (text[at++] != '-') {
                return false;
            }
            continue;
        }
        int high = digit_of(text[at]), low = high >= 0 ? digit_of(text[at + 1]) : -1;
        if (low < 0) {
            return false;
        }
        out_id[byte++] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    return text[RQ_UUID_TEXT] == '\0';
}

void rq_uuid_write(const uint8_t id[RQ_UUID_BYTES], char out_text[RQ_UUID_TEXT + 1])
{
    static const char pairs[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                                "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
                                "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
                                "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
                                "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
                                "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
                                "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
                                "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
    static const uint8_t at[RQ_UUID_BYTES] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    for (size_t byte = 0; byte < RQ_UUID_BYTES; byte++) {
        memcpy(out_text + at[byte], pairs + 2 * (size_t)id[byte], 2);
    }
    out_text[8] = out_text[13] = out_text[18] = out_text[23] = '-';
    out_text[RQ_UUID_TEXT] = '\0';
}

/* ---- packing ---- */

typedef struct packer {
    rq_pool *pool;
    bool ok;
} packer;

static rq_ref keep(packer *to, const void *bytes, size_t size)
{
    rq_ref ref = rq_pool_keep(to->pool, bytes, size);
    to->ok = to->ok && ref != 0;
    return ref;
}

static rq_ref keep_text(packer *to, const char *text)
{
    return rq_pool_keep_text(to->pool, text, &to->ok);
}

/* A list with `head` before it. */
static rq_ref keep_list_headed(packer *to, const void *head, size_t head_size, const void *elements,
                               size_t count, size_t size)
{
    if (count == 0) {
        return 0;
    }
    uint64_t room[512];
    size_t bytes = head_size + count * size;
    unsigned char *list = bytes <= sizeof room ? (unsigned char *)room : malloc(bytes);
    if (list == NULL) {
        to->ok = false;
        return 0;
    }
    memcpy(list, head, head_size);
    memcpy(list + head_size, elements, count * size);
    rq_ref ref = keep(to, list, bytes);
    if (list != (unsigned char *)room) {
        free(list);
    }
    return ref;
}

/* A list with its length, as a 32- or 64-bit head, before it. */
static rq_ref keep_list(packer *to, size_t head_size, const void *elements, size_t count, size_t size)
{
    const uint32_t narrow = (uint32_t)count;
    const uint64_t wide = count;
    return keep_list_headed(to, head_size == sizeof narrow ? (const void *)&narrow : &wide, head_size,
                            elements, count, size);
}

static const char *pooled_text(packer *to, const char *text)
{
    return rq_pool_at(to->pool, keep_text(to, text));
}

/* The rule with its texts in the pool and its padding zero, so that equal rules are equal bytes. */
static void pool_rule(packer *to, const rq_rule *rule, rq_rule *out_rule)
{
    memset(out_rule, 0, sizeof *out_rule);
    out_rule->fact = rule->fact;
    out_rule->op = rule->op;
    out_rule->value = rule->value;
    out_rule->hard = rule->hard;
    out_rule->weight = rule->weight;
    out_rule->repair = rule->repair;
    out_rule->text_zh = pooled_text(to, rule->text_zh);
    out_rule->text_en = pooled_text(to, rule->text_en);
}

static rq_ref keep_rules(packer *to, const rq_rule *rules, size_t count)
{
    rq_ref refs[RQ_MATCH_RULES_MAX];
    for (size_t i = 0; i < count; i++) {
        rq_rule rule;
        pool_rule(to, &rules[i], &rule);
        refs[i] = keep(to, &rule, sizeof rule);
    }
    return keep_list(to, sizeof(uint32_t), refs, count, sizeof refs[0]);
}

static rq_ref keep_tiers(packer *to, const rq_tier *source, size_t count)
{
    rq_tier tiers[RQ_MATCH_TIERS_MAX];
    memset(tiers, 0, sizeof tiers);
    for (size_t i = 0; i < count; i++) {
        rq_rule when[RQ_MATCH_RULES_MAX];
        for (size_t k = 0; k < source[i].when_count; k++) {
            pool_rule(to, &source[i].when[k], &when[k]);
        }
        if (source[i].when_count > 0) {
            tiers[i].when = rq_pool_at(to->pool, keep(to, when, source[i].when_count * sizeof when[0]));
        }
        tiers[i].when_count = source[i].when_count;
        tiers[i].amount_max_fen = source[i].amount_max_fen;
        tiers[i].term_max_months = source[i].term_max_months;
        tiers[i].rate.base = source[i].rate.base;
        tiers[i].rate.low_ppm = source[i].rate.low_ppm;
        tiers[i].rate.high_ppm = source[i].rate.high_ppm;
        tiers[i].needs_guarantee = source[i].needs_guarantee;
    }
    return keep_list(to, sizeof(uint64_t), tiers, count, sizeof tiers[0]);
}

static rq_ref keep_fees(packer *to, const rq_fee *source, size_t count)
{
    rq_fee fees[RQ_MATCH_FEES_MAX];
    memset(fees, 0, sizeof fees);
    for (size_t i = 0; i < count; i++) {
        fees[i].name_zh = pooled_text(to, source[i].name_zh);
        fees[i].name_en = pooled_text(to, source[i].name_en);
        fees[i].payee = pooled_text(to, source[i].payee);
        fees[i].basis = source[i].basis;
        fees[i].when = source[i].when;
        fees[i].value = source[i].value;
    }
    return keep_list(to, sizeof(uint64_t), fees, count, sizeof fees[0]);
}

static rq_ref keep_industries(packer *to, const char (*source)[8], size_t count)
{
    char(*list)[8] = count > 0 ? calloc(count, sizeof *list) : NULL;
    if (count > 0 && list == NULL) {
        to->ok = false;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(list[i], source[i], strnlen(source[i], sizeof list[i]));
    }
    rq_ref ref = keep_list(to, sizeof(uint64_t), list, count, sizeof *list);
    free(list);
    return ref;
}

static uint32_t province_of(const uint32_t *regions, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (regions[i] / 10000 != regions[0] / 10000) {
            return 0;
        }
    }
    return count > 0 ? regions[0] / 10000 : 0;
}

static rq_ref keep_regions(packer *to, const uint32_t *regions, size_t count)
{
    /* both halves of the head are below 2^16: RQ_MATCH_LIST_MAX, and two digits */
    uint32_t head;
    const rq_row_regions parts = {.province = (uint16_t)province_of(regions, count),
                                  .count = (uint16_t)count};
    memcpy(&head, &parts, sizeof head);
    return keep_list_headed(to, &head, sizeof head, regions, count, sizeof *regions);
}
static_assert(RQ_MATCH_LIST_MAX <= UINT16_MAX && sizeof(rq_row_regions) == sizeof(uint32_t),
              "the head is one word");

static void keep_partners(packer *to, const rq_product *product, rq_row_more *more)
{
    size_t count = product->partner_count;
    uint8_t(*ids)[RQ_UUID_BYTES] = count > 0 ? calloc(count, sizeof *ids) : NULL;
    to->ok = to->ok && (ids != NULL || count == 0);
    for (size_t i = 0; ids != NULL && i < count; i++) {
        to->ok = rq_uuid_read(product->partners[i], ids[i]) && to->ok;
    }
    if (ids != NULL) {
        more->partners = keep_list(to, sizeof(uint64_t), ids, count, sizeof *ids);
        more->partner_texts =
            keep_list(to, sizeof(uint64_t), product->partners, count, sizeof product->partners[0]);
    }
    free(ids);
}

/* 0 where there are none of either. */
static rq_ref keep_scope(packer *to, const rq_product *product)
{
    const rq_row_scope scope = {keep_industries(to, product->industries_in, product->industries_in_count),
                                keep_industries(to, product->industries_out, product->industries_out_count)};
    return scope.in != 0 || scope.out != 0 ? keep(to, &scope, sizeof scope) : 0;
}

static rq_row_name name_of(packer *to, const char *zh, const char *en)
{
    return (rq_row_name){keep_text(to, zh), keep_text(to, en)};
}

static int32_t short_number(int64_t value, int32_t unset)
{
    return value == RQ_UNSET ? unset : (int32_t)value;
}

static rq_ref keep_more(packer *to, const rq_product *product)
{
    rq_row_more more;
    memset(&more, 0, sizeof more);
    more.capacity_fen = product->capacity_fen_left;
    more.capacity_cases = short_number(product->capacity_cases_left, -1);
    more.promised_hours = short_number(product->promised_hours, -1);
    more.fee_ppm = short_number(product->fee_ppm, -1);
    more.coverage_ppm = short_number(product->coverage_ppm, -1);
    more.term_min_days = (int16_t)short_number(product->term_min_days, 0);
    more.term_max_days = (int16_t)short_number(product->term_max_days, 0);
    more.counter_guarantee = product->counter_guarantee;
    more.valid_from = product->valid_from;
    more.valid_to = product->valid_to;
    more.day_fees = keep_list(to, sizeof(uint64_t), product->day_fees, product->day_fee_count,
                              sizeof product->day_fees[0]);
    keep_partners(to, product, &more);
    return keep(to, &more, sizeof more);
}

/* How the product is judged where its own conditions are not all. */
static unsigned composition_of(const rq_product *product)
{
    bool is_backed = product->guarantee == RQ_BACKING_required,
         is_insured = product->insurance == RQ_BACKING_required;
    size_t conditions = 0;
    bool tiers_are_plain = product->tier_count <= RQ_TIER_SLOTS;
    for (size_t i = 0; i < product->tier_count; i++) {
        conditions += product->tiers[i].when_count;
        tiers_are_plain = tiers_are_plain && !product->tiers[i].needs_guarantee;
    }
    if (product->tier_count == 0) {
        return is_insured ? RQ_ROW_IS_COMPOSED : is_backed ? RQ_ROW_IS_BACKED : 0;
    }
    bool is_plain = tiers_are_plain && conditions <= RQ_TIER_CONDITIONS && !is_backed && !is_insured;
    return is_plain ? RQ_ROW_IS_TIERED : RQ_ROW_IS_COMPOSED;
}

static uint8_t flags_of(const rq_product *product)
{
    unsigned flags = composition_of(product);
    for (size_t i = 0; i < product->rule_count; i++) {
        flags |= product->rules[i].hard ? 0 : RQ_ROW_HAS_SOFT;
    }
    flags |= product->capacity_fen_left != RQ_UNSET ? RQ_ROW_HAS_CAPACITY : 0;
    flags |= product->partner_count > 0 ? RQ_ROW_HAS_PARTNERS : 0;
    flags |= product->record.cell_count > 0 ? RQ_ROW_HAS_CELLS : 0;
    return (uint8_t)flags;
}

static_assert(RQ_MATCH_PPM + 1 <= 0x1fffff && RQ_MATCH_CELLS_MAX <= 0x7ff, "they fit their bits");

static rq_ref keep_record(packer *to, const rq_record *source)
{
    const rq_row_record record = {.answers = source->answers,
                                  .approvals = source->approvals,
                                  .median_hours = short_number(source->median_hours, -1),
                                  .fulfilled = (uint32_t)(source->fulfilled_ppm + 1) & 0x1fffff,
                                  .cell_count = source->cell_count & 0x7ff};
    if (source->cell_count == 0) {
        return keep(to, &record, sizeof record);
    }
    return keep_list_headed(to, &record, sizeof record, source->cells, source->cell_count,
                            sizeof source->cells[0]);
}

bool rq_row_pack(rq_pool *pool, const rq_product *product, rq_packed *out_packed)
{
    packer to = {pool, true};
    rq_row_institution institution;
    rq_row_label label = {.regions = 0};
    if (!rq_uuid_read(product->id, label.id) || !rq_uuid_read(product->institution_id, institution.id)) {
        return false;
    }
    institution.name = name_of(&to, product->institution_zh, product->institution_en);
    const rq_row_name name = name_of(&to, product->name_zh, product->name_en);
    const rq_row row = {.amount_min_fen = product->amount_min_fen,
                        .amount_max_fen = product->amount_max_fen,
                        .term_min_months = (int16_t)short_number(product->term_min_months, 0),
                        .term_max_months = (int16_t)short_number(product->term_max_months, 0),
                        .kind = (uint8_t)product->kind,
                        .flags = flags_of(product),
                        .repayments = (uint8_t)product->repayments,
                        .rate_base = product->rate.base & 3U,
                        .guarantee = product->guarantee & 3U,
                        .insurance = product->insurance & 3U,
                        .low_ppm = short_number(product->rate.low_ppm, INT32_MIN),
                        .high_ppm = short_number(product->rate.high_ppm, INT32_MIN),
                        .institution = keep(&to, &institution, sizeof institution),
                        .rules = keep_rules(&to, product->rules, product->rule_count),
                        .tiers = keep_tiers(&to, product->tiers, product->tier_count),
                        .fees = keep_fees(&to, product->fees, product->fee_count),
                        .more = keep_more(&to, product)};
    label.regions = keep_regions(&to, product->regions, product->region_count);
    label.industries = keep_scope(&to, product);
    label.name = keep(&to, &name, sizeof name);
    label.record = keep_record(&to, &product->record);
    *out_packed = (rq_packed){row, label};
    return to.ok;
}
static_assert(RQ_WORDS - RQ_FIRST_repayment > 0, "repayments fit 8 bits");

/* ---- unpacking ---- */

#define LIST(pool, ref, type, out_first, out_count)                                                          \
    do {                                                                                                     \
        const type *list_ = rq_pool_at(pool, ref);                                                           \
        if (list_ != NULL) {                                                                                 \
            (out_first) = list_->first;                                                                      \
            (out_count) = list_->count;                                                                      \
        }                                                                                                    \
    } while (0)

static void unpack_more(const rq_pool *pool, const rq_row *row, rq_product *product)
{
    const rq_row_more *more = rq_row_more_of(pool, row);
    product->term_min_days = rq_row_number(more->term_min_days, 0);
    product->term_max_days = rq_row_number(more->term_max_days, 0);
    product->promised_hours = rq_row_number(more->promised_hours, -1);
    product->capacity_cases_left = rq_row_number(more->capacity_cases, -1);
    product->capacity_fen_left = more->capacity_fen;
    product->valid_from = more->valid_from;
    product->valid_to = more->valid_to;
    product->fee_ppm = rq_row_number(more->fee_ppm, -1);
    product->coverage_ppm = rq_row_number(more->coverage_ppm, -1);
    LIST(pool, more->day_fees, rq_row_day_fees, product->day_fees, product->day_fee_count);
    LIST(pool, more->partner_texts, rq_row_partners, product->partners, product->partner_count);
}

bool rq_row_unpack(const rq_pool *pool, const rq_row *row, const rq_row_label *label, rq_arena *arena,
                   rq_product *out_product)
{
    const rq_row_institution *institution = rq_pool_at(pool, row->institution);
    const rq_row_name *name = rq_pool_at(pool, label->name);
    size_t rule_count = rq_row_rule_count(pool, row);
    *out_product = (rq_product){.institution_zh = rq_pool_at(pool, institution->name.zh),
                                .institution_en = rq_pool_at(pool, institution->name.en),
                                .name_zh = rq_pool_at(pool, name->zh),
                                .name_en = rq_pool_at(pool, name->en),
                                .kind = row->kind,
                                .amount_min_fen = row->amount_min_fen,
                                .amount_max_fen = row->amount_max_fen,
                                .term_min_months = rq_row_term_min(row),
                                .term_max_months = rq_row_term_max(row),
                                .rate = rq_row_rate(row),
                                .repayments = row->repayments,
                                .rule_count = rule_count,
                                .guarantee = (rq_backing)row->guarantee,
                                .insurance = (rq_backing)row->insurance,
                                .counter_guarantee = rq_row_more_of(pool, row)->counter_guarantee,
                                .record = rq_row_record_read(pool, label)};
    rq_uuid_write(label->id, out_product->id);
    rq_uuid_write(institution->id, out_product->institution_id);
    LIST(pool, label->regions, rq_row_regions, out_product->regions, out_product->region_count);
    const rq_row_scope *scope = rq_pool_at(pool, label->industries);
    if (scope != NULL) {
        LIST(pool, scope->in, rq_row_industries, out_product->industries_in,
             out_product->industries_in_count);
        LIST(pool, scope->out, rq_row_industries, out_product->industries_out,
             out_product->industries_out_count);
    }
    LIST(pool, row->tiers, rq_row_tiers, out_product->tiers, out_product->tier_count);
    LIST(pool, row->fees, rq_row_fees, out_product->fees, out_product->fee_count);
    unpack_more(pool, row, out_product);
    if (rule_count > 0) {
        rq_rule *rules = rq_arena_room(arena, rule_count * sizeof *rules);
        if (rules == NULL) {
            return false;
        }
        for (size_t i = 0; i < rule_count; i++) {
            rules[i] = *rq_row_rule(pool, row, i);
        }
        out_product->rules = rules;
    }
    return true;
}
