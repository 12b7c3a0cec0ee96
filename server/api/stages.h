/* The stages that call.c puts in order; each refuses the call itself and then says false. */
#ifndef RONGQIAO_API_STAGES_H
#define RONGQIAO_API_STAGES_H

#include "call.h"

/* The session token of the request: bearer for programs, cookie for browsers. Null data when there is none.
 */
rq_slice rq_token_find(const rq_request *request, bool *out_by_cookie);
/* Whether a browser's request that changes something comes from our own page. */
bool rq_csrf_holds(rq_call *call, rq_slice token);

/* Reads and checks the body or the query into call->input and call->input_text. */
bool rq_input_read(rq_call *call);
/* Reads the Idempotency-Key and the fingerprint of what it stands for, where the route wants one. */
bool rq_key_read(rq_call *call);

#endif
