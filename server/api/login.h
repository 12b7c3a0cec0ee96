/* Logging in, the named exception to "one exchange, one statement": the stored hash is read, the password is
 * hashed off the loop, and the session is written. */
#ifndef RONGQIAO_API_LOGIN_H
#define RONGQIAO_API_LOGIN_H

#include <sys/queue.h>

#include "call.h"

/* Tries that are held up, of one worker. */
typedef struct rq_login rq_login;
typedef TAILQ_HEAD(rq_login_list, rq_login) rq_login_list;
typedef struct rq_logins {
    rq_login_list held;
    unsigned held_count;
} rq_logins;

void rq_logins_init(rq_logins *logins);
/* Lets go those whose time has come. */
void rq_logins_tick(struct rq_worker *worker);
/* Answers those that are left. */
void rq_logins_close(struct rq_worker *worker);

/* The computing stage of POST /v1/sessions. */
rq_step rq_log_in(rq_call *call);

#endif
