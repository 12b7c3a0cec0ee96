#include "rongqiao/ids.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "rongqiao/clock.h"
#include "rongqiao/digest.h"

enum { UUID_BYTES = 16, UUID_COUNTER_MAX = 0xfff };

/* Where the last id of this thread stood, so that the next one sorts after it even within a millisecond
 * and when the wall clock steps back (RFC 9562 section 6.2, method 1). */
static _Thread_local struct {
    int64_t wall_ms;
    unsigned counter;
} uuid_last;

/* The next moment and counter. A new millisecond starts the counter at random with its top bit clear,
 * which leaves room for 2048 ids; past that the moment runs ahead of the clock. */
static void uuid_advance(unsigned seed)
{
    int64_t now = rq_wall_ms();
    if (now > uuid_last.wall_ms) {
        uuid_last.wall_ms = now;
        uuid_last.counter = seed & UUID_COUNTER_MAX >> 1;
    } else if (uuid_last.counter < UUID_COUNTER_MAX) {
        uuid_last.counter++;
    } else {
        uuid_last.wall_ms++;
        uuid_last.counter = seed & UUID_COUNTER_MAX >> 1;
    }
}

static void uuid_format(const uint8_t bytes[UUID_BYTES], char out_text[RQ_UUID_TEXT + 1])
{
    static const size_t group_bytes[] = {4, 2, 2, 2, 6};
    for (size_t group = 0; group < sizeof group_bytes / sizeof group_bytes[0]; group++) {
        if (group)
            *out_text++ = '-';
        rq_hex(bytes, group_bytes[group], out_text);
        bytes += group_bytes[group];
        out_text += 2 * group_bytes[group];
    }
}

rq_status rq_uuid_v7(char out_text[RQ_UUID_TEXT + 1], rq_error *error)
{
    uint8_t bytes[UUID_BYTES];
    rq_status status = rq_random(bytes + 6, sizeof bytes - 6, error);
    if (status)
        return status;
    uuid_advance((unsigned)bytes[6] << 8 | bytes[7]);
    for (unsigned i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(uuid_last.wall_ms >> (40 - 8 * i));
    bytes[6] = (uint8_t)(0x70 | uuid_last.counter >> 8); /* version 7 */
    bytes[7] = (uint8_t)uuid_last.counter;
    bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3f)); /* variant 10 */
    uuid_format(bytes, out_text);
    return RQ_OK;
}

static bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool rq_uuid_is_valid(const char *text, size_t length)
{
    if (length != RQ_UUID_TEXT)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool is_hyphen_place = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_hyphen_place ? text[i] != '-' : !is_hex_digit(text[i]))
            return false;
    }
    return true;
}

enum { USCC_LENGTH = 18, USCC_REGION_AT = 2, USCC_ORGANISATION_AT = 8, USCC_ORGANISATION_LENGTH = 9 };

/* The value of a character in GB 32100-2015 table 3, 0 to 30, or -1. */
static int uscc_value(char c)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const char *at = memchr(alphabet, c, sizeof alphabet - 1);
    return at ? (int)(at - alphabet) : -1;
}

/* GB 32100-2015 appendix A: weights 3^(i-1) mod 31 over 17 characters. */
static bool uscc_check_fits(const char *text)
{
    int sum = 0;
    for (int i = 0, weight = 1; i < USCC_LENGTH - 1; i++, weight = weight * 3 % 31)
        sum += uscc_value(text[i]) * weight;
    return uscc_value(text[USCC_LENGTH - 1]) == (31 - sum % 31) % 31;
}

/* GB 11714: digits count as themselves, letters A = 10 to Z = 35; 10 is written X and 11 is written 0. */
static bool organisation_check_fits(const char *text)
{
    static const int weights[USCC_ORGANISATION_LENGTH - 1] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (int i = 0; i < USCC_ORGANISATION_LENGTH - 1; i++)
        sum += (text[i] <= '9' ? text[i] - '0' : text[i] - 'A' + 10) * weights[i];
    return text[USCC_ORGANISATION_LENGTH - 1] == "0X987654321"[sum % 11];
}

rq_uscc_result rq_uscc_check(const char *text, size_t length)
{
    if (length != USCC_LENGTH)
        return RQ_USCC_LENGTH;
    for (size_t i = 0; i < length; i++)
        if (uscc_value(text[i]) < 0)
            return RQ_USCC_ALPHABET;
    for (size_t i = USCC_REGION_AT; i < USCC_ORGANISATION_AT; i++)
        if (text[i] < '0' || text[i] > '9')
            return RQ_USCC_REGION;
    /* The outer check first: it covers every character, so a typing error in the organisation code is
     * reported as what it is to the reader, a wrong code. Only a code made up whole can pass it and fail
     * the inner one. */
    if (!uscc_check_fits(text))
        return RQ_USCC_CHECK;
    if (!organisation_check_fits(text + USCC_ORGANISATION_AT))
        return RQ_USCC_ORGANISATION;
    return RQ_USCC_OK;
}

const char *rq_uscc_result_name(rq_uscc_result result)
{
    static const char *const names[] = {
        [RQ_USCC_OK] = "ok",
        [RQ_USCC_LENGTH] = "length",
        [RQ_USCC_ALPHABET] = "alphabet",
        [RQ_USCC_REGION] = "region",
        [RQ_USCC_ORGANISATION] = "organisation",
        [RQ_USCC_CHECK] = "check",
    };
    static_assert(sizeof names / sizeof names[0] == RQ_USCC_CHECK + 1, "a name for every result");
    assert(result <= RQ_USCC_CHECK);
    return names[result];
}

bool rq_resident_id_is_valid(const char *text, size_t length)
{
    enum { LENGTH = 18, BORN_AT = 6 };
    static const int weights[LENGTH - 1] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    char born[RQ_DATE_TEXT + 1];
    rq_date date;
    int sum = 0;
    if (length != LENGTH || text[0] == '0')
        return false;
    for (int i = 0; i < LENGTH - 1; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum += (text[i] - '0') * weights[i];
    }
    /* The standard's own example was born in 1880; nobody who is was before 1900. */
    snprintf(born, sizeof born, "%.4s-%.2s-%.2s", text + BORN_AT, text + BORN_AT + 4, text + BORN_AT + 6);
    return text[LENGTH - 1] == "10X98765432"[sum % 11] && rq_date_parse(born, strlen(born), &date) &&
           date <= rq_today();
}
