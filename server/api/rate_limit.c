/* Rates of requests. The buckets are the process', not the worker's: a client's connections land on any
 * worker, and a share of the rate for each would be too little for one connection and too much for many. */
#include <string.h>

#include "rongqiao/clock.h"
#include "stages.h"
#include "worker.h"

enum { US_PER_SECOND = 1000000 };

const char *const rq_limit_names[RQ_LIMITS] = {
    [RQ_LIMIT_OF_ADDRESS] = "address",
    [RQ_LIMIT_OF_PRINCIPAL] = "principal",
};

static bool settle(rq_call *call, rq_limit whose, int64_t wait_us)
{
    if (wait_us == 0)
        return true;
    atomic_fetch_add_explicit(&call->worker->counters.limited[whose], 1, memory_order_relaxed);
    call->retry_after_s = (wait_us + US_PER_SECOND - 1) / US_PER_SECOND;
    rq_call_refuse(call, "too_many_requests", NULL, NULL);
    return false;
}

static rq_quota address_rate(const rq_call *call)
{
    return rq_quota_of(call->worker->config->address_rate, call->worker->config->address_burst);
}

static bool take_of_address(rq_call *call, rq_throttle_kind kind)
{
    rq_throttle *throttle = call->worker->throttle;
    rq_throttle_key key = rq_throttle_key_of_address(throttle, kind, rq_exchange_peer(call->exchange));
    return settle(call, RQ_LIMIT_OF_ADDRESS,
                  rq_throttle_take(throttle, key, address_rate(call), rq_monotonic_us()));
}

bool rq_limit_address(rq_call *call)
{
    bool is_free = call->route && (call->route->flags & RQ_ROUTE_HEALTH);
    return is_free || take_of_address(call, RQ_THROTTLE_ADDRESS);
}

bool rq_limit_guesses(rq_call *call)
{
    const rq_throttle *throttle = call->worker->throttle;
    if (rq_principal_is_familiar(call->worker, call->token_hash))
        return true;
    rq_throttle_key key =
        rq_throttle_key_of_address(throttle, RQ_THROTTLE_GUESSES, rq_exchange_peer(call->exchange));
    return settle(call, RQ_LIMIT_OF_ADDRESS,
                  rq_throttle_wait(throttle, key, address_rate(call), rq_monotonic_us()));
}

bool rq_limit_wrong_guess(rq_call *call)
{
    return take_of_address(call, RQ_THROTTLE_GUESSES);
}

bool rq_limit_principal(rq_call *call)
{
    const rq_config *config = call->worker->config;
    const rq_principal *who = &call->principal;
    rq_quota rate = who->is_raised ? rq_quota_of(config->raised_rate, config->raised_burst)
                                   : rq_quota_of(config->principal_rate, config->principal_burst);
    return settle(call, RQ_LIMIT_OF_PRINCIPAL,
                  rq_throttle_take(call->worker->throttle, who->rate_key, rate, rq_monotonic_us()));
}

void rq_limit_learn(rq_worker *worker, rq_principal *principal)
{
    principal->is_raised = rq_list_holds(worker->config->raised_principals, principal->login);
    principal->rate_key = rq_throttle_key_of(worker->throttle, RQ_THROTTLE_PRINCIPAL, principal->user_id,
                                             strlen(principal->user_id));
}
