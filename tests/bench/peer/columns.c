#include "columns.h"

#include <inttypes.h>

const peer_column peer_rules[PEER_RULES] = {
    {RQ_FACT_dishonest_listed, RQ_OP_eq},
    {RQ_FACT_abnormal_listed, RQ_OP_eq},
    {RQ_FACT_court_executed, RQ_OP_eq},
    {RQ_FACT_overdue_fen, RQ_OP_le},
    {RQ_FACT_tax_arrears_fen, RQ_OP_le},
    {RQ_FACT_age_months, RQ_OP_ge},
    {RQ_FACT_revenue_fen, RQ_OP_ge},
    {RQ_FACT_debt_ratio_ppm, RQ_OP_le},
    {RQ_FACT_profitable, RQ_OP_eq},
    {RQ_FACT_size_class, RQ_OP_in},
    {RQ_FACT_tax_grade, RQ_OP_in},
    {RQ_FACT_tax_paid_12m_fen, RQ_OP_ge},
    {RQ_FACT_tax_months, RQ_OP_ge},
    {RQ_FACT_lenders, RQ_OP_le},
    {RQ_FACT_credit_enquiries_3m, RQ_OP_le},
    {RQ_FACT_settlement_account, RQ_OP_eq},
    {RQ_FACT_first_loan, RQ_OP_eq},
    {RQ_FACT_collateral, RQ_OP_in},
    {RQ_FACT_contract_fen, RQ_OP_ratio_ge},
    {RQ_FACT_receivable_fen, RQ_OP_ratio_ge},
    {RQ_FACT_debtor_confirmed, RQ_OP_eq},
    {RQ_FACT_ip_value_fen, RQ_OP_ratio_ge},
    {RQ_FACT_tags, RQ_OP_in},
    {RQ_FACT_collateral_value_fen, RQ_OP_ratio_ge},
    {RQ_FACT_purpose, RQ_OP_in},
};
const peer_column peer_wishes[PEER_WISHES] = {
    {RQ_FACT_tags, RQ_OP_in},
    {RQ_FACT_settlement_account, RQ_OP_eq},
};

int peer_column_of(const rq_rule *rule)
{
    const peer_column *columns = rule->hard ? peer_rules : peer_wishes;
    int count = rule->hard ? PEER_RULES : PEER_WISHES;
    for (int i = 0; i < count; i++) {
        if (columns[i].fact == rule->fact && columns[i].op == rule->op) {
            return rule->hard ? i : PEER_RULES + i;
        }
    }
    return -1;
}

FILE *peer_created(const char *directory, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
    }
    return file;
}

void peer_number(FILE *file, int64_t value)
{
    if (value == RQ_UNSET) {
        (void)fputs("\t\\N", file);
    } else {
        (void)fprintf(file, "\t%" PRId64, value);
    }
}

void peer_numbers(FILE *file, const int64_t *values, size_t count)
{
    (void)fputs("\t{", file);
    for (size_t i = 0; i < count; i++) {
        if (values[i] == RQ_UNSET) {
            (void)fprintf(file, "%sNULL", i > 0 ? "," : "");
        } else {
            (void)fprintf(file, "%s%" PRId64, i > 0 ? "," : "", values[i]);
        }
    }
    (void)fputs("}", file);
}
