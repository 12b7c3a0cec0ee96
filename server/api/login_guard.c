#include "login_guard.h"

#include <string.h>

#include "rongqiao/clock.h"

/* 50 wrong passwords of an address at once and one each 6 s; of a login ten, and one each 30 s. */
static const rq_quota address_quota = {.interval_us = 6000000, .burst = RQ_LIMIT_LOGIN_ADDRESS_BURST};
static const rq_quota login_quota = {.interval_us = 30000000, .burst = RQ_LIMIT_LOGIN_BURST};

static rq_throttle_key party_of(const rq_throttle *throttle, rq_throttle_key login, const void *who,
                                size_t length)
{
    uint8_t name[sizeof(login) + RQ_SHA256_HEX];
    memcpy(name, &login, sizeof(login));
    memcpy(name + sizeof(login), who, length);
    return rq_throttle_key_of(throttle, RQ_THROTTLE_LOGIN_PARTY, name, sizeof(login) + length);
}

rq_login_guard rq_login_guard_of(rq_worker *worker, const char *login, const char *peer, const char *device,
                                 bool knows_address, bool knows_device)
{
    const rq_throttle *throttle = worker->throttle;
    rq_login_guard guard = {.knows_device = knows_device, .knows_address = knows_address};
    guard.login = rq_throttle_key_of(throttle, RQ_THROTTLE_LOGIN, login, strlen(login));
    guard.address = rq_throttle_key_of_address(throttle, RQ_THROTTLE_LOGIN_ADDRESS, peer);
    guard.party = knows_device ? party_of(throttle, guard.login, device, RQ_SHA256_HEX)
                               : party_of(throttle, guard.login, &guard.address, sizeof(guard.address));
    return guard;
}

static int64_t ms_of(int64_t us)
{
    return (us + 999) / 1000;
}

int64_t rq_login_pause_ms(rq_worker *worker, const rq_login_guard *guard)
{
    int64_t pause = rq_backoff_wait(worker->throttle, guard->party, rq_monotonic_ms());
    if (pause > 0 || guard->knows_device)
        return pause;
    return ms_of(rq_throttle_wait(worker->throttle, guard->address, address_quota, rq_monotonic_us()));
}

int64_t rq_login_delay_ms(rq_worker *worker, const rq_login_guard *guard)
{
    if (guard->knows_device || guard->knows_address)
        return 0;
    int64_t wait = ms_of(rq_throttle_wait(worker->throttle, guard->login, login_quota, rq_monotonic_us()));
    return wait < RQ_LIMIT_LOGIN_HELD_MS ? wait : RQ_LIMIT_LOGIN_HELD_MS;
}

void rq_login_count_failure(rq_worker *worker, const rq_login_guard *guard)
{
    rq_backoff_fail(worker->throttle, guard->party, (unsigned)worker->config->login_failures_max,
                    rq_monotonic_ms());
    (void)rq_throttle_take(worker->throttle, guard->login, login_quota, rq_monotonic_us());
    if (!guard->knows_device)
        (void)rq_throttle_take(worker->throttle, guard->address, address_quota, rq_monotonic_us());
    atomic_fetch_add_explicit(&worker->counters.logins_failed, 1, memory_order_relaxed);
}

void rq_login_forget_failures(rq_worker *worker, const rq_login_guard *guard)
{
    rq_backoff_forget(worker->throttle, guard->party, rq_monotonic_ms());
}
