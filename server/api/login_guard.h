/* How often somebody may try passwords. No lock lies on an account: a stranger could turn it against its
 * owner, and it would show which logins exist. Instead, and alike for logins that do not exist:
 *
 *   a login from one address    from the fifth wrong password on pauses that double, up to a quarter of an
 * hour an address, whatever logins a bucket of wrong passwords (what one tries on many logins) a login,
 * whatever addresses beyond a bucket of wrong passwords each try from an unknown address is held up for some
 * seconds (what many try on one login), and never refused
 *
 * A browser that the user has logged in with is a party of its own: it has the pauses of its own mistakes
 * alone. An address that the user has logged in from is not held up. */
#ifndef RONGQIAO_API_LOGIN_GUARD_H
#define RONGQIAO_API_LOGIN_GUARD_H

#include "worker.h"

typedef struct rq_login_guard {
    rq_throttle_key party; /* the login with its address or its device */
    rq_throttle_key address, login;
    bool knows_device, knows_address;
} rq_login_guard;

/* `device` is the hash of the browser's own cookie; it counts when it is known. */
rq_login_guard rq_login_guard_of(rq_worker *worker, const char *login, const char *peer, const char *device,
                                 bool knows_address, bool knows_device);
/* Milliseconds before the party may try again; 0: now. */
int64_t rq_login_pause_ms(rq_worker *worker, const rq_login_guard *guard);
/* Milliseconds by which this try is held up. */
int64_t rq_login_delay_ms(rq_worker *worker, const rq_login_guard *guard);
void rq_login_count_failure(rq_worker *worker, const rq_login_guard *guard);
void rq_login_forget_failures(rq_worker *worker, const rq_login_guard *guard);

#endif
