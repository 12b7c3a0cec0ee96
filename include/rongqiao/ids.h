/* Identifiers: UUIDs of ours, and the codes of the state (unified social credit code, organisation
 * code) with their check characters. */
#ifndef RONGQIAO_IDS_H
#define RONGQIAO_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rongqiao/status.h"

enum { RQ_UUID_TEXT = 36 };

/* A UUIDv7 (RFC 9562 section 5.7) as NUL-terminated text: its first 48 bits are the wall clock in
 * milliseconds, so that ids made later sort later and indexes grow at one end. */
rq_status rq_uuid_v7(char out_text[RQ_UUID_TEXT + 1], rq_error *error) RQ_MUST_CHECK;

/* Whether `text` is a UUID in the 8-4-4-4-12 form, either case, nothing before or after. */
bool rq_uuid_is_valid(const char *text, size_t length);

/* What a check of a unified social credit code finds (GB 32100-2015; inner code GB 11714). Issued
 * codes that fail the check characters are reported, so a failure asks for manual verification and
 * bars nobody. */
typedef enum rq_uscc_result {
    RQ_USCC_OK,
    RQ_USCC_LENGTH,       /* not 18 characters */
    RQ_USCC_ALPHABET,     /* a character outside 0-9 A-H J-N P-R T U W X Y */
    RQ_USCC_REGION,       /* positions 3-8 are not digits */
    RQ_USCC_ORGANISATION, /* the organisation code's check character (GB 11714) does not fit */
    RQ_USCC_CHECK,        /* the last character (MOD 31) does not fit */
} rq_uscc_result;

/* Checks `text` of `length` bytes, upper case only (upper-case first what people type). */
rq_uscc_result rq_uscc_check(const char *text, size_t length);
/* Whether `text` is a resident identity number (GB 11643-1999: region, date of birth, order, check character
 * MOD 11-2), with its X in upper case. */
bool rq_resident_id_is_valid(const char *text, size_t length);
/* A stable word for a result: "ok", "length", "alphabet", "region", "organisation", "check". */
const char *rq_uscc_result_name(rq_uscc_result result);

#endif
