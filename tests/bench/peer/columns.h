/* What the files of the export share: the columns that rules have, and how a value is written. */
#ifndef RONGQIAO_TESTS_BENCH_PEER_COLUMNS_H
#define RONGQIAO_TESTS_BENCH_PEER_COLUMNS_H

#include <stdio.h>

#include "rongqiao/match.h"

typedef struct peer_column {
    rq_fact fact;
    rq_op op;
} peer_column;

enum { PEER_RULES = 25, PEER_WISHES = 2 };
/* The hard rules that the market draws, and the soft ones, one column each and in the order of a product's
 * rules. */
extern const peer_column peer_rules[PEER_RULES], peer_wishes[PEER_WISHES];

/* The column of a rule, wishes after the hard ones, or -1. */
int peer_column_of(const rq_rule *rule);
/* A file for writing, or null with a message. */
FILE *peer_created(const char *directory, const char *name);
/* After a tab; \N for RQ_UNSET. */
void peer_number(FILE *file, int64_t value);
/* After a tab and in braces, null for RQ_UNSET. */
void peer_numbers(FILE *file, const int64_t *values, size_t count);

#endif
