/* Who asks: the token of the request, whose it is, and whether its rate and its certificate let it go on. */
#include "rongqiao/digest.h"
#include "stages.h"
#include "worker.h"

/* Nobody's token: what the address tried counts. */
static void refuse_stranger(rq_call *call)
{
    if (rq_limit_wrong_guess(call))
        rq_call_refuse(call, "unauthenticated", NULL, NULL);
}

/* A key that is bound to certificates is worth nothing to whoever has it without one of them. */
static bool has_its_certificate(const rq_call *call)
{
    char thumbprint[RQ_THUMBPRINT_TEXT + 1];
    return !call->principal.certificates[0] || (rq_exchange_thumbprint(call->exchange, thumbprint) &&
                                                rq_list_holds(call->principal.certificates, thumbprint));
}

static void admit_principal(rq_call *call)
{
    if (!has_its_certificate(call)) {
        if (rq_limit_wrong_guess(call))
            rq_call_refuse(call, "certificate_required", NULL, NULL);
    } else if (rq_limit_principal(call)) {
        rq_call_admitted(call);
    }
}

static void on_principal(void *argument, const rq_db_reply *reply)
{
    rq_call *call = argument;
    call->ticket = 0;
    if (reply->outcome != RQ_DB_DONE) {
        rq_call_refuse_sql(call, reply);
        return;
    }
    if (PQntuples(reply->result) != 1 || PQgetisnull(reply->result, 0, 0)) {
        refuse_stranger(call);
    } else if (rq_principal_parse(PQgetvalue(reply->result, 0, 0), &call->principal)) {
        rq_limit_learn(call->worker, &call->principal);
        rq_principal_remember(call->worker, call->token_hash, &call->principal);
        admit_principal(call);
    } else {
        rq_call_refuse(call, "unavailable", NULL, NULL);
    }
}

/* Looks up who the token is, in the worker's memory or in PostgreSQL. */
static void resolve_token(rq_call *call, rq_slice token)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char csrf[RQ_CSRF_TEXT + 1];
    if (token.length < 16 || token.length > 128) {
        refuse_stranger(call);
        return;
    }
    if (rq_sha256(token.data, token.length, digest, NULL) != RQ_OK) {
        rq_call_refuse(call, "unavailable", NULL, NULL);
        return;
    }
    rq_hex(digest, sizeof(digest), call->token_hash);
    if (call->by_cookie && rq_csrf_token(token.data, token.length, csrf))
        call->csrf = rq_arena_strndup(call->arena, csrf, RQ_CSRF_TEXT);
    const rq_principal *cached = rq_principal_cached(call->worker, call->token_hash);
    if (cached) {
        call->principal = *cached;
        admit_principal(call);
        return;
    }
    if (!rq_limit_guesses(call))
        return;
    rq_db_step step = {rq_statement_find("sessions/resolve"), {call->token_hash}, 1};
    call->ticket = rq_db_call(call->worker->db, NULL, &step, on_principal, call);
    if (call->ticket == 0)
        rq_call_refuse(call, "unavailable", NULL, NULL);
}

void rq_asker_find(rq_call *call)
{
    const rq_request *request = rq_exchange_request(call->exchange);
    rq_token_source source;
    rq_slice token = rq_token_find(request, &source);
    bool changes = request->method != RQ_GET && request->method != RQ_HEAD;
    bool is_login = (call->route->flags & RQ_ROUTE_LOGIN) && source != RQ_TOKEN_BEARER;
    bool is_anonymous = is_login || source == RQ_TOKEN_NONE || source == RQ_TOKEN_DOUBLED;
    call->by_cookie = source == RQ_TOKEN_COOKIE;
    if (is_anonymous && !rq_limit_address(call))
        return;
    if (source == RQ_TOKEN_DOUBLED)
        rq_call_refuse(call, "credentials_doubled", NULL, NULL);
    else if (is_login && !rq_is_same_origin(request))
        rq_call_refuse(call, "csrf", NULL, NULL);
    else if (is_login || (source == RQ_TOKEN_NONE && (call->route->roles & RQ_ROLE_PUBLIC)))
        rq_call_admitted(call);
    else if (source == RQ_TOKEN_NONE)
        rq_call_refuse(call, "unauthenticated", NULL, NULL);
    else if (call->by_cookie && changes && !rq_csrf_holds(request, token))
        rq_call_refuse(call, "csrf", NULL, NULL);
    else
        resolve_token(call, token);
}
