/* Products and programmes as they are published, a column for each rule. What the peer has no column for ends
 * the export: the market does not draw it. */
#include <inttypes.h>
#include <string.h>

#include "block.h"
#include "export.h"

enum { SIZES = 4, TIERS = 3 };

static bool has_columns(const rq_product *product)
{
    bool fits = product->tier_count <= TIERS && product->fee_count <= 1 && product->partner_count == 0;
    for (size_t i = 0; i < product->tier_count; i++) {
        const rq_tier *tier = &product->tiers[i];
        fits = fits && tier->when_count == 1 && tier->when[0].fact == RQ_FACT_tags &&
               tier->when[0].op == RQ_OP_in && tier->amount_max_fen != RQ_UNSET &&
               tier->term_max_months == RQ_UNSET && tier->rate.base == RQ_RATE_none &&
               !tier->needs_guarantee &&
               (i == 0 || tier->amount_max_fen > product->tiers[i - 1].amount_max_fen);
    }
    return fits;
}

static uint32_t province_of(const rq_product *product)
{
    for (size_t i = 1; i < product->region_count; i++) {
        if (product->regions[i] / 10000 != product->regions[0] / 10000) {
            return 0;
        }
    }
    return product->region_count > 0 ? product->regions[0] / 10000 : 0;
}

static void regions(FILE *file, const uint32_t *codes, size_t count)
{
    (void)fputs("\t{", file);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "%s%u", i > 0 ? "," : "", codes[i]);
    }
    (void)fputs(count > 0 ? "}" : "0}", file);
}

static void industries(FILE *file, const char (*list)[8], size_t count)
{
    (void)fputs(count > 0 ? "\t{" : "\t\\N", file);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "%s%" PRId64, i > 0 ? "," : "", rq_industry_key(list[i], strnlen(list[i], 8)));
    }
    (void)fputs(count > 0 ? "}" : "", file);
}

/* The cells by size, every size first; they are of one province. */
static bool record(FILE *file, const rq_record *known)
{
    int64_t likelihood[1 + SIZES], hours[1 + SIZES], province = 0;
    bool fits = true;
    for (size_t i = 0; i <= SIZES; i++) {
        likelihood[i] = hours[i] = RQ_UNSET;
    }
    for (size_t i = 0; i < known->cell_count; i++) {
        const rq_record_cell *cell = &known->cells[i];
        fits = fits && cell->size <= SIZES && (cell->size > 0) == (cell->province > 0) &&
               (province == 0 || cell->province == province);
        province = cell->province;
        likelihood[cell->size] = cell->likelihood_ppm;
        hours[cell->size] = cell->median_hours >= 0 ? cell->median_hours : RQ_UNSET;
    }
    peer_number(file, known->answers);
    peer_number(file, known->approvals);
    peer_number(file, known->median_hours);
    peer_number(file, known->fulfilled_ppm >= 0 ? known->fulfilled_ppm : RQ_UNSET);
    peer_number(file, province);
    peer_numbers(file, likelihood, 1 + SIZES);
    peer_numbers(file, hours, 1 + SIZES);
    return fits;
}

static void fees(FILE *file, const rq_product *product)
{
    for (rq_fee_when when = RQ_FEE_upfront; when <= RQ_FEE_yearly; when++) {
        for (rq_fee_basis basis = RQ_FEE_share; basis <= RQ_FEE_fixed; basis++) {
            const rq_fee *fee = product->fees;
            bool is_it = product->fee_count > 0 && fee->when == when && fee->basis == basis;
            peer_number(file, is_it ? fee->value : 0);
        }
    }
}

static bool rules(FILE *file, const rq_product *product)
{
    int64_t values[PEER_RULES + PEER_WISHES], weights[PEER_WISHES] = {0, 0};
    bool fits = true;
    int last = -1;
    for (size_t i = 0; i < PEER_RULES + PEER_WISHES; i++) {
        values[i] = RQ_UNSET;
    }
    for (size_t i = 0; fits && i < product->rule_count; i++) {
        int column = peer_column_of(&product->rules[i]);
        fits = column > last;
        last = column;
        if (fits) {
            values[column] = product->rules[i].value;
        }
        if (fits && column >= PEER_RULES) {
            weights[column - PEER_RULES] = product->rules[i].weight;
        }
    }
    for (size_t i = 0; i < PEER_RULES + PEER_WISHES; i++) {
        peer_number(file, values[i]);
    }
    for (size_t i = 0; i < PEER_WISHES; i++) {
        peer_number(file, weights[i]);
    }
    return fits;
}

static bool export_product(FILE *file, const rq_product *product)
{
    (void)fprintf(file, "%s\t%u\t%u", product->id, product->kind, province_of(product));
    regions(file, product->regions, product->region_count);
    industries(file, product->industries_in, product->industries_in_count);
    industries(file, product->industries_out, product->industries_out_count);
    peer_number(file, product->amount_min_fen);
    peer_number(file, product->amount_max_fen);
    peer_number(file, product->term_min_months);
    peer_number(file, product->term_max_months);
    peer_number(file, product->rate.base);
    peer_number(file, product->rate.low_ppm);
    peer_number(file, product->rate.high_ppm);
    peer_number(file, (int64_t)product->repayments);
    peer_number(file, product->valid_from);
    peer_number(file, product->valid_to);
    peer_number(file, product->capacity_cases_left == 0 ? 0 : product->capacity_fen_left);
    peer_number(file, product->guarantee == RQ_BACKING_required);
    peer_number(file, product->insurance == RQ_BACKING_required);
    peer_number(file, product->fee_ppm);
    peer_number(file, product->coverage_ppm);
    fees(file, product);
    bool fits = record(file, &product->record);
    for (size_t i = 0; i < TIERS; i++) {
        bool is_there = i < product->tier_count;
        peer_number(file, is_there ? product->tiers[i].when[0].value : RQ_UNSET);
        peer_number(file, is_there ? product->tiers[i].amount_max_fen : RQ_UNSET);
    }
    fits = rules(file, product) && fits;
    (void)fputc('\n', file);
    return fits && has_columns(product);
}

static bool export_programme(FILE *file, const rq_programme *programme)
{
    static const peer_column asked[] = {
        {RQ_FACT_size_class, RQ_OP_in}, {RQ_FACT_tags, RQ_OP_in}, {RQ_FACT_first_loan, RQ_OP_eq}};
    size_t written = 0;
    (void)fprintf(file, "%s\t%d", programme->id, (int)programme->type);
    peer_number(file, (int64_t)programme->kinds);
    regions(file, programme->regions, programme->region_count);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        int64_t value = RQ_UNSET;
        for (size_t k = 0; k < programme->rule_count; k++) {
            if (programme->rules[k].fact == asked[i].fact && programme->rules[k].op == asked[i].op) {
                value = programme->rules[k].value;
                written++;
            }
        }
        peer_number(file, value);
    }
    peer_number(file, programme->share_ppm);
    peer_number(file, programme->points_ppm);
    peer_number(file, programme->cap_fen);
    peer_number(file, programme->valid_from);
    peer_number(file, programme->valid_to);
    (void)fputc('\n', file);
    return written == programme->rule_count;
}

/* Closes the file; whether all went well. */
static bool done(FILE *file, bool fits, const char *what)
{
    bool is_written = ferror(file) == 0;
    is_written = fclose(file) == 0 && is_written;
    if (!fits || !is_written) {
        (void)fprintf(stderr, "bench: %s\n", fits ? "a file was not written" : what);
    }
    return fits && is_written;
}

/* The published weights and the LPR, as variables of a script. */
static bool export_frame(const char *directory)
{
    const rq_weights weights = nation_weights();
    FILE *file = peer_created(directory, "weights.sql");
    if (file == NULL) {
        return false;
    }
    (void)fprintf(file,
                  "\\set lpr_1y %d\n\\set lpr_5y %d\n\\set cost_points %d\n\\set likelihood_points %d\n"
                  "\\set speed_points %d\n\\set fit_points %d\n\\set service_points %d\n\\set prior_ppm %d\n"
                  "\\set prior_weight %d\n\\set cost_cap %d\n\\set hours_cap %d\n",
                  NATION_LPR_1Y_PPM, NATION_LPR_5Y_PPM, weights.cost, weights.likelihood, weights.speed,
                  weights.fit, weights.service, weights.prior_ppm, weights.prior_weight, weights.cost_cap_ppm,
                  weights.hours_cap);
    return done(file, weights.per_institution == 0, "the weights have a cap per institution");
}

bool peer_export_supply(nation *market, size_t count, const char *directory)
{
    size_t programme_count;
    bool fits = true;
    rq_arena *arena = rq_arena_new((size_t)16 << 30);
    const rq_product *products = arena != NULL ? nation_products(market, count, arena) : NULL;
    const rq_programme *programmes =
        arena != NULL ? nation_programmes(market, &programme_count, arena) : NULL;
    FILE *file = products != NULL && programmes != NULL ? peer_created(directory, "products.tsv") : NULL;
    if (file == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        fits = export_product(file, &products[i]) && fits;
    }
    fits = done(file, fits, "a product has what the peer has no column for");
    file = fits ? peer_created(directory, "programmes.tsv") : NULL;
    if (file == NULL) {
        return false;
    }
    for (size_t i = 0; i < programme_count; i++) {
        fits = export_programme(file, &programmes[i]) && fits;
    }
    rq_arena_free(arena);
    return export_frame(directory) && done(file, fits, "a programme has what the peer has no column for");
}
