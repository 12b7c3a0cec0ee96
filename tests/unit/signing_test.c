/* Signatures of checkpoints: every kind of key, other people's signatures, and what must not hold. */
#include "rongqiao/signing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "rongqiao/digest.h"
#include "test.h"

static const char *const kinds[] = {"ed25519", "p256", "sm2"};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static char folder[] = "/tmp/rq-signing-XXXXXX";
static char private_path[64], public_path[64];

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(private_path, sizeof(private_path), "%s/key.pem", folder);
    snprintf(public_path, sizeof(public_path), "%s/public.pem", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(private_path);
    unlink(public_path);
    return rmdir(folder);
}

static void signature_holds_for_what_was_signed_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        rq_signing_key *key = NULL, *other = NULL;
        uint8_t signature[RQ_SIGNATURE_BYTES];
        size_t length = 0;
        assert_int_equal(rq_signing_key_make(kinds[i], &key, NULL), RQ_OK);
        assert_int_equal(rq_signing_key_make(kinds[i], &other, NULL), RQ_OK);
        assert_int_equal(rq_sign(key, "the chain", 9, signature, &length, NULL), RQ_OK);
        assert_true(rq_signature_holds(key, "the chain", 9, signature, length));
        assert_false(rq_signature_holds(key, "the chaiN", 9, signature, length));
        assert_false(rq_signature_holds(key, "the chain", 8, signature, length));
        assert_false(rq_signature_holds(other, "the chain", 9, signature, length));
        assert_false(rq_signature_holds(key, "the chain", 9, signature, 0));
        signature[length - 1] ^= 1;
        assert_false(rq_signature_holds(key, "the chain", 9, signature, length));
        assert_string_not_equal(rq_signing_key_id(key), rq_signing_key_id(other));
        rq_signing_key_free(key);
        rq_signing_key_free(other);
    }
}

static void key_is_kept_in_files_and_read_back(void **state)
{
    (void)state;
    rq_signing_key *made[KINDS], *read[RQ_PUBLIC_KEYS];
    uint8_t signature[RQ_SIGNATURE_BYTES];
    size_t length = 0, count = 0;
    for (size_t i = 0; i < KINDS; i++) {
        rq_signing_key *again = NULL;
        assert_int_equal(rq_signing_key_make(kinds[i], &made[i], NULL), RQ_OK);
        assert_int_equal(rq_signing_key_save(made[i], private_path, NULL), RQ_OK);
        assert_int_equal(rq_signing_key_save(made[i], private_path, NULL), RQ_IO); /* never over another */
        assert_int_equal(rq_signing_key_load(private_path, &again, NULL), RQ_OK);
        assert_string_equal(rq_signing_key_id(again), rq_signing_key_id(made[i]));
        rq_signing_key_free(again);
        unlink(private_path);
        assert_int_equal(rq_signing_key_publish(made[i], public_path, NULL), RQ_OK);
    }
    assert_int_equal(rq_public_keys_load(public_path, read, &count, NULL), RQ_OK);
    assert_int_equal(count, KINDS);
    for (size_t i = 0; i < KINDS; i++) {
        assert_string_equal(rq_signing_key_id(read[i]), rq_signing_key_id(made[i]));
        assert_int_equal(rq_sign(made[i], "x", 1, signature, &length, NULL), RQ_OK);
        assert_true(rq_signature_holds(read[i], "x", 1, signature, length));
        rq_signing_key_free(read[i]);
        rq_signing_key_free(made[i]);
    }
}

static void key_that_others_may_read_is_refused(void **state)
{
    (void)state;
    rq_signing_key *key = NULL;
    rq_error error = {0};
    assert_int_equal(rq_signing_key_make("ed25519", &key, NULL), RQ_OK);
    assert_int_equal(rq_signing_key_save(key, private_path, NULL), RQ_OK);
    rq_signing_key_free(key);
    assert_int_equal(chmod(private_path, 0644), 0);
    assert_int_equal(rq_signing_key_load(private_path, &key, &error), RQ_INVALID);
    assert_non_null(strstr(error.message, "chmod 600"));
    assert_int_equal(rq_signing_key_make("rsa", &key, &error), RQ_INVALID);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* GB/T 32918.5-2017, A.2: the public key of the example, its message and its signature (here in DER). */
static void sm2_is_the_standards_with_its_identity(void **state)
{
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60Y\n"
                              "M/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==\n"
                              "-----END PUBLIC KEY-----\n";
    static const char der[] = "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
                              "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    (void)state;
    rq_signing_key *keys[RQ_PUBLIC_KEYS];
    size_t count = 0;
    uint8_t signature[72];
    write_file(public_path, pem);
    assert_int_equal(rq_public_keys_load(public_path, keys, &count, NULL), RQ_OK);
    assert_true(rq_unhex(der, sizeof(signature), signature));
    assert_true(rq_signature_holds(keys[0], "message digest", 14, signature, sizeof(signature)));
    assert_false(rq_signature_holds(keys[0], "message digesT", 14, signature, sizeof(signature)));
    rq_signing_key_free(keys[0]);
}

static void file_without_a_key_is_refused(void **state)
{
    (void)state;
    rq_signing_key *keys[RQ_PUBLIC_KEYS], *key = NULL;
    size_t count = 0;
    write_file(public_path, "no key\n");
    assert_int_equal(rq_public_keys_load(public_path, keys, &count, NULL), RQ_INVALID);
    assert_int_equal(chmod(public_path, 0600), 0);
    assert_int_equal(rq_signing_key_load(public_path, &key, NULL), RQ_IO);
    assert_int_equal(rq_signing_key_load(private_path, &key, NULL), RQ_IO);
    assert_int_equal(rq_public_keys_load(private_path, keys, &count, NULL), RQ_IO);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(signature_holds_for_what_was_signed_and_nothing_else),
        IN_FOLDER(key_is_kept_in_files_and_read_back),
        IN_FOLDER(key_that_others_may_read_is_refused),
        IN_FOLDER(sm2_is_the_standards_with_its_identity),
        IN_FOLDER(file_without_a_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
