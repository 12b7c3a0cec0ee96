/* The single verdicts of the reference, each told to the witness. */
#ifndef RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_JUDGE_H
#define RONGQIAO_TESTS_UNIT_MATCH_REFERENCE_JUDGE_H

#include "match_reference.h"

/* Tells the witness; the verdict to go on with. */
char ref_say(const void *of, ref_condition condition, int64_t have, int64_t bound, char verdict);
bool ref_holds(const void *of, ref_condition condition, bool holds);
/* What is not published asks for nothing. */
char ref_at_least(const void *of, ref_condition condition, int64_t have, int64_t bound);
char ref_at_most(const void *of, ref_condition condition, int64_t have, int64_t bound);
/* From the first day to the last; `first` is the condition of the first, the next one that of the last. */
bool ref_valid(const void *of, ref_condition first, rq_date from, rq_date to, rq_date day);
bool ref_regions(const uint32_t *regions, size_t count, uint32_t region);
/* Whether the product serves the need's region and industry, is valid, and has room. */
bool ref_open(const rq_product *p, const rq_need *need);
char ref_rule(const rq_rule *rule, const rq_need *need, ref_condition place);
/* 'y', '?' or 'n' for all hard rules together; those of a tier are all hard. */
char ref_rules(const rq_rule *rules, size_t count, const rq_need *need, ref_condition place);

#endif
