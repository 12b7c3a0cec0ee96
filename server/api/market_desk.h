/* The desk that knows the open needs and answers what a product would find among them: one thread with a
 * connection of its own, so that no worker waits while it counts. */
#ifndef RONGQIAO_API_MARKET_DESK_H
#define RONGQIAO_API_MARKET_DESK_H

#include "call.h"

/* Decodes `product` and queues the question; `call` is answered on its worker's thread later. RQ_INVALID when the
 * engine does not take the product (the message names the field), RQ_BUSY when the queue is full or no catalogue is
 * there yet; then nothing was queued. */
rq_status rq_market_ask(rq_market *market, rq_call *call, const json_t *product, rq_error *error) RQ_MUST_CHECK;

#endif
