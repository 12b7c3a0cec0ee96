/* The desk that knows the open needs and answers what a product would find among them, and other questions
 * that take long: one thread with a connection of its own, so that no worker waits while it counts. */
#ifndef RONGQIAO_API_MARKET_DESK_H
#define RONGQIAO_API_MARKET_DESK_H

#include "call.h"
#include "open_needs.h"
#include "side_pool.h"

/* Decodes `product` and queues the question; `call` is answered on its worker's thread later. RQ_INVALID when
 * the engine does not take the product (the message names the field), RQ_BUSY when the queue is full or no
 * catalogue is there yet; then nothing was queued. */
rq_status rq_market_ask(rq_market *market, rq_call *call, const json_t *product,
                        rq_error *error) RQ_MUST_CHECK;

/* Runs `work(argument, answer)` on the desk's thread, and answers `call` with what it wrote; false means that
 * it could not. `argument` is the desk's from now on, whatever is returned, and ends with `release`. */
rq_status rq_market_run(rq_market *market, rq_call *call, bool (*work)(void *argument, rq_buffer *answer),
                        void (*release)(void *argument), void *argument) RQ_MUST_CHECK;

/* For the desk's own work beside questions: takes `job` over, to be worked on its thread in its turn; false
 * when the queue is full. */
bool rq_market_submit(rq_market *market, rq_side_job *job) RQ_MUST_CHECK;
/* The open needs; on the desk's thread alone. */
rq_open_needs *rq_market_needs(rq_market *market);

#endif
