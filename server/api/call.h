/* One request on its way: route, principal, input, facts, computed, statement, reply. The stages run in that
 * order, each on the worker's thread; a stage that must wait goes on by rq_call_continue(). */
#ifndef RONGQIAO_API_CALL_H
#define RONGQIAO_API_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "problem.h"
#include "rongqiao/api.h"
#include "rongqiao/digest.h"
#include "rongqiao/match.h"
#include "rongqiao/net.h"
#include "rongqiao/throttle.h"
#include "schema.h"

/* Roles as bits, for routes. */
enum {
    RQ_ROLE_ENTERPRISE = 1 << 0,
    RQ_ROLE_BANK_MAKER = 1 << 1,
    RQ_ROLE_BANK_CHECKER = 1 << 2,
    RQ_ROLE_GUARANTEE_REVIEWER = 1 << 3,
    RQ_ROLE_GUARANTEE_CHECKER = 1 << 4,
    RQ_ROLE_AUTHORITY = 1 << 5,
    RQ_ROLE_OPERATOR = 1 << 6,
    RQ_ROLE_AUDITOR = 1 << 7,
    RQ_ROLE_ANYBODY = (1 << 8) - 1, /* anyone who is logged in */
    RQ_ROLE_PUBLIC = 1 << 8,        /* no log in needed */
    RQ_ROLES_BANK = RQ_ROLE_BANK_MAKER | RQ_ROLE_BANK_CHECKER,
    RQ_ROLES_GUARANTOR = RQ_ROLE_GUARANTEE_REVIEWER | RQ_ROLE_GUARANTEE_CHECKER,
    RQ_ROLES_INSTITUTION = RQ_ROLES_BANK | RQ_ROLES_GUARANTOR,
};
/* The bits of a comma-separated list of role names. */
unsigned rq_roles_parse(const char *text);
/* Whether a comma-separated list has the word. */
bool rq_list_holds(const char *list, const char *word);
/* Whether every word of the list is a role's name. */
bool rq_roles_are_known(const char *text);

typedef struct rq_call rq_call;
typedef struct rq_sheet rq_sheet;

/* What a computing stage did. */
typedef enum rq_step { RQ_STEP_ON, RQ_STEP_WAIT, RQ_STEP_ANSWERED } rq_step;
typedef rq_step (*rq_compute)(rq_call *call);

enum {
    RQ_ROUTE_KEY = 1 << 0,      /* needs an Idempotency-Key */
    RQ_ROUTE_IF_MATCH = 1 << 1, /* takes If-Match */
    RQ_ROUTE_NO_BODY = 1 << 2,  /* a POST that may come without a body */
    RQ_ROUTE_CSV = 1 << 3,      /* takes text/csv beside JSON */
    RQ_ROUTE_LOGIN = 1 << 4,    /* asks nobody who it is: a cookie of before means nothing */
    RQ_ROUTE_ENROL = 1 << 6,    /* for who must first enrol for one-time codes, too */
    RQ_ROUTE_HEALTH = 1 << 5,   /* for who watches the server: at any rate */
};

/* One row of the API. */
typedef struct rq_route {
    rq_method method;
    const char *path; /* "/v1/needs/{id}/withdraw" */
    unsigned roles;
    const rq_schema *input; /* of the body, or of the query of a GET */
    const rq_schema *query; /* of a POST that takes one beside its body */
    const char *prelude;    /* statement that reads what the computation needs; its one text is call->facts */
    rq_compute compute;
    const char *statement;
    const char *kind;   /* of case, for moves */
    const char *action; /* the move */
    unsigned flags;
    size_t body_limit; /* 0: the default */
    const char *reply; /* name of the reply's schema in the OpenAPI document */
    const char *media; /* its media type; null: application/json */
    const char *zh, *en;
} rq_route;

/* The routes of one collection, in one file each. */
typedef struct rq_routes {
    const rq_route *rows;
    size_t count;
} rq_routes;

/* SHA-256 of four certificates in base64url, a comma between. */
enum { RQ_CERTIFICATES_TEXT = 4 * 44 };

/* Who asks. */
typedef struct rq_principal {
    char user_id[RQ_UUID_TEXT + 1];
    char org_id[RQ_UUID_TEXT + 1]; /* "" when none */
    char session_id[RQ_UUID_TEXT + 1];
    char login[72];
    char side[16];
    char roles[96];
    char region[8];
    unsigned role_bits;
    bool known;
    bool has_totp;
    char certificates[RQ_CERTIFICATES_TEXT]; /* that a key is bound to, a comma between; "": none */
    bool is_raised;                          /* its login is among raised_principals */
    rq_throttle_key rate_key;
} rq_principal;

struct rq_call {
    struct rq_worker *worker;
    rq_exchange *exchange;
    const rq_route *route;
    rq_arena *arena;
    rq_language language;
    rq_principal principal;
    char token_hash[RQ_SHA256_HEX + 1];
    bool by_cookie;
    const char *csrf;                    /* of a session by cookie */
    const char *set_cookie, *set_device; /* go with an answer, not with a refusal */
    const char *id;                      /* from the path, or null */
    json_t *input;                       /* the checked input */
    const char *input_text;
    const char *query_text; /* the checked query beside a body */
    const char *facts;      /* the prelude's answer */
    const char *computed;
    const char *digest;
    const char *packages; /* what of a match is kept as rows */
    const char *seen;     /* of enterprises, by the result: views.h */
    struct {
        int status;
        const char *body; /* null: none is kept */
        size_t length;
        const char *location, *etag;
    } kept;          /* the answer, while it is noted who sees it */
    const char *key; /* Idempotency-Key */
    const char *fingerprint;
    const char *first;        /* the answer of the first request with this key, as JSON */
    rq_sheet *sheet;          /* of a list that is wanted as CSV */
    struct rq_stream *stream; /* of live events, once it is open */
    uint64_t ticket;          /* of the statement that is waited for; 0: none */
    int64_t retry_after_s;    /* of a refusal; 0: its usual */
    bool abandoned;
    bool broken; /* memory ran short in a stage that must still wait for its end */
};

/* Takes a request from the net side. */
void rq_call_begin(struct rq_worker *worker, rq_exchange *exchange);
/* Goes on after a computing stage that waited. */
void rq_call_continue(rq_call *call);
/* Ends the call with a problem; `faults` and `extension` may be null. */
void rq_call_refuse(rq_call *call, const char *code, const rq_faults *faults, const char *extension);
/* Ends the call with one fault of one field. */
void rq_call_refuse_field(rq_call *call, const char *pointer, const char *code);
/* Ends the call with what PostgreSQL said. */
void rq_call_refuse_sql(rq_call *call, const rq_db_reply *reply);
/* Ends the call with a JSON body. */
void rq_call_answer(rq_call *call, int status, const char *body, size_t length,
                    const rq_reply_header *headers, size_t header_count);
/* The JSON pointer of the place at byte `position` of a document, as far as it can be read. */
const char *rq_json_pointer_at(rq_arena *arena, const char *text, size_t position, size_t length);

/* The client has gone. */
void rq_call_abandon(rq_call *call);

#endif
