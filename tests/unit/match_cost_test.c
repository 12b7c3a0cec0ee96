/* Loan flows and the all-in annual cost (domain reference 2.9). */
#include "match_support.h"

static int64_t cost_of(const rq_cash_flow *flows, size_t count)
{
    int64_t ppm = 0;
    rq_error error = {0};
    if (rq_all_in_cost(flows, count, &ppm, &error) != RQ_OK) {
        fail_msg("%s", error.message);
    }
    return ppm;
}

/* ppm to hundredths of a per cent */
static int64_t basis_points(int64_t ppm)
{
    return (ppm + 50) / 100;
}

static int64_t cost_of_instalments(int64_t net_fen, int64_t instalment_fen, int32_t months)
{
    rq_cash_flow flows[361] = {{0, net_fen}};
    for (int32_t month = 1; month <= months; month++) {
        flows[month] = (rq_cash_flow){month, -instalment_fen};
    }
    return cost_of(flows, (size_t)months + 1);
}

static void a_consumer_loan_of_24_instalments_costs_17_07_per_cent(void **state)
{
    (void)state;
    assert_int_equal(basis_points(cost_of_instalments(1960000, 96975, 24)), 1707);
}

static void rounding_the_instalment_up_to_970_costs_17_10_per_cent(void **state)
{
    (void)state;
    assert_int_equal(basis_points(cost_of_instalments(1960000, 97000, 24)), 1710);
}

static void guarantee_fee_and_appraisal_raise_4_35_to_5_69_per_cent(void **state)
{
    (void)state;
    rq_cash_flow flows[13];
    assert_int_equal(rq_loan_flows(100 * WAN, 43500, 12, RQ_INDEX(repayment, interest_first), flows, 13), 13);
    flows[0].fen -= 1 * WAN + 3000 * YUAN;
    assert_int_equal(basis_points(cost_of(flows, 13)), 569);
}

static void a_guarantee_costs_its_share_of_what_is_outstanding(void **state)
{
    (void)state;
    const unsigned even = RQ_INDEX(repayment, equal_principal);
    rq_cash_flow flows[19], plain[19];
    assert_int_equal(rq_loan_flows(180 * WAN, 40000, 18, even, flows, 19), 19);
    assert_int_equal(rq_loan_flows(180 * WAN, 40000, 18, even, plain, 19), 19);
    /* 1 % of 1.8 million, and in a year of the 600,000 that are left; half of each comes back. */
    assert_int_equal(rq_take_backing(180 * WAN, 40000, 18, even, 10000, 500000, flows), 24000 * YUAN);
    assert_int_equal(flows[0].fen - plain[0].fen, -18000 * YUAN);
    assert_int_equal(flows[12].fen - plain[12].fen, (9000 - 6000) * YUAN);
    assert_int_equal(flows[18].fen - plain[18].fen, 3000 * YUAN);
}

static void a_loan_without_fees_costs_its_rate(void **state)
{
    (void)state;
    static const unsigned methods[] = {RQ_INDEX(repayment, equal_instalment),
                                       RQ_INDEX(repayment, equal_principal),
                                       RQ_INDEX(repayment, interest_first), RQ_INDEX(repayment, revolving)};
    rq_cash_flow flows[361];
    for (size_t i = 0; i < 4; i++) {
        size_t count = rq_loan_flows(1000000 * WAN, 48000, 360, methods[i], flows, 361);
        assert_int_equal(cost_of(flows, count), 48000);
    }
}

static void a_loan_without_interest_or_fees_costs_nothing(void **state)
{
    (void)state;
    rq_cash_flow flows[37];
    size_t count = rq_loan_flows(12345 * YUAN, 0, 36, RQ_INDEX(repayment, equal_instalment), flows, 37);
    assert_int_equal(cost_of(flows, count), 0);
}

static void money_that_comes_back_makes_the_cost_negative(void **state)
{
    (void)state;
    const rq_cash_flow flows[] = {{0, 1000000}, {12, -990000}};
    int64_t ppm = cost_of(flows, 2);
    assert_true(ppm < -9900 && ppm > -10200);
}

static void flows_that_no_rate_balances_are_refused(void **state)
{
    (void)state;
    const rq_cash_flow only_in[] = {{0, 1000000}, {12, 1}};
    const rq_cash_flow nothing[] = {{0, 0}, {12, 0}};
    const rq_cash_flow usury[] = {{0, 100}, {1, -10000}};
    int64_t ppm;
    assert_int_equal(rq_all_in_cost(only_in, 2, &ppm, NULL), RQ_INVALID);
    assert_int_equal(rq_all_in_cost(nothing, 2, &ppm, NULL), RQ_INVALID);
    assert_int_equal(rq_all_in_cost(usury, 2, &ppm, NULL), RQ_INVALID);
    assert_int_equal(rq_all_in_cost(NULL, 0, &ppm, NULL), RQ_INVALID);
}

static void flows_out_of_order_are_refused(void **state)
{
    (void)state;
    const rq_cash_flow flows[] = {{0, 1000}, {2, -600}, {1, -600}};
    int64_t ppm;
    assert_int_equal(rq_all_in_cost(flows, 3, &ppm, NULL), RQ_INVALID);
}

static void every_method_pays_the_principal_back(void **state)
{
    (void)state;
    rq_cash_flow flows[361];
    for (unsigned method = 0; method <= RQ_INDEX(repayment, revolving); method++) {
        for (int32_t term = 1; term <= 360; term += 7) {
            size_t count = rq_loan_flows(987654321, 0, term, method, flows, 361);
            int64_t sum = 0;
            for (size_t i = 0; i < count; i++) {
                sum += flows[i].fen;
            }
            assert_int_equal(count, term + 1);
            assert_int_equal(sum, 0);
        }
    }
}

static void the_last_instalment_is_the_only_one_that_may_be_smaller(void **state)
{
    (void)state;
    rq_cash_flow flows[361];
    for (int32_t term = 2; term <= 360; term += 11) {
        for (int64_t rate = 0; rate <= 240000; rate += 37700) {
            (void)rq_loan_flows(300 * WAN + 7, rate, term, RQ_INDEX(repayment, equal_instalment), flows, 361);
            for (int32_t month = 2; month < term; month++) {
                assert_int_equal(flows[month].fen, flows[1].fen);
            }
            assert_true(flows[term].fen >= flows[1].fen && flows[term].fen < 0);
        }
    }
}

static void one_fen_is_repaid_by_equal_instalments_too(void **state)
{
    (void)state;
    rq_cash_flow flows[13];
    assert_int_equal(rq_loan_flows(1, 240000, 12, RQ_INDEX(repayment, equal_instalment), flows, 13), 13);
    assert_int_equal(flows[1].fen, -1);
    assert_int_equal(flows[12].fen, 0);
}

static void interest_is_rounded_half_up_to_the_fen(void **state)
{
    (void)state;
    rq_cash_flow flows[3];
    /* 1,000 fen at 6 % a year are 5.0 fen a month, at 6.6 % 5.5 */
    (void)rq_loan_flows(1000, 66000, 2, RQ_INDEX(repayment, interest_first), flows, 3);
    assert_int_equal(flows[1].fen, -6);
    assert_int_equal(flows[2].fen, -1006);
}

static void bullet_interest_bears_no_interest(void **state)
{
    (void)state;
    rq_cash_flow flows[25];
    (void)rq_loan_flows(1200000, 50000, 24, RQ_INDEX(repayment, bullet), flows, 25);
    assert_int_equal(flows[12].fen, 0);
    assert_int_equal(flows[24].fen, -(1200000 + 24 * 5000));
}

static void too_little_room_or_an_unknown_method_gives_no_flows(void **state)
{
    (void)state;
    rq_cash_flow flows[12];
    assert_int_equal(rq_loan_flows(1000, 1000, 12, RQ_INDEX(repayment, bullet), flows, 12), 0);
    assert_int_equal(rq_loan_flows(1000, 1000, 6, 17, flows, 12), 0);
    assert_int_equal(rq_loan_flows(1000, 1000, 0, RQ_INDEX(repayment, bullet), flows, 12), 0);
    assert_int_equal(rq_loan_flows(0, 1000, 6, RQ_INDEX(repayment, bullet), flows, 12), 0);
    assert_int_equal(rq_loan_flows(1000, -1, 6, RQ_INDEX(repayment, bullet), flows, 12), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_loan_of_24_instalments_costs_17_07_per_cent),
        cmocka_unit_test(rounding_the_instalment_up_to_970_costs_17_10_per_cent),
        cmocka_unit_test(guarantee_fee_and_appraisal_raise_4_35_to_5_69_per_cent),
        cmocka_unit_test(a_guarantee_costs_its_share_of_what_is_outstanding),
        cmocka_unit_test(a_loan_without_fees_costs_its_rate),
        cmocka_unit_test(a_loan_without_interest_or_fees_costs_nothing),
        cmocka_unit_test(money_that_comes_back_makes_the_cost_negative),
        cmocka_unit_test(flows_that_no_rate_balances_are_refused),
        cmocka_unit_test(flows_out_of_order_are_refused),
        cmocka_unit_test(every_method_pays_the_principal_back),
        cmocka_unit_test(the_last_instalment_is_the_only_one_that_may_be_smaller),
        cmocka_unit_test(one_fen_is_repaid_by_equal_instalments_too),
        cmocka_unit_test(interest_is_rounded_half_up_to_the_fen),
        cmocka_unit_test(bullet_interest_bears_no_interest),
        cmocka_unit_test(too_little_room_or_an_unknown_method_gives_no_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
