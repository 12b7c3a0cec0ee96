#include <pthread.h>
#include <stdatomic.h>

#include "rongqiao/throttle.h"
#include "test.h"

enum { SECOND_US = 1000000, SECOND_MS = 1000 };

static rq_throttle *throttle;

static int make(void **state)
{
    (void)state;
    return rq_throttle_new(&throttle, NULL) != RQ_OK;
}

static int drop(void **state)
{
    (void)state;
    rq_throttle_free(throttle);
    throttle = NULL;
    return 0;
}

#define RATE_TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

static rq_throttle_key key_of(rq_throttle_kind kind, unsigned number)
{
    return rq_throttle_key_of(throttle, kind, &number, sizeof number);
}

static void siphash_gives_the_papers_example(void **state)
{
    (void)state;
    /* Appendix A of the paper: key 00 01 .. 0f, message 00 01 .. 0e. */
    const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    uint8_t message[15];
    for (uint8_t i = 0; i < sizeof message; i++)
        message[i] = i;
    assert_true(rq_siphash(key, message, sizeof message) == UINT64_C(0xa129ca6149be45e5));
    assert_true(rq_siphash(key, message, 0) == UINT64_C(0x726fdb47dd0e0e31));
}

static void bucket_gives_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    rq_quota rate = rq_quota_of(10, 5);
    rq_throttle_key key = key_of(RQ_THROTTLE_PRINCIPAL, 1);
    int64_t now = 77 * SECOND_US;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rq_throttle_take(throttle, key, rate, now), 0);
    assert_int_equal(rq_throttle_take(throttle, key, rate, now), SECOND_US / 10);
    assert_int_equal(rq_throttle_wait(throttle, key, rate, now + 1), SECOND_US / 10 - 1);
    /* What was refused took nothing. */
    now += SECOND_US / 10;
    assert_int_equal(rq_throttle_wait(throttle, key, rate, now), 0);
    assert_int_equal(rq_throttle_take(throttle, key, rate, now), 0);
    assert_true(rq_throttle_take(throttle, key, rate, now) > 0);
    /* A second of rest gives ten, of which the bucket holds five. */
    now += SECOND_US;
    for (int i = 0; i < 5; i++)
        assert_int_equal(rq_throttle_take(throttle, key, rate, now), 0);
    assert_true(rq_throttle_take(throttle, key, rate, now) > 0);
}

static void rate_of_zero_is_no_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(rq_throttle_take(throttle, key_of(RQ_THROTTLE_ADDRESS, 1), rq_quota_of(0, 1), 1), 0);
}

static void names_and_kinds_have_buckets_of_their_own(void **state)
{
    (void)state;
    rq_quota rate = rq_quota_of(1, 1);
    assert_int_equal(rq_throttle_take(throttle, key_of(RQ_THROTTLE_ADDRESS, 1), rate, 1), 0);
    assert_true(rq_throttle_take(throttle, key_of(RQ_THROTTLE_ADDRESS, 1), rate, 1) > 0);
    assert_int_equal(rq_throttle_take(throttle, key_of(RQ_THROTTLE_ADDRESS, 2), rate, 1), 0);
    assert_int_equal(rq_throttle_take(throttle, key_of(RQ_THROTTLE_PRINCIPAL, 1), rate, 1), 0);
}

static void ipv6_addresses_of_one_network_are_one_name(void **state)
{
    (void)state;
    rq_throttle_key one = rq_throttle_key_of_address(throttle, RQ_THROTTLE_ADDRESS, "2001:db8:1:2::1");
    assert_true(one == rq_throttle_key_of_address(throttle, RQ_THROTTLE_ADDRESS, "2001:db8:1:2:ffff::9"));
    assert_true(one != rq_throttle_key_of_address(throttle, RQ_THROTTLE_ADDRESS, "2001:db8:1:3::1"));
    assert_true(rq_throttle_key_of_address(throttle, RQ_THROTTLE_ADDRESS, "10.0.0.1") !=
                rq_throttle_key_of_address(throttle, RQ_THROTTLE_ADDRESS, "10.0.0.2"));
}

/* A million other names, all owing, in a table of 65,536 words: whoever had used up his tokens still has
 * none. */
static void flood_of_names_resets_nobody(void **state)
{
    (void)state;
    rq_quota rate = rq_quota_of(1, 3);
    rq_throttle_key mine = key_of(RQ_THROTTLE_PRINCIPAL, UINT32_MAX);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rq_throttle_take(throttle, mine, rate, SECOND_US), 0);
    for (unsigned i = 0; i < 1000000; i++)
        (void)rq_throttle_take(throttle, key_of(RQ_THROTTLE_ADDRESS, i), rate, SECOND_US);
    assert_true(rq_throttle_take(throttle, mine, rate, SECOND_US) > 0);
    assert_true(rq_throttle_take(throttle, mine, rate, SECOND_US + SECOND_US - 1) > 0);
    /* Names that owe nothing any more make room: everybody is served again. */
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(
            rq_throttle_take(throttle, key_of(RQ_THROTTLE_ADDRESS, 2000000 + i), rate, 9 * SECOND_US), 0);
}

enum { THREADS = 4, ASKED = 20000, BURST = 12345 };
static atomic_uint taken;

static void *take_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < ASKED; i++)
        if (rq_throttle_take(throttle, key_of(RQ_THROTTLE_PRINCIPAL, 7), rq_quota_of(1, BURST), SECOND_US) ==
            0)
            atomic_fetch_add(&taken, 1);
    return NULL;
}

static void threads_share_one_bucket(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    atomic_store(&taken, 0);
    /* The first word is written before they race for it. */
    assert_int_equal(
        rq_throttle_take(throttle, key_of(RQ_THROTTLE_PRINCIPAL, 7), rq_quota_of(1, BURST), SECOND_US), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&taken), BURST - 1);
}

static void pauses_double_up_to_a_quarter_of_an_hour_and_are_forgotten(void **state)
{
    (void)state;
    rq_throttle_key key = key_of(RQ_THROTTLE_LOGIN_PARTY, 1);
    int64_t now = 5 * SECOND_MS;
    for (int i = 0; i < 4; i++) {
        rq_backoff_fail(throttle, key, 5, now);
        assert_int_equal(rq_backoff_wait(throttle, key, now), 0);
    }
    for (int64_t pause = SECOND_MS; pause < 512 * SECOND_MS; pause *= 2) {
        rq_backoff_fail(throttle, key, 5, now);
        assert_int_equal(rq_backoff_wait(throttle, key, now), pause);
        assert_int_equal(rq_backoff_wait(throttle, key, now + pause - 1), 1);
        now += pause;
        assert_int_equal(rq_backoff_wait(throttle, key, now), 0);
    }
    for (int i = 0; i < 100; i++)
        rq_backoff_fail(throttle, key, 5, now);
    assert_int_equal(rq_backoff_wait(throttle, key, now), RQ_BACKOFF_MAX_MS);
    assert_int_equal(rq_backoff_wait(throttle, key_of(RQ_THROTTLE_LOGIN_PARTY, 2), now), 0);
    now += 2 * RQ_BACKOFF_MAX_MS + 1;
    rq_backoff_fail(throttle, key, 2, now);
    assert_int_equal(rq_backoff_wait(throttle, key, now), 0);
    rq_backoff_fail(throttle, key, 2, now);
    assert_int_equal(rq_backoff_wait(throttle, key, now), SECOND_MS);
    rq_backoff_forget(throttle, key, now);
    assert_int_equal(rq_backoff_wait(throttle, key, now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_papers_example),
        RATE_TEST(bucket_gives_its_burst_and_then_its_rate),
        RATE_TEST(rate_of_zero_is_no_limit),
        RATE_TEST(names_and_kinds_have_buckets_of_their_own),
        RATE_TEST(ipv6_addresses_of_one_network_are_one_name),
        RATE_TEST(flood_of_names_resets_nobody),
        RATE_TEST(threads_share_one_bucket),
        RATE_TEST(pauses_double_up_to_a_quarter_of_an_hour_and_are_forgotten),
    };
    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
