/* The trail's proof as bytes: seals against another implementation, checkpoints written, read and forged. */
#include "rongqiao/audit.h"

#include "test.h"

static const char *const row[RQ_AUDIT_FIELDS] = {
    "0199f3c2-0000-7000-8000-000000000001",
    "33",
    "1767225600123456",
    NULL,
    "",
    "enterprise",
    NULL,
    "need",
    "0199f3c2-0000-7000-8000-000000000002",
    "post",
    "draft",
    "open",
    NULL,
    "手工",
    "ab",
};

static void seal_of(rq_digest algorithm, int64_t n, const char *const *values,
                    char out_hex[RQ_DIGEST_HEX + 1])
{
    uint8_t seal[RQ_DIGEST_BYTES];
    rq_buffer scratch;
    rq_buffer_init(&scratch, 1 << 16);
    assert_int_equal(rq_audit_begin(algorithm, seal, NULL), RQ_OK);
    assert_int_equal(rq_audit_seal(algorithm, seal, n, values, &scratch, seal, NULL), RQ_OK);
    rq_buffer_done(&scratch);
    rq_hex(seal, sizeof(seal), out_hex);
}

/* Expected values: Python's hashlib over the canonical form as include/rongqiao/audit.h describes it. */
static void first_seal_is_that_of_another_implementation(void **state)
{
    (void)state;
    char hex[RQ_DIGEST_HEX + 1];
    seal_of(RQ_DIGEST_SHA256, 1, row, hex);
    assert_string_equal(hex, "9e3b9772907de6e6cdcfc0bbe21ae8cb08bd0403202483cf95c2c7a19493d378");
    seal_of(RQ_DIGEST_SM3, 1, row, hex);
    assert_string_equal(hex, "ebdefa68cce805d9ccd35fc9f50e9f847a87fd8daaa5b6f9bee2146d29da45b0");
}

static void every_field_its_absence_and_the_number_are_sealed(void **state)
{
    (void)state;
    char first[RQ_DIGEST_HEX + 1], other[RQ_DIGEST_HEX + 1];
    seal_of(RQ_DIGEST_SHA256, 1, row, first);
    seal_of(RQ_DIGEST_SHA256, 2, row, other);
    assert_string_not_equal(first, other);
    for (size_t i = 0; i < RQ_AUDIT_FIELDS; i++) {
        const char *changed[RQ_AUDIT_FIELDS];
        memcpy(changed, row, sizeof(changed));
        changed[i] = row[i] ? NULL : "";
        seal_of(RQ_DIGEST_SHA256, 1, changed, other);
        assert_string_not_equal(first, other);
        changed[i] = "other";
        seal_of(RQ_DIGEST_SHA256, 1, changed, other);
        assert_string_not_equal(first, other);
    }
}

/* "ab" + "c" and "a" + "bc" are different rows. */
static void text_cannot_move_between_fields(void **state)
{
    (void)state;
    char first[RQ_DIGEST_HEX + 1], other[RQ_DIGEST_HEX + 1];
    const char *changed[RQ_AUDIT_FIELDS];
    memcpy(changed, row, sizeof(changed));
    changed[9] = "ab";
    changed[10] = "c";
    seal_of(RQ_DIGEST_SHA256, 1, changed, first);
    changed[9] = "a";
    changed[10] = "bc";
    seal_of(RQ_DIGEST_SHA256, 1, changed, other);
    assert_string_not_equal(first, other);
}

static void write_line(const rq_signing_key *key, char out_line[RQ_CHECKPOINT_LINE])
{
    rq_checkpoint checkpoint = {.origin = "甲 \"x\",\"signature\":\"", .number = 7, .size = 1234};
    memset(checkpoint.head, 0xa5, sizeof(checkpoint.head));
    assert_int_equal(rq_checkpoint_write(&checkpoint, "2026-11-26T01:02:03.004Z", key, out_line, NULL),
                     RQ_OK);
}

static void checkpoint_is_read_back_and_holds(void **state)
{
    static const char *const kinds[] = {"ed25519", "p256", "sm2"};
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        rq_signing_key *key = NULL, *other = NULL;
        char line[RQ_CHECKPOINT_LINE];
        rq_checkpoint read;
        assert_int_equal(rq_signing_key_make(kinds[i], &key, NULL), RQ_OK);
        assert_int_equal(rq_signing_key_make(kinds[i], &other, NULL), RQ_OK);
        write_line(key, line);
        assert_int_equal(rq_checkpoint_read(line, &read, NULL), RQ_OK);
        assert_string_equal(read.origin, "甲 \"x\",\"signature\":\"");
        assert_string_equal(read.key_id, rq_signing_key_id(key));
        assert_int_equal(read.number, 7);
        assert_int_equal(read.size, 1234);
        assert_int_equal(read.head[31], 0xa5);
        assert_true(rq_checkpoint_holds(line, key));
        assert_false(rq_checkpoint_holds(line, other));
        rq_signing_key_free(key);
        rq_signing_key_free(other);
    }
}

static void checkpoint_with_any_byte_changed_does_not_hold(void **state)
{
    (void)state;
    rq_signing_key *key = NULL;
    char line[RQ_CHECKPOINT_LINE], changed[RQ_CHECKPOINT_LINE + 1];
    assert_int_equal(rq_signing_key_make("ed25519", &key, NULL), RQ_OK);
    write_line(key, line);
    for (size_t i = 0; i < strlen(line); i++) {
        snprintf(changed, sizeof(changed), "%s", line);
        changed[i] = changed[i] == '1' ? '2' : '1';
        assert_false(rq_checkpoint_holds(changed, key));
    }
    snprintf(changed, sizeof(changed), "%s ", line);
    assert_false(rq_checkpoint_holds(changed, key));
    rq_signing_key_free(key);
}

static void what_is_no_checkpoint_is_refused(void **state)
{
    static const char *const lines[] = {"",
                                        "{}",
                                        "[]",
                                        "null",
                                        "{\"origin\":\"x\"}",
                                        "{\"origin\":\"x\",\"number\":1,\"size\":1,\"head\":\"00\"}",
                                        "not json"};
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        rq_checkpoint read;
        assert_int_equal(rq_checkpoint_read(lines[i], &read, NULL), RQ_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_seal_is_that_of_another_implementation),
        cmocka_unit_test(every_field_its_absence_and_the_number_are_sealed),
        cmocka_unit_test(text_cannot_move_between_fields),
        cmocka_unit_test(checkpoint_is_read_back_and_holds),
        cmocka_unit_test(checkpoint_with_any_byte_changed_does_not_hold),
        cmocka_unit_test(what_is_no_checkpoint_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
