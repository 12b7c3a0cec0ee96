/* The stages that call.c puts in order; each refuses the call itself and then says false. */
#ifndef RONGQIAO_API_STAGES_H
#define RONGQIAO_API_STAGES_H

#include "call.h"

typedef enum rq_token_source {
    RQ_TOKEN_NONE,
    RQ_TOKEN_BEARER,
    RQ_TOKEN_COOKIE,
    RQ_TOKEN_DOUBLED
} rq_token_source;

/* The session token of the request: bearer for programs, cookie for browsers. Null data when there is none.
 */
rq_slice rq_token_find(const rq_request *request, rq_token_source *out_source);

/* The session's cookie, and the one by which a browser that somebody has logged in with is known again. */
typedef enum rq_cookie { RQ_COOKIE_SESSION, RQ_COOKIE_DEVICE } rq_cookie;
/* The cookie's token; null data when there is none. */
rq_slice rq_cookie_find(const rq_request *request, rq_cookie which);
/* The value of Set-Cookie that keeps this token so long; "" and 0 take it away. */
enum { RQ_COOKIE_TEXT = 192 };
void rq_cookie_write(rq_cookie which, const char *token, int64_t seconds, char out_text[RQ_COOKIE_TEXT]);

/* What a page must send back as X-CSRF-Token beside the cookie of this token: its hash under a label. */
enum { RQ_CSRF_TEXT = 43 };
bool rq_csrf_token(const char *token, size_t length, char out_text[RQ_CSRF_TEXT + 1]);
/* Whether nothing says that another site asks: what browsers add (Sec-Fetch-Site, Origin) names this host. */
bool rq_is_same_origin(const rq_request *request);
/* Whether a browser's request that changes something comes from our own page: same origin, and the token
 * that only that page can read (ASVS 3.5.1). */
bool rq_csrf_holds(const rq_request *request, rq_slice token);

/* Answers from the portal's files when the path is one of its pages; false when it is none, with the bits of
 * the methods in `out_allow` when another method would do. */
bool rq_portal_answer(rq_call *call, unsigned *out_allow);

/* Whether the request is within the rate of whoever it is charged to: the address for what comes without a
 * token, else the principal. */
bool rq_limit_address(rq_call *call);
bool rq_limit_principal(rq_call *call);
/* A token that turns out to be nobody's is a wrong guess, charged to the address. Before PostgreSQL is asked:
 * whether the address may guess at all, which a token that was somebody's a while ago need not be asked. */
bool rq_limit_guesses(rq_call *call);
bool rq_limit_wrong_guess(rq_call *call);
/* Fills in which rate is the principal's, of its login. */
void rq_limit_learn(struct rq_worker *worker, rq_principal *principal);

/* Finds out who asks, and goes on by rq_call_admitted() with call->principal; else the call is refused
 * (asker.c). */
void rq_asker_find(rq_call *call);
/* Goes on with a call whose asker is known, or need not be. */
void rq_call_admitted(rq_call *call);

/* What says who asks, to go before `next` (may be null); with the Idempotency-Key where that is wanted, which
 * a read has no use for. */
rq_db_step rq_call_enter(const rq_call *call, const rq_statement *next, bool with_key);

/* Ends the call with the document that its statement gave; `location` and `etag` may be null (answer.c). */
void rq_call_answer_document(rq_call *call, int status, const char *body, size_t length, const char *location,
                             const char *etag);
/* Ends the call with 405 and the methods that `allow` has bits of. */
void rq_call_refuse_method(rq_call *call, unsigned allow);
/* Whether a stage of the call went on without the memory that it wanted. */
bool rq_call_ran_short(const rq_call *call);
/* Answers 503 where there is no memory for a call. */
void rq_reply_without_memory(rq_exchange *exchange);

/* Reads and checks the body or the query into call->input and call->input_text. */
bool rq_input_read(rq_call *call);
/* Writes call->input into call->input_text again, after a stage has changed it; false when memory is short.
 */
bool rq_input_write(rq_call *call);
/* Reads the Idempotency-Key and the fingerprint of what it stands for, where the route wants one. */
bool rq_key_read(rq_call *call);

#endif
