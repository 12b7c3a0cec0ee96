/* Stages that answer with the market of a product. */
#ifndef RONGQIAO_API_MARKET_H
#define RONGQIAO_API_MARKET_H

#include "call.h"

rq_step rq_market_of_input(rq_call *call);  /* of the product that was sent */
rq_step rq_market_of_stored(rq_call *call); /* of call->facts */

#endif
