#include "match_support.h"

void id_of(int number, char out_id[RQ_UUID_TEXT + 1])
{
    (void)snprintf(out_id, RQ_UUID_TEXT + 1, "00000000-0000-7000-8000-%012d", number);
}

rq_product bare_product(int number, unsigned kind)
{
    rq_product product = {
        .institution_zh = "某银行",
        .name_zh = "某产品",
        .kind = kind,
        .amount_min_fen = RQ_UNSET,
        .amount_max_fen = RQ_UNSET,
        .term_min_months = RQ_UNSET,
        .term_max_months = RQ_UNSET,
        .term_min_days = RQ_UNSET,
        .term_max_days = RQ_UNSET,
        .rate = {RQ_RATE_none, RQ_UNSET, RQ_UNSET},
        .promised_hours = RQ_UNSET,
        .capacity_cases_left = RQ_UNSET,
        .capacity_fen_left = RQ_UNSET,
        .valid_from = INT32_MIN,
        .valid_to = INT32_MAX,
        .fee_ppm = RQ_UNSET,
        .coverage_ppm = RQ_UNSET,
        .counter_guarantee = -1,
        .record = {.median_hours = RQ_UNSET, .fulfilled_ppm = -1},
    };
    id_of(number, product.id);
    id_of(number, product.institution_id);
    return product;
}

rq_product plain_loan(int number)
{
    rq_product product = bare_product(number, RQ_INDEX(kind, credit_loan));
    product.amount_max_fen = 500 * WAN;
    product.term_max_months = 36;
    product.rate = (rq_rate){RQ_RATE_fixed, 40000, 50000};
    product.repayments = RQ_BIT(repayment, interest_first);
    return product;
}

rq_programme bare_programme(int number, rq_programme_type type)
{
    rq_programme programme = {
        .name_zh = "某政策",
        .type = type,
        .share_ppm = RQ_UNSET,
        .points_ppm = RQ_UNSET,
        .cap_fen = RQ_UNSET,
        .valid_from = INT32_MIN,
        .valid_to = INT32_MAX,
    };
    id_of(number, programme.id);
    return programme;
}

void know(rq_need *need, rq_fact fact, int64_t value)
{
    need->facts[fact] = (rq_fact_value){.known = true, .value = value, .as_of = need->as_of};
}

void set_amount(rq_need *need, int64_t amount_fen, int64_t least_fen)
{
    need->amount_fen = amount_fen;
    need->amount_min_fen = least_fen;
    know(need, RQ_FACT_amount_fen, amount_fen);
}

void set_term(rq_need *need, int64_t months)
{
    need->term_months = months;
    know(need, RQ_FACT_term_months, months);
}

rq_need plain_need(void)
{
    rq_need need = {
        .kinds = RQ_BIT(kind, credit_loan),
        .term_days = RQ_UNSET,
        .max_rate_ppm = RQ_UNSET,
        .region = 330106,
        .industry = "C2614",
        .as_of = rq_date_from_civil(2026, 11, 24),
    };
    set_amount(&need, 100 * WAN, 100 * WAN);
    set_term(&need, 12);
    return need;
}

rq_rule hard_rule(rq_fact fact, rq_op op, int64_t value)
{
    return (rq_rule){
        .fact = fact, .op = op, .value = value, .hard = true, .weight = 1, .repair = rq_facts[fact].repair};
}

rq_weights usual_weights(void)
{
    return (rq_weights){.version = 1,
                        .cost = 30,
                        .likelihood = 25,
                        .speed = 20,
                        .fit = 15,
                        .service = 10,
                        .prior_ppm = 400000,
                        .prior_weight = 20,
                        .cost_cap_ppm = 240000,
                        .hours_cap = 720};
}

rq_catalogue *catalogue_of(const rq_product *products, size_t product_count, const rq_programme *programmes,
                           size_t programme_count)
{
    rq_catalogue_input input = {.version = 7,
                                .lpr_1y_ppm = 30000,
                                .lpr_5y_ppm = 35000,
                                .weights = usual_weights(),
                                .products = products,
                                .product_count = product_count,
                                .programmes = programmes,
                                .programme_count = programme_count};
    rq_catalogue *catalogue = NULL;
    rq_error error = {0};
    if (rq_catalogue_new(&input, &catalogue, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return catalogue;
}

match_run run_match(const rq_product *products, size_t product_count, const rq_programme *programmes,
                    size_t programme_count, const rq_need *need)
{
    match_run run = {.catalogue = catalogue_of(products, product_count, programmes, programme_count),
                     .arena = rq_arena_new((size_t)64 << 20)};
    rq_match_options options = {.top = 100, .top_near = 100, .top_unknown = 100};
    rq_error error = {0};
    assert_non_null(run.arena);
    if (rq_match(run.catalogue, need, &options, run.arena, &run.result, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return run;
}

void match_done(match_run *run)
{
    rq_arena_free(run->arena);
    rq_catalogue_unref(run->catalogue);
}

const rq_check *find_check(const rq_package *package, rq_check_source source)
{
    for (size_t i = 0; i < package->check_count; i++) {
        if (package->checks[i].source == source) {
            return &package->checks[i];
        }
    }
    return NULL;
}
