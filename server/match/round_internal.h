/* What the files of a round share and nobody else sees. round_check.c takes nothing from here: it checks
 * them. */
#ifndef RONGQIAO_MATCH_ROUND_INTERNAL_H
#define RONGQIAO_MATCH_ROUND_INTERNAL_H

#include "rongqiao/round.h"

/* Step 1 without the bands: who goes first among needs of one band. `out_by_place` has room for
 * input->need_count and gets the needs in order. */
rq_status rq_round_order(const rq_round_input *input, uint32_t *out_by_place, rq_error *error) RQ_MUST_CHECK;
/* Step 2: the slots of each institution, not more than it offers. */
rq_status rq_round_share_slots(const rq_round_input *input, uint32_t *out_slots) RQ_MUST_CHECK;
/* A result that grants nothing; null when memory is short. */
rq_round_result *rq_round_result_new(const rq_round_input *input) RQ_MUST_CHECK;

#endif
