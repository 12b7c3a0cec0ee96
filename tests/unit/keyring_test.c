/* Sealing of personal data: the standards' examples, another implementation, and everything that must not
 * open. */
#include "rongqiao/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/envelope.h"
#include "test.h"

static size_t bytes_of(const char *hex, uint8_t *out)
{
    assert_true(rq_unhex(hex, strlen(hex) / 2, out));
    return strlen(hex) / 2;
}

/* NIST's examples of GCM ("The Galois/Counter Mode of Operation", McGrew and Viega, appendix B), 13, 14
 * and 16. */
static void aes_gcm_gives_the_examples_of_the_standard(void **state)
{
    static const struct {
        const char *key, *nonce, *aad, *text, *ciphertext, *tag;
    } rows[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
         "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
         "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
         "d0d1c8a799996bf0265b98b5d48ab919"},
        {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
         "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16"
         "aedf5aa0de657"
         "ba637b39",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f"
         "61e6393ba7a0a"
         "bcc9f662",
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    const envelope_way *way = &envelope_ways[RQ_CIPHER_AES_GCM];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key[32], nonce[12], aad[64], text[64], expected[64], tag[16], made[64], made_tag[16];
        bytes_of(rows[i].key, key);
        bytes_of(rows[i].nonce, nonce);
        bytes_of(rows[i].ciphertext, expected);
        bytes_of(rows[i].tag, tag);
        size_t aad_length = bytes_of(rows[i].aad, aad), length = bytes_of(rows[i].text, text);
        assert_true(way->seal(key, nonce, aad, aad_length, text, length, made, made_tag));
        assert_memory_equal(made, expected, length);
        assert_memory_equal(made_tag, tag, sizeof(tag));
        assert_int_equal(RQ_OK, way->open(key, nonce, aad, aad_length, expected, length, tag, made));
        assert_memory_equal(made, text, length);
        tag[0] ^= 1;
        assert_int_equal(RQ_INVALID, way->open(key, nonce, aad, aad_length, expected, length, tag, made));
    }
}

/* GB/T 32907-2016, appendix A.1. */
static void sm4_gives_the_example_of_the_standard(void **state)
{
    uint8_t key[16], out[16], expected[16];
    (void)state;
    bytes_of("0123456789abcdeffedcba9876543210", key);
    bytes_of("681edf34d206965e86b3e94f536e4246", expected);
    assert_true(envelope_sm4_block(key, key, out));
    assert_memory_equal(out, expected, sizeof(expected));
}

/* Expected values: openssl enc -sm4-ctr and Python's hmac, put together as envelope.h says. */
static void sm4_with_hmac_is_that_of_another_implementation(void **state)
{
    const envelope_way *way = &envelope_ways[RQ_CIPHER_SM4];
    const uint8_t *aad = (const uint8_t *)"place", *text = (const uint8_t *)"13800138000";
    uint8_t key[32], nonce[16], expected[11], tag[32], made[11], made_tag[32];
    (void)state;
    for (unsigned i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof(nonce); i++)
        nonce[i] = (uint8_t)(0xa0 + i);
    bytes_of("7014ce51ff20398502e95c", expected);
    bytes_of("6352a7b1b774861f26b17cfd30bd3264d16a9518bd4830b6d179c3c505bd7a53", tag);
    assert_true(way->seal(key, nonce, aad, 5, text, 11, made, made_tag));
    assert_memory_equal(made, expected, sizeof(made));
    assert_memory_equal(made_tag, tag, sizeof(tag));
    assert_int_equal(RQ_OK, way->open(key, nonce, aad, 5, expected, 11, tag, made));
    assert_memory_equal(made, text, 11);
    assert_int_equal(RQ_INVALID, way->open(key, nonce, aad, 4, expected, 11, tag, made));
}

/* Keyrings ---------------------------------------------------------------------------------------------- */

#define HASH_LINE "hash 0707070707070707070707070707070707070707070707070707070707070707\n"
#define ONE_LINE "1 1111111111111111111111111111111111111111111111111111111111111111\n"
#define OTHER_ONE_LINE "1 1211111111111111111111111111111111111111111111111111111111111111\n"
#define TWO_LINE "2 2222222222222222222222222222222222222222222222222222222222222222\n"
static const char place[] = "enterprise.contact_mobile.0199f3c2-0000-7000-8000-000000000001";

static char folder[32], path[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/rq-keyring-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/private.keys", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_keys(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static rq_keyring *keyring_of(const char *text, rq_cipher cipher)
{
    rq_keyring *keyring = NULL;
    rq_error error = {0};
    write_keys(text);
    if (rq_keyring_load(path, cipher, &keyring, &error) != RQ_OK)
        fail_msg("%s", error.message);
    return keyring;
}

static void assert_opens(const rq_keyring *keyring, const char *sealed, const char *expected)
{
    char text[RQ_PRIVATE_BYTES + 1];
    rq_error error = {0};
    if (rq_unseal(keyring, place, sealed, text, &error) != RQ_OK)
        fail_msg("%s", error.message);
    assert_string_equal(text, expected);
}

static void assert_stays_shut(const rq_keyring *keyring, const char *at, const char *sealed,
                              const char *reason)
{
    char text[RQ_PRIVATE_BYTES + 1] = "";
    rq_error error = {0};
    assert_int_equal(rq_unseal(keyring, at, sealed, text, &error), RQ_INVALID);
    if (!strstr(error.message, reason))
        fail_msg("%s", error.message);
    assert_null(strstr(error.message, "138"));
    assert_string_not_equal(text, "13800138000");
}

static void what_is_sealed_opens_in_its_place_alone(void **state)
{
    (void)state;
    for (int cipher = 0; cipher < RQ_CIPHERS; cipher++) {
        rq_keyring *keyring = keyring_of(ONE_LINE HASH_LINE, (rq_cipher)cipher);
        char sealed[RQ_SEALED_TEXT], again[RQ_SEALED_TEXT];
        assert_int_equal(rq_seal(keyring, place, "13800138000", sealed, NULL), RQ_OK);
        assert_int_equal(rq_seal(keyring, place, "13800138000", again, NULL), RQ_OK);
        assert_string_not_equal(sealed, again); /* equal values do not show as equal */
        assert_int_equal(rq_sealed_key(sealed), 1);
        assert_opens(keyring, sealed, "13800138000");
        assert_stays_shut(keyring, "enterprise.contact_mobile.0199f3c2-0000-7000-8000-000000000002", sealed,
                          "does not fit");
        assert_stays_shut(keyring, "enterprise.legal_rep_id.0199f3c2-0000-7000-8000-000000000001", sealed,
                          "does not fit");
        for (size_t i = 5; sealed[i]; i++) { /* any digit */
            char changed[RQ_SEALED_TEXT];
            snprintf(changed, sizeof(changed), "%s", sealed);
            changed[i] = changed[i] == '0' ? '1' : '0';
            assert_stays_shut(keyring, place, changed, "enterprise.contact_mobile");
        }
        for (size_t length = 0; length < strlen(sealed); length++) { /* any end cut off */
            char cut[RQ_SEALED_TEXT];
            snprintf(cut, sizeof(cut), "%.*s", (int)length, sealed);
            assert_stays_shut(keyring, place, cut, "enterprise.contact_mobile");
        }
        rq_keyring_free(keyring);
    }
}

static void bounds_are_kept(void **state)
{
    (void)state;
    char longest[RQ_PRIVATE_BYTES + 2], sealed[RQ_SEALED_TEXT];
    memset(longest, '9', sizeof(longest));
    longest[RQ_PRIVATE_BYTES + 1] = 0;
    for (int cipher = 0; cipher < RQ_CIPHERS; cipher++) {
        rq_keyring *keyring = keyring_of(ONE_LINE HASH_LINE, (rq_cipher)cipher);
        assert_int_equal(rq_seal(keyring, place, longest, sealed, NULL), RQ_INVALID);
        assert_int_equal(rq_seal(keyring, place, longest + 1, sealed, NULL), RQ_OK);
        assert_opens(keyring, sealed, longest + 1);
        assert_int_equal(rq_seal(keyring, place, "", sealed, NULL), RQ_OK);
        assert_opens(keyring, sealed, "");
        rq_keyring_free(keyring);
    }
}

static void older_keys_and_other_ciphers_still_open(void **state)
{
    (void)state;
    char sealed[RQ_SEALED_TEXT];
    rq_keyring *old = keyring_of(ONE_LINE HASH_LINE, RQ_CIPHER_AES_GCM);
    assert_int_equal(rq_seal(old, place, "13800138000", sealed, NULL), RQ_OK);
    assert_true(rq_is_sealed_now(old, sealed));
    rq_keyring *both = keyring_of(TWO_LINE "# the old one\n\n" ONE_LINE HASH_LINE, RQ_CIPHER_SM4);
    assert_opens(both, sealed, "13800138000");
    assert_false(rq_is_sealed_now(both, sealed));
    assert_int_equal(rq_seal(both, place, "13900139000", sealed, NULL), RQ_OK);
    assert_int_equal(rq_sealed_key(sealed), 2);
    assert_stays_shut(old, place, sealed, "key 2, which is not in the file");
    rq_keyring *wrong = keyring_of(OTHER_ONE_LINE HASH_LINE, RQ_CIPHER_AES_GCM);
    assert_int_equal(rq_seal(old, place, "13800138000", sealed, NULL), RQ_OK);
    assert_stays_shut(wrong, place, sealed, "key 1 does not fit");
    rq_keyring_free(old);
    rq_keyring_free(both);
    rq_keyring_free(wrong);
}

/* Expected values: Python's hmac. */
static void hash_is_of_key_column_and_value(void **state)
{
    (void)state;
    char hash[RQ_DIGEST_HEX + 1], other[RQ_DIGEST_HEX + 1];
    rq_keyring *keyring = keyring_of(ONE_LINE HASH_LINE, RQ_CIPHER_AES_GCM);
    assert_int_equal(
        rq_keyed_hash(keyring, RQ_CIPHER_AES_GCM, "enterprise.contact_mobile", "13800138000", hash, NULL),
        RQ_OK);
    assert_string_equal(hash, "372fb82952de0759e0757d4180a851568a4b96dab685c83b8f916deff662841d");
    assert_int_equal(
        rq_keyed_hash(keyring, RQ_CIPHER_SM4, "enterprise.contact_mobile", "13800138000", hash, NULL), RQ_OK);
    assert_string_equal(hash, "8af066109c6e6cac58ab3b9b2793029e20ee63330f04ca9046b838e23099f988");
    assert_int_equal(
        rq_keyed_hash(keyring, RQ_CIPHER_SM4, "enterprise.legal_rep_id", "13800138000", other, NULL), RQ_OK);
    assert_string_not_equal(hash, other);
    rq_keyring_free(keyring);
}

static void file_that_is_none_of_keys_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ONE_LINE,
        HASH_LINE,
        ONE_LINE HASH_LINE HASH_LINE,
        ONE_LINE ONE_LINE HASH_LINE,
        "0 1111111111111111111111111111111111111111111111111111111111111111\n" HASH_LINE,
        "x 1111111111111111111111111111111111111111111111111111111111111111\n" HASH_LINE,
        "4294967296 1111111111111111111111111111111111111111111111111111111111111111\n" HASH_LINE,
        "1 11111111111111111111111111111111111111111111111111111111111111\n" HASH_LINE,
        "1 111111111111111111111111111111111111111111111111111111111111111100\n" HASH_LINE,
        "1 11111111111111111111111111111111111111111111111111111111111111gg\n" HASH_LINE,
    };
    (void)state;
    rq_keyring *keyring = NULL;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_keys(texts[i]);
        if (rq_keyring_load(path, RQ_CIPHER_SM4, &keyring, NULL) != RQ_INVALID)
            fail_msg("%s", texts[i]);
    }
    write_keys(ONE_LINE HASH_LINE);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(rq_keyring_load(path, RQ_CIPHER_SM4, &keyring, NULL), RQ_INVALID);
    unlink(path);
    assert_int_equal(rq_keyring_load(path, RQ_CIPHER_SM4, &keyring, NULL), RQ_IO);
}

static void new_key_goes_before_those_of_before(void **state)
{
    (void)state;
    uint32_t id = 0;
    char sealed[RQ_SEALED_TEXT];
    rq_keyring *first = NULL, *second = NULL;
    assert_int_equal(rq_keyring_add(path, &id, NULL), RQ_IO);
    assert_int_equal(rq_keyring_make(path, &id, NULL), RQ_OK);
    assert_int_equal(id, 1);
    assert_int_equal(rq_keyring_make(path, &id, NULL), RQ_IO); /* never over another */
    assert_int_equal(rq_keyring_load(path, RQ_CIPHER_SM4, &first, NULL), RQ_OK);
    assert_int_equal(rq_seal(first, place, "13800138000", sealed, NULL), RQ_OK);
    assert_int_equal(rq_keyring_add(path, &id, NULL), RQ_OK);
    assert_int_equal(id, 2);
    assert_int_equal(rq_keyring_load(path, RQ_CIPHER_SM4, &second, NULL), RQ_OK);
    assert_opens(second, sealed, "13800138000");
    assert_int_equal(rq_seal(second, place, "13800138000", sealed, NULL), RQ_OK);
    assert_int_equal(rq_sealed_key(sealed), 2);
    rq_keyring_free(first);
    rq_keyring_free(second);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

static int begin(void **state)
{
    (void)state;
    return envelope_begin() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_gcm_gives_the_examples_of_the_standard),
        cmocka_unit_test(sm4_gives_the_example_of_the_standard),
        cmocka_unit_test(sm4_with_hmac_is_that_of_another_implementation),
        IN_FOLDER(what_is_sealed_opens_in_its_place_alone),
        IN_FOLDER(bounds_are_kept),
        IN_FOLDER(older_keys_and_other_ciphers_still_open),
        IN_FOLDER(hash_is_of_key_column_and_value),
        IN_FOLDER(file_that_is_none_of_keys_is_refused),
        IN_FOLDER(new_key_goes_before_those_of_before),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
