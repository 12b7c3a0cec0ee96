/* Needs as variables of a script, and what the engine answers to them. */
#include <inttypes.h>

#include "block.h"
#include "export.h"

enum { KINDS = 6, ARENA_BYTES = 1 << 30 };

/* The places of a package's conditions, in the order of its checks. */
enum {
    OF_RULES = RQ_CHECK_repayment,
    TIER = OF_RULES + PEER_RULES + PEER_WISHES,
    GUARANTEE,
    INSURANCE,
    CONDITIONS
};
_Static_assert(RQ_CHECK_amount_min == 1 && OF_RULES == 6, "bounds come first");

static void export_variable(FILE *file, const char *name, int64_t value)
{
    (void)fprintf(file, "\\set %s %" PRId64 "\n", name, value);
}

static void export_kinds(FILE *file, uint64_t kinds)
{
    for (size_t i = 1; i <= KINDS; i++, kinds &= kinds - 1) {
        (void)fprintf(file, "\\set k%zu %d\n", i, kinds != 0 ? __builtin_ctzll(kinds) : -1);
    }
}

/* -1 is "not known". */
static bool export_need(const char *directory, size_t at, const rq_need *need)
{
    char name[32];
    (void)snprintf(name, sizeof name, "need-%zu.sql", at);
    FILE *file = peer_created(directory, name);
    if (file == NULL) {
        return false;
    }
    export_kinds(file, need->kinds);
    export_variable(file, "province", need->region / 10000);
    export_variable(file, "region", need->region);
    export_variable(file, "city", need->region / 100 * 100);
    export_variable(file, "provincial", need->region / 10000 * 10000);
    export_variable(file, "amount", need->amount_fen);
    export_variable(file, "least", need->amount_min_fen);
    export_variable(file, "term", need->term_months);
    export_variable(file, "max_rate", need->max_rate_ppm == RQ_UNSET ? -1 : need->max_rate_ppm);
    export_variable(file, "wished", (int64_t)need->repayments);
    export_variable(file, "day", need->as_of);
    for (size_t i = 1; i <= 5; i++) {
        char prefix[4];
        (void)snprintf(prefix, sizeof prefix, "i%zu", i);
        export_variable(file, prefix, rq_industry_key(need->industry, i));
    }
    for (size_t i = 0; i < PEER_RULES; i++) {
        const rq_fact_value *fact = &need->facts[peer_rules[i].fact];
        export_variable(file, rq_facts[peer_rules[i].fact].name, fact->known ? fact->value : -1);
    }
    return fclose(file) == 0;
}

static void export_classes(FILE *file, size_t need, const rq_package *packages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "%zu\t%s\t%d\t%zu\n", need, packages[i].product->id, packages[i].class,
                      packages[i].fail_count);
    }
}

static int place_of(const rq_check *check)
{
    switch (check->source) {
    case RQ_CHECK_rule:
        return OF_RULES + peer_column_of(check->rule);
    case RQ_CHECK_tier:
        return TIER;
    case RQ_CHECK_guarantee:
        return GUARANTEE;
    case RQ_CHECK_insurance:
        return INSURANCE;
    default:
        return (int)check->source - 1;
    }
}

static void export_checks(FILE *file, const rq_package *package)
{
    int64_t verdicts[CONDITIONS], needed[CONDITIONS];
    for (size_t i = 0; i < CONDITIONS; i++) {
        verdicts[i] = needed[i] = RQ_UNSET;
    }
    for (size_t i = 0; i < package->check_count; i++) {
        int place = place_of(&package->checks[i]);
        verdicts[place] = package->checks[i].verdict;
        needed[place] = package->checks[i].needed;
    }
    peer_numbers(file, verdicts, CONDITIONS);
    peer_numbers(file, needed, CONDITIONS);
}

static void export_packages(FILE *file, size_t need, const rq_package *packages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const rq_package *package = &packages[i];
        (void)fprintf(file, "%zu\t%d\t%zu\t%s\t%zu", need, package->class, i + 1, package->product->id,
                      package->fail_count);
        peer_number(file, package->amount_fen);
        peer_number(file, package->rate_ppm);
        peer_number(file, package->repayment);
        peer_number(file, package->cost_ppm);
        peer_number(file, package->score_ppm);
        peer_numbers(file, package->parts_ppm, RQ_SCORE_PARTS);
        (void)fprintf(file, "\t%s", package->guarantee != NULL ? package->guarantee->id : "\\N");
        (void)fprintf(file, "\t%s\t{", package->insurance != NULL ? package->insurance->id : "\\N");
        for (size_t k = 0; k < package->programme_count; k++) {
            (void)fprintf(file, "%s%s", k > 0 ? "," : "", package->programmes[k]->id);
        }
        (void)fputs("}", file);
        export_checks(file, package);
        (void)fputc('\n', file);
    }
}

static bool matched(const rq_catalogue *catalogue, const rq_need *need, const rq_match_options *options,
                    rq_arena *arena, rq_match_result *result)
{
    rq_error error = {0};
    rq_arena_reset(arena);
    if (rq_match(catalogue, need, options, arena, result, &error) != RQ_OK) {
        (void)fprintf(stderr, "bench: %s\n", error.message);
        return false;
    }
    return true;
}

static bool export_answer(const rq_catalogue *catalogue, size_t count, const rq_match_options *shown,
                          size_t at, const rq_need *need, rq_arena *arena, FILE *classes, FILE *packages)
{
    const rq_match_options all = {.top = count, .top_near = count, .top_unknown = count};
    rq_match_result result;
    if (!matched(catalogue, need, &all, arena, &result)) {
        return false;
    }
    export_classes(classes, at, result.eligible, result.eligible_count);
    export_classes(classes, at, result.unknown, result.unknown_count);
    export_classes(classes, at, result.near, result.near_count);
    if (!matched(catalogue, need, shown, arena, &result)) {
        return false;
    }
    (void)fprintf(packages, "%zu\t\\N\t%zu\t%zu\t%zu\n", at, result.eligible_total, result.unknown_total,
                  result.near_total);
    export_packages(packages, at, result.eligible, result.eligible_count);
    export_packages(packages, at, result.unknown, result.unknown_count);
    export_packages(packages, at, result.near, result.near_count);
    return true;
}

bool peer_export_answers(const rq_catalogue *catalogue, size_t count, const rq_need *needs, size_t need_count,
                         const rq_match_options *shown, const char *directory)
{
    const uint64_t others = RQ_BIT(kind, bridge) | RQ_BIT(kind, equity);
    rq_arena *arena = rq_arena_new(ARENA_BYTES);
    FILE *classes = peer_created(directory, "classes.tsv"),
         *packages = peer_created(directory, "packages.tsv");
    bool is_done = arena != NULL && classes != NULL && packages != NULL;
    for (size_t i = 0; is_done && i < need_count; i++) {
        bool is_plain = (needs[i].kinds & others) == 0 && needs[i].term_months != RQ_UNSET &&
                        needs[i].amount_min_fen != RQ_UNSET && __builtin_popcountll(needs[i].kinds) <= KINDS;
        if (!is_plain) {
            (void)fprintf(stderr, "bench: need %zu asks for what the peer does not price\n", i);
        }
        is_done = is_plain && export_need(directory, i, &needs[i]) &&
                  export_answer(catalogue, count, shown, i, &needs[i], arena, classes, packages);
    }
    is_done = classes != NULL && fclose(classes) == 0 && is_done;
    is_done = packages != NULL && fclose(packages) == 0 && is_done;
    rq_arena_free(arena);
    return is_done;
}
