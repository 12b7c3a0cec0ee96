/* The made-up market and the engine's answers as files, for the SQL peer of bench_match. Tabs between
 * columns, \N for what is not known, arrays in braces: as COPY reads them. Both print why they fail. */
#ifndef RONGQIAO_TESTS_BENCH_PEER_EXPORT_H
#define RONGQIAO_TESTS_BENCH_PEER_EXPORT_H

#include "columns.h"
#include "nation/nation.h"

/* products.tsv and programmes.tsv, in the order of columns of supply.sql. */
bool peer_export_supply(nation *market, size_t count, const char *directory);
/* need-N.sql, the variables of a pgbench script; classes.tsv, every product that a match counts, with its
 * class and fails; packages.tsv, what a match with `shown` tells. */
bool peer_export_answers(const rq_catalogue *catalogue, size_t count, const rq_need *needs, size_t need_count,
                         const rq_match_options *shown, const char *directory);

#endif
