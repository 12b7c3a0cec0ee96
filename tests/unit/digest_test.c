#include <pthread.h>

#include "rongqiao/digest.h"
#include "test.h"

static void assert_sha256(const void *data, size_t length, const char *expected)
{
    uint8_t digest[RQ_SHA256_BYTES];
    char text[RQ_SHA256_HEX + 1];
    rq_error error = {0};
    assert_int_equal(rq_sha256(data, length, digest, &error), RQ_OK);
    rq_hex(digest, sizeof digest, text);
    assert_string_equal(text, expected);
}

static void sha256_gives_the_standards_examples(void **state)
{
    (void)state;
    assert_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    static char million[1000000];
    memset(million, 'a', sizeof million);
    assert_sha256(million, sizeof million,
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* GB/T 32905-2016, appendix A. */
static void sm3_gives_the_standards_examples(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
        {"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
         "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t digest[RQ_DIGEST_BYTES];
        char text[RQ_DIGEST_HEX + 1];
        assert_int_equal(rq_digest_of(RQ_DIGEST_SM3, rows[i].text, strlen(rows[i].text), digest, NULL),
                         RQ_OK);
        rq_hex(digest, sizeof digest, text);
        assert_string_equal(text, rows[i].expected);
    }
}

static void hex_is_read_back_and_nothing_else(void **state)
{
    (void)state;
    uint8_t bytes[2];
    assert_true(rq_unhex("9fA0", 2, bytes));
    assert_memory_equal(bytes, "\x9f\xa0", 2);
    static const char *const refused[] = {"9fa", "9fa0f", "9fa00", "9g00", " 9f0", "", "0x9f", "-1-1"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_false(rq_unhex(refused[i], 2, bytes));
}

static void *hash_once(void *unused)
{
    (void)unused;
    uint8_t digest[RQ_SHA256_BYTES];
    for (int i = 0; i < 1000; i++)
        if (rq_sha256("abc", 3, digest, NULL) || digest[0] != 0xba || digest[31] != 0xad)
            return "wrong";
    return NULL;
}

static void threads_hash_at_the_same_time(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_once, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

static void hex_is_lower_case_and_ended(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x00, 0x9f, 0xa0, 0xff};
    char text[9];
    rq_hex(bytes, sizeof bytes, text);
    assert_string_equal(text, "009fa0ff");
    rq_hex(bytes, 0, text);
    assert_string_equal(text, "");
}

static void base64url_gives_the_standards_examples_without_padding(void **state)
{
    (void)state;
    const struct {
        const char *bytes, *text;
    } cases[] = {
        /* RFC 4648 section 10, and the two digits that differ from base64 */
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "-_-_"},
        {"\xff\xff", "__8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].bytes), room = (length * 4 + 2) / 3 + 1;
        char *text = malloc(room);
        assert_non_null(text);
        rq_base64url((const uint8_t *)cases[i].bytes, length, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(strlen(text) + 1, room);
        free(text);
    }
}

static void random_bytes_differ_each_time(void **state)
{
    (void)state;
    uint8_t first[32], second[32];
    assert_int_equal(rq_random(first, sizeof first, NULL), RQ_OK);
    assert_int_equal(rq_random(second, sizeof second, NULL), RQ_OK);
    assert_memory_not_equal(first, second, sizeof first);
}

static void too_many_random_bytes_at_once_are_refused(void **state)
{
    (void)state;
    rq_error error = {0};
    uint8_t byte = 0;
    assert_int_equal(rq_random(&byte, (size_t)1 << 40, &error), RQ_INVALID);
    assert_string_equal(error.message, "1099511627776 random bytes at once");
}

static void secrets_are_equal_when_every_byte_is(void **state)
{
    (void)state;
    assert_true(rq_equal_secret("token", "token", 5));
    assert_false(rq_equal_secret("token", "tokeN", 5));
    assert_false(rq_equal_secret("token", "Token", 5));
    assert_true(rq_equal_secret("token", "tokeN", 4));
    assert_true(rq_equal_secret("a", "b", 0));
}

static void assert_scrypt(unsigned cost_log2, const char *expected)
{
    static const uint8_t salt[RQ_SCRYPT_SALT_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const char *password = "正确的马 battery staple";
    uint8_t key[RQ_SCRYPT_KEY_BYTES];
    char text[2 * RQ_SCRYPT_KEY_BYTES + 1];
    rq_error error = {0};
    if (rq_scrypt(password, strlen(password), salt, cost_log2, key, &error))
        fail_msg("%s", error.message);
    rq_hex(key, sizeof key, text);
    assert_string_equal(text, expected);
}

/* Expected values: a plain implementation of RFC 7914 for 2^10, hashlib for the others. From 2^15 on the
 * work needs more memory than OpenSSL allows unless told. */
static void scrypt_gives_the_same_keys_as_other_implementations(void **state)
{
    (void)state;
    assert_scrypt(10, "9422869d744541c516401bc89277f454306dc92efd3bbc9de6322bc8f6eebc97");
    assert_scrypt(15, "b517e7926aedd16b50aede7d512f68bea91011244603ce5929cdbc4ae8e13ab9");
    assert_scrypt(16, "19e831bc6a5ca3ae2c64e4e888194e14e55b43606b0812926f1c1b8f5c17b886");
}

static void scrypt_keys_differ_by_password_and_salt(void **state)
{
    (void)state;
    uint8_t salt[RQ_SCRYPT_SALT_BYTES] = {0};
    uint8_t first[RQ_SCRYPT_KEY_BYTES], other[RQ_SCRYPT_KEY_BYTES];
    assert_int_equal(rq_scrypt("secret", 6, salt, 10, first, NULL), RQ_OK);
    assert_int_equal(rq_scrypt("secreT", 6, salt, 10, other, NULL), RQ_OK);
    assert_memory_not_equal(first, other, sizeof first);
    assert_int_equal(rq_scrypt("secret", 5, salt, 10, other, NULL), RQ_OK);
    assert_memory_not_equal(first, other, sizeof first);
    salt[15] = 1;
    assert_int_equal(rq_scrypt("secret", 6, salt, 10, other, NULL), RQ_OK);
    assert_memory_not_equal(first, other, sizeof first);
}

static void scrypt_takes_an_empty_password(void **state)
{
    (void)state;
    const uint8_t salt[RQ_SCRYPT_SALT_BYTES] = {0};
    uint8_t key[RQ_SCRYPT_KEY_BYTES];
    assert_int_equal(rq_scrypt("", 0, salt, 10, key, NULL), RQ_OK);
}

static void scrypt_refuses_a_cost_out_of_bounds(void **state)
{
    (void)state;
    const uint8_t salt[RQ_SCRYPT_SALT_BYTES] = {0};
    uint8_t key[RQ_SCRYPT_KEY_BYTES];
    rq_error error = {0};
    assert_int_equal(rq_scrypt("x", 1, salt, 0, key, &error), RQ_INVALID);
    assert_int_equal(rq_scrypt("x", 1, salt, 25, key, &error), RQ_INVALID);
    assert_int_equal(rq_scrypt("x", 1, salt, 64, key, &error), RQ_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First, so that the threads race to fetch the algorithm. */
        cmocka_unit_test(sm3_gives_the_standards_examples),
        cmocka_unit_test(hex_is_read_back_and_nothing_else),
        cmocka_unit_test(threads_hash_at_the_same_time),
        cmocka_unit_test(sha256_gives_the_standards_examples),
        cmocka_unit_test(hex_is_lower_case_and_ended),
        cmocka_unit_test(base64url_gives_the_standards_examples_without_padding),
        cmocka_unit_test(random_bytes_differ_each_time),
        cmocka_unit_test(too_many_random_bytes_at_once_are_refused),
        cmocka_unit_test(secrets_are_equal_when_every_byte_is),
        cmocka_unit_test(scrypt_gives_the_same_keys_as_other_implementations),
        cmocka_unit_test(scrypt_keys_differ_by_password_and_salt),
        cmocka_unit_test(scrypt_takes_an_empty_password),
        cmocka_unit_test(scrypt_refuses_a_cost_out_of_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
